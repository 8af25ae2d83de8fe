//! What a gateway tells by webhook: kept and answered at once, worked off from the queue.

use domain::gateway::Report;
use domain::payment::{RefundTold, Told};
use domain::{Actor, Event, EventId, Payment};
use errors::{Code, Error, Result};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Tx, Webhook};

use crate::settle::tell;
use crate::{App, payment_of};

/// The event that says that a gateway has told something.
const RECEIVED: &str = "webhook.received";
/// The longest id of a gateway's event.
const ID_CHARS: usize = 64;

/// Keeps what a webhook of Razorpay says, once for each of its events; nothing if it says nothing of payments.
///
/// # Errors
/// `forbidden` unless the gateway has signed these very bytes; `malformed_body` when they cannot be read.
pub(crate) async fn receive(app: &App, raw: &[u8], signature: &str, event: Option<&str>) -> Result<()> {
    if !app.gateway()?.signed(raw, signature) {
        return Err(Error::forbidden("the signature does not fit"));
    }
    let Some(report) = providers::razorpay::reported(raw)? else { return Ok(()) };
    let known = |id: &&str| {
        (1..=ID_CHARS).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
    };
    // An event without a name is known by what it says.
    let name = event.filter(known).map_or_else(|| digest(raw), str::to_owned);
    let now = app.clock.now();
    let webhook = Webhook { id: format!("razorpay#{name}"), report, at: now };
    let mut tx = Tx::new();
    tx.insert_webhook(&app.store, &webhook);
    tx.event(
        &app.store,
        &Event {
            id: EventId::new(now, env::random()),
            kind: RECEIVED.to_owned(),
            subject: webhook.id.clone(),
            sequence: 1,
            at: now,
            actor: Actor::system(),
            data: json!({ "after": { "gateway": "razorpay" } }),
        },
    );
    match app.store.commit(tx).await {
        // Told before.
        Err(error) if error.code() == Code::Changed => Ok(()),
        done => done.map(drop),
    }
}

fn digest(raw: &[u8]) -> String {
    Sha256::digest(raw).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Joins what a webhook told with what is known.
///
/// # Errors
/// `unavailable` and `upstream_failed`: to be tried again.
pub(crate) async fn work(app: &App, id: &str) -> Result<()> {
    let webhook = match app.store.webhook(id).await {
        // Kept for a month; whoever replays older events gets nothing of it.
        Err(error) if error.code() == Code::NotFound => return Ok(()),
        webhook => webhook?,
    };
    let Report { mut payment, refund } = webhook.report;
    if let (None, Some(refund)) = (&payment, &refund) {
        payment = Some(app.gateway()?.payment(&refund.payment).await?);
    }
    let Some(gateway_order) = payment.as_ref().and_then(|payment| payment.order.clone()) else {
        return Ok(());
    };
    let known = match app.store.payment(payment_of(&gateway_order)).await {
        Err(error) if error.code() == Code::NotFound => {
            tracing::warn!(webhook.id = id, "a gateway tells of an order that was not asked for here");
            return Ok(());
        }
        known => known?,
    };
    let now = app.clock.now();
    let told = payment.as_ref().and_then(Told::of);
    let refund = refund.as_ref().map(RefundTold::of);
    let join = |payment: &mut Payment| {
        told.as_ref().map_or(Ok(()), |told| payment.told(told))?;
        refund.as_ref().map_or(Ok(()), |refund| payment.refund_told(refund, now))
    };
    let system = Actor::system();
    let done = tell(app, (known.order, Some(known.id)), &system, |_, payments| {
        payments.iter_mut().find(|payment| payment.id == known.id).map_or(Ok(()), join)
    });
    match done.await {
        // Signed by the gateway, and not what was asked for: somebody has to look, and trying again does not help.
        Err(error) if error.code() == Code::PaymentMismatch => {
            tracing::warn!(webhook.id = id, payment.id = %known.id, "a gateway tells of another amount than was asked for");
            Ok(())
        }
        done => done.map(drop),
    }
}
