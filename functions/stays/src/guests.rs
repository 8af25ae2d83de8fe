//! Guests: whose stay it is.

use domain::hotel::Guest;
use domain::hotel::guest::guest_of;
use domain::text::{Email, Name};
use domain::{EventId, GuestId, LocationId, Permission, Phone, Requests, UserId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Ids, Together, Tx};
use web::Asked;

use crate::App;

/// For whom a stay is.
#[derive(Debug, Clone)]
pub(crate) enum Whom {
    /// Whoever asks.
    Oneself(UserId),
    /// A guest whom the desk knows.
    Known(GuestId),
    /// Somebody new.
    New(NewGuest),
}

/// What is known of somebody new.
#[derive(Debug, Clone)]
pub(crate) struct NewGuest {
    pub(crate) name: Name,
    pub(crate) email: Option<Email>,
    pub(crate) phone: Option<Phone>,
}

impl Whom {
    /// The guest, if they may be known.
    pub(crate) fn known(&self) -> Option<GuestId> {
        match self {
            Self::Oneself(user) => Some(guest_of(*user)),
            Self::Known(guest) => Some(*guest),
            Self::New(_) => None,
        }
    }
}

/// The guest: one that is known, whoever asks, or somebody new.
///
/// # Errors
/// `forbidden` for others without the right to book for them, `validation_failed` without such a guest.
pub(crate) async fn of(
    app: &App,
    asked: &Asked,
    (whom, location): (Whom, LocationId),
    known: &Together,
    now: Timestamp,
) -> Result<Guest> {
    let found = known.guests.first().cloned();
    match (whom, found) {
        (Whom::Oneself(_), Some(guest)) => Ok(guest),
        (Whom::Oneself(user), None) => {
            let account = app.store.together(&Ids { users: [user].into(), ..Ids::default() }).await?;
            let account = account.users.into_iter().next().ok_or_else(|| Error::not_found("account"))?;
            let phone = account.proved_phone().cloned();
            add(app, asked, guest_of(user), NewGuest { name: account.name, email: account.email, phone }, now)
                .await
        }
        (Whom::Known(_), Some(guest)) => {
            asked.caller.require_at(Permission::BookForOthers, location)?;
            match guest.merged_into {
                Some(other) => app.store.guest(other).await,
                None => Ok(guest),
            }
        }
        (Whom::Known(_), None) => Err(Error::field("/guest_id", "unknown", "there is no such guest")),
        (Whom::New(new), _) => {
            asked.caller.require_at(Permission::BookForOthers, location)?;
            let id =
                GuestId::derived(asked.idem.id(|| GuestId::new(now, env::random()).bits().to_be_bytes()));
            add(app, asked, id, new, now).await
        }
    }
}

/// Adds a guest; whoever is there already under this id is left as they are.
async fn add(app: &App, asked: &Asked, id: GuestId, new: NewGuest, now: Timestamp) -> Result<Guest> {
    let guest = Guest {
        id,
        name: new.name,
        email: new.email,
        phone: new.phone,
        country: None,
        document: None,
        preferences: std::collections::BTreeSet::new(),
        note: None,
        merged_into: None,
        merged: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_guest(&app.store, &guest);
    let event = EventId::new(now, env::random());
    tx.event(&app.store, &guest.event(event, "guest.created", None, asked.caller.actor()));
    match app.store.commit(tx).await.and_then(|outcome| store::record_from(outcome, guest)) {
        // Made by another request of theirs in the same moment.
        Err(error) if matches!(error.code(), Code::AlreadyExists | Code::IdempotencyKeyReused) => {
            app.store.guest(id).await
        }
        made => made.map(|(guest, _)| guest),
    }
}
