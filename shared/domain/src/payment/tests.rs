//! Every order of what a gateway tells ends the same; what does not belong to a payment changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::OrderState;
use crate::fixtures::{at, sold_session};

const NOW: &str = "2027-01-04T08:00:00Z";
const TOTAL: i64 = 49_900;

/// One thing that is told, by a webhook, the customer's browser or an answer of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Failed,
    Authorized,
    Captured,
    /// The customer paid a second time, in another window.
    OtherAuthorized,
    OtherCaptured,
    /// Not told by anybody: the units of a hold that ran out are given back.
    Released,
}

const EVENTS: [Event; 6] = [
    Event::Failed,
    Event::Authorized,
    Event::Captured,
    Event::OtherAuthorized,
    Event::OtherCaptured,
    Event::Released,
];

/// How things stand before anything is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scene {
    Held,
    /// Its units were given back, and are still there.
    ExpiredFree,
    /// Its units were given back, and somebody else has them.
    ExpiredTaken,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    order: Order,
    payment: Payment,
    free: bool,
}

impl World {
    fn at(scene: Scene) -> Self {
        let now = at(NOW);
        let mut order = sold_session(TOTAL);
        let payment =
            Payment::begun(PaymentId::derived([1; 16]), &order, "order_1".into(), TOTAL, now).unwrap();
        match scene {
            Scene::Held => {}
            Scene::ExpiredFree | Scene::ExpiredTaken => order.state = OrderState::Expired,
            Scene::Cancelled => order = order.cancel(None, now).unwrap(),
        }
        Self { order, payment, free: scene != Scene::ExpiredTaken }
    }

    fn take(&mut self, event: Event) {
        let (attempt, stage) = match event {
            Event::Failed => ("pay_1", Stage::Failed),
            Event::Authorized => ("pay_1", Stage::Authorized),
            Event::Captured => ("pay_1", Stage::Captured),
            Event::OtherAuthorized => ("pay_2", Stage::Authorized),
            Event::OtherCaptured => ("pay_2", Stage::Captured),
            Event::Released => {
                if self.order.state == OrderState::Held {
                    self.order.state = OrderState::Expired;
                }
                return self.settle();
            }
        };
        self.payment.told(&told(attempt, stage)).unwrap();
        self.settle();
    }

    /// Does what follows until nothing does; the gateway does what it is asked for.
    fn settle(&mut self) {
        for _ in 0..10 {
            self.order = summed(self.order.clone(), std::slice::from_ref(&self.payment));
            match next(&self.order, std::slice::from_ref(&self.payment)) {
                None => return,
                Some(Next::Sell) if self.order.state == OrderState::Held || self.free => {
                    self.order = self.order.clone().paid(at(NOW)).unwrap();
                }
                Some(Next::Sell) => self.order = self.order.clone().lost(at(NOW)),
                Some(Next::Capture { attempt, .. }) => {
                    self.payment.told(&told(&attempt, Stage::Captured)).unwrap();
                }
                Some(Next::Refund { attempt, amount, .. }) => {
                    let key = self.payment.promise(&attempt, amount, at(NOW));
                    self.payment.refund_told(&back(&key, amount, RefundState::Processed), at(NOW)).unwrap();
                }
            }
        }
        panic!("what follows has no end: {self:?}");
    }

    /// What is true in the end, whatever it was called on the way.
    fn end(&self) -> (OrderState, bool, Vec<i64>, BTreeMap<String, Stage>, Vec<Refund>) {
        let sale = self.order.sale.as_ref().unwrap();
        let sums = vec![sale.charged, sale.captured, sale.refunded, self.payment.promised(), sale.due()];
        let refunds = self.payment.refunds.values().cloned().collect();
        (self.order.state, sale.lost, sums, self.payment.attempts.clone(), refunds)
    }
}

