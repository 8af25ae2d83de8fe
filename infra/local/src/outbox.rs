//! The page that shows what was sent.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::MessageId;
use domain::message::Channel;
use providers::{Email, Outbox, Text, TextOutbox};

use crate::html::{escaped, page};

/// Messages shown at most.
const MOST: usize = 100;

#[derive(Clone)]
struct Sent {
    mails: Arc<Outbox>,
    texts: Arc<TextOutbox>,
}

/// The page's routes.
pub(crate) fn routes(mails: Arc<Outbox>, texts: Arc<TextOutbox>) -> Router {
    let sent = Sent { mails, texts };
    Router::new().route("/outbox", get(list)).route("/outbox/{id}", get(show)).with_state(sent)
}

async fn list(State(sent): State<Sent>) -> Response {
    let (Ok(mails), Ok(texts)) = (sent.mails.list(MOST), sent.texts.list(MOST)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mails = mails.iter().map(|mail| (mail.date, mail_row(mail)));
    let mut rows: Vec<_> = mails.chain(texts.iter().map(|text| (text.date, bubble(text)))).collect();
    rows.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
    rows.truncate(MOST);
    let mut list: String = rows.into_iter().map(|(_, row)| row).collect();
    if list.is_empty() {
        list.push_str("<li>Nothing yet. Book something.</li>");
    }
    page("Outbox", &format!("<h1>Outbox</h1><ul>{list}</ul>"))
}

fn mail_row(mail: &Email) -> String {
    let attached = if mail.invitation.is_some() { " 📅" } else { "" };
    format!(
        "<li><a href=\"/outbox/{}\">{}</a>{attached}<br><small>{} · {}</small></li>",
        mail.id,
        escaped(&mail.subject),
        escaped(mail.to.address.as_str()),
        mail.date.strftime("%Y-%m-%d %H:%M UTC"),
    )
}

/// A text as its reader's phone shows it.
fn bubble(text: &Text) -> String {
    let (class, by) = match text.channel {
        Channel::Whatsapp => ("whatsapp", "WhatsApp"),
        Channel::Sms | Channel::Email => ("sms", "SMS"),
    };
    format!(
        "<li><p class=\"{class}\">{}</p><small>{by} · {} · {}</small></li>",
        escaped(&text.body),
        escaped(text.to.as_str()),
        text.date.strftime("%Y-%m-%d %H:%M UTC"),
    )
}

async fn show(State(sent): State<Sent>, params: RawPathParams) -> Response {
    let id = params.iter().find_map(|(_, id)| id.parse::<MessageId>().ok());
    let Some(Ok(Some(mail))) = id.map(|id| sent.mails.get(id)) else {
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
