//! What cannot be ordered, and how that is told.

use domain::order::MOST_LINES;
use serde_json::{Value, json};

use crate::harness::Answer;
use crate::office;
use crate::pools::{House, stay, units};

fn expected(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(at, code)| ((*at).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn every_mistake_in_a_body_is_told_at_once() {
    let house = House::start().await;
    let seats = house.total(10, 0).await;
    let lines = json!([
        { "pool_id": "res_1", "quantity": 0 },
        { "quantity": "two", "arrival": "2027-02-30", "colour": 1 },
        { "pool_id": seats, "quantity": 10_001, "arrival": "2027-02-03", "departure": "2027-02-03" },
        { "pool_id": seats, "quantity": 1, "arrival": "2027-02-03" },
        { "pool_id": seats, "quantity": 1, "departure": "2027-02-03" },
        { "pool_id": seats, "quantity": 1, "arrival": "2027-02-01", "departure": "2027-04-03" },
        7,
    ]);
    let body = json!({ "lines": lines, "user_id": "anna", "note": 7, "hold_seconds": "long", "gift": true });
    let refused = house.app.post("/v2/orders", body).by(&house.anna).key("1").send().await;
    let told = [
        ("/lines/0/pool_id", "invalid_value"),
        ("/lines/1/pool_id", "required"),
        ("/lines/1/quantity", "invalid_type"),
        ("/lines/1/arrival", "invalid_value"),
        ("/lines/1/colour", "unknown_field"),
        ("/lines/2/departure", "not_after_start"),
        ("/lines/2/quantity", "out_of_range"),
        ("/lines/3/departure", "required"),
        ("/lines/4/arrival", "required"),
        ("/lines/5/departure", "too_long"),
        ("/lines/6", "invalid_type"),
        ("/user_id", "invalid_value"),
        ("/note", "invalid_type"),
        ("/hold_seconds", "invalid_type"),
        ("/gift", "unknown_field"),
    ];
    assert_eq!(refused.refused(422, "validation_failed").fields(), expected(&told));
    for lines in [Value::Null, json!([]), json!({}), json!(vec![units(&seats, 1); MOST_LINES + 1])] {
        let code = match &lines {
            Value::Null => "required",
            Value::Object(_) => "invalid_type",
            _ => "out_of_range",
        };
        let refused = house
            .order(&house.anna, &lines.to_string()[..4.min(lines.to_string().len())], lines)
            .await
            .expect(422);
        assert_eq!(refused.fields(), expected(&[("/lines", code)]));
    }
}

#[tokio::test]
async fn every_line_whose_pool_does_not_fit_is_told_at_once() {
    let house = House::start().await;
    let (seats, rooms) = (house.total(10, 0).await, house.nightly(5, 0, ("2027-02-01", "2027-03-01")).await);
    let retired = house.total(1, 0).await;
    house.app.delete(&format!("/v2/pools/{retired}")).by(&house.desk).send().await.expect(200);
    let elsewhere = office::place(&house.app, "UTC").await;
    let body = json!({ "location_id": elsewhere.id, "name": "Elsewhere", "kind": "total", "capacity": 3 });
    let far = house.app.post("/v2/pools", body).by(&house.desk).send().await.expect(201).text_of("id");
    let lines = json!([
        units(&seats, 1),
        units(&rooms, 1),
        stay(&seats, 1, ("2027-02-01", "2027-02-02")),
        units(&retired, 1),
        units(&far, 1),
        units("pol_00000000000000000000000000", 1),
    ]);
    let body = json!({ "lines": lines, "hold_seconds": 601 });
    let refused = house.app.post("/v2/orders", body).by(&house.anna).key("1").send().await;
    let told = [
        ("/hold_seconds", "out_of_range"),
        ("/lines/1/arrival", "required"),
        ("/lines/1/departure", "required"),
        ("/lines/2/arrival", "unexpected"),
        ("/lines/3/pool_id", "retired"),
        ("/lines/4/pool_id", "other_location"),
        ("/lines/5/pool_id", "unknown"),
    ];
    assert_eq!(refused.refused(422, "validation_failed").fields(), expected(&told));
    let past = house.order(&house.anna, "2", json!([stay(&rooms, 1, ("2027-01-02", "2027-01-05"))])).await;
    let reasons = past.refused(422, "not_bookable").body["details"]["reasons"].clone();
    let told: Vec<_> =
        reasons.as_array().unwrap().iter().map(|reason| (&reason["cell"], &reason["code"])).collect();
    let past = json!("in_the_past");
    assert_eq!(told, [(&json!("2027-01-02"), &past), (&json!("2027-01-03"), &past)]);
    assert_eq!(house.count(&seats).await.claimed, 0);
}

#[tokio::test]
async fn sixty_nights_fit_and_sixty_one_are_refused_clearly() {
    let house = House::counted().await;
    let rooms = house.nightly(1, 0, ("2027-01-31", "2027-04-30")).await;
    let long = house
        .order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-01-31", "2027-04-02"))]))
        .await
        .expect(422);
    assert_eq!(long.fields(), expected(&[("/lines/0/departure", "too_long")]));
    assert_eq!(long.body["errors"][0]["detail"], "must be at most 60 nights after the arrival");
    let made = house
        .order(&house.anna, "2", json!([stay(&rooms, 1, ("2027-01-31", "2027-04-01"))]))
        .await
        .expect(201);
    assert_eq!(made.data()["lines"][0]["nights"], 60);
    assert_eq!(made.usage().0, 2);
}

#[tokio::test]
async fn twenty_four_of_the_longest_stays_fit_into_one_transaction_and_twice_as_many_are_refused_unwritten() {
    let house = House::counted().await;
    let mut pools = Vec::new();
    for _ in 0..2 * MOST_LINES {
        pools.push(house.nightly(1, 0, ("2027-01-31", "2027-04-02")).await);
    }
    let lines = |pools: &[String]| -> Value {
        pools.iter().map(|pool| stay(pool, 1, ("2027-01-31", "2027-04-01"))).collect()
    };
    let (old, new) = pools.split_at(MOST_LINES);
    let made = house.order(&house.anna, "1", lines(old)).await.expect(201);
    println!("order: {MOST_LINES} stays of 60 nights: {:?} trips and write units", made.usage());
    let path = format!("/v2/orders/{}/lines", made.text_of("id"));
    let put = |pools: &[String], key: &str| {
        house.app.put(&path, json!({ "lines": lines(pools) })).by(&house.anna).key(key).send()
    };
    // All given back and as many claimed elsewhere: 2 × 24 × 3 months, the record and its event.
    let refused = put(new, "2").await.refused(413, "too_large");
    assert_eq!(refused.usage().1, 0, "before anything is written");
    assert!(refused.text.contains("146"), "{}", refused.text);
    assert_eq!(house.nights(&new[0], ("2027-01-31", "2027-02-01")).await[0].1, 0);
    let half = [&old[..MOST_LINES / 2], &new[..4]].concat();
    let changed: Answer = put(&half, "3").await.expect(200);
    assert_eq!(changed.data()["lines"].as_array().unwrap().len(), 16);
}
