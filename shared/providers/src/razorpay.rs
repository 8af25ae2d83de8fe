//! Payments by Razorpay: orders, captures, refunds, and what its signatures prove.
//!
//! <https://razorpay.com/docs/api>. Amounts are in minor units there as here. Of a payment only what
//! [`domain::gateway`] holds is ever read.

use domain::Money;
use domain::gateway::{GatewayOrder, GatewayPayment, GatewayRefund, PaymentStatus, is_id};
use domain::money::MOST_MINOR;
use errors::{Code, Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::http::{Call, Http, Refused};

mod webhook;
mod wire;

pub use webhook::reported;

/// Where Razorpay is.
const URL: &str = "https://api.razorpay.com";
/// The longest receipt (<https://razorpay.com/docs/api/orders/entity>).
const RECEIPT_CHARS: usize = 40;
/// The most notes, and the longest of them (<https://razorpay.com/docs/api/orders/create>).
const MOST_NOTES: usize = 15;
const NOTE_CHARS: usize = 256;
/// The shortest key that makes a refund idempotent (<https://razorpay.com/docs/api/refunds/normal-refunds-idempotent>).
const KEY_CHARS: usize = 10;
/// How long a payment that the bank grants late is still captured by itself, in minutes: five days, the longest
/// (<https://razorpay.com/docs/payments/payments/capture-settings/api>).
const CAPTURE_MINUTES: u32 = 7200;
/// The most items of a list that is asked for; the longest list that Razorpay gives.
const PAGE: usize = 100;
/// The most webhook secrets that are live at a time: the old one and the new one.
const MOST_SECRETS: usize = 2;

/// How to speak to Razorpay.
#[derive(Clone)]
pub struct Settings {
    /// Its address, `https://api.razorpay.com`.
    pub base: String,
    /// The id of the key, public: `rzp_live_…` or `rzp_test_…`.
    pub key_id: String,
    /// The key's secret; it signs what the checkout hands back, too.
    pub key_secret: String,
    /// The secrets that sign webhooks: one, or two while one replaces the other.
    pub webhook_secrets: Vec<String>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("base", &self.base)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Razorpay, for one account.
#[derive(Clone)]
pub struct Razorpay {
    http: Http,
    settings: Settings,
}

impl std::fmt::Debug for Razorpay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Razorpay").field(&self.settings).finish()
    }
}

impl Razorpay {
    /// The account of these keys.
    ///
    /// # Errors
    /// `internal` when the address is none, a key or a secret is empty, or there is not one webhook secret or two.
    pub fn new(settings: Settings) -> Result<Self> {
        let Settings { base, key_id, key_secret, webhook_secrets } = &settings;
        if [key_id, key_secret].into_iter().chain(webhook_secrets).any(String::is_empty) {
            return Err(Error::internal(
                "one of HOLDFAST_RAZORPAY_KEY_ID, _KEY_SECRET, _WEBHOOK_SECRETS is empty",
            ));
        }
        if key_id.contains(':') || !(1..=MOST_SECRETS).contains(&webhook_secrets.len()) {
            return Err(Error::internal(
                "HOLDFAST_RAZORPAY_KEY_ID has no colon, and HOLDFAST_RAZORPAY_WEBHOOK_SECRETS are one or two",
            ));
        }
        let http =
            Http::new(base).map_err(|_| Error::internal("HOLDFAST_RAZORPAY_URL is not https://host"))?;
        Ok(Self { http, settings })
    }

    /// The account that the environment names, or `None` where `HOLDFAST_RAZORPAY_KEY_ID` is unset: then nothing is
    /// paid here. With it come `HOLDFAST_RAZORPAY_KEY_SECRET`, `HOLDFAST_RAZORPAY_WEBHOOK_SECRETS` (one, or two with a
    /// comma between them) and, if Razorpay is to be looked for elsewhere, `HOLDFAST_RAZORPAY_URL`.
    ///
    /// # Errors
    /// `internal`, naming the variable, when one of them is missing or is not valid.
    pub fn from_env() -> Result<Option<Self>> {
        Self::told(env::optional)
    }

    fn told(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let Some(key_id) = variable("HOLDFAST_RAZORPAY_KEY_ID") else { return Ok(None) };
        // Needed with the key alone: a function without one is given none of them.
        let needed = |name: &str| {
            variable(name).ok_or_else(|| Error::internal(format!("environment variable {name} is not set")))
        };
        let secrets = needed("HOLDFAST_RAZORPAY_WEBHOOK_SECRETS")?;
        let settings = Settings {
            base: variable("HOLDFAST_RAZORPAY_URL").unwrap_or_else(|| URL.to_owned()),
            key_id,
            key_secret: needed("HOLDFAST_RAZORPAY_KEY_SECRET")?,
            webhook_secrets: secrets.split(',').map(|secret| secret.trim().to_owned()).collect(),
        };
        Self::new(settings).map(Some)
    }

    /// The id of the key: public, the checkout needs it.
    pub fn key_id(&self) -> &str {
        &self.settings.key_id
    }

    /// Asks for a payment. What is paid is captured by itself, even when the bank is heard of late. The receipt is our
    /// own id; with each call there is a new order.
    ///
    /// # Errors
    /// As [`Call`] says; `internal` when amount, receipt or notes are beyond what Razorpay takes.
    pub async fn create_order(
        &self,
        amount: Money,
        receipt: &str,
        notes: &[(&str, &str)],
    ) -> Result<GatewayOrder> {
        let long = |text: &str| text.chars().count() > NOTE_CHARS;
        if receipt.is_empty()
            || receipt.chars().count() > RECEIPT_CHARS
            || notes.len() > MOST_NOTES
            || notes.iter().any(|(name, text)| long(name) || long(text))
        {
            return Err(Error::internal("receipt or notes are longer than Razorpay takes"));
        }
        let notes: Map<String, Value> =
            notes.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let body = json!({
            "amount": valid(amount)?,
            "currency": amount.currency.code(),
            "receipt": receipt,
            "notes": notes,
            "payment": {
                "capture": "automatic",
                "capture_options": {
                    "automatic_expiry_period": CAPTURE_MINUTES,
                    "manual_expiry_period": CAPTURE_MINUTES,
                    "refund_speed": "normal",
                },
            },
        });
        wire::order(self.signed_in(self.http.post("/v1/orders")).json(&body).await?)
    }

