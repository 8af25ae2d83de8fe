//! The same paid session booked N times, as built and with its messages sent from inside the request, to providers that take
//! their time.

mod inside;
mod providers;
mod scene;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::load::{self, Load, Size};
use bench::number::decimal;
use bench::report::{Cell, Report, Table};
use senders::Pace;

use inside::Inside;
use scene::{Counted, PHONE, Scene};

/// No figure takes longer.
const LONGEST: Duration = Duration::from_mins(10);
/// How long each of three providers takes, in milliseconds: together as long as a request of the source system took, 8 to 12 s.
const USUAL: (u64, u64) = (2_700, 4_000);
/// Likewise where a first look is enough.
const QUICK: (u64, u64) = (27, 40);
/// How long one takes that is slow: longer than it is waited for.
const SLOW: u64 = 30_000;

/// How the providers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    Slow,
    Down,
}

impl Weather {
    fn name(self) -> &'static str {
        match self {
            Self::Fair => "as usual",
            Self::Slow => "WhatsApp takes 30 s",
            Self::Down => "all down",
        }
    }
}

/// One row.
struct Figure {
    inside: bool,
    weather: Weather,
    clients: usize,
    load: Load,
    bookings: usize,
    sold: usize,
    counted: Counted,
    /// Until the last message was handed over, where the providers are as usual.
    told: Option<Duration>,
}

/// Measures, and adds to the report; what went wrong.
pub(super) async fn measure(quick: bool, report: &mut Report) -> io::Result<Vec<String>> {
    let usual = if quick { QUICK } else { USUAL };
    let plan: &[(Weather, usize, usize)] = if quick {
        &[(Weather::Fair, 2, 6), (Weather::Down, 2, 4)]
    } else {
        &[
            (Weather::Fair, 1, 3),
            (Weather::Fair, 16, 32),
            (Weather::Fair, 64, 192),
            (Weather::Slow, 16, 32),
            (Weather::Down, 16, 64),
        ]
    };
    let mut figures = Vec::new();
    for inside in [false, true] {
        let mut scene = Box::pin(Scene::start()).await?;
        let (other, address, serving) = Inside::serve(
            scene.front(),
            scene.clock.clone(),
            Arc::clone(&scene.providers),
            PHONE.parse().map_err(io::Error::other)?,
        )
        .await?;
        for (weather, clients, bookings) in plan.iter().copied() {
            let other = inside.then_some((&*other, address));
            let figure = figure(&mut scene, other, (weather, usual), (clients, bookings));
            figures.push(Box::pin(figure).await?);
        }
        serving.abort();
        scene.stop().await?;
    }
    report.tables.push(table(&figures, usual));
    Ok(figures.iter().filter_map(wrong).collect())
}

async fn figure(
    scene: &mut Scene,
    inside: Option<(&Inside, SocketAddr)>,
    (weather, usual): (Weather, (u64, u64)),
    (clients, bookings): (usize, usize),
) -> io::Result<Figure> {
    let pace = Pace::Takes(usual.0, usual.1);
    scene.providers.pace(pace, pace);
    let (held, token) = scene.held(bookings).await?;
    match weather {
        Weather::Fair => {}
        Weather::Slow => scene.providers.pace(pace, Pace::Takes(SLOW, SLOW)),
        Weather::Down => scene.providers.pace(Pace::Down, Pace::Down),
    }
    let address = inside.map_or_else(|| scene.address(), |(_, address)| Ok(address))?;
    let asks: Vec<_> = held.iter().map(|one| one.ask(&token)).collect();
    let size = Size { connections: clients, requests: bookings, time: LONGEST };
    let first = asks.first().cloned().ok_or(io::ErrorKind::InvalidInput)?;
    let begun = Instant::now();
    let load = load::run(address, size, move |n| asks.get(n).unwrap_or(&first).clone()).await?;
    let (counted, told) = if let Some((inside, _)) = inside {
        (counted(scene, inside), load.took)
    } else {
        scene.tried(&held).await?;
        let told = begun.elapsed();
        scene.providers.pace(pace, pace);
        scene.recover(&held).await?;
        (scene.counted(&held).await?, told)
    };
    Ok(Figure {
        inside: inside.is_some(),
        weather,
        clients,
        bookings,
        sold: scene.sold(&held).await?,
        load,
        counted,
        told: (weather == Weather::Fair).then_some(told),
    })
}

/// What became of the messages that were sent from inside of requests.
fn counted(scene: &Scene, inside: &Inside) -> Counted {
    let (due, handed) = (inside.due(), scene.providers.handed());
    let times = |id| handed.get(id).copied().unwrap_or_default();
    let (sent, twice) = (due.iter().filter(|id| times(id) > 0), due.iter().filter(|id| times(id) > 1));
    Counted { due: due.len(), sent: sent.count(), twice: twice.count() }
}

/// What must not be: as built, every booking is there and told, once. The other way loses what it loses.
fn wrong(figure: &Figure) -> Option<String> {
    let Figure { inside, weather, bookings, sold, counted, load, .. } = figure;
    let all = Counted { due: 2 * bookings, sent: 2 * bookings, twice: 0 };
    let fine = load.errors == 0 && sold == bookings && (*inside || *counted == all);
    let first = load.first_error.as_deref().unwrap_or_default();
    (!fine).then(|| {
        let way = if *inside { "inside" } else { "as built" };
        format!("{way}, {}: {sold} of {bookings} sold, {counted:?} {first}", weather.name())
    })
}

fn table(figures: &[Figure], usual: (u64, u64)) -> Table {
    let title = "Beside sending inside the request: the same paid session, its payment proved";
    let columns = [
        "messages",
        "providers",
        "clients at once",
        "bookings",
        "sold",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "all told after s",
        "due",
        "sent",
        "twice",
        "lost",
    ];
    let mut table = Table::new("sending", title, &columns);
    let count = |count: usize| Cell::Number(count.to_string());
    for figure in figures {
        let Figure { load, counted, .. } = figure;
        let micros = u64::try_from(load.took.as_micros()).unwrap_or(u64::MAX).max(1);
        let told = figure.told.and_then(|told| u64::try_from(told.as_millis()).ok());
        table.row([
            Cell::text(if figure.inside { "from inside the request" } else { "from the event" }),
            Cell::text(figure.weather.name()),
            count(figure.clients),
            count(figure.bookings),
            count(figure.sold),
            Cell::decimal(load.answered.saturating_mul(1_000_000_000) / micros, 3, 1),
            Cell::decimal(load.within(500), 3, 1),
            Cell::decimal(load.within(990), 3, 1),
            told.map_or(Cell::None, |told| Cell::decimal(told, 3, 1)),
            count(counted.due),
            count(counted.sent),
            count(counted.twice),
            count(counted.lost()),
        ]);
    }
    table.note(format!(
        "From the event: as this product does it, a mail and a WhatsApp, with SMS where that does not get through; workers for 160 messages at once. From inside: \
         SMS, WhatsApp and mail one after the other before the answer, and an answer as if all had got through, as the source system once did it; built for this \
         table alone, over the same use case. Each provider takes {} to {} s, drawn by a seed, and whoever waits gives up after 10 s. Server, providers and clients \
         are one process. Where providers are slow or down, they are well again once every message was tried, and the clock is moved on until nothing waits: sent \
         counts what arrived by then.",
        decimal(usual.0, 3, 2),
        decimal(usual.1, 3, 2),
    ));
    table
}
