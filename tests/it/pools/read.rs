//! What is left of nights, why not more, and when a stay fits.

use jiff::SignedDuration;
use serde_json::json;

use super::{House, stay};

/// Cell and left of each.
fn left(answer: &crate::harness::Answer) -> Vec<(String, i64)> {
    let cells = answer.data()["cells"].as_array().unwrap();
    cells
        .iter()
        .map(|cell| (cell["cell"].as_str().unwrap().to_owned(), cell["left"].as_i64().unwrap()))
        .collect()
}

fn nights(found: &[(&str, i64)]) -> Vec<(String, i64)> {
    found.iter().map(|(cell, left)| ((*cell).to_owned(), *left)).collect()
}

#[tokio::test]
async fn each_night_tells_what_is_left_and_why_the_quantity_cannot_be_had() {
    let house = House::counted().await;
    let rooms = house.nightly(2, 0, ("2027-01-04", "2027-01-08")).await;
    house.order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-01-05", "2027-01-06"))])).await.expect(201);
    house
        .offer(&rooms, json!({ "from": "2027-01-07", "to": "2027-01-08", "closed": true }))
        .await
        .expect(200);
    let found =
        house.left(&house.anna, &rooms, "?from=2027-01-03&to=2027-01-09&quantity=2&explain=true").await;
    let found = found.expect(200);
    let expected = [
        ("2027-01-03", 0),
        ("2027-01-04", 2),
        ("2027-01-05", 1),
        ("2027-01-06", 2),
        ("2027-01-07", 0),
        ("2027-01-08", 0),
    ];
    assert_eq!(left(&found), nights(&expected));
    let cells = found.data()["cells"].as_array().unwrap();
    let codes: Vec<Option<&str>> = cells.iter().map(|cell| cell["reasons"][0]["code"].as_str()).collect();
    assert_eq!(
        codes,
        [Some("in_the_past"), None, Some("sold_out"), None, Some("closed"), Some("not_offered")]
    );
    assert_eq!(cells[2]["reasons"][0]["message"], "only 1 are left");
    assert!(cells[0].get("capacity").is_none());
    let plain = house.left(&house.desk, &rooms, "?from=2027-01-05&to=2027-01-06").await.expect(200);
    let cell = &plain.data()["cells"][0];
    assert_eq!((&cell["capacity"], &cell["claimed"], cell.get("reasons")), (&json!(2), &json!(1), None));
    let usage = house.left(&house.desk, &rooms, "?from=2027-01-05&to=2028-01-05").await.usage();
    assert_eq!(usage.0, 1, "one read of the ledger for a year, the pool being known");
}

#[tokio::test]
async fn a_stay_fits_on_the_days_of_arrival_that_are_told_and_on_no_other() {
    let house = House::start().await;
    let rooms = house.nightly(1, 0, ("2027-02-01", "2027-02-15")).await;
    house.order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-02-05", "2027-02-07"))])).await.expect(201);
    let found = house.left(&house.anna, &rooms, "?from=2027-02-01&to=2027-02-15&nights=3").await.expect(200);
    let days = [
        "2027-02-01",
        "2027-02-02",
        "2027-02-07",
        "2027-02-08",
        "2027-02-09",
        "2027-02-10",
        "2027-02-11",
        "2027-02-12",
    ];
    assert_eq!(found.data()["arrivals"], json!(days));
    // A stay may end after the range: its nights are looked at too.
    let found = house.left(&house.anna, &rooms, "?from=2027-02-12&to=2027-02-13&nights=3").await.expect(200);
    assert_eq!(found.data()["arrivals"], json!(["2027-02-12"]));
}

