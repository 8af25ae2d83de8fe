//! How often somebody may ask, by who they are and by what they ask for: counted once for each request, before its handler runs.
//!
//! Who asks is the account of the token, and without one the address that the gateway or the socket tells; headers are not believed.
//! Counting is [`Rate::admit`], with the time of this process, in one of three places:
//!
//! | where | when | if it cannot be asked |
//! | --- | --- | --- |
//! | the cache that processes share, one script, one round trip | where there is one | the next place |
//! | this process | ordinary routes without it | it always can: a limit then holds for each process by itself |
//! | the tables, one conditional update | routes of [`Group::is_authority`] without it | the request is refused with 503 |
//!
//! What is refused is not counted, so that whoever is told to wait is let in once they have.

mod quotas;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cache::Shared;
use domain::rate::Standing;
use domain::{Caller, Rate, Role};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use store::Store;

pub use quotas::{Group, Quotas, Tier};

/// Callers that a process counts by itself, each in some 200 bytes; whoever has not asked for longest is forgotten first.
const CALLERS_HERE: u64 = 50_000;

/// [`Rate::admit`] for Redis: whether it was admitted, and the pace. Nothing is written when it was not. A pace is forgotten when it means nothing
/// any more, by the cache's clock, so that a process whose clock is ahead keeps nobody out for longer than a window.
const SCRIPT: &str = "\
local pace, now, step, span = tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local moved = math.max(pace, now) + step
if moved - now > span then return {0, pace} end
redis.call('SET', KEYS[1], string.format('%.0f', moved), 'PX', math.ceil((moved - now) / 1000))
return {1, moved}";

/// Counts requests. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Option<Arc<Counting>>);

struct Counting {
    quotas: Quotas,
    here: Cache<String, Arc<AtomicI64>>,
    shared: Option<Shared>,
}

/// Where a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// In the cache that processes share.
    Shared,
    /// In this process alone.
    Here,
    /// In the tables.
    Tables,
}

/// What became of a request at its limit, for headers and log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) group: Group,
    pub(crate) tier: Tier,
    pub(crate) rate: Rate,
    pub(crate) counted: Counted,
    pub(crate) admitted: bool,
    pub(crate) standing: Standing,
}

impl Limits {
    /// No limits: what `HOLDFAST_LIMITS=off` says.
    pub fn off() -> Self {
        Self(None)
    }

    /// With these quotas, and a cache that processes share if there is one.
    pub fn new(quotas: Quotas, shared: Option<Shared>) -> Self {
        let here = Cache::builder().max_capacity(CALLERS_HERE).eviction_policy(EvictionPolicy::lru()).build();
        Self(Some(Arc::new(Counting { quotas, here, shared })))
    }

    /// As `HOLDFAST_LIMITS` says; see [`Quotas::parse`]. Unset, the quotas are those of [`Quotas::default`].
    ///
    /// # Errors
    /// `internal` when it cannot be read.
    pub fn from_env(shared: Option<Shared>) -> Result<Self> {
        let quotas = match env::optional("HOLDFAST_LIMITS") {
            Some(text) if text == "off" => return Ok(Self::off()),
            Some(text) => Quotas::parse(&text)?,
            None => Quotas::default(),
        };
        Ok(Self::new(quotas, shared))
    }

    /// Counts a request, or so many at once; nothing where there is no limit.
    ///
    /// # Errors
    /// `unavailable` when a route of authority can be counted nowhere.
    pub(crate) async fn count(
        &self,
        (group, many): (Group, u32),
        (caller, ip): (Option<&Caller>, Option<&str>),
        (store, now): (&Store, Timestamp),
    ) -> Result<Option<Limited>> {
        let Some(counting) = &self.0 else { return Ok(None) };
        let tier = Tier::of(caller);
        let Some(rate) = counting.quotas.rate(group, tier) else { return Ok(None) };
        let who = match caller {
            Some(caller) => caller.user.to_string(),
            None => ip.map_or_else(|| "unknown".to_owned(), network),
        };
        let key = format!("limit#{}#{who}", group.as_str());
        let (counted, outcome) =
            counting.outcome((group, many), key, rate, store, now).await.map_err(|error| {
                Error::unavailable("it cannot be counted how often you ask")
                    .with_source(error)
                    .with_retry_after(1)
            })?;
        let (admitted, pace) = match outcome {
            Ok(pace) => (true, pace),
            Err(pace) => (false, pace),
        };
        Ok(Some(Limited { group, tier, rate, counted, admitted, standing: rate.standing(pace, now) }))
    }
}

impl Counting {
    /// The pace after a request that was admitted, or the one that refused it.
    async fn outcome(
        &self,
        (group, many): (Group, u32),
        key: String,
        rate: Rate,
        store: &Store,
        now: Timestamp,
    ) -> Result<(Counted, Result<i64, i64>)> {
        if let Some(shared) = &self.shared {
            let arguments = [now.as_microsecond(), rate.step() * i64::from(many), rate.span()];
            match shared.script(SCRIPT, &key, &arguments).await.as_deref() {
                Some([1, pace]) => return Ok((Counted::Shared, Ok(*pace))),
                Some([0, pace]) => return Ok((Counted::Shared, Err(*pace))),
                _ => {}
            }
        }
        if group.is_authority() {
            return Ok((Counted::Tables, store.admit(&key, (rate, many), now).await?));
        }
        let pace = self.here.get_with(key, Arc::default);
        let moved =
            pace.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |pace| rate.admit(pace, many, now));
        // What was there before the update that was made, or what stood in its way.
        Ok((Counted::Here, moved.map(|before| rate.admit(before, many, now).unwrap_or(before))))
    }
}

impl Limited {
    /// `rate_limited`, if the request was refused.
    ///
    /// # Errors
    /// That.
    pub(crate) fn check(&self) -> Result<()> {
        if self.admitted {
            return Ok(());
        }
        Err(Error::new(Code::RateLimited, "you ask more often than you may; wait a little")
            .with_detail("limit", self.group.as_str())
            .with_retry_after(self.standing.next_in.max(1)))
    }

    /// Tells the client where it stands, as draft-ietf-httpapi-ratelimit-headers has it.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let name = self.group.as_str();
        let policy = format!("\"{name}\";q={};w={}", self.rate.most(), self.rate.seconds());
        let standing = format!("\"{name}\";r={};t={}", self.standing.left, self.standing.full_in);
        for (header, value) in [("ratelimit-policy", policy), ("ratelimit", standing)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(header), value);
            }
        }
    }
}

impl Tier {
    fn of(caller: Option<&Caller>) -> Self {
        match caller.map(|caller| caller.role) {
            None => Self::Anonymous,
            Some(Role::Customer | Role::Merchant) => Self::Customer,
            Some(Role::Admin | Role::Manager | Role::Staff | Role::Moderator | Role::Auditor) => Self::Staff,
            Some(Role::Service) => Self::Service,
        }
    }
}

/// What an address is counted as: itself, or of IPv6 the network of 64 bits that one customer of a provider has.
pub fn network(ip: &str) -> String {
    let Ok(IpAddr::V6(address)) = ip.parse() else { return ip.chars().take(45).collect() };
    if let Some(address) = address.to_ipv4_mapped() {
        return address.to_string();
    }
    let [a, b, c, d, ..] = address.segments();
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
}

#[cfg(test)]
mod tests;
