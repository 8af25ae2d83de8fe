//! One change of one booking: who asks and on what condition, and the transaction that writes it.

use domain::{Booking, Caller, EventId};
use errors::{Code, Error, Result};
use ledger::Changes;
use store::Tx;
use web::{Idempotency, IfMatch};

use crate::App;

/// Who asks for a change, on what condition, and under which key.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) if_match: IfMatch,
    pub(crate) idem: Idempotency,
}

/// A booking, and whether this very request had brought it about before.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) booking: Booking,
    pub(crate) replayed: bool,
}

impl Asked {
    /// What a changed record keeps of the keyed request: its key, then the request.
    pub(crate) fn mark(&self) -> Option<String> {
        Some(format!("{:032x}{}", u128::from_be_bytes(self.idem.digest()?), self.idem.request()?))
    }

    /// Whether this request made the record what it is: then it is answered and not carried out again.
    ///
    /// # Errors
    /// `idempotency_key_reused` when another request with this key did.
    pub(crate) fn replays(&self, last: Option<&str>) -> Result<bool> {
        let (Some(last), Some(mark)) = (last, self.mark()) else { return Ok(false) };
        let key = |text: &str| text.get(..32).map(str::to_owned);
        if last != mark && key(last) == key(&mark) {
            return Err(reused());
        }
        Ok(last == mark)
    }
}

/// The refusal of a key that came with another request before.
pub(crate) fn reused() -> Error {
    Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key was used for another request")
}

/// Writes a changed booking, the event that tells of it, and what it changes in the ledger.
///
/// # Errors
/// `changed` when another request was faster, `hold_expired` when the hold was taken over, `slot_taken` when it moves to
/// a time that is taken.
pub(crate) async fn commit(
    app: &App,
    asked: &Asked,
    before: &Booking,
    mut after: Booking,
    kind: &str,
) -> Result<Booking> {
    after.last_request = asked.mark();
    let mut tx = Tx::new();
    add(&mut tx, app, asked, before, &after, kind);
    Changes::between(Some(before), Some(&after)).add_to(&mut tx, &app.store, after.updated_at)?;
    app.store.commit(tx).await?;
    Ok(after)
}

/// Adds record and event of a changed booking; the ledger's part is [`Changes::between`].
pub(crate) fn add(tx: &mut Tx, app: &App, asked: &Asked, before: &Booking, after: &Booking, kind: &str) {
    tx.update_booking(&app.store, after);
    let id = EventId::new(after.updated_at, env::random());
    tx.event(&app.store, &after.event(id, kind, Some(before), asked.caller.actor()));
}
