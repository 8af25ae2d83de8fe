//! Counted holds: given back once when they run out, whoever tries.

use std::time::Duration;

use domain::order::{OrderAction, OrderLine};
use domain::pool::{Cells, Count, Nights};
use domain::{Actor, EventId, LocationId, Order, OrderId, OrderState, Pool, PoolId, PoolKind, UserId, Zone};
use futures::future::join_all;
use jiff::SignedDuration;
use ledger::{BelowSold, Changes, Offer};
use queue::Job;
use store::{Outcome, Tx};

use crate::harness::TestApp;

/// How long a hold lasts.
const HOLD: SignedDuration = SignedDuration::from_mins(10);

/// A pool with so many units in each of the cells.
pub(crate) async fn pool(app: &TestApp, cells: &Cells, capacity: u32) -> Pool {
    let now = app.now();
    let kind = if matches!(cells, Cells::Total) { PoolKind::Total } else { PoolKind::Nightly };
    let id = PoolId::new(now, env::random());
    let pool = Pool {
        id,
        location: LocationId::derived([1; 16]),
        zone: Zone::utc(),
        name: format!("Pool {id}").parse().unwrap(),
        kind,
        session: None,
        room_type: None,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: None,
        requests: domain::Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_pool(app.store(), &pool);
    let seen = std::collections::BTreeMap::new();
    let offered = Offer { capacity: Some(capacity), overbooking: None, closed: None };
    ledger::offer(&mut tx, app.store(), (id, cells), &offered, &seen, BelowSold::Refuse).unwrap();
    app.store().commit(tx).await.unwrap();
    pool
}

/// The nights between two dates.
pub(crate) fn nights(from: &str, to: &str) -> Cells {
    Cells::Nights(Nights::new(from.parse().unwrap(), to.parse().unwrap()).unwrap())
}

/// An order that holds units, not yet stored.
pub(crate) fn held(app: &TestApp, lines: &[(&Pool, Cells, u32)]) -> Order {
    let now = app.now();
    let line = |(pool, cells, quantity): &(&Pool, Cells, u32)| OrderLine {
        pool: pool.id,
        cells: *cells,
        quantity: *quantity,
        overbooked: false,
    };
    Order {
        id: OrderId::new(now, env::random()),
        location: LocationId::derived([1; 16]),
        user: UserId::derived([1; 16]),
        booked_by: None,
        lines: lines.iter().map(line).collect(),
        state: OrderState::Held,
        hold_until: Some(now + HOLD),
        sale: None,
        stay: None,
        note: None,
        reason: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: domain::Requests::default(),
    }
}

/// Writes an order, its event and its change of the ledger, as a command does.
pub(crate) async fn write(
    app: &TestApp,
    before: Option<&Order>,
    after: &Order,
    kind: &str,
) -> errors::Result<Outcome> {
    let (store, now) = (app.store(), app.now());
    let mut tx = Tx::new();
    match before {
        None => tx.insert_order(store, after),
        Some(before) => tx.update_order(store, before, after),
    }
    tx.event(store, &after.event(EventId::new(now, env::random()), kind, before, Actor::system()));
    Changes::between(before, Some(after)).add_to(&mut tx, store, now)?;
    store.commit(tx).await
}

/// Holds units.
pub(crate) async fn hold(app: &TestApp, lines: &[(&Pool, Cells, u32)]) -> Order {
    let order = held(app, lines);
    write(app, None, &order, "order.held").await.unwrap();
    order
}

/// What a cell says.
pub(crate) async fn count(app: &TestApp, pool: &Pool, cells: Cells) -> Count {
    let found = ledger::counts(app.store(), &[(pool.id, cells)]).await.unwrap();
    found[&pool.id][&cells.each()[0]]
}

async fn expired(app: &TestApp, order: &Order) -> usize {
    let events = app.store().events_of(&order.id.to_string(), 100, None).await.unwrap();
    events.items.iter().filter(|event| event.kind == OrderAction::Expire.event()).count()
}

#[tokio::test]
async fn a_hold_that_runs_out_is_released_by_the_job_that_the_relay_sent_when_it_began() {
    let app = TestApp::start().await;
    let seats = pool(&app, &Cells::Total, 10).await;
    let order = hold(&app, &[(&seats, Cells::Total, 3)]).await;
    app.settle().await;
    let tasks = &app.tasks();
    assert_eq!(tasks.queue.waiting().await.unwrap(), 0, "the job waits until the hold ends");
    app.advance(HOLD);
    app.settle().await;
    assert_eq!(count(&app, &seats, Cells::Total).await.claimed, 3, "the hold lasts through its last second");
    app.advance(SignedDuration::from_secs(2));
    assert_eq!(tasks.queue.waiting().await.unwrap(), 1);
    app.settle().await;
    assert_eq!(count(&app, &seats, Cells::Total).await, Count { capacity: 10, free: 10, ..Count::default() });
    assert_eq!(app.store().order(order.id).await.unwrap().state, OrderState::Expired);
    assert_eq!(expired(&app, &order).await, 1);
}

#[tokio::test]
async fn a_job_that_comes_before_the_end_of_its_hold_is_put_off_until_then() {
    let app = TestApp::start().await;
    let seats = pool(&app, &Cells::Total, 10).await;
    let order = hold(&app, &[(&seats, Cells::Total, 3)]).await;
    let tasks = &app.tasks();
    tasks.queue.send(&Job::Release { order: order.id, request: None }, Duration::ZERO).await.unwrap();
    app.settle().await;
    assert_eq!(tasks.queue.waiting().await.unwrap(), 0);
    app.advance(HOLD + SignedDuration::from_secs(2));
    // The relay's own job, and the one that was put off.
    assert_eq!(tasks.queue.waiting().await.unwrap(), 2);
    app.settle().await;
    assert_eq!(expired(&app, &order).await, 1);
    assert_eq!(tasks.queue.dead_letters().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_release_a_hold_its_units_come_back_once() {
    const TRIES: usize = 20;
    let app = TestApp::start().await;
    let stay = nights("2027-02-27", "2027-03-03");
    let (seats, rooms) = (pool(&app, &Cells::Total, 10).await, pool(&app, &stay, 5).await);
    let order = hold(&app, &[(&seats, Cells::Total, 3), (&rooms, stay, 2)]).await;
    // Others' units, which a second release would give away.
    let other = hold(&app, &[(&seats, Cells::Total, 4), (&rooms, stay, 2)]).await;
    let sold = other.clone().confirm(app.now()).unwrap();
    write(&app, Some(&other), &sold, "order.confirmed").await.unwrap();
    app.settle().await;
    app.advance(HOLD + SignedDuration::from_secs(2));
    let tasks = &app.tasks();
    for _ in 0..TRIES {
        tasks.queue.send(&Job::Release { order: order.id, request: None }, Duration::ZERO).await.unwrap();
    }
    let now = app.now();
    let tries = (0..TRIES).map(|_| tasks::release(app.store(), order.id, now));
    let (released, swept, ()) = tokio::join!(join_all(tries), tasks::sweep(tasks), async {
        app.settle().await;
    });
    let released = released.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert!(released + swept.unwrap() <= 1);
    assert_eq!(expired(&app, &order).await, 1);
    assert_eq!(count(&app, &seats, Cells::Total).await.claimed, 4);
    let found = ledger::counts(app.store(), &[(rooms.id, stay)]).await.unwrap();
    assert_eq!(found[&rooms.id].values().map(|count| (count.claimed, count.free)).max(), Some((2, 3)));
    assert_eq!(found[&rooms.id].values().map(|count| (count.claimed, count.free)).min(), Some((2, 3)));
    assert_eq!(app.store().order(sold.id).await.unwrap().state, OrderState::Confirmed);
    assert_eq!(tasks.queue.dead_letters().await.unwrap(), 0);
}

/// The clocks of two machines differ by a second: one confirms at the last moment, one releases already.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_that_races_the_release_is_sold_with_its_units_or_refused_without() {
    const RACES: u32 = 20;
    let app = TestApp::start().await;
    let seats = pool(&app, &Cells::Total, RACES).await;
    let mut sold = 0;
    for race in 0..RACES {
        let order = hold(&app, &[(&seats, Cells::Total, 1)]).await;
        let (early, late) = (app.now() + HOLD, app.now() + HOLD + SignedDuration::from_secs(1));
        let confirmed = order.clone().confirm(early).unwrap();
        let confirm = write(&app, Some(&order), &confirmed, "order.confirmed");
        let release = tasks::release(app.store(), order.id, late);
        let (confirm, release) = if race % 2 == 0 {
            tokio::join!(confirm, release)
        } else {
            let (release, confirm) = tokio::join!(release, confirm);
            (confirm, release)
        };
        let stored = app.store().order(order.id).await.unwrap().state;
        match (confirm.is_ok(), release.unwrap()) {
            (true, false) => {
                sold += 1;
                assert_eq!(stored, OrderState::Confirmed);
            }
            (false, true) => assert_eq!(stored, OrderState::Expired),
            both => panic!("confirmed, released: {both:?}"),
        }
        assert_eq!(count(&app, &seats, Cells::Total).await.claimed, sold);
    }
    println!("confirmed {sold} of {RACES}, the others released");
}

#[tokio::test]
async fn the_sweep_finds_what_no_job_came_for_and_goes_on_after_one_that_fails() {
    let app = TestApp::start().await;
    let (broken, seats) = (pool(&app, &Cells::Total, 9).await, pool(&app, &Cells::Total, 200).await);
    hold(&app, &[(&broken, Cells::Total, 3)]).await;
    app.advance(SignedDuration::from_secs(1));
    for _ in 0..120 {
        hold(&app, &[(&seats, Cells::Total, 1)]).await;
    }
    crate::audit_ledger::scene::set(&app, &broken.id.to_string(), 0, &[("n0", Some(1))]).await;
    app.advance(HOLD + SignedDuration::from_secs(2));
    let tasks = &app.tasks();
    assert!(tasks::sweep(tasks).await.is_err(), "the ledger lacks units of the first one");
    assert_eq!(count(&app, &seats, Cells::Total).await.claimed, 0);
    assert_eq!(count(&app, &broken, Cells::Total).await.claimed, 1);
}
