//! Razorpay's entities as they are written, and what is read of them: nothing about cards, accounts or people.

use domain::Money;
use domain::gateway::{GatewayOrder, GatewayPayment, GatewayRefund, PaymentStatus, RefundStatus, is_id};
use domain::money::{Currency, MOST_MINOR};
use errors::{Code, Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest code of an error that is kept.
const ERROR_CHARS: usize = 64;

/// Why an entity is refused. What it held is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Razorpay's {0} is not valid")]
pub(super) struct Invalid(&'static str);

#[derive(Deserialize)]
pub(super) struct Order {
    id: String,
    amount: i64,
    currency: String,
    receipt: Option<String>,
    status: String,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    id: String,
    order_id: Option<String>,
    amount: i64,
    currency: String,
    status: PaymentStatus,
    captured: Option<bool>,
    amount_refunded: Option<i64>,
    error_code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    id: String,
    payment_id: String,
    amount: i64,
    currency: String,
    status: RefundStatus,
    receipt: Option<String>,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

impl TryFrom<Order> for GatewayOrder {
    type Error = Invalid;

    fn try_from(order: Order) -> Result<Self, Invalid> {
        Ok(Self {
            id: id("order_", order.id)?,
            amount: money(order.amount, &order.currency)?,
            receipt: order.receipt,
            status: code(order.status).ok_or(Invalid("status"))?,
        })
    }
}

impl TryFrom<Payment> for GatewayPayment {
    type Error = Invalid;

    fn try_from(payment: Payment) -> Result<Self, Invalid> {
        let amount = money(payment.amount, &payment.currency)?;
        let refunded = payment.amount_refunded.unwrap_or(0);
        if !(0..=amount.minor).contains(&refunded) {
            return Err(Invalid("amount_refunded"));
        }
        Ok(Self {
            id: id("pay_", payment.id)?,
            order: payment.order_id.map(|order| id("order_", order)).transpose()?,
            amount,
            status: payment.status,
            captured: payment.captured.unwrap_or(payment.status == PaymentStatus::Captured),
            refunded,
            error: payment.error_code.and_then(code),
        })
    }
}

impl TryFrom<Refund> for GatewayRefund {
    type Error = Invalid;

    fn try_from(refund: Refund) -> Result<Self, Invalid> {
        Ok(Self {
            id: id("rfnd_", refund.id)?,
            payment: id("pay_", refund.payment_id)?,
            amount: money(refund.amount, &refund.currency)?,
            status: refund.status,
            receipt: refund.receipt,
        })
    }
}

fn id(prefix: &str, text: String) -> Result<String, Invalid> {
    if is_id(prefix, &text) { Ok(text) } else { Err(Invalid("id")) }
}

fn money(minor: i64, currency: &str) -> Result<Money, Invalid> {
    let currency = Currency::from_code(currency).ok_or(Invalid("currency"))?;
    if (1..=MOST_MINOR).contains(&minor) { Ok(Money::new(minor, currency)) } else { Err(Invalid("amount")) }
}

/// A word of Razorpay's, if it is one.
fn code(text: String) -> Option<String> {
    let word = text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    (word && (1..=ERROR_CHARS).contains(&text.len())).then_some(text)
}

pub(super) fn order(answer: Value) -> Result<GatewayOrder> {
    read::<Order>(answer)?.try_into().map_err(unreadable)
}

pub(super) fn payment(answer: Value) -> Result<GatewayPayment> {
    read::<Payment>(answer)?.try_into().map_err(unreadable)
}

pub(super) fn refund(answer: Value) -> Result<GatewayRefund> {
    read::<Refund>(answer)?.try_into().map_err(unreadable)
}

pub(super) fn payments(answer: Value) -> Result<Vec<GatewayPayment>> {
    let list: List<Payment> = read(answer)?;
    list.items.into_iter().map(|each| each.try_into().map_err(unreadable)).collect()
}

pub(super) fn refunds(answer: Value) -> Result<Vec<GatewayRefund>> {
    let list: List<Refund> = read(answer)?;
    list.items.into_iter().map(|each| each.try_into().map_err(unreadable)).collect()
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T> {
    // What serde says would repeat what was read: it is not kept.
    serde_json::from_value(answer).map_err(|_| unreadable(Invalid("answer")))
}

fn unreadable(invalid: Invalid) -> Error {
    Error::new(Code::UpstreamFailed, "the payment gateway's answer cannot be read").with_source(invalid)
}
