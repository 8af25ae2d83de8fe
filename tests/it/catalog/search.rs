//! Finding rooms: by what they are, by when they are free, in pages.

use domain::{BookingState, Location, LocationId, Resource, Role};
use jiff::SignedDuration;
use serde_json::json;
use store::Tx;

use super::{booked, location, names, pointers, room, week};
use crate::harness::TestApp;

#[tokio::test]
async fn rooms_are_found_by_what_they_are_in_pages() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let (here, there) = (location(&app, &admin, "Here").await, location(&app, &admin, "There").await);
    for (place, name, capacity, equipment) in [
        (&here, "Small blue", 4, json!(["tv"])),
        (&here, "Large blue", 20, json!(["tv", "beamer"])),
        (&there, "Green", 12, json!(["beamer", "tv", "phone"])),
        (&there, "Tiny", 2, json!([])),
    ] {
        let body =
            json!({ "location_id": place, "name": name, "capacity": capacity, "equipment": equipment });
        app.post("/v2/rooms", body).by(&admin).send().await.expect(201);
    }
    let here_query = format!("location={here}");
    let here_large = format!("location={here}&capacity=5");
    for (query, expected) in [
        ("", vec!["Tiny", "Small blue", "Green", "Large blue"]),
        ("capacity=5", vec!["Green", "Large blue"]),
        ("capacity=21", vec![]),
        ("equipment=tv&equipment=BEAMER", vec!["Green", "Large blue"]),
        ("equipment=tv", vec!["Small blue", "Green", "Large blue"]),
        ("name=BLUE", vec!["Small blue", "Large blue"]),
        ("name=blue&capacity=5&equipment=beamer", vec!["Large blue"]),
        (here_query.as_str(), vec!["Large blue", "Small blue"]),
        (here_large.as_str(), vec!["Large blue"]),
    ] {
        let found = app.get(&format!("/v2/rooms?{query}")).send().await.expect(200);
        assert_eq!(names(&found), expected, "{query}");
    }
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/v2/rooms?limit=1&equipment=tv{cursor}")).send().await.expect(200);
        all.extend(names(&page));
        match page.body["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(all, ["Small blue", "Green", "Large blue"]);
    let moved = app.get(&format!("/v2/rooms?limit=1&equipment=phone{cursor}")).send().await;
    moved.refused(400, "invalid_cursor");
    let none = LocationId::derived([9; 16]);
    assert_eq!(names(&app.get(&format!("/v2/rooms?location={none}")).send().await.expect(200)), [""; 0]);

    let bad = "capacity=0&location=x&equipment=&name=&free_from=noon&limit=0&colour=1";
    let answer = app.get(&format!("/v2/rooms?{bad}")).send().await.refused(400, "bad_request");
    let wanted = [
        "/query/capacity",
        "/query/location",
        "/query/equipment",
        "/query/name",
        "/query/free_from",
        "/query/colour",
    ];
    assert_eq!(pointers(&answer), wanted.map(str::to_owned).into());
    for bad in [
        "free_from=2027-01-04T10:00:00Z",
        "free_to=2027-01-04T10:00:00Z",
        "free_from=2027-01-04T10:00:00Z&free_to=2027-01-04T10:00:00Z",
        "free_from=2027-01-04T10:00:00Z&free_to=2027-02-04T10:00:00Z",
        "limit=101",
    ] {
        app.get(&format!("/v2/rooms?{bad}")).send().await.refused(400, "bad_request");
    }
}

