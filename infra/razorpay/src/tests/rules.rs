//! Whatever is done in whatever order: no order is paid twice, and nothing is given back that was not taken.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Map;

use crate::entity::Method;
use crate::state::State;

#[derive(Debug, Clone)]
enum Deed {
    Order(i64),
    Attempt(Index, bool),
    Capture(Index),
    Late(Index),
    Refund(Index, i64, Option<u8>),
    Settle(Index, bool),
    Wait(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    let one = any::<Index>;
    prop_oneof![
        (0..1000_i64).prop_map(Deed::Order),
        (one(), any::<bool>()).prop_map(|(order, granted)| Deed::Attempt(order, granted)),
        one().prop_map(Deed::Capture),
        one().prop_map(Deed::Late),
        (one(), -1..700_i64, proptest::option::of(0..3_u8))
            .prop_map(|(of, minor, key)| Deed::Refund(of, minor, key)),
        (one(), any::<bool>()).prop_map(|(refund, processed)| Deed::Settle(refund, processed)),
        any::<bool>().prop_map(Deed::Wait),
    ]
}

fn chosen(ids: &[String], at: Index) -> &str {
    if ids.is_empty() { "none" } else { at.get::<String>(ids).as_str() }
}

proptest! {
    #[test]
    fn sums_always_hold(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut state = State::new(1);
        let (mut orders, mut payments, mut refunds) = (Vec::new(), Vec::new(), Vec::new());
        for deed in deeds {
            match deed {
                Deed::Order(minor) => {
                    let made = state.create(minor, "INR", Some("pay_1"), Map::new(), 0);
                    orders.extend(made.ok().and_then(|order| order["id"].as_str().map(str::to_owned)));
                }
                Deed::Attempt(order, granted) => {
                    let made = state.attempt(chosen(&orders, order), Method::Upi, granted, 0);
                    payments.extend(made);
                }
                Deed::Capture(payment) => drop(state.capture(chosen(&payments, payment), None, 0)),
                Deed::Late(payment) => drop(state.late(chosen(&payments, payment), 0)),
                Deed::Refund(payment, minor, key) => {
                    let key = key.map(|key| format!("key-number-{key}"));
                    let made = state.refund_by(chosen(&payments, payment), Some(minor), (key.as_deref(), None), 0);
                    refunds.extend(made.ok().and_then(|refund| refund["id"].as_str().map(str::to_owned)));
                }
                Deed::Settle(refund, processed) => drop(state.settle(chosen(&refunds, refund), processed, 0)),
                Deed::Wait(wait) => state.refunds_wait = wait,
            }
            for id in &orders {
                let order = state.order(id).unwrap();
                let of: Vec<_> = order.payments.iter().map(|id| state.payment(id).unwrap()).collect();
                let captured = of.iter().filter(|payment| payment.captured).count();
                prop_assert_eq!(captured, usize::from(order.paid));
                for payment in of {
                    let kept = payment.refunds.iter().map(|id| state.refund(id).unwrap());
                    let alive = kept.filter(|refund| refund.status.as_str() != "failed");
                    prop_assert_eq!(alive.map(|refund| refund.amount.minor).sum::<i64>(), payment.refunded);
                    prop_assert!((0..=payment.amount.minor).contains(&payment.refunded));
                }
            }
            let totals = state.totals();
            for total in totals.orders.values().chain(totals.currencies.values()) {
                prop_assert!((0..=total.captured).contains(&total.refunded));
            }
        }
        let kept = serde_json::to_string(&state).unwrap();
        let read: State = serde_json::from_str(&kept).unwrap();
        prop_assert_eq!(read.totals(), state.totals());
    }
}
