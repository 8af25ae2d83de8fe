//! What the tests of this crate share: a resource, spans and zones from text, and zones worth testing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use proptest::prelude::*;

use crate::offering::{About, Plan, Prices, Terms};
use crate::pool::Cells;
use crate::resource::{OpeningHours, Period, Resource, Rules};
use crate::sale::Choice;
use crate::{
    Currency, LocationId, Offering, OfferingId, Order, OrderId, OrderLine, OrderState, PoolId, Requests,
    ResourceId, Sale, Span, UserId, Zone, wall,
};

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

/// An offering of one plan at this price, in rupees' paise.
pub(crate) fn offering(price: i64) -> Offering {
    let plan = Plan {
        code: "seat".parse().unwrap(),
        name: "Seat".parse().unwrap(),
        includes: None,
        price,
        list_price: None,
    };
    Offering {
        id: OfferingId::derived([8; 16]),
        location: LocationId::derived([2; 16]),
        about: About {
            name: "Evening lamp ceremony".parse().unwrap(),
            summary: None,
            description: None,
            categories: BTreeSet::new(),
            benefits: Vec::new(),
            images: Vec::new(),
        },
        prices: Prices {
            currency: Currency::INR,
            plans: vec![plan],
            add_ons: Vec::new(),
            shipping: None,
            tax: None,
            terms: Terms::default(),
        },
        created_at: at("2027-01-01T00:00:00Z"),
        updated_at: at("2027-01-01T00:00:00Z"),
        retired: false,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

/// A seat of a session a week from now, held for ten minutes.
pub(crate) fn sold_session(price: i64) -> Order {
    let now = at("2027-01-04T08:00:00Z");
    let choice = Choice { line: 0, quantity: 1, plan: None, extras: Vec::new() };
    let line =
        OrderLine { pool: PoolId::derived([1; 16]), cells: Cells::Total, quantity: 1, overbooked: false };
    Order {
        id: OrderId::derived([1; 16]),
        location: LocationId::derived([2; 16]),
        user: UserId::derived([3; 16]),
        booked_by: None,
        lines: vec![line],
        state: OrderState::Held,
        hold_until: Some(at("2027-01-04T08:10:00Z")),
        sale: Some(Box::new(
            Sale::quote(&offering(price), &[choice], None, at("2027-01-11T08:00:00Z")).unwrap(),
        )),
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
