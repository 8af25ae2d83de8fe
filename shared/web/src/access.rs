//! Who calls, and whether they may: checked once for each route, before its handler runs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cache::Memory;
use domain::{Caller, Permission, Role, Scope, SessionId};
use env::Clock;
use errors::{Code, Error, Result};
use store::Store;

use crate::api::Key;
use crate::extract::Origin;
use crate::keys::Keys;
use crate::problem::Problem;
use crate::telemetry::Telemetry;
use crate::version::Version;

/// What is known of a session is read again after this long: so long a deactivation, a new role or a log-out takes to hold
/// everywhere.
const KNOWN_SECONDS: i64 = 30;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, signed in or not.
    Anyone,
    /// Anybody with an account; the handler looks at whose the record is.
    SignedIn,
    /// Those whose role has the permission; for scoped roles the handler looks at the location.
    Needs(Permission),
}

/// What the edge needs for every request. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Keys of tokens and cursors.
    pub keys: Arc<Keys>,
    /// Whether answers tell in `X-Usage` what they consumed.
    pub show_usage: bool,
    /// What requests took.
    pub telemetry: Arc<Telemetry>,
    known: Arc<Memory<SessionId, Option<Known>>>,
}

/// What an account may do, as read a moment ago.
#[derive(Debug, Clone)]
struct Known {
    role: Role,
    scope: Scope,
}

impl Core {
    /// Puts the pieces together.
    pub fn new(store: Store, clock: Clock, keys: Keys) -> Self {
        let known = Arc::new(Memory::new(10_000, KNOWN_SECONDS));
        Self { store, clock, keys: Arc::new(keys), show_usage: false, telemetry: Arc::default(), known }
    }

    /// From what Lambda sets: see [`Store::from_env`] and [`Keys::from_env`]. `HOLDFAST_SHOW_USAGE`, if it is set to anything,
    /// has answers tell what they consumed.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        let core = Self::new(Store::from_env()?, Clock::system(), Keys::from_env()?);
        let telemetry = Arc::new(Telemetry::from_env()?);
        Ok(Self { show_usage: env::optional("HOLDFAST_SHOW_USAGE").is_some(), telemetry, ..core })
    }

    /// Forgets what this process knows of a session, so that its end holds here at once.
    pub fn forget(&self, session: SessionId) {
        self.known.forget(&session);
    }

    /// The caller whose access token this is.
    async fn caller(&self, token: &str, ip: Option<String>) -> Result<Caller> {
        let now = self.clock.now();
        let token = self.keys.read(token, now)?;
        let known = if let Some(known) = self.known.get(&token.session, now) {
            known
        } else {
            let known = self.look_up(&token).await?;
            self.known.put(token.session, known.clone(), now);
            known
        };
        let known =
            known.ok_or_else(|| Error::new(Code::Unauthenticated, "this session has ended; log in again"))?;
        Ok(Caller { user: token.user, role: known.role, scope: known.scope, session: token.session, ip })
    }

    async fn look_up(&self, token: &crate::keys::AccessToken) -> Result<Option<Known>> {
        let found = self.store.signed_in(token.user, token.session).await?;
        Ok(found
            .filter(|(user, session)| user.active && !session.revoked)
            .map(|(user, _)| Known { role: user.role, scope: user.scope }))
    }
}

/// What a route asks of its callers, as the state of [`check`].
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) core: Core,
    pub(crate) access: Access,
    pub(crate) key: Key,
    pub(crate) version: Option<Version>,
}

/// What kind of caller a request had, for the log: a role, or `anonymous`.
#[derive(Clone, Copy)]
pub(crate) struct CallerKind(pub(crate) &'static str);

/// Who calls, for [`Signed`](crate::Signed) and [`MaybeSigned`](crate::MaybeSigned).
#[derive(Clone)]
pub(crate) struct Calling(pub(crate) Option<Caller>);

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

pub(crate) async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&gate, &parts).await {
        Ok(caller) => {
            let kind = caller.as_ref().map_or("anonymous", |caller| caller.role.as_str());
            parts.extensions.insert(Calling(caller));
            parts.extensions.insert(gate.core.clone());
            let mut response = next.run(Request::from_parts(parts, body)).await;
            response.extensions_mut().insert(CallerKind(kind));
            response
        }
        Err(error) => Problem(error).into_response(),
    }
}

async fn admit(gate: &Gate, request: &Parts) -> Result<Option<Caller>> {
    let ip = request.extensions.get::<Origin>().and_then(|origin| origin.ip.clone());
    let caller = match bearer(&request.headers)? {
        Some(token) => Some(gate.core.caller(token, ip).await?),
        None => None,
    };
    match (gate.access, &caller) {
        (Access::Anyone, _) | (Access::SignedIn, Some(_)) => {}
        (_, None) => return Err(Error::new(Code::Unauthenticated, "send an access token")),
        (Access::Needs(permission), Some(caller)) if !caller.may(permission) => {
            return Err(
                Error::forbidden("your role does not allow this").with_detail("role", caller.role.as_str())
            );
        }
        (Access::Needs(_), Some(_)) => {}
    }
    let missing = gate.key == Key::Required && !request.headers.contains_key(IDEMPOTENCY_KEY);
    if missing && gate.version == Some(Version::V2) {
        return Err(Error::new(
            Code::IdempotencyKeyRequired,
            "send an Idempotency-Key, so that a retry books once",
        ));
    }
    Ok(caller)
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    token
        .map(Some)
        .ok_or_else(|| Error::new(Code::Unauthenticated, "send Authorization: Bearer <access token>"))
}
