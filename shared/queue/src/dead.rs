//! Dead letters: jobs that failed every time, kept until somebody sends them round again.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName::{ApproximateNumberOfMessages, RedrivePolicy};
use errors::{Error, Result};
use serde::Deserialize;

use crate::Queue;
use crate::batch::Outgoing;
use crate::client::failed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Redrive {
    dead_letter_target_arn: String,
}

impl Queue {
    /// How many messages wait to be received, approximately: not those in flight, not those delayed.
    ///
    /// # Errors
    /// `unavailable` when SQS cannot be reached, `internal` when it refuses.
    pub async fn waiting(&self) -> Result<u64> {
        self.attribute(ApproximateNumberOfMessages).await?.parse().map_err(Error::internal)
    }

    /// How many dead letters wait, approximately.
    ///
    /// # Errors
    /// As [`Queue::waiting`]; `internal` when the queue has no dead-letter queue.
    pub async fn dead_letters(&self) -> Result<u64> {
        self.dead_letter_queue().await?.waiting().await
    }

    /// Sends up to `max` dead letters round again, with a fresh count of attempts; returns how many.
    ///
    /// A letter is deleted after it has been sent: a failure in between sends it twice, never not at all.
    ///
    /// # Errors
    /// As [`Queue::dead_letters`]; some letters may have been sent by then.
    pub async fn redrive(&self, max: usize) -> Result<usize> {
        let dead = self.dead_letter_queue().await?;
        let mut sent = 0;
        while sent < max {
            // Not an instant look: SQS asks only a part of its servers then, and would call the queue empty.
            let letters = dead.receive(Duration::from_secs(1)).await?.records;
            if letters.is_empty() {
                break;
            }
            let (taken, left) = letters.split_at(letters.len().min(max - sent));
            for letter in left {
                dead.hide(letter.receipt_handle.as_deref().unwrap_or_default(), Duration::ZERO).await?;
            }
            let body = |letter: &crate::SqsMessage| letter.body.clone().unwrap_or_default();
            self.push(taken.iter().map(|m| Outgoing { body: body(m), delay: Duration::ZERO }).collect())
                .await?;
            dead.delete(taken.iter().filter_map(|letter| letter.receipt_handle.clone()).collect()).await?;
            sent += taken.len();
        }
        Ok(sent)
    }

    /// The queue that this one's redrive policy names: one fact, kept in one place.
    async fn dead_letter_queue(&self) -> Result<Self> {
        let policy: Redrive =
            serde_json::from_str(&self.attribute(RedrivePolicy).await?).map_err(Error::internal)?;
        let name = policy.dead_letter_target_arn.rsplit(':').next().unwrap_or_default();
        let found = self.client.get_queue_url().queue_name(name).send().await.map_err(failed)?;
        let url = found.queue_url.ok_or_else(|| Error::internal("SQS gave a queue no address"))?;
        Ok(Self { client: self.client.clone(), url })
    }
}
