//! The checkout as a browser walks through it: to the page, back to the shop with the proof, and the proof is believed.

use serde_json::json;

use super::{PRICE, Temple};
use crate::harness::{Answer, TestApp};

/// What a form of a page would send under this name.
fn field(page: &str, name: &str) -> String {
    let value =
        page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

async fn open(app: &TestApp, order: &str, callback: &str) -> Answer {
    app.get(&format!("/checkout/{order}?callback_url={callback}")).unchecked().await
}

#[tokio::test]
async fn the_checkout_returns_to_the_shop_with_what_proves_the_payment() {
    let temple = Temple::here().await;
    let session = temple.seats(1).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let (payment, gateway) = temple.begin(&temple.anna, &order).await;
    let page = open(&temple.app, &gateway, "http%3A%2F%2F127.0.0.1%3A9%2Fpaid").await.expect(200).text;
    assert!(page.contains("INR 499.00"), "{page}");
    assert_eq!(field(&page, "callback_url"), "http:&#x2f;&#x2f;127.0.0.1:9&#x2f;paid");

    // The button, as the browser presses it: the page is the gateway's own.
    let shown = temple.app.gateway().checkout(&gateway, None);
    let pressed =
        reqwest::Client::new().post(shown).body("how=card&callback_url=http%3A%2F%2F127.0.0.1%3A9%2Fpaid");
    let page = pressed.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("action=\"http:&#x2f;&#x2f;127.0.0.1:9&#x2f;paid\""), "{page}");
    let proof =
        ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"].map(|name| field(&page, name));
    assert_eq!(proof[0], gateway);

    // What the shop got is what it hands on, and no webhook was needed.
    let [order_id, payment_id, signature] = proof;
    let body = json!({
        "razorpay_order_id": order_id, "razorpay_payment_id": payment_id, "razorpay_signature": signature,
    });
    let path = format!("/v2/payments/{payment}/verify");
    temple.app.post(&path, body).by(&temple.anna).send().await.expect(200);
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, PRICE, 0, 0]));
}

#[tokio::test]
async fn the_checkout_returns_to_no_address_of_another_machine() {
    let temple = Temple::here().await;
    let session = temple.seats(1).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let (_, gateway) = temple.begin(&temple.anna, &order).await;
    for elsewhere in
        ["https%3A%2F%2Fevil.example%2F", "javascript%3Aalert(1)", "http%3A%2F%2F127.0.0.1%40evil.example"]
    {
        let refused = open(&temple.app, &gateway, elsewhere).await.expect(400);
        assert!(
            !refused.text.contains("evil.example") && !refused.text.contains("<form"),
            "{}",
            refused.text
        );
    }
    open(&temple.app, "order_none", "").await.expect(404);
}
