//! Folios: what is posted is charged, parts are paid by different people, and invoices have numbers without a gap.

use std::collections::BTreeSet;

use domain::{Role, Scope};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Hotel, NIGHT};
use crate::harness::{Answer, Person};

const DAYS: (&str, &str) = ("2027-01-05", "2027-01-07");

impl Hotel {
    async fn post_to(&self, by: &Person, (stay, key): (&str, &str), line: Value) -> Answer {
        let path = format!("/v2/stays/{stay}/folio/lines");
        self.app.post(&path, line).by(by).key(key).send().await
    }

    async fn folio(&self, stay: &str) -> Value {
        let path = format!("/v2/stays/{stay}/folio");
        self.app.get(&path).by(&self.desk).send().await.expect(200).data().clone()
    }

    async fn close(&self, stay: &str, part: usize, key: &str) -> Answer {
        let path = format!("/v2/stays/{stay}/folio/close");
        self.app.post(&path, json!({ "part": part })).by(&self.desk).key(key).send().await
    }
}

fn minibar(amount: i64) -> Value {
    json!({ "kind": "minibar", "amount": amount, "tax_basis_points": 1000 })
}

#[tokio::test]
async fn what_is_posted_is_charged_once_and_taken_off_only_by_those_who_may() {
    let hotel = Hotel::start().await;
    let stay = hotel.stay("1", DAYS).await;
    let staff = hotel.app.person_at(Role::Staff, Scope::Locations([hotel.place.id].into())).await;
    for _ in 0..2 {
        let posted = hotel.post_to(&staff, (&stay, "a"), minibar(1_000)).await.expect(201);
        assert_eq!(
            (posted.data()["tax"].as_i64(), posted.data()["total"].as_i64()),
            (Some(100), Some(1_100))
        );
    }
    hotel.post_to(&staff, (&stay, "a"), minibar(2_000)).await.refused(422, "idempotency_key_reused");
    assert_eq!(hotel.read(&stay).await["price"]["due"], 2 * NIGHT + 1_100);
    let off = json!({ "kind": "minibar", "amount": -1000, "tax_basis_points": 1000, "reason": "not drunk" });
    hotel.post_to(&staff, (&stay, "b"), off.clone()).await.refused(403, "forbidden");
    hotel.post_to(&hotel.anna, (&stay, "b"), minibar(1)).await.refused(403, "forbidden");
    hotel.post_to(&hotel.desk, (&stay, "b"), off).await.expect(201);
    let unsaid = json!({ "kind": "minibar", "amount": -1, "tax_basis_points": 20000 });
    let wrong = hotel.post_to(&hotel.desk, (&stay, "c"), unsaid).await.refused(422, "validation_failed");
    let pointers: BTreeSet<String> = wrong.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, BTreeSet::from(["/reason".to_owned(), "/tax_basis_points".to_owned()]));
    let all = json!({ "kind": "favour", "amount": -3 * NIGHT, "reason": "sorry" });
    hotel.post_to(&hotel.desk, (&stay, "d"), all).await.refused(422, "validation_failed");
    let own = format!("/v2/stays/{stay}/folio");
    let own = hotel.app.get(&own).by(&hotel.anna).send().await.expect(200);
    assert_eq!(
        (own.data()["due"].as_i64(), own.data()["lines"].as_array().unwrap().len()),
        (Some(2 * NIGHT), 2)
    );
    let foreign = hotel.app.person(Role::Customer).await;
    hotel.app.get(&format!("/v2/stays/{stay}/folio")).by(&foreign).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn what_is_paid_beyond_a_shorter_stay_goes_back_and_what_was_posted_does_not() {
    let hotel = Hotel::start().await;
    let stay = hotel.stay("1", DAYS).await;
    hotel.post_to(&hotel.desk, (&stay, "a"), minibar(1_000)).await.expect(201);
    hotel.pay(&stay, "cash", json!({ "means": "cash" })).await.expect(201);
    assert_eq!(hotel.read(&stay).await["price"]["due"], 0);
    let mut room = hotel.room(("2027-01-05", "2027-01-06"));
    room["was"] = json!(0);
    let path = format!("/v2/stays/{stay}/rooms");
    let change = hotel.app.put(&path, json!({ "rooms": [room] })).by(&hotel.anna).key("2").send().await;
    assert_eq!(change.expect(200).data()["price"]["charged"], NIGHT + 1_100);
    hotel.app.settle().await;
    let price = hotel.read(&stay).await["price"].clone();
    assert_eq!((price["refunded"].as_i64(), price["due"].as_i64()), (Some(NIGHT), Some(0)));
    let cancel = format!("/v2/stays/{stay}/cancel");
    hotel.app.post(&cancel, json!({})).by(&hotel.anna).send().await.expect(200);
    hotel.app.settle().await;
    let price = hotel.read(&stay).await["price"].clone();
    assert_eq!((price["charged"].as_i64(), price["due"].as_i64()), (Some(1_100), Some(0)));
}

#[tokio::test]
async fn what_a_no_show_is_charged_can_be_paid() {
    let mut hotel = Hotel::start().await;
    let stay = hotel.stay("1", DAYS).await;
    hotel.after(48).await;
    hotel.at_desk(&stay, "no-show", json!({})).await.expect(200);
    hotel.pay(&stay, "cash", json!({ "means": "cash", "amount": 1_000 })).await.expect(201);
    let most = hotel.pay(&stay, "more", json!({ "means": "cash", "amount": 2 * NIGHT })).await;
    most.refused(422, "validation_failed");
    hotel.pay(&stay, "rest", json!({ "means": "cash" })).await.expect(201);
    assert_eq!(hotel.read(&stay).await["price"]["due"], 0);
}

