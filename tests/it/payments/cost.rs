//! What a paid session consumes: round trips to the database and write units of each request.

use jiff::SignedDuration;
use serde_json::json;

use super::Temple;

#[tokio::test]
async fn each_request_of_a_paid_session_consumes_what_it_always_does() {
    let temple = Temple::counted().await;
    let (app, session) = (&temple.app, temple.seats(5).await);
    // Who she is, is known from here on.
    app.get("/v2/orders").by(&temple.anna).send().await.expect(200);
    let line = json!({ "pool_id": session, "quantity": 1 });
    let ordered = temple.order(&temple.anna, "1", line).await.expect(201);
    let path = format!("/v2/orders/{}/payments", ordered.text_of("id"));
    // How often she pays is counted in the tables: a trip and a unit each time, since there is some time between them.
    let pay = || {
        app.advance(SignedDuration::from_secs(1));
        app.post(&path, json!({})).by(&temple.anna).key("pay").send()
    };
    let begun = pay().await.expect(201);
    let again = pay().await.expect(201);
    let gateway = begun.data()["checkout"]["order_id"].as_str().unwrap().to_owned();
    let payment = (begun.text_of("id"), gateway);
    let paid = app.gateway().pay(&payment.1).unwrap();
    let told = app.gateway().held();
    let webhook = app.tell(&told[0]).await.expect(200);
    let twice = app.tell(&told[0]).await.expect(200);
    app.advance(SignedDuration::from_secs(1));
    let proved = temple.prove(&temple.anna, &payment, &paid).await.expect(200);
    app.advance(SignedDuration::from_secs(1));
    let known = temple.prove(&temple.anna, &payment, &paid).await.expect(200);
    let all = [
        ("order a seat", ordered.usage()),
        ("begin its payment", begun.usage()),
        ("begin it again", again.usage()),
        ("a webhook", webhook.usage()),
        ("the same webhook again", twice.usage()),
        ("prove the payment", proved.usage()),
        ("prove it again", known.usage()),
    ];
    for (what, (trips, writes)) in all {
        println!("payments: {what}: {trips} trips, {writes} write units");
    }
    assert_eq!(all.map(|(_, usage)| usage), [(3, 10), (3, 16), (3, 1), (1, 5), (1, 0), (4, 18), (3, 1)]);
}
