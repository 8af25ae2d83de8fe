//! Reads without a cache, with one in each process, and with one that processes share through Redis.
//!
//! As on AWS several processes answer, each with a memory of its own, over one set of tables: here as edges in one process, without
//! sockets, so that what differs is the cache. What is asked for is skewed as by Zipf's law, and somebody changes rooms meanwhile.

mod redis;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::number::decimal;
use bench::report::{Cell, Report, Table};
use cache::{Cache, Statistics};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use local::database::Data;
use local::{Front, Options, Server};
use serde_json::json;
use tokio::task::JoinSet;
use web::{Core, Keys};

use super::{Plan, cost};
use redis::Redis;

/// Processes that answer.
const EDGES: usize = 4;
/// Clients at once.
const CLIENTS: usize = 16;
/// Places, and rooms of each.
const PLACES: usize = 20;
const ROOMS: usize = 20;
/// How often a room is changed.
const CHANGED_EVERY: Duration = Duration::from_millis(100);
/// Clients on one cold key.
const STAMPEDE: usize = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Room,
    Catalogue,
    Availability,
    Dashboard,
}

impl What {
    const ALL: [Self; 4] = [Self::Room, Self::Catalogue, Self::Availability, Self::Dashboard];

    fn name(self) -> &'static str {
        match self {
            Self::Room => "read a room",
            Self::Catalogue => "list the rooms of a place",
            Self::Availability => "a day of a room",
            Self::Dashboard => "dashboard: totals of a place",
        }
    }
}

/// What there is to ask for, the most wanted first.
struct Scene {
    server: Server,
    token: String,
    places: Vec<String>,
    rooms: Vec<String>,
}

/// What came of a run.
#[derive(Default)]
struct Tally {
    micros: Vec<u64>,
    trips: u64,
    errors: u64,
    first_error: Option<String>,
}

/// Measures, and adds to the report; what went wrong.
pub(super) async fn measure(plan: &Plan, report: &mut Report) -> io::Result<Vec<String>> {
    let scene = Arc::new(Scene::make().await?);
    let redis = Redis::start()?;
    let columns = [
        "what",
        "cache",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "round trips each",
        "hits in the process, %",
        "hits in Redis, %",
        "errors",
    ];
    let title = "Reads by four processes, without a cache and with one: skewed by Zipf's law";
    let mut table = Table::new("cache", title, &columns);
    let columns = ["cache", "clients on one cold room", "reads of the table in each process", "errors"];
    let mut stampede = Table::new("stampede", "Everybody at once for what nobody has read", &columns);
    let mut wrong = Vec::new();
    let mut modes = vec!["off", "in the process"];
    modes.extend(redis.as_ref().map(|_| "and Redis"));
    for what in What::ALL {
        for mode in &modes {
            let edges = edges(&scene, mode, redis.as_ref(), what.name())?;
            let (tally, took) = asked(&scene, &edges, what, plan).await?;
            wrong.extend(tally.first_error.clone());
            table.row(row(what, mode, &tally, took, &edges));
        }
    }
    for (n, mode) in modes.iter().enumerate() {
        let edges = edges(&scene, mode, redis.as_ref(), "stampede")?;
        let room = scene.rooms.iter().rev().nth(n).map(String::as_str).unwrap_or_default();
        let mut loads = Vec::new();
        let mut errors = 0;
        for edge in &edges {
            let (trips, failed) = rush(&edge.front, room).await?;
            errors += failed;
            loads.push(trips.to_string());
        }
        let count = Cell::Number((STAMPEDE * edges.len()).to_string());
        stampede.row([Cell::text(*mode), count, Cell::Text(loads.join(", ")), Cell::count(errors)]);
    }
    table.note(format!(
        "{} s each, {CLIENTS} clients, {} rooms at {PLACES} places, the n-th wanted 1/n as often as the first; a room is changed every {} ms, and each process answers as documented in docs/cache.md. Each \
         figure begins with nothing kept. The embedded database answers on the same cores: a round trip to DynamoDB takes longer than one to this.",
        plan.time.as_secs(),
        PLACES * ROOMS,
        CHANGED_EVERY.as_millis(),
    ));
    if redis.is_none() {
        table.note("There was no redis-server.");
    }
    report.tables.extend([table, stampede]);
    drop(redis);
    if let Ok(scene) = Arc::try_unwrap(scene).map_err(drop) {
        scene.server.stop().await?;
    }
    Ok(wrong)
}

