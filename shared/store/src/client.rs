//! The connection to `DynamoDB`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use errors::Result;

use crate::heard::{Heard, Told, Written};
use crate::meter::{CountTrips, Queries};
use crate::schema::{ACCOUNTS, PARTITION, SORT, Table};
use crate::usage::Numbers;
use crate::work::Done;

/// The longest that one call may take, all its attempts together. The relay's look back relies on it.
pub const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// Where the tables are.
#[derive(Debug, Clone)]
pub struct Config {
    /// Another endpoint than AWS's own.
    pub endpoint: Option<String>,
    /// AWS region.
    pub region: String,
    /// What every table's name starts with.
    pub prefix: String,
    /// Who asks.
    pub credentials: Credentials,
    /// How long an attempt at a call may take, and all attempts together, at most [`CALL_TIMEOUT`].
    pub timeouts: (Duration, Duration),
    /// The longest pause before a call that failed is tried for the second time; it doubles with each further attempt.
    pub backoff: Duration,
    /// What carries the requests, [`aws::http`] when unset: a place for a test to lose some of them.
    pub http: Option<SharedHttpClient>,
}

/// How long a function's start may wait for the first connection.
const PRIME_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's own pause.
const BACKOFF: Duration = Duration::from_secs(1);

impl Config {
    /// From `HOLDFAST_DYNAMODB_ENDPOINT`, `HOLDFAST_TABLE_PREFIX` and what Lambda sets.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Self::in_region(env::required("AWS_REGION")?)
    }

    /// As [`Config::from_env`], in this region whatever the environment says of it.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn in_region(region: String) -> Result<Self> {
        Ok(Self {
            endpoint: env::optional("HOLDFAST_DYNAMODB_ENDPOINT"),
            region,
            prefix: env::optional("HOLDFAST_TABLE_PREFIX").unwrap_or_else(|| "Holdfast-".to_owned()),
            credentials: aws::credentials()?,
            timeouts: (aws::CONNECT_TIMEOUT, Duration::from_secs(15)),
            backoff: BACKOFF,
            http: None,
        })
    }

    /// An endpoint on this machine, which asks for no real credentials.
    pub fn local(endpoint: String) -> Self {
        Self {
            endpoint: Some(endpoint),
            region: "us-east-1".to_owned(),
            prefix: "Holdfast-".to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            // Nobody answers faster when asked again on the same two cores.
            timeouts: (CALL_TIMEOUT, CALL_TIMEOUT),
            backoff: BACKOFF,
            http: None,
        }
    }

    /// What carries the requests.
    pub fn carrier(&self) -> SharedHttpClient {
        self.http.clone().unwrap_or_else(|| aws::http(self.endpoint.as_deref()))
    }
}

/// The tables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    prefix: String,
    heard: Heard,
    queries: Arc<Queries>,
    work: Arc<Done>,
}

impl Store {
    /// Connects on first use.
    pub fn new(config: Config) -> Self {
        let http = config.carrier();
        let (attempt, call) = config.timeouts;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(attempt)
            .operation_attempt_timeout(attempt)
            .operation_timeout(call)
            .build();
        let mut builder = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .credentials_provider(config.credentials)
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(config.backoff))
            .interceptor(CountTrips);
        builder.set_endpoint_url(config.endpoint);
        Self {
            client: Client::from_conf(builder.build()),
            prefix: config.prefix,
            heard: Heard::default(),
            queries: Arc::default(),
            work: Arc::default(),
        }
    }

    /// The tables that the environment names.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Config::from_env().map(Self::new)
    }

    /// Makes the connection before anybody waits for it: while a function starts it has a whole processor, and afterwards
    /// the share that its memory buys. Asks for an item that is not there, once, for at most a second; the answer does
    /// not matter, and whether there is one is found out by who needs it.
    pub async fn prime(&self) {
        let nothing = AttributeValue::S("-".to_owned());
        let request = self.client.get_item().table_name(self.name(&ACCOUNTS));
        let request = request.key(PARTITION, nothing.clone()).key(SORT, nothing).customize();
        let once = aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        match tokio::time::timeout(PRIME_TIMEOUT, request.config_override(once).send()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the first call to the database failed"),
            Err(_) => tracing::debug!("the first call to the database was not answered in time"),
        }
    }

    /// The same tables, where `heard` is told what was written to them from here, before who wrote it is answered.
    #[must_use]
    pub fn heard_by(self, heard: impl Fn(Vec<Written>) -> Told + Send + Sync + 'static) -> Self {
        Self { heard: Heard::by(heard), ..self }
    }

    /// Tells what was written, or may have been.
    pub(crate) async fn tell(&self, actions: &[TransactWriteItem]) {
        if let Some(told) = self.heard.tell(&self.prefix, actions) {
            told.await;
        }
    }

    /// Queries from here since this was last called, by `Table` or `Table/index`: `queries`, and `half_reads`.
    pub fn take_queries(&self) -> BTreeMap<String, Numbers> {
        self.queries.take()
    }

    pub(crate) fn work(&self) -> &Done {
        &self.work
    }

    pub(crate) fn queries(&self) -> &Queries {
        &self.queries
    }

    /// The SDK's client, for `ledger` and for making tables.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The table's full name.
    pub fn name(&self, table: &Table) -> String {
        format!("{}{}", self.prefix, table.name)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_start_goes_on_where_nobody_listens() {
        Store::new(Config::local("http://127.0.0.1:1".to_owned())).prime().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_goes_on_where_nobody_answers() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let begun = Instant::now();
        Store::new(Config::local(format!("http://{}", silent.local_addr().unwrap()))).prime().await;
        assert_eq!(begun.elapsed().as_secs(), 1);
    }
}
