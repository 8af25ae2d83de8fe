//! What a payment gateway says of its orders, payments and refunds; states are spelled as Razorpay spells them.
//!
//! Of a payment nothing is kept that says how or by whom it was made: no card, no account, no address, no number.

use serde::{Deserialize, Serialize};

use crate::Money;

/// The longest id of a gateway.
const ID_CHARS: usize = 64;

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every state, in the order in which they are reached.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

states! {
    /// Where a payment stands (<https://razorpay.com/docs/payments/payments>).
    PaymentStatus {
        /// Begun: the payer has not yet been heard of.
        Created = "created",
        /// Did not succeed; may still become authorized when the bank is heard of late.
        Failed = "failed",
        /// The bank has granted it; given back by itself unless it is captured.
        Authorized = "authorized",
        /// The money is ours, some of it perhaps given back.
        Captured = "captured",
        /// All of it was given back. One that was never captured ends here too, by itself.
        Refunded = "refunded",
    }
}

states! {
    /// Where a refund stands (<https://razorpay.com/docs/api/refunds/entity>).
    RefundStatus {
        /// On its way.
        Pending = "pending",
        /// Could not be given back.
        Failed = "failed",
        /// Given back.
        Processed = "processed",
    }
}

/// What somebody is asked to pay: at most one payment of it is captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayOrder {
    /// The gateway's id, `order_…`.
    pub id: String,
    /// How much.
    pub amount: Money,
    /// Our own id of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// `created`, `attempted` or `paid`.
    pub status: String,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayPayment {
    /// The gateway's id, `pay_…`.
    pub id: String,
    /// The order that it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Whether the money was ours at any time, given back since or not.
    #[serde(default)]
    pub captured: bool,
    /// How much of it was given back, in minor units; never more than the amount.
    #[serde(default)]
    pub refunded: i64,
    /// The code of what went wrong, such as `BAD_REQUEST_ERROR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayRefund {
    /// The gateway's id, `rfnd_…`.
    pub id: String,
    /// The payment that it gives back, or a part of.
    pub payment: String,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// The key that it was asked for under, if we asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What a webhook reports: the entities as they were when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The payment; always there unless it is about a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<GatewayPayment>,
    /// The refund that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<GatewayRefund>,
}

/// Whether this is an id of a gateway with this prefix, such as `pay_`: safe in a path, a key and a log.
pub fn is_id(prefix: &str, text: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    !rest.is_empty() && text.len() <= ID_CHARS && rest.bytes().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Currency;

    #[test]
    fn states_are_spelled_as_the_gateway_spells_them() {
        for status in PaymentStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), json!(status.as_str()));
        }
        for status in RefundStatus::ALL {
            assert_eq!(serde_json::from_value::<RefundStatus>(json!(status.as_str())).unwrap(), *status);
        }
        assert!(serde_json::from_value::<PaymentStatus>(json!("Captured")).is_err());
    }

    #[test]
    fn a_payment_is_kept_and_read_back() {
        let payment = GatewayPayment {
            id: "pay_29QQoUBi66xm2f".to_owned(),
            order: None,
            amount: Money::new(49_900, Currency::INR),
            status: PaymentStatus::Captured,
            captured: true,
            refunded: 0,
            error: None,
        };
        let kept = serde_json::to_value(&payment).unwrap();
        assert_eq!(kept["amount"], json!({"minor": 49_900, "currency": "INR"}));
        assert_eq!(serde_json::from_value::<GatewayPayment>(kept).unwrap(), payment);
    }

    #[test]
    fn an_id_is_letters_and_digits_behind_its_prefix() {
        assert!(is_id("pay_", "pay_29QQoUBi66xm2f"));
        for bad in ["", "pay_", "order_29QQoUBi66xm2f", "pay_../x", "pay_a b", "pay_é", "pay_a/refund?x"] {
            assert!(!is_id("pay_", bad), "{bad}");
        }
        assert!(!is_id("pay_", &format!("pay_{}", "a".repeat(61))));
    }
}
