//! Booking, holding, confirming, moving, describing, giving back.

use domain::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::office::{blue, book, tuesday, wanted};

async fn start() -> (TestApp, Person) {
    let app = TestApp::counted().await;
    let anna = app.person(Role::Customer).await;
    (app, anna)
}

#[tokio::test]
async fn a_customer_books_reads_moves_and_gives_back() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let body = json!({
        "room_id": room.id, "start": "2027-01-05T10:00:00+01:00", "end": "2027-01-05T11:00:00+01:00",
        "title": " Planning ", "note": "bring\ncoffee", "attendees": 4,
    });
    let made = app.post("/v2/bookings", body).by(&anna).key("1").send().await.expect(201);
    let id = made.text_of("id");
    assert_eq!(made.header("location"), Some(format!("/v2/bookings/{id}").as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.data()["state"], "confirmed");
    assert_eq!(made.data()["start"], "2027-01-05T09:00:00Z");
    assert_eq!(made.data()["local_start"], "2027-01-05T10:00:00+01:00");
    assert_eq!(made.data()["title"], "Planning");

    let path = format!("/v2/bookings/{id}");
    let read = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!(read.data(), made.data());
    assert_eq!(read.usage().0, 1, "a read by id is one round trip");
    let etag = read.header("etag").unwrap().to_owned();
    app.get(&path).by(&anna).header("if-none-match", &etag).send().await.expect(304);

    let to = json!({ "start": tuesday("10:30"), "end": tuesday("11:30") });
    let moved = app.post(&format!("{path}/reschedule"), to).by(&anna).key("2").send().await.expect(200);
    assert_eq!(moved.data()["start"], tuesday("10:30"));
    book(&app, &anna, &room, "09:00", "10:30").await.expect(201);
    book(&app, &anna, &room, "10:30", "10:45").await.refused(409, "slot_taken");

    let body = json!({ "reason": "ill" });
    let cancelled = app.post(&format!("{path}/cancel"), body).by(&anna).send().await.expect(200);
    assert_eq!(
        (&cancelled.data()["state"], &cancelled.data()["reason"]),
        (&json!("cancelled"), &json!("ill"))
    );
    book(&app, &anna, &room, "10:30", "11:30").await.expect(201);
    let again = app.post(&format!("{path}/cancel"), json!({})).by(&anna).send().await;
    assert_eq!(again.refused(409, "wrong_state").body["details"]["state"], "cancelled");
}

#[tokio::test]
async fn a_booking_costs_two_trips_and_at_most_ten_write_units_up_to_six_hours() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    app.get("/v2/bookings").by(&anna).send().await.expect(200);
    // A block of the ledger is six hours of UTC from midnight on; one that straddles two costs two units more.
    for (from, to, most) in [("00:00", "06:00", 10), ("06:00", "06:15", 10), ("09:00", "15:00", 12)] {
        let (trips, writes) = book(&app, &anna, &room, from, to).await.expect(201).usage();
        println!("book {from} to {to}: {trips} trips, {writes} write units");
        assert!(trips <= 2 && writes <= most, "{trips} trips, {writes} write units");
    }
    let replay = book(&app, &anna, &room, "00:00", "06:00").await.expect(201);
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    println!("replay: {} trips", replay.usage().0);
    assert!(replay.usage().0 <= 2 && replay.usage().1 == 0);
}

#[tokio::test]
async fn a_collision_tells_the_window_and_what_is_free_nearby_but_not_who_has_it() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let taken = book(&app, &anna, &room, "09:00", "10:00").await.expect(201).text_of("id");
    let bob = app.person(Role::Customer).await;
    let refused = book(&app, &bob, &room, "09:30", "10:30").await.refused(409, "slot_taken");
    let details = &refused.body["details"];
    assert_eq!(details["taken"], json!([{ "start": tuesday("09:30"), "end": tuesday("10:00") }]));
    let alternatives = details["alternatives"].as_array().unwrap();
    assert_eq!(alternatives.len(), 5);
    assert_eq!(alternatives[0]["start"], tuesday("10:00"));
    assert_eq!(alternatives[0]["local_start"], "2027-01-05T11:00:00+01:00");
    assert!(details.get("bookings").is_none());
    assert!(!refused.text.contains(&taken) && !refused.text.contains(&anna.id.to_string()));
    for free in alternatives {
        let body = json!({ "room_id": room.id, "start": free["start"], "end": free["end"] });
        let key = free["start"].as_str().unwrap();
        let booked = app.post("/v2/bookings", body).by(&bob).key(key).send().await;
        assert!([201, 409].contains(&booked.status.as_u16()), "{}", booked.text);
    }
    let desk = app.person(Role::Staff).await;
    let refused = book(&app, &desk, &room, "09:30", "09:45").await.refused(409, "slot_taken");
    assert_eq!(refused.body["details"]["bookings"], json!([taken]));
}

