//! Occurrences of weekly rules, by example and by property.

use errors::Code;
use proptest::prelude::*;

use super::*;
use crate::fixtures::{ZONES, span, zone};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn rule(zone_name: &str, start: &str, days: &[Weekday], ends: Ends) -> Weekly {
    Weekly {
        start: start.parse().unwrap(),
        length_minutes: 60,
        zone: zone(zone_name),
        weekdays: days.iter().copied().collect(),
        interval_weeks: 1,
        ends,
        exceptions: BTreeSet::new(),
    }
}

#[test]
fn mondays_and_wednesdays_every_other_week() {
    let mut rule = rule(
        "UTC",
        "2027-01-06T09:00",
        &[Weekday::Monday, Weekday::Wednesday],
        Ends::Until(date("2027-02-03")),
    );
    rule.interval_weeks = 2;
    let dates: Vec<String> = rule.clone().checked("").unwrap().dates().map(|date| date.to_string()).collect();
    assert_eq!(dates, ["2027-01-06", "2027-01-18", "2027-01-20", "2027-02-01", "2027-02-03"]);
    assert_eq!(
        rule.except(date("2027-01-20")).unwrap().lines(),
        [
            "DTSTART:20270106T090000Z",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20270203T090000Z",
            "EXDATE:20270120T090000Z",
        ]
    );
}

#[test]
fn an_occurrence_that_the_clocks_skip_says_so_and_the_others_stand() {
    let rule =
        rule("Europe/Berlin", "2027-03-21T02:30", &[Weekday::Sunday], Ends::Count(3)).checked("").unwrap();
    let planned = rule.occurrences();
    assert_eq!(planned[0].span.as_ref().unwrap(), &span("2027-03-21T01:30:00Z", "2027-03-21T02:30:00Z"));
    assert_eq!(planned[1].span.as_ref().unwrap_err().code(), Code::NonexistentLocalTime);
    assert_eq!(planned[2].span.as_ref().unwrap(), &span("2027-04-04T00:30:00Z", "2027-04-04T01:30:00Z"));
    assert_eq!(planned.len(), 3);
    assert_eq!(
        rule.lines(),
        [
            "DTSTART;TZID=Europe/Berlin:20270321T023000",
            "RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20270404T003000Z",
            "EXDATE:20270328T013000Z",
        ]
    );
}

#[test]
fn the_text_begins_with_a_time_that_exists() {
    let rule = rule("Europe/Berlin", "2027-03-28T02:30", &[Weekday::Sunday], Ends::Count(2));
    assert_eq!(
        rule.lines(),
        [
            "DTSTART;TZID=Europe/Berlin:20270404T023000",
            "RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20270404T003000Z",
            "EXDATE:20270328T013000Z",
        ]
    );
    let never = Weekly { ends: Ends::Count(1), ..rule };
    assert_eq!(never.lines(), [""; 0]);
}

#[test]
fn an_occurrence_that_comes_twice_is_the_first() {
    let rule = rule("America/New_York", "2027-11-07T01:30", &[Weekday::Sunday], Ends::Count(1));
    let first = rule.occurrences().remove(0).span.unwrap();
    assert_eq!(first, span("2027-11-07T05:30:00Z", "2027-11-07T06:30:00Z"));
    let without = Weekly { start: "2027-10-31T01:30".parse().unwrap(), ends: Ends::Count(3), ..rule };
    let without = without.except(date("2027-11-07")).unwrap();
    assert_eq!(without.lines()[2], "EXDATE:20271107T053000Z");
}

#[test]
fn all_that_is_wrong_with_a_rule_is_told() {
    let mut bad = rule("UTC", "2027-01-06T09:00", &[Weekday::Monday], Ends::Count(1));
    (bad.length_minutes, bad.interval_weeks) = (7, 53);
    let told = bad.checked("/series").unwrap_err();
    let pointers: Vec<_> = told.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(pointers, ["/series/length_minutes", "/series/weekdays", "/series/interval_weeks"]);
    let good = rule("UTC", "2027-01-06T09:00", &[Weekday::Wednesday], Ends::Count(1));
    for (ends, exceptions, pointer, code) in [
        (Ends::Count(0), vec![], "/ends", "no_occurrence"),
        (Ends::Count(101), vec![], "/ends", "too_many"),
        (Ends::Count(u32::MAX), vec![], "/ends", "too_many"),
        (Ends::Until(date("2027-01-05")), vec![], "/ends", "no_occurrence"),
        (Ends::Until(date("9999-12-31")), vec![], "/ends", "too_many"),
        (Ends::Count(2), vec!["2027-01-07"], "/exceptions", "no_occurrence"),
        (Ends::Count(2), vec!["2027-01-06", "2027-01-13"], "/exceptions", "too_many"),
    ] {
        let exceptions = exceptions.into_iter().map(date).collect();
        let problems = Weekly { ends, exceptions, ..good.clone() }.checked("").unwrap_err();
        assert_eq!((problems[0].pointer.as_str(), problems[0].code), (pointer, code));
    }
    assert!(Weekly { ends: Ends::Count(100), ..good }.checked("").is_ok());
}

