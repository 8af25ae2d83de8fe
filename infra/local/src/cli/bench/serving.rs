//! The server on this machine under load, and as its store grows.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use bench::load::{self, Ask, Load, Size};
use bench::number::{decimal, times};
use bench::report::{Cell, Chart, Group, Report, Table};
use env::Clock;

use super::Plan;
use super::child::{Directory, Serving};
use super::scene::Scene;
use super::seed::{self, PER_ROOM};

/// How long messages may take that follow from the bookings of one figure.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked whether they are there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Health,
    Read,
    List,
    Week,
    Book,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Health, Self::Read, Self::List, Self::Week, Self::Book];

    fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Read => "read a room",
            Self::List => "list 20 rooms",
            Self::Week => "a week of a room",
            Self::Book => "book",
        }
    }

    /// Requests per second and CPU per request, in microseconds, of the best of the systems that this one replaces, each
    /// figure by itself, as measured on two cores before work on this one began.
    fn replaced(self) -> Option<(u64, u64)> {
        match self {
            Self::Health => None,
            Self::Read => Some((105, 9_500)),
            Self::List => Some((42, 24_000)),
            Self::Week => Some((134, 14_000)),
            Self::Book => Some((54, 26_000)),
        }
    }
}

/// One figure under load.
struct Figure {
    kind: Kind,
    connections: usize,
    load: Load,
    /// Microseconds per right answer.
    cpu: Option<u64>,
}

/// Measures, and adds to the report; what went wrong.
pub(super) async fn measure(plan: &Plan, report: &mut Report) -> io::Result<Vec<String>> {
    let directory = Directory::new()?;
    let data = directory.path();
    let now = Clock::system().now();
    let most = plan.bookings.iter().copied().max().unwrap_or_default();
    let server = Serving::start(data).await?;
    let mut scene = Scene::make(data, server.address, most.div_ceil(PER_ROOM).max(1), now).await?;
    server.stop().await?;
    let (mut wrong, mut figures, mut stored) = (Vec::new(), Vec::new(), 0);
    let mut growth = grown();
    let mut memory = Table::new("memory", "Memory of the server", &["when", "MB in RAM", "most MB so far"]);
    for bookings in &plan.bookings {
        let took = seed::bookings(data, &scene, (stored, *bookings), now).await?;
        growth.note(format!(
            "{} bookings were added in {} s.",
            bookings - stored,
            decimal(millis(took), 3, 1)
        ));
        let server = Serving::start(data).await?;
        scene.renew(server.address).await?;
        remember(&mut memory, &server, format!("after its start, with {bookings} bookings"));
        if stored == 0 {
            figures = loaded(plan, &server, &scene, data, &mut wrong).await?;
            let clients = plan.connections.iter().max().copied().unwrap_or_default();
            remember(&mut memory, &server, format!("after {clients} clients at once"));
        }
        for kind in [Kind::Week, Kind::Book] {
            let figure = figure(plan, &server, &scene, kind, 1).await?;
            growth.row(growth_row(*bookings, &figure));
            wrong.extend(errors(&figure));
        }
        remember(&mut memory, &server, format!("after the figures with {bookings} bookings"));
        stored = *bookings;
        server.stop().await?;
    }
    report.tables.extend([under_load(plan, &figures), beside(&figures), growth, memory]);
    report.charts.extend(charts(&figures));
    Ok(wrong)
}

fn grown() -> Table {
    let title = "As the store grows, without a cache: one client";
    let columns = [
        "what",
        "bookings in the store",
        "consumed each",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU ms each",
        "errors",
    ];
    Table::new("growth", title, &columns)
}

fn remember(memory: &mut Table, server: &Serving, when: String) {
    let megabytes = |bytes: u64| Cell::decimal(bytes / 1_000, 3, 1);
    let (now, most) = match server.process.memory() {
        Some((now, most)) => (megabytes(now), megabytes(most)),
        None => (Cell::None, Cell::None),
    };
    memory.row([Cell::Text(when), now, most]);
}

async fn loaded(
    plan: &Plan,
    server: &Serving,
    scene: &Scene,
    data: &Path,
    wrong: &mut Vec<String>,
) -> io::Result<Vec<Figure>> {
    // Whatever is made at the first request is made before anything is measured.
    let warm = Plan {
        requests: 200.min(plan.requests),
        time: plan.time,
        connections: Vec::new(),
        bookings: Vec::new(),
    };
    for kind in Kind::ALL {
        wrong.extend(errors(&figure(&warm, server, scene, kind, 16).await?));
    }
    told(scene, data).await?;
    let mut figures = Vec::new();
    for connections in &plan.connections {
        for kind in Kind::ALL {
            let figure = figure(plan, server, scene, kind, *connections).await?;
            wrong.extend(errors(&figure));
            figures.push(figure);
            if kind == Kind::Book {
                // The next figure is not to be that of these bookings' messages.
                told(scene, data).await?;
            }
        }
    }
    Ok(figures)
}

async fn figure(
    plan: &Plan,
    server: &Serving,
    scene: &Scene,
    kind: Kind,
    connections: usize,
) -> io::Result<Figure> {
    let size = Size { connections, requests: plan.requests, time: plan.time };
    let before = server.process.cpu();
    let fixed = |ask: Ask| move |_| ask.clone();
    let load = match kind {
        Kind::Health => load::run(server.address, size, fixed(Scene::health())).await?,
        Kind::Read => load::run(server.address, size, fixed(scene.read())).await?,
        Kind::List => load::run(server.address, size, fixed(scene.list())).await?,
        Kind::Week => load::run(server.address, size, fixed(scene.week())).await?,
        Kind::Book => load::run(server.address, size, scene.book()).await?,
    };
    let used = before.zip(server.process.cpu()).map(|(before, after)| micros(after.saturating_sub(before)));
    let cpu = used.map(|used| used / load.answered.max(1));
    Ok(Figure { kind, connections, load, cpu })
}

