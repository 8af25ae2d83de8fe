//! Rate plans say what may be had and at what price; room types and rooms are the house's.

use serde_json::json;

use super::{Hotel, NIGHT};

#[tokio::test]
async fn a_search_tells_what_stands_against_a_stay() {
    let hotel = Hotel::with(3, 0).await;
    let rules =
        json!([{ "from": "2027-07-01", "to": "2027-08-01", "min_nights": 5, "weekdays": ["FR", "SA"] }]);
    let plan = hotel.rate_plan(json!({ "name": "Summer", "rules": rules })).await;
    // A Friday.
    let found = hotel.search(("2027-07-02", "2027-07-04"), "").await;
    let offers = found[0]["offers"].as_array().unwrap();
    let summer = offers.iter().find(|offer| offer["rate_plan_id"] == json!(plan)).unwrap();
    assert_eq!(summer["reasons"][0]["code"], "min_nights");
    assert_eq!(found[0]["available"], true, "the other plan has no such rule");
    let crowded = hotel.search(("2027-07-02", "2027-07-04"), "&rooms=4").await;
    assert_eq!(crowded[0]["available"], false);
    assert_eq!(crowded[0]["reasons"][0]["code"], "sold_out");
    assert_eq!(crowded[0]["reasons"][0]["left"], 3);
    let family = hotel.search(("2027-07-02", "2027-07-04"), "&adults=2&children=3,4").await;
    assert_eq!(family[0]["offers"][0]["reasons"][0]["code"], "party_too_large");
    let path =
        format!("/v2/stays/search?location_id={}&arrival=2027-07-04&departure=2027-07-04", hotel.place.id);
    hotel.app.get(&path).send().await.refused(400, "bad_request");
}

#[tokio::test]
async fn a_derived_plan_follows_its_parent_and_nothing_deeper() {
    let hotel = Hotel::start().await;
    let derived = json!({ "name": "Non-refundable", "prices": null, "derived": { "from": hotel.plan, "basis_points": -1500 } });
    let saver = hotel.rate_plan(derived).await;
    let found = hotel.search(("2027-07-02", "2027-07-03"), "").await;
    let offers = found[0]["offers"].as_array().unwrap();
    let offer = offers.iter().find(|offer| offer["rate_plan_id"] == json!(saver)).unwrap();
    assert_eq!(offer["total"], NIGHT * 85 / 100);
    let mut body = hotel.new_stay(&[hotel.room(("2027-07-02", "2027-07-03"))]);
    body["rate_plan_id"] = json!(saver);
    body["hold_seconds"] = json!(60);
    let made = hotel.book(&hotel.anna, "1", body).await.expect(201);
    assert_eq!(made.data()["price"]["total"], NIGHT * 85 / 100);
    let deeper = json!({
        "location_id": hotel.place.id, "name": "Deeper", "meals": "room_only", "currency": "EUR",
        "derived": { "from": saver },
    });
    let refused = hotel.app.post("/v2/rate-plans", deeper).by(&hotel.desk).send().await;
    assert_eq!(refused.refused(422, "validation_failed").fields()[0].0, "/derived/from");
}

#[tokio::test]
async fn every_mistake_in_a_rate_plan_is_told() {
    let hotel = Hotel::start().await;
    let body = json!({
        "location_id": hotel.place.id, "name": "Wrong", "meals": "breakfast", "currency": "EUR",
        "prices": { hotel.double.clone(): -1 },
        "seasons": [{ "from": "2027-02-01", "to": "2027-01-01", "price": 1 }],
        "rules": [{ "min_nights": 9, "max_nights": 2 }],
        "people": { "adults": 0, "children": [{ "up_to": 9, "price": 1 }, { "up_to": 4, "price": 1 }] },
        "taxes": [{ "name": "VAT", "basis_points": 10_001 }],
        "deposit_percent": 101,
        "refunds": [{ "hours": 24, "percent": 50 }, { "hours": 48, "percent": 100 }],
    });
    let refused = hotel.app.post("/v2/rate-plans", body).by(&hotel.desk).send().await;
    let fields: Vec<String> =
        refused.refused(422, "validation_failed").fields().into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        &format!("/prices/{}", hotel.double),
        "/seasons/0/to",
        "/rules/0/min_nights",
        "/people/adults",
        "/people/children",
        "/taxes/0/basis_points",
        "/deposit_percent",
        "/refunds",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn rooms_have_numbers_of_their_own_and_types_follow_their_names() {
    let hotel = Hotel::start().await;
    let room = hotel.hotel_room(&hotel.double, "101").await;
    let body = json!({ "room_type_id": hotel.double, "number": "101" });
    hotel.app.post("/v2/hotel-rooms", body).by(&hotel.desk).send().await.refused(409, "already_exists");
    let dirty = json!({ "housekeeping": "dirty", "note": "towels" });
    let path = format!("/v2/hotel-rooms/{room}");
    let changed = hotel.app.patch(&path, dirty).by(&hotel.desk).send().await.expect(200);
    assert_eq!(changed.text_of("housekeeping"), "dirty");
    hotel.app.delete(&path).by(&hotel.desk).send().await.expect(200);
    hotel.hotel_room(&hotel.double, "101").await;
    let renamed =
        json!({ "name": "Double with a view", "occupancy": { "adults": 2, "children": 0, "guests": 2 } });
    let path = format!("/v2/room-types/{}", hotel.double);
    let renamed = hotel.app.put(&path, renamed).by(&hotel.desk).send().await.expect(200);
    let pool = format!("/v2/pools/{}", renamed.text_of("pool_id"));
    let pool = hotel.app.get(&pool).by(&hotel.desk).send().await.expect(200);
    assert_eq!(pool.text_of("name"), "Double with a view");
    let house = format!("/v2/properties/{}", hotel.place.id);
    assert_eq!(hotel.app.get(&house).send().await.expect(200).text_of("check_in"), "15:00");
    let rules = json!({ "check_in": "14:00", "check_out": "12:00", "legal_name": "Hotel Ltd", "address": ["A street"] });
    hotel.app.put(&house, rules).by(&hotel.desk).send().await.expect(200);
    assert_eq!(hotel.app.get(&house).send().await.expect(200).text_of("check_out"), "12:00");
}
