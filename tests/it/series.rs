//! Weekly series: each occurrence answers for itself, and a change reaches this one, those to come, or all.

use domain::{Resource, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office::{blue, place, room};

/// Tuesdays at nine in Berlin, four times from 5 January 2027.
fn tuesdays(room: &Resource) -> Value {
    json!({ "room_id": room.id, "local_start": "2027-01-05T09:00", "length_minutes": 60, "count": 4, "title": "Team" })
}

async fn make(app: &TestApp, by: &Person, body: Value, key: &str) -> Answer {
    app.post("/v2/series", body).by(by).key(key).send().await
}

/// Date, local start and state of each occurrence; the code of its refusal instead of the state, if it was refused.
fn board(answer: &Answer) -> Vec<(String, String, String)> {
    let occurrences = answer.data()["occurrences"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |one: &Value| {
        let refused = text(&one["refused"]["code"]);
        let state = if refused.is_empty() { text(&one["booking"]["state"]) } else { refused };
        let start: String = text(&one["booking"]["local_start"]).chars().take(16).collect();
        (text(&one["date"]), start, state)
    };
    occurrences.iter().map(row).collect()
}

fn states(answer: &Answer) -> Vec<String> {
    board(answer).into_iter().map(|(_, _, state)| state).collect()
}

#[tokio::test]
async fn a_series_books_what_it_can_and_says_of_each_what_became_of_it() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let room = blue(&app).await;
    let taken = json!({ "room_id": room.id, "start": "2027-01-12T08:30:00Z", "end": "2027-01-12T09:30:00Z" });
    let taken = app.post("/v2/bookings", taken).by(&bob).key("1").send().await.expect(201).text_of("id");
    let made = make(&app, &anna, tuesdays(&room), "s").await.expect(201);
    assert_eq!(states(&made), ["confirmed", "slot_taken", "confirmed", "confirmed"]);
    let refused = &made.data()["occurrences"][1]["refused"];
    assert!(!refused["details"]["alternatives"].as_array().unwrap().is_empty());
    assert_eq!(made.data()["occurrences"][0]["booking"]["series_id"], made.data()["id"]);
    let path = format!("/v2/series/{}", made.text_of("id"));
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!(states(&shown), ["confirmed", "", "confirmed", "confirmed"]);
    app.get(&path).by(&bob).send().await.refused(404, "not_found");
    assert_eq!(shown.data()["rule"][1], "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20270126T080000Z");

    // The same request again goes on where it was: what was taken is tried again, the rest stays.
    app.post(&format!("/v2/bookings/{taken}/cancel"), json!({})).by(&bob).send().await.expect(200);
    let again = make(&app, &anna, tuesdays(&room), "s").await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(states(&again), ["confirmed"; 4]);
    assert_eq!(again.data()["id"], made.data()["id"]);
    let mut other = tuesdays(&room);
    other["count"] = 5.into();
    make(&app, &anna, other, "s").await.refused(422, "idempotency_key_reused");
    let mine = app.get("/v2/bookings").by(&anna).send().await.expect(200);
    assert_eq!(mine.data().as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn all_or_nothing_is_one_transaction_and_leaves_nothing_behind() {
    let app = TestApp::counted().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let room = blue(&app).await;
    let taken = json!({ "room_id": room.id, "start": "2027-01-19T08:30:00Z", "end": "2027-01-19T09:30:00Z" });
    let taken = app.post("/v2/bookings", taken).by(&bob).key("1").send().await.expect(201).text_of("id");
    let mut body = tuesdays(&room);
    body["all_or_nothing"] = true.into();
    make(&app, &anna, body.clone(), "s").await.refused(409, "slot_taken");
    assert_eq!(app.get("/v2/bookings").by(&anna).send().await.expect(200).data(), &json!([]));
    app.post(&format!("/v2/bookings/{taken}/cancel"), json!({})).by(&bob).send().await.expect(200);
    let made = make(&app, &anna, body.clone(), "s").await.expect(201);
    assert_eq!(states(&made), ["confirmed"; 4]);
    assert_eq!(made.usage().0, 2, "one read, one transaction");
    let again = make(&app, &anna, body.clone(), "s").await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), states(&again).len()), (Some("true"), 4));
    body["count"] = 60.into();
    body["local_start"] = "2027-01-05T14:00".into();
    make(&app, &anna, body.clone(), "many").await.refused(422, "not_bookable");
    body["count"] = 40.into();
    make(&app, &anna, body.clone(), "many").await.refused(413, "too_large");
    body["count"] = 2.into();
    body["length_minutes"] = (24 * 60).into();
    body["weekdays"] = json!(["TU", "WE"]);
    make(&app, &anna, body.clone(), "days").await.expect(201);
    body["local_start"] = "2027-02-02T14:00".into();
    let buffered = self::room(&app, &place(&app, "Europe/Berlin").await);
    let buffered = buffered.rules(|rules| rules.buffer_after = 15).add(&app).await;
    body["room_id"] = json!(buffered.id);
    make(&app, &anna, body, "overlap").await.refused(409, "slot_taken");
}

