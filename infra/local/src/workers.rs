//! What runs beside the requests: the readers of the feed, the workers of messages, tasks and payments, the sweeps of what is
//! due, the daily audit.

use std::sync::Arc;
use std::time::Duration;

use cache::Reads;
use domain::Event;
use errors::Result;
use insights::Watch;
use queue::{Job, Queues, Settings, Sqs};
use tokio::sync::Mutex;

/// How often the feed is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often messages and tasks are looked for that have become due.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often rules are looked at.
const WATCH_EVERY: Duration = Duration::from_mins(1);
/// How often the ledger is audited.
const AUDIT_EVERY: Duration = Duration::from_hours(24);
/// A job that a killed process had in its hands comes back after this long.
const VISIBILITY: Duration = Duration::from_secs(30);
/// Deliveries of a job before it is a dead letter.
const MOST_RECEIVES: u32 = 10;

/// The workers of one installation.
#[derive(Clone)]
pub struct Workers {
    relay: relay::App,
    notify: notify::App,
    tasks: tasks::App,
    payments: payments::Worker,
    watch: Watch,
    reads: Reads,
    tail: Arc<Mutex<relay::Tail>>,
}

/// The queues that the workers share.
///
/// # Errors
/// `unavailable` when the queues' endpoint is.
pub(crate) async fn queues(endpoint: &str) -> Result<Queues> {
    let (sqs, settings) =
        (Sqs::local(endpoint), Settings { visibility: VISIBILITY, max_receives: MOST_RECEIVES });
    Ok(Queues {
        notify: sqs.create("notify", settings).await?,
        tasks: sqs.create("tasks", settings).await?,
        payments: sqs.create("payments", settings).await?,
    })
}

impl Workers {
    pub(crate) fn new(
        relay: relay::App,
        notify: notify::App,
        tasks: tasks::App,
        payments: payments::Worker,
        watch: Watch,
        reads: Reads,
    ) -> Self {
        Self { relay, notify, tasks, payments, watch, reads, tail: Arc::default() }
    }

    /// What the relay works with.
    pub fn relay(&self) -> &relay::App {
        &self.relay
    }

    /// What messages are made and sent with.
    pub fn notify(&self) -> &notify::App {
        &self.notify
    }

    /// What tasks are worked off with.
    pub fn tasks(&self) -> &tasks::App {
        &self.tasks
    }

    /// What follows from payments is worked off with.
    pub fn payments(&self) -> &payments::Worker {
        &self.payments
    }

    /// What looks after the installation.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Does everything that is to be done at this moment, and returns when there is nothing left.
    ///
    /// # Errors
    /// `unavailable` when a part is.
    pub async fn settle(&self) -> Result<()> {
        loop {
            let mut done = self.look().await?;
            done += notify::sweep(&self.notify).await?;
            done += tasks::sweep(&self.tasks).await?;
            done += payments::sweep(&self.payments.app).await?;
            while self.notify.queue.waiting().await? > 0 {
                done += 1;
                let work = |job: Job, attempt| notify::work(&self.notify, job, attempt);
                queue::take(&self.notify.queue, |event| queue::consume(&self.notify.queue, event, work))
                    .await?;
            }
            while self.tasks.queue.waiting().await? > 0 {
                done += 1;
                let work = |job: Job, attempt| tasks::work(&self.tasks, job, attempt);
                queue::take(&self.tasks.queue, |event| queue::consume(&self.tasks.queue, event, work))
                    .await?;
            }
            while self.payments.queue.waiting().await? > 0 {
                done += 1;
                let work = |job: Job, attempt| payments::work(&self.payments, job, attempt);
                queue::take(&self.payments.queue, |event| queue::consume(&self.payments.queue, event, work))
                    .await?;
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Runs until each future that `stop` makes has resolved.
    pub(crate) async fn run<F: Future<Output = ()>>(self, stop: impl Fn() -> F) {
        tokio::join!(
            self.relaying(stop()),
            self.sweeping(stop()),
            self.polling(stop()),
            self.releasing(stop()),
            self.settling(stop()),
            self.auditing(stop()),
            self.watching(stop()),
        );
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
            if let Err(error) = tasks::sweep(&self.tasks).await {
                tracing::warn!(error = error.chain(), "holds could not be released; trying again");
            }
            if let Err(error) = payments::sweep(&self.payments.app).await {
                tracing::warn!(error = error.chain(), "open payments could not be asked about; trying again");
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

    async fn releasing(&self, stop: impl Future<Output = ()>) {
        let work = |job: Job, attempt| tasks::work(&self.tasks, job, attempt);
        queue::poll(&self.tasks.queue, |event| queue::consume(&self.tasks.queue, event, work), stop).await;
    }

    async fn settling(&self, stop: impl Future<Output = ()>) {
        let work = |job: Job, attempt| payments::work(&self.payments, job, attempt);
        queue::poll(&self.payments.queue, |event| queue::consume(&self.payments.queue, event, work), stop)
            .await;
    }

    /// Audits a day after the start, and each day from then on.
    async fn auditing(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let auditor = tasks::Auditor {
            store: self.tasks.store.clone(),
            clock: self.tasks.clock.clone(),
            options: audit::Options::default(),
            function: None,
        };
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(AUDIT_EVERY) => {}
            }
            if let Err(error) = auditor.audit().await {
                tracing::warn!(
                    error = error.chain(),
                    "the ledger could not be audited; trying again tomorrow"
                );
            }
        }
    }

    /// Looks which rules are broken, and reads what is asked for most before anybody asks where processes share a cache.
    async fn watching(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(WATCH_EVERY) => {}
            }
            if let Err(error) = tokio::try_join!(self.watch.look(), insights::warm(&self.reads)) {
                tracing::warn!(
                    error = error.chain(),
                    "it is not known how the installation works; looking again"
                );
            }
        }
    }

    async fn look(&self) -> Result<usize> {
        let mut tail = self.tail.lock().await;
        let readers = async |events: Vec<Event>| {
            relay::pass_on(&self.relay, &events).await?;
            insights::consume(&self.relay.store, self.reads.cache(), &events).await
        };
        relay::tail(&self.relay.store, &mut tail, self.notify.clock.now(), readers).await
    }
}
