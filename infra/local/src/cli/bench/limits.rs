//! A caller who asks ten times as often as they may, and a crowd that asks four times as much as the server can do.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bench::load::{Ask, Connection};
use bench::report::{Cell, Report, Table};
use env::Clock;
use tokio::task::JoinSet;

use super::Plan;
use super::child::{Directory, Serving};
use super::scene::Scene;

/// The limit of whoever sends no token; nobody else has one.
const LIMITS: &str = "all=off,read.anonymous=20/1";
/// Requests a second, and at once, by that.
const RATE: u64 = 20;
/// Clients that ask too often, and how often each does: ten times the rate together.
const GREEDY: (usize, Duration) = (20, Duration::from_millis(100));
/// The others, who ask as often as the limit lets the greedy.
const OTHERS: (usize, Duration) = (4, Duration::from_millis(200));
/// Four times as many as a server works and lets wait.
const CROWD: usize = 4 * (64 + 1_024);
/// As fast as answers come.
const AT_ONCE: Duration = Duration::ZERO;
/// How long the server may take to be as it was.
const RECOVERY: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Default)]
struct Tally {
    statuses: BTreeMap<u16, u64>,
    broken: u64,
    /// Of right answers, in microseconds.
    micros: Vec<u64>,
    took: Duration,
}

impl Tally {
    fn of(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    fn all(&self) -> u64 {
        self.statuses.values().sum::<u64>() + self.broken
    }

    /// Anything but an answer, and what says to come back later.
    fn wrong(&self) -> u64 {
        self.all() - self.of(200) - self.of(429) - self.of(503)
    }

    fn each_second(&self, count: u64) -> u64 {
        count * 1_000 / u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1)
    }

    fn within(&self, of_a_thousand: usize) -> u64 {
        let rank = (self.micros.len() * of_a_thousand).div_ceil(1_000).max(1);
        self.micros.get(rank - 1).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.broken += other.broken;
        self.micros.extend(other.micros);
    }
}

/// So many clients, each asking every so often whatever becomes of it, or as fast as answers come.
async fn asked(
    address: SocketAddr,
    (clients, every): (usize, Duration),
    time: Duration,
    ask: Ask,
) -> io::Result<Tally> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Connection::open(address).await?);
    }
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for (n, connection) in connections.into_iter().enumerate() {
        // They begin one after the other, so that what all of them ask is even.
        let first = every * u32::try_from(n).unwrap_or(0) / u32::try_from(clients).unwrap_or(1).max(1);
        running.spawn(client(connection, (begun, begun + first, every), time, ask.clone()));
    }
    let mut tally = Tally::default();
    while let Some(client) = running.join_next().await {
        tally.add(client?);
    }
    tally.took = begun.elapsed();
    tally.micros.sort_unstable();
    Ok(tally)
}

async fn client(
    mut connection: Connection,
    (begun, mut next, every): (Instant, Instant, Duration),
    time: Duration,
    ask: Ask,
) -> Tally {
    let mut tally = Tally::default();
    while next.duration_since(begun) < time && begun.elapsed() < time {
        tokio::time::sleep_until(next.into()).await;
        let sent = Instant::now();
        if let Ok(answer) = connection.ask(ask.clone()).await {
            *tally.statuses.entry(answer.status.as_u16()).or_default() += 1;
            if answer.status == ask.expected {
                tally.micros.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            }
        } else {
            tally.broken += 1;
            match Connection::open(connection.address()).await {
                Ok(another) => connection = another,
                Err(_) => break,
            }
        }
        next = if every == AT_ONCE { Instant::now() } else { next + every };
    }
    tally
}

