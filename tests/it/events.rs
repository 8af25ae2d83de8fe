//! `events/`: what AWS calls each function with, taken by the function as it would take it there.

use std::sync::Arc;

use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use domain::Event;
use jiff::SignedDuration;
use jiff::Timestamp;
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use local::database::Data;
use queue::{Job, NotifyJob, Queue, Settings, Sqs};
use serde_json::{Value, json};
use store::Tx;
use store::schema::EVENTS;
use tower::ServiceExt;
use web::Version;

use crate::harness::TestApp;
use crate::tidy::{files, text};

/// What an installation without data answers to each request, signed by nobody.
const ANSWERS: [(&str, u16); 12] = [
    ("auth.v1", 401),
    ("auth.v2", 401),
    ("bookings.v1", 401),
    ("bookings.v2", 401),
    ("catalog.v1", 200),
    ("catalog.v2", 200),
    ("insights.v1", 200),
    ("insights.v2", 200),
    ("payments.v1", 401),
    ("payments.v2", 401),
    ("stays.v1", 401),
    ("stays.v2", 200),
];

/// What calls the functions that answer no requests.
const OTHERS: [&str; 10] = [
    "relay.stream",
    "notify.sqs",
    "insights-feed.schedule",
    "insights-watch.schedule",
    "notify.schedule",
    "payments.sqs",
    "payments.schedule",
    "tasks.sqs",
    "tasks.schedule",
    "tasks.audit",
];

fn event(name: &str) -> Value {
    serde_json::from_str(&text(&format!("events/{name}.json"))).unwrap()
}

/// The same request as the gateway sends it through stages and domains: the stage in the path or not, with or without `api`.
fn shapes(event: &Value) -> Vec<Value> {
    let version = event["requestContext"]["stage"].as_str().unwrap();
    let path = event["rawPath"].as_str().unwrap();
    let bare = path.strip_prefix(&format!("/{version}")).unwrap();
    let shape = |stage: &str, path: String, accept: Option<String>| {
        let mut shaped = event.clone();
        shaped["requestContext"]["stage"] = stage.into();
        shaped["requestContext"]["http"]["path"] = path.clone().into();
        shaped["rawPath"] = path.into();
        if let Some(accept) = accept {
            shaped["headers"]["accept"] = accept.into();
        }
        shaped
    };
    let negotiated = Some(format!("application/vnd.api.{version}+json"));
    vec![
        shape(version, path.to_owned(), None),
        // A custom domain maps onto the stage and leaves it out of the path.
        shape(version, bare.to_owned(), None),
        shape("$default", path.to_owned(), None),
        shape("api", format!("/api{path}"), None),
        shape("api", path.to_owned(), None),
        shape("api", format!("/api{bare}"), negotiated.clone()),
        shape("api", bare.to_owned(), negotiated),
    ]
}

