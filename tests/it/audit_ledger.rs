//! The auditor of the ledger: a busy installation audits clean; each kind of disagreement is found, and nothing else is;
//! repaired, it is gone.

use std::time::Duration;

use audit::{Disagreement, Options, Owner, Repair, Report};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::pool::{Cell, Cells};
use domain::resource::QUANTUM_MINUTES;
use domain::{
    Actor, Booking, BookingId, BookingState, Event, EventId, LocationId, Order, Pool, ResourceId, Span,
    UserId, Zone,
};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use ledger::Changes;
use store::{Tx, schema};

use crate::harness::TestApp;
use crate::holds::{self, hold, nights, pool};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn audited(app: &TestApp) -> Report {
    audit::audit(app.store(), app.now(), &options()).await.unwrap()
}

async fn fixed(app: &TestApp) -> Report {
    audit::audit(app.store(), app.now(), &Options { fix: true, ..options() }).await.unwrap()
}

fn options() -> Options {
    Options { settle: Duration::ZERO, ..Options::default() }
}

/// Finds these kinds and no others, twice; each has a line that names what it is about.
#[track_caller]
fn kinds(report: &Report) -> Vec<&'static str> {
    assert_eq!((report.unexamined, report.unsettled), (0, 0));
    for line in report.disagreements.iter().map(ToString::to_string) {
        println!("{line}");
        assert!(!line.contains('\n') && line.len() < 500);
    }
    report.disagreements.iter().map(Disagreement::kind).collect()
}

/// The disagreement is found without a write, repaired, and gone.
async fn found_and_fixed(app: &TestApp, wanted: &[&str]) -> Report {
    let report = audited(app).await;
    assert_eq!(kinds(&report), wanted);
    assert_eq!(report.usage.half_writes, 0);
    let again = fixed(app).await;
    assert_eq!(again.disagreements, report.disagreements);
    assert!(again.agrees(), "{:?}", again.repairs);
    assert!(again.usage.half_writes > 0);
    let clean = audited(app).await;
    assert_eq!(kinds(&clean), Vec::<&str>::new());
    report
}

/// Sets or removes numbers of an item of the ledger, as nothing but a defect does.
pub(crate) async fn set(app: &TestApp, partition: &str, number: i64, to: &[(&str, Option<i64>)]) {
    let mut update = app
        .store()
        .client()
        .update_item()
        .table_name(app.store().name(&schema::LEDGER))
        .key(schema::PARTITION, AttributeValue::S(partition.to_owned()))
        .key(schema::SORT, AttributeValue::N(number.to_string()));
    let mut words = (Vec::new(), Vec::new());
    for (name, value) in to {
        match value {
            Some(value) => {
                words.0.push(format!("{name} = :{name}"));
                update = update
                    .expression_attribute_values(format!(":{name}"), AttributeValue::N(value.to_string()));
            }
            None => words.1.push((*name).to_owned()),
        }
    }
    let mut expression = String::new();
    if !words.0.is_empty() {
        expression.push_str(&format!("SET {} ", words.0.join(", ")));
    }
    if !words.1.is_empty() {
        expression.push_str(&format!("REMOVE {}", words.1.join(", ")));
    }
    update.update_expression(expression).send().await.unwrap();
}

/// The item and the attribute of the quantum that begins then.
fn quantum(at: Timestamp) -> (i64, String) {
    let quantum = at.as_second() / 60 / i64::from(QUANTUM_MINUTES);
    (quantum / ledger::QUANTA_PER_BLOCK, format!("s{}", quantum % ledger::QUANTA_PER_BLOCK))
}

/// A booking of a room from so many hours after now on, not yet stored.
fn booking(app: &TestApp, resource: ResourceId, from: i64, hours: i64) -> Booking {
    let now = app.now();
    let start = now + HOUR * i32::try_from(from).unwrap();
    Booking {
        id: BookingId::new(now, env::random()),
        resource,
        location: LocationId::derived([1; 16]),
        zone: Zone::utc(),
        user: UserId::derived([1; 16]),
        booked_by: None,
        span: Span::new(start, start + HOUR * i32::try_from(hours).unwrap()).unwrap(),
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
        last_request: None,
    }
}

fn room(n: u8) -> ResourceId {
    ResourceId::derived([n; 16])
}

