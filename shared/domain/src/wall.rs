//! The clock on the wall: from local times to instants and back, where a time may be missing or come twice.
//!
//! Two conventions hold everywhere in this crate. A local time that the clocks skip means the end of the gap where a
//! boundary is meant (opening hours). A length has nominal days and exact hours (RFC 5545, 3.3.6): from noon, one
//! day is until noon, however long that day is, and 90 minutes are always 90 minutes.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, Unit};

use crate::Span;
use crate::resource::{MINUTES_PER_DAY, QUANTUM_MINUTES};

/// The instant of a boundary on the wall clock: the first of two, or the end of the gap that swallows it.
/// Later local times never give earlier instants. `None` beyond the calendar.
pub(crate) fn boundary(rules: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let ambiguous = rules.to_ambiguous_timestamp(local);
    if !matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return ambiguous.earlier().ok();
    }
    let before = ambiguous.earlier().ok()?;
    rules.following(before).next().map(|gap| gap.timestamp())
}

/// The instant at which the date begins.
pub(crate) fn midnight(rules: &TimeZone, date: Date) -> Option<Timestamp> {
    boundary(rules, date.to_datetime(Time::midnight()))
}

/// The whole local days that the span touches.
pub(crate) fn days_of(rules: &TimeZone, span: &Span) -> Span {
    let last = span.end().checked_sub(SignedDuration::from_nanos(1)).unwrap_or(span.start());
    let first_day = rules.to_datetime(span.start()).date();
    let after = rules.to_datetime(last).date().tomorrow().ok();
    let start = midnight(rules, first_day).map_or(span.start(), |start| start.min(span.start()));
    let end = after.and_then(|date| midnight(rules, date)).map_or(span.end(), |end| end.max(span.end()));
    Span::new(start, end).unwrap_or(*span)
}

/// Whether the wall clock shows a multiple of `grid` minutes since midnight, and the ledger can tell the instant.
pub(crate) fn on_grid(rules: &TimeZone, instant: Timestamp, grid: u32) -> bool {
    let seconds = instant.as_second();
    let local = seconds + i64::from(rules.to_offset(instant).seconds());
    instant.subsec_nanosecond() == 0
        && seconds.rem_euclid(i64::from(QUANTUM_MINUTES) * 60) == 0
        && local.rem_euclid(i64::from(grid.max(1)) * 60) == 0
}

/// Every instant from `from` to `to`, both included, that is [`on_grid`], in order. `grid` divides a day.
///
/// A grid time that the clocks skip is not among them; one that comes twice is there twice.
pub(crate) fn grid_points(
    rules: &TimeZone,
    from: Timestamp,
    to: Timestamp,
    grid: u32,
) -> impl DoubleEndedIterator<Item = Timestamp> + use<> {
    let step = i64::from(grid.max(QUANTUM_MINUTES)) * 60;
    let changes = rules.following(from).map(|change| change.timestamp()).take_while(|change| *change <= to);
    let begins: Vec<Timestamp> = std::iter::once(from).chain(changes).collect();
    let ends =
        begins.iter().skip(1).map(|next| ceiling(*next) - 1).chain([to.as_second()]).collect::<Vec<_>>();
    // Between two changes of the clock the grid is an arithmetic progression.
    let stretches: Vec<(i64, i64)> = begins
        .iter()
        .zip(ends)
        .map(|(begin, end)| {
            let offset = i64::from(rules.to_offset(*begin).seconds());
            let first = ceiling(*begin) + (-(ceiling(*begin) + offset)).rem_euclid(step);
            (first, if first > end { 0 } else { (end - first) / step + 1 })
        })
        .collect();
    stretches
        .into_iter()
        .flat_map(move |(first, count)| (0..count).map(move |n| first + n * step))
        .filter(|second| second.rem_euclid(i64::from(QUANTUM_MINUTES) * 60) == 0)
        .filter_map(|second| Timestamp::from_second(second).ok())
}

/// The first whole second that is not before the instant.
fn ceiling(instant: Timestamp) -> i64 {
    instant.as_second() + i64::from(instant.subsec_nanosecond() > 0)
}

