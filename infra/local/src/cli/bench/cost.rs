//! What each use case consumes and costs on AWS, and a whole booking from the search to the message.

use std::io;

use bench::number::decimal;
use bench::report::{Cell, Chart, Group, Report, Table};
use domain::prices::{Consumed, LIST};
use domain::text::{Email, UserName};
use env::Clock;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use local::database::Data;
use local::{Came, Front, Options, Server};
use serde_json::{Value, json};
use store::Usage;

use super::message;
use super::message::Log;

/// What a function waits for each round trip to `DynamoDB`, in milliseconds: assumed, since there is no AWS here. It is the
/// median of a whole invocation with one call in AWS's own Rust sample, on the smallest function.
/// Source: <https://github.com/aws-samples/serverless-rust-demo>.
pub(super) const MILLIS_PER_TRIP: u64 = 5;
/// Memory of the functions that answer requests, in MB. `template.yaml` has it.
const ANSWERING_MB: u64 = 512;
/// What Lambda itself writes for each invocation of a function that logs as JSON, with numbers of usual length.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>.
const LAMBDA_LINES: [&str; 2] = [
    r#"{"time":"2026-11-26T12:00:00.000Z","type":"platform.start","record":{"requestId":"6f1c1d5e-6b2a-4f0e-9b60-3f1f0f6f7a10","version":"12"}}"#,
    r#"{"time":"2026-11-26T12:00:00.010Z","type":"platform.report","record":{"requestId":"6f1c1d5e-6b2a-4f0e-9b60-3f1f0f6f7a10","metrics":{"durationMs":10.211,"billedDurationMs":11,"memorySizeMB":512,"maxMemoryUsedMB":26},"status":"success"}}"#,
];
const EMAIL: &str = "anna@office.example";

/// A line of the table.
struct Step {
    what: &'static str,
    trips: u64,
    consumed: Consumed,
}

/// Measures in a process with everything in memory, and adds to the report.
pub(super) async fn measure(report: &mut Report) -> io::Result<()> {
    // The clock stands still unless it is moved, so that nothing depends on how fast this machine is.
    let clock = Clock::at(Clock::system().now());
    let options = Options { clock: clock.clone(), show_usage: true, ..Options::new(Data::Memory) };
    let server = local::start(options).await?;
    let steps = Box::pin(steps(&server, &clock)).await;
    server.stop().await?;
    let steps = steps?;
    let journey = journey(&steps);
    let mut table = table(&steps);
    table.row(row("a booking as a whole", journey.trips, &journey.consumed));
    report.tables.push(table);
    report.tables.push(parts(&journey.consumed));
    report.charts.push(chart(&journey.consumed));
    Ok(())
}

