//! Status callbacks as each provider makes and signs them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use sha2::Sha256;

use crate::{Handed, SECRET, TOKEN};

/// One callback, ready to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where to, as the provider was told.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// How a text that was taken goes on.
pub(crate) fn fates(bounces: bool, reads: bool) -> Vec<Fate> {
    match (bounces, reads) {
        (true, _) => vec![Fate::Sent, Fate::Failed],
        (false, true) => vec![Fate::Sent, Fate::Delivered, Fate::Read],
        (false, false) => vec![Fate::Sent, Fate::Delivered],
    }
}

/// Twilio: a form, signed with the account's token over the address and the sorted fields
/// (<https://www.twilio.com/docs/usage/security>).
pub(crate) fn twilio(url: &str, handed: &Handed, fate: Fate) -> Callback {
    let status = match fate {
        Fate::Sent => "sent",
        Fate::Delivered => "delivered",
        Fate::Read => "read",
        Fate::Failed => "undelivered",
    };
    let mut fields =
        vec![("MessageSid", handed.id.as_str()), ("MessageStatus", status), ("ApiVersion", "2010-04-01")];
    if fate == Fate::Failed {
        fields.push(("ErrorCode", "30003"));
    }
    signed_by_twilio(url, fields)
}

fn signed_by_twilio(url: &str, mut fields: Vec<(&str, &str)>) -> Callback {
    let body = serde_urlencoded::to_string(&fields).unwrap_or_default();
    fields.sort_unstable();
    let signed = fields.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let signature = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes())
        .map(|mac| mac.chain_update(signed).finalize().into_bytes())
        .map(|code| BASE64_STANDARD.encode(code))
        .unwrap_or_default();
    Callback {
        url: url.to_owned(),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("x-twilio-signature", signature),
        ],
        body,
    }
}

/// Meta: JSON, signed with the app's secret over the body
/// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started>).
pub(crate) fn meta(public_url: &str, handed: &Handed, fate: Fate) -> Callback {
    let status = match fate {
        Fate::Sent => "sent",
        Fate::Delivered => "delivered",
        Fate::Read => "read",
        Fate::Failed => "failed",
    };
    let errors =
        (fate == Fate::Failed).then(|| json!([{ "code": 131_026, "title": "Message undeliverable" }]));
    let told = json!({
        "id": handed.id, "status": status, "timestamp": "1798000000", "recipient_id": handed.to,
        "biz_opaque_callback_data": handed.message, "errors": errors,
    });
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp", "statuses": [told],
        } }] }],
    })
    .to_string();
    signed_by_meta(public_url, body)
}

fn signed_by_meta(public_url: &str, body: String) -> Callback {
    let code = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())
        .map(|mac| mac.chain_update(&body).finalize().into_bytes())
        .map(|code| code.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
        .unwrap_or_default();
    Callback {
        url: format!("{public_url}/v2/webhooks/meta"),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-hub-signature-256", format!("sha256={code}")),
        ],
        body,
    }
}

/// MSG91: JSON, version 3 (<https://msg91.com/help/how-can-i-get-the-delivery-reports-on-my-webhook-url>), with a header
/// of our own choice. It tells the end alone.
pub(crate) fn msg91(public_url: &str, handed: &Handed, fate: Fate) -> Option<Callback> {
    let (status, words) = match fate {
        Fate::Delivered => ("1", "DELIVERED"),
        Fate::Failed => ("2", "FAILED"),
        Fate::Sent | Fate::Read => return None,
    };
    let body = json!({
        "date": "2027-01-04 09:58:16", "number": handed.to, "senderId": "HLDFST", "requestId": handed.id,
        "CRQID": handed.message, "status": status, "desc": words,
    });
    Some(Callback {
        url: format!("{public_url}/v2/webhooks/msg91"),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-webhook-secret", SECRET.to_owned()),
        ],
        body: body.to_string(),
    })
}

/// What somebody wrote back, as Twilio tells it to the address that is set up for it
/// (<https://www.twilio.com/docs/messaging/guides/webhook-request>).
pub fn twilio_reply(public_url: &str, from: &str, said: &str) -> Callback {
    let fields = vec![("MessageSid", "SM1"), ("SmsStatus", "received"), ("From", from), ("Body", said)];
    signed_by_twilio(&format!("{public_url}/v2/webhooks/twilio/replies"), fields)
}

/// What somebody wrote back, as Meta tells it
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>).
pub fn meta_reply(public_url: &str, from: &str, said: &str) -> Callback {
    let message = json!({
        "from": from.trim_start_matches('+'), "id": "wamid.1", "timestamp": "1798963200", "type": "text",
        "text": { "body": said },
    });
    let value = json!({ "messaging_product": "whatsapp", "messages": [message] });
    let change = json!({ "field": "messages", "value": value });
    let entry = json!({ "id": "1", "changes": [change] });
    signed_by_meta(public_url, json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string())
}
