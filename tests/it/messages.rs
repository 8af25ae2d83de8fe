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

use crate::harness::{Person, TestApp, roles_with};
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

/// The one message that there is to somebody, as they see it.
async fn only(app: &TestApp, person: &Person) -> Value {
    let list = app.get("/v2/messages").by(person).send().await.expect(200);
    let [message] = list.data().as_array().unwrap().as_slice() else { panic!("{}", list.text) };
    message.clone()
}

async fn booked(app: &TestApp, person: &Person) -> Resource {
    let room = office::blue(app).await;
    // Tomorrow at nine, with a reminder an hour before; whoever wants one message asks for none.
    office::book(app, person, &room, "09:00", "10:00").await.expect(201);
    app.settle().await;
    room
}

#[tokio::test]
async fn people_see_their_messages_and_what_became_of_them() {
    let app = TestApp::start().await;
    let (anna, bob) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let room = booked(&app, &anna).await;
    let list = app.get("/v2/messages").by(&anna).send().await.expect(200);
    let mut kinds: Vec<_> =
        list.data().as_array().unwrap().iter().map(|one| (one["kind"].clone(), one["state"].clone())).collect();
    kinds.sort_by_key(ToString::to_string_pair);
    assert_eq!(kinds, [(json!("confirmed"), json!("sent")), (json!("reminder"), json!("scheduled"))]);
    let sent = list.data().as_array().unwrap().iter().find(|one| one["state"] == "sent").unwrap();
    assert_eq!((&sent["attempts"], &sent["channel"]), (&json!(1), &json!("email")));
    assert_eq!(sent["booking"]["room_id"], json!(room.id.to_string()));
    assert!(sent.get("delivery").is_none() && sent.get("secret").is_none());

    let path = format!("/v2/messages/{}", sent["id"].as_str().unwrap());
    let read = app.get(&path).by(&anna).send().await.expect(200);
    assert_eq!(read.data(), sent);
    let etag = read.header("etag").unwrap().to_owned();
    app.get(&path).by(&anna).header("if-none-match", &etag).send().await.expect(304);
    app.get(&path).by(&bob).send().await.refused(404, "not_found");
    app.get(&path).send().await.refused(401, "unauthenticated");
    assert_eq!(app.get("/v2/messages").by(&bob).send().await.expect(200).data(), &json!([]));
    app.get(&format!("/v2/messages?user={}", anna.id)).by(&bob).send().await.refused(403, "forbidden");
    app.get(&format!("/v2/messages?user={}", bob.id)).by(&bob).send().await.expect(200);
}

trait Pair {
    fn to_string_pair(&self) -> String;
}

impl Pair for (Value, Value) {
    fn to_string_pair(&self) -> String {
        format!("{} {}", self.0, self.1)
    }
}
