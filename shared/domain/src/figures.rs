//! Figures: what an operator counts, kept from the feed of events. Nothing looks through records to answer.
//!
//! # What is kept
//! A *figure* is a whole number under a [`Place`] and a name. A place is a location, a [`Kind`] of figure, a civil day on that
//! location's wall clock and, where the kind has one, what it is about. A month is the sum of its days: kept apart it would
//! cost each event a write more, and could differ.
//!
//! # Why each event by itself
//! [`deltas`] reads one event and nothing else, and says what it adds where. An event tells what it changed as it was before
//! and as it is afterwards, so what it adds is the difference of the two; over the life of a record these differences add up to
//! what it contributes at the end, in whatever order they are added. So events may come late, doubled and shuffled: `store`
//! adds each of them once, by a mark of the subject's sequences in the same transaction. The other way, to keep for each
//! record what was counted last and to count the newest state, would be as exact for sums, and wrong for times: money that
//! came on Monday and is told of after Tuesday's refund would be counted on Tuesday.
//!
//! # How to add a figure
//! 1. The event must tell it: in the `told` of its record what changes, under `of` what does not change and is needed each
//!    time (location, currency, when it was made). No person is ever part of it.
//! 2. A [`Kind`], or names in an existing one. An item has one number for each name, so names must be few: a currency, a
//!    state, a day of one month. What there are many of (an offering, a pool) goes into [`Place::of`].
//! 3. A function from the event to [`Delta`]s, beside [`order`], called by [`deltas`]. Any day may be named: of the
//!    event, of the making, of the stay. Many days at once, as the nights of a stay, go by month: the first of it as the day, the night
//!    in the name (`sold#2027-01-05`), so that sixty nights of a pool are three items and not sixty.
//! 4. Reading: `Store::figures` gives the places of a kind from a day to another; [`Sums`] adds them up.
//! 5. `holdfast figures --rebuild` counts what happened before. A test replays everything doubled and shuffled
//!    (`tests/it/figures.rs`): what is added here is in it.

mod message;
mod order;
mod payment;
mod stay;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use stay::{LEAD_CLASSES, LENGTH_CLASSES};

use crate::{Event, LocationId, Zone};

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Orders by the day on which they were made: how many in which state, and their money as it stands.
    Orders,
    /// The same by what was sold.
    Offerings,
    /// Money by the day on which it came or went, by means.
    Money,
    /// Messages by the day on which they were due: what became of them, by channel and provider.
    Delivery,
    /// Nights of a room type by month: how many rooms are sold for each, and for how much.
    Nights,
    /// Stays by the day of arrival: what became of them, how long they are, how long before they were booked.
    Stays,
    /// Stays by the day on which they were sold, given back or missed, and what that did to the nights of each month.
    Pickup,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Orders, Self::Offerings, Self::Money, Self::Delivery, Self::Nights, Self::Stays, Self::Pickup];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Offerings => "offerings",
            Self::Money => "money",
            Self::Delivery => "delivery",
            Self::Nights => "nights",
            Self::Stays => "stays",
            Self::Pickup => "pickup",
        }
    }
}

/// Where figures are kept together: one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Where it happened; `None` for what belongs to no place, as a code to a phone.
    pub location: Option<LocationId>,
    /// What is counted.
    pub kind: Kind,
    /// On which civil day there; in UTC where there is no location.
    pub day: Date,
    /// What it is about, where the kind has many of them.
    pub of: Option<String>,
}

/// So much more of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Where.
    pub place: Place,
    /// Of which figure.
    pub name: String,
    /// By how much, below zero for less.
    pub by: i64,
}

/// Figures by name.
pub type Sums = BTreeMap<String, i64>;

/// Where what an event tells of happened; `None` where it says no place.
pub fn location(event: &Event) -> Option<LocationId> {
    event.data.pointer("/of/location")?.as_str()?.parse().ok()
}

/// What an event adds, by place and name; nothing for an event that nothing is counted of. `zone` is its location's.
pub fn deltas(event: &Event, zone: &Zone) -> Vec<Delta> {
    let found = match event.kind.split_once('.').map(|(record, _)| record) {
        Some("order") => order::deltas(event, zone).map(|mut found| {
            found.extend(stay::deltas(event, zone).unwrap_or_default());
            found
        }),
        Some("payment") => payment::deltas(event, zone),
        Some("message") => message::deltas(event, zone),
        _ => None,
    };
    let mut sums: BTreeMap<(Place, String), i64> = BTreeMap::new();
    for Delta { place, name, by } in found.unwrap_or_default() {
        *sums.entry((place, name)).or_default() += by;
    }
    let some = sums.into_iter().filter(|(_, by)| *by != 0);
    some.map(|((place, name), by)| Delta { place, name, by }).collect()
}

/// The name of a figure, of its parts: `captured#INR#cash`.
pub fn name(parts: &[&str]) -> String {
    parts.join("#")
}

/// Adds figures up by name.
pub fn summed<'a>(all: impl IntoIterator<Item = &'a Sums>) -> Sums {
    let mut sums = Sums::new();
    for (name, by) in all.into_iter().flatten() {
        *sums.entry(name.clone()).or_default() += by;
    }
    sums
}

/// A part of what an event tells: `before`, `after` or `of`.
fn part<T: DeserializeOwned>(event: &Event, name: &str) -> Option<T> {
    event.data.get(name).filter(|value| !value.is_null()).and_then(|value: &Value| T::deserialize(value).ok())
}

/// What there is after a change that was not before it, by name.
fn difference(before: &Sums, after: &Sums) -> Sums {
    let mut sums = after.clone();
    for (name, by) in before {
        *sums.entry(name.clone()).or_default() -= by;
    }
    sums
}

fn at(place: &Place, sums: &Sums) -> impl Iterator<Item = Delta> {
    sums.iter().map(|(name, by)| Delta { place: place.clone(), name: name.clone(), by: *by })
}

fn day(zone: &Zone, at: Timestamp) -> Date {
    zone.local(at).date()
}

#[cfg(test)]
mod tests;
