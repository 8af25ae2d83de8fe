//! Version 1 of bookings: the source system's names, shapes and rules.

use domain::{Resource, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office::{blue, close};

async fn make(app: &TestApp, by: &Person, room: &Resource, from: &str, to: &str) -> Answer {
    let body =
        json!({ "room_id": room.id, "booking_date": "2027-01-05", "start_time": from, "end_time": to });
    app.post("/v1/bookings", body).by(by).send().await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_booking_has_the_names_of_the_source_and_what_belongs_to_it() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let room = blue(&app).await;
    let made = make(&app, &anna, &room, "10:00", "11:30").await.expect(201).body;
    let expected = json!({
        "version": "v1", "user_id": anna.id, "room_id": room.id, "booking_date": "2027-01-05", "start_time": "10:00:00",
        "end_time": "11:30:00", "end_date": "2027-01-05", "status": "Confirmed", "username": anna.user_name,
        "user_name": "The customer", "room_name": room.name, "capacity": 4,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert!(text(&made["room_location"]).starts_with("Office"));
    let id = text(&made["booking_id"]);
    let path = format!("/v1/bookings/{id}");
    assert_eq!(app.get(&path).by(&anna).send().await.expect(200).body, made);
    assert_eq!(app.get(&format!("/api/bookings/{id}")).by(&anna).send().await.expect(200).body, made);
    let refused = app.get(&path).by(&bob).send().await.refused(404, "not_found");
    assert_eq!((&refused.body["error"], &refused.body["status_code"]), (&json!(true), &json!(404)));
    make(&app, &bob, &room, "11:00", "12:00").await.refused(409, "slot_taken");
    for (from, to) in [("12:00", "11:00"), ("12:00", "12:00"), ("23:00", "01:00")] {
        let refused = make(&app, &anna, &room, from, to).await.refused(422, "validation_failed");
        assert_eq!(refused.fields(), [("/end_time".to_owned(), "not_after_start".to_owned())]);
    }
    make(&app, &anna, &room, "25:00", "26:00").await.refused(422, "validation_failed");
    app.post("/v1/bookings", json!({})).by(&anna).send().await.refused(422, "validation_failed");
    let mut foreign = json!({ "room_id": room.id, "booking_date": "2027-01-05", "start_time": "13:00", "end_time": "14:00" });
    foreign["user_id"] = json!(bob.id);
    app.post("/v1/bookings", foreign.clone()).by(&anna).send().await.refused(403, "forbidden");
    let manager = app.person(Role::Manager).await;
    let made = app.post("/v1/bookings", foreign).by(&manager).send().await.expect(201);
    assert_eq!(made.body["username"], bob.user_name.as_str());
}

#[tokio::test]
async fn a_booking_is_moved_and_takes_its_status_by_the_table_of_transitions() {
    let app = TestApp::start().await;
    let (anna, manager) = (app.person(Role::Customer).await, app.person(Role::Manager).await);
    let room = blue(&app).await;
    let id = text(&make(&app, &anna, &room, "10:00", "11:00").await.expect(201).body["booking_id"]);
    let path = format!("/v1/bookings/{id}");
    let put = |body: Value, by: &Person| app.put(&path, body).by(by).send();
    let moved = put(json!({ "start_time": "10:30" }), &anna).await.expect(200);
    assert_eq!(
        (&moved.body["start_time"], &moved.body["end_time"]),
        (&json!("10:30:00"), &json!("11:00:00"))
    );
    let moved = put(json!({ "booking_date": "2027-01-07", "status": "Confirmed" }), &anna).await.expect(200);
    assert_eq!(moved.body["booking_date"], "2027-01-07");
    put(json!({ "start_time": "12:00", "status": "Cancelled" }), &anna)
        .await
        .refused(422, "validation_failed");
    put(json!({ "status": "Completed" }), &anna).await.refused(403, "forbidden");
    put(json!({ "status": "Completed" }), &manager).await.refused(409, "wrong_state");
    put(json!({ "status": "Lost" }), &anna).await.refused(422, "validation_failed");
    app.put(&format!("{path}/confirm"), json!({})).by(&anna).send().await.refused(409, "wrong_state");
    let done = app.put(&format!("{path}/cancel"), json!({})).by(&anna).send().await.expect(200);
    assert_eq!((&done.body["booking_id"], &done.body["status"]), (&json!(id), &json!("Cancelled")));
    app.put(&format!("{path}/cancel"), json!({})).by(&anna).send().await.refused(409, "wrong_state");
    // The source set an edited booking back to Confirmed, on time that somebody else may have by now.
    put(json!({ "status": "Confirmed" }), &anna).await.refused(409, "wrong_state");
    put(json!({ "start_time": "12:00", "end_time": "13:00" }), &anna).await.refused(409, "wrong_state");
}

#[tokio::test]
async fn lists_have_pages_and_the_public_one_has_no_names() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let auditor = app.person(Role::Auditor).await;
    let room = blue(&app).await;
    for (person, from, to) in [(&anna, "09:00", "10:00"), (&bob, "10:00", "11:00"), (&anna, "11:00", "12:00")]
    {
        make(&app, person, &room, from, to).await.expect(201);
        app.advance(SignedDuration::from_secs(1));
    }
    let all = app.get("/v1/bookings?page=1&page_size=2").by(&auditor).send().await.expect(200).body;
    assert_eq!((&all["count"], &all["total"], &all["pages"]), (&json!(3), &json!(3), &json!(2)));
    let starts: Vec<&Value> = all["bookings"].as_array().unwrap().iter().map(|b| &b["start_time"]).collect();
    assert_eq!(starts, ["11:00:00", "10:00:00"], "the latest first");
    app.get("/v1/bookings").by(&anna).send().await.refused(403, "forbidden");
    app.get("/v1/bookings?page_size=101").by(&auditor).send().await.refused(400, "bad_request");
    app.get("/v1/bookings?page=0").by(&auditor).send().await.refused(400, "bad_request");
    let of_anna = format!("/v1/bookings/user/{}", anna.id);
    assert_eq!(app.get(&of_anna).by(&anna).send().await.expect(200).body["count"], 2);
    app.get(&of_anna).by(&bob).send().await.refused(403, "forbidden");
    assert_eq!(app.get(&of_anna).by(&auditor).send().await.expect(200).body["count"], 2);

    let public = app.get(&format!("/v1/bookings/room/{}?date=2027-01-05", room.id)).send().await.expect(200);
    assert_eq!(public.body["count"], 3);
    for secret in [&anna.user_name, &anna.id.to_string(), &bob.email] {
        assert!(!public.text.contains(secret.as_str()), "{}", public.text);
    }
    let other = app.get(&format!("/v1/bookings/room/{}?date=2027-01-06", room.id)).send().await.expect(200);
    assert_eq!(other.body["count"], 0);
    let soon = app.get(&format!("/v1/bookings/room/{}", room.id)).send().await.expect(200);
    assert_eq!(soon.body["count"], 3);

    let window = |from: &str, to: &str| {
        format!(
            "/v1/bookings/availability?room_id={}&date=2027-01-05&start_time={from}&end_time={to}",
            room.id
        )
    };
    let free = async |from: &str, to: &str| {
        app.get(&window(from, to)).send().await.expect(200).body["available"].clone()
    };
    assert_eq!((free("09:30", "10:30").await, free("12:00", "13:00").await), (json!(false), json!(true)));
    app.get(&window("13:00", "12:00")).send().await.refused(400, "bad_request");
    app.get("/v1/bookings/availability").send().await.refused(400, "bad_request");
}

#[tokio::test]
async fn the_administrators_tools_do_what_the_source_only_said() {
    let app = TestApp::start().await;
    let (anna, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let (room, spare) = (blue(&app).await, blue(&app).await);
    let mut ids = Vec::new();
    for (from, to) in [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00"), ("12:00", "13:00")] {
        ids.push(text(&make(&app, &anna, &room, from, to).await.expect(201).body["booking_id"]));
    }
    let put = |id: &str, tool: &str, body: Value| {
        app.put(&format!("/v1/admin/bookings/{id}{tool}"), body).by(&admin).send()
    };
    let window = format!(
        "/v1/admin/bookings/conflicts?room_id={}&date=2027-01-05&start_time=09:30&end_time=11:00",
        room.id
    );
    let found = app.get(&window).by(&admin).send().await.expect(200).body;
    assert_eq!((&found["count"], &found["conflicts"][0]["username"]), (&json!(2), &json!(anna.user_name)));
    app.get(&window).by(&anna).send().await.refused(403, "forbidden");
    close(&app, &room).await;
    let moved =
        put(&ids[0], "/resolve", json!({ "action": "modify", "room_id": spare.id })).await.expect(200);
    assert_eq!(moved.body["room_id"], json!(spare.id));
    let kept =
        put(&ids[1], "/resolve", json!({ "action": "override", "reason": "dry again" })).await.expect(200);
    assert_eq!(kept.body["status"], "Confirmed");
    let moved =
        put(&ids[1], "", json!({ "start_time": "10:00", "end_time": "10:30", "room_id": spare.id })).await;
    assert_eq!(moved.expect(200).body["end_time"], "10:30:00");
    let gone = put(&ids[2], "/force-cancel", json!({})).await.expect(200);
    assert_eq!(gone.body["status"], "Cancelled");
    put(&ids[3], "/unblock", json!({})).await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_hours(30));
    let admin = app.renewed(&admin);
    let stuck = app.get("/v1/admin/bookings/stuck").by(&admin).send().await.expect(200).body;
    assert_eq!(stuck["count"], 3);
    let done = app.put(&format!("/v1/admin/bookings/{}/unblock", ids[3]), json!({})).by(&admin).send().await;
    assert_eq!(done.expect(200).body["status"], "Completed");
}
