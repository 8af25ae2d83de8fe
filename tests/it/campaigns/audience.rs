//! Whom a campaign is for, who may send one, and what is told of it beforehand.

use std::collections::BTreeSet;

use domain::message::Channel;
use domain::{Booking, BookingState, Role, Scope, User};
use serde_json::{Value, json};

use super::{MINUTE, Scene, sms};
use crate::harness::Person;
use crate::office;

async fn preview(scene: &Scene, by: &Person, filter: Value) -> Value {
    let body = json!({ "channel": "sms", "filter": filter });
    scene.app.post("/v2/campaigns/preview", body).by(by).send().await.expect(200).data().clone()
}

/// Somebody's token, though the account was made without a session.
async fn signed_in(scene: &Scene, number: usize) -> (Person, User) {
    let person = scene.app.person(Role::Customer).await;
    let before = scene.app.store().account(person.id).await.unwrap();
    let mut after = before.clone();
    after.user.phone = Some(format!("+9198000{number:05}").parse().unwrap());
    after.user.phone_proved = true;
    after.user.preferences.promotions = true;
    after.user.preferences.quiet_hours = None;
    after.user = after.user.touched(scene.app.now());
    let mut tx = store::Tx::new();
    tx.update_account(scene.app.store(), &before.user, &after);
    scene.app.store().commit(tx).await.unwrap();
    (person, after.user)
}

#[tokio::test]
async fn an_audience_is_counted_and_shown_masked_before_anything_is_sent() {
    let scene = Scene::start().await;
    scene.people(7).await;
    scene.somebody(8, |user| user.preferences.promotions = false).await;
    scene.somebody(9, |user| user.role = Role::Staff).await;
    let by = &scene.admin;
    let all = preview(&scene, by, json!({})).await;
    assert_eq!((&all["recipients"], &all["whole"]), (&json!(8), &json!(true)));
    assert_eq!(all["sample"].as_array().unwrap().len(), 5);
    assert!(!all.to_string().contains("98765"), "{all}");
    let first = &all["sample"][0];
    assert_eq!((&first["name"], &first["email"]), (&json!("R…"), &json!("r…@p…")));
    assert!(first["phone"].as_str().unwrap().starts_with("+…0"), "{first}");
    assert_eq!(preview(&scene, by, json!({ "role": "staff" })).await["recipients"], 1);
    assert_eq!(preview(&scene, by, json!({ "preferred_channel": "sms" })).await["recipients"], 0);
    assert_eq!(preview(&scene, by, json!({ "preferred_channel": "whatsapp" })).await["recipients"], 8);
    scene.app.settle().await;
    assert_eq!(scene.texts.count(), 0);
}

#[tokio::test]
async fn those_who_booked_or_ordered_at_a_place_are_written_to_once_however_often_they_came() {
    let scene = Scene::start().await;
    let app = &scene.app;
    let place = office::place(app, "Europe/Berlin").await;
    let room = office::room(app, &place).add(app).await;
    let elsewhere = office::blue(app).await;
    let (anna, _) = signed_in(&scene, 1).await;
    let (berta, _) = signed_in(&scene, 2).await;
    let (clara, _) = signed_in(&scene, 3).await;
    for hour in ["09", "11", "13"] {
        let (from, to) = (format!("{hour}:00"), format!("{hour}:30"));
        office::book(app, &anna, &room, &from, &to).await.expect(201);
    }
    office::book(app, &clara, &elsewhere, "09:00", "10:00").await.expect(201);
    let offering = json!({
        "location_id": place.id, "name": "Concert", "currency": "EUR", "deposit_percent": 0,
        "plans": [{ "code": "seat", "name": "A seat", "price": 2500 }],
    });
    let offering =
        app.post("/v2/offerings", offering).by(&scene.admin).send().await.expect(201).text_of("id");
    let session = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": 10 });
    let session =
        app.post(&format!("/v2/offerings/{offering}/sessions"), session).by(&scene.admin).send().await;
    let pool = session.expect(201).data()[0]["id"].clone();
    for (key, person) in [("one", &berta), ("two", &berta), ("three", &anna)] {
        let line = json!({ "lines": [{ "pool_id": pool, "quantity": 1 }] });
        let order = app.post("/v2/orders", line).by(person).key(key).send().await.expect(201);
        assert_eq!(order.text_of("state"), "confirmed");
    }
    let days = json!({ "location_id": place.id, "from": "2027-01-04", "until": "2027-01-05" });
    let by = &scene.admin;
    assert_eq!(preview(&scene, by, days.clone()).await["recipients"], 2);
    let mut sold = days.clone();
    sold["offering_id"] = json!(offering);
    assert_eq!(preview(&scene, by, sold.clone()).await["recipients"], 2);
    let mut past = days.clone();
    (past["from"], past["until"]) = (json!("2026-12-01"), json!("2026-12-31"));
    assert_eq!(preview(&scene, by, past).await["recipients"], 0);

    let mut body = sms(600);
    body["filter"] = days;
    scene.create("place", body).await.expect(201);
    app.settle().await;
    let texts = scene.texts.count();
    app.advance(MINUTE);
    app.settle().await;
    let of_campaign = scene.texts.bodies().into_iter().filter(|body| body.contains("new year")).count();
    assert_eq!(of_campaign, 2, "anna and berta; {texts}");
    // Bookings that do not stand count for nothing.
    let stands = |state| matches!(state, BookingState::Confirmed | BookingState::Completed);
    let booked: Vec<Booking> = app.store().bookings_of(anna.id, 10, None).await.unwrap().items;
    let booked: BTreeSet<_> =
        booked.iter().filter(|booking| stands(booking.state)).map(|one| one.id).collect();
    assert_eq!(booked.len(), 3);
    for id in booked {
        app.post(&format!("/v2/bookings/{id}/cancel"), json!({}))
            .by(&app.renewed(&anna))
            .key("no")
            .send()
            .await
            .expect(200);
    }
    let only_booked = json!({ "location_id": place.id, "from": "2027-01-05", "until": "2027-01-05" });
    assert_eq!(preview(&scene, by, only_booked).await["recipients"], 0);
}

