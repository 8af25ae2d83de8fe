//! Fewer trips: rooms by their ids, questions together, and what an answer names told with it.

use domain::Role;
use local::database::Data;
use serde_json::{Value, json};
use web::{Limits, Quotas};

use crate::harness::{Person, TestApp};

struct Office {
    app: TestApp,
    place: String,
    rooms: Vec<String>,
    admin: Person,
    anna: Person,
}

impl Office {
    async fn in_app(app: TestApp) -> Self {
        let (admin, anna) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
        let body = json!({ "name": "Berlin", "zone": "Europe/Berlin" });
        let place = app.post("/v2/locations", body).by(&admin).send().await.expect(201).text_of("id");
        let mut rooms = Vec::new();
        for name in ["Spree", "Havel"] {
            let body = json!({ "location_id": place, "name": name, "capacity": 6 });
            rooms.push(app.post("/v2/rooms", body).by(&admin).send().await.expect(201).text_of("id"));
        }
        Self { app, place, rooms, admin, anna }
    }

    async fn booking(&self, room: &str) -> String {
        let body = json!({ "room_id": room, "start": "2027-01-05T10:00:00Z", "end": "2027-01-05T11:00:00Z" });
        self.app.post("/v2/bookings", body).by(&self.anna).key(room).send().await.expect(201).text_of("id")
    }
}

#[tokio::test]
async fn what_a_booking_names_is_told_with_it_in_one_more_trip_however_many_there_are() {
    let office = Office::in_app(TestApp::counted().await).await;
    let (app, anna) = (&office.app, &office.anna);
    let id = office.booking(&office.rooms[0]).await;
    office.booking(&office.rooms[1]).await;
    let path = format!("/v2/bookings/{id}");
    let plain = app.get(&path).by(anna).send().await.expect(200);
    assert!(plain.data().get("room").is_none() && plain.data().get("user").is_none());
    let full = app.get(&format!("{path}?expand=room,location,user")).by(anna).send().await.expect(200);
    assert_eq!(full.data()["room"]["name"], "Spree");
    assert_eq!(
        full.data()["location"],
        json!({ "id": office.place, "name": "Berlin", "zone": "Europe/Berlin", "address": null })
    );
    assert_eq!(full.data()["user"], json!({ "id": anna.id.to_string(), "name": "The customer" }));
    assert_eq!((plain.usage().0, full.usage().0), (1, 2));
    let list = app.get("/v2/bookings?expand=room").by(anna).send().await.expect(200);
    let names: Vec<_> =
        list.data().as_array().unwrap().iter().map(|one| one["room"]["name"].clone()).collect();
    assert_eq!((names.len(), names.contains(&json!("Havel")), list.usage().0), (2, true, 2));
    // Who does not see the booking does not see its names.
    let other = app.person(Role::Customer).await;
    app.get(&format!("{path}?expand=user")).by(&other).send().await.refused(404, "not_found");
    for path in ["/v2/bookings?expand=payments", "/v2/orders?expand=room"] {
        let refused = app.get(path).by(anna).send().await.refused(400, "bad_request");
        assert_eq!(refused.fields()[0].0, "/query/expand", "{path}");
    }
}

#[tokio::test]
async fn rooms_are_read_by_their_ids_in_that_order_and_the_missing_are_named() {
    let office = Office::in_app(TestApp::counted().await).await;
    let app = &office.app;
    let (first, second) = (&office.rooms[0], &office.rooms[1]);
    let missing = "res_00000000000000000000000001";
    let path = format!("/v2/rooms?ids={second},{missing},{first},{second}");
    let answer = app.get(&path).send().await.expect(200);
    let ids: Vec<_> = answer.data().as_array().unwrap().iter().map(|room| room["id"].clone()).collect();
    assert_eq!((ids, answer.usage().0), (vec![json!(second), json!(first)], 1));
    assert_eq!(
        (&answer.body["meta"]["missing"], &answer.body["meta"]["has_more"]),
        (&json!([missing]), &json!(false))
    );
    let answer = app.get(&format!("{path}&expand=location")).send().await.expect(200);
    let names: Vec<&Value> =
        answer.data().as_array().unwrap().iter().map(|room| &room["location"]["name"]).collect();
    assert_eq!((names, answer.usage().0), (vec![&json!("Berlin"); 2], 2));
    let many = vec![first.as_str(); 60].join(",");
    app.get(&format!("/v2/rooms?ids={many}")).send().await.expect(200);
    for wrong in [format!("{path}&capacity=2"), "/v2/rooms?ids=".to_owned(), "/v2/rooms?ids=usr_1".to_owned()]
    {
        let refused = app.get(&wrong).send().await.refused(400, "bad_request");
        assert_eq!(refused.fields()[0].0, "/query/ids", "{wrong}");
    }
    let one = app.get(&format!("/v2/rooms/{first}?expand=location")).send().await.expect(200);
    assert_eq!((&one.data()["location"]["id"], one.usage().0), (&json!(office.place), 2));
}

