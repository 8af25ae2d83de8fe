//! Points and lengths of time as iCalendar writes them (RFC 5545, 3.3).

use domain::zone::Fold;
use domain::{Span, Zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use crate::zones::Clock;

/// A DATE or DATE-TIME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) local: DateTime,
    pub(crate) clock: Clock,
    /// A DATE: a day as a whole.
    pub(crate) whole_day: bool,
}

/// How long something takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many seconds, whatever the clocks do.
    Exact(SignedDuration),
    /// Days on the calendar and seconds after them.
    Nominal { days: i32, rest: SignedDuration },
}

impl Moment {
    /// Reads `20270301`, `20270301T093000` (told by `clock`) or `20270301T083000Z`.
    pub(crate) fn read(text: &str, clock: Clock) -> Result<Self, String> {
        let refused = || format!("{text:?} is not a date or a time of the calendar");
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let date = self::date(date).ok_or_else(refused)?;
        let Some(time) = time else {
            return Ok(Self { local: date.to_datetime(Time::midnight()), clock, whole_day: true });
        };
        let (time, clock) = match time.strip_suffix('Z') {
            Some(time) => (time, Clock::Zone(Zone::utc())),
            None => (time, clock),
        };
        let time = self::time(time).ok_or_else(refused)?;
        Ok(Self { local: date.to_datetime(time), clock, whole_day: false })
    }

    /// The same clock at another local time.
    pub(crate) fn at(&self, local: DateTime) -> Self {
        Self { local, ..self.clone() }
    }

    /// The instant. A day begins with its first instant. Of a time that exists twice it is the first (RFC 5545, 3.3.5).
    ///
    /// # Errors
    /// Why there is none: clocks are put forward over it.
    pub(crate) fn instant(&self) -> Result<Timestamp, String> {
        let beyond = |_| format!("{} is beyond the calendar", self.local);
        match &self.clock {
            _ if self.whole_day => {
                self.local.date().to_zoned(self.clock.rules()).map(|zoned| zoned.timestamp()).map_err(beyond)
            }
            Clock::Fixed(offset) => offset.to_timestamp(self.local).map_err(beyond),
            Clock::Zone(zone) => {
                zone.instant(self.local, Some(Fold::First)).map_err(|error| error.to_string())
            }
        }
    }

    /// The instant, or for a time that does not exist the one that people would take for it.
    pub(crate) fn about(&self) -> Option<Timestamp> {
        let rules = self.clock.rules();
        self.instant().ok().or_else(|| rules.to_ambiguous_timestamp(self.local).compatible().ok())
    }

    /// Whether both name the same occurrence; a DATE names whatever begins on it.
    pub(crate) fn names(&self, other: &Self) -> bool {
        if self.whole_day {
            self.local.date() == other.local.date()
        } else {
            self.about().is_some_and(|instant| Some(instant) == other.about())
        }
    }

    /// From here on for `length`.
    ///
    /// # Errors
    /// Why there is no such span.
    pub(crate) fn lasting(&self, length: &Length) -> Result<Span, String> {
        let start = self.instant()?;
        let end = match length {
            Length::Exact(duration) => start.checked_add(*duration).ok(),
            Length::Nominal { days, rest } => jiff::Span::new()
                .try_days(*days)
                .and_then(|days| start.to_zoned(self.clock.rules()).checked_add(days))
                .and_then(|zoned| zoned.timestamp().checked_add(*rest))
                .ok(),
        };
        let end = end.ok_or_else(|| "its end is beyond the calendar".to_owned())?;
        Span::new(start, end).ok_or_else(|| "it does not end after its start".to_owned())
    }

    /// The length from here until `end`.
    pub(crate) fn until(&self, end: &Self) -> Result<Length, String> {
        if self.whole_day != end.whole_day {
            return Err("one of start and end is a day and the other a time".to_owned());
        }
        if self.whole_day {
            let days = self.local.date().until(end.local.date()).map_err(|error| error.to_string())?;
            // Many write a single day as one that ends on itself.
            return Ok(match days.get_days() {
                0 => Length::day(),
                days => Length::Nominal { days, rest: SignedDuration::ZERO },
            });
        }
        Ok(Length::Exact(end.instant()?.duration_since(self.instant()?)))
    }
}

impl Length {
    /// One whole day, which a day without an end takes.
    pub(crate) fn day() -> Self {
        Self::Nominal { days: 1, rest: SignedDuration::ZERO }
    }

    /// Reads `P1DT2H30M`, `PT15M` or `P2W`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        duration(text).ok_or_else(|| format!("{text:?} is not a duration"))
    }
}

fn duration(text: &str) -> Option<Length> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (mut days, mut seconds) = (0_i32, 0_i64);
    let (mut digits, mut in_time) = (String::new(), false);
    let mut parts = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'T' if !in_time && digits.is_empty() => {
                in_time = true;
                continue;
            }
            _ => {}
        }
        // No length of use has more digits, and none of fewer overflows.
        let amount: i32 = std::mem::take(&mut digits).parse().ok().filter(|amount| *amount <= 1_000_000)?;
        match (c, in_time) {
            ('W', false) => days += 7 * amount,
            ('D', false) => days += amount,
            ('H', true) => seconds += 3_600 * i64::from(amount),
            ('M', true) => seconds += 60 * i64::from(amount),
            ('S', true) => seconds += i64::from(amount),
            _ => return None,
        }
        parts += 1;
    }
    let whole = (1..=5).contains(&parts) && digits.is_empty();
    whole.then_some(Length::Nominal { days, rest: SignedDuration::from_secs(seconds) })
}

fn date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, 8, [0..4, 4..6, 6..8])?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn time(text: &str) -> Option<Time> {
    let [hour, minute, second] = numbers(text, 6, [0..2, 2..4, 4..6])?;
    // A leap second is told as the second before it.
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second.min(59)).ok()?, 0)
        .ok()
        .filter(|_| second <= 60)
}

fn numbers<const N: usize>(
    text: &str,
    length: usize,
    ranges: [std::ops::Range<usize>; N],
) -> Option<[i16; N]> {
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut numbers = [0; N];
    for (number, range) in numbers.iter_mut().zip(ranges) {
        *number = text.get(range)?.parse().ok()?;
    }
    Some(numbers)
}
