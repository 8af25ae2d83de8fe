//! How the installation works, on the wire. Days and hours are in UTC; money is US dollars by AWS's list prices.

use domain::Permission::ReadOperations;
use domain::prices::{AS_OF, Consumed};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::Numbers;
use tokio::try_join;
use web::telemetry::quantile;
use web::{Access, Query, Reply, Result, Route, State, get, request};

use super::house::tenths;
use crate::App;
use crate::figures::rounded;
use crate::operations::{self, MEMORY_MB, Range, WORKING_MB, by_requests, by_work, one};

/// Operations that are told at most.
const MOST: usize = 100;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(ReadOperations);
    vec![
        get("/performance-stats", reads, performance)
            .named("readPerformance", "What requests took, as a whole and by operation, and what is done without one that waits for it")
            .queried::<RangeQuery>()
            .answers::<PerformanceView>(200),
        get("/usage-summary", reads, usage)
            .named("readUsage", "What was asked of the installation and done by it, day by day")
            .queried::<RangeQuery>()
            .answers::<Vec<UsageView>>(200),
        get("/cost-estimates", reads, costs)
            .named("readCosts", "What requests, and what follows from them, cost on AWS by list prices")
            .queried::<RangeQuery>()
            .answers::<CostsView>(200),
    ]
}

request! {
    /// Which days, in UTC.
    pub(super) struct RangeQuery {
        /// The first day; seven days before `to` when unset.
        from: Option<Date> as String,
        /// The first day after them, at most 31 days later; tomorrow when unset.
        to: Option<Date> as String,
    }
}

/// What requests took.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Timing")]
pub(super) struct TimingView {
    requests: u64,
    /// Answered by 4xx.
    refused: u64,
    /// Of these, by 429.
    limited: u64,
    /// Answered by 5xx.
    faults: u64,
    /// That took longer than a second.
    slow: u64,
    /// That were the first of their process.
    cold: u64,
    /// On average, in milliseconds; null where there was none.
    average_ms: Option<f64>,
    /// Half of them took so many milliseconds at most, by the end of their class: 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000.
    p50_ms: Option<u64>,
    /// 95 of a hundred.
    p95_ms: Option<u64>,
    /// 99 of a hundred.
    p99_ms: Option<u64>,
    /// Round trips to the database.
    round_trips: u64,
    read_units: u64,
    write_units: u64,
}

/// What requests took, by operation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Performance")]
struct PerformanceView {
    from: String,
    to: String,
    all: TimingView,
    /// At most 100, those first that took longest altogether.
    operations: Vec<OperationView>,
    /// What readers of the feed, workers of queues and schedules did, what took longest altogether first.
    work: Vec<WorkView>,
}

/// What is done without a request that waits for it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Work")]
struct WorkView {
    /// `feed`, `queue` or `schedule`.
    called_by: String,
    /// What is done: for `queue` the kind of job.
    name: String,
    #[serde(flatten)]
    took: WorkTimingView,
}

/// What work took.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WorkTiming")]
struct WorkTimingView {
    /// Jobs, batches of events, or times that a schedule came.
    calls: u64,
    /// That failed, and come again unless a schedule called.
    failed: u64,
    /// On average, in milliseconds; null where there was none.
    average_ms: Option<f64>,
    /// Round trips to the database.
    round_trips: u64,
    read_units: u64,
    write_units: u64,
}

/// What requests of an operation took.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OperationTiming")]
struct OperationView {
    operation: String,
    #[serde(flatten)]
    timing: TimingView,
}

/// A day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageOfDay")]
struct UsageView {
    date: String,
    #[serde(flatten)]
    timing: TimingView,
    /// What was done without a request that waited for it.
    work: WorkTimingView,
}

/// What requests cost, and what is done without one that waits for it. Logs, bytes of answers, messages by mail or phone, and what is
/// stored, is not in it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostEstimate")]
struct CostsView {
    from: String,
    to: String,
    /// `USD`.
    currency: &'static str,
    /// The month by which the list prices were seen.
    prices_as_of: &'static str,
    /// Memory that each function is taken to have that answers requests.
    memory_mb: u64,
    /// The same of those that work.
    working_memory_mb: u64,
    requests: u64,
    /// Millionths of a dollar.
    total_micro_dollars: u64,
    /// What a million such requests cost, with the work behind them, in millionths of a dollar; null where there was none.
    million_requests_micro_dollars: Option<i64>,
    /// By who is paid.
    parts: Vec<PartView>,
    /// At most 100, the dearest first.
    operations: Vec<OperationCostView>,
    /// What work costs, the dearest first; requests to queues as if each job came alone.
    work: Vec<WorkCostView>,
}

/// What work of one kind costs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostOfWork")]
struct WorkCostView {
    /// `feed`, `queue` or `schedule`.
    called_by: String,
    name: String,
    calls: u64,
    micro_dollars: u64,
}

/// What is paid to one service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostOfService")]
struct PartView {
    service: &'static str,
    micro_dollars: u64,
}

/// What an operation costs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CostOfOperation")]
struct OperationCostView {
    operation: String,
    requests: u64,
    micro_dollars: u64,
}

