//! Many clients at once for few units: exactly what there is is sold, and everybody else is told so.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::pools::{House, stay, units};

const CLIENTS: usize = 200;

/// All of them at once; the answers by status.
async fn at_once(house: &House, lines: &Value) -> (BTreeMap<u16, usize>, Vec<Answer>) {
    // The session is known before the storm, as in a warm function.
    house.app.get("/v2/orders").by(&house.anna).send().await.expect(200);
    let calls = (0..CLIENTS).map(|client| {
        let lines = lines.clone();
        async move { house.order(&house.anna, &format!("client {client}"), lines).await }
    });
    let answers = join_all(calls).await;
    let mut counts = BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    (counts, answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_for_ten_units_give_ten_orders() {
    let house = House::start().await;
    let seats = house.total(10, 0).await;
    let (counts, answers) = at_once(&house, &json!([units(&seats, 1)])).await;
    println!("storm: {CLIENTS} clients, 10 units: {counts:?}");
    assert_eq!(counts, BTreeMap::from([(201, 10), (409, CLIENTS - 10)]));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "sold_out");
    }
    let count = house.count(&seats).await;
    assert_eq!((count.claimed, count.free), (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_at_the_brink_of_overbooking_go_as_far_as_allowed_and_no_further() {
    let house = House::start().await;
    let rooms = house.nightly(7, 3, ("2027-02-01", "2027-02-20")).await;
    let lines = json!([stay(&rooms, 1, ("2027-02-05", "2027-02-07"))]);
    let (counts, _) = at_once(&house, &lines).await;
    println!("storm: {CLIENTS} clients, 7 units and 3 beyond: {counts:?}");
    assert_eq!(counts, BTreeMap::from([(201, 10), (409, CLIENTS - 10)]));
    let claimed = house.nights(&rooms, ("2027-02-05", "2027-02-07")).await;
    assert!(claimed.iter().all(|(_, claimed)| *claimed == 10), "{claimed:?}");
    let list = format!("/v2/orders?location_id={}&limit=100", house.place.id);
    let orders = house.app.get(&list).by(&house.desk).send().await.expect(200);
    let orders = orders.data().as_array().unwrap().clone();
    let marked = orders.iter().filter(|order| order["lines"][0]["overbooked"] == true).count();
    assert_eq!((orders.len(), marked), (10, 3), "each order beyond the capacity says so, and no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_eight_times_at_the_brink_is_one_order_and_nobody_is_told_otherwise() {
    let house = House::start().await;
    for round in 0..8 {
        let seats = house.total(1, 1).await;
        house.order(&house.desk, &format!("first {round}"), json!([units(&seats, 1)])).await.expect(201);
        let key = format!("same {round}");
        let answers =
            join_all((0..8).map(|_| house.order(&house.anna, &key, json!([units(&seats, 1)])))).await;
        for answer in answers {
            answer.expect(201);
        }
        assert_eq!(house.count(&seats).await.claimed, 2);
    }
}
