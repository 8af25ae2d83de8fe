//! Stays are searched, sold, changed and given back; only the counter decides.

use jiff::{SignedDuration, ToSpan};
use serde_json::json;

use super::{Hotel, NIGHT};

const THREE: (&str, &str) = ("2027-03-27", "2027-03-30");

#[tokio::test]
async fn a_stay_is_found_with_its_price_and_sold_at_it() {
    let hotel = Hotel::with(2, 0).await;
    let found = hotel.search(THREE, "").await;
    assert_eq!(found[0]["available"], true);
    assert_eq!(found[0]["left"], 2);
    // The clocks go forward in between: three nights all the same.
    assert_eq!(found[0]["offers"][0]["nightly"], json!([NIGHT, NIGHT, NIGHT]));
    assert_eq!(found[0]["offers"][0]["total"], 3 * NIGHT);
    let made = hotel.book(&hotel.anna, "1", hotel.new_stay(&[hotel.room(THREE)])).await.expect(201);
    assert_eq!(made.text_of("state"), "expected");
    assert_eq!(made.data()["price"]["total"], 3 * NIGHT);
    assert_eq!(made.data()["rooms"][0]["nights"], 3);
    let again = hotel.book(&hotel.anna, "1", hotel.new_stay(&[hotel.room(THREE)])).await.expect(201);
    assert_eq!(again.text_of("id"), made.text_of("id"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(hotel.left(THREE).await, 1);
    // By its number, however it is written.
    let number = made.text_of("confirmation").to_lowercase().replace('-', "%20");
    let list = format!("/v2/stays?confirmation={number}");
    let found = hotel.app.get(&list).by(&hotel.anna).send().await.expect(200);
    assert_eq!(found.data()[0]["id"], made.data()["id"]);
    let foreign = hotel.app.person(domain::Role::Customer).await;
    assert_eq!(hotel.app.get(&list).by(&foreign).send().await.expect(200).data(), &json!([]));
    let path = format!("/v2/stays/{}", made.text_of("id"));
    hotel.app.get(&path).by(&foreign).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn several_rooms_are_sold_together_or_not_at_all() {
    let hotel = Hotel::with(2, 0).await;
    let rooms = [hotel.room(THREE), hotel.room(THREE), hotel.room(("2027-03-28", "2027-03-29"))];
    let refused = hotel.book(&hotel.anna, "1", hotel.new_stay(&rooms)).await.refused(409, "sold_out");
    let told = &refused.body["details"]["lines"];
    assert!(told.as_array().is_some_and(|lines| !lines.is_empty()), "{refused:?}");
    assert_eq!(hotel.left(THREE).await, 2);
    // Nor is anybody a guest who is refused a stay; with one, they are.
    let somebody = |rooms: &[serde_json::Value]| {
        let mut body = hotel.new_stay(rooms);
        body["guest"] = json!({ "name": "Ines", "email": "ines@people.example" });
        body
    };
    let guests = || hotel.app.get("/v2/guests?email=ines@people.example").by(&hotel.desk).send();
    hotel.book(&hotel.desk, "guest", somebody(&rooms)).await.refused(409, "sold_out");
    assert_eq!(guests().await.expect(200).data(), &json!([]));
    let elsewhere = [hotel.room(("2027-05-01", "2027-05-02"))];
    let told = hotel.book(&hotel.desk, "guest 2", somebody(&elsewhere)).await.expect(201);
    assert_eq!(guests().await.expect(200).data()[0]["id"], told.data()["guest_id"]);
    let again = hotel.book(&hotel.desk, "guest 2", somebody(&elsewhere)).await.expect(201);
    assert_eq!(again.data()["id"], told.data()["id"]);
    let made = hotel.book(&hotel.anna, "2", hotel.new_stay(&rooms[..2])).await.expect(201);
    assert_eq!(made.data()["rooms"].as_array().unwrap().len(), 2);
    assert_eq!(hotel.left(THREE).await, 0);
    // Who leaves makes room for who arrives on the same day.
    hotel.stay("3", ("2027-03-30", "2027-03-31")).await;
    hotel.stay("4", ("2027-03-26", "2027-03-27")).await;
}

#[tokio::test]
async fn sixty_nights_fit_and_one_more_is_refused_clearly() {
    let hotel = Hotel::start().await;
    hotel.stay("1", ("2027-06-01", "2027-07-31")).await;
    let body = hotel.new_stay(&[hotel.room(("2027-06-01", "2027-08-01"))]);
    let refused = hotel.book(&hotel.anna, "2", body).await.refused(422, "validation_failed");
    assert_eq!(refused.fields(), [("/rooms/0/departure".to_owned(), "too_long".to_owned())]);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_stay_is_told_at_once() {
    let hotel = Hotel::start().await;
    let wrong = json!([
        { "room_type_id": hotel.double, "arrival": "2027-03-27", "departure": "2027-03-27", "adults": 2 },
        { "room_type_id": hotel.double, "arrival": "2027-03-27", "departure": "2027-03-28", "adults": 2, "children": [18] },
    ]);
    let body = json!({ "location_id": hotel.place.id, "rate_plan_id": hotel.plan, "rooms": wrong });
    let refused = hotel.book(&hotel.anna, "1", body).await.refused(422, "validation_failed");
    let fields = refused.fields();
    assert!(fields.contains(&("/rooms/0/departure".to_owned(), "not_after_start".to_owned())), "{fields:?}");
    assert!(fields.contains(&("/rooms/1/children".to_owned(), "out_of_range".to_owned())), "{fields:?}");
    let mut crowd = hotel.new_stay(&[hotel.room(THREE)]);
    crowd["rooms"][0]["adults"] = json!(3);
    let refused = hotel.book(&hotel.anna, "2", crowd).await.refused(422, "not_bookable");
    assert_eq!(refused.body["details"]["reasons"][0]["code"], "party_too_large");
    // A price that was agreed on makes room for more, but not for nobody, nor for an army.
    for (key, people, refused) in [("7", json!(0), true), ("8", json!(101), true), ("9", json!(55), false)] {
        let mut agreed = hotel.new_stay(&[hotel.room(THREE)]);
        agreed["rooms"][0]["adults"] = people;
        agreed["rooms"][0]["nightly"] = json!([1, 1, 1]);
        let came = hotel.book(&hotel.desk, key, agreed).await;
        if refused {
            let fields = came.refused(422, "validation_failed").fields();
            assert_eq!(fields, [("/rooms/0/adults".to_owned(), "out_of_range".to_owned())]);
        } else {
            let stay = came.expect(201).text_of("id");
            let path = format!("/v2/stays/{stay}/cancel");
            hotel.app.post(&path, json!({})).by(&hotel.desk).send().await.expect(200);
        }
    }
    let mut priced = hotel.new_stay(&[hotel.room(THREE)]);
    priced["price"] = json!(1);
    hotel.book(&hotel.anna, "3", priced).await.refused(422, "validation_failed");
    let past = hotel.new_stay(&[hotel.room(("2027-01-03", "2027-01-05"))]);
    hotel.book(&hotel.anna, "4", past).await.refused(422, "not_bookable");
    let mut other = hotel.new_stay(&[hotel.room(THREE)]);
    other["guest"] = json!({ "name": "Somebody else" });
    hotel.book(&hotel.anna, "5", other).await.refused(403, "forbidden");
    // Nights of a room type are not to be had without their price.
    let pool = hotel.search(THREE, "").await[0]["room_type"]["pool_id"].clone();
    let line = json!({ "pool_id": pool, "quantity": 1, "arrival": "2027-03-27", "departure": "2027-03-28" });
    let order =
        hotel.app.post("/v2/orders", json!({ "lines": [line] })).by(&hotel.anna).key("6").send().await;
    assert_eq!(order.refused(422, "validation_failed").fields()[0].1, "other_kind");
    assert_eq!(hotel.left(THREE).await, 10);
}

#[tokio::test]
async fn a_stay_is_changed_by_the_difference_and_only_new_nights_cost_what_they_cost_now() {
    let hotel = Hotel::with(1, 0).await;
    let stay = hotel.stay("1", THREE).await;
    let mut dearer = json!({
        "name": "Flexible", "meals": "breakfast", "currency": "EUR", "prices": { hotel.double.clone(): 2 * NIGHT },
        "deposit_percent": 0,
    });
    let path = format!("/v2/rate-plans/{}", hotel.plan);
    hotel.app.put(&path, dearer.take()).by(&hotel.desk).send().await.expect(200);
    // One night later: the night that is given up goes to somebody else.
    let rooms = |days| {
        let mut room = hotel.room(days);
        room["was"] = json!(0);
        json!({ "rooms": [room] })
    };
    let path = format!("/v2/stays/{stay}/rooms");
    let later = ("2027-03-28", "2027-03-31");
    let changed = hotel.app.put(&path, rooms(later)).by(&hotel.anna).key("2").send().await.expect(200);
    assert_eq!(changed.data()["rooms"][0]["nightly"], json!([NIGHT, NIGHT, 2 * NIGHT]));
    assert_eq!(changed.data()["price"]["total"], 4 * NIGHT);
    assert_eq!(changed.data()["price"]["due"], 4 * NIGHT);
    let other = hotel.stay("3", ("2027-03-27", "2027-03-28")).await;
    let back = hotel.app.put(&path, rooms(THREE)).by(&hotel.anna).key("4").send().await;
    back.refused(409, "sold_out");
    let cancel = format!("/v2/stays/{other}/cancel");
    hotel.app.post(&cancel, json!({ "reason": "ill" })).by(&hotel.anna).send().await.expect(200);
    hotel.app.put(&path, rooms(THREE)).by(&hotel.anna).key("5").send().await.expect(200);
    assert_eq!(hotel.left(later).await, 0);
    assert_eq!(hotel.left(("2027-03-30", "2027-03-31")).await, 1);
}

#[tokio::test]
async fn what_is_paid_first_is_held_and_sold_once_it_is_paid() {
    let hotel = Hotel::at(crate::harness::TestApp::here().await, 1, 0).await;
    let plan = hotel.rate_plan(json!({ "name": "Deposit", "deposit_percent": 30 })).await;
    let mut body = hotel.new_stay(&[hotel.room(THREE)]);
    body["rate_plan_id"] = json!(plan);
    let held = hotel.book(&hotel.anna, "1", body.clone()).await.expect(201);
    assert_eq!(held.text_of("state"), "held");
    assert_eq!(held.data()["price"]["first_part"], 9_000);
    let pay = format!("/v2/orders/{}/payments", held.text_of("id"));
    let begun = hotel.app.post(&pay, json!({})).by(&hotel.anna).key("pay").send().await.expect(201);
    let gateway = begun.data()["checkout"]["order_id"].as_str().unwrap().to_owned();
    let paid = hotel.app.gateway().authorize(&gateway).unwrap();
    let proof = json!({
        "razorpay_order_id": gateway, "razorpay_payment_id": paid.payment_id,
        "razorpay_signature": paid.signature,
    });
    let verify = format!("/v2/payments/{}/verify", begun.text_of("id"));
    hotel.app.post(&verify, proof).by(&hotel.anna).send().await.expect(200);
    hotel.app.settle().await;
    let stay = hotel.read(&held.text_of("id")).await;
    assert_eq!(stay["state"], "expected");
    assert_eq!(stay["price"]["due"], 3 * NIGHT - 9_000);
    // What nobody pays is given back by itself.
    let mut other = body;
    other["rooms"][0] = hotel.room(("2027-04-01", "2027-04-02"));
    let second = hotel.book(&hotel.anna, "2", other).await.expect(201).text_of("id");
    assert_eq!(hotel.left(("2027-04-01", "2027-04-02")).await, 0);
    hotel.app.advance(SignedDuration::from_mins(11));
    hotel.app.settle().await;
    let anna = hotel.app.renewed(&hotel.anna);
    let gone = hotel.app.get(&format!("/v2/stays/{second}")).by(&anna).send().await.expect(200);
    assert_eq!(gone.text_of("state"), "cancelled");
}

#[tokio::test]
async fn nights_are_those_of_the_calendar_when_the_clocks_go_back() {
    let hotel = Hotel::start().await;
    let start: jiff::civil::Date = "2027-10-30".parse().unwrap();
    for nights in 1..=3_i32 {
        let end = start.checked_add(nights.days()).unwrap().to_string();
        let found = hotel.search(("2027-10-30", &end), "").await;
        assert_eq!(found[0]["offers"][0]["total"], i64::from(nights) * NIGHT);
    }
}
