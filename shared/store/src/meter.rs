//! What a piece of work consumed: round trips and capacity units, counted per task.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use serde::Serialize;

use crate::schema::{Index, Table};
use crate::usage::Numbers;

/// A request to the database that takes longer is slow.
const SLOW_QUERY: Duration = Duration::from_millis(500);

/// Queries of a store since they were last taken, by table and index.
#[derive(Debug, Default)]
pub(crate) struct Queries(Mutex<BTreeMap<IndexName, Queried>>);

/// A table, and an index of it or nothing.
type IndexName = (&'static str, &'static str);

/// How many queries, and the halves of read units that they took.
type Queried = (u64, u64);

tokio::task_local! {
    static METER: Arc<Meter>;
}

#[derive(Debug, Default)]
struct Meter {
    /// The request that is worked on, as its answer names it.
    request: Option<String>,
    trips: AtomicU64,
    half_reads: AtomicU64,
    half_writes: AtomicU64,
}

/// What was consumed. Units are `DynamoDB`'s, in halves, since half a unit is the least it charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
    /// Requests sent, retries included.
    pub trips: u64,
    /// Read units, in halves.
    pub half_reads: u64,
    /// Write units, in halves.
    pub half_writes: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.trips += other.trips;
        self.half_reads += other.half_reads;
        self.half_writes += other.half_writes;
    }
}

impl Usage {
    /// Read units as people write them: `1.5`.
    pub fn reads(&self) -> String {
        units(self.half_reads)
    }

    /// Write units as people write them.
    pub fn writes(&self) -> String {
        units(self.half_writes)
    }
}

fn units(halves: u64) -> String {
    format!("{}{}", halves / 2, if halves.is_multiple_of(2) { "" } else { ".5" })
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "trips={}, reads={}, writes={}", self.trips, self.reads(), self.writes())
    }
}

/// Runs the work and tells what it consumed.
pub async fn metered<T>(work: impl Future<Output = T>) -> (T, Usage) {
    run(Meter::default(), work).await
}

/// The same for a request: the events that the work writes say which.
pub async fn metered_for<T>(request: String, work: impl Future<Output = T>) -> (T, Usage) {
    run(Meter { request: Some(request), ..Meter::default() }, work).await
}

/// Does the work on behalf of a request, where it is known: the events that it writes say which.
pub async fn on_behalf_of<T>(request: Option<String>, work: impl Future<Output = T>) -> T {
    match request {
        Some(request) => metered_for(request, work).await.0,
        None => Box::pin(work).await,
    }
}

/// The request that is worked on.
pub(crate) fn request() -> Option<String> {
    METER.try_with(|meter| meter.request.clone()).ok().flatten()
}

async fn run<T>(meter: Meter, work: impl Future<Output = T>) -> (T, Usage) {
    let meter = Arc::new(meter);
    // A request's work is large, and would be moved about on the stack.
    let result = METER.scope(Arc::clone(&meter), Box::pin(work)).await;
    let usage = meter.usage();
    // What is measured within what is measured belongs to both.
    let _ = METER.try_with(|outer| outer.add(usage));
    (result, usage)
}

impl Meter {
    fn usage(&self) -> Usage {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Usage {
            trips: read(&self.trips),
            half_reads: read(&self.half_reads),
            half_writes: read(&self.half_writes),
        }
    }

    fn add(&self, usage: Usage) {
        self.trips.fetch_add(usage.trips, Ordering::Relaxed);
        self.half_reads.fetch_add(usage.half_reads, Ordering::Relaxed);
        self.half_writes.fetch_add(usage.half_writes, Ordering::Relaxed);
    }
}

/// Counts the units of a read.
pub fn read(consumed: Option<&ConsumedCapacity>) {
    count(consumed, |meter| &meter.half_reads);
}

pub(crate) fn written(consumed: &[ConsumedCapacity]) {
    for part in consumed {
        count(Some(part), |meter| &meter.half_writes);
    }
}

fn count(consumed: Option<&ConsumedCapacity>, counter: impl Fn(&Meter) -> &AtomicU64) {
    let _ = METER.try_with(|meter| counter(meter).fetch_add(halves(consumed), Ordering::Relaxed));
}

fn halves(consumed: Option<&ConsumedCapacity>) -> u64 {
    let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        reason = "DynamoDB's units are small positive floats"
    )]
    let halves = (units * 2.0).round() as u64;
    halves
}

impl Queries {
    /// Counts a query of a table or of one of its indexes, and its units.
    pub(crate) fn count(&self, table: &Table, index: Option<&Index>, consumed: Option<&ConsumedCapacity>) {
        read(consumed);
        let mut queries = self.lock();
        let counted = queries.entry((table.name, index.map_or("", |index| index.name))).or_default();
        *counted = (counted.0 + 1, counted.1 + halves(consumed));
    }

    /// Those since this was last called, by `Table` or `Table/index`.
    pub(crate) fn take(&self) -> BTreeMap<String, Numbers> {
        let queries = std::mem::take(&mut *self.lock());
        let named = queries.into_iter().map(|((table, index), (count, half_reads))| {
            let name = if index.is_empty() { table.to_owned() } else { format!("{table}/{index}") };
            (name, Numbers::from([("queries".to_owned(), count), ("half_reads".to_owned(), half_reads)]))
        });
        named.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IndexName, Queried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a request last left, and what it is.
#[derive(Debug)]
struct Left {
    at: Instant,
    what: String,
}

impl Storable for Left {
    type Storer = StoreReplace<Self>;
}

/// Counts every request that leaves, retries included, and tells of slow ones.
#[derive(Debug)]
pub(crate) struct CountTrips;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CountTrips {
    fn name(&self) -> &'static str {
        "CountTrips"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = METER.try_with(|meter| meter.trips.fetch_add(1, Ordering::Relaxed));
        let what = context.request().headers().get("x-amz-target").unwrap_or_default().to_owned();
        config.interceptor_state().store_put(Left { at: Instant::now(), what });
        Ok(())
    }

    fn read_after_execution(
        &self,
        _context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(left) = config.load::<Left>().filter(|left| left.at.elapsed() > SLOW_QUERY) {
            let millis = left.at.elapsed().as_millis();
            tracing::warn!(what = left.what, millis, "a slow query");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_measured_within_what_is_measured_belongs_to_both() {
        let unit = ConsumedCapacity::builder().capacity_units(1.5).build();
        let inner = metered_for("req_1".to_owned(), async {
            read(Some(&unit));
            request()
        });
        let ((request, inner), outer) = metered(async {
            written(std::slice::from_ref(&unit));
            inner.await
        })
        .await;
        assert_eq!(request.as_deref(), Some("req_1"));
        assert_eq!(inner, Usage { trips: 0, half_reads: 3, half_writes: 0 });
        assert_eq!(outer, Usage { trips: 0, half_reads: 3, half_writes: 3 });
    }
}
