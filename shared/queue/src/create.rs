//! Making queues where no template does: on the laptop and in tests.

use std::time::Duration;

use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::QueueAttributeName::{self, QueueArn, RedrivePolicy, VisibilityTimeout};
use errors::{Error, Result};

use crate::batch::seconds;
use crate::client::failed;
use crate::{Queue, Sqs};

/// How a queue treats its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message stays hidden unless it is deleted; longer than its handler may run.
    pub visibility: Duration,
    /// How often a message is received before it becomes a dead letter.
    pub max_receives: u32,
}

impl Default for Settings {
    /// Three minutes, 10 attempts: with [`crate::backoff`], about half an hour until a message is given up.
    fn default() -> Self {
        Self { visibility: Duration::from_mins(3), max_receives: 10 }
    }
}

impl Sqs {
    /// The queue of this name, made or brought to these settings if need be, with its dead letters in `<name>-dead`.
    ///
    /// # Errors
    /// `unavailable` when SQS cannot be reached, `internal` when it refuses.
    pub async fn create(&self, name: &str, settings: Settings) -> Result<Queue> {
        let dead = self.create_one(&format!("{name}-dead"), Vec::new()).await?;
        let arn = dead.attribute(QueueArn).await?;
        let redrive =
            serde_json::json!({"deadLetterTargetArn": arn, "maxReceiveCount": settings.max_receives});
        let visibility = seconds(settings.visibility).to_string();
        self.create_one(name, vec![(VisibilityTimeout, visibility), (RedrivePolicy, redrive.to_string())])
            .await
    }

    async fn create_one(&self, name: &str, attributes: Vec<(QueueAttributeName, String)>) -> Result<Queue> {
        let existing = self.0.get_queue_url().queue_name(name).send().await;
        let url = match existing {
            Ok(found) => found.queue_url,
            Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => {
                self.0.create_queue().queue_name(name).send().await.map_err(failed)?.queue_url
            }
            Err(error) => return Err(failed(error)),
        };
        let queue = self.queue(url.ok_or_else(|| Error::internal("SQS gave a queue no address"))?);
        if !attributes.is_empty() {
            let attributes = Some(attributes.into_iter().collect());
            let request = self.0.set_queue_attributes().queue_url(&queue.url).set_attributes(attributes);
            request.send().await.map_err(failed)?;
        }
        Ok(queue)
    }
}

impl Queue {
    /// One attribute; `internal` if the queue does not have it.
    pub(crate) async fn attribute(&self, name: QueueAttributeName) -> Result<String> {
        let request = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let attributes = request.send().await.map_err(failed)?.attributes.unwrap_or_default();
        let value = attributes.get(&name).cloned();
        value.ok_or_else(|| Error::internal(format!("the queue {} has no {name}", self.url)))
    }
}
