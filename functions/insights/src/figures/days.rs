//! Ranges of time that figures are asked for: whole days, or whole months, on a location's wall clock.

use domain::Zone;
use errors::{Error, FieldError, Result};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// Days that are added up at most.
const MOST_DAYS: i32 = 400;
/// Months that are added up at most.
const MOST_MONTHS: i32 = 36;

/// From a civil day until just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    from: Date,
    to: Date,
}

impl Days {
    /// The days from one until just before another.
    ///
    /// # Errors
    /// `bad_request` unless there are 1 to 400 of them.
    pub fn new(from: Date, to: Date) -> Result<Self> {
        let days = from.until(to).map(|span| span.get_days()).unwrap_or_default();
        if (1..=MOST_DAYS).contains(&days) {
            return Ok(Self { from, to });
        }
        Err(refused(&format!("must be 1 to {MOST_DAYS} days after from")))
    }

    /// The days of whole months, from one month until just before another, each given by its first day.
    ///
    /// # Errors
    /// `bad_request` unless they begin months and there are 1 to 36 of them.
    pub fn of_months(from: Date, to: Date) -> Result<Self> {
        if from.day() != 1 || to.day() != 1 {
            return Err(refused("and from must be the first days of months"));
        }
        let month = |date: Date| 12 * i32::from(date.year()) + i32::from(date.month());
        if (1..=MOST_MONTHS).contains(&(month(to) - month(from))) {
            return Ok(Self { from, to });
        }
        Err(refused(&format!("must be 1 to {MOST_MONTHS} months after from")))
    }

    /// The last so many days, today included, on the clock of a zone.
    pub fn last(days: i32, zone: &Zone, now: Timestamp) -> Self {
        let today = zone.local(now).date();
        let to = today.tomorrow().unwrap_or(today);
        Self { from: to.checked_sub(Span::new().days(days.min(MOST_DAYS))).unwrap_or(today), to }
    }

    /// The last so many months, this one included, on the clock of a zone.
    pub fn last_months(months: i32, zone: &Zone, now: Timestamp) -> Self {
        let first = zone.local(now).date().first_of_month();
        let to = first.checked_add(Span::new().months(1)).unwrap_or(first);
        Self { from: to.checked_sub(Span::new().months(months.min(MOST_MONTHS))).unwrap_or(first), to }
    }

    /// From the first instant of them until just before the first one after them.
    pub fn instants(&self, zone: &Zone) -> (Timestamp, Timestamp) {
        let midnight =
            |day: Date| day.to_zoned(zone.rules()).map_or(Timestamp::MIN, |midnight| midnight.timestamp());
        (midnight(self.from), midnight(self.to))
    }

    /// The first day, and the first one after them.
    pub const fn bounds(&self) -> (Date, Date) {
        (self.from, self.to)
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        std::iter::successors(Some(self.from), |day| day.tomorrow().ok()).take_while(move |day| *day < to)
    }

    /// The first days of the months that they lie in.
    pub fn months(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.to.yesterday().unwrap_or(self.to);
        let next = |month: &Date| month.checked_add(Span::new().months(1)).ok();
        std::iter::successors(Some(self.from.first_of_month()), next).take_while(move |month| *month <= last)
    }
}

fn refused(message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new("/query/to", "out_of_range", message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_has_a_bound_and_months_are_whole() {
        let days = |from, to| Days::new(date(from), date(to)).is_ok();
        assert!(days("2027-01-01", "2027-01-02") && days("2027-01-01", "2028-02-05"));
        assert!(!days("2027-01-01", "2027-01-01") && !days("2027-01-01", "2028-02-06"));
        assert!(!days("2027-01-02", "2027-01-01"));
        let months = |from, to| Days::of_months(date(from), date(to)).is_ok();
        assert!(months("2027-01-01", "2027-02-01") && months("2027-01-01", "2030-01-01"));
        assert!(!months("2027-01-01", "2030-02-01") && !months("2027-01-02", "2027-02-01"));
        assert!(!months("2027-01-01", "2027-01-01"));
    }

    #[test]
    fn the_last_months_end_with_this_one() {
        let zone: Zone = "Asia/Kolkata".to_owned().try_into().unwrap();
        // Already February there.
        let now = "2027-01-31T19:00:00Z".parse().unwrap();
        let last = Days::last_months(3, &zone, now);
        assert_eq!(last.bounds(), (date("2026-12-01"), date("2027-03-01")));
        let months = ["2026-12-01", "2027-01-01", "2027-02-01"].map(date);
        assert_eq!(last.months().collect::<Vec<_>>(), months);
        assert_eq!(Days::last(2, &zone, now).bounds(), (date("2027-01-31"), date("2027-02-02")));
    }
}
