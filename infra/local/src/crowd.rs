//! How many requests are under way at once, and for how long.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower::limit::GlobalConcurrencyLimitLayer;

/// Requests at work at once; others wait. More would only keep more answers in memory.
const AT_ONCE: usize = 64;
/// The longest that one may take, its body included: as long as API Gateway waits for a function.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const LONGEST: Duration = Duration::from_secs(30);

/// The service behind both bounds, so that clients who never end their request keep others out for a moment only.
pub(crate) fn bounded(service: Router) -> Router {
    service.layer(middleware::from_fn(in_time)).layer(GlobalConcurrencyLimitLayer::new(AT_ONCE))
}

/// What takes too long is answered as API Gateway answers it.
async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::SERVICE_UNAVAILABLE, kind, r#"{"message":"Service Unavailable"}"#).into_response()
    })
}

#[cfg(test)]
mod tests {
    use axum::BoxError;
    use axum::body::{Body, Bytes};
    use axum::routing::post;
    use futures::future::join_all;
    use futures::stream;
    use tokio::time::Instant;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_that_never_end_hold_up_the_next_until_they_are_given_up() {
        let service = bounded(Router::new().route("/", post(|body: Bytes| async { body })));
        let send = |body| service.clone().oneshot(Request::post("/").body(body).unwrap());
        let endless = || Body::from_stream(stream::pending::<Result<Bytes, BoxError>>());
        let begun = Instant::now();
        let stuck = join_all((0..AT_ONCE).map(|_| send(endless())));
        let next = async {
            let answer = send(Body::from("here")).await.unwrap();
            (answer.status(), begun.elapsed())
        };
        let (stuck, (status, waited)) = futures::join!(stuck, next);
        assert!(stuck.iter().all(|answer| answer.as_ref().unwrap().status() == 503));
        assert_eq!(status, 200);
        assert!(waited >= LONGEST, "it was at work beside {AT_ONCE} others: {waited:?}");
    }
}
