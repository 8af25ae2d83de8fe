//! What a rate plan is, on the wire: the same words in and out.

use std::collections::{BTreeMap, BTreeSet};

use domain::hotel::RatePlan;
use domain::hotel::rates::{
    Base, ChildBand, Meals, People, Rates, Rule, Season, SeasonPrice, StayTax, TaxBy, When,
};
use domain::offering::{RefundStep, Terms};
use domain::text::{Name, Note};
use domain::weekly::Weekday;
use domain::{Currency, LocationId, RatePlanId, RoomTypeId};
use errors::Error;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Reply, request};

use crate::plans::Plan;

request! {
    /// What nights cost, and which stays may be had. Amounts are minor units of the currency: 9900 of `EUR` are 99 euros.
    pub(crate) struct PlanBody {
        /// Where it holds; only when it is made.
        location_id: Option<LocationId> as String,
        name: Name as String,
        /// What is included, as shown.
        includes: Option<Note> as String,
        /// `room_only`, `breakfast`, `half_board`, `full_board` or `all_inclusive`.
        meals: Meals as String,
        /// ISO 4217. Stays as it is.
        currency: Currency as String,
        /// The price of a night of each room type, at most 100; what is not among them is not sold by this plan.
        prices: Option<BTreeMap<RoomTypeId, i64>> as BTreeMap<String, i64>,
        /// Instead of prices: another plan's, changed.
        derived: Option<DerivedBody> as DerivedBody,
        /// Other prices on some days; of several that hold, the last one does. At most 100.
        seasons: Option<Vec<SeasonBody>> as Vec<SeasonBody>,
        /// Which stays may be had; each that holds binds. At most 100.
        rules: Option<Vec<RuleBody>> as Vec<RuleBody>,
        /// What people pay beside the room; the price is for two adults when unset.
        people: Option<PeopleBody> as PeopleBody,
        /// At most 5.
        taxes: Option<Vec<TaxBody>> as Vec<TaxBody>,
        /// What must be paid before it is sold, in percent: 100 when unset, 0 to pay at the place.
        deposit_percent: Option<u8> as u8,
        /// What is given back to whoever cancels, by how long before the arrival, the longest notice first; at most 10. All of it
        /// until the arrival when unset.
        refunds: Option<Vec<RefundBody>> as Vec<RefundBody>,
        /// So many nights are charged of whoever does not come; all of them when unset.
        no_show_nights: Option<u8> as u8,
    }
}

/// Another plan's prices, changed. That plan has prices of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DerivedRate")]
pub(crate) struct DerivedBody {
    #[schemars(with = "String")]
    from: RatePlanId,
    /// Raised by so many hundredths of a percent; lowered below zero: -1000 is 10 % off.
    #[serde(default)]
    basis_points: i32,
    /// And by so much.
    #[serde(default)]
    amount: i64,
}

/// Another price on some days: either an amount or a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Season")]
pub(crate) struct SeasonBody {
    /// From this night on.
    #[schemars(with = "Option<String>")]
    from: Option<Date>,
    /// Until just before this night.
    #[schemars(with = "Option<String>")]
    to: Option<Date>,
    /// `MO` to `SU`; all when left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    weekdays: BTreeSet<Weekday>,
    /// All when left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    room_types: BTreeSet<RoomTypeId>,
    /// What a night costs.
    price: Option<i64>,
    /// Or the price raised by so many hundredths of a percent.
    basis_points: Option<i32>,
}

/// Which stays may be had. What concerns a stay as a whole is looked up on the day of arrival.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StayRule")]
pub(crate) struct RuleBody {
    /// From this day on.
    #[schemars(with = "Option<String>")]
    from: Option<Date>,
    /// Until just before this day.
    #[schemars(with = "Option<String>")]
    to: Option<Date>,
    /// `MO` to `SU`; all when left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    weekdays: BTreeSet<Weekday>,
    /// All when left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    room_types: BTreeSet<RoomTypeId>,
    /// Stays that arrive then have at least so many nights.
    min_nights: Option<u8>,
    /// Stays that arrive then have at most so many nights.
    max_nights: Option<u8>,
    /// Nobody arrives then.
    #[serde(default)]
    no_arrival: bool,
    /// Nobody leaves then.
    #[serde(default)]
    no_departure: bool,
    /// These nights are not sold by this plan.
    #[serde(default)]
    closed: bool,
}

