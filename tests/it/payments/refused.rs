//! A refund that the gateway refuses: nobody gets money twice, and what is owed stays to be seen.

use domain::{Currency, Money};
use serde_json::json;

use super::{PRICE, Temple};

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_stays_to_be_seen_to_and_is_settled_by_what_went_back_otherwise() {
    let temple = Temple::here().await;
    let session = temple.seats(1).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    let paid = temple.app.gateway().pay(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    temple.hear().await;

    // Somebody gives it all back in the gateway's own pages, and nobody is told of it yet.
    let client = temple.app.server().workers().payments().app.gateway.clone().unwrap();
    let all = Money::new(PRICE, Currency::INR);
    client.refund(&paid.payment_id, all, "in-its-own-pages").await.unwrap();
    let late = temple.app.gateway().held();
    let path = format!("/v2/orders/{order}/cancel");
    temple.app.post(&path, json!({})).by(&temple.anna).key("c").send().await.expect(200);
    temple.app.settle().await;
    let refunds = async || {
        let path = format!("/v2/orders/{order}/payments");
        let read = temple.app.get(&path).by(&temple.desk).send().await.expect(200);
        let refunds = read.data()[0]["refunds"].as_array().unwrap().clone();
        refunds.iter().map(|refund| refund["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(refunds().await, ["failed"]);
    assert_eq!(temple.money(&order).await, ("cancelled".into(), [0, PRICE, 0, -PRICE]), "it is still owed");
    let totals = || temple.app.gateway().totals().currencies["INR"];
    assert_eq!((totals().captured, totals().refunded), (PRICE, PRICE), "it went back once");

    for webhook in &late {
        temple.app.tell(webhook).await.expect(200);
    }
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await, ("cancelled".into(), [0, PRICE, PRICE, 0]));
    assert_eq!(refunds().await, ["failed", "processed"]);
    assert_eq!((totals().captured, totals().refunded), (PRICE, PRICE));
}
