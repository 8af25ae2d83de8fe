//! Jobs that failed every time: how many there are, and sending them round again.

use domain::{Caller, Event, EventId};
use errors::Result;
use serde_json::json;
use store::Tx;

use crate::App;

/// What the events of the queue are about.
const SUBJECT: &str = "queue_notify";

/// How many dead letters wait, approximately.
///
/// # Errors
/// `unavailable` when the queue is.
pub(crate) async fn count(app: &App) -> Result<u64> {
    app.watch.queues().notify.dead_letters().await
}

/// Sends up to `max` dead letters round again; how many. Who asked for it is written first: a queue takes part in no
/// transaction, and what nobody can be asked about is worse than what did not happen.
///
/// # Errors
/// `changed` when somebody asked in the same millisecond; `unavailable` when database or queue are, some letters may have
/// been sent by then.
pub(crate) async fn redrive(app: &App, caller: &Caller, max: usize) -> Result<usize> {
    let now = app.clock.now();
    let event = Event {
        id: EventId::new(now, env::random()),
        kind: "queue.redrive_requested".to_owned(),
        subject: SUBJECT.to_owned(),
        // A queue has no version to count.
        sequence: u64::try_from(now.as_millisecond()).unwrap_or_default(),
        at: now,
        actor: caller.actor(),
        data: json!({ "after": { "max": max } }),
    };
    let mut tx = Tx::new();
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    app.watch.queues().notify.redrive(max).await
}
