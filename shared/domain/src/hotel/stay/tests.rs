//! From the arrival to the departure, step by step.

use proptest::prelude::*;

use super::*;
use crate::fixtures::{at, sold_session};
use crate::hotel::price::Priced;
use crate::hotel::price::tests::{double, plan, wanted};

pub(crate) fn stay(no_show_nights: Option<u8>) -> Order {
    let (plan, room, wanted) = (plan(10_000), double(), wanted("2027-07-01", "2027-07-04", 2));
    let priced = Priced { plan: &plan, parent: None };
    let nightly = priced.nights(&wanted).unwrap();
    let sale = priced.sale(&[(&room, &wanted.party, &nightly)], at("2027-07-01T13:00:00Z")).unwrap();
    let stay = Stay {
        confirmation: confirmation_of(OrderId::derived([1; 16])),
        guest: GuestId::derived([3; 16]),
        guest_name: "Anna".parse().unwrap(),
        rate_plan: plan.id,
        source: "direct".parse().unwrap(),
        rooms: vec![StayRoom {
            party: wanted.party,
            nightly,
            assigned: None,
            stage: Stage::Expected,
            late: None,
        }],
        no_show_nights,
        folio: Folio::default(),
    };
    Order {
        lines: vec![line(room.id, wanted.nights)],
        sale: Some(Box::new(Sale { charged: 30_000, ..sale })),
        stay: Some(Box::new(stay)),
        state: OrderState::Confirmed,
        hold_until: None,
        ..sold_session(0)
    }
}

/// One whose guests have come and gone.
pub(crate) fn departed() -> Order {
    let (day, now) = (date("2027-07-01"), at("2027-07-01T14:00:00Z"));
    let put = stay(None).put_into(0, Some(number("101")), now).unwrap();
    put.check_in(0, (day, now)).unwrap().check_out(0, at("2027-07-04T09:00:00Z")).unwrap()
}

/// The same room for other nights at another price.
pub(crate) fn restayed(order: Order, nights: u8, price: i64, now: Timestamp) -> Result<Order> {
    let (plan, room) = (plan(price), double());
    let wanted = wanted("2027-07-01", &format!("2027-07-{:02}", 1 + nights), 2);
    let priced = Priced { plan: &plan, parent: None };
    let nightly = priced.nights(&wanted).unwrap();
    let sale = priced.sale(&[(&room, &wanted.party, &nightly)], at("2027-07-01T13:00:00Z"))?;
    let rooms =
        vec![StayRoom { party: wanted.party, nightly, assigned: None, stage: Stage::Expected, late: None }];
    order.restay((vec![line(room.id, wanted.nights)], rooms), sale, now)
}

fn number(number: &str) -> Assigned {
    Assigned { room: HotelRoomId::derived([9; 16]), number: number.parse().unwrap() }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn guests_come_into_their_room_and_leave() {
    let (day, now) = (date("2027-07-01"), at("2027-07-01T14:00:00Z"));
    let homeless = stay(None).check_in(0, (day, now)).unwrap_err();
    assert_eq!(homeless.code(), Code::WrongState);
    let put = stay(None).put_into(0, Some(number("101")), now).unwrap();
    for early in ["2027-06-30", "2027-07-04"] {
        assert!(put.clone().check_in(0, (date(early), now)).is_err(), "{early}");
    }
    assert_eq!(put.clone().cancel(None, now).unwrap_err().code(), Code::WrongState);
    let there = put.check_in(0, (day, now)).unwrap();
    assert_eq!(there.stay.as_ref().unwrap().stage().as_str(), "in_house");
    assert!(there.clone().check_in(0, (day, now)).is_err());
    assert!(there.clone().put_into(0, None, now).is_err(), "nobody is put out of the house");
    assert!(there.clone().no_show(now).is_err());
    let gone = there.check_out(0, at("2027-07-04T09:00:00Z")).unwrap();
    assert_eq!(gone.stay.as_ref().unwrap().stage().as_str(), "departed");
    assert!(gone.clone().check_out(0, now).is_err());
    assert!(gone.put_into(0, Some(number("102")), now).is_err());
}

#[test]
fn whoever_does_not_come_pays_as_many_nights_as_the_plan_says() {
    let now = at("2027-07-02T09:00:00Z");
    assert!(stay(Some(1)).no_show(at("2027-07-01T12:59:59Z")).is_err(), "they may still come");
    for (nights, charged) in [(None, 30_000), (Some(0), 0), (Some(1), 10_000), (Some(9), 30_000)] {
        let absent = stay(nights).no_show(now).unwrap();
        assert_eq!(absent.sale.as_ref().unwrap().charged, charged, "{nights:?}");
        assert_eq!(absent.state, OrderState::Cancelled);
        assert_eq!(absent.stay.as_ref().unwrap().stage(), Stage::NoShow);
    }
}

#[test]
fn a_confirmation_number_is_read_however_it_is_written() {
    let number = confirmation_of(OrderId::derived([7; 16]));
    for written in [number.clone(), number.to_lowercase(), number.replace('-', " "), number.replace('-', "")]
    {
        assert_eq!(confirmation_read(&written), Some(number.clone()), "{written}");
    }
    for wrong in ["", "ABC-DEF", "ABC-DEF-GH0", "ABC-DEF-GHJK"] {
        assert_eq!(confirmation_read(wrong), None, "{wrong}");
    }
}

#[test]
fn names_are_renewed_only_where_they_are_others() {
    let now = at("2027-06-01T08:00:00Z");
    let stay = stay(None).put_into(0, Some(number("101")), now).unwrap();
    let room = HotelRoomId::derived([9; 16]);
    let renamed = stay.clone().renumbered(room, &"1001".parse().unwrap(), now).unwrap();
    assert_eq!(renamed.stay.as_ref().unwrap().rooms[0].assigned.as_ref().unwrap().number.as_str(), "1001");
    assert_eq!(renamed.version, stay.version + 1);
    assert!(renamed.renumbered(room, &"1001".parse().unwrap(), now).is_none());
    assert!(stay.renumbered(HotelRoomId::derived([8; 16]), &"1001".parse().unwrap(), now).is_none());
}

#[test]
fn who_may_leave_late_has_not_left() {
    let (until, now) = (jiff::civil::time(14, 0, 0, 0), at("2027-07-04T09:30:00Z"));
    let late = stay(None).leaves_late(0, until, now).unwrap();
    assert_eq!(late.stay.as_ref().unwrap().rooms[0].late, Some(until));
    assert!(departed().leaves_late(0, until, now).is_err());
    assert!(stay(None).leaves_late(1, until, now).is_err(), "there is no such room");
}

proptest! {
    #[test]
    fn confirmation_numbers_can_be_read_aloud(bits: u128) {
        let number = confirmation_of(OrderId::derived(bits.to_be_bytes()));
        prop_assert_eq!(number.len(), 11);
        // Nothing that is taken for something else.
        prop_assert!(!number.contains(['0', 'O', '1', 'I', 'L', '5', 'S', '2', 'Z', '8', 'B', 'U']));
        prop_assert_eq!(confirmation_read(&number), Some(number));
    }
}
