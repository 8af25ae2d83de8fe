//! Each race by itself, step by step: what `tests/mutants` breaks, one of these notices.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::pool::{Cell, Cells, Count, PoolKind};
use domain::{OrderLine, PoolId, ResourceId, Span};
use env::Clock;
use errors::Code;
use jiff::{SignedDuration, Timestamp};
use ledger::{BelowSold, Changes, Claim, Offer, UnitsClaim};
use proof::acts::{Desk, Key, Outcome, Seen, Step, Wanted, World};
use proof::base::Base;
use proof::wire::{Fault, Wire};
use store::{Config, Store, Tx};

/// Ten minutes, and the second after them.
const HOLD: i64 = 600;

struct Place {
    base: Base,
    config: Config,
    desk: Desk,
    room: ResourceId,
}

/// Seconds after everything began.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

impl Place {
    async fn open() -> Self {
        let base = Base::start(&Clock::at(at(0))).await.unwrap();
        let config = base.tables().await.unwrap();
        let desk = Desk::new(Store::new(config.clone()), World::new((0, 0)).unwrap());
        Self { base, config, desk, room: ResourceId::derived([1; 16]) }
    }

    /// From one quantum of tomorrow until another.
    fn span(from: i64, to: i64) -> Span {
        Span::new(at(86_400 + from * 300), at(86_400 + to * 300)).unwrap()
    }

    fn time(&self, from: i64, to: i64) -> Wanted {
        Wanted { time: Some((self.room, Self::span(from, to))), ..Wanted::default() }
    }

    async fn pool(&self, capacity: u32, overbooking: u32) -> PoolId {
        let pool = PoolId::derived([2; 16]);
        let world = World::new((0, 0)).unwrap();
        world.open(self.desk.store(), pool, PoolKind::Total, at(0)).await.unwrap();
        let offer = Offer { capacity: Some(capacity), overbooking: Some(overbooking), closed: None };
        assert_eq!(self.offer(pool, offer).await, Outcome::Done);
        pool
    }

    async fn offer(&self, pool: PoolId, offer: Offer) -> Outcome {
        let key = Key(u128::from_be_bytes(env::random()));
        let done = self.desk.offer(key, (pool, &Cells::Total), &offer, BelowSold::Refuse, at(0)).await;
        done.unwrap_or_else(Outcome::from)
    }

    async fn claim(&self, key: u128, wanted: &Wanted, seconds: i64) -> Outcome {
        self.desk.claim(Key(key), wanted, at(seconds)).await.unwrap_or_else(Outcome::from)
    }

    /// A change over what was read of the records before.
    async fn write(&self, seen: Seen, step: Step, seconds: i64) -> Outcome {
        self.desk.write(None, seen, &step, at(seconds)).await.unwrap_or_else(Outcome::from)
    }

    async fn change(&self, key: u128, step: Step, seconds: i64) -> Outcome {
        self.desk.change(Key(key), None, &step, at(seconds)).await.unwrap_or_else(Outcome::from)
    }

    async fn seen(&self, key: u128) -> Seen {
        self.desk.seen(Key(key)).await.unwrap()
    }

    async fn count(&self, pool: PoolId) -> Count {
        let counts = ledger::counts(self.desk.store(), &[(pool, Cells::Total)]).await.unwrap();
        counts.get(&pool).and_then(|counts| counts.get(&Cell::Total)).copied().unwrap()
    }

    /// How many runs of quanta are taken.
    async fn taken(&self, seconds: i64) -> usize {
        ledger::taken(self.desk.store(), self.room, Self::span(0, 72), at(seconds)).await.unwrap().len()
    }
}

fn held(wanted: Wanted) -> Wanted {
    Wanted { hold: Some(SignedDuration::from_secs(HOLD)), ..wanted }
}

fn units(pool: PoolId, quantity: u32) -> Wanted {
    let line = OrderLine { pool, cells: Cells::Total, quantity, overbooked: false };
    Wanted { lines: vec![line], ..Wanted::default() }
}

