//! What a stay costs, night by night, and why it may not be had by a plan.

use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::rates::{Base, RatePlan, SeasonPrice, TaxBy};
use super::room_type::{Party, RoomType};
use crate::RoomTypeId;
use crate::money::MOST_MINOR;
use crate::pool::Nights;
use crate::sale::{PriceKind, PriceLine, Sale};
use crate::text::Name;

/// A plan, with the one that its prices come from if they are not its own.
#[derive(Debug, Clone, Copy)]
pub struct Priced<'a> {
    /// The plan.
    pub plan: &'a RatePlan,
    /// Where its prices come from.
    pub parent: Option<&'a RatePlan>,
}

/// A room of a stay: nights of a type for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of which type.
    pub room_type: RoomTypeId,
    /// Which nights.
    pub nights: Nights,
    /// For whom.
    pub party: Party,
}

/// Why a stay cannot be had by a plan, whatever is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The party does not fit into the room.
    Party,
    /// The plan has no price for the type.
    NoRate,
    /// This night is not sold by the plan.
    Closed(Date),
    /// Nobody arrives on this day.
    NoArrival(Date),
    /// Nobody leaves on this day.
    NoDeparture(Date),
    /// At least so many nights.
    MinNights(u8),
    /// At most so many nights.
    MaxNights(u8),
}

impl Obstacle {
    /// The stable code, part of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Party => "party_too_large",
            Self::NoRate => "no_rate",
            Self::Closed(_) => "closed",
            Self::NoArrival(_) => "closed_to_arrival",
            Self::NoDeparture(_) => "closed_to_departure",
            Self::MinNights(_) => "min_nights",
            Self::MaxNights(_) => "max_nights",
        }
    }

    /// In words.
    pub fn message(&self) -> String {
        match self {
            Self::Party => "the party does not fit into this room".to_owned(),
            Self::NoRate => "this rate has no price for it".to_owned(),
            Self::Closed(date) => format!("the night of {date} is not sold at this rate"),
            Self::NoArrival(date) => format!("nobody arrives on {date} at this rate"),
            Self::NoDeparture(date) => format!("nobody leaves on {date} at this rate"),
            Self::MinNights(nights) => format!("this rate is for at least {nights} nights"),
            Self::MaxNights(nights) => format!("this rate is for at most {nights} nights"),
        }
    }

    /// As told to clients.
    pub fn told(&self) -> Value {
        json!({ "code": self.code(), "message": self.message() })
    }
}

/// `amount` raised by so many hundredths of a percent, rounded half up; never below nothing.
fn raised(amount: i64, basis_points: i32) -> i64 {
    ((amount * (10_000 + i64::from(basis_points)) + 5_000).div_euclid(10_000)).max(0)
}