#[tokio::test]
async fn every_group_takes_its_requests_in_every_shape_that_the_gateway_gives_them() {
    let app = TestApp::here().await;
    let core = app.server().core();
    for (group, api) in local::groups(core, &app.server().workers().relay().queues, None) {
        let has = |version| api.table().any(|(of, _)| of.is_none_or(|of| of == version));
        for version in Version::ALL.into_iter().filter(|version| has(*version)) {
            let name = format!("{group}.{}", version.as_str());
            let (_, expected) = ANSWERS.iter().find(|(known, _)| *known == name).unwrap();
            for shape in shapes(&event(&name)) {
                let request = lambda_http::request::from_str(&shape.to_string()).unwrap();
                let answer = web::service(api.clone(), core).oneshot(request).await.unwrap();
                assert_eq!(answer.status(), *expected, "{name}: {shape:#}");
                // Seven wrong passwords at once would be too many.
                app.advance(SignedDuration::from_hours(1));
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_nobody_has_is_a_problem_and_not_the_gateway_s_own_answer() {
    let app = TestApp::here().await;
    let mut nowhere = event("insights.v2");
    nowhere["rawPath"] = "/v2/nowhere".into();
    for (_, api) in local::groups(app.server().core(), &app.server().workers().relay().queues, None) {
        let request = lambda_http::request::from_str(&nowhere.to_string()).unwrap();
        let answer = web::service(api, app.server().core()).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

/// The event of `events/relay.stream.json`.
fn streamed() -> Event {
    let batch: dynamodb::Event = serde_json::from_value(event("relay.stream")).unwrap();
    let image = batch.records.into_iter().next().unwrap().change.new_image;
    serde_json::from_value(serde_json::to_value(plain(&serde_json::to_value(image).unwrap())).unwrap())
        .unwrap()
}

/// An item as plain JSON.
fn plain(item: &Value) -> Value {
    let value = |attribute: &Value| {
        let (kind, value) = attribute.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "N" => serde_json::from_str(value.as_str().unwrap()).unwrap(),
            "M" => plain(value),
            _ => value.clone(),
        }
    };
    item.as_object().unwrap().iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect()
}

/// A queue of its own, with what serves it.
async fn queue(app: &TestApp) -> (local::sqs::Endpoint, Queue) {
    let endpoint = local::sqs::start(&Data::Memory, env::Clock::at(app.now())).await.unwrap();
    let queue = Sqs::local(endpoint.url()).create("notify", Settings::default()).await.unwrap();
    (endpoint, queue)
}

/// What work is kept of this day.
async fn kept(app: &TestApp) -> Vec<String> {
    let today = app.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = (today, today.tomorrow().unwrap());
    let work = app.store().usage(store::Spending::Work, days).await.unwrap();
    work.into_iter().map(|spent| spent.of).collect()
}

#[tokio::test]
async fn the_streamed_event_is_what_the_store_writes() {
    let app = TestApp::here().await;
    let mut tx = Tx::new();
    tx.event(app.store(), &streamed());
    app.store().commit(tx).await.unwrap();
    let image = &event("relay.stream")["Records"][0]["dynamodb"];
    let request = json!({"TableName": format!("Holdfast-{}", EVENTS.name), "Key": image["Keys"]});
    let stored = app.server().database().handle().get_item(serde_json::from_value(request).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(stored).unwrap()["Item"], image["NewImage"]);
}

#[tokio::test]
async fn the_relay_makes_of_the_stream_the_job_that_notify_is_called_with() {
    let app = TestApp::here().await;
    let (_endpoint, queue) = queue(&app).await;
    let relay = relay::App {
        store: app.store().clone(),
        clock: env::Clock::at(app.now()),
        queues: queue::Queues { notify: queue.clone(), tasks: queue.clone(), payments: queue.clone() },
    };
    relay::handle(&relay, serde_json::from_value(event("relay.stream")).unwrap()).await.unwrap();
    assert_eq!(queue.waiting().await.unwrap(), 1);
    assert_eq!(kept(&app).await, ["feed/relay"]);
    let batch: SqsEvent = serde_json::from_value(event("notify.sqs")).unwrap();
    let job: Job = serde_json::from_str(batch.records[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(job, Job::Notify(NotifyJob::from(&streamed())));
}

fn feed(app: &TestApp) -> insights::Feed {
    let core = app.server().core();
    insights::Feed::new(core.reads.clone(), core.clock.clone())
}

#[tokio::test]
async fn insights_take_their_schedules() {
    let app = TestApp::here().await;
    let called = |name: &str| LambdaEvent::new(event(name), Context::default());
    assert_eq!(feed(&app).handle(called("insights-feed.schedule")).await.unwrap(), json!({ "kept": 0 }));
    let watch = app.server().workers().watch();
    assert_eq!(watch.called(called("insights-watch.schedule")).await.unwrap(), json!({ "told": 0 }));
    assert_eq!(kept(&app).await, Vec::<String>::new(), "while nothing happens it is kept each hour");
    app.advance(SignedDuration::from_hours(1));
    watch.called(called("insights-watch.schedule")).await.unwrap();
    assert_eq!(kept(&app).await, ["schedule/watch"], "there is no shared cache to warm");
}

#[tokio::test]
async fn insights_keeps_of_the_stream_who_brought_about_what() {
    let app = TestApp::here().await;
    let mut tx = Tx::new();
    tx.event(app.store(), &streamed());
    app.store().commit(tx).await.unwrap();
    let feed = feed(&app);
    feed.handle(LambdaEvent::new(event("relay.stream"), Context::default())).await.unwrap();
    assert_eq!(app.store().progress(store::FEED_READER).await.unwrap(), Some(app.now()));
    let always = (Timestamp::MIN, Timestamp::MAX);
    let found = app.store().events_by(streamed().actor.user.unwrap(), always, 10, None).await.unwrap();
    assert_eq!(found.items, [streamed()]);
    assert_eq!(kept(&app).await, ["feed/figures"]);
}

#[tokio::test]
async fn notify_takes_jobs_and_the_schedule() {
    let app = TestApp::here().await;
    let (_endpoint, queue) = queue(&app).await;
    let mut tx = Tx::new();
    tx.event(app.store(), &streamed());
    app.store().commit(tx).await.unwrap();
    let notify = notify::App {
        store: app.store().clone(),
        clock: env::Clock::at(app.now()),
        keys: Arc::clone(&app.server().core().keys),
        queue,
        sms: None,
        whatsapp: None,
        mail: Arc::new(providers::Outbox::in_memory()),
        alerts_to: None,
        sender: "Front desk <rooms@example.org>".parse().unwrap(),
        public_url: app.server().url(),
        site_url: None,
    };
    let called = |event: Value| notify::handle(&notify, LambdaEvent::new(event, Context::default()));
    // The event is of a booking that this installation does not have: there is nobody to tell, which is no failure.
    assert_eq!(called(event("notify.sqs")).await.unwrap()["batchItemFailures"], json!([]));
    let _: EventBridgeEvent = serde_json::from_value(event("notify.schedule")).unwrap();
    // Written once a minute: what the schedule called comes with the next.
    assert_eq!(kept(&app).await, ["queue/notify"]);
    assert_eq!(called(event("notify.schedule")).await.unwrap(), json!({"queued": 0}));
}

#[tokio::test]
async fn tasks_take_jobs_and_the_schedules() {
    let app = TestApp::here().await;
    let (_endpoint, queue) = queue(&app).await;
    let (store, clock) = (app.store().clone(), env::Clock::at(app.now()));
    let tasks = tasks::App { store: store.clone(), clock: clock.clone(), queue };
    let called = |event: Value| tasks::handle(&tasks, LambdaEvent::new(event, Context::default()));
    // This installation does not have the order: there is nothing to give back, which is no failure.
    assert_eq!(called(event("tasks.sqs")).await.unwrap()["batchItemFailures"], json!([]));
    let _: EventBridgeEvent = serde_json::from_value(event("tasks.schedule")).unwrap();
    assert_eq!(called(event("tasks.schedule")).await.unwrap(), json!({"released": 0}));
    assert_eq!(kept(&app).await, ["queue/release"]);
    let options = audit::Options { settle: std::time::Duration::ZERO, ..audit::Options::default() };
    let auditor = tasks::Auditor { store, clock, options, function: Some("holdfast-tasks-audit".to_owned()) };
    let _: EventBridgeEvent = serde_json::from_value(event("tasks.audit")).unwrap();
    let report = auditor.called(LambdaEvent::new(event("tasks.audit"), Context::default())).await.unwrap();
    assert_eq!((&report["disagreements"], &report["repairs"]), (&json!([]), &json!([])));
    // What an operator sends; nothing disagrees, so nothing is waited for.
    let fix = auditor.called(LambdaEvent::new(json!({"fix": true}), Context::default())).await.unwrap();
    assert_eq!(fix["repairs"], json!([]));
}

#[tokio::test]
async fn the_worker_of_payments_takes_jobs_and_the_schedule() {
    let app = TestApp::here().await;
    let worker = app.server().workers().payments();
    let called = |event: Value| payments::handle(worker, LambdaEvent::new(event, Context::default()));
    // This installation does not have the order: nothing follows, which is no failure.
    assert_eq!(called(event("payments.sqs")).await.unwrap()["batchItemFailures"], json!([]));
    let _: EventBridgeEvent = serde_json::from_value(event("payments.schedule")).unwrap();
    assert_eq!(called(event("payments.schedule")).await.unwrap(), json!({"asked": 0}));
    assert_eq!(kept(&app).await, ["queue/settle"]);
}

#[test]
fn every_example_belongs_to_a_test() {
    let http = ANSWERS.map(|(name, _)| name);
    for path in files("events", ".json") {
        let name = path.trim_start_matches("events/").trim_end_matches(".json");
        let known = http.contains(&name) || OTHERS.contains(&name);
        assert!(known, "{path} is run by no test");
    }
}
