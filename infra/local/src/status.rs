//! The page that shows how this server does at this moment; it loads itself again every few seconds. As the outbox, it is for whoever
//! sits at this machine.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cache::{KindStatistics, Statistics};
use domain::alert::{Broken, Seen, broken};
use domain::prices::Consumed;
use errors::Result;
use insights::operations::{Range, Sight, Watch, by_requests, by_work, of_requests, one, operations, work};
use store::Numbers;
use web::Core;
use web::telemetry::{SLOT_SECONDS, Slot, quantile, together};

use crate::html::{page, table};
use crate::plot::{Series, columns};

/// Every so many seconds the page is loaded again.
const RELOAD_SECONDS: &str = "5";
/// Slots that are plotted: the last five minutes.
const SLOTS: i64 = 60;
/// Operations that are listed.
const MOST: usize = 20;

/// What the page looks at.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) core: Core,
    pub(crate) watch: Watch,
}

/// The page's routes.
pub(crate) fn routes(watched: Watched) -> Router {
    Router::new().route("/status", get(show)).with_state(watched)
}

async fn show(State(watched): State<Watched>) -> Response {
    match drawn(&watched).await {
        Ok(body) => {
            let mut response = page("Status", &body);
            let refresh = HeaderName::from_static("refresh");
            response.headers_mut().insert(refresh, HeaderValue::from_static(RELOAD_SECONDS));
            response
        }
        Err(error) => {
            tracing::error!(error = error.chain(), "the status could not be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn drawn(watched: &Watched) -> Result<String> {
    let Watched { core, watch } = watched;
    let now = core.clock.now();
    let slots = plotted(&core.telemetry.lately(), now.as_second());
    let lately = together(&slots);
    let range = Range::new((None, None), now)?;
    let (Sight { seen, .. }, by_operation, work) =
        tokio::try_join!(watch.seen(1), operations(&core.store, range), work(&core.store, range))?;
    let Seen { requests, faults, p95_ms, .. } = of_requests(&lately);
    let alerts = broken(&Seen { requests, faults, p95_ms, ..seen });
    let millis = |per_mille| quantile(&lately, per_mille).map_or_else(String::new, |ms| format!("{ms} ms"));
    let counts = [
        ("Requests in 5 min", one(&lately, "requests").to_string()),
        ("p50 at most", millis(500)),
        ("p99 at most", millis(990)),
        ("Failed", one(&lately, "faults").to_string()),
        ("Turned away (429)", one(&lately, "limited").to_string()),
        ("Jobs waiting", seen.waiting.to_string()),
        ("Dead letters", seen.dead_letters.to_string()),
        ("Feed behind", format!("{} s", seen.feed_lag_seconds)),
        ("Cost per booking", per_booking(&by_operation, &work)),
    ];
    let counts = counts.iter().fold(String::new(), |all, (name, count)| {
        all + &format!("<div><dt>{name}</dt><dd>{count}</dd></div>")
    });
    let labels: Vec<_> = (0..SLOTS).map(|at| label((SLOTS - at) * SLOT_SECONDS)).collect();
    let values = |of: &dyn Fn(&Numbers) -> u64| {
        slots.iter().map(|numbers| i64::try_from(of(numbers)).unwrap_or(i64::MAX)).collect::<Vec<_>>()
    };
    let requests = [
        Series { name: "answered", values: values(&|numbers| one(numbers, "requests")) },
        Series { name: "refused or failed", values: values(&|n| one(n, "refused") + one(n, "faults")) },
    ];
    let latency = [
        Series { name: "p50", values: values(&|numbers| quantile(numbers, 500).unwrap_or_default()) },
        Series { name: "p99", values: values(&|numbers| quantile(numbers, 990).unwrap_or_default()) },
    ];
    Ok([
        "<h1>Status</h1>".to_owned(),
        told(&alerts),
        format!("<dl>{counts}</dl>"),
        "<h2>Requests in every 5 seconds</h2>".to_owned(),
        columns("Requests in every 5 seconds", &labels, &requests, |count| count.to_string()),
        "<h2>How long they took at most</h2>".to_owned(),
        columns("Latency in every 5 seconds", &labels, &latency, |ms| format!("{ms} ms")),
        "<h2>What was read a moment ago, since the start</h2>".to_owned(),
        kept(&core.reads.cache().statistics()),
        "<h2>By operation, the last seven days</h2>".to_owned(),
        listed(&by_operation),
        "<h2>Behind the requests, the last seven days</h2>".to_owned(),
        worked(&work),
        "<p>Written every minute, and once an hour while nothing but schedules is at work. Cost: a million of them on AWS by list prices, without logs and messages. A booking's is that of all requests and all that the feed and the queues did; schedules come here more often than on AWS, and are not in it.</p>".to_owned(),
    ]
    .concat())
}

/// The last slots, each of them there.
fn plotted(lately: &[Slot], now: i64) -> Vec<Numbers> {
    let last = now.div_euclid(SLOT_SECONDS);
    let at = |slot: &Slot| slot.from.as_second().div_euclid(SLOT_SECONDS);
    let of = |wanted: i64| lately.iter().find(|slot| at(slot) == wanted).map(|slot| slot.numbers.clone());
    (last + 1 - SLOTS..=last).map(|wanted| of(wanted).unwrap_or_default()).collect()
}

fn label(seconds: i64) -> String {
    format!("-{}:{:02}", seconds / 60, seconds % 60)
}

/// Operations that sell something.
const SELLING: [&str; 7] = [
    "createBooking",
    "createBookingV1",
    "createOrder",
    "createRazorpayBookingV1",
    "createReservationV1",
    "createSeries",
    "createStay",
];

/// What all requests and what followed from them cost, by bookings that were made with them.
fn per_booking(by_operation: &[(String, Numbers)], work: &[(String, Numbers)]) -> String {
    let made = |(operation, numbers): &(String, Numbers)| {
        let answered = one(numbers, "requests") - one(numbers, "refused") - one(numbers, "faults");
        if SELLING.contains(&operation.as_str()) { answered } else { 0 }
    };
    let bookings: u64 = by_operation.iter().map(made).sum();
    let requests = by_requests(&together(by_operation.iter().map(|(_, numbers)| numbers)));
    let followed = work.iter().filter(|(name, _)| !name.starts_with("schedule/"));
    let total = followed.map(by_work).fold(requests, Consumed::and).cost().total();
    match total.checked_div(bookings) {
        None => "none made".to_owned(),
        Some(each) => format!("$ {}.{:06}", each / 1_000_000_000_000, each / 1_000_000 % 1_000_000),
    }
}

fn told(alerts: &[Broken]) -> String {
    if alerts.is_empty() {
        return "<p>All rules hold.</p>".to_owned();
    }
    let row = |alert: &Broken| {
        let numbers = [alert.value.to_string(), alert.threshold.to_string()];
        let name = format!("{}: {}", alert.level.as_str(), alert.rule.as_str());
        [name].into_iter().chain(numbers).chain([alert.rule.advice().to_owned()]).collect()
    };
    table(&["Rule", "value", "threshold", "advice"], &alerts.iter().map(row).collect::<Vec<_>>())
}

fn kept(statistics: &Statistics) -> String {
    let row = |kind: &KindStatistics| {
        let percent = (kind.asked() - kind.misses) * 100 / kind.asked().max(1);
        vec![
            kind.kind.to_owned(),
            kind.asked().to_string(),
            format!("{percent} %"),
            kind.loads.to_string(),
            kind.stale.to_string(),
            format!("{} kB", kind.bytes / 1_000),
        ]
    };
    let rows: Vec<_> = statistics.kinds.iter().filter(|kind| kind.asked() > 0).map(row).collect();
    table(&["Kind", "asked for", "hits", "reads", "too old", "kept"], &rows)
        + &format!("<p>The cache that processes share is {}.</p>", statistics.shared.state.as_str())
}

fn listed(by_operation: &[(String, Numbers)]) -> String {
    let row = |(operation, numbers): &(String, Numbers)| {
        let requests = one(numbers, "requests").max(1);
        vec![
            operation.clone(),
            one(numbers, "requests").to_string(),
            format!("{} ms", quantile(numbers, 500).unwrap_or_default()),
            format!("{} ms", quantile(numbers, 990).unwrap_or_default()),
            tenths(one(numbers, "trips"), requests),
            a_million(by_requests(numbers), requests),
        ]
    };
    let rows: Vec<_> = by_operation.iter().take(MOST).map(row).collect();
    table(&["Operation", "requests", "p50", "p99", "trips", "a million cost"], &rows)
}

fn worked(work: &[(String, Numbers)]) -> String {
    let row = |work: &(String, Numbers)| {
        let (name, numbers) = work;
        let calls = one(numbers, "calls").max(1);
        vec![
            name.replace('/', ": "),
            calls.to_string(),
            one(numbers, "failed").to_string(),
            format!("{} ms", tenths(one(numbers, "micros"), calls * 1_000)),
            tenths(one(numbers, "trips"), calls),
            a_million(by_work(work), calls),
        ]
    };
    let rows: Vec<_> = work.iter().take(MOST).map(row).collect();
    table(&["Called by", "calls", "failed", "average", "trips", "a million cost"], &rows)
}

/// So many for each of so many, to a tenth.
fn tenths(all: u64, of: u64) -> String {
    let tenths = all * 10 / of;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// What a million cost of which so many consumed so much.
fn a_million(consumed: Consumed, of: u64) -> String {
    let cents = consumed.cost().total() / of / 10_000;
    format!("$ {}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sells_something_is_an_operation() {
        let described =
            [include_str!("../../../docs/openapi.v1.json"), include_str!("../../../docs/openapi.v2.json")];
        for operation in SELLING {
            let id = format!("\"operationId\": \"{operation}\"");
            assert!(described.iter().any(|document| document.contains(&id)), "{operation}");
        }
    }

    #[test]
    fn a_booking_costs_what_all_requests_do_by_those_that_were_made() {
        let of =
            |numbers: &[(&str, u64)]| numbers.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect();
        let looked: Numbers = of(&[("requests", 30)]);
        assert_eq!(per_booking(&[("listRooms".to_owned(), looked.clone())], &[]), "none made");
        let booked: Numbers = of(&[("requests", 10), ("refused", 5)]);
        // Forty requests at 1.00 $ a million for the gateway and 0.20 for the function, by five.
        let all = [("listRooms".to_owned(), looked), ("createBooking".to_owned(), booked)];
        assert_eq!(per_booking(&all, &[]), "$ 0.000009");
        // Ten jobs at 0.20 for the function and 1.20 for the queue; what a schedule calls is not of a booking.
        let calls: Numbers = of(&[("calls", 10)]);
        let work = ["queue/deliver", "schedule/messages"].map(|name| (name.to_owned(), calls.clone()));
        assert_eq!(per_booking(&all, &work), "$ 0.000012");
    }
}
