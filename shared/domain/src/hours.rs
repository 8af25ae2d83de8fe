//! Opening hours: from periods on the wall clock to open spans of time, and their text form.

use std::collections::BTreeMap;

use errors::FieldError;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::resource::{MINUTES_PER_DAY, OpeningHours, Period};
use crate::{Span, Zone, wall};

/// Most dates that may differ from their weekday.
pub const MAX_EXCEPTIONS: usize = 366;
/// Most periods of one day.
pub const MAX_PERIODS: usize = 12;

impl Period {
    /// The period between two wall-clock times in the form `HH:MM`; `24:00` may be its end.
    ///
    /// # Errors
    /// One field error per text that is no time, at `{pointer}/start` and `{pointer}/end`, or one at `{pointer}/end`
    /// when the end does not come after the start.
    pub fn parse(start: &str, end: &str, pointer: &str) -> Result<Self, Vec<FieldError>> {
        let wrong = |name: &str| {
            let message = "is not a time of day in the form HH:MM, e.g. 09:30";
            FieldError::new(format!("{pointer}/{name}"), "invalid_format", message)
        };
        let starts = minute_of_day(start).filter(|minute| *minute < MINUTES_PER_DAY);
        match (starts, minute_of_day(end)) {
            (Some(start), Some(end)) => Self::new(start, end).ok_or_else(|| {
                let message = "must be after the start; open over midnight with 24:00 and 00:00 the next day";
                vec![FieldError::new(format!("{pointer}/end"), "end_before_start", message)]
            }),
            (start, end) => {
                Err([start.is_none().then(|| wrong("start")), end.is_none().then(|| wrong("end"))]
                    .into_iter()
                    .flatten()
                    .collect())
            }
        }
    }

    /// The start as `HH:MM`.
    pub fn start_text(self) -> String {
        clock_text(self.start)
    }

    /// The end as `HH:MM`; `24:00` for the next midnight.
    pub fn end_text(self) -> String {
        clock_text(self.end)
    }

    fn on(self, rules: &TimeZone, date: Date) -> Option<Span> {
        Span::new(instant(rules, date, self.start)?, instant(rules, date, self.end)?)
    }
}

