//! Who brought about what, and which orders have units of which pool: kept by `insights` from the feed of events.
//!
//! An index on the events or on the orders themselves would cost every command a write of its own. What is kept here only points
//! at them, so that there is one place to read from and one to erase.

use domain::order::Pools;
use domain::{Event, EventId, Order, OrderId, PoolId, UserId};
use errors::Result;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::page::{Page, Position};
use crate::schema::{EVENTS, INSIGHTS, RESERVATIONS, Table};
use crate::table::{Query, Range, Record, moment, read};

/// Notes that are written at once.
const AT_ONCE: usize = 16;

/// Points from a person to an event that they brought about.
#[derive(Debug, Serialize, Deserialize)]
struct Deed {
    person: UserId,
    at: Timestamp,
    event: EventId,
    subject: String,
    sequence: u64,
}

impl Record for Deed {
    const TABLE: Table = INSIGHTS;
    const NAME: &'static str = "deed";

    fn key(&self) -> (String, String) {
        (by_person(self.person), format!("{}#{}", moment(self.at), self.event))
    }
}

fn by_person(person: UserId) -> String {
    format!("person#{person}")
}

/// Points from a pool to an order that has units of it, or once had.
#[derive(Debug, Serialize, Deserialize)]
struct Claimed {
    pool: PoolId,
    made: Timestamp,
    order: OrderId,
}

impl Record for Claimed {
    const TABLE: Table = INSIGHTS;
    const NAME: &'static str = "claimed";

    fn key(&self) -> (String, String) {
        (by_pool(self.pool), format!("{}#{}", moment(self.made), self.order))
    }
}

fn by_pool(pool: PoolId) -> String {
    format!("pool#{pool}")
}

impl Store {
    /// Notes who brought the events about; noting one again changes nothing. Those that nobody was signed in for are left out.
    ///
    /// # Errors
    /// `unavailable` when the database is; some may have been noted by then.
    pub async fn note_deeds(&self, events: &[Event]) -> Result<()> {
        let deed = |event: &Event| {
            let (subject, sequence) = (event.subject.clone(), event.sequence);
            Some(Deed { person: event.actor.user?, at: event.at, event: event.id, subject, sequence })
        };
        self.note(events.iter().filter_map(deed).collect()).await
    }

    /// What a person brought about from `from` until just before `to`, oldest first; at most 100 at once.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn events_by(
        &self,
        person: UserId,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Event>> {
        let of = (by_person(person), Range::Between(moment(from), moment(to)), false);
        let key = |deed: &Deed| (EVENTS, deed.subject.clone(), deed.sequence.to_string());
        let mut page: Page<Event> = self.pointed_at(of, (limit, after), key).await?;
        page.items.sort_by_key(|event| (event.at, event.id));
        Ok(page)
    }

    /// Notes whose units the orders have that the events tell of; noting one again changes nothing.
    ///
    /// # Errors
    /// `unavailable` when the database is; some may have been noted by then.
    pub async fn note_pools(&self, events: &[Event]) -> Result<()> {
        let claimed =
            |Pools { order, made, pools }| pools.into_iter().map(move |pool| Claimed { pool, made, order });
        self.note(events.iter().filter_map(Pools::told).flat_map(claimed).collect()).await
    }

    /// In any order: each is for itself.
    async fn note<R: Record>(&self, notes: Vec<R>) -> Result<()> {
        for some in notes.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|note| self.overwrite(note))).await?;
        }
        Ok(())
    }

    /// The records that a page of notes points at, in no order.
    async fn pointed_at<N: Record, R: Record>(
        &self,
        (partition, range, descending): (String, Range, bool),
        (limit, after): (u32, Option<Position>),
        key: impl Fn(&N) -> (Table, String, String),
    ) -> Result<Page<R>> {
        let query = Query {
            table: &INSIGHTS,
            index: None,
            partition,
            range,
            descending,
            limit: limit.min(100),
            after,
        };
        let notes: Page<N> = self.query(query).await?;
        let keys: Vec<_> = notes.items.iter().map(key).collect();
        let found = self.get_many(&keys).await?.into_iter().map(|(_, item)| read(item));
        Ok(Page { items: found.collect::<Result<_>>()?, next: notes.next })
    }

    /// Orders with units of a pool that were made within a range of time, both ends included, latest first; at most 100 at once,
    /// and fewer where some have given theirs back for others. A new one is among them a moment later, when the feed has told
    /// of it.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_of_pool(
        &self,
        pool: PoolId,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        let of = (by_pool(pool), Range::Between(moment(from), format!("{}~", moment(to))), true);
        let key = |claimed: &Claimed| (RESERVATIONS, claimed.order.to_string(), "order".to_owned());
        let mut page: Page<Order> = self.pointed_at(of, (limit, after), key).await?;
        page.items.retain(|order| order.lines.iter().any(|line| line.pool == pool));
        page.items.sort_by_key(|order| std::cmp::Reverse((order.created_at, order.id)));
        Ok(page)
    }

    /// Asks the database for something that is not there, consistently: it answers, or it cannot.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn ping(&self) -> Result<()> {
        self.get::<Deed>("nobody", "never").await.map(drop)
    }
}
