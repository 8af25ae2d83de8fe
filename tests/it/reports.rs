//! Providers that break, fall silent and tell late: what reaches phones, and what people see of their messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Role;
use jiff::SignedDuration;
use local::database::Data;
use providers::{Meta, MetaSettings, Msg91, Msg91Settings, Texts, Twilio, TwilioSettings};
use queue::Job;
use senders::{ACCOUNT, Callback, Options, SECRET, Senders, TOKEN};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office;

pub(crate) const PUBLIC: &str = "https://book.example/api";

pub(crate) async fn senders(seed: u64, trouble: u32, bounces: u32) -> Senders {
    Senders::start(Options { seed, trouble, public_url: PUBLIC.to_owned(), bounces }).await.unwrap()
}

pub(crate) fn twilio(senders: &Senders) -> Arc<dyn Texts> {
    Arc::new(
        Twilio::new(TwilioSettings {
            base: Some(senders.url().to_owned()),
            account: ACCOUNT.to_owned(),
            token: TOKEN.to_owned(),
            from: "+15550100".to_owned(),
            templates: providers::Templates::default(),
            public_url: PUBLIC.to_owned(),
        })
        .unwrap(),
    )
}

fn msg91(senders: &Senders) -> Arc<dyn Texts> {
    Arc::new(
        Msg91::new(Msg91Settings {
            base: Some(senders.url().to_owned()),
            key: TOKEN.to_owned(),
            sender: "HLDFST".to_owned(),
            templates: "confirmed=F1,reminder=F2,code=F3".parse().unwrap(),
        })
        .unwrap(),
    )
}

pub(crate) fn meta(senders: &Senders) -> Arc<dyn Texts> {
    Arc::new(
        Meta::new(MetaSettings {
            base: Some(format!("{}/v23.0", senders.url())),
            number: "1055".to_owned(),
            token: TOKEN.to_owned(),
            templates: providers::Templates::default(),
        })
        .unwrap(),
    )
}

pub(crate) async fn app(sms: Arc<dyn Texts>, whatsapp: Arc<dyn Texts>) -> TestApp {
    TestApp::start_with(local::Options {
        sms: Some(sms),
        whatsapp: Some(whatsapp),
        webhooks: insights::Webhooks {
            public_url: PUBLIC.to_owned(),
            twilio_token: Some(TOKEN.to_owned()),
            meta_secret: Some(SECRET.to_owned()),
            meta_verify: Some("a word".to_owned()),
            msg91_secret: Some(SECRET.to_owned()),
        },
        ..local::Options::new(Data::Memory)
    })
    .await
}

/// Posts a callback as the provider does.
pub(crate) async fn post(app: &TestApp, callback: &Callback) -> Answer {
    let path = callback.url.strip_prefix(PUBLIC).unwrap();
    let mut call = app.call(reqwest::Method::POST, path);
    for (name, value) in &callback.headers {
        call = call.header(name, value);
    }
    call.raw_body(callback.body.clone()).send().await
}

async fn person(app: &TestApp, number: u32, preferences: Value) -> Person {
    let person = app.person(Role::Customer).await;
    let phone = format!("+9198765{number:05}");
    let profile = json!({ "phone": phone, "preferences": preferences });
    app.patch("/v2/auth/me", profile).by(&person).send().await.expect(200);
    person
}

/// Makes so many bookings whose confirmation goes to a phone alone, by WhatsApp for every other person.
async fn bookings(app: &TestApp, rooms: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for room in 0..rooms {
        let whatsapp = room % 2 == 0;
        let wanted = json!({
            "email": false, "whatsapp": whatsapp, "reminder_minutes": null, "quiet_hours": null,
        });
        let somebody = person(app, u32::try_from(room).unwrap(), wanted).await;
        let room = office::blue(app).await;
        for hour in 8..18 {
            let (from, to) = (format!("{hour:02}:00"), format!("{:02}:00", hour + 1));
            office::book(app, &somebody, &room, &from, &to).await.expect(201);
        }
        people.push(somebody);
    }
    people
}

