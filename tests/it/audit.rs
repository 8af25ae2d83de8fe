//! The audit trail: by record, by person, by time; complete, in pages, and only for those who may.

use std::collections::BTreeSet;

use domain::{Actor, Event, EventId, Permission, Role};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Tx;

use crate::harness::{Person, TestApp, roles_with};
use crate::office;
use crate::pools::{House, units};

/// Every item of a list, page after page of `limit`.
async fn all(app: &TestApp, by: &Person, path: &str, limit: u32) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = app.get(&format!("{path}&limit={limit}{cursor}")).by(by).send().await.expect(200);
        let found = page.data().as_array().unwrap();
        assert!(found.len() <= limit as usize);
        items.extend(found.iter().cloned());
        match page.body["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
    panic!("{path} has no end");
}

fn texts<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

/// Writes an event by itself; its id.
async fn happened(app: &TestApp, subject: &str, sequence: u64, at: Timestamp, data: Value) -> String {
    let (id, kind) = (EventId::new(at, env::random()), "thing.done".to_owned());
    let (subject, actor) = (subject.to_owned(), Actor::system());
    let mut tx = Tx::new();
    tx.event(app.store(), &Event { id, kind, subject, sequence, at, actor, data });
    app.store().commit(tx).await.unwrap();
    id.to_string()
}

/// Writes events of one instant, each about another thing; their ids.
async fn happen(app: &TestApp, things: std::ops::Range<usize>, at: Timestamp) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for thing in things {
        ids.insert(happened(app, &format!("thing_{thing}"), 1, at, Value::Null).await);
    }
    ids
}

