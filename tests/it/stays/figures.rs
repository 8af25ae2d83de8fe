//! Figures of a house: nights, arrivals and sales, kept from the feed.

use domain::Event;
use domain::figures::Kind;
use futures::future::join_all;
use insights::figures::{Days, count_in};
use serde_json::{Value, json};

use super::Hotel;
use crate::harness::TestApp;

/// A house of two rooms in January: one stay of three nights from the 5th on and one of two rooms over the end of the month, one given
/// back, one to which nobody came, one made shorter, and a hold that was given back.
async fn busy(app: TestApp) -> Hotel {
    let mut hotel = Hotel::at(app, 3, 0).await;
    for number in ["101", "102"] {
        hotel.hotel_room(&hotel.double, number).await;
    }
    hotel.stay("three", ("2027-01-05", "2027-01-08")).await;
    let rooms = [hotel.room(("2027-01-30", "2027-02-02")), hotel.room(("2027-01-31", "2027-02-01"))];
    hotel.book(&hotel.desk, "two", hotel.new_stay(&rooms)).await.expect(201);
    let back = hotel.stay("back", ("2027-01-20", "2027-01-22")).await;
    let shorter = hotel.stay("shorter", ("2027-01-10", "2027-01-14")).await;
    let absent = hotel.stay("absent", ("2027-01-04", "2027-01-06")).await;
    let mut held = hotel.new_stay(&[hotel.room(("2027-01-20", "2027-01-22"))]);
    held["hold_seconds"] = json!(600);
    let held = hotel.book(&hotel.anna, "held", held).await.expect(201).text_of("id");
    hotel
        .app
        .post(&format!("/v2/stays/{held}/cancel"), json!({}))
        .by(&hotel.anna)
        .key("h")
        .send()
        .await
        .expect(200);
    hotel.app.settle().await;
    hotel.after(24).await;
    hotel
        .app
        .post(&format!("/v2/stays/{back}/cancel"), json!({}))
        .by(&hotel.anna)
        .key("b")
        .send()
        .await
        .expect(200);
    let mut room = hotel.room(("2027-01-10", "2027-01-11"));
    room["was"] = json!(0);
    let body = json!({ "rooms": [room] });
    hotel
        .app
        .put(&format!("/v2/stays/{shorter}/rooms"), body)
        .by(&hotel.desk)
        .key("s")
        .send()
        .await
        .expect(200);
    hotel.at_desk(&absent, "no-show", json!({})).await.expect(200);
    hotel.app.settle().await;
    hotel
}

async fn read(hotel: &Hotel, path: &str) -> Value {
    let path = format!("/v2/figures/{path}&location_id={}", hotel.place.id);
    hotel.app.get(&path).by(&hotel.desk).send().await.expect(200).data().clone()
}

