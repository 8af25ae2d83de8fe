//! How the installation works, as operators read it: what requests took and cost, by operation, day and hour.

use std::collections::BTreeMap;

use domain::Role;
use serde_json::{Value, json};
use store::{Numbers, Spending};

use crate::harness::{Log, Person, TestApp};
use crate::office;

/// Three lists of locations, and a location that there is not; kept.
async fn used() -> (TestApp, Person) {
    let app = TestApp::start_cached(cache::Cache::memory()).await;
    let operator = app.person(Role::Auditor).await;
    for _ in 0..3 {
        app.get("/v2/locations").send().await.expect(200);
    }
    app.get("/v2/locations/loc_00000000000000000000000000").send().await.expect(404);
    keep(&app).await;
    (app, operator)
}

async fn keep(app: &TestApp) {
    app.core().telemetry.write(app.store(), app.now(), None).await;
    app.store().keep_work(app.now()).await;
}

/// Another process had trouble in this hour: 6 of its 100 requests failed.
async fn trouble(app: &TestApp) {
    let numbers = Numbers::from([("requests".to_owned(), 100), ("faults".to_owned(), 6)]);
    let hour = BTreeMap::from([("08".to_owned(), numbers)]);
    app.store().add_usage(&[(Spending::Hours, &hour)], app.now()).await.unwrap();
}

async fn read(app: &TestApp, by: &Person, path: &str) -> Value {
    app.get(path).by(by).send().await.expect(200).data().clone()
}

fn named<'a>(list: &'a Value, field: &str, name: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one[field] == name).unwrap()
}

#[tokio::test]
async fn what_requests_took_is_told_by_operation_day_and_hour() {
    let (app, operator) = used().await;
    let found = read(&app, &operator, "/v2/performance-stats").await;
    let told = |view: &Value| {
        ["requests", "refused", "faults", "round_trips"].map(|name| view[name].as_u64().unwrap())
    };
    assert_eq!(told(&found["all"]), [4, 1, 0, 2]);
    assert_eq!(
        told(named(&found["operations"], "operation", "listLocations")),
        [3, 0, 0, 1],
        "one is read, and kept"
    );
    assert_eq!(found["all"]["cold"], 1);
    assert!(found["all"]["p99_ms"].as_u64().unwrap() >= found["all"]["p50_ms"].as_u64().unwrap());
    assert_eq!((&found["from"], &found["to"]), (&json!("2026-12-29"), &json!("2027-01-05")));

    let days = read(&app, &operator, "/v2/usage-summary?from=2027-01-03&to=2027-01-05").await;
    let requests: Vec<_> =
        days.as_array().unwrap().iter().map(|day| (&day["date"], &day["requests"])).collect();
    assert_eq!(requests, [(&json!("2027-01-03"), &json!(0)), (&json!("2027-01-04"), &json!(4))]);
    let hours = read(&app, &operator, "/v2/performance/scalability/trends?hours=3").await;
    let requests: Vec<_> = hours.as_array().unwrap().iter().map(|hour| &hour["requests"]).collect();
    assert_eq!(requests, [0, 0, 4]);
    // What was asked since is kept when a minute is over, and added.
    keep(&app).await;
    assert_eq!(read(&app, &operator, "/v2/performance-stats").await["all"]["requests"], 4);
    app.advance(jiff::SignedDuration::from_mins(1));
    keep(&app).await;
    let all = read(&app, &operator, "/v2/performance-stats").await;
    assert_eq!(named(&all["operations"], "operation", "listLocations")["requests"], 3);
    assert_eq!(named(&all["operations"], "operation", "readPerformance")["requests"], 2);
}

#[tokio::test]
async fn the_line_of_a_request_says_what_it_took_and_what_it_found_in_the_cache() {
    let app = TestApp::start_cached(cache::Cache::memory()).await;
    let person = app.person(Role::Customer).await;
    let log = Log::begin();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = app.get("/v2/locations").by(&person).send().await.expect(200);
        ids.push(answer.header("x-request-id").unwrap().to_owned());
    }
    let log = log.end();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("operation=\"listLocations\"")).collect();
    let [first, second] = lines[..] else { panic!("a line for each:\n{log}") };
    for (line, id) in [first, second].iter().zip(&ids) {
        let id = format!("request.id=\"{id}\"");
        for told in [id.as_str(), "route=\"/locations\"", "caller=\"customer\"", "status=200", "slow=false"] {
            assert!(line.contains(told), "{told} is not in {line}");
        }
        assert!(!line.contains(&person.id.to_string()), "{line}");
    }
    // Who asks, and the list.
    assert!(first.contains("hits=0 misses=2") && first.contains("trips=2"), "{first}");
    assert!(second.contains("hits=2 misses=0") && second.contains("trips=0"), "{second}");
}

