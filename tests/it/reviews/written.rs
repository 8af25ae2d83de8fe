//! Writing reviews: once, by who was there; editing and taking back.

use domain::{BookingState, Role};
use serde_json::{Value, json};

use super::House;
use crate::catalog::{booked, kinds};
use crate::harness::Person;

#[tokio::test]
async fn who_was_there_writes_one_review_and_its_text_is_kept_as_written() {
    let house = House::counted().await;
    let (app, customer) = (&house.app, house.app.person(Role::Customer).await);
    let booking = house.stay(&customer, 0).await;
    let text = "Good <b>light</b> & \"quiet\"\n— 5 * &amp;";
    let body = json!({ "booking_id": booking, "rating": 5, "text": text });
    let first = app.post("/v2/reviews", body.clone()).by(&customer).key("k1").send().await.expect(201);
    let (trips, writes) = first.usage();
    assert!(trips <= 3 && writes <= 15, "{trips} trips, {writes} write units");
    let id = first.text_of("id");
    assert_eq!(first.header("location"), Some(format!("/v2/reviews/{id}").as_str()));
    assert_eq!((first.text_of("text"), first.text_of("booking_id")), (text.to_owned(), booking.clone()));
    let again = app.post("/v2/reviews", body.clone()).by(&customer).key("k1").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (first.data(), Some("true")));
    app.post("/v2/reviews", body).by(&customer).key("k2").send().await.refused(409, "already_exists");
    assert_eq!(kinds(app, &id).await, ["review.written"]);
    let shown = app.get(&format!("/v2/reviews/{id}")).send().await.expect(200);
    let tag = shown.header("etag").unwrap();
    assert_eq!((shown.text_of("text").as_str(), tag.starts_with("\"1-")), (text, true), "{tag}");
    app.get(&format!("/v2/reviews/{id}")).header("if-none-match", tag).send().await.expect(304);
    let stored = app.store().booking(booking.parse().unwrap()).await.unwrap();
    assert_eq!((stored.reviewed, stored.version), (true, 2));
}

#[tokio::test]
async fn nobody_reviews_what_is_not_theirs_or_has_not_taken_place() {
    let house = House::start().await;
    let (app, customer) = (&house.app, house.app.person(Role::Customer).await);
    let call = |booking: String, by: &Person| {
        app.post("/v2/reviews", json!({ "booking_id": booking, "rating": 3 })).by(by)
    };
    let done = house.stay(&customer, 0).await;
    call(done.clone(), &house.admin).send().await.refused(403, "forbidden");
    call(done, &app.person(Role::Auditor).await).send().await.refused(403, "forbidden");
    let ahead = booked(
        app,
        &house.room,
        customer.id,
        ("2027-01-05T08:00:00Z", "2027-01-05T09:00:00Z"),
        BookingState::Confirmed,
    )
    .await;
    call(ahead.id.to_string(), &customer).send().await.refused(409, "wrong_state");
    let unknown = domain::BookingId::derived([9; 16]).to_string();
    call(unknown, &customer).send().await.refused(404, "not_found");
    let long = "x".repeat(1_001);
    let bad = json!({ "booking_id": "bkg_1", "rating": 6, "text": long, "user": "me" });
    let answer = app.post("/v2/reviews", bad).by(&customer).send().await.refused(422, "validation_failed");
    let mut pointers: Vec<String> = answer.fields().into_iter().map(|(pointer, _)| pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/booking_id", "/rating", "/text", "/user"]);
    app.post("/v2/reviews", json!({})).send().await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn of_two_that_write_at_once_one_is_kept_and_counted() {
    let house = House::start().await;
    let customer = house.app.person(Role::Customer).await;
    let body = json!({ "booking_id": house.stay(&customer, 0).await, "rating": 4 });
    let calls = (0..8).map(|_| house.app.post("/v2/reviews", body.clone()).by(&customer).send());
    let answers = futures::future::join_all(calls).await;
    let mut made = 0;
    for answer in answers {
        match answer.status.as_u16() {
            201 => made += 1,
            _ => drop(answer.expect(409)),
        }
    }
    assert_eq!((made, &house.report().await["visible"]), (1, &json!(1)));
}

#[tokio::test]
async fn an_author_edits_and_takes_back_their_own_and_nobody_elses() {
    let house = House::start().await;
    let (app, author, other) =
        (&house.app, house.app.person(Role::Customer).await, house.app.person(Role::Customer).await);
    let id = house.review(&author, 0, 2).await;
    let path = format!("/v2/reviews/{id}");
    app.patch(&path, json!({ "rating": 1 })).by(&other).send().await.refused(403, "forbidden");
    app.delete(&path).by(&other).send().await.refused(403, "forbidden");
    let body = json!({ "rating": 4, "text": "better" });
    let edited = app.patch(&path, body).by(&author).header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((&edited.data()["rating"], edited.header("etag")), (&json!(4), Some("\"2\"")));
    app.patch(&path, json!({ "rating": 1 }))
        .by(&author)
        .header("if-match", "\"1\"")
        .send()
        .await
        .refused(412, "precondition_failed");
    app.patch(&path, json!({ "rating": null })).by(&author).send().await.refused(422, "validation_failed");
    let edited = app.patch(&path, json!({ "text": null })).by(&author).send().await.expect(200);
    assert_eq!((&edited.data()["rating"], &edited.data()["text"]), (&json!(4), &Value::Null));
    let event = app.store().events_of(&id, 10, None).await.unwrap().items.remove(1);
    assert_eq!(event.data["before"], json!({ "rating": 2, "text": null }));
    assert_eq!(event.data["after"], json!({ "rating": 4, "text": "better" }));
    app.delete(&path).by(&author).send().await.expect(200);
    app.get(&path).by(&author).send().await.refused(404, "not_found");
    house.moderate(&id, "restore").await.refused(409, "wrong_state");
    assert_eq!(kinds(app, &id).await, ["review.written", "review.edited", "review.edited", "review.removed"]);
}
