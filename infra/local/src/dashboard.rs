//! The page that shows the operator's figures. As the outbox, it is for whoever sits at this machine.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::{Currency, Location, LocationId, Money, OrderState, Payment};
use errors::Result;
use insights::figures::{Days, Delivered, Month, Months, Totals, delivery, revenue, totals};
use web::Core;

use crate::html::{escaped, page, table};
use crate::plot::{Series, columns};

/// Days that the totals and the delivery are about.
const DAYS: i32 = 30;
/// Months that are plotted.
const MONTHS: i32 = 12;
/// Payments shown of each list, and locations to choose from.
const MOST: u32 = 20;

/// The page's routes.
pub(crate) fn routes(core: Core) -> Router {
    Router::new().route("/figures", get(show)).with_state(core)
}

async fn show(State(core): State<Core>, RawQuery(query): RawQuery) -> Response {
    let wanted = query.and_then(|query| query.strip_prefix("location=")?.parse::<LocationId>().ok());
    match drawn(&core, wanted).await {
        Ok(body) => page("Figures", &body),
        Err(error) => {
            tracing::error!(error = error.chain(), "the figures could not be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn drawn(core: &Core, wanted: Option<LocationId>) -> Result<String> {
    let (locations, _) = core.store.all_locations(usize::try_from(MOST).unwrap_or_default()).await?;
    let chosen = wanted.and_then(|id| locations.iter().find(|location| location.id == id));
    let Some(location) = chosen.or(locations.first()) else {
        return Ok("<h1>Figures</h1><p>Nothing yet. Add a location and sell something.</p>".to_owned());
    };
    let (now, here) = (core.clock.now(), [location.id]);
    let (days, months) =
        (Days::last(DAYS, &location.zone, now), Days::last_months(MONTHS, &location.zone, now));
    let (all, by_month) =
        tokio::try_join!(totals(&core.reads, &here, days), revenue(&core.reads, &here, months))?;
    let (told, nowhere) =
        tokio::try_join!(delivery(&core.reads, Some(location.id), days), delivery(&core.reads, None, days))?;
    let (open, failed) = tokio::try_join!(
        core.store.payments_open(MOST, None),
        core.store.payments_failed(location.id, MOST, None)
    )?;
    let open: Vec<_> = open.items.into_iter().filter(|payment| payment.location == location.id).collect();
    Ok([
        "<h1>Figures</h1>".to_owned(),
        chooser("figures", &locations),
        format!("<h2>{}, the last {DAYS} days</h2>", escaped(location.name.as_str())),
        counted(&all),
        format!("<h2>What came in and went back, the last {MONTHS} months</h2>"),
        plotted(&by_month),
        "<h2>Messages, the last 30 days</h2>".to_owned(),
        delivered(&told),
        "<h3>Codes and links</h3>".to_owned(),
        delivered(&nowhere),
        "<h2>Open payments</h2>".to_owned(),
        listed(&open, location),
        "<h2>Failed payments</h2>".to_owned(),
        listed(&failed.items, location),
    ]
    .concat())
}

/// Links to a page for each location.
pub(crate) fn chooser(page: &str, locations: &[Location]) -> String {
    let links = locations.iter().map(|location| {
        format!("<a href=\"/{page}?location={}\">{}</a>", location.id, escaped(location.name.as_str()))
    });
    format!("<nav>{}</nav>", links.collect::<String>())
}

fn counted(all: &Totals) -> String {
    let counts = [
        ("Orders", all.orders),
        ("Sold", all.in_state(OrderState::Confirmed)),
        ("Held", all.in_state(OrderState::Held)),
        ("Cancelled", all.in_state(OrderState::Cancelled)),
        ("Run out", all.in_state(OrderState::Expired)),
        ("Took place", all.completed),
    ];
    let counts = counts.iter().fold(String::new(), |all, (name, count)| {
        all + &format!("<div><dt>{name}</dt><dd>{count}</dd></div>")
    });
    let rows: Vec<_> = all
        .money
        .iter()
        .map(|(currency, money)| {
            let shown = |minor| amount(currency, minor);
            vec![
                currency.clone(),
                shown(money.charged),
                shown(money.captured),
                shown(money.refunded),
                shown(money.due()),
            ]
        })
        .collect();
    let money = table(&["Money", "charged", "captured", "refunded", "due"], &rows);
    format!("<dl>{counts}</dl>{money}")
}

fn plotted(by_month: &Months) -> String {
    if by_month.is_empty() {
        return "<p>Nothing yet.</p>".to_owned();
    }
    let each = by_month.iter().map(|(currency, months)| {
        let labels: Vec<_> = months.iter().map(|month| month.month.strftime("%Y-%m").to_string()).collect();
        let values = |of: fn(&Month) -> i64| months.iter().map(of).collect();
        let series = [
            Series { name: "captured", values: values(|month| month.captured) },
            Series { name: "refunded", values: values(|month| month.refunded) },
        ];
        let title = format!("{currency} by month");
        format!("<h3>{currency}</h3>{}", columns(&title, &labels, &series, |minor| amount(currency, minor)))
    });
    each.collect()
}

fn delivered(told: &BTreeMap<(String, String), Delivered>) -> String {
    let rows: Vec<_> = told
        .iter()
        .map(|((channel, provider), counted)| {
            let percent = counted.percent().map_or_else(String::new, |percent| format!("{percent} %"));
            let numbers =
                [counted.due(), counted.sent, counted.delivered, counted.failed, counted.undeliverable];
            let numbers = numbers.map(|number| number.to_string());
            std::iter::once(format!("{channel}, {provider}")).chain(numbers).chain([percent]).collect()
        })
        .collect();
    table(&["By", "due", "sent", "arrived", "failed", "undeliverable", "share arrived"], &rows)
}

fn listed(payments: &[Payment], location: &Location) -> String {
    let row = |payment: &Payment| {
        vec![
            payment.id.to_string(),
            location.zone.local(payment.created_at).strftime("%Y-%m-%d %H:%M").to_string(),
            payment.means.as_str().to_owned(),
            Money::new(payment.amount, payment.currency).to_string(),
        ]
    };
    table(&["Payment", "begun", "means", "amount"], &payments.iter().map(row).collect::<Vec<_>>())
}

/// As people read it; the bare number where the currency is none that there is.
pub(crate) fn amount(currency: &str, minor: i64) -> String {
    let known = Currency::from_code(currency);
    known.map_or_else(|| minor.to_string(), |currency| Money::new(minor, currency).to_string())
}
