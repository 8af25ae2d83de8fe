//! Packaged functions where the process matters: it is killed, a handler panics, each kind of event calls it. Only
//! `tests/aws-shape` has any; without, there is nothing to ask here.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Role;
use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::audit_ledger::scene::audited;
use crate::harness::{Person, TestApp};
use crate::office;
use crate::tidy::{files, text};

/// Bookings that are made while processes die.
const BOOKINGS: usize = 20;
/// As many at once.
const CLIENTS: usize = 4;
/// So often processes are killed at work, at most.
const KILLS: usize = 12;
/// A client gives up after so many answers that were none.
const TRIES: usize = 20;

/// An installation of packaged functions, if there are any.
async fn packaged() -> Option<TestApp> {
    shape::Tools::from_env().unwrap()?;
    Some(TestApp::start().await)
}

/// Books a quarter of an hour with one key until there is an answer; how often it had to ask.
async fn insist(app: &TestApp, by: &Person, room: &domain::Resource, number: usize) -> usize {
    let (hour, quarter) = (8 + number / 4 % 10, number % 4 * 15);
    let day = 5 + number / 40;
    let start = format!("2027-01-{day:02}T{hour:02}:{quarter:02}:00Z");
    let end = start.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(15);
    let body = json!({ "room_id": room.id, "start": start, "end": end });
    for tries in 1..=TRIES {
        let answer =
            app.post("/v2/bookings", body.clone()).by(by).key(&format!("number {number}")).unchecked().await;
        match answer.status.as_u16() {
            201 => return tries,
            500 | 503 => {}
            other => panic!("{other}: {}", answer.text),
        }
    }
    panic!("number {number} was never answered");
}

