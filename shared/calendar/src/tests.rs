//! Files in, events out.

use domain::message::Method;
use domain::{Booking, Span, Zone};
use proptest::prelude::*;

use super::*;
use crate::out::tests::{appointment, booking, sent};

/// A calendar with these lines in it, read in Berlin.
fn read(lines: &str) -> Calendar {
    let lines: Vec<&str> = lines.lines().map(str::trim_start).collect();
    parse(
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}\r\nEND:VCALENDAR\r\n", lines.join("\r\n")).as_bytes(),
        &berlin(),
    )
}

/// One event with these lines in it.
fn event(lines: &str) -> Result<Entry, Refusal> {
    let mut calendar = read(&format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT"));
    assert_eq!(calendar.events.len(), 1, "{calendar:?}");
    calendar.events.remove(0)
}

fn berlin() -> Zone {
    "Europe/Berlin".to_owned().try_into().unwrap()
}

fn window(from: &str, until: &str) -> Span {
    let at = |day: &str| format!("{day}T00:00:00Z").parse().unwrap();
    Span::new(at(from), at(until)).unwrap()
}

/// The starts in 2027, or the reason why there is none.
fn starts(entry: &Entry) -> Vec<String> {
    let told = |found: Result<Occurrence<'_>, Refusal>| match found {
        Ok(occurrence) => occurrence.span.start().to_string(),
        Err(refusal) => format!("refused: {}", refusal.reason),
    };
    entry.occurrences(&window("2027-01-01", "2028-01-01")).into_iter().map(told).collect()
}

fn reason(lines: &str) -> String {
    event(lines).map_or_else(|refusal| refusal.reason, |entry| format!("taken: {entry:?}"))
}

#[test]
fn our_own_invitation_reads_back() {
    let read = parse(sent(Method::Request).as_bytes(), &Zone::utc());
    let [Ok(entry)] = read.events.as_slice() else { panic!("{read:?}") };
    assert_eq!(entry.uid, format!("{}@holdfast.example", booking().id));
    assert_eq!(entry.summary.as_deref(), Some(appointment(&booking()).summary));
    assert_eq!(entry.location.as_deref(), Some(appointment(&booking()).location));
    assert_eq!((entry.sequence, entry.status, entry.busy), (2, Status::Confirmed, true));
    let found = entry.occurrences(&window("2027-01-01", "2028-01-01"));
    assert_eq!(found, [Ok(Occurrence { entry, span: booking().span, original_start: None })]);
}

#[test]
fn a_time_is_told_by_its_zone_else_by_the_files_else_by_the_readers() {
    let one = |lines: &str| starts(&event(lines).unwrap());
    assert_eq!(one("DTSTART;TZID=Asia/Kolkata:20270301T090000\nDURATION:PT1H"), ["2027-03-01T03:30:00Z"]);
    assert_eq!(
        one("DTSTART;TZID=\"Eastern Standard Time\":20270301T090000\nDURATION:PT1H"),
        ["2027-03-01T14:00:00Z"]
    );
    assert_eq!(one("DTSTART:20270301T090000Z\nDURATION:PT1H"), ["2027-03-01T09:00:00Z"]);
    assert_eq!(one("dtstart:20270301T090000\nDURATION:PT1H"), ["2027-03-01T08:00:00Z"]);
    let file = read(
        "X-WR-TIMEZONE:Asia/Tokyo\nBEGIN:VEVENT\nUID:1\nDTSTART:20270301T090000\nDURATION:PT1H\nEND:VEVENT",
    );
    assert_eq!(starts(file.events[0].as_ref().unwrap()), ["2027-03-01T00:00:00Z"]);
}

#[test]
fn a_fixed_zone_of_the_files_own_may_be_defined_after_its_use() {
    let file = read(
        "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Ours:20270301T090000\nDURATION:PT1H\nEND:VEVENT
         BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0545\nEND:STANDARD\nEND:VTIMEZONE",
    );
    assert_eq!(starts(file.events[0].as_ref().unwrap()), ["2027-03-01T03:15:00Z"]);
}

