//! Making places and rooms: by whom, once, and with unique names.

use domain::{Role, Scope};
use serde_json::json;

use super::{kinds, location, room, week};
use crate::harness::TestApp;

#[tokio::test]
async fn a_manager_adds_a_place_and_a_room_and_anybody_reads_them() {
    let app = TestApp::counted().await;
    let manager = app.person(Role::Manager).await;
    let body = json!({
        "name": "  Kreuzberg ", "address": "Oranienstraße 1, Berlin", "zone": "Europe/Berlin",
        "coordinates": { "latitude_e6": 52_500_000, "longitude_e6": 13_420_000 },
    });
    let made = app.post("/v2/locations", body).by(&manager).send().await.expect(201);
    let place = made.text_of("id");
    assert_eq!(made.header("location"), Some(format!("/v2/locations/{place}").as_str()));
    assert_eq!(made.text_of("name"), "Kreuzberg");
    let shown = app.get(&format!("/v2/locations/{place}")).send().await.expect(200);
    assert_eq!(shown.data(), made.data());
    assert_eq!(shown.header("cache-control"), Some("public, max-age=30"));

    let body = json!({
        "location_id": place, "name": "Blue room", "capacity": 8, "equipment": ["Beamer", "whiteboard", "beamer"],
        "attributes": { "Floor": "3rd" },
        "rules": {
            "grid": 30, "max_length": 240, "buffer_after": 15,
            "hours": { "week": week("09:00", "24:00"), "exceptions": { "2027-12-24": [] } },
        },
    });
    let made = app.post("/v2/rooms", body).by(&manager).send().await.expect(201);
    let (trips, writes) = made.usage();
    assert!(trips <= 2 && writes <= 10, "{trips} trips, {writes} write units");
    let id = made.text_of("id");
    assert_eq!(made.header("location"), Some(format!("/v2/rooms/{id}").as_str()));
    assert_eq!(made.data()["zone"], "Europe/Berlin");
    assert_eq!(made.data()["equipment"], json!(["beamer", "whiteboard"]));
    assert_eq!(made.data()["attributes"], json!({ "floor": "3rd" }));
    assert_eq!(made.data()["rules"]["min_length"], 30);
    assert_eq!(made.data()["rules"]["hours"]["exceptions"], json!({ "2027-12-24": [] }));
    assert_eq!(made.data()["rules"]["hours"]["week"], week("09:00", "24:00"));
    let shown = app.get(&format!("/v2/rooms/{id}")).send().await.expect(200);
    let tag = shown.header("etag").unwrap();
    assert_eq!((shown.data(), tag.starts_with("\"1-")), (made.data(), true), "{tag}");
    app.get(&format!("/v2/rooms/{id}")).header("if-none-match", tag).send().await.expect(304);
    assert_eq!(kinds(&app, &place).await, ["location.created"]);
    assert_eq!(kinds(&app, &id).await, ["room.created"]);
}

#[tokio::test]
async fn a_name_is_unique_where_it_is_whatever_its_case_and_free_again_afterwards() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let (here, there) = (location(&app, &manager, "Here").await, location(&app, &manager, "There").await);
    let again = json!({ "name": "HERE", "zone": "UTC" });
    let answer = app.post("/v2/locations", again).by(&manager).send().await.refused(409, "already_exists");
    assert_eq!(answer.body["details"]["field"], "/name");

    let blue = room(&app, &manager, &here, "Blue", 4).await;
    room(&app, &manager, &there, "Blue", 4).await;
    let green = room(&app, &manager, &here, "Green", 4).await;
    let taken = json!({ "name": "bLUE" });
    app.patch(&format!("/v2/rooms/{green}"), taken.clone())
        .by(&manager)
        .send()
        .await
        .refused(409, "already_exists");
    app.patch(&format!("/v2/rooms/{blue}"), taken.clone()).by(&manager).send().await.expect(200);
    app.patch(&format!("/v2/rooms/{blue}"), json!({ "name": "Red" })).by(&manager).send().await.expect(200);
    app.patch(&format!("/v2/rooms/{green}"), taken).by(&manager).send().await.expect(200);
    app.delete(&format!("/v2/rooms/{green}")).by(&manager).send().await.expect(200);
    room(&app, &manager, &here, "Blue", 4).await;
    assert_eq!(kinds(&app, &green).await, ["room.created", "room.updated", "room.retired"]);
}