#[tokio::test]
async fn a_manager_writes_to_whoever_came_to_their_own_place() {
    let scene = Scene::start().await;
    let app = &scene.app;
    let (here, there) = (office::place(app, "UTC").await, office::place(app, "UTC").await);
    let manager = app.person_at(Role::Manager, Scope::Locations(BTreeSet::from([here.id]))).await;
    let at = |location: Option<domain::LocationId>| {
        let mut body = sms(10);
        if let Some(id) = location {
            body["filter"] = json!({ "location_id": id, "from": "2027-01-01", "until": "2027-01-31" });
        }
        app.post("/v2/campaigns", body).by(&manager).key("mine")
    };
    let everywhere = at(None).send().await.refused(422, "validation_failed");
    assert_eq!(everywhere.fields()[0].0, "/filter/location_id");
    at(Some(there.id)).send().await.refused(403, "forbidden");
    let mine = at(Some(here.id)).send().await.expect(201).text_of("id");
    let all = scene.to_all(10).await;
    app.get(&format!("/v2/campaigns/{mine}")).by(&manager).send().await.expect(200);
    app.get(&format!("/v2/campaigns/{all}")).by(&manager).send().await.refused(404, "not_found");
    let list = app.get("/v2/campaigns").by(&manager).send().await.expect(200);
    assert_eq!(list.data().as_array().unwrap().len(), 1);
    let auditor = app.person(Role::Auditor).await;
    let list = app.get("/v2/campaigns").by(&auditor).send().await.expect(200);
    assert_eq!(list.data().as_array().unwrap().len(), 2);
    let cancel = format!("/v2/campaigns/{all}/cancel");
    app.post(&cancel, json!({})).by(&manager).key("x").send().await.refused(404, "not_found");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_campaign_is_told_at_once() {
    let scene = Scene::start().await;
    let body = json!({
        "name": "x", "channel": "whatsapp", "per_minute": 0, "starts_at": "2028-01-01T00:00:00Z",
        "text": { "body": "{{1}}", "values": [] },
        "filter": { "from": "2027-01-01" },
    });
    let refused = scene.create("wrong", body).await.refused(422, "validation_failed");
    let pointers: BTreeSet<String> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    let expected = ["/text/body", "/text/template", "/filter/from", "/per_minute", "/starts_at"];
    assert_eq!(pointers, expected.map(str::to_owned).into_iter().collect());
    let unknown = json!({ "location_id": "loc_00000000000000000000000000", "from": "2027-01-01", "until": "2027-01-01" });
    let mut body = sms(1);
    body["filter"] = unknown;
    let refused = scene.create("unknown", body).await.refused(422, "validation_failed");
    assert_eq!(refused.fields(), [("/filter/location_id".to_owned(), "unknown".to_owned())]);
}

#[tokio::test]
async fn version_1_answers_at_once_and_writes_to_those_who_want_it() {
    let scene = Scene::start().await;
    scene.people(2).await;
    scene.somebody(2, |user| user.preferences.promotions = false).await;
    let body = json!({
        "phone_numbers": ["9876500000", "+91 98765 00001", "9876500002", "9876599999", "09876500000"],
        "template": "puja_promp", "parameters": ["Come", "and see", "https://shop.example"],
    });
    let by = &scene.admin;
    let made = scene.app.post("/v1/bulk-whatsapp/send", body).by(by).send().await.expect(202);
    assert_eq!(made.body["total"], 4);
    assert_eq!(scene.texts.count(), 0);
    scene.app.settle().await;
    scene.app.advance(MINUTE);
    scene.app.settle().await;
    assert_eq!(scene.texts.by_number().len(), 2);
    let text = scene.texts.0.lock().unwrap()[0].clone();
    assert_eq!((text.channel, text.template.as_deref()), (Channel::Whatsapp, Some("puja_promp")));
    assert_eq!(text.values, ["Come", "and see", "https://shop.example"]);
    let wrong = json!({ "phone_numbers": ["12", "9876500000"], "template": "x" });
    let refused = scene.app.post("/v1/bulk-whatsapp/send", wrong).by(by).send().await;
    assert_eq!(refused.refused(422, "validation_failed").fields()[0].0, "/phone_numbers/0");
}
