//! What is kept from the feed of events.

use std::sync::{Mutex, PoisonError};

use aws_lambda_events::dynamodb;
use cache::{Cache, Reads, Tag};
use domain::Event;
use env::Clock;
use errors::{Error, Result};
use futures::try_join;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use store::{FEED_READER, NOTED_EVERY, Store, Work};

use crate::figures;

/// Forgets what was kept of what the events tell of, notes who brought them about and of which pools orders are, and counts what figures
/// are kept of. An event that comes again changes nothing.
///
/// # Errors
/// `unavailable` when the database is; some events may have been noted by then.
pub async fn consume(store: &Store, cache: &Cache, events: &[Event]) -> Result<()> {
    store.working(Work::Feed("figures"), Box::pin(count_in(store, cache, events))).await
}

async fn count_in(store: &Store, cache: &Cache, events: &[Event]) -> Result<()> {
    cache.touched(events.iter().flat_map(Tag::told)).await;
    try_join!(store.note_deeds(events), store.note_pools(events))?;
    figures::count(store, events).await?;
    cache.touched(figures::counted(events)).await;
    Ok(())
}

/// What reads the feed on AWS. It stands in the network of the cache that processes share, if there is one.
#[derive(Debug)]
pub struct Feed {
    reads: Reads,
    clock: Clock,
    noted: Mutex<Option<Timestamp>>,
}

impl Feed {
    /// That keeps what it reads in these tables.
    pub fn new(reads: Reads, clock: Clock) -> Self {
        Self { reads, clock, noted: Mutex::default() }
    }

    /// As Lambda runs it.
    pub fn on_lambda(store: Store, cache: Cache) -> Self {
        let clock = Clock::system();
        Self::new(Reads::new(store, clock.clone(), cache), clock)
    }

    /// What calls the function: a batch of the stream of the Events table, or the schedule that warms the cache. An error gives a whole
    /// batch back.
    ///
    /// # Errors
    /// As [`consume`] and [`warm`]; `internal` when a record is no event.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value> {
        let done = self.called(event).await;
        self.reads.store().keep_work(self.clock.now()).await;
        done
    }

    async fn called(&self, event: LambdaEvent<Value>) -> Result<Value> {
        if event.payload.get("Records").is_none() {
            return Ok(json!({ "kept": Box::pin(warm(&self.reads)).await? }));
        }
        let batch: dynamodb::Event = serde_json::from_value(event.payload).map_err(Error::internal)?;
        let new = batch.records.into_iter().filter(|record| record.event_name == "INSERT");
        let events = new
            .map(|record| serde_dynamo::from_item(record.change.new_image).map_err(Error::internal))
            .collect::<Result<Vec<Event>>>()?;
        let (store, now) = (self.reads.store(), self.clock.now());
        Box::pin(consume(store, self.reads.cache(), &events)).await?;
        if self.is_to_be_noted(now) {
            store.set_progress(FEED_READER, now).await?;
        }
        Ok(Value::Null)
    }

    /// Whether the place is to be noted: not with each batch, which would cost more than what it is for.
    fn is_to_be_noted(&self, now: Timestamp) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let due = noted.is_none_or(|noted| now.duration_since(noted) >= NOTED_EVERY);
        if due {
            *noted = Some(now);
        }
        due
    }
}

/// Reads what is asked for most before anybody asks, where processes share a cache; how many are kept now.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn warm(reads: &Reads) -> Result<usize> {
    match reads.cache().shared() {
        Some(_) => reads.store().working(Work::Schedule("warm"), Box::pin(reads.warm(&[]))).await,
        None => Ok(0),
    }
}
