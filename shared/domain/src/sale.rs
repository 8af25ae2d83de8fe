//! Sales: what an order costs, as quoted when it was made, and how much of that has been paid.

use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::MOST_MINOR;
use crate::offering::{Offering, Terms};
use crate::promo::PromoUse;
use crate::text::{Line, Name, Note, Tag};
use crate::{Address, Currency, OfferingId, PaymentId, PromoCode};

/// Add-ons chosen for a line of an order.
pub const MOST_EXTRAS: usize = 20;
/// Payments of an order, tried or made.
pub const MOST_PAYMENTS: usize = 20;
/// So many of one add-on for a line.
pub const MOST_OF_AN_EXTRA: u32 = 1_000;

/// What is chosen for a line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which line of the order.
    pub line: usize,
    /// How many units of it.
    pub quantity: u32,
    /// The plan's code; the only plan when unset.
    pub plan: Option<Tag>,
    /// What else.
    pub extras: Vec<Extra>,
}

/// An add-on, chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Its code.
    pub code: Tag,
    /// How many of it, for the line as a whole.
    pub quantity: u32,
    /// What is said about it.
    pub note: Option<Note>,
}

/// What a line of a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// Units by a plan.
    Plan,
    /// Nights of a room.
    Nights,
    /// Something besides.
    AddOn,
    /// What a promo code takes off: below zero.
    Discount,
    /// Posting.
    Shipping,
    /// A tax.
    Tax,
}

impl PriceKind {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Nights => "nights",
            Self::AddOn => "add_on",
            Self::Discount => "discount",
            Self::Shipping => "shipping",
            Self::Tax => "tax",
        }
    }
}

/// One line of a price: `amount` is `quantity` times `unit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// What for.
    pub kind: PriceKind,
    /// The line of the order that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The code of the plan or add-on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Tag>,
    /// As shown, as it was called then.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Minor units for one.
    pub unit: i64,
    /// Minor units.
    pub amount: i64,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// What an order costs and what has been paid. All amounts are minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// What is sold, unless it is nights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offering: Option<OfferingId>,
    /// As shown, as it was called then.
    pub title: Name,
    /// Of every amount here.
    pub currency: Currency,
    /// What it is made of.
    pub lines: Vec<PriceLine>,
    /// Their sum.
    pub total: i64,
    /// What must be paid of it before it is sold.
    pub first_part: i64,
    /// On which terms it was sold.
    pub terms: Terms,
    /// When the earliest of its sessions begins.
    pub starts: Timestamp,
    /// The code that takes something off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promo: Option<PromoUse>,
    /// Where something of it is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What the customer shall pay as things stand: the total once it is sold, what is kept once it is cancelled, else nothing;
    /// and what was posted.
    #[serde(default)]
    pub charged: i64,
    /// What was posted beside the lines while the guests were there; below zero, what was taken off.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub posted: i64,
    /// What it costs less than its lines say, since it was given back.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub reduced: i64,
    /// What has come in.
    #[serde(default)]
    pub captured: i64,
    /// What has gone back.
    #[serde(default)]
    pub refunded: i64,
    /// Money came for it after it had gone to somebody else, and goes back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// Its payments, tried or made, at most [`MOST_PAYMENTS`].
    #[serde(default)]
    pub payments: Vec<PaymentId>,
    /// That it took place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<Completion>,
}

// Taken by serde, which hands out references.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_nothing(amount: &i64) -> bool {
    *amount == 0
}

/// That what was sold took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// When that was said.
    pub at: Timestamp,
    /// Where a recording of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Line>,
}

impl Sale {
    /// What these choices of an offering cost, with a promo code at this time. The client names codes and quantities; every amount
    /// is the offering's.
    ///
    /// The code takes something off plans and add-ons together, before shipping and tax: one line of the order, so that there is
    /// nothing to spread. Tax is of what remains. Whether shipping is free depends on what plans and add-ons cost without the code,
    /// so that no code makes an order dearer.
    ///
    /// # Errors
    /// `validation_failed` with every field: an unknown plan or add-on, one twice, a note that is missing, a quantity or a
    /// total out of bounds, a code that does not count for this.
    pub fn quote(
        offering: &Offering,
        choices: &[Choice],
        promo: Option<(&PromoCode, Timestamp)>,
        starts: Timestamp,
    ) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut lines = Vec::new();
        for choice in choices {
            lines.extend(plan(offering, choice, &mut wrong));
            lines.extend(extras(offering, choice, &mut wrong));
        }
        let goods: i64 = lines.iter().map(|line| line.amount).sum();
        if let (true, Some((code, now))) = (wrong.is_empty(), promo) {
            match code.takes_off(offering, goods, now) {
                Ok(off) => lines.push(PriceLine::besides(PriceKind::Discount, code.code.as_str(), -off)),
                Err(refused) => wrong.push(refused),
            }
        }
        if !wrong.is_empty() {
            return Err(Error::fields(wrong));
        }
        if let Some(shipping) = offering.prices.shipping
            && posts(offering, choices)
            && shipping.free_from.is_none_or(|from| goods < from)
        {
            lines.push(PriceLine::besides(PriceKind::Shipping, "Shipping", shipping.price));
        }
        let net: i64 = lines.iter().map(|line| line.amount).sum();
        if let Some(tax) = &offering.prices.tax {
            let amount = (net * i64::from(tax.basis_points) + 5_000) / 10_000;
            lines.push(PriceLine::besides(PriceKind::Tax, tax.name.as_str(), amount));
        }
        let total: i64 = lines.iter().map(|line| line.amount).sum();
        if total > MOST_MINOR {
            return Err(Error::field("/lines", "out_of_range", "cost more than can be paid at once"));
        }
        let (title, prices) = (offering.about.name.clone(), &offering.prices);
        let sale = Self::new(title, prices.currency, lines, &prices.terms, starts);
        Ok(Self { offering: Some(offering.id), promo: promo.map(|(code, _)| code.used()), ..sale })
    }

    /// What costs so much and is not paid yet.
    pub(crate) fn new(
        title: Name,
        currency: Currency,
        lines: Vec<PriceLine>,
        terms: &Terms,
        starts: Timestamp,
    ) -> Self {
        let total = lines.iter().map(|line| line.amount).sum();
        Self {
            offering: None,
            title,
            currency,
            total,
            first_part: terms.first_part(total),
            lines,
            terms: terms.clone(),
            starts,
            promo: None,
            address: None,
            charged: 0,
            posted: 0,
            reduced: 0,
            captured: 0,
            refunded: 0,
            lost: false,
            payments: Vec::new(),
            completed: None,
        }
    }

    /// What its code takes off, as more than nothing.
    pub fn discount(&self) -> i64 {
        -self
            .lines
            .iter()
            .filter(|line| line.kind == PriceKind::Discount)
            .map(|line| line.amount)
            .sum::<i64>()
    }

    /// What is charged of it while it is sold: never less than nothing.
    pub fn sold_for(&self) -> i64 {
        (self.total + self.posted - self.reduced).max(0)
    }

    /// What is still to be paid; below zero, what is to go back.
    pub const fn due(&self) -> i64 {
        self.charged - (self.captured - self.refunded)
    }
}

