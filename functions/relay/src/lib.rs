//! From what happened to what is to be done: reads the feed of events and puts jobs on the queues.
//!
//! On AWS the stream of the Events table calls [`handle`]; on a laptop [`tail`] queries the same events. Both send a job
//! at least once for each event, in no order; who works on a job knows it by the event's id and does it once.

mod tail;

use aws_lambda_events::dynamodb;
use domain::Event;
use errors::{Error, Result};
use jiff::Timestamp;
use queue::{Job, NotifyJob, Queue};
use std::time::Duration;
use store::Store;

pub use tail::{Tail, tail};

/// What the relay needs.
#[derive(Clone)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Where `notify` takes its jobs from.
    pub notify: Queue,
}

impl App {
    /// From what Lambda sets.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Ok(Self { store: Store::from_env()?, notify: Queue::from_env(queue::NOTIFY)? })
    }
}

/// Events that people are told about.
const TOLD: [&str; 6] = [
    "booking.confirmed",
    "booking.rescheduled",
    "booking.cancelled",
    "booking.room_unavailable",
    "account.invited",
    "account.password_reset_requested",
];

/// Sends the jobs that the events call for.
///
/// # Errors
/// `unavailable` when the queue is; some jobs may have been sent by then.
pub async fn pass_on(app: &App, events: &[Event]) -> Result<()> {
    let jobs: Vec<Job> = events
        .iter()
        .filter(|event| TOLD.contains(&event.kind.as_str()))
        .map(|event| Job::Notify(NotifyJob::from(event)))
        .collect();
    app.notify.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await
}

/// Passes on a batch of the stream. An error gives the whole batch back: what was sent of it is sent again.
///
/// # Errors
/// `unavailable` when the queue is, `internal` when a record is no event.
pub async fn handle(app: &App, batch: dynamodb::Event) -> Result<()> {
    let events = batch
        .records
        .into_iter()
        .filter(|record| record.event_name == "INSERT")
        .map(|record| serde_dynamo::from_item(record.change.new_image).map_err(Error::internal))
        .collect::<Result<Vec<Event>>>()?;
    pass_on(app, &events).await
}

/// Gives all who read the feed again what happened from `from` until just before `to`; how many events there were.
///
/// # Errors
/// `unavailable` when the database is, or what `readers` says.
pub async fn replay<R, F>(store: &Store, from: Timestamp, to: Timestamp, readers: R) -> Result<usize>
where
    R: Fn(Vec<Event>) -> F,
    F: Future<Output = Result<()>>,
{
    let (mut count, mut position) = (0, None);
    loop {
        let page = store.events_in((from, to), tail::PORTION, position).await?;
        count += page.items.len();
        readers(page.items).await?;
        position = page.next;
        if position.is_none() {
            return Ok(count);
        }
    }
}
