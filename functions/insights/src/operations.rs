//! How the installation works: what requests took, what they cost, which rules are broken, and what the database is asked.
//!
//! All of it is read from what each process keeps of itself: of requests (`web::telemetry`), and of what no request waits for
//! (`store::Work`). Days and hours are in UTC.

mod watch;

use std::collections::BTreeMap;

use domain::prices::Consumed;
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::schema::TABLES;
use store::{Numbers, Spending, Spent, Step, Store};
use tokio::try_join;
use web::telemetry::together;

pub(crate) use watch::LATELY;
pub use watch::{MESSAGE_FAILURES, Sight, Watch, of_requests};

/// Days that are added up at most.
const MOST_DAYS: i32 = 31;
/// Hours that are told at most.
pub const MOST_HOURS: i64 = 168;
/// What a function that answers requests has of memory, where an estimate needs to know.
pub const MEMORY_MB: u64 = 512;
/// What the other functions have.
pub const WORKING_MB: u64 = 256;
/// Requests to a queue for each job, when each comes alone: sent, received, deleted.
pub const QUEUE_PER_JOB: u64 = 3;

/// Days in UTC, from one until just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub from: Date,
    /// The first day after them.
    pub to: Date,
}

impl Range {
    /// The days that are asked for: the last seven, today included, where nothing is said.
    ///
    /// # Errors
    /// `bad_request` unless there are 1 to 31 of them.
    pub fn new((from, to): (Option<Date>, Option<Date>), now: Timestamp) -> Result<Self> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let to = to.unwrap_or_else(|| today.tomorrow().unwrap_or(today));
        let from = from.unwrap_or_else(|| to.saturating_sub(jiff::Span::new().days(7)));
        let days = from.until(to).map(|span| span.get_days()).unwrap_or_default();
        if (1..=MOST_DAYS).contains(&days) {
            return Ok(Self { from, to });
        }
        let message = format!("must be 1 to {MOST_DAYS} days after from");
        Err(Error::invalid_query(vec![FieldError::new("/query/to", "out_of_range", message)]))
    }
}

/// What requests of an operation took, the one that took longest altogether first.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn operations(store: &Store, range: Range) -> Result<Vec<(String, Numbers)>> {
    summed(store, Spending::Operations, range).await
}

/// What was done without a request that waited for it, by `caller/name` (`store::Work`), what took longest altogether first.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn work(store: &Store, range: Range) -> Result<Vec<(String, Numbers)>> {
    summed(store, Spending::Work, range).await
}

async fn summed(store: &Store, kind: Spending, range: Range) -> Result<Vec<(String, Numbers)>> {
    let mut by_name: BTreeMap<String, Vec<Numbers>> = BTreeMap::new();
    for spent in store.usage(kind, (range.from, range.to)).await? {
        by_name.entry(spent.of).or_default().push(spent.numbers);
    }
    let mut all: Vec<_> = by_name.into_iter().map(|(name, all)| (name, together(&all))).collect();
    all.sort_by_key(|(_, numbers)| std::cmp::Reverse(one(numbers, "micros")));
    Ok(all)
}

/// What requests took day by day, and what was done without one that waited for it; each day there.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn days(store: &Store, range: Range) -> Result<Vec<(Date, Numbers, Numbers)>> {
    let days = (range.from, range.to);
    let (requests, work) = try_join!(store.usage(Spending::Hours, days), store.usage(Spending::Work, days))?;
    let of = |all: &[Spent], day: Date| {
        together(all.iter().filter(|spent| spent.day == day).map(|spent| &spent.numbers))
    };
    let each = std::iter::successors(Some(range.from), |day| day.tomorrow().ok());
    let each = each.take_while(|day| *day < range.to);
    Ok(each.map(|day| (day, of(&requests, day), of(&work, day))).collect())
}

