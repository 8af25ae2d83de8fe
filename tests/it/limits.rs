//! How often somebody may ask: what is told, who is counted as whom, where it is counted, and what happens where it cannot be.

use domain::Role;
use jiff::SignedDuration;
use lambda_http::http::{HeaderMap, Request, StatusCode};
use lambda_http::tower::ServiceExt;
use local::database::Data;
use serde_json::json;
use store::{Config, Store};
use web::{Core, Group, Keys, Limits, Origin, Quotas};

use crate::cache::redis::Redis;
use crate::harness::{Answer, TestApp};

/// An installation with these limits, in this process.
async fn limited(quotas: &str) -> TestApp {
    let limits = Some(Limits::new(Quotas::parse(quotas).unwrap(), None));
    TestApp::start_with(local::Options { limits, ..local::Options::new(Data::Memory) }).await
}

/// The policy, where the caller stands, and how long to wait.
fn told(answer: &Answer) -> (&str, &str, Option<&str>) {
    let header = |name| answer.header(name).unwrap_or_default();
    (header("ratelimit-policy"), header("ratelimit"), answer.header("retry-after"))
}

#[tokio::test]
async fn every_answer_says_where_its_caller_stands_and_one_too_many_says_how_long_to_wait() {
    let app = limited("read=3/60").await;
    for left in ["\"read\";r=2;t=20", "\"read\";r=1;t=40", "\"read\";r=0;t=60"] {
        let answer = app.get("/v2/locations").send().await.expect(200);
        assert_eq!(told(&answer), ("\"read\";q=3;w=60", left, None));
    }
    let answer = app.get("/v2/locations").send().await.refused(429, "rate_limited");
    assert_eq!(told(&answer), ("\"read\";q=3;w=60", "\"read\";r=0;t=60", Some("20")));
    assert_eq!((&answer.body["details"]["limit"], &answer.body["retryable"]), (&json!("read"), &json!(true)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = app.get("/v1/rooms").send().await.refused(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("20"));
    // Nobody gets a limit of their own by saying that they come from elsewhere.
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"] {
        app.get("/v2/locations").header(name, "203.0.113.9").send().await.expect(429);
    }
    // What was refused was not counted: after those twenty seconds there is one more, and only one.
    app.advance(SignedDuration::from_secs(20));
    app.get("/v2/locations").send().await.expect(200);
    app.get("/v2/locations").send().await.expect(429);
}

#[tokio::test]
async fn each_caller_and_each_group_of_routes_is_counted_by_itself() {
    let app = limited("read=2/60,read.staff=4/60").await;
    let (anna, desk) = (app.person(Role::Customer).await, app.person(Role::Staff).await);
    for _ in 0..2 {
        app.get("/v2/locations").send().await.expect(200);
        app.get("/v2/bookings").by(&anna).send().await.expect(200);
    }
    app.get("/v2/locations").send().await.expect(429);
    app.get("/v2/locations").by(&anna).send().await.expect(429);
    for _ in 0..4 {
        app.get("/v2/locations").by(&desk).send().await.expect(200);
    }
    app.get("/v2/locations").by(&desk).send().await.expect(429);
    let search = app.get("/v2/rooms").send().await.expect(200);
    assert_eq!(told(&search).0, "\"search\";q=120;w=60");
    // A token that does not hold is no caller: it is counted with whoever sends none.
    app.get("/v2/rooms")
        .header("authorization", "Bearer nonsense")
        .send()
        .await
        .refused(401, "unauthenticated");
    let search = app.get("/v2/rooms").send().await.expect(200);
    assert_eq!(told(&search).1, "\"search\";r=117;t=2");
}

#[tokio::test]
async fn ten_times_too_many_requests_get_through_at_the_limit_and_nobody_else_notices() {
    let app = limited("read=60/60").await;
    let anna = app.person(Role::Customer).await;
    let mut through = 0;
    // Ten a second for a minute and a half.
    for tenth in 0..900 {
        if tenth > 0 {
            app.advance(SignedDuration::from_millis(100));
        }
        through += u32::from(app.get("/v2/locations").unchecked().await.status == StatusCode::OK);
        if tenth % 20 == 0 {
            app.get("/v2/locations").by(&anna).unchecked().await.expect(200);
        }
    }
    // Sixty at once, then one for each second that has passed.
    assert_eq!(through, 60 + 89);
}

/// The same installation served by another process, with limits of its own.
fn another(app: &TestApp, store: Store, quotas: &str) -> impl AsyncFn(&str, &str) -> (StatusCode, HeaderMap) {
    counting(app, store, Limits::new(Quotas::parse(quotas).unwrap(), None))
}

fn counting(
    app: &TestApp,
    store: Store,
    limits: Limits,
) -> impl AsyncFn(&str, &str) -> (StatusCode, HeaderMap) {
    let keys = Keys::from_secret(&[7; 32]).unwrap();
    let core = Core::new(store, app.core().clock.clone(), keys).limited(limits);
    let service = web::service(app.api().clone(), &core);
    async move |method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(Origin { ip: Some("203.0.113.9".to_owned()) })
            .body(r#"{"refresh_token":"none"}"#.to_owned())
            .unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        (response.status(), response.headers().clone())
    }
}

#[tokio::test]
async fn where_people_prove_who_they_are_processes_count_together_and_elsewhere_each_by_itself() {
    let app = TestApp::here().await;
    let quotas = "read=2/60,sign-in=4/60";
    let processes = [0, 1].map(|_| another(&app, app.store().clone(), quotas));
    for process in &processes {
        for expected in [200, 200, 429] {
            assert_eq!(process("GET", "/v2/locations").await.0, expected);
        }
        for _ in 0..2 {
            assert_eq!(process("POST", "/v2/auth/refresh").await.0, 401);
        }
    }
    for process in &processes {
        let (status, headers) = process("POST", "/v2/auth/refresh").await;
        assert_eq!((status.as_u16(), &headers["retry-after"]), (429, &"15".parse().unwrap()));
    }
    app.advance(SignedDuration::from_secs(15));
    let [first, second] = &processes;
    assert_eq!(first("POST", "/v2/auth/refresh").await.0, 401);
    assert_eq!(second("POST", "/v2/auth/refresh").await.0, 429);
}

#[tokio::test]
async fn with_a_cache_that_processes_share_they_count_together_in_one_round_trip_and_without_it_as_before() {
    let Some(mut redis) = Redis::start() else { return };
    let app = TestApp::here().await;
    let processes = [0, 1].map(|_| {
        let quotas = Quotas::parse("read=6/60,sign-in=4/60").unwrap();
        counting(&app, app.store().clone(), Limits::new(quotas, Some(redis.shared("it-"))))
    });
    let asked = async |path: &str, method: &str| {
        let mut statuses = Vec::new();
        for turn in 0..8 {
            statuses.push(processes[turn % 2](method, path).await.0.as_u16());
        }
        statuses
    };
    assert_eq!(asked("/v2/locations", "GET").await, [200, 200, 200, 200, 200, 200, 429, 429]);
    assert_eq!(asked("/v2/auth/refresh", "POST").await, [401, 401, 401, 401, 429, 429, 429, 429]);
    // Ten seconds are one request of six a minute, and it is refused no sooner than it is to be told.
    app.advance(SignedDuration::from_secs(10));
    let (status, headers) = processes[0]("GET", "/v2/locations").await;
    assert_eq!((status.as_u16(), &headers["ratelimit"]), (200, &"\"read\";r=0;t=60".parse().unwrap()));
    let (status, headers) = processes[1]("GET", "/v2/locations").await;
    assert_eq!((status.as_u16(), &headers["retry-after"]), (429, &"10".parse().unwrap()));
    let keys = redis.tell(&[b"KEYS", b"it-*"]);
    assert_eq!(keys.len(), 2, "one for each caller and group");
    // They end by themselves.
    for key in &keys {
        let ends: i64 = String::from_utf8(redis.tell(&[b"PTTL", key]).remove(0)).unwrap().parse().unwrap();
        assert!((1..=61_000).contains(&ends), "{ends}");
    }
    redis.kill();
    // Each by itself in memory; where people prove who they are, together in the tables.
    let mut alone = asked("/v2/locations", "GET").await;
    alone.sort_unstable();
    assert_eq!(alone, [200; 8]);
    assert_eq!(asked("/v2/auth/refresh", "POST").await, [401, 401, 401, 401, 429, 429, 429, 429]);
}

#[tokio::test]
async fn two_hundred_at_once_get_no_further_than_the_limit() {
    let app = TestApp::here().await;
    let process = another(&app, app.store().clone(), "sign-in=20/60");
    let tries = (0..200).map(|_| process("POST", "/v2/auth/refresh"));
    let answers = futures::future::join_all(tries).await;
    let with = |status: u16| answers.iter().filter(|(is, _)| is.as_u16() == status).count();
    assert_eq!((with(401), with(429)), (20, 180));
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_at_the_doors_and_nowhere_else() {
    let app = TestApp::here().await;
    let nowhere = Store::new(Config::local("http://127.0.0.1:1".to_owned()));
    let process = another(&app, nowhere, "all=100/60");
    let (status, headers) = process("POST", "/v2/auth/refresh").await;
    assert_eq!((status.as_u16(), headers.contains_key("retry-after")), (503, true));
    let (status, headers) = process("GET", "/docs/errors").await;
    assert_eq!((status.as_u16(), &headers["ratelimit"]), (200, &"\"read\";r=99;t=1".parse().unwrap()));
}

#[tokio::test]
async fn without_limits_nothing_is_told_of_them() {
    let app = TestApp::start_with(local::Options {
        limits: Some(Limits::off()),
        ..local::Options::new(Data::Memory)
    })
    .await;
    assert_eq!(told(&app.get("/v2/locations").send().await.expect(200)), ("", "", None));
}

#[test]
fn doors_and_money_are_limited_as_such() {
    let api = local::api(&crate::tidy::core(), &crate::tidy::queues(), None);
    for (_, route) in api.table().filter(|(_, route)| route.method() != "GET") {
        let (path, group) = (route.path(), route.group());
        let open = matches!(route.access(), web::Access::Anyone);
        assert!(
            !open || matches!(group, Group::SignIn | Group::Hook) || path == "/availability/batch",
            "anybody may write to {path}: {group:?}"
        );
        let hook = path.starts_with("/webhooks/");
        assert_eq!(hook, group == Group::Hook, "{path}");
        let money = ["payment", "refund", "razorpay-booking"].iter().any(|word| path.contains(word));
        assert!(!money || group == Group::Pay, "{path} moves money: {group:?}");
    }
}
