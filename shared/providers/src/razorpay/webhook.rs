//! What a webhook of Razorpay's says (<https://razorpay.com/docs/webhooks/payments>, <https://razorpay.com/docs/webhooks/refunds>).
//!
//! A webhook is a snapshot: it may come twice, late, and after one that was written later.

use domain::gateway::{GatewayPayment, GatewayRefund, Report};
use errors::{Code, Error, Result};
use serde::Deserialize;

use super::wire::{Invalid, Payment, Refund};

#[derive(Deserialize)]
struct Named {
    event: String,
}

#[derive(Deserialize)]
struct Event {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    payment: Option<Entity<Payment>>,
    refund: Option<Entity<Refund>>,
}

#[derive(Deserialize)]
struct Entity<T> {
    entity: T,
}

/// What a webhook with this raw body reports of a payment or a refund; `None` when it is about something else.
/// Check with [`Razorpay::signed`](super::Razorpay::signed) first that Razorpay wrote it.
///
/// # Errors
/// `malformed_body` when it cannot be read, an amount is not within bounds, or a currency is not known. Why is said
/// without what it held.
pub fn reported(raw: &[u8]) -> Result<Option<Report>> {
    let Named { event } = read(raw)?;
    let of_refund = match event.as_str() {
        "payment.authorized" | "payment.captured" | "payment.failed" | "order.paid" => false,
        "refund.created" | "refund.processed" | "refund.failed" => true,
        _ => return Ok(None),
    };
    let Event { payload } = read(raw)?;
    let payment = payload.payment.map(|payment| payment.entity.try_into().map_err(refused)).transpose()?;
    let refund: Option<GatewayRefund> = match payload.refund {
        Some(refund) if of_refund => Some(refund.entity.try_into().map_err(refused)?),
        _ => None,
    };
    let missing = if of_refund { refund.is_none() } else { payment.is_none() };
    let stray =
        payment.as_ref().zip(refund.as_ref()).is_some_and(|(payment, refund): (&GatewayPayment, _)| {
            payment.id != refund.payment || payment.amount.currency != refund.amount.currency
        });
    if missing || stray {
        return Err(malformed("the webhook lacks what it is about"));
    }
    Ok(Some(Report { payment, refund }))
}

fn read<'a, T: Deserialize<'a>>(raw: &'a [u8]) -> Result<T> {
    // What serde says would repeat what was read: only the place is kept.
    serde_json::from_slice(raw).map_err(|error| {
        malformed("the webhook cannot be read").with_source(format!(
            "line {}, column {}",
            error.line(),
            error.column()
        ))
    })
}

fn refused(invalid: Invalid) -> Error {
    malformed("the webhook is not valid").with_source(invalid)
}

fn malformed(message: &'static str) -> Error {
    Error::new(Code::MalformedBody, message)
}
