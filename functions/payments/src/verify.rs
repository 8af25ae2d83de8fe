//! The customer's browser says that it paid: believed by the gateway's signature alone.

use domain::payment::{Stage, Told};
use domain::{Caller, Money, OrderId, PaymentId};
use errors::{Code, Error, Result};

use crate::settle::{Known, tell};
use crate::{App, payment_seen, sees};

/// What the gateway's checkout hands to the browser.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// The gateway's id of its order.
    pub(crate) order: String,
    /// The gateway's id of the attempt.
    pub(crate) attempt: String,
    /// Its signature of both.
    pub(crate) signature: String,
}

/// Notes that a payment was authorized, and sells its order, which is the one that is named if one is.
///
/// # Errors
/// `not_found`, `payment_mismatch` when the signature is not the gateway's or is about another order.
pub(crate) async fn verify(
    app: &App,
    caller: &Caller,
    (id, of): (PaymentId, Option<OrderId>),
    proof: &Proof,
) -> Result<Known> {
    let gateway = app.gateway()?;
    let order = match of {
        Some(order) => order,
        None => payment_seen(app, caller, id).await?.order,
    };
    let mismatch = || Error::new(Code::PaymentMismatch, "this does not prove that it was paid");
    tell(app, (order, Some(id)), &caller.actor(), |order, payments| {
        if !sees(caller, order.user, order.location) {
            return Err(Error::not_found("payment"));
        }
        let payment = payments.iter_mut().find(|payment| payment.id == id).ok_or_else(mismatch)?;
        // The gateway's order is the one that was asked for here; what the browser says of it has to be the same.
        let proved = payment.gateway_order().is_some_and(|asked| {
            asked == proof.order && gateway.proves(asked, &proof.attempt, &proof.signature)
        });
        if !proved {
            return Err(mismatch());
        }
        let amount = Money::new(payment.amount, payment.currency);
        let (order, attempt) = (proof.order.clone(), proof.attempt.clone());
        payment.told(&Told { order, attempt, amount, stage: Stage::Authorized })
    })
    .await
}
