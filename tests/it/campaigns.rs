//! Campaigns: everybody of an audience who wants it is written to once, at the rate that was asked for, until it is called off.

mod audience;
mod limits;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{CampaignId, Preferences, Role, Scope, User, UserId};
use jiff::SignedDuration;
use local::database::Data;
use providers::{Text, Texting, Texts};
use queue::{Attempt, Job};
use serde_json::{Value, json};
use store::Tx;

use crate::harness::{Answer, Log, Person, TestApp};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A provider that keeps all that it takes, one text as often as it comes.
#[derive(Default)]
pub(crate) struct Counting(Mutex<Vec<Text>>);

impl Texts for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        self.0.lock().unwrap().push(text.clone());
        Box::pin(async { Ok(None) })
    }
}

impl Counting {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// How often each number was written to.
    fn by_number(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for text in self.0.lock().unwrap().iter() {
            *counts.entry(text.to.as_str().to_owned()).or_default() += 1;
        }
        counts
    }

    fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|text| text.body.clone()).collect()
    }
}

/// An installation, who takes its texts, and who runs campaigns there.
pub(crate) struct Scene {
    pub app: TestApp,
    pub texts: Arc<Counting>,
    pub admin: Person,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let texts = Arc::new(Counting::default());
        let app = TestApp::start_with(local::Options {
            sms: Some(Arc::clone(&texts) as Arc<dyn Texts>),
            whatsapp: Some(Arc::clone(&texts) as Arc<dyn Texts>),
            ..local::Options::new(Data::Memory)
        })
        .await;
        let admin = app.person(Role::Admin).await;
        Self { app, texts, admin }
    }

    /// So many people with phones who want campaigns at any hour.
    pub(crate) async fn people(&self, count: usize) -> Vec<User> {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(self.somebody(number, |_| {}).await);
        }
        people
    }

    /// One of them, who wants something else.
    pub(crate) async fn somebody(&self, number: usize, otherwise: impl FnOnce(&mut User)) -> User {
        let now = self.app.now();
        let id = UserId::new(now, env::random());
        let mut user = User {
            id,
            user_name: format!("reader-{number}").parse().unwrap(),
            email: Some(format!("reader-{number}@people.example").parse().unwrap()),
            phone: Some(format!("+9198765{number:05}").parse().unwrap()),
            phone_proved: true,
            name: format!("Reader {number}").parse().unwrap(),
            role: Role::Customer,
            scope: Scope::All,
            active: true,
            preferences: Preferences {
                promotions: true,
                whatsapp: true,
                quiet_hours: None,
                ..Preferences::default()
            },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        otherwise(&mut user);
        let mut tx = Tx::new();
        tx.insert_account(self.app.store(), &store::Account::new(user.clone()));
        self.app.store().commit(tx).await.unwrap();
        user
    }

    pub(crate) async fn create(&self, key: &str, body: Value) -> Answer {
        self.app.post("/v2/campaigns", body).by(&self.app.renewed(&self.admin)).key(key).send().await
    }

    /// An SMS to everybody at this rate.
    pub(crate) async fn to_all(&self, per_minute: u32) -> CampaignId {
        let made = self.create("all", sms(per_minute)).await.expect(201);
        assert_eq!(made.text_of("state"), "scheduled");
        made.text_of("id").parse().unwrap()
    }

    pub(crate) async fn progress(&self, id: CampaignId) -> (String, Value) {
        let read = self.app.get(&format!("/v2/campaigns/{id}")).by(&self.app.renewed(&self.admin));
        let read = read.send().await.expect(200);
        (read.text_of("state"), read.data()["progress"].clone())
    }

    pub(crate) async fn cancel(&self, id: CampaignId, key: &str) -> Answer {
        let path = format!("/v2/campaigns/{id}/cancel");
        self.app.post(&path, json!({})).by(&self.app.renewed(&self.admin)).key(key).send().await
    }

    /// Puts a job on the queue so often.
    pub(crate) async fn again(&self, job: Job, times: usize) {
        for _ in 0..times {
            self.app.notify().send(&job, Duration::ZERO).await.unwrap();
        }
    }
}

pub(crate) fn sms(per_minute: u32) -> Value {
    json!({
        "name": "New year", "channel": "sms", "per_minute": per_minute,
        "text": { "body": "Dear {{1}}, the new year's dates are out.", "values": ["{name}"] },
    })
}