#[test]
fn a_day_lasts_from_midnight_to_midnight_there() {
    let day = event("DTSTART;VALUE=DATE:20270328").unwrap();
    let found = day.occurrences(&window("2027-01-01", "2028-01-01"));
    let span = found[0].as_ref().unwrap().span;
    assert_eq!((span.start().to_string().as_str(), span.minutes()), ("2027-03-27T23:00:00Z", 23 * 60));
    for same in [
        "DTSTART:20270328\nDTEND:20270329",
        "DTSTART:20270328\nDTEND:20270328",
        "DTSTART:20270328\nDURATION:P1D",
    ] {
        assert_eq!(
            event(same).unwrap().occurrences(&window("2027-01-01", "2028-01-01"))[0].as_ref().unwrap().span,
            span
        );
    }
}

#[test]
fn a_rule_keeps_the_wall_clock_and_refuses_what_falls_into_the_gap() {
    let nine =
        event("DTSTART;TZID=Europe/Berlin:20270326T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4").unwrap();
    assert_eq!(
        starts(&nine),
        ["2027-03-26T08:00:00Z", "2027-03-27T08:00:00Z", "2027-03-28T07:00:00Z", "2027-03-29T07:00:00Z"]
    );
    let night =
        event("DTSTART;TZID=Europe/Berlin:20270327T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3").unwrap();
    let found = starts(&night);
    assert_eq!((found[0].as_str(), found[2].as_str()), ("2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z"));
    assert!(found[1].starts_with("refused: 2027-03-28T02:30:00 does not exist"), "{}", found[1]);
}

#[test]
fn dates_are_added_left_out_and_moved() {
    let file = read(
        "BEGIN:VEVENT
         UID:1
         DTSTART;TZID=Europe/Berlin:20270104T090000
         DTEND;TZID=Europe/Berlin:20270104T100000
         RRULE:FREQ=WEEKLY;UNTIL=20270125T080000Z
         EXDATE;TZID=Europe/Berlin:20270111T090000
         RDATE;VALUE=PERIOD:20270301T090000Z/PT2H,20270302T090000Z/20270302T093000Z
         END:VEVENT
         BEGIN:VEVENT
         UID:1
         RECURRENCE-ID:20270118T080000Z
         DTSTART;TZID=Europe/Berlin:20270119T140000
         DURATION:PT30M
         SUMMARY:Moved
         END:VEVENT",
    );
    let [Ok(entry)] = file.events.as_slice() else { panic!("{file:?}") };
    let found: Vec<_> =
        entry.occurrences(&window("2027-01-01", "2028-01-01")).into_iter().map(Result::unwrap).collect();
    let told: Vec<_> = found.iter().map(|one| (one.span.start().to_string(), one.span.minutes())).collect();
    let wanted = [
        ("2027-01-04T08:00:00Z", 60),
        ("2027-01-19T13:00:00Z", 30),
        ("2027-01-25T08:00:00Z", 60),
        ("2027-03-01T09:00:00Z", 120),
        ("2027-03-02T09:00:00Z", 30),
    ];
    assert_eq!(told, wanted.map(|(start, minutes)| (start.to_owned(), minutes)));
    assert_eq!(found[1].entry.summary.as_deref(), Some("Moved"));
    assert_eq!(found[1].original_start.map(|at| at.to_string()).as_deref(), Some("2027-01-18T08:00:00Z"));
}

#[test]
fn a_changed_occurrence_that_is_refused_is_not_taken_at_its_old_time() {
    let file = read(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20270104T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT
         BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20270105T090000Z\nDTSTART:nonsense\nEND:VEVENT",
    );
    assert_eq!(file.events.len(), 2);
    let entry = file.events.iter().find_map(|event| event.as_ref().ok()).unwrap();
    assert_eq!(starts(entry), ["2027-01-04T09:00:00Z"]);
}

