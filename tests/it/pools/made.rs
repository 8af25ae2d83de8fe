//! Pools made, named, retired; by whom, and with what mistakes.

use domain::{Permission, Role, Scope};
use serde_json::{Value, json};

use super::{House, stay, units};
use crate::harness::roles_with;
use crate::office;

#[tokio::test]
async fn a_pool_is_made_read_listed_renamed_and_retired() {
    let house = House::start().await;
    let app = &house.app;
    let body = json!({ "location_id": house.place.id, "name": " Double room ", "kind": "nightly" });
    let made = app.post("/v2/pools", body.clone()).by(&house.desk).key("one").send().await.expect(201);
    let path = format!("/v2/pools/{}", made.text_of("id"));
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!((made.text_of("name"), made.text_of("zone")), ("Double room".into(), "Europe/Berlin".into()));
    let read = app.get(&path).by(&house.anna).send().await.expect(200);
    assert_eq!(read.data(), made.data());
    let tag = read.header("etag").unwrap();
    app.get(&path).by(&house.anna).header("if-none-match", tag).send().await.expect(304);
    let again = app.post("/v2/pools", body.clone()).by(&house.desk).key("one").send().await.expect(201);
    assert_eq!(
        (again.text_of("id"), again.header("idempotent-replayed")),
        (made.text_of("id"), Some("true"))
    );
    app.post("/v2/pools", body.clone()).by(&house.desk).send().await.refused(409, "already_exists");
    let other = json!({ "location_id": house.place.id, "name": "Suite", "kind": "nightly" });
    let reused = app.post("/v2/pools", other.clone()).by(&house.desk).key("one").send().await;
    reused.refused(422, "idempotency_key_reused");
    app.post("/v2/pools", other).by(&house.desk).send().await.expect(201);

    let list = format!("/v2/pools?location_id={}", house.place.id);
    let first = app.get(&format!("{list}&limit=1")).by(&house.anna).send().await.expect(200);
    assert_eq!(first.data()[0]["name"], "Double room");
    let cursor = first.body["meta"]["next_cursor"].as_str().unwrap();
    let next = app.get(&format!("{list}&limit=1&cursor={cursor}")).by(&house.anna).send().await.expect(200);
    assert_eq!(next.data()[0]["name"], "Suite");

    let rename = |name: Value| app.patch(&path, json!({ "name": name })).by(&house.desk);
    rename(json!("King room")).header("if-match", "\"7\"").send().await.refused(412, "precondition_failed");
    let renamed = rename(json!("King room")).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((renamed.text_of("name"), &renamed.data()["version"]), ("King room".into(), &json!(2)));
    assert_eq!(rename(Value::Null).send().await.expect(422).fields(), [("/name".into(), "required".into())]);
    rename(json!("suite")).send().await.refused(409, "already_exists");

    let retired = app.delete(&path).by(&house.desk).send().await.expect(200);
    assert_eq!(retired.data()["retired"], true);
    rename(json!("Queen room")).send().await.refused(409, "wrong_state");
    house
        .offer(&made.text_of("id"), json!({ "from": "2027-02-01", "to": "2027-02-02", "capacity": 1 }))
        .await
        .refused(409, "wrong_state");
    app.get(&path).by(&house.anna).send().await.expect(200);
    assert_eq!(app.get(&list).by(&house.anna).send().await.data().as_array().unwrap().len(), 1);
    house
        .left(&house.anna, &made.text_of("id"), "?from=2027-02-01&to=2027-02-02")
        .await
        .refused(404, "not_found");
    let king = json!({ "location_id": house.place.id, "name": "King room", "kind": "total" });
    app.post("/v2/pools", king).by(&house.desk).send().await.expect(201);
    let kinds: Vec<String> =
        house.events(&made.text_of("id")).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["pool.created", "pool.changed", "pool.retired"]);
}

#[tokio::test]
async fn a_total_pool_is_opened_with_the_call_that_makes_it() {
    let house = House::start().await;
    let pool = house.total(5, 2).await;
    let left = house.left(&house.anna, &pool, "?quantity=7&explain=true").await.expect(200);
    let cell = json!({ "cell": "total", "date": null, "left": 7, "closed": false, "reasons": [] });
    assert_eq!(left.data()["cells"], json!([cell]), "others see what is left and no more");
    let known = house.left(&house.desk, &pool, "").await.expect(200);
    let expected = json!([{
        "cell": "total", "date": null, "left": 7, "closed": false,
        "capacity": 5, "overbooking": 2, "claimed": 0, "overbooked": 0, "short": 0,
    }]);
    assert_eq!(known.data()["cells"], expected);
    let event = house.events(&pool).await.pop().unwrap();
    assert_eq!(
        (&event.data["after"]["capacity"], &event.data["after"]["overbooking"]),
        (&json!(5), &json!(2))
    );

    let unopened = house.app.post("/v2/pools", house.new_pool("total")).by(&house.desk).send().await;
    let unopened = unopened.expect(201).text_of("id");
    let left = house.left(&house.anna, &unopened, "?explain=true").await.expect(200);
    assert_eq!(left.data()["cells"][0]["reasons"][0]["code"], "not_offered");
    let refused = house.order(&house.anna, "1", json!([units(&unopened, 1)])).await.refused(409, "sold_out");
    assert_eq!(refused.body["details"]["lines"][0]["reasons"][0]["code"], "not_offered");
}