#[tokio::test]
async fn this_moment_is_told_of_the_process_that_answers() {
    let (app, operator) = used().await;
    let now = read(&app, &operator, "/v2/performance/scalability/realtime").await;
    assert_eq!((&now["backlog"], &now["queue_waiting"]), (&json!("low"), &json!(0)));
    let slot = &now["slots"][0];
    assert_eq!((&slot["requests"], &slot["refused"], &slot["faults"]), (&json!(4), &json!(1), &json!(0)));
}

#[tokio::test]
async fn looking_costs_a_few_units() {
    let app = TestApp::start_cached(cache::Cache::memory()).await;
    app.settle().await;
    let (told, usage) = store::metered(app.server().workers().watch().look()).await;
    assert_eq!((told.unwrap().0, usage.trips, usage.reads()), (0, 11, "13.5".to_owned()));
}

#[tokio::test]
async fn what_requests_cost_follows_from_what_was_counted() {
    let (app, operator) = used().await;
    let found = read(&app, &operator, "/v2/cost-estimates").await;
    assert_eq!((&found["currency"], &found["requests"]), (&json!("USD"), &json!(4)));
    let part = |name: &str| named(&found["parts"], "service", name)["micro_dollars"].as_u64().unwrap();
    // Four requests at 1 $ a million; the database was read for two units and a half.
    assert_eq!((part("API Gateway"), part("DynamoDB, reads")), (4, 0));
    let million = found["million_requests_micro_dollars"].as_i64().unwrap();
    assert!((1_000_000..10_000_000).contains(&million), "{found}");
}

#[tokio::test]
async fn what_follows_a_booking_is_counted_by_its_caller_and_has_its_price() {
    let app = TestApp::here().await;
    let operator = app.person(Role::Auditor).await;
    let person = app.person(Role::Customer).await;
    let room = office::blue(&app).await;
    app.settle().await;
    keep(&app).await;
    let before = read(&app, &operator, "/v2/performance-stats").await;
    let wanted = office::wanted(&room, "09:00", "10:00");
    app.post("/v2/bookings", wanted).by(&person).key("one").send().await.expect(201);
    app.settle().await;
    app.advance(jiff::SignedDuration::from_mins(1));
    keep(&app).await;

    let after = read(&app, &operator, "/v2/performance-stats").await;
    let of = |found: &Value, name: &str, number: &str| {
        let work = found["work"].as_array().unwrap().iter().find(|work| work["name"] == name);
        work.map_or(0, |work| work[number].as_u64().unwrap())
    };
    let since = |name: &str, number: &str| of(&after, name, number) - of(&before, name, number);
    let calls = ["relay", "figures", "notify"].map(|name| since(name, "calls"));
    assert_eq!(calls, [2, 2, 1], "the booking comes by the feed, and that its message was sent");
    assert_eq!((since("relay", "round_trips"), since("notify", "failed")), (0, 0));
    // The message, what became of it, and that the customer was told; its work is another request's than the worker's own.
    assert!(since("notify", "write_units") >= 2 && since("figures", "write_units") >= 2, "{after}");
    let callers =
        ["relay", "notify", "messages"].map(|name| &named(&after["work"], "name", name)["called_by"]);
    assert_eq!(callers, ["feed", "queue", "schedule"]);

    let day = read(&app, &operator, "/v2/usage-summary?from=2027-01-04&to=2027-01-05").await;
    let sum: u64 = after["work"].as_array().unwrap().iter().map(|work| work["calls"].as_u64().unwrap()).sum();
    assert_eq!(day[0]["work"]["calls"], sum);

    let costs = read(&app, &operator, "/v2/cost-estimates").await;
    // Jobs go through a queue: three requests for each, at 0.40 $ a million.
    let jobs: u64 = costs["work"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|work| work["called_by"] == "queue")
        .map(|work| work["calls"].as_u64().unwrap())
        .sum();
    let queue = named(&costs["parts"], "service", "SQS")["micro_dollars"].as_u64().unwrap();
    assert_eq!(queue, (jobs * 12 + 5) / 10, "{jobs}");
    let dear = named(&costs["work"], "name", "notify")["micro_dollars"].as_u64().unwrap();
    assert!(dear >= 2, "{costs}");
}