async fn performance(
    State(app): State<App>,
    Query(query): Query<RangeQuery>,
) -> Result<Reply<PerformanceView>> {
    let range = Range::new((query.from, query.to), app.clock.now())?;
    let (all, work) =
        try_join!(operations::operations(&app.store, range), operations::work(&app.store, range))?;
    let summed = web::telemetry::together(all.iter().map(|(_, numbers)| numbers));
    let operations = all.into_iter().take(MOST);
    Ok(Reply::ok(PerformanceView {
        from: range.from.to_string(),
        to: range.to.to_string(),
        all: TimingView::of(&summed),
        operations: operations
            .map(|(operation, numbers)| OperationView { operation, timing: TimingView::of(&numbers) })
            .collect(),
        work: work.iter().map(WorkView::of).collect(),
    }))
}

async fn usage(State(app): State<App>, Query(query): Query<RangeQuery>) -> Result<Reply<Vec<UsageView>>> {
    let range = Range::new((query.from, query.to), app.clock.now())?;
    let days = operations::days(&app.store, range).await?;
    let view = |(day, requests, work): &(Date, Numbers, Numbers)| UsageView {
        date: day.to_string(),
        timing: TimingView::of(requests),
        work: WorkTimingView::of(work),
    };
    Ok(Reply::ok(days.iter().map(view).collect()))
}

async fn costs(State(app): State<App>, Query(query): Query<RangeQuery>) -> Result<Reply<CostsView>> {
    let range = Range::new((query.from, query.to), app.clock.now())?;
    let (all, work) =
        try_join!(operations::operations(&app.store, range), operations::work(&app.store, range))?;
    let summed = web::telemetry::together(all.iter().map(|(_, numbers)| numbers));
    let requests = one(&summed, "requests");
    let estimate = work.iter().map(by_work).fold(by_requests(&summed), Consumed::and).cost();
    let mut operations: Vec<_> = all
        .into_iter()
        .map(|(operation, numbers)| OperationCostView {
            operation,
            requests: one(&numbers, "requests"),
            micro_dollars: dollars(by_requests(&numbers).cost().total()),
        })
        .collect();
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.micro_dollars));
    operations.truncate(MOST);
    let mut work: Vec<_> = work.iter().map(WorkCostView::of).collect();
    work.sort_by_key(|work| std::cmp::Reverse(work.micro_dollars));
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let parts = estimate.parts().into_iter().filter(|(_, amount)| *amount > 0);
    Ok(Reply::ok(CostsView {
        from: range.from.to_string(),
        to: range.to.to_string(),
        currency: "USD",
        prices_as_of: AS_OF,
        memory_mb: MEMORY_MB,
        working_memory_mb: WORKING_MB,
        requests,
        total_micro_dollars: dollars(estimate.total()),
        million_requests_micro_dollars: rounded(number(estimate.total()), number(requests)),
        parts: parts.map(|(service, amount)| PartView { service, micro_dollars: dollars(amount) }).collect(),
        operations,
        work,
    }))
}

/// Prices are of a million; what is counted is single.
fn dollars(of_a_million: u64) -> u64 {
    (of_a_million + 500_000) / 1_000_000
}

impl TimingView {
    pub(super) fn of(numbers: &Numbers) -> Self {
        let number = |name: &str| one(numbers, name);
        Self {
            requests: number("requests"),
            refused: number("refused"),
            limited: number("limited"),
            faults: number("faults"),
            slow: number("slow"),
            cold: number("cold"),
            average_ms: average_ms(numbers, "requests"),
            p50_ms: quantile(numbers, 500),
            p95_ms: quantile(numbers, 950),
            p99_ms: quantile(numbers, 990),
            round_trips: number("trips"),
            read_units: number("half_reads") / 2,
            write_units: number("half_writes") / 2,
        }
    }
}

impl WorkView {
    fn of((kept_as, numbers): &(String, Numbers)) -> Self {
        let (called_by, name) = caller_and_name(kept_as);
        Self { called_by, name, took: WorkTimingView::of(numbers) }
    }
}

impl WorkTimingView {
    fn of(numbers: &Numbers) -> Self {
        Self {
            calls: one(numbers, "calls"),
            failed: one(numbers, "failed"),
            average_ms: average_ms(numbers, "calls"),
            round_trips: one(numbers, "trips"),
            read_units: one(numbers, "half_reads") / 2,
            write_units: one(numbers, "half_writes") / 2,
        }
    }
}

impl WorkCostView {
    fn of(work: &(String, Numbers)) -> Self {
        let (called_by, name) = caller_and_name(&work.0);
        let micro_dollars = dollars(by_work(work).cost().total());
        Self { called_by, name, calls: one(&work.1, "calls"), micro_dollars }
    }
}

fn caller_and_name(kept_as: &str) -> (String, String) {
    let (caller, name) = kept_as.split_once('/').unwrap_or_default();
    (caller.to_owned(), name.to_owned())
}

/// How long one of them took, to a tenth.
fn average_ms(numbers: &Numbers, of: &str) -> Option<f64> {
    let signed = |name: &str| i64::try_from(one(numbers, name)).unwrap_or(i64::MAX);
    rounded(signed("micros") / 100, signed(of)).and_then(tenths)
}
