//! The checkout page that stands for Razorpay's (<https://razorpay.com/docs/payments/payment-gateway/web-integration/standard>).

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::request::Parts;
use http::{StatusCode, Uri};
use minijinja::value::merge_maps;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::entity::Method;
use crate::shared::{Failure, Shared};
use crate::state::Refusal;
use crate::webhooks::signature;

const PAGE: &str = include_str!("checkout.html");
/// The page loads nothing, runs nothing, and sends its forms to this machine alone.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; \
    form-action 'self' http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:*";
/// How long nobody is told of a payment that is made quietly.
const QUIET: Duration = Duration::from_secs(30);

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    how: String,
    #[serde(default)]
    callback_url: String,
}

/// Shows the page, or does what one of its buttons says.
pub(crate) fn answer(shared: &Shared, head: &Parts, order: &str, body: &[u8]) -> Response {
    let post = match head.method.as_str() {
        "GET" => false,
        "POST" => true,
        _ => return page(StatusCode::METHOD_NOT_ALLOWED, context! { wrong => "There is no such thing." }),
    };
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let Ok(asked) = serde_urlencoded::from_bytes::<Asked>(if post { body } else { query }) else {
        return page(StatusCode::BAD_REQUEST, context! { wrong => "The request cannot be read." });
    };
    if !asked.callback_url.is_empty() && !is_here(&asked.callback_url) {
        let wrong =
            "The callback_url is not on this machine. This page returns to 127.0.0.1 and localhost alone.";
        return page(StatusCode::BAD_REQUEST, context! { wrong });
    }
    let done = if post { pay(shared, order, &asked.how) } else { Ok(context! {}) };
    let done = match done {
        Ok(done) => done,
        Err(Failure::Refused(Refusal(wrong))) => return page(StatusCode::BAD_REQUEST, context! { wrong }),
        Err(Failure::NotKept(_)) => {
            let wrong = "The state cannot be kept: see whether its file can be written.";
            return page(StatusCode::INTERNAL_SERVER_ERROR, context! { wrong });
        }
    };
    let shown = shared.look(|state| {
        state.order(order).map(|order| {
            context! {
                amount => order.amount.to_string(),
                receipt => &order.receipt,
                order => &order.id,
                paid => order.paid,
            }
        })
    });
    match shown {
        Ok(shown) => {
            let shown = context! { callback => asked.callback_url, ..shown };
            page(StatusCode::OK, merge_maps([done, shown]))
        }
        Err(_) => page(StatusCode::NOT_FOUND, context! { wrong => "There is no such order." }),
    }
}

/// Pays or fails; gives what the browser hands back.
fn pay(shared: &Shared, order: &str, how: &str) -> Result<Value, Failure> {
    let method = if how == "upi" { Method::Upi } else { Method::Card };
    match how {
        "card" | "upi" => {
            let payment = shared.change(|state, now| {
                let payment = state.attempt(order, method, true, now)?;
                state.capture(&payment, None, now)?;
                Ok(payment)
            })?;
            let signature = signature(&shared.key_secret, format!("{order}|{payment}").as_bytes());
            Ok(context! {
                outcome => "paid",
                fields => Value::from_pairs([
                    ("razorpay_order_id", order),
                    ("razorpay_payment_id", &payment),
                    ("razorpay_signature", &signature),
                ]),
            })
        }
        "fail" => {
            let payment = shared.change(|state, now| state.attempt(order, method, false, now))?;
            let metadata = json!({"order_id": order, "payment_id": payment}).to_string();
            Ok(context! {
                outcome => "failed",
                fields => Value::from_pairs([
                    ("error[code]", "BAD_REQUEST_ERROR"),
                    ("error[description]", "Payment was not completed on time."),
                    ("error[source]", "customer"),
                    ("error[step]", "payment_authentication"),
                    ("error[reason]", "payment_timed_out"),
                    ("error[metadata]", &metadata),
                ]),
            })
        }
        "quiet" => {
            shared.change(|state, now| {
                let first = state.webhooks.next();
                let payment = state.attempt(order, method, true, now)?;
                state.capture(&payment, None, now)?;
                state.webhooks.postpone(first, Instant::now() + QUIET);
                Ok(())
            })?;
            Ok(context! { outcome => "quiet", seconds => QUIET.as_secs() })
        }
        _ => Err(Failure::Refused(Refusal("There is no such way to pay."))),
    }
}

/// Whether this is an address on this machine: the page leads nowhere else.
fn is_here(url: &str) -> bool {
    let Ok(parsed) = url.parse::<Uri>() else { return false };
    let plain = !url.contains(['@', '\\']) && matches!(parsed.scheme_str(), Some("http" | "https"));
    plain && matches!(parsed.host(), Some("127.0.0.1" | "localhost"))
}

fn page(status: StatusCode, with: Value) -> Response {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Lenient);
    let Ok(html) = engine.render_named_str("checkout.html", PAGE, with) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers =
        [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_leads_to_this_machine_alone() {
        for here in
            ["http://127.0.0.1:8080/payments/return?of=1", "https://localhost/x", "http://localhost:3000"]
        {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in [
            "https://evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://localhost.evil.example/",
            "//evil.example",
            "/path",
            "javascript:alert(1)",
            "http:\\\\evil.example",
            "ftp://localhost/",
            "http://127.0.0.1\\@evil.example",
            "",
        ] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
