//! Putting what has become due on the queue.

use std::time::Duration;

use domain::message::Step;
use errors::{Code, Result};
use queue::Job;
use store::Work;

use crate::App;

/// Messages that one sweep queues at most; the next one goes on.
const MOST: usize = 1_000;

/// Queues every message whose time has come, reminders, further attempts, those that a worker left, and every campaign that is
/// to be gone on with; how many.
///
/// # Errors
/// `unavailable` when the database or the queue is; what was queued by then is, and may be queued again.
pub async fn sweep(app: &App) -> Result<usize> {
    app.store.working(Work::Schedule("messages"), Box::pin(queue_due(app))).await
}

async fn queue_due(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let (mut count, mut after) = (0, None);
    loop {
        let page = app.store.messages_due(now, 100, after).await?;
        let jobs: Vec<Job> = page.items.iter().map(|message| Job::Deliver { message: message.id }).collect();
        app.queue.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await?;
        count += jobs.len();
        for message in page.items {
            // A lease that ran out is taken over by the worker; there is nothing to note.
            if message.state.after(Step::Queue).is_none() {
                continue;
            }
            match app.store.change_message(&message.queued(now)?).await {
                // A worker was faster.
                Err(error) if error.code() == Code::Changed => {}
                queued => queued?,
            }
        }
        after = page.next;
        if after.is_none() || count >= MOST {
            return Ok(count + campaigns(app).await?);
        }
    }
}

/// Queues the campaigns whose time has come, those that a worker left, and those whose messages must have gone.
async fn campaigns(app: &App) -> Result<usize> {
    let page = app.store.campaigns_due(app.clock.now(), 100).await?;
    let jobs: Vec<Job> = page.items.iter().map(|one| Job::Campaign { campaign: one.id }).collect();
    app.queue.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await?;
    Ok(jobs.len())
}
