//! A recording of what took place, told to a phone.

use serde_json::json;

use super::Temple;

#[tokio::test]
async fn whoever_reads_no_mail_gets_the_recording_on_their_phone() {
    let temple = Temple::here().await;
    let profile = json!({ "phone": "+919876543210", "preferences": { "email": false } });
    temple.app.patch("/v2/auth/me", profile).by(&temple.anna).send().await.expect(200);
    let mut offering = temple.new_offering();
    offering["deposit_percent"] = json!(0);
    let offering = temple.offering(offering).await;
    let session = temple.session(&offering, 2).await;
    let order = temple.order(&temple.anna, "1", json!({ "pool_id": session, "quantity": 1 })).await;
    let order = order.expect(201).text_of("id");
    let link = "https://videos.example/watch/0f0e4d1c-6a52-4b3e-9d7e-2f6a1c9b8d10?from=mail";
    let path = format!("/v2/orders/{order}/complete");
    temple.app.post(&path, json!({ "link": link })).by(&temple.desk).send().await.expect(200);
    assert!(temple.app.settle().await.is_empty());
    let texts = temple.app.server().texts().list(10).unwrap();
    let told = texts.iter().find(|text| text.kind == domain::MessageKind::SessionCompleted).unwrap();
    assert!(told.body.contains(&format!("The recording: {link} -")), "{}", told.body);
    assert_eq!(told.values.last().map(String::as_str), Some(link));
}