#[tokio::test]
async fn the_database_tells_what_it_was_asked_and_lacks_nothing() {
    let (app, operator) = used().await;
    let found = read(&app, &operator, "/v2/performance/scalability/database").await;
    assert_eq!(found["missing"], json!([]));
    assert!(named(&found["queried"], "name", "Catalog/by_kind")["queries"].as_u64().unwrap() >= 1);
    assert_eq!(
        found["queried"].as_array().unwrap().len(),
        store::schema::TABLES.iter().map(|t| 1 + t.indexes.len()).sum::<usize>()
    );
    let admin = app.person(Role::Admin).await;
    for apply in [false, true] {
        let body = json!({ "apply": apply });
        let done = app.post("/v2/performance/optimize-database", body).by(&admin).send().await.expect(200);
        assert_eq!(done.data(), &json!({ "applied": apply, "steps": [] }));
    }
    let body = json!({ "apply": true });
    app.post("/v2/performance/optimize-database", body).by(&operator).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn the_overview_says_which_rules_are_broken() {
    let (app, operator) = used().await;
    let well = read(&app, &operator, "/v2/performance/scalability/overview").await;
    assert_eq!(
        (&well["status"], &well["alerts"], &well["dead_letters"]),
        (&json!("ok"), &json!([]), &json!(0))
    );
    trouble(&app).await;
    let badly = read(&app, &operator, "/v2/performance/scalability/overview").await;
    let all = badly["timing"]["requests"].as_u64().unwrap();
    assert_eq!((all, &badly["status"]), (104, &json!("critical")));
    let alert = &badly["alerts"][0];
    assert_eq!(
        (&alert["rule"], &alert["value"], &alert["threshold"]),
        (&json!("faults_per_mille"), &json!(57), &json!(50))
    );
}

#[tokio::test]
async fn a_broken_rule_is_told_by_mail_once_and_so_is_that_all_is_well_again() {
    let app = TestApp::here().await;
    let watch = app.server().workers().watch();
    assert_eq!(watch.look().await.unwrap().0, 0);
    trouble(&app).await;
    // Many look at once.
    let told = futures::future::join_all((0..4).map(|_| watch.look())).await;
    assert_eq!(told.into_iter().map(|told| told.unwrap().0).sum::<usize>(), 1);
    let mails = app.settle().await;
    let subjects = |mails: &[providers::Email]| {
        mails.iter().map(|mail| (mail.to.address.to_string(), mail.subject.clone())).collect::<Vec<_>>()
    };
    let to = "operators@holdfast.example".to_owned();
    assert_eq!(subjects(&mails), [(to.clone(), "Critical: faults_per_mille is 60".to_owned())]);
    assert!(mails[0].text.contains("is 60, and is not to exceed 50. Seen at 2027-01-04T08:00:00Z."));
    assert_eq!(watch.look().await.unwrap().0, 0, "it is known");
    app.advance(jiff::SignedDuration::from_hours(3));
    assert_eq!((watch.look().await.unwrap().0, watch.look().await.unwrap().0), (1, 0));
    assert_eq!(subjects(&app.settle().await)[..1], [(to, "Well again: faults_per_mille".to_owned())]);
}

#[tokio::test]
async fn what_is_well_again_before_it_is_told_is_told_as_that_alone() {
    let app = TestApp::here().await;
    let watch = app.server().workers().watch();
    trouble(&app).await;
    assert_eq!(watch.look().await.unwrap().0, 1);
    app.advance(jiff::SignedDuration::from_hours(3));
    // Nobody has read the feed yet, and nothing is known of how far it is.
    assert_eq!(watch.look().await.unwrap().0, 1);
    let subjects: Vec<_> = app.settle().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Well again: faults_per_mille"]);
}

#[tokio::test]
async fn the_feed_is_behind_by_what_happened_since_it_was_read_last() {
    let app = TestApp::here().await;
    let operator = app.person(Role::Auditor).await;
    let lag = async || {
        let found = read(&app, &operator, "/v2/performance/scalability/overview").await;
        found["feed_lag_seconds"].as_u64().unwrap()
    };
    app.settle().await;
    assert_eq!(lag().await, 0);
    app.advance(jiff::SignedDuration::from_mins(6));
    assert_eq!(lag().await, 0, "nothing happened");
    let admin = app.person(Role::Admin).await;
    let body = json!({ "name": "Berlin", "zone": "Europe/Berlin" });
    app.post("/v2/locations", body).by(&admin).send().await.expect(201);
    assert_eq!(lag().await, 0, "it just happened");
    app.advance(jiff::SignedDuration::from_mins(6));
    assert_eq!(lag().await, 360);
    let health = read_health(&app, &operator).await;
    assert_eq!(
        (&health["status"], &health["alerts"][0]["rule"]),
        (&json!("warning"), &json!("feed_lag_seconds"))
    );
    app.settle().await;
    assert_eq!(lag().await, 0, "it is read");
}

async fn read_health(app: &TestApp, by: &Person) -> Value {
    app.get("/health").by(by).send().await.expect(200).body["parts"].clone()
}

#[tokio::test]
async fn health_tells_operators_how_all_of_it_does_and_nobody_else() {
    let app = TestApp::here().await;
    let (auditor, customer) = (app.person(Role::Auditor).await, app.person(Role::Customer).await);
    let anna = app.person(Role::Customer).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "10:00", "11:00").await.expect(201);
    app.settle().await;
    let parts = read_health(&app, &auditor).await;
    assert_eq!(
        [
            &parts["status"],
            &parts["queue_waiting"],
            &parts["dead_letters"],
            &parts["dependencies"]["database"]
        ],
        [&json!("ok"), &json!(0), &json!(0), &json!("ok")]
    );
    let mail = named(&parts["providers"], "channel", "email");
    assert_eq!((&mail["sent"], &mail["failed"]), (&json!(1), &json!(0)), "{parts}");
    for body in [
        app.get("/health").by(&customer).send().await.expect(200).body,
        app.get("/v2/health").send().await.expect(200).body,
    ] {
        assert_eq!(body, json!({ "status": "ok" }));
    }
}