/// What people pay beside the room, for each night.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PeopleRate")]
pub(crate) struct PeopleBody {
    /// The price is for so many adults.
    adults: u8,
    /// For each adult more.
    #[serde(default)]
    extra_adult: i64,
    /// Off for each adult fewer.
    #[serde(default)]
    fewer_adult: i64,
    /// Children by age, the youngest first, at most 5; who is older than the last band pays as an adult.
    #[serde(default)]
    children: Vec<BandBody>,
}

/// Children up to an age.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChildBand")]
pub(crate) struct BandBody {
    /// Up to this age, itself included; at most 17.
    up_to: u8,
    /// For each of them.
    price: i64,
}

/// A tax or levy: either a share of the rooms' prices, on top, or an amount for each person and night.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StayTax")]
pub(crate) struct TaxBody {
    /// As shown.
    #[schemars(with = "String")]
    name: Name,
    /// In hundredths of a percent.
    basis_points: Option<u32>,
    /// For each night of each person.
    guest_night: Option<i64>,
    /// Only of those who are older than this; of everybody from the first birthday on when left out.
    above_age: Option<u8>,
}

/// From so many hours before the arrival on, so much is given back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StayRefundStep")]
pub(crate) struct RefundBody {
    /// At least so many hours before.
    hours: u32,
    /// 0 to 100.
    percent: u8,
}

impl PlanBody {
    pub(crate) fn plan(self) -> errors::Result<Plan> {
        let base = match (self.prices, self.derived) {
            (Some(prices), None) => Base::Own(prices),
            (None, Some(DerivedBody { from, basis_points, amount })) => {
                Base::Derived { from, basis_points, amount }
            }
            _ => return Err(Error::field("/prices", "required", "either prices or derived must be given")),
        };
        let people = self.people.map_or(
            People { adults: 2, extra_adult: 0, fewer_adult: 0, children: Vec::new() },
            |people| People {
                adults: people.adults,
                extra_adult: people.extra_adult,
                fewer_adult: people.fewer_adult,
                children: people
                    .children
                    .into_iter()
                    .map(|BandBody { up_to, price }| ChildBand { up_to, price })
                    .collect(),
            },
        );
        let seasons = self.seasons.unwrap_or_default().into_iter().enumerate();
        let taxes = self.taxes.unwrap_or_default().into_iter().enumerate();
        let refund = |RefundBody { hours, percent }: RefundBody| RefundStep { hours, percent };
        let rates = Rates {
            currency: self.currency,
            base,
            seasons: seasons.map(|(at, season)| season.read(at)).collect::<errors::Result<_>>()?,
            rules: self.rules.unwrap_or_default().into_iter().map(RuleBody::read).collect(),
            people,
            taxes: taxes.map(|(at, tax)| tax.read(at)).collect::<errors::Result<_>>()?,
            terms: Terms {
                deposit_percent: self.deposit_percent,
                refunds: self.refunds.unwrap_or_default().into_iter().map(refund).collect(),
            },
            no_show_nights: self.no_show_nights,
        };
        Ok(Plan { name: self.name, includes: self.includes, meals: self.meals, rates })
    }
}

impl SeasonBody {
    fn read(self, at: usize) -> errors::Result<Season> {
        let price = match (self.price, self.basis_points) {
            (Some(amount), None) => SeasonPrice::Amount(amount),
            (None, Some(points)) => SeasonPrice::BasisPoints(points),
            _ => {
                let message = "either price or basis_points must be given";
                return Err(Error::field(format!("/seasons/{at}/price"), "required", message));
            }
        };
        let when =
            When { from: self.from, to: self.to, weekdays: self.weekdays, room_types: self.room_types };
        Ok(Season { when, price })
    }

    fn of(season: Season) -> Self {
        let When { from, to, weekdays, room_types } = season.when;
        let (price, basis_points) = match season.price {
            SeasonPrice::Amount(amount) => (Some(amount), None),
            SeasonPrice::BasisPoints(points) => (None, Some(points)),
        };
        Self { from, to, weekdays, room_types, price, basis_points }
    }
}