/// Writes a booking, its event and its change of the ledger, as a command does.
async fn write(app: &TestApp, before: Option<&Booking>, after: &Booking) -> errors::Result<()> {
    let (store, now) = (app.store(), app.now());
    let mut tx = Tx::new();
    match before {
        None => tx.insert_booking(store, after),
        Some(_) => tx.update_booking(store, after),
    }
    tx.event(
        store,
        &after.event(EventId::new(now, env::random()), "booking.changed", before, Actor::system()),
    );
    Changes::between(before, Some(after)).add_to(&mut tx, store, now)?;
    store.commit(tx).await.map(drop)
}

async fn book(app: &TestApp, resource: ResourceId, from: i64, hours: i64) -> Booking {
    let booking = booking(app, resource, from, hours);
    write(app, None, &booking).await.unwrap();
    booking
}

/// Writes a record alone, as nothing but a defect does.
async fn write_alone(app: &TestApp, booking: &Booking) {
    let mut tx = Tx::new();
    if booking.version == 1 {
        tx.insert_booking(app.store(), booking);
    } else {
        tx.update_booking(app.store(), booking);
    }
    app.store().commit(tx).await.unwrap();
}

/// What a busy installation has: every state, holds that ran out and were taken over, stays across months, units of both
/// kinds. A pool of seats and one of rooms with some of it sold.
async fn busy(app: &TestApp) -> (Pool, Pool) {
    let stay = nights("2027-01-02", "2027-03-20");
    let (seats, rooms) = (pool(app, &Cells::Total, 100).await, pool(app, &stay, 9).await);
    for n in 0..8 {
        // Over the edges of blocks, and one before now.
        let before = book(app, room(1), n * 7 - 14, 6).await;
        match n {
            0 | 1 => write(app, Some(&before), &before.clone().complete(app.now()).unwrap()).await.unwrap(),
            2 => write(app, Some(&before), &before.clone().mark_no_show(app.now()).unwrap()).await.unwrap(),
            3 => write(app, Some(&before), &before.clone().cancel(None, app.now()).unwrap()).await.unwrap(),
            _ => {}
        }
    }
    let mut kept = booking(app, room(2), 4, 2);
    (kept.state, kept.hold_until, kept.buffers) =
        (BookingState::Held, Some(app.now() + SignedDuration::from_mins(5)), (15, 30));
    write(app, None, &kept).await.unwrap();
    let mut dead = booking(app, room(2), 10, 2);
    (dead.state, dead.hold_until) = (BookingState::Held, Some(app.now() + SignedDuration::from_mins(5)));
    write(app, None, &dead).await.unwrap();
    let orders = [
        hold(app, &[(&seats, Cells::Total, 5), (&rooms, nights("2027-01-30", "2027-02-02"), 2)]).await,
        hold(app, &[(&rooms, nights("2027-01-02", "2027-01-10"), 1)]).await,
        hold(app, &[(&seats, Cells::Total, 7)]).await,
        hold(app, &[(&seats, Cells::Total, 1), (&seats, Cells::Total, 2)]).await,
    ];
    for sold in &orders[..2] {
        let after = sold.clone().confirm(app.now()).unwrap();
        holds::write(app, Some(sold), &after, "order.confirmed").await.unwrap();
    }
    let after = orders[2].clone().cancel(None, app.now()).unwrap();
    holds::write(app, Some(&orders[2]), &after, "order.cancelled").await.unwrap();
    app.advance(SignedDuration::from_mins(11));
    // Part of what the second hold of time had is taken over; the fourth order still counts, and is not overdue.
    book(app, room(2), 10, 1).await;
    (seats, rooms)
}

#[tokio::test]
async fn a_busy_installation_audits_clean_without_a_write() {
    let app = TestApp::start().await;
    busy(&app).await;
    let report = audited(&app).await;
    assert_eq!(kinds(&report), Vec::<&str>::new());
    assert!(report.agrees() && report.shortages.is_empty());
    println!("{}: {}", report.checked, report.usage);
    assert_eq!(report.usage.half_writes, 0);
    let checked = report.checked;
    // Those of nine bookings that end within a day, and two holds; two sold orders and a held one, one of them twice.
    assert_eq!((checked.bookings, checked.orders, checked.claims), (9, 3, 14));
    let later = TestApp::start().await;
    assert_eq!(audited(&later).await.checked, audit::Checked::default());
}

