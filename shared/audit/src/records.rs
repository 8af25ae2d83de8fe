//! What records claim, read through the index by state, or again by id.

use std::collections::{BTreeMap, BTreeSet};

use domain::rules::MAX_BUFFER;
use domain::{Booking, BookingState, Order, OrderState};
use errors::Result;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ledger::{Claim, Claims};
use store::{Ids, Store};

use crate::Owner;

/// Records read at once.
const PORTION: u32 = 1_000;
/// States whose records claim, in the order in which a booking passes through them: one that passes on while they are read
/// is seen twice and not never.
const CLAIMING: [BookingState; 4] =
    [BookingState::Held, BookingState::Confirmed, BookingState::Completed, BookingState::NoShow];
/// A record as far as an audit knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    Booking(Box<Booking>),
    Order(Box<Order>),
}

impl Record {
    pub(crate) fn owner(&self) -> Owner {
        match self {
            Self::Booking(booking) => Owner::Booking(booking.id),
            Self::Order(order) => Owner::Order(order.id),
        }
    }

    /// What the ledger must hold for it.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        match self {
            Self::Booking(booking) => booking.claims(),
            Self::Order(order) => order.claims(),
        }
    }

    /// When its counted hold ended, if it did before `before` and its units still are counted.
    pub(crate) fn overdue(&self, before: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Order(order) if order.state == OrderState::Held => {
                order.hold_until.filter(|until| *until < before)
            }
            _ => None,
        }
    }
}

/// The day from which cells are compared when time is from `from` on.
pub(crate) fn first_day(from: Timestamp) -> Date {
    from.to_zoned(TimeZone::UTC).date()
}

/// Gives every record that claims time after `from` or units from its day on, as the index has them: some moments late.
pub(crate) async fn claiming(
    store: &Store,
    from: Timestamp,
    each: &mut impl FnMut(Record) -> Result<()>,
) -> Result<()> {
    // Whoever claims time until then may have ended so long before.
    let buffer = SignedDuration::from_mins(i64::from(MAX_BUFFER));
    let ended = from.saturating_sub(buffer).unwrap_or(Timestamp::MIN);
    for state in CLAIMING {
        let mut after = None;
        loop {
            let page = store.bookings_ending(state, ended, PORTION, after).await?;
            for booking in page.items {
                each(Record::Booking(Box::new(booking)))?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut after = None;
    loop {
        let page = store.orders_held(PORTION, after).await?;
        for order in page.items {
            each(Record::Order(Box::new(order)))?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let page = store.orders_confirmed(first_day(from), PORTION, after).await?;
        for order in page.items {
            each(Record::Order(Box::new(order)))?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The records as they are, read consistently; those that exist.
pub(crate) async fn read(store: &Store, owners: &BTreeSet<Owner>) -> Result<BTreeMap<Owner, Record>> {
    let mut ids = Ids::default();
    for owner in owners {
        match owner {
            Owner::Booking(id) => ids.bookings.insert(*id),
            Owner::Order(id) => ids.orders.insert(*id),
        };
    }
    let found = store.together(&ids).await?;
    let bookings = found.bookings.into_iter().map(|booking| Record::Booking(Box::new(booking)));
    let orders = found.orders.into_iter().map(|order| Record::Order(Box::new(order)));
    Ok(bookings.chain(orders).map(|record| (record.owner(), record)).collect())
}
