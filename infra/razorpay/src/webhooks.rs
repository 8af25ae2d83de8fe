//! Webhooks that wait to be delivered (<https://razorpay.com/docs/webhooks>).

use std::collections::VecDeque;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tokio::time::Instant;

/// The shortest and the longest wait before a webhook is delivered again.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_mins(1);

/// One webhook, as it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `payment.captured` and the like.
    pub event: String,
    /// The header `X-Razorpay-Event-Id`; the same when it is delivered again.
    pub event_id: String,
    /// The body.
    pub body: Vec<u8>,
    /// The header `X-Razorpay-Signature`.
    pub signature: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Unique: the same event may wait twice.
    number: u64,
    event: String,
    event_id: String,
    body: String,
    #[serde(skip)]
    attempts: u32,
    #[serde(skip)]
    not_before: Option<Instant>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Webhooks {
    account: String,
    next: u64,
    waiting: VecDeque<Waiting>,
}

impl Waiting {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn signed(self, secret: &str) -> Webhook {
        let signature = signature(secret, self.body.as_bytes());
        Webhook { event: self.event, event_id: self.event_id, body: self.body.into_bytes(), signature }
    }
}

impl Webhooks {
    pub(crate) fn of(account: String) -> Self {
        Self { account, next: 0, waiting: VecDeque::new() }
    }

    pub(crate) fn tell(
        &mut self,
        event: &str,
        about: &[(&'static str, Value)],
        event_id: &str,
        twice: bool,
        now: i64,
    ) {
        let contains: Vec<&str> = about.iter().map(|(name, _)| *name).collect();
        let entities = about.iter().map(|(name, entity)| ((*name).to_owned(), json!({"entity": entity})));
        let body = json!({
            "entity": "event",
            "account_id": self.account,
            "event": event,
            "contains": contains,
            "payload": entities.collect::<Map<_, _>>(),
            "created_at": now,
        });
        let body = body.to_string();
        for _ in 0..=u8::from(twice) {
            self.waiting.push_back(Waiting {
                number: self.next,
                event: event.to_owned(),
                event_id: event_id.to_owned(),
                body: body.clone(),
                attempts: 0,
                not_before: None,
            });
            self.next += 1;
        }
    }

    /// The number that the next webhook gets.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Keeps those from this number on back until then.
    pub(crate) fn postpone(&mut self, from: u64, until: Instant) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.number >= from) {
            waiting.not_before = Some(until);
        }
    }

    /// Takes all that wait.
    pub(crate) fn take(&mut self) -> Vec<Waiting> {
        self.waiting.drain(..).collect()
    }

    /// The first that may be delivered by now, or when the next one may, if any waits.
    pub(crate) fn due(&self, now: Instant) -> Result<&Waiting, Option<Instant>> {
        let due = self.waiting.iter().find(|waiting| waiting.not_before.is_none_or(|at| at <= now));
        due.ok_or_else(|| self.waiting.iter().filter_map(|waiting| waiting.not_before).min())
    }

    pub(crate) fn delivered(&mut self, number: u64) {
        self.waiting.retain(|waiting| waiting.number != number);
    }

    pub(crate) fn failed(&mut self, number: u64, now: Instant) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.number == number) {
            let wait = SHORTEST.saturating_mul(1 << waiting.attempts.min(16)).min(LONGEST);
            waiting.attempts += 1;
            waiting.not_before = Some(now + wait);
        }
    }
}

/// HMAC-SHA256 in hex.
pub(crate) fn signature(secret: &str, text: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(text);
    let digest = mac.finalize().into_bytes();
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
