//! Books of hotels that come from elsewhere, replayed: who came, who did not, what is refused and why, and that twice is once.

use std::path::PathBuf;

use domain::Role;
use domain::text::Email;
use jiff::civil::date;
use local::Acting;
use local::import::Source;
use local::reservations::{Capacity, Mapping, Report, Reservations, Where};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

const HEAD: &str = "no;booked,in,out,since,type,given,people,kids,sum,state";

/// A book with its days in single columns and a price for the whole stay; the harness's clock stands at 4 January 2027.
fn book(lines: &[&str]) -> Source {
    let text = [&[HEAD], lines].concat().join("\n").replace(';', ",");
    Source { name: "book.csv".to_owned(), bytes: text.into_bytes() }
}

fn mapping() -> Mapping {
    let day = |column: &str| json!({ "column": column, "format": "%d.%m.%Y" });
    let text = json!({
        "reference": ["no"],
        "arrival": day("in"), "departure": day("out"), "booked": day("booked"), "settled": day("since"),
        "room_type": "type", "assigned_type": "given", "types": { "DBL": "Double" },
        "adults": { "column": "people" }, "children": [{ "column": "kids", "age": 6 }],
        "price": { "total": "sum" }, "guest": "No. {no}", "source": "old desk",
        "status": {
            "column": "state", "honoured": ["left"], "in_house": ["here"], "cancelled": ["off"],
            "no_show": ["absent"], "expected": ["to come"],
        },
    });
    let bytes = text.to_string().into_bytes();
    Mapping::read(&Source { name: "mapping.json".to_owned(), bytes }).unwrap()
}

fn import() -> Reservations {
    Reservations {
        mapping: mapping(),
        place: Where::New { name: "Praia".to_owned(), zone: "Europe/Lisbon".to_owned().try_into().unwrap() },
        currency: domain::Currency::EUR,
        derive_capacity: true,
        rooms: [].into(),
        limit: usize::MAX,
        until: date(2027, 1, 4),
        journal: None,
    }
}

async fn run(app: &TestApp, by: &Person, import: &Reservations, source: &Source) -> errors::Result<Report> {
    let email: Email = by.email.parse().unwrap();
    let book = import.read(std::slice::from_ref(source))?;
    let clock = book.clock()?;
    let acting = Acting::begin(app.core().clone(), &app.queues(), &email).await.unwrap();
    let acting = acting.with_clock(clock.clone(), &app.queues());
    let report = import.replay(&acting, clock, book, &mut |_| {}).await;
    acting.end().await.unwrap();
    report
}

/// Line, place and code of each refusal.
fn refused(report: &Report) -> Vec<(u64, &str, &str)> {
    report.refused.iter().map(|one| (one.line, one.at.as_str(), one.code.as_str())).collect()
}

async fn stays(app: &TestApp, by: &Person, report: &Report, stage: &str) -> Vec<Value> {
    let location = &report.place.as_ref().unwrap().location_id;
    let path = format!("/v2/stays?location_id={location}&stage={stage}");
    app.get(&path).by(by).send().await.expect(200).data().as_array().unwrap().clone()
}

const LINES: [&str; 7] = [
    "1;01.11.2026;20.12.2026;23.12.2026;23.12.2026;DBL;DBL;2;1;300.01;left",
    // Given a better room on arrival, and gone a night early.
    "2;02.11.2026;21.12.2026;24.12.2026;23.12.2026;DBL;Suite;2;0;240;left",
    "3;03.11.2026;21.12.2026;22.12.2026;01.12.2026;DBL;DBL;1;0;80;off",
    "4;03.11.2026;22.12.2026;24.12.2026;22.12.2026;DBL;DBL;1;0;160;absent",
    // Whoever comes in at the door books and arrives on one day.
    "5;22.12.2026;22.12.2026;24.12.2026;24.12.2026;Suite;Suite;2;0;500;left",
    "6;20.12.2026;03.01.2027;08.01.2027;;DBL;DBL;2;0;450;here",
    "7;20.12.2026;10.01.2027;12.01.2027;;DBL;DBL;2;0;180;to come",
];

#[tokio::test]
async fn a_book_is_replayed_as_it_happened_and_twice_is_once() {
    let app = TestApp::start().await;
    let desk = app.person(Role::Admin).await;
    let import = import();
    let first = run(&app, &desk, &import, &book(&LINES)).await.unwrap();
    assert_eq!(refused(&first), []);
    let steps = [("arrived", 4), ("booked", 7), ("cancelled", 1), ("departed", 3), ("no_show", 1)];
    assert_eq!(first.steps.clone().into_iter().collect::<Vec<_>>(), steps);
    let rooms =
        [("Double", Capacity { rooms: 1, overbooking: 2 }), ("Suite", Capacity { rooms: 2, overbooking: 0 })];
    assert_eq!(
        first.rooms.clone().into_iter().collect::<Vec<_>>(),
        rooms.map(|(name, rooms)| (name.to_owned(), rooms))
    );

    let departed = stays(&app, &desk, &first, "departed").await;
    let told = |stay: &Value| {
        let room = &stay["rooms"][0];
        (
            stay["guest_name"].clone(),
            room["number"].clone(),
            room["departure"].clone(),
            room["nightly"].clone(),
        )
    };
    let mut told: Vec<_> = departed.iter().map(told).collect();
    told.sort_by_key(|(name, ..)| name.to_string());
    assert_eq!(
        told,
        [
            (json!("No. 1"), json!("Double-001"), json!("2026-12-23"), json!([10_001, 10_000, 10_000])),
            (json!("No. 2"), json!("Suite-001"), json!("2026-12-23"), json!([8_000, 8_000])),
            (json!("No. 5"), json!("Suite-002"), json!("2026-12-24"), json!([25_000, 25_000])),
        ]
    );
    let first_one = departed.iter().find(|stay| stay["guest_name"] == "No. 1").unwrap();
    assert_eq!(first_one["created_at"], "2026-11-01T20:00:00Z", "it was booked then");
    let absent = stays(&app, &desk, &first, "no_show").await;
    assert_eq!((absent.len(), &absent[0]["price"]["charged"]), (1, &json!(8_000)));
    for (stage, count) in [("cancelled", 1), ("in_house", 1), ("expected", 1)] {
        assert_eq!(stays(&app, &desk, &first, stage).await.len(), count, "{stage}");
    }
    assert_eq!(app.settle().await.len(), 0, "nobody is told of what is over");

    let second = run(&app, &desk, &import, &book(&LINES)).await.unwrap();
    assert_eq!(refused(&second), []);
    for what in ["book", "change", "assign", "check-in", "check-out", "cancel", "no-show"] {
        let asked = second.asked[what];
        assert_eq!(asked.replayed, asked.requests, "{what}");
        assert_eq!(asked.requests, first.asked[what].requests, "{what}");
    }
    assert_eq!(stays(&app, &desk, &first, "departed").await, departed);
}

