//! The customer's browser says that it paid: believed by the gateway's signature alone.

use domain::payment::{Means, Stage, Told};
use domain::{Caller, Money, OrderId, PaymentId};
use errors::{Code, Error, Result};

use crate::settle::{Known, tell};
use crate::{App, payment_seen};

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
    let payment = payment_seen(app, caller, id).await?;
    // The order is the one that was asked for here; what the browser says of it has to be the same.
    let proved = match &payment.means {
        Means::Razorpay { order } => {
            *order == proof.order && gateway.proves(order, &proof.attempt, &proof.signature)
        }
        Means::Cash | Means::Card { .. } | Means::Upi { .. } => false,
    };
    if !proved || of.is_some_and(|order| order != payment.order) {
        return Err(Error::new(Code::PaymentMismatch, "this does not prove that it was paid"));
    }
    let told = Told {
        order: proof.order.clone(),
        attempt: proof.attempt.clone(),
        amount: Money::new(payment.amount, payment.currency),
        stage: Stage::Authorized,
    };
    tell(app, payment.order, &caller.actor(), |payments| {
        payments.iter_mut().find(|payment| payment.id == id).map_or(Ok(()), |payment| payment.told(&told))
    })
    .await
}
