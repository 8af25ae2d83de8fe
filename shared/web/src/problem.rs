//! Errors as clients see them: RFC 9457 problems in v2, the source systems' shape in v1.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use errors::{Code, Error};
use serde_json::{Map, Value, json};

use crate::version::Version;

/// What a handler returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An error on its way out: the edge renders it in the shape of the request's version and logs it once.
#[derive(Debug)]
pub struct Problem(pub Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The error of a response, on its way from the handler to the edge.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) std::sync::Arc<Error>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = status(self.0.code()).into_response();
        response.extensions_mut().insert(Carried(std::sync::Arc::new(self.0)));
        response
    }
}

pub(crate) fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The response that tells of the error.
pub(crate) fn render(error: &Error, version: Version, request_id: &str) -> Response {
    let code = error.code();
    let (kind, body) = match version {
        Version::V1 => ("application/json", v1(error, request_id)),
        Version::V2 => ("application/problem+json", v2(error, request_id)),
    };
    let mut response = (status(code), body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code.status() == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn fields(error: &Error) -> Value {
    let field = |field: &errors::FieldError| json!({ "pointer": field.pointer, "code": field.code, "detail": field.message });
    error.field_errors().iter().map(field).collect()
}

fn v2(error: &Error, request_id: &str) -> Value {
    let code = error.code();
    let mut body = json!({
        "type": code.type_uri(),
        "title": code.title(),
        "status": code.status(),
        "detail": error.to_string(),
        "code": code.as_str(),
        "retryable": code.retryable(),
        "request_id": request_id,
    });
    if !error.field_errors().is_empty() {
        add(&mut body, "errors", fields(error));
    }
    if !error.details().is_empty() {
        add(&mut body, "details", Value::Object(error.details().clone()));
    }
    body
}

fn add(body: &mut Value, name: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
}

fn v1(error: &Error, request_id: &str) -> Value {
    let mut details: Map<String, Value> = error.details().clone();
    if !error.field_errors().is_empty() {
        details.insert("errors".to_owned(), fields(error));
    }
    details.insert("request_id".to_owned(), request_id.into());
    json!({
        "version": "v1",
        "error": true,
        "error_code": error.code().as_str(),
        "message": error.to_string(),
        "status_code": error.code().status(),
        "details": details,
    })
}
