//! What became of each message, who may know, and sending again what did not get through.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{Permission, Resource, Role, Scope};
use errors::{Code, Error};
use jiff::SignedDuration;
use local::database::Data;
use providers::{Email, Mail, Outbox, Sending};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp, roles_with};
use crate::office;

/// An outbox that can refuse addresses as a provider does that never heard of them.
struct Refusing {
    outbox: Outbox,
    refuses: AtomicBool,
}

impl Mail for Refusing {
    fn name(&self) -> &'static str {
        "refusing"
    }

    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a> {
        if self.refuses.load(Ordering::SeqCst) {
            return Box::pin(async { Err(Error::new(Code::BadRequest, "no such mailbox")) });
        }
        self.outbox.send(email)
    }
}

/// An installation whose provider refuses everything until it is told not to.
async fn refusing() -> (TestApp, Arc<Refusing>) {
    let mail = Arc::new(Refusing { outbox: Outbox::in_memory(), refuses: AtomicBool::new(true) });
    let options = local::Options {
        mail: Some(Arc::clone(&mail) as Arc<dyn Mail>),
        ..local::Options::new(Data::Memory)
    };
    (TestApp::start_with(options).await, mail)
}

/// A booking of tomorrow by this person, and what they are to be told of it so far.
async fn booked(app: &TestApp, person: &Person) -> (Resource, Vec<Value>) {
    let room = office::blue(app).await;
    office::book(app, person, &room, "09:00", "10:00").await.expect(201);
    app.settle().await;
    let list = app.get("/v2/messages").by(person).send().await.expect(200);
    (room, list.data().as_array().unwrap().clone())
}

fn of_kind<'a>(messages: &'a [Value], kind: &str) -> &'a Value {
    messages.iter().find(|message| message["kind"] == kind).unwrap()
}

fn path(message: &Value) -> String {
    format!("/v2/messages/{}", message["id"].as_str().unwrap())
}

fn ids(answer: &Answer) -> BTreeSet<&str> {
    answer.data().as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn people_see_their_messages_and_what_became_of_them_and_nobody_elses() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let (room, messages) = booked(&app, &anna).await;
    assert_eq!(messages.len(), 2);
    let (sent, reminder) = (of_kind(&messages, "confirmed"), of_kind(&messages, "reminder"));
    assert_eq!((&sent["state"], &reminder["state"]), (&json!("sent"), &json!("scheduled")));
    assert_eq!((&sent["attempts"], &sent["channel"]), (&json!(1), &json!("email")));
    assert_eq!(reminder["due_at"], office::tuesday("08:00"));
    assert_eq!(sent["booking"]["room_id"], json!(room.id.to_string()));
    assert!(sent.get("delivery").is_none() && sent.get("secret").is_none());

    let read = app.get(&path(sent)).by(&anna).send().await.expect(200);
    assert_eq!(read.data(), sent);
    let etag = read.header("etag").unwrap().to_owned();
    app.get(&path(sent)).by(&anna).header("if-none-match", &etag).send().await.expect(304);
    app.get(&path(sent)).by(&bob).send().await.refused(404, "not_found");
    app.get(&path(sent)).send().await.refused(401, "unauthenticated");
    app.get("/v2/messages/msg_nonsense").by(&bob).send().await.refused(404, "not_found");
    assert_eq!(app.get("/v2/messages").by(&bob).send().await.expect(200).data(), &json!([]));
    app.get(&format!("/v2/messages?user={}", anna.id)).by(&bob).send().await.refused(403, "forbidden");
    app.get(&format!("/v2/messages?user={}", bob.id)).by(&bob).send().await.expect(200);
    let both = app.get(&format!("/v2/messages?state=dead&user={}", bob.id)).by(&bob).send().await;
    assert_eq!(both.refused(400, "bad_request").fields()[0].1, "not_together");
    app.get("/v2/messages?state=sent").by(&bob).send().await.refused(400, "bad_request");
}

