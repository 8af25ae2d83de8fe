//! Asking the gateway about payments that are open: what no webhook told.

use crate::App;
use crate::settle::{settle, tell};
use domain::payment::{Means, RefundTold, Told};
use domain::{Actor, Payment};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::Work;

/// Payments that one sweep asks about, at most; the next one goes on.
const MOST: usize = 200;
/// Payments read at once.
const PORTION: u32 = 50;

/// Asks about every payment whose time has come; how many. One that cannot be asked about does not keep the others from it.
///
/// # Errors
/// `unavailable` when the database is. What the last payment that failed says, after all others had their turn.
pub async fn sweep(app: &App) -> Result<usize> {
    if app.gateway.is_none() {
        return Ok(0);
    }
    app.store.working(Work::Schedule("payments"), Box::pin(ask_about_open(app))).await
}

async fn ask_about_open(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let (mut asked, mut failed, mut after) = (0, None, None);
    loop {
        let page = app.store.payments_to_ask(now, PORTION, after).await?;
        for payment in page.items {
            asked += 1;
            if let Err(error) = ask(app, &payment, now).await {
                let error_text = error.chain();
                tracing::warn!(payment.id = %payment.id, error = error_text, "an open payment could not be asked about");
                failed = Some(error);
            }
        }
        after = page.next;
        if after.is_none() || asked >= MOST {
            return failed.map_or(Ok(asked), |error: Error| Err(error));
        }
    }
}

/// Joins what the gateway knows of a payment with what is known, does what follows, and says when to ask again.
async fn ask(app: &App, payment: &Payment, now: Timestamp) -> Result<()> {
    let Means::Razorpay { order } = &payment.means else { return Ok(()) };
    let gateway = app.gateway()?;
    let attempts = gateway.payments_of(order).await?;
    let mut refunds = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.refunded > 0) {
        refunds.extend(gateway.refunds_of(&attempt.id).await?);
    }
    let known = tell(app, (payment.order, Some(payment.id)), &Actor::system(), |_, payments| {
        let Some(known) = payments.iter_mut().find(|known| known.id == payment.id) else { return Ok(()) };
        for told in attempts.iter().filter_map(Told::of) {
            known.told(&told)?;
        }
        for refund in &refunds {
            known.refund_told(&RefundTold::of(refund), now)?;
        }
        Ok(())
    })
    .await?;
    settle(app, payment.order).await?;
    // Whoever wrote news has put the next look off already.
    match known.payment(payment.id) {
        Some(known) if known.version == payment.version => put_off(app, known, now).await,
        _ => Ok(()),
    }
}

/// Says when to ask again. Nothing has happened, so no event tells of it.
async fn put_off(app: &App, payment: &Payment, now: Timestamp) -> Result<()> {
    match app.store.put_payment_off(&payment.clone().revised(now, false)).await {
        Err(error) if error.code() == Code::Changed => Ok(()),
        done => done,
    }
}
