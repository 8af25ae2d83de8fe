//! Figures as the API tells them: to whom, of which time, and by the names of both versions.

use std::collections::BTreeSet;

use domain::{Role, Scope};
use serde_json::json;

use super::{another, busy, orders};
use crate::office;
use crate::payments::{PRICE, Temple};

const JANUARY: &str = "from=2027-01-01&to=2027-02-01";

async fn read(temple: &Temple, what: &str) -> serde_json::Value {
    let path = format!("/v2/{what}&location_id={}", temple.place.id);
    temple.app.get(&path).by(&temple.desk).send().await.expect(200).data().clone()
}

#[tokio::test]
async fn an_operator_reads_totals_months_and_how_both_are_spread() {
    let temple = busy().await;
    let all = orders(&temple).await;
    let count = |state: &str| all.iter().filter(|order| order["state"] == state).count();
    let sum = |name: &str| -> i64 { all.iter().filter_map(|order| order["price"][name].as_i64()).sum() };

    let totals = read(&temple, &format!("figures/totals?{JANUARY}")).await;
    assert_eq!(totals["orders"], all.len());
    assert_eq!(
        (&totals["sold"], &totals["cancelled"]),
        (&json!(count("confirmed")), &json!(count("cancelled")))
    );
    let money = json!([{
        "currency": "INR", "charged": sum("charged"), "captured": sum("captured"), "refunded": sum("refunded"),
        "due": sum("due"),
    }]);
    assert_eq!(totals["money"], money);

    let months = read(&temple, "figures/revenue?from=2026-12-01&to=2027-02-01").await;
    let (captured, refunded) = (sum("captured"), sum("refunded"));
    let expected = json!([
        { "month": "2026-12", "currency": "INR", "captured": 0, "refunded": 0, "net": 0 },
        { "month": "2027-01", "currency": "INR", "captured": captured, "refunded": refunded, "net": captured - refunded },
    ]);
    assert_eq!(months, expected);

    let spread = read(&temple, &format!("figures/distribution?{JANUARY}")).await;
    for state in spread["states"].as_array().unwrap() {
        assert_eq!(state["orders"], count(state["state"].as_str().unwrap()), "{spread}");
    }
    let offerings = spread["offerings"].as_array().unwrap();
    let names: BTreeSet<_> = offerings.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["=Morning prayer", "Evening lamp ceremony"]));
    let of_offerings: i64 = offerings.iter().map(|one| one["orders"].as_i64().unwrap()).sum();
    assert_eq!(usize::try_from(of_offerings).unwrap(), all.len());
    let means: Vec<_> =
        spread["means"].as_array().unwrap().iter().map(|one| (&one["means"], &one["captured"])).collect();
    let expected = [
        (&json!("cash"), &json!(12_000)),
        (&json!("razorpay"), &json!(4 * PRICE)),
        (&json!("upi"), &json!(10_000)),
    ];
    assert_eq!(means, expected);

    let delivery = read(&temple, &format!("figures/delivery?{JANUARY}")).await;
    let mails = delivery.as_array().unwrap().iter().find(|one| one["channel"] == "email").unwrap();
    assert_eq!(mails["sent"], temple.app.sent().len());
    assert_eq!((&mails["provider"], &mails["delivered_percent"]), (&json!("outbox"), &json!(0)));
    // Tomorrow nothing was ordered.
    let later = read(&temple, "figures/totals?from=2027-01-06&to=2027-01-07").await;
    assert_eq!((&later["orders"], &later["money"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn figures_are_for_those_who_read_them_there_and_of_a_bounded_time() {
    let temple = Temple::here().await;
    let elsewhere = office::place(&temple.app, "Europe/Berlin").await;
    let here = Scope::Locations(BTreeSet::from([temple.place.id]));
    let manager = temple.app.person_at(Role::Manager, here).await;
    let auditor = temple.app.person(Role::Auditor).await;
    let paths = [
        "figures/totals",
        "figures/distribution",
        "figures/delivery",
        "exports/orders",
        "exports/payments",
        "figures/revenue",
        "exports/revenue",
    ];
    for path in paths {
        let of = |place| format!("/v2/{path}?{JANUARY}&location_id={place}");
        let read = |path: String, by| temple.app.get(&path).by(by).send();
        read(of(temple.place.id), &manager).await.expect(200);
        read(of(temple.place.id), &auditor).await.expect(200);
        read(of(elsewhere.id), &manager).await.refused(403, "forbidden");
        read(of(temple.place.id), &temple.anna).await.refused(403, "forbidden");
        let unknown = "loc_01h2xcejqtf2nbrexx3vqjhp41".parse().unwrap();
        read(of(unknown), &auditor).await.refused(404, "not_found");
        for wrong in ["from=2027-01-01&to=2027-01-01", "from=2027-01-02&to=2030-02-05"] {
            let path = format!("/v2/{path}?{wrong}&location_id={}", temple.place.id);
            let refused = read(path, &auditor).await.refused(400, "bad_request");
            assert_eq!(refused.fields(), [("/query/to".to_owned(), "out_of_range".to_owned())]);
        }
    }
    let nowhere = format!("/v2/figures/delivery?{JANUARY}");
    temple.app.get(&nowhere).by(&auditor).send().await.expect(200);
    temple.app.get(&nowhere).by(&manager).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn what_is_open_and_what_came_to_nothing_is_listed_for_the_operator() {
    let temple = Temple::here().await;
    let session = temple.seats(5).await;
    let order = temple.held(&temple.anna, "one", &session).await;
    let begun = temple.begin(&temple.anna, &order).await;
    temple.app.gateway().fail(&begun.1).unwrap();
    temple.hear().await;
    let list = async |temple: &Temple, what: &str| -> Vec<String> {
        let path = format!("/v2/payments/{what}?location_id={}", temple.place.id);
        let listed = temple.app.get(&path).by(&temple.desk).send().await.expect(200);
        listed.data().as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((list(&temple, "open").await, list(&temple, "failed").await), (vec![begun.0.clone()], vec![]));
    // Three days on nobody asks the gateway any more.
    for _ in 0..5 {
        temple.app.advance(jiff::SignedDuration::from_hours(30));
        temple.app.settle().await;
    }
    let temple = Temple { desk: temple.app.renewed(&temple.desk), ..temple };
    assert_eq!((list(&temple, "open").await, list(&temple, "failed").await), (vec![], vec![begun.0]));
    let elsewhere = office::place(&temple.app, "Europe/Berlin").await;
    let manager = temple.app.person_at(Role::Manager, Scope::Locations(BTreeSet::from([elsewhere.id]))).await;
    let path = format!("/v2/payments/failed?location_id={}", temple.place.id);
    temple.app.get(&path).by(&manager).send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn version_1_tells_the_same_by_the_source_systems_names() {
    let temple = busy().await;
    let all = orders(&temple).await;
    let get = async |path: &str| temple.app.get(path).by(&temple.desk).send().await.expect(200).body;
    let dashboard = get("/v1/admin/dashboard").await;
    assert_eq!(dashboard["total_bookings"], all.len());
    let kept: i64 = all
        .iter()
        .filter_map(|order| Some(order["price"]["captured"].as_i64()? - order["price"]["refunded"].as_i64()?))
        .sum();
    let shown = format!("{}.{:02}", kept / 100, kept % 100);
    assert_eq!(dashboard["total_revenue"], json!([{ "currency": "INR", "amount": shown }]));
    let monthly = get("/v1/admin/revenue/monthly?months=2").await;
    let months: Vec<_> =
        monthly["revenue"].as_array().unwrap().iter().map(|one| (&one["month"], &one["revenue"])).collect();
    assert_eq!(months, [(&json!("2026-12"), &json!("0.00")), (&json!("2027-01"), &json!(shown))]);
    let statuses = get("/v1/admin/bookings/status-distribution").await;
    let counted: i64 =
        statuses["distribution"].as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum();
    assert_eq!(usize::try_from(counted).unwrap(), all.len());
    let recent = get("/v1/admin/payments/recent?limit=50").await;
    let of = |status: &str| {
        recent["payments"].as_array().unwrap().iter().filter(|one| one["status"] == status).count()
    };
    assert_eq!([of("success"), of("refunded"), of("failed")], [5, 1, 1], "{recent}");
    let session = another(&temple).await;
    let held = temple.held(&temple.anna, "late", &session).await;
    let pending = get("/v1/admin/bookings/pending").await;
    let ids: Vec<_> =
        pending["bookings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [held]);
}
