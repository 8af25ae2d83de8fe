//! The five endpoints of the source system by their names.

use serde_json::json;

use super::Temple;

#[tokio::test]
async fn a_session_is_booked_paid_and_completed_by_the_names_of_version_1() {
    let temple = Temple::start().await;
    let (app, session) = (&temple.app, temple.seats(5).await);
    let lamp = json!([{ "chadawa_id": "lamp", "note": "for Asha" }]);
    let body =
        json!({ "puja_id": session, "plan_id": "seat", "chadawas": lamp, "gotra": "Kashyapa", "amount": 1 });
    let made =
        app.post("/v1/bookings/razorpay-booking", body).by(&temple.anna).key("1").send().await.expect(201);
    let booking = &made.body["booking"];
    assert_eq!((&booking["status"], &booking["total_amount"]), (&json!("pending"), &json!("550.00")));
    let (id, order) = (booking["id"].as_str().unwrap(), made.body["razorpay_order_id"].as_str().unwrap());
    assert_eq!(made.body["razorpay_order"]["amount"], 55_000);

    let paid = app.gateway().pay(order).unwrap();
    let query = |booking: &str, signature: &str| {
        format!(
            "/v1/bookings/verify-payment?booking_id={booking}&razorpay_order_id={order}\
             &razorpay_payment_id={}&razorpay_signature={signature}",
            paid.payment_id
        )
    };
    let prove = |path: String| app.post(&path, json!({})).by(&temple.anna).send();
    prove(query(id, &"0".repeat(64))).await.refused(422, "payment_mismatch");
    let other =
        app.post("/v1/bookings", json!({ "puja_id": session })).by(&temple.anna).send().await.expect(201);
    assert_eq!(other.body["status"], "pending");
    let other = other.body["id"].as_str().unwrap();
    prove(query(other, &paid.signature)).await.refused(422, "payment_mismatch");
    let confirmed = prove(query(id, &paid.signature)).await.expect(200);
    assert_eq!(confirmed.body["status"], "confirmed");

    let put = |path: String| app.put(&path, json!({})).by(&temple.desk).send();
    let told = put(format!("/v1/bookings/{other}/confirm")).await.expect(200);
    assert_eq!((&told.body["status"], &told.body["booking_id"]), (&json!("Confirmed"), &json!(other)));
    put(format!("/v1/bookings/{id}/complete?puja_link=ftp://v.example"))
        .await
        .refused(422, "validation_failed");
    put(format!("/v1/bookings/{id}/complete?puja_link=https://v.example/1")).await.expect(200);
    let read = app.get(&format!("/v2/orders/{id}")).by(&temple.anna).send().await.expect(200);
    assert_eq!(read.text_of("link"), "https://v.example/1");
    put(format!("/v1/bookings/{other}/cancel")).await.expect(200);
}

#[tokio::test]
async fn what_is_wrong_is_told_by_the_names_of_version_1() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    let lamp = json!([{ "chadawa_id": "lamp" }]);
    let body = json!({ "puja_id": session, "plan_id": "gold", "chadawas": lamp });
    let refused = temple.app.post("/v1/bookings/razorpay-booking", body).by(&temple.anna).send().await;
    let told: Vec<_> = refused.refused(422, "validation_failed").fields();
    assert_eq!(
        told,
        [
            ("/plan_id".to_owned(), "unknown".to_owned()),
            ("/chadawas/0/note".to_owned(), "required".to_owned()),
        ]
    );
    let nothing = temple.app.post("/v1/bookings", json!({})).by(&temple.anna).send().await;
    assert_eq!(nothing.refused(422, "validation_failed").fields().len(), 4);
}
