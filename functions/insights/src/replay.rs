//! Starting a message anew that did not get through.

use domain::{Caller, EventId, Message, MessageId};
use errors::{Code, Result};
use store::Tx;
use web::{Idempotency, IfMatch};

use crate::App;

/// Makes the message due at once, with all its attempts; the next sweep queues it. Also whether this very request had done
/// so before.
///
/// # Errors
/// `not_found`; `wrong_state` unless it failed, is dead or was skipped; `precondition_failed`; `changed` when a worker or
/// another request was faster.
pub(crate) async fn replay(
    app: &App,
    caller: &Caller,
    id: MessageId,
    if_match: IfMatch,
    idem: &Idempotency,
) -> Result<(Message, bool)> {
    let before = app.store.message(id).await?;
    if idem.is(before.last_request.as_deref()) {
        return Ok((before, true));
    }
    if_match.check(before.version)?;
    let now = app.clock.now();
    let mut after = before.clone().replay(now)?;
    after.last_request = idem.request();
    let event_id = EventId::new(now, env::random());
    let event = after.event(event_id, "message.replayed", &before, caller.actor());
    let mut tx = Tx::new();
    tx.update_message(&app.store, &after);
    tx.event(&app.store, &event);
    match app.store.commit(tx).await {
        Ok(_) => Ok((after, false)),
        // Two sendings of one request at once: the other one did it.
        Err(error) if error.code() == Code::Changed => {
            let message = app.store.message(id).await?;
            if idem.is(message.last_request.as_deref()) { Ok((message, true)) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}