#[tokio::test]
async fn a_taken_quantum_is_not_claimed() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &place.time(2, 5), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &place.time(4, 6), 0).await, Outcome::Taken);
    assert_eq!(place.claim(3, &place.time(5, 6), 0).await, Outcome::Done);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_asked_for_once() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &place.time(2, 5), 0).await, Outcome::Done);
    let wanted = place.time(4, 6);
    let (outcome, usage) = store::metered(place.claim(2, &wanted, 0)).await;
    assert_eq!((outcome, usage.trips), (Outcome::Taken, 2), "one trip to read, one to be refused");
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_hold_lasts_through_the_second_it_ends_in() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    // The owner with the smallest mark of that second, so that nothing but the second decides.
    assert_eq!(place.claim(100_000_000, &held(place.time(10, 12)), 0).await, Outcome::Done);
    for (key, from, to) in [(2, 2, 5), (3, 10, 12)] {
        assert_eq!(place.claim(key, &place.time(from, to), HOLD).await, Outcome::Taken);
        assert_eq!(place.claim(key, &place.time(from, to), HOLD + 1).await, Outcome::Done);
    }
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_hold_that_ran_out_is_not_confirmed() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &held(place.time(6, 8)), 0).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Confirm, HOLD).await, Outcome::Done);
    assert_eq!(place.change(2, Step::Confirm, HOLD + 1).await, Outcome::Expired);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_hold_that_was_taken_over_is_not_confirmed_by_a_slow_clock() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &place.time(4, 6), HOLD + 1).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Confirm, HOLD - 1).await, Outcome::Expired);
    assert_eq!(place.taken(HOLD + 1).await, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_late_release_frees_nobody_else() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &place.time(2, 5), HOLD + 1).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Cancel, HOLD - 1).await, Outcome::Expired);
    assert_eq!(place.claim(3, &place.time(2, 5), HOLD + 1).await, Outcome::Taken);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_release_of_the_same_second_frees_nobody_else() {
    let place = Place::open().await;
    // Two holds that end in the same second: the first is given up, and the second has its time.
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    let early = place.seen(1).await;
    assert_eq!(place.change(1, Step::Cancel, 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &held(place.time(2, 5)), 0).await, Outcome::Done);
    // What the first one claimed, released once more by the ledger alone, without the record that would refuse it.
    let mut tx = Tx::new();
    let release = Changes::between(early.booking.as_ref(), None);
    release.add_to(&mut tx, place.desk.store(), at(0)).unwrap();
    let refused = place.desk.store().commit(tx).await.unwrap_err();
    assert_eq!(refused.code(), Code::HoldExpired);
    assert_eq!(place.claim(3, &place.time(2, 5), 0).await, Outcome::Taken);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_given_back_can_be_had_again() {
    let place = Place::open().await;
    let pool = place.pool(1, 0).await;
    assert_eq!(
        place.claim(1, &Wanted { time: place.time(2, 5).time, ..units(pool, 1) }, 0).await,
        Outcome::Done
    );
    assert_eq!(place.change(1, Step::Cancel, 0).await, Outcome::Done);
    assert_eq!(
        place.claim(2, &Wanted { time: place.time(2, 5).time, ..units(pool, 1) }, 0).await,
        Outcome::Done
    );
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_key_claims_once() {
    let place = Place::open().await;
    let pool = place.pool(5, 0).await;
    assert_eq!(place.claim(1, &units(pool, 1), 0).await, Outcome::Done);
    // A second delivery that looked before the first one wrote.
    let order = place.seen(1).await.order.unwrap();
    let mut tx = Tx::new();
    tx.insert_order(place.desk.store(), &order);
    Changes::between(None, Some(&order)).add_to(&mut tx, place.desk.store(), at(0)).unwrap();
    let outcome = place.desk.store().commit(tx).await.unwrap();
    assert!(matches!(outcome, store::Outcome::Replayed(_)), "{outcome:?}");
    assert_eq!(place.count(pool).await.claimed, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_unit_is_sold_and_no_more() {
    let place = Place::open().await;
    let pool = place.pool(3, 0).await;
    assert_eq!(place.claim(1, &units(pool, 1), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &units(pool, 3), 0).await, Outcome::SoldOut);
    assert_eq!(place.claim(3, &units(pool, 2), 0).await, Outcome::Done);
    assert_eq!(place.claim(4, &units(pool, 1), 0).await, Outcome::SoldOut);
    let count = place.count(pool).await;
    assert_eq!((count.claimed, count.free), (3, 0));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn the_allowance_is_sold_and_no_more() {
    let place = Place::open().await;
    let pool = place.pool(1, 1).await;
    let beyond = Wanted { overbook: true, ..units(pool, 1) };
    assert_eq!(place.claim(1, &units(pool, 1), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &units(pool, 1), 0).await, Outcome::SoldOut, "not without the decision");
    assert_eq!(place.claim(3, &beyond, 0).await, Outcome::Done);
    assert!(place.seen(3).await.order.unwrap().lines.iter().all(|line| line.overbooked));
    assert_eq!(place.claim(4, &beyond, 0).await, Outcome::SoldOut);
    assert_eq!(place.count(pool).await.claimed, 2);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_is_sold_of_what_is_closed() {
    let place = Place::open().await;
    let pool = place.pool(3, 3).await;
    assert_eq!(place.offer(pool, Offer { closed: Some(true), ..Offer::default() }).await, Outcome::Done);
    assert_eq!(place.claim(1, &units(pool, 1), 0).await, Outcome::SoldOut);
    assert_eq!(place.offer(pool, Offer { closed: Some(false), ..Offer::default() }).await, Outcome::Done);
    assert_eq!(place.claim(2, &units(pool, 1), 0).await, Outcome::Done);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_never_claimed_is_not_given_back() {
    let place = Place::open().await;
    let pool = place.pool(3, 0).await;
    assert_eq!(place.claim(1, &units(pool, 1), 0).await, Outcome::Done);
    let mut tx = Tx::new();
    let claim = Claim::Units(UnitsClaim { pool, cells: Cells::Total, quantity: 2 });
    Changes::new().release(&claim).add_to(&mut tx, place.desk.store(), at(0)).unwrap();
    assert_eq!(place.desk.store().commit(tx).await.unwrap_err().code(), Code::Internal);
    assert_eq!(place.count(pool).await.claimed, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_hold_on_units_is_given_back_once() {
    let place = Place::open().await;
    let pool = place.pool(3, 0).await;
    assert_eq!(place.claim(1, &held(units(pool, 1)), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &units(pool, 1), 0).await, Outcome::Done);
    let seen = place.seen(1).await;
    assert_eq!(place.write(seen.clone(), Step::Release, HOLD + 1).await, Outcome::Done);
    assert_eq!(place.write(seen.clone(), Step::Release, HOLD + 1).await, Outcome::Changed);
    assert_eq!(place.write(seen, Step::Confirm, HOLD - 1).await, Outcome::Changed);
    assert_eq!(place.count(pool).await.claimed, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_record_changes_only_over_the_version_that_was_read() {
    let place = Place::open().await;
    let pool = place.pool(3, 0).await;
    assert_eq!(place.claim(1, &held(units(pool, 1)), 0).await, Outcome::Done);
    let seen = place.seen(1).await.order.unwrap();
    assert_eq!(place.change(1, Step::Confirm, 0).await, Outcome::Done);
    // Without the event, whose key would refuse it too.
    let expired = seen.clone().expire(at(HOLD + 1)).unwrap();
    let mut tx = Tx::new();
    tx.update_order(place.desk.store(), &seen, &expired);
    Changes::between(Some(&seen), Some(&expired)).add_to(&mut tx, place.desk.store(), at(HOLD + 1)).unwrap();
    assert_eq!(place.desk.store().commit(tx).await.unwrap_err().code(), Code::Changed);
    assert_eq!(place.count(pool).await.claimed, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_hold_that_runs_is_not_given_back() {
    let place = Place::open().await;
    let pool = place.pool(1, 0).await;
    assert_eq!(place.claim(1, &held(units(pool, 1)), 0).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Release, HOLD).await, Outcome::Wrong);
    assert_eq!(place.change(1, Step::Confirm, HOLD).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Release, HOLD + 1).await, Outcome::Wrong);
    assert_eq!(place.count(pool).await.claimed, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_sale_between_the_reading_and_the_writing_of_an_offer_is_not_forgotten() {
    let place = Place::open().await;
    let pool = place.pool(3, 0).await;
    let seen = BTreeMap::from([(Cell::Total, place.count(pool).await)]);
    assert_eq!(place.claim(1, &units(pool, 3), 0).await, Outcome::Done);
    let fewer = Offer { capacity: Some(2), ..Offer::default() };
    for (below, code) in [(BelowSold::Refuse, Code::BelowSold), (BelowSold::Queue, Code::Changed)] {
        let mut tx = Tx::new();
        let short = ledger::offer(&mut tx, place.desk.store(), (pool, &Cells::Total), &fewer, &seen, below);
        assert_eq!(short.unwrap(), [], "nothing was sold when it was read");
        assert_eq!(place.desk.store().commit(tx).await.unwrap_err().code(), code);
    }
    let seen = BTreeMap::from([(Cell::Total, place.count(pool).await)]);
    let mut tx = Tx::new();
    let short =
        ledger::offer(&mut tx, place.desk.store(), (pool, &Cells::Total), &fewer, &seen, BelowSold::Queue);
    assert_eq!(short.unwrap().iter().map(|(_, count)| count.short()).collect::<Vec<_>>(), [1]);
    place.desk.store().commit(tx).await.unwrap();
    let count = place.count(pool).await;
    assert_eq!((count.capacity, count.claimed, count.free), (2, 3, -1));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_lost_before_a_conflict_is_still_an_answer() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &held(place.time(2, 5)), 0).await, Outcome::Done);
    // Carried out, but the answer is lost; the SDK asks again, and other transactions are in the way; then all is well. With
    // another token the confirmation would meet its own record, and be told that somebody changed it.
    let conflict = Some(Fault::Conflict);
    let wire = Wire::scripted(
        place.config.carrier(),
        [Some(Fault::TimeoutAfter), conflict, conflict, conflict, None],
    );
    let config = Config { http: Some(SharedHttpClient::new(wire)), ..place.config.clone() };
    let other = Desk::new(Store::new(config), World::new((0, 0)).unwrap());
    let (confirmed, usage) = store::metered(other.change(Key(1), None, &Step::Confirm, at(1))).await;
    assert_eq!(confirmed.unwrap_or_else(Outcome::from), Outcome::Done);
    assert_eq!(usage.trips, 6, "one to read, one that was lost, three in others' way, one that is answered");
    assert_eq!(place.taken(HOLD + 1).await, 1);
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_that_comes_again_does_not_undo_what_others_did_since() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &place.time(2, 5), 0).await, Outcome::Done);
    let to = |from, to| Step::Move(place.room, Place::span(from, to));
    let moved = async |key, step| {
        place.desk.change(Key(1), Some(Key(key)), &step, at(0)).await.unwrap_or_else(Outcome::from)
    };
    assert_eq!(moved(10, to(10, 13)).await, Outcome::Done);
    assert_eq!(moved(20, to(20, 23)).await, Outcome::Done);
    assert_eq!(moved(10, to(10, 13)).await, Outcome::Replayed);
    assert_eq!(place.seen(1).await.booking.unwrap().span, Place::span(20, 23));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_move_takes_only_what_is_free() {
    let place = Place::open().await;
    assert_eq!(place.claim(1, &place.time(0, 1), 0).await, Outcome::Done);
    assert_eq!(place.claim(2, &place.time(4, 5), 0).await, Outcome::Done);
    assert_eq!(place.change(1, Step::Move(place.room, Place::span(3, 5)), 0).await, Outcome::Taken);
    assert_eq!(place.change(1, Step::Move(place.room, Place::span(0, 4)), 0).await, Outcome::Done);
    assert_eq!(place.taken(0).await, 2);
    place.base.stop().await.unwrap();
}
