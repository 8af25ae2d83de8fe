//! Offerings: what is sold on dates, by which plans and with which add-ons, at what price and on which terms.
//!
//! A date of it is a *session*: a pool with a time, whose seats the ledger counts. An offering has no number of its own.

use std::collections::BTreeSet;

use errors::{Code, Error, FieldError, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::text::{Line, Name, Note, Tag};
use crate::{Currency, EventId, LocationId, OfferingId, Requests};

/// The highest price of one of anything, in minor units: ten thousand of it stay within what an amount may be.
pub const MOST_PRICE: i64 = 100_000_000;
/// Plans of an offering.
pub const MOST_PLANS: usize = 20;
/// Add-ons of an offering.
pub const MOST_ADD_ONS: usize = 50;
/// Categories, benefits and images of an offering, each.
pub const MOST_DETAILS: usize = 20;
/// Steps of a refund policy.
pub const MOST_STEPS: usize = 10;

/// What is sold on dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offering {
    /// Unique.
    pub id: OfferingId,
    /// Where it takes place.
    pub location: LocationId,
    /// What it says of itself.
    pub about: About,
    /// What it costs and on which terms.
    pub prices: Prices,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired offering is kept for its history and sells nothing.
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

/// What an offering says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// As shown.
    pub name: Name,
    /// In a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Line>,
    /// At length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// What it is found under, at most [`MOST_DETAILS`].
    #[serde(default)]
    pub categories: BTreeSet<Tag>,
    /// What one has of it, at most [`MOST_DETAILS`].
    #[serde(default)]
    pub benefits: Vec<Benefit>,
    /// Addresses of pictures (`https://…`), the first one leads; at most [`MOST_DETAILS`].
    #[serde(default)]
    pub images: Vec<Line>,
}

/// Something that one has of an offering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benefit {
    /// In a few words.
    pub title: Name,
    /// In more of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Note>,
}

/// What an offering costs and on which terms. Amounts are minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Of every amount here.
    pub currency: Currency,
    /// One of them is chosen for each line of an order; from 1 to [`MOST_PLANS`].
    pub plans: Vec<Plan>,
    /// What may be had besides; at most [`MOST_ADD_ONS`].
    #[serde(default)]
    pub add_ons: Vec<AddOn>,
    /// What posting costs, for orders with something to post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// A tax that comes on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    /// When it is paid, and what is given back.
    pub terms: Terms,
}

/// One way to take part, with its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What orders name it by; unique within the offering.
    pub code: Tag,
    /// As shown.
    pub name: Name,
    /// What is included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<Note>,
    /// For one unit.
    pub price: i64,
    /// What it costs otherwise, shown beside the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<i64>,
}

/// Something that may be had besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddOn {
    /// What orders name it by; unique within the offering.
    pub code: Tag,
    /// As shown.
    pub name: Name,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// For one of it.
    pub price: i64,
    /// Whether whoever orders it must say something about it: in whose name, for which occasion.
    #[serde(default)]
    pub needs_note: bool,
    /// Whether it is posted, so that shipping is charged.
    #[serde(default)]
    pub posted: bool,
}

/// What posting costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipping {
    /// For an order, however much is posted.
    pub price: i64,
    /// Nothing is charged from this amount of plans and add-ons on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<i64>,
}

/// A tax that comes on top of everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// As shown, e.g. `GST`.
    pub name: Name,
    /// In hundredths of a percent, up to 10,000: 1,800 are 18 %.
    pub basis_points: u32,
}

/// When an order is paid, and what is given back of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// What must be paid to have it, in percent from 0 to 100; the rest is due at the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit_percent: Option<u8>,
    /// What is given back to whoever cancels, by how long before the beginning: the longest notice first. What no step
    /// reaches gives nothing back; without any step everything is given back until the beginning.
    #[serde(default)]
    pub refunds: Vec<RefundStep>,
}

/// From so many hours before the beginning on, so much is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundStep {
    /// At least so many hours before.
    pub hours: u32,
    /// From 0 to 100.
    pub percent: u8,
}

impl Terms {
    /// What is wrong with them: a percent out of bounds, too many steps, steps that do not follow one another.
    pub(crate) fn check(&self, wrong: &mut Wrong) {
        let deposit = self.deposit_percent.unwrap_or_default() <= 100;
        wrong.unless(deposit, "/deposit_percent", "out_of_range", "must be at most 100");
        let steps = &self.refunds;
        wrong.at_most(steps.len(), MOST_STEPS, "/refunds");
        let percents = steps.iter().all(|step| step.percent <= 100);
        wrong.unless(percents, "/refunds", "out_of_range", "a percent must be at most 100");
        let falls = steps.iter().zip(steps.iter().skip(1));
        let ordered = falls.clone().all(|(one, next)| one.hours > next.hours && one.percent >= next.percent);
        let message = "the longest notice comes first and gives most back";
        wrong.unless(ordered, "/refunds", "invalid_value", message);
    }

