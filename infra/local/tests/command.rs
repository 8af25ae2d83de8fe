//! The `holdfast` command as a user runs it: started, spoken to over HTTP, stopped, killed, started again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod aws;
mod running;
mod slow;

use std::collections::BTreeSet;

use domain::{Booking, BookingId, BookingState, LocationId, ResourceId, Span, UserId, Zone};
use env::Clock;
use jiff::{SignedDuration, Timestamp};
use ledger::TimeClaim;
use local::database::Data;
use local::{Installation, Options};
use running::{Running, holdfast};
use serde_json::json;
use store::Tx;

#[tokio::test]
async fn a_newcomer_makes_an_admin_books_a_room_and_finds_it_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Running::start(dir.path());
    let office = server.office(dir.path()).await;
    let booking = server.book(&office, 0).await.unwrap();
    // While it is being served.
    let audit = holdfast(dir.path(), &["audit"], None);
    assert!(audit.status.success(), "{audit:?}");
    assert!(String::from_utf8_lossy(&audit.stdout).contains("1 claims of 1 bookings"), "{audit:?}");
    let figures = holdfast(dir.path(), &["figures", "--rebuild"], None);
    assert!(figures.status.success(), "{figures:?}");
    assert!(String::from_utf8_lossy(&figures.stdout).contains(" events were looked through"), "{figures:?}");
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
    let nowhere = holdfast(&dir.path().join("nowhere"), &["audit"], None);
    assert!(!nowhere.status.success() && !dir.path().join("nowhere").exists(), "{nowhere:?}");
    assert!(
        String::from_utf8_lossy(&nowhere.stderr).starts_with("holdfast: there is no data in "),
        "{nowhere:?}"
    );
    assert!(!holdfast(dir.path(), &["replay", "--from", "yesterday", "--to", "now"], None).status.success());
}

#[test]
fn a_directory_is_migrated_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = holdfast(dir.path(), &["migrate"], None);
    assert!(first.status.success(), "{first:?}");
    assert!(String::from_utf8_lossy(&first.stdout).contains("make table Holdfast-Ledger"), "{first:?}");
    let second = holdfast(dir.path(), &["migrate"], None);
    assert_eq!(String::from_utf8_lossy(&second.stdout).trim(), "All tables and indexes are there.");
}

#[tokio::test]
async fn an_audit_says_where_ledger_and_records_disagree_and_repairs_it_if_told_to() {
    let dir = tempfile::tempdir().unwrap();
    assert!(holdfast(dir.path(), &["migrate"], None).status.success());
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let clean = holdfast(dir.path(), &["audit"], None);
    assert!(clean.status.success() && said(&clean).contains("Ledger and records agree."), "{clean:?}");

    // A record without its claim.
    let installation = Installation::open(&Data::Dir(dir.path().to_owned())).await.unwrap();
    let booking = alone(Clock::system().now());
    let mut tx = Tx::new();
    tx.insert_booking(installation.store(), &booking);
    installation.store().commit(tx).await.unwrap();
    installation.close().await.unwrap();

    let found = holdfast(dir.path(), &["audit"], None);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    assert!(
        said(&found).contains(&format!("unclaimed: {} claims {}", booking.id, booking.resource)),
        "{found:?}"
    );
    let json = holdfast(dir.path(), &["audit", "--json"], None);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["disagreements"][0]["record"], booking.id.to_string(), "{report:#}");
    assert_eq!(report["usage"]["half_writes"], 0);
    let fixed = holdfast(dir.path(), &["audit", "--fix"], None);
    assert!(fixed.status.success() && said(&fixed).contains("(repaired)"), "{fixed:?}");
    assert!(holdfast(dir.path(), &["audit"], None).status.success());
}

/// A booking of tomorrow.
pub(crate) fn alone(now: Timestamp) -> Booking {
    let start = now + SignedDuration::from_hours(24);
    Booking {
        id: BookingId::new(now, env::random()),
        resource: ResourceId::new(now, env::random()),
        location: LocationId::new(now, env::random()),
        zone: Zone::utc(),
        user: UserId::new(now, env::random()),
        booked_by: None,
        span: Span::new(start, start + SignedDuration::from_hours(1)).unwrap(),
        buffers: (0, 0),
        state: BookingState::Confirmed,
        hold_until: None,
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: domain::Requests::default(),
    }
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