#[tokio::test]
async fn those_who_read_messages_see_what_waits_and_how_delivery_went() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let (_, messages) = booked(&app, &anna).await;
    let sent = of_kind(&messages, "confirmed");
    for role in Role::ALL {
        let person = app.person(role).await;
        let allowed = roles_with(Permission::ReadMessages).contains(&role);
        for path in [format!("/v2/messages?user={}", anna.id), "/v2/messages?state=waiting".to_owned()] {
            let answer = app.get(&path).by(&person).send().await;
            if !allowed {
                answer.refused(403, "forbidden");
            } else if path.ends_with("waiting") {
                assert_eq!(ids(&answer.expect(200)).len(), 1);
            } else {
                assert_eq!(ids(&answer.expect(200)).len(), 2);
            }
        }
        let one = app.get(&path(sent)).by(&person).send().await;
        if allowed {
            assert_eq!(one.expect(200).data()["delivery"]["provider"], "outbox");
        } else {
            one.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_manager_reads_messages_about_bookings_at_their_locations_only() {
    let app = TestApp::start().await;
    let anna = app.person(Role::Customer).await;
    let (room, messages) = booked(&app, &anna).await;
    let here = Scope::Locations(BTreeSet::from([room.location]));
    let (near, far) = (
        app.person_at(Role::Manager, here).await,
        app.person_at(Role::Manager, Scope::Locations(BTreeSet::new())).await,
    );
    let list = format!("/v2/messages?user={}", anna.id);
    assert_eq!(ids(&app.get(&list).by(&near).send().await.expect(200)).len(), 2);
    assert_eq!(app.get(&list).by(&far).send().await.expect(200).data(), &json!([]));
    app.get(&path(&messages[0])).by(&near).send().await.expect(200);
    app.get(&path(&messages[0])).by(&far).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn a_message_that_was_refused_is_dead_until_it_is_replayed_and_then_goes_out_once() {
    let (app, mail) = refusing().await;
    let (anna, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let (_, messages) = booked(&app, &anna).await;
    let dead = of_kind(&messages, "confirmed");
    assert_eq!((&dead["state"], &dead["next_look_at"]), (&json!("dead"), &Value::Null));

    let list = app.get("/v2/messages?state=dead").by(&admin).send().await.expect(200);
    assert_eq!(ids(&list), BTreeSet::from([dead["id"].as_str().unwrap()]));
    let delivery = &list.data()[0]["delivery"];
    assert!(delivery["last_error"].as_str().unwrap().contains("no such mailbox"), "{delivery}");

    let replay = format!("{}/replay", path(dead));
    app.post(&replay, json!({})).by(&anna).send().await.refused(403, "forbidden");
    let stale = app.post(&replay, json!({})).by(&admin).header("if-match", "\"1\"");
    stale.send().await.refused(412, "precondition_failed");
    mail.refuses.store(false, Ordering::SeqCst);
    app.advance(SignedDuration::from_secs(30));
    let again = app.post(&replay, json!({})).by(&admin).key("again").send().await.expect(200);
    assert_eq!((&again.data()["state"], &again.data()["attempts"]), (&json!("scheduled"), &json!(0)));
    let retried = app.post(&replay, json!({})).by(&admin).key("again").send().await.expect(200);
    assert_eq!(retried.header("idempotent-replayed"), Some("true"));
    app.post(&replay, json!({})).by(&admin).key("other").send().await.refused(409, "wrong_state");
    app.settle().await;
    let sent = app.get(&path(dead)).by(&anna).send().await.expect(200);
    assert_eq!((&sent.data()["state"], &sent.data()["attempts"]), (&json!("sent"), &json!(1)));
    assert_eq!(mail.outbox.list(10).unwrap().len(), 1);
    let retried = app.post(&replay, json!({})).by(&admin).key("again").send().await.expect(200);
    assert_eq!(retried.header("idempotent-replayed"), Some("true"));
    app.settle().await;
    assert_eq!(mail.outbox.list(10).unwrap().len(), 1);

    let trail = format!("/v2/audit?record={}", dead["id"].as_str().unwrap());
    let trail = app.get(&trail).by(&admin).send().await.expect(200);
    let [failed, event, sent] = trail.data().as_array().unwrap().as_slice() else { panic!("{}", trail.text) };
    let kinds = [failed, event, sent].map(|event| event["kind"].as_str().unwrap());
    assert_eq!(kinds, ["message.failed", "message.replayed", "message.sent"]);
    assert_eq!(event["actor"]["user_id"], admin.id.to_string());
    assert_eq!((&event["before"]["state"], &event["after"]["state"]), (&json!("dead"), &json!("scheduled")));
}

#[tokio::test]
async fn dead_letters_are_counted_and_sent_round_again_by_those_who_may() {
    let app = TestApp::start().await;
    let (admin, auditor) = (app.person(Role::Admin).await, app.person(Role::Auditor).await);
    let anna = app.person(Role::Customer).await;
    let (count, redrive) = ("/v2/messages/dead-letters", "/v2/messages/dead-letters/redrive");
    assert_eq!(app.get(count).by(&auditor).send().await.expect(200).data(), &json!({ "count": 0 }));
    app.get(count).by(&anna).send().await.refused(403, "forbidden");
    app.post(redrive, json!({ "max": 5 })).by(&auditor).send().await.refused(403, "forbidden");
    for max in [json!(0), json!(101), json!(-1), json!("all"), Value::Null] {
        let refused = app.post(redrive, json!({ "max": max })).by(&admin).send().await;
        assert_eq!(refused.refused(422, "validation_failed").fields()[0].0, "/max", "{max}");
    }
    let sent = app.post(redrive, json!({ "max": 5 })).by(&admin).send().await.expect(200);
    assert_eq!(sent.data(), &json!({ "sent": 0 }));
    let trail = app.get("/v2/audit?record=queue_notify").by(&auditor).send().await.expect(200);
    assert_eq!(trail.data()[0]["kind"], "queue.redrive_requested");
    assert_eq!(trail.data()[0]["after"], json!({ "max": 5 }));
}
