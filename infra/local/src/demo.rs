//! People, rooms and bookings to try things with: made through the front door, and only once.

use std::fmt;
use std::io;

use domain::text::{Email, UserName};
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
    day: String,
}

/// Makes an administrator with a password of chance, two offices in two zones with rooms, and a first booking.
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
    let day = today.saturating_add(jiff::Span::new().days(1)).to_string();
    let mut room = String::new();
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
    }
    let body = json!({
        "room_id": room, "title": "Stand-up", "local_start": format!("{day}T09:00:00"), "local_end": format!("{day}T09:30:00"),
    });
    made(&admin, "/v2/bookings", &format!("stand-up {day}"), &body).await?;
    Ok(Demo { url: server.url(), email: email.to_owned(), password, token, room, day })
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
    came.text("id").ok_or_else(|| refused(path, &came))
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
        let Self { url, email, password, token, room, day } = self;
        writeln!(f, "Log in as {email} with the password {password}\n")?;
        writeln!(f, "Book a room (the token holds for 15 minutes):\n")?;
        writeln!(f, "  curl {url}/v2/bookings -H 'Authorization: Bearer {token}' \\")?;
        writeln!(f, "       -H 'Idempotency-Key: first' -H 'Content-Type: application/json' \\")?;
        write!(
            f,
            "       -d '{{\"room_id\":\"{room}\",\"local_start\":\"{day}T10:00:00\",\"local_end\":\"{day}T11:00:00\"}}'"
        )
    }
}