#[tokio::test]
async fn of_five_hundred_people_each_is_written_to_once_though_workers_die_and_jobs_are_doubled() {
    let scene = Scene::start().await;
    let app = &scene.app;
    scene.people(500).await;
    let id = scene.to_all(600).await;
    let notify = app.server().workers().notify();
    let work = || notify::work(notify, Job::Campaign { campaign: id }, Attempt { receive_count: 1 });
    // Three workers, one after the other, are gone in the middle of whatever they do.
    for reached in [1, 120, 320] {
        let killed = async {
            while app.store().campaign(id).await.unwrap().recipients < reached {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = work() => done.unwrap(),
            () = killed => {}
        }
    }
    let left = app.store().campaign(id).await.unwrap();
    assert!((320..500).contains(&left.recipients), "{}", left.recipients);
    // Four at once take over from it.
    let (a, b, c, d) = tokio::join!(work(), work(), work(), work());
    for done in [a, b, c, d] {
        done.unwrap();
    }
    scene.again(Job::Campaign { campaign: id }, 3).await;
    for _ in 0..4 {
        app.settle().await;
        for message in app.store().messages_waiting(600, None).await.unwrap().items {
            scene.again(Job::Deliver { message: message.id }, 2).await;
        }
        app.advance(MINUTE);
    }
    app.settle().await;
    let counts = scene.texts.by_number();
    assert_eq!(counts.len(), 500);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    app.advance(MINUTE * 5);
    app.settle().await;
    let (state, progress) = scene.progress(id).await;
    assert_eq!(state, "finished");
    assert_eq!(
        progress,
        json!({
            "seen": 501, "recipients": 500, "cut": false, "due": 0, "sent": 500, "delivered": 0, "failed": 0,
            "skipped": {},
        })
    );
    println!("campaign: 500 people, three workers killed, each job three times: 500 texts, each once");
}

#[tokio::test]
async fn what_has_not_gone_when_it_is_called_off_stays() {
    let scene = Scene::start().await;
    let app = &scene.app;
    scene.people(60).await;
    let id = scene.to_all(20).await;
    app.settle().await;
    app.advance(MINUTE);
    app.settle().await;
    let sent = scene.texts.count();
    assert!((20..60).contains(&sent), "{sent}");
    // One is on the queue already.
    let next = app.store().messages_waiting(1, None).await.unwrap().items.remove(0);
    scene.again(Job::Deliver { message: next.id }, 2).await;
    assert_eq!(scene.cancel(id, "stop").await.expect(200).text_of("state"), "cancelled");
    for _ in 0..10 {
        app.settle().await;
        app.advance(MINUTE);
    }
    assert_eq!(scene.texts.count(), sent, "none after that");
    let (state, progress) = scene.progress(id).await;
    assert_eq!((state.as_str(), &progress["due"]), ("cancelled", &json!(0)));
    assert_eq!(progress["skipped"], json!({ "cancelled": 60 - sent }));
    let again = scene.cancel(id, "stop").await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    scene.cancel(id, "once more").await.refused(409, "wrong_state");
}

#[tokio::test]
async fn one_that_is_called_off_before_its_time_writes_to_nobody() {
    let scene = Scene::start().await;
    scene.people(3).await;
    let mut later = sms(60);
    later["starts_at"] = json!("2027-01-04T10:00:00Z");
    let made = scene.create("later", later).await.expect(201);
    let id = made.text_of("id").parse().unwrap();
    scene.app.settle().await;
    assert_eq!(scene.texts.count(), 0, "it is not time");
    scene.cancel(id, "stop").await.expect(200);
    scene.app.advance(SignedDuration::from_hours(3));
    scene.app.settle().await;
    assert_eq!((scene.texts.count(), scene.progress(id).await.1["recipients"].clone()), (0, json!(0)));
}

#[tokio::test]
async fn one_begins_at_its_time_and_a_retry_of_its_request_makes_no_other() {
    let scene = Scene::start().await;
    scene.people(2).await;
    let mut later = sms(60);
    later["starts_at"] = json!("2027-01-04T10:00:00Z");
    let first = scene.create("later", later.clone()).await.expect(201);
    let again = scene.create("later", later).await.expect(201);
    assert_eq!(first.text_of("id"), again.text_of("id"));
    scene.app.settle().await;
    scene.app.advance(SignedDuration::from_hours(2));
    scene.app.settle().await;
    scene.app.advance(MINUTE);
    scene.app.settle().await;
    let mut bodies = scene.texts.bodies();
    bodies.sort();
    assert_eq!(bodies, [0, 1].map(|n| format!("Dear Reader {n}, the new year's dates are out.")));
}

#[tokio::test]
async fn neither_log_nor_trail_nor_answer_tells_a_number_of_an_audience() {
    let log = Log::begin();
    let scene = Scene::start().await;
    scene.people(3).await;
    let by = &scene.admin;
    let body = json!({ "phone_numbers": ["98765 00000", "9876500001"], "template": "new_year" });
    let made = scene.app.post("/v1/bulk-whatsapp/send", body).by(by).key("v1").send().await.expect(202);
    let id: CampaignId = made.body["campaign_id"].as_str().unwrap().parse().unwrap();
    let preview = json!({ "channel": "sms" });
    let preview = scene.app.post("/v2/campaigns/preview", preview).by(by).send().await.expect(200);
    scene.app.settle().await;
    scene.app.advance(MINUTE);
    scene.app.settle().await;
    assert_eq!(scene.texts.count(), 2);
    let told = log.end();
    let read = scene.app.get(&format!("/v2/campaigns/{id}")).by(&scene.app.renewed(by)).send().await;
    let trail = format!("/v2/audit?record={id}");
    let trail = scene.app.get(&trail).by(&scene.app.renewed(by)).send().await.expect(200);
    for text in [&told, &made.text, &preview.text, &read.text, &trail.text] {
        assert!(!text.contains("98765000") && !text.contains("reader-0@"), "{text}");
    }
    assert!(trail.text.contains("campaign.created"));
}
