//! A command of the operator that acts as one of the accounts, through the front door.

use axum::Router;
use domain::text::Email;
use domain::{Actor, EventId, Session, SessionId};
use env::Clock;
use errors::{Code, Error, Result};
use jiff::SignedDuration;
use queue::Queues;
use store::Tx;
use web::{AccessToken, Core, Limits};

use crate::{Front, api};

/// A session that is forgotten, since the command was killed, ends after this long.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// A session of an account, begun without its password by somebody who has the installation's secret.
pub struct Acting {
    core: Core,
    /// By which the front door tells the time.
    clock: Clock,
    service: Router,
    session: Session,
}

impl Acting {
    /// Begins a session of the account with this address. It is not limited: whoever has the secret brings a book along.
    ///
    /// # Errors
    /// `not_found` without such an account, `forbidden` when it was deactivated.
    pub async fn begin(core: Core, queues: &Queues, email: &Email) -> Result<Self> {
        let account = core.store.account_with_email(email).await?;
        let account = account.ok_or_else(|| Error::not_found("account"))?;
        if !account.user.active {
            return Err(Error::new(Code::Forbidden, "the account was deactivated"));
        }
        let now = core.clock.now();
        let session = Session {
            id: SessionId::new(now, env::random()),
            user: account.user.id,
            // The digest of no token: nobody can refresh it.
            token: String::new(),
            generation: account.generation,
            revoked: false,
            expires_at: now.saturating_add(LASTS).unwrap_or(now),
            created_at: now,
            version: 1,
        };
        let mut tx = Tx::new();
        tx.insert_session(&core.store, &session);
        let event = EventId::new(now, env::random());
        tx.event(&core.store, &session.event(event, "session.began", now, Actor::system()));
        core.store.commit(tx).await?;
        let core = core.limited(Limits::off());
        let service = web::service(api(&core, queues, None), &core);
        Ok(Self { service, clock: core.clock.clone(), core, session })
    }

    /// The same session at a front door where another clock tells the time: for what happened before today.
    #[must_use]
    pub fn with_clock(self, clock: Clock, queues: &Queues) -> Self {
        let core = self.core.clone().with_clock(clock.clone());
        Self { service: web::service(api(&core, queues, None), &core), clock, ..self }
    }

    /// The front door as the account sees it, for the next fifteen minutes.
    ///
    /// # Errors
    /// `internal` when no token can be signed.
    pub fn front(&self) -> Result<Front> {
        let token = AccessToken { user: self.session.user, session: self.session.id };
        let (token, _) = self.core.keys.issue(token, self.clock.now())?;
        Ok(Front::new(self.service.clone(), token))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn end(self) -> Result<()> {
        let now = self.core.clock.now();
        let ended = Session { revoked: true, version: self.session.version + 1, ..self.session };
        let mut tx = Tx::new();
        tx.update_session(&self.core.store, &ended);
        let event = EventId::new(now, env::random());
        tx.event(&self.core.store, &ended.event(event, "session.ended", now, Actor::system()));
        self.core.store.commit(tx).await.map(drop)
    }
}
