//! What proves nothing changes nothing: forged, replayed and foreign signatures, webhooks of others, other amounts.

use domain::Role;
use serde_json::{Value, json};

use super::{PRICE, Temple};
use crate::harness::Log;

#[tokio::test]
async fn a_signature_proves_the_one_payment_that_it_is_of() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    let (cheap, dear) =
        (temple.held(&temple.anna, "1", &session).await, temple.held(&temple.anna, "2", &session).await);
    let (first, second) = (temple.begin(&temple.anna, &cheap).await, temple.begin(&temple.anna, &dear).await);
    let paid = temple.app.gateway().pay(&first.1).unwrap();
    // The proof of one order for another, with either's gateway order.
    let foreign = (second.0.clone(), first.1.clone());
    temple.prove(&temple.anna, &foreign, &paid).await.refused(422, "payment_mismatch");
    temple.prove(&temple.anna, &second, &paid).await.refused(422, "payment_mismatch");
    let mut forged = paid.clone();
    forged.signature = "0".repeat(64);
    temple.prove(&temple.anna, &first, &forged).await.refused(422, "payment_mismatch");
    forged.signature = String::new();
    temple.prove(&temple.anna, &first, &forged).await.refused(422, "payment_mismatch");
    let eve = temple.app.person(Role::Customer).await;
    temple.prove(&eve, &first, &paid).await.refused(404, "not_found");
    for order in [&cheap, &dear] {
        assert_eq!(temple.money(order).await, ("held".into(), [0, 0, 0, 0]));
    }
    temple.prove(&temple.anna, &first, &paid).await.expect(200);
    assert_eq!(temple.money(&cheap).await.0, "confirmed");
}

#[tokio::test]
async fn a_webhook_is_believed_for_the_gateway_s_signature_over_its_very_bytes() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    temple.app.gateway().pay(&begun.1).unwrap();
    let told = temple.app.gateway().held();
    let mut forged = told[0].clone();
    forged.signature = "0".repeat(64);
    temple.app.tell(&forged).await.refused(403, "forbidden");
    let mut changed = told[0].clone();
    changed.body.push(b' ');
    temple.app.tell(&changed).await.refused(403, "forbidden");
    let unsigned = temple.app.post("/v2/webhooks/razorpay", json!({})).send().await;
    unsigned.refused(403, "forbidden");
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await, ("held".into(), [0, 0, 0, 0]));
    for webhook in &told {
        temple.app.tell(webhook).await.expect(200);
    }
    temple.app.settle().await;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE, PRICE, 0, 0]));
}

#[tokio::test]
async fn nobody_reads_or_pays_what_is_another_s() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let (payment, _) = temple.begin(&temple.anna, &order).await;
    let eve = temple.app.person(Role::Customer).await;
    for path in [format!("/v2/payments/{payment}"), format!("/v2/orders/{order}/payments")] {
        temple.app.get(&path).by(&eve).send().await.refused(404, "not_found");
        temple.app.get(&path).by(&temple.anna).send().await.expect(200);
    }
    let pay =
        temple.app.post(&format!("/v2/orders/{order}/payments"), json!({})).by(&eve).key("1").send().await;
    pay.refused(404, "not_found");
    let list = format!("/v2/payments?location_id={}", temple.place.id);
    temple.app.get(&list).by(&eve).send().await.refused(403, "forbidden");
    let listed = temple.app.get(&list).by(&temple.desk).send().await.expect(200);
    assert_eq!(listed.data()[0]["id"], json!(payment));
    let body = json!({ "means": "cash" });
    let cash =
        temple.app.post(&format!("/v2/orders/{order}/payments"), body).by(&temple.anna).key("1").send().await;
    cash.refused(403, "forbidden");
}

#[tokio::test]
async fn nothing_that_the_gateway_says_of_a_payer_is_kept_or_logged() {
    let log = Log::begin();
    let temple = Temple::here().await;
    let session = temple.seats(5).await;
    let order = temple.held(&temple.anna, "1", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    temple.app.gateway().fail(&begun.1).unwrap();
    let paid = temple.app.gateway().authorize(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    let told = temple.app.gateway().held();
    let said = String::from_utf8(told.iter().flat_map(|webhook| webhook.body.clone()).collect()).unwrap();
    let of_a_payer: Vec<_> = razorpay::PAYER.into_iter().filter(|secret| said.contains(secret)).collect();
    assert!(of_a_payer.len() >= 3, "the gateway says something: {of_a_payer:?}");
    let mut broken = told[0].clone();
    broken.body.truncate(300);
    temple.app.tell(&broken).await.refused(403, "forbidden");
    for webhook in &told {
        temple.app.tell(webhook).await.expect(200);
    }
    temple.app.settle().await;
    let logged = log.end();
    let kept = everything(&temple);
    assert!(kept.contains(&paid.payment_id), "what is kept was looked through");
    for secret in razorpay::PAYER.into_iter().chain([paid.signature.as_str()]) {
        assert!(!logged.contains(secret), "{secret} in the log: {logged}");
        assert!(!kept.contains(secret), "{secret} is kept");
    }
}

/// Every item of every table, as text.
fn everything(temple: &Temple) -> String {
    let database = temple.app.server().database().handle();
    let all = store::schema::TABLES.iter().map(|table| {
        let scan = json!({ "TableName": format!("Holdfast-{}", table.name) });
        let found = database.scan(serde_json::from_value(scan).unwrap()).unwrap();
        serde_json::to_value(found).unwrap_or(Value::Null).to_string()
    });
    all.collect()
}
