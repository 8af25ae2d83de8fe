//! A rule that repeats every so many weeks on the same wall-clock time, and its text in RFC 5545.
//!
//! A local time that comes twice is the first of the two (RFC 5545, 3.3.5). One that does not exist is no time at all
//! (3.3.10): that occurrence answers with an error, and still counts, so that the series does not silently grow a week.

use std::collections::BTreeSet;

use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::resource::QUANTUM_MINUTES;
use crate::rules::MAX_LENGTH;
use crate::zone::Fold;
use crate::{Span, Zone, wall};

/// Most occurrences of one series, exceptions included.
pub const MAX_OCCURRENCES: usize = 100;
/// Most weeks from one week of occurrences to the next.
pub const MAX_INTERVAL_WEEKS: u32 = 52;

/// Repeats weekly: the same wall-clock time on the same weekdays, whatever the offset is by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// When the first occurrence starts, by the wall clock (DTSTART).
    pub start: DateTime,
    /// How long each occurrence is, in minutes: whole days on the calendar, the rest by the stopwatch.
    pub length_minutes: u32,
    /// Whose wall clock.
    pub zone: Zone,
    /// On which days; the start's is one of them (BYDAY).
    pub weekdays: BTreeSet<Weekday>,
    /// 1 is every week, 2 every other; weeks begin on Monday (INTERVAL).
    pub interval_weeks: u32,
    /// When it is over.
    pub ends: Ends,
    /// Dates without an occurrence (EXDATE).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exceptions: BTreeSet<Date>,
}

/// When a rule is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// No occurrence starts after this local date.
    Until(Date),
    /// After so many occurrences; exceptions count.
    Count(u32),
}

/// A day of the week, in text as in RFC 5545.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Weekday {
    /// Monday, the first day of the week.
    #[serde(rename = "MO")]
    Monday,
    /// Tuesday.
    #[serde(rename = "TU")]
    Tuesday,
    /// Wednesday.
    #[serde(rename = "WE")]
    Wednesday,
    /// Thursday.
    #[serde(rename = "TH")]
    Thursday,
    /// Friday.
    #[serde(rename = "FR")]
    Friday,
    /// Saturday.
    #[serde(rename = "SA")]
    Saturday,
    /// Sunday.
    #[serde(rename = "SU")]
    Sunday,
}

impl Weekday {
    /// The day of the week of a date.
    pub fn of(date: Date) -> Self {
        use jiff::civil::Weekday as Of;
        match date.weekday() {
            Of::Monday => Self::Monday,
            Of::Tuesday => Self::Tuesday,
            Of::Wednesday => Self::Wednesday,
            Of::Thursday => Self::Thursday,
            Of::Friday => Self::Friday,
            Of::Saturday => Self::Saturday,
            Of::Sunday => Self::Sunday,
        }
    }

    /// Two letters, as in BYDAY.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "MO",
            Self::Tuesday => "TU",
            Self::Wednesday => "WE",
            Self::Thursday => "TH",
            Self::Friday => "FR",
            Self::Saturday => "SA",
            Self::Sunday => "SU",
        }
    }

    /// Days since Monday.
    const fn days_in(self) -> i64 {
        self as i64
    }
}

/// One occurrence as the rule wants it; the resource's rules and the ledger have not been asked.
#[derive(Debug)]
pub struct Planned {
    /// The local date on which it starts.
    pub date: Date,
    /// When it is; `nonexistent_local_time` where the clocks skip its start.
    pub span: Result<Span>,
}

