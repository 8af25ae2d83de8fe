//! What events add comes to what there is at the end, in whatever order it is added.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::fixtures::{at, sold_session, zone};
use crate::payment::{Means, Stage};
use crate::{Actor, EventId, Order, Payment, PaymentId};

type Kept = BTreeMap<(Place, String), i64>;

fn kept(events: &[Event], zone: &Zone) -> Kept {
    let mut kept = Kept::new();
    for delta in events.iter().flat_map(|event| deltas(event, zone)) {
        *kept.entry((delta.place, delta.name)).or_default() += delta.by;
    }
    kept.retain(|_, by| *by != 0);
    kept
}

fn of_kind(kept: &Kept, kind: Kind) -> Vec<(String, i64)> {
    let found = kept.iter().filter(|((place, _), _)| place.kind == kind);
    found.map(|((place, name), by)| (format!("{} {name}", place.day), *by)).collect()
}

fn told(before: Option<&Order>, after: &Order, kind: &str) -> Event {
    after.event(EventId::derived([9; 16]), kind, before, Actor::system())
}

/// What an order may go through, whether or not that can follow.
#[derive(Debug, Clone, Copy)]
enum Act {
    Captured(i64),
    Refunded(i64),
    Confirmed,
    Cancelled,
    Expired,
    Completed,
    Lost,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (1_i64..50_000).prop_map(Act::Captured),
        (1_i64..50_000).prop_map(Act::Refunded),
        Just(Act::Confirmed),
        Just(Act::Cancelled),
        Just(Act::Expired),
        Just(Act::Completed),
        Just(Act::Lost),
    ];
    prop::collection::vec(act, 0..12)
}

fn done(order: &Order, act: Act) -> Option<Order> {
    let (mut order, now) = (order.clone(), at("2027-01-04T08:05:00Z"));
    let mut money = |captured, refunded| {
        let sale = order.sale.as_mut()?;
        (sale.captured, sale.refunded) = (sale.captured + captured, sale.refunded + refunded);
        Some(order.clone())
    };
    match act {
        Act::Captured(amount) => money(amount, 0),
        Act::Refunded(amount) => money(0, amount),
        Act::Confirmed => order.confirm(now).ok(),
        Act::Cancelled => order.cancel(None, now).ok(),
        Act::Expired => order.expire(at("2027-01-04T09:00:00Z")).ok(),
        Act::Completed => order.complete(None, now).ok(),
        Act::Lost => Some(order.lost(now)),
    }
}

proptest! {
    #[test]
    fn the_life_of_an_order_adds_up_to_how_it_stands_in_any_order(
        acts in acts(), places in prop::collection::vec(any::<Index>(), 13)
    ) {
        let zone = zone("Asia/Kolkata");
        let mut order = sold_session(49_900);
        let mut events = vec![told(None, &order, "order.held")];
        for act in acts {
            let Some(next) = done(&order, act) else { continue };
            events.push(told(Some(&order), &next, "order.changed"));
            order = next;
        }
        for (at, place) in places.iter().enumerate().take(events.len()) {
            let other = place.index(events.len());
            events.swap(at, other);
        }
        let sale = order.sale.as_ref().unwrap();
        let mut stands = vec![
            ("made", 1),
            (order.state.as_str(), 1),
            ("charged#INR", sale.charged),
            ("captured#INR", sale.captured),
            ("refunded#INR", sale.refunded),
            ("lost", sale.lost.into()),
            ("completed", sale.completed.is_some().into()),
        ];
        stands.retain(|(_, by)| *by != 0);
        stands.sort_unstable();
        let stands: Vec<_> = stands.into_iter().map(|(name, by)| (format!("2027-01-04 {name}"), by)).collect();
        let kept = kept(&events, &zone);
        prop_assert_eq!(&of_kind(&kept, Kind::Orders), &stands);
        prop_assert_eq!(&of_kind(&kept, Kind::Offerings), &stands);
    }
}

#[test]
fn money_is_counted_on_the_local_day_on_which_it_came_and_went() {
    let order = sold_session(49_900);
    let means = Means::Razorpay { order: "order_1".to_owned() };
    // Half past three in the morning of the fifth, in Kolkata.
    let begun = at("2027-01-04T22:00:00Z");
    let mut payment = Payment::taken(PaymentId::derived([1; 16]), &order, means, 49_900, begun).unwrap();
    payment.attempts = BTreeMap::from([("pay_1".to_owned(), Stage::Failed)]);
    let event = |before: Option<&Payment>, after: &Payment, time: &str| {
        let after = Payment { updated_at: at(time), ..after.clone() };
        after.event(EventId::derived([9; 16]), "payment.told", before, Actor::system())
    };
    let mut events = vec![event(None, &payment, "2027-01-04T22:00:00Z")];
    let mut paid = payment.clone();
    paid.attempts.insert("pay_1".to_owned(), Stage::Captured);
    events.push(event(Some(&payment), &paid, "2027-01-05T10:00:00Z"));
    let mut back = paid.clone();
    let key = back.promise("pay_1", 9_900, begun);
    events.push(event(Some(&paid), &back, "2027-01-06T10:00:00Z"));
    let mut processed = back.clone();
    processed.refunds.get_mut(&key).unwrap().state = crate::payment::RefundState::Processed;
    events.push(event(Some(&back), &processed, "2027-01-06T18:30:00Z"));
    events.reverse();
    let expected = [
        ("2027-01-05 begun#INR#razorpay", 1),
        ("2027-01-05 captured#INR#razorpay", 49_900),
        ("2027-01-05 paid#INR#razorpay", 1),
        ("2027-01-07 refunded#INR#razorpay", 9_900),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(name, by)| (name.to_owned(), by)).collect();
    assert_eq!(of_kind(&kept(&events, &zone("Asia/Kolkata")), Kind::Money), expected);
}

#[test]
fn what_tells_of_nothing_that_is_counted_adds_nothing() {
    let order = sold_session(49_900);
    let noted = Order { reason: Some("Rain".parse().unwrap()), ..order.clone() };
    assert_eq!(deltas(&told(Some(&order), &noted, "order.changed"), &Zone::utc()), []);
    let mut unmarked = told(None, &order, "order.held");
    unmarked.data.as_object_mut().unwrap().remove("of");
    assert_eq!(deltas(&unmarked, &Zone::utc()), []);
    assert_eq!(deltas(&Event { data: Value::Null, ..unmarked.clone() }, &Zone::utc()), []);
    let elsewhere = Event { kind: "account.registered".to_owned(), ..told(None, &order, "order.held") };
    assert_eq!(deltas(&elsewhere, &Zone::utc()), []);
    assert_eq!((location(&elsewhere), location(&unmarked)), (Some(order.location), None));
}

#[test]
fn no_event_says_who() {
    let order = sold_session(49_900);
    let event = told(None, &order, "order.held");
    let of = event.data["of"].to_string();
    assert!(!of.contains(&order.user.to_string()), "{of}");
}
