//! Beginning a payment through the gateway: the one request that waits for it, since the client needs its order's id.

use domain::payment::{Means, to_pay};
use domain::{Caller, Money, OrderId, Payment};
use errors::{Code, Error, Result};

use crate::settle::{Known, add, known};
use crate::{App, order_to_pay, payment_of};

/// Attempts to write it while the order changes.
const MOST_ROUNDS: usize = 3;

/// A payment of what the order is to be paid next. One that was begun and not paid yet is taken up again: a retry, or two windows
/// at once, do not make two.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` when nothing is to be paid or no gateway is set up, `hold_expired`, `unavailable` and
/// `upstream_failed` when the gateway does not answer.
pub(crate) async fn begin(app: &App, caller: &Caller, id: OrderId) -> Result<(Known, Payment)> {
    let gateway = app.gateway()?;
    for _ in 0..MOST_ROUNDS {
        let Known { order, mut payments } = known(app, order_to_pay(app, caller, id).await?).await?;
        let now = app.clock.now();
        let amount = to_pay(&order, now)?;
        let open = |payment: &&Payment| {
            matches!(payment.means, Means::Razorpay { .. }) && !payment.is_paid() && payment.amount == amount
        };
        if let Some(payment) = payments.iter().rev().find(open).cloned() {
            return Ok((Known { order, payments }, payment));
        }
        let currency = order.sale.as_ref().map(|sale| sale.currency);
        let money =
            Money::new(amount, currency.ok_or_else(|| Error::internal("a price without a currency"))?);
        let name = order.id.to_string();
        let made = gateway.create_order(money, &name, &[("order", &name)]).await?;
        if made.amount != money {
            return Err(Error::new(Code::UpstreamFailed, "the gateway asks for another amount"));
        }
        let payment = Payment::begun(payment_of(&made.id), &order, made.id, amount, now)?;
        match add(app, &order, &payment, ("payment.begun", &caller.actor())).await {
            // Somebody else began one, or the order was changed: what was asked for at the gateway is paid by nobody.
            Err(error) if error.code() == Code::Changed => {}
            Err(error) => return Err(error),
            Ok(order) => {
                payments.push(payment.clone());
                return Ok((Known { order, payments }, payment));
            }
        }
    }
    Err(Error::new(Code::Changed, "the order changes while a payment of it is begun; send it again"))
}
