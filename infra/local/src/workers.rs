//! What runs beside the requests: the readers of the feed, the worker of messages, the sweep of what is due.

use std::sync::Arc;
use std::time::Duration;

use domain::Event;
use errors::Result;
use queue::{Job, Queue, Settings, Sqs};
use tokio::sync::{Mutex, Notify};

/// How often the feed is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often messages are looked for that have become due.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// A job that a killed process had in its hands comes back after this long.
const VISIBILITY: Duration = Duration::from_secs(30);
/// Deliveries of a job before it is a dead letter.
const MOST_RECEIVES: u32 = 10;

/// The workers of one installation.
#[derive(Clone)]
pub struct Workers {
    relay: relay::App,
    notify: notify::App,
    tail: Arc<Mutex<relay::Tail>>,
}

/// The queue that the workers share.
///
/// # Errors
/// `unavailable` when the queue's endpoint is.
pub(crate) async fn queue(endpoint: &str) -> Result<Queue> {
    Sqs::local(endpoint)
        .create("notify", Settings { visibility: VISIBILITY, max_receives: MOST_RECEIVES })
        .await
}

impl Workers {
    pub(crate) fn new(relay: relay::App, notify: notify::App) -> Self {
        Self { relay, notify, tail: Arc::default() }
    }

    /// What the relay works with.
    pub fn relay(&self) -> &relay::App {
        &self.relay
    }

    /// Does everything that is to be done at this moment, and returns when there is nothing left.
    ///
    /// # Errors
    /// `unavailable` when a part is.
    pub async fn settle(&self) -> Result<()> {
        loop {
            let mut done = self.look().await?;
            done += notify::sweep(&self.notify).await?;
            while self.notify.queue.waiting().await? > 0 {
                done += 1;
                self.batch().await;
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Runs until each future that `stop` makes has resolved.
    pub(crate) async fn run<F: Future<Output = ()>>(self, stop: impl Fn() -> F) {
        tokio::join!(self.relaying(stop()), self.sweeping(stop()), self.polling(stop()));
    }

    async fn relaying(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(error = error.chain(), "the feed could not be read; trying again");
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn sweeping(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Err(error) = notify::sweep(&self.notify).await {
                tracing::warn!(error = error.chain(), "due messages could not be queued; trying again");
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }

    async fn polling(&self, stop: impl Future<Output = ()>) {
        let work = |job: Job, attempt| notify::work(&self.notify, job, attempt);
        queue::poll(&self.notify.queue, |event| queue::consume(&self.notify.queue, event, work), stop).await;
    }

    /// Takes one batch off the queue.
    async fn batch(&self) {
        let taken = Notify::new();
        let work = |job: Job, attempt| notify::work(&self.notify, job, attempt);
        let once = |event| {
            taken.notify_one();
            queue::consume(&self.notify.queue, event, work)
        };
        queue::poll(&self.notify.queue, once, taken.notified()).await;
    }

    async fn look(&self) -> Result<usize> {
        let mut tail = self.tail.lock().await;
        let readers = async |events: Vec<Event>| {
            relay::pass_on(&self.relay, &events).await?;
            insights::consume(&self.relay.store, &events).await
        };
        relay::tail(&self.relay.store, &mut tail, self.notify.clock.now(), readers).await
    }
}