    /// The part of `total` that must be paid before it is sold, rounded up.
    pub fn first_part(&self, total: i64) -> i64 {
        match self.deposit_percent {
            None => total,
            Some(percent) => (total * i64::from(percent) + 99) / 100,
        }
    }

    /// The part of `total` that is kept when it is cancelled at `now` and begins at `start`, rounded down in favour of whoever
    /// cancels.
    pub fn kept(&self, total: i64, start: Timestamp, now: Timestamp) -> i64 {
        if now >= start {
            return total;
        }
        let seconds = start.duration_since(now).as_secs();
        let reached = |step: &&RefundStep| seconds >= i64::from(step.hours) * 3_600;
        let back = match self.refunds.iter().find(reached) {
            Some(step) => i64::from(step.percent),
            None if self.refunds.is_empty() => 100,
            None => 0,
        };
        total * (100 - back) / 100
    }
}

impl Prices {
    /// The prices, if an offering can have them.
    ///
    /// # Errors
    /// `validation_failed` with every field: an amount out of bounds, a code twice, too many of something, steps of a policy
    /// that do not follow one another.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        wrong.unless(!self.plans.is_empty(), "/plans", "required", "must have at least one plan");
        wrong.at_most(self.plans.len(), MOST_PLANS, "/plans");
        wrong.at_most(self.add_ons.len(), MOST_ADD_ONS, "/add_ons");
        for (at, plan) in self.plans.iter().enumerate() {
            wrong.amount(plan.price, &format!("/plans/{at}/price"));
            wrong.amount(plan.list_price.unwrap_or_default(), &format!("/plans/{at}/list_price"));
        }
        for (at, add_on) in self.add_ons.iter().enumerate() {
            wrong.amount(add_on.price, &format!("/add_ons/{at}/price"));
        }
        wrong.twice(self.plans.iter().map(|plan| &plan.code), "/plans");
        wrong.twice(self.add_ons.iter().map(|add_on| &add_on.code), "/add_ons");
        if let Some(shipping) = &self.shipping {
            wrong.amount(shipping.price, "/shipping/price");
            wrong.amount(shipping.free_from.unwrap_or_default(), "/shipping/free_from");
        }
        let most_tax = self.tax.as_ref().is_none_or(|tax| tax.basis_points <= 10_000);
        wrong.unless(most_tax, "/tax/basis_points", "out_of_range", "must be at most 10000");
        self.terms.check(&mut wrong);
        wrong.check(self)
    }
}

impl About {
    /// The texts, if there are not too many of them.
    ///
    /// # Errors
    /// `validation_failed` with every field.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        wrong.at_most(self.categories.len(), MOST_DETAILS, "/categories");
        wrong.at_most(self.benefits.len(), MOST_DETAILS, "/benefits");
        wrong.at_most(self.images.len(), MOST_DETAILS, "/images");
        for (at, image) in self.images.iter().enumerate() {
            let secure = image.as_str().starts_with("https://") && !image.as_str().contains(' ');
            wrong.unless(secure, &format!("/images/{at}"), "invalid_format", "must be an https address");
        }
        wrong.check(self)
    }
}

/// What is found wrong with the fields of something.
#[derive(Default)]
pub(crate) struct Wrong(pub(crate) Vec<FieldError>);

impl Wrong {
    pub(crate) fn unless(&mut self, fine: bool, pointer: &str, code: &'static str, message: &str) {
        if !fine {
            self.0.push(FieldError::new(pointer, code, message));
        }
    }

    pub(crate) fn at_most(&mut self, count: usize, most: usize, pointer: &str) {
        self.unless(count <= most, pointer, "out_of_range", &format!("must be at most {most}"));
    }

    pub(crate) fn amount(&mut self, minor: i64, pointer: &str) {
        let fine = (0..=MOST_PRICE).contains(&minor);
        self.unless(fine, pointer, "out_of_range", &format!("must be 0 to {MOST_PRICE}"));
    }

    fn twice<'a>(&mut self, codes: impl Iterator<Item = &'a Tag>, pointer: &str) {
        let mut seen = BTreeSet::new();
        for (at, code) in codes.enumerate() {
            let first = seen.insert(code);
            self.unless(first, &format!("{pointer}/{at}/code"), "duplicate", "is the code of another one");
        }
    }

    pub(crate) fn check<T>(self, value: T) -> Result<T> {
        if self.0.is_empty() { Ok(value) } else { Err(Error::fields(self.0)) }
    }
}

impl Offering {
    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if self.retired {
            let message = "the offering is retired";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "retired"));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// Takes it off the offer for ever; what is sold of it stays sold.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn retire(self, now: Timestamp) -> Result<Self> {
        let mut next = self.revise(now)?;
        next.retired = true;
        Ok(next)
    }

    /// The event that tells of the change from `before` (nothing, for a new offering) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({ "location": self.location, "about": self.about, "prices": self.prices, "retired": self.retired })
    }
}

#[cfg(test)]
mod tests;
