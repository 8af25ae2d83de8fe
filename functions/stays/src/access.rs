//! Who may see and change which stay. What one may not know of is not found.

use domain::{Caller, Order, OrderId, Permission};
use errors::{Error, Result};

use crate::App;

/// The stay, for those who may see it: whose it is, and who reads bookings there.
///
/// # Errors
/// `not_found`, also for an order that is no stay.
pub(crate) async fn seen(app: &App, caller: &Caller, id: OrderId) -> Result<Order> {
    let missing =
        |error: Error| if error.code() == errors::Code::NotFound { Error::not_found("stay") } else { error };
    visible(caller, app.store.order(id).await.map_err(missing)?)
}

/// The order, if it is a stay that the caller may see.
///
/// # Errors
/// `not_found`.
pub(crate) fn visible(caller: &Caller, order: Order) -> Result<Order> {
    let sees = caller.is(order.user) || caller.may_at(Permission::ReadBookings, order.location);
    if sees && order.stay.is_some() { Ok(order) } else { Err(Error::not_found("stay")) }
}

/// The stay, for a desk at its location.
///
/// # Errors
/// `not_found`, or `forbidden` for those who may know of it.
pub(crate) async fn at_desk(app: &App, caller: &Caller, id: OrderId) -> Result<Order> {
    let order = seen(app, caller, id).await?;
    caller.require_at(Permission::BookForOthers, order.location)?;
    Ok(order)
}
