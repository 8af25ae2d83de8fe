//! What requests took, counted in this process: for the log, for metrics, for what the operator reads, and for the status page.
//!
//! A process writes what it counted to the tables when a minute has passed since it last did, at the end of a request, since a function
//! stands still between two of them. What it counted in its last minute is lost when it ends; the log has it.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::RequestId;
use errors::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{KEPT_EVERY, Numbers, Spending, Store, Usage};

/// A request that takes longer is slow.
pub const SLOW_REQUEST_MS: u64 = 1_000;
/// The classes of durations, by the longest of each in milliseconds; the last has no end.
pub const CLASSES_MS: [u64; 13] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, u64::MAX];

/// How long a slot is.
pub const SLOT_SECONDS: i64 = 5;
/// How many slots there are.
const MOST_SLOTS: usize = 120;

/// Counts requests. There is one for each process.
#[derive(Debug)]
pub struct Telemetry {
    counted: Mutex<Counted>,
    /// Of a hundred ordinary requests so many have a line in the log.
    logged_percent: u128,
}

#[derive(Debug, Default)]
struct Counted {
    served: u64,
    since_written: BTreeMap<&'static str, Counts>,
    written: Option<Timestamp>,
    slots: VecDeque<(Timestamp, Counts)>,
}

/// Numbers by name, while they are counted: for each request, so that nothing is made for it.
type Counts = BTreeMap<&'static str, u64>;

/// A few seconds of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When they began.
    pub from: Timestamp,
    /// What was counted: `requests`, `refused` (4xx), `limited` (429), `faults` (5xx), `slow`, `cold`, `micros`, `trips`, `half_reads`,
    /// `half_writes`, and requests by class of duration (`ms5`, `more`).
    pub numbers: Numbers,
}

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// The operation of its route; `none` where there was no route.
    pub operation: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub micros: u64,
    /// What it consumed.
    pub usage: Usage,
}

impl Served {
    /// Whether it took longer than it should.
    pub const fn is_slow(&self) -> bool {
        self.micros > SLOW_REQUEST_MS * 1_000
    }

    fn numbers(&self, cold: bool) -> impl Iterator<Item = (&'static str, u64)> {
        let is = u64::from;
        [
            ("requests", 1),
            ("refused", is((400..500).contains(&self.status))),
            ("limited", is(self.status == 429)),
            ("faults", is(self.status >= 500)),
            ("slow", is(self.is_slow())),
            ("cold", is(cold)),
            ("micros", self.micros),
            ("trips", self.usage.trips),
            ("half_reads", self.usage.half_reads),
            ("half_writes", self.usage.half_writes),
            (class(self.micros), 1),
        ]
        .into_iter()
        .filter(|(_, by)| *by > 0)
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { counted: Mutex::default(), logged_percent: 100 }
    }
}

impl Telemetry {
    /// Of a hundred ordinary requests `HOLDFAST_LOG_PERCENT` have a line in the log, all of them where it is not set.
    ///
    /// # Errors
    /// `internal` when it is no whole number up to 255.
    pub fn from_env() -> Result<Self> {
        Ok(Self::logging(env::parsed("HOLDFAST_LOG_PERCENT", 100)?))
    }

    /// Of a hundred ordinary requests so many have a line in the log.
    pub fn logging(percent: u8) -> Self {
        Self { logged_percent: percent.into(), ..Self::default() }
    }

    /// Whether this request has a line in the log if it is an ordinary one. The low bits of an id are chance.
    pub(crate) fn is_logged(&self, id: RequestId) -> bool {
        id.bits() % 100 < self.logged_percent
    }

    /// Counts a request; whether it was the first one of the process.
    pub fn count(&self, served: &Served, now: Timestamp) -> bool {
        let mut counted = self.counted();
        counted.served += 1;
        let cold = counted.served == 1;
        let from =
            Timestamp::from_second(now.as_second().div_euclid(SLOT_SECONDS) * SLOT_SECONDS).unwrap_or(now);
        if counted.slots.back().is_none_or(|(begun, _)| *begun != from) {
            counted.slots.push_back((from, Counts::new()));
            if counted.slots.len() > MOST_SLOTS {
                counted.slots.pop_front();
            }
        }
        for (name, by) in served.numbers(cold) {
            if let Some((_, slot)) = counted.slots.back_mut() {
                *slot.entry(name).or_default() += by;
            }
            let operation = counted.since_written.entry(served.operation).or_default();
            *operation.entry(name).or_default() += by;
        }
        cold
    }