impl Scene {
    async fn make() -> io::Result<Self> {
        let options = Options { show_usage: true, cache: Cache::off(), ..Options::new(Data::Memory) };
        let server = local::start(options).await?;
        let (front, token) = cost::signed_in(&server).await?;
        let made = async |path: &str, key: String, body| {
            let came = front.post(path, &key, &body).await;
            came.text("id").ok_or_else(|| io::Error::other(came.problem()))
        };
        let (mut places, mut rooms) = (Vec::new(), Vec::new());
        for p in 0..PLACES {
            let body = json!({ "name": format!("Place {p}"), "zone": "UTC" });
            places.push(made("/v2/locations", format!("place {p}"), body).await?);
        }
        for n in 0..PLACES * ROOMS {
            let place = places.get(n % PLACES).map(String::as_str).unwrap_or_default();
            let body = json!({ "location_id": place, "name": format!("Room {n}"), "capacity": 8, "equipment": ["screen"] });
            rooms.push(made("/v2/rooms", format!("room {n}"), body).await?);
        }
        Ok(Self { server, token, places, rooms })
    }

    /// The path of a question, for the n-th most wanted thing.
    fn path(&self, what: What, n: usize, now: Timestamp) -> String {
        let room = self.rooms.get(n % self.rooms.len().max(1)).map(String::as_str).unwrap_or_default();
        let place = self.places.get(n % self.places.len().max(1)).map(String::as_str).unwrap_or_default();
        let midnight = Timestamp::from_second((now.as_second() / 86_400 + 2) * 86_400).unwrap_or(now);
        let next = midnight.saturating_add(SignedDuration::from_hours(24)).unwrap_or(midnight);
        match what {
            What::Room => format!("/v2/rooms/{room}"),
            What::Catalogue => format!("/v2/rooms?location={place}&limit=20"),
            What::Availability => {
                format!("/v2/rooms/{room}/availability?from={midnight}&to={next}&length=30")
            }
            What::Dashboard => {
                let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
                format!("/v2/figures/totals?location_id={place}&from={}&to={}", date(now), date(next))
            }
        }
    }
}

/// A process that answers.
struct Edge {
    core: Core,
    front: Front,
}

fn edges(scene: &Scene, mode: &str, redis: Option<&Redis>, figure: &str) -> io::Result<Vec<Edge>> {
    let core = scene.server.core();
    let edge = |_| {
        let cache = match (mode, redis) {
            ("off", _) => Cache::off(),
            ("and Redis", Some(redis)) => Cache::new(Some(redis.shared(figure)?)),
            _ => Cache::memory(),
        };
        let keys = Keys::from_secret(&[0; 32]).map_err(io::Error::other)?;
        let mut core = Core::cached(core.store.clone(), core.clock.clone(), keys, cache);
        // Those that the token was signed with.
        core.keys = Arc::clone(&scene.server.core().keys);
        core.show_usage = true;
        let api = local::api(&core, &scene.server.workers().relay().queues, None);
        let front = Front::new(web::service(api, &core), scene.token.clone());
        Ok(Edge { core, front })
    };
    (0..EDGES).map(edge).collect()
}

/// Has clients ask until the time is over, while rooms are changed.
async fn asked(scene: &Arc<Scene>, edges: &[Edge], what: What, plan: &Plan) -> io::Result<(Tally, Duration)> {
    let things = if matches!(what, What::Room | What::Availability) { PLACES * ROOMS } else { PLACES };
    let weights: Arc<[u64]> = zipf(things).into();
    let (begun, time) = (Instant::now(), plan.time);
    let now = scene.server.core().clock.now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (scene, weights) = (Arc::clone(scene), Arc::clone(&weights));
        let fronts: Vec<Front> = edges.iter().map(|edge| edge.front.clone()).collect();
        clients.spawn(async move {
            let mut chance = Chance(u64::from_be_bytes(env::random()) | 1);
            let mut tally = Tally::default();
            for n in client.. {
                if begun.elapsed() >= time {
                    break;
                }
                let Some(front) = fronts.get(n % fronts.len().max(1)) else { break };
                let path = scene.path(what, chance.pick(&weights), now);
                tally.ask(front, &path).await;
            }
            tally
        });
    }
    let mut tally = Tally::default();
    let (mut changed, mut chance) = (0_u64, Chance(u64::from_be_bytes(env::random()) | 1));
    let mut writing = tokio::time::interval(CHANGED_EVERY);
    while !clients.is_empty() {
        tokio::select! {
            Some(one) = clients.join_next() => tally.add(one?),
            _ = writing.tick() => {
                changed += 1;
                let Some(edge) = edges.first() else { continue };
                let path = scene.path(What::Room, chance.pick(&zipf(PLACES * ROOMS)), now);
                let came = edge.front.patch(&path, &json!({ "capacity": 8 + changed % 8 })).await;
                if came.status != http::StatusCode::OK {
                    tally.wrong(&format!("{path}: {}", came.problem()));
                }
            }
        }
    }
    tally.micros.sort_unstable();
    Ok((tally, begun.elapsed()))
}

