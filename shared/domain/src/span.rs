//! Half-open spans of time: touching spans do not overlap.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// From `start` until just before `end`; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    start: Timestamp,
    end: Timestamp,
}

impl Span {
    /// The span, or `None` unless `start < end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The first instant in it.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant after it.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// How long it is.
    pub fn length(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }

    /// Its length in whole minutes, rounded up.
    pub fn minutes(&self) -> i64 {
        self.length().as_secs().div_euclid(60) + i64::from(self.length().as_secs().rem_euclid(60) != 0)
    }

    /// Whether the two share an instant.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether the instant lies in it.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether all of `other` lies in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The instants that both have.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Longer by `before` minutes at its start and `after` minutes at its end; `None` beyond the calendar.
    pub fn widened(&self, before: u32, after: u32) -> Option<Self> {
        let start = self.start.checked_sub(SignedDuration::from_mins(i64::from(before))).ok()?;
        let end = self.end.checked_add(SignedDuration::from_mins(i64::from(after))).ok()?;
        Self::new(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Span {
        Span::new(Timestamp::from_second(start).unwrap(), Timestamp::from_second(end).unwrap()).unwrap()
    }

    #[test]
    fn touching_spans_do_not_overlap() {
        assert!(!span(0, 300).overlaps(&span(300, 600)));
        assert!(span(0, 301).overlaps(&span(300, 600)));
    }

    #[test]
    fn an_empty_or_reversed_span_cannot_be_made() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(Span::new(now, now), None);
        assert_eq!(Span::new(Timestamp::from_second(5).unwrap(), now), None);
    }
}
