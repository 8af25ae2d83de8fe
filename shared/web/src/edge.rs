//! What happens to every request before its route and to every answer after it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cache::Found;
use domain::RequestId;
use errors::{Code, Error, Result};
use lambda_http::request::RequestContext;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::access::{CallerKind, Core, IDEMPOTENCY_KEY};
use crate::caching::{self, Keeping};
use crate::extract::Origin;
use crate::idempotency::BodyHash;
use crate::limits::Limited;
use crate::problem::{Carried, render};
use crate::telemetry::Served;
use crate::version::{self, Version};

/// The largest body.
pub(crate) const MOST_BYTES: usize = 1_024 * 1_024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_VERSION: HeaderName = HeaderName::from_static("x-api-version");

/// What a route lets others keep, and its name for the log; set on the answer by the route's layer.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) id: &'static str,
    pub(crate) path: &'static str,
    pub(crate) keeping: Keeping,
}

/// The edge's state: the core, the paths outside the versions, and those that a version has as well.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) core: Core,
    pub(crate) roots: Arc<BTreeSet<&'static str>>,
    pub(crate) versioned: Arc<BTreeSet<(Version, &'static str)>>,
}

impl Edge {
    /// Whether a path is one outside the versions. A version in the path goes before it, negotiation does not.
    fn is_root(&self, path: &str, version: Version, named: bool) -> bool {
        self.roots.contains(path) && !(named && self.versioned.contains(&(version, path)))
    }
}

pub(crate) async fn handle(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let now = edge.core.clock.now();
    let id = RequestId::new(now, env::random());
    let request_id = id.to_string();
    let asked = Asked::of(&request);
    let resolved = version::resolve(request.uri().path(), request.headers());
    let negotiated = !matches!(resolved, Ok((_, _, true)));
    let resolved =
        resolved.map(|(path, version, named)| (path.to_owned(), version, edge.is_root(path, version, named)));
    // Outside the versions an error has no older shape to keep.
    let (version, root) = match &resolved {
        Ok((_, version, false)) => (*version, false),
        Ok((_, _, true)) => (Version::V2, true),
        Err(_) => (Version::V2, false),
    };
    // On the heap from the first: it is large, and would be moved into each that goes around it.
    let answered = Box::pin(async {
        match prepare(resolved, request).await {
            Ok(request) => next.run(request).await,
            Err(error) => crate::Problem(error).into_response(),
        }
    });
    let ((response, usage), found) = cache::observed(store::metered_for(request_id.clone(), answered)).await;
    let told = response.extensions().get::<Told>().copied();
    let limited = response.extensions().get::<Limited>().copied();
    let failure = response.extensions().get::<Carried>().cloned();
    let caller = response.extensions().get::<CallerKind>().map_or("unknown", |kind| kind.0);
    let mut response = match &failure {
        Some(Carried(error)) => render(error, version, &request_id),
        None => asked.shaped(response).await,
    };
    headers(&mut response, &asked, told, (!root).then_some(version), &request_id);
    vary(&mut response, told, !root && negotiated);
    let mut response = asked.unless_known(response);
    if let Some(limited) = limited {
        limited.tell(response.headers_mut());
    }
    if edge.core.show_usage
        && let Ok(value) = HeaderValue::from_str(&usage.to_string())
    {
        response.headers_mut().insert(HeaderName::from_static("x-usage"), value);
    }
    let served = Served {
        operation: told.map_or("none", |told| told.id),
        status: response.status().as_u16(),
        micros: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        usage,
    };
    let cold = edge.core.telemetry.count(&served, now);
    let line = Line {
        id,
        method: asked.method.clone(),
        route: told.map_or("none", |told| told.path),
        version,
        caller,
        served,
        found,
        cold,
        limited,
    };
    log(&line, &request_id, failure.as_ref(), edge.core.telemetry.is_logged(id));
    response.extensions_mut().insert(line);
    response
}

/// What of the request is needed once it is gone.
struct Asked {
    method: Method,
    if_none_match: Vec<HeaderValue>,
    fields: Option<String>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default();
        Self {
            method: request.method().clone(),
            if_none_match: request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect(),
            fields: pairs.into_iter().find(|(name, _)| name == "fields").map(|(_, value)| value),
        }
    }

    fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// Only the fields that the client asked for, and a tag.
    async fn shaped(&self, response: Response) -> Response {
        if !self.reads() || response.status() != StatusCode::OK {
            return response;
        }
        let response = match &self.fields {
            Some(fields) => selected(response, fields).await,
            None => response,
        };
        caching::tagged(response).await
    }

    /// 304 for what the client has.
    fn unless_known(&self, response: Response) -> Response {
        if self.reads() && response.status() == StatusCode::OK && !self.if_none_match.is_empty() {
            return caching::unless_known(response, &self.if_none_match);
        }
        response
    }
}