/// How often each piece of news reached a phone, by booking, and how its last message stands.
async fn told(app: &TestApp, senders: &Senders, people: &[Person]) -> BTreeMap<String, (usize, String)> {
    let counts = senders.counts();
    let mut told: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for person in people {
        let person = app.renewed(person);
        let list = app.get("/v2/messages?limit=100").by(&person).send().await.expect(200);
        for message in list.data().as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let news = told.entry(text(&message["booking"]["id"])).or_default();
            news.0 += counts.get(message["id"].as_str().unwrap()).copied().unwrap_or_default();
            if message["followed_by"].is_null() {
                news.1 = text(&message["state"]);
            }
        }
    }
    told
}

/// Works messages off with every job doubled, and with the providers' reports if they come at all.
async fn work(app: &TestApp, senders: &Senders, reports: bool) -> usize {
    let mut posted = 0;
    for _ in 0..40 {
        app.settle().await;
        if reports {
            for callback in senders.callbacks() {
                posted += 1;
                post(app, &callback).await.expect(204);
            }
        }
        let waiting = app.store().messages_waiting(300, None).await.unwrap().items;
        for message in &waiting {
            for _ in 0..2 {
                let job = Job::Deliver { message: message.id };
                app.notify().send(&job, std::time::Duration::ZERO).await.unwrap();
            }
        }
        if waiting.is_empty() {
            return posted;
        }
        app.advance(SignedDuration::from_mins(4));
    }
    posted
}

/// What happened once more from the start: every job of every event again.
async fn relay_again(app: &TestApp) {
    let relay = &app.relay();
    let hour = SignedDuration::from_hours(1);
    let readers = async |events: Vec<_>| relay::pass_on(relay, &events).await;
    relay::replay(app.store(), app.now() - hour, app.now() + hour, readers).await.unwrap();
}

#[tokio::test]
async fn of_two_hundred_messages_with_a_tenth_in_trouble_none_is_lost_and_none_comes_twice() {
    for (name, seed, bounces) in [("twilio and meta", 11, 0), ("msg91 and meta", 12, 5)] {
        let senders = senders(seed, 10, bounces).await;
        let sms = if name.starts_with("twilio") { twilio(&senders) } else { msg91(&senders) };
        let app = app(sms, meta(&senders)).await;
        let people = bookings(&app, 20).await;
        relay_again(&app).await;
        let posted = work(&app, &senders, true).await;
        relay_again(&app).await;
        work(&app, &senders, true).await;
        let told = told(&app, &senders, &people).await;
        let (requests, met) = senders.met();
        let reached = told.values().filter(|(count, _)| *count == 1).count();
        let dead = told.values().filter(|(count, state)| *count == 0 && state == "dead").count();
        println!(
            "{name}: {} news, {requests} requests, trouble {met:?}, {posted} callbacks; {reached} once, {dead} undeliverable",
            told.len()
        );
        assert_eq!(told.len(), 200);
        assert!(met.len() == 5, "every kind of trouble");
        assert!(told.values().all(|(count, _)| *count <= 1), "{told:?}");
        // Only what bounced on the last channel of its chain is untold, and is known to be.
        assert_eq!(reached + dead, 200, "{told:?}");
        assert!(bounces > 0 || dead == 0);
        for (count, state) in told.values().filter(|(count, _)| *count == 1) {
            assert!(["delivered", "read"].contains(&state.as_str()), "{count} {state}");
        }
    }
}

#[tokio::test]
async fn where_reports_are_lost_too_nothing_is_lost_and_what_was_done_in_silence_comes_again() {
    let senders = senders(13, 10, 0).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let people = bookings(&app, 10).await;
    work(&app, &senders, false).await;
    let told = told(&app, &senders, &people).await;
    let in_silence: usize =
        senders.met().1.iter().filter(|(kind, _)| kind.works()).map(|(_, count)| count).sum();
    let again: usize = told.values().map(|(count, _)| count - 1).sum();
    println!("without reports: {} news, {in_silence} done in silence, {again} came again", told.len());
    assert!(told.values().all(|(count, state)| *count >= 1 && state == "sent"), "{told:?}");
    assert_eq!(again, in_silence);
    assert!(again > 0, "this is what no provider lets us prevent");
}

