//! Twilio: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>,
//! <https://www.twilio.com/docs/usage/security>.

use domain::message::{Channel, Report};
use domain::{MessageId, Phone};
use errors::{Error, Result};
use web::{State, StatusCode, Whole};

use super::{forged, header, is_sha1, note};
use crate::{App, replies};

pub(super) async fn hear(State(app): State<App>, whole: Whole) -> web::Result<StatusCode> {
    let fields = proved(&app, &whole, "/v2/webhooks/twilio")?;
    let field = |name: &str| value(&fields, name);
    let report = match field("MessageStatus") {
        Some("sent") => Report::Sent,
        Some("delivered") => Report::Delivered,
        Some("read") => Report::Read,
        Some("failed" | "undelivered") => {
            Report::Failed(field("ErrorCode").unwrap_or("without a code").chars().take(20).collect())
        }
        _ => return Ok(StatusCode::NO_CONTENT),
    };
    let query = pairs(whole.query.as_bytes())?;
    let message =
        query.iter().find(|(name, _)| name == "message").and_then(|(_, id)| id.parse::<MessageId>().ok());
    if let Some(id) = message {
        note(&app, id, &report, field("MessageSid")).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Twilio tells what somebody wrote by the address that the number or the messaging service has for it.
pub(super) async fn hear_reply(State(app): State<App>, whole: Whole) -> web::Result<StatusCode> {
    let fields = proved(&app, &whole, "/v2/webhooks/twilio/replies")?;
    let from = value(&fields, "From").unwrap_or_default();
    let (channel, number) = match from.strip_prefix("whatsapp:") {
        Some(number) => (Channel::Whatsapp, number),
        None => (Channel::Sms, from),
    };
    if let Ok(phone) = number.parse::<Phone>() {
        replies::hear(&app, &phone, value(&fields, "Body").unwrap_or_default(), channel).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The fields of a request to this path that Twilio signed.
///
/// # Errors
/// `forbidden`.
fn proved(app: &App, whole: &Whole, path: &str) -> Result<Vec<(String, String)>> {
    let token = app.webhooks.twilio_token.as_deref().ok_or_else(forged)?;
    let mut fields: Vec<(String, String)> = pairs(&whole.body)?;
    fields.sort();
    let query = if whole.query.is_empty() { String::new() } else { format!("?{}", whole.query) };
    let url = format!("{}{path}{query}", app.webhooks.public_url);
    let mut signed = vec![url.as_str()];
    signed.extend(fields.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    let fits = is_sha1(token, &signed, header(&whole.headers, "x-twilio-signature")?);
    if fits { Ok(fields) } else { Err(forged()) }
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
}

pub(super) fn pairs(text: &[u8]) -> Result<Vec<(String, String)>> {
    serde_urlencoded::from_bytes(text).map_err(|error| {
        Error::new(errors::Code::BadRequest, "the form could not be read").with_source(error)
    })
}
