//! What a booking may ask for, and who may: bad input, rules of the room, wall clocks, other people's bookings.

use domain::{Permission, Role, Scope};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::office::{blue, book, close, place, room, tuesday, wanted};

async fn start() -> (TestApp, Person) {
    let app = TestApp::counted().await;
    let anna = app.person(Role::Customer).await;
    (app, anna)
}

#[tokio::test]
async fn touching_bookings_do_not_collide_and_buffers_keep_their_distance() {
    let (app, anna) = start().await;
    let berlin = place(&app, "Europe/Berlin").await;
    let plain = room(&app, &berlin).add(&app).await;
    book(&app, &anna, &plain, "09:00", "10:00").await.expect(201);
    book(&app, &anna, &plain, "10:00", "11:00").await.expect(201);
    book(&app, &anna, &plain, "08:00", "09:00").await.expect(201);
    let buffered = room(&app, &berlin).rules(|rules| rules.buffer_after = 15).add(&app).await;
    book(&app, &anna, &buffered, "09:00", "10:00").await.expect(201);
    book(&app, &anna, &buffered, "10:00", "11:00").await.refused(409, "slot_taken");
    book(&app, &anna, &buffered, "10:15", "11:00").await.expect(201);
}

#[tokio::test]
async fn every_bad_field_is_told_at_once_and_nothing_is_written() {
    let (app, anna) = start().await;
    let room = blue(&app).await;
    let body = json!({
        "room_id": "usr_1", "start": "tomorrow", "end": 7, "attendees": -1, "title": "x".repeat(201), "colour": "red",
    });
    let refused = app.post("/v2/bookings", body).by(&anna).key("1").send().await;
    let refused = refused.refused(422, "validation_failed");
    let pointers: Vec<String> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/room_id", "/start", "/end", "/title", "/attendees", "/colour"]);
    let wrong = [
        (json!({}), 422, "validation_failed"),
        (
            json!({ "room_id": "res_00000000000000000000000000", "start": tuesday("09:00"), "end": tuesday("10:00") }),
            404,
            "not_found",
        ),
        (wanted(&room, "10:00", "09:00"), 422, "validation_failed"),
        (wanted(&room, "10:00", "10:00"), 422, "validation_failed"),
        (wanted(&room, "10:03", "11:00"), 422, "not_bookable"),
        (
            json!({ "room_id": room.id, "start": "2027-01-04T07:00:00Z", "end": "2027-01-04T09:00:00Z" }),
            422,
            "not_bookable",
        ),
        (
            json!({ "room_id": room.id, "start": "2029-01-04T07:00:00Z", "end": "2029-01-04T09:00:00Z" }),
            422,
            "not_bookable",
        ),
        (
            json!({ "room_id": room.id, "start": "2027-01-05T07:00:00Z", "end": "2027-03-05T09:00:00Z" }),
            422,
            "not_bookable",
        ),
        (
            json!({ "room_id": room.id, "start": "-009999-01-05T07:00:00Z", "end": "9999-12-30T09:00:00Z" }),
            422,
            "not_bookable",
        ),
        (
            json!({ "room_id": room.id, "start": tuesday("09:00"), "local_start": "2027-01-05T09:00", "end": tuesday("10:00") }),
            422,
            "validation_failed",
        ),
        (
            json!({ "room_id": room.id, "local_start": "2027-03-28T02:30", "local_end": "2027-03-28T04:00" }),
            422,
            "nonexistent_local_time",
        ),
        (
            json!({ "room_id": room.id, "local_start": "2027-10-31T02:30", "local_end": "2027-10-31T04:00" }),
            422,
            "ambiguous_local_time",
        ),
        (
            json!({ "room_id": room.id, "local_start": "2027-10-31T02:30", "local_end": "2027-10-31T04:00", "fold": 2 }),
            422,
            "validation_failed",
        ),
    ];
    for (n, (body, status, code)) in wrong.into_iter().enumerate() {
        let answer = app.post("/v2/bookings", body).by(&anna).key(&format!("w{n}")).send().await;
        println!("{n}");
        answer.refused(status, code);
    }
    let raw = |kind: &str, body: Vec<u8>| {
        app.call(reqwest::Method::POST, "/v2/bookings").by(&anna).key("r").raw(kind, body).send()
    };
    raw("application/json", b"{\"room_id\":".to_vec()).await.refused(400, "malformed_body");
    raw("application/json", b"[]".to_vec()).await.refused(400, "malformed_body");
    raw("text/plain", b"{}".to_vec()).await.refused(415, "unsupported_media_type");
    raw("application/json", vec![b' '; 1_100_000]).await.refused(413, "too_large");
    let mine = app.get("/v2/bookings").by(&anna).send().await.expect(200);
    assert_eq!(mine.data(), &json!([]));
    book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
}

