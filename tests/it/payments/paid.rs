//! An order paid: by the browser's word, by a webhook's, by both, late, twice, at the desk; and given back.

use serde_json::json;

use super::{PRICE, Temple};

#[tokio::test]
async fn a_payment_that_the_browser_proves_sells_the_order_at_once_and_is_captured() {
    let temple = Temple::start().await;
    let session = temple.seats(2).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    assert_eq!(temple.begin(&temple.anna, &order).await, begun, "a retry does not begin another");
    let paid = temple.app.gateway().authorize(&begun.1).unwrap();
    let proved = temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    assert_eq!(
        (proved.text_of("order_state"), proved.data()["paid"].clone()),
        ("confirmed".into(), json!(true))
    );
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, 0, 0, PRICE]));
    temple.hear().await;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, PRICE, 0, 0]));
    let told = temple.app.sent();
    assert_eq!(told.len(), 1, "told once, whoever tells of the payment");
    assert_eq!(told[0].subject, "Booked: Evening lamp ceremony on Monday, 11 January 2027 at 18:30");
    assert!(told[0].text.contains("INR 499.00"), "{}", told[0].text);
    let again = temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    assert_eq!(
        (again.text_of("order_state"), again.data()["captured"].clone()),
        ("confirmed".into(), json!(PRICE))
    );
    let total = temple.app.gateway().totals().currencies["INR"];
    assert_eq!((total.captured, total.refunded), (PRICE, 0));
}

#[tokio::test]
async fn a_payment_that_only_a_webhook_tells_of_sells_the_order() {
    let temple = Temple::start().await;
    let session = temple.seats(2).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let (_, gateway) = temple.begin(&temple.anna, &order).await;
    temple.app.gateway().fail(&gateway).unwrap();
    temple.app.gateway().pay(&gateway).unwrap();
    let mut told = temple.app.gateway().held();
    assert!(told.len() >= 3);
    // The last one first, and each of them twice.
    told.reverse();
    for webhook in told.iter().chain(&told) {
        temple.app.tell(webhook).await.expect(200);
    }
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, PRICE, 0, 0]));
}

#[tokio::test]
async fn a_payment_that_nobody_tells_of_is_asked_for() {
    let temple = Temple::start().await;
    let session = temple.seats(2).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let (_, gateway) = temple.begin(&temple.anna, &order).await;
    temple.app.gateway().pay(&gateway).unwrap();
    drop(temple.app.gateway().held());
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await.0, "held", "it is too early to ask");
    temple.app.advance(jiff::SignedDuration::from_mins(15));
    temple.app.settle().await;
    // The hold ran out meanwhile and nobody else came.
    let desk = temple.app.renewed(&temple.desk);
    let temple = Temple { desk, ..temple };
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, PRICE, 0, 0]));
}

#[tokio::test]
async fn money_that_comes_after_the_seat_has_gone_goes_back_by_itself() {
    let temple = Temple::start().await;
    let session = temple.seats(1).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    let failed = temple.app.gateway().fail(&begun.1).unwrap();
    temple.hear().await;
    temple.app.advance(jiff::SignedDuration::from_mins(11));
    temple.app.settle().await;
    let temple =
        Temple { desk: temple.app.renewed(&temple.desk), anna: temple.app.renewed(&temple.anna), ..temple };
    assert_eq!(temple.money(&order).await.0, "expired");
    let bob = temple.app.person(domain::Role::Customer).await;
    let other = temple.held(&bob, "1", &session).await;
    // The bank grants it after all.
    temple.app.gateway().late(&failed).unwrap();
    temple.hear().await;
    temple.hear().await;
    assert_eq!(temple.money(&order).await, ("expired".into(), [0, PRICE, PRICE, 0]));
    let read = temple.app.get(&format!("/v2/orders/{order}")).by(&temple.anna).send().await.expect(200);
    assert_eq!(read.data()["price"]["lost"], true);
    let told = temple.app.sent();
    assert_eq!((told.len(), told[0].to.address.to_string()), (1, temple.anna.email.clone()));
    assert!(
        told[0].subject.starts_with("Paid too late") && told[0].text.contains("INR 499.00"),
        "{}",
        told[0].text
    );
    let totals = temple.app.gateway().totals();
    assert_eq!((totals.orders[&begun.1].captured, totals.orders[&begun.1].refunded), (PRICE, PRICE));
    assert_eq!(temple.money(&other).await.0, "held", "who came in between keeps it");
    let again = temple.app.post(&format!("/v2/orders/{order}/payments"), json!({})).by(&temple.anna).key("2");
    again.send().await.refused(410, "hold_expired");
}

