//! Messages to phones: on the channel that people want, by the next one where that fails, never twice, never at night.

mod slow;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use domain::Role;
use domain::message::Channel;
use errors::{Code, Error};
use jiff::SignedDuration;
use local::database::Data;
use providers::{Failure, Text, TextOutbox, Texting, Texts};
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};
use crate::office;

const PHONE: &str = "+919876543210";

/// A provider that works, refuses, or is away.
struct Provider {
    outbox: TextOutbox,
    mood: AtomicU8,
}

const WORKS: u8 = 0;
const REFUSES: u8 = 1;
const AWAY: u8 = 2;

impl Texts for Provider {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        match self.mood.load(Ordering::SeqCst) {
            REFUSES => {
                Box::pin(async { Err(Failure::Refused(Error::new(Code::BadRequest, "no such number"))) })
            }
            AWAY => Box::pin(async { Err(Failure::NotTaken(Error::unavailable("busy"))) }),
            _ => self.outbox.send(text),
        }
    }
}

impl Provider {
    fn new(mood: u8) -> Arc<Self> {
        Arc::new(Self { outbox: TextOutbox::in_memory(), mood: AtomicU8::new(mood) })
    }

    fn bodies(&self) -> Vec<String> {
        self.outbox.list(100).unwrap().into_iter().map(|text| text.body).collect()
    }
}

async fn with(sms: &Arc<Provider>, whatsapp: &Arc<Provider>) -> TestApp {
    TestApp::start_with(local::Options {
        sms: Some(Arc::clone(sms) as Arc<dyn Texts>),
        whatsapp: Some(Arc::clone(whatsapp) as Arc<dyn Texts>),
        ..local::Options::new(Data::Memory)
    })
    .await
}

/// Somebody with a phone who wants to be told like this.
async fn reachable(app: &TestApp, preferences: Value) -> Person {
    let person = app.person(Role::Customer).await;
    let profile = json!({ "phone": "98765 43210", "preferences": preferences });
    let answer = app.patch("/v2/auth/me", profile).by(&person).send().await.expect(200);
    assert_eq!(answer.data()["phone"], PHONE);
    person
}

async fn ways(app: &TestApp, person: &Person, kind: &str) -> Vec<(String, String)> {
    let list = app.get("/v2/messages").by(&app.renewed(person)).send().await.expect(200);
    let text = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
    let of_kind = list.data().as_array().unwrap().iter().filter(|message| message["kind"] == kind);
    let mut ways: Vec<_> =
        of_kind.map(|message| (text(message, "channel"), text(message, "state"))).collect();
    ways.sort();
    ways
}

