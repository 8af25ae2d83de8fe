//! Who calls, and whether they may: checked once for each route, before its handler runs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cache::{Cache, Kind, Reads, Tag};
use domain::{Caller, Permission, Role, Scope, SessionId};
use env::Clock;
use errors::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use store::Store;

use crate::api::Key;
use crate::caching::Keeping;
use crate::extract::{Origin, unasked};
use crate::keys::Keys;
use crate::limits::{Group, Limited, Limits};
use crate::problem::Problem;
use crate::telemetry::Telemetry;
use crate::version::Version;

/// What is known of a session, for as long as that kind says: so long a deactivation, a new role or a log-out takes to hold everywhere.
const SIGNED_IN: Kind<Option<Known>> = Kind::of(cache::Name::SignedIn);

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
    /// What may be answered by what was read a moment ago.
    pub reads: Reads,
    limits: Limits,
}

/// What an account may do, as read a moment ago.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    role: Role,
    scope: Scope,
}

impl Core {
    /// Puts the pieces together, with a cache in this process and without limits.
    pub fn new(store: Store, clock: Clock, keys: Keys) -> Self {
        Self::cached(store, clock, keys, Cache::memory())
    }

    /// Puts the pieces together, without limits. The cache hears what is written.
    pub fn cached(store: Store, clock: Clock, keys: Keys, cache: Cache) -> Self {
        let hears = cache.clone();
        let store = store.heard_by(move |items| hears.touched(Tag::written(&items)));
        let reads = Reads::new(store.clone(), clock.clone(), cache);
        let (keys, telemetry) = (Arc::new(keys), Arc::default());
        Self { store, clock, keys, show_usage: false, telemetry, reads, limits: Limits::off() }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { reads: self.reads.with_clock(clock.clone()), clock, ..self }
    }

    /// From what Lambda sets: see [`Store::from_env`], [`Keys::from_env`], [`Cache::from_env`] and [`Limits::from_env`].
    /// `HOLDFAST_SHOW_USAGE`, if it is set to anything, has answers tell what they consumed.
    ///
    /// # Errors
    /// `internal` when a variable is missing or wrong.
    pub fn from_env() -> Result<Self> {
        let core = Self::cached(Store::from_env()?, Clock::system(), Keys::from_env()?, Cache::from_env()?);
        let telemetry = Arc::new(Telemetry::from_env()?);
        let limits = Limits::from_env(core.reads.cache().shared().cloned())?;
        let show_usage = env::optional("HOLDFAST_SHOW_USAGE").is_some();
        Ok(Self { show_usage, telemetry, limits, ..core })
    }

    /// With other limits.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Forgets what this process knows of a session, so that its end holds here at once.
    pub fn forget(&self, session: SessionId) {
        self.reads.cache().forget(SIGNED_IN, &session.to_string());
    }

    /// The caller whose access token this is.
    async fn caller(&self, token: &str, ip: Option<String>) -> Result<Caller> {
        let now = self.clock.now();
        let token = self.keys.read(token, now)?;
        let (key, tags) = (token.session.to_string(), [Tag::record("user", token.user)]);
        let known =
            self.reads.cache().get_or_load(SIGNED_IN, &key, &tags, now, || self.look_up(&token)).await?;
        let known = Option::clone(&known)
            .ok_or_else(|| Error::new(Code::Unauthenticated, "this session has ended; log in again"))?;
        Ok(Caller { user: token.user, role: known.role, scope: known.scope, session: token.session, ip })
    }

    async fn look_up(&self, token: &crate::keys::AccessToken) -> Result<Option<Known>> {
        let found = self.store.signed_in(token.user, token.session).await?;
        Ok(found
            .filter(|(user, session)| user.active && !session.revoked)
            .map(|(user, _)| Known { role: user.role, scope: user.scope }))
    }
}

/// Counts what one request asks for beyond itself: a batch is as many requests as it has parts.
pub struct Counter {
    core: Core,
    group: Group,
    caller: Option<Caller>,
    ip: Option<String>,
}

impl Counter {
    /// Counts so many more, all of them or none.
    ///
    /// # Errors
    /// `rate_limited`.
    pub async fn count(&self, many: u32) -> Result<()> {
        if many == 0 {
            return Ok(());
        }
        let (who, at) =
            ((self.caller.as_ref(), self.ip.as_deref()), (&self.core.store, self.core.clock.now()));
        let limited = self.core.limits.count((self.group, many), who, at).await?;
        limited.map_or(Ok(()), |limited| limited.check())
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Counter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = (parts.extensions.get::<Core>().cloned(), parts.extensions.get::<Group>().copied());
        let (Some(core), Some(group)) = known else {
            return Err(Error::internal("counting outside the edge").into());
        };
        let caller = parts.extensions.get::<Calling>().and_then(|calling| calling.0.clone());
        Ok(Self { core, group, caller, ip: origin(parts) })
    }
}

/// What a route asks of its callers, as the state of [`check`].
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) core: Core,
    pub(crate) access: Access,
    pub(crate) group: Group,
    pub(crate) key: Key,
    pub(crate) keeping: Keeping,
    /// Whether the handler reads the query.
    pub(crate) queried: bool,
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
    let caller = calling(&gate.core, &parts).await;
    let limited = limit(&gate, caller.as_ref().ok().and_then(Option::as_ref), &parts).await;
    let (limited, admitted) = match limited {
        Ok(limited) => (limited, limited.map_or(Ok(()), |limited| limited.check())),
        Err(error) => (None, Err(error)),
    };
    let mut response = match admitted.and(caller).and_then(|caller| admit(&gate, caller, &parts)) {
        Ok(caller) => {
            let kind = caller.as_ref().map_or("anonymous", |caller| caller.role.as_str());
            // What anybody may keep must not depend on who asked, so its handler is not told.
            let public = matches!(gate.keeping, Keeping::Public(_));
            parts.extensions.insert(gate.group);
            parts.extensions.insert(Calling(caller.filter(|_| !public)));
            parts.extensions.insert(gate.core.clone());
            let mut response = next.run(Request::from_parts(parts, body)).await;
            response.extensions_mut().insert(CallerKind(kind));
            response
        }
        Err(error) => Problem(error).into_response(),
    };
    if let Some(limited) = limited {
        response.extensions_mut().insert(limited);
    }
    response
}

async fn calling(core: &Core, request: &Parts) -> Result<Option<Caller>> {
    match bearer(&request.headers)? {
        Some(token) => core.caller(token, origin(request)).await.map(Some),
        None => Ok(None),
    }
}

fn origin(request: &Parts) -> Option<String> {
    request.extensions.get::<Origin>().and_then(|origin| origin.ip.clone())
}

/// Counts the request. Whoever sends a token that does not hold is counted by address, as those who send none.
async fn limit(gate: &Gate, caller: Option<&Caller>, request: &Parts) -> Result<Option<Limited>> {
    let ip = request.extensions.get::<Origin>().and_then(|origin| origin.ip.as_deref());
    let core = &gate.core;
    core.limits.count((gate.group, 1), (caller, ip), (&core.store, core.clock.now())).await
}

fn admit(gate: &Gate, caller: Option<Caller>, request: &Parts) -> Result<Option<Caller>> {
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
    if !gate.queried && gate.version == Some(Version::V2) {
        unasked(request).map_err(|Problem(error)| error)?;
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
