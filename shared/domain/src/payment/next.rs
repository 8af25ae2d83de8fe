//! What follows from what is known of an order's payments.

use errors::{Code, Error, Result};
use jiff::Timestamp;

use super::{Payment, Stage, nothing_to_pay};
use crate::{Order, OrderState, PaymentId};

/// What has to happen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Sell the order: confirm it, or claim anew what was given back, and where that is gone mark it as lost.
    Sell,
    /// Ask the gateway for the money that is set aside.
    Capture {
        /// Of which payment.
        payment: PaymentId,
        /// The gateway's id of the attempt.
        attempt: String,
    },
    /// Promise money back.
    Refund {
        /// Of which payment.
        payment: PaymentId,
        /// The gateway's id of the attempt.
        attempt: String,
        /// Minor units.
        amount: i64,
    },
}

/// What follows from what is known of an order's payments; `None` when nothing does.
pub fn next(order: &Order, payments: &[Payment]) -> Option<Next> {
    let sale = order.sale.as_ref()?;
    let paid: i64 = payments.iter().filter(|payment| payment.is_paid()).map(|payment| payment.amount).sum();
    let waits = match order.state {
        OrderState::Held => true,
        OrderState::Expired => !sale.lost,
        OrderState::Confirmed | OrderState::Cancelled => false,
    };
    if waits {
        return (paid > 0 && paid >= sale.first_part).then_some(Next::Sell);
    }
    let kept: i64 = payments.iter().map(|payment| payment.captured() - payment.promised()).sum();
    if kept > sale.charged {
        return payments.iter().rev().find_map(|payment| {
            // Of two attempts the one with the greater id: which one does not depend on which was told first.
            let attempt = payment.attempts.keys().rev().find(|name| payment.left(name) > 0)?;
            let amount = payment.left(attempt).min(kept - sale.charged);
            Some(Next::Refund { payment: payment.id, attempt: attempt.clone(), amount })
        });
    }
    payments.iter().find_map(|payment| {
        let authorized = |(_, stage): &(&String, &Stage)| **stage == Stage::Authorized;
        let (attempt, _) = payment.attempts.iter().find(authorized)?;
        Some(Next::Capture { payment: payment.id, attempt: attempt.clone() })
    })
}

/// What an order is to be paid next, in minor units: before it is sold its first part, then the rest.
///
/// # Errors
/// `wrong_state` when nothing is to be paid, `hold_expired` once its hold has run out.
pub fn to_pay(order: &Order, now: Timestamp) -> Result<i64> {
    let sale = order.sale.as_ref().ok_or_else(nothing_to_pay)?;
    let amount = match order.state_at(now) {
        OrderState::Held => sale.first_part,
        // Of what is cancelled, what is kept of it and was not paid yet.
        OrderState::Confirmed | OrderState::Cancelled => sale.due(),
        OrderState::Expired => {
            return Err(Error::new(Code::HoldExpired, "the hold has run out; order again"));
        }
    };
    if amount > 0 { Ok(amount) } else { Err(nothing_to_pay()) }
}

/// The most that a desk may take for an order as things stand, in minor units: all that it costs and that is not paid yet.
pub fn most_to_pay(order: &Order) -> i64 {
    order.sale.as_ref().map_or(0, |sale| match order.state {
        OrderState::Held | OrderState::Expired => sale.sold_for() - sale.captured + sale.refunded,
        OrderState::Confirmed | OrderState::Cancelled => sale.due(),
    })
}

/// The order with the sums of its payments.
pub fn summed(mut order: Order, payments: &[Payment]) -> Order {
    if let Some(sale) = &mut order.sale {
        sale.captured = payments.iter().map(Payment::captured).sum();
        sale.refunded = payments.iter().map(Payment::refunded).sum();
    }
    order
}
