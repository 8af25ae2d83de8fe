//! The page that shows what was sent.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::MessageId;
use providers::{Email, Outbox};

/// Mails shown at most.
const MOST: usize = 100;

/// The page's routes.
pub(crate) fn routes(outbox: Arc<Outbox>) -> Router {
    Router::new().route("/outbox", get(list)).route("/outbox/{id}", get(show)).with_state(outbox)
}

async fn list(State(outbox): State<Arc<Outbox>>) -> Response {
    let Ok(mails) = outbox.list(MOST) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut rows = String::new();
    for mail in &mails {
        let attached = if mail.invitation.is_some() { " 📅" } else { "" };
        let _ = write!(
            rows,
            "<li><a href=\"/outbox/{}\">{}</a>{attached}<br><small>{} · {}</small></li>",
            mail.id,
            escaped(&mail.subject),
            escaped(mail.to.address.as_str()),
            mail.date.strftime("%Y-%m-%d %H:%M UTC"),
        );
    }
    if mails.is_empty() {
        rows.push_str("<li>Nothing yet. Book something.</li>");
    }
    page("Outbox", &format!("<h1>Outbox</h1><ul>{rows}</ul>"))
}

async fn show(State(outbox): State<Arc<Outbox>>, params: RawPathParams) -> Response {
    let id = params.iter().find_map(|(_, id)| id.parse::<MessageId>().ok());
    let Some(Ok(Some(mail))) = id.map(|id| outbox.get(id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    page(&mail.subject, &body(&mail))
}

fn body(mail: &Email) -> String {
    let calendar = mail.invitation.as_ref().map_or_else(String::new, |invitation| {
        format!("<h2>Calendar entry</h2><pre>{}</pre>", escaped(&invitation.ics))
    });
    format!(
        "<p><a href=\"/outbox\">Outbox</a></p><h1>{}</h1><p>To {}</p><iframe sandbox srcdoc=\"{}\"></iframe>\
         <h2>As text</h2><pre>{}</pre>{calendar}",
        escaped(&mail.subject),
        escaped(mail.to.address.as_str()),
        escaped(&mail.html),
        escaped(&mail.text),
    )
}

fn page(title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         ul{{list-style:none;padding:0}}li{{border-top:1px solid #ccc;padding:.5rem 0}}iframe{{width:100%;height:32rem;border:1px solid #ccc}}\
         pre{{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:1rem}}</style>{body}</html>"
    );
    ([(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], Html(html))
        .into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
