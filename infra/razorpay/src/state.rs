//! What the gateway knows, and how orders, payments and refunds change.

use std::collections::BTreeMap;

use domain::Money;
use domain::gateway::{PaymentStatus, RefundStatus};
use domain::money::{Currency, MOST_MINOR};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chance::Chance;
use crate::entity::{Method, Order, Payment, Refund};
use crate::webhooks::Webhooks;
use crate::{Total, Totals, Trouble};

const RECEIPT_CHARS: usize = 40;
const MOST_NOTES: usize = 15;
const KEY_CHARS: usize = 10;

/// Why the gateway does not do it: what its answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str);

pub(crate) type Done<T> = Result<T, Refusal>;

const NO_SUCH: Refusal = Refusal("The id provided does not exist");

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    ids: Chance,
    pub(crate) chance: Chance,
    orders: BTreeMap<String, Order>,
    payments: BTreeMap<String, Payment>,
    refunds: BTreeMap<String, Refund>,
    /// The refund that an idempotency key made, and of how much it was asked.
    keys: BTreeMap<String, (String, i64)>,
    pub(crate) webhooks: Webhooks,
    #[serde(skip)]
    pub(crate) trouble: Trouble,
    #[serde(skip)]
    pub(crate) refunds_wait: bool,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        let mut ids = Chance::new(seed);
        let account = ids.id("acc_");
        Self {
            ids,
            chance: Chance::new(!seed),
            orders: BTreeMap::new(),
            payments: BTreeMap::new(),
            refunds: BTreeMap::new(),
            keys: BTreeMap::new(),
            webhooks: Webhooks::of(account),
            trouble: Trouble::default(),
            refunds_wait: false,
        }
    }

    pub(crate) fn order(&self, id: &str) -> Done<&Order> {
        self.orders.get(id).ok_or(NO_SUCH)
    }

    pub(crate) fn payment(&self, id: &str) -> Done<&Payment> {
        self.payments.get(id).ok_or(NO_SUCH)
    }

    pub(crate) fn refund(&self, id: &str) -> Done<&Refund> {
        self.refunds.get(id).ok_or(NO_SUCH)
    }

    /// The latest order with this receipt.
    pub(crate) fn order_of(&self, receipt: &str) -> Option<&Order> {
        let with = self.orders.values().filter(|order| order.receipt.as_deref() == Some(receipt));
        with.max_by_key(|order| order.number)
    }

    pub(crate) fn payments_of(&self, order: &str) -> Done<Vec<Value>> {
        let ids = self.order(order)?.payments.iter().rev();
        Ok(ids.filter_map(|id| self.payments.get(id)).map(Payment::entity).collect())
    }

    pub(crate) fn refunds_of(&self, payment: &str, skip: usize, count: usize) -> Done<Vec<Value>> {
        let ids = self.payment(payment)?.refunds.iter().rev().skip(skip).take(count);
        Ok(ids.filter_map(|id| self.refunds.get(id)).map(Refund::entity).collect())
    }

    pub(crate) fn create(
        &mut self,
        minor: i64,
        currency: &str,
        receipt: Option<&str>,
        notes: Map<String, Value>,
        now: i64,
    ) -> Done<Value> {
        let currency = Currency::from_code(currency).ok_or(Refusal("Currency is not supported"))?;
        // One rupee, one dollar: one whole unit, <https://razorpay.com/docs/api/orders/create>.
        let least = 10_i64.pow(currency.exponent().unwrap_or(0).into());
        if !(least..=MOST_MINOR).contains(&minor) {
            return Err(Refusal("The amount must be at least one unit of the currency, and not too large"));
        }
        if receipt.is_some_and(|receipt| receipt.is_empty() || receipt.chars().count() > RECEIPT_CHARS) {
            return Err(Refusal("The receipt must have between 1 and 40 characters."));
        }
        if notes.len() > MOST_NOTES {
            return Err(Refusal("The notes must not have more than 15 entries."));
        }
        let order = Order {
            id: self.ids.id("order_"),
            number: self.orders.len(),
            amount: Money::new(minor, currency),
            receipt: receipt.map(str::to_owned),
            notes,
            payments: Vec::new(),
            paid: false,
            created_at: now,
        };
        let entity = order.entity();
        self.orders.insert(order.id.clone(), order);
        Ok(entity)
    }

    /// Somebody tries to pay, and the bank grants it or does not.
    pub(crate) fn attempt(&mut self, order: &str, method: Method, granted: bool, now: i64) -> Done<String> {
        let of = self.orders.get_mut(order).ok_or(NO_SUCH)?;
        if of.paid {
            return Err(Refusal("Payment already done for this order."));
        }
        let id = self.ids.id("pay_");
        of.payments.push(id.clone());
        let payment = Payment {
            id: id.clone(),
            order: of.id.clone(),
            amount: of.amount,
            method,
            status: if granted { PaymentStatus::Authorized } else { PaymentStatus::Failed },
            captured: false,
            refunded: 0,
            refunds: Vec::new(),
            created_at: now,
        };
        self.payments.insert(id.clone(), payment);
        self.tell(if granted { "payment.authorized" } else { "payment.failed" }, &id, None, now);
        Ok(id)
    }

    /// Takes the money of an authorized payment.
    pub(crate) fn capture(&mut self, payment: &str, amount: Option<Money>, now: i64) -> Done<Value> {
        let of = self.payments.get_mut(payment).ok_or(NO_SUCH)?;
        if of.captured {
            return Err(Refusal("This payment has already been captured"));
        }
        if of.status != PaymentStatus::Authorized {
            return Err(Refusal(
                "Only payments which have been authorized and not yet captured can be captured",
            ));
        }
        if amount.is_some_and(|amount| amount != of.amount) {
            return Err(Refusal("Capture amount must be equal to the amount authorized"));
        }
        let order = self.orders.get_mut(&of.order).ok_or(NO_SUCH)?;
        if order.paid {
            return Err(Refusal("Payment already done for this order."));
        }
        order.paid = true;
        of.status = PaymentStatus::Captured;
        of.captured = true;
        let entity = of.entity();
        self.tell("payment.captured", payment, None, now);
        self.tell("order.paid", payment, None, now);
        Ok(entity)
    }

    /// The bank is heard of after all. When another payment of the order was captured meanwhile, this one is given back at
    /// once. <https://razorpay.com/docs/late-authorization/handling_late_authorization>
    pub(crate) fn late(&mut self, payment: &str, now: i64) -> Done<()> {
        let of = self.payments.get_mut(payment).ok_or(NO_SUCH)?;
        if of.status != PaymentStatus::Failed {
            return Err(Refusal("Only a failed payment can be authorized late"));
        }
        of.status = PaymentStatus::Authorized;
        let (order, amount) = (of.order.clone(), of.amount);
        self.tell("payment.authorized", payment, None, now);
        if self.order(&order)?.paid {
            self.give_back(payment, amount.minor, None, now)?;
        } else {
            self.capture(payment, None, now)?;
        }
        Ok(())
    }

    /// Gives back a captured payment or a part of it; the same key is the same refund.
    pub(crate) fn refund_by(
        &mut self,
        payment: &str,
        minor: Option<i64>,
        (key, receipt): (Option<&str>, Option<&str>),
        now: i64,
    ) -> Done<Value> {
        let of = self.payments.get(payment).ok_or(NO_SUCH)?;
        let left = of.amount.minor - of.refunded;
        let asked = minor.unwrap_or(of.amount.minor);
        let key = match key {
            None => None,
            Some(key) if key.len() < KEY_CHARS || !key.bytes().all(is_of_key) => {
                return Err(Refusal("The idempotency key must have at least 10 characters."));
            }
            Some(key) => Some(format!("{payment}|{key}")),
        };
        if let Some((refund, before)) = key.as_ref().and_then(|key| self.keys.get(key)) {
            if *before != asked {
                return Err(Refusal(
                    "Different request with the same idempotency key has already been processed.",
                ));
            }
            return Ok(self.refund(refund)?.entity());
        }
        if !of.captured {
            return Err(Refusal("The payment status should be captured for action to be taken"));
        }
        if left == 0 {
            return Err(Refusal("The payment has been fully refunded already"));
        }
        if asked < 1 {
            return Err(Refusal("The amount must be at least 1."));
        }
        if asked > left {
            return Err(Refusal("The total refund amount is greater than the refund payment amount"));
        }
        let id = self.give_back(payment, asked, receipt, now)?;
        if let Some(key) = key {
            self.keys.insert(key, (id.clone(), asked));
        }
        Ok(self.refund(&id)?.entity())
    }

    fn give_back(&mut self, payment: &str, minor: i64, receipt: Option<&str>, now: i64) -> Done<String> {
        let id = self.ids.id("rfnd_");
        let of = self.payments.get_mut(payment).ok_or(NO_SUCH)?;
        of.refunded += minor;
        if of.refunded == of.amount.minor {
            of.status = PaymentStatus::Refunded;
        }
        of.refunds.push(id.clone());
        let refund = Refund {
            id: id.clone(),
            payment: of.id.clone(),
            amount: Money::new(minor, of.amount.currency),
            status: RefundStatus::Pending,
            receipt: receipt.map(str::to_owned),
            created_at: now,
        };
        self.refunds.insert(id.clone(), refund);
        self.tell("refund.created", payment, Some(&id), now);
        if !self.refunds_wait {
            self.settle(&id, true, now)?;
        }
        Ok(id)
    }

    /// A pending refund reaches the payer, or fails: then the money is the payment's again.
    pub(crate) fn settle(&mut self, refund: &str, processed: bool, now: i64) -> Done<()> {
        let of = self.refunds.get_mut(refund).ok_or(NO_SUCH)?;
        if of.status != RefundStatus::Pending {
            return Err(Refusal("The refund is not pending"));
        }
        of.status = if processed { RefundStatus::Processed } else { RefundStatus::Failed };
        let (payment, amount) = (of.payment.clone(), of.amount);
        if !processed {
            let paid = self.payments.get_mut(&payment).ok_or(NO_SUCH)?;
            paid.refunded -= amount.minor;
            paid.status = if paid.captured { PaymentStatus::Captured } else { PaymentStatus::Authorized };
        }
        self.tell(if processed { "refund.processed" } else { "refund.failed" }, &payment, Some(refund), now);
        Ok(())
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        // What was given back because it was never captured is in neither sum.
        for payment in self.payments.values().filter(|payment| payment.captured) {
            let own = Total { captured: payment.amount.minor, refunded: payment.refunded };
            *totals.currencies.entry(payment.amount.currency.code().to_owned()).or_default() += own;
            *totals.orders.entry(payment.order.clone()).or_default() += own;
        }
        totals
    }

    fn tell(&mut self, event: &str, payment: &str, refund: Option<&str>, now: i64) {
        let Some(of) = self.payments.get(payment) else { return };
        let mut about = Vec::new();
        if let Some(refund) = refund.and_then(|id| self.refunds.get(id)) {
            about.push(("refund", refund.entity()));
        }
        about.push(("payment", of.entity()));
        if let Some(order) = self.orders.get(&of.order).filter(|_| event == "order.paid") {
            about.push(("order", order.entity()));
        }
        let twice = self.chance.percent(self.trouble.duplicated);
        self.webhooks.tell(event, &about, &self.ids.id(""), twice, now);
    }
}

fn is_of_key(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'-' || c == b'_'
}
