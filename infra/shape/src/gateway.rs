//! API Gateway: stages and routes of the template, each request in another shape of its path. Besides it, Lambda's own call of a
//! function with any event.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::routing::post;
use http::{Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::environment::Ended;
use crate::events::{self, Came, Routed};
use crate::function::Called;
use crate::{Template, chosen};

/// The largest body that the gateway takes, in bytes.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// The stage that a path without one goes through, as it would through a domain that maps onto it.
const UNNAMED: &str = "api";

/// The gateway's state.
pub(crate) struct Gateway {
    routes: BTreeMap<String, String>,
    stages: BTreeMap<String, Map<String, Value>>,
    functions: BTreeMap<String, Arc<Called>>,
    requests: AtomicUsize,
}

impl Gateway {
    pub(crate) fn new(template: &Template, functions: BTreeMap<String, Arc<Called>>) -> Self {
        Self {
            routes: template.routes(),
            stages: template.stages(),
            functions,
            requests: AtomicUsize::new(0),
        }
    }

    /// Serves on the listener until the task is aborted.
    pub(crate) fn serve(self, listener: TcpListener) -> JoinHandle<io::Result<()>> {
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .fallback(handle)
            .with_state(Arc::new(self));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await })
    }

    async fn answer(&self, came: &Came, path: &str) -> io::Result<Response<Body>> {
        let (stage, rest, raw) = self.shape(path);
        let Some((key, function)) = chosen(&self.routes, &rest) else {
            return Ok(own(StatusCode::NOT_FOUND, "Not Found"));
        };
        let (Some(variables), Some(function)) = (self.stages.get(&stage), self.functions.get(function))
        else {
            return Ok(own(StatusCode::NOT_FOUND, "Not Found"));
        };
        let event = events::event(came, &Routed { stage: &stage, variables, raw_path: &raw, key });
        match function.call(&event).await? {
            Ended::Returned(returned) => events::answer(&returned),
            Ended::Failed(told) => {
                // As the gateway: the client does not hear what happened.
                complain(&format!("{} failed: {told}\n{}", function.is.name, function.told()));
                Ok(own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
            }
            Ended::Died => Ok(own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
            Ended::TimedOut => Ok(own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")),
        }
    }

    /// Stage, the path below it, and the path that the event tells. A client's `/v2/rooms` reaches a function in each of these
    /// shapes: through the stage `v2`, through a domain that maps onto that stage and leaves it out or keeps its own
    /// base path, and through the stage `api`.
    fn shape(&self, path: &str) -> (String, String, String) {
        let (first, below) =
            match path.strip_prefix('/').map(|path| path.split_once('/').unwrap_or((path, ""))) {
                Some((first, below)) if self.stages.contains_key(first) => (first, format!("/{below}")),
                _ => (UNNAMED, path.to_owned()),
            };
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        if first == UNNAMED {
            let raw = if number.is_multiple_of(2) { format!("/{UNNAMED}{below}") } else { below.clone() };
            return (UNNAMED.to_owned(), below, raw);
        }
        match number % 4 {
            0 => (first.to_owned(), below.clone(), format!("/{first}{below}")),
            1 => (first.to_owned(), below.clone(), below),
            2 => (first.to_owned(), below.clone(), format!("/{UNNAMED}/{first}{below}")),
            _ => {
                let below = format!("/{first}{below}");
                (UNNAMED.to_owned(), below.clone(), format!("/{UNNAMED}{below}"))
            }
        }
    }
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let came = Came {
        method: parts.method,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        ip: address.ip().to_string(),
    };
    gateway.answer(&came, parts.uri.path()).await.unwrap_or_else(|error| {
        complain(&error.to_string());
        own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    })
}

/// Calls a function with the body, as `cargo lambda invoke` and `aws lambda invoke` ask for it:
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
async fn invoke(State(gateway): State<Arc<Gateway>>, params: RawPathParams, event: String) -> Response<Body> {
    let name = params.iter().next().map_or("", |(_, name)| name);
    let Some(function) = gateway.functions.get(name) else {
        return own(StatusCode::NOT_FOUND, &format!("Function not found: {name}"));
    };
    let Ok(event) = serde_json::from_str(&event) else {
        return own(StatusCode::BAD_REQUEST, "Could not parse request body into json");
    };
    let failed = match function.call(&event).await {
        Ok(Ended::Returned(value)) => return Response::new(Body::from(value.to_string())),
        Ok(Ended::Failed(told)) => told,
        Ok(Ended::Died) => json!({ "errorType": "Runtime.ExitError", "errorMessage": function.told() }),
        Ok(Ended::TimedOut) => json!({ "errorType": "Sandbox.Timedout", "errorMessage": function.told() }),
        Err(error) => return own(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let mut response = Response::new(Body::from(failed.to_string()));
    response.headers_mut().insert("x-amz-function-error", header::HeaderValue::from_static("Unhandled"));
    response
}

/// An answer of the gateway itself.
fn own(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// Tells whoever looks at the standard error.
pub(crate) fn complain(text: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "shape: {text}");
}
