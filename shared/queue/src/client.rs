//! The connection to SQS and one queue behind it.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use errors::{Error, Result};

use crate::batch::{MAX_ENTRIES, Outgoing, seconds};
use crate::{Job, SqsEvent, SqsMessage};

/// The environment variable with the URL of the queue that `relay` fills and `notify` works off.
pub const NOTIFY: &str = "HOLDFAST_QUEUE_NOTIFY";

/// The environment variable with the URL of the queue that `relay` fills and `tasks` works off.
pub const TASKS: &str = "HOLDFAST_QUEUE_TASKS";
/// The variable with the URL of the queue of what follows from payments.
pub const PAYMENTS: &str = "HOLDFAST_QUEUE_PAYMENTS";

/// The longest delay that SQS can keep a message for. What is due later waits in its table.
pub const MAX_DELAY: Duration = Duration::from_mins(15);

/// A connection to SQS. A clone is the same connection.
#[derive(Debug, Clone)]
pub struct Sqs(pub(crate) Client);

/// One queue. A clone is the same queue.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

impl Sqs {
    /// The region's SQS, or what listens at `HOLDFAST_SQS_ENDPOINT`; `AWS_REGION` and the `AWS_*` credentials as Lambda
    /// sets them.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Self::reach(env::optional("HOLDFAST_SQS_ENDPOINT"), env::required("AWS_REGION")?)
    }

    /// This region's SQS or what listens at the endpoint, with the `AWS_*` credentials of the environment.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn reach(endpoint: Option<String>, region: String) -> Result<Self> {
        Ok(Self::connect(endpoint, region, aws::credentials()?))
    }

    /// An endpoint that checks no credentials, as the laptop's.
    pub fn local(endpoint: impl Into<String>) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local");
        Self::connect(Some(endpoint.into()), "us-east-1".to_owned(), credentials)
    }

    fn connect(endpoint: Option<String>, region: String, credentials: Credentials) -> Self {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws::http(endpoint.as_deref()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts(Duration::ZERO))
            .region(Region::new(region))
            .credentials_provider(credentials);
        config.set_endpoint_url(endpoint);
        Self(Client::from_conf(config.build()))
    }

    /// The queue at this URL.
    pub fn queue(&self, url: impl Into<String>) -> Queue {
        Queue { client: self.0.clone(), url: url.into() }
    }
}

/// The queues of an installation.
#[derive(Debug, Clone)]
pub struct Queues {
    /// Of messages.
    pub notify: Queue,
    /// Of tasks.
    pub tasks: Queue,
    /// Of what follows from payments.
    pub payments: Queue,
}

impl Queues {
    /// Those whose URLs are in [`NOTIFY`], [`TASKS`] and [`PAYMENTS`]; see [`Sqs::from_env`].
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        let sqs = Sqs::from_env()?;
        let named = |variable| Ok(sqs.queue(env::required(variable)?));
        Ok(Self { notify: named(NOTIFY)?, tasks: named(TASKS)?, payments: named(PAYMENTS)? })
    }

    /// Each of them.
    pub fn each(&self) -> [&Queue; 3] {
        [&self.notify, &self.tasks, &self.payments]
    }
}

impl Queue {
    /// The queue whose URL is in `variable`, e.g. [`NOTIFY`]; see [`Sqs::from_env`].
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env(variable: &str) -> Result<Self> {
        Ok(Sqs::from_env()?.queue(env::required(variable)?))
    }

    /// Its address, which is also its identity.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends one job, to be received after `delay` at the earliest.
    ///
    /// # Errors
    /// `unavailable` when SQS cannot be reached or is busy: the job may have been sent all the same. `internal` when
    /// `delay` exceeds [`MAX_DELAY`] or SQS refuses for good.
    pub async fn send(&self, job: &Job, delay: Duration) -> Result<()> {
        self.send_batch([(job, delay)]).await
    }

    /// Sends all of these jobs, each with its delay, in as few requests as possible.
    ///
    /// # Errors
    /// As [`Queue::send`]. Any of them may have been sent before the failure: call again with all of them.
    pub async fn send_batch<'a>(&self, jobs: impl IntoIterator<Item = (&'a Job, Duration)>) -> Result<()> {
        let outgoing = jobs.into_iter().map(|(job, delay)| {
            if delay > MAX_DELAY {
                return Err(Error::internal(format!("SQS cannot delay a message by {delay:?}")));
            }
            Ok(Outgoing { body: job.to_body()?, delay })
        });
        self.push(outgoing.collect::<Result<_>>()?).await
    }

    /// Up to ten messages, as Lambda would get them; waits up to `wait` (at most 20 s) for the first.
    pub(crate) async fn receive(&self, wait: Duration) -> Result<SqsEvent> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(MAX_ENTRIES).unwrap_or(1))
            .wait_time_seconds(seconds(wait))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let patient = aws_sdk_sqs::Config::builder().timeout_config(timeouts(wait));
        let answer = request.customize().config_override(patient).send().await.map_err(failed)?;
        let mut event = SqsEvent::default();
        event.records = answer.messages.unwrap_or_default().into_iter().map(record).collect();
        Ok(event)
    }

    /// Deletes received messages; one that was not deleted will be received again.
    pub(crate) async fn delete(&self, receipts: Vec<String>) -> Result<()> {
        let mut refused = 0;
        for chunk in receipts.chunks(MAX_ENTRIES) {
            let entries = chunk.iter().enumerate().map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(receipt)
                    .build()
                    .map_err(Error::internal)
            });
            let entries = entries.collect::<Result<Vec<_>>>()?;
            let request = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            refused += request.send().await.map_err(failed)?.failed.len();
        }
        if refused > 0 {
            return Err(Error::unavailable(format!("{refused} messages were not deleted")));
        }
        Ok(())
    }

    /// Hides a received message for `delay` from now.
    pub(crate) async fn hide(&self, receipt: &str, delay: Duration) -> Result<()> {
        let request = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        request.visibility_timeout(seconds(delay)).send().await.map_err(failed).map(drop)
    }
}

/// What SQS said, as one of our errors: `unavailable` if the same request may succeed later, else `internal`.
pub(crate) fn failed<E>(error: SdkError<E>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let transient = match &error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(refusal) => {
            let throttled = refusal.err().code().is_some_and(|code| {
                code.contains("Throttl")
                    || code.ends_with("OverLimit")
                    || code.ends_with("ServiceUnavailable")
            });
            throttled || refusal.raw().status().is_server_error()
        }
        _ => true,
    };
    if transient { Error::unavailable(error) } else { Error::internal(error) }
}

fn record(message: Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id;
    record.receipt_handle = message.receipt_handle;
    record.body = message.body;
    record.md5_of_body = message.md5_of_body;
    let attributes = message.attributes.unwrap_or_default();
    record.attributes =
        attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
    record.event_source = Some("aws:sqs".to_owned());
    record
}

fn timeouts(wait: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(aws::CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_secs(5) + wait)
        .operation_timeout(Duration::from_secs(12) + wait)
        .build()
}
