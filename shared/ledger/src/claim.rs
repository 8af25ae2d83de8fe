//! What is claimed, of both shapes.

use domain::pool::Cells;
use domain::{Booking, BookingState, Order, OrderState, PoolId, ResourceId, Span};
use jiff::Timestamp;

use crate::block;

/// One owner's claim on capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// All of a resource for a time.
    Time(TimeClaim),
    /// Some units of a pool.
    Units(UnitsClaim),
}

/// One owner's claim on a resource for a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeClaim {
    /// What is claimed.
    pub resource: ResourceId,
    /// When; widened to whole quanta.
    pub span: Span,
    /// Until when it is held; sold when `None`.
    pub held_until: Option<Timestamp>,
    /// Whose it is: the bits of the record's id.
    pub owner: u128,
}

/// Units of a pool. Whether they are held or sold, and whose they are, only their record knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitsClaim {
    /// What is claimed.
    pub pool: PoolId,
    /// Which of its cells.
    pub cells: Cells,
    /// How many of each.
    pub quantity: u32,
}

/// A record that claims capacity: what it claims follows from what it says, and from nothing else.
pub trait Claims {
    /// Everything that the ledger must hold for the record as it is stored.
    fn claims(&self) -> Vec<Claim>;
}

impl TimeClaim {
    /// The claim that a booking has while its state claims at all.
    pub fn of(booking: &Booking) -> Self {
        Self {
            resource: booking.resource,
            span: booking.claimed(),
            held_until: booking.hold_until.filter(|_| booking.state == BookingState::Held),
            owner: booking.id.bits(),
        }
    }

    /// The time that the ledger marks for it: the span in whole quanta.
    pub fn marked(&self) -> Span {
        block::whole(&self.span)
    }
}

impl Claims for Booking {
    fn claims(&self) -> Vec<Claim> {
        if self.state.claims() { vec![Claim::Time(TimeClaim::of(self))] } else { Vec::new() }
    }
}

impl Claims for Order {
    fn claims(&self) -> Vec<Claim> {
        let lines =
            self.lines.iter().filter(|_| matches!(self.state, OrderState::Held | OrderState::Confirmed));
        lines
            .map(|line| {
                Claim::Units(UnitsClaim { pool: line.pool, cells: line.cells, quantity: line.quantity })
            })
            .collect()
    }
}