    /// What was counted lately, the oldest first; seconds without a request are not among it.
    pub fn lately(&self) -> Vec<Slot> {
        let counted = self.counted();
        let slots = counted.slots.iter();
        slots.map(|(from, counts)| Slot { from: *from, numbers: numbers(counts) }).collect()
    }

    /// Writes what was counted, if it is time: to the tables, and on AWS as a line of metrics. What cannot be written is told and
    /// forgotten.
    pub async fn write(&self, store: &Store, now: Timestamp, metrics: Option<&str>) {
        let Some(operations) = self.due(now) else { return };
        if let Some(function) = metrics {
            let line = embedded(&operations, function, now);
            // Where the log cannot be written to there is nobody to tell.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
        if let Err(error) = kept(store, &operations, now).await {
            tracing::warn!(error = error.chain(), "what requests took could not be kept");
        }
    }

    fn due(&self, now: Timestamp) -> Option<BTreeMap<String, Numbers>> {
        let mut counted = self.counted();
        let early = counted.written.is_some_and(|written| now.duration_since(written) < KEPT_EVERY);
        if early || counted.since_written.is_empty() {
            return None;
        }
        counted.written = Some(now);
        let counts = std::mem::take(&mut counted.since_written);
        Some(counts.into_iter().map(|(operation, counts)| (operation.to_owned(), numbers(&counts))).collect())
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn kept(store: &Store, operations: &BTreeMap<String, Numbers>, now: Timestamp) -> Result<()> {
    let hour = format!("{:02}", now.to_zoned(TimeZone::UTC).hour());
    let of_hour = BTreeMap::from([(hour, together(operations.values()))]);
    let queries = store.take_queries();
    let all =
        [(Spending::Hours, &of_hour), (Spending::Operations, operations), (Spending::Queries, &queries)];
    store.add_usage(&all, now).await
}

fn numbers(counts: &Counts) -> Numbers {
    counts.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect()
}

/// The class of a duration.
fn class(micros: u64) -> &'static str {
    const NAMES: [&str; 13] = [
        "ms1", "ms2", "ms5", "ms10", "ms20", "ms50", "ms100", "ms200", "ms500", "ms1000", "ms2000", "ms5000",
        "more",
    ];
    let at = CLASSES_MS.iter().position(|most| micros <= most.saturating_mul(1_000));
    at.and_then(|at| NAMES.get(at)).unwrap_or(&"more")
}

/// How many milliseconds so many of a thousand requests took at most, by the end of their class; `None` where there was none. What took
/// longer than the last class that ends is told as that end.
pub fn quantile(numbers: &Numbers, per_mille: u64) -> Option<u64> {
    let counts: Vec<_> = CLASSES_MS
        .iter()
        .map(|most| (*most, numbers.get(class(most.saturating_mul(1_000))).copied().unwrap_or_default()))
        .collect();
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let wanted = (all * per_mille).div_ceil(1_000).max(1);
    let mut seen = 0;
    let found = counts.iter().find(|(_, count)| {
        seen += count;
        seen >= wanted
    });
    found.filter(|_| all > 0).map(|(most, _)| (*most).min(5_000))
}

/// Adds numbers up.
pub fn together<'a>(all: impl IntoIterator<Item = &'a Numbers>) -> Numbers {
    let mut sums = Numbers::new();
    for (name, by) in all.into_iter().flatten() {
        *sums.entry(name.clone()).or_default() += by;
    }
    sums
}

/// A line that `CloudWatch` takes for metrics (its embedded metric format), of one function.
fn embedded(operations: &BTreeMap<String, Numbers>, function: &str, now: Timestamp) -> Value {
    let all = together(operations.values());
    let one = |name: &str| all.get(name).copied().unwrap_or_default();
    let metrics = [
        ("Requests", "Count", one("requests")),
        ("Refused", "Count", one("refused")),
        ("Limited", "Count", one("limited")),
        ("Faults", "Count", one("faults")),
        ("SlowRequests", "Count", one("slow")),
        ("ReadUnits", "Count", one("half_reads") / 2),
        ("WriteUnits", "Count", one("half_writes") / 2),
        ("RoundTrips", "Count", one("trips")),
        ("LatencyP50", "Milliseconds", quantile(&all, 500).unwrap_or_default()),
        ("LatencyP99", "Milliseconds", quantile(&all, 990).unwrap_or_default()),
    ];
    let named: Vec<_> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": "Holdfast", "Dimensions": [["Function"]], "Metrics": named }],
        },
        "Function": function,
    });
    if let Some(object) = line.as_object_mut() {
        object.extend(metrics.map(|(name, _, value)| (name.to_owned(), value.into())));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(micros: u64, status: u16) -> Served {
        let usage = Usage { trips: 2, half_reads: 1, half_writes: 20 };
        Served { operation: "book", status, micros, usage }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_quantile_is_the_end_of_the_class_that_it_is_in() {
        let telemetry = Telemetry::default();
        for micros in [900, 1_000, 1_001, 4_000, 7_000, 7_000, 7_000, 7_000, 7_000, 90_000] {
            telemetry.count(&served(micros, 200), at(3));
        }
        let [slot] = &telemetry.lately()[..] else { panic!("one slot") };
        let told = [1, 200, 500, 900, 990].map(|per_mille| quantile(&slot.numbers, per_mille));
        assert_eq!(told, [1, 1, 10, 10, 100].map(Some));
        assert_eq!(quantile(&Numbers::new(), 500), None);
        telemetry.count(&served(60_000_000, 200), at(3));
        assert_eq!(quantile(&telemetry.lately()[0].numbers, 1_000), Some(5_000));
    }

    #[test]
    fn what_was_counted_is_due_at_once_and_then_each_minute() {
        let telemetry = Telemetry::default();
        assert!(telemetry.due(at(0)).is_none());
        assert!(telemetry.count(&served(100, 503), at(0)), "the first one found the process cold");
        assert!(!telemetry.count(&served(100, 429), at(0)));
        let first = telemetry.due(at(0)).unwrap();
        let told = ["requests", "faults", "limited", "refused", "cold", "trips", "half_writes"]
            .map(|name| first["book"].get(name).copied().unwrap_or_default());
        assert_eq!(told, [2, 1, 1, 1, 1, 4, 40]);
        telemetry.count(&served(100, 200), at(59));
        assert!(telemetry.due(at(59)).is_none());
        assert_eq!(telemetry.due(at(60)).unwrap()["book"]["requests"], 1);
        assert!(telemetry.due(at(200)).is_none(), "nothing was counted since");
    }

    #[test]
    fn as_many_ordinary_requests_are_logged_as_are_wanted() {
        let telemetry = Telemetry { logged_percent: 20, ..Telemetry::default() };
        let logged = (0_u16..1_000).filter(|n| {
            let mut bits = [0; 16];
            bits[14..].copy_from_slice(&n.to_be_bytes());
            telemetry.is_logged(RequestId::derived(bits))
        });
        let logged = logged.count();
        assert!((150..250).contains(&logged), "{logged}");
    }

    #[test]
    fn slots_are_bounded() {
        let telemetry = Telemetry::default();
        for n in 0..1_000 {
            telemetry.count(&served(100, 200), at(n * SLOT_SECONDS));
        }
        let slots = telemetry.lately();
        assert_eq!((slots.len(), slots[0].from), (MOST_SLOTS, at((1_000 - 120) * SLOT_SECONDS)));
    }

    #[test]
    fn metrics_name_what_the_line_has() {
        let telemetry = Telemetry::default();
        telemetry.count(&served(2_000_000, 200), at(0));
        let line = embedded(&telemetry.due(at(0)).unwrap(), "bookings", at(1));
        let named = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert!(named.iter().all(|metric| line[metric["Name"].as_str().unwrap()].is_u64()));
        assert_eq!((&line["SlowRequests"], &line["LatencyP99"]), (&json!(1), &json!(2_000)));
        assert_eq!((&line["Function"], &line["_aws"]["Timestamp"]), (&json!("bookings"), &json!(1_000)));
    }
}