async fn steps(server: &Server, clock: &Clock) -> io::Result<Vec<Step>> {
    let log = Log::new();
    // Where something is logged is looked at once, the first time: by then somebody must listen.
    let (front, heard) = log.counted(Box::pin(signed_in(server))).await;
    let (front, _) = front?;
    if heard == 0 {
        return Err(io::Error::other("a request logged nothing"));
    }
    let meter = Meter { front, log: &log };
    let place = meter.made("/v2/locations", &json!({ "name": "Berlin", "zone": "Europe/Berlin" })).await?;
    let mut rooms = Vec::new();
    for n in 0..20 {
        let body = json!({ "location_id": place, "name": format!("Room {n}"), "capacity": 8, "equipment": ["screen"] });
        rooms.push(meter.made("/v2/rooms", &body).await?);
    }
    let room = rooms.first().map(String::as_str).unwrap_or_default();
    let midnight = clock.now().as_second() / 86_400 * 86_400;
    let at =
        |hours: i64| Timestamp::from_second(midnight + 86_400 * 3 + 3_600 * hours).unwrap_or(Timestamp::MAX);
    let wanted =
        |from: i64| json!({ "room_id": room, "start": at(from), "end": at(from + 1), "title": "Planning" });
    let search = format!("/v2/rooms?capacity=4&equipment=screen&free_from={}&free_to={}", at(9), at(10));
    let week = format!("/v2/rooms/{room}/availability?from={}&to={}&length=60", at(0), at(7 * 24));

    let mut steps = Vec::new();
    // Twice, as in a function that has answered before: what is kept for some seconds is there the second time.
    meter.front.get(&search).await;
    steps.push(meter.get("find a room for an hour", &search).await?.0);
    meter.front.get(&week).await;
    // What is claimed is kept for less than that.
    clock.advance(SignedDuration::from_secs(2));
    steps.push(meter.get("a week of a room", &week).await?.0);
    let (step, came) =
        meter.post("book an hour", "/v2/bookings", "book", &wanted(9), StatusCode::CREATED).await?;
    steps.push(step);
    let id = came.text("id").unwrap_or_default();
    let told = Box::pin(message::confirmation(server, &log, &id)).await?;
    steps.push(Step { what: TOLD, trips: told.trips, consumed: told.consumed() });
    let again =
        meter.post("the same key again", "/v2/bookings", "book", &wanted(9), StatusCode::CREATED).await?;
    steps.push(again.0);
    let taken =
        meter.post("refused: taken", "/v2/bookings", "taken", &wanted(9), StatusCode::CONFLICT).await?;
    steps.push(taken.0);
    steps.push(meter.get("read a booking", &format!("/v2/bookings/{id}")).await?.0);
    steps.push(meter.get("list one's own bookings", "/v2/bookings").await?.0);
    let mut hold = wanted(12);
    if let Some(fields) = hold.as_object_mut() {
        fields.insert("hold_seconds".to_owned(), Value::from(300));
    }
    let (step, kept) = meter.post("hold an hour", "/v2/bookings", "hold", &hold, StatusCode::CREATED).await?;
    steps.push(step);
    let kept = kept.text("id").unwrap_or_default();
    let change = async |what, id: &str, action: &str, body: Value| {
        let path = format!("/v2/bookings/{id}/{action}");
        meter.post(what, &path, action, &body, StatusCode::OK).await.map(|(step, _)| step)
    };
    steps.push(change("confirm it", &kept, "confirm", json!({})).await?);
    steps.push(
        change("move it by an hour", &kept, "reschedule", json!({ "start": at(13), "end": at(14) })).await?,
    );
    steps.push(change("give it back", &kept, "cancel", json!({})).await?);
    // The other messages, so that only the reminder is left.
    server.workers().settle().await.map_err(io::Error::other)?;
    clock.advance(SignedDuration::from_secs(at(9).as_second() - clock.now().as_second() - 3_600));
    let told = Box::pin(message::reminder(server, &log)).await?;
    steps.push(Step { what: "a reminder", trips: told.trips, consumed: told.consumed() });
    Ok(steps)
}

const TOLD: &str = "tell of it: relay, audit index, confirmation";

/// The steps of a booking as a whole.
const JOURNEY: [&str; 4] = ["find a room for an hour", "a week of a room", "book an hour", TOLD];

fn journey(steps: &[Step]) -> Step {
    let whole = Step { what: "a booking as a whole", trips: 0, consumed: Consumed::default() };
    steps.iter().filter(|step| JOURNEY.contains(&step.what)).fold(whole, |whole, step| Step {
        what: whole.what,
        trips: whole.trips + step.trips,
        consumed: whole.consumed.and(step.consumed),
    })
}

/// Asks through the front door, as the function for it would be asked on AWS.
struct Meter<'a> {
    front: Front,
    log: &'a Log,
}

impl Meter<'_> {
    async fn get(&self, what: &'static str, path: &str) -> io::Result<(Step, Came)> {
        let (came, logged) = self.log.counted(self.front.get_as_browser(path)).await;
        step(what, came, logged, StatusCode::OK)
    }

    async fn post(
        &self,
        what: &'static str,
        path: &str,
        key: &str,
        body: &Value,
        expected: StatusCode,
    ) -> io::Result<(Step, Came)> {
        let (came, logged) = self.log.counted(self.front.post(path, key, body)).await;
        step(what, came, logged, expected)
    }

    /// The id of what was made.
    async fn made(&self, path: &str, body: &Value) -> io::Result<String> {
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        let came = self.front.post(path, &format!("make {name}"), body).await;
        came.text("id").ok_or_else(|| io::Error::other(came.problem()))
    }
}

fn step(what: &'static str, came: Came, logged: u64, expected: StatusCode) -> io::Result<(Step, Came)> {
    if came.status != expected {
        return Err(io::Error::other(format!("{what}: {}", came.problem())));
    }
    let told = came.usage.as_deref().and_then(usage);
    let usage =
        told.ok_or_else(|| io::Error::other(format!("{what}: the answer does not tell its usage")))?;
    let consumed = Consumed {
        requests: 1,
        sent: u64::try_from(came.bytes).unwrap_or(u64::MAX),
        ..invoked(usage, 1, ANSWERING_MB, logged)
    };
    Ok((Step { what, trips: usage.trips, consumed }, came))
}

/// What so many invocations consume that need this of the database together and write so many bytes to their log.
pub(super) fn invoked(usage: Usage, invocations: u64, memory: u64, logged: u64) -> Consumed {
    let lines: usize = LAMBDA_LINES.iter().map(|line| line.len()).sum();
    Consumed {
        invocations,
        mb_millis: memory * MILLIS_PER_TRIP * usage.trips.max(invocations),
        half_writes: usage.half_writes,
        half_reads: usage.half_reads,
        logged: logged + invocations * u64::try_from(lines).unwrap_or(u64::MAX),
        ..Consumed::default()
    }
}

