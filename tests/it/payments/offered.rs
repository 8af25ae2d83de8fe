//! Offerings and sessions made and read; prices that only the server makes.

use domain::Role;
use serde_json::json;

use super::{PRICE, Temple};

#[tokio::test]
async fn an_offering_is_made_read_by_anybody_changed_and_retired() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let made =
        app.post("/v2/offerings", temple.new_offering()).by(&temple.desk).key("1").send().await.expect(201);
    let path = format!("/v2/offerings/{}", made.text_of("id"));
    let again = app.post("/v2/offerings", temple.new_offering()).by(&temple.desk).key("1").send().await;
    assert_eq!(again.expect(201).data(), made.data());
    assert_eq!(app.get(&path).send().await.expect(200).data(), made.data());
    let list = app.get(&format!("/v2/offerings?location_id={}", temple.place.id)).send().await.expect(200);
    assert_eq!(list.data(), &json!([made.data()]));

    let mut body = temple.new_offering();
    body.as_object_mut().unwrap().remove("location_id");
    body["plans"][0]["price"] = json!(59_900);
    let put =
        |body, etag: &'static str| app.put(&path, body).by(&temple.desk).header("if-match", etag).send();
    assert_eq!(put(body.clone(), "\"1\"").await.expect(200).data()["plans"][0]["price"], 59_900);
    put(body.clone(), "\"1\"").await.refused(412, "precondition_failed");
    body["currency"] = json!("EUR");
    put(body, "\"2\"").await.refused(422, "validation_failed");
    app.put(&path, temple.new_offering()).by(&temple.anna).send().await.refused(403, "forbidden");

    app.delete(&path).by(&temple.desk).send().await.expect(200);
    let list = app.get(&format!("/v2/offerings?location_id={}", temple.place.id)).send().await.expect(200);
    assert_eq!(list.data(), &json!([]));
    let more = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": 5 });
    app.post(&format!("{path}/sessions"), more).by(&temple.desk).send().await.refused(409, "wrong_state");
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_offering_is_told() {
    let temple = Temple::start().await;
    let body = json!({
        "location_id": temple.place.id, "name": "", "currency": "RUPEES", "plans": [{ "code": "a" }], "price": 5,
    });
    let refused = temple
        .app
        .post("/v2/offerings", body)
        .by(&temple.desk)
        .send()
        .await
        .refused(422, "validation_failed");
    let mut told: Vec<_> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    told.sort();
    assert_eq!(told, ["/currency", "/name", "/plans/0", "/price"]);
    let mut body = temple.new_offering();
    body["plans"] = json!([{ "code": "a", "name": "A", "price": -1 }]);
    body["images"] = json!(["http://a.example/1.jpg"]);
    let refused = temple
        .app
        .post("/v2/offerings", body)
        .by(&temple.desk)
        .send()
        .await
        .refused(422, "validation_failed");
    let told: Vec<_> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(told, ["/images/0", "/plans/0/price"]);
}

#[tokio::test]
async fn sessions_come_every_week_at_the_same_time_and_sell_nothing_once_they_have_begun() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let offering = temple.offering(temple.new_offering()).await;
    let path = format!("/v2/offerings/{offering}/sessions");
    let body = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": 2, "weeks": 3 });
    let made = app.post(&path, body.clone()).by(&temple.desk).key("w").send().await.expect(201);
    let again = app.post(&path, body.clone()).by(&temple.desk).key("w").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (made.data(), Some("true")));
    app.post(&path, body).by(&temple.desk).send().await.refused(409, "already_exists");
    let starts: Vec<_> =
        made.data().as_array().unwrap().iter().map(|one| one["start"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2027-01-11T13:00:00Z", "2027-01-18T13:00:00Z", "2027-01-25T13:00:00Z"]);
    let first = made.data()[0]["id"].as_str().unwrap();
    temple.held(&temple.anna, "1", first).await;
    let listed = app.get(&path).send().await.expect(200);
    let left: Vec<_> = listed.data().as_array().unwrap().iter().map(|one| one["left"].clone()).collect();
    assert_eq!(left, [1, 2, 2]);

    app.advance(jiff::SignedDuration::from_hours(7 * 24 + 5));
    let anna = app.renewed(&temple.anna);
    let late = temple.order(&anna, "2", json!({ "pool_id": first, "quantity": 1 })).await;
    assert_eq!(late.refused(422, "not_bookable").body["details"]["reasons"][0]["code"], "in_the_past");
    assert_eq!(app.get(&path).send().await.expect(200).data().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_price_is_the_server_s_and_the_quote_stays_with_the_order() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let offering = temple.offering(temple.new_offering()).await;
    let session = temple.session(&offering, 10).await;
    let line = json!({
        "pool_id": session, "quantity": 2, "plan": "seat",
        "add_ons": [{ "code": "lamp", "note": "for Asha" }],
    });
    let made = temple.order(&temple.anna, "1", line.clone()).await.expect(201);
    let price = made.data()["price"].clone();
    assert_eq!(
        (&price["total"], &price["first_part"]),
        (&json!(2 * PRICE + 5_100), &json!(2 * PRICE + 5_100))
    );
    assert_eq!(price["lines"][1]["note"], "for Asha");

    let mut dearer = temple.new_offering();
    dearer.as_object_mut().unwrap().remove("location_id");
    dearer["plans"][0]["price"] = json!(99_900);
    app.put(&format!("/v2/offerings/{offering}"), dearer).by(&temple.desk).send().await.expect(200);
    let read =
        app.get(&format!("/v2/orders/{}", made.text_of("id"))).by(&temple.anna).send().await.expect(200);
    assert_eq!(read.data()["price"], price);

    for (pointer, wrong) in [
        ("/lines/0/price", json!({ "price": 1 })),
        ("/lines/0/plan", json!({ "plan": "gold" })),
        ("/lines/0/quantity", json!({ "quantity": -1 })),
        ("/lines/0/quantity", json!({ "quantity": 0 })),
        ("/lines/0/add_ons/0/note", json!({ "add_ons": [{ "code": "lamp" }] })),
        ("/lines/0/add_ons/0/price", json!({ "add_ons": [{ "code": "lamp", "note": "x", "price": 0 }] })),
    ] {
        let mut body = line.clone();
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = temple.order(&temple.anna, "2", body).await.refused(422, "validation_failed");
        let told = refused.fields();
        assert!(told.iter().any(|(at, _)| pointer.starts_with(at.as_str())), "{pointer}: {told:?}");
    }
    let room = app.person(Role::Customer).await;
    let path = format!("/v2/orders/{}/confirm", made.text_of("id"));
    app.post(&path, json!({})).by(&temple.anna).send().await.refused(402, "payment_required");
    app.post(&path, json!({})).by(&room).send().await.refused(404, "not_found");
}