/// Waits until every booking that was asked for has its confirmation in the outbox.
async fn told(scene: &Scene, data: &Path) -> io::Result<()> {
    let begun = Instant::now();
    while mails(data)? < scene.bookings() {
        if begun.elapsed() > PATIENCE {
            let text = format!("{} of {} confirmations came", mails(data)?, scene.bookings());
            return Err(io::Error::other(text));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn mails(data: &Path) -> io::Result<usize> {
    let entries = std::fs::read_dir(data.join("outbox"))?;
    Ok(entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "eml")).count())
}

fn errors(figure: &Figure) -> Option<String> {
    let Figure { kind, connections, load, .. } = figure;
    let first = load.first_error.as_deref().filter(|_| load.errors > 0)?;
    Some(format!("{}, {connections} at once: {} errors: {first}", kind.name(), load.errors))
}

fn timing(figure: &Figure) -> [Cell; 5] {
    let Figure { load, cpu, .. } = figure;
    [
        Cell::count(load.per_second()),
        Cell::decimal(load.within(500), 3, 2),
        Cell::decimal(load.within(990), 3, 2),
        cpu.map_or(Cell::None, |cpu| Cell::decimal(cpu, 3, 2)),
        Cell::count(load.errors),
    ]
}

fn growth_row(bookings: usize, figure: &Figure) -> Vec<Cell> {
    let usage = figure.load.usage.clone().map_or(Cell::None, Cell::Text);
    let head = [Cell::text(figure.kind.name()), Cell::Number(bookings.to_string()), usage];
    head.into_iter().chain(timing(figure)).collect()
}

fn under_load(plan: &Plan, figures: &[Figure]) -> Table {
    let title = "The server on this machine, its data in a file, without a cache, under load";
    let columns = ["what", "clients at once", "requests/s", "p50 ms", "p99 ms", "CPU ms each", "errors"];
    let mut table = Table::new("load", title, &columns);
    for figure in figures {
        let head = [Cell::text(figure.kind.name()), Cell::Number(figure.connections.to_string())];
        table.row(head.into_iter().chain(timing(figure)));
    }
    table.note(format!(
        "{} s each or {} requests. Each client waits for its answer before it asks again; server and load client share the machine's cores. \
         CPU is the server's, user and system, with its embedded database and whatever it does beside the requests: behind a booking there is a mail.",
        plan.time.as_secs(),
        plan.requests
    ));
    table
}

/// The figure with the most requests per second.
fn best(figures: &[Figure], kind: Kind) -> Option<&Figure> {
    figures.iter().filter(|figure| figure.kind == kind).max_by_key(|figure| figure.load.per_second())
}

fn beside(figures: &[Figure]) -> Table {
    let title = "Beside the systems that it replaces";
    let columns = ["what", "requests/s", "theirs", "times", "CPU ms each", "theirs, ms", "of theirs, 1/"];
    let mut table = Table::new("beside", title, &columns);
    for kind in Kind::ALL {
        if let (Some((rate, cpu)), Some(figure)) = (kind.replaced(), best(figures, kind)) {
            table.row([
                Cell::text(kind.name()),
                Cell::count(figure.load.per_second()),
                Cell::count(rate),
                Cell::decimal(times(figure.load.per_second(), rate), 1, 1),
                figure.cpu.map_or(Cell::None, |cpu| Cell::decimal(cpu, 3, 2)),
                Cell::decimal(cpu, 3, 1),
                figure.cpu.map_or(Cell::None, |ours| Cell::decimal(times(cpu, ours), 1, 1)),
            ]);
        }
    }
    table.note(
        "Theirs: the best of them in each figure by itself, measured once on two cores, before this one was begun. The ratios mean something on two such cores only. Ours: \
         at the number of clients with the most requests per second.",
    );
    table
}

fn charts(figures: &[Figure]) -> [Chart; 2] {
    let series = || vec!["Holdfast".to_owned(), "the best of the systems that it replaces".to_owned()];
    let compared =
        || Kind::ALL.into_iter().filter_map(|kind| Some((kind, kind.replaced()?, best(figures, kind)?)));
    let group = |kind: Kind, bars| Group { label: kind.name().to_owned(), bars };
    let rates = compared().map(|(kind, (rate, _), figure)| {
        let ours = figure.load.per_second();
        let told = format!("{ours}  (× {})", decimal(times(ours, rate), 1, 0));
        group(kind, vec![(ours, told), (rate, rate.to_string())])
    });
    let cpu = compared().filter_map(|(kind, (_, theirs), figure)| {
        let ours = figure.cpu?;
        let told = format!("{}  (1/{})", decimal(ours, 3, 2), decimal(times(theirs, ours), 1, 0));
        Some(group(kind, vec![(ours, told), (theirs, decimal(theirs, 3, 1))]))
    });
    [
        Chart {
            title: "Requests per second, two cores".to_owned(),
            series: series(),
            groups: rates.collect(),
        },
        Chart { title: "CPU per request, ms".to_owned(), series: series(), groups: cpu.collect() },
    ]
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
