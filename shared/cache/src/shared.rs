//! A cache that processes share: Redis, or Valkey as `ElastiCache` offers it. It answers at once or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, TlsCertificates};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long anybody waits for it.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a connection may take, for which nobody waits longer than for an answer.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long it is left alone after it did not answer. Then one caller tries.
const REST: Duration = Duration::from_secs(5);

/// The connection. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    connection: ConnectionManager,
    /// What the name of every entry starts with: whose installation it is.
    prefix: String,
    breaker: Breaker,
}

impl Shared {
    /// The cache that `REDIS_URL` names, if it names one: `redis://host:port`, or `rediss://` with TLS, which for a host of Amazon's
    /// trusts Amazon's roots alone. Entries are those of the installation whose tables `HOLDFAST_TABLE_PREFIX` names. It
    /// connects beside its caller, on tokio's runtime.
    ///
    /// # Errors
    /// `internal` when it is no such address.
    pub fn from_env() -> Result<Option<Self>> {
        let prefix = env::optional("HOLDFAST_TABLE_PREFIX").unwrap_or_default();
        env::optional("REDIS_URL").map(|url| Self::new(&url, prefix)).transpose()
    }

    /// The cache at an address, as [`Shared::from_env`] says, with a start of all names.
    ///
    /// # Errors
    /// `internal` when it is no such address.
    pub fn new(url: &str, prefix: String) -> Result<Self> {
        let host = url.strip_prefix("rediss://").filter(|host| aws::is_amazon(host));
        let client = match host {
            None => Client::open(url),
            Some(_) => Client::build_with_tls(
                url,
                TlsCertificates { client_tls: None, root_cert: Some(aws::ROOTS.concat().into_bytes()) },
            ),
        };
        // One attempt at a time: the breaker decides when the next one is due.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(PATIENCE));
        let connection = client
            .and_then(|client| ConnectionManager::new_lazy_with_config(client, config))
            .map_err(|error| Error::internal(format!("REDIS_URL: {error}")))?;
        let mut first = connection.clone();
        tokio::spawn(async move { redis::cmd("PING").query_async::<()>(&mut first).await });
        Ok(Self(Arc::new(Inner { connection, prefix, breaker: Breaker::new(Instant::now()) })))
    }

    /// The value and when it was read from the tables; nothing if it is not there, cannot be had in time, or is no such value.
    pub(crate) async fn get<V: DeserializeOwned>(&self, name: &str) -> Option<(Timestamp, V)> {
        let mut command = redis::cmd("GET");
        command.arg(self.name(name));
        let kept: Vec<u8> = self.ask::<Option<Vec<u8>>>(&command).await??;
        serde_json::from_slice(&kept).ok()
    }

    /// Keeps a value that was read at `read`, for as long as it is good.
    pub(crate) async fn put<V: Serialize>(
        &self,
        name: &str,
        read: Timestamp,
        value: &V,
        lifetime: SignedDuration,
    ) {
        let Ok(kept) = serde_json::to_vec(&(read, value)) else { return };
        let mut command = redis::cmd("SET");
        command.arg(self.name(name)).arg(kept).arg("PX").arg(lifetime.as_millis().to_string());
        self.ask::<()>(&command).await;
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.0.prefix)
    }

    /// The answer, if there is one in time.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let breaker = &self.0.breaker;
        if !breaker.lets_through(Instant::now()) {
            return None;
        }
        let mut connection = self.0.connection.clone();
        let error = match tokio::time::timeout(PATIENCE, command.query_async(&mut connection)).await {
            Ok(Ok(answer)) => {
                breaker.close();
                return Some(answer);
            }
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        breaker.open(Instant::now());
        tracing::warn!(error, "the shared cache is left alone for a while");
        None
    }
}

/// Closed while the cache answers. Opened by a failure, it lets one caller through when the cache has rested, and one more each time it
/// has rested again.
struct Breaker {
    since: Instant,
    /// Milliseconds from `since` on, until which nobody asks; 0 when closed.
    open_until: AtomicU64,
}

impl Breaker {
    fn new(since: Instant) -> Self {
        Self { since, open_until: AtomicU64::new(0) }
    }

    fn lets_through(&self, now: Instant) -> bool {
        let until = self.open_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        // Whoever moves the mark is the one who tries.
        self.millis(now) >= until
            && self
                .open_until
                .compare_exchange(until, self.millis(now + REST), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn open(&self, now: Instant) {
        self.open_until.store(self.millis(now + REST), Ordering::Relaxed);
    }

    fn close(&self) {
        self.open_until.store(0, Ordering::Relaxed);
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.since).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
