//! Answers are the same with a cache and without one, whatever becomes of Redis; and how old one can be.

pub(crate) mod redis;
mod stale;
mod trouble;

use std::collections::BTreeMap;

use cache::{Cache, KindStatistics, Shared};
use jiff::SignedDuration;
use local::Front;
use serde_json::{Value, json};
use web::{Core, Keys};

use crate::catalog;
use crate::harness::{Person, SECRET, TestApp};
use redis::Redis;

/// Another process of the same installation: its own edge, and its own cache or none.
pub(crate) struct Process {
    pub(crate) core: Core,
    pub(crate) front: Front,
}

impl Process {
    pub(crate) fn beside(app: &TestApp, cache: Cache, by: &Person) -> Self {
        let core = app.server().core();
        let keys = Keys::from_secret(&SECRET).unwrap();
        let core = Core::cached(core.store.clone(), core.clock.clone(), keys, cache);
        let api = local::api(&core, &app.queues(), None);
        let front = Front::new(web::service(api, &core), app.token(by.id, by.session));
        Self { core, front }
    }

    pub(crate) fn counted(&self, kind: &str) -> KindStatistics {
        let statistics = self.core.reads.cache().statistics();
        statistics.kinds.into_iter().find(|known| known.kind == kind).unwrap()
    }

    /// What these paths answer: status and body.
    async fn read(&self, paths: &[String]) -> BTreeMap<String, (u16, Value)> {
        let mut answers = BTreeMap::new();
        for path in paths {
            let came = self.front.get(path).await;
            answers.insert(path.clone(), (came.status.as_u16(), came.body));
        }
        answers
    }
}

/// An office with a shop window: somebody who changes it, and what of it is read.
struct Scene {
    app: TestApp,
    admin: Person,
    location: String,
    room: String,
    offering: String,
    pool: String,
    paths: Vec<String>,
    changes: u32,
}

impl Scene {
    async fn make(cache: Cache) -> Self {
        let app = TestApp::start_cached(cache).await;
        let admin = app.person(domain::Role::Admin).await;
        let location = catalog::location(&app, &admin, "Berlin").await;
        let room = catalog::room(&app, &admin, &location, "Spree", 6).await;
        let body = json!({
            "location_id": location, "name": "Concert", "currency": "EUR",
            "plans": [{ "code": "seat", "name": "A seat", "price": 2_500 }],
        });
        let offering = app.post("/v2/offerings", body).by(&admin).send().await.expect(201).text_of("id");
        let pool = json!({ "location_id": location, "name": "Chairs", "kind": "total", "capacity": 50 });
        let pool = app.post("/v2/pools", pool).by(&admin).send().await.expect(201).text_of("id");
        let day = "from=2027-01-05T08:00:00Z&to=2027-01-05T18:00:00Z";
        let paths = vec![
            format!("/v2/locations/{location}"),
            "/v2/locations".to_owned(),
            format!("/v2/rooms/{room}"),
            "/v2/rooms?capacity=2".to_owned(),
            format!("/v2/rooms?location={location}"),
            format!("/v2/rooms/{room}/availability?{day}&length=60"),
            format!("/v2/availability?{day}&length=60"),
            format!("/v2/offerings/{offering}"),
            format!("/v2/offerings?location_id={location}"),
            format!("/v2/offerings/{offering}/sessions"),
            format!("/v2/pools/{pool}"),
            format!("/v2/pools/{pool}/availability"),
            format!("/v2/room-types?location_id={location}"),
            format!("/v2/figures/totals?location_id={location}"),
            "/v2/rooms/res_00000000000000000000000000".to_owned(),
        ];
        Self { app, admin, location, room, offering, pool, paths, changes: 0 }
    }

    /// Changes the next thing: place, room, offering, what is claimed of room and pool, by turns.
    async fn change(&mut self) {
        self.changes += 1;
        let (app, n) = (&self.app, self.changes);
        let admin = app.renewed(&self.admin);
        match n % 8 {
            0 => {
                let path = format!("/v2/locations/{}", self.location);
                let body = json!({ "name": format!("Berlin {n}") });
                app.patch(&path, body).by(&admin).send().await.expect(200);
            }
            1 => {
                let path = format!("/v2/rooms/{}", self.room);
                app.patch(&path, json!({ "capacity": 6 + n })).by(&admin).send().await.expect(200);
            }
            2 => {
                let start = format!("2027-01-05T{:02}:00:00Z", 8 + (n / 8) % 10);
                let end = format!("2027-01-05T{:02}:30:00Z", 8 + (n / 8) % 10);
                let body = json!({ "room_id": self.room, "start": start, "end": end });
                app.post("/v2/bookings", body).by(&admin).key(&format!("{n}")).send().await.expect(201);
            }
            3 => {
                let body = json!({ "lines": [{ "pool_id": self.pool, "quantity": 1 }] });
                app.post("/v2/orders", body).by(&admin).key(&format!("{n}")).send().await.expect(201);
            }
            4 => {
                catalog::room(app, &admin, &self.location, &format!("Room {n}"), 4).await;
            }
            5 => {
                let body = json!({ "local_start": format!("2027-02-{:02}T19:00:00", 1 + n / 8), "minutes": 60, "capacity": 9 });
                let path = format!("/v2/offerings/{}/sessions", self.offering);
                app.post(&path, body).by(&admin).key(&format!("{n}")).send().await.expect(201);
            }
            6 => {
                let path = format!("/v2/pools/{}", self.pool);
                app.patch(&path, json!({ "name": format!("Chairs {n}") }))
                    .by(&admin)
                    .send()
                    .await
                    .expect(200);
            }
            _ => {
                catalog::location(app, &admin, &format!("Place {n}")).await;
            }
        }
        app.settle().await;
    }

