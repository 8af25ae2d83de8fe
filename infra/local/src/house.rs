//! The page that shows a house: who comes and goes today, and how full it is, was and will be. As the outbox, it is for whoever sits
//! at this machine.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{Location, LocationId, Order};
use errors::Result;
use insights::figures::{Days, Nights, Pickup, by_month, nights, pickup};
use jiff::Span;
use jiff::civil::Date;
use stays::{Board, board_on};
use web::Core;

use crate::dashboard::{amount, chooser};
use crate::html::{escaped, page, table};
use crate::plot::{Series, columns};

/// Nights plotted before the day and after it.
const NIGHTS: (i32, i32) = (14, 45);
/// Months plotted, the day's being the last but two.
const MONTHS: (i32, i32) = (9, 3);
/// Days of sales plotted.
const SALES: i32 = 30;
/// Locations to choose from.
const MOST: usize = 20;

/// The page's routes.
pub(crate) fn routes(core: Core) -> Router {
    Router::new().route("/house", get(show)).with_state(core)
}

async fn show(State(core): State<Core>, RawQuery(query): RawQuery) -> Response {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let asked = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let location = asked("location").and_then(|id| id.parse().ok());
    match drawn(&core, location, asked("on").and_then(|day| day.parse().ok())).await {
        Ok(body) => page("House", &body),
        Err(error) => {
            tracing::error!(error = error.chain(), "the house could not be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn drawn(core: &Core, wanted: Option<LocationId>, on: Option<Date>) -> Result<String> {
    let (locations, _) = core.store.all_locations(MOST).await?;
    let chosen = wanted.and_then(|id| locations.iter().find(|location| location.id == id));
    let Some(location) = chosen.or(locations.first()) else {
        return Ok(
            "<h1>House</h1><p>Nothing yet. Add a location with room types and sell nights.</p>".to_owned()
        );
    };
    let today = location.zone.local(core.clock.now()).date();
    let on = on.unwrap_or(today);
    let board = Box::pin(board_on(&stays::App::new(core), location.id, today)).await?;
    let around = Days::new(later(on, -NIGHTS.0), later(on, NIGHTS.1))?;
    let month = on.first_of_month();
    let months = Days::new(months_later(month, -MONTHS.0), months_later(month, MONTHS.1))?;
    let sales = Days::new(later(on, 1 - SALES), later(on, 1))?;
    let of = (location.id, None);
    let read_nights = |days| Box::pin(nights(&core.reads, of, days));
    let read_pickup = |month| Box::pin(pickup(&core.reads, location.id, (sales, month)));
    let (by_day, all_year, sold, pace) = tokio::try_join!(
        read_nights(around),
        read_nights(months),
        read_pickup(None),
        read_pickup(Some(month)),
    )?;
    Ok([
        "<h1>House</h1>".to_owned(),
        chooser("house", &locations),
        format!("<h2>{}, {today}</h2>", escaped(location.name.as_str())),
        shown(&board, location),
        other_day(location, on),
        format!("<h2>Occupancy around {on}</h2>"),
        occupancy(&by_day),
        "<h2>Average daily rate and revenue per available room</h2>".to_owned(),
        rates(&by_month(&all_year)),
        format!("<h2>Sold and given back until {on}</h2>"),
        sales_plotted(&sold),
        format!("<h2>On the books for {}</h2>", month.strftime("%Y-%m")),
        books(&pace),
    ]
    .concat())
}

fn later(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

fn months_later(month: Date, months: i32) -> Date {
    month.saturating_add(Span::new().months(months))
}

/// What the desk looks at.
fn shown(board: &Board, location: &Location) -> String {
    let today = board.today;
    let arrives = |order: &&Order| order.dates().is_some_and(|dates| dates.from() == today);
    let leaves = |order: &&Order| order.dates().is_some_and(|dates| dates.to() == today);
    let overstays = |order: &&Order| order.dates().is_some_and(|dates| dates.to() < today);
    let dirty: Vec<_> = board.rooms.iter().filter(|room| !room.housekeeping.is_ready()).collect();
    let counts = [
        ("To arrive", board.arrivals.iter().filter(arrives).count()),
        ("Overdue", board.arrivals.iter().filter(|order| !arrives(order)).count()),
        ("To leave", board.in_house.iter().filter(leaves).count()),
        ("Should have left", board.in_house.iter().filter(overstays).count()),
        ("In the house", board.in_house.len()),
        ("Left today", board.departed.len()),
        ("Rooms", board.rooms.len()),
        ("Not ready", dirty.len()),
    ];
    let counts = counts.iter().fold(String::new(), |all, (name, count)| {
        all + &format!("<div><dt>{name}</dt><dd>{count}</dd></div>")
    });
    let in_house = board.in_house.iter().filter(|order| leaves(order) || overstays(order));
    let listed = |title: &str, orders: Vec<&Order>| {
        let rows: Vec<_> = orders.into_iter().filter_map(|order| row(order, location)).collect();
        format!("<h3>{title}</h3>{}", table(&["Stay", "guest", "arrives", "leaves", "rooms"], &rows))
    };
    let numbers: BTreeSet<_> = dirty.iter().map(|room| room.number.as_str()).collect();
    let numbers = numbers.into_iter().collect::<Vec<_>>().join(", ");
    let cut = if board.cut { "<p>There is more than is shown.</p>" } else { "" };
    [
        format!("<dl>{counts}</dl>{cut}"),
        listed("Arrivals", board.arrivals.iter().collect()),
        listed("Departures", in_house.collect()),
        "<h3>Rooms that are not ready</h3>".to_owned(),
        if numbers.is_empty() { "<p>None.</p>".to_owned() } else { format!("<p>{}</p>", escaped(&numbers)) },
    ]
    .concat()
}

fn row(order: &Order, location: &Location) -> Option<Vec<String>> {
    let (stay, dates) = (order.stay.as_ref()?, order.dates()?);
    let into = stay.rooms.iter().map(|room| match &room.assigned {
        Some(assigned) => assigned.number.as_str(),
        None => "–",
    });
    let since = location.zone.local(order.created_at).date();
    Some(vec![
        format!("{} (of {since})", stay.confirmation),
        stay.guest_name.to_string(),
        dates.from().to_string(),
        dates.to().to_string(),
        into.collect::<Vec<_>>().join(", "),
    ])
}

/// Another day can be asked for, as for a book that was imported.
fn other_day(location: &Location, on: Date) -> String {
    let step =
        |name: &str, to: Date| format!("<a href=\"/house?location={}&amp;on={to}\">{name}</a>", location.id);
    let steps = [
        step("a year before", months_later(on, -12)),
        step("a month before", months_later(on, -1)),
        step("a month later", months_later(on, 1)),
        step("a year later", months_later(on, 12)),
    ];
    format!("<h2>Figures of {on}</h2><nav>{}</nav>", steps.concat())
}

fn occupancy(by_day: &[Nights]) -> String {
    let labels: Vec<_> = by_day.iter().map(|night| night.from.strftime("%m-%d").to_string()).collect();
    let values = by_day.iter().map(|night| night.occupancy().unwrap_or_default()).collect();
    let series = [Series { name: "occupancy", values }];
    let plotted = columns("Occupancy by night", &labels, &series, |thousandths| {
        format!("{}.{} %", thousandths / 10, thousandths % 10)
    });
    let rooms = by_day.first().map_or(0, |night| night.rooms);
    format!("{plotted}<p>Of the {rooms} rooms that the house has now.</p>")
}

fn rates(by_month: &[Nights]) -> String {
    let currencies: BTreeSet<_> = by_month.iter().flat_map(|month| month.revenue.keys()).collect();
    if currencies.is_empty() {
        return "<p>Nothing yet.</p>".to_owned();
    }
    let labels: Vec<_> = by_month.iter().map(|month| month.from.strftime("%Y-%m").to_string()).collect();
    let each = currencies.into_iter().map(|currency| {
        let of = |rate: fn(&Nights, i64) -> Option<i64>| {
            let each = by_month.iter().map(|month| {
                month.revenue.get(currency).and_then(|revenue| rate(month, *revenue)).unwrap_or_default()
            });
            each.collect()
        };
        let series = [
            Series { name: "ADR", values: of(Nights::rate) },
            Series { name: "RevPAR", values: of(Nights::per_room) },
        ];
        let written = |minor| amount(currency, minor);
        let plotted = columns(&format!("ADR and RevPAR in {currency} by month"), &labels, &series, written);
        let rows: Vec<_> = by_month.iter().map(|month| monthly(month, currency)).collect();
        plotted + &table(&["Month", "nights sold", "occupancy", "revenue", "ADR", "RevPAR"], &rows)
    });
    each.collect()
}

fn monthly(month: &Nights, currency: &str) -> Vec<String> {
    let revenue = month.revenue.get(currency).copied().unwrap_or_default();
    let shown = |minor: Option<i64>| minor.map_or_else(String::new, |minor| amount(currency, minor));
    let occupancy = month.occupancy().map_or_else(String::new, |of| format!("{}.{} %", of / 10, of % 10));
    vec![
        month.from.strftime("%Y-%m").to_string(),
        month.sold.to_string(),
        occupancy,
        amount(currency, revenue),
        shown(month.rate(revenue)),
        shown(month.per_room(revenue)),
    ]
}

fn sales_plotted(sold: &[Pickup]) -> String {
    let labels: Vec<_> = sold.iter().map(|day| day.day.strftime("%m-%d").to_string()).collect();
    let values = |of: fn(&Pickup) -> i64| sold.iter().map(of).collect();
    let series = [
        Series { name: "stays sold", values: values(|day| day.made) },
        Series { name: "given back", values: values(|day| day.cancelled) },
        Series { name: "no-shows", values: values(|day| day.no_shows) },
    ];
    let plotted = columns("Pickup: stays by day", &labels, &series, |count| count.to_string());
    let nights = [Series { name: "nights picked up", values: values(|day| day.nights) }];
    plotted + &columns("Pickup: nights by day", &labels, &nights, |count| count.to_string())
}

fn books(pace: &[Pickup]) -> String {
    let labels: Vec<_> = pace.iter().map(|day| day.day.strftime("%m-%d").to_string()).collect();
    let on = |day: &Pickup| day.on_the_books.as_ref().map_or(0, |books| books.nights);
    let series = [Series { name: "nights on the books", values: pace.iter().map(on).collect() }];
    columns("Pace: nights on the books at the end of each day", &labels, &series, |count| count.to_string())
}