/// Whether something of these choices is posted.
fn posts(offering: &Offering, choices: &[Choice]) -> bool {
    let posted = |extra: &Extra| {
        offering.prices.add_ons.iter().any(|add_on| add_on.posted && add_on.code == extra.code)
    };
    choices.iter().flat_map(|choice| &choice.extras).any(posted)
}

/// The address of an order with these choices: there where something is posted, and nowhere else.
///
/// # Errors
/// `validation_failed` where it is missing, or nothing is posted.
pub fn address(offering: &Offering, choices: &[Choice], address: Option<Address>) -> Result<Option<Address>> {
    let refuse = |code: &'static str, message: &str| Err(Error::field("/shipping_address", code, message));
    match (posts(offering, choices), address) {
        (true, None) => refuse("required", "is required: something of this is posted"),
        (false, Some(_)) => refuse("unexpected", "must be left out: nothing of this is posted"),
        (_, address) => Ok(address),
    }
}

impl PriceLine {
    fn besides(kind: PriceKind, name: &str, amount: i64) -> Self {
        Self::once(kind, name.to_owned(), amount)
    }

    /// One of something.
    pub(crate) fn once(kind: PriceKind, name: String, amount: i64) -> Self {
        Self { kind, line: None, code: None, name, quantity: 1, unit: amount, amount, note: None }
    }
}

/// The price of a line's units by the plan that is chosen for it.
fn plan(offering: &Offering, choice: &Choice, wrong: &mut Vec<FieldError>) -> Option<PriceLine> {
    let plans = &offering.prices.plans;
    let found = match (&choice.plan, plans.as_slice()) {
        (Some(code), _) => plans.iter().find(|plan| plan.code == *code),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let Some(plan) = found else {
        let (code, message) = match choice.plan {
            Some(_) => ("unknown", "is no plan of this offering"),
            None => ("required", "is required: there are several plans"),
        };
        wrong.push(FieldError::new(format!("/lines/{}/plan", choice.line), code, message));
        return None;
    };
    Some(PriceLine {
        kind: PriceKind::Plan,
        line: Some(choice.line),
        code: Some(plan.code.clone()),
        name: plan.name.to_string(),
        quantity: choice.quantity,
        unit: plan.price,
        amount: plan.price * i64::from(choice.quantity),
        note: None,
    })
}

/// The prices of what is chosen besides.
fn extras(offering: &Offering, choice: &Choice, wrong: &mut Vec<FieldError>) -> Vec<PriceLine> {
    let mut lines: Vec<PriceLine> = Vec::new();
    let mut refuse = |at: usize, field: &str, code: &'static str, message: &str| {
        wrong.push(FieldError::new(format!("/lines/{}/add_ons/{at}{field}", choice.line), code, message));
    };
    for (at, extra) in choice.extras.iter().enumerate() {
        let Some(add_on) = offering.prices.add_ons.iter().find(|add_on| add_on.code == extra.code) else {
            refuse(at, "/code", "unknown", "is no add-on of this offering");
            continue;
        };
        if lines.iter().any(|line| line.code.as_ref() == Some(&extra.code)) {
            refuse(at, "/code", "duplicate", "is chosen twice; say how many instead");
        }
        if !(1..=MOST_OF_AN_EXTRA).contains(&extra.quantity) {
            refuse(at, "/quantity", "out_of_range", &format!("must be 1 to {MOST_OF_AN_EXTRA}"));
        }
        if add_on.needs_note && extra.note.as_ref().is_none_or(|note| note.as_str().is_empty()) {
            refuse(at, "/note", "required", "is required for this add-on");
        }
        lines.push(PriceLine {
            kind: PriceKind::AddOn,
            line: Some(choice.line),
            code: Some(add_on.code.clone()),
            name: add_on.name.to_string(),
            quantity: extra.quantity,
            unit: add_on.price,
            amount: add_on.price * i64::from(extra.quantity),
            note: extra.note.clone(),
        });
    }
    lines
}

#[cfg(test)]
mod tests;
