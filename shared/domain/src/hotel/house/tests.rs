//! Two guests never get one room for one night.

use proptest::prelude::*;

use super::*;
use crate::fixtures::at;

fn room() -> HotelRoom {
    HotelRoom {
        id: HotelRoomId::derived([9; 16]),
        location: LocationId::derived([2; 16]),
        room_type: RoomTypeId::derived([1; 16]),
        number: "101".parse().unwrap(),
        floor: None,
        housekeeping: Housekeeping::Clean,
        note: None,
        assigned: Vec::new(),
        created_at: at("2027-01-01T00:00:00Z"),
        updated_at: at("2027-01-01T00:00:00Z"),
        retired: false,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

fn day(n: i32) -> Date {
    "2027-07-01".parse::<Date>().unwrap().checked_add(jiff::Span::new().days(n)).unwrap()
}

fn assignment(order: u8, from: i32, nights: i32) -> Assignment {
    let nights = Nights::new(day(from), day(from + nights)).unwrap();
    Assignment { order: OrderId::derived([order; 16]), room: 0, nights }
}

#[test]
fn who_leaves_makes_room_for_who_comes_on_the_same_day() {
    let now = (day(0), at("2027-07-01T08:00:00Z"));
    let first = room().assign(assignment(1, 0, 2), now).unwrap();
    let both = first.clone().assign(assignment(2, 2, 1), now).unwrap();
    assert_eq!(both.assigned.len(), 2);
    let refused = both.clone().assign(assignment(3, 1, 1), now).unwrap_err();
    assert_eq!(refused.code(), Code::SlotTaken);
    let moved = both.assign(assignment(1, 3, 2), now).unwrap();
    assert_eq!(
        moved.assigned.iter().map(|known| known.order).filter(|id| *id == OrderId::derived([1; 16])).count(),
        1
    );
    let closed = first.kept(Housekeeping::OutOfOrder, now.1);
    assert_eq!(closed.assign(assignment(2, 5, 1), now).unwrap_err().code(), Code::WrongState);
}

proptest! {
    #[test]
    fn assignments_never_overlap(
        wishes in prop::collection::vec((0_u8..12, 0_i32..40, 1_i32..9, prop::bool::ANY), 0..60),
    ) {
        let now = (day(0), at("2027-07-01T08:00:00Z"));
        let mut room = room();
        for (order, from, nights, release) in wishes {
            let version = room.version;
            let wish = assignment(order, from, nights);
            let free = room.assigned.iter().all(|known| {
                known.order == wish.order
                    || known.nights.to() <= wish.nights.from()
                    || wish.nights.to() <= known.nights.from()
            });
            if release {
                room = room.release(wish.order, 0, now.1);
            } else {
                let done = room.clone().assign(wish, now);
                prop_assert_eq!(done.is_ok(), free);
                room = done.unwrap_or(room);
            }
            prop_assert!(room.version <= version + 1);
            for (one, other) in room.assigned.iter().zip(room.assigned.iter().skip(1)) {
                prop_assert!(one.nights.to() <= other.nights.from());
            }
        }
    }
}
