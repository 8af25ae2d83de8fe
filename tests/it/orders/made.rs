//! Orders made, read, listed, given back; by whom and for whom.

use domain::{Role, Scope};
use serde_json::{Value, json};

use crate::harness::Person;
use crate::office;
use crate::pools::{House, stay, units};

#[tokio::test]
async fn a_customer_orders_reads_and_gives_back_a_stay_with_all_that_belongs_to_it() {
    let house = House::counted().await;
    let app = &house.app;
    let (rooms, seats) = (house.nightly(5, 0, ("2027-02-01", "2027-03-01")).await, house.total(100, 0).await);
    let lines = json!([stay(&rooms, 2, ("2027-02-10", "2027-02-12")), units(&seats, 4)]);
    let body = json!({ "lines": lines, "note": "late arrival" });
    let made = app.post("/v2/orders", body).by(&house.anna).key("1").send().await.expect(201);
    let path = format!("/v2/orders/{}", made.text_of("id"));
    assert_eq!((made.header("location"), made.header("etag")), (Some(path.as_str()), Some("\"1\"")));
    assert_eq!(
        made.data()["lines"],
        json!([
            { "pool_id": rooms, "quantity": 2, "arrival": "2027-02-10", "departure": "2027-02-12", "nights": 2 },
            { "pool_id": seats, "quantity": 4, "arrival": null, "departure": null, "nights": null },
        ])
    );
    assert_eq!(
        (made.text_of("state"), made.text_of("user_id")),
        ("confirmed".into(), house.anna.id.to_string())
    );
    let read = app.get(&path).by(&house.anna).send().await.expect(200);
    assert_eq!((read.data(), read.usage().0), (made.data(), 1));
    let tag = read.header("etag").unwrap();
    app.get(&path).by(&house.anna).header("if-none-match", tag).send().await.expect(304);
    let claimed = house.nights(&rooms, ("2027-02-09", "2027-02-13")).await;
    assert_eq!(claimed.iter().map(|(_, claimed)| *claimed).collect::<Vec<_>>(), [0, 2, 2, 0]);
    assert_eq!(house.count(&seats).await.claimed, 4);

    let body = json!({ "reason": "ill" });
    let cancelled = app.post(&format!("{path}/cancel"), body).by(&house.anna).send().await.expect(200);
    assert_eq!((cancelled.text_of("state"), cancelled.text_of("reason")), ("cancelled".into(), "ill".into()));
    let claimed = house.nights(&rooms, ("2027-02-10", "2027-02-12")).await;
    assert!(claimed.iter().all(|(_, claimed)| *claimed == 0));
    assert_eq!(house.count(&seats).await.claimed, 0);
    let again = app.post(&format!("{path}/cancel"), json!({})).by(&house.anna).send().await;
    assert_eq!(again.refused(409, "wrong_state").body["details"]["state"], "cancelled");
    let kinds: Vec<String> =
        house.events(&made.text_of("id")).await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["order.confirmed", "order.cancelled"]);
}

#[tokio::test]
async fn an_order_is_made_once_for_its_key() {
    let house = House::counted().await;
    let seats = house.total(100, 0).await;
    let lines = json!([units(&seats, 3)]);
    let send = |lines: Value| house.order(&house.anna, "k", lines);
    let answers = futures::future::join_all((0..8).map(|_| send(lines.clone()))).await;
    let ids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(201).text_of("id")).collect();
    assert_eq!((ids.len(), house.count(&seats).await.claimed), (1, 3));
    let replay = send(lines.clone()).await.expect(201);
    assert_eq!((replay.header("idempotent-replayed"), replay.usage()), (Some("true"), (replay.usage().0, 0)));
    send(json!([units(&seats, 4)])).await.refused(422, "idempotency_key_reused");
    let without = house.app.post("/v2/orders", json!({ "lines": lines })).by(&house.anna).send().await;
    without.refused(400, "idempotency_key_required");
    let bob = house.app.person(Role::Customer).await;
    let other = house.order(&bob, "k", json!([units(&seats, 3)])).await.expect(201);
    assert!(!ids.contains(&other.text_of("id")), "a key is its caller's own");
}

