//! How the installation works at this moment and lately, and its database, on the wire. Hours and days are in UTC.

use domain::Permission::{Operate, ReadOperations};
use domain::alert::{Broken, broken};
use schemars::JsonSchema;
use serde::Serialize;
use store::Numbers;
use web::telemetry::{Slot, quantile};
use web::{Access, Json, Query, Reply, Result, Route, State, get, post, request};

use super::operations::{RangeQuery, TimingView};
use crate::App;
use crate::operations::{self, Range, Sight, one};

/// Hours that the overview is about.
const LATELY: i64 = 24;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(ReadOperations);
    vec![
        get("/performance/scalability/overview", reads, overview)
            .named("readOverview", "How the last day went, and which rules are broken")
            .never_kept()
            .answers::<OverviewView>(200),
        get("/performance/scalability/realtime", reads, realtime)
            .named(
                "readRealtime",
                "What waits at this moment, and the last minutes of the process that answers",
            )
            .never_kept()
            .answers::<RealtimeView>(200),
        get("/performance/scalability/trends", reads, trends)
            .named("readTrends", "What requests took hour by hour")
            .queried::<HoursQuery>()
            .answers::<Vec<HourView>>(200),
        get("/performance/scalability/database", reads, database)
            .named("readDatabase", "What the database was asked by table and index, and what it lacks")
            .queried::<RangeQuery>()
            .answers::<DatabaseView>(200),
        post("/performance/optimize-database", Access::Needs(Operate), optimize)
            .named("optimizeDatabase", "What the database lacks of what is declared; with `apply`, mend it")
            .takes::<Optimize>()
            .answers::<OptimizedView>(200),
    ]
}

request! {
    /// How many hours.
    struct HoursQuery {
        /// So many up to this one, 1 to 168; 24 when unset.
        hours: Option<u8> as u8,
    }
}

request! {
    /// Whether to do something.
    struct Optimize {
        /// Take the next step for each table; else say which steps are missing.
        apply: Option<bool> as bool,
    }
}

/// An hour.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UsageOfHour")]
struct HourView {
    /// When it began.
    hour: String,
    #[serde(flatten)]
    timing: TimingView,
}

/// How the last 24 hours went.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Overview")]
struct OverviewView {
    /// `ok`, `warning` or `critical`: of the worst rule that is broken.
    status: &'static str,
    timing: TimingView,
    /// Jobs that wait in the queues.
    queue_waiting: u64,
    /// Jobs that failed every time.
    dead_letters: u64,
    /// How long ago the first thing happened that figures and the audit trail lack, in seconds.
    feed_lag_seconds: u64,
    /// Rules that are broken, the worst first.
    alerts: Vec<AlertView>,
}

/// This moment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Realtime")]
struct RealtimeView {
    /// Jobs that wait in the queues.
    queue_waiting: u64,
    /// `high` beyond 1,000 of them, `moderate` beyond 100, else `low`.
    backlog: &'static str,
    /// How long ago the first thing happened that figures and the audit trail lack, in seconds.
    feed_lag_seconds: i64,
    /// Five seconds each, at most ten minutes of them, the oldest first; those without a request are not among them.
    slots: Vec<SlotView>,
}

/// Five seconds of the process that answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RealtimeSlot")]
struct SlotView {
    /// When they began.
    from: String,
    requests: u64,
    /// Answered by 4xx.
    refused: u64,
    /// Answered by 5xx.
    faults: u64,
    /// 99 of a hundred took so many milliseconds at most, by the end of their class.
    p99_ms: Option<u64>,
}

/// A broken rule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Alert")]
pub(crate) struct AlertView {
    rule: &'static str,
    /// `warning` or `critical`.
    level: &'static str,
    value: u64,
    /// What the value is not to exceed.
    threshold: u64,
    advice: &'static str,
}

/// What the database was asked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DatabaseUse")]
struct DatabaseView {
    from: String,
    to: String,
    /// Every table's own key and every index, the most read first. What nobody queried is unused: an index costs a write each time.
    queried: Vec<AskedView>,
    /// Steps that the database lacks of what is declared.
    missing: Vec<String>,
}

