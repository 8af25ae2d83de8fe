//! Jobs and the queues they wait in: the only crate that names Amazon SQS.
//!
//! SQS delivers at least once, in any order. So a job only names what to work on, its handler can run twice without
//! harm, and nothing is ever dropped: what fails comes back after a growing, jittered delay and, once it has been
//! received too often, lands in the queue's dead letters until somebody calls [`Queue::redrive`].
//!
//! The same handler works off the batches that the event source mapping brings on AWS ([`consume`]), and those that [`poll`] fetches on
//! a laptop:
//!
//! ```no_run
//! # async fn notify(_: queue::Job, _: queue::Attempt) -> errors::Result<()> { Ok(()) }
//! # async fn called(event: queue::SqsEvent) -> errors::Result<queue::SqsBatchResponse> {
//! let queue = queue::Queue::from_env(queue::NOTIFY)?;
//! Ok(queue::consume(&queue, event, notify).await)
//! # }
//! ```

mod backoff;
mod batch;
mod client;
mod consume;
mod create;
mod dead;
mod job;
mod poll;

pub use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
pub use backoff::backoff;
pub use client::{MAX_DELAY, NOTIFY, PAYMENTS, Queue, Queues, Sqs, TASKS};
pub use consume::{Attempt, consume};
pub use create::Settings;
pub use job::{Job, NotifyJob};
pub use poll::{poll, take};