#[tokio::test]
async fn who_leaves_makes_room_for_who_arrives_on_the_same_day() {
    let house = House::start().await;
    let rooms = house.nightly(1, 0, ("2027-02-01", "2027-02-15")).await;
    let one = |key: &'static str, nights| {
        let lines = json!([stay(&rooms, 1, nights)]);
        let house = &house;
        async move { house.order(&house.anna, key, lines).await }
    };
    one("1", ("2027-02-05", "2027-02-07")).await.expect(201);
    one("2", ("2027-02-07", "2027-02-09")).await.expect(201);
    one("3", ("2027-02-03", "2027-02-05")).await.expect(201);
    one("4", ("2027-02-06", "2027-02-07")).await.refused(409, "sold_out");
}

#[tokio::test]
async fn nights_are_those_of_the_calendar_across_months_and_changes_of_the_clock() {
    let house = House::start().await;
    let rooms = house.nightly(1, 0, ("2027-01-31", "2027-04-03")).await;
    let first = house
        .order(&house.anna, "1", json!([stay(&rooms, 1, ("2027-01-31", "2027-03-01"))]))
        .await
        .expect(201);
    assert_eq!(first.data()["lines"][0]["nights"], 29);
    // The clocks of Berlin go forward on 28 March: the night before it is an hour shorter, and one night.
    let second = house
        .order(&house.anna, "2", json!([stay(&rooms, 1, ("2027-03-27", "2027-04-02"))]))
        .await
        .expect(201);
    assert_eq!(second.data()["lines"][0]["nights"], 6);
    let claimed = house.nights(&rooms, ("2027-01-31", "2027-04-03")).await;
    assert_eq!(claimed.len(), 62);
    let free: Vec<&str> =
        claimed.iter().filter(|(_, claimed)| *claimed == 0).map(|(cell, _)| cell.as_str()).collect();
    assert_eq!((free.len(), free[0], free[25], free[26]), (27, "2027-03-01", "2027-03-26", "2027-04-02"));
    // Until midnight in Berlin, which is 22:00 of UTC in summer, tonight can still be had.
    let anna = &house.anna;
    house
        .app
        .advance("2027-04-02T21:59:00Z".parse::<jiff::Timestamp>().unwrap().duration_since(house.app.now()));
    let anna = house.app.renewed(anna);
    let tonight = json!([stay(&rooms, 1, ("2027-04-02", "2027-04-03"))]);
    house.hold(&anna, "3", tonight.clone(), 60).await.expect(201);
    house.app.advance(SignedDuration::from_mins(1));
    let refused = house.order(&anna, "4", tonight).await.refused(422, "not_bookable");
    assert_eq!(refused.body["details"]["reasons"][0]["code"], "in_the_past");
}

#[tokio::test]
async fn a_question_that_cannot_be_is_told_what_is_wrong_with_it() {
    let house = House::start().await;
    let rooms = house.nightly(1, 0, ("2027-02-01", "2027-02-15")).await;
    let seats = house.total(1, 0).await;
    let mistakes = [
        (&rooms, "", "/query/from", "required"),
        (&rooms, "?from=2027-02-01", "/query/to", "required"),
        (&rooms, "?from=2027-02-02&to=2027-02-02", "/query/to", "not_after_start"),
        (&rooms, "?from=2027-02-01&to=2028-02-04", "/query/to", "too_long"),
        (&rooms, "?from=2027-02-01&to=2027-02-02&nights=61", "/query/nights", "out_of_range"),
        (&rooms, "?from=2027-02-01&to=2027-02-02&quantity=0", "/query/quantity", "out_of_range"),
        (&rooms, "?from=tomorrow&to=2027-02-02", "/query/from", "invalid_value"),
        (&seats, "?from=2027-02-01&to=2027-02-02", "/query/from", "unexpected"),
        (&seats, "?nights=1", "/query/nights", "unexpected"),
    ];
    for (pool, query, pointer, code) in mistakes {
        let refused = house.left(&house.anna, pool, query).await.refused(400, "bad_request");
        assert_eq!(refused.fields(), [(pointer.to_owned(), code.to_owned())], "{query}");
    }
    let refused = house.app.get("/v2/pools").by(&house.anna).send().await.refused(400, "bad_request");
    assert_eq!(refused.fields(), [("/query/location_id".to_owned(), "required".to_owned())]);
}