#[test]
fn what_never_ends_is_cut_off_aloud() {
    let daily = event("DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY").unwrap();
    assert_eq!(starts(&daily).len(), 365);
    let found = daily.occurrences(&window("2027-01-01", "2029-01-01"));
    assert_eq!(found.len(), MAX_OCCURRENCES + 1);
    assert!(found.last().unwrap().as_ref().unwrap_err().reason.contains("the rest is left out"));
    let never =
        event("DTSTART:20270101T090000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").unwrap();
    assert_eq!(starts(&never), ["2027-01-01T09:00:00Z"]);
}

#[test]
fn refusals_say_why() {
    for (lines, why) in [
        ("DTSTART:20270301T090000Z", "neither an end nor a duration"),
        ("DTSTART:20270301T090000Z\nDTEND:20270301T090000Z", "does not end after its start"),
        ("DTSTART:20270301T090000Z\nDTEND:20270302", "one of start and end is a day"),
        ("DTSTART:20270301T090000Z\nDTEND:20270301T100000Z\nDURATION:PT1H", "both DTEND and DURATION"),
        ("DTSTART:20270301T090000Z\nDURATION:-PT1H", "is not a duration"),
        ("DTSTART:20270230T090000Z\nDURATION:PT1H", "is not a date"),
        ("DTSTART;TZID=Mars/Base:20270301T090000\nDURATION:PT1H", "\"Mars/Base\" is not known"),
        ("DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H", "does not exist in Europe/Berlin"),
        ("DTSTART:20270301T090000Z\nDTSTART:20270301T090000Z\nDURATION:PT1H", "DTSTART twice"),
        ("DTSTART:20270301T090000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY", "more often than daily"),
        ("DTSTART:20270301T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYDAY=XX", "the rule is refused"),
        ("DTSTART:20270301T090000Z\nDURATION:PT1H\nRRULE:COUNT=3", "does not say how often"),
        ("DTSTART:20270301T090000Z\nDURATION:PT1H\nnonsense", "cannot be read"),
    ] {
        assert!(reason(lines).contains(why), "{lines}: {}", reason(lines));
    }
    assert!(event("DTSTART:1\nDURATION:PT1H").unwrap_err().to_string().starts_with("line 5, 1: "));
}

#[test]
fn a_broken_event_costs_no_other() {
    let good = "BEGIN:VEVENT\nUID:good\nDTSTART:20270301T090000Z\nDURATION:PT1H\nBEGIN:VALARM\nnonsense\nEND:VALARM\nEND:VEVENT";
    for bad in [
        "BEGIN:VEVENT\nUID:bad\nDTSTART:20270301T090000Z",
        "END:VEVENT",
        "BEGIN:VEVENT\nDTSTART:20270301T090000Z\nDURATION:PT1H\nEND:VEVENT",
        "BEGIN:VEVENT\n\u{0}\nEND:VEVENT",
    ] {
        for file in [format!("{bad}\n{good}"), format!("{good}\n{bad}")] {
            let read = read(&file);
            let taken = read.events.iter().filter(|event| event.is_ok()).count();
            assert_eq!((taken, read.events.len()), (1, 2), "{file}: {read:?}");
        }
    }
}

#[test]
fn of_two_versions_the_later_one_counts() {
    let version = |sequence| {
        format!(
            "BEGIN:VEVENT\nUID:1\nSEQUENCE:{sequence}\nDTSTART:2027030{sequence}T090000Z\nDURATION:PT1H\nEND:VEVENT\n"
        )
    };
    for order in [[1, 2], [2, 1]] {
        let file = read(&order.map(version).concat());
        let taken: Vec<_> =
            file.events.iter().filter_map(|event| event.as_ref().ok()).map(|entry| entry.sequence).collect();
        assert_eq!((taken, file.events.len()), (vec![2], 2));
    }
}

