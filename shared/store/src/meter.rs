//! What a piece of work consumed: round trips and capacity units, counted per task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Serialize;

tokio::task_local! {
    static METER: Arc<Meter>;
}

#[derive(Debug, Default)]
struct Meter {
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
    let meter = Arc::new(Meter::default());
    let result = METER.scope(Arc::clone(&meter), work).await;
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let usage = Usage {
        trips: read(&meter.trips),
        half_reads: read(&meter.half_reads),
        half_writes: read(&meter.half_writes),
    };
    (result, usage)
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
    let units = consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        reason = "DynamoDB's units are small positive floats"
    )]
    let halves = (units * 2.0).round() as u64;
    let _ = METER.try_with(|meter| counter(meter).fetch_add(halves, Ordering::Relaxed));
}

/// Counts every request that leaves, retries included.
#[derive(Debug)]
pub(crate) struct CountTrips;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CountTrips {
    fn name(&self) -> &'static str {
        "CountTrips"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = METER.try_with(|meter| meter.trips.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}
