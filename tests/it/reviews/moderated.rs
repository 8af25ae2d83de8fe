//! Who sees which review, and what moderators do about it.

use domain::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{House, ids};
use crate::catalog::kinds;

#[tokio::test]
async fn everybody_sees_what_is_there_for_them_and_no_more() {
    let house = House::start().await;
    let app = &house.app;
    let (author, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let here = Scope::Locations([house.place.parse().unwrap()].into());
    let nowhere = Scope::Locations(std::collections::BTreeSet::new());
    let (manager, foreign) =
        (app.person_at(Role::Manager, here).await, app.person_at(Role::Manager, nowhere).await);
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
    app.post(&format!("/v2/reviews/{second}/flag"), json!({}))
        .by(&other)
        .send()
        .await
        .refused(422, "validation_failed");
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
    app.post(&path, json!({ "action": "praise" }))
        .by(&house.moderator)
        .send()
        .await
        .refused(422, "validation_failed");
    let stale =
        app.post(&path, json!({ "action": "unflag" })).by(&house.moderator).header("if-match", "\"1\"");
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
    let events = [
        "review.written",
        "review.flagged",
        "review.hidden",
        "review.restored",
        "review.removed",
        "review.restored",
    ];
    assert_eq!(kinds(app, &first).await, events);
    assert_eq!(kinds(app, &second).await, ["review.written", "review.flagged", "review.unflagged"]);
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
    app.patch(&format!("/v2/reviews/{}", ids[2]), json!({ "rating": 3 }))
        .by(&author)
        .send()
        .await
        .expect(200);
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
    assert_eq!(
        (ids(&second), &second.body["meta"]["has_more"]),
        (vec![all[2].clone(), all[0].clone()], &json!(false))
    );
    app.get(&format!("{list}&cursor={cursor}")).by(&author).send().await.refused(400, "invalid_cursor");
    let mine =
        app.get(&format!("/v2/reviews?user={}&limit=100", author.id)).by(&author).send().await.expect(200);
    assert_eq!(ids(&mine), all.iter().rev().cloned().collect::<Vec<_>>());
}