#[tokio::test]
async fn the_desk_orders_for_others_and_only_in_its_scope() {
    let house = House::start().await;
    let app = &house.app;
    let seats = house.total(100, 0).await;
    let elsewhere = office::place(app, "UTC").await;
    let here = app.person_at(Role::Staff, Scope::Locations([house.place.id].into())).await;
    let there = app.person_at(Role::Staff, Scope::Locations([elsewhere.id].into())).await;
    let bob = app.person(Role::Customer).await;
    let order_for = |by: &Person, user: &str, key: &str| {
        let body = json!({ "lines": [units(&seats, 1)], "user_id": user });
        app.post("/v2/orders", body).by(by).key(key).send()
    };
    let anna = house.anna.id.to_string();
    let made = order_for(&here, &anna, "1").await.expect(201);
    assert_eq!((made.text_of("user_id"), made.text_of("booked_by")), (anna.clone(), here.id.to_string()));
    order_for(&there, &anna, "2").await.refused(403, "forbidden");
    order_for(&bob, &anna, "3").await.refused(403, "forbidden");
    let unknown = order_for(&here, "usr_00000000000000000000000000", "4").await.expect(422);
    assert_eq!(unknown.fields(), [("/user_id".into(), "unknown".into())]);

    let path = format!("/v2/orders/{}", made.text_of("id"));
    app.get(&path).by(&house.anna).send().await.expect(200);
    app.get(&path).by(&here).send().await.expect(200);
    let auditor = app.person(Role::Auditor).await;
    app.get(&path).by(&auditor).send().await.expect(200);
    for stranger in [&bob, &there] {
        app.get(&path).by(stranger).send().await.refused(404, "not_found");
        app.post(&format!("{path}/confirm"), Value::Null).by(stranger).send().await.refused(404, "not_found");
        app.post(&format!("{path}/cancel"), json!({})).by(stranger).send().await.refused(404, "not_found");
        let lines = json!({ "lines": [units(&seats, 2)] });
        app.put(&format!("{path}/lines"), lines).by(stranger).key("x").send().await.refused(404, "not_found");
    }
    app.post(&format!("{path}/cancel"), json!({})).by(&auditor).send().await.refused(403, "forbidden");
    app.post(&format!("{path}/cancel"), json!({})).by(&here).send().await.expect(200);
}