#[tokio::test]
async fn nights_are_told_by_day_and_month_with_what_they_bring() {
    let hotel = busy(TestApp::start().await).await;
    let days = read(&hotel, "nights?from=2027-01-05&to=2027-02-03").await;
    let days = days.as_array().unwrap();
    assert_eq!(days.len(), 29);
    let sold: Vec<_> =
        days.iter().filter(|day| day["sold"] != 0).map(|day| (&day["date"], &day["sold"])).collect();
    let expected = [
        ("2027-01-05", 1),
        ("2027-01-06", 1),
        ("2027-01-07", 1),
        ("2027-01-10", 1),
        ("2027-01-30", 1),
        ("2027-01-31", 2),
        ("2027-02-01", 1),
    ];
    let expected: Vec<_> = expected.iter().map(|(day, sold)| (json!(day), json!(sold))).collect();
    assert_eq!(sold, expected.iter().map(|(day, sold)| (day, sold)).collect::<Vec<_>>());
    let full = &days[26];
    assert_eq!(full["occupancy_percent"], 100.0);
    assert_eq!(
        full["money"],
        json!([{ "currency": "EUR", "revenue": 20_000, "adr": 10_000, "revpar": 10_000 }])
    );
    assert_eq!(days[0]["money"][0]["revpar"], 5_000);

    let months = read(&hotel, "nights?from=2027-01-01&to=2027-03-01&by=month").await;
    let told: Vec<_> =
        [0, 1].map(|at| (&months[at]["date"], &months[at]["rooms"], &months[at]["sold"])).into();
    assert_eq!(
        told,
        [(&json!("2027-01-01"), &json!(62), &json!(7)), (&json!("2027-02-01"), &json!(56), &json!(1))]
    );
    assert_eq!(months[0]["occupancy_percent"], 11.3);
    let suite = json!({
        "location_id": hotel.place.id, "name": "Suite", "beds": [{ "kind": "double", "count": 1 }],
        "occupancy": { "adults": 2, "children": 0, "guests": 2 },
    });
    let other =
        hotel.app.post("/v2/room-types", suite).by(&hotel.desk).send().await.expect(201).text_of("id");
    let none =
        read(&hotel, &format!("nights?from=2027-01-01&to=2027-02-01&by=month&room_type_id={other}")).await;
    assert_eq!(
        none,
        json!([{ "date": "2027-01-01", "rooms": 0, "sold": 0, "occupancy_percent": null, "money": [] }])
    );
    for (path, at) in [
        ("nights?from=2027-01-05&to=2027-01-05", "/query/to"),
        ("nights?from=2027-01-05&to=2029-01-05", "/query/to"),
        ("nights?from=2027-01-05&to=2027-01-06&by=year", "/query/by"),
        ("pickup?from=2027-01-05&to=2027-01-06&month=2027-01-02", "/query/month"),
    ] {
        let path = format!("/v2/figures/{path}&location_id={}", hotel.place.id);
        let refused = hotel.app.get(&path).by(&hotel.desk).send().await.expect(400);
        assert_eq!(refused.body["errors"][0]["pointer"], at);
    }
}

#[tokio::test]
async fn arrivals_tell_of_lengths_lead_times_cancellations_and_no_shows() {
    let hotel = busy(TestApp::start().await).await;
    let found = read(&hotel, "arrivals?from=2027-01-01&to=2027-02-01").await;
    let expected = json!({
        "sold": 3, "cancelled": 1, "no_shows": 1, "rooms": 4, "nights": 8, "average_nights": 2.0,
        "average_lead_days": 11.0,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name} in {found}");
    }
    let counted = |name: &str| -> Vec<(i64, i64)> {
        let classes = found[name].as_array().unwrap().iter();
        let classes =
            classes.map(|class| (class["from"].as_i64().unwrap(), class["count"].as_i64().unwrap()));
        classes.filter(|(_, count)| *count > 0).collect()
    };
    assert_eq!(counted("lead"), [(1, 2), (14, 1)]);
    assert_eq!(counted("length"), [(1, 2), (3, 2)]);
}

#[tokio::test]
async fn pickup_tells_each_day_and_pace_what_is_on_the_books_at_its_end() {
    let hotel = busy(TestApp::start().await).await;
    let days = read(&hotel, "pickup?from=2027-01-04&to=2027-01-06").await;
    let told =
        |at: usize| ["sold", "cancelled", "no_shows", "nights"].map(|name| days[at][name].as_i64().unwrap());
    assert_eq!(told(0), [5, 0, 0, 3 + 4 + 2 + 4 + 2]);
    assert_eq!(told(1), [0, 1, 1, -2 - 3 - 2]);
    assert_eq!(days[1]["on_the_books"], Value::Null);
    let pace = read(&hotel, "pickup?from=2027-01-03&to=2027-01-07&month=2027-02-01").await;
    let books: Vec<_> =
        pace.as_array().unwrap().iter().map(|day| day["on_the_books"]["nights"].as_i64()).collect();
    assert_eq!(books, [0, 1, 1, 1].map(Some));
    let pace = read(&hotel, "pickup?from=2027-01-03&to=2027-01-05&month=2027-01-01").await;
    assert_eq!(pace[1]["on_the_books"]["nights"], 14, "the last day is told without what came later");
    assert_eq!(pace[1]["on_the_books"]["revenue"], json!([{ "currency": "EUR", "amount": 140_000 }]));
}

