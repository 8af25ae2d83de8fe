//! Rate plans: what a night of each room type costs, who pays extra, and which stays may be had by it.

use std::collections::{BTreeMap, BTreeSet};

use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::room_type::MOST_AGE;
use crate::event::{Actor, Event};
use crate::offering::{MOST_PRICE, Terms, Wrong};
use crate::pool::MOST_NIGHTS;
use crate::text::{Name, Note};
use crate::weekly::Weekday;
use crate::{Currency, EventId, LocationId, RatePlanId, Requests, RoomTypeId};

/// Room types that a plan has prices for.
pub const MOST_TYPES: usize = 100;
/// Seasons, and rules, of a plan, each.
pub const MOST_SEASONS: usize = 100;
/// Bands of children's ages, and taxes, of a plan, each.
pub const MOST_BANDS: usize = 5;
/// The most that a price is raised by, in hundredths of a percent: to ten times as much.
pub const MOST_CHANGE: i32 = 90_000;

/// Prices and rules by which nights of a location are sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatePlan {
    /// Unique.
    pub id: RatePlanId,
    /// Where it holds.
    pub location: LocationId,
    /// As shown.
    pub name: Name,
    /// What is included, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<Note>,
    /// Which meals are included.
    pub meals: Meals,
    /// What it costs, and by which rules.
    pub rates: Rates,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired plan is kept for its history and sells nothing.
    pub retired: bool,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// Which meals a rate includes, by the field's usual steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meals {
    /// None.
    RoomOnly,
    /// Breakfast.
    Breakfast,
    /// Breakfast and one more.
    HalfBoard,
    /// All three.
    FullBoard,
    /// All three, and what one drinks.
    AllInclusive,
}

impl Meals {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoomOnly => "room_only",
            Self::Breakfast => "breakfast",
            Self::HalfBoard => "half_board",
            Self::FullBoard => "full_board",
            Self::AllInclusive => "all_inclusive",
        }
    }
}

/// What nights cost and which stays may be had. Amounts are minor units of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Of every amount here.
    pub currency: Currency,
    /// Where the price of a night comes from.
    pub base: Base,
    /// Other prices on some days; of several that hold, the last one does. At most [`MOST_SEASONS`].
    #[serde(default)]
    pub seasons: Vec<Season>,
    /// Which stays may be had; each that holds binds. At most [`MOST_SEASONS`].
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What people pay beside the room.
    pub people: People,
    /// Taxes and levies, at most [`MOST_BANDS`].
    #[serde(default)]
    pub taxes: Vec<StayTax>,
    /// When it is paid, and what is given back.
    pub terms: Terms,
    /// So many nights are charged of whoever does not come; all of them when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show_nights: Option<u8>,
}

/// Where the price of a night comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// A price for each room type; what is not among them is not sold by this plan. At most [`MOST_TYPES`].
    Own(BTreeMap<RoomTypeId, i64>),
    /// Another plan's price of that night, changed. That plan has prices of its own.
    Derived {
        /// Which plan.
        from: RatePlanId,
        /// Raised by so many hundredths of a percent, or lowered where below zero.
        basis_points: i32,
        /// And by so much.
        amount: i64,
    },
}

/// On which nights and for which rooms something holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct When {
    /// From this night on; from ever when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Until just before this night; for ever when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// On these days of the week; on all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub weekdays: BTreeSet<Weekday>,
    /// For these room types; for all when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub room_types: BTreeSet<RoomTypeId>,
}

impl When {
    /// Whether it holds on this date for this type.
    pub fn holds(&self, date: Date, room_type: RoomTypeId) -> bool {
        self.from.is_none_or(|from| from <= date)
            && self.to.is_none_or(|to| date < to)
            && (self.weekdays.is_empty() || self.weekdays.contains(&Weekday::of(date)))
            && (self.room_types.is_empty() || self.room_types.contains(&room_type))
    }
}

/// Another price on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// When and for what.
    pub when: When,
    /// What a night costs then.
    pub price: SeasonPrice,
}

/// What a night costs in a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeasonPrice {
    /// So much.
    Amount(i64),
    /// The base, raised by so many hundredths of a percent, or lowered where below zero.
    BasisPoints(i32),
}

/// Which stays may be had. What concerns a stay as a whole is looked up on the day of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// When and for what.
    pub when: When,
    /// Stays that arrive then have at least so many nights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_nights: Option<u8>,
    /// Stays that arrive then have at most so many nights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_nights: Option<u8>,
    /// Nobody arrives then.
    #[serde(default)]
    pub no_arrival: bool,
    /// Nobody leaves then.
    #[serde(default)]
    pub no_departure: bool,
    /// These nights are not sold by this plan.
    #[serde(default)]
    pub closed: bool,
}

/// What people pay beside the room, for each night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// The price is for so many adults.
    pub adults: u8,
    /// For each adult more.
    pub extra_adult: i64,
    /// Off for each adult fewer; never below nothing.
    pub fewer_adult: i64,
    /// Children by age, the youngest first; who is older than the last band pays as an adult. At most [`MOST_BANDS`].
    #[serde(default)]
    pub children: Vec<ChildBand>,
}

/// Children up to an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildBand {
    /// Up to this age, itself included.
    pub up_to: u8,
    /// For each of them.
    pub price: i64,
}