#[tokio::test]
async fn a_text_that_does_not_arrive_goes_by_the_next_channel_and_late_words_change_nothing_for_the_worse() {
    let senders = senders(1, 0, 100).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let anna = person(&app, 1, json!({ "whatsapp": true, "quiet_hours": null })).await;
    let room = office::blue(&app).await;
    office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
    app.settle().await;
    let of_whatsapp = senders.callbacks();
    for callback in &of_whatsapp {
        post(&app, callback).await.expect(204);
    }
    app.settle().await;
    let ways = |list: &Answer| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = list.data().as_array().unwrap().iter().filter(|one| one["kind"] == "confirmed");
        let mut ways: Vec<_> = all.map(|one| (text(&one["channel"]), text(&one["state"]))).collect();
        ways.sort();
        ways
    };
    let way = |channel: &str, state: &str| (channel.to_owned(), state.to_owned());
    let list = app.get("/v2/messages").by(&anna).send().await.expect(200);
    assert_eq!(ways(&list), [way("email", "sent"), way("sms", "sent"), way("whatsapp", "dead")]);
    // The same again, and again in another order: nothing new.
    for callback in of_whatsapp.iter().rev().chain(&of_whatsapp) {
        post(&app, callback).await.expect(204);
    }
    app.settle().await;
    let again = app.get("/v2/messages").by(&anna).send().await.expect(200);
    assert_eq!(again.data(), list.data());
    assert!(senders.handed().is_empty(), "a text that bounced reached nobody");
}

#[tokio::test]
async fn a_forged_callback_is_refused_and_writes_nothing() {
    let senders = senders(1, 0, 0).await;
    for (number, sms) in (1..).zip([twilio(&senders), msg91(&senders)]) {
        let app = app(sms, meta(&senders)).await;
        let anna = person(&app, number, json!({ "quiet_hours": null })).await;
        let berta = person(&app, 9, json!({ "whatsapp": true, "quiet_hours": null })).await;
        let room = office::blue(&app).await;
        office::book(&app, &anna, &room, "09:00", "10:00").await.expect(201);
        office::book(&app, &berta, &room, "10:00", "11:00").await.expect(201);
        app.settle().await;
        let before = app.get("/v2/messages").by(&anna).send().await.expect(200);
        let before = (before, app.get("/v2/messages").by(&berta).send().await.expect(200));
        let callbacks = senders.callbacks();
        assert!(callbacks.len() >= 3);
        for callback in &callbacks {
            let body =
                callback.body.replace("delivered", "read").replace("sent", "read").replace("\"1\"", "\"2\"");
            let signed = |value: &str| Callback {
                headers: callback
                    .headers
                    .iter()
                    .map(|(name, is)| {
                        (*name, if *name == "content-type" { is.clone() } else { value.to_owned() })
                    })
                    .collect(),
                ..callback.clone()
            };
            let unsigned = Callback { headers: Vec::new(), ..callback.clone() };
            let mut forgeries =
                vec![unsigned, signed(""), signed("sha256="), signed("AAAA"), signed("sha256=zz")];
            if !callback.url.ends_with("msg91") {
                forgeries.push(Callback { body, ..callback.clone() });
            }
            if callback.url.contains("message=") {
                forgeries.push(Callback {
                    url: callback.url.replace("message=msg_", "message=msg_0"),
                    ..callback.clone()
                });
            }
            for forged in forgeries {
                if forged == *callback {
                    continue;
                }
                post(&app, &forged).await.refused(403, "forbidden");
            }
        }
        assert_eq!(app.get("/v2/messages").by(&anna).send().await.expect(200).data(), before.0.data());
        assert_eq!(app.get("/v2/messages").by(&berta).send().await.expect(200).data(), before.1.data());
        for callback in &callbacks {
            post(&app, callback).await.expect(204);
        }
    }
    let nobody = TestApp::here().await;
    for callback in senders.callbacks() {
        post(&nobody, &callback).await.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn meta_is_answered_its_challenge_and_nobody_else() {
    let senders = senders(1, 0, 0).await;
    let app = app(twilio(&senders), meta(&senders)).await;
    let ask = "/v2/webhooks/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let answer = app.get(&format!("{ask}a%20word")).unchecked().await.expect(200);
    assert_eq!(answer.text, "1158201444");
    for wrong in ["", "a", "another%20word"] {
        app.get(&format!("{ask}{wrong}")).send().await.refused(403, "forbidden");
    }
    app.get("/v2/webhooks/meta").send().await.refused(403, "forbidden");
}
