//! The connection to `DynamoDB`.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use errors::Result;

use crate::meter::CountTrips;
use crate::schema::Table;

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
    /// Access key, secret, session token.
    pub credentials: (String, String, Option<String>),
    /// How long an attempt at a call may take, and all attempts together, at most [`CALL_TIMEOUT`].
    pub timeouts: (Duration, Duration),
    /// The longest pause before a call that failed is tried for the second time; it doubles with each further attempt.
    pub backoff: Duration,
    /// What carries the requests, [`http`] when unset: a place for a test to lose some of them.
    pub http: Option<SharedHttpClient>,
}

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
            credentials: (
                env::required("AWS_ACCESS_KEY_ID")?,
                env::required("AWS_SECRET_ACCESS_KEY")?,
                env::optional("AWS_SESSION_TOKEN"),
            ),
            timeouts: (Duration::from_secs(3), Duration::from_secs(15)),
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
            credentials: ("local".to_owned(), "local".to_owned(), None),
            // Nobody answers faster when asked again on the same two cores.
            timeouts: (CALL_TIMEOUT, CALL_TIMEOUT),
            backoff: BACKOFF,
            http: None,
        }
    }
}

/// The one HTTP client, with its own connections.
pub fn http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

/// The tables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    prefix: String,
}

impl Store {
    /// Connects on first use.
    pub fn new(config: Config) -> Self {
        let (key, secret, token) = config.credentials;
        let (attempt, call) = config.timeouts;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(attempt)
            .operation_attempt_timeout(attempt)
            .operation_timeout(call)
            .build();
        let mut builder = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .credentials_provider(Credentials::new(key, secret, token, None, "environment"))
            .http_client(config.http.unwrap_or_else(http))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(config.backoff))
            .interceptor(CountTrips);
        builder.set_endpoint_url(config.endpoint);
        Self { client: Client::from_conf(builder.build()), prefix: config.prefix }
    }

    /// The tables that the environment names.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Config::from_env().map(Self::new)
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
