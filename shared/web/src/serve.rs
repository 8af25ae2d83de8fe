//! One service for Lambda and the laptop.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use env::Clock;
use errors::{Code, Error};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::access::{self, Core, Gate};
use crate::api::Api;
use crate::caching;
use crate::edge::{self, Edge, Line, Told};
use crate::limits::Group;
use crate::problem::Problem;
use crate::trace::Daemon;

/// Answers below this many bytes are sent as they are.
const COMPRESS_ABOVE: u64 = 1_000;

/// The service of an API: versions, limits, callers, problems, compression.
pub fn service(api: Api, core: &Core) -> Router {
    let mut inner = Router::new();
    let (mut roots, mut versioned) = (BTreeSet::new(), BTreeSet::new());
    for (version, route) in api.routes {
        let path = if let Some(version) = version {
            versioned.insert((version, route.path));
            format!("/{}{}", version.as_str(), route.path)
        } else {
            roots.insert(route.path);
            route.path.to_owned()
        };
        let gate = Gate {
            core: core.clone(),
            access: route.access,
            group: route.group,
            key: route.key,
            keeping: route.keeping,
            // What is signed over its query reads it whole.
            queried: route.query.is_some() || route.group == Group::Hook,
            version,
        };
        let told = Told { id: route.id, path: route.path, keeping: route.keeping };
        let handler = route.handler.layer(middleware::from_fn_with_state(gate, access::check)).layer(
            middleware::map_response(move |mut response: Response| async move {
                response.extensions_mut().insert(told);
                response
            }),
        );
        inner = inner.route(&path, handler);
    }
    let inner = inner
        .method_not_allowed_fallback(|| async {
            Problem(Error::new(Code::MethodNotAllowed, "no such method here"))
        })
        .fallback(|| async { Problem(Error::new(Code::NotFound, "there is nothing at this path")) })
        .layer(CatchPanicLayer::custom(panicked));
    versioned.retain(|(_, path)| roots.contains(path));
    let edge = Edge { core: core.clone(), roots: Arc::new(roots), versioned: Arc::new(versioned) };
    Router::new()
        .fallback_service(inner)
        .layer(middleware::from_fn_with_state(edge, edge::handle))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_ABOVE)))
        .layer(middleware::from_fn(caching::whole))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that the layer asks for")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem(Error::internal(format!("a handler panicked: {text}"))).into_response()
}

/// Runs the API on Lambda: one request after the other, over a connection to the database that was made before the first.
///
/// # Errors
/// When the Lambda runtime ends.
pub async fn run(api: Api, core: Core) -> Result<(), lambda_http::Error> {
    aws::log();
    core.store.prime().await;
    let daemon = Daemon::from_env().map(Arc::new);
    let service = service(api, &core)
        .layer(middleware::from_fn_with_state((core.clock.clone(), daemon), traced))
        .layer(middleware::from_fn_with_state(core, counted));
    lambda_http::run(service).await
}

/// Tells X-Ray of the request, if its invocation is traced.
async fn traced(
    State((clock, daemon)): State<(Clock, Option<Arc<Daemon>>)>,
    request: Request,
    next: Next,
) -> Response {
    let traced = daemon.and_then(|daemon| {
        let trace = request.extensions().get::<lambda_http::Context>()?.xray_trace_id.clone()?;
        Some((daemon, trace))
    });
    let response = next.run(request).await;
    if let Some(((daemon, trace), line)) = traced.zip(response.extensions().get::<Line>()) {
        daemon.tell(&trace, line, clock.now());
    }
    response
}

/// Writes what requests took, now and then, before the function stands still.
async fn counted(State(core): State<Core>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let metrics = env::optional("HOLDFAST_METRICS").filter(|metrics| metrics == "on");
    let function = metrics.and_then(|_| env::optional("AWS_LAMBDA_FUNCTION_NAME"));
    core.telemetry.write(&core.store, core.clock.now(), function.as_deref()).await;
    response
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};

    use axum::body::Body;
    use lambda_http::tower::ServiceExt;
    use serde_json::Value;
    use store::{Config, Store};

    use super::*;
    use crate::{Access, Keys, Version, get};

    #[tokio::test]
    async fn x_ray_is_told_of_a_request_whose_invocation_is_traced() {
        let beside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        beside.set_nonblocking(true).unwrap();
        let daemon = Daemon::at(beside.local_addr().unwrap().to_string()).map(Arc::new);
        let store = Store::new(Config::local("http://127.0.0.1:1".to_owned()));
        let core = Core::new(store, Clock::system(), Keys::from_secret(&[1; 32]).unwrap());
        let route = get("/things", Access::Anyone, async || "all").named("listThings", "All of them");
        let service = service(Api::new().version(Version::V2, vec![route], &()), &core)
            .layer(middleware::from_fn_with_state((core.clock.clone(), daemon), traced));
        for (sampled, told) in [("0", None), ("1", Some("listThings"))] {
            let mut context = lambda_http::Context::default();
            context.xray_trace_id = Some(format!("Root=1-2-3;Parent=4;Sampled={sampled}"));
            let mut request = Request::get("/v2/things").body(Body::empty()).unwrap();
            request.extensions_mut().insert(context);
            assert_eq!(service.clone().oneshot(request).await.unwrap().status(), 200);
            let mut bytes = [0; 4_096];
            let text = beside.recv(&mut bytes).ok().map(|length| String::from_utf8_lossy(&bytes[..length]));
            let document = text.as_deref().and_then(|text| text.split_once('\n'));
            let document: Option<Value> = document.map(|(_, text)| serde_json::from_str(text).unwrap());
            assert_eq!(document.as_ref().and_then(|document| document["name"].as_str()), told);
        }
    }
}