/// The span from `start` that is `minutes` long: whole days on the calendar, the rest by the stopwatch.
/// `None` if empty or beyond the calendar.
pub(crate) fn lasting(rules: &TimeZone, start: Timestamp, minutes: u32) -> Option<Span> {
    let day = u32::from(MINUTES_PER_DAY);
    let days = i64::from(minutes / day);
    let whole = if days == 0 {
        start
    } else {
        let days = jiff::Span::new().try_days(days).ok()?;
        start.to_zoned(rules.clone()).checked_add(days).ok()?.timestamp()
    };
    Span::new(start, whole.checked_add(SignedDuration::from_mins(i64::from(minutes % day))).ok()?)
}

/// The inverse of [`lasting`]: nominal days and exact minutes, rounded up, as minutes.
pub(crate) fn nominal_minutes(rules: &TimeZone, span: &Span) -> i64 {
    let (start, end) = (span.start().to_zoned(rules.clone()), span.end().to_zoned(rules.clone()));
    let Ok(length) = start.until((Unit::Day, &end)) else { return span.minutes() };
    let days = i64::from(length.get_days());
    let Ok(rest) = length.days(0).to_duration(jiff::SpanRelativeTo::days_are_24_hours()) else {
        return span.minutes();
    };
    let seconds = rest.as_secs() + i64::from(rest.subsec_nanos() > 0);
    days * i64::from(MINUTES_PER_DAY) + seconds.div_euclid(60) + i64::from(seconds.rem_euclid(60) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_boundary_in_a_gap_is_the_end_of_the_gap_and_in_a_fold_the_first() {
        let berlin = zone("Europe/Berlin");
        let change = at("2027-03-28T01:00:00Z");
        for local in ["2027-03-28T02:00", "2027-03-28T02:30", "2027-03-28T03:00"] {
            assert_eq!(boundary(&berlin, local.parse().unwrap()), Some(change), "{local}");
        }
        assert_eq!(boundary(&berlin, "2027-10-31T02:30".parse().unwrap()), Some(at("2027-10-31T00:30:00Z")));
        // Samoa had no 30 December 2011.
        let gone = boundary(&zone("Pacific/Apia"), "2011-12-30T12:00".parse().unwrap());
        assert_eq!(gone, Some(at("2011-12-30T10:00:00Z")));
    }

    #[test]
    fn the_grid_follows_the_wall_clock_over_half_an_hour_of_daylight_saving() {
        let howe = zone("Australia/Lord_Howe");
        // 2027-10-03 02:00 becomes 02:30; offset +10:30 becomes +11.
        let points: Vec<String> =
            grid_points(&howe, at("2027-10-02T13:30:00Z"), at("2027-10-02T17:00:00Z"), 60)
                .map(|point| howe.to_datetime(point).time().strftime("%H:%M").to_string())
                .collect();
        assert_eq!(points, ["00:00", "01:00", "03:00", "04:00"]);
    }

    #[test]
    fn a_grid_time_that_comes_twice_is_there_twice_and_in_order() {
        let berlin = zone("Europe/Berlin");
        let points: Vec<Timestamp> =
            grid_points(&berlin, at("2027-10-30T23:00:00Z"), at("2027-10-31T02:00:00Z"), 60).collect();
        assert_eq!(points.len(), 4);
        assert!(points.is_sorted());
        assert!(points.iter().all(|point| on_grid(&berlin, *point, 60)));
    }

    #[test]
    fn a_day_is_a_day_and_an_hour_an_hour() {
        let berlin = zone("Europe/Berlin");
        let before = at("2027-03-27T11:00:00Z");
        let day = lasting(&berlin, before, 1_440).unwrap();
        assert_eq!(day.end(), at("2027-03-28T10:00:00Z"));
        assert_eq!((day.minutes(), nominal_minutes(&berlin, &day)), (23 * 60, 1_440));
        let hour = lasting(&berlin, at("2027-03-28T00:30:00Z"), 60).unwrap();
        assert_eq!((hour.minutes(), nominal_minutes(&berlin, &hour)), (60, 60));
    }
}
