//! The front desk: where guests are put, who comes, who leaves, who never came.

use serde_json::{Value, json};

use super::{Hotel, NIGHT};

/// Tomorrow and two nights more.
const DAYS: (&str, &str) = ("2027-01-05", "2027-01-08");

impl Hotel {
    async fn board(&self) -> Value {
        let path = format!("/v2/front-desk/today?location_id={}", self.place.id);
        let desk = self.app.renewed(&self.desk);
        self.app.get(&path).by(&desk).send().await.expect(200).data().clone()
    }
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|stay| stay["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn guests_come_are_on_the_board_and_leave_a_room_to_be_cleaned() {
    let mut hotel = Hotel::start().await;
    let room = hotel.hotel_room(&hotel.double, "101").await;
    let stay = hotel.stay("1", DAYS).await;
    assert_eq!(ids(&hotel.board().await["arrivals"]), Vec::<String>::new());
    hotel.assign(&stay, &room).await.expect(200);
    hotel.at_desk(&stay, "check-in", json!({})).await.refused(409, "wrong_state");
    hotel.after(26).await;
    assert_eq!(ids(&hotel.board().await["arrivals"]), std::slice::from_ref(&stay));
    let there = hotel.at_desk(&stay, "check-in", json!({})).await.expect(200);
    assert_eq!(there.text_of("state"), "in_house");
    assert_eq!(there.data()["rooms"][0]["number"], "101");
    let board = hotel.board().await;
    assert_eq!((ids(&board["in_house"]), ids(&board["arrivals"])), (vec![stay.clone()], vec![]));
    hotel.after(72).await;
    assert_eq!(ids(&hotel.board().await["departures"]), std::slice::from_ref(&stay));
    let due = hotel.at_desk(&stay, "check-out", json!({})).await.refused(402, "payment_required");
    assert_eq!(due.body["details"]["due"], 3 * NIGHT);
    let pay = format!("/v2/orders/{stay}/payments");
    let cash = json!({ "means": "cash", "amount": 3 * NIGHT });
    hotel.app.post(&pay, cash).by(&hotel.desk).key("cash").send().await.expect(201);
    let gone = hotel.at_desk(&stay, "check-out", json!({})).await.expect(200);
    assert_eq!(gone.text_of("state"), "departed");
    assert_eq!(gone.data()["price"]["due"], 0);
    let board = hotel.board().await;
    assert_eq!(ids(&board["departed"]), [stay]);
    assert_eq!(board["rooms_not_ready"][0]["number"], "101");
}

#[tokio::test]
async fn no_two_guests_get_one_room_for_a_night_and_assignments_decide_nothing() {
    let hotel = Hotel::with(2, 0).await;
    let (one, two) = (hotel.hotel_room(&hotel.double, "1").await, hotel.hotel_room(&hotel.double, "2").await);
    let (first, second) = (hotel.stay("1", DAYS).await, hotel.stay("2", ("2027-01-07", "2027-01-09")).await);
    hotel.assign(&first, &one).await.expect(200);
    let taken = hotel.assign(&second, &one).await.refused(409, "slot_taken");
    assert_eq!(taken.body["details"]["order_id"], json!(first));
    hotel.assign(&second, &two).await.expect(200);
    // Both go into each other's room, in three steps of which none leaves two in one.
    hotel.at_desk(&first, "assignment", json!({})).await.expect(200);
    hotel.assign(&second, &one).await.expect(200);
    hotel.assign(&first, &two).await.expect(200);
    // A longer stay takes its room with it where that is free, and leaves it where it is not.
    let path = format!("/v2/stays/{first}/rooms");
    let mut longer = hotel.room(("2027-01-05", "2027-01-09"));
    longer["was"] = json!(0);
    let longer = json!({ "rooms": [longer] });
    let changed = hotel.app.put(&path, longer).by(&hotel.desk).key("3").send().await.expect(200);
    assert_eq!(changed.data()["rooms"][0]["number"], "2");
    // All rooms are taken or broken, and still it is the counter alone that sells.
    for room in [&one, &two] {
        let path = format!("/v2/hotel-rooms/{room}");
        let out = json!({ "housekeeping": "out_of_order" });
        hotel.app.patch(&path, out).by(&hotel.desk).send().await.expect(200);
    }
    assert_eq!(hotel.left(("2027-01-08", "2027-01-09")).await, 0);
    let cancel = format!("/v2/stays/{second}/cancel");
    hotel.app.post(&cancel, json!({})).by(&hotel.anna).send().await.expect(200);
    assert_eq!(hotel.left(("2027-01-08", "2027-01-09")).await, 1);
    let room = hotel.app.get(&format!("/v2/hotel-rooms/{one}")).by(&hotel.desk).send().await.expect(200);
    assert_eq!(room.data()["assigned"], json!([]), "who cancels is taken out of the room");
}

#[tokio::test]
async fn who_leaves_early_gives_nights_back_and_who_stays_on_takes_what_is_left() {
    let mut hotel = Hotel::with(1, 0).await;
    let room = hotel.hotel_room(&hotel.double, "1").await;
    let stay = hotel.stay("1", DAYS).await;
    hotel.assign(&stay, &room).await.expect(200);
    hotel.after(26).await;
    hotel.at_desk(&stay, "check-in", json!({})).await.expect(200);
    let path = format!("/v2/stays/{stay}/rooms");
    let until = |day: &str| {
        let mut room = hotel.room(("2027-01-05", day));
        room["was"] = json!(0);
        json!({ "rooms": [room] })
    };
    let longer = hotel.app.put(&path, until("2027-01-10")).by(&hotel.desk).key("2").send().await.expect(200);
    assert_eq!(longer.data()["price"]["total"], 5 * NIGHT);
    assert_eq!(longer.data()["rooms"][0]["number"], "1");
    hotel.after(24).await;
    let due = hotel.at_desk(&stay, "check-out", json!({})).await.refused(402, "payment_required");
    assert_eq!(due.body["details"]["due"], NIGHT, "what they leave is not charged");
    assert_eq!(
        hotel.read(&stay).await["departure"],
        "2027-01-10",
        "who may not leave yet gives nothing back"
    );
    let gone = hotel.at_desk(&stay, "check-out", json!({ "unpaid": true })).await.expect(200);
    assert_eq!(gone.data()["departure"], "2027-01-06");
    assert_eq!(gone.data()["price"]["total"], NIGHT);
    assert_eq!(hotel.left(("2027-01-06", "2027-01-10")).await, 1);
}

#[tokio::test]
async fn whoever_never_came_is_charged_by_the_plan_and_the_nights_are_sold_anew() {
    let mut hotel = Hotel::with(1, 0).await;
    let plan = hotel.rate_plan(json!({ "deposit_percent": 0, "no_show_nights": 1 })).await;
    let mut body = hotel.new_stay(&[hotel.room(DAYS)]);
    body["rate_plan_id"] = json!(plan);
    let stay = hotel.book(&hotel.anna, "1", body).await.expect(201).text_of("id");
    hotel.at_desk(&stay, "no-show", json!({})).await.refused(409, "wrong_state");
    hotel.after(48).await;
    assert_eq!(ids(&hotel.board().await["overdue_arrivals"]), std::slice::from_ref(&stay));
    let absent = hotel.at_desk(&stay, "no-show", json!({})).await.expect(200);
    assert_eq!(absent.text_of("state"), "no_show");
    assert_eq!(absent.data()["price"]["charged"], NIGHT);
    assert_eq!(hotel.left(("2027-01-06", "2027-01-08")).await, 1);
    let list =
        format!("/v2/stays?location_id={}&stage=no_show&from=2027-01-05&to=2027-01-06", hotel.place.id);
    let listed = hotel.app.get(&list).by(&hotel.desk).send().await.expect(200);
    assert_eq!(ids(listed.data()), [stay]);
}

#[tokio::test]
async fn stays_are_listed_by_room_guest_dates_and_when_they_were_made() {
    let mut hotel = Hotel::start().await;
    let room = hotel.hotel_room(&hotel.double, "101").await;
    let first = hotel.stay("1", DAYS).await;
    hotel.assign(&first, &room).await.expect(200);
    hotel.after(2).await;
    let second = hotel.stay("2", ("2027-01-20", "2027-01-22")).await;
    let guest = hotel.read(&first).await["guest_id"].as_str().unwrap().to_owned();
    let listed = async |path: String| {
        let found = hotel.app.get(&path).by(&hotel.desk).send().await.expect(200);
        let items = if path.starts_with("/v1") { &found.body["items"] } else { found.data() };
        ids(items)
    };
    let place = hotel.place.id;
    let both = [second.clone(), first.clone()];
    for (filter, expected) in [
        (format!("stage=expected&hotel_room_id={room}"), &both[1..]),
        (format!("stage=expected&guest_id={guest}&from=2027-01-19"), &both[..1]),
        ("created_from=2027-01-04T09:00:00Z".to_owned(), &both[..1]),
        ("created_to=2027-01-04T09:00:00Z&stage=expected".to_owned(), &both[1..]),
        ("created_to=2027-01-04T09:00:00Z&stage=held".to_owned(), &both[..0]),
        (format!("created_from=2027-01-01T00:00:00Z&guest_id={guest}"), &both[..]),
        ("created_from=2027-01-01T00:00:00Z&to=2027-01-06".to_owned(), &both[1..]),
    ] {
        assert_eq!(listed(format!("/v2/stays?location_id={place}&{filter}")).await, expected, "{filter}");
    }
    for (filter, expected) in [
        (format!("room_id={room}"), &both[1..]),
        ("start_date=2027-01-06".to_owned(), &both[..1]),
        ("end_date=2027-01-06".to_owned(), &both[1..]),
        ("created_to=2027-01-04T09:00:00Z".to_owned(), &both[1..]),
        (format!("guest_id={guest}&created_from=2027-01-01T00:00:00Z"), &both[..]),
    ] {
        assert_eq!(listed(format!("/v1/reservations?{filter}")).await, expected, "{filter}");
    }
    let wrong = format!("/v2/stays?location_id={place}");
    hotel.app.get(&wrong).by(&hotel.desk).send().await.refused(400, "bad_request");
}
