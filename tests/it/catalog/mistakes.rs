//! Bad fields, told all at once, and changes that are refused.

use domain::{LocationId, Role};
use serde_json::{Value, json};

use super::{kinds, location, names, pointers, room, week};
use crate::harness::TestApp;

#[tokio::test]
async fn every_bad_field_of_a_room_is_told_at_once() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let body = json!({
        "location_id": "loc_x", "name": " ", "capacity": 0, "equipment": ["ok", ""], "attributes": { "a": "" }, "colour": 1,
        "rules": {
            "grid": 7, "min_length": 60, "max_length": 30, "max_notice": 0,
            "hours": { "week": week("17:00", "09:00") },
        },
    });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected = [
        "/attributes/a",
        "/capacity",
        "/colour",
        "/equipment/1",
        "/location_id",
        "/name",
        "/rules/grid",
        "/rules/hours/week/0/0/end",
        "/rules/max_length",
        "/rules/max_notice",
        "/rules/min_notice",
    ];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let body =
        json!({ "location_id": 7, "capacity": "big", "rules": { "grid": "x", "hours": [], "colour": 1 } });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected = ["/capacity", "/location_id", "/name", "/rules/colour", "/rules/grid", "/rules/hours"];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let many: Vec<String> = (0..51).map(|n| format!("tag {n}")).collect();
    let unknown = LocationId::derived([1; 16]).to_string();
    let body = json!({ "location_id": unknown, "name": "A", "capacity": 1, "equipment": many });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/equipment".to_owned()].into());
    let body = json!({ "location_id": unknown, "name": "A", "capacity": 1 });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/location_id".to_owned(), "unknown".to_owned())]);
    app.post("/v2/rooms", json!({})).by(&manager).send().await.refused(422, "validation_failed");
    app.call(reqwest::Method::POST, "/v2/rooms")
        .by(&manager)
        .raw("application/json", "{")
        .send()
        .await
        .refused(400, "malformed_body");
    app.call(reqwest::Method::POST, "/v2/rooms")
        .by(&manager)
        .raw("text/plain", "{}")
        .send()
        .await
        .refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn every_bad_field_of_a_location_is_told_at_once_and_its_zone_never_changes() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let body = json!({ "zone": "Mars/Base", "address": "", "coordinates": { "latitude_e6": 90_000_001, "longitude_e6": -180_000_001 } });
    let answer = app.post("/v2/locations", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected = ["/address", "/coordinates/latitude_e6", "/coordinates/longitude_e6", "/name", "/zone"];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let place = location(&app, &manager, "Here").await;
    let path = format!("/v2/locations/{place}");
    let body = json!({ "name": null, "zone": "UTC", "coordinates": { "latitude_e6": 1 } });
    let answer = app.patch(&path, body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/coordinates", "/name", "/zone"].map(str::to_owned).into());
    let body = json!({ "name": "There", "zone": "Europe/Berlin", "address": "Way 1" });
    let changed = app.patch(&path, body).by(&manager).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((changed.text_of("name"), changed.header("etag")), ("There".to_owned(), Some("\"2\"")));
    app.patch(&path, json!({}))
        .by(&manager)
        .header("if-match", "\"1\"")
        .send()
        .await
        .refused(412, "precondition_failed");
    let gone = app.patch(&path, json!({ "address": null })).by(&manager).send().await.expect(200);
    assert_eq!(gone.data()["address"], Value::Null);
    assert_eq!(kinds(&app, &place).await, ["location.created", "location.updated", "location.updated"]);
    location(&app, &manager, "Here").await;
    let listed = app.get("/v2/locations?limit=1").send().await.expect(200);
    assert_eq!(names(&listed), ["Here"]);
    let cursor = listed.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let next = app.get(&format!("/v2/locations?limit=1&cursor={cursor}")).send().await.expect(200);
    assert_eq!(names(&next), ["There"]);
    app.get(&format!("/v2/rooms?limit=1&cursor={cursor}")).send().await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_a_stale_one_is_refused() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let place = location(&app, &manager, "Here").await;
    let path = format!("/v2/rooms/{}", room(&app, &manager, &place, "Blue", 4).await);
    let change = json!({
        "capacity": 6, "equipment": ["tv"], "rules": { "grid": 30, "hours": { "week": week("09:00", "17:00") } },
    });
    app.patch(&path, change).by(&manager).send().await.refused(422, "validation_failed");
    let change = json!({
        "capacity": 6, "equipment": ["tv"],
        "rules": { "grid": 30, "min_length": 30, "hours": { "week": week("09:00", "17:00") } },
    });
    let changed = app.patch(&path, change).by(&manager).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!(
        (&changed.data()["capacity"], &changed.data()["rules"]["max_length"]),
        (&json!(6), &json!(1_440))
    );
    app.patch(&path, json!({ "capacity": 7 }))
        .by(&manager)
        .header("if-match", "\"1\"")
        .send()
        .await
        .refused(412, "precondition_failed");
    let change = json!({ "equipment": null, "rules": { "hours": { "exceptions": { "2027-05-01": [] } } } });
    let changed = app.patch(&path, change).by(&manager).send().await.expect(200);
    assert_eq!(changed.data()["equipment"], json!([]));
    assert_eq!(changed.data()["rules"]["hours"]["week"], week("09:00", "17:00"));
    assert_eq!(changed.data()["rules"]["hours"]["exceptions"], json!({ "2027-05-01": [] }));
    let change = json!({ "name": null, "capacity": null, "rules": { "grid": 7, "hours": { "week": week("9", "10") } } });
    let answer = app.patch(&path, change).by(&manager).send().await.refused(422, "validation_failed");
    assert!(
        pointers(&answer).is_superset(
            &["/name", "/capacity", "/rules/grid", "/rules/hours/week/0/0/start"].map(str::to_owned).into()
        ),
        "{answer:?}"
    );
    let change = json!({ "location_id": place, "retired": true, "version": 9 });
    let answer = app.patch(&path, change).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/location_id", "/retired", "/version"].map(str::to_owned).into());
    app.delete(&path)
        .by(&manager)
        .header("if-match", "\"1\"")
        .send()
        .await
        .refused(412, "precondition_failed");
    let retired = app.delete(&path).by(&manager).send().await.expect(200);
    assert_eq!(retired.data()["retired"], true);
    app.delete(&path).by(&manager).send().await.refused(409, "wrong_state");
    app.patch(&path, json!({ "capacity": 2 })).by(&manager).send().await.refused(409, "wrong_state");
    app.get(&path).send().await.expect(200);
    assert_eq!(names(&app.get("/v2/rooms").send().await.expect(200)), [""; 0]);
    app.get("/v2/rooms/res_nothing").send().await.refused(404, "not_found");
}