#[tokio::test]
async fn a_hold_is_confirmed_in_time_and_only_then() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let hold = |from: &str, to: &str, seconds: u32| {
        let mut body = wanted(&room, from, to);
        body["hold_seconds"] = seconds.into();
        app.post("/v2/bookings", body).by(&anna).key(&format!("hold {from} {}", app.now())).send()
    };
    let made = hold("09:00", "10:00", 600).await.expect(201);
    assert_eq!(
        (made.text_of("state"), made.text_of("hold_until")),
        ("held".into(), "2027-01-04T08:10:00Z".into())
    );
    let id = made.text_of("id");
    let bob = app.person(Role::Customer).await;
    book(&app, &bob, &room, "09:00", "10:00").await.refused(409, "slot_taken");
    let confirm = format!("/v2/bookings/{id}/confirm");
    let confirmed = app.post(&confirm, Value::Null).by(&anna).send().await.expect(200);
    assert_eq!(confirmed.text_of("state"), "confirmed");
    app.post(&confirm, Value::Null).by(&anna).send().await.refused(409, "wrong_state");

    let id = hold("11:00", "12:00", 60).await.expect(201).text_of("id");
    app.advance(SignedDuration::from_secs(62));
    let path = format!("/v2/bookings/{id}");
    assert_eq!(app.get(&path).by(&anna).send().await.expect(200).text_of("state"), "expired");
    app.post(&format!("{path}/confirm"), Value::Null).by(&anna).send().await.refused(410, "hold_expired");
    let taken_over = app.post("/v2/bookings", wanted(&room, "11:00", "12:00")).by(&bob).key("b").send().await;
    taken_over.expect(201);
    app.post(&format!("{path}/confirm"), Value::Null).by(&anna).send().await.refused(410, "hold_expired");
    app.post(&format!("{path}/cancel"), json!({})).by(&anna).send().await.refused(410, "hold_expired");
    let third = app.post("/v2/bookings", wanted(&room, "11:00", "12:00")).by(&anna).key("c").send().await;
    third.refused(409, "slot_taken");
    for seconds in [0, 601] {
        let refused = hold("13:00", "14:00", seconds).await.refused(422, "validation_failed");
        assert_eq!(refused.fields(), [("/hold_seconds".to_owned(), "out_of_range".to_owned())]);
    }
}

#[tokio::test]
async fn a_key_books_once_however_often_and_however_late_it_comes() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let body = wanted(&room, "09:00", "10:00");
    let send = |body: Value| app.post("/v2/bookings", body).by(&anna).key("k").send();
    let answers = futures::future::join_all((0..8).map(|_| send(body.clone()))).await;
    let ids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(201).text_of("id")).collect();
    assert_eq!(ids.len(), 1);
    send(wanted(&room, "14:00", "15:00")).await.refused(422, "idempotency_key_reused");
    app.advance(SignedDuration::from_hours(48));
    let anna = app.renewed(&anna);
    let late = app.post("/v2/bookings", body.clone()).by(&anna).key("k").send().await.expect(201);
    assert_eq!(late.header("idempotent-replayed"), Some("true"), "even once the start has passed");
    let bob = app.person(Role::Customer).await;
    let foreign = app.post("/v2/bookings", body).by(&bob).key("k").send().await;
    foreign.refused(422, "not_bookable");
    let without = app.post("/v2/bookings", wanted(&room, "14:00", "15:00")).by(&anna).send().await;
    without.refused(400, "idempotency_key_required");
}

#[tokio::test]
async fn a_changed_booking_answers_its_last_key_and_refuses_stale_versions() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let path = format!("/v2/bookings/{}", book(&app, &anna, &room, "09:00", "10:00").await.text_of("id"));
    let to = json!({ "start": tuesday("13:00"), "end": tuesday("14:00") });
    let first =
        app.post(&format!("{path}/reschedule"), to.clone()).by(&anna).key("m").send().await.expect(200);
    let again = app.post(&format!("{path}/reschedule"), to).by(&anna).key("m").send().await.expect(200);
    assert_eq!(first.data(), again.data());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = json!({ "start": tuesday("15:00"), "end": tuesday("16:00") });
    let reused = app.post(&format!("{path}/reschedule"), other).by(&anna).key("m").send().await;
    reused.refused(422, "idempotency_key_reused");

    let title = json!({ "title": "Retro" });
    let stale = app.patch(&path, title.clone()).by(&anna).header("if-match", "\"1\"").send().await;
    assert_eq!(stale.refused(412, "precondition_failed").body["details"]["version"], 2);
    let fresh = app.patch(&path, title).by(&anna).header("if-match", "\"2\"").send().await.expect(200);
    assert_eq!(fresh.data()["version"], 3);
    let cleared =
        app.patch(&path, json!({ "title": null, "attendees": 3 })).by(&anna).send().await.expect(200);
    assert_eq!((&cleared.data()["title"], &cleared.data()["attendees"]), (&Value::Null, &json!(3)));
    let many = app.patch(&path, json!({ "attendees": 5 })).by(&anna).send().await;
    assert_eq!(many.refused(422, "validation_failed").fields()[0].1, "over_capacity");
    let stale =
        app.post(&format!("{path}/cancel"), json!({})).by(&anna).header("if-match", "\"3\"").send().await;
    stale.refused(412, "precondition_failed");
}

