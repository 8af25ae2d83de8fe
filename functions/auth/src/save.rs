//! The one place where changed accounts are written: record and event in one transaction.

use domain::{Actor, EventId};
use errors::Result;
use serde_json::{Value, json};
use store::{Account, Tx};

use crate::App;

/// A change of an account.
pub(crate) struct Change<'a> {
    /// What happened.
    pub(crate) kind: &'static str,
    /// Who did it.
    pub(crate) actor: Actor,
    /// The account as it was read.
    pub(crate) before: &'a Account,
    /// What goes with it.
    pub(crate) tx: Tx,
    /// Told beside the fields that differ.
    pub(crate) told: Option<(&'static str, Value)>,
}

impl<'a> Change<'a> {
    /// A change that nothing goes with.
    pub(crate) fn new(kind: &'static str, actor: Actor, before: &'a Account) -> Self {
        Self { kind, actor, before, tx: Tx::new(), told: None }
    }

    /// Writes `after`, one version on.
    ///
    /// # Errors
    /// `changed` when the account is no longer what was read; `already_exists` when a new name is in use.
    pub(crate) async fn save(mut self, app: &App, mut after: Account) -> Result<Account> {
        let now = app.clock().now();
        after.user = after.user.touched(now);
        let before = &self.before.user;
        let mut event =
            after.user.event(EventId::new(now, env::random()), self.kind, Some(before), self.actor);
        if let Some((name, value)) = self.told {
            event.data["after"][name] = value;
        }
        self.tx.update_account(app.store(), before, &after);
        self.tx.event(app.store(), &event);
        app.store().commit(self.tx).await?;
        Ok(after)
    }
}

/// What an event tells of a one-time link: all but its token.
pub(crate) fn told_of(link: &store::Link) -> (&'static str, Value) {
    ("link", json!({ "nonce": link.nonce, "expires_at": link.expires_at }))
}
