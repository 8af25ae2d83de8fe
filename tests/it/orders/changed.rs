//! Other lines: only the difference is claimed.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::pools::{House, stay, units};

/// Other lines for an order.
async fn change(house: &House, order: &str, key: &str, lines: Value) -> Answer {
    let path = format!("/v2/orders/{order}/lines");
    house.app.put(&path, json!({ "lines": lines })).by(&house.anna).key(key).send().await
}

#[tokio::test]
async fn a_stay_is_prolonged_though_its_own_nights_are_the_last_ones() {
    let house = House::counted().await;
    let rooms = house.nightly(1, 0, ("2027-02-01", "2027-02-20")).await;
    let order = house
        .order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-02-05", "2027-02-08"))]))
        .await
        .expect(201);
    let id = order.text_of("id");
    let longer =
        change(&house, &id, "2", json!([stay(&rooms, 1, ("2027-02-06", "2027-02-10"))])).await.expect(200);
    assert_eq!((longer.data()["version"].as_u64(), longer.usage().0), (Some(2), 2));
    let claimed = house.nights(&rooms, ("2027-02-05", "2027-02-11")).await;
    assert_eq!(claimed.iter().map(|(_, claimed)| *claimed).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 0]);
    let again =
        change(&house, &id, "2", json!([stay(&rooms, 1, ("2027-02-06", "2027-02-10"))])).await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.data()), (Some("true"), longer.data()));
    change(&house, &id, "2", json!([stay(&rooms, 1, ("2027-02-06", "2027-02-11"))]))
        .await
        .refused(422, "idempotency_key_reused");
    let path = format!("/v2/orders/{id}/lines");
    let body = json!({ "lines": [stay(&rooms, 1, ("2027-02-06", "2027-02-11"))] });
    let stale =
        house.app.put(&path, body.clone()).by(&house.anna).key("3").header("if-match", "\"1\"").send().await;
    assert_eq!(stale.refused(412, "precondition_failed").body["details"]["version"], 2);
    house.app.put(&path, body).by(&house.anna).send().await.refused(400, "idempotency_key_required");
    let event = house.events(&id).await.pop().unwrap();
    assert_eq!(event.kind, "order.changed");
    assert!(event.data["before"]["lines"].is_array() && event.data["after"]["lines"].is_array());
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_everything_as_it_was_and_tells_what_lacks() {
    let house = House::counted().await;
    let (rooms, seats) = (house.nightly(1, 0, ("2027-02-01", "2027-02-20")).await, house.total(5, 0).await);
    let lines = json!([stay(&rooms, 1, ("2027-02-05", "2027-02-08")), units(&seats, 3)]);
    let id = house.order(&house.anna, "1", lines).await.expect(201).text_of("id");
    house.order(&house.desk, "2", json!([stay(&rooms, 1, ("2027-02-09", "2027-02-10"))])).await.expect(201);
    let wanted = json!([stay(&rooms, 1, ("2027-02-05", "2027-02-10")), units(&seats, 6)]);
    let refused = change(&house, &id, "3", wanted).await.refused(409, "sold_out");
    assert_eq!((refused.usage().0, refused.usage().1), (3, 0));
    let told = &refused.body["details"]["lines"];
    assert_eq!(
        told[0]["reasons"],
        json!([{ "cell": "2027-02-09", "code": "sold_out", "message": "it is sold out", "left": 0 }])
    );
    // The nights that the order has itself are free to be part of an alternative.
    assert_eq!(told[0]["alternatives"][0], json!({ "arrival": "2027-02-04", "departure": "2027-02-09" }));
    assert_eq!((&told[1]["left"], &told[1]["reasons"][0]["left"]), (&json!(5), &json!(2)));
    assert_eq!(house.count(&seats).await.claimed, 3);
    let order = house.app.get(&format!("/v2/orders/{id}")).by(&house.anna).send().await;
    assert_eq!((&order.data()["version"], &order.data()["lines"][1]["quantity"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn of_a_pool_that_was_retired_or_closed_since_an_order_keeps_what_it_has_and_gets_no_more() {
    let house = House::start().await;
    let (seats, chairs) = (house.total(5, 0).await, house.total(5, 0).await);
    let id = house
        .order(&house.anna, "1", json!([units(&seats, 3), units(&chairs, 3)]))
        .await
        .expect(201)
        .text_of("id");
    house.app.delete(&format!("/v2/pools/{seats}")).by(&house.desk).send().await.expect(200);
    house.offer(&chairs, json!({ "closed": true })).await.expect(200);
    let refused = change(&house, &id, "2", json!([units(&seats, 4)])).await.expect(422);
    assert_eq!(refused.fields(), [("/lines/0/pool_id".into(), "retired".into())]);
    change(&house, &id, "3", json!([units(&seats, 3), units(&chairs, 4)])).await.refused(409, "sold_out");
    change(&house, &id, "4", json!([units(&seats, 2), units(&chairs, 3)])).await.expect(200);
    assert_eq!((house.count(&seats).await.claimed, house.count(&chairs).await.claimed), (2, 3));
}

#[tokio::test]
async fn a_change_beyond_the_capacity_marks_its_lines_and_a_later_one_keeps_the_mark() {
    let house = House::start().await;
    let seats = house.total(5, 2).await;
    let id = house.order(&house.anna, "1", json!([units(&seats, 5)])).await.expect(201).text_of("id");
    change(&house, &id, "2", json!([units(&seats, 6)])).await.expect(200);
    let marked = async || {
        let order = house.app.get(&format!("/v2/orders/{id}")).by(&house.desk).send().await.expect(200);
        order.data()["lines"][0]["overbooked"].clone()
    };
    assert_eq!(marked().await, true);
    change(&house, &id, "3", json!([units(&seats, 4), units(&seats, 2)])).await.expect(200);
    assert_eq!((marked().await, house.count(&seats).await.claimed), (json!(true), 6));
    let refused = change(&house, &id, "4", json!([units(&seats, 8)])).await.refused(409, "sold_out");
    assert_eq!(refused.body["details"]["lines"][0]["left"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_changes_at_once_one_wins_and_nothing_is_lost_or_counted_twice() {
    let house = House::start().await;
    let seats = house.total(50, 0).await;
    let id = house.order(&house.anna, "1", json!([units(&seats, 10)])).await.expect(201).text_of("id");
    let changes = (1..=8).map(|n| {
        let (house, id, seats) = (&house, &id, &seats);
        async move { change(house, id, &format!("change {n}"), json!([units(seats, 10 + n)])).await }
    });
    let answers = join_all(changes).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(409, "changed");
    }
    let order = house.app.get(&format!("/v2/orders/{id}")).by(&house.anna).send().await.expect(200);
    assert_eq!(order.data()["lines"][0]["quantity"].as_i64(), Some(house.count(&seats).await.claimed));
}