#[tokio::test]
async fn wall_clock_times_stay_over_the_change_and_a_missing_hour_is_refused_alone() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let room = blue(&app).await;
    let body = json!({ "room_id": room.id, "local_start": "2027-03-21T02:30", "length_minutes": 60, "until": "2027-04-04" });
    let made = make(&app, &anna, body, "s").await.expect(201);
    assert_eq!(states(&made), ["confirmed", "nonexistent_local_time", "confirmed"]);
    let starts: Vec<&Value> =
        [0, 2].map(|n| &made.data()["occurrences"][n]["booking"]["start"]).into_iter().collect();
    assert_eq!(starts, ["2027-03-21T01:30:00Z", "2027-04-04T00:30:00Z"]);
}

#[tokio::test]
async fn bad_rules_are_refused_with_every_field() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let room = blue(&app).await;
    let with = |change: Value| {
        let mut body = tuesdays(&room);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for (n, (change, pointer)) in [
        (json!({ "count": null }), "/until"),
        (json!({ "until": "2027-02-01" }), "/until"),
        (json!({ "count": 101 }), "/count"),
        (json!({ "length_minutes": 7, "interval_weeks": 0, "weekdays": ["MO"] }), "/length_minutes"),
        (json!({ "weekdays": ["XX"] }), "/weekdays/0"),
        (json!({ "exceptions": ["2027-01-06"] }), "/exceptions"),
        (json!({ "local_start": "2027-01-05T09:00:00Z" }), "/local_start"),
        (json!({ "attendees": 9 }), "/attendees"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused =
            make(&app, &anna, with(change), &format!("{n}")).await.refused(422, "validation_failed");
        assert_eq!(refused.fields()[0].0, pointer, "{}", refused.text);
    }
    let past = with(json!({ "local_start": "2026-12-01T09:00" }));
    let refused = make(&app, &anna, past, "past").await.refused(422, "not_bookable");
    assert_eq!(refused.body["details"]["occurrences"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn one_occurrence_is_moved_or_left_out_and_the_others_stay() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let room = blue(&app).await;
    let made = make(&app, &anna, tuesdays(&room), "s").await.expect(201);
    let path = format!("/v2/series/{}", made.text_of("id"));
    let first = made.data()["occurrences"][0]["booking"]["id"].as_str().unwrap();
    let to = json!({ "start": "2027-01-06T12:00:00Z", "end": "2027-01-06T13:00:00Z" });
    let moved = app.post(&format!("/v2/bookings/{first}/reschedule"), to).by(&anna).key("m").send().await;
    assert_eq!(moved.expect(200).data()["original_start"], "2027-01-05T08:00:00Z");
    let cancel = |body: Value| app.post(&format!("{path}/cancel"), body).by(&anna).send();
    cancel(json!({ "scope": "this" })).await.refused(422, "validation_failed");
    cancel(json!({ "scope": "this", "date": "2027-01-13" })).await.refused(404, "not_found");
    let left = cancel(json!({ "scope": "this", "date": "2027-01-12", "reason": "fair" })).await.expect(200);
    assert_eq!(left.data()["exceptions"], json!(["2027-01-12"]));
    let rows = board(&app.get(&path).by(&anna).send().await.expect(200));
    let starts: Vec<&str> = rows.iter().map(|(_, start, _)| start.as_str()).collect();
    assert_eq!(starts, ["2027-01-06T13:00", "2027-01-19T09:00", "2027-01-26T09:00"]);
    let free = json!({ "room_id": room.id, "start": "2027-01-12T08:00:00Z", "end": "2027-01-12T09:00:00Z" });
    app.post("/v2/bookings", free).by(&anna).key("free").send().await.expect(201);
}

#[tokio::test]
async fn this_and_following_splits_the_series_and_keeps_its_bookings() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let room = blue(&app).await;
    let made = make(&app, &anna, tuesdays(&room), "s").await.expect(201);
    let path = format!("/v2/series/{}", made.text_of("id"));
    let third = made.data()["occurrences"][2]["booking"]["id"].clone();
    let change = |query: &str| {
        let edit = json!({ "local_time": "10:30", "title": "New team" });
        app.patch(&format!("{path}{query}"), edit).by(&anna).key("f").send()
    };
    change("?scope=following").await.refused(400, "bad_request");
    change("?scope=following&from=2027-01-05").await.refused(409, "wrong_state");
    let next = change("?scope=following&from=2027-01-19").await.expect(200);
    let expected = [("2027-01-19", "2027-01-19T10:30"), ("2027-01-26", "2027-01-26T10:30")];
    let expected: Vec<_> = expected
        .iter()
        .map(|(date, start)| (date.to_string(), start.to_string(), "confirmed".to_owned()))
        .collect();
    assert_eq!(board(&next), expected);
    assert_eq!(next.data()["occurrences"][0]["booking"]["id"], third);
    assert_eq!(next.data()["occurrences"][0]["booking"]["series_id"], next.data()["id"]);
    assert_eq!(next.data()["occurrences"][0]["booking"]["title"], "New team");
    let again = change("?scope=following&from=2027-01-19").await.expect(200);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (next.data(), Some("true")));

    let old = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!((&old.data()["state"], &old.data()["continued_by"]), (&json!("ended"), &next.data()["id"]));
    assert_eq!(board(&old).len(), 2);
    let path = format!("/v2/series/{}", next.text_of("id"));
    let shown = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!(board(&shown), expected);
    let rest = json!({ "scope": "following", "date": "2027-01-26" });
    let ended = app.post(&format!("{path}/cancel"), rest).by(&anna).send().await.expect(200);
    assert_eq!((ended.text_of("state"), board(&ended).len()), ("ended".to_owned(), 1));
}

#[tokio::test]
async fn all_that_is_to_come_moves_and_what_has_been_stays() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let room = blue(&app).await;
    let spare = blue(&app).await;
    let made = make(&app, &anna, tuesdays(&room), "s").await.expect(201);
    let path = format!("/v2/series/{}", made.text_of("id"));
    let taken =
        json!({ "room_id": spare.id, "start": "2027-01-19T13:00:00Z", "end": "2027-01-19T14:00:00Z" });
    app.post("/v2/bookings", taken).by(&bob).key("t").send().await.expect(201);
    app.advance(SignedDuration::from_hours(26));
    let (anna, bob) = (app.renewed(&anna), app.renewed(&bob));
    let edit = json!({ "local_time": "14:00", "room_id": spare.id, "attendees": 3 });
    app.patch(&path, edit.clone()).by(&bob).key("a").send().await.refused(404, "not_found");
    app.patch(&path, edit.clone())
        .by(&anna)
        .key("a")
        .header("if-match", "\"7\"")
        .send()
        .await
        .refused(412, "precondition_failed");
    let moved = app.patch(&path, edit).by(&anna).key("a").send().await.expect(200);
    let rows = board(&moved);
    let rows: Vec<(&str, &str)> =
        rows.iter().map(|(_, start, state)| (start.as_str(), state.as_str())).collect();
    let expected = [
        ("2027-01-05T09:00", "confirmed"),
        ("2027-01-12T14:00", "confirmed"),
        ("2027-01-19T09:00", "slot_taken"),
        ("2027-01-26T14:00", "confirmed"),
    ];
    assert_eq!(rows, expected);
    let cancel = || {
        app.post(&format!("{path}/cancel"), json!({ "scope": "all", "reason": "over" }))
            .by(&anna)
            .key("c")
            .send()
    };
    let cancelled = cancel().await.expect(200);
    assert_eq!(cancelled.text_of("state"), "cancelled");
    assert_eq!(states(&cancelled), ["confirmed", "cancelled", "cancelled", "cancelled"]);
    assert_eq!(cancel().await.expect(200).header("idempotent-replayed"), Some("true"));
    let other = app.post(&format!("{path}/cancel"), json!({ "scope": "all" })).by(&anna).send().await;
    other.refused(409, "wrong_state");
    let kinds: Vec<String> = app
        .store()
        .events_of(&made.text_of("id"), 9, None)
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, ["series.created", "series.changed", "series.cancelled"]);
}
