//! Promo codes: made, used, refused, given back; what is free needs no payment.

use domain::promo::PromoUse;
use domain::{Order, PromoCodeId, Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PRICE, Temple};
use crate::harness::{Answer, Person};

impl Temple {
    /// What a code of this place says, with other fields.
    pub(super) fn promo(&self, code: &str, fields: &Value) -> Value {
        let mut body =
            json!({ "location_id": self.place.id, "code": code, "currency": "INR", "basis_points": 1_000 });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        if fields.get("amount").is_some() {
            body.as_object_mut().unwrap().remove("basis_points");
        }
        body
    }

    /// A code of this place; its id.
    pub(super) async fn code(&self, code: &str, fields: Value) -> String {
        let body = self.promo(code, &fields);
        self.app.post("/v2/promo-codes", body).by(&self.desk).send().await.expect(201).text_of("id")
    }

    /// A seat with a code.
    pub(super) async fn with_code(&self, by: &Person, key: &str, session: &str, code: &str) -> Answer {
        let body = json!({ "lines": [{ "pool_id": session, "quantity": 1 }], "promo_code": code });
        self.app.post("/v2/orders", body).by(by).key(key).send().await
    }

    /// How often a code is used, by its counters and by the orders that stand, which must be the same.
    pub(super) async fn uses(&self, id: &str) -> u32 {
        let id: PromoCodeId = id.parse().unwrap();
        let store = self.app.store();
        let mut after = None;
        let mut standing: Vec<Order> = Vec::new();
        loop {
            let page = store.orders_at(self.place.id, 100, after).await.unwrap();
            let uses = |promo: &PromoUse| promo.id == id;
            standing.extend(page.items.into_iter().filter(|order| order.promo_use().is_some_and(uses)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let count = u32::try_from(standing.len()).unwrap();
        assert_eq!(store.promo_uses(&[id]).await.unwrap().get(&id).copied().unwrap_or(0), count);
        for order in &standing {
            let own = standing.iter().filter(|other| other.user == order.user).count();
            assert_eq!(
                store.promo_uses_by(id, order.user).await.unwrap(),
                (count, u32::try_from(own).unwrap())
            );
        }
        count
    }

    async fn cancel(&self, by: &Person, order: &str) {
        self.app
            .post(&format!("/v2/orders/{order}/cancel"), json!({}))
            .by(by)
            .key("c")
            .send()
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_code_is_made_listed_changed_and_retired_by_those_who_manage_its_place() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let offering = temple.offering(temple.new_offering()).await;
    let body = temple.promo(
        " diwali-10 ",
        &json!({ "max_discount": 9_000, "max_uses": 10, "offering_ids": [offering], "valid_until": "2027-02-01T00:00:00Z" }),
    );
    let send = |body: &Value, by: &Person, key: &'static str| {
        app.post("/v2/promo-codes", body.clone()).by(by).key(key).send()
    };
    let made = send(&body, &temple.desk, "1").await.expect(201);
    assert_eq!(
        (made.text_of("code"), made.data()["max_uses_per_user"].clone(), made.data()["used"].clone()),
        ("DIWALI-10".into(), json!(1), json!(0))
    );
    let again = send(&body, &temple.desk, "1").await.expect(201);
    assert_eq!((again.data(), again.header("idempotent-replayed")), (made.data(), Some("true")));
    send(&body, &temple.desk, "2").await.refused(409, "already_exists");
    let other = temple.promo("HOLI", &json!({}));
    send(&other, &temple.desk, "1").await.refused(422, "idempotency_key_reused");
    send(&other, &temple.anna, "1").await.refused(403, "forbidden");
    let elsewhere =
        app.person_at(Role::Manager, Scope::Locations([domain::LocationId::derived([7; 16])].into())).await;
    send(&other, &elsewhere, "1").await.refused(403, "forbidden");

    let (path, list) = (
        format!("/v2/promo-codes/{}", made.text_of("id")),
        format!("/v2/promo-codes?location_id={}", temple.place.id),
    );
    assert_eq!(app.get(&path).by(&temple.desk).send().await.expect(200).data(), made.data());
    assert_eq!(app.get(&list).by(&temple.desk).send().await.expect(200).data(), &json!([made.data()]));
    for hidden in [&path, &list] {
        app.get(hidden).by(&temple.anna).send().await.refused(403, "forbidden");
        app.get(hidden).by(&elsewhere).send().await.refused(403, "forbidden");
    }
    let put = |body: Value, etag: &'static str| {
        app.put(&path, body).by(&temple.desk).header("if-match", etag).send()
    };
    let changed = put(json!({ "currency": "INR", "amount": 5_000 }), "\"1\"").await.expect(200);
    assert_eq!(
        (changed.data()["amount"].clone(), changed.data()["basis_points"].clone()),
        (json!(5_000), json!(null))
    );
    put(json!({ "currency": "INR", "amount": 1 }), "\"1\"").await.refused(412, "precondition_failed");
    put(json!({ "currency": "INR", "amount": 1, "code": "HOLI" }), "\"2\"")
        .await
        .refused(422, "validation_failed");
    app.delete(&path).by(&temple.desk).send().await.expect(200);
    put(json!({ "currency": "INR", "amount": 1 }), "\"3\"").await.refused(409, "wrong_state");
    assert_eq!(app.get(&list).by(&temple.desk).send().await.expect(200).data(), &json!([]));
    send(&body, &temple.desk, "3").await.refused(409, "already_exists");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_code_is_told() {
    let temple = Temple::start().await;
    let told = async |body: Value| {
        let refused = temple.app.post("/v2/promo-codes", body).by(&temple.desk).send().await;
        let fields = refused.refused(422, "validation_failed").fields();
        fields.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    assert_eq!(
        told(json!({ "code": "a b", "currency": "RUPEES", "max_uses": -1, "kind": "x" })).await,
        ["/code", "/currency", "/max_uses", "/kind"]
    );
    assert_eq!(told(json!({ "currency": "INR" })).await, ["/location_id", "/code", "/basis_points"]);
    let nowhere = domain::LocationId::derived([9; 16]);
    let wrong = json!({
        "location_id": nowhere, "basis_points": 20_000, "max_uses_per_user": 0, "offering_ids": [domain::OfferingId::derived([9; 16])],
    });
    assert_eq!(
        told(temple.promo("ABC", &wrong)).await,
        ["/basis_points", "/max_uses_per_user", "/location_id", "/offering_ids/0"]
    );
    let both = json!({ "location_id": temple.place.id, "code": "ABC", "currency": "INR", "basis_points": 1, "amount": 1 });
    assert_eq!(told(both).await, ["/amount"]);
}

#[tokio::test]
async fn an_order_with_a_code_costs_less_and_is_paid_at_that_price() {
    let temple = Temple::counted().await;
    let session = temple.seats(5).await;
    let code = temple.code("DIWALI", json!({ "max_discount": 4_000 })).await;
    let price = |code: &'static str| {
        let body = json!({ "lines": [{ "pool_id": session, "quantity": 1 }], "promo_code": code });
        temple.app.post("/v2/orders/price", body).by(&temple.anna).send()
    };
    // Who she is, is known from here on.
    temple.app.get("/v2/orders").by(&temple.anna).send().await.expect(200);
    let quoted = price("diwali").await.expect(200);
    let lines = quoted.data()["lines"].as_array().unwrap();
    assert_eq!((&lines[1]["kind"], &lines[1]["amount"]), (&json!("discount"), &json!(-4_000)));
    assert_eq!(quoted.data()["total"], PRICE - 4_000);
    price("nothing").await.refused(422, "validation_failed");
    assert_eq!((quoted.usage(), temple.uses(&code).await), ((3, 0), 0), "nothing is claimed by asking");

    let made = temple.with_code(&temple.anna, "1", &session, "diwali").await.expect(201);
    assert_eq!(
        made.usage(),
        (3, 19),
        "two counters, and an item of more than a kilobyte in a table and three indexes"
    );
    assert_eq!(made.data()["price"], *quoted.data());
    price("DIWALI").await.refused(409, "promo_used_up");
    let order = made.text_of("id");
    let begun = temple.begin(&temple.anna, &order).await;
    let paid = temple.app.gateway().pay(&begun.1).unwrap();
    temple.prove(&temple.anna, &begun, &paid).await.expect(200);
    temple.hear().await;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [PRICE - 4_000, PRICE - 4_000, 0, 0]));
    let show = temple.app.get(&format!("/v2/promo-codes/{code}")).by(&temple.desk).send().await.expect(200);
    assert_eq!((show.data()["used"].clone(), temple.uses(&code).await), (json!(1), 1));
    // By the terms everything goes back, and that is what was paid.
    temple.cancel(&temple.anna, &order).await;
    temple.hear().await;
    temple.hear().await;
    let back = PRICE - 4_000;
    assert_eq!(temple.money(&order).await, ("cancelled".into(), [0, back, back, 0]));
    assert_eq!(temple.uses(&code).await, 0);
}

#[tokio::test]
async fn a_code_that_does_not_count_is_refused_and_nothing_is_written() {
    let temple = Temple::start().await;
    let session = temple.seats(5).await;
    temple.code("LATER", json!({ "valid_from": "2027-02-01T00:00:00Z" })).await;
    temple.code("OVER", json!({ "valid_until": "2027-01-01T00:00:00Z" })).await;
    temple.code("OFF", json!({ "active": false })).await;
    temple.code("LARGE", json!({ "min_amount": PRICE + 1 })).await;
    let other = temple.offering(temple.new_offering()).await;
    temple.code("OTHER", json!({ "offering_ids": [other] })).await;
    for (code, told) in [
        ("LATER", "too_early"),
        ("OVER", "expired"),
        ("OFF", "unknown"),
        ("NOWHERE", "unknown"),
        ("LARGE", "below_minimum"),
        ("OTHER", "other_offering"),
        ("A B", "invalid_value"),
    ] {
        let refused =
            temple.with_code(&temple.anna, "1", &session, code).await.refused(422, "validation_failed");
        assert_eq!(refused.fields(), [("/promo_code".to_owned(), told.to_owned())]);
    }
    // A code and a choice that are wrong are told together.
    let line = json!({ "pool_id": session, "quantity": 1, "plan": "gold" });
    let body = json!({ "lines": [line], "promo_code": "NOWHERE" });
    let refused = temple.app.post("/v2/orders", body).by(&temple.anna).key("1").send().await;
    let told: Vec<_> =
        refused.refused(422, "validation_failed").fields().into_iter().map(|(at, _)| at).collect();
    assert_eq!(told, ["/lines/0/plan", "/promo_code"]);
    let mine = temple.app.get("/v2/orders").by(&temple.anna).send().await.expect(200);
    assert_eq!(mine.data(), &json!([]));
}

#[tokio::test]
async fn a_use_is_given_back_when_the_order_is_cancelled_or_its_hold_runs_out() {
    let temple = Temple::start().await;
    let session = temple.seats(9).await;
    let code = temple.code("ONCE", json!({ "max_uses": 2 })).await;
    let bob = temple.app.person(Role::Customer).await;
    let first = temple.with_code(&temple.anna, "1", &session, "once").await.expect(201).text_of("id");
    let again = temple.with_code(&temple.anna, "2", &session, "once").await.refused(409, "promo_used_up");
    assert_eq!(again.body["details"]["reason"], "used_before");
    assert_eq!(temple.with_code(&temple.anna, "1", &session, "once").await.expect(201).text_of("id"), first);
    temple.with_code(&bob, "1", &session, "ONCE").await.expect(201);
    let carl = temple.app.person(Role::Customer).await;
    let third = temple.with_code(&carl, "1", &session, "ONCE").await.refused(409, "promo_used_up");
    assert_eq!(third.body["details"]["reason"], "exhausted");
    assert_eq!(temple.uses(&code).await, 2);

    temple.cancel(&temple.anna, &first).await;
    assert_eq!(temple.uses(&code).await, 1);
    temple.with_code(&temple.anna, "3", &session, "ONCE").await.expect(201);
    assert_eq!(temple.uses(&code).await, 2);
    // Nobody pays.
    temple.app.advance(SignedDuration::from_mins(11));
    temple.app.settle().await;
    let temple =
        Temple { anna: temple.app.renewed(&temple.anna), desk: temple.app.renewed(&temple.desk), ..temple };
    assert_eq!(temple.uses(&code).await, 0);
    temple.with_code(&temple.anna, "4", &session, "ONCE").await.expect(201);
    assert_eq!(temple.uses(&code).await, 1);
}

#[tokio::test]
async fn who_pays_late_has_the_price_that_was_quoted_and_the_use_counts_beyond_the_limit() {
    let temple = Temple::start().await;
    let session = temple.seats(9).await;
    let code = temple.code("ONE", json!({ "max_uses": 1 })).await;
    let order = temple.with_code(&temple.anna, "1", &session, "ONE").await.expect(201).text_of("id");
    let begun = temple.begin(&temple.anna, &order).await;
    let failed = temple.app.gateway().fail(&begun.1).unwrap();
    temple.hear().await;
    temple.app.advance(SignedDuration::from_mins(11));
    temple.app.settle().await;
    let bob = temple.app.person(Role::Customer).await;
    let temple =
        Temple { anna: temple.app.renewed(&temple.anna), desk: temple.app.renewed(&temple.desk), ..temple };
    assert_eq!(temple.money(&order).await.0, "expired");
    temple.with_code(&bob, "1", &session, "ONE").await.expect(201);
    assert_eq!(temple.uses(&code).await, 1);
    // The bank grants it after all.
    temple.app.gateway().late(&failed).unwrap();
    temple.hear().await;
    temple.hear().await;
    let paid = PRICE - PRICE / 10;
    assert_eq!(temple.money(&order).await, ("confirmed".into(), [paid, paid, 0, 0]));
    assert_eq!(temple.uses(&code).await, 2, "beyond the limit: it was paid");
    let carl = temple.app.person(Role::Customer).await;
    temple.with_code(&carl, "1", &session, "ONE").await.refused(409, "promo_used_up");
    temple.cancel(&temple.anna, &order).await;
    assert_eq!(temple.uses(&code).await, 1);
    temple.with_code(&carl, "2", &session, "ONE").await.refused(409, "promo_used_up");
}

#[tokio::test]
async fn who_pays_after_the_seat_has_gone_uses_no_code() {
    let temple = Temple::start().await;
    let session = temple.seats(1).await;
    let code = temple.code("ONE", json!({})).await;
    let order = temple.with_code(&temple.anna, "1", &session, "ONE").await.expect(201).text_of("id");
    let begun = temple.begin(&temple.anna, &order).await;
    let failed = temple.app.gateway().fail(&begun.1).unwrap();
    temple.app.advance(SignedDuration::from_mins(11));
    temple.app.settle().await;
    let bob = temple.app.person(Role::Customer).await;
    temple.held(&bob, "1", &session).await;
    temple.app.gateway().late(&failed).unwrap();
    temple.hear().await;
    temple.hear().await;
    let temple = Temple { desk: temple.app.renewed(&temple.desk), ..temple };
    let paid = PRICE - PRICE / 10;
    assert_eq!(temple.money(&order).await, ("expired".into(), [0, paid, paid, 0]));
    assert_eq!(temple.uses(&code).await, 0);
}

#[tokio::test]
async fn what_is_free_is_confirmed_without_a_payment() {
    let temple = Temple::start().await;
    let session = temple.seats(9).await;
    let code = temple.code("GIFT", json!({ "basis_points": 10_000, "max_uses_per_user": 3 })).await;
    let order = temple.with_code(&temple.anna, "1", &session, "GIFT").await.expect(201);
    assert_eq!(
        (order.text_of("state"), order.data()["price"]["total"].clone()),
        ("confirmed".into(), json!(0))
    );
    let id = order.text_of("id");
    assert_eq!(temple.money(&id).await.1, [0, 0, 0, 0]);
    let pay =
        temple.app.post(&format!("/v2/orders/{id}/payments"), json!({})).by(&temple.anna).key("p").send();
    pay.await.refused(409, "wrong_state");
    let told = temple.app.settle().await;
    assert!(
        told.iter().any(|mail| mail.subject.starts_with("Booked") && mail.text.contains("INR 0.00")),
        "{told:?}"
    );
    // Held on demand, and then confirmed by whoever holds it.
    let body =
        json!({ "lines": [{ "pool_id": session, "quantity": 1 }], "promo_code": "GIFT", "hold_seconds": 60 });
    let held = temple.app.post("/v2/orders", body).by(&temple.anna).key("2").send().await.expect(201);
    assert_eq!(held.text_of("state"), "held");
    let confirm = format!("/v2/orders/{}/confirm", held.text_of("id"));
    let confirmed = temple.app.post(&confirm, json!({})).by(&temple.anna).send().await.expect(200);
    assert_eq!(confirmed.text_of("state"), "confirmed");
    // Version 1 orders and pays in one request.
    let body = json!({ "puja_id": session, "promo_code": "gift" });
    let made = temple.app.post("/v1/bookings/razorpay-booking", body).by(&temple.anna).key("3").send().await;
    let made = made.expect(201);
    assert_eq!(
        (
            &made.body["booking"]["status"],
            &made.body["razorpay_order_id"],
            &made.body["booking"]["discount_amount"]
        ),
        (&json!("confirmed"), &json!(null), &json!("499.00"))
    );
    assert_eq!(temple.uses(&code).await, 3);
    temple.cancel(&temple.anna, &id).await;
    assert_eq!(temple.money(&id).await, ("cancelled".into(), [0, 0, 0, 0]));
    assert_eq!(temple.uses(&code).await, 2);
}
