//! What handlers take: bodies, queries, paths, callers; each refuses with our own problems.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::Caller;
use errors::{Code, Error};
use serde_json::{Map, Value};

use crate::access::Calling;
use crate::problem::Problem;
use crate::request::{Reader, Request};
use crate::version::Version;

/// How deep a body may nest.
const MOST_NESTING: usize = 16;
/// Query parameters that the edge reads by itself.
const RESERVED: [&str; 3] = ["cursor", "limit", "fields"];

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address, as the gateway saw it.
    pub ip: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(of::<Self>(parts).unwrap_or_default())
    }
}

pub(crate) fn of<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Option<T> {
    parts.extensions.get::<T>().cloned()
}

/// The caller of a route that asks for one.
#[derive(Debug, Clone)]
pub struct Signed(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = of::<Calling>(parts).and_then(|calling| calling.0);
        Ok(Self(caller.ok_or_else(|| Error::new(Code::Unauthenticated, "send an access token"))?))
    }
}

/// The caller of a route for anybody, if signed in.
#[derive(Debug, Clone)]
pub struct MaybeSigned(pub Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeSigned {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(of::<Calling>(parts).and_then(|calling| calling.0)))
    }
}

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: Request> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let (json, typed) =
            (is_json(request.headers()), request.headers().contains_key(header::CONTENT_TYPE));
        let strict = request.extensions().get::<Version>() != Some(&Version::V1);
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Error::new(Code::TooLarge, "the body could not be read").with_source(error))?;
        // Who sends nothing need not say what it is.
        if !json && (typed || !body.is_empty()) {
            return Err(Error::new(Code::UnsupportedMediaType, "send Content-Type: application/json").into());
        }
        let object = object(&body)?;
        let mut reader = Reader::of_body(object);
        let value = T::read(&mut reader);
        finished(value, reader.finish(strict), Code::ValidationFailed).map(Self)
    }
}

/// A body as it came, byte by byte: what somebody has signed.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await;
        let unread = |error| Error::new(Code::TooLarge, "the body could not be read").with_source(error);
        Ok(Self(body.map_err(unread)?))
    }
}

/// A request as it came: its query, its headers and its body, for what is signed over more than the body.
#[derive(Debug)]
pub struct Whole {
    /// The query string, without its `?`.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        let Raw(body) = Raw::from_request(request, state).await?;
        Ok(Self { query, headers, body })
    }
}

/// Query parameters. A parameter that comes several times is a list.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Request> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let strict = of::<Version>(parts) != Some(Version::V1);
        let mut reader = Reader::of_query(parameters(parts, strict)?);
        let value = T::read(&mut reader);
        finished(value, reader.finish(strict), Code::BadRequest).map(Self)
    }
}

/// Nothing, if the query has no parameters but those that the edge reads.
pub(crate) fn unasked(parts: &Parts) -> Result<(), Problem> {
    if parts.uri.query().is_none_or(str::is_empty) {
        return Ok(());
    }
    finished(Some(()), Reader::of_query(parameters(parts, true)?).finish(true), Code::BadRequest)
}

/// The query's parameters; without those that the edge reads by itself where it does.
fn parameters(parts: &Parts, reserved: bool) -> Result<Map<String, Value>, Problem> {
    let mut object = Map::new();
    for (name, text) in pairs(parts)? {
        if RESERVED.contains(&name.as_str()) && reserved {
            continue;
        }
        match object.get_mut(&name) {
            None => drop(object.insert(name, Value::String(text))),
            Some(Value::Array(values)) => values.push(Value::String(text)),
            Some(value) => *value = Value::Array(vec![value.take(), Value::String(text)]),
        }
    }
    Ok(object)
}

/// The pairs of the query string.
pub(crate) fn pairs(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    serde_urlencoded::from_str(query).map_err(|error| {
        Error::new(Code::BadRequest, "the query string could not be read").with_source(error).into()
    })
}

/// One path parameter. What cannot be an id of its kind is not found.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|error| {
            Error::new(Code::BadRequest, "the path is not valid UTF-8").with_source(error)
        })?;
        let text = params.iter().last().map(|(_, text)| text.to_owned()).unwrap_or_default();
        Ok(Self(text.parse().map_err(|_| Error::not_found("thing"))?))
    }
}

/// The version that `If-Match` asks for, if it is there and not `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<u64>);

impl IfMatch {
    /// Nothing, if the record has the version asked for.
    ///
    /// # Errors
    /// `precondition_failed`, with the current version.
    pub fn check(self, version: u64) -> errors::Result<()> {
        match self.0 {
            Some(wanted) if wanted != version => {
                Err(Error::new(Code::PreconditionFailed, "the record has a newer version")
                    .with_detail("version", version))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        // The version is in front of what else the tag of a read says: see `caching`.
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let version = tag.and_then(|tag| tag.split('-').next()?.parse().ok());
        version
            .map(|version| Self(Some(version)))
            .ok_or_else(|| Error::new(Code::BadRequest, "If-Match takes one ETag, e.g. \"3\"").into())
    }
}

fn finished<T>(value: Option<T>, errors: Vec<errors::FieldError>, code: Code) -> Result<T, Problem> {
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ if code == Code::BadRequest => Err(Error::invalid_query(errors).into()),
        _ => Err(Error::fields(errors).into()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    // An empty body is an empty object: many commands have nothing to say.
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) if object.values().all(|value| depth(value) < MOST_NESTING) => Ok(object),
        Ok(Value::Object(_)) => Err(Error::new(Code::MalformedBody, "the body nests too deeply")),
        Ok(_) => Err(Error::new(Code::MalformedBody, "the body must be a JSON object")),
        Err(error) => Err(Error::new(
            Code::MalformedBody,
            format!("the body is not valid JSON: line {}, column {}", error.line(), error.column()),
        )),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
