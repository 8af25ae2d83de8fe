//! What each use case costs: round trips and write units, counted by the client and asserted.

use domain::Role;
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::{Answer, TestApp};
use crate::office;

/// One line of the table: what, its answer, and the most that it may cost.
struct Line(&'static str, Answer, u64, u64);

#[tokio::test]
async fn each_use_case_costs_what_it_may() {
    let app = TestApp::start().await;
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

    println!("{:<36} {:>6} {:>7} {:>12} {:>12}", "use case", "trips", "writes", "most trips", "most writes");
    for Line(what, answer, trips, writes) in &lines {
        let (t, w) = answer.usage();
        println!("{what:<36} {t:>6} {w:>7} {trips:>12} {writes:>12}");
    }
    for Line(what, answer, trips, writes) in &lines {
        let (t, w) = answer.usage();
        assert!(t <= *trips && w <= *writes, "{what}: {t} trips, {w} write units");
    }
}
