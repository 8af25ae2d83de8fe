//! What people are told: once, in time, and what is true.

use domain::{Actor, EventId, Role};
use jiff::SignedDuration;
use providers::Email;
use serde_json::json;
use store::Tx;

use crate::harness::TestApp;
use crate::office;

fn subjects(mails: &[Email]) -> Vec<&str> {
    mails.iter().rev().map(|mail| mail.subject.as_str()).collect()
}

fn ics(mail: &Email) -> &str {
    &mail.invitation.as_ref().unwrap().ics
}

#[tokio::test]
async fn a_booking_is_confirmed_changed_and_cancelled_by_mail_with_one_calendar_entry() {
    let app = TestApp::start().await;
    let (room, person) = (office::blue(&app).await, app.person(Role::Customer).await);
    let booking = office::book(&app, &person, &room, "09:00", "10:00").await.expect(201).text_of("id");
    let mails = app.settle().await;
    assert_eq!(mails.len(), 1, "{:?}", subjects(&mails));
    assert_eq!(mails[0].to.address.as_str(), person.email);
    assert!(mails[0].text.contains(room.name.as_str()), "{}", mails[0].text);
    assert!(ics(&mails[0]).contains(&format!("UID:{booking}@holdfast.example")), "{}", ics(&mails[0]));
    assert!(ics(&mails[0]).contains("METHOD:REQUEST") && ics(&mails[0]).contains("SEQUENCE:0"));

    let moved = json!({ "start": office::tuesday("11:00"), "end": office::tuesday("12:00") });
    app.advance(SignedDuration::from_secs(10));
    app.post(&format!("/v2/bookings/{booking}/reschedule"), moved)
        .by(&person)
        .key("move")
        .send()
        .await
        .expect(200);
    let mails = app.settle().await;
    assert_eq!(mails.len(), 2, "{:?}", subjects(&mails));
    assert!(ics(&mails[0]).contains("SEQUENCE:1") && ics(&mails[0]).contains("DTSTART:20270105T110000Z"));

    app.advance(SignedDuration::from_secs(10));
    let cancel = app.post(&format!("/v2/bookings/{booking}/cancel"), json!({ "reason": "rain" }));
    cancel.by(&person).key("cancel").send().await.expect(200);
    let mails = app.settle().await;
    assert_eq!(mails.len(), 3, "{:?}", subjects(&mails));
    assert!(ics(&mails[0]).contains("METHOD:CANCEL") && ics(&mails[0]).contains("SEQUENCE:2"));
    assert!(mails[0].text.contains("rain"));

    app.advance(SignedDuration::from_hours(48));
    assert_eq!(app.settle().await.len(), 3, "no reminder of what was cancelled");
}

#[tokio::test]
async fn a_reminder_comes_an_hour_before_the_start_and_not_before() {
    let app = TestApp::start().await;
    let (room, person) = (office::blue(&app).await, app.person(Role::Customer).await);
    office::book(&app, &person, &room, "09:00", "10:00").await.expect(201);
    assert_eq!(app.settle().await.len(), 1);
    app.advance(SignedDuration::from_mins(23 * 60 + 59));
    assert_eq!(app.settle().await.len(), 1);
    app.advance(SignedDuration::from_mins(1));
    assert_eq!(app.settle().await.len(), 2);
    app.advance(SignedDuration::from_hours(5));
    assert_eq!(app.settle().await.len(), 2);
}

#[tokio::test]
async fn what_happened_can_be_passed_on_again_and_nobody_gets_a_second_message() {
    let app = TestApp::start().await;
    let (room, person) = (office::blue(&app).await, app.person(Role::Customer).await);
    for (from, to) in [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00")] {
        office::book(&app, &person, &room, from, to).await.expect(201);
    }
    assert_eq!(app.settle().await.len(), 3);
    let relay = &app.relay();
    let hour = SignedDuration::from_hours(1);
    let readers = async |events: Vec<_>| relay::pass_on(relay, &events).await;
    let events = relay::replay(app.store(), app.now() - hour, app.now() + hour, readers).await.unwrap();
    assert!(events >= 3, "{events}");
    assert_eq!(app.settle().await.len(), 3);
}

#[tokio::test]
async fn a_hold_is_told_to_nobody_until_it_is_confirmed() {
    let app = TestApp::start().await;
    let (room, person) = (office::blue(&app).await, app.person(Role::Customer).await);
    let mut body = office::wanted(&room, "09:00", "10:00");
    body["hold_seconds"] = json!(300);
    let hold = app.post("/v2/bookings", body).by(&person).key("hold").send().await.expect(201).text_of("id");
    assert_eq!(app.settle().await.len(), 0);
    app.post(&format!("/v2/bookings/{hold}/confirm"), json!({}))
        .by(&person)
        .key("confirm")
        .send()
        .await
        .expect(200);
    assert_eq!(app.settle().await.len(), 1);
}

#[tokio::test]
async fn a_one_time_link_opens_a_page_and_sets_a_password_once() {
    let app = TestApp::start().await;
    let person = app.person(Role::Customer).await;
    let forgot = json!({ "email": person.email });
    app.post("/v2/auth/password/forgot", forgot).send().await.expect(202);
    let mails = app.settle().await;
    assert_eq!(mails.len(), 1, "{:?}", subjects(&mails));
    let (page, token) =
        mails[0].text.split_whitespace().find_map(|word| word.split_once("/password#")).unwrap();
    assert_eq!(page, app.url());
    let shown = app.get("/password").send().await.expect(200);
    assert!(shown.text.contains("Set a new password") && shown.header("content-security-policy").is_some());

    let reset = json!({ "token": token, "password": "brand new and long" });
    app.post("/v2/auth/password/reset", reset.clone()).send().await.expect(204);
    app.post("/v2/auth/password/reset", reset).send().await.refused(410, "gone");
    let login = json!({ "login": person.email, "password": "brand new and long" });
    app.post("/v2/auth/login", login).send().await.expect(200);
    assert_eq!(app.settle().await.len(), 1);
}

#[tokio::test]
async fn a_crowd_of_events_in_one_instant_is_passed_on_whole() {
    const EVENTS: u64 = 1_200;
    let app = TestApp::start().await;
    let (room, person) = (office::blue(&app).await, app.person(Role::Customer).await);
    let id = office::book(&app, &person, &room, "09:00", "10:00").await.expect(201).text_of("id");
    let booking = app.store().booking(id.parse().unwrap()).await.unwrap();
    for first in (2..EVENTS + 2).step_by(100) {
        let mut tx = Tx::new();
        for sequence in first..first + 100 {
            let mut event = booking.event(
                EventId::new(app.now(), env::random()),
                "booking.described",
                None,
                Actor::system(),
            );
            event.sequence = sequence;
            tx.event(app.store(), &event);
        }
        app.store().commit(tx).await.unwrap();
    }
    let later = office::book(&app, &person, &room, "11:00", "12:00").await.expect(201);
    assert!(later.data()["id"].is_string());
    assert_eq!(app.settle().await.len(), 2);
}
