//! Closed while the cache answers. A failure opens it; when the cache has rested, one caller is let through, and what becomes of that
//! one decides.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

/// Whether the shared cache is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is none, or it is switched off.
    Off,
    /// It is asked.
    Closed,
    /// It did not answer, and is left alone.
    Open,
    /// It has rested: one caller tries, or the next one will.
    HalfOpen,
}

impl State {
    /// Whether it is there and did not answer.
    pub const fn is_degraded(self) -> bool {
        matches!(self, Self::Open | Self::HalfOpen)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

pub(super) struct Breaker {
    since: Instant,
    rest: Duration,
    /// Milliseconds from `since` on, until which nobody asks; 0 when closed.
    open_until: AtomicU64,
    probing: AtomicBool,
    begun: AtomicU64,
    failed: AtomicU64,
}

impl Breaker {
    pub(super) fn new(since: Instant, rest: Duration) -> Self {
        Self {
            since,
            rest,
            open_until: AtomicU64::new(0),
            probing: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    pub(super) fn lets_through(&self, now: Instant) -> bool {
        let lets = self.decides(now);
        if lets {
            self.begun.fetch_add(1, Ordering::Relaxed);
        }
        lets
    }

    fn decides(&self, now: Instant) -> bool {
        let until = self.open_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        // Whoever moves the mark is the one who tries. If it is never heard of again, another one does after a further rest.
        let tries = self.millis(now) >= until
            && self
                .open_until
                .compare_exchange(until, self.millis(now + self.rest), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if tries {
            self.probing.store(true, Ordering::Relaxed);
        }
        tries
    }

    pub(super) fn open(&self, now: Instant) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.open_until.store(self.millis(now + self.rest), Ordering::Relaxed);
        self.probing.store(false, Ordering::Relaxed);
    }

    pub(super) fn close(&self) {
        self.open_until.store(0, Ordering::Relaxed);
        self.probing.store(false, Ordering::Relaxed);
    }

    pub(super) fn state(&self, now: Instant) -> State {
        match self.open_until.load(Ordering::Relaxed) {
            0 => State::Closed,
            until if self.probing.load(Ordering::Relaxed) || self.millis(now) >= until => State::HalfOpen,
            _ => State::Open,
        }
    }

    /// Round trips that were let through, and those that failed.
    pub(super) fn attempts(&self) -> (u64, u64) {
        (self.begun.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.since).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(5);

    #[test]
    fn after_a_failure_one_tries_when_it_has_rested() {
        let start = Instant::now();
        let breaker = Breaker::new(start, REST);
        assert!(breaker.lets_through(start) && breaker.lets_through(start));
        assert_eq!(breaker.state(start), State::Closed);
        breaker.open(start);
        assert!(!breaker.lets_through(start) && !breaker.lets_through(start + REST / 2));
        assert_eq!(breaker.state(start), State::Open);
        assert_eq!(breaker.state(start + REST), State::HalfOpen, "the next one tries");
        assert!(breaker.lets_through(start + REST), "one tries");
        assert_eq!(breaker.state(start + REST), State::HalfOpen, "and is on the way");
        assert!(!breaker.lets_through(start + REST), "and only one");
        assert!(breaker.lets_through(start + 2 * REST), "and another when that one was never heard of again");
        breaker.open(start + 2 * REST);
        assert_eq!(breaker.state(start + 2 * REST), State::Open, "which failed");
        assert!(breaker.lets_through(start + 3 * REST));
        breaker.close();
        assert_eq!(breaker.state(start + 3 * REST), State::Closed);
        assert!(breaker.lets_through(start + 3 * REST) && breaker.lets_through(start + 3 * REST));
        assert_eq!(breaker.attempts(), (7, 2));
    }
}
