//! MSG91: <https://msg91.com/help/how-can-i-get-the-delivery-reports-on-my-webhook-url>, versions 2 (a form) and 3 (JSON).
//!
//! It signs nothing. Its panel lets one add headers to a callback: ours is `X-Webhook-Secret`, so that the secret stands in
//! no address and no log of addresses.

use domain::MessageId;
use domain::message::Report;
use errors::{Code, Error, Result};
use serde_json::Value;
use web::{State, StatusCode, Whole};

use super::twilio::pairs;
use super::{forged, header, is_secret, note};
use crate::App;

/// Reports of one request that are looked at.
const MOST: usize = 1_000;

pub(super) async fn hear(State(app): State<App>, whole: Whole) -> web::Result<StatusCode> {
    let secret = app.webhooks.msg91_secret.as_deref().ok_or_else(forged)?;
    if !is_secret(secret, header(&whole.headers, "x-webhook-secret")?) {
        return Err(forged().into());
    }
    let mut first_failure = None;
    for (request, report) in reports(&whole.body)?.into_iter().take(MOST) {
        if let Some((id, told)) = told(&report) {
            first_failure = first_failure.or(note(&app, id, &told, request.as_deref()).await.err());
        }
    }
    first_failure.map_or(Ok(StatusCode::NO_CONTENT), |error| Err(error.into()))
}

/// Each report of the body, with MSG91's id of its request.
fn reports(body: &[u8]) -> Result<Vec<(Option<String>, Value)>> {
    let unread = |error: serde_json::Error| {
        Error::new(Code::BadRequest, "the report could not be read").with_source(error)
    };
    let request = |value: &Value| value.get("requestId").and_then(Value::as_str).map(str::to_owned);
    if body.first() == Some(&b'{') {
        let report: Value = serde_json::from_slice(body).map_err(unread)?;
        return Ok(vec![(request(&report), report)]);
    }
    let fields = pairs(body)?;
    let data = fields.iter().find(|(name, _)| name == "data").map_or("[]", |(_, value)| value.as_str());
    let requests: Vec<Value> = serde_json::from_str(data).map_err(unread)?;
    let each = |one: &Value| -> Vec<(Option<String>, Value)> {
        let list = one.get("report").and_then(Value::as_array);
        list.into_iter().flatten().map(|report| (request(one), report.clone())).collect()
    };
    Ok(requests.iter().flat_map(each).collect())
}

/// Which message a report is about, and what it says: 1 is delivered, 2 failed, 9 not disturbed, 16 and 25 rejected,
/// 17 blocked.
fn told(report: &Value) -> Option<(MessageId, Report)> {
    let id = report.get("CRQID")?.as_str()?.parse().ok()?;
    let status = report.get("status")?;
    let status = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
    let said = match status.as_str() {
        "1" => Report::Delivered,
        "2" | "9" | "16" | "17" | "25" => Report::Failed(status),
        _ => return None,
    };
    Some((id, said))
}
