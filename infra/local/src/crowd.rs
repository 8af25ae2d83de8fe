//! How many requests are under way at once, how many wait, and for how long.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tower::limit::GlobalConcurrencyLimitLayer;

/// Requests at work at once; others wait. More would only keep more answers in memory.
const AT_ONCE: usize = 64;
/// Requests that wait; what comes then is turned away at once, since it would wait for longer than anybody likes to. At a thousand
/// requests a second they are through in one.
const WAITING: usize = 1_024;
/// The longest that one may take, its body included: as long as API Gateway waits for a function.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const LONGEST: Duration = Duration::from_secs(30);

/// The service behind these bounds, so that clients who never end their request keep others out for a moment only, and those who are
/// too many cost next to nothing.
pub(crate) fn bounded(service: Router) -> Router {
    let room = Arc::new(Semaphore::new(AT_ONCE + WAITING));
    service
        .layer(middleware::from_fn(in_time))
        .layer(GlobalConcurrencyLimitLayer::new(AT_ONCE))
        .layer(middleware::from_fn_with_state(room, if_there_is_room))
}

/// Turns away what is too much.
async fn if_there_is_room(State(room): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match room.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => unavailable(),
    }
}

/// What takes too long is answered as API Gateway answers it.
async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| unavailable())
}

fn unavailable() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::RETRY_AFTER, HeaderValue::from_static("1")),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, r#"{"message":"Service Unavailable"}"#).into_response()
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

    fn endless() -> Body {
        Body::from_stream(stream::pending::<Result<Bytes, BoxError>>())
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_never_end_hold_up_the_next_until_they_are_given_up() {
        let service = bounded(Router::new().route("/", post(|body: Bytes| async { body })));
        let send = |body| service.clone().oneshot(Request::post("/").body(body).unwrap());
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

    #[tokio::test(start_paused = true)]
    async fn when_as_many_wait_as_may_the_next_is_turned_away_at_once_and_told_when_to_come_back() {
        let service = bounded(Router::new().route("/", post(|body: Bytes| async { body })));
        let send = |body| service.clone().oneshot(Request::post("/").body(body).unwrap());
        let begun = Instant::now();
        let stuck = join_all((0..AT_ONCE).map(|_| send(endless())));
        let waiting = join_all((0..WAITING).map(|_| send(Body::from("here"))));
        let beyond = async {
            let answer = send(Body::from("here")).await.unwrap();
            (answer.status(), answer.headers()[header::RETRY_AFTER].clone(), begun.elapsed())
        };
        let (stuck, waiting, beyond) = futures::join!(stuck, waiting, beyond);
        assert_eq!(beyond, (StatusCode::SERVICE_UNAVAILABLE, "1".parse().unwrap(), Duration::ZERO));
        assert!(stuck.iter().all(|answer| answer.as_ref().unwrap().status() == 503));
        assert!(waiting.iter().all(|answer| answer.as_ref().unwrap().status() == 200));
        assert_eq!(send(Body::from("here")).await.unwrap().status(), 200, "and then there is room again");
    }
}
