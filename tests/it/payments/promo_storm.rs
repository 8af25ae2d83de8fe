//! Many clients at once for few uses of a code: exactly as many as there are orders get it, and everybody else is told so.

use std::collections::BTreeMap;

use domain::Role;
use futures::future::join_all;
use serde_json::json;

use super::Temple;
use crate::harness::Person;

const CLIENTS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_for_ten_uses_of_a_code_give_ten_orders() {
    let temple = Temple::start().await;
    let session = temple.seats(1_000).await;
    let code = temple.code("TEN", json!({ "max_uses": 10 })).await;
    let people: Vec<Person> = join_all((0..CLIENTS).map(|_| temple.app.person(Role::Customer))).await;
    let answers = join_all(people.iter().map(|person| temple.with_code(person, "1", &session, "TEN"))).await;
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status.as_u16()).or_insert(0) += 1;
        if answer.status == 201 {
            assert_eq!(answer.data()["price"]["promo_code"], "TEN");
        } else {
            assert_eq!(answer.refused(409, "promo_used_up").body["details"]["reason"], "exhausted");
        }
    }
    println!("promo codes: {CLIENTS} clients, 10 uses: {counts:?}");
    assert_eq!(counts, BTreeMap::from([(201, 10), (409, CLIENTS - 10)]));
    assert_eq!(temple.uses(&code).await, 10);
    let left = temple.app.get(&format!("/v2/pools/{session}/availability")).by(&temple.desk).send().await;
    assert_eq!(left.expect(200).data()["cells"][0]["left"], 990, "who is refused has no seat either");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_customer_at_once_from_many_windows_has_a_code_as_often_as_one_may() {
    let temple = Temple::start().await;
    let session = temple.seats(100).await;
    let code = temple.code("TWICE", json!({ "max_uses_per_user": 2 })).await;
    let keys: Vec<String> = (0..30).map(|window| format!("window {window}")).collect();
    let answers =
        join_all(keys.iter().map(|key| temple.with_code(&temple.anna, key, &session, "TWICE"))).await;
    let had = answers.iter().filter(|answer| answer.status == 201).count();
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.refused(409, "promo_used_up").body["details"]["reason"], "used_before");
    }
    assert_eq!((had, temple.uses(&code).await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_that_many_give_back_at_once_is_given_back_once() {
    let temple = Temple::start().await;
    let session = temple.seats(100).await;
    let code = temple.code("MANY", json!({ "max_uses_per_user": 20 })).await;
    let kept = temple.with_code(&temple.anna, "kept", &session, "MANY").await.expect(201).text_of("id");
    for round in 0..4 {
        let made = temple.with_code(&temple.anna, &format!("{round}"), &session, "MANY").await.expect(201);
        let path = format!("/v2/orders/{}/cancel", made.text_of("id"));
        let cancel = |n: usize| {
            let call = temple.app.post(&path, json!({})).by(&temple.anna);
            async move { call.key(&format!("cancel {n}")).send().await }
        };
        let answers = join_all((0..8).map(cancel)).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(temple.uses(&code).await, 1);
    }
    // A hold that ran out, and everybody who may give it back.
    temple.app.advance(jiff::SignedDuration::from_mins(11));
    let (store, now, id) = (temple.app.store(), temple.app.now(), kept.parse().unwrap());
    let released = join_all((0..8).map(|_| audit::release(store, id, now))).await;
    let done = released.iter().filter(|done| matches!(done, Ok(audit::Release::Released))).count();
    assert_eq!((done, temple.uses(&code).await), (1, 0));
}
