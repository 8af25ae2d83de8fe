//! The cache as operators see it, of the process that answers; and reading before anybody asks.

use cache::{KindStatistics, Statistics};
use domain::LocationId;
use domain::Permission::{Operate, ReadOperations};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Json, Reply, Result, Route, State, get, post, request};

use super::house::tenths;
use crate::App;
use crate::figures::rounded;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/performance/scalability/cache", Access::Needs(ReadOperations), statistics)
            .named("readCache", "What the cache did, by kind of value, in the process that answers")
            .never_kept()
            .answers::<CacheView>(200),
        post("/performance/warm-cache", Access::Needs(Operate), warm)
            .named("warmCache", "Read what is asked for most, before anybody asks for it")
            .takes::<Warm>()
            .answers::<WarmedView>(200),
    ]
}

request! {
    /// What to read.
    struct Warm {
        /// What belongs to these locations, at most 100; to the first 100 by name where none is named.
        location_ids: Option<Vec<LocationId>> as Vec<String>,
    }
}

/// The cache, of the process that answers and since its start.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CacheUse")]
struct CacheView {
    /// Of the cache that processes share: `off`, `closed` while it is asked, `open` while it is left alone, `half_open` while one tries.
    shared: &'static str,
    /// Round trips to it, and those that were not answered in time.
    shared_attempts: u64,
    shared_failures: u64,
    /// How many of a hundred were answered without a read of the tables, with one decimal; null where nothing was asked for.
    hit_percent: Option<f64>,
    /// `excellent` beyond 85 of a hundred, `good` beyond 70, else `poor`; null where nothing was asked for.
    rating: Option<&'static str>,
    /// Bytes of everything that is kept in the process.
    bytes: u64,
    kinds: Vec<KindView>,
}

/// One kind of value.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CacheKind")]
struct KindView {
    kind: &'static str,
    memory_hits: u64,
    shared_hits: u64,
    /// Answered by a read that somebody else had begun.
    waits: u64,
    misses: u64,
    loads: u64,
    /// Reads before what was kept was too old.
    early: u64,
    /// Values that were there, and too old or changed.
    stale: u64,
    errors: u64,
    entries: u64,
    bytes: u64,
    most_bytes: u64,
}

/// What is kept now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WarmedCache")]
struct WarmedView {
    /// Locations, rooms, offerings, room types and rate plans that are kept now.
    kept: u64,
    /// Whether other processes have it too: there is a cache that they share.
    shared: bool,
}

async fn statistics(State(app): State<App>) -> Reply<CacheView> {
    Reply::ok(CacheView::of(&app.reads.cache().statistics()))
}

async fn warm(State(app): State<App>, Json(body): Json<Warm>) -> Result<Reply<WarmedView>> {
    let kept = app.reads.warm(&body.location_ids.unwrap_or_default()).await?;
    let shared = app.reads.cache().shared().is_some();
    Ok(Reply::ok(WarmedView { kept: u64::try_from(kept).unwrap_or(u64::MAX), shared }))
}

impl CacheView {
    fn of(statistics: &Statistics) -> Self {
        let hits = per_mille(statistics);
        let rating = hits.map(|hits| match hits {
            851.. => "excellent",
            701.. => "good",
            _ => "poor",
        });
        Self {
            shared: statistics.shared.state.as_str(),
            shared_attempts: statistics.shared.attempts,
            shared_failures: statistics.shared.failures,
            hit_percent: hits.and_then(tenths),
            rating,
            bytes: statistics.kinds.iter().map(|kind| kind.bytes).sum(),
            kinds: statistics.kinds.iter().map(KindView::of).collect(),
        }
    }
}

/// How many of a thousand were answered without a read of the tables.
fn per_mille(statistics: &Statistics) -> Option<i64> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let asked: u64 = statistics.kinds.iter().map(KindStatistics::asked).sum();
    let misses: u64 = statistics.kinds.iter().map(|kind| kind.misses).sum();
    rounded(signed(asked - misses).saturating_mul(1_000), signed(asked))
}

impl KindView {
    fn of(kind: &KindStatistics) -> Self {
        Self {
            kind: kind.kind,
            memory_hits: kind.memory_hits,
            shared_hits: kind.shared_hits,
            waits: kind.waits,
            misses: kind.misses,
            loads: kind.loads,
            early: kind.early,
            stale: kind.stale,
            errors: kind.errors,
            entries: kind.entries,
            bytes: kind.bytes,
            most_bytes: kind.most_bytes,
        }
    }
}
