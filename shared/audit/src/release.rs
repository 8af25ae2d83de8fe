//! Giving back the units of a counted hold that ran out, exactly once.

use domain::order::OrderAction;
use domain::{Actor, EventId, OrderId, OrderState};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use ledger::Changes;
use store::{Store, Tx};

/// Attempts at an order that changes under one's hands.
const ATTEMPTS: u32 = 5;

/// What became of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The units are given back, by this call.
    Released,
    /// There is nothing to give back: sold, given back before, or never ordered.
    Over,
    /// The hold lasts until then.
    Lasts(Timestamp),
}

/// Gives back what an order holds whose hold ran out. However often it is called, the units are given back once: record,
/// event and ledger change in one transaction over the version that was read.
///
/// # Errors
/// `unavailable` when the database is, or the order keeps changing; `internal` when the ledger does not have the units.
pub async fn release(store: &Store, order: OrderId, now: Timestamp) -> Result<Release> {
    for _ in 0..ATTEMPTS {
        let before = match store.order(order).await {
            Err(error) if error.code() == Code::NotFound => return Ok(Release::Over),
            read => read?,
        };
        match (before.state, before.state_at(now), before.hold_until) {
            (OrderState::Held, OrderState::Expired, _) => {}
            (OrderState::Held, _, Some(until)) => return Ok(Release::Lasts(until)),
            _ => return Ok(Release::Over),
        }
        let after = before.clone().expire(now)?;
        let kind = OrderAction::Expire.event();
        let event = after.event(EventId::new(now, env::random()), kind, Some(&before), Actor::system());
        let mut tx = Tx::new();
        tx.update_order(store, &before, &after);
        tx.event(store, &event);
        Changes::between(Some(&before), Some(&after)).add_to(&mut tx, store, now)?;
        match store.commit(tx).await {
            Ok(_) => return Ok(Release::Released),
            // Somebody was faster, with this or with something else.
            Err(error) if error.code() == Code::Changed => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::unavailable("an order changed again and again"))
}
