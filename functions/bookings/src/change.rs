//! One change of one booking or order: who asks and on what condition, and the transaction that writes it.

use domain::{Actor, Booking, Event, EventId, Order, Requests};
use errors::Result;
use jiff::Timestamp;
use ledger::{Changes, Claims};
use store::{Store, Tx};
use web::Asked;

use crate::App;

/// A record, a booking unless it is said, and whether this very request had brought it about before.
pub(crate) type Done<T = Booking> = web::Done<T>;

/// A record that claims capacity and changes step by step.
pub(crate) trait Record: Claims + Clone {
    /// Its version, and the keyed requests that changed it last.
    fn stands(&self) -> (u64, &Requests);

    /// When it changed.
    fn changed_at(&self) -> Timestamp;

    /// With the mark of the request that changes it.
    fn marked(self, mark: Option<String>) -> Self;

    /// Adds it to a transaction in place of the version before it.
    fn update(&self, tx: &mut Tx, store: &Store, before: &Self);

    /// The event that tells of its change.
    fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event;
}

impl Record for Booking {
    fn stands(&self) -> (u64, &Requests) {
        (self.version, &self.requests)
    }

    fn changed_at(&self) -> Timestamp {
        self.updated_at
    }

    fn marked(self, mark: Option<String>) -> Self {
        Self { requests: self.requests.with(mark), ..self }
    }

    fn update(&self, tx: &mut Tx, store: &Store, _before: &Self) {
        tx.update_booking(store, self);
    }

    fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        self.event(id, kind, before, actor)
    }
}

impl Record for Order {
    fn stands(&self) -> (u64, &Requests) {
        (self.version, &self.requests)
    }

    fn changed_at(&self) -> Timestamp {
        self.updated_at
    }

    fn marked(self, mark: Option<String>) -> Self {
        Self { requests: self.requests.with(mark), ..self }
    }

    fn update(&self, tx: &mut Tx, store: &Store, before: &Self) {
        tx.update_order(store, before, self);
    }

    fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        self.event(id, kind, before, actor)
    }
}

/// One step of a record that the caller may take: answered if this request took it before, refused if the caller knows an
/// older version, written otherwise. `kind` is the event that tells of it.
pub(crate) async fn step<T: Record>(
    app: &App,
    asked: &Asked,
    before: T,
    kind: &str,
    next: impl FnOnce(T, Timestamp) -> Result<T>,
) -> Result<Done<T>> {
    let (version, requests) = before.stands();
    if asked.idem.replays(requests)? {
        return Ok(Done { record: before, replayed: true });
    }
    asked.if_match.check(version)?;
    let after = next(before.clone(), app.clock.now())?;
    let record = commit(app, asked, &before, after, kind).await?;
    Ok(Done { record, replayed: false })
}

/// Writes a changed record, the event that tells of it, and what it changes in the ledger.
///
/// # Errors
/// `changed` when another request was faster, `hold_expired` when the hold was taken over, `slot_taken` when it moves to
/// a time that is taken, `sold_out` when it wants more than is left.
pub(crate) async fn commit<T: Record>(
    app: &App,
    asked: &Asked,
    before: &T,
    after: T,
    kind: &str,
) -> Result<T> {
    let changes = Changes::between(Some(before), Some(&after));
    let after = after.marked(asked.idem.mark());
    let mut tx = Tx::new();
    add(&mut tx, app, asked, before, &after, kind);
    changes.add_to(&mut tx, &app.store, after.changed_at())?;
    app.store.commit(tx).await?;
    Ok(after)
}

/// Adds record and event of a changed record; the ledger's part is [`Changes::between`].
pub(crate) fn add<T: Record>(tx: &mut Tx, app: &App, asked: &Asked, before: &T, after: &T, kind: &str) {
    after.update(tx, &app.store, before);
    let id = EventId::new(after.changed_at(), env::random());
    tx.event(&app.store, &after.event(id, kind, Some(before), asked.caller.actor()));
}
