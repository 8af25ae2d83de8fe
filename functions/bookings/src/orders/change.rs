//! Other lines: only the difference is claimed and given back, in the same transaction.

use domain::order::OrderAction;
use domain::pool::Cell;
use domain::{Order, OrderId, OrderLine};
use errors::{Code, Error, Result};
use store::Ids;

use crate::App;
use crate::access::{Standing, may_change_order};
use crate::change::Done;
use ::orders::Demand;
use web::Asked;

/// Changes the lines of an order.
///
/// # Errors
/// As for ordering, and as for any change; `wrong_state` once nights that the order gives back have passed, unless the desk
/// asks; `too_large` when what is given back and what is claimed instead are more writes than one transaction has.
pub(crate) async fn change(
    app: &App,
    asked: &Asked,
    id: OrderId,
    wanted: Vec<OrderLine>,
) -> Result<Done<Order>> {
    let now = app.clock.now();
    let pools = wanted.iter().map(|line| line.pool).collect();
    let mut known = app.store.together(&Ids { pools, orders: [id].into(), ..Ids::default() }).await?;
    let before = known.orders.pop().ok_or_else(|| Error::not_found("order"))?;
    let standing = may_change_order(&asked.caller, &before)?;
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: before, replayed: true });
    }
    asked.if_match.check(before.version)?;
    let mut after = before.clone().change(wanted, now)?;
    after.requests = after.requests.with(asked.idem.mark());
    let (_, today) = ::orders::place(&after.lines, Some(&before), &known, now)?;
    let passed = |cell: Cell| matches!(cell, Cell::Night(date) if date < today);
    if standing == Standing::Own && Demand::between(Some(&before), &after.lines).given().any(passed) {
        return Err(Error::new(Code::WrongState, "nights that have passed are not given back"));
    }
    let kind = (OrderAction::Change.event(), today);
    ::orders::claim(&app.store, asked, Some(&before), after, kind, &|_| {}).await
}
