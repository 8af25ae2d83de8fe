//! Payments: what a gateway or a desk says of money for an order, and what follows from it.
//!
//! # Facts, not steps
//! A gateway tells of one payment several times, in any order, twice or never: the customer's browser brings a signature, a
//! webhook says `authorized`, another `captured`, a reconciler asks and is told. So a payment keeps no state that an event moves;
//! it keeps what is *known* of each attempt to pay and each refund, and what is told is joined with that: the further stage wins.
//! Joining is commutative, associative and idempotent, so every order of the same facts, with duplicates,
//! leads to the same payment.
//!
//! # What follows
//! [`next`] looks at an order and all that is known of its payments, and says the one thing that has to happen now:
//!
//! ```text
//! order            known                                        what follows
//! held, expired    paid enough (authorized or captured)         Sell: confirm, or claim anew what was given back
//! not held         more captured than charged, promises aside   Refund the difference
//! not held         authorized                                   Capture
//! ```
//! Whatever is authorized is captured, of an order that is lost too, and then goes back: the gateway captures by itself as well, and
//! an end that depended on which of the two was first would depend on the order of events.
//!
//! Where what was given back has gone to somebody else, the order is marked as lost and stays expired; it is charged nothing, so
//! that all that was captured goes back. A second payment of one order is the same: more is captured than charged.
//!
//! # Invariants
//! 1. No order is sold by a fact about another gateway order, amount or currency ([`Payment::told`]).
//! 2. What is promised back never exceeds what was captured, by attempt.
//! 3. When nothing follows any more, an order that is not held has `captured − refunded ≤ charged`, counting promises as kept.
//! 4. The same facts in any order, duplicated, lead to the same order, sums and promises (`payment/tests.rs`).

mod next;
mod told;

use std::collections::BTreeMap;

use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use next::{Next, most_to_pay, next, summed, to_pay};
pub use told::{RefundTold, Told};

use crate::event::{Actor, Event};
use crate::{Currency, EventId, LocationId, Money, Order, OrderId, PaymentId, UserId};

/// Attempts at one payment that are kept: a customer who fails so often has to begin anew.
pub const MOST_ATTEMPTS: usize = 50;
/// When an open payment is asked about first, in minutes after it was begun; then after an hour, and each time twice as late.
const FIRST_LOOK: i64 = 15;
/// For so long an open payment is asked about: a late authorization comes within three days.
const LOOKS_FOR: SignedDuration = SignedDuration::from_hours(72);
/// The name of the only attempt of a payment that a desk takes.
const AT_THE_DESK: &str = "desk";

/// How money comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "means", rename_all = "snake_case")]
pub enum Means {
    /// Through Razorpay, for this order of theirs.
    Razorpay {
        /// Its id at the gateway.
        order: String,
    },
    /// In notes and coins.
    Cash,
    /// By a card terminal.
    Card {
        /// What the terminal printed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// By UPI from person to desk.
    Upi {
        /// The bank's reference.
        reference: String,
    },
}

impl Means {
    /// The text form.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Razorpay { .. } => "razorpay",
            Self::Cash => "cash",
            Self::Card { .. } => "card",
            Self::Upi { .. } => "upi",
        }
    }
}

/// How far an attempt to pay is known to have come. The further one wins over the other, whichever is told first: a failure may be
/// followed by an authorization days later, never the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It did not work.
    Failed,
    /// The money is set aside for us.
    Authorized,
    /// The money is ours.
    Captured,
}

/// How far a refund has come. The further one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Promised; the gateway has not been told yet, or did not answer.
    Promised,
    /// The gateway has taken it on.
    Pending,
    /// The gateway could not carry it out: somebody has to look.
    Failed,
    /// The money is back.
    Processed,
}

impl RefundState {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promised => "promised",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Processed => "processed",
        }
    }
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Of which attempt.
    pub attempt: String,
    /// Minor units of the payment's currency.
    pub amount: i64,
    /// How far it has come.
    pub state: RefundState,
    /// Its id at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// When it was promised.
    pub at: Timestamp,
}

