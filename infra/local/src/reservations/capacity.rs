//! How many rooms of each type a book tells of, and how many were sold beyond them.
//!
//! There were at least as many rooms as guests in the house on the fullest night. And the house kept what it took: of a night, it
//! has promised at most as much as there were reservations of it at once, of the type that was booked until the guests arrive, and
//! of the one that they were put into from then on.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::mapping::End;
use super::rows::Reservation;
use super::steps::{Step, What};

/// Rooms of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Capacity {
    /// How many there are.
    pub rooms: u32,
    /// How many may be sold beyond.
    pub overbooking: u32,
}

impl std::str::FromStr for Capacity {
    type Err = String;

    /// `56`, or `56+30` with what may be sold beyond.
    fn from_str(text: &str) -> Result<Self, String> {
        let (rooms, overbooking) = text.split_once('+').unwrap_or((text, "0"));
        let number = |text: &str| text.parse().map_err(|_| format!("send rooms as 56 or 56+30, not {text}"));
        Ok(Self { rooms: number(rooms)?, overbooking: number(overbooking)? })
    }
}

/// What is claimed of each night of each type.
#[derive(Default)]
struct Nights<'a>(BTreeMap<(&'a str, Date), u32>);

impl<'a> Nights<'a> {
    /// Adds the nights; the highest number that any of them has then.
    fn add(&mut self, room_type: &'a str, nights: impl Iterator<Item = Date>) -> u32 {
        let mut highest = 0;
        for night in nights {
            let count = self.0.entry((room_type, night)).or_default();
            *count += 1;
            highest = highest.max(*count);
        }
        highest
    }

    fn give(&mut self, room_type: &'a str, nights: impl Iterator<Item = Date>) {
        for night in nights {
            if let Some(count) = self.0.get_mut(&(room_type, night)) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

/// What the book tells of each type.
pub(super) fn derive(reservations: &[Reservation], steps: &[Step]) -> BTreeMap<String, Capacity> {
    let mut rooms: BTreeMap<&str, u32> = BTreeMap::new();
    let mut slept = Nights::default();
    for reservation in reservations {
        let came = matches!(reservation.end, End::Honoured | End::InHouse);
        let count = if came { slept.add(&reservation.assigned, reservation.nights.dates()) } else { 0 };
        let most = rooms.entry(&reservation.assigned).or_default();
        *most = count.max(*most);
    }
    let mut claimed = Nights::default();
    let mut most: BTreeMap<&str, u32> = BTreeMap::new();
    for step in steps {
        let Some(reservation) = reservations.get(step.at) else { continue };
        let Reservation { reserved, assigned, nights, .. } = reservation;
        let taken = match step.what {
            What::Book => Some((reserved, claimed.add(reserved, nights.dates()))),
            What::Arrive if assigned != reserved => {
                claimed.give(reserved, nights.dates());
                Some((assigned, claimed.add(assigned, nights.dates())))
            }
            What::Arrive => None,
            What::Cancel | What::NoShow => {
                claimed.give(reserved, nights.dates());
                None
            }
            What::Depart => {
                // The first night is not given back.
                let from = step.day.max(nights.from().tomorrow().unwrap_or(step.day));
                claimed.give(assigned, nights.dates().filter(|night| *night >= from));
                None
            }
        };
        if let Some((room_type, count)) = taken {
            let highest = most.entry(room_type).or_default();
            *highest = count.max(*highest);
        }
    }
    let types = rooms.keys().chain(most.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    let of = |room_type: &str| {
        let rooms = rooms.get(room_type).copied().unwrap_or_default();
        let most = most.get(room_type).copied().unwrap_or_default();
        (room_type.to_owned(), Capacity { rooms, overbooking: most.saturating_sub(rooms) })
    };
    types.into_iter().map(of).collect()
}