#[tokio::test]
async fn the_auditor_reads_who_did_what_when_from_where_and_what_changed() {
    let app = TestApp::start().await;
    let (anna, auditor) = (app.person(Role::Customer).await, app.person(Role::Auditor).await);
    let room = office::blue(&app).await;
    let booking = office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201).text_of("id");
    app.advance(SignedDuration::from_secs(7));
    let cancel = app.post(&format!("/v2/bookings/{booking}/cancel"), json!({ "reason": "ill" }));
    let cancelled = cancel.by(&anna).key("cancel").send().await.expect(200);
    let request = cancelled.header("x-request-id").unwrap().to_owned();

    let trail = all(&app, &auditor, &format!("/v2/audit?record={booking}"), 100).await;
    assert_eq!(texts(&trail, "kind"), ["booking.confirmed", "booking.cancelled"]);
    let [made, cancelled] = trail.as_slice() else { panic!("{trail:?}") };
    assert_eq!(
        cancelled["actor"],
        json!({ "user_id": anna.id.to_string(), "role": "customer", "ip": "127.0.0.1", "request_id": request })
    );
    assert_eq!(
        (&made["at"], &cancelled["at"]),
        (&json!("2027-01-04T08:00:00Z"), &json!("2027-01-04T08:00:07Z"))
    );
    assert_eq!((&made["before"], &made["sequence"]), (&Value::Null, &json!(1)));
    assert_eq!(
        (&cancelled["before"]["state"], &cancelled["after"]["state"]),
        (&json!("confirmed"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn what_a_person_did_is_found_once_however_often_the_feed_is_read() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let auditor = app.person(Role::Auditor).await;
    let room = office::blue(&app).await;
    let mut made = Vec::new();
    for (from, to) in [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00")] {
        made.push(office::book(&app, &anna, &room, from, to).await.expect(201).text_of("id"));
        app.advance(SignedDuration::from_secs(1));
    }
    office::book(&app, &bob, &room, "13:00", "14:00").await.expect(201);
    app.settle().await;
    let path = format!("/v2/audit?person={}", anna.id);
    for limit in [1, 2, 100] {
        assert_eq!(texts(&all(&app, &auditor, &path, limit).await, "record"), made);
    }

    let since = app.now() - SignedDuration::from_hours(1);
    let (again, _) = app.store().events_between(since, app.now(), 100).await.unwrap();
    insights::consume(app.store(), &cache::Cache::off(), &again).await.unwrap();
    assert_eq!(texts(&all(&app, &auditor, &path, 100).await, "record"), made);

    let path = format!("{path}&from=2027-01-04T08:00:01Z&to=2027-01-04T08:00:02Z");
    assert_eq!(texts(&all(&app, &auditor, &path, 100).await, "record"), made[1..2]);
}

#[tokio::test]
async fn pages_by_time_cut_through_an_instant_and_lose_nothing() {
    let app = TestApp::start().await;
    let auditor = app.person(Role::Auditor).await;
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut expected = happen(&app, 0..13, at("2027-01-05T12:00:00Z")).await;
    expected.extend(happen(&app, 13..15, at("2027-01-06T00:00:00Z")).await);
    expected.extend(happen(&app, 15..18, at("2027-01-25T23:59:59.999Z")).await);
    happen(&app, 18..20, at("2027-01-26T00:00:00Z")).await;
    happen(&app, 20..21, at("2027-01-05T11:59:59.999Z")).await;
    let path = "/v2/audit?from=2027-01-05T12:00:00Z&to=2027-01-26T00:00:00Z";
    for limit in [1, 3, 13, 100] {
        let found = all(&app, &auditor, path, limit).await;
        assert_eq!(found.len(), expected.len(), "by {limit}");
        let ids: BTreeSet<String> = texts(&found, "id").into_iter().map(str::to_owned).collect();
        assert_eq!(ids, expected, "by {limit}");
        let times = texts(&found, "at");
        assert!(times.is_sorted(), "{times:?}");
    }
}

#[tokio::test]
async fn events_too_large_for_one_answer_of_the_database_come_in_their_order() {
    let app = TestApp::start().await;
    let auditor = app.person(Role::Auditor).await;
    let (mut expected, large) = (Vec::new(), json!({ "after": { "text": "x".repeat(25_000) } }));
    for second in 1..=60 {
        let at = app.now() + SignedDuration::from_secs(second);
        let sequence = u64::try_from(second).unwrap();
        expected.push(happened(&app, "large", sequence, at, large.clone()).await);
        if second % 10 == 0 {
            expected.push(happened(&app, "small", sequence, at, Value::Null).await);
        }
    }
    let path = "/v2/audit?from=2027-01-04T08:00:01Z&to=2027-01-04T09:00:00Z";
    let found = all(&app, &auditor, path, 100).await;
    let mut kept: Vec<_> =
        found.iter().map(|event| (event["at"].to_string(), event["id"].to_string())).collect();
    assert!(kept.is_sorted());
    kept.dedup();
    assert_eq!((found.len(), kept.len()), (expected.len(), expected.len()));
}

#[tokio::test]
async fn the_trail_is_read_one_way_at_a_time_and_no_further_than_a_month() {
    let app = TestApp::start().await;
    let auditor = app.person(Role::Auditor).await;
    for (query, pointer, code) in [
        ("", "/query", "required"),
        ("from=2027-01-01T00:00:00Z", "/query/to", "required"),
        ("to=2027-01-01T00:00:00Z", "/query/from", "required"),
        ("from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "/query/to", "out_of_range"),
        ("from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:01Z", "/query/to", "out_of_range"),
        ("record=a&person=usr_00000000000000000000000000", "/query/record", "not_together"),
        ("record=a&from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", "/query/record", "not_together"),
        ("person=anna", "/query/person", "invalid_value"),
        ("from=yesterday&to=2027-01-01T00:00:00Z", "/query/from", "invalid_value"),
        ("record=a&kind=b", "/query/kind", "unknown_field"),
    ] {
        let answer = app.get(&format!("/v2/audit?{query}")).by(&auditor).send().await;
        let answer = answer.refused(400, "bad_request");
        assert_eq!(answer.fields(), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    let page = app.get("/v2/audit?record=bkg_nothing").by(&auditor).send().await.expect(200);
    assert_eq!(page.data(), &json!([]));
}

#[tokio::test]
async fn only_those_who_read_the_audit_trail_do() {
    let app = TestApp::start().await;
    let allowed = roles_with(Permission::ReadAudit);
    assert_eq!(allowed, [Role::Admin, Role::Auditor]);
    app.get("/v2/audit?record=a").send().await.refused(401, "unauthenticated");
    for role in Role::ALL {
        let person = app.person(role).await;
        let answer = app.get(&format!("/v2/audit?person={}", person.id)).by(&person).send().await;
        if allowed.contains(&role) {
            answer.expect(200)
        } else {
            answer.refused(403, "forbidden")
        };
    }
}

#[tokio::test]
async fn a_place_in_the_trail_belongs_to_who_got_it() {
    let app = TestApp::start().await;
    let (auditor, admin) = (app.person(Role::Auditor).await, app.person(Role::Admin).await);
    happen(&app, 0..3, app.now()).await;
    let path = "/v2/audit?from=2027-01-04T00:00:00Z&to=2027-01-05T00:00:00Z&limit=1";
    let page = app.get(path).by(&auditor).send().await.expect(200);
    let next = format!("{path}&cursor={}", page.body["meta"]["next_cursor"].as_str().unwrap());
    app.get(&next).by(&auditor).send().await.expect(200);
    app.get(&next).by(&admin).send().await.refused(400, "invalid_cursor");
    let elsewhere = next.replace("to=2027-01-05", "to=2027-01-06");
    app.get(&elsewhere).by(&auditor).send().await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn what_followed_in_the_background_names_the_request_that_brought_it_about() {
    let app = TestApp::start().await;
    let (anna, auditor) = (app.person(Role::Customer).await, app.person(Role::Auditor).await);
    let room = office::blue(&app).await;
    let booked = office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    let request = booked.header("x-request-id").unwrap().to_owned();
    assert_eq!(app.settle().await.len(), 1);
    let everything = "/v2/audit?from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:00Z";
    let found = all(&app, &auditor, everything, 100).await;
    let mut of_request: Vec<_> =
        found.iter().filter(|event| event["actor"]["request_id"] == request).collect();
    of_request.sort_by_key(|event| event["kind"].as_str());
    let kinds: Vec<_> = of_request.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["booking.confirmed", "message.sent"]);
    assert_eq!(of_request[1]["actor"]["role"], "system");
}

#[tokio::test]
async fn a_hold_that_ran_out_names_the_request_that_began_it() {
    let house = House::start().await;
    let app = &house.app;
    let auditor = app.person(Role::Auditor).await;
    let seats = house.total(10, 0).await;
    let held = house.hold(&house.anna, "hold", json!([units(&seats, 1)]), 600).await.expect(201);
    let request = held.header("x-request-id").unwrap().to_owned();
    app.settle().await;
    app.advance(SignedDuration::from_secs(602));
    // By its job, before a sweep finds it.
    let tasks = &app.tasks();
    let work = |job, attempt| tasks::work(tasks, job, attempt);
    queue::take(&tasks.queue, |event| queue::consume(&tasks.queue, event, work)).await.unwrap();
    app.settle().await;
    let everything = "/v2/audit?from=2027-01-01T00:00:00Z&to=2027-02-01T00:00:00Z";
    let found = all(app, &auditor, everything, 100).await;
    let of = |kind: &str| found.iter().find(|event| event["kind"] == kind).unwrap()["actor"].clone();
    assert_eq!(of("order.held")["request_id"], request);
    assert_eq!(
        (&of("order.expired")["request_id"], &of("order.expired")["role"]),
        (&json!(request), &json!("system"))
    );
}
