//! Data to measure with, and the calls of each function on it.

use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::text::{Email, UserName};
use lambda::Call;
use local::{Came, Front, Server};
use serde_json::{Value, json};

use crate::events::{example, keyed, request};

const EMAIL: &str = "admin@measured.example";
const PASSWORD: &str = "measured horse battery staple";
/// Requests after the first; log-ins hash a password, and the audit reads all.
const MANY: usize = 1_000;
const FEW: usize = 50;

/// An installation with somebody, a room, a week of bookings, and a house that sells nights.
pub(crate) struct Place {
    variables: Vec<(String, String)>,
    token: String,
    room: String,
    payment: String,
    nights: String,
}

impl Place {
    pub(crate) async fn open(server: &Server, secret: [u8; 32]) -> io::Result<Self> {
        let app = auth::App::new(server.core());
        let email: Email = EMAIL.parse().map_err(io::Error::other)?;
        let name: UserName = "measured".parse().map_err(io::Error::other)?;
        auth::make_admin(&app, email, name, PASSWORD).await.map_err(io::Error::other)?;
        let front = server.front(String::new());
        let signed = front.post("/v2/auth/login", "", &json!({ "login": EMAIL, "password": PASSWORD })).await;
        let token = id(&signed, "access_token")?;
        let front = front.with_token(token.clone());
        let location = json!({ "name": "Berlin", "zone": "Europe/Berlin", "address": "1 Example Street" });
        let location = id(&front.post("/v2/locations", "location", &location).await, "id")?;
        let room = json!({
            "location_id": location, "name": "Spree", "capacity": 4, "equipment": ["screen"], "attributes": {},
        });
        let room = id(&front.post("/v2/rooms", "room", &room).await, "id")?;
        let payment = paid(&front, &location).await?;
        let nights = sold(&front, &location).await?;
        let mut place = Self { variables: Vec::new(), token, room, payment, nights };
        for day in 0..5 {
            let body = place.booking(day * 24 * 2);
            id(&front.post("/v2/bookings", &format!("day {day}"), &body).await, "id")?;
        }
        let workers = server.workers();
        // A queue's address begins with that of its endpoint.
        let queues = workers.relay().queues.notify.url().rsplitn(3, '/').last().unwrap_or_default();
        place.variables = [
            ("HOLDFAST_DYNAMODB_ENDPOINT", server.database().url().to_owned()),
            ("HOLDFAST_SQS_ENDPOINT", queues.to_owned()),
            ("HOLDFAST_QUEUE_NOTIFY", workers.relay().queues.notify.url().to_owned()),
            ("HOLDFAST_QUEUE_TASKS", workers.relay().queues.tasks.url().to_owned()),
            ("HOLDFAST_QUEUE_PAYMENTS", workers.relay().queues.payments.url().to_owned()),
            // Each call does all of its work, and asks as often as it likes.
            ("HOLDFAST_CACHE", "off".to_owned()),
            ("HOLDFAST_LIMITS", "off".to_owned()),
            ("HOLDFAST_SECRET", BASE64.encode(secret)),
            ("HOLDFAST_MAIL", "ses".to_owned()),
            ("HOLDFAST_MAIL_FROM", "Front desk <rooms@example.org>".to_owned()),
            ("HOLDFAST_PUBLIC_URL", server.url()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        Ok(place)
    }

    /// Half an hour, so many half hours after the beginning of tomorrow.
    fn booking(&self, halves: usize) -> Value {
        let now = env::Clock::system().now().as_second();
        let begin = (now / 86_400 + 1) * 86_400 + i64::try_from(halves).unwrap_or(i64::MAX) * 1_800;
        let at = |second| instant(second).to_string();
        json!({ "room_id": self.room, "start": at(begin), "end": at(begin + 1_800) })
    }

    /// The calls, whichever functions there are in the folder.
    pub(crate) fn calls(&self, folder: &Path) -> Vec<Call> {
        let call = |function: &str, what: &str, warm, event: Box<dyn Fn(usize) -> Value + Send>| Call {
            name: format!("{function} {what}").trim_end().to_owned(),
            bootstrap: folder.join(function).join("bootstrap"),
            variables: self.variables.clone(),
            event,
            warm,
        };
        let same = |event: Value| -> Box<dyn Fn(usize) -> Value + Send> { Box::new(move |_| event.clone()) };
        let (room, token) = (&self.room, self.token.as_str());
        let key = json!({ "table": "Holdfast-Catalog", "pk": room, "sk": "resource" });
        let catalog = example(include_str!("../../../events/catalog.v2.json"));
        let shown = request(&catalog, "GET", &format!("/v2/rooms/{room}"), "", None);
        let bookings = example(include_str!("../../../events/bookings.v2.json"));
        let days = |day: i64| instant(env::Clock::system().now().as_second() + day * 86_400).to_string();
        let week = format!("/v2/rooms/{room}/availability?from={}&to={}", days(1), days(8));
        let free = request(&bookings, "GET", &week, "", None);
        let wanted: Vec<Value> = (0..=MANY)
            .map(|number| {
                let body = self.booking(24 * 2 * 7 + number);
                keyed(request(&bookings, "POST", "/v2/bookings", token, Some(&body)), number)
            })
            .collect();
        let book = move |number: usize| wanted.get(number).cloned().unwrap_or_default();
        let login = json!({ "login": EMAIL, "password": PASSWORD });
        let auth = example(include_str!("../../../events/auth.v2.json"));
        let login = request(&auth, "POST", "/v2/auth/login", "", Some(&login));
        let payments = example(include_str!("../../../events/payments.v2.json"));
        let payment = request(&payments, "GET", &format!("/v2/payments/{}", self.payment), token, None);
        let stays = example(include_str!("../../../events/stays.v2.json"));
        let nights = request(&stays, "GET", &self.nights, "", None);
        let health = example(include_str!("../../../events/insights.v2.json"));
        let stream = example(include_str!("../../../events/relay.stream.json"));
        vec![
            call("floor", "item", MANY, same(key)),
            call("catalog", "room", MANY, same(shown)),
            call("bookings", "availability", MANY, same(free)),
            call("bookings", "book", MANY, Box::new(book)),
            call("stays", "search", MANY, same(nights)),
            call("auth", "log in", FEW, same(login)),
            call("payments", "payment", MANY, same(payment)),
            call(
                "payments-worker",
                "sweep",
                MANY,
                same(example(include_str!("../../../events/payments.schedule.json"))),
            ),
            call("insights", "health", MANY, same(health)),
            call("insights-feed", "", MANY, same(stream.clone())),
            call(
                "insights-watch",
                "",
                MANY,
                same(example(include_str!("../../../events/insights-watch.schedule.json"))),
            ),
            call("relay", "", MANY, same(stream)),
            call("notify", "job", MANY, same(example(include_str!("../../../events/notify.sqs.json")))),
            call("tasks", "sweep", MANY, same(example(include_str!("../../../events/tasks.schedule.json")))),
            call("tasks-audit", "", FEW, same(example(include_str!("../../../events/tasks.audit.json")))),
        ]
    }
}

/// A seat of a session, paid in cash: the payment's id.
async fn paid(front: &Front, location: &str) -> io::Result<String> {
    let seat = json!({ "code": "seat", "name": "A seat", "price": 49_900 });
    let offering = json!({ "location_id": location, "name": "Concert", "currency": "EUR", "plans": [seat] });
    let offering = id(&front.post("/v2/offerings", "offering", &offering).await, "id")?;
    let session = json!({ "local_start": "2099-01-05T19:30:00", "minutes": 90, "capacity": 40 });
    let path = format!("/v2/offerings/{offering}/sessions");
    let session = id(&front.post(&path, "session", &session).await, "0/id")?;
    let order = json!({ "lines": [{ "pool_id": session, "quantity": 1 }] });
    let order = id(&front.post("/v2/orders", "order", &order).await, "id")?;
    let cash = json!({ "means": "cash" });
    id(&front.post(&format!("/v2/orders/{order}/payments"), "cash", &cash).await, "id")
}

/// Double rooms for two nights of next year: where they are searched.
async fn sold(front: &Front, location: &str) -> io::Result<String> {
    let room_type = json!({
        "location_id": location, "name": "Double", "beds": [{ "kind": "double", "count": 1 }],
        "occupancy": { "adults": 2, "children": 1, "guests": 3 },
    });
    let made = front.post("/v2/room-types", "type", &room_type).await;
    let (double, pool) = (id(&made, "id")?, id(&made, "pool_id")?);
    let today = env::Clock::system().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |days: i64| today.saturating_add(jiff::Span::new().days(days)).to_string();
    let offer = json!({ "from": day(2), "to": day(300), "capacity": 10, "overbooking": 0 });
    id(&front.put(&format!("/v2/pools/{pool}/offer"), "offer", &offer).await, "pool/id")?;
    let plan = json!({
        "location_id": location, "name": "Flexible", "meals": "breakfast", "currency": "EUR",
        "prices": { double: 12_000 },
    });
    id(&front.post("/v2/rate-plans", "plan", &plan).await, "id")?;
    Ok(format!("/v2/stays/search?location_id={location}&arrival={}&departure={}&adults=2", day(30), day(32)))
}

fn instant(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX)
}

/// A text of what was made.
fn id(came: &Came, field: &str) -> io::Result<String> {
    came.text(field).ok_or_else(|| io::Error::other(format!("{} {}", came.problem(), came.body)))
}