impl Priced<'_> {
    /// The price of a type's night for as many adults as it is for, or `None` where there is none.
    fn room(&self, room_type: RoomTypeId, date: Date) -> Option<i64> {
        let base = match (&self.plan.rates.base, self.parent) {
            (Base::Own(prices), _) => *prices.get(&room_type)?,
            (Base::Derived { basis_points, amount, .. }, Some(parent)) => {
                let alone = Priced { plan: parent, parent: None };
                (raised(alone.room(room_type, date)?, *basis_points) + amount).max(0)
            }
            (Base::Derived { .. }, None) => return None,
        };
        let season = self.plan.rates.seasons.iter().rfind(|season| season.when.holds(date, room_type));
        Some(match season.map(|season| season.price) {
            Some(SeasonPrice::Amount(amount)) => amount,
            Some(SeasonPrice::BasisPoints(points)) => raised(base, points),
            None => base,
        })
    }

    /// What a party pays for a night of a type, or `None` where there is no price.
    pub fn night(&self, room_type: RoomTypeId, party: &Party, date: Date) -> Option<i64> {
        let people = &self.plan.rates.people;
        let band = |age: &u8| people.children.iter().find(|band| *age <= band.up_to);
        let older = party.children.iter().filter(|age| band(age).is_none()).count();
        let adults = i64::from(party.adults) + i64::try_from(older).unwrap_or(0);
        let beside = adults - i64::from(people.adults);
        let beside = if beside > 0 { beside * people.extra_adult } else { beside * people.fewer_adult };
        let children: i64 = party.children.iter().filter_map(band).map(|band| band.price).sum();
        Some((self.room(room_type, date)? + beside).max(0) + children)
    }

    /// What each night costs; `None` where one has no price.
    pub fn nights(&self, wanted: &Wanted) -> Option<Vec<i64>> {
        wanted.nights.dates().map(|date| self.night(wanted.room_type, &wanted.party, date)).collect()
    }

    /// Every reason why it cannot be had by this plan.
    pub fn obstacles(&self, room_type: &RoomType, wanted: &Wanted) -> Vec<Obstacle> {
        let (nights, id) = (&wanted.nights, wanted.room_type);
        let mut found = Vec::new();
        if !room_type.occupancy.fits(&wanted.party) {
            found.push(Obstacle::Party);
        }
        if self.nights(wanted).is_none() {
            found.push(Obstacle::NoRate);
        }
        let rules = || self.plan.rates.rules.iter();
        let count = nights.count();
        for rule in rules().filter(|rule| rule.when.holds(nights.from(), id)) {
            found.extend(rule.no_arrival.then_some(Obstacle::NoArrival(nights.from())));
            let min = rule.min_nights.filter(|min| count < i32::from(*min));
            let max = rule.max_nights.filter(|max| count > i32::from(*max));
            found.extend(min.map(Obstacle::MinNights));
            found.extend(max.map(Obstacle::MaxNights));
        }
        let leaves = rules().any(|rule| rule.no_departure && rule.when.holds(nights.to(), id));
        found.extend(leaves.then_some(Obstacle::NoDeparture(nights.to())));
        let closed = |date: &Date| rules().any(|rule| rule.closed && rule.when.holds(*date, id));
        found.extend(nights.dates().find(closed).map(Obstacle::Closed));
        found
    }

    /// The price of a stay whose rooms cost so much in each night; the taxes are the plan's. `starts` is when it begins.
    ///
    /// # Errors
    /// `validation_failed` for more than can be paid at once.
    pub fn sale(&self, rooms: &[(&RoomType, &Party, &[i64])], starts: Timestamp) -> Result<Sale> {
        let rates = &self.plan.rates;
        let mut lines: Vec<PriceLine> = Vec::new();
        for (at, (room_type, _, nightly)) in rooms.iter().enumerate() {
            let amount: i64 = nightly.iter().sum();
            let name = format!("{}, {}", room_type.about.name, self.plan.name);
            lines.push(PriceLine { line: Some(at), ..PriceLine::once(PriceKind::Nights, name, amount) });
        }
        let net: i64 = lines.iter().map(|line| line.amount).sum();
        for tax in &rates.taxes {
            let amount = match tax.by {
                TaxBy::BasisPoints(points) => (net * i64::from(points) + 5_000) / 10_000,
                TaxBy::GuestNight { amount, above_age } => {
                    let nights = |(_, party, nightly): &(&RoomType, &Party, &[i64])| {
                        let older = party.children.iter().filter(|age| **age > above_age).count();
                        let liable = usize::from(party.adults) + older;
                        i64::try_from(liable * nightly.len()).unwrap_or(i64::MAX)
                    };
                    rooms.iter().map(nights).sum::<i64>() * amount
                }
            };
            lines.push(PriceLine::once(PriceKind::Tax, tax.name.to_string(), amount));
        }
        let total: i64 = lines.iter().map(|line| line.amount).sum();
        if total > MOST_MINOR {
            return Err(Error::field("/rooms", "out_of_range", "cost more than can be paid at once"));
        }
        Ok(Sale::new(title(rooms)?, rates.currency, lines, &rates.terms, starts))
    }
}

/// What is sold: the first room's type, and how many more.
fn title(rooms: &[(&RoomType, &Party, &[i64])]) -> Result<Name> {
    let first = rooms.first().map_or("", |(room_type, ..)| room_type.about.name.as_str());
    let more = if rooms.len() > 1 { format!(" and {} more", rooms.len() - 1) } else { String::new() };
    let short: String = first.chars().take(80).collect();
    format!("{}{more}", short.trim_end()).parse().map_err(Error::internal)
}

#[cfg(test)]
pub(crate) mod tests;
