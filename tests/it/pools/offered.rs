//! How much there is: opened, closed, cut below what is sold, and what a person then has to resolve.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{House, stay, units};

#[tokio::test]
async fn an_offer_below_what_is_sold_is_refused_or_queued_and_then_told_until_resolved() {
    let house = House::start().await;
    let rooms = house.nightly(4, 0, ("2027-02-01", "2027-02-08")).await;
    let mut orders = Vec::new();
    for key in ["a", "b", "c"] {
        let order =
            house.order(&house.anna, key, json!([stay(&rooms, 1, ("2027-02-03", "2027-02-05"))])).await;
        orders.push(order.expect(201).text_of("id"));
    }
    let other =
        house.hold(&house.anna, "d", json!([stay(&rooms, 1, ("2027-02-04", "2027-02-06"))]), 600).await;
    orders.push(other.expect(201).text_of("id"));
    let less = |below: Value| json!({ "from": "2027-02-01", "to": "2027-02-08", "capacity": 2, "below_sold": below });
    let refused = house.offer(&rooms, less(Value::Null)).await.refused(409, "below_sold");
    let cells = json!([{ "cell": "2027-02-03", "sold": 3, "short": 1 }, { "cell": "2027-02-04", "sold": 4, "short": 2 }]);
    assert_eq!(refused.body["details"]["cells"], cells);
    assert_eq!(house.shortages(&rooms, "?from=2027-02-01&to=2027-02-08").await["cells"], json!([]));

    let queued = house.offer(&rooms, less(json!("queue"))).await.expect(200);
    let short: Vec<_> = queued.data()["short"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| (&cell["cell"], &cell["short"]))
        .collect();
    assert_eq!(short, [(&json!("2027-02-03"), &json!(1)), (&json!("2027-02-04"), &json!(2))]);
    let event = house.events(&rooms).await.pop().unwrap();
    assert_eq!(event.kind, "pool.offered");
    assert_eq!(
        event.data["after"],
        json!({
            "from": "2027-02-01", "to": "2027-02-08", "capacity": 2,
            "short": [{ "cell": "2027-02-03", "claimed": 3, "short": 1 }, { "cell": "2027-02-04", "claimed": 4, "short": 2 }],
        })
    );
    let told = house.shortages(&rooms, "?from=2027-02-01&to=2027-02-08").await;
    assert_eq!(told["more_orders"], false);
    let of = |told: &Value, cell: usize| {
        let mut ids: Vec<String> = serde_json::from_value(told["cells"][cell]["orders"].clone()).unwrap();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(of(&told, 0), sorted(orders[..3].to_vec()));
    assert_eq!(of(&told, 1), sorted(orders.clone()));
    assert_eq!((&told["cells"][1]["claimed"], &told["cells"][1]["capacity"]), (&json!(4), &json!(2)));

    for order in &orders[2..] {
        house
            .app
            .post(&format!("/v2/orders/{order}/cancel"), json!({}))
            .by(&house.desk)
            .send()
            .await
            .expect(200);
    }
    assert_eq!(house.shortages(&rooms, "?from=2027-02-01&to=2027-02-08").await["cells"], json!([]));
    house
        .order(&house.anna, "e", json!([stay(&rooms, 1, ("2027-02-03", "2027-02-04"))]))
        .await
        .refused(409, "sold_out");
    house.offer(&rooms, less(Value::Null)).await.expect(200);
}

#[tokio::test]
async fn what_is_sold_within_the_allowance_is_told_as_overbooked_and_not_as_short() {
    let house = House::start().await;
    let seats = house.total(2, 3).await;
    let order = house.order(&house.anna, "1", json!([units(&seats, 4)])).await.expect(201).text_of("id");
    let told = house.shortages(&seats, "").await;
    let cell = &told["cells"][0];
    assert_eq!((&cell["overbooked"], &cell["short"], &cell["left"]), (&json!(2), &json!(0), &json!(1)));
    assert_eq!(cell["orders"], json!([order]));
    house.offer(&seats, json!({ "overbooking": 1 })).await.refused(409, "below_sold");
    house.offer(&seats, json!({ "overbooking": 1, "below_sold": "queue" })).await.expect(200);
    let cell = house.shortages(&seats, "").await["cells"][0].clone();
    assert_eq!((&cell["overbooked"], &cell["short"], &cell["left"]), (&json!(1), &json!(1), &json!(0)));
    house.offer(&seats, json!({ "capacity": 10, "overbooking": 0 })).await.expect(200);
    assert_eq!(house.shortages(&seats, "").await["cells"], json!([]));
}

#[tokio::test]
async fn what_is_closed_sells_nothing_and_keeps_what_is_sold() {
    let house = House::start().await;
    let rooms = house.nightly(3, 1, ("2027-02-01", "2027-02-08")).await;
    house.order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-02-02", "2027-02-05"))])).await.expect(201);
    house
        .offer(&rooms, json!({ "from": "2027-02-03", "to": "2027-02-04", "closed": true }))
        .await
        .expect(200);
    let wanted = json!([stay(&rooms, 1, ("2027-02-01", "2027-02-05"))]);
    let refused = house.order(&house.anna, "2", wanted.clone()).await.refused(409, "sold_out");
    let line = &refused.body["details"]["lines"][0];
    assert_eq!(
        line["reasons"],
        json!([{ "cell": "2027-02-03", "code": "closed", "message": "it is closed", "left": 0 }])
    );
    assert_eq!(line["alternatives"][0], json!({ "arrival": "2027-02-04", "departure": "2027-02-08" }));
    let claimed = house.nights(&rooms, ("2027-02-03", "2027-02-04")).await;
    assert_eq!(claimed, [("2027-02-03".to_owned(), 1)]);
    house
        .offer(&rooms, json!({ "from": "2027-02-03", "to": "2027-02-04", "closed": false }))
        .await
        .expect(200);
    house.order(&house.anna, "3", wanted).await.expect(201);
}

#[tokio::test]
async fn every_mistake_in_an_offer_is_told() {
    let house = House::start().await;
    let rooms = house.nightly(3, 1, ("2027-02-01", "2027-02-08")).await;
    let seats = house.total(3, 1).await;
    let (from, to) = ("2027-02-01", "2027-02-08");
    let mistakes = [
        (&rooms, json!({}), vec![("/capacity", "required"), ("/from", "required"), ("/to", "required")]),
        (&rooms, json!({ "from": to, "to": from, "capacity": 1 }), vec![("/to", "not_after_start")]),
        (&rooms, json!({ "from": "2027-01-03", "to": to, "capacity": 1 }), vec![("/from", "in_the_past")]),
        (&rooms, json!({ "from": from, "to": "2028-02-04", "capacity": 1 }), vec![("/to", "too_long")]),
        (
            &rooms,
            json!({ "from": "2040-01-01", "to": "2040-01-02", "capacity": 1 }),
            vec![("/to", "out_of_range")],
        ),
        (&rooms, json!({ "from": from, "to": to, "capacity": 9_999 }), vec![("/capacity", "out_of_range")]),
        (
            &rooms,
            json!({ "from": from, "to": to, "overbooking": 9_997 }),
            vec![("/overbooking", "out_of_range")],
        ),
        (
            &rooms,
            json!({ "from": from, "to": "2027-02-10", "closed": true }),
            vec![("/capacity", "required")],
        ),
        (
            &rooms,
            json!({ "from": "x", "to": 1, "capacity": -1, "overbooking": 0.5, "closed": 1, "below_sold": "ask" }),
            vec![
                ("/from", "invalid_value"),
                ("/to", "invalid_type"),
                ("/capacity", "invalid_value"),
                ("/overbooking", "invalid_type"),
                ("/closed", "invalid_type"),
                ("/below_sold", "invalid_value"),
            ],
        ),
        (
            &seats,
            json!({ "from": from, "to": to, "capacity": 1 }),
            vec![("/from", "unexpected"), ("/to", "unexpected")],
        ),
    ];
    for (pool, body, expected) in mistakes {
        let refused = house.offer(pool, body).await.refused(422, "validation_failed");
        let expected: Vec<_> =
            expected.into_iter().map(|(at, code)| (at.to_owned(), code.to_owned())).collect();
        assert_eq!(refused.fields(), expected);
    }
    house
        .offer(&rooms, json!({ "from": "2027-02-01", "to": "2028-02-03", "capacity": 9_998 }))
        .await
        .expect(200);
    let longest = house.left(&house.desk, &rooms, "?from=2027-02-01&to=2028-02-03").await.expect(200);
    assert_eq!(longest.data()["cells"].as_array().unwrap().len(), 367);
}

#[tokio::test]
async fn an_offer_is_made_once_for_its_key_and_over_the_version_that_was_read() {
    let house = House::start().await;
    let seats = house.total(3, 0).await;
    let path = format!("/v2/pools/{seats}/offer");
    let put = |capacity: u32| house.app.put(&path, json!({ "capacity": capacity })).by(&house.desk);
    let first = put(5).key("k").send().await.expect(200);
    assert_eq!(first.header("etag"), Some("\"2\""));
    let again = put(5).key("k").header("if-match", "\"1\"").send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.data()), (Some("true"), first.data()));
    put(6).key("k").send().await.refused(422, "idempotency_key_reused");
    put(6).header("if-match", "\"1\"").send().await.refused(412, "precondition_failed");
    put(6).header("if-match", "\"2\"").send().await.expect(200);
    assert_eq!(house.events(&seats).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_while_the_offer_shrinks_never_go_below_it_unseen() {
    let house = House::start().await;
    let seats = house.total(30, 0).await;
    let (house, seats) = (&house, &seats);
    let orders = (0..40).map(|n| async move {
        house.order(&house.anna, &format!("order {n}"), json!([units(seats, 1)])).await.status.as_u16()
    });
    let offers = (0..10)
        .map(|n| async move { house.offer(seats, json!({ "capacity": 29 - n })).await.status.as_u16() });
    let (ordered, offered) = futures::join!(join_all(orders), join_all(offers));
    assert!(ordered.iter().all(|status| [201, 409].contains(status)), "{ordered:?}");
    assert!(offered.iter().all(|status| [200, 409].contains(status)), "{offered:?}");
    let count = house.count(seats).await;
    let sold = ordered.iter().filter(|status| **status == 201).count();
    println!("offers: {sold} sold of {} after {offered:?}", count.capacity);
    assert_eq!(count.claimed, i64::try_from(sold).unwrap());
    assert!(count.claimed <= count.capacity, "{count:?}");
    assert_eq!(house.shortages(seats, "").await["cells"], json!([]));
}