impl Weekly {
    /// The rule, if it can be followed.
    ///
    /// # Errors
    /// Every field error, at `{pointer}/length_minutes`, `/weekdays`, `/interval_weeks`, `/ends` (none or more than
    /// [`MAX_OCCURRENCES`] dates) and `/exceptions` (no occurrence to leave out, or none left).
    pub fn checked(self, pointer: &str) -> Result<Self, Vec<FieldError>> {
        let start_day = Weekday::of(self.start.date());
        let length = (1..=MAX_LENGTH).contains(&self.length_minutes);
        let mut problems: Vec<FieldError> = [
            (
                length && self.length_minutes.is_multiple_of(QUANTUM_MINUTES),
                "length_minutes",
                "out_of_range",
                format!("must be a multiple of {QUANTUM_MINUTES}, at most {MAX_LENGTH} minutes"),
            ),
            (
                self.weekdays.contains(&start_day),
                "weekdays",
                "start_missing",
                format!("must have {}, the day of the start", start_day.as_str()),
            ),
            (
                (1..=MAX_INTERVAL_WEEKS).contains(&self.interval_weeks),
                "interval_weeks",
                "out_of_range",
                format!("must be 1 to {MAX_INTERVAL_WEEKS} weeks"),
            ),
        ]
        .into_iter()
        .filter(|(right, ..)| !right)
        .map(|(_, field, code, message)| FieldError::new(format!("{pointer}/{field}"), code, message))
        .collect();
        if problems.is_empty() {
            problems.extend(self.check_dates(pointer));
        }
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    fn check_dates(&self, pointer: &str) -> Option<FieldError> {
        let dates: BTreeSet<Date> = self.every_date().take(MAX_OCCURRENCES + 1).collect();
        let problem = |field: &str, code, message: String| {
            Some(FieldError::new(format!("{pointer}/{field}"), code, message))
        };
        if dates.is_empty() {
            return problem("ends", "no_occurrence", "must not be before the start".to_owned());
        }
        if dates.len() > MAX_OCCURRENCES {
            let message =
                format!("must be over after {MAX_OCCURRENCES} occurrences; continue with another series");
            return problem("ends", "too_many", message);
        }
        if let Some(date) = self.exceptions.iter().find(|date| !dates.contains(date)) {
            return problem("exceptions", "no_occurrence", format!("there is no occurrence on {date}"));
        }
        if self.exceptions.len() == dates.len() {
            return problem("exceptions", "too_many", "must leave an occurrence".to_owned());
        }
        None
    }

    /// Every date of the rule in order, exceptions too, without end if the rule has none.
    fn every_date(&self) -> impl Iterator<Item = Date> {
        let first = self.start.date();
        let step = jiff::Span::new().weeks(self.interval_weeks.clamp(1, MAX_INTERVAL_WEEKS));
        let monday = first.checked_sub(jiff::Span::new().days(Weekday::of(first).days_in())).ok();
        let (until, count) = match self.ends {
            Ends::Until(date) => (date, usize::MAX),
            Ends::Count(count) => (Date::MAX, usize::try_from(count).unwrap_or(usize::MAX)),
        };
        std::iter::successors(monday, move |monday| monday.checked_add(step).ok())
            .take_while(move |monday| *monday <= until)
            .flat_map(|monday| {
                let day = move |day: &Weekday| monday.checked_add(jiff::Span::new().days(day.days_in())).ok();
                self.weekdays.iter().filter_map(day)
            })
            .skip_while(move |date| *date < first)
            .take_while(move |date| *date <= until)
            .take(count)
    }

    /// The local dates on which an occurrence starts, in order; at most [`MAX_OCCURRENCES`].
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        self.every_date().take(MAX_OCCURRENCES).filter(|date| !self.exceptions.contains(date))
    }

    /// Every occurrence, in order; each answers for itself.
    pub fn occurrences(&self) -> Vec<Planned> {
        self.dates().map(|date| Planned { date, span: self.span_on(date) }).collect()
    }

    fn span_on(&self, date: Date) -> Result<Span> {
        let start = self.zone.instant(self.local(date), Some(Fold::First))?;
        wall::lasting(&self.zone.rules(), start, self.length_minutes)
            .ok_or_else(|| Error::field("/length_minutes", "out_of_range", "ends beyond the calendar"))
    }

    fn local(&self, date: Date) -> DateTime {
        date.to_datetime(self.start.time())
    }

    /// The rule without its occurrence on the date; the same rule if it was left out before.
    ///
    /// # Errors
    /// `not_found` if the rule has no such date.
    pub fn except(mut self, date: Date) -> Result<Self> {
        if !self.every_date().take(MAX_OCCURRENCES).any(|known| known == date) {
            return Err(Error::not_found("occurrence"));
        }
        self.exceptions.insert(date);
        Ok(self)
    }

