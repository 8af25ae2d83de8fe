//! Meta: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>,
//! <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>.

use domain::message::{Channel, Report};
use domain::{MessageId, Phone};
use errors::{Code, Error};
use serde_json::Value;
use web::{Plain, State, StatusCode, Whole};

use super::twilio::pairs;
use super::{forged, header, is_secret, is_sha256, note};
use crate::{App, replies};

/// Statuses and replies of one request that are looked at, each; Meta sends fewer.
const MOST: usize = 1_000;

pub(super) async fn hear(State(app): State<App>, whole: Whole) -> web::Result<StatusCode> {
    let secret = app.webhooks.meta_secret.as_deref().ok_or_else(forged)?;
    let code = header(&whole.headers, "x-hub-signature-256")?;
    if !code.strip_prefix("sha256=").is_some_and(|code| is_sha256(secret, &whole.body, code)) {
        return Err(forged().into());
    }
    let body: Value = serde_json::from_slice(&whole.body)
        .map_err(|error| Error::new(Code::BadRequest, "the body could not be read").with_source(error))?;
    let mut first_failure = None;
    for status in of_kind(&body, "statuses").take(MOST) {
        if let Some((id, report, provider_id)) = told(status) {
            first_failure = first_failure.or(note(&app, id, &report, provider_id).await.err());
        }
    }
    for (from, reply) in of_kind(&body, "messages").take(MOST).filter_map(written) {
        let heard = replies::hear(&app, &from, reply, Channel::Whatsapp).await;
        first_failure = first_failure.or(heard.err());
    }
    first_failure.map_or(Ok(StatusCode::NO_CONTENT), |error| Err(error.into()))
}

fn of_kind<'a>(body: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a Value> {
    items(body, "entry")
        .flat_map(|entry| items(entry, "changes"))
        .filter_map(|change| change.get("value"))
        .flat_map(move |value| items(value, kind))
}

/// Who wrote what: a text, or the button of a template that they pressed.
fn written(message: &Value) -> Option<(Phone, &str)> {
    let from = format!("+{}", message.get("from")?.as_str()?).parse().ok()?;
    let said = message.pointer("/text/body").or_else(|| message.pointer("/button/text"))?;
    Some((from, said.as_str()?))
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Which message a status is about, what it says, and Meta's id; nothing for what is not ours.
fn told(status: &Value) -> Option<(MessageId, Report, Option<&str>)> {
    let text = |name: &str| status.get(name).and_then(Value::as_str);
    let id = text("biz_opaque_callback_data")?.parse().ok()?;
    let report = match text("status")? {
        "sent" => Report::Sent,
        "delivered" => Report::Delivered,
        "read" => Report::Read,
        "failed" => {
            let code = status.pointer("/errors/0/code").and_then(Value::as_u64);
            Report::Failed(code.map_or_else(|| "without a code".to_owned(), |code| code.to_string()))
        }
        _ => return None,
    };
    Some((id, report, text("id")))
}

/// Answers the challenge to whoever knows the word.
pub(super) async fn agree(State(app): State<App>, whole: Whole) -> web::Result<Plain> {
    let query = pairs(whole.query.as_bytes())?;
    let field = |name: &str| query.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value.as_str());
    let word = app.webhooks.meta_verify.as_deref().ok_or_else(forged)?;
    if field("hub.mode") != "subscribe" || !is_secret(word, field("hub.verify_token")) {
        return Err(forged().into());
    }
    Ok(Plain { kind: "text/plain", text: field("hub.challenge").to_owned() })
}
