//! The auditor of the ledger: a busy installation audits clean; each kind of disagreement is found, and nothing else is;
//! repaired, it is gone.

pub(crate) mod scene;

use audit::{Disagreement, Options, Owner, Repair};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::pool::{Cell, Cells};
use domain::{BookingId, BookingState, Event, Order, Span};
use futures::StreamExt;
use jiff::SignedDuration;
use store::{Tx, schema};

use crate::harness::TestApp;
use crate::holds::{self, hold, nights, pool};
use scene::{
    HOUR, audited, book, booking, busy, fixed, found_and_fixed, kinds, options, quantum, room, set, write,
    write_alone,
};

#[tokio::test]
async fn a_busy_installation_audits_clean_without_a_write() {
    let app = TestApp::counted().await;
    busy(&app).await;
    let report = audited(&app).await;
    assert_eq!(kinds(&report), Vec::<&str>::new());
    assert!(report.agrees() && report.shortages.is_empty());
    println!("{}: {}", report.checked, report.usage);
    assert_eq!(report.usage.half_writes, 0);
    let checked = report.checked;
    // Three orders with five lines.
    assert_eq!((checked.bookings, checked.orders, checked.claims), (11, 3, 16));
    let later = TestApp::counted().await;
    assert_eq!(audited(&later).await.checked, audit::Checked::default());
}

#[tokio::test]
async fn an_audit_costs_half_a_read_unit_for_four_kilobytes_of_what_is_live() {
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
    let (seats, _) = busy(&app).await;
    set(&app, &seats.id.to_string(), 0, &[("n0", None), ("f0", None), ("c0", None)]).await;
    assert_eq!(kinds(&audited(&app).await), ["miscounted"]);
    let tried = fixed(&app).await;
    assert!(matches!(tried.repairs[0], Repair::Left { .. }), "{tried:?}");
    assert_eq!(tried.usage.half_writes, 0);
}

#[tokio::test]
async fn a_hold_that_nobody_releases_is_found_and_released() {
    let app = TestApp::counted().await;
    let (seats, _) = busy(&app).await;
    app.advance(SignedDuration::from_mins(28));
    assert_eq!(kinds(&audited(&app).await), Vec::<&str>::new());
    app.advance(SignedDuration::from_mins(2));
    found_and_fixed(&app, &["overdue"]).await;
    assert_eq!(holds::count(&app, &seats, Cells::Total).await.claimed, 5);
}

#[tokio::test]
async fn what_nothing_writes_is_found_and_left() {
    let app = TestApp::counted().await;
    busy(&app).await;
    set(&app, "somebody", 1, &[("s1", Some(1))]).await;
    assert_eq!(kinds(&audited(&app).await), ["unknown"]);
    let tried = fixed(&app).await;
    assert!(matches!(tried.repairs[..], [Repair::Left { .. }]), "{tried:?}");
    assert_eq!(tried.open(), 1);
}

#[tokio::test]
async fn a_shortage_is_told_and_is_no_disagreement() {
    let app = TestApp::counted().await;
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
    assert_eq!(metrics["LedgerAudited"], 16);
    let told = &metrics["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&told["Namespace"], &told["Dimensions"][0][0]), (&"Holdfast".into(), &"FunctionName".into()));
}

#[tokio::test]
async fn each_repair_has_an_event_that_says_what_was_wrong() {
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
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
    let app = TestApp::counted().await;
    let (seats, _) = busy(&app).await;
    let rooms = pool(&app, &nights("2027-02-10", "2027-02-13"), 500).await;
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
