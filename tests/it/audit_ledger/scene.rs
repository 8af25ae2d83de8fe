//! A busy installation to audit, and ways to break its ledger.

use std::time::Duration;

use audit::{Disagreement, Options, Report};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::pool::Cells;
use domain::resource::QUANTUM_MINUTES;
use domain::{
    Actor, Booking, BookingId, BookingState, EventId, LocationId, Pool, ResourceId, Span, UserId, Zone,
};
use jiff::{SignedDuration, Timestamp};
use ledger::Changes;
use store::{Tx, schema};

use crate::harness::{START, TestApp};
use crate::holds::{self, hold, nights, pool};

pub(crate) const HOUR: SignedDuration = SignedDuration::from_hours(1);

pub(crate) async fn audited(app: &TestApp) -> Report {
    audit::audit(app.store(), app.now(), &options()).await.unwrap()
}

pub(crate) async fn fixed(app: &TestApp) -> Report {
    audit::audit(app.store(), app.now(), &Options { fix: true, ..options() }).await.unwrap()
}

pub(crate) fn options() -> Options {
    Options { settle: Duration::ZERO, ..Options::default() }
}

/// The kinds that were found; each has one line.
#[track_caller]
pub(crate) fn kinds(report: &Report) -> Vec<&'static str> {
    assert_eq!((report.unexamined, report.unsettled), (0, 0));
    for line in report.disagreements.iter().map(ToString::to_string) {
        assert!(!line.contains('\n') && line.len() < 500);
    }
    report.disagreements.iter().map(Disagreement::kind).collect()
}

/// The disagreement is found without a write, repaired, and gone.
pub(crate) async fn found_and_fixed(app: &TestApp, wanted: &[&str]) -> Report {
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
    let clause = |word: &str, parts: &[String]| {
        if parts.is_empty() { String::new() } else { format!("{word} {} ", parts.join(", ")) }
    };
    let expression = clause("SET", &words.0) + &clause("REMOVE", &words.1);
    update.update_expression(expression).send().await.unwrap();
}

/// The item and the attribute of the quantum that begins then.
pub(crate) fn quantum(at: Timestamp) -> (i64, String) {
    let quantum = at.as_second() / 60 / i64::from(QUANTUM_MINUTES);
    (quantum / ledger::QUANTA_PER_BLOCK, format!("s{}", quantum % ledger::QUANTA_PER_BLOCK))
}

/// A booking of a room from so many hours after every test's beginning on, not yet stored.
pub(crate) fn booking(app: &TestApp, resource: ResourceId, from: i64, hours: i64) -> Booking {
    let now = app.now();
    let start = START.parse::<Timestamp>().unwrap() + HOUR * i32::try_from(from).unwrap();
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
        requests: domain::Requests::default(),
    }
}

pub(crate) fn room(n: u8) -> ResourceId {
    ResourceId::derived([n; 16])
}

/// Writes a booking, its event and its change of the ledger, as a command does.
pub(crate) async fn write(app: &TestApp, before: Option<&Booking>, after: &Booking) -> errors::Result<()> {
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

pub(crate) async fn book(app: &TestApp, resource: ResourceId, from: i64, hours: i64) -> Booking {
    let booking = booking(app, resource, from, hours);
    write(app, None, &booking).await.unwrap();
    booking
}

/// Writes a record alone, as nothing but a defect does.
pub(crate) async fn write_alone(app: &TestApp, booking: &Booking) {
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
pub(crate) async fn busy(app: &TestApp) -> (Pool, Pool) {
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
    let mut held = booking(app, room(2), 16, 2);
    (held.state, held.hold_until, held.buffers) =
        (BookingState::Held, Some(app.now() + SignedDuration::from_mins(9)), (15, 30));
    write(app, None, &held).await.unwrap();
    (seats, rooms)
}
