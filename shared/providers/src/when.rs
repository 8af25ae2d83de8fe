//! Times for people: the wall clock of a place, in the words of a language.
//!
//! Three languages need forty words, not a locale library.

use domain::{Span, Zone};
use jiff::{Timestamp, Zoned};

use crate::Language;

/// A span on a wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The day of its start, e.g. `Monday, 1 March 2027`.
    pub day: String,
    /// The time of its start, 24 hours, e.g. `09:30`.
    pub start: String,
    /// All of it, e.g. `Monday, 1 March 2027, 09:30 to 10:00 CET (Europe/Berlin)`.
    pub whole: String,
}

/// The span as the clocks of `zone` show it, with the zone's abbreviation and name. The end names its day when that is
/// another one, and both ends name their abbreviation when the clocks change in between.
pub fn moment(span: &Span, zone: &Zone, language: Language) -> Moment {
    let (start, end) = (zone.local(span.start()), zone.local(span.end()));
    let (from, until) = (clock(&start), clock(&end));
    let (before, after) = (abbreviation(&start), abbreviation(&end));
    let from = if before == after { from } else { format!("{from} {before}") };
    let until = if start.date() == end.date() { until } else { format!("{}, {until}", day(&end, language)) };
    let to = match language {
        Language::English => "to",
        Language::German => "bis",
        Language::Hindi => "से",
    };
    Moment {
        day: day(&start, language),
        start: clock(&start),
        whole: format!("{}, {from} {to} {until} {after} ({zone})", day(&start, language)),
    }
}

/// One instant as the clocks of `zone` show it, e.g. `Monday, 1 March 2027, 09:30 CET`.
pub fn until(instant: Timestamp, zone: &Zone, language: Language) -> String {
    let local = zone.local(instant);
    format!("{}, {} {}", day(&local, language), clock(&local), abbreviation(&local))
}

fn clock(local: &Zoned) -> String {
    local.strftime("%H:%M").to_string()
}

/// The zone's abbreviation; where the database has only digits (`+0530`), the offset in the usual form.
fn abbreviation(local: &Zoned) -> String {
    let name = local.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) { local.strftime("UTC%:z").to_string() } else { name }
}

fn day(local: &Zoned, language: Language) -> String {
    let weekday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(local.month().unsigned_abs()).saturating_sub(1);
    let (days, months) = match language {
        Language::English => (DAYS_EN, MONTHS_EN),
        Language::German => (DAYS_DE, MONTHS_DE),
        Language::Hindi => (DAYS_HI, MONTHS_HI),
    };
    let weekday = days.get(weekday).copied().unwrap_or_default();
    let month = months.get(month).copied().unwrap_or_default();
    let (date, year) = (local.day(), local.year());
    match language {
        Language::German => format!("{weekday}, {date}. {month} {year}"),
        _ => format!("{weekday}, {date} {month} {year}"),
    }
}

const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_DE: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const DAYS_HI: [&str; 7] = ["सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const MONTHS_HI: [&str; 12] =
    ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(start: &str, end: &str, zone: &str, language: Language) -> String {
        let span = Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
        moment(&span, &zone.to_owned().try_into().unwrap(), language).whole
    }

    #[test]
    fn a_span_is_told_in_the_words_and_on_the_clocks_of_the_reader() {
        let (start, end) = ("2027-03-01T08:30:00Z", "2027-03-01T09:00:00Z");
        assert_eq!(
            told(start, end, "Europe/Berlin", Language::German),
            "Montag, 1. März 2027, 09:30 bis 10:00 CET (Europe/Berlin)"
        );
        assert_eq!(
            told(start, end, "Asia/Kolkata", Language::Hindi),
            "सोमवार, 1 मार्च 2027, 14:00 से 14:30 IST (Asia/Kolkata)"
        );
        assert_eq!(
            told(start, end, "America/Sao_Paulo", Language::English),
            "Monday, 1 March 2027, 05:30 to 06:00 UTC-03:00 (America/Sao_Paulo)"
        );
    }

    #[test]
    fn a_span_over_midnight_names_both_days_and_over_a_change_of_clocks_both_clocks() {
        assert_eq!(
            told("2027-02-28T22:30:00Z", "2027-03-01T00:30:00Z", "Europe/Berlin", Language::English),
            "Sunday, 28 February 2027, 23:30 to Monday, 1 March 2027, 01:30 CET (Europe/Berlin)"
        );
        assert_eq!(
            told("2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z", "Europe/Berlin", Language::English),
            "Sunday, 28 March 2027, 01:30 CET to 03:30 CEST (Europe/Berlin)"
        );
    }

    #[test]
    fn every_month_and_weekday_has_its_name_in_every_language() {
        for language in Language::ALL {
            for month in 1..=12 {
                let start = format!("2027-{month:02}-0{}T10:00:00Z", month % 7 + 1);
                let told = told(&start, "2028-01-01T00:00:00Z", "UTC", language);
                assert!(!told.contains("  ") && !told.starts_with(','), "{told}");
            }
        }
    }
}
