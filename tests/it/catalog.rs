//! Places and rooms: made, changed, found, out of service, retired; by whom, and with what mistakes.

use std::collections::BTreeSet;

use domain::{Booking, BookingId, BookingState, Location, LocationId, Resource, Role, Scope, Span, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Tx;

use crate::harness::{Answer, Person, TestApp};

/// A location in Berlin.
pub async fn location(app: &TestApp, by: &Person, name: &str) -> String {
    let body = json!({ "name": name, "zone": "Europe/Berlin" });
    app.post("/v2/locations", body).by(by).send().await.expect(201).text_of("id")
}

/// A room with the default rules.
pub async fn room(app: &TestApp, by: &Person, location: &str, name: &str, capacity: u32) -> String {
    let body = json!({ "location": location, "name": name, "capacity": capacity });
    app.post("/v2/rooms", body).by(by).send().await.expect(201).text_of("id")
}

/// A booking with its claim, made without the `bookings` group.
pub async fn booked(
    app: &TestApp,
    room: &str,
    user: UserId,
    (start, end): (&str, &str),
    state: BookingState,
) -> Booking {
    let room: Resource = app.store().resource(room.parse().unwrap()).await.unwrap();
    let span = Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
    let now = app.now();
    let booking = Booking {
        id: BookingId::new(now, env::random()),
        resource: room.id,
        location: room.location,
        zone: room.zone,
        user,
        booked_by: None,
        span,
        buffers: (room.rules.buffer_before, room.rules.buffer_after),
        state,
        hold_until: (state == BookingState::Held).then(|| now + SignedDuration::from_mins(10)),
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        last_request: None,
    };
    let mut tx = Tx::new();
    tx.insert_booking(app.store(), &booking);
    if state.claims() {
        let changes = ledger::Changes::new().take(&ledger::Claim::of(&booking));
        changes.add_to(&mut tx, app.store(), now).unwrap();
    }
    app.store().commit(tx).await.unwrap();
    booking
}

/// The kinds of the events of a record, oldest first.
pub async fn kinds(app: &TestApp, subject: &str) -> Vec<String> {
    let events = app.store().events_of(subject, 100, None).await.unwrap().items;
    assert!(events.is_sorted_by_key(|event| event.sequence));
    events.into_iter().map(|event| event.kind).collect()
}

/// A value with every id made the same.
pub fn without_ids(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() == 30 && text.as_bytes()[3] == b'_' => text[..4].into(),
        Value::Array(values) => values.iter().map(without_ids).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), without_ids(value))).collect(),
        value => value.clone(),
    }
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect()
}

fn pointers(answer: &Answer) -> BTreeSet<String> {
    answer.fields().into_iter().map(|(pointer, _)| pointer).collect()
}

fn week(start: &str, end: &str) -> Value {
    json!([[{ "start": start, "end": end }], [], [], [], [], [], []])
}

#[tokio::test]
async fn a_manager_adds_a_place_and_a_room_and_anybody_reads_them() {
    let app = TestApp::start().await;
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
        "location": place, "name": "Blue room", "capacity": 8, "equipment": ["Beamer", "whiteboard", "beamer"],
        "attributes": { "Floor": "3rd" },
        "rules": {
            "grid": 30, "max_length": 240, "buffer_after": 15,
            "hours": { "week": week("09:00", "24:00"), "exceptions": { "2027-12-24": [] } },
        },
    });
    let made = app.post("/v2/rooms", body).by(&manager).send().await.expect(201);
    let id = made.text_of("id");
    assert_eq!(made.header("location"), Some(format!("/v2/rooms/{id}").as_str()));
    assert_eq!(made.data()["zone"], "Europe/Berlin");
    assert_eq!(made.data()["equipment"], json!(["beamer", "whiteboard"]));
    assert_eq!(made.data()["attributes"], json!({ "floor": "3rd" }));
    assert_eq!(made.data()["rules"]["min_length"], 30);
    assert_eq!(made.data()["rules"]["hours"]["exceptions"], json!({ "2027-12-24": [] }));
    assert_eq!(made.data()["rules"]["hours"]["week"], week("09:00", "24:00"));
    let shown = app.get(&format!("/v2/rooms/{id}")).send().await.expect(200);
    assert_eq!((shown.data(), shown.header("etag")), (made.data(), Some("\"1\"")));
    app.get(&format!("/v2/rooms/{id}")).header("if-none-match", "\"1\"").send().await.expect(304);
    assert_eq!(kinds(&app, &place).await, ["location.created"]);
    assert_eq!(kinds(&app, &id).await, ["room.created"]);
}