#[tokio::test]
async fn of_several_changes_at_once_one_wins_and_the_others_are_told() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let path = format!("/v2/bookings/{}", book(&app, &anna, &room, "09:00", "10:00").await.text_of("id"));
    let cancel = || app.post(&format!("{path}/cancel"), json!({})).by(&anna).send();
    let answers = futures::future::join_all((0..6).map(|_| cancel())).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        assert!(["changed", "wrong_state"].contains(&answer.expect(409).body["code"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_booking_moves_to_another_room_in_one_step() {
    let (app, anna) = start().await;
    let (old, new) = (blue(&app).await, blue(&app).await);
    let path = format!("/v2/bookings/{}", book(&app, &anna, &old, "09:00", "10:00").await.text_of("id"));
    book(&app, &anna, &new, "09:00", "10:00").await.expect(201);
    let to = json!({ "room_id": new.id });
    let refused = app.post(&format!("{path}/reschedule"), to).by(&anna).key("1").send().await;
    assert!(
        !refused.refused(409, "slot_taken").body["details"]["alternatives"].as_array().unwrap().is_empty()
    );
    assert_eq!(app.get(&path).by(&anna).send().await.text_of("room_id"), old.id.to_string());
    let to = json!({ "room_id": new.id, "start": tuesday("10:00"), "end": tuesday("11:00") });
    let moved = app.post(&format!("{path}/reschedule"), to).by(&anna).key("2").send().await.expect(200);
    assert_eq!(moved.text_of("room_id"), new.id.to_string());
    let bob = app.person(Role::Customer).await;
    book(&app, &bob, &old, "09:00", "10:00").await.expect(201);
    book(&app, &bob, &new, "10:00", "11:00").await.refused(409, "slot_taken");
    let nowhere = json!({ "room_id": "res_00000000000000000000000000" });
    app.post(&format!("{path}/reschedule"), nowhere)
        .by(&anna)
        .key("3")
        .send()
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn what_has_begun_is_completed_or_not_shown_and_what_is_over_stays() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let desk = app.person(Role::Staff).await;
    let first = book(&app, &anna, &room, "09:00", "10:00").await.expect(201).text_of("id");
    let second = book(&app, &anna, &room, "11:00", "12:00").await.expect(201).text_of("id");
    let complete = format!("/v2/bookings/{first}/complete");
    app.post(&complete, Value::Null).by(&desk).send().await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_hours(29));
    let (anna, desk) = (app.renewed(&anna), app.renewed(&desk));
    let to_cancel = format!("/v2/bookings/{first}/cancel");
    app.post(&to_cancel, json!({})).by(&anna).send().await.refused(409, "wrong_state");
    let done = app.post(&complete, Value::Null).by(&desk).send().await.expect(200);
    assert_eq!(done.text_of("state"), "completed");
    app.post(&to_cancel, json!({})).by(&desk).send().await.refused(409, "wrong_state");
    let absent = format!("/v2/bookings/{second}/no-show");
    let done = app.post(&absent, Value::Null).by(&desk).send().await.expect(200);
    assert_eq!(done.text_of("state"), "no_show");
}

#[tokio::test]
async fn a_move_that_comes_again_does_not_undo_the_desks_move_since() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let desk = app.person(Role::Admin).await;
    let id = book(&app, &anna, &room, "09:00", "10:00").await.text_of("id");
    let path = format!("/v2/bookings/{id}/reschedule");
    let to = |from: &str, to: &str| json!({ "start": tuesday(from), "end": tuesday(to) });
    app.post(&path, to("11:00", "12:00")).by(&anna).key("m").send().await.expect(200);
    app.post(&path, to("14:00", "15:00")).by(&desk).key("m").send().await.expect(200);
    // Anna's answer was lost, so her client asks again.
    let again = app.post(&path, to("11:00", "12:00")).by(&anna).key("m").send().await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.data()["start"], tuesday("14:00"));
    app.post(&path, to("12:00", "13:00"))
        .by(&anna)
        .key("m")
        .send()
        .await
        .refused(422, "idempotency_key_reused");
}
