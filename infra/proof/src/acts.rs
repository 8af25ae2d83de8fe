//! What a client can do, at the level of records and ledger, written as the use cases of the functions write it: record, event
//! and claims in one transaction, ids derived from a key, a change guarded by the record's version.

mod outcome;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::booking::Action;
use domain::order::OrderAction;
use domain::pool::Cells;
use domain::{
    Actor, Booking, BookingId, BookingState, EventId, Order, OrderId, OrderLine, OrderState, PoolId,
    ResourceId, Span,
};
use errors::Result;
use jiff::{SignedDuration, Timestamp};
use ledger::{BelowSold, Changes, Offer};
use serde::{Deserialize, Serialize};
use store::{Ids, Store, Tx};

pub use self::outcome::Outcome;
pub use self::world::World;

/// An idempotency key: what it makes has ids of its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub u128);

impl Key {
    /// The booking that this key makes.
    pub fn booking(self) -> BookingId {
        BookingId::derived(self.0.to_be_bytes())
    }

    /// The order that this key makes.
    pub fn order(self) -> OrderId {
        OrderId::derived(self.0.to_be_bytes())
    }

    fn text(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// What is asked for: time, units, or both together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// A resource for a time.
    pub time: Option<(ResourceId, Span)>,
    /// Units of pools.
    pub lines: Vec<OrderLine>,
    /// For how long it is only held; sold at once when unset.
    pub hold: Option<SignedDuration>,
    /// Whether units may go beyond the capacity as far as that is allowed.
    pub overbook: bool,
}

/// A change of what was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A hold becomes a sale.
    Confirm,
    /// It is given back.
    Cancel,
    /// The booking moves, or gets longer or shorter.
    Move(ResourceId, Span),
    /// The order has other lines.
    Lines(Vec<OrderLine>),
    /// The order's hold ran out: its units are given back.
    Release,
}

/// Something that a client does, under the key that makes it happen once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Claims.
    Claim(Key, Wanted),
    /// Changes what the first key claimed, under the second.
    Change(Key, Key, Step),
    /// Changes what is offered of a pool.
    Offer(Key, PoolId, Cells, Offer),
}

/// The records of a key as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The booking.
    pub booking: Option<Booking>,
    /// The order.
    pub order: Option<Order>,
}

impl Seen {
    fn is_empty(&self) -> bool {
        self.booking.is_none() && self.order.is_none()
    }

    /// Whether the change with this key made the records what they are.
    fn is_of(&self, key: Key) -> bool {
        let booking = self.booking.as_ref().map(|booking| &booking.requests);
        let order = self.order.as_ref().map(|order| &order.requests);
        booking.into_iter().chain(order).any(|known| known.contains(&key.text()))
    }
}

/// A client's view of the database.
#[derive(Debug, Clone)]
pub struct Desk {
    store: Store,
    world: World,
    begun: Arc<AtomicU64>,
}

impl Desk {
    /// A client's view.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world, begun: Arc::default() }
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Transactions begun by this view and its clones.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Does it, as the clock of the client shows `now`. An outcome that is not known is [`Outcome::Unavailable`].
    pub async fn perform(&self, act: &Act, now: Timestamp) -> Outcome {
        let done = match act {
            Act::Claim(key, wanted) => self.claim(*key, wanted, now).await,
            Act::Change(subject, key, step) => self.change(*subject, Some(*key), step, now).await,
            Act::Offer(key, pool, cells, offer) => {
                self.offer(*key, (*pool, cells), offer, BelowSold::Refuse, now).await
            }
        };
        done.unwrap_or_else(Outcome::from)
    }

