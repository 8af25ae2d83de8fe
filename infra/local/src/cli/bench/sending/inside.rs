//! The other way, built to be measured beside ours: a booking that sends its messages before it is answered. It is what the
//! system did that this one replaces: SMS, WhatsApp and mail, one after the other, and an answer as if all had got through.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::message::Channel;
use domain::{MessageId, MessageKind, Phone};
use env::Clock;
use http::{StatusCode, header};
use local::Front;
use providers::{Language, Text, body};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::providers::Providers;

/// The largest body that is read.
const MOST_BYTES: usize = 1 << 16;

/// The same API, where a request that succeeds sends messages before it is answered.
pub(super) struct Inside {
    front: Front,
    clock: Clock,
    providers: Arc<Providers>,
    phone: Phone,
    due: Mutex<Vec<MessageId>>,
}

impl Inside {
    /// Serves it on a free port.
    pub(super) async fn serve(
        front: Front,
        clock: Clock,
        providers: Arc<Providers>,
        phone: Phone,
    ) -> io::Result<(Arc<Self>, SocketAddr, JoinHandle<()>)> {
        let inside = Arc::new(Self { front, clock, providers, phone, due: Mutex::default() });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&inside));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, routes).await;
        });
        Ok((inside, address, serving))
    }

    /// The messages that were due since this was asked last.
    pub(super) fn due(&self) -> Vec<MessageId> {
        std::mem::take(&mut *self.due.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn id(&self) -> MessageId {
        let id = MessageId::new(self.clock.now(), env::random());
        self.due.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        id
    }

    /// What it does before it answers. What does not get through is written to the log, and that is all that becomes of it.
    async fn tell(&self) {
        let [sms, whatsapp, mail] = [self.id(), self.id(), self.id()];
        let texts = [
            (sms, Channel::Sms, &self.providers.sms),
            (whatsapp, Channel::Whatsapp, &self.providers.whatsapp),
        ];
        for (id, channel, provider) in texts {
            if let Some(text) = self.text(id, channel)
                && provider.send(&text).await.is_err()
            {
                tracing::info!(message.id = %id, "a message is lost");
            }
        }
        if self.providers.post.take(mail).await.is_err() {
            tracing::info!(message.id = %mail, "a message is lost");
        }
    }

    fn text(&self, id: MessageId, channel: Channel) -> Option<Text> {
        let values = ["Evening lamp ceremony", "Pune", "Friday, 4 December 2026", "18:30", "INR 499.00"];
        let (kind, values) = (MessageKind::SessionConfirmed, values.map(str::to_owned).to_vec());
        let body = body(kind, Language::English, &values).ok()?;
        let (date, to, language) = (self.clock.now(), self.phone.clone(), Language::English);
        Some(Text { id, date, channel, to, kind, template: None, language, body, values })
    }
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let token = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let came = inside.front.with_token(token).post(head.uri.path(), "inside", &body).await;
    if came.status.is_success() {
        inside.tell().await;
    }
    (came.status, came.body.to_string()).into_response()
}
