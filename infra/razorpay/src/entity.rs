//! Orders, payments and refunds: as they are kept, and as Razorpay writes them
//! (<https://razorpay.com/docs/api/orders/entity>, <https://razorpay.com/docs/api/payments/entity>,
//! <https://razorpay.com/docs/api/refunds/entity>).

use domain::Money;
use domain::gateway::{PaymentStatus, RefundStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is said of the payer in every payment and must be found nowhere else: address, number, account, name on the card.
/// Each is such that it comes up nowhere by chance, as the last digits of a card would in an id or a time.
pub const PAYER: [&str; 4] = ["payer@example.com", "+919999999999", "payer@upi", "Payer Of Cards"];

/// How a payment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Card,
    Upi,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    /// How many were there before it.
    pub(crate) number: usize,
    pub(crate) amount: Money,
    pub(crate) receipt: Option<String>,
    pub(crate) notes: Map<String, Value>,
    /// Its payments, in the order in which they were tried.
    pub(crate) payments: Vec<String>,
    pub(crate) paid: bool,
    pub(crate) created_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) order: String,
    pub(crate) amount: Money,
    pub(crate) method: Method,
    pub(crate) status: PaymentStatus,
    /// Whether it was ever captured.
    pub(crate) captured: bool,
    pub(crate) refunded: i64,
    /// Its refunds, in the order in which they were asked for.
    pub(crate) refunds: Vec<String>,
    pub(crate) created_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) payment: String,
    pub(crate) amount: Money,
    pub(crate) status: RefundStatus,
    pub(crate) receipt: Option<String>,
    pub(crate) created_at: i64,
}

impl Order {
    pub(crate) fn entity(&self) -> Value {
        let paid = if self.paid { self.amount.minor } else { 0 };
        let status = match (self.paid, self.payments.is_empty()) {
            (true, _) => "paid",
            (false, true) => "created",
            (false, false) => "attempted",
        };
        json!({
            "id": self.id,
            "entity": "order",
            "amount": self.amount.minor,
            "amount_paid": paid,
            "amount_due": self.amount.minor - paid,
            "currency": self.amount.currency.code(),
            "receipt": self.receipt,
            "offer_id": null,
            "status": status,
            "attempts": self.payments.len(),
            "notes": noted(&self.notes),
            "created_at": self.created_at,
        })
    }
}

impl Payment {
    pub(crate) fn entity(&self) -> Value {
        let [email, contact, vpa, name] = PAYER;
        let card = self.method == Method::Card;
        let failed = self.status == PaymentStatus::Failed;
        let said = |text: &'static str| failed.then_some(text);
        json!({
            "id": self.id,
            "entity": "payment",
            "amount": self.amount.minor,
            "currency": self.amount.currency.code(),
            "status": self.status,
            "order_id": self.order,
            "invoice_id": null,
            "international": false,
            "method": self.method,
            "amount_refunded": self.refunded,
            "refund_status": match self.refunded {
                0 => None,
                all if all == self.amount.minor => Some("full"),
                _ => Some("partial"),
            },
            "captured": self.captured,
            "description": null,
            "card_id": card.then_some("card_DESp9fNnu0RoNc"),
            "card": card.then(|| {
                json!({"entity": "card", "name": name, "last4": "4366", "network": "Visa", "type": "debit"})
            }),
            "bank": null,
            "wallet": null,
            "vpa": (!card).then_some(vpa),
            "email": email,
            "contact": contact,
            "notes": [],
            "fee": null,
            "tax": null,
            "error_code": said("BAD_REQUEST_ERROR"),
            "error_description": said("Payment was not completed on time."),
            "error_source": said("customer"),
            "error_step": said("payment_authentication"),
            "error_reason": said("payment_timed_out"),
            "acquirer_data": {"rrn": null},
            "created_at": self.created_at,
        })
    }
}

impl Refund {
    pub(crate) fn entity(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "refund",
            "amount": self.amount.minor,
            "currency": self.amount.currency.code(),
            "payment_id": self.payment,
            "notes": [],
            "receipt": self.receipt,
            "acquirer_data": {"arn": null},
            "created_at": self.created_at,
            "batch_id": null,
            "status": self.status,
            "speed_processed": "normal",
            "speed_requested": "normal",
        })
    }
}

/// A list, the latest first.
pub(crate) fn list(items: &[Value]) -> Value {
    json!({"entity": "collection", "count": items.len(), "items": items})
}

/// No notes are an empty list, as Razorpay has it.
fn noted(notes: &Map<String, Value>) -> Value {
    if notes.is_empty() { json!([]) } else { json!(notes) }
}
