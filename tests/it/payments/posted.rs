//! What is posted: where to is asked for, kept with the order, and told to nobody else.

use domain::Role;
use serde_json::{Value, json};

use super::Temple;
use crate::harness::Log;

fn home() -> Value {
    json!({
        "name": "Asha Rao", "lines": ["12 Temple Street", "behind the ghat"], "city": "Ujjain",
        "region": "Madhya Pradesh", "postal_code": "456 001", "country": "in", "phone": "+91 98765 43210",
    })
}

/// Texts that only somebody who may see the address may see.
const SECRETS: [&str; 5] = ["Asha Rao", "Temple Street", "Ujjain", "456 001", "9876543210"];

/// A session whose offering has something that is posted, and an order of it with other fields.
async fn session(temple: &Temple) -> String {
    let mut body = temple.new_offering();
    let prasad = json!({ "code": "prasad", "name": "Prasad", "price": 10_000, "posted": true });
    body["add_ons"].as_array_mut().unwrap().push(prasad);
    body["shipping"] = json!({ "price": 5_000 });
    let offering = temple.offering(body).await;
    temple.session(&offering, 9).await
}

fn order(session: &str, add_on: &str, address: &Value) -> Value {
    let line =
        json!({ "pool_id": session, "quantity": 1, "add_ons": [{ "code": add_on, "note": "for Asha" }] });
    json!({ "lines": [line], "shipping_address": address })
}

#[tokio::test]
async fn an_order_with_something_posted_needs_an_address_and_shows_it_to_those_who_may_see_it() {
    let log = Log::begin();
    let temple = Temple::here().await;
    let session = session(&temple).await;
    let send = |body: Value| temple.app.post("/v2/orders", body).by(&temple.anna).key("1").send();
    for (body, told) in [
        (order(&session, "prasad", &Value::Null), "required"),
        (order(&session, "lamp", &home()), "unexpected"),
    ] {
        let refused = send(body).await.refused(422, "validation_failed");
        assert_eq!(refused.fields(), [("/shipping_address".to_owned(), told.to_owned())]);
    }
    let made = send(order(&session, "prasad", &home())).await.expect(201);
    let kept = made.data()["shipping_address"].clone();
    let shown = json!({
        "name": "Asha Rao", "lines": ["12 Temple Street", "behind the ghat"], "city": "Ujjain",
        "region": "Madhya Pradesh", "postal_code": "456 001", "country": "IN", "phone": "+919876543210",
    });
    assert_eq!(kept, shown);
    let path = format!("/v2/orders/{}", made.text_of("id"));
    for who in [&temple.anna, &temple.desk] {
        assert_eq!(temple.app.get(&path).by(who).send().await.expect(200).data()["shipping_address"], shown);
    }
    let eve = temple.app.person(Role::Customer).await;
    temple.app.get(&path).by(&eve).send().await.refused(404, "not_found");
    let begun = temple.begin(&temple.anna, &made.text_of("id")).await;
    let paid = temple.app.gateway().pay(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    temple.hear().await;
    assert_eq!(
        temple.app.get(&path).by(&temple.anna).send().await.expect(200).data()["shipping_address"],
        shown
    );

    let logged = log.end();
    let events = temple.app.store().events_of(&made.text_of("id"), 100, None).await.unwrap().items;
    assert!(events.len() >= 3);
    let told = events.iter().map(|event| event.data.to_string()).collect::<String>();
    for secret in SECRETS {
        assert!(!logged.contains(secret), "{secret} in the log: {logged}");
        assert!(!told.contains(secret), "{secret} in an event: {told}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_address_is_told() {
    let temple = Temple::start().await;
    let session = session(&temple).await;
    let told = async |address: Value| {
        let body = order(&session, "prasad", &address);
        let refused = temple.app.post("/v2/orders", body).by(&temple.anna).key("1").send().await;
        let fields = refused.refused(422, "validation_failed").fields();
        fields.into_iter().map(|(at, _)| at.replace("/shipping_address", "")).collect::<Vec<_>>()
    };
    let wrong =
        json!({ "lines": ["a"], "city": "", "country": "XX", "phone": "12", "postal_code": "1", "floor": 3 });
    assert_eq!(told(wrong).await, ["/name", "/city", "/postal_code", "/country", "/phone", "/floor"]);
    assert_eq!(told(json!("12 Temple Street")).await, [""]);
    for lines in [json!([]), json!(["a", "b", "c", "d", "e"])] {
        let mut address = home();
        address["lines"] = lines;
        assert_eq!(told(address).await, ["/lines"]);
    }
}

#[tokio::test]
async fn version_1_has_the_address_by_its_own_names() {
    let temple = Temple::start().await;
    let session = session(&temple).await;
    let mut body = json!({ "puja_id": session, "chadawa_ids": ["prasad"], "shipping_city": "Ujjain", "shipping_mobile": "12" });
    let book = |body: Value| temple.app.post("/v1/bookings", body).by(&temple.anna).key("1").send();
    let refused = book(body.clone()).await.refused(422, "validation_failed");
    let told: Vec<_> = refused.fields().into_iter().map(|(at, _)| at).collect();
    assert_eq!(told, ["/shipping_name", "/shipping_address", "/shipping_mobile"]);
    let rest = json!({
        "shipping_name": "Asha Rao", "shipping_address": "12 Temple Street", "shipping_mobile": "098765 43210",
        "shipping_pincode": "456001", "shipping_state": "Madhya Pradesh",
    });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let made = book(body).await.expect(201);
    let path = format!("/v2/orders/{}", made.body["id"].as_str().unwrap());
    let read = temple.app.get(&path).by(&temple.anna).send().await.expect(200);
    let address = &read.data()["shipping_address"];
    assert_eq!((&address["country"], &address["phone"]), (&json!("IN"), &json!("+919876543210")));
}