#[tokio::test]
async fn a_replay_of_everything_doubled_and_backwards_comes_to_the_same() {
    let hotel = busy(TestApp::here().await).await;
    let (store, place) = (hotel.app.store(), hotel.place.id);
    let range = ("2027-01-01T00:00:00Z".parse().unwrap(), "2027-02-01T00:00:00Z".parse().unwrap());
    let events = store.events_in(range, 500, None).await.unwrap().items;
    let once = store.begin_figures().await.unwrap();
    // The desk's goes over the end of a month, which is one place more.
    let within = |event: &&Event| event.kind == "order.confirmed" && event.actor.user == Some(hotel.anna.id);
    let sold = events.iter().find(within).unwrap().clone();
    let (done, usage) = store::metered(count_in(store, once, &[sold])).await;
    done.unwrap();
    println!("figures: a stay of three nights, sold: {usage}");
    assert_eq!(usage.half_writes / 2, 10);
    let year = Days::new("2027-01-01".parse().unwrap(), "2027-12-31".parse().unwrap()).unwrap().bounds();
    let generation = store.begin_figures().await.unwrap();
    let doubled: Vec<_> = events.iter().rev().chain(&events).cloned().collect();
    for done in
        join_all(doubled.chunks(doubled.len() / 3 + 1).map(|batch| count_in(store, generation, batch))).await
    {
        done.unwrap();
    }
    for kind in [Kind::Nights, Kind::Stays, Kind::Pickup] {
        let live = store.figures(0, (Some(place), kind), year).await.unwrap();
        assert!(!live.is_empty());
        let some = |kept: Vec<store::Kept>| {
            kept.into_iter().filter(|kept| !kept.sums.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(some(store.figures(generation, (Some(place), kind), year).await.unwrap()), some(live));
    }
}

#[tokio::test]
async fn the_dashboard_of_version_one_tells_the_same_in_its_own_words() {
    let hotel = busy(TestApp::start().await).await;
    let path = "/v1/dashboard/stats?start_date=2027-01-01&end_date=2027-01-31";
    let found = hotel.app.get(path).by(&hotel.desk).send().await.expect(200).body;
    for (name, value) in [
        ("total_rooms", json!(2)),
        ("nights_sold", json!(7)),
        ("occupancy_rate", json!(11.3)),
        ("revenue", json!([{ "currency": "EUR", "revenue": "700.00", "adr": "100.00", "revpar": "11.29" }])),
        ("total_reservations", json!(3)),
        ("cancellations", json!(1)),
        ("no_shows", json!(1)),
        ("average_length_of_stay", json!(2.0)),
    ] {
        assert_eq!(found[name], value, "{name} in {found}");
    }
    assert_eq!(found["by_day"].as_array().unwrap().len(), 31);
    assert_eq!(found["by_month"].as_array().unwrap().len(), 1);
    assert_eq!(found["pickup"][3]["reservations"], 5);
    // Without a time: the last 30 days.
    let last = hotel.app.get("/v1/dashboard/stats").by(&hotel.desk).send().await.expect(200).body;
    assert_eq!((&last["start_date"], &last["end_date"]), (&json!("2026-12-07"), &json!("2027-01-05")));
}

#[tokio::test]
async fn the_page_of_the_house_shows_the_board_and_plots_and_runs_nothing() {
    let hotel = busy(TestApp::here().await).await;
    let page =
        reqwest::get(format!("{}/house?location={}&on=2027-01-31", hotel.app.url(), hotel.place.id)).await;
    let page = page.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");
    let html = page.text().await.unwrap();
    for part in [
        "<dt>To arrive</dt><dd>1</dd>",
        "<title>01-31, occupancy: 100.0 %</title>",
        "<title>2027-01, ADR: EUR 100.00</title>",
        "<title>01-04, stays sold: 5</title>",
        "<title>01-05, nights on the books: 7</title>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script"));
    let empty = TestApp::here().await;
    let page = reqwest::get(format!("{}/house?on=never&location=none", empty.url())).await.unwrap();
    assert!(page.text().await.unwrap().contains("Nothing yet"));
}