#[test]
fn only_what_occurs_can_be_left_out() {
    let rule = rule("UTC", "2027-01-06T09:00", &[Weekday::Wednesday], Ends::Count(2));
    assert_eq!(rule.clone().except(date("2027-01-07")).unwrap_err().code(), Code::NotFound);
    let once = rule.except(date("2027-01-13")).unwrap();
    assert_eq!(once.clone().except(date("2027-01-13")).unwrap(), once);
    assert_eq!(once.dates().collect::<Vec<_>>(), [date("2027-01-06")]);
}

#[test]
fn the_end_of_the_calendar_ends_a_rule() {
    let late = rule("UTC", "9999-12-29T09:00", &[Weekday::Wednesday], Ends::Count(3));
    assert!(late.dates().count() <= 3);
    let _ = late.occurrences();
    let _ = late.lines();
}

fn weeklies() -> impl Strategy<Value = Weekly> {
    (
        prop::sample::select(&ZONES),
        (0_i32..700, 0_i8..24, 0_i8..12),
        1_u32..400,
        prop::collection::btree_set(0_usize..7, 1..5),
        1_u32..5,
        (any::<bool>(), 1_u32..30),
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    )
        .prop_map(
            |(zone_name, (day, hour, five), length, days, interval_weeks, (by_date, count), left_out)| {
                use Weekday as W;
                let all =
                    [W::Monday, W::Tuesday, W::Wednesday, W::Thursday, W::Friday, W::Saturday, W::Sunday];
                let start = date("2027-01-01").checked_add(jiff::Span::new().days(day)).unwrap().at(
                    hour,
                    five * 5,
                    0,
                    0,
                );
                let mut weekdays: BTreeSet<W> = days.into_iter().map(|day| all[day]).collect();
                weekdays.insert(W::of(start.date()));
                let ends = if by_date {
                    Ends::Until(start.date().checked_add(jiff::Span::new().days(count)).unwrap())
                } else {
                    Ends::Count(count)
                };
                let zone = zone(zone_name);
                let exceptions = BTreeSet::new();
                let mut rule = Weekly {
                    start,
                    length_minutes: length * 5,
                    zone,
                    weekdays,
                    interval_weeks,
                    ends,
                    exceptions,
                };
                let dates: Vec<Date> = rule.dates().collect();
                rule.exceptions = left_out.iter().map(|index| dates[index.index(dates.len())]).collect();
                rule
            },
        )
        .prop_filter_map("leaves an occurrence", |rule| rule.checked("").ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_wall_clock_shows_the_same_time_at_every_occurrence(rule in weeklies()) {
        let planned = rule.occurrences();
        prop_assert!(!planned.is_empty());
        for occurrence in planned {
            match occurrence.span {
                Ok(span) => {
                    let local = rule.zone.local(span.start());
                    prop_assert_eq!(local.datetime(), rule.local(occurrence.date));
                    prop_assert!(rule.weekdays.contains(&Weekday::of(local.date())));
                    let monday = |date: Date| date.checked_sub(jiff::Span::new().days(Weekday::of(date).days_in()));
                    let days = monday(rule.start.date()).unwrap().until(monday(local.date()).unwrap()).unwrap();
                    prop_assert_eq!(days.get_days() % (7 * i32::try_from(rule.interval_weeks).unwrap()), 0);
                    if rule.length_minutes < 1_440 {
                        prop_assert_eq!(span.minutes(), i64::from(rule.length_minutes));
                    }
                }
                Err(error) => prop_assert_eq!(error.code(), Code::NonexistentLocalTime),
            }
        }
    }

    #[test]
    fn the_two_parts_of_a_rule_are_the_whole(rule in weeklies(), day in 0_i32..120) {
        let cut = rule.start.date().checked_add(jiff::Span::new().days(day)).unwrap();
        let (before, after) = rule.split_at(cut);
        for part in [&before, &after].into_iter().flatten() {
            prop_assert_eq!(part.clone().checked(""), Ok(part.clone()));
        }
        let dates = |part: &Option<Weekly>| part.iter().flat_map(|rule| rule.dates().collect::<Vec<_>>()).collect::<Vec<_>>();
        prop_assert!(dates(&before).iter().all(|date| *date < cut));
        prop_assert!(dates(&after).iter().all(|date| *date >= cut));
        let whole: Vec<Date> = rule.dates().collect();
        prop_assert_eq!([dates(&before), dates(&after)].concat(), whole);
    }
}
