//! Many clients at once on one room: nothing is sold twice, and nobody is in another's way who wants another time.

use std::collections::BTreeMap;

use domain::{Resource, Role};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::agreement::{agree, week};
use crate::harness::{Person, TestApp};
use crate::office;

const CLIENTS: usize = 200;

async fn start() -> (TestApp, Person, Resource) {
    let app = TestApp::counted().await;
    let berlin = office::place(&app, "Europe/Berlin").await;
    let room =
        office::room(&app, &berlin).rules(|rules| (rules.grid, rules.min_length) = (5, 5)).add(&app).await;
    let person = app.person(Role::Customer).await;
    (app, person, room)
}

/// Books all the spans at once; how many answers of each status, and the round trips of those that booked, without those of
/// packaged processes that were started for them, each of which reads the session once.
async fn at_once(
    app: &TestApp,
    person: &Person,
    room: &Resource,
    spans: impl IntoIterator<Item = (Timestamp, Timestamp)>,
) -> (BTreeMap<u16, usize>, u64) {
    // The session is known before the storm, as in a warm function.
    app.get("/v2/bookings").by(person).send().await.expect(200);
    let environments = || app.stack().map_or(0, |stack| stack.environments("bookings"));
    let before = environments();
    let calls = spans.into_iter().enumerate().map(|(client, (start, end))| {
        let body = json!({ "room_id": room.id, "start": start, "end": end });
        app.post("/v2/bookings", body).by(person).key(&format!("client {client}")).send()
    });
    let mut counts = BTreeMap::new();
    let mut trips = 0;
    for answer in join_all(calls).await {
        *counts.entry(answer.status.as_u16()).or_insert(0) += 1;
        if answer.status == 201 {
            trips += answer.usage().0;
        }
    }
    // Those that did not book and had to read the session are not among the counted.
    let started = if counts.keys().eq([&201]) { environments() - before } else { 0 };
    (counts, trips - u64::try_from(started).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_for_one_slot_give_one_booking() {
    let (app, person, room) = start().await;
    let start = app.now() + SignedDuration::from_hours(24);
    let spans = std::iter::repeat_n((start, start + SignedDuration::from_hours(1)), CLIENTS);
    let (counts, _) = at_once(&app, &person, &room, spans).await;
    println!("storm: {CLIENTS} clients, one slot: {counts:?}");
    assert_eq!(counts, BTreeMap::from([(201, 1), (409, CLIENTS - 1)]));
    assert_eq!(agree(&app, &room, week(&app)).await.bookings, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_for_two_hundred_slots_of_a_day_all_book_without_a_second_try() {
    let (app, person, room) = start().await;
    let day = app.now() + SignedDuration::from_hours(24);
    let minutes = |n: usize| SignedDuration::from_mins(5 * i64::try_from(n).unwrap());
    let spans = (0..CLIENTS).map(|slot| (day + minutes(slot), day + minutes(slot + 1)));
    let (counts, trips) = at_once(&app, &person, &room, spans).await;
    println!("storm: {CLIENTS} clients, {CLIENTS} slots of one day: {counts:?}, {trips} round trips");
    assert_eq!(counts, BTreeMap::from([(201, CLIENTS)]));
    assert_eq!(trips, 2 * u64::try_from(CLIENTS).unwrap());
    let agreement = agree(&app, &room, week(&app)).await;
    assert_eq!((agreement.bookings, agreement.runs), (CLIENTS, CLIENTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_wishes_of_two_hundred_clients_leave_the_ledger_and_the_records_in_agreement() {
    let (app, person, room) = start().await;
    let day = app.now() + SignedDuration::from_hours(24);
    // A fixed walk through lengths and starts: reproducible, and full of partial overlaps across block borders.
    let minutes = |n: usize| SignedDuration::from_mins(5 * i64::try_from(n).unwrap());
    let spans = (0..CLIENTS).map(|n| {
        let (start, length) = ((n * 37) % 280, 1 + (n * 11) % 30);
        (day + minutes(start), day + minutes(start + length))
    });
    let (counts, _) = at_once(&app, &person, &room, spans).await;
    println!("storm: {CLIENTS} clients, overlapping spans of one day: {counts:?}");
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [201, 409]);
    assert_eq!(agree(&app, &room, week(&app)).await.bookings, counts[&201]);
}