#[tokio::test]
async fn an_audit_costs_half_a_read_unit_for_four_kilobytes_of_what_is_live() {
    let app = TestApp::start().await;
    let mut costs = Vec::new();
    for n in 0..4_i64 {
        for at in 0..100 {
            book(&app, room(u8::try_from(10 + n).unwrap()), 2 * at, 1).await;
        }
        let report = audited(&app).await;
        assert!(report.agrees());
        println!("{}: {}", report.checked, report.usage);
        costs.push(report.usage.half_reads);
    }
    // 100 bookings are some 60 KB, their 34 blocks some 15.
    let each = (costs[3] - costs[0]) / 3;
    assert!(each <= 30, "100 bookings cost {each} half read units");
}

#[tokio::test]
async fn a_mark_that_no_record_claims_is_found_and_struck() {
    let app = TestApp::start().await;
    busy(&app).await;
    // Cancelled, and its claim stayed: over three blocks, so that the repair is one transaction over all of them.
    let before = book(&app, room(3), 20, 13).await;
    let after = before.clone().cancel(None, app.now()).unwrap();
    write_alone(&app, &after).await;
    let report = found_and_fixed(&app, &["orphan"]).await;
    assert!(
        matches!(&report.disagreements[0], Disagreement::Orphan { resource, span, .. }
            if *resource == room(3) && *span == before.span),
        "{report:?}"
    );
    // The time is free again.
    book(&app, room(3), 20, 13).await;
}