/// Keeps only the named fields of each object in `data`.
async fn selected(response: Response, fields: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return crate::Problem(Error::internal("an answer that could not be read")).into_response();
    };
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    let keep = |object: &mut Map<String, Value>| object.retain(|name, _| wanted.contains(&name.as_str()));
    let Ok(mut envelope) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    match envelope.get_mut("data") {
        Some(Value::Object(object)) => keep(object),
        Some(Value::Array(items)) => items.iter_mut().filter_map(Value::as_object_mut).for_each(keep),
        _ => {}
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(envelope.to_string()))
}

/// The request as its route sees it: its version in front of the path, its origin, and its body within bounds.
async fn prepare(resolved: Result<(String, Version, bool)>, request: Request) -> Result<Request> {
    let (path, version, root) = resolved?;
    let (mut parts, body) = request.into_parts();
    let target = if root { path } else { format!("/{}{path}", version.as_str()) };
    let target = match parts.uri.query() {
        Some(query) => format!("{target}?{query}"),
        None => target,
    };
    parts.uri = target
        .parse::<Uri>()
        .map_err(|error| Error::new(Code::BadRequest, "the path could not be read").with_source(error))?;
    parts.extensions.insert(version);
    if parts.extensions.get::<Origin>().is_none() {
        let ip = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        parts.extensions.insert(Origin { ip });
    }
    let bytes = bounded(&parts.headers, body).await?;
    if parts.headers.contains_key(IDEMPOTENCY_KEY) {
        parts.extensions.insert(BodyHash(Sha256::digest(&bytes).into()));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn bounded(headers: &axum::http::HeaderMap, body: Body) -> Result<Bytes> {
    let too_large =
        || Error::new(Code::TooLarge, "the body is larger than 1 MB").with_detail("limit_bytes", MOST_BYTES);
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > MOST_BYTES) {
        return Err(too_large());
    }
    to_bytes(body, MOST_BYTES).await.map_err(|error| too_large().with_source(error))
}

fn headers(
    response: &mut Response,
    asked: &Asked,
    told: Option<Told>,
    version: Option<Version>,
    request_id: &str,
) {
    let kept = asked.reads() && response.status().is_success();
    let keeping = if kept { told.map_or(Keeping::Private, |told| told.keeping) } else { Keeping::Nobody };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if !headers.contains_key(header::CACHE_CONTROL)
        && let Ok(value) = HeaderValue::from_str(&keeping.control())
    {
        headers.insert(header::CACHE_CONTROL, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(version) = version {
        headers.insert(API_VERSION, HeaderValue::from_static(version.as_str()));
    }
    if version == Some(Version::V1) {
        // RFC 9745: the date since which v1 is deprecated; RFC 8288: where its successor is.
        headers.insert(HeaderName::from_static("deprecation"), HeaderValue::from_static("@1795132800"));
        headers.insert(header::LINK, HeaderValue::from_static("</v2>; rel=\"successor-version\""));
    }
}

/// What of the request the answer depends on: its coding always, its caller unless it is for anybody, and how it names the version where
/// the path does not.
fn vary(response: &mut Response, told: Option<Told>, negotiated: bool) {
    let public = told.is_some_and(|told| matches!(told.keeping, Keeping::Public(_)));
    let value = match (public, negotiated) {
        (true, false) => "accept-encoding",
        (true, true) => "accept-encoding, accept, x-api-version",
        (false, false) => "accept-encoding, authorization",
        (false, true) => "accept-encoding, authorization, accept, x-api-version",
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(value));
}

/// A line of the log for each request; of ordinary ones for as many as the installation wants, of failed and slow ones always.
fn log(line: &Line, request_id: &str, failure: Option<&Carried>, wanted: bool) {
    let error = failure.map(|Carried(error)| error);
    let operation = line.served.operation;
    if let Some(error) = error.filter(|_| line.served.status >= 500) {
        tracing::error!(request.id = request_id, operation, error = error.chain(), "request failed");
    }
    let slow = line.served.is_slow();
    let faulty = slow || line.served.status >= 500 || line.served.status == 429;
    if !faulty && !wanted {
        return;
    }
    tracing::info!(
        request.id = request_id,
        method = line.method.as_str(),
        route = line.route,
        operation,
        version = line.version.as_str(),
        caller = line.caller,
        status = line.served.status,
        code = error.map(|error| error.code().as_str()),
        micros = line.served.micros,
        slow,
        cold = line.cold,
        limit = line.limited.map(|limited| limited.group.as_str()),
        trips = line.served.usage.trips,
        reads = line.served.usage.reads(),
        writes = line.served.usage.writes(),
        hits = line.found.hits,
        misses = line.found.misses,
        "request"
    );
}

/// What log and trace tell of a request.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: RequestId,
    pub(crate) method: Method,
    pub(crate) route: &'static str,
    pub(crate) version: Version,
    pub(crate) caller: &'static str,
    pub(crate) served: Served,
    pub(crate) found: Found,
    pub(crate) cold: bool,
    pub(crate) limited: Option<Limited>,
}
