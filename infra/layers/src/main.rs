//! Sends requests of one kind through the edge in this process, one after the other, for a tool that counts instructions:
//! `layers <kind> <requests>`. What kinds differ in is what a layer costs; `tests/layers` makes a table of it.

use std::process::ExitCode;
use std::sync::Arc;

use cache::Cache;
use env::Clock;
use http::Request;
use http_body_util::BodyExt;
use local::database::Data;
use local::{Options, Server};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::telemetry::Telemetry;
use web::{Core, Keys, Limits, Origin, Quotas};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Rooms of the list.
const ROOMS: usize = 40;
const EMAIL: &str = "admin@people.example";

/// What is asked, and through what.
struct Kind {
    name: &'static str,
    asks: Asks,
    with: &'static [With],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Health,
    Room,
    Rooms,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Cache,
    Limits,
    Log,
    Token,
    Tag,
    Gzip,
    Brotli,
}

/// Each differs from another one by a single layer.
const KINDS: [Kind; 11] = {
    use Asks::{Health, Room, Rooms};
    use With::{Brotli, Cache, Gzip, Limits, Log, Tag, Token};
    [
        Kind { name: "health", asks: Health, with: &[] },
        Kind { name: "health, logged", asks: Health, with: &[Log] },
        Kind { name: "health, limited", asks: Health, with: &[Limits] },
        Kind { name: "room", asks: Room, with: &[Cache] },
        Kind { name: "room, not cached", asks: Room, with: &[] },
        Kind { name: "room, signed in", asks: Room, with: &[Cache, Token] },
        Kind { name: "room, known", asks: Room, with: &[Cache, Tag] },
        Kind { name: "rooms", asks: Rooms, with: &[Cache] },
        Kind { name: "rooms, known", asks: Rooms, with: &[Cache, Tag] },
        Kind { name: "rooms, gzip", asks: Rooms, with: &[Cache, Gzip] },
        Kind { name: "rooms, br", asks: Rooms, with: &[Cache, Brotli] },
    ]
};

impl Kind {
    fn has(&self, layer: With) -> bool {
        self.with.contains(&layer)
    }

    fn accepts(&self) -> &'static str {
        if self.has(With::Gzip) {
            "gzip"
        } else if self.has(With::Brotli) {
            "br"
        } else {
            "identity"
        }
    }
}

// One thread, so that counts repeat.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (name, requests) = (args.next(), args.next().and_then(|count| count.parse().ok()));
    let kind = KINDS.into_iter().find(|kind| Some(kind.name) == name.as_deref());
    let (Some(kind), Some(requests)) = (kind, requests) else {
        let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        eprintln!("layers <kind> <requests>, of {names:?}");
        return ExitCode::FAILURE;
    };
    tracing::subscriber::set_global_default(aws::log_to(std::io::sink)).unwrap_or_default();
    match Box::pin(asked(&kind, requests)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("layers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn asked(kind: &Kind, requests: usize) -> Outcome {
    // The time stands still, so that nothing that is kept ends under a tool that makes everything slow.
    let clock = Clock::at(Clock::system().now());
    let server = local::start(Options { clock, ..Options::new(Data::Memory) }).await?;
    let (token, room, place) = made(&server).await?;
    let core = core(&server, kind)?;
    let service = web::service(local::api(&core, &server.workers().relay().queues, None), &core);
    let path = match kind.asks {
        Asks::Health => "/health".to_owned(),
        Asks::Room => format!("/v2/rooms/{room}"),
        Asks::Rooms => format!("/v2/rooms?location={place}&limit={ROOMS}"),
    };
    let mut tag = None;
    // What the first ones bring about is the same for any number of them.
    for n in 0..requests + 2 {
        let mut request = Request::get(&path)
            .header("accept-encoding", kind.accepts())
            .extension(Origin { ip: Some("127.0.0.1".to_owned()) });
        if kind.has(With::Token) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(tag) = tag.as_ref().filter(|_| kind.has(With::Tag)) {
            request = request.header("if-none-match", tag);
        }
        let answer = service.clone().oneshot(request.body(String::new())?).await?;
        let expected = if kind.has(With::Tag) && n > 0 { 304 } else { 200 };
        if answer.status().as_u16() != expected {
            return Err(format!("{} answers {}", kind.name, answer.status()).into());
        }
        tag = answer.headers().get("etag").cloned();
        answer.into_body().collect().await?;
    }
    server.stop().await?;
    Ok(())
}

/// The edge of another process with the kind's layers.
fn core(server: &Server, kind: &Kind) -> Outcome<Core> {
    let of = server.core();
    let cache = if kind.has(With::Cache) { Cache::memory() } else { Cache::off() };
    let mut core = Core::cached(of.store.clone(), of.clock.clone(), Keys::from_secret(&[0; 32])?, cache);
    core.keys = Arc::clone(&of.keys);
    core.telemetry = Arc::new(Telemetry::logging(if kind.has(With::Log) { 100 } else { 0 }));
    let limits = if kind.has(With::Limits) {
        Limits::new(Quotas::parse("all=1000000/60")?, None)
    } else {
        Limits::off()
    };
    Ok(core.limited(limits))
}

/// Rooms of a place: a token, the id of one, and that of the place.
async fn made(server: &Server) -> Outcome<(String, String, String)> {
    let password = format!("{:032x}", u128::from_be_bytes(env::random()));
    let app = auth::App::new(server.core());
    auth::make_admin(&app, EMAIL.parse()?, "admin".parse()?, &password).await?;
    let anybody = server.front(String::new());
    let text = |came: local::Came, name: &str| came.text(name).ok_or_else(|| came.problem());
    let login = json!({ "login": EMAIL, "password": password });
    let token = text(anybody.post("/v2/auth/login", "", &login).await, "access_token")?;
    let front = anybody.with_token(token.clone());
    let body = json!({ "name": "Berlin", "zone": "Europe/Berlin" });
    let place = text(front.post("/v2/locations", "place", &body).await, "id")?;
    let mut room = Value::Null;
    for n in 0..ROOMS {
        let body = json!({ "location_id": place, "name": format!("Room {n}"), "capacity": 8, "equipment": ["screen"] });
        room = text(front.post("/v2/rooms", &format!("room {n}"), &body).await, "id")?.into();
    }
    Ok((token, room.as_str().unwrap_or_default().to_owned(), place))
}
