//! Promo codes: words that take something off the price of an order, so often and until then.

use std::collections::BTreeSet;

use errors::{Code, Error, FieldError, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::offering::MOST_PRICE;
use crate::text::Promo;
use crate::{Currency, EventId, LocationId, Offering, OfferingId, PromoCodeId, Requests};

/// Offerings that a code is restricted to.
pub const MOST_OFFERINGS: usize = 50;
/// Uses of a code, in all and by one customer.
pub const MOST_USES: u32 = 1_000_000;

/// A word that takes something off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoCode {
    /// Unique; derived from place and word.
    pub id: PromoCodeId,
    /// Where it counts.
    pub location: LocationId,
    /// The word, unique there, also once it is retired.
    pub code: Promo,
    /// What it takes off, when and how often.
    pub terms: PromoTerms,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired code is kept for its history and takes nothing off.
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

/// What a code takes off, when and how often. Amounts are minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoTerms {
    /// How much of plans and add-ons.
    pub off: Off,
    /// Of every amount here, and of the offerings that it counts for.
    pub currency: Currency,
    /// It takes off no more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_off: Option<i64>,
    /// Plans and add-ons must cost at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    /// From when on it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when, that instant not included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_uses: Option<u32>,
    /// How often by one customer.
    pub most_each: u32,
    /// For which offerings; for all of the place when there is none.
    #[serde(default)]
    pub offerings: BTreeSet<OfferingId>,
    /// Whether it counts at present.
    pub active: bool,
}

/// How much a code takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// In hundredths of a percent, from 1 to 10,000; rounded down to the minor unit.
    BasisPoints(u32),
    /// Minor units.
    Amount(i64),
}

/// That an order uses a code, and how often it may be used: kept with the order, so that each use is claimed and given back by what
/// the order says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoUse {
    /// Which.
    pub id: PromoCodeId,
    /// The word, as it was then.
    pub code: Promo,
    /// How often it may be used in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// How often by one customer.
    pub most_each: u32,
}

impl PromoTerms {
    /// The terms, if a code can have them.
    ///
    /// # Errors
    /// `validation_failed` with every field: an amount or a limit out of bounds, an end before the beginning, too many offerings.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut within = |pointer: &str, value: Option<i64>, least: i64, most: i64| {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                let message = format!("must be {least} to {most}");
                wrong.push(FieldError::new(pointer, "out_of_range", message));
            }
        };
        match self.off {
            Off::BasisPoints(points) => within("/basis_points", Some(points.into()), 1, 10_000),
            Off::Amount(minor) => within("/amount", Some(minor), 1, MOST_PRICE),
        }
        within("/max_discount", self.most_off, 1, MOST_PRICE);
        within("/min_amount", self.least, 0, MOST_PRICE);
        within("/max_uses", self.most_uses.map(Into::into), 1, MOST_USES.into());
        within("/max_uses_per_user", Some(self.most_each.into()), 1, MOST_USES.into());
        if self.from.zip(self.until).is_some_and(|(from, until)| until <= from) {
            wrong.push(FieldError::new("/valid_until", "not_after_start", "must be after valid_from"));
        }
        if self.offerings.len() > MOST_OFFERINGS {
            let message = format!("must be at most {MOST_OFFERINGS}");
            wrong.push(FieldError::new("/offering_ids", "out_of_range", message));
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::fields(wrong)) }
    }

    /// What it takes off plans and add-ons that cost so much: never more than they do, never more than its own most.
    fn of(&self, goods: i64) -> i64 {
        let off = match self.off {
            Off::BasisPoints(points) => goods * i64::from(points) / 10_000,
            Off::Amount(minor) => minor,
        };
        off.min(self.most_off.unwrap_or(i64::MAX)).min(goods)
    }
}

impl PromoCode {
    /// What it takes off plans and add-ons of an offering that cost so much.
    ///
    /// # Errors
    /// A field error of `/promo_code`: `unknown` when it is switched off or retired, `too_early`, `expired`, `other_offering`,
    /// `other_currency`, `below_minimum`, or `no_effect` when there is nothing to take it off.
    pub fn takes_off(&self, offering: &Offering, goods: i64, now: Timestamp) -> Result<i64, FieldError> {
        let terms = &self.terms;
        let refuse = |code: &'static str, message: &str| FieldError::new("/promo_code", code, message);
        if !terms.active || self.retired || self.location != offering.location {
            return Err(Self::unknown());
        }
        if terms.from.is_some_and(|from| now < from) {
            return Err(refuse("too_early", "does not count yet"));
        }
        if terms.until.is_some_and(|until| now >= until) {
            return Err(refuse("expired", "no longer counts"));
        }
        if !terms.offerings.is_empty() && !terms.offerings.contains(&offering.id) {
            return Err(refuse("other_offering", "does not count for this offering"));
        }
        if terms.currency != offering.prices.currency {
            return Err(refuse("other_currency", "does not count for prices in this currency"));
        }
        if let Some(least) = terms.least.filter(|least| goods < *least) {
            let message = format!("counts from {least} minor units of plans and add-ons on");
            return Err(refuse("below_minimum", &message));
        }
        match terms.of(goods) {
            0 => Err(refuse("no_effect", "takes nothing off this")),
            off => Ok(off),
        }
    }

    /// That there is no such code, as far as a customer may know.
    pub fn unknown() -> FieldError {
        FieldError::new("/promo_code", "unknown", "is no code that counts here")
    }

    /// That an order uses it.
    pub fn used(&self) -> PromoUse {
        let PromoTerms { most_uses, most_each, .. } = self.terms;
        PromoUse { id: self.id, code: self.code.clone(), most: most_uses, most_each }
    }

    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if self.retired {
            let message = "the promo code is retired";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "retired"));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// Takes it away for ever; what was ordered with it keeps its price.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn retire(self, now: Timestamp) -> Result<Self> {
        let mut next = self.revise(now)?;
        next.retired = true;
        Ok(next)
    }

    /// The event that tells of the change from `before` (nothing, for a new code) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({ "location": self.location, "code": self.code, "terms": self.terms, "retired": self.retired })
    }
}

impl PromoUse {
    /// The refusal of one use too many.
    pub fn used_up(by: UsedUp) -> Error {
        let (reason, message) = match by {
            UsedUp::All => ("exhausted", "this promo code has been used as often as it may be"),
            UsedUp::Customer => ("used_before", "you have used this promo code as often as you may"),
        };
        Error::new(Code::PromoUsedUp, message).with_detail("reason", reason)
    }
}

/// Which limit of a code is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedUp {
    /// That of all customers together.
    All,
    /// That of this customer.
    Customer,
}

#[cfg(test)]
mod tests;
