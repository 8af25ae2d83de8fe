//! The API that a merchant's server calls (<https://razorpay.com/docs/api>), with its troubles.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::Money;
use domain::money::Currency;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::entity::list;
use crate::shared::{Failure, Shared};
use crate::state::{Done, Refusal, State};

/// Items of a list, unless asked otherwise, and at most.
const COUNT: usize = 10;
const MOST_COUNT: usize = 100;

/// What becomes of a request.
enum Fate {
    Answered,
    /// 500, whether or not the work was done.
    Broken {
        done: bool,
    },
    /// The work is done, and the connection closes without an answer.
    Silent,
}

/// Answers a request to a path below `/v1`.
pub(crate) fn answer(shared: &Shared, head: &Parts, path: &[&str], body: &[u8]) -> Response {
    if !knows(shared, &head.headers) {
        return error(StatusCode::UNAUTHORIZED, "BAD_REQUEST_ERROR", "Authentication failed");
    }
    let mut fate = Fate::Answered;
    shared.set(|state| fate = drawn(state));
    match fate {
        Fate::Answered => act(shared, head, path, body),
        Fate::Broken { done } => {
            if done {
                act(shared, head, path, body);
            }
            trouble()
        }
        Fate::Silent => {
            act(shared, head, path, body);
            silence()
        }
    }
}

fn drawn(state: &mut State) -> Fate {
    let trouble = state.trouble;
    if state.chance.percent(trouble.broken) {
        Fate::Broken { done: state.chance.percent(50) }
    } else if state.chance.percent(trouble.silent) {
        Fate::Silent
    } else {
        Fate::Answered
    }
}

fn act(shared: &Shared, head: &Parts, path: &[&str], body: &[u8]) -> Response {
    let body = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(body) };
    let Ok(Value::Object(body)) = body else {
        return error(StatusCode::BAD_REQUEST, "BAD_REQUEST_ERROR", "The request body is not JSON");
    };
    let query = head.uri.query().unwrap_or_default();
    let found = match (head.method.as_str(), path) {
        ("POST", ["orders"]) => shared.change(|state, now| create(state, &body, now)),
        ("GET", ["orders", id]) => seen(shared.look(|state| Ok(state.order(id)?.entity()))),
        ("GET", ["orders", id, "payments"]) => seen(shared.look(|state| Ok(list(&state.payments_of(id)?)))),
        ("GET", ["payments", id]) => seen(shared.look(|state| Ok(state.payment(id)?.entity()))),
        ("POST", ["payments", id, "capture"]) => shared.change(|state, now| capture(state, id, &body, now)),
        ("POST", ["payments", id, "refund"]) => {
            let key = head.headers.get("x-refund-idempotency").map(|key| key.to_str().unwrap_or_default());
            shared
                .change(|state, now| state.refund_by(id, amount(&body)?, (key, text(&body, "receipt")), now))
        }
        ("GET", ["payments", id, "refunds"]) => {
            let (skip, count) = page(query);
            seen(shared.look(|state| Ok(list(&state.refunds_of(id, skip, count)?))))
        }
        _ => {
            let said = "The requested URL was not found on the server.";
            return error(StatusCode::NOT_FOUND, "BAD_REQUEST_ERROR", said);
        }
    };
    match found {
        Ok(entity) => json_of(StatusCode::OK, &entity),
        Err(Failure::Refused(Refusal(said))) => error(StatusCode::BAD_REQUEST, "BAD_REQUEST_ERROR", said),
        Err(Failure::NotKept(_)) => trouble(),
    }
}

fn seen(found: Done<Value>) -> Result<Value, Failure> {
    found.map_err(Failure::Refused)
}

fn create(state: &mut State, body: &Map<String, Value>, now: i64) -> Done<Value> {
    let minor = amount(body)?.ok_or(Refusal("The amount field is required."))?;
    let currency = text(body, "currency").ok_or(Refusal("The currency field is required."))?;
    let notes = body.get("notes").and_then(Value::as_object).cloned().unwrap_or_default();
    state.create(minor, currency, text(body, "receipt"), notes, now)
}

fn capture(state: &mut State, id: &str, body: &Map<String, Value>, now: i64) -> Done<Value> {
    let minor = amount(body)?.ok_or(Refusal("The amount field is required."))?;
    let currency = Currency::from_code(text(body, "currency").unwrap_or("INR"));
    let currency = currency.ok_or(Refusal("Currency is not supported"))?;
    state.capture(id, Some(Money::new(minor, currency)), now)
}

fn amount(body: &Map<String, Value>) -> Done<Option<i64>> {
    match body.get("amount") {
        None => Ok(None),
        Some(amount) => amount.as_i64().map(Some).ok_or(Refusal("The amount must be an integer.")),
    }
}

fn text<'a>(body: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str)
}

fn page(query: &str) -> (usize, usize) {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let number =
        |name: &str| pairs.iter().find(|(key, _)| key == name).and_then(|(_, text)| text.parse().ok());
    (number("skip").unwrap_or(0), number("count").unwrap_or(COUNT).min(MOST_COUNT))
}

fn knows(shared: &Shared, headers: &HeaderMap) -> bool {
    let pair = BASE64_STANDARD.encode(format!("{}:{}", shared.key_id, shared.key_secret));
    headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == format!("Basic {pair}").as_bytes())
}

/// An error in Razorpay's shape (<https://razorpay.com/docs/errors>).
pub(crate) fn error(status: StatusCode, code: &str, description: &str) -> Response {
    let about = json!({"code": code, "description": description, "source": "NA", "step": "NA", "reason": "NA", "metadata": {}});
    json_of(status, &json!({"error": about}))
}

fn trouble() -> Response {
    let said = "We are facing some trouble completing your request at the moment. Please try again shortly.";
    error(StatusCode::INTERNAL_SERVER_ERROR, "SERVER_ERROR", said)
}

/// An answer that was announced and breaks off before its first byte.
fn silence() -> Response {
    let broken = async { Err::<Bytes, std::io::Error>(std::io::ErrorKind::ConnectionAborted.into()) };
    (StatusCode::OK, [(CONTENT_LENGTH, "2")], Body::from_stream(futures::stream::once(broken)))
        .into_response()
}

fn json_of(status: StatusCode, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
