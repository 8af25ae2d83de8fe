//! Working off a batch of messages, so that no message is lost and none holds up another.

use std::panic::AssertUnwindSafe;

use errors::{Error, Result};
use futures::FutureExt;
use futures::future::join_all;

use crate::{Job, Queue, SqsBatchResponse, SqsEvent, SqsMessage, backoff};

/// Which delivery of a job this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// How often the job has been received, this time included; approximate, as SQS counts.
    pub receive_count: u32,
}

/// Gives every job of `event` to `handler`, all of them at once, and answers which ones must come again.
///
/// Whatever goes wrong with one message (an error, permanent or not, a panic, a body that is no job) is logged, and the
/// message hidden for [`backoff`] and reported as failed: after the queue's last attempt SQS moves it to the dead
/// letters. Even an error that looks permanent comes again, since the next deployment may mend it.
pub async fn consume<H, F>(queue: &Queue, event: SqsEvent, handler: H) -> SqsBatchResponse
where
    H: Fn(Job, Attempt) -> F,
    F: Future<Output = Result<()>>,
{
    let outcomes = join_all(event.records.into_iter().map(|record| work_off(queue, record, &handler))).await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(outcomes.into_iter().flatten());
    response
}

/// The id of the message if it must come again. An unknown id is empty, which SQS takes as: all of the batch.
async fn work_off<H, F>(queue: &Queue, record: SqsMessage, handler: &H) -> Option<String>
where
    H: Fn(Job, Attempt) -> F,
    F: Future<Output = Result<()>>,
{
    let attempt = Attempt { receive_count: receive_count(&record) };
    let job = Job::from_body(record.body.as_deref().unwrap_or_default());
    let (what, request) = match &job {
        Ok(job) => (job.name(), job.request().map(str::to_owned)),
        Err(_) => ("unknown", None),
    };
    let work = async { handler(job?, attempt).await };
    // One poisonous job must not take the other nine with it, time after time, into the dead letters.
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    let error = match outcome.unwrap_or_else(|_| Err(Error::internal("the handler of a job panicked"))) {
        Ok(()) => return None,
        Err(error) => error,
    };
    let id = record.message_id.unwrap_or_default();
    tracing::warn!(message = %id, job = what, request.id = request, code = %error.code(), transient = error.is_transient(),
        receive_count = attempt.receive_count, error = error.chain(), "a job failed and will come again");
    let wait = backoff(attempt.receive_count, env::random());
    if let Err(error) = queue.hide(record.receipt_handle.as_deref().unwrap_or_default(), wait).await {
        // Then it comes back when the queue's own visibility timeout ends.
        tracing::warn!(message = %id, error = error.chain(), "a failed job could not be put off");
    }
    Some(id)
}

fn receive_count(record: &SqsMessage) -> u32 {
    let count = record.attributes.get("ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}
