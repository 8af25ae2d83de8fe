//! Accounts: who somebody is, how they prove it, and what they may do.
//!
//! One module for each use case. Whoever registers is a customer; roles are given by administrators, and the first
//! administrator is made by the operator's command ([`make_admin`]). A password is known to its owner alone: administrators
//! send one-time links, whose tokens stand in no table, event or log (see [`web::Keys::one_time`]).
//!
//! # Sessions
//! A log-in is a family of refresh tokens of which only the newest holds. Access tokens last 15 minutes and name the session;
//! the edge reads session, role and scope again every 30 seconds. All sessions of an account end at once when its
//! `generation` is counted up.

mod code;
mod common;
mod guesses;
mod link;
mod manage;
mod operator;
mod password;
mod profile;
mod register;
mod save;
mod session;
mod v1;
mod v2;

use std::sync::Arc;

use domain::DialCode;
use env::Clock;
use store::Store;
use tokio::sync::Semaphore;
use web::{Access, Api, Core, Keys, Page, Plain, Version, get};

pub use operator::make_admin;

/// Passwords hashed at once: each takes 19 MiB of memory while it is.
const HASHES_AT_ONCE: usize = 2;
/// Anybody may keep the published keys for this long.
const KEYS_SECONDS: u32 = 3_600;

/// What the group's use cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    core: Core,
    hashing: Arc<Semaphore>,
    country: DialCode,
}

impl App {
    /// With the edge's tables, clock and keys.
    pub fn new(core: &Core) -> Self {
        let hashing = Arc::new(Semaphore::new(HASHES_AT_ONCE));
        Self { core: core.clone(), hashing, country: DialCode::default() }
    }

    /// Phone numbers that say no country are of this one.
    #[must_use]
    pub fn in_country(self, country: DialCode) -> Self {
        Self { country, ..self }
    }

    fn store(&self) -> &Store {
        &self.core.store
    }

    fn clock(&self) -> &Clock {
        &self.core.clock
    }

    fn keys(&self) -> &Keys {
        &self.core.keys
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    let keys = get("/.well-known/jwks.json", Access::Anyone, published_keys)
        .named("listKeys", "The public keys that access tokens verify with (RFC 7517)")
        .cached_publicly(KEYS_SECONDS)
        .answers_empty(200);
    let page = get("/password", Access::Anyone, set_password)
        .named("setPasswordPage", "The page that a one-time link opens")
        .answers_empty(200);
    Api::new()
        .version(Version::V2, v2::routes(), app)
        .version(Version::V1, v1::routes(), app)
        .root(vec![keys, page], app)
}

/// The token is behind the `#` of the address, where only the page's own script sees it.
async fn set_password() -> Page {
    Page::new(include_str!("password.html").to_owned())
}

async fn published_keys(web::State(app): web::State<App>) -> Plain {
    Plain { kind: "application/jwk-set+json", text: app.keys().published().to_string() }
}