#[tokio::test]
async fn rules_of_the_room_are_told_by_name() {
    let (app, anna) = start().await;
    let berlin = place(&app, "Europe/Berlin").await;
    let strict = room(&app, &berlin).open(9 * 60, 17 * 60).rules(|rules| {
        rules.min_length = 30;
        rules.max_length = 120;
        rules.min_notice = 60;
    });
    let strict = strict.add(&app).await;
    let reasons = |answer: crate::harness::Answer| -> Vec<String> {
        let answer = answer.refused(422, "not_bookable");
        let reasons = answer.body["details"]["reasons"].as_array().unwrap().clone();
        reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(reasons(book(&app, &anna, &strict, "07:45", "08:45").await), ["outside_hours"]);
    assert_eq!(reasons(book(&app, &anna, &strict, "09:00", "09:15").await), ["too_short"]);
    assert_eq!(reasons(book(&app, &anna, &strict, "09:00", "12:00").await), ["too_long"]);
    let body =
        json!({ "room_id": strict.id, "start": "2027-01-04T08:30:00Z", "end": "2027-01-04T09:00:00Z" });
    assert_eq!(reasons(app.post("/v2/bookings", body).by(&anna).key("n").send().await), ["too_soon"]);
    book(&app, &anna, &strict, "09:00", "10:00").await.expect(201);
    let closed = close(&app, &strict).await;
    assert_eq!(reasons(book(&app, &anna, &closed, "11:00", "12:00").await), ["out_of_service"]);
}

#[tokio::test]
async fn wall_clocks_are_right_over_changes_half_hours_and_midnights() {
    let (app, anna) = start().await;
    for (zone, from, to, fold, start, end) in [
        (
            "Europe/Berlin",
            "2027-10-31T02:00",
            "2027-10-31T03:00",
            Some(0),
            "2027-10-31T00:00:00Z",
            "2027-10-31T02:00:00Z",
        ),
        (
            "Europe/Berlin",
            "2027-10-31T02:00",
            "2027-10-31T03:00",
            Some(1),
            "2027-10-31T01:00:00Z",
            "2027-10-31T02:00:00Z",
        ),
        (
            "Europe/Berlin",
            "2027-03-28T01:00",
            "2027-03-28T03:00",
            None,
            "2027-03-28T00:00:00Z",
            "2027-03-28T01:00:00Z",
        ),
        (
            "Asia/Kolkata",
            "2027-01-31T23:00",
            "2027-02-01T01:00",
            None,
            "2027-01-31T17:30:00Z",
            "2027-01-31T19:30:00Z",
        ),
        (
            "Asia/Kathmandu",
            "2027-02-28T23:45",
            "2027-03-01T00:15",
            None,
            "2027-02-28T18:00:00Z",
            "2027-02-28T18:30:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2027-10-03T01:00",
            "2027-10-03T03:00",
            None,
            "2027-10-02T14:30:00Z",
            "2027-10-02T16:00:00Z",
        ),
    ] {
        let place = place(&app, zone).await;
        let room = room(&app, &place).add(&app).await;
        let mut body = json!({ "room_id": room.id, "local_start": from, "local_end": to });
        if let Some(fold) = fold {
            body["fold"] = fold.into();
        }
        let made =
            app.post("/v2/bookings", body).by(&anna).key(&room.id.to_string()).send().await.expect(201);
        assert_eq!(
            (made.text_of("start"), made.text_of("end")),
            (start.to_owned(), end.to_owned()),
            "{zone} {from}"
        );
        assert!(made.text_of("local_start").starts_with(from), "{}", made.text);
    }
}

#[tokio::test]
async fn bookings_of_others_are_not_there_and_the_desk_stays_in_its_scope() {
    let (app, anna) = start().await;
    let (here, there) = (blue(&app).await, blue(&app).await);
    let id = book(&app, &anna, &here, "09:00", "10:00").await.expect(201).text_of("id");
    let path = format!("/v2/bookings/{id}");
    let bob = app.person(Role::Customer).await;
    app.get(&path).by(&bob).send().await.refused(404, "not_found");
    app.get("/v2/bookings/bkg_00000000000000000000000000").by(&bob).send().await.refused(404, "not_found");
    app.get("/v2/bookings/nonsense").by(&bob).send().await.refused(404, "not_found");
    app.get(&path).send().await.refused(401, "unauthenticated");
    app.patch(&path, json!({ "title": "mine" })).by(&bob).send().await.refused(404, "not_found");
    app.post(&format!("{path}/cancel"), json!({})).by(&bob).send().await.refused(404, "not_found");
    let to = json!({ "start": tuesday("13:00"), "end": tuesday("14:00") });
    app.post(&format!("{path}/reschedule"), to).by(&bob).key("x").send().await.refused(404, "not_found");
    app.post(&format!("{path}/complete"), Value::Null).by(&anna).send().await.refused(403, "forbidden");
    let auditor = app.person(Role::Auditor).await;
    app.get(&path).by(&auditor).send().await.expect(200);
    app.post(&format!("{path}/cancel"), json!({})).by(&auditor).send().await.refused(403, "forbidden");

    let scope = Scope::Locations([there.location].into());
    let desk = app.person_at(Role::Staff, scope).await;
    app.get(&path).by(&desk).send().await.refused(404, "not_found");
    let for_anna = |room: &domain::Resource, from: &str, to: &str| {
        let mut body = wanted(room, from, to);
        body["user_id"] = json!(anna.id);
        app.post("/v2/bookings", body).by(&desk).key(&format!("{}{from}", room.id)).send()
    };
    for_anna(&here, "11:00", "12:00").await.refused(403, "forbidden");
    let made = for_anna(&there, "11:00", "12:00").await.expect(201);
    assert_eq!(
        (made.text_of("user_id"), made.text_of("booked_by")),
        (anna.id.to_string(), desk.id.to_string())
    );
    assert_eq!(made.usage().0, 2, "the account is read with the room");
    let path = format!("/v2/bookings/{}", made.text_of("id"));
    app.get(&path).by(&anna).send().await.expect(200);
    let away = json!({ "room_id": here.id });
    let refused = app.post(&format!("{path}/reschedule"), away).by(&desk).key("away").send().await;
    refused.refused(403, "forbidden");
    app.post(&format!("{path}/cancel"), json!({ "reason": "flood" })).by(&desk).send().await.expect(200);

    let mut body = wanted(&here, "15:00", "16:00");
    body["user_id"] = json!(anna.id);
    app.post("/v2/bookings", body.clone()).by(&bob).key("o").send().await.refused(403, "forbidden");
    body["user_id"] = json!("usr_00000000000000000000000000");
    let manager = app.person(Role::Manager).await;
    let refused = app.post("/v2/bookings", body).by(&manager).key("o").send().await;
    assert_eq!(refused.refused(422, "validation_failed").fields()[0], ("/user_id".into(), "unknown".into()));
    for role in Role::ALL.into_iter().filter(|role| !role.permissions().contains(&Permission::Book)) {
        let person = app.person(role).await;
        book(&app, &person, &here, "17:00", "18:00").await.refused(403, "forbidden");
    }
}