/// Measures, and adds to the report; what went wrong.
pub(super) async fn measure(plan: &Plan, report: &mut Report) -> io::Result<Vec<String>> {
    let directory = Directory::new()?;
    let server = Serving::limited(directory.path(), LIMITS).await?;
    let scene = Scene::make(directory.path(), server.address, 0, Clock::system().now()).await?;
    let (mut wrong, ask) = (Vec::new(), scene.read());
    let greedy = Ask { token: "".into(), ..ask.clone() };
    // Whatever is made at the first request is made before anything is measured.
    asked(server.address, OTHERS, Duration::from_secs(1), ask.clone()).await?;

    let alone = asked(server.address, OTHERS, plan.time, ask.clone()).await?;
    let (beside, flood) = tokio::try_join!(
        asked(server.address, OTHERS, plan.time, ask.clone()),
        asked(server.address, GREEDY, plan.time, greedy),
    )?;
    let wanted = RATE + RATE * u64::try_from(plan.time.as_millis()).unwrap_or(0) / 1_000;
    let off = flood.of(200).abs_diff(wanted) * 1_000 / wanted;
    // One more or less is what the ends of the measurement make.
    if (off > 20 && flood.of(200).abs_diff(wanted) > 1) || flood.wrong() + beside.wrong() + alone.wrong() > 0
    {
        wrong.push(format!(
            "{} of {wanted} requests were let through, {} broke",
            flood.of(200),
            flood.wrong()
        ));
    }
    let columns = ["who", "asked/s", "answered", "by the limit", "off %", "429", "p50 ms", "p99 ms"];
    let mut table = Table::new("limits", "One caller asks ten times as often as they may", &columns);
    for (who, tally, limit) in [
        ("others, before", &alone, None),
        ("others, meanwhile", &beside, None),
        ("the greedy one", &flood, Some(wanted)),
    ] {
        table.row([
            Cell::text(who),
            Cell::count(tally.each_second(tally.all())),
            Cell::count(tally.of(200)),
            limit.map_or(Cell::None, Cell::count),
            limit.map_or(Cell::None, |_| Cell::decimal(off, 1, 1)),
            Cell::count(tally.of(429)),
            Cell::decimal(tally.within(500), 3, 2),
            Cell::decimal(tally.within(990), 3, 2),
        ]);
    }
    table.note(format!("{} s each; the limit is {RATE} requests in a second, by address. Latencies are of what was answered.", plan.time.as_secs()));
    report.tables.push(table);

    report.tables.push(crowded(plan, &server, &ask, &mut wrong).await?);
    server.stop().await?;
    Ok(wrong)
}

async fn crowded(plan: &Plan, server: &Serving, ask: &Ask, wrong: &mut Vec<String>) -> io::Result<Table> {
    let before = asked(server.address, (64, AT_ONCE), plan.time, ask.clone()).await?;
    let memory = |server: &Serving| server.process.memory().unwrap_or_default();
    let small = memory(server);
    let capacity = before.each_second(before.of(200)).max(1);
    let every = Duration::from_micros(u64::try_from(CROWD).unwrap_or(0) * 1_000_000 / (4 * capacity));
    let crowd = asked(server.address, (CROWD, every), plan.time, ask.clone()).await?;
    let large = memory(server);
    let ended = Instant::now();
    let recovered = loop {
        let once = asked(server.address, (1, AT_ONCE), Duration::from_millis(100), ask.clone()).await?;
        if once.of(200) == once.all() && once.within(990) <= 2 * before.within(990) {
            break ended.elapsed();
        }
        if ended.elapsed() > 2 * RECOVERY {
            break ended.elapsed();
        }
    };
    let after = asked(server.address, (64, AT_ONCE), plan.time, ask.clone()).await?;
    let last = memory(server);
    if crowd.wrong() + before.wrong() + after.wrong() > 0 || recovered > RECOVERY {
        wrong.push(format!("{} of a crowd's requests broke; recovered in {recovered:?}", crowd.wrong()));
    }
    let columns = [
        "when",
        "clients",
        "asked/s",
        "answered/s",
        "503/s",
        "others",
        "p50 ms",
        "p99 ms",
        "MB in RAM",
        "most MB so far",
    ];
    let mut table = Table::new("crowd", "A crowd asks four times what the server can do", &columns);
    for (when, clients, tally, (now, most)) in
        [("before", 64, &before, small), ("meanwhile", CROWD, &crowd, large), ("after", 64, &after, last)]
    {
        table.row([
            Cell::text(when),
            Cell::Number(clients.to_string()),
            Cell::count(tally.each_second(tally.all())),
            Cell::count(tally.each_second(tally.of(200))),
            Cell::count(tally.each_second(tally.of(503))),
            Cell::count(tally.wrong()),
            Cell::decimal(tally.within(500), 3, 2),
            Cell::decimal(tally.within(990), 3, 2),
            Cell::decimal(now / 1_000, 3, 1),
            Cell::decimal(most / 1_000, 3, 1),
        ]);
    }
    table.note(format!(
        "{} s each. 64 are at work and 1,024 wait; the others are turned away. Recovered, with p99 at most twice what it was, {} ms after the crowd had gone. Server and clients share the machine.",
        plan.time.as_secs(),
        recovered.as_millis()
    ));
    Ok(table)
}