#[tokio::test]
async fn questions_asked_together_are_answered_each_by_itself_and_counted_each() {
    let limits = Some(Limits::new(Quotas::parse("search=8/60").unwrap(), None));
    let app = TestApp::start_with(local::Options { limits, ..local::Options::new(Data::Memory) }).await;
    let office = Office::in_app(app).await;
    let (app, anna) = (&office.app, &office.anna);
    let pool = json!({ "location_id": office.place, "name": "Double room", "kind": "nightly" });
    let pool = app.post("/v2/pools", pool).by(&office.admin).key("p").send().await.expect(201).text_of("id");
    let day = |id: &str| json!({ "room_id": id, "from": "2027-01-05", "to": "2027-01-06", "length": 60 });
    let nights = json!({ "pool_id": pool, "from": "2027-01-05", "to": "2027-01-07" });
    let questions = json!({ "questions": [day(&office.rooms[0]), day("res_00000000000000000000000001"), nights, { "from": "2027-01-05" }] });
    let ask = |questions: &Value| app.post("/v2/availability/batch", questions.clone());
    let alone = app
        .get(&format!("/v2/rooms/{}/availability?from=2027-01-05&to=2027-01-06&length=60", office.rooms[0]));
    let alone = alone.by(anna).send().await.expect(200);
    let answer = ask(&questions).by(anna).send().await.expect(200);
    let told = |answer: &crate::harness::Answer| -> Vec<(u64, Value)> {
        let all = answer.data().as_array().unwrap();
        all.iter().map(|one| (one["status"].as_u64().unwrap(), one["code"].clone())).collect()
    };
    let expected =
        [(200, Value::Null), (404, json!("not_found")), (200, Value::Null), (400, json!("bad_request"))];
    assert_eq!(told(&answer), expected);
    assert_eq!(&answer.data()[0]["room"], alone.data());
    assert_eq!(answer.data()[2]["pool"]["cells"].as_array().unwrap().len(), 2);
    // Pools are for whoever is signed in; the others are answered.
    let expected = [
        (200, Value::Null),
        (404, json!("not_found")),
        (401, json!("unauthenticated")),
        (400, json!("bad_request")),
    ];
    assert_eq!(told(&ask(&questions).send().await.expect(200)), expected);
    // Five of her eight are gone. Four more are too many, and the request itself is one of them; two are not.
    ask(&questions).by(anna).send().await.refused(429, "rate_limited");
    let two = json!({ "questions": [day(&office.rooms[0]), day(&office.rooms[1])] });
    ask(&two).by(anna).send().await.expect(200);
    let many = json!({ "questions": vec![day(&office.rooms[0]); 21] });
    ask(&many).send().await.refused(422, "validation_failed");
    ask(&json!({ "questions": [] })).send().await.refused(422, "validation_failed");
}

#[tokio::test]
async fn what_fails_for_no_fault_of_who_asks_fails_the_request_and_not_a_question() {
    let office = Office::in_app(TestApp::here().await).await;
    let app = &office.app;
    let question =
        json!({ "room_id": office.rooms[0], "from": "2027-01-05", "to": "2027-01-06", "length": 60 });
    let questions = json!({ "questions": [question] });
    app.server().database().close();
    app.post("/v2/availability/batch", questions).send().await.refused(503, "unavailable");
}
