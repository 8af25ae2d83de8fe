//! Sending many messages in few requests.

use std::time::Duration;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use errors::{Error, Result};

use crate::backoff::scaled;
use crate::client::{Queue, failed};
use crate::job::MAX_BODY;

/// Limits of one `SendMessageBatch`: entries, and bytes of all bodies together.
pub(crate) const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = MAX_BODY;

/// How often a refused entry is sent again before the whole call fails.
const ROUNDS: u32 = 4;
const PAUSE_MILLIS: u64 = 100;

/// A message that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub(crate) body: String,
    pub(crate) delay: Duration,
}

impl Queue {
    /// Sends all of `messages`, or fails; after a failure some of them may have been sent.
    pub(crate) async fn push(&self, messages: Vec<Outgoing>) -> Result<()> {
        for chunk in chunks(messages) {
            self.push_chunk(chunk).await?;
        }
        Ok(())
    }

    async fn push_chunk(&self, mut chunk: Vec<Outgoing>) -> Result<()> {
        for round in 1..=ROUNDS {
            chunk = self.push_once(chunk).await?;
            if chunk.is_empty() {
                return Ok(());
            }
            if round < ROUNDS {
                tokio::time::sleep(scaled(PAUSE_MILLIS << round, env::random())).await;
            }
        }
        Err(Error::unavailable(format!("the queue keeps refusing {} messages", chunk.len())))
    }

    /// Sends a chunk and returns what the queue could not take for the moment.
    async fn push_once(&self, chunk: Vec<Outgoing>) -> Result<Vec<Outgoing>> {
        let entries = chunk.iter().enumerate().map(|(index, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(&message.body)
                .delay_seconds(seconds(message.delay))
                .build()
                .map_err(Error::internal)
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = request.send().await.map_err(failed)?;
        if let Some(refused) = answer.failed.iter().find(|entry| entry.sender_fault) {
            return Err(Error::internal(format!("the queue refused a message for good: {}", refused.code)));
        }
        // Whatever is not confirmed is sent again, whether the answer calls it failed or does not mention it.
        let sent = |index: usize| answer.successful.iter().any(|entry| entry.id == index.to_string());
        Ok(chunk.into_iter().enumerate().filter_map(|(index, m)| (!sent(index)).then_some(m)).collect())
    }
}

/// Whole seconds, rounded up: nothing is delivered before it is due.
pub(crate) fn seconds(delay: Duration) -> i32 {
    i32::try_from(delay.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

fn chunks(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut chunks: Vec<Vec<Outgoing>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        bytes += message.body.len();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < MAX_ENTRIES && bytes <= MAX_BYTES => chunk.push(message),
            _ => {
                bytes = message.body.len();
                chunks.push(vec![message]);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(length: usize) -> Outgoing {
        Outgoing { body: "x".repeat(length), delay: Duration::ZERO }
    }

    proptest! {
        #[test]
        fn chunks_keep_every_message_in_order_and_stay_within_the_limits(
            lengths in prop::collection::vec(prop_oneof![1..100_usize, 1..=MAX_BODY], 0..40)
        ) {
            let messages: Vec<_> = lengths.into_iter().map(message).collect();
            let chunks = chunks(messages.clone());
            for chunk in &chunks {
                prop_assert!((1..=MAX_ENTRIES).contains(&chunk.len()));
                prop_assert!(chunk.iter().map(|m| m.body.len()).sum::<usize>() <= MAX_BYTES);
            }
            prop_assert_eq!(chunks.concat(), messages);
        }
    }

    #[test]
    fn a_delay_is_rounded_up_to_whole_seconds() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_mins(15)), 900);
    }
}
