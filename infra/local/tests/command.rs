//! The `holdfast` command as a user runs it: started, spoken to over HTTP, stopped, killed, started again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod running;

use std::collections::BTreeSet;

use domain::{Booking, BookingId, LocationId, ResourceId, Span, Zone};
use env::Clock;
use jiff::{SignedDuration, Timestamp};
use ledger::TimeClaim;
use local::Options;
use local::database::Data;
use running::{Running, holdfast};
use serde_json::json;

#[tokio::test]
async fn a_newcomer_makes_an_admin_books_a_room_and_finds_it_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Running::start(dir.path());
    let office = server.office(dir.path()).await;
    let booking = server.book(&office, 0).await.unwrap();
    server.stop();

    let server = Running::start(dir.path());
    let found = server.get(&office.token, &format!("/v2/bookings/{booking}")).await;
    assert_eq!(found["data"]["state"], "confirmed", "{found}");
    server.stop();
}

#[test]
fn commands_that_cannot_do_their_work_say_why_and_fail() {
    let dir = tempfile::tempdir().unwrap();
    let short = holdfast(dir.path(), &["admin", "--email", "a@b.example"], Some("short"));
    assert!(!short.status.success());
    assert!(String::from_utf8_lossy(&short.stderr).starts_with("holdfast: "), "{short:?}");
    assert!(
        !holdfast(dir.path(), &["admin", "--email", "nobody"], Some("long enough, really")).status.success()
    );
    assert!(!holdfast(dir.path(), &["replay", "--from", "yesterday", "--to", "now"], None).status.success());
}

#[test]
fn a_directory_is_migrated_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = holdfast(dir.path(), &["migrate"], None);
    assert!(first.status.success(), "{first:?}");
    assert!(String::from_utf8_lossy(&first.stdout).contains("created table Holdfast-Ledger"), "{first:?}");
    let second = holdfast(dir.path(), &["migrate"], None);
    assert_eq!(String::from_utf8_lossy(&second.stdout).trim(), "All tables and indexes are there.");
}

/// Killed in the middle of a hundred bookings, and again in the middle of the messages: every answered booking is there,
/// every claim belongs to a booking, every message goes out once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_that_was_answered_is_lost() {
    const BOOKINGS: usize = 100;
    let dir = tempfile::tempdir().unwrap();
    let mut server = Running::start(dir.path());
    let office = server.office(dir.path()).await;
    let answered = server.book_until_killed(&office, BOOKINGS, 40).await;
    assert!(answered.len() >= 40, "{}", answered.len());

    let mut server = Running::start(dir.path());
    for (n, id) in &answered {
        let found = server.get(&office.token, &format!("/v2/bookings/{id}")).await;
        assert_eq!(found["data"]["state"], "confirmed", "booking {n} was answered and is gone: {found}");
    }
    // Whoever got no answer asks again with the same key.
    let mut all = BTreeSet::new();
    for n in 0..BOOKINGS {
        let id = server.book(&office, n).await.unwrap_or_else(|| panic!("booking {n} is refused"));
        assert!(answered.get(&n).is_none_or(|before| *before == id), "booking {n} was made twice");
        all.insert(id);
    }
    assert_eq!(all.len(), BOOKINGS);
    server.kill();

    // Opened ten minutes later, so that what a killed worker held is free again.
    let clock = Clock::at(Clock::system().now() + SignedDuration::from_mins(10));
    let options = Options { clock, ..Options::new(Data::Dir(dir.path().to_owned())) };
    let opened = local::start(options).await.unwrap();
    opened.workers().settle().await.unwrap();
    let confirmations = opened.outbox().list(usize::MAX).unwrap();
    let told: BTreeSet<_> = confirmations.iter().map(|mail| mail.id).collect();
    assert_eq!((confirmations.len(), told.len()), (BOOKINGS, BOOKINGS));
    let claims = agree(&opened, &office).await;
    println!(
        "killed: {} of {BOOKINGS} answered before the first kill, {claims} claims and {} confirmations at the end",
        answered.len(),
        told.len()
    );
    assert_eq!(claims, BOOKINGS);
    opened.stop().await.unwrap();
}

/// How many claims there are; each belongs to one booking, and each booking has one.
async fn agree(opened: &local::Server, office: &running::Office) -> usize {
    let now = opened.core().clock.now();
    let store = &opened.core().store;
    let room: ResourceId = office.room.parse().unwrap();
    let place: LocationId = office.place.parse().unwrap();
    let span = Span::new(now, now + SignedDuration::from_hours(24 * 14)).unwrap();
    let taken = ledger::taken(store, room, span, now).await.unwrap();
    let hour = SignedDuration::from_hours(1);
    let bookings: Vec<Booking> =
        store.bookings_in((place, &Zone::utc()), room, span, hour, 1_000).await.unwrap();
    for booking in &bookings {
        let claim = TimeClaim::of(booking);
        let runs = taken.iter().filter(|run| run.span == claim.span && run.is_of(claim.owner)).count();
        assert_eq!(runs, 1, "{booking:?}");
    }
    assert_eq!(taken.len(), bookings.len());
    let ids: BTreeSet<BookingId> = bookings.iter().map(|booking| booking.id).collect();
    ids.len()
}

/// When the n-th booking is: half an hour each, from tomorrow on.
pub(crate) fn slot(n: usize, today: Timestamp) -> serde_json::Value {
    let day = 24 * 3_600 * (today.as_second() / (24 * 3_600) + 1);
    let at = |n: usize| Timestamp::from_second(day + 1_800 * i64::try_from(n).unwrap()).unwrap();
    json!({ "start": at(n), "end": at(n + 1) })
}