#[tokio::test]
async fn a_company_pays_the_nights_and_the_guest_the_rest_each_with_an_invoice() {
    let mut hotel = Hotel::start().await;
    let house = json!({
        "check_in": "15:00", "check_out": "11:00", "legal_name": "Casa & Filhos <Lda>",
        "address": ["Rua 1", "Lisboa"], "tax_number": "PT 123",
    });
    let path = format!("/v2/properties/{}", hotel.place.id);
    hotel.app.put(&path, house).by(&hotel.desk).send().await.expect(200);
    let stay = hotel.stay("1", ("2027-01-04", "2027-01-05")).await;
    let parts =
        json!({ "parts": [{ "payer": "Anna" }, { "payer": "Works", "tax_number": "DE 9" }], "nights": 1 });
    let path = format!("/v2/stays/{stay}/folio/parts");
    hotel.app.put(&path, parts).by(&hotel.desk).send().await.expect(200);
    let mut lines = Vec::new();
    for (key, text) in [("a", "Water"), ("b", "<script>alert(1)</script>")] {
        let line =
            json!({ "kind": "minibar", "text": text, "amount": 500, "tax_basis_points": 1000, "part": 1 });
        lines.push(hotel.post_to(&hotel.desk, (&stay, key), line).await.expect(201).text_of("id"));
    }
    let moves = format!("/v2/stays/{stay}/folio/moves");
    let body = json!({ "lines": lines, "part": 0 });
    hotel.app.post(&moves, body).by(&hotel.desk).send().await.expect(200);
    let folio = hotel.folio(&stay).await;
    let dues = [&folio["parts"][0]["due"], &folio["parts"][1]["due"], &folio["due"]];
    assert_eq!(dues, [&json!(1_100), &json!(NIGHT), &json!(NIGHT + 1_100)]);
    hotel.close(&stay, 0, "early").await.refused(402, "payment_required");
    hotel.pay(&stay, "anna", json!({ "means": "cash", "amount": 1_100 })).await.expect(201);
    hotel.pay(&stay, "works", json!({ "means": "card", "amount": NIGHT, "part": 1 })).await.expect(201);
    hotel.pay(&stay, "none", json!({ "means": "cash", "part": 2 })).await.refused(409, "wrong_state");
    let guest = hotel.close(&stay, 0, "close 0").await.expect(201);
    assert_eq!((guest.data()["number"].as_i64(), guest.data()["total"].as_i64()), (Some(1), Some(1_100)));
    assert_eq!(guest.data()["taxes"], json!([{ "text": "10 %", "amount": 100 }]));
    let again = hotel.close(&stay, 0, "close 0").await.expect(201);
    assert_eq!(again.data()["id"], guest.data()["id"]);
    hotel.post_to(&hotel.desk, (&stay, "late"), minibar(1)).await.refused(409, "wrong_state");
    // The nights are invoiced once they are over.
    hotel.close(&stay, 1, "close 1").await.refused(409, "wrong_state");
    let room = hotel.hotel_room(&hotel.double, "1").await;
    hotel.assign(&stay, &room).await.expect(200);
    hotel.at_desk(&stay, "check-in", json!({})).await.expect(200);
    hotel.at_desk(&stay, "check-out", json!({})).await.expect(200);
    let works = hotel.close(&stay, 1, "close 1").await.expect(201);
    assert_eq!((works.data()["number"].as_i64(), works.data()["total"].as_i64()), (Some(2), Some(NIGHT)));
    assert_eq!(works.data()["issuer"]["name"], "Casa & Filhos <Lda>");
    let refund = format!("/v2/orders/{stay}/refunds");
    let back = hotel.app.post(&refund, json!({ "amount": 1 })).by(&hotel.desk).key("back").send().await;
    back.refused(409, "wrong_state");
    // As a page, what people wrote is text.
    let page = format!("/v2/invoices/{}/document", guest.text_of("id"));
    let page = hotel.app.get(&page).by(&hotel.anna).send().await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    for shown in [
        "Casa &amp; Filhos &lt;Lda&gt;",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "EUR 11.00",
        "PT 123",
        "Invoice 1",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("<script"));
    let foreign = hotel.app.person(Role::Customer).await;
    let path = format!("/v2/invoices/{}", works.text_of("id"));
    hotel.app.get(&path).by(&foreign).send().await.refused(404, "not_found");
    hotel.after(1).await;
}

#[tokio::test]
async fn invoices_of_a_location_are_numbered_without_a_gap_whoever_closes_when() {
    let mut hotel = Hotel::start().await;
    let mut stays = Vec::new();
    for number in 0..6 {
        let stay = hotel.gone(&format!("stay {number}"), &number.to_string()).await;
        hotel.pay(&stay, &format!("pay {number}"), json!({ "means": "cash" })).await.expect(201);
        stays.push(stay);
    }
    let closes = stays.iter().map(|stay| async {
        // Who is beaten too often sends it again under the same key.
        loop {
            let answer = hotel.close(stay, 0, stay).await;
            if answer.status != 409 {
                return answer.expect(201).data()["number"].as_u64().unwrap();
            }
        }
    });
    let numbers: BTreeSet<u64> = join_all(closes).await.into_iter().collect();
    assert_eq!(numbers, (1..=6).collect());
    let list = format!("/v2/invoices?location_id={}", hotel.place.id);
    let listed = hotel.app.get(&list).by(&hotel.desk).send().await.expect(200);
    let numbers: Vec<_> =
        listed.data().as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [6, 5, 4, 3, 2, 1]);
}
