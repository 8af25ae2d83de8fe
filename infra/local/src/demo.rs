//! People, rooms, bookings and sessions to try things with: made through the front door, and only once.

use std::fmt;
use std::io;

use domain::text::{Email, UserName};
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{Came, Front, Server};

/// What was made, and how to use it.
#[derive(Debug, Clone)]
pub struct Demo {
    url: String,
    email: String,
    password: String,
    token: String,
    room: String,
    session: String,
    day: String,
}

/// Makes an administrator with a password of chance, two offices in two zones with rooms, a first booking, and an offering
/// with two sessions.
///
/// # Errors
/// When the API refuses something.
pub async fn demo(server: &Server) -> io::Result<Demo> {
    let (email, password) = ("admin@demo.example", word());
    administrator(server, email, &password).await?;
    let anybody = server.front(String::new());
    let signed = anybody.post("/v2/auth/login", "", &json!({ "login": email, "password": password })).await;
    let token = signed.text("access_token").ok_or_else(|| refused("log in", &signed))?;
    let admin = anybody.with_token(token.clone());
    let today = server.core().clock.now().to_zoned(TimeZone::UTC).date();
    let day = today.saturating_add(Span::new().days(1)).to_string();
    let (mut room, mut place) = (String::new(), String::new());
    for (name, zone, rooms) in OFFICES {
        let body = json!({ "name": name, "zone": zone, "address": "1 Example Street" });
        let location = made(&admin, "/v2/locations", name, &body).await?;
        for (name, capacity, equipment) in rooms {
            let body = json!({
                "location_id": location, "name": name, "capacity": capacity, "equipment": equipment,
                "attributes": {},
            });
            room = made(&admin, "/v2/rooms", name, &body).await?;
        }
        place = location;
    }
    let body = json!({
        "room_id": room, "title": "Stand-up", "local_start": format!("{day}T09:00:00"), "local_end": format!("{day}T09:30:00"),
    });
    made(&admin, "/v2/bookings", &format!("stand-up {day}"), &body).await?;
    let session = sessions(&admin, &place, today).await?;
    Ok(Demo { url: server.url(), email: email.to_owned(), password, token, room, session, day })
}

/// An offering, with a session tomorrow and one the day after; tomorrow's.
async fn sessions(admin: &Front, place: &str, today: Date) -> io::Result<String> {
    let body = json!({
        "location_id": place, "name": "Evening lamp ceremony", "currency": "INR", "categories": ["ceremony"],
        "summary": "An hour by the river, with music.",
        "benefits": [{ "title": "A recording of it", "text": "As a link, the day after." }],
        "plans": [
            { "code": "seat", "name": "A seat", "price": 49_900 },
            { "code": "family", "name": "A family of four", "price": 149_900, "list_price": 199_600 },
        ],
        "add_ons": [{ "code": "lamp", "name": "A lamp in your name", "price": 5_100, "needs_note": true }],
        "refunds": [{ "hours": 24, "percent": 100 }, { "hours": 2, "percent": 50 }],
    });
    let offering = made(admin, "/v2/offerings", "ceremony", &body).await?;
    let path = format!("/v2/offerings/{offering}/sessions");
    let mut first = None;
    for days in 1..=2 {
        let date = today.saturating_add(Span::new().days(days));
        let body = json!({ "local_start": format!("{date}T18:30:00"), "minutes": 60, "capacity": 40 });
        // By its date: a start tomorrow adds the one that is missing then.
        let session = made(admin, &path, &format!("session {date}"), &body).await?;
        first.get_or_insert(session);
    }
    first.ok_or_else(|| io::Error::other("no session was made"))
}

type Rooms = &'static [(&'static str, u32, &'static [&'static str])];

const OFFICES: [(&str, &str, Rooms); 2] = [
    (
        "Berlin",
        "Europe/Berlin",
        &[("Spree", 4, &["screen"]), ("Havel", 12, &["screen", "camera", "whiteboard"])],
    ),
    ("Pune", "Asia/Kolkata", &[("Mutha", 6, &["whiteboard"]), ("Mula", 20, &["screen", "camera", "stage"])]),
];

async fn administrator(server: &Server, email: &str, password: &str) -> io::Result<()> {
    let app = auth::App::new(server.core());
    let email: Email = email.parse().map_err(io::Error::other)?;
    let name: UserName = "demo-admin".parse().map_err(io::Error::other)?;
    auth::make_admin(&app, email, name, password).await.map(drop).map_err(io::Error::other)
}

/// The id of what was made now, or by an earlier start with the same key.
async fn made(front: &Front, path: &str, key: &str, body: &Value) -> io::Result<String> {
    let came = front.post(path, &format!("demo {key}"), body).await;
    came.text("id").or_else(|| came.text("0/id")).ok_or_else(|| refused(path, &came))
}

fn refused(what: &str, came: &Came) -> io::Error {
    io::Error::other(format!("{what}: {} {}", came.problem(), came.body))
}

/// Twenty letters and digits.
fn word() -> String {
    format!("{:020x}", u128::from_be_bytes(env::random()) >> 48)
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, email, password, token, room, session, day } = self;
        let post = |path: &str, key: &str, body: &str| {
            format!(
                "curl -s {url}/v2/{path} -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n       \
                 -H 'Idempotency-Key: {key}' -d '{body}'"
            )
        };
        let booking = format!(
            "{{\"room_id\":\"{room}\",\"local_start\":\"{day}T10:00:00\",\"local_end\":\"{day}T11:00:00\"}}"
        );
        let seat = format!(
            "{{\"lines\":[{{\"pool_id\":\"{session}\",\"quantity\":1,\"plan\":\"seat\"}}],\"hold_seconds\":600}}"
        );
        writeln!(f, "Log in as {email} with the password {password}\n")?;
        writeln!(f, "Book a room (the token holds for 15 minutes):\n")?;
        writeln!(f, "  TOKEN={token}")?;
        writeln!(f, "  {}\n", post("bookings", "first", &booking))?;
        writeln!(
            f,
            "Order a seat of tomorrow's ceremony, and pay it on the page that the last line names:\n"
        )?;
        writeln!(
            f,
            "  ORDER=$({} | sed 's/.*\"id\":\"\\(ord_[^\"]*\\).*/\\1/')",
            post("orders", "seat", &seat)
        )?;
        write!(
            f,
            "  {} | sed 's#.*\"order_id\":\"\\(order_[^\"]*\\).*#{url}/checkout/\\1#'",
            post("orders/$ORDER/payments", "pay", "{}")
        )
    }
}
