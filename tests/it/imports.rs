//! Calendars from elsewhere, imported: what is booked, what is refused and why, and that twice is once.

use domain::text::Email;
use domain::{Resource, Role, Span};
use jiff::{SignedDuration, Timestamp};
use local::Acting;
use local::import::{Became, Import, Report, Rooms, Shift, Source};

use crate::agreement::{agree, week};
use crate::harness::{Person, TestApp};
use crate::office;

/// A calendar with these events; the harness's clock stands at Monday, 4 January 2027.
fn calendar(name: &str, lines: &str) -> Source {
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Team\r\n";
    let bytes = format!("{head}{}\r\nEND:VCALENDAR\r\n", lines.join("\r\n")).into_bytes();
    Source { name: name.to_owned(), bytes }
}

fn event(uid: &str, lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{uid}\n{lines}\nEND:VEVENT\n")
}

fn import(app: &TestApp, rooms: Rooms) -> Import {
    let window = Span::new(app.now(), app.now() + SignedDuration::from_hours(365 * 24)).unwrap();
    Import { rooms, window, shift: Shift::None, dry_run: false }
}

async fn begin(app: &TestApp, email: &str) -> errors::Result<Acting> {
    let email: Email = email.parse().unwrap();
    Acting::begin(app.core().clone(), &app.queues(), &email).await
}

async fn run(app: &TestApp, by: &Person, import: &Import, sources: &[Source]) -> Report {
    let acting = begin(app, &by.email).await.unwrap();
    let report = import.run(&acting, sources).await.unwrap();
    acting.end().await.unwrap();
    report
}

/// Starts of what was taken or is there already, and codes of what was refused, in the order of the files.
fn told(report: &Report) -> Vec<String> {
    let outcomes = report.files.iter().flat_map(|file| &file.outcomes);
    let told = outcomes.map(|outcome| match &outcome.became {
        Became::Taken(_) | Became::AlreadyThere(_) | Became::Asked => outcome.start.unwrap().to_string(),
        Became::Outside => "outside".to_owned(),
        Became::Refused { code, .. } => code.clone(),
    });
    told.collect()
}

async fn office() -> (TestApp, Person, Resource) {
    let app = TestApp::start().await;
    let (room, desk) = (office::blue(&app).await, app.person(Role::Admin).await);
    (app, desk, room)
}

#[tokio::test]
async fn what_repeats_is_booked_with_its_exceptions_and_changes_and_twice_is_once() {
    let (app, desk, room) = office().await;
    // Floating times are told by the room's clock, which is an hour ahead of UTC.
    let lines =
        event(
            "weekly",
            "DTSTART:20270105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20270112T090000",
        ) + &event("weekly", "RECURRENCE-ID:20270119T090000\nDTSTART:20270120T140000\nDURATION:PT30M");
    let import = import(&app, Rooms::one(room.id));
    let files = [calendar("team.ics", &lines)];
    let starts = ["2027-01-05T08:00:00Z", "2027-01-20T13:00:00Z", "2027-01-26T08:00:00Z"];
    let first = run(&app, &desk, &import, &files).await;
    assert_eq!(told(&first), starts);
    assert_eq!(first.counts().into_iter().collect::<Vec<_>>(), [("taken", 3)]);
    let second = run(&app, &desk, &import, &files).await;
    assert_eq!(told(&second), starts);
    assert_eq!(second.counts().into_iter().collect::<Vec<_>>(), [("already_there", 3)]);
    assert_eq!(agree(&app, &room, week(&app)).await.bookings, 1);
    assert_eq!(app.settle().await.len(), 3, "who books is told once of each");
}

