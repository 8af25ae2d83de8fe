//! Rooms in the shapes of the source system.

use domain::{BookingState, Role};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{booked, location, pointers, without_ids};
use crate::harness::TestApp;

#[tokio::test]
async fn version_one_shows_rooms_as_the_source_system_did() {
    let app = TestApp::start().await;
    let (admin, auditor) = (app.person(Role::Admin).await, app.person(Role::Auditor).await);
    location(&app, &admin, "Main house").await;
    let body = json!({
        "room_name": "Blue room", "Capacity": 8, "room_location": "main HOUSE", "equipment": "Whiteboard, beamer,", "extra": 1,
    });
    let added = app.post("/v1/rooms/add", body).by(&admin).send().await.expect(201);
    insta::assert_json_snapshot!(without_ids(&added.body), @r#"
    {
      "capacity": 8,
      "equipment": "beamer, whiteboard",
      "room_id": "res_",
      "room_location": "Main house",
      "room_name": "Blue room",
      "room_status": "Available",
      "version": "v1"
    }
    "#);
    let id = added.body["room_id"].as_str().unwrap().to_owned();
    let start: Timestamp = app.now();
    let end = start + SignedDuration::from_hours(1);
    booked(&app, &id, admin.id, (&start.to_string(), &end.to_string()), BookingState::Confirmed).await;
    let listed = app.get("/v1/rooms").send().await.expect(200);
    insta::assert_json_snapshot!(without_ids(&listed.body), @r#"
    {
      "page": 1,
      "page_size": 20,
      "pages": 1,
      "rooms": [
        {
          "capacity": 8,
          "equipment": "beamer, whiteboard",
          "room_id": "res_",
          "room_location": "Main house",
          "room_name": "Blue room",
          "room_status": "Booked"
        }
      ],
      "total": 1,
      "version": "v1"
    }
    "#);
    assert_eq!(app.get("/v1/rooms/available").send().await.expect(200).body["total"], 0);
    app.advance(SignedDuration::from_hours(1));
    let auditor = app.renewed(&auditor);
    assert_eq!(app.get("/api/rooms/available").send().await.expect(200).body["total"], 1);
    for (query, total) in [
        ("capacity=8&location=MAIN&equipment=Board", 1),
        ("capacity=9", 0),
        ("location=annex", 0),
        ("equipment=phone", 0),
        ("", 1),
    ] {
        let found = app.get(&format!("/v1/rooms/search?{query}")).send().await.expect(200);
        assert_eq!(found.body["total"], total, "{query}");
    }
    app.get("/v1/rooms/search?capacity=many").send().await.refused(400, "bad_request");
    app.get("/v1/rooms?page=0").send().await.refused(400, "bad_request");
    app.get("/v1/rooms?page_size=101").send().await.refused(400, "bad_request");
    let beyond = app.get("/v1/rooms?page=4000000000").send().await.expect(200);
    assert_eq!((&beyond.body["rooms"], &beyond.body["total"]), (&json!([]), &json!(1)));
    assert_eq!(app.get("/v1/auditor/rooms").by(&auditor).send().await.expect(200).body["total"], 1);
    app.get("/v1/auditor/rooms/Blue%20room").by(&auditor).send().await.expect(200);
    app.get("/v1/auditor/rooms").by(&app.person(Role::Manager).await).send().await.refused(403, "forbidden");
    app.get("/v1/rooms/Grey").send().await.refused(404, "not_found");
}

#[tokio::test]
async fn version_one_changes_rooms_and_never_stores_booked() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    location(&app, &admin, "House").await;
    location(&app, &admin, "Annex").await;
    let bad = json!({ "room_name": "Blue", "room_location": "Nowhere", "room_status": "Booked" });
    let answer = app.post("/v1/rooms/add", bad).by(&admin).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/Capacity", "/room_location", "/room_status"].map(str::to_owned).into());
    for place in ["House", "Annex"] {
        let body = json!({ "room_name": "Blue", "capacity": 8, "room_location": place });
        app.post("/v1/rooms/add", body).by(&admin).send().await.expect(201);
    }
    let several = app.get("/v1/rooms/Blue").send().await.refused(409, "wrong_state");
    assert_eq!(several.body["details"]["candidates"].as_array().unwrap().len(), 2);
    let annex = app.get("/v1/rooms/Blue?location=annex").send().await.expect(200);
    assert_eq!(annex.body["room_location"], "Annex");
    app.get("/v1/rooms/Blue?location=nowhere").send().await.refused(404, "not_found");

    let update = |status: &str, place: &str| json!({ "room_name": "Blue", "Capacity": 3, "room_location": place, "room_status": status, "equipment": "tv" });
    let call = |body: Value| app.put("/v1/rooms/update", body).by(&admin);
    let room = call(update("Out-of-Service", "House")).send().await.expect(200);
    assert_eq!(
        (&room.body["room_status"], &room.body["equipment"]),
        (&json!("Out-of-Service"), &json!("tv"))
    );
    let room = call(update("Available", "House")).send().await.expect(200);
    assert_eq!(room.body["room_status"], "Available");
    let answer = call(update("Booked", "House")).send().await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/room_status".to_owned(), "derived".to_owned())]);
    let answer = call(json!({ "room_name": "Blue" })).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/room_location", "/room_status"].map(str::to_owned).into());

    let toggle = |body: Value| app.put("/v1/rooms/toggle_status/Blue?location=House", body).by(&admin);
    toggle(json!({})).send().await.refused(422, "validation_failed");
    toggle(json!({ "room_status": "Booked" })).send().await.refused(422, "validation_failed");
    let out = app.put("/v1/facility_manager/rooms/out_of_service/Blue?location=House", json!({})).by(&admin);
    let out = out.send().await.expect(200);
    assert_eq!(
        (&out.body["room_status"], &out.body["affected_bookings"]),
        (&json!("Out-of-Service"), &json!([]))
    );
    let bare = app.call(reqwest::Method::PUT, "/v1/rooms/toggle_status/Blue?location=House").by(&admin);
    assert_eq!(bare.send().await.expect(200).body["room_status"], "Available");
    assert_eq!(
        toggle(json!({ "room_status": "Available" })).send().await.expect(200).body["room_status"],
        "Available"
    );
    let deleted = app.delete("/v1/rooms/delete/Blue?location=House").by(&admin).send().await.expect(200);
    insta::assert_json_snapshot!(deleted.body, @r#"
    {
      "message": "Room deleted successfully",
      "room_name": "Blue",
      "version": "v1"
    }
    "#);
    app.get("/v1/rooms/Blue").send().await.expect(200);
}