fn told(attempt: &str, stage: Stage) -> Told {
    let amount = Money::new(TOTAL, Currency::INR);
    Told { order: "order_1".into(), attempt: attempt.into(), amount, stage }
}

fn back(key: &str, amount: i64, state: RefundState) -> RefundTold {
    let attempt = key.split('-').next().unwrap().to_owned();
    let amount = Money::new(amount, Currency::INR);
    RefundTold { id: format!("rfnd_{key}"), attempt, key: Some(key.into()), amount, state }
}

/// Every sequence of events up to this length, duplicates and omissions among them.
const LONGEST: u32 = 6;

#[test]
fn every_order_of_what_is_told_ends_in_the_state_that_its_facts_have() {
    let mut sequences = 0;
    for scene in [Scene::Held, Scene::ExpiredFree, Scene::ExpiredTaken, Scene::Cancelled] {
        let mut ends: BTreeMap<BTreeSet<Event>, _> = BTreeMap::new();
        for length in 0..=LONGEST {
            for number in 0..EVENTS.len().pow(length) {
                let places = (0..length).map(|place| EVENTS[number / EVENTS.len().pow(place) % EVENTS.len()]);
                let sequence: Vec<Event> = places.collect();
                let mut world = World::at(scene);
                for event in &sequence {
                    world.take(*event);
                }
                let facts = sequence.iter().copied().collect();
                let end = ends.entry(facts).or_insert_with(|| world.end());
                assert_eq!(*end, world.end(), "{scene:?}: {sequence:?}");
                holds(&world, &sequence);
                sequences += 1;
            }
        }
        println!("payments: {scene:?}: {} sets of facts, one end each", ends.len());
    }
    println!("payments: {sequences} sequences of up to {LONGEST} events");
    assert_eq!(sequences, 4 * 55_987);
}

/// What holds in every end: the customer has paid what is charged or less, never more.
fn holds(world: &World, sequence: &[Event]) {
    let sale = world.order.sale.as_ref().unwrap();
    assert!(world.payment.promised() <= world.payment.captured(), "{sequence:?}");
    assert_eq!(sale.due(), sale.charged - sale.captured + sale.refunded);
    if world.order.state != OrderState::Held {
        assert!(world.payment.captured() - world.payment.promised() <= sale.charged, "{sequence:?}");
    }
    if world.order.state == OrderState::Confirmed {
        assert!(world.payment.is_paid(), "sold for nothing: {sequence:?}");
    }
}

#[test]
fn what_is_told_of_a_refund_only_moves_it_on() {
    let mut promised = World::at(Scene::Cancelled).payment;
    promised.told(&told("pay_1", Stage::Captured)).unwrap();
    let key = promised.promise("pay_1", TOTAL, at(NOW));
    let states = [RefundState::Pending, RefundState::Failed, RefundState::Processed];
    for number in 0..27 {
        let mut payment = promised.clone();
        let told = [number % 3, number / 3 % 3, number / 9].map(|place| states[place]);
        for state in told {
            payment.refund_told(&back(&key, TOTAL, state), at(NOW)).unwrap();
        }
        assert_eq!(payment.refunds[&key].state, told.into_iter().max().unwrap());
        assert_eq!(payment.promised(), TOTAL, "what failed is still owed");
    }
}

#[test]
fn what_somebody_gives_back_in_the_pages_of_the_gateway_counts_once() {
    let mut world = World::at(Scene::Held);
    world.take(Event::Captured);
    let theirs = RefundTold {
        id: "rfnd_9".into(),
        key: None,
        ..back("pay_1-refund-1", 9_900, RefundState::Processed)
    };
    for _ in 0..2 {
        world.payment.refund_told(&theirs, at(NOW)).unwrap();
        world.settle();
    }
    let sale = world.order.sale.clone().unwrap();
    assert_eq!((sale.charged, sale.refunded, sale.due()), (TOTAL, 9_900, 9_900));
    // Then the customer cancels: only the rest is given back.
    world.order = world.order.clone().cancel(None, at(NOW)).unwrap();
    world.settle();
    let amounts = world.payment.refunds.iter().map(|(key, refund)| (key.as_str(), refund.amount));
    assert_eq!(amounts.collect::<Vec<_>>(), [("pay_1-refund-2", TOTAL - 9_900), ("rfnd_9", 9_900)]);
}

