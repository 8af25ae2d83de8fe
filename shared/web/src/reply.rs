//! Answers: the envelope of v2, the bare objects of v1.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use errors::Error;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A v2 answer: `{"version": "v2", "data": …, "meta": …}`.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    data: T,
    meta: Map<String, Value>,
    headers: Vec<(HeaderName, String)>,
}

impl<T: Serialize> Reply<T> {
    /// 200.
    pub fn ok(data: T) -> Self {
        Self { status: StatusCode::OK, data, meta: Map::new(), headers: Vec::new() }
    }

    /// 201 with the path of what was made, without the version.
    pub fn created(data: T, path: impl Into<String>) -> Self {
        let mut reply = Self::ok(data);
        reply.status = StatusCode::CREATED;
        reply.headers.push((header::LOCATION, format!("/v2{}", path.into())));
        reply
    }

    /// 202: the answer is on its way by another channel.
    pub fn accepted(data: T) -> Self {
        let mut reply = Self::ok(data);
        reply.status = StatusCode::ACCEPTED;
        reply
    }

    /// The record's version, as a strong `ETag`.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.headers.push((header::ETAG, format!("\"{version}\"")));
        self
    }

    /// Says that this was done by an earlier request with the same key.
    #[must_use]
    pub fn replayed(mut self, replayed: bool) -> Self {
        if replayed {
            self.headers.push((HeaderName::from_static("idempotent-replayed"), "true".to_owned()));
        }
        self
    }

    /// Adds a fact about the answer.
    #[must_use]
    pub fn meta(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let Self { status, data, meta, headers } = self;
        match serde_json::to_vec(&Envelope { version: "v2", data, meta }) {
            Ok(body) => answer(status, body, headers),
            Err(error) => Problem(Error::internal(error)).into_response(),
        }
    }
}

/// What a v2 answer is written from.
#[derive(Serialize)]
struct Envelope<T> {
    version: &'static str,
    data: T,
    #[serde(skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
}

/// A v1 answer: the object itself, with `"version": "v1"` in it.
#[derive(Debug)]
pub struct ReplyV1<T>(pub StatusCode, pub T);

impl<T: Serialize> ReplyV1<T> {
    /// 200.
    pub fn ok(object: T) -> Self {
        Self(StatusCode::OK, object)
    }

    /// 201.
    pub fn created(object: T) -> Self {
        Self(StatusCode::CREATED, object)
    }
}

impl<T: Serialize> IntoResponse for ReplyV1<T> {
    fn into_response(self) -> Response {
        match serde_json::to_value(self.1) {
            Ok(Value::Object(mut object)) => {
                object.insert("version".to_owned(), "v1".into());
                answer(self.0, Value::Object(object).to_string().into_bytes(), Vec::new())
            }
            Ok(_) => Problem(Error::internal("a v1 answer that is no object")).into_response(),
            Err(error) => Problem(Error::internal(error)).into_response(),
        }
    }
}

/// An answer that is not JSON, such as a calendar or a page.
#[derive(Debug)]
pub struct Plain {
    /// Media type.
    pub kind: &'static str,
    /// The text.
    pub text: String,
}

impl IntoResponse for Plain {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

fn answer(status: StatusCode, body: Vec<u8>, headers: Vec<(HeaderName, String)>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let all = response.headers_mut();
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            all.insert(name, value);
        }
    }
    response
}