#[tokio::test]
async fn every_bad_field_of_a_room_is_told_at_once() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let body = json!({
        "location": "loc_x", "name": " ", "capacity": 0, "equipment": ["ok", ""], "attributes": { "a": "" }, "colour": 1,
        "rules": {
            "grid": 7, "min_length": 60, "max_length": 30, "max_notice": 0,
            "hours": { "week": week("17:00", "09:00") },
        },
    });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected = [
        "/attributes/a", "/capacity", "/colour", "/equipment/1", "/location", "/name", "/rules/grid",
        "/rules/hours/week/0/0/end", "/rules/max_length", "/rules/max_notice", "/rules/min_notice",
    ];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let body = json!({ "location": 7, "capacity": "big", "rules": { "grid": "x", "hours": [], "colour": 1 } });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected = ["/capacity", "/location", "/name", "/rules/colour", "/rules/grid", "/rules/hours"];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let many: Vec<String> = (0..51).map(|n| format!("tag {n}")).collect();
    let unknown = LocationId::derived([1; 16]).to_string();
    let body = json!({ "location": unknown, "name": "A", "capacity": 1, "equipment": many });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/equipment".to_owned()].into());
    let body = json!({ "location": unknown, "name": "A", "capacity": 1 });
    let answer = app.post("/v2/rooms", body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/location".to_owned(), "unknown".to_owned())]);
    app.post("/v2/rooms", json!({})).by(&manager).send().await.refused(422, "validation_failed");
    app.call(reqwest::Method::POST, "/v2/rooms").by(&manager).raw("application/json", "{").send().await.refused(400, "malformed_body");
    app.call(reqwest::Method::POST, "/v2/rooms").by(&manager).raw("text/plain", "{}").send().await.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn every_bad_field_of_a_location_is_told_at_once_and_its_zone_never_changes() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let body = json!({ "zone": "Mars/Base", "address": "", "coordinates": { "latitude_e6": 90_000_001, "longitude_e6": -180_000_001 } });
    let answer = app.post("/v2/locations", body).by(&manager).send().await.refused(422, "validation_failed");
    let expected =
        ["/address", "/coordinates/latitude_e6", "/coordinates/longitude_e6", "/name", "/zone"];
    assert_eq!(pointers(&answer), expected.map(str::to_owned).into());

    let place = location(&app, &manager, "Here").await;
    let path = format!("/v2/locations/{place}");
    let body = json!({ "name": null, "zone": "UTC", "coordinates": { "latitude_e6": 1 } });
    let answer = app.patch(&path, body).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/coordinates", "/name", "/zone"].map(str::to_owned).into());
    let body = json!({ "name": "There", "zone": "Europe/Berlin", "address": "Way 1" });
    let changed = app.patch(&path, body).by(&manager).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((changed.text_of("name"), changed.header("etag")), ("There".to_owned(), Some("\"2\"")));
    app.patch(&path, json!({})).by(&manager).header("if-match", "\"1\"").send().await.refused(412, "precondition_failed");
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
    app.patch(&format!("/v2/rooms/{green}"), taken.clone()).by(&manager).send().await.refused(409, "already_exists");
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
    app.post("/v2/locations", other).by(&manager).key("k1").send().await.refused(422, "idempotency_key_reused");

    let body = json!({ "location": first.text_of("id"), "name": "Blue", "capacity": 4 });
    let first = app.post("/v2/rooms", body.clone()).by(&manager).key("k2").send().await.expect(201);
    let again = app.post("/v2/rooms", body.clone()).by(&manager).key("k2").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (first.data(), Some("true")));
    app.post("/v2/rooms", body).by(&manager).key("k3").send().await.refused(409, "already_exists");
    assert_eq!(kinds(&app, &first.text_of("id")).await, ["room.created"]);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_a_stale_one_is_refused() {
    let app = TestApp::start().await;
    let manager = app.person(Role::Manager).await;
    let place = location(&app, &manager, "Here").await;
    let path = format!("/v2/rooms/{}", room(&app, &manager, &place, "Blue", 4).await);
    let patch = json!({
        "capacity": 6, "equipment": ["tv"], "rules": { "grid": 30, "hours": { "week": week("09:00", "17:00") } },
    });
    app.patch(&path, patch).by(&manager).send().await.refused(422, "validation_failed");
    let patch = json!({
        "capacity": 6, "equipment": ["tv"],
        "rules": { "grid": 30, "min_length": 30, "hours": { "week": week("09:00", "17:00") } },
    });
    let changed = app.patch(&path, patch).by(&manager).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((&changed.data()["capacity"], &changed.data()["rules"]["max_length"]), (&json!(6), &json!(1_440)));
    app.patch(&path, json!({ "capacity": 7 })).by(&manager).header("if-match", "\"1\"").send().await.refused(412, "precondition_failed");
    let patch = json!({ "equipment": null, "rules": { "hours": { "exceptions": { "2027-05-01": [] } } } });
    let changed = app.patch(&path, patch).by(&manager).send().await.expect(200);
    assert_eq!(changed.data()["equipment"], json!([]));
    assert_eq!(changed.data()["rules"]["hours"]["week"], week("09:00", "17:00"));
    assert_eq!(changed.data()["rules"]["hours"]["exceptions"], json!({ "2027-05-01": [] }));
    let patch = json!({ "name": null, "capacity": null, "rules": { "grid": 7, "hours": { "week": week("9", "10") } } });
    let answer = app.patch(&path, patch).by(&manager).send().await.refused(422, "validation_failed");
    assert!(pointers(&answer).is_superset(&["/name", "/capacity", "/rules/grid", "/rules/hours/week/0/0/start"].map(str::to_owned).into()), "{answer:?}");
    let patch = json!({ "location": place, "retired": true, "version": 9 });
    let answer = app.patch(&path, patch).by(&manager).send().await.refused(422, "validation_failed");
    assert_eq!(pointers(&answer), ["/location", "/retired", "/version"].map(str::to_owned).into());
    app.delete(&path).by(&manager).header("if-match", "\"1\"").send().await.refused(412, "precondition_failed");
    let retired = app.delete(&path).by(&manager).send().await.expect(200);
    assert_eq!(retired.data()["retired"], true);
    app.delete(&path).by(&manager).send().await.refused(409, "wrong_state");
    app.patch(&path, json!({ "capacity": 2 })).by(&manager).send().await.refused(409, "wrong_state");
    app.get(&path).send().await.expect(200);
    assert_eq!(names(&app.get("/v2/rooms").send().await.expect(200)), [""; 0]);
    app.get("/v2/rooms/res_nothing").send().await.refused(404, "not_found");
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
    let new = |place: &str| json!({ "location": place, "name": "Green", "capacity": 1 });
    app.post("/v2/rooms", new(&here)).by(&manager).send().await.expect(201);
    app.post("/v2/rooms", new(&there)).by(&manager).send().await.refused(403, "forbidden");
    app.post("/v2/locations", json!({ "name": "Third", "zone": "UTC" })).by(&manager).send().await.refused(403, "forbidden");
    app.patch(&format!("/v2/locations/{here}"), json!({ "address": "1" })).by(&manager).send().await.expect(200);
    app.patch(&format!("/v2/locations/{there}"), json!({ "address": "1" })).by(&manager).send().await.refused(403, "forbidden");
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

#[tokio::test]
async fn rooms_are_found_by_what_they_are_in_pages() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let (here, there) = (location(&app, &admin, "Here").await, location(&app, &admin, "There").await);
    for (place, name, capacity, equipment) in [
        (&here, "Small blue", 4, json!(["tv"])),
        (&here, "Large blue", 20, json!(["tv", "beamer"])),
        (&there, "Green", 12, json!(["beamer", "tv", "phone"])),
        (&there, "Tiny", 2, json!([])),
    ] {
        let body = json!({ "location": place, "name": name, "capacity": capacity, "equipment": equipment });
        app.post("/v2/rooms", body).by(&admin).send().await.expect(201);
    }
    let here_query = format!("location={here}");
    let here_large = format!("location={here}&capacity=5");
    for (query, expected) in [
        ("", vec!["Tiny", "Small blue", "Green", "Large blue"]),
        ("capacity=5", vec!["Green", "Large blue"]),
        ("capacity=21", vec![]),
        ("equipment=tv&equipment=BEAMER", vec!["Green", "Large blue"]),
        ("equipment=tv", vec!["Small blue", "Green", "Large blue"]),
        ("name=BLUE", vec!["Small blue", "Large blue"]),
        ("name=blue&capacity=5&equipment=beamer", vec!["Large blue"]),
        (here_query.as_str(), vec!["Large blue", "Small blue"]),
        (here_large.as_str(), vec!["Large blue"]),
    ] {
        let found = app.get(&format!("/v2/rooms?{query}")).send().await.expect(200);
        assert_eq!(names(&found), expected, "{query}");
    }
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/v2/rooms?limit=1&equipment=tv{cursor}")).send().await.expect(200);
        all.extend(names(&page));
        match page.body["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(all, ["Small blue", "Green", "Large blue"]);
    let moved = app.get(&format!("/v2/rooms?limit=1&equipment=phone{cursor}")).send().await;
    moved.refused(400, "invalid_cursor");
    let none = LocationId::derived([9; 16]);
    assert_eq!(names(&app.get(&format!("/v2/rooms?location={none}")).send().await.expect(200)), [""; 0]);

    let bad = "capacity=0&location=x&equipment=&name=&free_from=noon&limit=0&colour=1";
    let answer = app.get(&format!("/v2/rooms?{bad}")).send().await.refused(400, "bad_request");
    let wanted = ["/query/capacity", "/query/location", "/query/equipment", "/query/name", "/query/free_from", "/query/colour"];
    assert_eq!(pointers(&answer), wanted.map(str::to_owned).into());
    for bad in [
        "free_from=2027-01-04T10:00:00Z",
        "free_to=2027-01-04T10:00:00Z",
        "free_from=2027-01-04T10:00:00Z&free_to=2027-01-04T10:00:00Z",
        "free_from=2027-01-04T10:00:00Z&free_to=2027-02-04T10:00:00Z",
        "limit=101",
    ] {
        app.get(&format!("/v2/rooms?{bad}")).send().await.refused(400, "bad_request");
    }
}

#[tokio::test]
async fn a_page_is_filled_past_many_rooms_that_do_not_fit() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let place: Location = {
        let id = location(&app, &admin, "Here").await;
        app.store().location(id.parse().unwrap()).await.unwrap()
    };
    let first: Resource = {
        let id = room(&app, &admin, &place.id.to_string(), "Room 0", 4).await;
        app.store().resource(id.parse().unwrap()).await.unwrap()
    };
    // 620 more, of which only the last has a view.
    let rooms: Vec<Resource> = (1..=620_u32)
        .map(|n| Resource {
            id: domain::ResourceId::derived(u128::from(n).to_be_bytes()),
            name: format!("Room {n}").parse().unwrap(),
            attributes: Default::default(),
            equipment: (n == 620).then(|| "view".parse().unwrap()).into_iter().collect(),
            capacity: 4 + n,
            ..first.clone()
        })
        .collect();
    for some in rooms.chunks(50) {
        let mut tx = Tx::new();
        some.iter().for_each(|room| tx.insert_resource(app.store(), room));
        app.store().commit(tx).await.unwrap();
    }
    let short = app.get("/v2/rooms?equipment=view").send().await.expect(200);
    assert_eq!((names(&short).len(), &short.body["meta"]["has_more"]), (0, &json!(true)));
    assert!(short.usage().0 <= 5, "{:?}", short.usage());
    let cursor = short.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let rest = app.get(&format!("/v2/rooms?equipment=view&cursor={cursor}")).send().await.expect(200);
    assert_eq!((names(&rest), &rest.body["meta"]["has_more"]), (vec!["Room 620".to_owned()], &json!(false)));
    let v1 = app.get("/v1/rooms?page=2&page_size=100").send().await.expect(200);
    assert_eq!((&v1.body["total"], &v1.body["pages"]), (&json!(621), &json!(7)));
    assert_eq!(v1.body["rooms"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn rooms_are_found_by_when_they_are_free() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let place = location(&app, &admin, "Here").await;
    let mut ids = Vec::new();
    for (name, capacity, rules) in [
        ("Free", 1, json!({})),
        ("Taken", 2, json!({})),
        ("Held", 3, json!({})),
        ("Buffered", 4, json!({ "buffer_before": 30 })),
        ("Closed", 5, json!({ "hours": { "week": week("09:00", "10:00") } })),
        ("Long", 6, json!({ "min_length": 120 })),
        ("Broken", 7, json!({})),
    ] {
        let body = json!({ "location": place, "name": name, "capacity": capacity, "rules": rules });
        ids.push(app.post("/v2/rooms", body).by(&admin).send().await.expect(201).text_of("id"));
    }
    let hour = ("2027-01-04T13:00:00Z", "2027-01-04T14:00:00Z");
    booked(&app, &ids[1], admin.id, hour, BookingState::Confirmed).await;
    booked(&app, &ids[2], admin.id, ("2027-01-04T13:45:00Z", "2027-01-04T14:45:00Z"), BookingState::Held).await;
    booked(&app, &ids[3], admin.id, ("2027-01-04T12:00:00Z", "2027-01-04T12:45:00Z"), BookingState::Confirmed).await;
    let out = json!({ "reason": "leak", "from": "2027-01-04T13:30:00Z", "until": "2027-01-04T15:00:00Z" });
    app.post(&format!("/v2/rooms/{}/out-of-service", ids[6]), out).by(&admin).send().await.expect(200);

    let free = |from: &str, to: &str| app.get(&format!("/v2/rooms?free_from={from}&free_to={to}"));
    assert_eq!(names(&free(hour.0, hour.1).send().await.expect(200)), ["Free"]);
    let later = free("2027-01-04T15:00:00Z", "2027-01-04T17:00:00Z").send().await.expect(200);
    assert_eq!(names(&later), ["Free", "Taken", "Held", "Buffered", "Long", "Broken"]);
    let past = free("2027-01-04T07:00:00Z", "2027-01-04T08:00:00Z").send().await.expect(200);
    assert_eq!(names(&past), [""; 0]);
    let off_grid = free("2027-01-04T15:05:00Z", "2027-01-04T16:05:00Z").send().await.expect(200);
    assert_eq!(names(&off_grid), [""; 0]);
    app.advance(SignedDuration::from_mins(11));
    let after_hold = app.get(&format!("/v2/rooms?capacity=3&free_from={}&free_to={}", hour.0, hour.1)).send().await;
    assert_eq!(names(&after_hold.expect(200)), ["Held"]);
}

#[tokio::test]
async fn an_outage_lists_the_bookings_that_it_touches_and_tells_each_once() {
    let app = TestApp::start().await;
    let (admin, customer) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
    let place = location(&app, &admin, "Here").await;
    let (id, other) = (room(&app, &admin, &place, "Blue", 4).await, room(&app, &admin, &place, "Green", 4).await);
    let make = async |room: &str, start: &str, end: &str, state| {
        booked(&app, room, customer.id, (start, end), state).await.id.to_string()
    };
    let confirmed = BookingState::Confirmed;
    let before = make(&id, "2027-01-05T09:00:00Z", "2027-01-05T10:00:00Z", confirmed).await;
    let over_midnight = make(&id, "2027-01-05T22:00:00Z", "2027-01-06T10:00:00Z", confirmed).await;
    let held = make(&id, "2027-01-06T12:00:00Z", "2027-01-06T13:00:00Z", BookingState::Held).await;
    make(&id, "2027-01-06T14:00:00Z", "2027-01-06T15:00:00Z", BookingState::Cancelled).await;
    make(&other, "2027-01-06T14:00:00Z", "2027-01-06T15:00:00Z", confirmed).await;
    let far = make(&id, "2028-01-03T14:00:00Z", "2028-01-03T15:00:00Z", confirmed).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let bookings = answer.data()["bookings"].as_array().unwrap();
        bookings.iter().map(|booking| booking["id"].as_str().unwrap().to_owned()).collect()
    };

    let path = format!("/v2/rooms/{id}/out-of-service");
    let window = json!({ "reason": "paint", "from": "2027-01-06T08:00:00Z", "until": "2027-01-07T08:00:00Z" });
    let out = app.post(&path, window).by(&admin).send().await.expect(200);
    assert_eq!(ids(&out), [over_midnight.clone(), held.clone()]);
    assert_eq!((&out.data()["notified"], &out.data()["more"]), (&json!(0), &json!(false)));
    assert_eq!(out.data()["room"]["out_of_service"]["reason"], "paint");
    assert_eq!(kinds(&app, &held).await, [""; 0]);

    let all = json!({ "reason": "flood", "then": "notify" });
    let out = app.post(&path, all.clone()).by(&admin).key("k1").send().await.expect(200);
    assert_eq!(ids(&out), [before.clone(), over_midnight, held.clone(), far.clone()]);
    assert_eq!(out.data()["notified"], 4);
    let again = app.post(&path, all).by(&admin).key("k1").send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.data()["notified"]), (Some("true"), &json!(4)));
    assert_eq!(kinds(&app, &far).await, ["booking.room_unavailable"]);
    let event = app.store().events_of(&held, 1, None).await.unwrap().items.remove(0);
    assert_eq!((event.sequence, &event.data["out_of_service"]["reason"]), (2, &json!("flood")));
    assert_eq!(event.data["after"]["user"], customer.id.to_string());

    let back = app.delete(&path).by(&admin).send().await.expect(200);
    assert_eq!(back.data()["out_of_service"], Value::Null);
    app.delete(&path).by(&admin).send().await.refused(409, "wrong_state");
    let events = ["room.created", "room.out_of_service", "room.out_of_service", "room.in_service"];
    assert_eq!(kinds(&app, &id).await, events);
    for (body, pointer) in [
        (json!({ "reason": "x", "from": "2027-01-06T08:00:00Z", "until": "2027-01-06T08:00:00Z" }), "/until"),
        (json!({ "reason": "x", "from": "2027-01-01T08:00:00Z", "until": "2027-01-02T08:00:00Z" }), "/until"),
        (json!({ "reason": "x", "then": "move" }), "/then"),
        (json!({ "from": "2027-01-06T08:00:00Z" }), "/reason"),
    ] {
        let answer = app.post(&path, body).by(&admin).send().await.refused(422, "validation_failed");
        assert_eq!(pointers(&answer), [pointer.to_owned()].into());
    }
}

