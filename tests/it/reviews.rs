//! Reviews: written once by who was there, seen by whom they are there for, flagged, moderated and counted.

use domain::{BookingState, Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::catalog::{booked, kinds, location, room, without_ids};
use crate::harness::{Answer, Person, TestApp};


/// An installation with a room, an administrator, and a moderator.
struct House {
    app: TestApp,
    admin: Person,
    moderator: Person,
    place: String,
    room: String,
}

impl House {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let (admin, moderator) = (app.person(Role::Admin).await, app.person(Role::Moderator).await);
        let place = location(&app, &admin, "Here").await;
        let room = room(&app, &admin, &place, "Blue", 4).await;
        Self { app, admin, moderator, place, room }
    }

    /// A completed booking of the room's n-th hour.
    async fn stay(&self, by: &Person, n: i64) -> String {
        let start = self.app.now() + SignedDuration::from_hours(n);
        let end = start + SignedDuration::from_hours(1);
        let times = (start.to_string(), end.to_string());
        let times = (times.0.as_str(), times.1.as_str());
        booked(&self.app, &self.room, by.id, times, BookingState::Completed).await.id.to_string()
    }

    async fn review(&self, by: &Person, n: i64, rating: u8) -> String {
        let body = json!({ "booking_id": self.stay(by, n).await, "rating": rating });
        self.app.post("/v2/reviews", body).by(by).send().await.expect(201).text_of("id")
    }

    async fn moderate(&self, id: &str, action: &str) -> Answer {
        let path = format!("/v2/reviews/{id}/moderation");
        self.app.post(&path, json!({ "action": action })).by(&self.moderator).send().await
    }

    async fn flag(&self, id: &str, by: &Person) -> Answer {
        self.app.post(&format!("/v2/reviews/{id}/flag"), json!({ "reason": "rude" })).by(by).send().await
    }

    async fn report(&self) -> Value {
        let path = format!("/v2/rooms/{}/reviews/report", self.room);
        self.app.get(&path).by(&self.moderator).send().await.expect(200).data().clone()
    }
}

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.body.get("data").or_else(|| answer.body.get("reviews")).unwrap();
    let id = |review: &Value| review.get("id").or_else(|| review.get("review_id")).unwrap().as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn who_was_there_writes_one_review_and_its_text_is_kept_as_written() {
    let house = House::start().await;
    let (app, customer) = (&house.app, house.app.person(Role::Customer).await);
    let booking = house.stay(&customer, 0).await;
    let text = "Good <b>light</b> & \"quiet\"\n— 5 * &amp;";
    let body = json!({ "booking_id": booking, "rating": 5, "text": text });
    let first = app.post("/v2/reviews", body.clone()).by(&customer).key("k1").send().await.expect(201);
    let id = first.text_of("id");
    assert_eq!(first.header("location"), Some(format!("/v2/reviews/{id}").as_str()));
    assert_eq!((first.text_of("text"), first.text_of("booking")), (text.to_owned(), booking.clone()));
    let again = app.post("/v2/reviews", body.clone()).by(&customer).key("k1").send().await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (first.data(), Some("true")));
    app.post("/v2/reviews", body).by(&customer).key("k2").send().await.refused(409, "already_exists");
    assert_eq!(kinds(app, &id).await, ["review.written"]);
    let shown = app.get(&format!("/v2/reviews/{id}")).send().await.expect(200);
    assert_eq!((shown.text_of("text"), shown.header("etag")), (text.to_owned(), Some("\"1\"")));
    app.get(&format!("/v2/reviews/{id}")).header("if-none-match", "\"1\"").send().await.expect(304);
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
    let ahead = booked(app, &house.room, customer.id, ("2027-01-05T08:00:00Z", "2027-01-05T09:00:00Z"), BookingState::Confirmed).await;
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
async fn everybody_sees_what_is_there_for_them_and_no_more() {
    let house = House::start().await;
    let app = &house.app;
    let (author, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let here = Scope::Locations([house.place.parse().unwrap()].into());
    let nowhere = Scope::Locations(std::collections::BTreeSet::new());
    let (manager, foreign) = (app.person_at(Role::Manager, here).await, app.person_at(Role::Manager, nowhere).await);
    let auditor = app.person(Role::Auditor).await;
    let id = house.review(&author, 0, 2).await;
    let path = format!("/v2/reviews/{id}");
    let list = format!("/v2/rooms/{}/reviews", house.room);
    // What each may see: nothing, the content, one's own with its visibility, or all with flag and moderation.
    let sights = async |expected: [&str; 6]| {
        let people = [None, Some(&other), Some(&author), Some(&manager), Some(&foreign), Some(&auditor)];
        for (person, expected) in people.into_iter().zip(expected) {
            let call = |path: &str| match person {
                Some(person) => app.get(path).by(person),
                None => app.get(path),
            };
            let (one, listed) = (call(&path).send().await, call(&list).send().await.expect(200));
            assert_eq!(!ids(&listed).is_empty(), expected != "nothing");
            let seen = match one.status.as_u16() {
                404 => "nothing",
                _ if one.data().get("moderated").is_some() || one.data().get("flag").is_some() => "all",
                _ if one.data().get("visibility").is_some() => "own",
                _ => "content",
            };
            assert_eq!(seen, expected, "{person:?} {}", one.text);
            if expected != "nothing" {
                assert_eq!(listed.data()[0], *one.data());
            }
        }
    };
    house.flag(&id, &other).await.expect(200);
    sights(["content", "content", "own", "all", "content", "all"]).await;
    house.moderate(&id, "hide").await.expect(200);
    sights(["nothing", "nothing", "own", "all", "nothing", "all"]).await;
    house.moderate(&id, "restore").await.expect(200);
    sights(["content", "content", "own", "all", "content", "all"]).await;
    house.moderate(&id, "remove").await.expect(200);
    sights(["nothing", "nothing", "nothing", "all", "nothing", "all"]).await;
    house.flag(&id, &other).await.refused(404, "not_found");

    let mine = app.get(&format!("/v2/reviews?user={}", author.id)).by(&author).send().await.expect(200);
    assert_eq!(ids(&mine), [""; 0]);
    app.get(&format!("/v2/reviews?user={}", author.id)).by(&other).send().await.refused(403, "forbidden");
    app.get("/v2/reviews").by(&other).send().await.refused(403, "forbidden");
    for (person, count) in [(&auditor, 1), (&manager, 1), (&foreign, 0), (&house.moderator, 1)] {
        let all = app.get("/v2/reviews").by(person).send().await.expect(200);
        assert_eq!(ids(&all).len(), count);
        let by = app.get(&format!("/v2/reviews?user={}", author.id)).by(person).send().await.expect(200);
        assert_eq!(ids(&by).len(), count);
    }
}

#[tokio::test]
async fn a_flag_asks_a_moderator_once_and_the_decision_stands() {
    let house = House::start().await;
    let (app, author, other) =
        (&house.app, house.app.person(Role::Customer).await, house.app.person(Role::Customer).await);
    let (first, second) = (house.review(&author, 0, 1).await, house.review(&author, 1, 5).await);
    app.post(&format!("/v2/reviews/{second}/flag"), json!({})).by(&other).send().await.refused(422, "validation_failed");
    let flag = json!({ "reason": "spam" });
    let path = format!("/v2/reviews/{second}/flag");
    let flagged = app.post(&path, flag.clone()).by(&other).key("k").send().await.expect(200);
    assert!(flagged.data().get("flag").is_none());
    let again = app.post(&path, flag).by(&other).key("k").send().await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    house.flag(&second, &author).await.refused(409, "wrong_state");
    app.advance(SignedDuration::from_mins(1));
    house.flag(&first, &other).await.expect(200);
    let auditor = app.person(Role::Auditor).await;
    house.flag(&first, &auditor).await.refused(403, "forbidden");
    let queue = app.get("/v2/reviews/flagged").by(&house.moderator).send().await.expect(200);
    assert_eq!(ids(&queue), [second.clone(), first.clone()]);
    assert_eq!(queue.data()[0]["flag"]["by"], other.id.to_string());
    app.get("/v2/reviews/flagged").by(&other).send().await.refused(403, "forbidden");

    let path = format!("/v2/reviews/{second}/moderation");
    app.post(&path, json!({ "action": "unflag" })).by(&author).send().await.refused(403, "forbidden");
    app.post(&path, json!({ "action": "praise" })).by(&house.moderator).send().await.refused(422, "validation_failed");
    let stale = app.post(&path, json!({ "action": "unflag" })).by(&house.moderator).header("if-match", "\"1\"");
    stale.send().await.refused(412, "precondition_failed");
    let call = || app.post(&path, json!({ "action": "unflag" })).by(&house.moderator).key("m");
    call().send().await.expect(200);
    assert_eq!(call().send().await.expect(200).header("idempotent-replayed"), Some("true"));
    house.moderate(&second, "unflag").await.refused(409, "wrong_state");
    house.moderate(&second, "restore").await.refused(409, "wrong_state");
    house.flag(&second, &other).await.refused(409, "wrong_state");
    house.moderate(&first, "hide").await.expect(200);
    let queue = app.get("/v2/reviews/flagged").by(&house.moderator).send().await.expect(200);
    assert_eq!(ids(&queue), [""; 0]);
    house.moderate(&first, "restore").await.expect(200);
    house.moderate(&first, "remove").await.expect(200);
    house.moderate(&first, "restore").await.expect(200);
    let events = ["review.written", "review.flagged", "review.hidden", "review.restored", "review.removed", "review.restored"];
    assert_eq!(kinds(app, &first).await, events);
    assert_eq!(kinds(app, &second).await, ["review.written", "review.flagged", "review.unflagged"]);
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
    app.patch(&path, json!({ "rating": 1 })).by(&author).header("if-match", "\"1\"").send().await.refused(412, "precondition_failed");
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

#[tokio::test]
async fn the_report_follows_every_change() {
    let house = House::start().await;
    let (app, author) = (&house.app, house.app.person(Role::Customer).await);
    assert_eq!(house.report().await["average_milli"], Value::Null);
    let mut ids = Vec::new();
    for (n, rating) in [(0, 5), (1, 4), (2, 4), (3, 1)] {
        ids.push(house.review(&author, n, rating).await);
    }
    app.patch(&format!("/v2/reviews/{}", ids[2]), json!({ "rating": 3 })).by(&author).send().await.expect(200);
    house.flag(&ids[0], &house.admin).await.expect(200);
    house.flag(&ids[1], &house.admin).await.expect(200);
    house.moderate(&ids[1], "unflag").await.expect(200);
    house.moderate(&ids[3], "hide").await.expect(200);
    let report = house.report().await;
    assert_eq!((&report["stars"], &report["average_milli"]), (&json!([0, 0, 1, 1, 1]), &json!(4_000)));
    let figures = json!({ "total": 4, "flagged": 1, "hidden": 1, "removed": 0, "moderated": 2 });
    assert_eq!(report["moderation"], figures);
    house.moderate(&ids[3], "restore").await.expect(200);
    house.moderate(&ids[0], "remove").await.expect(200);
    let path = format!("/v2/rooms/{}/reviews/report", house.room);
    let public = app.get(&path).send().await.expect(200);
    assert_eq!(public.data()["stars"], json!([1, 0, 1, 1, 0]));
    assert!(public.data().get("moderation").is_none());
    // The counters are what counting gives.
    let stored = app.store().reviews_of(house.room.parse().unwrap(), 100, None).await.unwrap();
    let counted: domain::review::Report = stored.items.iter().map(|(review, _)| review).collect();
    assert_eq!(app.store().review_report(house.room.parse().unwrap()).await.unwrap(), counted);
    let unknown = domain::ResourceId::derived([9; 16]);
    app.get(&format!("/v2/rooms/{unknown}/reviews/report")).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn pages_skip_what_the_caller_may_not_see() {
    let house = House::start().await;
    let (app, author) = (&house.app, house.app.person(Role::Customer).await);
    let mut all = Vec::new();
    for n in 0..6 {
        app.advance(SignedDuration::from_secs(1));
        all.push(house.review(&author, n, 3).await);
    }
    for hidden in [1, 4] {
        house.moderate(&all[hidden], "hide").await.expect(200);
    }
    let list = format!("/v2/rooms/{}/reviews?limit=2", house.room);
    let first = app.get(&list).send().await.expect(200);
    assert_eq!(ids(&first), [all[5].clone(), all[3].clone()]);
    let cursor = first.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let second = app.get(&format!("{list}&cursor={cursor}")).send().await.expect(200);
    assert_eq!((ids(&second), &second.body["meta"]["has_more"]), (vec![all[2].clone(), all[0].clone()], &json!(false)));
    app.get(&format!("{list}&cursor={cursor}")).by(&author).send().await.refused(400, "invalid_cursor");
    let mine = app.get(&format!("/v2/reviews?user={}&limit=100", author.id)).by(&author).send().await.expect(200);
    assert_eq!(ids(&mine), all.iter().rev().cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn version_one_takes_and_shows_reviews_as_the_source_system_did() {
    let house = House::start().await;
    let (app, author) = (&house.app, house.app.person(Role::Customer).await);
    let body = json!({ "room_id": house.room, "rating": 4, "comment": "fine <i>" });
    app.post("/v1/reviews", body.clone()).by(&author).send().await.refused(409, "wrong_state");
    let (early, late) = (house.stay(&author, 0).await, house.stay(&author, 5).await);
    let foreign = json!({ "room_id": house.room, "rating": 4, "user_id": house.admin.id });
    app.post("/v1/reviews", foreign).by(&author).send().await.refused(403, "forbidden");
    let made = app.post("/v1/reviews", body.clone()).by(&author).send().await.expect(201);
    insta::assert_json_snapshot!(without_ids(&made.body), @r#"
    {
      "comment": "fine <i>",
      "created_at": "2027-01-04T08:00:00Z",
      "is_hidden": false,
      "rating": 4,
      "review_id": "rvw_",
      "room_id": "res_",
      "updated_at": "2027-01-04T08:00:00Z",
      "user_id": "usr_",
      "version": "v1"
    }
    "#);
    let reviewed = async |booking: &str| app.store().booking(booking.parse().unwrap()).await.unwrap().reviewed;
    assert_eq!((reviewed(&early).await, reviewed(&late).await), (false, true));
    app.post("/v1/reviews", body.clone()).by(&author).send().await.expect(201);
    app.post("/v1/reviews", body).by(&author).send().await.refused(409, "already_exists");

    let id = made.body["review_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/reviews/{id}");
    app.post(&format!("{path}/flag"), json!({})).by(&house.admin).send().await.expect(200);
    let flagged = app.get("/v1/reviews/flagged").by(&house.moderator).send().await.expect(200);
    insta::assert_json_snapshot!(without_ids(&flagged.body), @r#"
    {
      "count": 1,
      "page": 1,
      "page_size": 20,
      "pages": 1,
      "reviews": [
        {
          "comment": "fine <i>",
          "created_at": "2027-01-04T08:00:00Z",
          "flag_reason": "No reason given",
          "is_flagged": true,
          "is_hidden": false,
          "is_moderated": false,
          "moderated_by": null,
          "rating": 4,
          "review_id": "rvw_",
          "room_id": "res_",
          "updated_at": "2027-01-04T08:00:00Z",
          "user_id": "usr_"
        }
      ],
      "total": 1,
      "version": "v1"
    }
    "#);
    app.put(&format!("/v1/moderator/reviews/{id}/unflag"), json!({})).by(&house.moderator).send().await.expect(200);
    app.put(&format!("/v1/moderator/reviews/{id}/unflag"), json!({})).by(&house.moderator).send().await.refused(409, "wrong_state");
    let edited = app.put(&path, json!({ "rating": 5 })).by(&author).send().await.expect(200);
    assert_eq!((&edited.body["rating"], &edited.body["comment"]), (&json!(5), &json!("fine <i>")));
    app.put(&format!("/v1/admin/reviews/{id}"), json!({ "comment": "tidied" })).by(&house.admin).send().await.expect(200);
    app.put(&format!("/v1/admin/reviews/{id}"), json!({})).by(&house.moderator).send().await.refused(403, "forbidden");
    let auditor = app.person(Role::Auditor).await;
    for (path, person, total) in [
        ("/v1/reviews".to_owned(), &house.admin, 2),
        ("/v1/auditor/reviews".to_owned(), &auditor, 2),
        (format!("/v1/reviews/room/{}", house.room), &author, 2),
        (format!("/v1/reviews/user/{}", author.id), &author, 2),
        (format!("/v1/reviews/user/{}", author.id), &auditor, 2),
    ] {
        let listed = app.get(&path).by(person).send().await.expect(200);
        assert_eq!((&listed.body["total"], &listed.body["count"]), (&json!(total), &json!(total)), "{path}");
    }
    app.get(&format!("/v1/reviews/user/{}", house.admin.id)).by(&author).send().await.refused(403, "forbidden");
    app.get(&path).send().await.refused(401, "unauthenticated");
    app.delete(&format!("/v1/moderator/reviews/{id}/remove")).by(&house.moderator).send().await.expect(200);
    app.get(&path).by(&author).send().await.refused(404, "not_found");
    let other = app.get(&format!("/v1/reviews/room/{}", house.room)).by(&author).send().await.expect(200);
    let rest = ids(&other).remove(0);
    let deleted = app.delete(&format!("/v1/reviews/{rest}")).by(&author).send().await.expect(200);
    assert_eq!(deleted.body["review_id"], rest);
}
