//! What happens to the reservations of a book, in the order in which it happened.
//!
//! Files know days, not hours. So each day has a fixed order: who leaves, who cancels, who never came, who arrives, who books; and
//! within each the order of the files. What happens to one reservation twice on a day stays together and in order, in the part
//! of the day of the first: who books and arrives on one day does both among the bookings.

use jiff::civil::{Date, Time};

use super::mapping::End;
use super::rows::Reservation;

/// A part of the day, by the wall clock of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Departures,
    Cancellations,
    NoShows,
    Arrivals,
    Bookings,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Book,
    Cancel,
    NoShow,
    /// They are given the room type that they were put into, a room, and come.
    Arrive,
    Depart,
}

/// Something that happens to a reservation. The order is that of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) day: Date,
    pub(super) part: Part,
    /// Which one, from 0.
    pub(super) at: usize,
    /// The how-many-eth of it.
    nth: usize,
    pub(super) what: What,
}

impl Part {
    /// When it begins.
    pub(super) fn begins(self) -> Time {
        let hour = match self {
            Self::Departures => 11,
            Self::Cancellations => 12,
            Self::NoShows => 17,
            Self::Arrivals => 18,
            Self::Bookings => 20,
        };
        Time::constant(hour, 0, 0, 0)
    }
}

impl What {
    /// As counted.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Book => "booked",
            Self::Cancel => "cancelled",
            Self::NoShow => "no_show",
            Self::Arrive => "arrived",
            Self::Depart => "departed",
        }
    }

    const fn part(self) -> Part {
        match self {
            Self::Book => Part::Bookings,
            Self::Cancel => Part::Cancellations,
            Self::NoShow => Part::NoShows,
            Self::Arrive => Part::Arrivals,
            Self::Depart => Part::Departures,
        }
    }
}

/// Everything that happens until the end of a day.
pub(super) fn steps(reservations: &[Reservation], until: Date) -> Vec<Step> {
    let mut all: Vec<Step> =
        reservations.iter().enumerate().flat_map(|(at, reservation)| of(at, reservation)).collect();
    all.retain(|step| step.day <= until);
    all.sort_unstable();
    all
}

fn of(at: usize, reservation: &Reservation) -> Vec<Step> {
    let (from, to) = (reservation.nights.from(), reservation.nights.to());
    let settled = |planned: Date| reservation.settled.unwrap_or(planned);
    let after: Vec<(What, Date)> = match reservation.end {
        End::Expected => vec![],
        End::InHouse => vec![(What::Arrive, from)],
        End::Honoured => vec![(What::Arrive, from), (What::Depart, settled(to))],
        End::Cancelled => vec![(What::Cancel, settled(from))],
        // They may still come until then.
        End::NoShow => vec![(What::NoShow, settled(from).max(from))],
    };
    let mut steps: Vec<Step> = Vec::new();
    for (nth, (what, day)) in [(What::Book, reservation.booked)].into_iter().chain(after).enumerate() {
        let before = steps.last();
        let day = before.map_or(day, |before| before.day.max(day));
        let part = before.filter(|before| before.day == day).map_or(what.part(), |before| before.part);
        steps.push(Step { day, part, at, nth, what });
    }
    steps
}