#[tokio::test]
async fn a_retry_with_the_same_key_makes_nothing_twice() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let place = json!({ "name": "Here", "zone": "UTC" });
    let first = app.post("/v2/locations", place.clone()).by(&manager).key("k1").send().await.expect(201);
    let again = app.post("/v2/locations", place).by(&manager).key("k1").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (first.data(), Some("true")));
    let other = json!({ "name": "There", "zone": "UTC" });
    app.post("/v2/locations", other)
        .by(&manager)
        .key("k1")
        .send()
        .await
        .refused(422, "idempotency_key_reused");

    let body = json!({ "location_id": first.text_of("id"), "name": "Blue", "capacity": 4 });
    let first = app.post("/v2/rooms", body.clone()).by(&manager).key("k2").send().await.expect(201);
    let again = app.post("/v2/rooms", body.clone()).by(&manager).key("k2").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (first.data(), Some("true")));
    app.post("/v2/rooms", body).by(&manager).key("k3").send().await.refused(409, "already_exists");
    assert_eq!(kinds(&app, &first.text_of("id")).await, ["room.created"]);
}

#[tokio::test]
async fn only_managers_change_the_catalogue_and_only_within_their_scope() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let (here, there) = (location(&app, &admin, "Here").await, location(&app, &admin, "There").await);
    let mine = room(&app, &admin, &here, "Blue", 4).await;
    let foreign = room(&app, &admin, &there, "Blue", 4).await;
    let scope = Scope::Locations([here.parse().unwrap()].into());
    let manager = app.person_at(Role::Manager, scope).await;
    let new = |place: &str| json!({ "location_id": place, "name": "Green", "capacity": 1 });
    app.post("/v2/rooms", new(&here)).by(&manager).send().await.expect(201);
    app.post("/v2/rooms", new(&there)).by(&manager).send().await.refused(403, "forbidden");
    app.post("/v2/locations", json!({ "name": "Third", "zone": "UTC" }))
        .by(&manager)
        .send()
        .await
        .refused(403, "forbidden");
    app.patch(&format!("/v2/locations/{here}"), json!({ "address": "1" }))
        .by(&manager)
        .send()
        .await
        .expect(200);
    app.patch(&format!("/v2/locations/{there}"), json!({ "address": "1" }))
        .by(&manager)
        .send()
        .await
        .refused(403, "forbidden");
    let v1 = json!({ "room_name": "Grey", "Capacity": 1, "room_location": "There" });
    app.post("/v1/rooms/add", v1).by(&manager).send().await.refused(403, "forbidden");
    let out = json!({ "reason": "paint" });
    for (id, status) in [(&mine, 200), (&foreign, 403)] {
        let path = format!("/v2/rooms/{id}");
        app.patch(&path, json!({ "capacity": 2 })).by(&manager).send().await.expect(status);
        app.post(&format!("{path}/out-of-service"), out.clone()).by(&manager).send().await.expect(status);
        app.delete(&format!("{path}/out-of-service")).by(&manager).send().await.expect(status);
        app.delete(&path).by(&manager).send().await.expect(status);
    }
    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Admin | Role::Manager)) {
        let person = app.person(role).await;
        app.post("/v2/rooms", new(&here)).by(&person).send().await.refused(403, "forbidden");
        app.delete(&format!("/v2/rooms/{foreign}")).by(&person).send().await.refused(403, "forbidden");
        app.put("/v1/rooms/update", json!({})).by(&person).send().await.refused(403, "forbidden");
    }
    app.post("/v2/rooms", new(&here)).send().await.refused(401, "unauthenticated");
}