#[tokio::test]
async fn each_refusal_has_its_line_and_whoever_has_no_room_on_arrival_is_sent_elsewhere() {
    let app = TestApp::start().await;
    let desk = app.person(Role::Admin).await;
    let lines = [
        "1;01.11.2026;20.12.2026;23.12.2026;23.12.2026;DBL;DBL;2;0;300;left",
        // Beyond what there is, and beyond the doors that there are.
        "2;02.11.2026;20.12.2026;22.12.2026;22.12.2026;DBL;DBL;2;0;200;left",
        "3;03.11.2026;21.12.2026;22.12.2026;22.12.2026;DBL;DBL;2;0;200;left",
        "4;04.11.2026;23.12.2026;24.12.2026;24.12.2026;DBL;Suite;2;0;200;left",
        "5;04.11.2026;23.12.2026;23.12.2026;23.12.2026;DBL;DBL;2;0;0;left",
        "6;04.11.2026;23.12.2026;24.12.2026;23.12.2026;DBL;DBL;2;0;-5;off",
        "7;04.11.2026;31.02.2026;24.12.2026;23.12.2026;DBL;DBL;2;0;5;off",
        "8;04.11.2026;23.12.2026;24.12.2026;23.12.2026;DBL;DBL;2;0;5;lost",
        "9;04.11.2026;23.12.2026",
        "10;04.11.2026;23.12.2026;24.12.2026;23.12.2026;DBL;DBL;0;0;5;off",
    ];
    let rooms = |rooms, overbooking| Capacity { rooms, overbooking };
    let rooms = [("Double".to_owned(), rooms(1, 1)), ("Suite".to_owned(), rooms(0, 0))].into();
    let import = Reservations { rooms, ..import() };
    let report = run(&app, &desk, &import, &book(&lines)).await.unwrap();
    let mut told = refused(&report);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (3, "assignment", "no_room"),
            (4, "booking", "sold_out"),
            (5, "change", "sold_out"),
            (6, "row", "row"),
            (7, "row", "row"),
            (8, "row", "row"),
            (9, "row", "row"),
            (10, "row", "row"),
            (11, "booking", "validation_failed"),
        ]
    );
    assert_eq!(stays(&app, &desk, &report, "departed").await.len(), 1);
    assert_eq!(stays(&app, &desk, &report, "cancelled").await.len(), 2);
    let printed = report.to_string();
    assert!(printed.starts_with("10 rows, 5 reservations, from 2026-11-01 to 2026-12-24\n"), "{printed}");
    assert!(printed.contains(&format!("\n    {:<26}      5\n", "row: row")), "{printed}");
    let other = Source { name: "other.csv".to_owned(), bytes: b"in,out\n1,2".to_vec() };
    let error = run(&app, &desk, &import, &other).await.unwrap_err();
    assert!(error.to_string().contains("it has no column booked, given, kids"), "{error}");
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_its_journal_ends() {
    let app = TestApp::start().await;
    let desk = app.person(Role::Admin).await;
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("journal");
    let rooms = [("Double".to_owned(), Capacity { rooms: 1, overbooking: 0 })].into();
    let import = Reservations { journal: Some(path.clone()), rooms, ..import() };
    let whole = run(&app, &desk, &import, &book(&LINES)).await.unwrap();
    assert_eq!(
        refused(&whole),
        [(3, "booking", "sold_out"), (4, "booking", "sold_out"), (5, "booking", "sold_out")]
    );
    let noted = std::fs::read_to_string(&path).unwrap();
    for kept in [noted.len() / 3, noted.len() * 2 / 3, noted.len()] {
        std::fs::write(&path, &noted[..kept]).unwrap();
        let rest = run(&app, &desk, &import, &book(&LINES)).await.unwrap();
        assert_eq!(rest.before, noted[..kept].matches('\n').count() - 1);
        // What was refused is not asked for again, though there would be room for it by now.
        assert_eq!(refused(&rest), refused(&whole));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), noted);
    }
    assert_eq!(stays(&app, &desk, &whole, "departed").await.len(), 2);
    let error = run(&app, &desk, &import, &book(&LINES[..2])).await.unwrap_err();
    assert!(error.to_string().contains("is of another import"), "{error}");
}
