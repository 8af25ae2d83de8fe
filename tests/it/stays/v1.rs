//! Version 1: reservations by the names of the system that had them.

use serde_json::json;

use super::Hotel;

#[tokio::test]
async fn a_reservation_is_made_read_and_listed_by_the_names_of_version_1() {
    let mut hotel = Hotel::start().await;
    let room = hotel.hotel_room(&hotel.double, "101").await;
    let guest = json!({ "name": "Anna Berg" });
    let guest =
        hotel.app.post("/v2/guests", guest).by(&hotel.desk).key("g").send().await.expect(201).text_of("id");
    let body = json!({
        "guest_id": guest, "room_id": room, "check_in_date": "2027-01-04", "check_out_date": "2027-01-06",
        "total_amount": 1,
    });
    let post = |key: &str, body: serde_json::Value| {
        hotel.app.post("/v1/reservations", body).by(&hotel.desk).key(key)
    };
    let made = post("1", body.clone()).send().await.expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!((&made.body["status"], &made.body["room_number"]), (&json!("confirmed"), &json!("101")));
    assert_eq!(
        (&made.body["total_amount"], &made.body["currency"]),
        (&json!("200.00"), &json!("EUR")),
        "the plan's price"
    );
    assert_eq!(post("1", body.clone()).send().await.expect(201).body["id"], json!(id));
    let taken = post("2", body.clone()).send().await;
    assert_eq!(taken.status, 409);
    assert_eq!(taken.body["error_code"], "slot_taken");
    assert_eq!(hotel.left(("2027-01-04", "2027-01-06")).await, 9, "what was refused claims nothing");
    let mut wrong = body;
    wrong["check_out_date"] = json!("2027-01-04");
    let refused = post("3", wrong).send().await;
    assert_eq!(refused.status, 422);
    let path = format!("/v1/reservations/{id}?fields=id,status");
    let read = hotel.app.get(&path).by(&hotel.desk).unchecked().await.expect(200);
    assert_eq!(read.body, json!({ "id": id, "status": "confirmed", "version": "v1" }));
    hotel.stay("4", ("2027-02-01", "2027-02-02")).await;
    let listed = hotel.app.get("/v1/reservations?page_size=1").by(&hotel.desk).send().await.expect(200);
    let numbers = ["total", "page", "page_size", "pages"].map(|field| listed.body[field].as_u64().unwrap());
    assert_eq!((numbers, listed.body["items"].as_array().unwrap().len()), ([2, 1, 1, 2], 1));
    let path = format!("/v1/reservations?guest_id={guest}&status=confirmed&fields=id");
    let listed = hotel.app.get(&path).by(&hotel.desk).unchecked().await.expect(200);
    assert_eq!(listed.body["items"], json!([{ "id": id }]));
    hotel.app.get("/v1/reservations?page_size=101").by(&hotel.desk).send().await.expect(400);
    hotel.app.get("/v1/reservations").by(&hotel.anna).send().await.refused(403, "forbidden");
    let today = hotel.app.get("/v1/dashboard/today").by(&hotel.desk).send().await.expect(200);
    assert_eq!((&today.body["arrivals"][0]["id"], &today.body["occupied"]), (&json!(id), &json!(0)));
    hotel.at_desk(&id, "check-in", json!({})).await.expect(200);
    hotel.after(48).await;
    let today = hotel.app.get("/v1/dashboard/today").by(&hotel.desk).send().await.expect(200);
    assert_eq!((&today.body["departures"][0]["id"], &today.body["occupied"]), (&json!(id), &json!(1)));
    // A second hotel has to be named.
    crate::office::place(&hotel.app, "Europe/Berlin").await;
    hotel.app.get("/v1/dashboard/today").by(&hotel.desk).send().await.expect(422);
}
