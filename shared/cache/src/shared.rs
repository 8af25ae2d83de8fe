//! A cache that processes share: Redis, or Valkey as `ElastiCache` offers it. It answers at once or not at all.
//!
//! Beside a value it keeps a generation for each tag: a number that whoever changes what the tag names replaces by another. A value
//! says of which generations it is, and is good only while all of them are there and the same. So a generation that the cache lost
//! makes values old, never young. One key a command, many commands a round trip: the cache may be spread over slots.

mod breaker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use errors::{Error, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, Pipeline, RedisError, TlsCertificates};

use crate::Tag;
use breaker::Breaker;
pub use breaker::State;

/// How long anybody waits for it.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long a connection may take, for which nobody waits longer than for an answer.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long it is left alone after it did not answer. Then one caller tries.
const REST: Duration = Duration::from_secs(5);

/// Seconds for which a generation is kept: any number does, since values of one that is gone are old.
const GENERATION_LASTS: u32 = 24 * 60 * 60;

/// Generations that are moved in one round trip.
const AT_ONCE: usize = 200;

/// The connection. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    connection: ConnectionManager,
    /// What the name of every entry starts with: whose installation it is.
    prefix: String,
    breaker: Breaker,
}

/// What is kept under a name, and the generations of its tags, as far as there are any.
pub(crate) struct Looked {
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) generations: Vec<Option<u64>>,
}

/// What became of a question.
enum Answer<T> {
    /// It was answered.
    Given(T),
    /// The cache refused it: it is full, or what is there is of another type.
    Refused,
    /// There was no answer in time, or nobody was asked.
    Away,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({:?})", self.state())
    }
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
        Ok(Self(Arc::new(Inner { connection, prefix, breaker: Breaker::new(Instant::now(), REST) })))
    }

    /// Whether it is asked.
    pub fn state(&self) -> State {
        self.0.breaker.state(Instant::now())
    }

    /// Round trips that were begun, and those that failed.
    pub(crate) fn attempts(&self) -> (u64, u64) {
        self.0.breaker.attempts()
    }

    /// What is kept under a name, with the generations of its tags, in one round trip.
    pub(crate) async fn look(&self, name: &str, tags: &[Tag]) -> Option<Looked> {
        let mut questions = redis::pipe();
        questions.cmd("GET").arg(self.name(name));
        for tag in tags {
            questions.cmd("GET").arg(self.generation(tag));
        }
        let Answer::Given(answers) = self.ask::<Vec<Option<Vec<u8>>>>(&questions).await else { return None };
        let mut answers = answers.into_iter();
        let value = answers.next().flatten();
        let number = |bytes: Vec<u8>| String::from_utf8(bytes).ok()?.parse().ok();
        let generations: Vec<Option<u64>> = answers.map(|answer| answer.and_then(number)).collect();
        (generations.len() == tags.len()).then_some(Looked { value, generations })
    }

    /// Keeps a value for so many seconds, with those of its generations that were not there.
    pub(crate) async fn keep(&self, name: &str, value: &[u8], seconds: i64, new: &[(&Tag, u64)]) {
        let mut commands = redis::pipe();
        for (tag, generation) in new {
            let command = commands.cmd("SET").arg(self.generation(tag)).arg(*generation);
            command.arg("NX").arg("EX").arg(GENERATION_LASTS).ignore();
        }
        commands.cmd("SET").arg(self.name(name)).arg(value).arg("EX").arg(seconds).ignore();
        self.ask::<()>(&commands).await;
    }

    /// Forgets what is kept under a name.
    pub(crate) async fn forget(&self, name: &str) {
        let mut commands = redis::pipe();
        commands.cmd("DEL").arg(self.name(name)).ignore();
        self.ask::<()>(&commands).await;
    }

    /// Replaces the generations of these tags; whether it did. A cache that is full takes nothing, but lets go: values of a generation
    /// that is gone are as old.
    pub(crate) async fn move_on(&self, tags: &[&Tag]) -> bool {
        for some in tags.chunks(AT_ONCE) {
            let mut commands = redis::pipe();
            for tag in some {
                let generation = u64::from_be_bytes(env::random());
                let command = commands.cmd("SET").arg(self.generation(tag)).arg(generation);
                command.arg("EX").arg(GENERATION_LASTS).ignore();
            }
            match self.ask::<()>(&commands).await {
                Answer::Given(()) => continue,
                Answer::Away => return false,
                Answer::Refused => {}
            }
            let mut commands = redis::pipe();
            for tag in some {
                commands.cmd("DEL").arg(self.generation(tag)).ignore();
            }
            if !matches!(self.ask::<()>(&commands).await, Answer::Given(())) {
                return false;
            }
        }
        true
    }

    /// What a script answers that is run on one key, in one round trip; nothing if it cannot be had in time.
    pub async fn script(&self, script: &str, key: &str, arguments: &[i64]) -> Option<Vec<i64>> {
        let mut command = redis::pipe();
        command.cmd("EVAL").arg(script).arg(1).arg(self.name(key)).arg(arguments);
        match self.ask::<(Vec<i64>,)>(&command).await {
            Answer::Given((answer,)) => Some(answer),
            Answer::Away | Answer::Refused => None,
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.0.prefix)
    }

    fn generation(&self, tag: &Tag) -> String {
        format!("{}generation#{}", self.0.prefix, tag.as_str())
    }

    async fn ask<T: FromRedisValue>(&self, commands: &Pipeline) -> Answer<T> {
        let breaker = &self.0.breaker;
        if !breaker.lets_through(Instant::now()) {
            return Answer::Away;
        }
        let mut connection = self.0.connection.clone();
        let error = match tokio::time::timeout(PATIENCE, commands.query_async(&mut connection)).await {
            Ok(Ok(answer)) => {
                breaker.close();
                return Answer::Given(answer);
            }
            // It answers: what it says of one question is not said of the next.
            Ok(Err(error)) if is_refusal(&error) => {
                breaker.close();
                tracing::debug!(%error, "the shared cache refuses");
                return Answer::Refused;
            }
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        breaker.open(Instant::now());
        tracing::warn!(error, "the shared cache is left alone for a while");
        Answer::Away
    }
}

/// Whether it is an answer: that it does not do what it was asked, or does not have what was asked for.
fn is_refusal(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType)
}

#[cfg(test)]
mod tests;