/// How often a table or an index was queried.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "QueriedIndex")]
struct AskedView {
    /// `Table` or `Table/index`.
    name: String,
    queries: u64,
    read_units: u64,
    /// More than half of what all queries read.
    hot: bool,
}

/// Steps of the migration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OptimizedDatabase")]
struct OptimizedView {
    /// Whether they were taken; ask again until there are none.
    applied: bool,
    steps: Vec<String>,
}

async fn overview(State(app): State<App>) -> Result<Reply<OverviewView>> {
    let Sight { requests, seen, .. } = app.watch.seen(LATELY).await?;
    let alerts = broken(&seen);
    Ok(Reply::ok(OverviewView {
        status: alerts.first().map_or("ok", |alert| alert.level.as_str()),
        timing: TimingView::of(&requests),
        queue_waiting: seen.waiting,
        dead_letters: seen.dead_letters,
        feed_lag_seconds: seen.feed_lag_seconds,
        alerts: alerts.iter().map(AlertView::of).collect(),
    }))
}

async fn realtime(State(app): State<App>) -> Result<Reply<RealtimeView>> {
    let (jobs, lag) = tokio::try_join!(app.watch.jobs(), app.store.feed_lag(app.clock.now()))?;
    let backlog = match jobs.0 {
        1_001.. => "high",
        101.. => "moderate",
        _ => "low",
    };
    let slots = app.telemetry.lately();
    let slots = slots.iter().map(SlotView::of).collect();
    Ok(Reply::ok(RealtimeView { queue_waiting: jobs.0, backlog, feed_lag_seconds: lag.as_secs(), slots }))
}

async fn trends(State(app): State<App>, Query(query): Query<HoursQuery>) -> Result<Reply<Vec<HourView>>> {
    let count = query.hours.map_or(LATELY, i64::from);
    let hours = operations::hours(&app.store, count, app.clock.now()).await?;
    let view = |(hour, numbers): &(jiff::Timestamp, Numbers)| HourView {
        hour: hour.to_string(),
        timing: TimingView::of(numbers),
    };
    Ok(Reply::ok(hours.iter().map(view).collect()))
}

async fn database(State(app): State<App>, Query(query): Query<RangeQuery>) -> Result<Reply<DatabaseView>> {
    let range = Range::new((query.from, query.to), app.clock.now())?;
    let (asked, missing) =
        tokio::try_join!(operations::asked(&app.store, range), operations::optimized(&app.store, false))?;
    let all: u64 = asked.iter().map(|asked| asked.half_reads).sum();
    let view = |asked: &operations::Asked| AskedView {
        name: asked.name.clone(),
        queries: asked.queries,
        read_units: asked.half_reads / 2,
        hot: 2 * asked.half_reads > all,
    };
    Ok(Reply::ok(DatabaseView {
        from: range.from.to_string(),
        to: range.to.to_string(),
        queried: asked.iter().map(view).collect(),
        missing: missing.iter().map(ToString::to_string).collect(),
    }))
}

async fn optimize(State(app): State<App>, Json(body): Json<Optimize>) -> Result<Reply<OptimizedView>> {
    let applied = body.apply == Some(true);
    let steps = operations::optimized(&app.store, applied).await?;
    Ok(Reply::ok(OptimizedView { applied, steps: steps.iter().map(ToString::to_string).collect() }))
}

impl SlotView {
    fn of(Slot { from, numbers }: &Slot) -> Self {
        let number = |name: &str| one(numbers, name);
        Self {
            from: from.to_string(),
            requests: number("requests"),
            refused: number("refused"),
            faults: number("faults"),
            p99_ms: quantile(numbers, 990),
        }
    }
}

impl AlertView {
    pub(crate) fn of(alert: &Broken) -> Self {
        let Broken { rule, level, value, threshold } = *alert;
        Self { rule: rule.as_str(), level: level.as_str(), value, threshold, advice: rule.advice() }
    }
}