#[tokio::test]
async fn a_claim_that_the_ledger_lost_is_found_and_taken_again() {
    let app = TestApp::start().await;
    busy(&app).await;
    let whole = book(&app, room(3), 20, 1).await;
    let part = book(&app, room(4), 20, 1).await;
    for minutes in (0..60).step_by(5) {
        let (block, name) = quantum(whole.span.start() + SignedDuration::from_mins(minutes));
        set(&app, &room(3).to_string(), block, &[(&name, None)]).await;
    }
    let (block, name) = quantum(part.span.start() + SignedDuration::from_mins(30));
    set(&app, &room(4).to_string(), block, &[(&name, None)]).await;
    // A hold that is still kept, and a record whose whole block is missing.
    let mut kept = booking(&app, room(5), 30, 1);
    (kept.state, kept.hold_until) = (BookingState::Held, Some(app.now() + SignedDuration::from_mins(9)));
    write_alone(&app, &kept).await;
    let report = found_and_fixed(&app, &["unclaimed", "unclaimed", "unclaimed"]).await;
    let of = |id: BookingId| {
        report.disagreements.iter().find_map(|found| match found {
            Disagreement::Unclaimed { record, gaps, .. } if *record == Owner::Booking(id) => {
                Some(gaps.clone())
            }
            _ => None,
        })
    };
    assert_eq!(of(whole.id).unwrap()[0].span, whole.span);
    assert_eq!(of(part.id).unwrap()[0].span.minutes(), 5);
    assert!(of(kept.id).is_some());
    // What was taken again keeps others out, and can be given back.
    assert!(write(&app, None, &booking(&app, room(3), 20, 1)).await.is_err());
    write(&app, Some(&part), &part.clone().cancel(None, app.now()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn two_records_of_one_time_are_found_and_left_to_people() {
    let app = TestApp::start().await;
    busy(&app).await;
    let first = book(&app, room(3), 20, 2).await;
    let second = booking(&app, room(3), 21, 2);
    write_alone(&app, &second).await;
    let report = audited(&app).await;
    // The second has no claim on its own hour either.
    assert_eq!(kinds(&report), ["unclaimed", "overlap"]);
    let shared = Span::new(second.span.start(), first.span.end()).unwrap();
    assert!(matches!(&report.disagreements[1], Disagreement::Overlap { span, records, .. }
            if *span == shared && records.contains(&Owner::Booking(first.id)) && records.contains(&Owner::Booking(second.id))));
    let tried = fixed(&app).await;
    assert_eq!(tried.repairs[0], Repair::Done);
    assert!(matches!(tried.repairs[1], Repair::Left { .. }) && tried.open() == 1, "{tried:?}");
    assert_eq!(kinds(&audited(&app).await), ["overlap"]);
    write(&app, Some(&first), &first.clone().cancel(None, app.now()).unwrap()).await.unwrap();
    // Now the second one lacks what the first had.
    found_and_fixed(&app, &["unclaimed"]).await;
}

#[tokio::test]
async fn a_foreign_mark_is_told_with_its_owner_and_makes_room() {
    let app = TestApp::start().await;
    busy(&app).await;
    let (mine, other) = (book(&app, room(3), 20, 1).await, book(&app, room(3), 30, 1).await);
    // The other one's mark is where mine should be.
    let (block, name) = quantum(mine.span.start());
    let (of, theirs) = quantum(other.span.start());
    let item = app
        .store()
        .client()
        .get_item()
        .table_name(app.store().name(&schema::LEDGER))
        .key(schema::PARTITION, AttributeValue::S(room(3).to_string()))
        .key(schema::SORT, AttributeValue::N(of.to_string()))
        .send();
    let mark = item.await.unwrap().item.unwrap()[&theirs].as_n().unwrap().parse().unwrap();
    set(&app, &room(3).to_string(), block, &[(&name, Some(mark))]).await;
    let report = found_and_fixed(&app, &["orphan", "unclaimed"]).await;
    assert!(
        matches!(&report.disagreements[1], Disagreement::Unclaimed { gaps, .. }
            if gaps[0].whose == Some(Owner::Booking(other.id))),
        "{report:?}"
    );
}

#[tokio::test]
async fn counts_that_are_not_those_of_the_records_are_found_and_counted_anew() {
    let app = TestApp::start().await;
    let (seats, rooms) = busy(&app).await;
    let (total, month) = (seats.id.to_string(), 2027 * 12);
    // 8 are claimed of 100: five sold, three held.
    set(&app, &total, 0, &[("n0", Some(6)), ("f0", Some(94))]).await;
    let report = found_and_fixed(&app, &["miscounted"]).await;
    assert!(report.disagreements[0].to_string().ends_with("records claim 8"), "{report:?}");
    set(&app, &total, 0, &[("f0", Some(90))]).await;
    found_and_fixed(&app, &["unbalanced"]).await;
    set(&app, &rooms.id.to_string(), month, &[("n31", Some(-1)), ("f31", Some(10))]).await;
    found_and_fixed(&app, &["unbalanced"]).await;
    // Nights that have passed are nobody's any more, those from yesterday on are.
    set(&app, &rooms.id.to_string(), month, &[("n2", Some(4))]).await;
    assert_eq!(kinds(&audited(&app).await), Vec::<&str>::new());
    set(&app, &rooms.id.to_string(), month, &[("n3", Some(4)), ("f3", Some(5))]).await;
    found_and_fixed(&app, &["miscounted"]).await;
    // Counted right again, the hold can be released and the order cancelled.
    app.advance(HOUR);
    app.settle().await;
    assert_eq!(holds::count(&app, &seats, Cells::Total).await.claimed, 5);
}

#[tokio::test]
async fn units_of_a_cell_that_the_ledger_does_not_have_are_found_and_left() {
    let app = TestApp::start().await;
    let (seats, _) = busy(&app).await;
    set(&app, &seats.id.to_string(), 0, &[("n0", None), ("f0", None), ("c0", None)]).await;
    assert_eq!(kinds(&audited(&app).await), ["miscounted"]);
    let tried = fixed(&app).await;
    assert!(matches!(tried.repairs[0], Repair::Left { .. }), "{tried:?}");
    assert_eq!(tried.usage.half_writes, 0);
}

#[tokio::test]
async fn a_hold_that_nobody_releases_is_found_and_released() {
    let app = TestApp::start().await;
    let (seats, _) = busy(&app).await;
    app.advance(SignedDuration::from_mins(28));
    assert_eq!(kinds(&audited(&app).await), Vec::<&str>::new());
    app.advance(SignedDuration::from_mins(2));
    found_and_fixed(&app, &["overdue"]).await;
    assert_eq!(holds::count(&app, &seats, Cells::Total).await.claimed, 5);
}

#[tokio::test]
async fn what_nothing_writes_is_found_and_left() {
    let app = TestApp::start().await;
    busy(&app).await;
    set(&app, "somebody", 1, &[("s1", Some(1))]).await;
    assert_eq!(kinds(&audited(&app).await), ["unknown"]);
    let tried = fixed(&app).await;
    assert!(matches!(tried.repairs[..], [Repair::Left { .. }]), "{tried:?}");
    assert_eq!(tried.open(), 1);
}

#[tokio::test]
async fn a_shortage_is_told_and_is_no_disagreement() {
    let app = TestApp::start().await;
    let (seats, _) = busy(&app).await;
    let seen =
        ledger::counts(app.store(), &[(seats.id, Cells::Total)]).await.unwrap().remove(&seats.id).unwrap();
    let less = ledger::Offer { capacity: Some(6), ..ledger::Offer::default() };
    let mut tx = Tx::new();
    let queue = ledger::BelowSold::Queue;
    ledger::offer(&mut tx, app.store(), (seats.id, &Cells::Total), &less, &seen, queue).unwrap();
    app.store().commit(tx).await.unwrap();
    let report = audited(&app).await;
    assert!(report.agrees());
    assert_eq!((report.shortages.len(), report.shortages[0].short), (1, 2));
    assert_eq!(report.shortages[0].cell, Cell::Total);
    let metrics = tasks::metrics(&report, "holdfast-tasks-audit", app.now());
    assert_eq!((&metrics["LedgerDisagreements"], &metrics["LedgerShortages"]), (&0.into(), &1.into()));
    assert_eq!(metrics["LedgerAudited"], 14);
    let told = &metrics["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&told["Namespace"], &told["Dimensions"][0][0]), (&"Holdfast".into(), &"FunctionName".into()));
}

#[tokio::test]
async fn each_repair_has_an_event_that_says_what_was_wrong() {
    let app = TestApp::start().await;
    let (seats, _) = busy(&app).await;
    set(&app, &seats.id.to_string(), 0, &[("n0", Some(6)), ("f0", Some(94))]).await;
    fixed(&app).await;
    let hour = (app.now() - HOUR, app.now() + HOUR);
    let (events, _) = app.store().events_between(hour.0, hour.1, 1_000).await.unwrap();
    let repairs: Vec<&Event> = events.iter().filter(|event| event.kind == "ledger.repaired").collect();
    assert_eq!(repairs.len(), 1);
    assert_eq!(repairs[0].data["before"]["kind"], "miscounted");
    assert_eq!(repairs[0].data["before"]["pool"], seats.id.to_string());
    assert_eq!((&repairs[0].subject, repairs[0].sequence), (&repairs[0].id.to_string(), 1));
    // Whoever reads the feed goes on.
    app.settle().await;
}

#[tokio::test]
async fn more_than_fits_is_refused_and_more_than_is_looked_at_is_counted() {
    let app = TestApp::start().await;
    busy(&app).await;
    let few = Options { most_claims: 5, ..options() };
    let refused = audit::audit(app.store(), app.now(), &few).await.unwrap_err();
    assert_eq!(refused.code(), errors::Code::TooLarge);
    for n in 0..5 {
        write_alone(&app, &booking(&app, room(3), 20 + 2 * n, 1)).await;
    }
    let few = Options { most_suspicions: 2, ..options() };
    let report = audit::audit(app.store(), app.now(), &few).await.unwrap();
    assert_eq!((report.disagreements.len(), report.unexamined, report.open()), (2, 3, 5));
}

/// While people book, change and cancel, no audit finds anything, and afterwards neither.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_among_people_who_book_finds_nothing() {
    let app = TestApp::start().await;
    let (seats, rooms) = busy(&app).await;
    let (app, seats, rooms) = (&app, &seats, &rooms);
    let people = futures::stream::iter(0..150_i64).map(async |n| {
        if n % 2 == 0 {
            let before = booking(app, room(6), 20 + n % 10, 1);
            if write(app, None, &before).await.is_ok() && n % 3 == 0 {
                let after = before.clone().cancel(None, app.now()).unwrap();
                write(app, Some(&before), &after).await.unwrap();
            }
        } else {
            let stay = nights("2027-02-10", "2027-02-13");
            let before: Order = hold(app, &[(seats, Cells::Total, 1), (rooms, stay, 1)]).await;
            let after = if n % 3 == 0 {
                before.clone().confirm(app.now())
            } else {
                before.clone().cancel(None, app.now())
            };
            holds::write(app, Some(&before), &after.unwrap(), "order.changed").await.unwrap();
        }
    });
    let people = people.buffer_unordered(8).collect::<Vec<()>>();
    let audits = async {
        let mut told = 0;
        for _ in 0..10 {
            let report = audited(app).await;
            assert!(report.disagreements.is_empty(), "{:#?}", report.disagreements);
            told += report.unsettled;
        }
        told
    };
    let (_, unsettled) = tokio::join!(people, audits);
    println!("{unsettled} suspicions in ten audits did not settle");
    let report = audited(app).await;
    assert_eq!(kinds(&report), Vec::<&str>::new());
}
