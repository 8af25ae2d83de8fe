//! What is to be done without anybody asking: giving back counted holds that ran out, renewing copies of names in stays, and the
//! daily audit of the ledger.
//!
//! A hold of units does not end by itself: its record says until when, and somebody has to give the units back. The relay
//! puts a job on the queue that comes when the hold ends; [`sweep`] finds those whose job was lost or failed. Either way
//! [`audit::release`] does it once, however many try. The audit is a function of its own on AWS: it may take minutes.

mod daily;
mod names;
mod sweep;

use std::time::Duration;

use domain::OrderId;
use env::Clock;
use errors::{Error, Result};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use queue::{Attempt, Job, MAX_DELAY, Queue};
use serde_json::{Value, json};
use store::{Store, Work};

pub use audit::Release;
pub use daily::{Auditor, metrics};
pub use sweep::sweep;

/// A hold that lasts is looked at again so long after its end.
const AFTER_END: Duration = Duration::from_secs(1);

/// What tasks need.
#[derive(Debug, Clone)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Where jobs wait.
    pub queue: Queue,
}

impl App {
    /// From what Lambda sets.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Ok(Self { store: Store::from_env()?, clock: Clock::system(), queue: Queue::from_env(queue::TASKS)? })
    }
}

/// Gives back the units of an order whose hold ran out; whether this call did.
///
/// # Errors
/// As [`audit::release`].
pub async fn release(store: &Store, order: OrderId, now: Timestamp) -> Result<bool> {
    Ok(audit::release(store, order, now).await? == Release::Released)
}

/// Works off one job. A hold that lasts by this clock is put off until its end.
///
/// # Errors
/// `unavailable` when the job must come again; `internal` when it is not one of this queue.
pub async fn work(app: &App, job: Job, _attempt: Attempt) -> Result<()> {
    let (what, request) = (Work::Queue(job.name()), job.request().map(str::to_owned));
    app.store.working(what, store::on_behalf_of(request, Box::pin(done(app, job)))).await
}

async fn done(app: &App, job: Job) -> Result<()> {
    let (order, request) = match job {
        Job::Release { order, request } => (order, request),
        Job::RenameGuest { guest, after } => return names::of_guest(app, guest, after).await,
        Job::RenumberRoom { room } => return names::of_room(app, room).await,
        _ => return Err(Error::internal("a message is in the queue of tasks")),
    };
    let now = app.clock.now();
    match audit::release(&app.store, order, now).await? {
        Release::Released | Release::Over => Ok(()),
        Release::Lasts(until) => {
            let rest = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            app.queue.send(&Job::Release { order, request }, (rest + AFTER_END).min(MAX_DELAY)).await
        }
    }
}

/// What calls the function on AWS: a batch of the queue, or the schedule that looks for what was not released.
///
/// # Errors
/// `internal` when the event is neither; as [`sweep`].
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Result<Value> {
    let done = called(app, event).await;
    app.store.keep_work(app.clock.now()).await;
    done
}

async fn called(app: &App, event: LambdaEvent<Value>) -> Result<Value> {
    if event.payload.get("Records").is_some() {
        let batch = serde_json::from_value(event.payload).map_err(Error::internal)?;
        let answer = queue::consume(&app.queue, batch, |job, attempt| work(app, job, attempt)).await;
        return serde_json::to_value(answer).map_err(Error::internal);
    }
    sweep(app).await.map(|released| json!({ "released": released }))
}
