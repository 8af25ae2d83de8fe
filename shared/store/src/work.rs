//! What is done without a request that waits for it, counted in this process until it is kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use errors::Result;
use jiff::{SignedDuration, Timestamp};

use crate::usage::{KEPT_EVERY, Numbers, Spending};
use crate::{Store, Usage, metered};

/// How often a process keeps what schedules alone had it do: while nothing happens, keeping it each minute would cost more than it.
const IDLE_KEPT_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// What consumed more half units of the database is kept like any other.
const IDLE_HALF_UNITS: u64 = 200;

/// What is done without a request that waits for it, by who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// A reader of the feed of events has some.
    Feed(&'static str),
    /// A worker has a job of a queue.
    Queue(&'static str),
    /// A schedule says that it is time.
    Schedule(&'static str),
}

/// What was counted since it was last kept, and when that was.
#[derive(Debug, Default)]
pub(crate) struct Done(Mutex<(BTreeMap<Work, Counted>, Option<Timestamp>)>);

/// Work of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    calls: u64,
    failed: u64,
    micros: u64,
    usage: Usage,
}

impl Store {
    /// Does the work, and counts what it took. [`Store::keep_work`] keeps it.
    ///
    /// # Errors
    /// What the work says.
    pub async fn working<T>(&self, what: Work, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = Instant::now();
        let (result, usage) = metered(work).await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.work().count(what, Counted { calls: 1, failed: u64::from(result.is_err()), micros, usage });
        result
    }

    /// Keeps what was counted and queried, if a minute has passed since this was last done; an hour, if it is nothing but small work of
    /// schedules: `calls`, `failed` ones among them, `micros`,
    /// `trips`, `half_reads` and `half_writes`. What cannot be kept is told and forgotten.
    pub async fn keep_work(&self, now: Timestamp) {
        let Some(work) = self.work().due(now) else { return };
        let queries = self.take_queries();
        let all = [(Spending::Work, &work), (Spending::Queries, &queries)];
        if let Err(error) = self.add_usage(&all, now).await {
            tracing::warn!(error = error.chain(), "what was done could not be kept");
        }
    }
}

impl Work {
    fn kept_as(self) -> String {
        match self {
            Self::Feed(name) => format!("feed/{name}"),
            Self::Queue(name) => format!("queue/{name}"),
            Self::Schedule(name) => format!("schedule/{name}"),
        }
    }
}

impl Counted {
    const fn is_idle(&self, work: Work) -> bool {
        let Usage { half_reads, half_writes, .. } = self.usage;
        matches!(work, Work::Schedule(_)) && half_reads + half_writes <= IDLE_HALF_UNITS
    }

    fn numbers(&self) -> Numbers {
        let Self { calls, failed, micros, usage } = *self;
        let all = [
            ("calls", calls),
            ("failed", failed),
            ("micros", micros),
            ("trips", usage.trips),
            ("half_reads", usage.half_reads),
            ("half_writes", usage.half_writes),
        ];
        all.into_iter().map(|(name, by)| (name.to_owned(), by)).collect()
    }
}

impl Done {
    fn count(&self, what: Work, one: Counted) {
        let mut done = self.lock();
        let sum = done.0.entry(what).or_default();
        sum.calls += one.calls;
        sum.failed += one.failed;
        sum.micros += one.micros;
        sum.usage += one.usage;
    }

    fn due(&self, now: Timestamp) -> Option<BTreeMap<String, Numbers>> {
        let mut done = self.lock();
        let (counted, kept) = &mut *done;
        if counted.is_empty() {
            return None;
        }
        let every = if counted.iter().all(|(work, counted)| counted.is_idle(*work)) {
            kept.get_or_insert(now);
            IDLE_KEPT_EVERY
        } else {
            KEPT_EVERY
        };
        if kept.is_some_and(|kept| now.duration_since(kept) < every) {
            return None;
        }
        *kept = Some(now);
        let counted = std::mem::take(counted);
        Some(counted.into_iter().map(|(what, counted)| (what.kept_as(), counted.numbers())).collect())
    }

    fn lock(&self) -> MutexGuard<'_, (BTreeMap<Work, Counted>, Option<Timestamp>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use errors::Error;

    use super::*;
    use crate::Config;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn work_is_counted_by_its_caller_and_due_at_once_and_then_each_minute() {
        let store = Store::new(Config::local("http://127.0.0.1:1".to_owned()));
        assert!(store.work().due(at(0)).is_none());
        assert_eq!(store.working(Work::Queue("deliver"), async { Ok(3) }).await.unwrap(), 3);
        let failing = async { Err::<(), _>(Error::unavailable("away")) };
        assert!(store.working(Work::Queue("deliver"), failing).await.is_err());
        store.working(Work::Schedule("audit"), async { Ok(()) }).await.unwrap();
        let first = store.work().due(at(0)).unwrap();
        let counted: Vec<_> =
            first.iter().map(|(name, of)| (name.as_str(), of["calls"], of["failed"])).collect();
        assert_eq!(counted, [("queue/deliver", 2, 1), ("schedule/audit", 1, 0)]);
        store.working(Work::Feed("relay"), async { Ok(()) }).await.unwrap();
        assert!(store.work().due(at(59)).is_none());
        assert_eq!(store.work().due(at(60)).unwrap()["feed/relay"]["calls"], 1);
    }

    #[tokio::test]
    async fn what_schedules_alone_do_is_due_each_hour_unless_it_is_much() {
        let store = Store::new(Config::local("http://127.0.0.1:1".to_owned()));
        let look = || store.working(Work::Schedule("holds"), async { Ok(()) });
        for minute in 0..60 {
            look().await.unwrap();
            assert!(store.work().due(at(minute * 60)).is_none(), "{minute}");
        }
        look().await.unwrap();
        assert_eq!(store.work().due(at(3_600)).unwrap()["schedule/holds"]["calls"], 61);
        let usage = Usage { trips: 9, half_reads: 201, half_writes: 0 };
        store.work().count(Work::Schedule("audit"), Counted { calls: 1, failed: 0, micros: 1, usage });
        assert_eq!(store.work().due(at(3_660)).unwrap()["schedule/audit"]["half_reads"], 201);
    }
}
