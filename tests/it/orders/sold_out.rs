//! What is sold out: told with alternatives, or sold beyond the capacity where that is allowed.

use serde_json::json;

use crate::pools::{House, stay, units};

#[tokio::test]
async fn what_lacks_is_told_by_line_and_cell_with_the_nearest_alternatives() {
    let house = House::counted().await;
    let (rooms, seats) = (house.nightly(2, 0, ("2027-02-01", "2027-02-20")).await, house.total(5, 0).await);
    house
        .order(&house.anna, "1", json!([stay(&rooms, 2, ("2027-02-09", "2027-02-11")), units(&seats, 4)]))
        .await
        .expect(201);
    let lines = json!([units(&seats, 1), stay(&rooms, 1, ("2027-02-08", "2027-02-10")), units(&seats, 2),]);
    let refused = house.order(&house.anna, "2", lines).await.refused(409, "sold_out");
    assert_eq!(refused.usage(), (3, 0));
    let told = &refused.body["details"]["lines"];
    let seat = json!({ "cell": "total", "code": "sold_out", "message": "only 1 are left", "left": 1 });
    assert_eq!(
        told[0],
        json!({ "line": 0, "pool_id": seats, "quantity": 1, "reasons": [seat], "left": 0 }),
        "beside the other line nothing is left"
    );
    assert_eq!(
        told[1]["reasons"],
        json!([{ "cell": "2027-02-09", "code": "sold_out", "message": "it is sold out", "left": 0 }])
    );
    let nearest: Vec<_> = told[1]["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stay| stay["arrival"].as_str().unwrap())
        .collect();
    assert_eq!(nearest, ["2027-02-07", "2027-02-06", "2027-02-11", "2027-02-05", "2027-02-12"]);
    assert_eq!((&told[2]["line"], &told[2]["left"]), (&json!(2), &json!(0)));
    for (n, arrival) in nearest.iter().enumerate() {
        let departure = told[1]["alternatives"][n]["departure"].as_str().unwrap();
        let free =
            house.left(&house.anna, &rooms, &format!("?from={arrival}&to={departure}&explain=true")).await;
        assert!(free.data()["cells"].as_array().unwrap().iter().all(|cell| cell["reasons"] == json!([])));
    }
    assert!(!refused.text.contains("ord_"), "who has it is nobody's business");
    assert_eq!(house.count(&seats).await.claimed, 4, "all of it or nothing");
}

#[tokio::test]
async fn what_may_be_overbooked_is_and_the_record_says_so_to_those_who_may_know() {
    let house = House::counted().await;
    let (rooms, seats) = (house.nightly(1, 1, ("2027-02-01", "2027-02-20")).await, house.total(50, 0).await);
    let nights = |from, to| json!([units(&seats, 1), stay(&rooms, 1, (from, to))]);
    let first = house.order(&house.anna, "1", nights("2027-02-05", "2027-02-07")).await.expect(201);
    let second = house.order(&house.anna, "2", nights("2027-02-06", "2027-02-09")).await.expect(201);
    assert_eq!(second.usage().0, 4, "refused, read, and written once more");
    let marks = async |order: &str| {
        let order = house.app.get(&format!("/v2/orders/{order}")).by(&house.desk).send().await.expect(200);
        let lines = order.data()["lines"].as_array().unwrap().clone();
        lines.iter().map(|line| line["overbooked"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(marks(&first.text_of("id")).await, [false, false]);
    assert_eq!(marks(&second.text_of("id")).await, [false, true]);
    assert!(!second.text.contains("overbooked"), "the guest is not told");
    let event = house.events(&second.text_of("id")).await.pop().unwrap();
    assert_eq!(event.data["after"]["lines"][1]["overbooked"], true);
    let again = house.order(&house.anna, "2", nights("2027-02-06", "2027-02-09")).await.expect(201);
    assert_eq!(
        (again.header("idempotent-replayed"), again.text_of("id")),
        (Some("true"), second.text_of("id"))
    );
    let third =
        house.order(&house.anna, "3", nights("2027-02-06", "2027-02-07")).await.refused(409, "sold_out");
    assert_eq!(third.usage().1, 0);
    let claimed = house.nights(&rooms, ("2027-02-05", "2027-02-09")).await;
    assert_eq!(claimed.iter().map(|(_, claimed)| *claimed).collect::<Vec<_>>(), [1, 2, 1, 1]);
    // Who gives back what was sold beyond the capacity gives back just that.
    let cancel = format!("/v2/orders/{}/cancel", first.text_of("id"));
    house.app.post(&cancel, json!({})).by(&house.anna).send().await.expect(200);
    let cells = house.shortages(&rooms, "?from=2027-02-01&to=2027-02-20").await["cells"].clone();
    assert_eq!(cells, json!([]));
}

#[tokio::test]
async fn two_lines_on_the_same_nights_count_together_against_capacity_and_allowance() {
    let house = House::start().await;
    let rooms = house.nightly(2, 1, ("2027-02-01", "2027-02-20")).await;
    let two = |one, other| {
        json!([
            stay(&rooms, one, ("2027-02-05", "2027-02-07")),
            stay(&rooms, other, ("2027-02-06", "2027-02-08"))
        ])
    };
    let refused = house.order(&house.anna, "1", two(2, 2)).await.refused(409, "sold_out");
    let told = &refused.body["details"]["lines"];
    assert_eq!(
        (&told[0]["reasons"][0]["cell"], &told[1]["reasons"][0]["cell"]),
        (&json!("2027-02-06"), &json!("2027-02-06"))
    );
    assert_eq!(told[1]["alternatives"][0]["arrival"], "2027-02-07", "clear of the other line");
    house.order(&house.anna, "2", two(2, 1)).await.expect(201);
    let claimed = house.nights(&rooms, ("2027-02-05", "2027-02-08")).await;
    assert_eq!(claimed.iter().map(|(_, claimed)| *claimed).collect::<Vec<_>>(), [2, 3, 1]);
}
