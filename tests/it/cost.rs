//! What each use case costs: round trips and write units, counted by the client and asserted.

use domain::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, TestApp};
use crate::office;
use crate::pools::{House, stay, units};

/// One line of the table: what, its answer, and the most that it may cost.
struct Line(&'static str, Answer, u64, u64);

#[tokio::test]
async fn each_use_case_costs_what_it_may() {
    let app = TestApp::counted().await;
    let room = office::blue(&app).await;
    let (person, desk) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    // Sessions are known before anything is counted, as in a warm function.
    let other = app.person(Role::Customer).await;
    for somebody in [&person, &other, &desk] {
        app.get("/v2/bookings").by(somebody).send().await.expect(200);
    }
    let mut lines = Vec::new();
    let mut line = |what, answer: Answer, trips, writes| lines.push(Line(what, answer, trips, writes));

    let new =
        || app.post("/v2/bookings", office::wanted(&room, "09:00", "10:00")).by(&person).key("one").send();
    let booked = new().await.expect(201);
    let id = booked.text_of("id");
    line("book an hour", booked, 2, 10);
    line("the same key again", new().await.expect(201), 2, 0);
    let long = app.post("/v2/bookings", office::wanted(&room, "12:00", "18:00")).by(&person).key("long");
    line("book six hours of one block", long.send().await.expect(201), 2, 10);
    let across = app.post("/v2/bookings", office::wanted(&room, "11:00", "12:00")).by(&person).key("across");
    line("book an hour up to a block's end", across.send().await.expect(201), 2, 10);
    let taken =
        app.post("/v2/bookings", office::wanted(&room, "09:30", "10:30")).by(&other).key("two").send();
    line("refused: taken, with alternatives", taken.await.expect(409), 3, 0);
    line("read a booking", app.get(&format!("/v2/bookings/{id}")).by(&person).send().await.expect(200), 1, 0);
    line("list one's own", app.get("/v2/bookings").by(&person).send().await.expect(200), 1, 0);
    let week = format!(
        "/v2/rooms/{}/availability?from=2027-01-05T00:00:00Z&to=2027-01-12T00:00:00Z&length=60",
        room.id
    );
    app.get(&week).by(&person).send().await.expect(200);
    line("a week's availability of a room", app.get(&week).by(&person).send().await.expect(200), 1, 0);
    let berlin = office::place(&app, "Europe/Berlin").await;
    for _ in 0..20 {
        office::room(&app, &berlin).with(7, &["screen"]).add(&app).await;
    }
    let hour = format!("free_from={}&free_to={}", office::tuesday("09:00"), office::tuesday("10:00"));
    let search = || app.get(&format!("/v2/rooms?capacity=5&equipment=screen&{hour}")).by(&person).send();
    // Packaged, this is another process than that of bookings: it does not know the session yet.
    search().await.expect(200);
    line("find which of twenty rooms is free", search().await.expect(200), 2, 0);
    let to = json!({ "start": office::tuesday("10:00"), "end": office::tuesday("11:00") });
    let moved = app.post(&format!("/v2/bookings/{id}/reschedule"), to).by(&person).key("move").send();
    line("move it by an hour", moved.await.expect(200), 3, 14);
    let cancel = app.post(&format!("/v2/bookings/{id}/cancel"), json!({})).by(&person).key("cancel").send();
    line("give it back", cancel.await.expect(200), 2, 12);
    let mut body = office::wanted(&room, "19:00", "20:00");
    body["hold_seconds"] = json!(300);
    let kept = app.post("/v2/bookings", body).by(&person).key("hold").send().await.expect(201);
    let hold = kept.text_of("id");
    line("hold an hour", kept, 2, 10);
    let confirm =
        app.post(&format!("/v2/bookings/{hold}/confirm"), json!({})).by(&person).key("confirm").send();
    line("confirm it", confirm.await.expect(200), 2, 12);
    app.advance(SignedDuration::from_hours(36));
    let desk = app.renewed(&desk);
    app.get("/v2/bookings").by(&desk).send().await.expect(200);
    let done = app.post(&format!("/v2/bookings/{hold}/complete"), json!({})).by(&desk).key("done").send();
    line("complete it", done.await.expect(200), 2, 10);
    check(&lines);
}

#[tokio::test]
async fn each_use_case_of_orders_costs_what_it_may() {
    let house = House::counted().await;
    let app = &house.app;
    app.get("/v2/orders").by(&house.anna).send().await.expect(200);
    let rooms = house.nightly(20, 2, ("2027-01-04", "2027-06-01")).await;
    let piece = house.total(1_000, 0).await;
    let mut basket = Vec::new();
    for _ in 0..20 {
        basket.push(units(&house.total(1_000, 0).await, 2));
    }
    let mut lines = Vec::new();
    let mut line = |what, answer: Answer, trips, writes| lines.push(Line(what, answer, trips, writes));

    let order = async |key: &str, lines: Value| house.order(&house.anna, key, lines).await;
    let nights = |quantity, to| json!([stay(&rooms, quantity, ("2027-02-01", to))]);
    let one = order("night", nights(1, "2027-02-02")).await.expect(201);
    let path = format!("/v2/orders/{}", one.text_of("id"));
    line("order a night", one, 2, 10);
    line("the same key again", order("night", nights(1, "2027-02-02")).await.expect(201), 1, 0);
    line("order 30 nights of two months", order("30", nights(1, "2027-03-03")).await.expect(201), 2, 12);
    line("order 60 nights of three months", order("60", nights(1, "2027-04-02")).await.expect(201), 2, 14);
    line("order a piece", order("piece", json!([units(&piece, 1)])).await.expect(201), 2, 10);
    line("order a basket of 20 lines", order("basket", json!(basket)).await.expect(201), 2, 56);
    let many = order("many", json!([units(&piece, 1_000)]));
    line("refused: fewer are left", many.await.expect(409), 3, 0);
    let full = order("full", nights(20, "2027-02-02"));
    line("refused: beyond the allowance too", full.await.expect(409), 4, 0);
    line("overbook a night", order("beyond", nights(18, "2027-02-02")).await.expect(201), 4, 10);
    line("read an order", app.get(&path).by(&house.anna).send().await.expect(200), 1, 0);
    line("list one's own orders", app.get("/v2/orders").by(&house.anna).send().await.expect(200), 1, 0);
    let other = json!({ "lines": [stay(&rooms, 1, ("2027-02-02", "2027-02-03"))] });
    let moved = app.put(&format!("{path}/lines"), other).by(&house.anna).key("other").send();
    line("move it by a night", moved.await.expect(200), 2, 11);
    let cancel = app.post(&format!("{path}/cancel"), json!({})).by(&house.anna).key("cancel").send();
    line("give it back", cancel.await.expect(200), 2, 10);
    let held = house.hold(&house.anna, "hold", json!([units(&piece, 1)]), 600).await.expect(201);
    let confirm = format!("/v2/orders/{}/confirm", held.text_of("id"));
    line("hold a piece", held, 2, 10);
    let confirm = app.post(&confirm, json!({})).by(&house.anna).key("confirm").send();
    line("confirm it", confirm.await.expect(200), 2, 9);
    let year = "?from=2027-01-04&to=2028-01-04&nights=7";
    house.left(&house.anna, &rooms, year).await.expect(200);
    line("a year's availability of a pool", house.left(&house.anna, &rooms, year).await.expect(200), 1, 0);
    let offer = json!({ "from": "2027-01-04", "to": "2028-01-04", "capacity": 30 });
    line("offer a year of nights", house.offer(&rooms, offer).await.expect(200), 3, 32);
    check(&lines);
}

/// What follows a booking by itself: the message, its way out, the event and the figure of it, the entry by person, and on a laptop the relay's own place in
/// the feed, which the stream keeps on AWS.
#[tokio::test]
async fn what_follows_a_booking_costs_what_it_may() {
    let app = TestApp::here().await;
    let room = office::blue(&app).await;
    let person = app.person(Role::Customer).await;
    app.settle().await;
    let (_, idle) = store::metered(Box::pin(app.settle())).await;
    let new = app.post("/v2/bookings", office::wanted(&room, "09:00", "10:00")).by(&person).key("one");
    new.send().await.expect(201);
    let (mails, usage) = store::metered(Box::pin(app.settle())).await;
    println!("after a booking: {usage}; when nothing happened: {idle}");
    assert_eq!((mails.len(), idle.half_writes), (1, 0));
    assert!(usage.half_writes <= 2 * 23, "{usage}");
}

/// Prints the table, and holds each line to what it may cost.
#[expect(clippy::print_stdout, reason = "the table is for people")]
fn check(lines: &[Line]) {
    println!("{:<36} {:>6} {:>7} {:>12} {:>12}", "use case", "trips", "writes", "most trips", "most writes");
    for Line(what, answer, trips, writes) in lines {
        let (t, w) = answer.usage();
        println!("{what:<36} {t:>6} {w:>7} {trips:>12} {writes:>12}");
    }
    for Line(what, answer, trips, writes) in lines {
        let (t, w) = answer.usage();
        assert!(t <= *trips && w <= *writes, "{what}: {t} trips, {w} write units");
    }
}
