//! Looking after an installation: which rules are broken, and telling those who run it.

use std::collections::BTreeMap;
use std::io::Write;

use cache::{Cache, Reads};
use domain::alert::{Rule, Seen};
use domain::{Actor, Alert, Event, EventId, LocationId};
use env::Clock;
use errors::{Code, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use lambda_runtime::LambdaEvent;
use queue::Queues;
use serde_json::{Value, json};
use store::{Numbers, Store, Work};
use tokio::try_join;
use web::telemetry::{quantile, together};

use super::{hours, one};
use crate::figures::{Days, Delivered, delivery};

/// Locations whose messages are added up.
const MOST_LOCATIONS: u32 = 100;
/// Of these read at once.
const AT_ONCE: usize = 8;
/// The metric of [`Rule::MessageFailuresPerMille`].
pub const MESSAGE_FAILURES: &str = "MessageFailuresPerMille";
/// Alerts are about the hour that has begun and the one before it.
pub(crate) const LATELY: i64 = 2;

/// What there is to be seen of an installation.
#[derive(Debug, Clone)]
pub struct Sight {
    /// What requests took.
    pub requests: Numbers,
    /// What became of messages that were due today or yesterday, by channel and provider.
    pub delivered: BTreeMap<(String, String), Delivered>,
    /// What the rules look at: all of that, what waits, and how far the feed is behind.
    pub seen: Seen,
}

/// What looks after an installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watch {
    reads: Reads,
    clock: Clock,
    queues: Queues,
}

impl Watch {
    /// Over these tables and queues.
    pub fn new(reads: Reads, clock: Clock, queues: Queues) -> Self {
        Self { reads, clock, queues }
    }

    /// As Lambda runs it: by itself, and with nothing kept of what it read.
    pub fn on_lambda(store: Store, queues: Queues) -> Self {
        let clock = Clock::system();
        Self::new(Reads::new(store, clock.clone(), Cache::off()), clock, queues)
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.queues
    }

    /// What is to be seen of the last so many hours, this one included, and of this moment.
    ///
    /// # Errors
    /// `unavailable` when the database or a queue is.
    pub async fn seen(&self, hours_seen: i64) -> Result<Sight> {
        let now = self.clock.now();
        let store = self.reads.store();
        let (hours, (waiting, dead_letters), lag, delivered) =
            try_join!(hours(store, hours_seen, now), self.jobs(), store.feed_lag(now), self.delivered(now))?;
        let sum = |count: fn(&Delivered) -> i64| {
            u64::try_from(delivered.values().map(count).sum::<i64>()).unwrap_or_default()
        };
        let requests = together(hours.iter().map(|(_, numbers)| numbers));
        let seen = Seen {
            waiting,
            dead_letters,
            messages: sum(|of| of.sent + of.failed),
            undelivered: sum(|of| of.undeliverable + of.failed),
            feed_lag_seconds: u64::try_from(lag.as_secs()).unwrap_or_default(),
            ..of_requests(&requests)
        };
        Ok(Sight { requests, delivered, seen })
    }

    /// Jobs that wait, and those that failed every time.
    pub(crate) async fn jobs(&self) -> Result<(u64, u64)> {
        let each = self
            .queues
            .each()
            .into_iter()
            .map(|queue| async move { try_join!(queue.waiting(), queue.dead_letters()) });
        let all = futures::future::try_join_all(each).await?;
        Ok(all.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)))
    }

    /// What became of messages that were due today or yesterday, by channel and provider: those of no location, and of the first
    /// hundred by name.
    async fn delivered(&self, now: Timestamp) -> Result<BTreeMap<(String, String), Delivered>> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let days = Days::new(today.saturating_sub(1.day()), today.saturating_add(1.day()))?;
        let locations = self.reads.locations(MOST_LOCATIONS, None).await?;
        let ids: Vec<Option<LocationId>> =
            std::iter::once(None).chain(locations.items.iter().map(|location| Some(location.id))).collect();
        let each = ids.into_iter().map(|location| Box::pin(delivery(&self.reads, location, days)));
        let found: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut sums: BTreeMap<_, Delivered> = BTreeMap::new();
        for (by, of) in found.into_iter().flatten() {
            *sums.entry(by).or_default() += of;
        }
        Ok(sums)
    }

    /// Looks whether rules are broken, and tells what is new about it as events; how many, and what was seen. Whoever looks at the same
    /// time tells nothing twice.
    ///
    /// # Errors
    /// As [`Watch::seen`].
    pub async fn look(&self) -> Result<(usize, Seen)> {
        self.reads.store().working(Work::Schedule("watch"), Box::pin(self.tell())).await
    }

    async fn tell(&self) -> Result<(usize, Seen)> {
        let store = self.reads.store();
        let (Sight { seen, .. }, known) = try_join!(Box::pin(self.seen(LATELY)), store.alerts())?;
        let mut told = 0;
        for rule in Rule::ALL {
            let before = known.iter().find(|alert| alert.rule == rule);
            let Some(next) = Alert::next(rule, before, &seen, self.clock.now()) else { continue };
            match Box::pin(store.note_alert(&next, &event(&next))).await {
                Ok(()) => told += 1,
                Err(error) if error.code() == Code::Changed => {}
                Err(error) => return Err(error),
            }
        }
        Ok((told, seen))
    }

    /// What calls the function on AWS: a schedule. What AWS does not count itself goes to `CloudWatch`, as a line of metrics.
    ///
    /// # Errors
    /// As [`Watch::look`].
    pub async fn called(&self, _: LambdaEvent<Value>) -> Result<Value> {
        let looked = Box::pin(self.look()).await;
        self.reads.store().keep_work(self.clock.now()).await;
        let (told, seen) = looked?;
        if let Some(function) = env::optional("AWS_LAMBDA_FUNCTION_NAME") {
            // There is nobody to tell when the standard output is gone.
            let _ = writeln!(std::io::stdout(), "{}", metrics(&seen, &function, self.clock.now()));
        }
        Ok(json!({ "told": told }))
    }
}

/// What the rules look at, of requests alone.
pub fn of_requests(numbers: &Numbers) -> Seen {
    Seen {
        requests: one(numbers, "requests"),
        faults: one(numbers, "faults"),
        p95_ms: quantile(numbers, 950),
        ..Seen::default()
    }
}

/// The event that tells it.
fn event(alert: &Alert) -> Event {
    let kind = if alert.level.is_some() { "alert.raised" } else { "alert.resolved" };
    Event {
        id: EventId::new(alert.at, env::random()),
        kind: kind.to_owned(),
        subject: format!("alert_{}", alert.rule.as_str()),
        sequence: alert.version,
        at: alert.at,
        actor: Actor::system(),
        data: json!({ "after": { "level": alert.level, "value": alert.value, "threshold": alert.threshold } }),
    }
}

/// What AWS does not count itself, in `CloudWatch`'s embedded metric format.
fn metrics(seen: &Seen, function: &str, now: Timestamp) -> Value {
    let metric = json!({ "Name": MESSAGE_FAILURES, "Unit": "Count" });
    json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": "Holdfast", "Dimensions": [["FunctionName"]], "Metrics": [metric] },
            ],
        },
        "FunctionName": function,
        MESSAGE_FAILURES: Rule::MessageFailuresPerMille.value(seen),
    })
}
