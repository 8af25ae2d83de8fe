//! Reading orders: one, or a page of one's own or of a location's.

use domain::{Caller, LocationId, Order, OrderId, OrderState, Permission, PoolId};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use store::{Page, Position};

use crate::App;
use crate::access::may_see_order;

/// Every instant that a key can name.
const ALWAYS: (Timestamp, Timestamp) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);

/// Which orders. The location leads, and a pool with it; what else there is narrows a page down in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) location: Option<LocationId>,
    pub(crate) state: Option<OrderState>,
    pub(crate) pool: Option<PoolId>,
}

/// The order, for those who may know of it.
///
/// # Errors
/// `not_found`.
pub(crate) async fn show(app: &App, caller: &Caller, id: OrderId) -> Result<Order> {
    let order = app.store.order(id).await?;
    may_see_order(caller, &order)?;
    Ok(order)
}

/// A page of orders, latest first. It may have fewer than `limit` and still not be the last.
///
/// # Errors
/// `forbidden` for a location whose orders the caller does not read.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Order>> {
    let now = app.clock.now();
    let mut page = match filter.location {
        Some(location) => {
            caller.require_at(Permission::ReadBookings, location)?;
            match filter.pool {
                Some(pool) => app.store.orders_of_pool(pool, ALWAYS, limit, after).await?,
                None => app.store.orders_at(location, limit, after).await?,
            }
        }
        None => app.store.orders_of(caller.user, limit, after).await?,
    };
    page.items.retain(|order| {
        filter.location.is_none_or(|location| order.location == location)
            && filter.state.is_none_or(|state| order.state_at(now) == state)
            && filter.pool.is_none_or(|pool| order.lines.iter().any(|line| line.pool == pool))
    });
    Ok(page)
}

/// A state by its name.
///
/// # Errors
/// `bad_request`.
pub(crate) fn state(text: &str) -> Result<OrderState> {
    let known = OrderState::ALL.into_iter().find(|state| state.as_str() == text);
    let names = OrderState::ALL.map(OrderState::as_str).join(", ");
    known.ok_or_else(|| {
        let message = format!("must be one of {names}");
        Error::invalid_query(vec![FieldError::new("/query/state", "invalid_value", message)])
    })
}