#[test]
fn what_is_no_calendar_has_one_refusal() {
    for bytes in [&b""[..], b"hello", b"\xff\xfe\x00", b"<html>"] {
        assert_eq!(parse(bytes, &Zone::utc()).events.len(), 1);
    }
    let deep = "BEGIN:VCALENDAR\r\n".to_owned() + &"BEGIN:X\r\n".repeat(100_000);
    assert_eq!(parse(deep.as_bytes(), &Zone::utc()).events.len(), 1);
    assert_eq!(parse(&vec![b'A'; MAX_BYTES + 1], &Zone::utc()).events.len(), 1);
}

/// Text as a calendar keeps it: without control characters, and with plain line ends.
fn kept(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

proptest! {
    #[test]
    fn any_text_survives_out_and_in(
        summary in "(\\PC|[\r\n\t\\\\;,:\"]){0,120}",
        note in "(\\PC|\\\\n|\\\\N|[\r\n ]){0,300}",
    ) {
        let booking = booking();
        let said = Appointment { summary: &summary, description: Some(&note), url: None, ..appointment(&booking) };
        let read = parse(feed(&summary, "holdfast.example", [said]).as_bytes(), &Zone::utc());
        let [Ok(entry)] = read.events.as_slice() else { panic!("{read:?}") };
        prop_assert_eq!(entry.summary.clone(), Some(kept(&summary)));
        prop_assert_eq!(entry.description.clone(), Some(kept(&note)));
    }

    #[test]
    fn any_booking_survives_out_and_in(start in 0_i64..4_000_000_000, length in 1_i64..10_000_000, sequence: u32) {
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        let span = Span::new(at(start), at(start + length)).unwrap();
        let booking = Booking { span, sequence, ..booking() };
        let read = parse(feed("A", "holdfast.example", [appointment(&booking)]).as_bytes(), &berlin());
        let [Ok(entry)] = read.events.as_slice() else { panic!("{read:?}") };
        let found = entry.occurrences(&span);
        prop_assert_eq!(found, [Ok(Occurrence { entry, span, original_start: None })]);
        prop_assert_eq!(entry.sequence, sequence);
    }
}

proptest! {
    // Slow ones: a rule may take 50,000 steps.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_makes_it_panic(
        lines in proptest::collection::vec(
            "(BEGIN|END|UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|TZID|TZOFFSETTO|X-WR-TIMEZONE|\\PC{0,5})\
             (;TZID=\\PC{0,6}|;VALUE=(DATE|PERIOD))?[:;=]?\
             (VCALENDAR|VEVENT|VTIMEZONE|VALARM|[0-9]{8}(T[0-9]{6}Z?)?(/PT1H)?|P[0-9]{1,12}[WDT]|\\PC{0,8})",
            0..30,
        ),
    ) {
        let file = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{}\nEND:VEVENT", lines.join("\n"));
        for entry in parse(file.as_bytes(), &berlin()).events.into_iter().flatten() {
            entry.occurrences(&window("1970-01-01", "2100-01-01"));
        }
    }

    #[test]
    fn no_rule_makes_it_panic(
        frequency in "DAILY|WEEKLY|MONTHLY|YEARLY",
        parts in proptest::collection::vec(
            "(INTERVAL=[0-9]{1,4}|COUNT=[0-9]{1,3}|UNTIL=[0-9]{8}(T[0-9]{6}Z?)?|BYDAY=(-?[0-9]{0,2}(MO|TU|SU),?){1,3}|\
             BY(MONTH|MONTHDAY|YEARDAY|WEEKNO|SETPOS|HOUR|MINUTE|SECOND)=(-?[0-9]{1,3},?){1,3}|WKST=(MO|SU|XX))",
            0..5,
        ),
        year in 1_u16..9999,
    ) {
        let rule = format!("FREQ={frequency};{}", parts.join(";"));
        let lines = format!("DTSTART;TZID=Europe/Berlin:{year:04}0131T023000\nDURATION:PT1H\nRRULE:{rule}");
        if let Ok(entry) = event(&lines) {
            let found = entry.occurrences(&window("2026-01-01", "2028-01-01"));
            prop_assert!(found.len() <= MAX_OCCURRENCES + 1);
        }
    }
}
