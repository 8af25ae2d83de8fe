//! The endpoint over HTTP with the client of the `queue` crate ([`client`]), and operation by operation ([`protocol`]).

mod client;
mod durability;
mod partial;
mod protocol;

use std::sync::Mutex;
use std::time::Duration;

use domain::MessageId;
use env::Clock;
use errors::Result;
use jiff::{SignedDuration, Timestamp};
use queue::{Attempt, Job, Queue, Settings, Sqs, SqsEvent, consume, poll};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{Endpoint, start};
use database::Data;

const SETTINGS: Settings = Settings { visibility: Duration::from_secs(30), max_receives: 3 };

/// An endpoint with a clock that stands until it is advanced, and one queue.
struct World {
    clock: Clock,
    endpoint: Endpoint,
    sqs: Sqs,
    queue: Queue,
}

impl World {
    async fn new() -> Self {
        Self::with(&Data::Memory, Clock::at(Timestamp::from_second(1_800_000_000).unwrap())).await
    }

    async fn with(data: &Data, clock: Clock) -> Self {
        let endpoint = start(data, clock.clone()).await.unwrap();
        let sqs = Sqs::local(endpoint.url());
        let queue = sqs.create("notify", SETTINGS).await.unwrap();
        Self { clock, endpoint, sqs, queue }
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.endpoint.wake();
    }

    async fn send(&self, number: u8) {
        self.queue.send(&job(number), Duration::ZERO).await.unwrap();
    }
}

fn job(number: u8) -> Job {
    Job::Deliver { message: MessageId::derived([number; 16]) }
}

fn number(job: &Job) -> u8 {
    let Job::Deliver { message } = job else { panic!("{job:?} was not sent here") };
    message.bits().to_be_bytes()[0]
}

/// Polls until the handler has had `calls` jobs; returns their numbers and receive counts, in order of number.
async fn work(queue: &Queue, calls: usize, outcome: impl Fn(u8) -> Result<()>) -> Vec<(u8, u32)> {
    let seen = Mutex::new(Vec::new());
    let enough = Notify::new();
    let handle = |job: Job, attempt: Attempt| {
        let so_far = {
            let mut seen = seen.lock().unwrap();
            seen.push((number(&job), attempt.receive_count));
            seen.len()
        };
        if so_far >= calls {
            enough.notify_one();
        }
        let outcome = outcome(number(&job));
        async { outcome }
    };
    let polling = poll(queue, |event: SqsEvent| consume(queue, event, &handle), enough.notified());
    timeout(Duration::from_mins(1), polling).await.unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    seen
}