#[tokio::test]
async fn each_refusal_is_told_with_file_line_and_reason_and_the_rest_is_taken() {
    let (app, desk, room) = office().await;
    let lines = [
        event("fits", "DTSTART:20270105T090000Z\nDURATION:PT1H"),
        event("overlaps", "DTSTART:20270105T093000Z\nDURATION:PT1H"),
        event("odd zone", "DTSTART;TZID=Atlantis:20270106T090000\nDURATION:PT1H"),
        event("off the grid", "DTSTART:20270106T090700Z\nDURATION:PT1H"),
        event("all day", "DTSTART;VALUE=DATE:20270107"),
        event("two days", "DTSTART;VALUE=DATE:20270108\nDTEND;VALUE=DATE:20270110"),
        event("began before", "DTSTART:20270104T073000Z\nDURATION:PT1H"),
        event("over", "DTSTART:20260105T090000Z\nDURATION:PT1H"),
        event("called off", "DTSTART:20270106T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED"),
        event("a birthday", "DTSTART:20270106T090000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"),
        "BEGIN:VEVENT\nUID:cut off\nDTSTART:2027".to_owned(),
    ];
    let broken = Source { name: "broken.ics".to_owned(), bytes: b"\xff\xfe\x00not a calendar".to_vec() };
    let files = [calendar("team.ics", &lines.concat()), broken];
    let report = run(&app, &desk, &import(&app, Rooms::one(room.id)), &files).await;
    let mut told = told(&report);
    told.sort_unstable();
    let mut right = [
        "2027-01-05T09:00:00Z",
        "slot_taken",
        "unreadable",
        "not_bookable:off_grid",
        "2027-01-06T23:00:00Z",
        "not_bookable:too_long",
        "not_bookable:in_the_past",
        "outside",
        "cancelled",
        "not_busy",
        "unreadable",
        "unreadable",
    ];
    right.sort_unstable();
    assert_eq!(told, right);
    let printed = report.to_string();
    for line in [
        "team.ics:10: overlaps at 2027-01-05T09:30:00Z: slot_taken: ",
        "team.ics:19: odd zone: unreadable: the time zone \"Atlantis\" is not known",
        "broken.ics:1: no UID: unreadable: the file is not an iCalendar file",
        "2 files, 12 events",
        "    unreadable                      3",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    assert_eq!(app.sent().len(), 0, "nothing is sent before somebody works it off");
}

#[tokio::test]
async fn old_calendars_are_moved_by_whole_weeks_into_the_future() {
    let (app, desk, room) = office().await;
    // A Thursday in the summer of 1997, at half past nine in Berlin.
    let lines =
        event("old", "DTSTART;TZID=Europe/Berlin:19970703T093000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2");
    let files = [calendar("old.ics", &lines)];
    let plain = import(&app, Rooms::one(room.id));
    assert_eq!(told(&run(&app, &desk, &plain, &files).await), ["outside"]);
    let moving = Import { shift: Shift::Auto, ..plain };
    let dry = run(&app, &desk, &Import { dry_run: true, ..moving.clone() }, &files).await;
    assert_eq!(dry.counts().into_iter().collect::<Vec<_>>(), [("would_be_asked_for", 2)]);
    assert_eq!(agree(&app, &room, week(&app)).await.bookings, 0);
    let report = run(&app, &desk, &moving, &files).await;
    assert_eq!(told(&report), ["2027-01-07T08:30:00Z", "2027-01-14T08:30:00Z"]);
    assert!(report.to_string().contains("old.ics: all times were moved by 1540 weeks"), "{report}");
    // Later the same file would be moved further: it is known, and not booked a second time.
    app.advance(SignedDuration::from_hours(24 * 21));
    let later = Import { window: import(&app, Rooms::one(room.id)).window, ..moving };
    assert_eq!(told(&run(&app, &desk, &later, &files).await), ["idempotency_key_reused"; 2]);
}

#[tokio::test]
async fn rooms_are_found_by_place_or_calendar_and_a_room_that_is_not_there_stops_everything() {
    let (app, desk, blue) = office().await;
    let kolkata = office::place(&app, "Asia/Kolkata").await;
    let red = office::room(&app, &kolkata).add(&app).await;
    let map = |text: String| serde_json::from_str::<Rooms>(&text).unwrap();
    let lines = event("here", "DTSTART:20270105T090000\nDURATION:PT1H")
        + &event("there", "DTSTART:20270105T090000\nDURATION:PT1H\nLOCATION:Blue room");
    let files = [calendar("team.ics", &lines)];
    // The calendar's own room tells the time of what has no zone.
    let rooms = map(format!(r#"{{ "Team": "{}", "Blue room": "{}" }}"#, red.id, blue.id));
    let report = run(&app, &desk, &import(&app, rooms), &files).await;
    assert_eq!(told(&report), ["2027-01-05T03:30:00Z", "2027-01-05T03:30:00Z"]);
    for room in [&red, &blue] {
        assert_eq!(agree(&app, room, week(&app)).await.bookings, 1);
    }
    let rooms = map(format!(r#"{{ "Blue room": "{}" }}"#, blue.id));
    assert_eq!(told(&run(&app, &desk, &import(&app, rooms), &files).await)[0], "no_room");

    let acting = begin(&app, &desk.email).await.unwrap();
    let nowhere = Rooms::one("res_00000000000000000000000000".parse().unwrap());
    let error = import(&app, nowhere).run(&acting, &files).await.unwrap_err();
    assert_eq!(error.code(), errors::Code::NotFound);
    acting.end().await.unwrap();
    let nobody = begin(&app, "nobody@people.example").await;
    assert_eq!(nobody.err().unwrap().code(), errors::Code::NotFound);
}

#[tokio::test]
async fn an_import_has_the_rights_of_the_account_that_it_acts_for() {
    let (app, _, room) = office().await;
    let auditor = app.person(Role::Auditor).await;
    let files = [calendar("team.ics", &event("one", "DTSTART:20270105T090000Z\nDURATION:PT1H"))];
    let report = run(&app, &auditor, &import(&app, Rooms::one(room.id)), &files).await;
    assert_eq!(told(&report), ["forbidden"]);
    let from: Timestamp = app.now();
    let (events, _) =
        app.store().events_between(from, from + SignedDuration::from_secs(1), 99).await.unwrap();
    let mut kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["session.began", "session.ended"], "who acts for somebody leaves a trace");
}
