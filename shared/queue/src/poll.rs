//! What stands in for Lambda's event source mapping where there is none.

use std::pin::pin;
use std::time::Duration;

use errors::Result;

use crate::backoff::scaled;
use crate::{Queue, SqsBatchResponse, SqsEvent};

/// The longest that one request of SQS waits for a message.
const WAIT: Duration = Duration::from_secs(20);
/// The longest pause after requests that failed.
const MAX_PAUSE_MILLIS: u64 = 10_000;

/// Receives batches from `queue`, gives each to `handler` and deletes what it did not report as failed, until `stop`
/// resolves. A batch that has been received is finished first.
pub async fn poll<H, F>(queue: &Queue, handler: H, stop: impl Future<Output = ()>)
where
    H: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    let mut stop = pin!(stop);
    let mut failures = 0_u32;
    loop {
        let outcome = tokio::select! {
            biased;
            () = &mut stop => return,
            received = queue.receive(WAIT) => match received {
                Ok(event) => settle(queue, event, &handler).await,
                Err(error) => Err(error),
            },
        };
        let Err(error) = outcome else {
            failures = 0;
            continue;
        };
        tracing::warn!(queue = queue.url(), error = error.chain(), "polling failed and goes on");
        failures = failures.saturating_add(1);
        let limit = MAX_PAUSE_MILLIS.min(100 << failures.min(10));
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(scaled(limit, env::random())) => {}
        }
    }
}

/// Receives the batch that waits now, if one does, gives it to `handler` and deletes what it did not report as failed.
///
/// # Errors
/// `unavailable` when SQS cannot be reached, `internal` when it refuses.
pub async fn take<H, F>(queue: &Queue, handler: H) -> Result<()>
where
    H: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    settle(queue, queue.receive(Duration::ZERO).await?, &handler).await
}

async fn settle<H, F>(queue: &Queue, event: SqsEvent, handler: &H) -> Result<()>
where
    H: Fn(SqsEvent) -> F,
    F: Future<Output = SqsBatchResponse>,
{
    let received: Vec<_> =
        event.records.iter().map(|r| (r.message_id.clone(), r.receipt_handle.clone())).collect();
    if received.is_empty() {
        return Ok(());
    }
    let failures = handler(event).await.batch_item_failures;
    queue
        .delete(succeeded(received, &failures.into_iter().map(|f| f.item_identifier).collect::<Vec<_>>()))
        .await
}

/// Receipts of the messages that are done. As with Lambda, an id that is not of the batch means that all have failed.
fn succeeded(received: Vec<(Option<String>, Option<String>)>, failures: &[String]) -> Vec<String> {
    let known = |failure: &String| received.iter().any(|(id, _)| id.as_ref() == Some(failure));
    if !failures.iter().all(known) {
        return Vec::new();
    }
    let done = received.into_iter().filter(|(id, _)| id.as_ref().is_some_and(|id| !failures.contains(id)));
    done.filter_map(|(_, receipt)| receipt).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> Vec<(Option<String>, Option<String>)> {
        ["a", "b", "c"].map(|id| (Some(id.to_owned()), Some(format!("receipt of {id}")))).to_vec()
    }

    #[test]
    fn what_was_not_reported_is_deleted() {
        assert_eq!(succeeded(received(), &["b".to_owned()]), ["receipt of a", "receipt of c"]);
        assert_eq!(succeeded(received(), &[]).len(), 3);
    }

    #[test]
    fn a_failure_that_nobody_knows_keeps_the_whole_batch() {
        assert!(succeeded(received(), &["a".to_owned(), "z".to_owned()]).is_empty());
        assert!(succeeded(received(), &[String::new()]).is_empty());
    }
}