#[test]
fn what_is_promised_back_is_promised_once_although_it_has_not_gone_yet() {
    let mut world = World::at(Scene::Held);
    world.take(Event::Captured);
    world.order = world.order.clone().reduced(10_000, at(NOW)).unwrap();
    let payments = |world: &World| vec![world.payment.clone()];
    let Some(Next::Refund { attempt, amount, .. }) = next(&world.order, &payments(&world)) else {
        panic!("what is too much goes back")
    };
    assert_eq!(amount, 10_000);
    world.payment.promise(&attempt, amount, at(NOW));
    assert_eq!(next(&world.order, &payments(&world)), None);
}

#[test]
fn an_order_is_sold_once_its_first_part_is_paid_and_not_before() {
    let order = sold_session(TOTAL);
    let take = |number: u8, amount: i64| {
        Payment::taken(PaymentId::derived([number; 16]), &order, Means::Cash, amount, at(NOW)).unwrap()
    };
    let mut payments = vec![take(1, TOTAL - 1)];
    assert_eq!(next(&order, &payments), None);
    payments.push(take(2, 1));
    assert_eq!(next(&order, &payments), Some(Next::Sell));
}

#[test]
fn what_is_not_this_payment_changes_nothing() {
    let mut payment = World::at(Scene::Held).payment;
    let before = payment.clone();
    let fine = told("pay_1", Stage::Captured);
    for wrong in [
        Told { order: "order_2".into(), ..fine.clone() },
        Told { amount: Money::new(TOTAL - 1, Currency::INR), ..fine.clone() },
        Told { amount: Money::new(TOTAL, Currency::USD), ..fine.clone() },
    ] {
        assert_eq!(payment.told(&wrong).unwrap_err().code(), Code::PaymentMismatch, "{wrong:?}");
        assert_eq!(payment, before);
    }
    payment.told(&fine).unwrap();
    let paid = payment.clone();
    let fine_refund = back("pay_1-refund-1", 1, RefundState::Processed);
    for wrong in [
        RefundTold { attempt: "pay_2".into(), ..fine_refund.clone() },
        RefundTold { amount: Money::new(1, Currency::USD), ..fine_refund.clone() },
        RefundTold { amount: Money::new(TOTAL + 1, Currency::INR), ..fine_refund.clone() },
        RefundTold { amount: Money::new(-1, Currency::INR), ..fine_refund.clone() },
    ] {
        assert_eq!(
            payment.refund_told(&wrong, at(NOW)).unwrap_err().code(),
            Code::PaymentMismatch,
            "{wrong:?}"
        );
        assert_eq!(payment, paid);
    }
    let cash = Payment::taken(payment.id, &sold_session(TOTAL), Means::Cash, TOTAL, at(NOW)).unwrap();
    assert!(cash.clone().told(&fine).is_err());
}

#[test]
fn a_gateway_is_asked_for_three_days_after_the_last_news() {
    let mut payment = World::at(Scene::Held).payment;
    let mut now = payment.look_at.unwrap();
    assert_eq!(now, at("2027-01-04T08:15:00Z"));
    let mut asked = 0;
    while let Some(due) = payment.look_at {
        now = due;
        payment = payment.revised(now, false);
        asked += 1;
    }
    assert_eq!((asked, now), (8, at("2027-01-07T08:00:00Z")), "twice as late each time");
    payment.told(&told("pay_1", Stage::Captured)).unwrap();
    assert_eq!(payment.revised(now, true).look_at, None, "nothing is open any more");
}
