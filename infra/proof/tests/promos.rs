//! Uses of promo codes, step by step: what `tests/mutants` breaks of them, one of these notices.
#![expect(clippy::unwrap_used, reason = "tests")]

use domain::offering::Terms;
use domain::pool::Cells;
use domain::promo::PromoUse;
use domain::{
    Currency, LocationId, OfferingId, Order, OrderId, OrderLine, OrderState, PoolId, PromoCodeId, Requests,
    Sale, UserId,
};
use env::Clock;
use errors::Code;
use jiff::Timestamp;
use proof::base::Base;
use store::{Outcome, Store, Tx};

/// When everything happens.
fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

struct Place {
    base: Base,
    store: Store,
}

/// The only code.
const fn code() -> [u8; 16] {
    [7; 16]
}

/// An order of a customer, held with a code under these limits.
fn held(number: u8, customer: u8, (most, most_each): (Option<u32>, u32)) -> Order {
    let promo =
        PromoUse { id: PromoCodeId::derived(code()), code: "DIWALI".parse().unwrap(), most, most_each };
    let sale = Sale {
        offering: Some(OfferingId::derived([1; 16])),
        title: "Evening lamp ceremony".parse().unwrap(),
        currency: Currency::INR,
        lines: Vec::new(),
        total: 100,
        first_part: 100,
        terms: Terms::default(),
        starts: now() + jiff::SignedDuration::from_hours(24),
        promo: Some(promo),
        address: None,
        charged: 0,
        posted: 0,
        reduced: 0,
        captured: 0,
        refunded: 0,
        lost: false,
        payments: Vec::new(),
        completed: None,
    };
    let pool = PoolId::derived([1; 16]);
    Order {
        id: OrderId::derived([number; 16]),
        location: LocationId::derived([1; 16]),
        user: UserId::derived([customer; 16]),
        booked_by: None,
        lines: vec![OrderLine { pool, cells: Cells::Total, quantity: 1, overbooked: false }],
        state: OrderState::Held,
        hold_until: Some(now()),
        sale: Some(Box::new(sale)),
        stay: None,
        note: None,
        reason: None,
        created_at: now(),
        updated_at: now(),
        version: 1,
        request: Some(format!("request {number}")),
        requests: Requests::default(),
    }
}

impl Place {
    async fn open() -> Self {
        let base = Base::start(&Clock::at(now())).await.unwrap();
        let store = Store::new(base.tables().await.unwrap());
        Self { base, store }
    }

    async fn order(&self, order: &Order) -> Result<bool, Code> {
        let mut tx = Tx::new();
        tx.insert_order(&self.store, order);
        let done = self.store.commit(tx).await.map_err(|error| error.code())?;
        Ok(matches!(done, Outcome::Committed))
    }

    async fn change(&self, before: &Order, after: Order) -> Result<Order, Code> {
        let mut tx = Tx::new();
        tx.update_order(&self.store, before, &after);
        self.store.commit(tx).await.map_err(|error| error.code())?;
        Ok(after)
    }

    /// How often it is used: in all, and by this customer.
    async fn uses(&self, customer: u8) -> (u32, u32) {
        let (id, user) = (PromoCodeId::derived(code()), UserId::derived([customer; 16]));
        self.store.promo_uses_by(id, user).await.unwrap()
    }
}

#[tokio::test]
async fn the_last_use_is_given_and_no_more() {
    let place = Place::open().await;
    for (customer, expected) in [(1, Ok(true)), (2, Ok(true)), (3, Err(Code::PromoUsedUp))] {
        assert_eq!(place.order(&held(customer, customer, (Some(2), 1))).await, expected);
    }
    assert_eq!((place.uses(1).await, place.uses(3).await), ((2, 1), (2, 0)));
    assert!(place.store.order(OrderId::derived([3; 16])).await.is_err(), "who is refused has no order");
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_customer_has_a_code_as_often_as_one_may() {
    let place = Place::open().await;
    for (number, expected) in [(1, Ok(true)), (2, Ok(true)), (3, Err(Code::PromoUsedUp))] {
        assert_eq!(place.order(&held(number, 1, (None, 2))).await, expected);
    }
    assert_eq!(place.order(&held(4, 2, (None, 2))).await, Ok(true));
    assert_eq!((place.uses(1).await, place.uses(2).await), ((3, 2), (3, 1)));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_that_comes_again_uses_its_code_once() {
    let place = Place::open().await;
    let order = held(1, 1, (Some(1), 1));
    assert_eq!(place.order(&order).await, Ok(true));
    assert_eq!(place.order(&order).await, Ok(false), "the first result");
    assert_eq!(place.uses(1).await, (1, 1));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn a_use_is_given_back_with_its_units_and_once() {
    let place = Place::open().await;
    let (one, other) = (held(1, 1, (None, 9)), held(2, 1, (None, 9)));
    for order in [&one, &other, &held(3, 1, (None, 9))] {
        assert_eq!(place.order(order).await, Ok(true));
    }
    let later = now() + jiff::SignedDuration::from_secs(1);
    let cancelled = one.clone().cancel(None, now()).unwrap();
    place.change(&one, cancelled.clone()).await.unwrap();
    assert_eq!(place.change(&one, cancelled).await, Err(Code::Changed));
    assert_eq!(place.uses(1).await, (2, 2));
    let expired = place.change(&other, other.clone().expire(later).unwrap()).await.unwrap();
    assert_eq!(place.uses(1).await, (1, 1));
    // Money came too late for its units: that changes nothing about the code.
    place.change(&expired, expired.clone().lost(later)).await.unwrap();
    assert_eq!(place.uses(1).await, (1, 1));
    place.base.stop().await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_paid_after_all_uses_its_code_beyond_the_limit() {
    let place = Place::open().await;
    let first = held(1, 1, (Some(1), 1));
    assert_eq!(place.order(&first).await, Ok(true));
    let later = now() + jiff::SignedDuration::from_secs(1);
    let expired = place.change(&first, first.clone().expire(later).unwrap()).await.unwrap();
    assert_eq!(place.order(&held(2, 2, (Some(1), 1))).await, Ok(true));
    let paid = place.change(&expired, expired.clone().paid(later).unwrap()).await.unwrap();
    assert_eq!((place.uses(1).await, place.uses(2).await), ((2, 1), (2, 1)));
    assert_eq!(place.order(&held(3, 3, (Some(1), 1))).await, Err(Code::PromoUsedUp));
    place.change(&paid, paid.clone().cancel(None, later).unwrap()).await.unwrap();
    assert_eq!((place.uses(1).await, place.uses(2).await), ((1, 0), (1, 1)));
    place.base.stop().await.unwrap();
}
