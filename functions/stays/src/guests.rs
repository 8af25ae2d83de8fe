//! Guests: whose stay it is, what is known of them, and who turned out to be whom.

use std::collections::BTreeSet;

use domain::hotel::Guest;
use domain::hotel::guest::{guest_of, user_of};
use domain::text::{Email, Name, Note, Tag};
use domain::{EventId, GuestId, LocationId, Permission, Phone, Requests, UserId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Ids, Together, Tx};
use web::{Asked, Done, Patch};

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

    /// The account of whoever stays themselves.
    pub(crate) fn oneself(&self) -> Option<UserId> {
        match self {
            Self::Oneself(user) => Some(*user),
            Self::Known(_) | Self::New(_) => None,
        }
    }
}

/// The guest: one that is known, whoever asks, or somebody new, who is yet to be written with their stay ([`put`]).
///
/// # Errors
/// `forbidden` for others without the right to book for them, `validation_failed` without such a guest.
pub(crate) async fn of(
    app: &App,
    asked: &Asked,
    (whom, location): (Whom, LocationId),
    known: &Together,
    now: Timestamp,
) -> Result<(Guest, bool)> {
    let found = known.guests.first().cloned();
    let guest = match (whom, found) {
        (Whom::Oneself(_), Some(guest)) => Ok(guest),
        (Whom::Oneself(user), None) => {
            let account = known.user(user).cloned().ok_or_else(|| Error::not_found("account"))?;
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
            return Ok((blank(asked, id, new, now), true));
        }
    };
    guest.map(|guest| (guest, false))
}

/// Adds a guest; whoever is there already under this id is left as they are.
async fn add(app: &App, asked: &Asked, id: GuestId, new: NewGuest, now: Timestamp) -> Result<Guest> {
    match insert(app, asked, blank(asked, id, new, now)).await {
        // Made by another request of theirs in the same moment.
        Err(error) if matches!(error.code(), Code::AlreadyExists | Code::IdempotencyKeyReused) => {
            app.store.guest(id).await
        }
        made => made.map(|(guest, _)| guest),
    }
}

/// What is said anew of a guest.
#[derive(Debug, Default)]
pub(crate) struct GuestChange {
    pub(crate) name: Option<Name>,
    pub(crate) email: Patch<Email>,
    pub(crate) phone: Patch<Phone>,
    pub(crate) country: Patch<Tag>,
    pub(crate) document: Patch<Name>,
    pub(crate) preferences: Option<BTreeSet<Tag>>,
    pub(crate) note: Patch<Note>,
}

impl GuestChange {
    fn of(self, guest: Guest) -> Result<Guest> {
        Guest {
            name: self.name.unwrap_or(guest.name),
            email: self.email.applied_to(guest.email),
            phone: self.phone.applied_to(guest.phone),
            country: self.country.applied_to(guest.country),
            document: self.document.applied_to(guest.document),
            preferences: self.preferences.unwrap_or(guest.preferences),
            note: self.note.applied_to(guest.note),
            ..guest
        }
        .checked()
    }
}

/// Adds a guest.
///
/// # Errors
/// `validation_failed`, `idempotency_key_reused`.
pub(crate) async fn make(
    app: &App,
    asked: &Asked,
    new: NewGuest,
    change: GuestChange,
) -> Result<Done<Guest>> {
    let now = app.clock.now();
    let id = GuestId::derived(asked.idem.id(|| GuestId::new(now, env::random()).bits().to_be_bytes()));
    let guest = change.of(blank(asked, id, new, now))?;
    let (record, replayed) = insert(app, asked, guest).await?;
    Ok(Done { record, replayed })
}

/// Changes a guest. A new name is told in their stays by whoever reads of it in the feed.
///
/// # Errors
/// `not_found`, `wrong_state` once merged, `validation_failed`, `changed` when somebody was faster.
pub(crate) async fn change(
    app: &App,
    asked: &Asked,
    id: GuestId,
    change: GuestChange,
) -> Result<Done<Guest>> {
    let before = app.store.guest(id).await?;
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: before, replayed: true });
    }
    asked.if_match.check(before.version)?;
    let now = app.clock.now();
    let mut after = change.of(before.clone().revise(now)?)?;
    after.requests = after.requests.with(asked.idem.mark());
    let kind = if before.name == after.name { "guest.changed" } else { "guest.renamed" };
    let mut tx = Tx::new();
    tx.update_guest(&app.store, &before, &after);
    let event = EventId::new(now, env::random());
    tx.event(&app.store, &after.event(event, kind, Some(&before), asked.caller.actor()));
    app.store.commit(tx).await?;
    Ok(Done { record: after, replayed: false })
}

/// Says that a guest is another one: nothing more is written to them, and their stays become the other's by whoever reads of it in
/// the feed. Answers the other one.
///
/// # Errors
/// `not_found`, `validation_failed` for oneself and for an unknown one, `wrong_state` for somebody with an account, who keeps their
/// stays, once merged, and after too many; `changed` when somebody was faster.
pub(crate) async fn merge(app: &App, asked: &Asked, id: GuestId, into: GuestId) -> Result<Done<Guest>> {
    let ids = Ids { guests: [id, into].into(), users: [user_of(id)].into(), ..Ids::default() };
    let known = app.store.together(&ids).await?;
    let found = |wanted| known.guests.iter().find(|guest| guest.id == wanted).cloned();
    let before = found(id).ok_or_else(|| Error::not_found("guest"))?;
    let kept = found(into).ok_or_else(|| Error::field("/into", "unknown", "there is no such guest"))?;
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: kept, replayed: true });
    }
    asked.if_match.check(before.version)?;
    if !known.users.is_empty() {
        let message = "they have an account, and keep their stays: merge the other one into them";
        return Err(Error::new(Code::WrongState, message).with_detail("state", "account"));
    }
    let now = app.clock.now();
    let (mut gone, after) = before.clone().merged(&kept, now)?;
    gone.requests = gone.requests.with(asked.idem.mark());
    let mut tx = Tx::new();
    tx.update_guest(&app.store, &before, &gone);
    tx.update_guest(&app.store, &kept, &after);
    for (guest, old, kind) in [(&gone, &before, "guest.merged"), (&after, &kept, "guest.joined")] {
        let event = EventId::new(now, env::random());
        tx.event(&app.store, &guest.event(event, kind, Some(old), asked.caller.actor()));
    }
    app.store.commit(tx).await?;
    Ok(Done { record: after, replayed: false })
}

/// Somebody of whom nothing else is known.
fn blank(asked: &Asked, id: GuestId, new: NewGuest, now: Timestamp) -> Guest {
    Guest {
        id,
        name: new.name,
        email: new.email,
        phone: new.phone,
        country: None,
        document: None,
        preferences: BTreeSet::new(),
        note: None,
        merged_into: None,
        merged: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    }
}

async fn insert(app: &App, asked: &Asked, guest: Guest) -> Result<(Guest, bool)> {
    let mut tx = Tx::new();
    put(&mut tx, app, asked, &guest);
    store::record_from(app.store.commit(tx).await?, guest)
}

/// Adds a new guest to a transaction.
pub(crate) fn put(tx: &mut Tx, app: &App, asked: &Asked, guest: &Guest) {
    tx.insert_guest(&app.store, guest);
    let event = EventId::new(guest.created_at, env::random());
    tx.event(&app.store, &guest.event(event, "guest.created", None, asked.caller.actor()));
}
