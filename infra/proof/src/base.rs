//! The database that the evidence is gathered on: embedded, or any that speaks the protocol.

use database::{Data, Database};
use env::Clock;
use errors::{Error, Result};
use store::{Config, Store};

/// Where the evidence is gathered. It runs until it is stopped.
pub struct Base {
    endpoint: String,
    embedded: Option<Database>,
}

impl Base {
    /// The endpoint that `HOLDFAST_DYNAMODB_ENDPOINT` names, else an embedded database of its own in memory.
    ///
    /// # Errors
    /// `internal` when the database cannot be started.
    pub async fn start(clock: &Clock) -> Result<Self> {
        if let Some(endpoint) = env::optional("HOLDFAST_DYNAMODB_ENDPOINT") {
            return Ok(Self { endpoint, embedded: None });
        }
        let embedded = database::start(&Data::Memory, clock.clone()).await.map_err(Error::internal)?;
        Ok(Self { endpoint: embedded.url().to_owned(), embedded: Some(embedded) })
    }

    /// The endpoint's URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes tables under a prefix that nobody else has, and says how to reach them.
    ///
    /// # Errors
    /// `unavailable` when the database is; `internal` when it refuses a table.
    pub async fn tables(&self) -> Result<Config> {
        let prefix = format!("Proof{:016x}-", u64::from_be_bytes(env::random()));
        let config = config(&self.endpoint, prefix);
        let store = Store::new(config.clone());
        while !store.migrate().await?.is_empty() {}
        Ok(config)
    }

    /// Ends an embedded database; another one runs on.
    ///
    /// # Errors
    /// `internal` when its server failed.
    pub async fn stop(self) -> Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop().await.map_err(Error::internal),
            None => Ok(()),
        }
    }
}

/// How to reach the tables of a prefix. Retries follow each other closely, since nothing here gets better by waiting.
pub fn config(endpoint: &str, prefix: String) -> Config {
    let backoff = std::time::Duration::from_millis(10);
    Config { prefix, backoff, ..Config::local(endpoint.to_owned()) }
}