#[tokio::test]
async fn what_failed_is_counted_as_such() {
    let app = TestApp::here().await;
    app.server().database().close();
    app.get("/v2/locations").send().await.expect(503);
    assert_eq!(app.core().telemetry.lately()[0].numbers["faults"], 1);
}

#[tokio::test]
async fn ranges_are_bounded() {
    let (app, operator) = used().await;
    for (path, pointer) in [
        ("/v2/performance-stats?from=2027-01-01&to=2027-02-02", "/query/to"),
        ("/v2/usage-summary?from=2027-01-02&to=2027-01-02", "/query/to"),
        ("/v2/cost-estimates?from=2027-01-03&to=2027-01-02", "/query/to"),
        ("/v2/performance/scalability/trends?hours=169", "/query/hours"),
        ("/v2/performance/scalability/trends?hours=0", "/query/hours"),
    ] {
        let refused = app.get(path).by(&operator).send().await.expect(400);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{path}");
    }
}

#[tokio::test]
async fn the_status_page_shows_the_moment_and_loads_itself_again() {
    let (app, _) = used().await;
    let page = reqwest::get(format!("{}/status", app.url())).await.unwrap();
    assert_eq!(page.headers()["refresh"], "5");
    assert_eq!(page.headers()["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");
    let html = page.text().await.unwrap();
    for part in ["<dt>Requests in 5 min</dt><dd>4</dd>", "All rules hold", "listLocations", "answered: 4"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script"));
}

#[tokio::test]
async fn the_cache_is_told_by_kind_and_warmed_on_demand() {
    let app = TestApp::start_cached(cache::Cache::memory()).await;
    let (admin, auditor) = (app.person(Role::Admin).await, app.person(Role::Auditor).await);
    let place = office::place(&app, "Europe/Berlin").await.id;
    let warmed =
        app.post("/v2/performance/warm-cache", json!({ "location_ids": [place] })).by(&admin).send().await;
    assert_eq!(warmed.expect(200).data(), &json!({ "kept": 1, "shared": false }));
    let before = read(&app, &auditor, "/v2/performance/scalability/cache").await;
    let (done, usage) = store::metered(app.core().reads.location(place)).await;
    assert_eq!((done.unwrap().id, usage.trips), (place, 0), "it is there already");
    let after = read(&app, &auditor, "/v2/performance/scalability/cache").await;
    let hits = |view: &Value| named(&view["kinds"], "kind", "location")["memory_hits"].as_u64().unwrap();
    assert_eq!(hits(&after), hits(&before) + 1);
    assert_eq!((&after["shared"], &after["shared_failures"]), (&json!("off"), &json!(0)));
    assert!(["excellent", "good", "poor"].contains(&after["rating"].as_str().unwrap()));
    let nowhere = json!({ "location_ids": ["loc_00000000000000000000000000"] });
    app.post("/v2/performance/warm-cache", nowhere).by(&admin).send().await.refused(404, "not_found");
    app.post("/v2/performance/warm-cache", json!({})).by(&auditor).send().await.refused(403, "forbidden");
}