#[tokio::test]
async fn a_room_is_not_retired_while_somebody_has_it_ahead() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let place = location(&app, &admin, "Here").await;
    let id = room(&app, &admin, &place, "Blue", 4).await;
    let hour = ("2027-01-04T09:00:00Z", "2027-01-04T10:00:00Z");
    booked(&app, &id, admin.id, hour, BookingState::Confirmed).await;
    let refused = app.delete(&format!("/v2/rooms/{id}")).by(&admin).send().await.refused(409, "wrong_state");
    assert_eq!(refused.body["details"]["first_taken"], hour.0);
    app.delete("/v1/rooms/delete/Blue").by(&admin).send().await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_hours(2));
    let admin = app.renewed(&admin);
    app.delete("/v1/rooms/delete/blue").by(&admin).send().await.expect(200);
    app.get("/v1/rooms/Blue").send().await.refused(404, "not_found");
}

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
    let (admin, auditor) = (app.renewed(&admin), app.renewed(&auditor));
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

    let update = |status: &str, place: &str| {
        json!({ "room_name": "Blue", "Capacity": 3, "room_location": place, "room_status": status, "equipment": "tv" })
    };
    let call = |body: Value| app.put("/v1/rooms/update", body).by(&admin);
    let room = call(update("Out-of-Service", "House")).send().await.expect(200);
    assert_eq!((&room.body["room_status"], &room.body["equipment"]), (&json!("Out-of-Service"), &json!("tv")));
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
    assert_eq!((&out.body["room_status"], &out.body["affected_bookings"]), (&json!("Out-of-Service"), &json!([])));
    let bare = app.call(reqwest::Method::PUT, "/v1/rooms/toggle_status/Blue?location=House").by(&admin);
    assert_eq!(bare.send().await.expect(200).body["room_status"], "Available");
    assert_eq!(toggle(json!({ "room_status": "Available" })).send().await.expect(200).body["room_status"], "Available");
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