    /// The process that writes, as it answers over its socket.
    async fn read(&self) -> BTreeMap<String, (u16, Value)> {
        let admin = self.app.renewed(&self.admin);
        let mut answers = BTreeMap::new();
        for path in &self.paths {
            let answer = self.app.get(path).by(&admin).send().await;
            answers.insert(path.clone(), (answer.status.as_u16(), answer.body));
        }
        answers
    }

    /// Every process anew: their tokens hold for a quarter of an hour.
    fn beside(&self, cache: Cache) -> Process {
        Process::beside(&self.app, cache, &self.admin)
    }
}

/// Compares answers path by path.
fn same(one: &BTreeMap<String, (u16, Value)>, other: &BTreeMap<String, (u16, Value)>, when: &str) {
    for (path, answer) in one {
        // A cursor is sealed anew each time.
        let (mut answer, mut expected) = (answer.clone(), other[path].clone());
        for body in [&mut answer.1, &mut expected.1] {
            for field in ["next", "request_id"] {
                if let Some(object) = body.as_object_mut() {
                    object.remove(field);
                }
            }
        }
        assert_eq!(answer, expected, "{when}: {path}");
    }
}

#[tokio::test]
async fn a_process_answers_what_it_wrote_itself_as_the_tables_have_it() {
    let mut scene = Scene::make(Cache::memory()).await;
    let off = scene.beside(Cache::off());
    for _ in 0..24 {
        let paths = scene.paths.clone();
        same(&scene.read().await, &off.read(&paths).await, "before the change");
        scene.change().await;
        same(&scene.read().await, &off.read(&paths).await, "after the change");
        scene.app.advance(SignedDuration::from_millis(700));
    }
    let hits: u64 =
        scene.app.server().core().reads.cache().statistics().kinds.iter().map(|kind| kind.memory_hits).sum();
    assert!(hits > 200, "{hits}");
}

#[tokio::test]
async fn a_thousand_clients_on_one_cold_room_are_one_read_of_the_table() {
    let scene = Scene::make(Cache::memory()).await;
    let processes = [scene.beside(Cache::memory()), scene.beside(Cache::memory())];
    let path = format!("/v2/rooms/{}", scene.room);
    let before = scene.app.store().resource(scene.room.parse().unwrap()).await.unwrap().version;
    for process in &processes {
        let asks = (0..1_000).map(|_| process.front.get(&path));
        for came in futures::future::join_all(asks).await {
            assert_eq!((came.status.as_u16(), came.body["data"]["version"].as_u64()), (200, Some(before)));
        }
        let room = process.counted("room");
        assert_eq!((room.loads, room.misses, room.asked()), (1, 1, 1_000), "{room:?}");
    }
}

#[tokio::test]
async fn what_the_schedule_warms_is_there_for_another_process() {
    let Some(redis) = Redis::start() else { return };
    let scene = Scene::make(Cache::off()).await;
    let warming = scene.beside(Cache::new(Some(redis.shared("it-"))));
    assert_eq!(insights::warm(&warming.core.reads).await.unwrap(), 3);
    let other = scene.beside(Cache::new(Some(redis.shared("it-"))));
    let (read, usage) = store::metered(other.core.reads.location(scene.location.parse().unwrap())).await;
    assert_eq!((read.unwrap().name.to_string(), usage.trips), ("Berlin".to_owned(), 0));
    assert_eq!(other.counted("location").shared_hits, 1);
    assert_eq!(
        insights::warm(&scene.beside(Cache::memory()).core.reads).await.unwrap(),
        0,
        "for itself alone"
    );
}

#[tokio::test]
async fn what_is_warmed_is_not_read_again() {
    let scene = Scene::make(Cache::memory()).await;
    let process = scene.beside(Cache::memory());
    assert_eq!(process.core.reads.warm(&[]).await.unwrap(), 3, "a location, its room and its offering");
    let loads = || ["location", "room", "offerings"].map(|kind| process.counted(kind).loads);
    assert_eq!(loads(), [1, 1, 1]);
    process.core.reads.warm(&[scene.location.parse().unwrap()]).await.unwrap();
    process.front.get(&format!("/v2/rooms/{}", scene.room)).await;
    assert_eq!(loads(), [1, 1, 1]);
    let nowhere = domain::LocationId::derived([7; 16]);
    assert_eq!(process.core.reads.warm(&[nowhere]).await.unwrap_err().code(), errors::Code::NotFound);
}

#[tokio::test]
async fn readiness_tells_of_a_cache_that_is_away_and_stays_ready() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let shared = Shared::new(&format!("redis://{nobody}"), String::new()).unwrap();
    let app = TestApp::start_cached(Cache::new(Some(shared))).await;
    app.get("/v2/locations").send().await.expect(200);
    let ready = app.get("/ready").send().await.expect(200);
    assert_eq!(ready.body["status"], "degraded");
    assert_eq!(ready.body["dependencies"]["database"], "ok");
    let statistics = app.server().core().reads.cache().statistics();
    assert!(
        ready.body["dependencies"]["cache"] == "open" || statistics.shared.attempts > 1,
        "{}",
        ready.body
    );
    assert!(statistics.shared.failures >= 1);
    // As pages and log lines tell it.
    assert_eq!(serde_json::to_value(&statistics).unwrap()["kinds"][0]["kind"], "signed_in");
}
