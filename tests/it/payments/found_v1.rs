//! What a client of the source system finds its way by: pujas, plans, chadawas, temples, and who booked what.

use serde_json::{Value, json};

use super::Temple;

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_client_of_version_1_finds_a_session_with_all_that_is_booked_of_it() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let mut body = temple.new_offering();
    body["categories"] = json!(["evening", "lamp"]);
    body["images"] = json!(["https://images.example/1.jpg"]);
    body["benefits"] = json!([{ "title": "A recording", "text": "The day after." }]);
    body["plans"][0]["list_price"] = json!(59_900);
    let offering = temple.offering(body).await;
    let path = format!("/v2/offerings/{offering}/sessions");
    let dates = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": 5, "weeks": 3 });
    app.post(&path, dates).by(&temple.desk).send().await.expect(201);

    let list = app.get("/v1/pujas?page_size=2").send().await.expect(200);
    assert_eq!((&list.body["total"], &list.body["pages"]), (&json!(3), &json!(2)));
    let first = &list.body["pujas"][0];
    assert_eq!((&first["date"], &first["time"]), (&json!("2027-01-11"), &json!("18:30:00")));
    assert_eq!((&first["category"], &first["is_active"]), (&json!("evening, lamp"), &json!(true)));
    assert_eq!(first["images"], json!([{ "image_url": "https://images.example/1.jpg" }]));
    let (plan, lamp) = (&first["plans"][0], &first["chadawas"][0]);
    assert_eq!((&plan["actual_price"], &plan["discounted_price"]), (&json!("599.00"), &json!("499.00")));
    assert_eq!((&lamp["price"], &lamp["requires_note"]), (&json!("51.00"), &json!(true)));
    let id = first["id"].as_str().unwrap();
    let shown = app.get(&format!("/v1/pujas/{id}")).send().await.expect(200);
    assert_eq!((&shown.body["id"], &shown.body["plans"]), (&first["id"], &first["plans"]));
    let benefits = app.get(&format!("/v1/pujas/{id}/benefits")).send().await.expect(200);
    assert_eq!(
        benefits.body["benefits"],
        json!([{ "title": "A recording", "description": "The day after." }])
    );
    for (path, name) in [("plans", "seat"), ("chadawas", "lamp")] {
        let all = app.get(&format!("/v1/{path}")).send().await.expect(200);
        let of_it = app.get(&format!("/v1/{path}?puja_id={id}")).send().await.expect(200);
        assert_eq!((ids(&all.body[path]), &all.body[path]), (vec![name.to_owned()], &of_it.body[path]));
    }
    let temples = app.get("/v1/temples").send().await.expect(200);
    assert_eq!(ids(&temples.body["temples"]), [first["temple_id"].as_str().unwrap()]);
    let shown = app.get(&format!("/v1/temples/{}", temple.place.id)).send().await.expect(200);
    assert_eq!(shown.body["name"], first["temple_name"]);

    // What it found is what it books.
    let booked = json!({
        "puja_id": id, "plan_id": plan["id"], "chadawas": [{ "chadawa_id": lamp["id"], "note": "for Asha" }],
    });
    let made = app.post("/v1/bookings/razorpay-booking", booked).by(&temple.anna).send().await.expect(201);
    assert_eq!(made.body["booking"]["total_amount"], "550.00");

    // The first one begins, and is past by itself.
    app.advance(jiff::SignedDuration::from_hours(7 * 24 + 5));
    let to_come = app.get("/v1/pujas?is_active=true").send().await.expect(200);
    assert_eq!(to_come.body["total"], 2);
    let past = app.get("/v1/pujas?is_active=false").send().await.expect(200);
    assert_eq!(
        (ids(&past.body["pujas"]), &past.body["pujas"][0]["is_active"]),
        (vec![id.to_owned()], &json!(false))
    );
    app.get("/v1/pujas?page_size=101").send().await.refused(400, "bad_request");
}

#[tokio::test]
async fn nothing_offered_is_an_empty_list_and_what_is_no_session_is_no_puja() {
    let temple = Temple::start().await;
    for (path, name) in [("pujas", "pujas"), ("plans", "plans"), ("chadawas", "chadawas")] {
        let none = temple.app.get(&format!("/v1/{path}")).send().await.expect(200);
        assert_eq!((&none.body[name], &none.body["total"]), (&json!([]), &json!(0)));
    }
    let pool = json!({ "location_id": temple.place.id, "name": "Double room", "kind": "nightly" });
    let pool = temple.app.post("/v2/pools", pool).by(&temple.desk).send().await.expect(201).text_of("id");
    for path in [
        format!("/v1/pujas/{pool}"),
        format!("/v1/pujas/{pool}/benefits"),
        format!("/v1/plans?puja_id={pool}"),
    ] {
        temple.app.get(&path).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn paid_sessions_are_listed_for_who_booked_them_and_for_the_desk_by_session_day_and_status() {
    let temple = Temple::start().await;
    let app = &temple.app;
    let offering = temple.offering(temple.new_offering()).await;
    let session = temple.session(&offering, 5).await;
    let other = json!({ "local_start": "2027-01-12T18:30:00", "minutes": 60, "capacity": 5 });
    let path = format!("/v2/offerings/{offering}/sessions");
    let other = app.post(&path, other).by(&temple.desk).send().await.expect(201);
    let other = other.data()[0]["id"].as_str().unwrap();
    let held = temple.held(&temple.anna, "1", &session).await;
    let line = json!({ "pool_id": session, "quantity": 1 });
    let sold = temple.order(&temple.desk, "1", line).await.expect(201).text_of("id");
    let elsewhere = temple.held(&temple.anna, "2", other).await;

    app.settle().await;
    let list = async |path: &str, by| ids(&app.get(path).by(by).send().await.expect(200).body["bookings"]);
    let mine = list("/v1/bookings/my", &temple.anna).await;
    assert_eq!((mine.len(), mine.contains(&held), mine.contains(&elsewhere)), (2, true, true));
    assert_eq!(list("/v1/bookings/puja", &temple.desk).await.len(), 3);
    let of_it = format!("/v1/bookings/puja/{session}/bookings");
    let found = list(&of_it, &temple.desk).await;
    assert_eq!((found.len(), found.contains(&held), found.contains(&sold)), (2, true, true));
    assert_eq!(list(&format!("{of_it}?status=confirmed"), &temple.desk).await, [sold]);
    assert_eq!(list(&format!("{of_it}?status=pending"), &temple.desk).await, [held.as_str()]);
    // It is the 4th in India, too.
    for (days, count) in [
        ("start_date=2027-01-04&end_date=2027-01-04", 3),
        ("start_date=2027-01-05", 0),
        ("end_date=2027-01-03", 0),
    ] {
        assert_eq!(list(&format!("/v1/bookings/puja?{days}"), &temple.desk).await.len(), count, "{days}");
    }
    let read = app.get(&format!("/v1/bookings/{held}")).by(&temple.anna).send().await.expect(200);
    assert_eq!((&read.body["id"], &read.body["status"]), (&json!(held), &json!("pending")));
    let bob = app.person(domain::Role::Customer).await;
    app.get(&format!("/v1/bookings/{held}")).by(&bob).send().await.refused(404, "not_found");
    app.get("/v1/bookings/puja?status=paid").by(&temple.desk).send().await.refused(400, "bad_request");
}
