//! What happens behind a booking: the relay, the audit index, the message; each as its function would do it on AWS.

use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Event;
use domain::prices::Consumed;
use errors::Result;
use insights::operations::{QUEUE_PER_JOB, WORKING_MB};
use jiff::SignedDuration;
use local::Server;
use queue::Job;
use store::{Usage, metered};
use tracing::instrument::WithSubscriber;
use tracing::{Dispatch, Instrument};

use super::cost::invoked;

/// Counts what functions write to their log.
pub(super) struct Log {
    dispatch: Dispatch,
    bytes: Arc<AtomicU64>,
}

impl Log {
    pub(super) fn new() -> Self {
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Counter(Arc::clone(&bytes));
        Self { dispatch: Dispatch::new(aws::log_to(move || counted.clone())), bytes }
    }

    /// Does it as if Lambda's runtime had called it, and counts what it logs meanwhile.
    pub(super) async fn counted<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.bytes.load(Ordering::Relaxed);
        // The span of `lambda_runtime`, whose fields are on each line.
        let span = tracing::dispatcher::with_default(&self.dispatch, || {
            let (request, trace) = (
                "6f1c1d5e-6b2a-4f0e-9b60-3f1f0f6f7a10",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            );
            tracing::info_span!("Lambda runtime invoke", requestId = request, xrayTraceId = trace)
        });
        let done = work.instrument(span).with_subscriber(self.dispatch.clone()).await;
        (done, self.bytes.load(Ordering::Relaxed) - before)
    }
}

/// Counts bytes and forgets them.
#[derive(Clone)]
struct Counter(Arc<AtomicU64>);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What it took.
#[derive(Default)]
pub(super) struct Took {
    /// Round trips to the database.
    pub(super) trips: u64,
    consumed: Consumed,
    mails: u64,
}

impl Took {
    pub(super) fn consumed(&self) -> Consumed {
        Consumed { mails: self.mails, ..self.consumed }
    }

    fn add(&mut self, usage: Usage, (invocations, jobs): (u64, u64), logged: u64) {
        self.trips += usage.trips;
        let consumed = invoked(usage, invocations, WORKING_MB, logged);
        self.consumed = self.consumed.and(Consumed { queue: jobs * QUEUE_PER_JOB, ..consumed });
    }
}

/// Passes the booking's event on, and sends the message that it calls for.
pub(super) async fn confirmation(server: &Server, log: &Log, booking: &str) -> io::Result<Took> {
    let (now, store) = (server.core().clock.now(), &server.core().store);
    let second = SignedDuration::from_secs(1);
    let around = now.checked_sub(second).and_then(|from| Ok((from, now.checked_add(second)?)));
    let events =
        store.events_in(around.map_err(io::Error::other)?, 500, None).await.map_err(io::Error::other)?;
    let events: Vec<Event> = events.items.into_iter().filter(|event| event.subject == booking).collect();
    let mut took = Took::default();
    let ((passed, usage), logged) =
        log.counted(Box::pin(metered(relay::pass_on(server.workers().relay(), &events)))).await;
    passed.map_err(io::Error::other)?;
    took.add(usage, (1, 0), logged);
    let ((indexed, usage), logged) =
        log.counted(Box::pin(metered(insights::consume(store, &cache::Cache::off(), &events)))).await;
    indexed.map_err(io::Error::other)?;
    took.add(usage, (1, 0), logged);
    Box::pin(jobs(server, log, &mut took)).await.map_err(io::Error::other)?;
    if took.mails == 1 { Ok(took) } else { Err(io::Error::other(format!("{} confirmations", took.mails))) }
}

/// Looks for what is due, and sends it.
pub(super) async fn reminder(server: &Server, log: &Log) -> io::Result<Took> {
    let mut took = Took::default();
    let ((queued, usage), logged) =
        log.counted(Box::pin(metered(notify::sweep(server.workers().notify())))).await;
    queued.map_err(io::Error::other)?;
    took.add(usage, (1, 0), logged);
    Box::pin(jobs(server, log, &mut took)).await.map_err(io::Error::other)?;
    if took.mails == 1 { Ok(took) } else { Err(io::Error::other(format!("{} reminders", took.mails))) }
}

/// Works off all messages' jobs.
async fn jobs(server: &Server, log: &Log, took: &mut Took) -> Result<()> {
    let app = server.workers().notify();
    let sent = || server.outbox().list(usize::MAX).map(|mails| mails.len());
    let before = sent()?;
    while app.queue.waiting().await? > 0 {
        let jobs = Cell::new(0);
        let work = |job: Job, attempt| {
            jobs.set(jobs.get() + 1);
            notify::work(app, job, attempt)
        };
        let once = |event| queue::consume(&app.queue, event, &work);
        let ((done, usage), logged) = log.counted(Box::pin(metered(queue::take(&app.queue, once)))).await;
        done?;
        took.add(usage, (jobs.get(), jobs.get()), logged);
    }
    took.mails += u64::try_from(sent()? - before).unwrap_or(u64::MAX);
    Ok(())
}