    /// The records of a key.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn seen(&self, key: Key) -> Result<Seen> {
        let ids = Ids { bookings: [key.booking()].into(), orders: [key.order()].into(), ..Ids::default() };
        let mut known = self.store.together(&ids).await?;
        Ok(Seen { booking: known.bookings.pop(), order: known.orders.pop() })
    }

    /// Claims all that is wanted or nothing.
    ///
    /// # Errors
    /// `slot_taken`, `sold_out`, `unavailable`.
    pub async fn claim(&self, key: Key, wanted: &Wanted, now: Timestamp) -> Result<Outcome> {
        if !self.seen(key).await?.is_empty() {
            return Ok(Outcome::Replayed);
        }
        let hold_until = wanted.hold.map(|hold| now + hold);
        let (mut tx, mut claims) = (Tx::new(), Vec::new());
        if let Some((resource, span)) = wanted.time {
            let state = if hold_until.is_some() { BookingState::Held } else { BookingState::Confirmed };
            let new = Booking { state, hold_until, ..self.world.booking(key, resource, span, now) };
            let kind = if hold_until.is_some() { "booking.held" } else { "booking.confirmed" };
            tx.insert_booking(&self.store, &new);
            tx.event(&self.store, &new.event(event(now), kind, None, Actor::system()));
            claims.push(Changes::between(None, Some(&new)));
        }
        if !wanted.lines.is_empty() {
            let state = if hold_until.is_some() { OrderState::Held } else { OrderState::Confirmed };
            let mut new = Order { state, hold_until, ..self.world.order(key, wanted.lines.clone(), now) };
            let mut changes = Changes::between(None, Some(&new));
            if wanted.overbook {
                let cells: Vec<_> = new.lines.iter().map(|line| (line.pool, line.cells)).collect();
                for (pool, seen) in ledger::counts(&self.store, &cells).await? {
                    changes = changes.overbook(pool, &seen);
                }
                for line in &mut new.lines {
                    line.overbooked = changes.overbooks(line.pool);
                }
            }
            let kind = if hold_until.is_some() { "order.held" } else { "order.confirmed" };
            tx.insert_order(&self.store, &new);
            tx.event(&self.store, &new.event(event(now), kind, None, Actor::system()));
            claims.push(changes);
        }
        self.commit(tx, claims, now).await
    }

    /// Changes the records of `subject` as they stand.
    ///
    /// # Errors
    /// As [`Desk::write`].
    pub async fn change(
        &self,
        subject: Key,
        key: Option<Key>,
        step: &Step,
        now: Timestamp,
    ) -> Result<Outcome> {
        let seen = self.seen(subject).await?;
        if key.is_some_and(|key| seen.is_of(key)) {
            return Ok(Outcome::Replayed);
        }
        self.write(key, seen, step, now).await
    }

    /// Changes records that were read before, and are refused if they have changed since.
    ///
    /// # Errors
    /// As for the domain's steps, and `changed`, `hold_expired`, `slot_taken`, `sold_out` by the ledger.
    pub async fn write(&self, key: Option<Key>, seen: Seen, step: &Step, now: Timestamp) -> Result<Outcome> {
        let (mut tx, mut claims) = (Tx::new(), Vec::new());
        if let Some(before) = seen.booking {
            let after = match step {
                Step::Confirm => Some((before.clone().confirm(now)?, Action::Confirm)),
                Step::Cancel => Some((before.clone().cancel(None, now)?, Action::Cancel)),
                Step::Move(resource, span) => {
                    let to = self.world.resource(*resource);
                    Some((before.clone().reschedule(&to, *span, now)?, Action::Reschedule))
                }
                Step::Lines(_) | Step::Release => None,
            };
            if let Some((mut after, action)) = after {
                after.requests = after.requests.with(key.map(Key::text));
                tx.update_booking(&self.store, &after);
                let event = after.event(event(now), action.event(), Some(&before), Actor::system());
                tx.event(&self.store, &event);
                claims.push(Changes::between(Some(&before), Some(&after)));
            }
        }
        if let Some(before) = seen.order {
            let after = match step {
                Step::Confirm => Some((before.clone().confirm(now)?, OrderAction::Confirm)),
                Step::Cancel => Some((before.clone().cancel(None, now)?, OrderAction::Cancel)),
                Step::Lines(lines) => Some((before.clone().change(lines.clone(), now)?, OrderAction::Change)),
                Step::Release => Some((before.clone().expire(now)?, OrderAction::Expire)),
                Step::Move(..) => None,
            };
            if let Some((mut after, action)) = after {
                after.requests = after.requests.with(key.map(Key::text));
                tx.update_order(&self.store, &before, &after);
                let event = after.event(event(now), action.event(), Some(&before), Actor::system());
                tx.event(&self.store, &event);
                claims.push(Changes::between(Some(&before), Some(&after)));
            }
        }
        self.commit(tx, claims, now).await
    }

    async fn commit(&self, mut tx: Tx, claims: Vec<Changes>, now: Timestamp) -> Result<Outcome> {
        if tx.is_empty() {
            return Ok(Outcome::Missing);
        }
        for changes in claims {
            changes.add_to(&mut tx, &self.store, now)?;
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(match self.store.commit(tx).await? {
            store::Outcome::Committed => Outcome::Done,
            store::Outcome::Replayed(_) => Outcome::Replayed,
        })
    }

    /// Changes what is offered of a pool, as it is seen just before.
    ///
    /// # Errors
    /// `below_sold`, `changed`, `unavailable`.
    pub async fn offer(
        &self,
        key: Key,
        (pool, cells): (PoolId, &Cells),
        offer: &Offer,
        below: BelowSold,
        now: Timestamp,
    ) -> Result<Outcome> {
        let before = self.store.pool(pool).await?;
        if before.requests.contains(&key.text()) {
            return Ok(Outcome::Replayed);
        }
        let seen = ledger::counts(&self.store, &[(pool, *cells)]).await?.remove(&pool).unwrap_or_default();
        let mut after = before.clone();
        (after.updated_at, after.requests) = (now, after.requests.with(Some(key.text())));
        after.version += 1;
        let mut tx = Tx::new();
        tx.update_pool(&self.store, &before, &after);
        tx.event(&self.store, &after.event(event(now), "pool.offered", Some(&before), Actor::system()));
        ledger::offer(&mut tx, &self.store, (pool, cells), offer, &seen, below)?;
        self.commit(tx, Vec::new(), now).await
    }

    /// Gives back the units of every hold that ran out; how many holds that were.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut released = 0;
        loop {
            let overdue = self.store.orders_overdue(now, 100, None).await?;
            let before = released;
            for order in &overdue.items {
                let done = self.change(Key(order.id.bits()), None, &Step::Release, now).await;
                released += u64::from(matches!(done, Ok(Outcome::Done)));
            }
            if overdue.next.is_none() || released == before {
                return Ok(released);
            }
        }
    }
}

fn event(now: Timestamp) -> EventId {
    EventId::new(now, env::random())
}