#[tokio::test]
async fn who_cancels_gets_back_what_the_terms_say() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    let cancelled = async |temple: &Temple, key: &str, order: &str| {
        let path = format!("/v2/orders/{order}/cancel");
        temple.app.post(&path, json!({})).by(&temple.anna).key(key).send().await.expect(200);
        temple.hear().await;
        temple.hear().await;
        temple.money(order).await
    };
    let mut orders = Vec::new();
    for key in ["1", "2"] {
        let order = temple.held(&temple.anna, key, &session).await;
        let begun = temple.begin(&temple.anna, &order).await;
        let paid = temple.app.gateway().pay(&begun.1).unwrap();
        temple.prove(&temple.anna, &begun, &paid).await.expect(200);
        temple.hear().await;
        orders.push(order);
    }
    assert_eq!(cancelled(&temple, "a", &orders[0]).await, ("cancelled".into(), [0, PRICE, PRICE, 0]));
    // A day and a half before the beginning half of it is kept.
    temple.app.advance(jiff::SignedDuration::from_hours(7 * 24 + 5 - 36));
    let temple =
        Temple { desk: temple.app.renewed(&temple.desk), anna: temple.app.renewed(&temple.anna), ..temple };
    let half = PRICE / 2;
    assert_eq!(cancelled(&temple, "b", &orders[1]).await, ("cancelled".into(), [half, PRICE, half, 0]));
    let told: Vec<_> =
        temple.app.sent().into_iter().filter(|mail| mail.subject.starts_with("Cancelled")).collect();
    let amounts = ["INR 499.00", "INR 249.50"]
        .map(|amount| told.iter().filter(|mail| mail.text.contains(amount)).count());
    assert_eq!((told.len(), amounts), (2, [1, 1]), "{told:?}");
}

#[tokio::test]
async fn who_cancels_as_soon_as_they_have_paid_is_told_what_goes_back() {
    let temple = Temple::start().await;
    let session = temple.seats(1).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    let paid = temple.app.gateway().authorize(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    let path = format!("/v2/orders/{order}/cancel");
    temple.app.post(&path, json!({})).by(&temple.anna).key("c").send().await.expect(200);
    temple.app.settle().await;
    for _ in 0..2 {
        temple.app.advance(jiff::SignedDuration::from_secs(40));
        temple.hear().await;
    }
    let told = temple.app.sent();
    assert_eq!(told.len(), 1, "the confirmation is no longer true: {told:?}");
    assert!(told[0].subject.starts_with("Cancelled") && told[0].text.contains("INR 499.00"), "{told:?}");
}

#[tokio::test]
async fn an_order_is_paid_once_however_often_it_is_paid() {
    let temple = Temple::start().await;
    let session = temple.seats(2).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    let paid = temple.app.gateway().pay(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    // The desk takes cash for it, not knowing.
    let body = json!({ "means": "cash", "amount": PRICE });
    let path = format!("/v2/orders/{order}/payments");
    let cash = |key: &'static str| temple.app.post(&path, body.clone()).by(&temple.desk).key(key).send();
    let taken = cash("c").await.expect(201);
    assert_eq!(cash("c").await.expect(201).text_of("id"), taken.text_of("id"), "the same key takes no more");
    temple.hear().await;
    temple.hear().await;
    let (state, [charged, captured, refunded, due]) = temple.money(&order).await;
    assert_eq!((state.as_str(), charged, due), ("confirmed", PRICE, 0));
    assert_eq!(captured - refunded, PRICE);
}

#[tokio::test]
async fn the_desk_sells_takes_money_and_gives_some_back() {
    let temple = Temple::start().await;
    let session = temple.seats(2).await;
    let sold =
        temple.order(&temple.desk, "1", json!({ "pool_id": session, "quantity": 1 })).await.expect(201);
    assert_eq!(sold.text_of("state"), "confirmed", "who stands at the desk pays there");
    let order = sold.text_of("id");
    assert_eq!(temple.money(&order).await.1, [PRICE, 0, 0, PRICE]);
    let path = format!("/v2/orders/{order}/payments");
    let pay = |body, key: &'static str| temple.app.post(&path, body).by(&temple.desk).key(key).send();
    pay(json!({ "means": "upi" }), "a").await.refused(422, "validation_failed");
    pay(json!({ "means": "cash", "amount": PRICE + 1 }), "a").await.refused(422, "validation_failed");
    pay(json!({ "means": "shells" }), "a").await.refused(422, "validation_failed");
    pay(json!({ "means": "upi", "reference": "412345678901", "amount": 10_000 }), "b").await.expect(201);
    pay(json!({ "means": "card" }), "c").await.expect(201);
    assert_eq!(temple.money(&order).await.1, [PRICE, PRICE, 0, 0]);
    pay(json!({ "means": "cash" }), "d").await.refused(409, "wrong_state");
    temple
        .app
        .post(&path, json!({ "means": "cash" }))
        .by(&temple.anna)
        .key("e")
        .send()
        .await
        .refused(404, "not_found");

    let back = |amount: i64, key: &'static str| {
        let body = json!({ "amount": amount, "reason": "no lamp" });
        temple.app.post(&format!("/v2/orders/{order}/refunds"), body).by(&temple.desk).key(key).send()
    };
    back(PRICE + 1, "r").await.refused(409, "wrong_state");
    back(0, "r").await.refused(422, "validation_failed");
    back(5_000, "r").await.expect(200);
    back(5_000, "r").await.expect(200);
    assert_eq!(temple.money(&order).await.1, [PRICE - 5_000, PRICE, 5_000, 0]);
    let done =
        temple.app.post(&format!("/v2/orders/{order}/complete"), json!({ "link": "https://v.example/1" }));
    let done = done.by(&temple.desk).send().await.expect(200);
    assert_eq!(done.text_of("link"), "https://v.example/1");
    let told = temple.app.settle().await;
    assert!(told.iter().any(|mail| mail.text.contains("https://v.example/1")), "{told:?}");
    let cancel =
        temple.app.post(&format!("/v2/orders/{order}/cancel"), json!({})).by(&temple.desk).send().await;
    cancel.refused(409, "wrong_state");
}
