//! STOP and START, written back to a text: believed when the provider signed them, and by nobody else.

use domain::{Role, User};
use jiff::SignedDuration;
use senders::{Callback, meta_reply, twilio_reply};
use serde_json::{Value, json};

use crate::harness::{Log, Person, TestApp};
use crate::office;
use crate::reports::{PUBLIC, app, meta, post, senders, twilio};

const PHONE: &str = "+919876500001";

/// Somebody who proved that the phone is theirs, or did not.
async fn somebody(app: &TestApp, phone: &str, proved: bool) -> Person {
    let person = app.person(Role::Customer).await;
    let before = app.store().account(person.id).await.unwrap();
    let mut after = before.clone();
    let user: &mut User = &mut after.user;
    (user.phone, user.phone_proved) = (Some(phone.parse().unwrap()), proved);
    (user.preferences.quiet_hours, user.preferences.email) = (None, false);
    after.user = after.user.touched(app.now());
    let mut tx = store::Tx::new();
    tx.update_account(app.store(), &before.user, &after);
    app.store().commit(tx).await.unwrap();
    person
}

async fn opted_out(app: &TestApp, person: &Person) -> Value {
    let me = app.get("/v2/auth/me").by(&app.renewed(person)).send().await.expect(200);
    me.data()["preferences"]["opted_out"].clone()
}

#[tokio::test]
async fn whoever_writes_stop_is_left_alone_until_they_write_start() {
    let senders = senders(1, 0, 0).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let anna = somebody(&app, PHONE, true).await;
    let room = office::blue(&app).await;
    // A word among others asks for nothing.
    post(&app, &twilio_reply(PUBLIC, PHONE, "please do not stop")).await.expect(204);
    assert_eq!(opted_out(&app, &anna).await, false);
    for (stop, start) in [
        (twilio_reply(PUBLIC, PHONE, "Stop"), twilio_reply(PUBLIC, PHONE, "UNSTOP")),
        (meta_reply(PUBLIC, PHONE, "unsubscribe"), meta_reply(PUBLIC, PHONE, "start")),
        (
            twilio_reply(PUBLIC, &format!("whatsapp:{PHONE}"), "STOP"),
            twilio_reply(PUBLIC, &format!("whatsapp:{PHONE}"), "START"),
        ),
    ] {
        let version = async || app.store().account(anna.id).await.unwrap().user.version;
        let before = version().await;
        post(&app, &stop).await.expect(204);
        assert_eq!(opted_out(&app, &anna).await, true);
        post(&app, &stop).await.expect(204);
        assert_eq!(version().await, before + 1, "told twice, done once");
        post(&app, &start).await.expect(204);
        assert_eq!(opted_out(&app, &anna).await, false);
        app.advance(SignedDuration::from_secs(1));
    }
    post(&app, &twilio_reply(PUBLIC, PHONE, "STOP")).await.expect(204);
    office::book(&app, &app.renewed(&anna), &room, "09:00", "10:00").await.expect(201);
    app.settle().await;
    assert!(senders.handed().is_empty(), "{:?}", senders.handed());
    let admin = app.person(Role::Admin).await;
    let trail = app.get(&format!("/v2/audit?record={}", anna.id)).by(&admin).send().await.expect(200);
    let kinds: Vec<_> = trail.data().as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "account.opted_out").count(), 4);
    assert_eq!(kinds.iter().filter(|kind| **kind == "account.opted_in").count(), 3);
}

#[tokio::test]
async fn a_number_that_nobody_proved_is_left_alone_too_and_no_account_is_touched() {
    let log = Log::begin();
    let senders = senders(1, 0, 0).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let anna = somebody(&app, PHONE, false).await;
    let room = office::blue(&app).await;
    let stop = post(&app, &twilio_reply(PUBLIC, PHONE, "STOP")).await.expect(204);
    assert_eq!(opted_out(&app, &anna).await, false, "that a profile names the number proves nothing");
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    app.settle().await;
    assert!(senders.handed().is_empty());
    // A code that somebody asks for at this moment is sent all the same.
    app.post("/v2/auth/otp", json!({ "phone": PHONE })).send().await.expect(202);
    app.settle().await;
    assert_eq!(senders.handed().len(), 1);
    post(&app, &twilio_reply(PUBLIC, PHONE, "START")).await.expect(204);
    office::book(&app, &anna, &room, "11:00", "12:00").await.expect(201);
    app.settle().await;
    assert_eq!(senders.handed().len(), 2);
    let told = log.end();
    let admin = app.person(Role::Admin).await;
    let trail = app.get("/v2/audit?limit=100&from=2027-01-04T00:00:00Z&to=2027-01-05T00:00:00Z");
    let trail = trail.by(&admin).send().await.expect(200);
    assert!(trail.text.contains("phone.opted_out") && trail.text.contains("+…01"), "{}", trail.text);
    for text in [&told, &stop.text, &trail.text] {
        assert!(!text.contains("9876500001"), "{text}");
    }
}

#[tokio::test]
async fn a_reply_that_nobody_signed_changes_nothing() {
    let senders = senders(1, 0, 0).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let anna = somebody(&app, PHONE, true).await;
    for reply in [twilio_reply(PUBLIC, PHONE, "STOP"), meta_reply(PUBLIC, PHONE, "STOP")] {
        let unsigned = Callback { headers: reply.headers[..1].to_vec(), ..reply.clone() };
        let other = Callback { body: reply.body.replace("500001", "500002"), ..reply.clone() };
        let mut wrong = reply.clone();
        wrong.headers[1].1 = "sha256=00".to_owned();
        for forged in [unsigned, other, wrong] {
            post(&app, &forged).await.refused(403, "forbidden");
        }
        // The signature is of one address alone.
        let elsewhere = Callback { url: format!("{PUBLIC}/v2/webhooks/twilio"), ..reply.clone() };
        if reply.url.ends_with("replies") {
            post(&app, &elsewhere).await.refused(403, "forbidden");
        }
    }
    assert_eq!(opted_out(&app, &anna).await, false);
    let nobody = TestApp::here().await;
    post(&nobody, &twilio_reply(PUBLIC, PHONE, "STOP")).await.refused(403, "forbidden");
}