    /// The rule before the date, and the rule from the date on ("this and following"), each with its own
    /// exceptions; `None` where no occurrence is left.
    pub fn split_at(&self, date: Date) -> (Option<Self>, Option<Self>) {
        let (before, after): (Vec<Date>, Vec<Date>) =
            self.every_date().take(MAX_OCCURRENCES).partition(|known| *known < date);
        let part = |dates: &[Date], ends: Ends| {
            let (first, last) = (*dates.first()?, *dates.last()?);
            let exceptions: BTreeSet<Date> = self.exceptions.range(first..=last).copied().collect();
            let left = exceptions.len() < dates.len();
            left.then(|| Self { start: self.local(first), ends, exceptions, ..self.clone() })
        };
        let following = match self.ends {
            Ends::Until(until) => Ends::Until(until),
            Ends::Count(_) => Ends::Count(u32::try_from(after.len()).unwrap_or(u32::MAX)),
        };
        let over = before.last().map_or(self.ends, |last| Ends::Until(*last));
        (part(&before, over), part(&after, following))
    }

    /// The content lines DTSTART, RRULE and, if need be, EXDATE of RFC 5545, not folded; none if the clocks skip every
    /// date of the rule.
    ///
    /// Readers differ in whether a skipped local time counts, whether it is shifted, and whether it may be written at
    /// all. So the rule always says UNTIL, begins with a time that exists, leaves out what a reader might make of a
    /// skipped one, and says in UTC what the wall clock does not say once: all arrive at [`Weekly::occurrences`].
    pub fn lines(&self) -> Vec<String> {
        let rules = self.zone.rules();
        let instant = |date: Date| self.zone.instant(self.local(date), Some(Fold::First));
        let dates: Vec<Date> = self.every_date().take(MAX_OCCURRENCES).collect();
        let real: Vec<Date> = dates.iter().copied().filter(|date| instant(*date).is_ok()).collect();
        let (Some(first), Some(until)) = (real.first(), real.last().and_then(|last| instant(*last).ok()))
        else {
            return Vec::new();
        };
        let utc = |instant: Timestamp| instant.strftime("%Y%m%dT%H%M%SZ").to_string();
        let (zone, form) = if self.zone == Zone::utc() {
            (String::new(), "%Y%m%dT%H%M%SZ")
        } else {
            (format!(";TZID={}", self.zone), "%Y%m%dT%H%M%S")
        };
        let local = |date: &Date| self.local(*date).strftime(form).to_string();
        let interval = match self.interval_weeks {
            0 | 1 => String::new(),
            weeks => format!(";INTERVAL={weeks}"),
        };
        let days: Vec<&str> = self.weekdays.iter().map(|day| day.as_str()).collect();
        let mut lines = vec![
            format!("DTSTART{zone}:{}", local(first)),
            format!("RRULE:FREQ=WEEKLY{interval};BYDAY={};UNTIL={}", days.join(","), utc(until)),
        ];
        let left_out = dates.iter().filter(|date| self.exceptions.contains(date) || !real.contains(date));
        let (odd, plain): (Vec<Date>, Vec<Date>) = left_out
            .copied()
            .partition(|date| rules.to_ambiguous_timestamp(self.local(*date)).is_ambiguous());
        if !plain.is_empty() {
            lines.push(format!("EXDATE{zone}:{}", plain.iter().map(local).collect::<Vec<_>>().join(",")));
        }
        // RFC 5545, 3.3.5: the first of two; in a gap, the offset before it.
        let meant = |date: &Date| rules.to_ambiguous_timestamp(self.local(*date)).compatible().ok().map(utc);
        let odd: Vec<String> = odd.iter().filter_map(meant).collect();
        if !odd.is_empty() {
            lines.push(format!("EXDATE:{}", odd.join(",")));
        }
        lines
    }
}

#[cfg(test)]
mod tests;