/// What `X-Usage` says; see `store::Usage`.
fn usage(text: &str) -> Option<Usage> {
    let mut numbers =
        text.split(", ").map(|part| part.split_once('=').and_then(|(_, number)| halves(number)));
    let mut next = || numbers.next().flatten();
    Some(Usage { trips: next()? / 2, half_reads: next()?, half_writes: next()? })
}

fn halves(number: &str) -> Option<u64> {
    let (whole, half) = number.strip_suffix(".5").map_or((number, 0), |whole| (whole, 1));
    Some(whole.parse::<u64>().ok()? * 2 + half)
}

/// An administrator of a server, and their access token.
pub(super) async fn signed_in(server: &Server) -> io::Result<(Front, String)> {
    let email: Email = EMAIL.parse().map_err(io::Error::other)?;
    let name: UserName = "anna".parse().map_err(io::Error::other)?;
    let password = format!("{:032x}", u128::from_be_bytes(env::random()));
    let app = auth::App::new(server.core());
    auth::make_admin(&app, email, name, &password).await.map_err(io::Error::other)?;
    let anybody = server.front(String::new());
    let came = anybody.post("/v2/auth/login", "", &json!({ "login": EMAIL, "password": password })).await;
    let token = came.text("access_token").ok_or_else(|| io::Error::other(came.problem()))?;
    Ok((anybody.with_token(token.clone()), token))
}

fn table(steps: &[Step]) -> Table {
    let columns = [
        "use case",
        "round trips",
        "write units",
        "read units",
        "queue requests",
        "bytes logged",
        "bytes answered",
        "$ per million",
    ];
    let mut table = Table::new("cost", "What a use case consumes, and its price on AWS", &columns);
    for step in steps {
        table.row(row(step.what, step.trips, &step.consumed));
    }
    table.note(format!(
        "Counted: round trips to the database, its units, requests to queues, the functions' own log lines as they are written, answers to reads as a browser takes them, compressed. Assumed: \
         {MILLIS_PER_TRIP} ms of a function for each round trip, the two lines that Lambda writes for each invocation, and batches of one, \
         the dearest, for relay, audit index and messages. Not in it: the mail itself ({} $ a million by SES), storage, what a cold start costs, payment, which is not built yet.",
        dollars(LIST.iter().find(|(what, _)| what.starts_with("SES")).map_or(0, |(_, price)| *price)),
    ));
    table.note("A booking as a whole: one search, one look at a week, the booking, its confirmation.");
    table
}

fn row(what: &str, trips: u64, consumed: &Consumed) -> Vec<Cell> {
    let halves = |halves: u64| Cell::decimal(halves * 5, 1, 1);
    vec![
        Cell::text(what),
        Cell::count(trips),
        halves(consumed.half_writes),
        halves(consumed.half_reads),
        Cell::count(consumed.queue),
        Cell::count(consumed.logged),
        Cell::count(consumed.sent),
        Cell::decimal(consumed.cost().total(), 6, 2),
    ]
}

fn parts(consumed: &Consumed) -> Table {
    let mut table =
        Table::new("journey", "A million bookings as a whole, by who is paid", &["what", "$ per million"]);
    for (what, cost) in consumed.cost().parts() {
        table.row([Cell::text(what), Cell::decimal(cost, 6, 2)]);
    }
    table.row([Cell::text("together"), Cell::decimal(consumed.cost().total(), 6, 2)]);
    let prices: Vec<String> =
        LIST.iter().map(|(what, price)| format!("{what} {}", decimal(*price, 6, 3))).collect();
    table.note(format!("List prices of us-east-1 in $ a million, November 2026: {}.", prices.join("; ")));
    table
}

fn chart(consumed: &Consumed) -> Chart {
    let cost = consumed.cost();
    let bar = |(what, cost): (&str, u64)| Group { label: what.to_owned(), bars: vec![(cost, dollars(cost))] };
    let title = format!(
        "$ for a million bookings as a whole (search, availability, book, confirm): {}",
        dollars(cost.total())
    );
    Chart { title, series: vec!["$".to_owned()], groups: cost.parts().into_iter().map(bar).collect() }
}

fn dollars(millionths: u64) -> String {
    decimal(millionths, 6, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_of_its_usage_is_read_as_it_was_written() {
        let told = Usage { trips: 2, half_reads: 3, half_writes: 20 };
        assert_eq!(usage(&told.to_string()), Some(told));
        assert_eq!(usage("trips=2"), None);
    }
}