#[tokio::test]
async fn every_mistake_in_a_new_pool_is_told() {
    let house = House::start().await;
    let mistakes = [
        (
            json!({ "kind": "weekly", "colour": 1 }),
            vec![
                ("/location_id", "required"),
                ("/name", "required"),
                ("/kind", "invalid_value"),
                ("/colour", "unknown_field"),
            ],
        ),
        (
            json!({ "kind": "nightly", "capacity": 1, "overbooking": 1 }),
            vec![("/capacity", "unexpected"), ("/overbooking", "unexpected")],
        ),
        (json!({ "kind": "total", "overbooking": 1 }), vec![("/capacity", "required")]),
        (json!({ "kind": "total", "capacity": 1_000_000_000 }), vec![("/capacity", "out_of_range")]),
        (
            json!({ "kind": "total", "capacity": 999_999_999, "overbooking": 1 }),
            vec![("/capacity", "out_of_range")],
        ),
        (
            json!({ "kind": "total", "location_id": "loc_00000000000000000000000000" }),
            vec![("/location_id", "unknown")],
        ),
    ];
    for (mut body, expected) in mistakes {
        if body.get("colour").is_none() {
            body["name"] = json!("Seats");
            if body.get("location_id").is_none() {
                body["location_id"] = json!(house.place.id);
            }
        }
        let refused =
            house.app.post("/v2/pools", body).by(&house.desk).send().await.refused(422, "validation_failed");
        let expected: Vec<_> =
            expected.into_iter().map(|(at, code)| (at.to_owned(), code.to_owned())).collect();
        assert_eq!(refused.fields(), expected);
    }
}

#[tokio::test]
async fn only_those_who_run_a_place_change_its_pools() {
    let house = House::start().await;
    let app = &house.app;
    let pool = house.total(5, 0).await;
    let path = format!("/v2/pools/{pool}");
    let elsewhere = office::place(app, "UTC").await;
    let (here, there) = (Scope::Locations([house.place.id].into()), Scope::Locations([elsewhere.id].into()));
    let foreign = app.person_at(Role::Manager, there).await;
    let own = app.person_at(Role::Manager, here.clone()).await;
    let mut kept_out = vec![foreign.clone()];
    for role in Role::ALL.into_iter().filter(|role| !roles_with(Permission::ManageCatalog).contains(role)) {
        kept_out.push(app.person_at(role, here.clone()).await);
    }
    for person in &kept_out {
        app.post("/v2/pools", house.new_pool("total")).by(person).send().await.refused(403, "forbidden");
        app.patch(&path, json!({ "name": "Mine" })).by(person).send().await.refused(403, "forbidden");
        app.delete(&path).by(person).send().await.refused(403, "forbidden");
        app.put(&format!("{path}/offer"), json!({ "capacity": 9 }))
            .by(person)
            .send()
            .await
            .refused(403, "forbidden");
    }
    for person in [&foreign, &house.anna] {
        app.get(&format!("{path}/shortages")).by(person).send().await.refused(403, "forbidden");
    }
    let known = house.left(&foreign, &pool, "").await.expect(200);
    assert!(
        known.data()["cells"][0].get("claimed").is_none(),
        "numbers are for those who read bookings there"
    );
    app.post("/v2/pools", house.new_pool("total")).by(&own).send().await.expect(201);
    app.put(&format!("{path}/offer"), json!({ "capacity": 9 })).by(&own).send().await.expect(200);
    let nobody = "/v2/pools/pol_00000000000000000000000000";
    for path in [nobody.to_owned(), format!("{nobody}/availability"), format!("{nobody}/shortages")] {
        app.get(&path).by(&house.desk).send().await.refused(404, "not_found");
    }
    app.put(&format!("{nobody}/offer"), json!({ "capacity": 9 }))
        .by(&house.desk)
        .send()
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_pool_with_nights_sold_ahead_stays_on_the_offer() {
    let house = House::start().await;
    let rooms = house.nightly(2, 0, ("2027-01-04", "2027-03-01")).await;
    let sold = house.order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-02-27", "2027-03-01"))])).await;
    let sold = sold.expect(201).text_of("id");
    let retire = |pool: &str| house.app.delete(&format!("/v2/pools/{pool}")).by(&house.desk).send();
    let refused = retire(&rooms).await.refused(409, "wrong_state");
    assert_eq!(
        (&refused.body["details"]["first_claimed"], &refused.body["details"]["claimed"]),
        (&json!("2027-02-27"), &json!(2))
    );
    house.app.post(&format!("/v2/orders/{sold}/cancel"), json!({})).by(&house.anna).send().await.expect(200);
    retire(&rooms).await.expect(200);
    let refused = house.order(&house.anna, "2", json!([stay(&rooms, 1, ("2027-02-27", "2027-03-01"))])).await;
    assert_eq!(refused.expect(422).fields(), [("/lines/0/pool_id".into(), "retired".into())]);

    let seats = house.total(2, 0).await;
    let order = house.order(&house.anna, "3", json!([units(&seats, 2)])).await.expect(201).text_of("id");
    retire(&seats).await.expect(200);
    let kept = house.app.get(&format!("/v2/orders/{order}")).by(&house.anna).send().await.expect(200);
    assert_eq!(kept.text_of("state"), "confirmed", "what is sold of a total pool stays sold");
}