fn way(channel: &str, state: &str) -> (String, String) {
    (channel.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_phone_is_shown_to_its_owner_and_masked_for_others_and_in_the_audit_trail() {
    let app = TestApp::start().await;
    let anna = reachable(&app, json!({})).await;
    let admin = app.person(Role::Admin).await;
    let own = app.get("/v2/auth/me").by(&anna).send().await.expect(200);
    assert_eq!(own.data()["phone"], PHONE);
    let path = format!("/v2/accounts/{}", anna.id);
    let owned = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!(owned.data()["phone"], PHONE);
    let others = app.get(&path).by(&admin).send().await.expect(200);
    assert_eq!(others.data()["phone"], "+…10");
    let trail = app.get(&format!("/v2/audit?record={}", anna.id)).by(&admin).send().await.expect(200);
    assert!(trail.text.contains("+…10") && !trail.text.contains("9876543210"), "{}", trail.text);

    for (bad, pointer) in [
        (json!({ "phone": "12345" }), "/phone"),
        (json!({ "phone": "+1 (555) ABC" }), "/phone"),
        (json!({ "preferences": { "quiet_hours": "late" } }), "/preferences/quiet_hours"),
    ] {
        let refused = app.patch("/v2/auth/me", bad).by(&anna).send().await.refused(422, "validation_failed");
        assert_eq!(refused.fields()[0], (pointer.to_owned(), "invalid_format".to_owned()));
    }
    let taken = app.patch("/v2/auth/me", json!({ "phone": null })).by(&anna).send().await.expect(200);
    assert_eq!(taken.data()["phone"], Value::Null);
    let quiet = json!({ "preferences": { "quiet_hours": null, "opted_out": true } });
    let quiet = app.patch("/v2/auth/me", quiet).by(&anna).send().await.expect(200);
    assert_eq!(quiet.data()["preferences"]["quiet_hours"], Value::Null);
    assert_eq!(quiet.data()["preferences"]["opted_out"], true);
}

#[tokio::test]
async fn a_confirmation_comes_by_mail_and_beside_it_to_the_phone_as_its_owner_reads_it() {
    let app = TestApp::here().await;
    let anna = reachable(&app, json!({})).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    assert_eq!(app.settle().await.len(), 1);
    let texts = app.server().texts().list(10).unwrap();
    assert_eq!(texts.len(), 1);
    assert_eq!((texts[0].to.as_str(), texts[0].channel), (PHONE, Channel::Sms));
    assert!(
        texts[0].body.contains(room.name.as_str()) && texts[0].body.contains("10:00"),
        "{}",
        texts[0].body
    );
    assert_eq!(ways(&app, &anna, "confirmed").await, [way("email", "sent"), way("sms", "sent")]);
    assert_eq!(ways(&app, &anna, "reminder").await, [way("sms", "scheduled")]);
    let page = app.get("/outbox").unchecked().await.expect(200);
    assert!(page.text.contains("Your booking stands") && page.text.contains("SMS"), "{}", page.text);
}

#[tokio::test]
async fn what_a_channel_does_not_get_through_goes_by_the_next_one_and_once() {
    let (sms, whatsapp) = (Provider::new(AWAY), Provider::new(REFUSES));
    let app = with(&sms, &whatsapp).await;
    let anna = reachable(&app, json!({ "whatsapp": true })).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    assert_eq!(app.settle().await.len(), 1, "the mail with the calendar entry");
    assert_eq!(
        ways(&app, &anna, "confirmed").await,
        [way("email", "sent"), way("sms", "failed"), way("whatsapp", "dead")]
    );
    sms.mood.store(WORKS, Ordering::SeqCst);
    for _ in 0..5 {
        app.advance(SignedDuration::from_mins(30));
        app.settle().await;
    }
    assert_eq!(sms.bodies().len(), 1);
    assert!(whatsapp.bodies().is_empty());
    // The reminder takes the same way, and ends at the mail where no phone is reached.
    sms.mood.store(REFUSES, Ordering::SeqCst);
    app.advance(SignedDuration::from_hours(22));
    assert_eq!(app.settle().await.len(), 2);
    assert_eq!(
        ways(&app, &anna, "reminder").await,
        [way("email", "sent"), way("sms", "dead"), way("whatsapp", "dead")]
    );
    let admin = app.person(Role::Admin).await;
    let list = app.get("/v2/messages?state=dead").by(&admin).send().await.expect(200);
    let dead = list.data().as_array().unwrap().iter().find(|one| one["kind"] == "reminder").unwrap();
    let replay = format!("/v2/messages/{}/replay", dead["id"].as_str().unwrap());
    app.post(&replay, json!({})).by(&admin).key("again").send().await.refused(409, "wrong_state");
}

#[tokio::test]
async fn a_provider_that_is_away_for_good_gives_way_after_its_last_attempt() {
    let (sms, whatsapp) = (Provider::new(AWAY), Provider::new(AWAY));
    let app = with(&sms, &whatsapp).await;
    let anna = reachable(&app, json!({ "email": false, "whatsapp": true, "quiet_hours": null })).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "20:00", "21:00").await.expect(201);
    for _ in 0..12 {
        app.settle().await;
        app.advance(SignedDuration::from_hours(1));
    }
    sms.mood.store(WORKS, Ordering::SeqCst);
    app.advance(SignedDuration::from_hours(1));
    app.settle().await;
    assert_eq!(ways(&app, &anna, "confirmed").await, [way("sms", "sent"), way("whatsapp", "dead")]);
    assert_eq!(sms.bodies().len(), 1);
}

#[tokio::test]
async fn no_phone_rings_at_night_and_what_cannot_wait_comes_by_mail() {
    let (sms, whatsapp) = (Provider::new(WORKS), Provider::new(WORKS));
    let app = with(&sms, &whatsapp).await;
    let anna = reachable(&app, json!({ "zone": "Asia/Tokyo" })).await;
    let room = office::blue(&app).await;
    // 14:00 UTC is 23:00 in Tokyo.
    app.advance(SignedDuration::from_hours(6));
    let anna = app.renewed(&anna);
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    assert_eq!(app.settle().await.len(), 1);
    assert!(sms.bodies().is_empty());
    let list = app.get("/v2/messages").by(&anna).send().await.expect(200);
    let messages = list.data().as_array().unwrap();
    let waiting = messages.iter().find(|one| one["kind"] == "confirmed" && one["channel"] == "sms").unwrap();
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("scheduled"), &json!(0)));
    assert_eq!(waiting["due_at"], "2027-01-04T23:00:00Z", "08:00 in Tokyo");
    app.advance(SignedDuration::from_hours(9));
    app.settle().await;
    assert_eq!(sms.bodies().len(), 1);

    // A reminder that the night would make useless comes by mail, where that is wanted.
    let berta = reachable(&app, json!({ "zone": "America/New_York" })).await;
    office::book(&app, &berta, &room, "12:00", "13:00").await.expect(201);
    app.settle().await;
    let before = (app.sent().len(), sms.bodies().len());
    app.advance(SignedDuration::from_hours(9));
    app.settle().await;
    assert_eq!((app.sent().len(), sms.bodies().len()), (before.0, before.1 + 1), "anna's, at 17:00 in Tokyo");
    app.advance(SignedDuration::from_hours(3));
    app.settle().await;
    assert_eq!((app.sent().len(), sms.bodies().len()), (before.0 + 1, before.1 + 1), "berta's, at 06:00");
    assert_eq!(ways(&app, &berta, "reminder").await, [way("email", "sent"), way("sms", "skipped")]);
}

#[tokio::test]
async fn whoever_opts_out_hears_nothing_but_what_they_ask_for() {
    let app = TestApp::here().await;
    let anna = reachable(&app, json!({})).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    app.patch("/v2/auth/me", json!({ "preferences": { "opted_out": true } }))
        .by(&anna)
        .send()
        .await
        .expect(200);
    assert_eq!(app.settle().await.len(), 0, "not even what was on its way");
    assert!(app.server().texts().list(10).unwrap().is_empty());
    app.post("/v2/auth/password/forgot", json!({ "email": anna.email })).send().await.expect(202);
    assert_eq!(app.settle().await.len(), 1);
}