impl RuleBody {
    fn read(self) -> Rule {
        let Self { from, to, weekdays, room_types, min_nights, max_nights, no_arrival, no_departure, closed } =
            self;
        let when = When { from, to, weekdays, room_types };
        Rule { when, min_nights, max_nights, no_arrival, no_departure, closed }
    }

    fn of(rule: Rule) -> Self {
        let Rule { when, min_nights, max_nights, no_arrival, no_departure, closed } = rule;
        let When { from, to, weekdays, room_types } = when;
        Self { from, to, weekdays, room_types, min_nights, max_nights, no_arrival, no_departure, closed }
    }
}

impl TaxBody {
    fn read(self, at: usize) -> errors::Result<StayTax> {
        let by = match (self.basis_points, self.guest_night) {
            (Some(points), None) => TaxBy::BasisPoints(points),
            (None, Some(amount)) => {
                TaxBy::GuestNight { amount, above_age: self.above_age.unwrap_or_default() }
            }
            _ => {
                let message = "either basis_points or guest_night must be given";
                return Err(Error::field(format!("/taxes/{at}/basis_points"), "required", message));
            }
        };
        Ok(StayTax { name: self.name, by })
    }

    fn of(tax: StayTax) -> Self {
        let (basis_points, guest_night, above_age) = match tax.by {
            TaxBy::BasisPoints(points) => (Some(points), None, None),
            TaxBy::GuestNight { amount, above_age } => (None, Some(amount), Some(above_age)),
        };
        Self { name: tax.name, basis_points, guest_night, above_age }
    }
}

/// What nights cost, and which stays may be had.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RatePlan")]
pub(crate) struct PlanView {
    id: String,
    location_id: String,
    name: String,
    includes: Option<String>,
    /// `room_only`, `breakfast`, `half_board`, `full_board` or `all_inclusive`.
    meals: &'static str,
    /// ISO 4217; every amount is in its minor units.
    currency: String,
    prices: Option<BTreeMap<String, i64>>,
    derived: Option<DerivedBody>,
    seasons: Vec<SeasonBody>,
    rules: Vec<RuleBody>,
    people: PeopleBody,
    taxes: Vec<TaxBody>,
    deposit_percent: Option<u8>,
    refunds: Vec<RefundBody>,
    no_show_nights: Option<u8>,
    retired: bool,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl PlanView {
    pub(crate) fn of(plan: RatePlan) -> Self {
        let rates = plan.rates;
        let (prices, derived) = match rates.base {
            Base::Own(prices) => {
                (Some(prices.into_iter().map(|(id, price)| (id.to_string(), price)).collect()), None)
            }
            Base::Derived { from, basis_points, amount } => {
                (None, Some(DerivedBody { from, basis_points, amount }))
            }
        };
        let band = |ChildBand { up_to, price }: ChildBand| BandBody { up_to, price };
        let refund = |RefundStep { hours, percent }: RefundStep| RefundBody { hours, percent };
        Self {
            id: plan.id.to_string(),
            location_id: plan.location.to_string(),
            name: plan.name.into(),
            includes: plan.includes.map(Into::into),
            meals: plan.meals.as_str(),
            currency: rates.currency.code().to_owned(),
            prices,
            derived,
            seasons: rates.seasons.into_iter().map(SeasonBody::of).collect(),
            rules: rates.rules.into_iter().map(RuleBody::of).collect(),
            people: PeopleBody {
                adults: rates.people.adults,
                extra_adult: rates.people.extra_adult,
                fewer_adult: rates.people.fewer_adult,
                children: rates.people.children.into_iter().map(band).collect(),
            },
            taxes: rates.taxes.into_iter().map(TaxBody::of).collect(),
            deposit_percent: rates.terms.deposit_percent,
            refunds: rates.terms.refunds.into_iter().map(refund).collect(),
            no_show_nights: rates.no_show_nights,
            retired: plan.retired,
            created_at: plan.created_at.to_string(),
            updated_at: plan.updated_at.to_string(),
            version: plan.version,
        }
    }

    pub(crate) fn reply(plan: RatePlan) -> Reply<Self> {
        let version = plan.version;
        Reply::ok(Self::of(plan)).version(version)
    }
}
