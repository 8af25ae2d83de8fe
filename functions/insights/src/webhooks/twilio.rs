//! Twilio: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>,
//! <https://www.twilio.com/docs/usage/security>.

use domain::MessageId;
use domain::message::Report;
use errors::{Error, Result};
use web::{State, StatusCode, Whole};

use super::{forged, header, is_sha1, note};
use crate::App;

pub(super) async fn hear(State(app): State<App>, whole: Whole) -> web::Result<StatusCode> {
    let token = app.webhooks.twilio_token.as_deref().ok_or_else(forged)?;
    let mut fields: Vec<(String, String)> = pairs(&whole.body)?;
    fields.sort();
    let url = format!("{}/v2/webhooks/twilio?{}", app.webhooks.public_url, whole.query);
    let mut signed = vec![url.as_str()];
    signed.extend(fields.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    if !is_sha1(token, &signed, header(&whole.headers, "x-twilio-signature")?) {
        return Err(forged().into());
    }
    let field = |name: &str| fields.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str());
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

pub(super) fn pairs(text: &[u8]) -> Result<Vec<(String, String)>> {
    serde_urlencoded::from_bytes(text).map_err(|error| {
        Error::new(errors::Code::BadRequest, "the form could not be read").with_source(error)
    })
}
