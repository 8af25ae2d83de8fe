//! The front door from inside: requests that go through the same edge as everybody's, without a socket.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{Method, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use web::Origin;

/// Somebody who uses the API.
#[derive(Clone)]
pub struct Front {
    service: Router,
    token: String,
    /// The encodings that answers may have.
    takes: &'static str,
}

/// What came back.
#[derive(Debug)]
pub struct Came {
    /// The status.
    pub status: StatusCode,
    /// Whether an earlier request with this key had done it.
    pub replayed: bool,
    /// What it consumed, where the installation tells it.
    pub usage: Option<String>,
    /// Bytes of the body.
    pub bytes: usize,
    /// The body, if it was JSON.
    pub body: Value,
}

impl Front {
    /// The API as seen with this access token; without one, if it is empty.
    pub fn new(service: Router, token: String) -> Self {
        Self { service, token, takes: "identity" }
    }

    /// The same API with another access token.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// Reads a path, which begins with its version.
    pub async fn get(&self, path: &str) -> Came {
        self.send(Method::GET, path, None, None).await
    }

    /// Reads a path as a browser does, which takes Brotli. The body is known by its size only, if it was large enough to be
    /// compressed.
    pub async fn get_as_browser(&self, path: &str) -> Came {
        Self { takes: "br", ..self.clone() }.get(path).await
    }

    /// Posts a body under an idempotency key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Came {
        self.send(Method::POST, path, Some(key), Some(body)).await
    }

    /// Puts a body in the place of what is there, under an idempotency key.
    pub async fn put(&self, path: &str, key: &str, body: &Value) -> Came {
        self.send(Method::PUT, path, Some(key), Some(body)).await
    }

    /// Patches with a body.
    pub async fn patch(&self, path: &str, body: &Value) -> Came {
        self.send(Method::PATCH, path, None, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Came {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT_ENCODING, self.takes)
            .extension(Origin { ip: Some("127.0.0.1".to_owned()) });
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let Ok(request) = request.body(body) else {
            let (status, body) = (StatusCode::BAD_REQUEST, Value::Null);
            return Came { status, replayed: false, usage: None, bytes: 0, body };
        };
        let Ok(response) = self.service.clone().oneshot(request).await;
        let status = response.status();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let usage = response.headers().get("x-usage").and_then(|value| value.to_str().ok());
        let usage = usage.map(str::to_owned);
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Came { status, replayed, usage, bytes: bytes.len(), body }
    }
}

impl Came {
    /// A text in `data`.
    pub fn text(&self, field: &str) -> Option<String> {
        self.body.pointer(&format!("/data/{field}"))?.as_str().map(str::to_owned)
    }

    /// The problem's code and words.
    pub fn problem(&self) -> String {
        let told = |field: &str| self.body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {}: {}", self.status.as_u16(), told("code"), told("detail"))
    }

    /// Why it was refused: the problem's code, for `not_bookable` with that of the first rule behind a colon, and its words.
    pub fn refusal(&self) -> (String, String) {
        let text = |pointer: &str| self.body.pointer(pointer).and_then(Value::as_str);
        let code = text("/code").map_or_else(|| self.status.as_str().to_owned(), str::to_owned);
        let code = match text("/details/reasons/0/code") {
            Some(rule) => format!("{code}:{rule}"),
            _ => code,
        };
        (code, text("/detail").unwrap_or("no reason was given").to_owned())
    }
}
