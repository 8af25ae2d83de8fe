//! Orders held, confirmed, run out.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::pools::{House, stay, units};

#[tokio::test]
async fn a_hold_is_confirmed_in_time_without_touching_what_it_claims() {
    let house = House::start().await;
    let (seats, rooms) = (house.total(10, 0).await, house.nightly(5, 0, ("2027-02-01", "2027-03-01")).await);
    let lines = json!([units(&seats, 2), stay(&rooms, 1, ("2027-02-01", "2027-02-03"))]);
    let held = house.hold(&house.anna, "1", lines, 600).await.expect(201);
    assert_eq!(
        (held.text_of("state"), held.text_of("hold_until")),
        ("held".into(), "2027-01-04T08:10:00Z".into())
    );
    assert_eq!(house.count(&seats).await.claimed, 2);
    let told = house.events(&held.text_of("id")).await.pop().unwrap();
    assert_eq!(
        (told.kind.as_str(), &told.data["after"]["hold_until"]),
        ("order.held", &json!("2027-01-04T08:10:00Z"))
    );
    let confirm = format!("/v2/orders/{}/confirm", held.text_of("id"));
    let stale =
        house.app.post(&confirm, Value::Null).by(&house.anna).header("if-match", "\"2\"").send().await;
    stale.refused(412, "precondition_failed");
    let sold = house
        .app
        .post(&confirm, Value::Null)
        .by(&house.anna)
        .key("c")
        .header("if-match", "\"1\"")
        .send()
        .await
        .expect(200);
    assert_eq!((sold.text_of("state"), &sold.data()["hold_until"]), ("confirmed".into(), &Value::Null));
    let again = house
        .app
        .post(&confirm, Value::Null)
        .by(&house.anna)
        .key("c")
        .header("if-match", "\"1\"")
        .send()
        .await
        .expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.data()), (Some("true"), sold.data()));
    house.app.post(&confirm, Value::Null).by(&house.anna).send().await.refused(409, "wrong_state");
    assert_eq!(house.count(&seats).await.claimed, 2);
    // Long after its end the sold order stands.
    house.app.advance(SignedDuration::from_hours(1));
    let anna = house.app.renewed(&house.anna);
    let read = house.app.get(&format!("/v2/orders/{}", held.text_of("id"))).by(&anna).send().await;
    assert_eq!(read.text_of("state"), "confirmed");
}

#[tokio::test]
async fn a_hold_that_ran_out_is_expired_and_nothing_but_its_release_changes_it() {
    let house = House::start().await;
    let seats = house.total(2, 0).await;
    let held = house.hold(&house.anna, "1", json!([units(&seats, 2)]), 60).await.expect(201);
    let path = format!("/v2/orders/{}", held.text_of("id"));
    house.app.advance(SignedDuration::from_secs(60));
    assert_eq!(
        house.app.get(&path).by(&house.anna).send().await.text_of("state"),
        "held",
        "through the second it ends in"
    );
    house.app.advance(SignedDuration::from_secs(1));
    assert_eq!(house.app.get(&path).by(&house.anna).send().await.text_of("state"), "expired");
    house
        .app
        .post(&format!("{path}/confirm"), Value::Null)
        .by(&house.anna)
        .send()
        .await
        .refused(410, "hold_expired");
    house
        .app
        .post(&format!("{path}/cancel"), json!({}))
        .by(&house.anna)
        .send()
        .await
        .refused(410, "hold_expired");
    let lines = json!({ "lines": [units(&seats, 1)] });
    house
        .app
        .put(&format!("{path}/lines"), lines)
        .by(&house.anna)
        .key("2")
        .send()
        .await
        .refused(410, "hold_expired");
    // Its units are counted until they are given back: whatever else happens, they are never sold twice.
    assert_eq!(house.count(&seats).await.claimed, 2);
    house.order(&house.anna, "3", json!([units(&seats, 1)])).await.refused(409, "sold_out");
}

#[tokio::test]
async fn a_hold_is_changed_and_given_back_while_it_lasts() {
    let house = House::start().await;
    let seats = house.total(10, 0).await;
    let held = house.hold(&house.anna, "1", json!([units(&seats, 2)]), 60).await.expect(201);
    let path = format!("/v2/orders/{}", held.text_of("id"));
    let lines = json!({ "lines": [units(&seats, 7)] });
    let changed =
        house.app.put(&format!("{path}/lines"), lines).by(&house.anna).key("2").send().await.expect(200);
    assert_eq!(
        (changed.text_of("state"), changed.text_of("hold_until")),
        ("held".into(), held.text_of("hold_until"))
    );
    assert_eq!(house.count(&seats).await.claimed, 7);
    let given = house.app.post(&format!("{path}/cancel"), json!({})).by(&house.anna).send().await.expect(200);
    assert_eq!((given.text_of("state"), house.count(&seats).await.claimed), ("cancelled".into(), 0));
}
