//! The three providers' ways to take a text.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::callbacks::{self, Callback, Fate};
use crate::trouble::{Dice, Trouble};
use crate::{ACCOUNT, Handed, TOKEN, World};

const JSON: &str = "application/json";

/// `POST /2010-04-01/Accounts/{account}/Messages.json`.
pub(crate) async fn twilio(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
    if !uri.path().contains(ACCOUNT) || header(&headers, "authorization") != basic {
        return refused(StatusCode::UNAUTHORIZED, &json!({ "code": 20003, "message": "Authenticate" }));
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(&body).unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(is, _)| is == name).map(|(_, value)| value.clone());
    let (Some(to), Some(callback)) = (field("To"), field("StatusCallback")) else {
        return refused(StatusCode::BAD_REQUEST, &json!({ "code": 21604, "message": "A 'To' is required" }));
    };
    if field("From").or_else(|| field("MessagingServiceSid")).is_none() {
        return refused(
            StatusCode::BAD_REQUEST,
            &json!({ "code": 21603, "message": "A 'From' is required" }),
        );
    }
    let whatsapp = to.starts_with("whatsapp:");
    let shown = if whatsapp { field("ContentSid").and(field("ContentVariables")) } else { field("Body") };
    let Some(shown) = shown else {
        return refused(
            StatusCode::BAD_REQUEST,
            &json!({ "code": 21602, "message": "A 'Body' is required" }),
        );
    };
    let message = callback.rsplit_once("message=").map(|(_, id)| id.to_owned()).unwrap_or_default();
    let to = to.trim_start_matches("whatsapp:");
    if !world.is_there("twilio").await {
        return away();
    }
    take(
        &world,
        "twilio",
        message,
        to,
        shown,
        &|handed, fate| Some(callbacks::twilio(&callback, handed, fate)),
        &|id| {
            (
                StatusCode::CREATED,
                JSON,
                json!({ "sid": id, "status": "queued", "error_code": null }).to_string(),
            )
        },
    )
}

/// `POST /api/v5/flow`.
pub(crate) async fn msg91(State(world): State<Arc<World>>, headers: HeaderMap, body: String) -> Response {
    if header(&headers, "authkey") != TOKEN {
        return refused(
            StatusCode::UNAUTHORIZED,
            &json!({ "type": "error", "message": "Authentication failure" }),
        );
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let recipient = body.pointer("/recipients/0").cloned().unwrap_or_default();
    let text = |name: &str| recipient.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(to), Some(message), true) = (text("mobiles"), text("CRQID"), body.get("template_id").is_some())
    else {
        // It refuses with status 200.
        return (StatusCode::OK, json!({ "type": "error", "message": "template_id missing" }).to_string())
            .into_response();
    };
    let shown = (1..=9).filter_map(|number| text(&format!("VAR{number}"))).collect::<Vec<_>>().join(" | ");
    let public_url = world.options.public_url.clone();
    if !world.is_there("msg91").await {
        return away();
    }
    take(
        &world,
        "msg91",
        message,
        &to,
        shown,
        &|handed, fate| callbacks::msg91(&public_url, handed, fate),
        &|id| (StatusCode::OK, JSON, json!({ "type": "success", "message": id }).to_string()),
    )
}

/// `POST /v23.0/{number}/messages`.
pub(crate) async fn meta(State(world): State<Arc<World>>, headers: HeaderMap, body: String) -> Response {
    if header(&headers, "authorization") != format!("Bearer {TOKEN}") {
        let error = json!({ "error": { "code": 190, "message": "Invalid OAuth access token" } });
        return refused(StatusCode::UNAUTHORIZED, &error);
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let values = body.pointer("/template/components/0/parameters").and_then(Value::as_array);
    let (Some(to), Some(message), Some(_), Some(values)) =
        (text("/to"), text("/biz_opaque_callback_data"), text("/template/language/code"), values)
    else {
        let error = json!({ "error": { "code": 100, "message": "Invalid parameter" } });
        return refused(StatusCode::BAD_REQUEST, &error);
    };
    let shown = values.iter().filter_map(|value| value.get("text")?.as_str()).collect::<Vec<_>>().join(" | ");
    let public_url = world.options.public_url.clone();
    if !world.is_there("meta").await {
        return away();
    }
    take(
        &world,
        "meta",
        message,
        &to,
        shown,
        &|handed, fate| Some(callbacks::meta(&public_url, handed, fate)),
        &|id| {
            (
                StatusCode::OK,
                JSON,
                json!({ "messaging_product": "whatsapp", "messages": [{ "id": id }] }).to_string(),
            )
        },
    )
}

/// Takes the text unless there is trouble, and answers unless there is more of it.
pub(crate) fn take(
    world: &World,
    provider: &'static str,
    message: String,
    to: &str,
    body: String,
    callback: &dyn Fn(&Handed, Fate) -> Option<Callback>,
    answer: &dyn Fn(&str) -> (StatusCode, &'static str, String),
) -> Response {
    let mut state = world.state();
    state.requests += 1;
    let mut dice = Dice::new(world.options.seed.wrapping_add(state.requests.wrapping_mul(7919)));
    let trouble = dice.trouble(world.options.trouble);
    if let Some(trouble) = trouble {
        *state.met.entry(trouble).or_default() += 1;
    }
    let id = format!("{provider}-{}", state.requests);
    if trouble.is_none_or(Trouble::works) {
        let to = to.trim_start_matches('+').to_owned();
        let bounces = dice.percent() < world.options.bounces;
        let handed = Handed { provider, id: id.clone(), message, to, body };
        let reads = dice.percent() < 50;
        let told = callbacks::fates(bounces, reads).into_iter().filter_map(|fate| callback(&handed, fate));
        state.pending.extend(told);
        if !bounces {
            state.handed.push(handed);
        }
    }
    match trouble {
        None => {
            let (status, kind, body) = answer(&id);
            (status, [("content-type", kind)], body).into_response()
        }
        Some(Trouble::Broken | Trouble::BrokenAfterwards) => {
            refused(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "code": 20500, "message": "Internal error" }))
        }
        Some(Trouble::Busy) => {
            refused(StatusCode::TOO_MANY_REQUESTS, &json!({ "code": 20429, "message": "Too many requests" }))
        }
        Some(Trouble::Silent | Trouble::Gone) => broken_off(),
    }
}

/// An answer that ends before it has begun.
fn broken_off() -> Response {
    let ended =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the connection ended")) });
    Response::new(Body::from_stream(ended))
}

fn away() -> Response {
    refused(StatusCode::SERVICE_UNAVAILABLE, &json!({ "code": 20503, "message": "Service unavailable" }))
}

fn refused(status: StatusCode, body: &Value) -> Response {
    (status, body.to_string()).into_response()
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
