//! Orders: by id, by user, by location, and those that claim units by state.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::pool::Cells;
use domain::{LocationId, Order, OrderId, OrderState, UserId};
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::bookings::list;
use crate::catalog::made;
use crate::page::{Page, Position};
use crate::schema::{BY_PLACE, BY_STATE, BY_USER, RESERVATIONS, Table};
use crate::table::{Range, Record, moment, text};
use crate::{Outcome, Store, Tx};

/// Where the orders of a total pool end: never.
const NEVER: &str = "9999-12-31";

impl Record for Order {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "order";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "order".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let made = format!("{}#{}", moment(self.created_at), self.id);
        let mut extra = vec![
            (BY_USER.partition, text(by_user(self.user))),
            (BY_USER.sort, text(&made)),
            (BY_PLACE.partition, text(by_place(self.location))),
            (BY_PLACE.sort, text(&made)),
        ];
        if self.state.claims() {
            let ends = match self.hold_until {
                Some(until) => moment(until),
                None => last(self),
            };
            extra.push((BY_STATE.partition, text(by_state(self.state))));
            extra.push((BY_STATE.sort, text(format!("{ends}#{}", self.id))));
        }
        extra.extend(crate::hotel::on_the_board(self));
        extra
    }
}

/// The last day on which it claims anything.
fn last(order: &Order) -> String {
    let ends = order.lines.iter().map(|line| match line.cells {
        Cells::Nights(nights) => nights.to().to_string(),
        Cells::Total => NEVER.to_owned(),
    });
    ends.max().unwrap_or_default()
}

// Bookings have the plain ids and states as keys of the same indexes.
fn by_user(user: UserId) -> String {
    format!("order#{user}")
}

fn by_place(location: LocationId) -> String {
    format!("order#{location}")
}

fn by_state(state: OrderState) -> String {
    format!("order#{}", state.as_str())
}

impl Tx {
    /// A new order, with the use of its promo code: refused when that is used up.
    pub fn insert_order(&mut self, store: &Store, order: &Order) {
        self.insert(store, order, || Error::internal("two orders were given one id"));
        self.insert_confirmation(store, order);
        self.claim_promo(store, order);
    }

    /// A changed order; refused unless the stored one is the version before it. The use of its promo code goes with its units.
    pub fn update_order(&mut self, store: &Store, before: &Order, after: &Order) {
        self.replace(store, after, after.version);
        self.move_promo(store, before, after);
    }

    /// An order that must still be as it was read.
    pub fn require_order(&mut self, store: &Store, order: &Order) {
        self.require(store, order, order.version);
    }
}

impl Store {
    /// The order, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn order(&self, id: OrderId) -> Result<Order> {
        self.get(&id.to_string(), "order").await?.ok_or_else(|| Error::not_found("order"))
    }

    /// A user's orders, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_of(&self, user: UserId, limit: u32, after: Option<Position>) -> Result<Page<Order>> {
        self.query(list(&BY_USER, by_user(user), Range::All, true, limit, after)).await
    }

    /// Orders at a location, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        self.query(list(&BY_PLACE, by_place(location), Range::All, true, limit, after)).await
    }

    /// Orders at a location that were made within a range of time, both ends included, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_made_at(
        &self,
        location: LocationId,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        let range = Range::Between(moment(from), format!("{}~", moment(to)));
        self.query(list(&BY_PLACE, by_place(location), range, true, limit, after)).await
    }

    /// Orders at a location that were made from `from` until just before `to`, the first one first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_made(
        &self,
        location: LocationId,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        let range = Range::Between(moment(from), moment(to));
        self.query(list(&BY_PLACE, by_place(location), range, false, limit, after)).await
    }

    /// Holds that ran out before `before` and whose units are still counted, the oldest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_overdue(
        &self,
        before: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        let range = Range::Between("0".to_owned(), moment(before));
        self.query(list(&BY_STATE, by_state(OrderState::Held), range, false, limit, after)).await
    }

    /// Orders stored as confirmed whose last night ends on `from` or later, and those of total pools.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_confirmed(
        &self,
        from: Date,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        let range = Range::Between(from.to_string(), "~".to_owned());
        self.query(list(&BY_STATE, by_state(OrderState::Confirmed), range, false, limit, after)).await
    }

    /// Orders stored as held, whether or not the hold ran out, the earliest end first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn orders_held(&self, limit: u32, after: Option<Position>) -> Result<Page<Order>> {
        self.query(list(&BY_STATE, by_state(OrderState::Held), Range::All, false, limit, after)).await
    }
}

/// The order that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not an order.
pub fn order_from(outcome: Outcome, new: Order) -> Result<(Order, bool)> {
    made(outcome, new)
}