/// A tax or levy on a stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayTax {
    /// As shown.
    pub name: Name,
    /// How it is reckoned.
    pub by: TaxBy,
}

/// How a tax is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBy {
    /// In hundredths of a percent of the rooms' prices, on top.
    BasisPoints(u32),
    /// So much for each night of each person above this age.
    GuestNight {
        /// For each.
        amount: i64,
        /// Who is older pays it: 0 for everybody from their first birthday, adults in any case.
        above_age: u8,
    },
}

impl Rates {
    /// The rates, if a plan can have them.
    ///
    /// # Errors
    /// `validation_failed` with every field.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        let change = |basis_points: i32| (-10_000..=MOST_CHANGE).contains(&basis_points);
        let by = format!("must be -10000 to {MOST_CHANGE}");
        match &self.base {
            Base::Own(prices) => {
                wrong.unless(!prices.is_empty(), "/prices", "required", "must have at least one price");
                wrong.at_most(prices.len(), MOST_TYPES, "/prices");
                for (room_type, price) in prices {
                    wrong.amount(*price, &format!("/prices/{room_type}"));
                }
            }
            Base::Derived { basis_points, amount, .. } => {
                wrong.unless(change(*basis_points), "/derived/basis_points", "out_of_range", &by);
                let fine = (-MOST_PRICE..=MOST_PRICE).contains(amount);
                wrong.unless(fine, "/derived/amount", "out_of_range", "is too much");
            }
        }
        wrong.at_most(self.seasons.len(), MOST_SEASONS, "/seasons");
        for (at, season) in self.seasons.iter().enumerate() {
            when(&mut wrong, &season.when, &format!("/seasons/{at}"));
            match season.price {
                SeasonPrice::Amount(price) => wrong.amount(price, &format!("/seasons/{at}/price")),
                SeasonPrice::BasisPoints(points) => {
                    wrong.unless(change(points), &format!("/seasons/{at}/basis_points"), "out_of_range", &by);
                }
            }
        }
        wrong.at_most(self.rules.len(), MOST_SEASONS, "/rules");
        for (at, rule) in self.rules.iter().enumerate() {
            let pointer = format!("/rules/{at}");
            when(&mut wrong, &rule.when, &pointer);
            let nights = |nights: Option<u8>| {
                nights.is_none_or(|nights| (1..=MOST_NIGHTS).contains(&i32::from(nights)))
            };
            let fine = nights(rule.min_nights)
                && nights(rule.max_nights)
                && rule.min_nights.zip(rule.max_nights).is_none_or(|(min, max)| min <= max);
            let message = format!("must be 1 to {MOST_NIGHTS}, the least not above the most");
            wrong.unless(fine, &format!("{pointer}/min_nights"), "out_of_range", &message);
        }
        self.people.check(&mut wrong);
        wrong.at_most(self.taxes.len(), MOST_BANDS, "/taxes");
        for (at, tax) in self.taxes.iter().enumerate() {
            match tax.by {
                TaxBy::BasisPoints(points) => {
                    let pointer = format!("/taxes/{at}/basis_points");
                    wrong.unless(points <= 10_000, &pointer, "out_of_range", "must be at most 10000");
                }
                TaxBy::GuestNight { amount, .. } => wrong.amount(amount, &format!("/taxes/{at}/guest_night")),
            }
        }
        self.terms.check(&mut wrong);
        let nights = self.no_show_nights.is_none_or(|nights| i32::from(nights) <= MOST_NIGHTS);
        wrong.unless(nights, "/no_show_nights", "out_of_range", &format!("must be at most {MOST_NIGHTS}"));
        wrong.check(self)
    }
}

impl People {
    fn check(&self, wrong: &mut Wrong) {
        wrong.amount(self.extra_adult, "/people/extra_adult");
        wrong.amount(self.fewer_adult, "/people/fewer_adult");
        wrong.unless(self.adults > 0, "/people/adults", "out_of_range", "must be at least 1");
        wrong.at_most(self.children.len(), MOST_BANDS, "/people/children");
        let rises = self.children.iter().zip(self.children.iter().skip(1));
        let ordered = rises.clone().all(|(one, next)| one.up_to < next.up_to)
            && self.children.iter().all(|band| band.up_to <= MOST_AGE);
        let message = format!("the youngest come first, none above {MOST_AGE}");
        wrong.unless(ordered, "/people/children", "invalid_value", &message);
        for (at, band) in self.children.iter().enumerate() {
            wrong.amount(band.price, &format!("/people/children/{at}/price"));
        }
    }
}

fn when(wrong: &mut Wrong, when: &When, pointer: &str) {
    let fine = when.from.zip(when.to).is_none_or(|(from, to)| from < to);
    wrong.unless(fine, &format!("{pointer}/to"), "not_after_start", "must be after from");
    wrong.at_most(when.room_types.len(), MOST_TYPES, &format!("{pointer}/room_types"));
}

impl RatePlan {
    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if self.retired {
            let message = "the rate plan is retired";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "retired"));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// The plan that its prices come from, if they are not its own.
    pub fn parent(&self) -> Option<RatePlanId> {
        match self.rates.base {
            Base::Own(_) => None,
            Base::Derived { from, .. } => Some(from),
        }
    }

    /// The event that tells of the change from `before` (nothing, for a new plan) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "location": self.location, "name": self.name, "meals": self.meals, "rates": self.rates,
            "retired": self.retired,
        })
    }
}
