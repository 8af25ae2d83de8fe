//! The steps of an order's life that leave its lines alone: confirm, cancel.

use domain::order::OrderAction;
use domain::text::Line;
use domain::{Order, OrderId, OrderState, Permission, Zone};
use errors::{Code, Error, Result};
use jiff::Timestamp;

use crate::App;
use crate::access::{Standing, may_change_order, may_see_order};
use crate::change::{Done, step};
use web::Asked;

/// Turns a hold into an order. What it claims stays as it is.
pub(crate) async fn confirm(app: &App, asked: &Asked, id: OrderId) -> Result<Done<Order>> {
    let before = app.store.order(id).await?;
    let standing = may_change_order(&asked.caller, &before)?;
    step(app, asked, before, OrderAction::Confirm.event(), |order, now| {
        let unpaid = order.sale.as_ref().is_some_and(|sale| sale.first_part > 0);
        if standing == Standing::Own && unpaid && order.state_at(now) == OrderState::Held {
            return Err(Error::new(Code::PaymentRequired, "it is confirmed by being paid for"));
        }
        order.confirm(now)
    })
    .await
}

/// Says that what was sold took place, with a recording of it if there is one.
pub(crate) async fn complete(
    app: &App,
    asked: &Asked,
    id: OrderId,
    link: Option<Line>,
) -> Result<Done<Order>> {
    if link.as_ref().is_some_and(|link| !link.as_str().starts_with("https://")) {
        return Err(Error::field("/link", "invalid_format", "must be an https address"));
    }
    let before = app.store.order(id).await?;
    may_see_order(&asked.caller, &before)?;
    asked.caller.require_at(Permission::BookForOthers, before.location)?;
    step(app, asked, before, "order.completed", |order, now| order.complete(link, now)).await
}

/// Gives an order back. What is over can only be taken back by the desk.
pub(crate) async fn cancel(
    app: &App,
    asked: &Asked,
    id: OrderId,
    reason: Option<Line>,
) -> Result<Done<Order>> {
    let before = app.store.order(id).await?;
    let standing = may_change_order(&asked.caller, &before)?;
    let over = standing == Standing::Own && is_over(app, &before, app.clock.now()).await?;
    step(app, asked, before, OrderAction::Cancel.event(), |order, now| {
        if over && order.state_at(now).claims() {
            return Err(Error::new(Code::WrongState, "the order is over"));
        }
        order.cancel(reason, now)
    })
    .await
}

/// Whether everybody has left by the calendar of its location, or a session has begun. The zone, which its pools know, is asked for only where it
/// matters: no zone is a day ahead of the day of UTC.
async fn is_over(app: &App, order: &Order, now: Timestamp) -> Result<bool> {
    let latest = Zone::utc().local(now).date().tomorrow().ok();
    if let Some(sale) = &order.sale {
        return Ok(sale.starts <= now);
    }
    let Some(ends) = order.ends().filter(|ends| Some(*ends) <= latest) else { return Ok(false) };
    let Some(line) = order.lines.first() else { return Ok(false) };
    Ok(ends <= app.pool(line.pool).await?.today(now))
}
