//! Finding counted holds whose release did not come.

use errors::{Error, Result};
use store::Work;

use crate::{App, release};

/// Holds that one sweep looks at, at most; the next one goes on.
const MOST: usize = 1_000;
/// Holds read at once.
const PORTION: u32 = 100;

/// Gives back every counted hold that ran out, the oldest first; how many. One that cannot be given back does not keep the
/// others from it.
///
/// # Errors
/// `unavailable` when the database is; what was given back by then is. What the last hold that failed says, after all others
/// had their turn.
pub async fn sweep(app: &App) -> Result<usize> {
    app.store.working(Work::Schedule("holds"), Box::pin(give_back(app))).await
}

async fn give_back(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let (mut released, mut looked, mut failed, mut after) = (0, 0, None, None);
    loop {
        let page = app.store.orders_overdue(now, PORTION, after).await?;
        for order in page.items {
            looked += 1;
            match release(&app.store, order.id, now).await {
                Ok(done) => released += usize::from(done),
                Err(error) => {
                    tracing::warn!(order.id = %order.id, error = error.chain(), "a hold could not be released");
                    failed = Some(error);
                }
            }
        }
        after = page.next;
        if after.is_none() || looked >= MOST {
            return failed.map_or(Ok(released), |error: Error| Err(error));
        }
    }
}
