//! The front desk: guests who change rooms, leave late, or have to be lodged elsewhere, and money that comes in heaps.

use serde_json::{Value, json};

use super::{Hotel, NIGHT};

const DAYS: (&str, &str) = ("2027-01-04", "2027-01-07");

impl Hotel {
    async fn there(&self, key: &str, room: &str) -> String {
        let stay = self.stay(key, DAYS).await;
        self.assign(&stay, room).await.expect(200);
        self.at_desk(&stay, "check-in", json!({})).await.expect(200);
        stay
    }

    async fn numbers(&self, stays: &[&str]) -> Vec<Value> {
        let mut numbers = Vec::new();
        for stay in stays {
            numbers.push(self.read(stay).await["rooms"][0]["number"].clone());
        }
        numbers
    }
}

#[tokio::test]
async fn two_rooms_of_guests_are_swapped_at_once_or_not_at_all() {
    let hotel = Hotel::start().await;
    let (one, two) = (hotel.hotel_room(&hotel.double, "1").await, hotel.hotel_room(&hotel.double, "2").await);
    let (first, second) = (hotel.there("1", &one).await, hotel.there("2", &two).await);
    let swap = json!({ "first": { "stay_id": first }, "second": { "stay_id": second } });
    for _ in 0..2 {
        // The second time is the same request.
        let call = hotel.app.post("/v2/front-desk/swap", swap.clone()).by(&hotel.desk).key("swap");
        call.send().await.expect(200);
        assert_eq!(hotel.numbers(&[&first, &second]).await, ["2", "1"]);
    }
    let room = hotel.app.get(&format!("/v2/hotel-rooms/{one}")).by(&hotel.desk).send().await.expect(200);
    assert_eq!(
        (&room.data()["assigned"][0]["stay_id"], &room.data()["housekeeping"]),
        (&json!(second), &json!("dirty"))
    );
    // Somebody comes into room 1 on the day on which the second one leaves: the longer stay does not fit there.
    let later = hotel.stay("3", ("2027-01-07", "2027-01-09")).await;
    hotel.assign(&later, &one).await.expect(200);
    let mut longer = hotel.room(("2027-01-04", "2027-01-08"));
    longer["was"] = json!(0);
    let path = format!("/v2/stays/{first}/rooms");
    hotel.app.put(&path, json!({ "rooms": [longer] })).by(&hotel.desk).key("4").send().await.expect(200);
    let taken = hotel.app.post("/v2/front-desk/swap", swap).by(&hotel.desk).key("back").send().await;
    assert_eq!(taken.refused(409, "slot_taken").body["details"]["order_id"], json!(later));
    assert_eq!(hotel.numbers(&[&first, &second]).await, ["2", "1"]);
    let same = json!({ "first": { "stay_id": first }, "second": { "stay_id": first } });
    let call = hotel.app.post("/v2/front-desk/swap", same).by(&hotel.desk).send().await;
    call.refused(422, "validation_failed");
}

#[tokio::test]
async fn whoever_moves_into_another_type_leaves_the_nights_that_passed_as_they_were() {
    let mut hotel = Hotel::with(1, 0).await;
    let suite = hotel.room_type("Suite", (1, 0)).await;
    let prices = json!({ hotel.double.clone(): NIGHT, suite.clone(): 3 * NIGHT });
    hotel.plan = hotel.rate_plan(json!({ "prices": prices, "deposit_percent": 0 })).await;
    let (one, top) = (hotel.hotel_room(&hotel.double, "1").await, hotel.hotel_room(&suite, "9").await);
    let stay = hotel.there("1", &one).await;
    hotel.after(24).await;
    let path = format!("/v2/stays/{stay}/move");
    let body = json!({ "hotel_room_id": top });
    for _ in 0..2 {
        let moved = hotel.app.post(&path, body.clone()).by(&hotel.desk).key("move").send().await.expect(200);
        let rooms = &moved.data()["rooms"];
        assert_eq!((&rooms[0]["stage"], &rooms[0]["departure"]), (&json!("departed"), &json!("2027-01-05")));
        assert_eq!((&rooms[1]["stage"], &rooms[1]["number"]), (&json!("in_house"), &json!("9")));
        assert_eq!(rooms[1]["nightly"], json!([3 * NIGHT, 3 * NIGHT]));
        assert_eq!(moved.data()["price"]["due"], 7 * NIGHT);
        assert_eq!(moved.text_of("state"), "in_house");
    }
    // What was given back is sold anew, what was taken is not to be had.
    assert_eq!(hotel.left(("2027-01-05", "2027-01-07")).await, 1);
    let found = hotel.search(("2027-01-05", "2027-01-07"), "").await;
    let suites =
        found.as_array().unwrap().iter().find(|found| found["room_type"]["id"] == json!(suite)).unwrap();
    assert_eq!(suites["left"], 0);
    let left = hotel.app.get(&format!("/v2/hotel-rooms/{one}")).by(&hotel.desk).send().await.expect(200);
    assert_eq!((&left.data()["assigned"], &left.data()["housekeeping"]), (&json!([]), &json!("dirty")));
    hotel.at_desk(&stay, "check-out", json!({ "room": 0 })).await.refused(409, "wrong_state");
    hotel.pay(&stay, "cash", json!({ "means": "cash" })).await.expect(201);
    hotel.after(48).await;
    let gone = hotel.at_desk(&stay, "check-out", json!({ "room": 1 })).await.expect(200);
    assert_eq!(gone.text_of("state"), "departed");
}