    /// Every attempt to pay an order, at most a hundred.
    ///
    /// # Errors
    /// As [`Call`] says; `not_found` when it is no order's id.
    pub async fn payments_of(&self, order: &str) -> Result<Vec<GatewayPayment>> {
        known("order", "order_", order)?;
        let path = format!("/v1/orders/{order}/payments?count={PAGE}");
        wire::payments(self.signed_in(self.http.get(&path)).send().await?)
    }

    /// A payment as it stands now.
    ///
    /// # Errors
    /// As [`Call`] says; `not_found` when it is no payment's id.
    pub async fn payment(&self, payment: &str) -> Result<GatewayPayment> {
        known("payment", "pay_", payment)?;
        wire::payment(self.signed_in(self.http.get(&format!("/v1/payments/{payment}"))).send().await?)
    }

    /// Takes the money of an authorized payment, all of it. One that is captured already stays as it is.
    ///
    /// # Errors
    /// As [`Call`] says; `not_found` when it is no payment's id, `internal` when the amount is none.
    pub async fn capture(&self, payment: &str, amount: Money) -> Result<GatewayPayment> {
        known("payment", "pay_", payment)?;
        let body = json!({"amount": valid(amount)?, "currency": amount.currency.code()});
        let call = self.signed_in(self.http.post(&format!("/v1/payments/{payment}/capture")));
        let refused = match call.json(&body).await {
            Ok(answer) => return wire::payment(answer),
            Err(error) if error.code() == Code::BadRequest => error,
            Err(error) => return Err(error),
        };
        // Razorpay refuses to capture what it has captured; a retry, or its own capture just before, wants to hear of it.
        match self.payment(payment).await {
            Ok(found) if found.status == PaymentStatus::Captured && found.amount == amount => Ok(found),
            _ => Err(refused),
        }
    }

    /// Gives back a captured payment or a part of it. The same key is the same refund, and its receipt; it has at least ten characters,
    /// letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// As [`Call`] says; `unavailable`, too, while the first request with this key is still under way; `not_found` when it
    /// is no payment's id; `internal` when amount or key are none.
    pub async fn refund(&self, payment: &str, amount: Money, key: &str) -> Result<GatewayRefund> {
        known("payment", "pay_", payment)?;
        if key.len() < KEY_CHARS || !key.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)) {
            return Err(Error::internal("a refund's key has ten letters or digits and more"));
        }
        let body = json!({"amount": valid(amount)?, "speed": "normal", "receipt": key});
        let call = self.signed_in(self.http.post(&format!("/v1/payments/{payment}/refund")));
        match call.header("X-Refund-Idempotency", key).json(&body).await {
            Ok(answer) => wire::refund(answer),
            Err(error) if Refused::of(&error).is_some_and(|refused| refused.status == 409) => {
                Err(Error::unavailable(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Every refund of a payment, at most a hundred.
    ///
    /// # Errors
    /// As [`Call`] says; `not_found` when it is no payment's id.
    pub async fn refunds_of(&self, payment: &str) -> Result<Vec<GatewayRefund>> {
        known("payment", "pay_", payment)?;
        let path = format!("/v1/payments/{payment}/refunds?count={PAGE}");
        wire::refunds(self.signed_in(self.http.get(&path)).send().await?)
    }

    /// Whether the checkout's signature proves that this payment of this order was authorized. The order is the one that
    /// we asked for, not what the browser says.
    /// <https://razorpay.com/docs/payments/payment-gateway/s2s-integration/test-s2s/best-practices/security>
    pub fn proves(&self, order: &str, payment: &str, signature: &str) -> bool {
        // The separator is no part of an id, so one pair cannot pass for another.
        is_id("order_", order)
            && is_id("pay_", payment)
            && holds(&self.settings.key_secret, format!("{order}|{payment}").as_bytes(), signature)
    }

    /// Whether a webhook with this raw body comes from Razorpay. Old ones that are sent again keep the old secret's
    /// signature. <https://razorpay.com/docs/webhooks/validate-test>
    pub fn signed(&self, raw: &[u8], signature: &str) -> bool {
        self.settings.webhook_secrets.iter().any(|secret| holds(secret, raw, signature))
    }

    fn signed_in<'a>(&self, call: Call<'a>) -> Call<'a> {
        call.basic(&self.settings.key_id, &self.settings.key_secret)
    }
}

/// Whether the signature, in hex, is that of the text under the secret. The comparison takes the same time wherever they
/// differ.
fn holds(secret: &str, text: &[u8], signature: &str) -> bool {
    let Some(given) = from_hex(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(text);
    mac.verify_slice(&given).is_ok()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

/// An id goes into a path: nothing but an id may.
fn known(what: &str, prefix: &str, id: &str) -> Result<()> {
    if is_id(prefix, id) { Ok(()) } else { Err(Error::not_found(what)) }
}

fn valid(amount: Money) -> Result<i64> {
    if (1..=MOST_MINOR).contains(&amount.minor) {
        Ok(amount.minor)
    } else {
        Err(Error::internal("an amount to pay is more than nothing and within bounds"))
    }
}

#[cfg(test)]
mod tests;
