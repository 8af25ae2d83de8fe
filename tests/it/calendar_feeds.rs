//! Private calendars: read by our own parser, and closed to whoever should not read them any more.

use domain::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office::{blue, book};

async fn feed(app: &TestApp, by: &Person, body: Value, key: &str) -> Answer {
    app.post("/v2/calendar-feeds", body).by(by).key(key).send().await
}

#[tokio::test]
async fn ones_own_calendar_is_read_without_signing_in_until_it_is_revoked() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let room = blue(&app).await;
    let id = book(&app, &anna, &room, "09:00", "10:00").await.expect(201).text_of("id");
    let made = feed(&app, &anna, json!({}), "f").await.expect(201);
    let again = feed(&app, &anna, json!({}), "f").await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (made.data(), Some("true")));
    let path = made.text_of("path");
    let read = app.get(&path).send().await.expect(200);
    assert_eq!(read.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(read.header("cache-control"), Some("private, max-age=300"));
    let unfolded = read.text.replace("\r\n ", "");
    assert!(unfolded.contains(&format!("UID:{id}@holdfast.example")), "{unfolded}");
    assert!(unfolded.contains("DTSTART:20270105T090000Z") && unfolded.contains("STATUS:CONFIRMED"));
    let etag = read.header("etag").unwrap().to_owned();
    app.get(&path).header("if-none-match", &etag).send().await.expect(304);
    app.post(&format!("/v2/bookings/{id}/cancel"), json!({})).by(&anna).send().await.expect(200);
    let read = app.get(&path).header("if-none-match", &etag).send().await.expect(200);
    assert!(read.text.contains("STATUS:CANCELLED"));

    let bob = app.person(Role::Customer).await;
    let feed_path = format!("/v2/calendar-feeds/{}", made.text_of("id"));
    app.delete(&feed_path).by(&bob).send().await.refused(404, "not_found");
    assert_eq!(app.get("/v2/calendar-feeds").by(&anna).send().await.expect(200).data()[0], *made.data());
    app.delete(&feed_path).by(&anna).send().await.expect(204);
    app.get(&path).send().await.refused(410, "gone");
    assert_eq!(app.get("/v2/calendar-feeds").by(&anna).send().await.expect(200).data(), &json!([]));
    for bad in [path.replace(".ics", "A.ics"), path.replace(".ics", ""), "/v2/calendar/x.ics".to_owned()] {
        app.get(&bad).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_rooms_calendar_is_for_those_who_read_its_bookings() {
    let app = TestApp::start().await;
    let (anna, desk) = (app.person(Role::Customer).await, app.person(Role::Staff).await);
    let room = blue(&app).await;
    book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    let body = json!({ "room_id": room.id });
    feed(&app, &anna, body.clone(), "f").await.refused(403, "forbidden");
    feed(&app, &anna, json!({ "room_id": "res_00000000000000000000000000" }), "g")
        .await
        .refused(404, "not_found");
    let path = feed(&app, &desk, body, "f").await.expect(201).text_of("path");
    let read = app.get(&path).send().await.expect(200);
    assert!(read.text.contains("DESCRIPTION:The customer"), "{}", read.text);
    assert_eq!(read.text.matches("BEGIN:VEVENT").count(), 1);
}
