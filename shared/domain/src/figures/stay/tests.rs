//! What the events of a stay add comes to what the stay is at the end, in whatever order it is added.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixtures::{at, zone};
use crate::hotel::stay::tests::{restayed, stay};
use crate::{Actor, Event, EventId, Order, OrderState};

use super::*;

type Kept = BTreeMap<(Kind, String, String), i64>;

fn kept(events: &[Event]) -> Kept {
    let mut kept = Kept::new();
    for delta in events.iter().flat_map(|event| super::super::deltas(event, &zone("Europe/Lisbon"))) {
        let key = (delta.place.kind, delta.place.day.to_string(), delta.name);
        *kept.entry(key).or_default() += delta.by;
    }
    kept.retain(|(kind, ..), by| *by != 0 && [Kind::Nights, Kind::Stays, Kind::Pickup].contains(kind));
    kept
}

fn of_kind(kept: &Kept, kind: Kind) -> Vec<(String, i64)> {
    let found = kept.iter().filter(|((of, ..), _)| *of == kind);
    found.map(|((_, day, name), by)| (format!("{day} {name}"), *by)).collect()
}

fn told(before: Option<&Order>, after: &Order) -> Event {
    after.event(EventId::derived([9; 16]), "order.changed", before, Actor::system())
}

fn held() -> Order {
    Order { state: OrderState::Held, hold_until: Some(at("2027-06-20T12:00:00Z")), ..stay(None) }
}

/// Sold on a day, for three nights from 1 July on, at 100 each.
fn sold(day: &str) -> Order {
    Order { created_at: at(day), updated_at: at(day), ..stay(Some(1)) }
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Confirm,
    Change(u8, i64),
    Cancel,
    NoShow,
    Expire,
}

fn done(order: &Order, act: Act, day: i64) -> Option<Order> {
    let early = at("2027-06-20T10:00:00Z").saturating_add(jiff::SignedDuration::from_hours(24 * day)).ok()?;
    match act {
        Act::Confirm => order.clone().confirm(at("2027-06-20T11:00:00Z")).ok(),
        Act::Change(nights, price) => restayed(order.clone(), nights, price, early).ok(),
        Act::Cancel => order.clone().cancel(None, early).ok(),
        Act::NoShow => order.clone().no_show(at("2027-07-02T10:00:00Z")).ok(),
        Act::Expire => order.clone().expire(at("2027-06-21T10:00:00Z")).ok(),
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => Just(Act::Confirm),
        3 => (1_u8..20, 1_000_i64..30_000).prop_map(|(nights, price)| Act::Change(nights, price)),
        1 => Just(Act::Cancel),
        1 => Just(Act::NoShow),
        1 => Just(Act::Expire),
    ];
    prop::collection::vec(act, 0..10)
}

proptest! {
    #[test]
    fn the_life_of_a_stay_adds_up_to_how_it_stands_in_any_order(
        acts in acts(), places in prop::collection::vec(any::<Index>(), 11)
    ) {
        let mut order = held();
        let mut events = vec![told(None, &order)];
        for (act, day) in acts.into_iter().zip(0..) {
            let Some(next) = done(&order, act, day) else { continue };
            events.push(told(Some(&order), &next));
            order = next;
        }
        for (at, place) in places.iter().enumerate().take(events.len()) {
            let other = place.index(events.len());
            events.swap(at, other);
        }
        let kept = kept(&events);
        let mut stands = Vec::new();
        let mut of_month = (0, 0);
        if order.state == OrderState::Confirmed {
            let nightly = &order.stay.as_ref().unwrap().rooms[0].nightly;
            for (price, night) in nightly.iter().zip(1..) {
                stands.push((format!("2027-07-01 revenue#2027-07-{night:02}#EUR"), *price));
                stands.push((format!("2027-07-01 sold#2027-07-{night:02}"), 1));
                of_month = (of_month.0 + 1, of_month.1 + price);
            }
        }
        stands.sort_unstable();
        prop_assert_eq!(of_kind(&kept, Kind::Nights), stands);
        // Whatever was picked up is what is on the books.
        let picked = |name: &str| -> i64 {
            let all = kept.iter().filter(|((kind, _, of), _)| *kind == Kind::Pickup && of == name);
            all.map(|(_, by)| by).sum()
        };
        prop_assert_eq!((picked("nights#2027-07-01"), picked("revenue#2027-07-01#EUR")), of_month);
        let alive = i64::from(order.state == OrderState::Confirmed);
        prop_assert_eq!(picked("made") - picked("cancelled") - picked("no_show"), alive);
        let rooms = of_kind(&kept, Kind::Stays).into_iter().find(|(name, _)| name.ends_with(" rooms"));
        prop_assert_eq!(rooms.map_or(0, |(_, by)| by), alive);
    }
}

#[test]
fn a_stay_is_counted_by_night_by_arrival_and_by_the_day_on_which_it_was_sold() {
    // Half past midnight in Lisbon, where it is summer.
    let order = sold("2027-06-24T23:30:00Z");
    let kept = kept(&[told(None, &order)]);
    let nights = of_kind(&kept, Kind::Nights);
    assert_eq!(nights.len(), 6);
    assert_eq!(nights[0], ("2027-07-01 revenue#2027-07-01#EUR".to_owned(), 10_000));
    let stays = [("lead#1", 1), ("lead_days", 6), ("length#3", 1), ("nights", 3), ("rooms", 1), ("sold", 1)];
    let stays = stays.map(|(name, by)| (format!("2027-07-01 {name}"), by));
    assert_eq!(of_kind(&kept, Kind::Stays), stays);
    let pickup = [("made", 1), ("nights#2027-07-01", 3), ("revenue#2027-07-01#EUR", 30_000)];
    assert_eq!(of_kind(&kept, Kind::Pickup), pickup.map(|(name, by)| (format!("2027-06-25 {name}"), by)));
}

#[test]
fn a_hold_is_no_stay_whatever_becomes_of_it_and_who_misses_one_has_not_cancelled_it() {
    let held = held();
    let given = done(&held, Act::Cancel, 0).unwrap();
    assert_eq!(kept(&[told(None, &held), told(Some(&held), &given)]), Kept::new());
    let sold = sold("2027-06-24T10:00:00Z");
    let absent = done(&sold, Act::NoShow, 0).unwrap();
    let kept = kept(&[told(None, &sold), told(Some(&sold), &absent)]);
    assert_eq!(of_kind(&kept, Kind::Stays), [("2027-07-01 no_show".to_owned(), 1)]);
    let names: Vec<_> = of_kind(&kept, Kind::Pickup).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"2027-07-02 no_show".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("cancelled")), "{names:?}");
}

#[test]
fn what_happens_at_the_desk_changes_no_figure() {
    let order = sold("2027-06-24T10:00:00Z");
    let mut late = order.clone();
    late.stay.as_mut().unwrap().rooms[0].late = Some("14:00".parse().unwrap());
    assert_eq!(kept(&[told(Some(&order), &late)]), Kept::new());
}

#[test]
fn classes_begin_with_their_first_number() {
    let found = [0, 1, 6, 7, 200].map(|number| class(&LEAD_CLASSES, number));
    assert_eq!(found, ["0", "1", "1", "7", "180"]);
    assert_eq!([1, 6, 28, 60].map(|number| class(&LENGTH_CLASSES, number)), ["1", "5", "28", "28"]);
}
