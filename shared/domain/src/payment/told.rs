//! What is told of attempts and refunds, and what of a gateway's words it is.

use super::{RefundState, Stage};
use crate::Money;
use crate::gateway::{GatewayPayment, GatewayRefund, PaymentStatus, RefundStatus};

/// What is told of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The gateway's id of its order.
    pub order: String,
    /// The gateway's id of the attempt.
    pub attempt: String,
    /// How much it pays.
    pub amount: Money,
    /// How far it has come.
    pub stage: Stage,
}

impl Told {
    /// What a gateway's payment tells; nothing while it has only begun, or is of no order.
    pub fn of(payment: &GatewayPayment) -> Option<Self> {
        let stage = match payment.status {
            PaymentStatus::Created => return None,
            PaymentStatus::Authorized => Stage::Authorized,
            PaymentStatus::Captured => Stage::Captured,
            PaymentStatus::Refunded if payment.captured => Stage::Captured,
            // What was never captured goes back by itself.
            PaymentStatus::Failed | PaymentStatus::Refunded => Stage::Failed,
        };
        let (order, attempt) = (payment.order.clone()?, payment.id.clone());
        Some(Self { order, attempt, amount: payment.amount, stage })
    }
}

/// What is told of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundTold {
    /// The gateway's id of it.
    pub id: String,
    /// The gateway's id of the attempt that it is of.
    pub attempt: String,
    /// The key that it was asked for under, if it was.
    pub key: Option<String>,
    /// How much goes back.
    pub amount: Money,
    /// How far it has come.
    pub state: RefundState,
}

impl RefundTold {
    /// What a gateway's refund tells.
    pub fn of(refund: &GatewayRefund) -> Self {
        let state = match refund.status {
            RefundStatus::Pending => RefundState::Pending,
            RefundStatus::Failed => RefundState::Failed,
            RefundStatus::Processed => RefundState::Processed,
        };
        let (id, attempt, key) = (refund.id.clone(), refund.payment.clone(), refund.receipt.clone());
        Self { id, attempt, key, amount: refund.amount, state }
    }
}
