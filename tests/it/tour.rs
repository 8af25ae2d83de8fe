//! `docs/tour.md`: a walk through the product, written by doing it.
//!
//! `UPDATE_EXPECT=1 cargo test -p tests tour` writes it anew. Ids and secrets, which differ from run to run, are numbered.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::Role;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::tidy::{root, text};

/// The walk so far.
struct Tour<'a> {
    app: &'a TestApp,
    text: String,
    names: BTreeMap<String, String>,
}

impl Tour<'_> {
    fn say(&mut self, words: &str) {
        let _ = writeln!(self.text, "{words}\n");
    }

    /// Does it, and writes down what was said and answered.
    async fn step(&mut self, by: Option<&Person>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut call = self.app.call(method.clone(), path);
        if let Some(person) = by {
            call = call.by(person);
        }
        if let Some(body) = &body {
            call = call.key(&format!("step {}", self.text.len())).json(body.clone());
        }
        // The description is of whole answers.
        let answer = if path.contains("fields=") { call.unchecked().await } else { call.send().await };
        let asked = body.map_or_else(String::new, |body| format!("\n\n{body:#}"));
        let came = if answer.body.is_null() { answer.text.clone() } else { format!("{:#}", answer.body) };
        let told = format!(
            "```http\n{method} {path}{asked}\n```\n\n```json\n{} {}\n{came}\n```\n",
            answer.status.as_u16(),
            answer.status.canonical_reason().unwrap_or_default(),
        );
        let told = self.numbered(&told);
        let _ = writeln!(self.text, "{told}");
        answer
    }

    /// The text with ids and secrets numbered in the order of their appearance.
    fn numbered(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            let (before, word) = rest.split_at(at);
            out.push_str(before);
            let end =
                word.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).unwrap_or(word.len());
            let (word, tail) = word.split_at(end);
            out.push_str(&self.named(word));
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// A mail as it was sent.
    fn mail(&mut self, mail: &providers::Email) -> String {
        let ics = mail.invitation.as_ref().map(|invitation| format!("\n```text\n{}```\n", invitation.ics));
        let head = format!("To: {}\nSubject: {}", mail.to.address, mail.subject);
        let sent = format!("```text\n{head}\n\n{}\n```\n{}", mail.text.trim_end(), ics.unwrap_or_default());
        let sent = sent.replace(&self.app.url(), "http://127.0.0.1:8080").replace("\r\n", "\n");
        self.numbered(&sent)
    }

    fn named(&mut self, word: &str) -> String {
        let kind = match word.split_once('_') {
            Some((kind, id)) if kind.len() == 3 && id.len() >= 26 => kind,
            // The gateway's own.
            Some((kind @ ("order" | "pay"), id)) if id.len() == 14 => kind,
            _ if word.len() > 60 && !word.contains(' ') => "token",
            _ => return word.to_owned(),
        };
        if kind == "req" {
            return "req_…".to_owned();
        }
        let number = self.names.values().filter(|name| name.starts_with(kind)).count() + 1;
        self.names.entry(word.to_owned()).or_insert_with(|| format!("{kind}_{number}…")).clone()
    }
}

