//! The desk's board: lists along each access pattern, what is free and why not, tools for what went wrong.

use std::collections::BTreeSet;

use domain::{Resource, Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office::{blue, book, close, place, room, tuesday, wanted};

fn ids(answer: &Answer) -> Vec<String> {
    answer.data().as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn booked(app: &TestApp, by: &Person, room: &Resource, from: &str, to: &str) -> String {
    book(app, by, room, from, to).await.expect(201).text_of("id")
}

/// All items of a list, page by page.
async fn all(app: &TestApp, by: &Person, path: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..50 {
        let page = app.get(&format!("{path}{cursor}")).by(by).send().await.expect(200);
        found.extend(ids(&page));
        match page.body["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("a list without an end: {path}");
}

#[tokio::test]
async fn each_list_has_its_bookings_page_by_page_and_nobody_elses() {
    let app = TestApp::start().await;
    let (anna, bob, desk) =
        (app.person(Role::Customer).await, app.person(Role::Customer).await, app.person(Role::Staff).await);
    let (here, there) = (blue(&app).await, blue(&app).await);
    let a = booked(&app, &anna, &here, "09:00", "10:00").await;
    let b = booked(&app, &bob, &here, "10:00", "11:00").await;
    let c = booked(&app, &anna, &there, "22:30", "23:30").await;
    let d = booked(&app, &anna, &here, "08:00", "09:00").await;
    app.post(&format!("/v2/bookings/{d}/cancel"), json!({})).by(&anna).send().await.expect(200);

    assert_eq!(all(&app, &anna, "/v2/bookings?limit=1").await, [&*c, &a, &d]);
    assert_eq!(all(&app, &anna, "/v2/bookings?state=confirmed&limit=2").await, [&*c, &a]);
    assert_eq!(all(&app, &anna, &format!("/v2/bookings?from={}", tuesday("09:30"))).await, [&*c, &a]);
    assert_eq!(all(&app, &bob, "/v2/bookings?limit=5").await, [&*b]);
    let of_anna = format!("/v2/bookings?user={}&limit=2", anna.id);
    assert_eq!(all(&app, &desk, &of_anna).await, [&*c, &a, &d]);
    app.get(&of_anna).by(&bob).send().await.refused(403, "forbidden");

    let of_room = format!("/v2/bookings?room={}&from=2027-01-05&to=2027-01-06&limit=1", here.id);
    assert_eq!(all(&app, &desk, &of_room).await, [&*d, &a, &b]);
    app.get(&of_room).by(&anna).send().await.refused(403, "forbidden");
    // 22:30 to 23:30 in UTC is 23:30 to 00:30 in Berlin: it starts on the 5th and is there on the 6th.
    let sixth = format!("/v2/bookings?room={}&day=2027-01-06&limit=1", there.id);
    assert_eq!(all(&app, &desk, &sixth).await, [&*c]);
    let starts = |day: &str| format!("/v2/bookings?location={}&day={day}&limit=1", there.location);
    assert_eq!(all(&app, &desk, &starts("2027-01-05")).await, [&*c]);
    assert!(all(&app, &desk, &starts("2027-01-06")).await.is_empty());
    assert_eq!(all(&app, &desk, "/v2/bookings?state=cancelled&limit=1").await, [&*d]);
    assert_eq!(all(&app, &desk, "/v2/bookings?state=confirmed&limit=2").await, [&*a, &b, &c]);
    let made = "/v2/bookings?created_from=2027-01-04T00:00:00Z&created_to=2027-01-05T00:00:00Z&limit=1";
    let found: BTreeSet<String> = all(&app, &desk, made).await.into_iter().collect();
    assert_eq!(found, BTreeSet::from([a.clone(), b.clone(), c.clone(), d.clone()]));

    let near = app.person_at(Role::Staff, Scope::Locations([here.location].into())).await;
    assert_eq!(all(&app, &near, &format!("/v2/bookings?user={}&limit=9", anna.id)).await, [&*a, &d]);
    assert_eq!(all(&app, &near, "/v2/bookings?state=confirmed&limit=9").await, [&*a, &b]);
    app.get(&starts("2027-01-05")).by(&near).send().await.refused(403, "forbidden");
    assert_eq!(all(&app, &app.person(Role::Auditor).await, made).await.len(), 4);
}

#[tokio::test]
async fn a_list_wants_one_leading_filter_and_says_so() {
    let app = TestApp::start().await;
    let desk = app.person(Role::Staff).await;
    let room = blue(&app).await;
    let both = format!("user={}&room={}", desk.id, room.id);
    let (location, only) = (format!("location={}", room.location), format!("room={}", room.id));
    let long = format!("room={}&from=2027-01-01&to=2027-03-01", room.id);
    for (query, pointer) in [
        (both.as_str(), "/query/room"),
        (&location, "/query/day"),
        ("day=2027-01-05", "/query/day"),
        (&only, "/query/room"),
        (&long, "/query/to"),
        ("state=booked", "/query/state"),
        ("created_from=2027-01-01T00:00:00Z", "/query/created_to"),
        ("created_from=2027-01-01T00:00:00Z&created_to=2027-06-01T00:00:00Z", "/query/created_to"),
        ("colour=red", "/query/colour"),
        ("limit=1000", "/query/limit"),
        ("from=yesterday", "/query/from"),
    ] {
        let refused = app.get(&format!("/v2/bookings?{query}")).by(&desk).send().await;
        assert_eq!(refused.refused(400, "bad_request").fields()[0].0, pointer, "{query}");
    }
    app.get("/v2/bookings?cursor=made-up").by(&desk).send().await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn availability_of_a_week_is_one_query_and_tells_no_names() {
    let app = TestApp::counted().await;
    let anna = app.person(Role::Customer).await;
    let berlin = place(&app, "Europe/Berlin").await;
    let room = room(&app, &berlin).open(9 * 60, 12 * 60).add(&app).await;
    booked(&app, &anna, &room, "09:00", "10:00").await;
    let path = format!("/v2/rooms/{}/availability?from=2027-01-05&to=2027-01-12&length=60&step=60", room.id);
    app.get(&path).send().await.expect(200);
    assert_eq!(app.get(&path).send().await.expect(200).usage(), (0, 0), "just now");
    app.advance(SignedDuration::from_secs(2));
    let free = app.get(&path).send().await.expect(200);
    assert_eq!(free.usage().0, 1, "once the room is known");
    let slots = free.data()["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 7 * 3 - 1);
    assert_eq!(slots[0]["local_start"], "2027-01-05T09:00:00+01:00");
    assert_eq!(slots[1]["local_start"], "2027-01-05T11:00:00+01:00");
    assert_eq!(free.data()["free"][0]["end"], tuesday("09:00"));
    assert!(free.data()["tzdb"].as_str().unwrap().starts_with("20"));
    assert_eq!(free.data()["zone"], "Europe/Berlin");
    assert!(!free.text.contains(&anna.id.to_string()));

    let explained = app.get(&format!("{path}&explain=true")).send().await.expect(200);
    let slots = explained.data()["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 7 * 24);
    let reasons = |local: &str| {
        let slot =
            slots.iter().find(|slot| slot["local_start"].as_str().unwrap().starts_with(local)).unwrap();
        let reasons = slot["reasons"].as_array().unwrap().clone();
        reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reasons("2027-01-05T10:00"), ["taken"]);
    assert_eq!(reasons("2027-01-05T12:00"), ["outside_hours"]);
    assert!(!explained.text.contains(&anna.id.to_string()));

    for (query, pointer) in [
        ("from=2027-01-05&to=2027-01-05", "/query/to"),
        ("from=2027-01-05&to=2027-03-05", "/query/to"),
        ("from=2027-01-05&to=2027-01-06&length=7", "/query/length"),
        ("from=2027-01-05&to=2027-01-06&step=7", "/query/step"),
        ("from=2027-01-05", "/query/to"),
    ] {
        let refused = app.get(&format!("/v2/rooms/{}/availability?{query}", room.id)).send().await;
        assert_eq!(refused.refused(400, "bad_request").fields()[0].0, pointer, "{query}");
    }
    let unknown = "/v2/rooms/res_00000000000000000000000000/availability?from=2027-01-05&to=2027-01-06";
    app.get(unknown).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn rooms_that_suit_and_are_free_are_found_together() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let berlin = place(&app, "Europe/Berlin").await;
    let small = room(&app, &berlin).with(2, &[]).add(&app).await;
    let large = room(&app, &berlin).with(12, &["screen", "phone"]).add(&app).await;
    let other = room(&app, &place(&app, "Asia/Kolkata").await).with(12, &["screen"]).add(&app).await;
    let range = format!("from={}&to={}&length=60", tuesday("09:00"), tuesday("10:00"));
    let found = async |query: &str| -> BTreeSet<String> {
        let answer = app.get(&format!("/v2/availability?{range}{query}")).send().await.expect(200);
        answer.data().as_array().unwrap().iter().map(|r| r["room_id"].as_str().unwrap().to_owned()).collect()
    };
    let of = |rooms: &[&Resource]| rooms.iter().map(|room| room.id.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(found("").await, of(&[&small, &large, &other]));
    assert_eq!(found("&capacity=5").await, of(&[&large, &other]));
    assert_eq!(found(&format!("&location={}", berlin.id)).await, of(&[&small, &large]));
    assert_eq!(found("&equipment=screen,phone").await, of(&[&large]));
    assert_eq!(found("&equipment=screen&equipment=sauna").await, of(&[]));
    booked(&app, &anna, &large, "09:30", "10:00").await;
    assert_eq!(found("&capacity=5").await, of(&[&other]));
    let all_day = "/v2/availability?from=2027-01-05&to=2027-01-06&capacity=5";
    let answer = app.get(all_day).send().await.expect(200);
    assert_eq!(answer.data().as_array().unwrap().len(), 2);
    assert!(answer.text.contains(&other.id.to_string()));
    // Explained, the taken room is told of too, with each slot and what is against it.
    let answer =
        app.get(&format!("/v2/availability?{range}&capacity=5&explain=true")).send().await.expect(200);
    let told = answer.data().as_array().unwrap();
    let taken = told.iter().find(|told| told["room_id"] == large.id.to_string()).unwrap();
    let against =
        |slot: &Value| slot["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "taken");
    assert!(taken["slots"].as_array().unwrap().iter().any(against), "{taken}");
    let days = "/v2/availability?from=2027-01-05&to=2027-01-07&explain=true";
    app.get(days).send().await.refused(400, "bad_request");
    for long in ["from=2027-01-05&to=2027-01-20", "from=2027-01-05T00:00:00Z&to=2027-01-20T00:00:00Z"] {
        app.get(&format!("/v2/availability?{long}")).send().await.refused(400, "bad_request");
    }
}

#[tokio::test]
async fn the_stuck_are_listed_and_only_they_are_unblocked() {
    let app = TestApp::start().await;
    let (anna, manager) = (app.person(Role::Customer).await, app.person(Role::Manager).await);
    let room = blue(&app).await;
    let first = booked(&app, &anna, &room, "09:00", "10:00").await;
    let second = booked(&app, &anna, &room, "10:00", "11:00").await;
    let later = booked(&app, &anna, &room, "20:00", "21:00").await;
    let unblock = |id: &str, body: Value, by: &Person| {
        app.post(&format!("/v2/bookings/{id}/unblock"), body).by(by).send()
    };
    unblock(&first, json!({}), &manager).await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_hours(28));
    let (anna, manager) = (app.renewed(&anna), app.renewed(&manager));
    assert_eq!(all(&app, &manager, "/v2/bookings/stuck?limit=1").await, [&*first, &second]);
    app.get("/v2/bookings/stuck").by(&anna).send().await.refused(403, "forbidden");
    unblock(&first, json!({}), &anna).await.refused(403, "forbidden");
    unblock(&first, json!({ "action": "forget" }), &manager).await.refused(422, "validation_failed");
    assert_eq!(unblock(&first, json!({}), &manager).await.expect(200).text_of("state"), "completed");
    let cancelled = unblock(&second, json!({ "action": "cancel" }), &manager).await.expect(200);
    assert_eq!(cancelled.text_of("state"), "cancelled");
    unblock(&later, json!({}), &manager).await.refused(409, "wrong_state");
    assert!(all(&app, &manager, "/v2/bookings/stuck?limit=9").await.is_empty());
    let elsewhere = app.person_at(Role::Manager, Scope::Locations([].into())).await;
    unblock(&later, json!({}), &elsewhere).await.refused(404, "not_found");
}

#[tokio::test]
async fn conflicts_are_told_with_the_people_and_resolved_in_three_ways() {
    let app = TestApp::start().await;
    let (anna, manager) = (app.person(Role::Customer).await, app.person(Role::Manager).await);
    let (room, spare) = (blue(&app).await, blue(&app).await);
    let mut bookings = Vec::new();
    for (from, to) in [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00"), ("12:00", "13:00")] {
        bookings.push(booked(&app, &anna, &room, from, to).await);
    }
    close(&app, &room).await;
    let window = format!(
        "/v2/bookings/conflicts?room={}&start={}&end={}",
        room.id,
        tuesday("09:30"),
        tuesday("12:00")
    );
    let found = app.get(&window).by(&manager).send().await.expect(200);
    let found = found.data().as_array().unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(
        (&found[0]["booking"]["id"], &found[0]["user"]["user_name"]),
        (&json!(bookings[0]), &json!(anna.user_name))
    );
    app.get(&window).by(&anna).send().await.refused(403, "forbidden");
    let reversed = format!(
        "/v2/bookings/conflicts?room={}&start={}&end={}",
        room.id,
        tuesday("12:00"),
        tuesday("09:30")
    );
    app.get(&reversed).by(&manager).send().await.refused(400, "bad_request");

    let resolve =
        |id: &str, body: Value| app.post(&format!("/v2/bookings/{id}/resolve"), body).by(&manager).send();
    resolve(&bookings[0], json!({ "action": "override" })).await.refused(422, "validation_failed");
    resolve(&bookings[0], json!({ "action": "move", "reason": "water" }))
        .await
        .refused(422, "validation_failed");
    let kept = resolve(&bookings[0], json!({ "action": "override", "reason": "they bring boots" })).await;
    let kept = kept.expect(200);
    assert_eq!(
        (kept.text_of("state"), kept.text_of("reason")),
        ("confirmed".into(), "they bring boots".into())
    );
    let moved = json!({ "action": "move", "reason": "water", "room_id": spare.id });
    let moved = resolve(&bookings[1], moved).await.expect(200);
    assert_eq!((moved.text_of("room_id"), moved.text_of("start")), (spare.id.to_string(), tuesday("10:00")));
    let gone = resolve(&bookings[2], json!({ "action": "cancel", "reason": "water" })).await.expect(200);
    assert_eq!((gone.text_of("state"), gone.text_of("reason")), ("cancelled".into(), "water".into()));
    let forced = format!("/v2/bookings/{}/force-cancel", bookings[3]);
    app.post(&forced, json!({})).by(&manager).send().await.refused(422, "validation_failed");
    let forced = app.post(&forced, json!({ "reason": "fire" })).by(&manager).send().await.expect(200);
    assert_eq!(forced.text_of("state"), "cancelled");

    let events = app.store().events_of(&bookings[0], 10, None).await.unwrap().items;
    assert_eq!(events.last().unwrap().kind, "booking.overridden");
    assert_eq!(events.last().unwrap().data["after"]["reason"], "they bring boots");
}

#[tokio::test]
async fn a_reason_goes_against_rules_and_never_against_the_ledger() {
    let app = TestApp::start().await;
    let (anna, manager) = (app.person(Role::Customer).await, app.person(Role::Manager).await);
    let berlin = place(&app, "Europe/Berlin").await;
    let room = room(&app, &berlin).open(9 * 60, 17 * 60).add(&app).await;
    let with_reason = |from: &str, to: &str, by: &Person| {
        let mut body = wanted(&room, from, to);
        body["override_reason"] = "board meeting".into();
        app.post("/v2/bookings", body).by(by).key(&format!("{from}{to}")).send()
    };
    with_reason("18:00", "19:00", &anna).await.refused(403, "forbidden");
    let made = with_reason("18:00", "19:00", &manager).await.expect(201);
    assert_eq!(made.text_of("reason"), "board meeting");
    with_reason("18:30", "20:00", &manager).await.refused(409, "slot_taken");
    with_reason("20:01", "21:00", &manager).await.refused(422, "not_bookable");
    let desk = app.person(Role::Staff).await;
    with_reason("20:00", "21:00", &desk).await.refused(403, "forbidden");
}