/// Money for an order, by one means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Unique; of a gateway's order derived from its id.
    pub id: PaymentId,
    /// For which order.
    pub order: OrderId,
    /// Where the order is.
    pub location: LocationId,
    /// Whose order it is. Stored apart from the key of bookings by user.
    #[serde(rename = "customer")]
    pub user: UserId,
    /// How it comes.
    pub means: Means,
    /// Minor units; what each attempt pays.
    pub amount: i64,
    /// Of every amount here.
    pub currency: Currency,
    /// For which part of a folio, from 0; the first one when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<usize>,
    /// How far each attempt is known to have come, by the gateway's id of it.
    #[serde(default)]
    pub attempts: BTreeMap<String, Stage>,
    /// What goes back, by the key under which the gateway is told; what others gave back there, by its id.
    #[serde(default)]
    pub refunds: BTreeMap<String, Refund>,
    /// When the gateway is asked about it next; `None` when there is nothing to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Payment {
    /// A payment through Razorpay that is begun now, for what the order is to be paid next.
    ///
    /// # Errors
    /// `wrong_state` when nothing is to be paid.
    pub fn begun(id: PaymentId, order: &Order, gateway: String, amount: i64, now: Timestamp) -> Result<Self> {
        let look_at = now.checked_add(SignedDuration::from_mins(FIRST_LOOK)).ok();
        Ok(Self { look_at, ..Self::made(id, order, Means::Razorpay { order: gateway }, amount, now)? })
    }

    /// A payment that a desk has taken.
    ///
    /// # Errors
    /// `wrong_state` when nothing is to be paid.
    pub fn taken(id: PaymentId, order: &Order, means: Means, amount: i64, now: Timestamp) -> Result<Self> {
        let attempts = [(AT_THE_DESK.to_owned(), Stage::Captured)].into();
        Ok(Self { attempts, ..Self::made(id, order, means, amount, now)? })
    }

    fn made(id: PaymentId, order: &Order, means: Means, amount: i64, now: Timestamp) -> Result<Self> {
        let sale = order.sale.as_ref().filter(|_| amount > 0);
        let currency = sale.map(|sale| sale.currency).ok_or_else(nothing_to_pay)?;
        Ok(Self {
            id,
            order: order.id,
            location: order.location,
            user: order.user,
            means,
            amount,
            currency,
            part: None,
            attempts: BTreeMap::new(),
            refunds: BTreeMap::new(),
            look_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
            request: None,
        })
    }

    /// The gateway's id of its order, if it comes through one.
    pub fn gateway_order(&self) -> Option<&str> {
        match &self.means {
            Means::Razorpay { order } => Some(order),
            Means::Cash | Means::Card { .. } | Means::Upi { .. } => None,
        }
    }

    /// Joins what is told with what is known.
    ///
    /// # Errors
    /// `payment_mismatch` when it is about another order of the gateway, another amount or currency: then nothing is noted.
    pub fn told(&mut self, told: &Told) -> Result<()> {
        let ours = matches!(&self.means, Means::Razorpay { order } if *order == told.order);
        let as_asked = told.amount == Money::new(self.amount, self.currency);
        let known = self.attempts.contains_key(&told.attempt) || self.attempts.len() < MOST_ATTEMPTS;
        if !ours || !as_asked || !known {
            return Err(Error::new(Code::PaymentMismatch, "this is not what was to be paid"));
        }
        let stage = self.attempts.entry(told.attempt.clone()).or_insert(told.stage);
        *stage = told.stage.max(*stage);
        Ok(())
    }

    /// Promises money back; the key under which the gateway is told. A desk gives it back at once.
    pub fn promise(&mut self, attempt: &str, amount: i64, now: Timestamp) -> String {
        let before = self.refunds.values().filter(|refund| refund.attempt == attempt).count();
        let key = format!("{attempt}-refund-{}", before + 1);
        let state = match self.means {
            Means::Razorpay { .. } => RefundState::Promised,
            Means::Cash | Means::Card { .. } | Means::Upi { .. } => RefundState::Processed,
        };
        let refund = Refund { attempt: attempt.to_owned(), amount, state, gateway: None, at: now };
        self.refunds.insert(key.clone(), refund);
        key
    }

    /// Notes that the gateway refuses to give something back: somebody has to see to it.
    pub fn refund_refused(&mut self, key: &str) {
        if let Some(refund) = self.refunds.get_mut(key) {
            refund.state = refund.state.max(RefundState::Failed);
        }
    }

    /// Joins what is told of a refund with what is known. One that was not asked for here is noted like those that were: somebody
    /// gave money back in the gateway's own pages.
    ///
    /// # Errors
    /// `payment_mismatch` when it is of an attempt that is not known, in another currency, or of more than came: then nothing is
    /// noted.
    pub fn refund_told(&mut self, told: &RefundTold, now: Timestamp) -> Result<()> {
        let ours = |(key, refund): &(&String, &Refund)| {
            refund.gateway.as_ref() == Some(&told.id) || told.key.as_ref() == Some(*key)
        };
        let key = self.refunds.iter().find(ours).map_or_else(|| told.id.clone(), |(key, _)| key.clone());
        let fits = self.attempts.contains_key(&told.attempt)
            && told.amount.currency == self.currency
            && (1..=self.amount).contains(&told.amount.minor)
            && (self.refunds.contains_key(&key) || self.refunds.len() < MOST_ATTEMPTS);
        if !fits {
            return Err(Error::new(Code::PaymentMismatch, "this refund is of nothing that was paid here"));
        }
        let new = || Refund {
            attempt: told.attempt.clone(),
            amount: told.amount.minor,
            state: told.state,
            gateway: None,
            at: now,
        };
        let refund = self.refunds.entry(key).or_insert_with(new);
        refund.state = told.state.max(refund.state);
        refund.gateway.get_or_insert_with(|| told.id.clone());
        Ok(())
    }

    /// Whether money is set aside for us or ours.
    pub fn is_paid(&self) -> bool {
        self.attempts.values().any(|stage| *stage >= Stage::Authorized)
    }

    /// What has come in.
    pub fn captured(&self) -> i64 {
        self.attempts.values().filter(|stage| **stage == Stage::Captured).map(|_| self.amount).sum()
    }

    /// What has gone back.
    pub fn refunded(&self) -> i64 {
        let processed = self.refunds.values().filter(|refund| refund.state == RefundState::Processed);
        processed.map(|refund| refund.amount).sum()
    }

    /// What has gone back or is promised. A refund that failed is still promised: somebody has to see to it.
    pub fn promised(&self) -> i64 {
        self.refunds.values().map(|refund| refund.amount).sum()
    }

    /// What can still be promised back of an attempt.
    fn left(&self, name: &str) -> i64 {
        if self.attempts.get(name) != Some(&Stage::Captured) {
            return 0;
        }
        let of = self.refunds.values().filter(|refund| refund.attempt == name);
        self.amount - of.map(|refund| refund.amount).sum::<i64>()
    }

    /// Whether there is still something that only the gateway can tell.
    pub fn is_open(&self) -> bool {
        let waits = |refund: &Refund| matches!(refund.state, RefundState::Promised | RefundState::Pending);
        let authorized = |stage: &Stage| *stage == Stage::Authorized;
        !self.is_paid() || self.attempts.values().any(authorized) || self.refunds.values().any(waits)
    }

    /// Whether it came to nothing, and nobody asks about it any more: every attempt failed, or a refund did. Somebody has to look.
    pub fn is_failed(&self) -> bool {
        let tried = !self.attempts.is_empty() && !self.is_paid();
        let stuck = self.refunds.values().any(|refund| refund.state == RefundState::Failed);
        self.look_at.is_none() && (tried || stuck)
    }

    /// The next version, with the next time at which the gateway is asked while something is open: an hour after the last news, then
    /// each time twice as late, the last time three days after it.
    #[must_use]
    pub fn revised(mut self, now: Timestamp, news: bool) -> Self {
        let since = if news { now } else { self.updated_at };
        let waited = now.duration_since(since);
        let next = (waited + waited.max(SignedDuration::from_hours(1))).min(LOOKS_FOR);
        let goes_on = self.gateway_order().is_some() && self.is_open() && waited < LOOKS_FOR;
        self.look_at = goes_on.then(|| since.checked_add(next).ok()).flatten();
        if news {
            self.updated_at = now;
        }
        self.version += 1;
        self
    }

    /// The event that tells of the change from `before` (nothing, for a new payment) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let told = |payment: &Self| {
            json!({
                "means": payment.means.as_str(), "amount": payment.amount, "currency": payment.currency,
                "captured": payment.captured(), "refunded": payment.refunded(),
                "promised": payment.promised(), "paid": payment.is_paid(),
            })
        };
        let record = (self.id.to_string(), self.version, self.updated_at);
        let mut event = Event::of_change(id, kind, record, actor, before.map(told).as_ref(), &told(self));
        // Told with each: what follows is looked for by the order, and what figures are kept by.
        if let Some(data) = event.data.as_object_mut() {
            let means = self.means.as_str();
            let of = json!({ "location": self.location, "currency": self.currency, "means": means });
            data.insert("of".to_owned(), of);
            data.insert("order".to_owned(), json!(self.order));
        }
        event
    }
}

fn nothing_to_pay() -> Error {
    Error::new(Code::WrongState, "there is nothing to pay for this order")
}

#[cfg(test)]
mod tests;