fn clock_text(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Minutes since midnight of `HH:MM`, up to and including `24:00`.
fn minute_of_day(text: &str) -> Option<u16> {
    let digits = |text: &str| -> Option<u16> {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes).filter(|minute| *minute <= MINUTES_PER_DAY)
}

/// The instant of a minute of a local day; minute 1,440 is the next midnight.
fn instant(rules: &TimeZone, date: Date, minute: u16) -> Option<Timestamp> {
    let date = if minute < MINUTES_PER_DAY { date } else { date.tomorrow().ok()? };
    wall::boundary(rules, date.to_datetime(Period::clock(minute)))
}

impl OpeningHours {
    /// Opening hours by weekday (Monday first) with exceptions by date.
    ///
    /// # Errors
    /// Every field error; see [`OpeningHours::problems`].
    pub fn new(
        week: [Vec<Period>; 7],
        exceptions: BTreeMap<Date, Vec<Period>>,
        pointer: &str,
    ) -> Result<Self, Vec<FieldError>> {
        let hours = Self { week, exceptions };
        let problems = hours.problems(pointer);
        if problems.is_empty() { Ok(hours) } else { Err(problems) }
    }

    /// What is wrong with them, at `{pointer}/week/{0 to 6}/{n}` and `{pointer}/exceptions/{date}/{n}`: periods that
    /// are empty, overlap or come in the wrong order, too many periods in a day, too many exceptions.
    pub fn problems(&self, pointer: &str) -> Vec<FieldError> {
        let mut problems = Vec::new();
        for (weekday, periods) in self.week.iter().enumerate() {
            check_day(periods, &format!("{pointer}/week/{weekday}"), &mut problems);
        }
        if self.exceptions.len() > MAX_EXCEPTIONS {
            let message = format!("must have at most {MAX_EXCEPTIONS} dates");
            problems.push(FieldError::new(format!("{pointer}/exceptions"), "too_many", message));
            return problems;
        }
        for (date, periods) in &self.exceptions {
            check_day(periods, &format!("{pointer}/exceptions/{date}"), &mut problems);
        }
        problems
    }

    /// The periods of a date.
    pub fn on(&self, date: Date) -> &[Period] {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.exceptions.get(&date).or_else(|| self.week.get(weekday)).map_or(&[], Vec::as_slice)
    }

    /// When it is open within the range: ordered, disjoint, and one span where periods adjoin, over midnight too.
    ///
    /// A period that begins or ends in a gap of the wall clock begins or ends at the end of the gap; a time that
    /// comes twice is the first of the two. The cost grows with the days of the range: bound it.
    pub fn open(&self, zone: &Zone, range: Span) -> Vec<Span> {
        self.open_in(&zone.rules(), range)
    }

    pub(crate) fn open_in(&self, rules: &TimeZone, range: Span) -> Vec<Span> {
        let date = |instant: Timestamp| rules.to_datetime(instant).date();
        // A day more on either side: where clocks go back over midnight, an instant can show the date before.
        let first = date(range.start()).yesterday().unwrap_or(Date::MIN);
        let last = date(range.end()).tomorrow().unwrap_or(Date::MAX);
        let days =
            std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(|date| *date <= last);
        let mut open: Vec<Span> = Vec::new();
        for span in
            days.flat_map(|date| self.on(date).iter().filter_map(move |period| period.on(rules, date)))
        {
            let Some(span) = span.intersection(&range) else { continue };
            match open.last_mut() {
                Some(before) if span.start() <= before.end() => {
                    *before = Span::new(before.start(), span.end().max(before.end())).unwrap_or(*before);
                }
                _ => open.push(span),
            }
        }
        open
    }
}

fn check_day(periods: &[Period], pointer: &str, problems: &mut Vec<FieldError>) {
    if periods.len() > MAX_PERIODS {
        problems.push(FieldError::new(
            pointer,
            "too_many",
            format!("must have at most {MAX_PERIODS} periods"),
        ));
    }
    let mut open_until = 0;
    for (n, period) in periods.iter().enumerate() {
        let at = format!("{pointer}/{n}");
        if Period::new(period.start, period.end).is_none() {
            problems.push(FieldError::new(at, "end_before_start", "must end after its start and by 24:00"));
        } else if period.start < open_until {
            problems.push(FieldError::new(
                at,
                "overlaps",
                "must begin at or after the end of the period before it",
            ));
        }
        open_until = open_until.max(period.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.to_owned().try_into().unwrap()
    }

    fn span(start: &str, end: &str) -> Span {
        Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    fn daily(periods: &[(&str, &str)]) -> OpeningHours {
        let day: Vec<Period> =
            periods.iter().map(|(start, end)| Period::parse(start, end, "").unwrap()).collect();
        OpeningHours::new(std::array::from_fn(|_| day.clone()), BTreeMap::new(), "").unwrap()
    }

    #[test]
    fn a_period_reads_hours_and_minutes_up_to_midnight() {
        let night = Period::parse("22:15", "24:00", "").unwrap();
        assert_eq!((night.start, night.end), (1_335, 1_440));
        assert_eq!((night.start_text(), night.end_text()), ("22:15".to_owned(), "24:00".to_owned()));
        let both = Period::parse("24:00", "9:00", "/p").unwrap_err();
        assert_eq!(both.iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), ["/p/start", "/p/end"]);
        for (start, end) in
            [("09:60", "10:00"), ("09:00", "24:05"), ("+9:00", "10:00"), ("10:00", "10:00"), ("é", "")]
        {
            assert!(Period::parse(start, end, "").is_err(), "{start} {end}");
        }
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let period = |start, end| Period { start, end };
        let mut week: [Vec<Period>; 7] = Default::default();
        week[2] = vec![period(600, 700), period(650, 800), period(900, 900)];
        let exceptions = BTreeMap::from([("2027-12-24".parse().unwrap(), vec![period(0, 2_000)])]);
        let problems = OpeningHours::new(week, exceptions, "/hours").unwrap_err();
        let told: Vec<_> = problems.iter().map(|e| (e.pointer.as_str(), e.code)).collect();
        assert_eq!(
            told,
            [
                ("/hours/week/2/1", "overlaps"),
                ("/hours/week/2/2", "end_before_start"),
                ("/hours/exceptions/2027-12-24/0", "end_before_start"),
            ]
        );
    }

    #[test]
    fn more_than_a_year_of_exceptions_is_refused() {
        let first: Date = "2027-01-01".parse().unwrap();
        let dates = first.series(jiff::Span::new().days(1)).take(367);
        let exceptions = dates.map(|date| (date, Vec::new())).collect();
        let problems = OpeningHours::new(Default::default(), exceptions, "").unwrap_err();
        assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/exceptions", "too_many"));
    }

    #[test]
    fn adjoining_periods_are_one_span_even_over_midnight_and_the_end_of_a_month() {
        let hours = daily(&[("00:00", "02:00"), ("20:00", "22:00"), ("22:00", "24:00")]);
        let open = hours.open(&zone("Asia/Kolkata"), span("2027-01-31T06:30:00Z", "2027-02-01T06:30:00Z"));
        assert_eq!(open, [span("2027-01-31T14:30:00Z", "2027-01-31T20:30:00Z")]);
    }

    #[test]
    fn a_period_that_begins_in_a_gap_begins_at_its_end_and_one_inside_it_vanishes() {
        let berlin = zone("Europe/Berlin");
        let day = span("2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z");
        let open = daily(&[("02:30", "05:00")]).open(&berlin, day);
        assert_eq!(open, [span("2027-03-28T01:00:00Z", "2027-03-28T03:00:00Z")]);
        assert_eq!(daily(&[("02:15", "02:45")]).open(&berlin, day), []);
    }

    #[test]
    fn days_of_change_have_their_own_lengths() {
        let always = daily(&[("00:00", "24:00")]);
        for (name, date, hours_times_two) in [
            ("Europe/Berlin", "2027-03-28", 46),
            ("Europe/Berlin", "2027-10-31", 50),
            ("America/New_York", "2027-03-14", 46),
            ("America/New_York", "2027-11-07", 50),
            ("Australia/Lord_Howe", "2027-10-03", 47),
            ("Australia/Lord_Howe", "2027-04-04", 49),
            ("Asia/Kolkata", "2027-04-04", 48),
        ] {
            let rules = zone(name).rules();
            let date: Date = date.parse().unwrap();
            let only = OpeningHours {
                exceptions: BTreeMap::from([(date, always.on(date).to_vec())]),
                ..OpeningHours::default()
            };
            let noon = date.at(12, 0, 0, 0).to_zoned(rules).unwrap().timestamp();
            let around =
                Span::new(noon, noon + jiff::SignedDuration::from_secs(1)).unwrap().widened(2_880, 2_880);
            let open = only.open(&zone(name), around.unwrap());
            assert_eq!(
                open.iter().map(Span::minutes).collect::<Vec<_>>(),
                [hours_times_two * 30],
                "{name} {date}"
            );
        }
    }

    #[test]
    fn an_exception_replaces_its_weekday() {
        let mut hours = daily(&[("09:00", "17:00")]);
        hours.exceptions.insert("2027-05-01".parse().unwrap(), Vec::new());
        let open = hours.open(&Zone::utc(), span("2027-04-30T00:00:00Z", "2027-05-03T00:00:00Z"));
        assert_eq!(
            open,
            [
                span("2027-04-30T09:00:00Z", "2027-04-30T17:00:00Z"),
                span("2027-05-02T09:00:00Z", "2027-05-02T17:00:00Z"),
            ]
        );
    }
}