/// A session offered, ordered, paid through the gateway, and given back.
async fn sessions(tour: &mut Tour<'_>, admin: &Person, [ada, bob]: [&Person; 2], place: &str) {
    tour.say("## A session, and its price\n\nWhat has a price is an offering: plans, add-ons, and what is given back to whoever cancels. It is sold on dates, its sessions; this one has two seats.");
    let seat = json!({ "code": "seat", "name": "A seat", "price": 2_500 });
    let wine = json!({ "code": "wine", "name": "A glass of wine", "price": 600 });
    let body = json!({
        "location_id": place, "name": "Evening concert", "currency": "EUR", "plans": [seat], "add_ons": [wine],
        "refunds": [{ "hours": 24, "percent": 100 }, { "hours": 2, "percent": 50 }],
    });
    let offering =
        tour.step(Some(admin), Method::POST, "/v2/offerings", Some(body)).await.expect(201).text_of("id");
    let body = json!({ "local_start": "2027-01-07T19:30:00", "minutes": 90, "capacity": 2 });
    let path = format!("/v2/offerings/{offering}/sessions");
    let made = tour.step(Some(admin), Method::POST, &path, Some(body)).await.expect(201);
    let session = made.data()[0]["id"].as_str().unwrap().to_owned();

    tour.say("Ada orders a seat and a glass of wine. She names codes; the amounts are the server's, and stay with her order whatever the offering costs tomorrow. The seat is hers for ten minutes.");
    let line = json!({ "pool_id": session, "quantity": 1, "add_ons": [{ "code": "wine" }] });
    let ordered =
        tour.step(Some(ada), Method::POST, "/v2/orders", Some(json!({ "lines": [line] }))).await.expect(201);
    let order = ordered.text_of("id");
    tour.say("Bob wants both seats. What is held is not sold a second time:");
    let both = json!({ "lines": [{ "pool_id": session, "quantity": 2 }] });
    tour.step(Some(bob), Method::POST, "/v2/orders", Some(both)).await.refused(409, "sold_out");

    tour.say("Paying begins with an order of the gateway, which its checkout needs.");
    let path = format!("/v2/orders/{order}/payments");
    let begun = tour.step(Some(ada), Method::POST, &path, Some(json!({}))).await.expect(201);
    let gateway = begun.data()["checkout"]["order_id"].as_str().unwrap();
    let paid = tour.app.gateway().pay(gateway).unwrap();
    tour.say("Whoever has not paid can say so all the same. Only the gateway's signature is believed, and it is over this very order:");
    let proof = |signature: &str| {
        json!({
            "razorpay_order_id": gateway, "razorpay_payment_id": paid.payment_id, "razorpay_signature": signature,
        })
    };
    let path = format!("/v2/payments/{}/verify", begun.text_of("id"));
    let forged = tour.step(Some(ada), Method::POST, &path, Some(proof("made up"))).await;
    forged.refused(422, "payment_mismatch");
    tour.say("Ada has paid, and her browser brings what the checkout handed out. The seat is sold.");
    tour.step(Some(ada), Method::POST, &path, Some(proof(&paid.signature))).await.expect(200);
    tour.app.settle().await;
    for webhook in tour.app.gateway().held() {
        tour.app.tell(&webhook).await.expect(200);
        tour.app.tell(&webhook).await.expect(200);
    }
    let mails = tour.app.settle().await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("Evening concert")).collect();
    assert_eq!(told.len(), 1);
    tour.say("The gateway told it as well, by three webhooks, and each of them twice. It changed nothing: Ada hears of it once.");
    let mail = tour.mail(told[0]);
    tour.say(&mail);

    tour.say("Three days before the concert she cancels. Nothing is charged any more, so `due` is what is owed to her:");
    let path = format!("/v2/orders/{order}/cancel");
    tour.step(Some(ada), Method::POST, &path, Some(json!({}))).await.expect(200);
    tour.app.settle().await;
    tour.say("No request waits for a bank. A worker asks the gateway for the refund, under a key that makes asking twice harmless, and the sums are even again. The seat is free for Bob.");
    let path = format!("/v2/orders/{order}?fields=state,price");
    tour.step(Some(ada), Method::GET, &path, None).await.expect(200);
    let path = format!("/v2/offerings/{offering}/sessions?fields=name,left");
    tour.step(Some(bob), Method::GET, &path, None).await.expect(200);
}

