//! Quanta and blocks: where a span of time lies in the table.

use std::ops::Range;

use domain::Span;
use domain::resource::QUANTUM_MINUTES;
use jiff::{SignedDuration, Timestamp};

/// Quanta in one item: the largest number whose longest claim stays within `DynamoDB`'s 300 operators and 4 KB of expression.
pub const QUANTA_PER_BLOCK: i64 = 72;

const QUANTUM_SECONDS: i64 = QUANTUM_MINUTES as i64 * 60;

/// The quanta that the span touches.
pub(crate) fn quanta(span: &Span) -> Range<i64> {
    let start = span.start().as_second().div_euclid(QUANTUM_SECONDS);
    let end = span.end();
    let partial = end.as_second().rem_euclid(QUANTUM_SECONDS) != 0 || end.subsec_nanosecond() != 0;
    start..end.as_second().div_euclid(QUANTUM_SECONDS) + i64::from(partial)
}

/// The span widened to the whole quanta that it touches.
pub(crate) fn whole(span: &Span) -> Span {
    let quanta = quanta(span);
    Span::new(start_of(quanta.start), start_of(quanta.end)).unwrap_or(*span)
}

/// The quantum that the instant lies in.
pub(crate) fn quantum_of(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(QUANTUM_SECONDS)
}

/// The block that a quantum lies in, and its place there.
pub(crate) fn place(quantum: i64) -> (i64, i64) {
    (quantum.div_euclid(QUANTA_PER_BLOCK), quantum.rem_euclid(QUANTA_PER_BLOCK))
}

/// The attribute of a place in a block.
pub(crate) fn attribute(place: i64) -> String {
    format!("s{place}")
}

/// The place that an attribute stands for, if it stands for one.
pub(crate) fn place_of(attribute: &str) -> Option<i64> {
    attribute.strip_prefix('s')?.parse().ok().filter(|place| (0..QUANTA_PER_BLOCK).contains(place))
}

/// The first instant of a quantum.
pub(crate) fn start_of(quantum: i64) -> Timestamp {
    Timestamp::from_second(quantum.saturating_mul(QUANTUM_SECONDS)).unwrap_or(Timestamp::MAX)
}

/// When an item that nobody wrote to since may be deleted, in seconds since 1970: 90 days after its end.
pub(crate) fn expires(block: i64) -> i64 {
    let end = start_of((block + 1).saturating_mul(QUANTA_PER_BLOCK));
    end.saturating_add(SignedDuration::from_hours(90 * 24)).unwrap_or(Timestamp::MAX).as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    #[test]
    fn spans_are_widened_to_whole_quanta() {
        let exact = quanta(&span("2027-01-01T10:00:00Z", "2027-01-01T11:00:00Z"));
        assert_eq!(exact.end - exact.start, 12);
        let odd = quanta(&span("2027-01-01T10:04:59Z", "2027-01-01T10:55:00.001Z"));
        assert_eq!(odd, exact);
    }

    #[test]
    fn a_day_is_four_blocks() {
        let day = quanta(&span("2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"));
        assert_eq!(place(day.end).0 - place(day.start).0, 4);
        assert_eq!(place(day.start).1, 0);
    }
}
