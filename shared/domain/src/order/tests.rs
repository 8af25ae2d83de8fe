//! The life of an order, by table and by example.

use proptest::prelude::*;

use super::*;
use crate::fixtures::at;
use crate::pool::Nights;

const UNTIL: &str = "2027-01-04T08:10:00Z";
const BEFORE: &str = "2027-01-04T08:10:00Z";
const AFTER: &str = "2027-01-04T08:10:01Z";

fn stay(from: &str, to: &str) -> OrderLine {
    let nights = Nights::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    OrderLine { pool: PoolId::derived([1; 16]), cells: Cells::Nights(nights), quantity: 1, overbooked: false }
}

fn order(state: OrderState) -> Order {
    let now = at("2027-01-04T08:00:00Z");
    Order {
        id: OrderId::derived([1; 16]),
        location: LocationId::derived([2; 16]),
        user: UserId::derived([3; 16]),
        booked_by: None,
        lines: vec![stay("2027-02-01", "2027-02-03")],
        state,
        hold_until: (state == OrderState::Held).then(|| at(UNTIL)),
        sale: None,
        stay: None,
        note: None,
        reason: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

fn done(order: Order, action: OrderAction, now: &str) -> Result<Order> {
    let now = at(now);
    match action {
        OrderAction::Confirm => order.confirm(now),
        OrderAction::Change => order.change(vec![stay("2027-03-01", "2027-03-02")], now),
        OrderAction::Cancel => order.cancel(None, now),
        OrderAction::Expire => order.expire(now),
    }
}

/// The table in the words of the product: what is not here is refused.
const POSSIBLE: [(OrderState, OrderAction, OrderState); 5] = [
    (OrderState::Held, OrderAction::Confirm, OrderState::Confirmed),
    (OrderState::Held, OrderAction::Change, OrderState::Held),
    (OrderState::Held, OrderAction::Cancel, OrderState::Cancelled),
    (OrderState::Confirmed, OrderAction::Change, OrderState::Confirmed),
    (OrderState::Confirmed, OrderAction::Cancel, OrderState::Cancelled),
];

#[test]
fn what_is_possible_leads_where_the_table_says_and_all_else_is_refused() {
    for state in OrderState::ALL {
        for action in OrderAction::ALL {
            let expected = POSSIBLE.iter().find(|(from, by, _)| (*from, *by) == (state, action));
            match (done(order(state), action, BEFORE), expected) {
                (Ok(next), Some((_, _, to))) => {
                    assert_eq!((next.state, next.version), (*to, 2), "{state:?} {action:?}");
                    assert_eq!(next.hold_until.is_some(), *to == OrderState::Held);
                }
                (Err(error), None) => {
                    let expired = state == OrderState::Expired && action != OrderAction::Expire;
                    let code = if expired { Code::HoldExpired } else { Code::WrongState };
                    assert_eq!(error.code(), code, "{state:?} {action:?}");
                }
                (result, _) => panic!("{state:?} {action:?}: {result:?}"),
            }
        }
    }
}

#[test]
fn a_hold_that_ran_out_is_expired_and_gives_its_units_back_once() {
    let held = order(OrderState::Held);
    assert_eq!(held.state_at(at(BEFORE)), OrderState::Held, "through the second it ends in");
    assert_eq!(held.state_at(at(AFTER)), OrderState::Expired);
    assert_eq!(held.clone().expire(at(BEFORE)).unwrap_err().code(), Code::WrongState);
    for action in [OrderAction::Confirm, OrderAction::Change, OrderAction::Cancel] {
        assert_eq!(done(held.clone(), action, AFTER).unwrap_err().code(), Code::HoldExpired);
    }
    let expired = held.expire(at(AFTER)).unwrap();
    assert_eq!((expired.state, expired.version), (OrderState::Expired, 2));
    assert!(!expired.state.claims());
    assert_eq!(expired.expire(at(AFTER)).unwrap_err().code(), Code::WrongState);
}

#[test]
fn the_end_of_an_order_is_its_last_departure_unless_some_of_it_has_none() {
    let mut order = order(OrderState::Confirmed);
    order.lines.push(stay("2027-01-10", "2027-02-20"));
    assert_eq!(order.ends(), "2027-02-20".parse().ok());
    let seats = OrderLine { cells: Cells::Total, ..stay("2027-01-10", "2027-02-20") };
    order.lines.push(seats);
    assert_eq!(order.ends(), None);
}

#[test]
fn all_that_is_wrong_with_lines_is_told_at_once() {
    let long = stay("2027-01-01", "2027-03-03");
    assert!(checked(vec![stay("2027-01-01", "2027-03-02")]).is_ok(), "sixty nights");
    let wrong = checked(vec![long, OrderLine { quantity: 0, ..long }]).unwrap_err();
    let found: Vec<_> =
        wrong.field_errors().iter().map(|error| (error.pointer.as_str(), error.code)).collect();
    let expected = [
        ("/lines/0/departure", "too_long"),
        ("/lines/1/quantity", "out_of_range"),
        ("/lines/1/departure", "too_long"),
    ];
    assert_eq!(found, expected);
    let line = stay("2027-01-01", "2027-01-02");
    assert!(checked(vec![line; MOST_LINES]).is_ok());
    for lines in [0, MOST_LINES + 1] {
        assert_eq!(checked(vec![line; lines]).unwrap_err().field_errors()[0].pointer, "/lines");
    }
}

proptest! {
    /// Whatever is asked of an order in whatever order: its version counts what was done, what is over stays over.
    #[test]
    fn an_order_ends_once(actions in prop::collection::vec((prop::sample::select(&OrderAction::ALL[..]), any::<bool>()), 0..12)) {
        let mut current = order(OrderState::Held);
        let mut late = false;
        for (action, later) in actions {
            late |= later;
            let now = if late { AFTER } else { BEFORE };
            if let Ok(next) = done(current.clone(), action, now) {
                prop_assert!(current.state.claims(), "what is given back is given back once");
                prop_assert_eq!(next.version, current.version + 1);
                prop_assert_eq!(current.state_at(at(now)).after(action), Some(next.state));
                current = next;
            }
        }
    }
}