#[tokio::test]
async fn who_leaves_late_pays_for_it_and_is_on_the_board_with_it() {
    let hotel = Hotel::start().await;
    let room = hotel.hotel_room(&hotel.double, "1").await;
    let stay = hotel.there("1", &room).await;
    let path = format!("/v2/stays/{stay}/late-check-out");
    let early = json!({ "until": "10:00" });
    let refused = hotel.app.post(&path, early).by(&hotel.desk).key("0").send().await;
    assert_eq!(refused.refused(422, "validation_failed").fields()[0].0, "/until");
    let late = json!({ "until": "14:00", "fee": 2_000, "tax_basis_points": 600 });
    for _ in 0..2 {
        let told = hotel.app.post(&path, late.clone()).by(&hotel.desk).key("1").send().await.expect(200);
        assert_eq!(told.data()["rooms"][0]["late_check_out"], "14:00");
        assert_eq!(told.data()["price"]["due"], 3 * NIGHT + 2_120);
    }
    let board = format!("/v2/front-desk/today?location_id={}", hotel.place.id);
    let board = hotel.app.get(&board).by(&hotel.desk).send().await.expect(200);
    assert_eq!(board.data()["in_house"][0]["rooms"][0]["late_check_out"], "14:00");
}

#[tokio::test]
async fn the_walk_list_has_the_overbooked_first_and_then_the_latest() {
    let hotel = Hotel::with(1, 2).await;
    let list = format!("/v2/front-desk/walk-list?location_id={}&date=2027-01-05", hotel.place.id);
    let first = hotel.stay("1", DAYS).await;
    let listed = hotel.app.get(&list).by(&hotel.desk).send().await.expect(200);
    assert_eq!(listed.data(), &json!([]));
    let second = hotel.stay("2", DAYS).await;
    let third = hotel.stay("3", ("2027-01-05", "2027-01-06")).await;
    let listed = hotel.app.get(&list).by(&hotel.desk).send().await.expect(200);
    let short = &listed.data()[0];
    assert_eq!((&short["capacity"], &short["claimed"], &short["short"]), (&json!(1), &json!(3), &json!(2)));
    let candidates: Vec<_> =
        short["candidates"].as_array().unwrap().iter().map(|stay| stay["id"].clone()).collect();
    // The clock stands still: of those booked at the same moment the ids decide.
    assert_eq!(candidates.len(), 3);
    assert_eq!(candidates[2], json!(first), "sold within the capacity");
    assert!(candidates[..2].contains(&json!(second)) && candidates[..2].contains(&json!(third)));
    hotel.app.get(&list).by(&hotel.anna).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn payments_noted_in_heaps_are_each_done_once_or_refused_by_themselves() {
    let hotel = Hotel::start().await;
    let (first, second) = (hotel.stay("1", DAYS).await, hotel.stay("2", DAYS).await);
    let item = |key: &str, order: &str, amount: i64| json!({ "key": key, "order_id": order, "means": "cash", "amount": amount });
    let nobody = "ord_00000000000000000000000000";
    let heap = json!({ "payments": [
        item("a", &first, NIGHT), item("b", &first, 2 * NIGHT), item("c", &first, 1), item("d", nobody, 1),
        item("e", &second, 4 * NIGHT), item("f", &second, NIGHT),
    ] });
    let note = |heap: Value| hotel.app.post("/v2/front-desk/payments", heap).by(&hotel.desk);
    for again in [false, true] {
        let told = note(heap.clone()).send().await.expect(200);
        let of = |field: &str| {
            told.data().as_array().unwrap().iter().map(|one| one[field].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("status"), [201, 201, 409, 404, 422, 201].map(|status| json!(status)));
        assert_eq!(of("replayed")[0], json!(again));
        assert_eq!(of("code")[2], "wrong_state");
    }
    assert_eq!(hotel.read(&first).await["price"]["due"], 0);
    assert_eq!(hotel.read(&second).await["price"]["due"], 2 * NIGHT);
    let other = json!({ "payments": [item("a", &second, NIGHT)] });
    let told = note(other).send().await.expect(200);
    assert_eq!(told.data()[0]["code"], "idempotency_key_reused");
    note(json!({ "payments": [] })).send().await.refused(422, "validation_failed");
}