/// So long that most calls get through, and another time each time, so that a call dies at another of its points.
async fn pause(killed: usize) {
    let millis = 200 + u64::try_from(killed * 137 % 700).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_are_killed_at_work_lose_nothing_and_do_nothing_twice() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let berlin = office::place(&app, "Europe/Berlin").await;
    let room =
        office::room(&app, &berlin).rules(|rules| (rules.grid, rules.min_length) = (5, 5)).add(&app).await;
    let anna = app.person(Role::Customer).await;
    let over = AtomicBool::new(false);
    let killing = async {
        let mut killed = 0;
        while !over.load(Ordering::Relaxed) && killed < KILLS {
            pause(killed).await;
            killed += stack.kill("bookings");
        }
        killed
    };
    let booking = async {
        let (app, anna, room) = (&app, &anna, &room);
        let each = async |client: usize| {
            let mut tries = 0;
            for number in (client..BOOKINGS).step_by(CLIENTS) {
                tries += insist(app, anna, room, number).await;
            }
            tries
        };
        let tries: usize = join_all((0..CLIENTS).map(each)).await.into_iter().sum();
        over.store(true, Ordering::Relaxed);
        tries
    };
    let (killed, tries) = join(killing, booking).await;
    println!("packaged: {BOOKINGS} bookings in {tries} requests, bookings killed {killed} times at work");
    assert!(killed > 0, "nothing was killed");
    let report = audited(&app).await;
    assert!(report.agrees(), "{report:?}");
    assert_eq!(report.checked.bookings, u64::try_from(BOOKINGS).unwrap());

    // Messages, while those who make and send them die.
    let over = AtomicBool::new(false);
    let killing = async {
        let mut killed = 0;
        while !over.load(Ordering::Relaxed) && killed < KILLS {
            pause(killed).await;
            killed += stack.kill("relay") + stack.kill("notify") + stack.kill("insights-feed");
        }
        killed
    };
    let sending = async {
        for _ in 0..TRIES {
            let settled = stack.sources().settle().await;
            // What a killed process had in its hands comes back after this time.
            app.advance(jiff::SignedDuration::from_mins(4));
            if settled.is_ok() && app.sent().len() == BOOKINGS {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
    };
    let (killed, ()) = join(killing, sending).await;
    let sent = app.settle().await;
    println!("packaged: {} messages, their functions killed {killed} times at work", sent.len());
    let about: BTreeSet<_> = sent.iter().map(|mail| mail.id).collect();
    assert_eq!((sent.len(), about.len()), (BOOKINGS, BOOKINGS));
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_problem_and_its_environment_lives_on() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let ask = |path: &str| {
        let mut event: Value = serde_json::from_str(&text("events/insights.v2.json")).unwrap();
        event["rawPath"] = path.into();
        event["requestContext"]["stage"] = "$default".into();
        async move { stack.sources().call("panics", &event).await.unwrap() }
    };
    let before = ask("/health").await;
    assert_eq!(before["statusCode"], 200);
    for _ in 0..3 {
        let answer = ask("/panic").await;
        assert_eq!(answer["statusCode"], 500);
        assert_eq!(answer["headers"]["content-type"], "application/problem+json");
        assert!(!answer["body"].as_str().unwrap().contains("on purpose"), "{answer}");
    }
    assert_eq!(ask("/health").await["body"], before["body"], "it is the same process");
    assert_eq!(stack.environments("panics"), 1);
}

#[tokio::test]
async fn functions_tell_what_a_request_took_and_what_followed_from_it() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let (anna, room) = (app.person(Role::Customer).await, office::blue(&app).await);
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    let log = stack.log("bookings").unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let metrics = lines.iter().find(|line| line["_aws"].is_object()).unwrap();
    assert_eq!((&metrics["Function"], &metrics["Requests"]), (&json!("bookings"), &json!(1)));

    app.settle().await;
    // Each process writes what it did once a minute, at the end of a call.
    app.advance(jiff::SignedDuration::from_mins(1));
    app.settle().await;
    let today = app.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let work = app.store().usage(store::Spending::Work, (today, today.tomorrow().unwrap())).await.unwrap();
    let done: BTreeSet<_> = work.iter().map(|work| work.of.as_str()).collect();
    for name in ["feed/figures", "feed/relay", "queue/notify"] {
        assert!(done.contains(name), "{name} is not among {done:?}");
    }
    assert_eq!(stack.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn each_example_of_an_event_is_taken_by_its_packaged_function() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let client = reqwest::Client::new();
    // As `cargo lambda invoke` sends it.
    let invoke = async |function: &str, path: &str| {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", stack.url());
        client.post(url).body(text(path)).send().await.unwrap()
    };
    let mut taken = 0;
    for path in files("events", ".json") {
        let name = path.trim_start_matches("events/").trim_end_matches(".json");
        let (group, kind) = name.split_once('.').unwrap();
        let function = match (group, kind) {
            (_, "audit") => "tasks-audit",
            ("payments", "sqs" | "schedule") => "payments-worker",
            _ => group,
        };
        let answer = invoke(function, &path).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get("x-amz-function-error")),
            (200, None),
            "{path}"
        );
        let answer: Value = answer.json().await.unwrap();
        match kind {
            "v1" | "v2" => {
                assert!([200, 401].contains(&answer["statusCode"].as_u64().unwrap()), "{path}: {answer}");
            }
            "sqs" => assert!(answer["batchItemFailures"].is_array(), "{path}: {answer}"),
            _ => {}
        }
        taken += 1;
    }
    let fed = invoke("insights-feed", "events/relay.stream.json").await;
    assert_eq!((fed.status().as_u16(), fed.headers().get("x-amz-function-error")), (200, None));
    println!("packaged: {taken} examples of events taken");
    assert!(taken >= 14);
    let refused = invoke("bookings", "events/tasks.schedule.json").await;
    assert_eq!(refused.headers()["x-amz-function-error"], "Unhandled");
    assert_eq!(invoke("nobody", "events/tasks.schedule.json").await.status(), 404);
}