/// Everybody asks one process for one room; round trips of all of them, and errors.
async fn rush(front: &Front, room: &str) -> io::Result<(u64, u64)> {
    // The session is known by then, so that what is counted are reads of the room.
    front.get("/v2/rooms?limit=1").await;
    let mut clients = JoinSet::new();
    for _ in 0..STAMPEDE {
        let (front, path) = (front.clone(), format!("/v2/rooms/{room}"));
        clients.spawn(async move {
            let mut tally = Tally::default();
            tally.ask(&front, &path).await;
            tally
        });
    }
    let mut all = Tally::default();
    while let Some(one) = clients.join_next().await {
        all.add(one?);
    }
    Ok((all.trips, all.errors))
}

impl Tally {
    async fn ask(&mut self, front: &Front, path: &str) {
        let sent = Instant::now();
        let came = front.get(path).await;
        if came.status == http::StatusCode::OK {
            self.micros.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            self.trips += came.usage.as_deref().map_or(0, trips);
        } else {
            self.wrong(&format!("{path}: {}", came.problem()));
        }
    }

    fn wrong(&mut self, what: &str) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| what.to_owned());
    }

    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.trips += other.trips;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn within(&self, of_a_thousand: usize) -> u64 {
        let rank = (self.micros.len() * of_a_thousand).div_ceil(1_000).max(1);
        self.micros.get(rank - 1).copied().unwrap_or_default()
    }
}

/// The round trips of `trips=1, reads=2, writes=0`.
fn trips(usage: &str) -> u64 {
    usage.split(',').next().and_then(|first| first.strip_prefix("trips=")?.parse().ok()).unwrap_or_default()
}

fn row(what: What, mode: &str, tally: &Tally, took: Duration, edges: &[Edge]) -> Vec<Cell> {
    let answered = u64::try_from(tally.micros.len()).unwrap_or(u64::MAX);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let all: Vec<Statistics> = edges.iter().map(|edge| edge.core.reads.cache().statistics()).collect();
    // That a session is known is no answer to what was asked.
    let kinds = || all.iter().flat_map(|one| &one.kinds).filter(|kind| kind.kind != "signed_in");
    let asked: u64 = kinds().map(cache::KindStatistics::asked).sum();
    let memory: u64 = kinds().map(|kind| kind.memory_hits + kind.waits).sum();
    let shared: u64 = kinds().map(|kind| kind.shared_hits).sum();
    let percent = |hits: u64| match asked {
        0 => Cell::None,
        asked => Cell::Number(decimal(hits * 1_000 / asked, 1, 1)),
    };
    vec![
        Cell::text(what.name()),
        Cell::text(mode),
        Cell::count(answered.saturating_mul(1_000_000) / micros),
        Cell::decimal(tally.within(500), 3, 2),
        Cell::decimal(tally.within(990), 3, 2),
        Cell::decimal(tally.trips * 1_000 / answered.max(1), 3, 2),
        percent(memory),
        percent(shared),
        Cell::count(tally.errors),
    ]
}

/// Weights added up: the n-th thing is wanted 1/n as often as the first.
fn zipf(things: usize) -> Vec<u64> {
    let mut sum = 0;
    (1..=things)
        .map(|n| {
            sum += 1_000_000 / u64::try_from(n).unwrap_or(u64::MAX);
            sum
        })
        .collect()
}

/// Marsaglia's xorshift: chance enough to ask by.
struct Chance(u64);

impl Chance {
    fn pick(&mut self, weights: &[u64]) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let at = self.0 % weights.last().copied().unwrap_or(1).max(1);
        weights.partition_point(|sum| *sum <= at)
    }
}