#[tokio::test]
async fn the_tour_is_what_happens() {
    let app = TestApp::start().await;
    let mut tour = Tour { app: &app, text: String::new(), names: BTreeMap::new() };
    tour.say(
        "# A tour\n\nEverything below was said to a running installation and answered by it; a test does it again on each run and fails when \
         an answer differs. The clock stands at Monday, 4 January 2027, 08:00 UTC. Ids and tokens are numbered, and every \
         `POST` had an `Idempotency-Key`.",
    );
    let admin = app.person(Role::Admin).await;
    tour.say("## A place and its rooms\n\nAn administrator adds a location with its zone and a room that opens from 8 to 18, Monday to Friday, and leaves ten minutes after each booking.");
    let body = json!({ "name": "Berlin", "zone": "Europe/Berlin", "address": "Example Street 1, Berlin" });
    let place =
        tour.step(Some(&admin), Method::POST, "/v2/locations", Some(body)).await.expect(201).text_of("id");
    let open = json!([{ "start": "08:00", "end": "18:00" }]);
    let closed = json!([]);
    let week = [&open, &open, &open, &open, &open, &closed, &closed];
    let body = json!({
        "location_id": place, "name": "Spree", "capacity": 6, "equipment": ["screen", "whiteboard"],
        "rules": { "buffer_after": 10, "hours": { "week": week } },
    });
    let room = tour.step(Some(&admin), Method::POST, "/v2/rooms", Some(body)).await.expect(201).text_of("id");

    tour.say("## Signing up\n\nWhoever registers is a customer, whatever they ask for.");
    let body = json!({ "name": "Ada", "user_name": "ada", "email": "ada@people.example", "password": "correct horse battery" });
    let ada = tour.step(None, Method::POST, "/v2/auth/register", Some(body)).await.expect(201);
    let id = ada.data()["account"]["id"].as_str().or(ada.data()["id"].as_str()).unwrap().to_owned();
    let body = json!({ "login": "ada", "password": "correct horse battery" });
    let signed = tour.step(None, Method::POST, "/v2/auth/login", Some(body)).await.expect(200);
    let token = signed.text_of("access_token");
    let ada = Person { id: id.parse().unwrap(), token, ..app.person(Role::Customer).await };

    tour.say("## Finding a room\n\nFor at least four people, with a screen, free on Tuesday from 10 to 11.");
    let path =
        "/v2/rooms?capacity=4&equipment=screen&free_from=2027-01-05T09:00:00Z&free_to=2027-01-05T10:00:00Z";
    tour.step(Some(&ada), Method::GET, path, None).await.expect(200);
    tour.say("What is free that morning, and why the rest is not:");
    let path = format!(
        "/v2/rooms/{room}/availability?from=2027-01-05T06:30:00Z&to=2027-01-05T08:30:00Z&length=60&step=30&explain=true"
    );
    tour.step(Some(&ada), Method::GET, &path, None).await.expect(200);

    tour.say("## Booking\n\nBy the wall clock of the room.");
    let body = json!({ "room_id": room, "local_start": "2027-01-05T10:00:00", "local_end": "2027-01-05T11:00:00", "title": "Planning" });
    let booking =
        tour.step(Some(&ada), Method::POST, "/v2/bookings", Some(body)).await.expect(201).text_of("id");
    tour.say("Somebody else wants a part of the same hour: a conflict, with the window that is taken and what is free nearby.");
    let bob = app.person(Role::Customer).await;
    let body =
        json!({ "room_id": room, "local_start": "2027-01-05T10:30:00", "local_end": "2027-01-05T11:30:00" });
    tour.step(Some(&bob), Method::POST, "/v2/bookings", Some(body)).await.refused(409, "slot_taken");
    tour.say("Five mistakes at once are five answers at once:");
    let body =
        json!({ "room_id": "blue", "start": "yesterday", "attendees": "many", "title": "", "colour": "red" });
    tour.step(Some(&bob), Method::POST, "/v2/bookings", Some(body)).await.expect(422);
    tour.say("An hour on a Sunday is refused by a rule, by name:");
    let body =
        json!({ "room_id": room, "local_start": "2027-01-10T10:00:00", "local_end": "2027-01-10T11:00:00" });
    tour.step(Some(&bob), Method::POST, "/v2/bookings", Some(body)).await.refused(422, "not_bookable");

    let before = app.settle().await;
    tour.say("## Moving it\n\nThe old time is given back and the new one taken in one transaction.");
    let body = json!({ "local_start": "2027-01-05T14:00:00", "local_end": "2027-01-05T15:00:00" });
    tour.step(Some(&ada), Method::POST, &format!("/v2/bookings/{booking}/reschedule"), Some(body))
        .await
        .expect(200);

    tour.say("## Being told\n\nEach change is a message; this is the last one, as it was sent.");
    let mails = app.settle().await;
    assert_eq!((before.len(), mails.len()), (1, 2));
    let mail = mails.iter().find(|mail| mail.id != before[0].id).unwrap();
    let sent = tour.mail(mail);
    tour.say(&sent);

    sessions(&mut tour, &admin, [&ada, &bob], &place).await;

    tour.say("## Afterwards\n\nThe desk says that it took place, and only now may Ada review the room.");
    app.advance(SignedDuration::from_hours(32));
    let admin = app.renewed(&admin);
    tour.step(Some(&admin), Method::POST, &format!("/v2/bookings/{booking}/complete"), Some(json!({})))
        .await
        .expect(200);
    let body = json!({ "login": "ada", "password": "correct horse battery" });
    let signed = app.post("/v2/auth/login", body).send().await.expect(200);
    let ada = Person { token: signed.text_of("access_token"), ..ada };
    let body = json!({ "booking_id": booking, "rating": 5, "text": "Bright and quiet." });
    tour.step(Some(&ada), Method::POST, "/v2/reviews", Some(body)).await.expect(201);

    tour.say(
        "## What happened\n\nEvery command left an event: who, what, when, from where, before and after.",
    );
    let auditor = app.person(Role::Auditor).await;
    tour.step(Some(&auditor), Method::GET, &format!("/v2/audit?record={booking}"), None).await.expect(200);

    let wanted = format!("{}\n", tour.text.trim_end());
    let path = "docs/tour.md";
    if root().join(path).exists() && text(path) == wanted {
        return;
    }
    assert!(
        env::optional("UPDATE_EXPECT").is_some(),
        "{path} is not what happens; run: UPDATE_EXPECT=1 cargo test -p tests tour\n{wanted}"
    );
    std::fs::write(root().join(path), wanted).unwrap();
}