#[tokio::test]
async fn orders_are_listed_for_who_has_them_and_for_the_desk_of_the_place() {
    let house = House::start().await;
    let app = &house.app;
    let (seats, chairs) = (house.total(100, 0).await, house.total(100, 0).await);
    let bob = app.person(Role::Customer).await;
    for (n, by) in [&house.anna, &bob, &house.anna].into_iter().enumerate() {
        app.advance(jiff::SignedDuration::from_secs(1));
        let pool = if n == 2 { &chairs } else { &seats };
        house.order(by, &format!("{n}"), json!([units(pool, 1)])).await.expect(201);
    }
    house.hold(&bob, "held", json!([units(&seats, 1)]), 60).await.expect(201);
    let list = |by: &Person, query: &str| {
        let path = format!("/v2/orders{query}");
        let call = app.get(&path).by(by);
        async move { call.send().await }
    };
    let count = |answer: &crate::harness::Answer| answer.data().as_array().unwrap().len();
    assert_eq!(count(&list(&house.anna, "").await.expect(200)), 2);
    let place = format!("?location_id={}", house.place.id);
    list(&house.anna, &place).await.refused(403, "forbidden");
    assert_eq!(count(&list(&house.desk, &place).await.expect(200)), 4);
    assert_eq!(count(&list(&house.desk, "").await.expect(200)), 0);
    // The feed tells which orders are of a pool.
    app.settle().await;
    assert_eq!(count(&list(&house.desk, &format!("{place}&pool_id={chairs}")).await.expect(200)), 1);
    assert_eq!(count(&list(&house.desk, &format!("{place}&state=held")).await.expect(200)), 1);
    app.advance(jiff::SignedDuration::from_secs(61));
    assert_eq!(count(&list(&house.desk, &format!("{place}&state=held")).await.expect(200)), 0);
    assert_eq!(count(&list(&bob, "?state=expired").await.expect(200)), 1);
    let wrong = list(&bob, "?state=sold").await.refused(400, "bad_request");
    assert_eq!(wrong.fields(), [("/query/state".into(), "invalid_value".into())]);
    let first = list(&house.anna, "?limit=1").await.expect(200);
    assert_eq!(first.data()[0]["lines"][0]["pool_id"], json!(chairs), "the latest first");
    let next = format!("?limit=1&cursor={}", first.body["meta"]["next_cursor"].as_str().unwrap());
    assert_eq!(list(&house.anna, &next).await.expect(200).data()[0]["lines"][0]["pool_id"], json!(seats));
    list(&bob, &next).await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn orders_of_a_pool_are_read_page_by_page_as_they_stand_now() {
    let house = House::counted().await;
    let app = &house.app;
    let (seats, chairs) = (house.total(100, 0).await, house.total(100, 0).await);
    let mut made = Vec::new();
    for n in 0..5 {
        app.advance(jiff::SignedDuration::from_secs(1));
        let pool = if n == 1 { &chairs } else { &seats };
        made.push(
            house
                .order(&house.anna, &format!("{n}"), json!([units(pool, 1)]))
                .await
                .expect(201)
                .text_of("id"),
        );
    }
    app.settle().await;
    let list = async |by: &Person, query: String| {
        let answer = app.get(&format!("/v2/orders{query}")).by(by).send().await.expect(200);
        let text = |order: &Value| order["id"].as_str().unwrap().to_owned();
        let ids: Vec<String> = answer.data().as_array().unwrap().iter().map(text).collect();
        (ids, answer.body["meta"]["next_cursor"].as_str().map(str::to_owned))
    };
    let of_seats = format!("?location_id={}&pool_id={seats}", house.place.id);
    let (mut found, mut cursor) = list(&house.desk, format!("{of_seats}&limit=2")).await;
    while let Some(next) = cursor {
        let (more, then) = list(&house.desk, format!("{of_seats}&limit=2&cursor={next}")).await;
        found.extend(more);
        cursor = then;
    }
    assert_eq!(found, [4, 3, 2, 0].map(|n| made[n].clone()), "the latest first");
    // One has other lines now, and another one both; one is given back.
    let lines = async |id: &str, lines: Value| {
        let call = app.put(&format!("/v2/orders/{id}/lines"), json!({ "lines": lines })).by(&house.anna);
        call.key(&format!("lines {id}")).send().await.expect(200)
    };
    lines(&made[2], json!([units(&chairs, 1)])).await;
    lines(&made[1], json!([units(&chairs, 1), units(&seats, 2)])).await;
    app.post(&format!("/v2/orders/{}/cancel", made[0]), json!({})).by(&house.anna).send().await.expect(200);
    app.settle().await;
    assert_eq!(list(&house.desk, of_seats.clone()).await.0, [4, 3, 1, 0].map(|n| made[n].clone()));
    assert_eq!(list(&house.desk, format!("{of_seats}&state=cancelled")).await.0, [made[0].clone()]);
    assert_eq!(list(&house.desk, of_seats.replace(&seats, &chairs)).await.0, [2, 1].map(|n| made[n].clone()));
    // Two units for two pools that are new to an order, none for a step that leaves its lines as they are.
    let told = house.events(&made[1]).await;
    let (done, usage) = store::metered(app.store().note_pools(&told[1..])).await;
    assert_eq!((done.is_ok(), usage.half_writes), (true, 2 * 2), "{told:?}");
    let told = house.events(&made[0]).await;
    let (done, usage) = store::metered(app.store().note_pools(&told[1..])).await;
    assert_eq!((done.is_ok(), usage.half_writes), (true, 0), "{told:?}");
    // One's own are narrowed down where they are.
    assert_eq!(list(&house.anna, format!("?pool_id={chairs}")).await.0, [2, 1].map(|n| made[n].clone()));
    // A pool of another place tells nothing, to whoever reads what is booked here.
    let elsewhere = office::place(app, "UTC").await;
    let there = app.person_at(Role::Staff, Scope::Locations([elsewhere.id].into())).await;
    let of_theirs = format!("?location_id={}&pool_id={seats}", elsewhere.id);
    assert_eq!(list(&there, of_theirs).await, (Vec::new(), None));
    let (_, cursor) = list(&house.desk, format!("?location_id={}&limit=2", house.place.id)).await;
    let other = format!("/v2/orders{of_seats}&limit=2&cursor={}", cursor.unwrap());
    app.get(&other).by(&house.desk).send().await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn what_is_over_is_taken_back_by_the_desk_alone() {
    let house = House::start().await;
    let rooms = house.nightly(5, 0, ("2027-01-04", "2027-02-01")).await;
    let made = house
        .order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-01-04", "2027-01-06"))]))
        .await
        .expect(201);
    let path = format!("/v2/orders/{}", made.text_of("id"));
    // Three in the morning of the 6th in Berlin, the day of departure.
    house.app.advance(jiff::SignedDuration::from_hours(42));
    let (anna, desk) = (house.app.renewed(&house.anna), house.app.renewed(&house.desk));
    house.app.post(&format!("{path}/cancel"), json!({})).by(&anna).send().await.refused(409, "wrong_state");
    let later = json!({ "lines": [stay(&rooms, 1, ("2027-01-10", "2027-01-12"))] });
    let moved = house.app.put(&format!("{path}/lines"), later).by(&anna).key("2").send().await;
    moved.refused(409, "wrong_state");
    house.app.post(&format!("{path}/cancel"), json!({})).by(&desk).send().await.expect(200);
}
