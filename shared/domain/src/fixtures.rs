//! What the tests of this crate share: a resource, spans and zones from text, and zones worth testing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use proptest::prelude::*;

use crate::resource::{OpeningHours, Period, Resource, Rules};
use crate::{LocationId, ResourceId, Span, Zone, wall};

/// Whole-hour and half-hour offsets, daylight saving of an hour and of half an hour, both hemispheres, and none.
pub(crate) const ZONES: [&str; 5] =
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];

pub(crate) fn zone(name: &str) -> Zone {
    name.to_owned().try_into().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn span(start: &str, end: &str) -> Span {
    Span::new(at(start), at(end)).unwrap()
}

/// A room with the default rules.
pub(crate) fn room(zone_name: &str) -> Resource {
    Resource {
        id: ResourceId::derived([1; 16]),
        location: LocationId::derived([2; 16]),
        zone: zone(zone_name),
        name: "Blue room".parse().unwrap(),
        capacity: 4,
        equipment: BTreeSet::new(),
        attributes: std::collections::BTreeMap::new(),
        rules: Rules::default(),
        out_of_service: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        retired: false,
        version: 1,
        request: None,
        last_request: None,
    }
}

/// The same periods every day.
pub(crate) fn daily(periods: &[(u16, u16)]) -> OpeningHours {
    let day: Vec<Period> = periods.iter().map(|(start, end)| Period::new(*start, *end).unwrap()).collect();
    OpeningHours { week: std::array::from_fn(|_| day.clone()), ..OpeningHours::default() }
}

/// Changes of the clock in [`ZONES`], ends of months, and a leap day.
const DAYS: [&str; 8] = [
    "2027-03-14",
    "2027-03-28",
    "2027-04-04",
    "2027-10-03",
    "2027-10-31",
    "2027-11-07",
    "2027-01-31",
    "2028-02-29",
];

/// Midnights near changes of the clock, ends of months and ordinary days, in all of [`ZONES`].
pub(crate) fn midnights() -> impl Strategy<Value = (Zone, Timestamp)> {
    (prop::sample::select(&ZONES), prop::sample::select(&DAYS), -1_i32..=1).prop_map(|(name, day, shift)| {
        let date: DateTime = format!("{day}T00:00").parse().unwrap();
        let date = date.checked_add(jiff::Span::new().days(shift)).unwrap().date();
        (zone(name), wall::midnight(&zone(name).rules(), date).unwrap())
    })
}
