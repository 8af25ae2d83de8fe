//! What the cache did in this process since it began.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::State;

/// Everything that is counted, of this process and since its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// The shared cache.
    pub shared: SharedStatistics,
    /// Each kind of value.
    pub kinds: Vec<KindStatistics>,
}

/// How the shared cache fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SharedStatistics {
    /// Whether it is asked.
    pub state: State,
    /// Round trips that were begun.
    pub attempts: u64,
    /// Those that were not answered in time; each had it left alone for a while.
    pub failures: u64,
    /// What changed and could not be told yet: this process does not believe the shared cache about it.
    pub untold: u64,
}

/// What became of one kind of value. Whatever is asked for is a hit of one of the tiers, a wait for somebody else's load, or a miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindStatistics {
    /// The kind.
    pub kind: &'static str,
    /// Answered from the memory of this process.
    pub memory_hits: u64,
    /// Answered from the shared cache.
    pub shared_hits: u64,
    /// Answered by neither.
    pub misses: u64,
    /// Reads of the tables.
    pub loads: u64,
    /// Answered by a load that somebody else in this process had begun.
    pub waits: u64,
    /// Loads that were begun before what was kept was too old.
    pub early: u64,
    /// Values that were there and not answered, since they were too old, or what they are about had changed.
    pub stale: u64,
    /// Loads that failed, and values of the shared cache that were none.
    pub errors: u64,
    /// Entries in the memory of this process.
    pub entries: u64,
    /// What they weigh in bytes, about.
    pub bytes: u64,
    /// The most that they may weigh.
    pub most_bytes: u64,
}

impl SharedStatistics {
    pub(crate) const OFF: Self = Self { state: State::Off, attempts: 0, failures: 0, untold: 0 };
}

impl KindStatistics {
    /// How many were asked for.
    pub fn asked(&self) -> u64 {
        self.memory_hits + self.shared_hits + self.waits + self.misses
    }
}

tokio::task_local! {
    static FOUND: Cell<Found>;
}

/// What a piece of work asked the cache for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Answered from what was kept, here or in the shared cache, or by somebody else's load.
    pub hits: u64,
    /// Read.
    pub misses: u64,
}

/// Does the work, and tells what of what it asked for was kept.
pub async fn observed<T>(work: impl Future<Output = T>) -> (T, Found) {
    FOUND.scope(Cell::default(), async { (work.await, FOUND.with(Cell::get)) }).await
}

fn note(next: impl FnOnce(Found) -> Found) {
    let _ = FOUND.try_with(|found| found.set(next(found.get())));
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) memory_hits: Counter,
    pub(crate) shared_hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) loads: Counter,
    pub(crate) waits: Counter,
    pub(crate) early: Counter,
    pub(crate) stale: Counter,
    pub(crate) errors: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One more that was answered from what is kept.
    pub(crate) fn hit(&self) {
        self.one_more();
        note(|found| Found { hits: found.hits + 1, ..found });
    }

    /// One more that the tables are asked for.
    pub(crate) fn miss(&self) {
        self.one_more();
        note(|found| Found { misses: found.misses + 1, ..found });
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
