//! From what happened to what is to be done: reads the feed of events and puts jobs on the queues.
//!
//! On AWS the stream of the Events table calls [`handle`]; on a laptop [`tail`] queries the same events. Both send a job
//! at least once for each event, in no order; who works on a job knows it by the event's id and does it once.

mod tail;

use aws_lambda_events::dynamodb;
use domain::{Event, OrderId};
use env::Clock;
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use queue::{Job, MAX_DELAY, NotifyJob, Queues};
use std::time::Duration;
use store::{Store, Work};

pub use tail::{Tail, tail};

/// What the relay needs.
#[derive(Clone)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Where workers take their jobs from.
    pub queues: Queues,
}

impl App {
    /// From what Lambda sets.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Ok(Self { store: Store::from_env()?, clock: Clock::system(), queues: Queues::from_env()? })
    }
}

/// Events that people are told about.
const TOLD: [&str; 13] = [
    "booking.confirmed",
    "booking.rescheduled",
    "booking.cancelled",
    "booking.room_unavailable",
    "order.confirmed",
    "order.cancelled",
    "order.lost",
    "order.completed",
    "account.invited",
    "account.password_reset_requested",
    "code.requested",
    "alert.raised",
    "alert.resolved",
];

/// Whether people are told: of orders only where something has a price.
fn is_told(event: &Event) -> bool {
    let priced = || event.data.get("priced").is_some();
    TOLD.contains(&event.kind.as_str()) && (!event.kind.starts_with("order.") || priced())
}

/// The event that makes a campaign, which may begin at once.
const CAMPAIGN: &str = "campaign.created";
/// The event that begins a counted hold.
const HELD: &str = "order.held";
/// A release comes so long after the hold's end, which lasts through its second.
const AFTER_END: SignedDuration = SignedDuration::from_secs(1);
/// Names are renewed so long after they were changed: longer than a request takes.
const RENEWED_AFTER: Duration = Duration::from_secs(30);

/// Sends the jobs that the events call for.
///
/// # Errors
/// `unavailable` when a queue is; some jobs may have been sent by then.
pub async fn pass_on(app: &App, events: &[Event]) -> Result<()> {
    app.store.working(Work::Feed("relay"), Box::pin(send_jobs(app, events))).await
}

async fn send_jobs(app: &App, events: &[Event]) -> Result<()> {
    let jobs: Vec<Job> = events
        .iter()
        .filter(|event| is_told(event))
        .map(|event| Job::Notify(NotifyJob::from(event)))
        .collect();
    let campaigns = events.iter().filter(|event| event.kind == CAMPAIGN);
    let campaigns =
        campaigns.filter_map(|event| Some(Job::Campaign { campaign: event.subject.parse().ok()? }));
    let jobs: Vec<Job> = jobs.into_iter().chain(campaigns).collect();
    app.queues.notify.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await?;
    let tasks: Vec<(Job, Duration)> =
        events.iter().flat_map(|event| release(event).into_iter().chain(rename(event))).collect();
    app.queues.tasks.send_batch(tasks.iter().map(|(job, delay)| (job, *delay))).await?;
    let payments: Vec<Job> = events.iter().filter_map(about_money).collect();
    app.queues.payments.send_batch(payments.iter().map(|job| (job, Duration::ZERO))).await
}

/// The job that does what may follow for an order's payments: something was told of one, or the order is charged otherwise.
fn about_money(event: &Event) -> Option<Job> {
    let request = event.actor.request.clone();
    let order = |id: Option<&str>| Some(Job::Settle { order: id?.parse().ok()?, request: request.clone() });
    match event.kind.as_str() {
        "webhook.received" => Some(Job::Webhook { id: event.subject.clone(), request: request.clone() }),
        "payment.told" => order(event.data.pointer("/order")?.as_str()),
        "order.cancelled" | "order.reduced" | "order.changed" | "order.no_show" | "order.posted"
            if event.data.pointer("/after/sale").is_some() =>
        {
            order(Some(&event.subject))
        }
        _ => None,
    }
}

/// The job that renews copies of a name in stays. It waits, so that whoever booked by the old name at that moment is found too.
fn rename(event: &Event) -> Option<(Job, Duration)> {
    let job = match event.kind.as_str() {
        "guest.renamed" | "guest.merged" => {
            Job::RenameGuest { guest: event.subject.parse().ok()?, after: None }
        }
        "hotel_room.changed" | "hotel_room.kept" if event.data.pointer("/before/number").is_some() => {
            Job::RenumberRoom { room: event.subject.parse().ok()? }
        }
        _ => return None,
    };
    Some((job, RENEWED_AFTER))
}

/// The job that gives a counted hold back when it ends, and how long it has to wait: counted from the event's time, so that
/// an event that is passed on late is worked off late by as much. The sweep finds it before that if it takes long.
fn release(event: &Event) -> Option<(Job, Duration)> {
    if event.kind != HELD {
        return None;
    }
    let order: OrderId = event.subject.parse().ok()?;
    let until: Timestamp = event.data.pointer("/after/hold_until")?.as_str()?.parse().ok()?;
    let delay = Duration::try_from(until.duration_since(event.at) + AFTER_END).unwrap_or_default();
    let request = event.actor.request.clone();
    Some((Job::Release { order, request }, delay.min(MAX_DELAY)))
}

/// Passes on a batch of the stream. An error gives the whole batch back: what was sent of it is sent again.
///
/// # Errors
/// `unavailable` when a queue is, `internal` when a record is no event.
pub async fn handle(app: &App, batch: dynamodb::Event) -> Result<()> {
    let events = batch
        .records
        .into_iter()
        .filter(|record| record.event_name == "INSERT")
        .map(|record| serde_dynamo::from_item(record.change.new_image).map_err(Error::internal))
        .collect::<Result<Vec<Event>>>()?;
    let done = pass_on(app, &events).await;
    app.store.keep_work(app.clock.now()).await;
    done
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

#[cfg(test)]
mod tests {
    use domain::{Actor, EventId};
    use serde_json::{Value, json};

    use super::*;

    fn held(data: Value) -> Event {
        let id = EventId::derived([1; 16]);
        let at = "2027-01-04T08:00:00Z".parse().unwrap();
        let subject = OrderId::derived([2; 16]).to_string();
        Event { id, kind: HELD.to_owned(), subject, sequence: 1, at, actor: Actor::system(), data }
    }

    #[test]
    fn a_counted_hold_is_released_just_after_its_end() {
        let job = Job::Release { order: OrderId::derived([2; 16]), request: None };
        let until = |until: &str| held(json!({ "after": { "hold_until": until } }));
        assert_eq!(release(&until("2027-01-04T08:10:00Z")), Some((job.clone(), Duration::from_secs(601))));
        // The queue keeps nothing longer; the job is put off when it comes too early.
        assert_eq!(release(&until("2027-01-04T09:00:00Z")), Some((job.clone(), MAX_DELAY)));
        assert_eq!(release(&until("2027-01-04T07:00:00Z")), Some((job, Duration::ZERO)));
        assert_eq!(release(&held(json!({ "after": {} }))), None);
        assert_eq!(release(&Event { kind: "order.confirmed".to_owned(), ..held(Value::Null) }), None);
    }
}