#[tokio::test]
async fn processes_share_what_they_read_and_answer_the_same_when_the_cache_lies_or_dies() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let (anna, room) = (app.person(Role::Customer).await, office::blue(&app).await);
    let path = format!("/v2/rooms/{}/availability?from=2027-01-05&to=2027-01-06&length=60", room.id);
    let ask = async || {
        stack.retire("bookings");
        app.get(&path).by(&anna).send().await.expect(200).body
    };
    let hits = || {
        let told = stack.tell_cache("INFO stats").unwrap();
        told.lines().find_map(|line| line.strip_prefix("keyspace_hits:")?.parse::<usize>().ok()).unwrap()
    };
    let expected = ask().await;
    // A cache that does not answer in time is not waited for, so that one process may find nothing.
    for _ in 0..TRIES {
        assert_eq!(ask().await, expected);
        if hits() > 0 {
            break;
        }
    }
    assert!(hits() > 0, "nobody found what another had read");
    // Whatever a process keeps of the room, another one finds it out if it is not that. How long it is believed if it is, is in
    // `tests/it/cache`.
    let keys = stack.tell_cache("KEYS Holdfast-*").unwrap();
    let keys: Vec<_> = keys.lines().filter(|line| line.starts_with("Holdfast-")).collect();
    for lie in ["nonsense", "[]", r#"["2027-01-04T08:00:00Z",{"id":"other"}]"#] {
        for key in &keys {
            assert_eq!(stack.tell_cache(&format!("SET {key} '{lie}'")).unwrap(), "+OK");
        }
        assert_eq!(ask().await, expected, "{lie}");
    }
    // It hangs for two seconds, and is gone: the command that ends it waits until then.
    assert_eq!(stack.tell_cache("CLIENT PAUSE 2000 ALL").unwrap(), "+OK");
    assert_eq!(ask().await, expected, "it hangs");
    assert_eq!(stack.tell_cache("SHUTDOWN NOSAVE").unwrap(), "");
    assert_eq!(ask().await, expected, "it is gone");
}

#[tokio::test]
async fn the_daily_audit_runs_and_finds_nothing_where_nothing_is_wrong() {
    let Some(app) = packaged().await else { return };
    let stack = app.stack().unwrap();
    let room = office::blue(&app).await;
    let anna = app.person(Role::Customer).await;
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    let clean = stack.sources().schedule("tasks-audit", "audit").await.unwrap();
    assert_eq!(clean["disagreements"], json!([]), "{clean}");
}

#[tokio::test]
async fn a_start_that_ends_by_itself_is_begun_anew_once() {
    let Some(tools) = shape::Tools::from_env().unwrap() else { return };
    // Its place has been used, by an installation of other functions.
    drop(packaged().await);
    // Two functions beside the others: one whose first start fails, and one that never starts.
    let folder = tempfile::tempdir().unwrap();
    for function in std::fs::read_dir(&tools.bootstraps).unwrap().map(Result::unwrap) {
        std::os::unix::fs::symlink(function.path(), folder.path().join(function.file_name())).unwrap();
    }
    let real = tools.bootstraps.join("insights/bootstrap");
    let scripts = [
        ("stumbles", format!("mkdir begun 2> /dev/null && exit 1\nexec {}", real.display())),
        ("falls", "exit 1".to_owned()),
    ];
    for (name, script) in &scripts {
        let bootstrap = folder.path().join(name).join("bootstrap");
        std::fs::create_dir(bootstrap.parent().unwrap()).unwrap();
        std::fs::write(&bootstrap, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let tools = shape::Tools { bootstraps: folder.path().to_owned(), ..tools };
    let besides = scripts.map(|(name, _)| name.to_owned());
    let app = TestApp::packaged(tools, shape::Database::Embedded, besides.to_vec()).await;
    let stack = app.stack().unwrap();
    let mut event: Value = serde_json::from_str(&text("events/insights.v2.json")).unwrap();
    event["rawPath"] = "/health".into();
    event["requestContext"]["stage"] = "$default".into();
    assert_eq!(stack.sources().call("stumbles", &event).await.unwrap()["statusCode"], 200);
    assert_eq!(stack.environments("stumbles"), 2);
    assert!(stack.sources().call("falls", &event).await.is_err());
    assert_eq!(stack.environments("falls"), 2, "once, and not again");
}
