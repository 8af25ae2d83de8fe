//! Out of service, and off the offer.

use domain::{BookingState, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{booked, kinds, location, pointers, room};
use crate::harness::{Answer, TestApp};

#[tokio::test]
async fn an_outage_lists_the_bookings_that_it_touches_and_tells_each_once() {
    let app = TestApp::counted().await;
    let (admin, customer) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
    let place = location(&app, &admin, "Here").await;
    let (id, other) =
        (room(&app, &admin, &place, "Blue", 4).await, room(&app, &admin, &place, "Green", 4).await);
    let make = async |room: &str, start: &str, end: &str, state| {
        booked(&app, room, customer.id, (start, end), state).await.id.to_string()
    };
    let confirmed = BookingState::Confirmed;
    let before = make(&id, "2027-01-05T09:00:00Z", "2027-01-05T10:00:00Z", confirmed).await;
    let over_midnight = make(&id, "2027-01-05T22:00:00Z", "2027-01-06T10:00:00Z", confirmed).await;
    let held = make(&id, "2027-01-06T12:00:00Z", "2027-01-06T13:00:00Z", BookingState::Held).await;
    make(&id, "2027-01-06T14:00:00Z", "2027-01-06T15:00:00Z", BookingState::Cancelled).await;
    make(&other, "2027-01-06T14:00:00Z", "2027-01-06T15:00:00Z", confirmed).await;
    let far = make(&id, "2028-01-03T14:00:00Z", "2028-01-03T15:00:00Z", confirmed).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let bookings = answer.data()["bookings"].as_array().unwrap();
        bookings.iter().map(|booking| booking["id"].as_str().unwrap().to_owned()).collect()
    };

    let path = format!("/v2/rooms/{id}/out-of-service");
    let window =
        json!({ "reason": "paint", "from": "2027-01-06T08:00:00Z", "until": "2027-01-07T08:00:00Z" });
    let out = app.post(&path, window).by(&admin).send().await.expect(200);
    assert_eq!(ids(&out), [over_midnight.clone(), held.clone()]);
    assert_eq!((&out.data()["notified"], &out.data()["more"]), (&json!(0), &json!(false)));
    assert_eq!(out.data()["room"]["out_of_service"]["reason"], "paint");
    assert_eq!(kinds(&app, &held).await, [""; 0]);

    let all = json!({ "reason": "flood", "then": "notify" });
    let out = app.post(&path, all.clone()).by(&admin).key("k1").send().await.expect(200);
    assert_eq!(ids(&out), [before.clone(), over_midnight, held.clone(), far.clone()]);
    assert_eq!(out.data()["notified"], 4);
    let again = app.post(&path, all).by(&admin).key("k1").send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.data()["notified"]), (Some("true"), &json!(4)));
    assert_eq!(kinds(&app, &far).await, ["booking.room_unavailable"]);
    let event = app.store().events_of(&held, 1, None).await.unwrap().items.remove(0);
    assert_eq!((event.sequence, &event.data["out_of_service"]["reason"]), (2, &json!("flood")));
    assert_eq!(event.data["after"]["user"], customer.id.to_string());

    // Caller, room, ledger, and one query for each of the three local days on which the room is taken.
    assert!(again.usage().0 <= 6, "{:?}", again.usage());

    let back = app.delete(&path).by(&admin).send().await.expect(200);
    assert_eq!(back.data()["out_of_service"], Value::Null);
    app.delete(&path).by(&admin).send().await.refused(409, "wrong_state");
    let events = ["room.created", "room.out_of_service", "room.out_of_service", "room.in_service"];
    assert_eq!(kinds(&app, &id).await, events);
    for (body, pointer) in [
        (json!({ "reason": "x", "from": "2027-01-06T08:00:00Z", "until": "2027-01-06T08:00:00Z" }), "/until"),
        (json!({ "reason": "x", "from": "2027-01-01T08:00:00Z", "until": "2027-01-02T08:00:00Z" }), "/until"),
        (json!({ "reason": "x", "then": "move" }), "/then"),
        (json!({ "from": "2027-01-06T08:00:00Z" }), "/reason"),
    ] {
        let answer = app.post(&path, body).by(&admin).send().await.refused(422, "validation_failed");
        assert_eq!(pointers(&answer), [pointer.to_owned()].into());
    }
}

#[tokio::test]
async fn a_room_is_not_retired_while_somebody_has_it_ahead() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let place = location(&app, &admin, "Here").await;
    let id = room(&app, &admin, &place, "Blue", 4).await;
    let hour = ("2027-01-04T09:00:00Z", "2027-01-04T10:00:00Z");
    booked(&app, &id, admin.id, hour, BookingState::Confirmed).await;
    let refused = app.delete(&format!("/v2/rooms/{id}")).by(&admin).send().await.refused(409, "wrong_state");
    assert_eq!(refused.body["details"]["first_taken"], hour.0);
    app.delete("/v1/rooms/delete/Blue").by(&admin).send().await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_hours(2));
    let admin = app.renewed(&admin);
    app.delete("/v1/rooms/delete/blue").by(&admin).send().await.expect(200);
    app.get("/v1/rooms/Blue").send().await.refused(404, "not_found");
}
