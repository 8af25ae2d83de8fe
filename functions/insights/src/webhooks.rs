//! What providers tell of messages, and what people write back: signed callbacks, in any order, more than once.
//!
//! They are heard here and not in `notify`, which works off a queue and answers no HTTP; this function may already change
//! messages. A report changes the message and nothing else: what takes the place of one that will not arrive is made by
//! `notify`, which the sweep tells of it. A request whose signature does not fit writes nothing.

mod meta;
mod msg91;
mod twilio;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::message::{Channel, Report};
use domain::{EventId, MessageId};
use errors::{Code, Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use web::{Access, Group, HeaderMap, Route, get, post};

use crate::App;

/// Attempts to change a message that changes under one's hands.
const ATTEMPTS: u32 = 5;

/// What callbacks are proved by. A provider without its secret is not heard.
#[derive(Clone, Default)]
pub struct Webhooks {
    /// What our own public addresses begin with: Twilio signs the whole address.
    pub public_url: String,
    /// Twilio's token of the account.
    pub twilio_token: Option<String>,
    /// The secret of the app at Meta.
    pub meta_secret: Option<String>,
    /// The word that Meta asks for when the callback is set up.
    pub meta_verify: Option<String>,
    /// The value of the header `X-Webhook-Secret` that MSG91 is told to send.
    pub msg91_secret: Option<String>,
}

impl Webhooks {
    /// From what Lambda sets.
    pub fn from_env() -> Self {
        Self {
            public_url: env::optional("HOLDFAST_PUBLIC_URL").unwrap_or_default(),
            twilio_token: env::optional("HOLDFAST_TWILIO_TOKEN"),
            meta_secret: env::optional("HOLDFAST_META_SECRET"),
            meta_verify: env::optional("HOLDFAST_META_VERIFY"),
            msg91_secret: env::optional("HOLDFAST_MSG91_SECRET"),
        }
    }
}

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/webhooks/twilio", Access::Anyone, twilio::hear)
            .limited(Group::Hook)
            .named("hearTwilio", "What Twilio tells of a message, signed by the account's token")
            .answers_empty(204),
        post("/webhooks/twilio/replies", Access::Anyone, twilio::hear_reply)
            .limited(Group::Hook)
            .named(
                "hearTwilioReply",
                "What somebody wrote back, as Twilio tells it, signed by the account's token",
            )
            .answers_empty(204),
        post("/webhooks/meta", Access::Anyone, meta::hear)
            .limited(Group::Hook)
            .named("hearMeta", "What Meta tells of messages and replies, signed by the app's secret")
            .answers_empty(204),
        get("/webhooks/meta", Access::Anyone, meta::agree)
            .limited(Group::Hook)
            .named("agreeWithMeta", "Meta's question when the callback is set up")
            .answers_empty(200),
        post("/webhooks/msg91", Access::Anyone, msg91::hear)
            .limited(Group::Hook)
            .named("hearMsg91", "What MSG91 tells of messages, with a secret in a header")
            .answers_empty(204),
    ]
}

/// Notes what a provider told of one message. What is not ours, or nothing new, changes nothing.
///
/// # Errors
/// `unavailable` when the provider should tell it again.
async fn note(app: &App, id: MessageId, report: &Report, provider_id: Option<&str>) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let message = match app.store.message(id).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            message => message?,
        };
        if message.channel == Channel::Email {
            return Ok(());
        }
        let again = message.must_hear_again(report);
        let Some(next) = message.clone().report(report, provider_id, app.clock.now()) else {
            let soon = || Error::unavailable("the message is being sent at this moment");
            return if again { Err(soon()) } else { Ok(()) };
        };
        let event = next.ended(EventId::new(next.updated_at, env::random()), &message);
        match app.store.end_message(&next, event.as_ref(), None).await {
            Err(error) if error.code() == Code::Changed => {}
            written => return written,
        }
    }
    Err(Error::unavailable("a message changed again and again"))
}

/// The refusal of whatever is not proved.
fn forged() -> Error {
    Error::forbidden("the signature does not fit")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(forged)
}

/// Whether `code` is the HMAC-SHA-1 of the parts, in base 64; compared in constant time.
fn is_sha1(secret: &str, parts: &[&str], code: &str) -> bool {
    let Ok(code) = BASE64_STANDARD.decode(code) else { return false };
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes());
    mac.is_ok_and(|mac| {
        parts.iter().fold(mac, |mac, part| mac.chain_update(part.as_bytes())).verify_slice(&code).is_ok()
    })
}

/// Whether `code` is the HMAC-SHA-256 of the text, in hexadecimal; compared in constant time.
fn is_sha256(secret: &str, text: &[u8], code: &str) -> bool {
    let digit = |index: usize| code.get(index..index + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..code.len()).step_by(2).map(digit).collect();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    bytes.zip(mac.ok()).is_some_and(|(code, mac)| mac.chain_update(text).verify_slice(&code).is_ok())
}

/// Whether two secrets are the same, in constant time.
fn is_secret(secret: &str, told: &str) -> bool {
    let key = b"two secrets, compared by their codes";
    let code = |text: &str| Some(Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(text.as_bytes()));
    code(secret)
        .zip(code(told))
        .is_some_and(|(one, other)| one.verify(&other.finalize().into_bytes()).is_ok())
}