#[tokio::test]
async fn a_page_is_filled_past_many_rooms_that_do_not_fit() {
    let app = TestApp::counted().await;
    let admin = app.person(Role::Admin).await;
    let place: Location = {
        let id = location(&app, &admin, "Here").await;
        app.store().location(id.parse().unwrap()).await.unwrap()
    };
    let first: Resource = {
        let id = room(&app, &admin, &place.id.to_string(), "Room 0", 4).await;
        app.store().resource(id.parse().unwrap()).await.unwrap()
    };
    // 620 more, of which only the last has a view.
    let rooms: Vec<Resource> = (1..=620_u32)
        .map(|n| Resource {
            id: domain::ResourceId::derived(u128::from(n).to_be_bytes()),
            name: format!("Room {n}").parse().unwrap(),
            equipment: (n == 620).then(|| "view".parse().unwrap()).into_iter().collect(),
            capacity: 4 + n,
            ..first.clone()
        })
        .collect();
    for some in rooms.chunks(50) {
        let mut tx = Tx::new();
        for room in some {
            tx.insert_resource(app.store(), room);
        }
        app.store().commit(tx).await.unwrap();
    }
    let short = app.get("/v2/rooms?equipment=view").send().await.expect(200);
    assert_eq!((names(&short).len(), &short.body["meta"]["has_more"]), (0, &json!(true)));
    assert!(short.usage().0 <= 5, "{:?}", short.usage());
    let cursor = short.body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    let rest = app.get(&format!("/v2/rooms?equipment=view&cursor={cursor}")).send().await.expect(200);
    assert_eq!((names(&rest), &rest.body["meta"]["has_more"]), (vec!["Room 620".to_owned()], &json!(false)));
    let v1 = app.get("/v1/rooms?page=2&page_size=100").send().await.expect(200);
    assert_eq!((&v1.body["total"], &v1.body["pages"]), (&json!(621), &json!(7)));
    assert_eq!(v1.body["rooms"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn rooms_are_found_by_when_they_are_free() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let place = location(&app, &admin, "Here").await;
    let mut ids = Vec::new();
    for (name, capacity, rules) in [
        ("Free", 1, json!({})),
        ("Taken", 2, json!({})),
        ("Held", 3, json!({})),
        ("Buffered", 4, json!({ "buffer_before": 30 })),
        ("Closed", 5, json!({ "hours": { "week": week("09:00", "10:00") } })),
        ("Long", 6, json!({ "min_length": 120 })),
        ("Broken", 7, json!({})),
    ] {
        let body = json!({ "location_id": place, "name": name, "capacity": capacity, "rules": rules });
        ids.push(app.post("/v2/rooms", body).by(&admin).send().await.expect(201).text_of("id"));
    }
    let hour = ("2027-01-04T13:00:00Z", "2027-01-04T14:00:00Z");
    booked(&app, &ids[1], admin.id, hour, BookingState::Confirmed).await;
    booked(&app, &ids[2], admin.id, ("2027-01-04T13:45:00Z", "2027-01-04T14:45:00Z"), BookingState::Held)
        .await;
    booked(
        &app,
        &ids[3],
        admin.id,
        ("2027-01-04T12:00:00Z", "2027-01-04T12:45:00Z"),
        BookingState::Confirmed,
    )
    .await;
    let out = json!({ "reason": "leak", "from": "2027-01-04T13:30:00Z", "until": "2027-01-04T15:00:00Z" });
    app.post(&format!("/v2/rooms/{}/out-of-service", ids[6]), out).by(&admin).send().await.expect(200);

    let free = |from: &str, to: &str| app.get(&format!("/v2/rooms?free_from={from}&free_to={to}"));
    assert_eq!(names(&free(hour.0, hour.1).send().await.expect(200)), ["Free"]);
    let later = free("2027-01-04T15:00:00Z", "2027-01-04T17:00:00Z").send().await.expect(200);
    assert_eq!(names(&later), ["Free", "Taken", "Held", "Buffered", "Long", "Broken"]);
    let past = free("2027-01-04T07:00:00Z", "2027-01-04T08:00:00Z").send().await.expect(200);
    assert_eq!(names(&past), [""; 0]);
    let off_grid = free("2027-01-04T15:05:00Z", "2027-01-04T16:05:00Z").send().await.expect(200);
    assert_eq!(names(&off_grid), [""; 0]);
    // Of all at once, read by keys or by queries, the ledger says what it says of each.
    let ids: Vec<domain::ResourceId> = ids.iter().map(|id| id.parse().unwrap()).collect();
    for minutes in [60, 24 * 60, 30 * 60, 7 * 24 * 60] {
        let mut busy_at_all = 0;
        for start in
            ["2027-01-04T09:00:00Z", "2027-01-04T12:30:00Z", "2027-01-04T13:00:00Z", "2027-01-05T00:00:00Z"]
        {
            let start: jiff::Timestamp = start.parse().unwrap();
            let span = domain::Span::new(start, start + SignedDuration::from_mins(minutes)).unwrap();
            let wanted: Vec<_> = ids.iter().map(|id| (*id, span)).collect();
            let busy = ledger::busy(app.store(), &wanted, app.now()).await.unwrap();
            for id in &ids {
                let taken = ledger::taken(app.store(), *id, span, app.now()).await.unwrap();
                assert_eq!(busy.contains(id), !taken.is_empty(), "{id} {span:?}");
            }
            busy_at_all = busy_at_all.max(busy.len());
        }
        assert!(busy_at_all >= 2, "{minutes} minutes: nobody was busy");
    }
    app.advance(SignedDuration::from_mins(11));
    let after_hold =
        app.get(&format!("/v2/rooms?capacity=3&free_from={}&free_to={}", hour.0, hour.1)).send().await;
    assert_eq!(names(&after_hold.expect(200)), ["Held"]);
}