/// What requests took in each of the last hours, this one included, the oldest first.
///
/// # Errors
/// `bad_request` unless there are 1 to 168 of them; `unavailable` when the database is.
pub async fn hours(store: &Store, count: i64, now: Timestamp) -> Result<Vec<(Timestamp, Numbers)>> {
    if !(1..=MOST_HOURS).contains(&count) {
        let message = format!("must be from 1 to {MOST_HOURS}");
        return Err(Error::invalid_query(vec![FieldError::new("/query/hours", "out_of_range", message)]));
    }
    let hour = |at: i64| Timestamp::from_second(at * 3_600).unwrap_or(now);
    let last = now.as_second().div_euclid(3_600);
    let mut by_hour: BTreeMap<Timestamp, Numbers> =
        (last + 1 - count..=last).map(|at| (hour(at), Numbers::new())).collect();
    let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let today = date(now);
    let days = (date(hour(last + 1 - count)), today.tomorrow().unwrap_or(today));
    for Spent { day, of, numbers } in store.usage(Spending::Hours, days).await? {
        let at = of.parse().ok().and_then(|hour| {
            day.at(hour, 0, 0, 0).to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        });
        if let Some(of) = at.and_then(|at| by_hour.get_mut(&at)) {
            *of = numbers;
        }
    }
    Ok(by_hour.into_iter().collect())
}

/// A number, or nought.
pub fn one(numbers: &Numbers, name: &str) -> u64 {
    numbers.get(name).copied().unwrap_or_default()
}

/// What requests consumed that is paid for: their gateway, functions, units of the database. Logs, data out and storage are not in it.
pub fn by_requests(numbers: &Numbers) -> Consumed {
    let requests = one(numbers, "requests");
    Consumed { requests, invocations: requests, ..running(numbers, MEMORY_MB) }
}

/// What work consumed that is paid for, by its `caller/name`: functions, units of the database, requests to queues as if each job came
/// alone. Logs, mail and other messages are not in it.
pub fn by_work((name, numbers): &(String, Numbers)) -> Consumed {
    let calls = one(numbers, "calls");
    let jobs = if name.starts_with("queue/") { calls } else { 0 };
    Consumed { invocations: calls, queue: jobs * QUEUE_PER_JOB, ..running(numbers, WORKING_MB) }
}

fn running(numbers: &Numbers, memory_mb: u64) -> Consumed {
    Consumed {
        mb_millis: one(numbers, "micros").div_ceil(1_000).saturating_mul(memory_mb),
        half_writes: one(numbers, "half_writes"),
        half_reads: one(numbers, "half_reads"),
        ..Consumed::default()
    }
}

/// An index, or a table's own key, and how often it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `Table` or `Table/index`.
    pub name: String,
    /// How often it was queried.
    pub queries: u64,
    /// Read units that took, in halves.
    pub half_reads: u64,
}

/// Every index and every table's own key with how often it was queried on these days, the most read first.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn asked(store: &Store, range: Range) -> Result<Vec<Asked>> {
    let mut found: BTreeMap<String, Numbers> = BTreeMap::new();
    for table in TABLES {
        found.insert(table.name.to_owned(), Numbers::new());
        let named = table.indexes.iter().map(|index| format!("{}/{}", table.name, index.name));
        found.extend(named.map(|name| (name, Numbers::new())));
    }
    for Spent { of, numbers, .. } in store.usage(Spending::Queries, (range.from, range.to)).await? {
        let kept = found.entry(of).or_default();
        *kept = together([&*kept, &numbers]);
    }
    let mut all: Vec<_> = found
        .into_iter()
        .map(|(name, numbers)| {
            let (queries, half_reads) = (one(&numbers, "queries"), one(&numbers, "half_reads"));
            Asked { name, queries, half_reads }
        })
        .collect();
    all.sort_by_key(|asked| std::cmp::Reverse(asked.half_reads));
    Ok(all)
}

/// What the database lacks of what this release declares; and, where that is wanted, the steps that were taken to mend it.
///
/// # Errors
/// `wrong_state` for taking steps on AWS, where the template makes tables; `unavailable` when the database is.
pub async fn optimized(store: &Store, apply: bool) -> Result<Vec<Step>> {
    if !apply {
        return store.missing().await;
    }
    if env::optional("AWS_LAMBDA_FUNCTION_NAME").is_some() {
        let message = "on AWS tables and indexes are the template's: deploy it";
        return Err(Error::new(errors::Code::WrongState, message));
    }
    store.migrate().await
}
