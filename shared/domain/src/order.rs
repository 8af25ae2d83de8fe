//! Orders: units of one or more pools for somebody, claimed together or not at all.

use errors::{Code, Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::hotel::Stay;
use crate::pool::{Cells, MOST_NIGHTS};
use crate::promo::PromoUse;
use crate::sale::{Completion, MOST_PAYMENTS, Sale};
use crate::text::{Line as Text, Note};
use crate::{LocationId, OrderId, PaymentId, PoolId, Requests, UserId};

/// Lines of an order: with the longest stay each, they and the record fit into one transaction.
pub const MOST_LINES: usize = 24;
/// Units of a line.
pub const MOST_UNITS: u32 = 10_000;

/// So many units of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Of what.
    pub pool: PoolId,
    /// Which nights; all of a total pool.
    pub cells: Cells,
    /// How many of each cell, from 1 to [`MOST_UNITS`].
    pub quantity: u32,
    /// Whether some of it was knowingly sold beyond the capacity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overbooked: bool,
}

/// Units of one or more pools of a location, for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Unique.
    pub id: OrderId,
    /// Where its pools are.
    pub location: LocationId,
    /// For whom. Stored apart from the key of bookings by user.
    #[serde(rename = "customer")]
    pub user: UserId,
    /// Who ordered, if it was somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<UserId>,
    /// What, from 1 to [`MOST_LINES`].
    pub lines: Vec<OrderLine>,
    /// Where it stands; read it with [`Order::state_at`].
    #[serde(rename = "order_state")]
    pub state: OrderState,
    /// Until when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Timestamp>,
    /// What it costs, if anything, and what has been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Box<Sale>>,
    /// Who stays in which room, if it is a stay: a room for each line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<Box<Stay>>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Kept for somebody until `hold_until`.
    Held,
    /// A hold that ran out. Its units are counted until the release that stores this state.
    Expired,
    /// Sold.
    Confirmed,
    /// Given back.
    Cancelled,
}

/// What can be done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderAction {
    /// Turn a hold into an order.
    Confirm,
    /// Other lines.
    Change,
    /// Give it back.
    Cancel,
    /// Give back what a hold that ran out still claims.
    Expire,
}

impl OrderAction {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Confirm, Self::Change, Self::Cancel, Self::Expire];

    /// The kind of event that tells of it.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Confirm => "order.confirmed",
            Self::Change => "order.changed",
            Self::Cancel => "order.cancelled",
            Self::Expire => "order.expired",
        }
    }
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Held, Self::Expired, Self::Confirmed, Self::Cancelled];

    /// The table of transitions: where the action leads, or `None` where it is not possible.
    pub const fn after(self, action: OrderAction) -> Option<Self> {
        match (self, action) {
            (Self::Held, OrderAction::Confirm) => Some(Self::Confirmed),
            (Self::Held | Self::Confirmed, OrderAction::Change) => Some(self),
            (Self::Held | Self::Confirmed, OrderAction::Cancel) => Some(Self::Cancelled),
            (Self::Expired, OrderAction::Expire) => Some(Self::Expired),
            _ => None,
        }
    }

    /// Whether a record stored in this state has its units counted in the ledger.
    pub const fn claims(self) -> bool {
        matches!(self, Self::Held | Self::Confirmed)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Expired => "expired",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Order {
    /// Where it stands at `now`: a hold that ran out is expired, whether or not its units were given back yet.
    pub fn state_at(&self, now: Timestamp) -> OrderState {
        match self.hold_until {
            Some(until) if self.state == OrderState::Held && until < now => OrderState::Expired,
            _ => self.state,
        }
    }

    /// The last day of departure; `None` if some of it has no end.
    pub fn ends(&self) -> Option<Date> {
        let ends: Option<Vec<Date>> =
            self.lines.iter().map(|line| line.cells.nights().map(|nights| nights.to())).collect();
        ends?.into_iter().max()
    }

    /// The use of a promo code that counts: as long as its units do.
    pub fn promo_use(&self) -> Option<&PromoUse> {
        self.sale.as_ref().and_then(|sale| sale.promo.as_ref()).filter(|_| self.state.claims())
    }

    /// Whether it is sold and nothing is to be paid for it: it was free, or is paid.
    pub fn owes_nothing(&self) -> bool {
        self.state == OrderState::Confirmed && self.sale.as_ref().is_some_and(|sale| sale.due() <= 0)
    }

    /// Turns a hold into an order.
    ///
    /// # Errors
    /// `hold_expired` once the hold ran out, `wrong_state` unless held.
    pub fn confirm(self, now: Timestamp) -> Result<Self> {
        let mut next = self.step(OrderAction::Confirm, now)?;
        next.hold_until = None;
        next.charge(Sale::sold_for);
        Ok(next)
    }

    /// Turns a hold into an order since it was paid for. That the hold ran out does not matter while nobody has given its units
    /// back; where somebody has, the caller claims them anew in the same transaction.
    ///
    /// # Errors
    /// `wrong_state` unless held or expired, whether or not its units are still counted.
    pub fn paid(mut self, now: Timestamp) -> Result<Self> {
        if !matches!(self.state, OrderState::Held | OrderState::Expired) {
            return Err(refusal(self.state, OrderAction::Confirm));
        }
        (self.state, self.hold_until) = (OrderState::Confirmed, None);
        self.charge(Sale::sold_for);
        Ok(self.touched(now))
    }

    /// Has one more payment, tried or made.
    ///
    /// # Errors
    /// `wrong_state` where nothing is to be paid, or after too many tries.
    pub fn paying(mut self, payment: PaymentId, now: Timestamp) -> Result<Self> {
        match &mut self.sale {
            Some(sale) if sale.payments.len() < MOST_PAYMENTS => sale.payments.push(payment),
            _ => return Err(Error::new(Code::WrongState, "no more payments of this order are possible")),
        }
        Ok(self.touched(now))
    }

    /// Costs so much less from now on: what was paid beyond that goes back.
    ///
    /// # Errors
    /// `wrong_state` unless so much has been paid and is charged, and once there is an invoice of it.
    pub fn reduced(mut self, amount: i64, now: Timestamp) -> Result<Self> {
        self.unbilled()?;
        match &mut self.sale {
            Some(sale) if amount > 0 && amount <= sale.charged.min(sale.captured - sale.refunded) => {
                sale.charged -= amount;
                sale.reduced += amount;
            }
            _ => return Err(Error::new(Code::WrongState, "not so much has been paid")),
        }
        Ok(self.touched(now))
    }

    /// Notes that money came after its units had gone to somebody else.
    #[must_use]
    pub fn lost(mut self, now: Timestamp) -> Self {
        if let Some(sale) = &mut self.sale {
            sale.lost = true;
        }
        self.touched(now)
    }

    /// Says that what was sold took place, with a recording of it if there is one. Said again, the later word holds.
    ///
    /// # Errors
    /// `wrong_state` unless confirmed and sold for a price.
    pub fn complete(mut self, link: Option<Text>, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        match &mut self.sale {
            Some(sale) if state == OrderState::Confirmed => {
                sale.completed = Some(Completion { at: now, link });
            }
            _ => {
                let message = format!("an order that is {} cannot be completed", state.as_str());
                return Err(Error::new(Code::WrongState, message).with_detail("state", state.as_str()));
            }
        }
        Ok(self.touched(now))
    }

    /// Has other lines from now on.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed, `validation_failed` as [`checked`].
    pub fn change(self, lines: Vec<OrderLine>, now: Timestamp) -> Result<Self> {
        if self.sale.is_some() {
            let message = "what has a price keeps its lines; cancel it and order anew";
            return Err(Error::new(Code::WrongState, message).with_detail("state", self.state.as_str()));
        }
        let mut next = self.step(OrderAction::Change, now)?;
        next.lines = checked(lines)?;
        Ok(next)
    }

    /// Gives it back. A hold that ran out gives its units back by [`Order::expire`].
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed.
    pub fn cancel(self, reason: Option<Text>, now: Timestamp) -> Result<Self> {
        if self.sale.as_ref().is_some_and(|sale| sale.completed.is_some()) {
            let message = "an order that took place cannot be cancelled";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "completed"));
        }
        if self.stay.as_ref().is_some_and(|stay| stay.has_come() || stay.is_assigned()) {
            let message = "guests have come, or are put into a room; it is given back as a stay";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "assigned"));
        }
        self.unbilled()?;
        let mut next = self.step(OrderAction::Cancel, now)?;
        next.hold_until = None;
        next.reason = reason;
        // Nothing is kept of a hold, and never more than was to be paid at once. What was posted was had.
        next.charge(|sale| {
            let sold = (sale.charged - sale.posted).clamp(0, sale.first_part.max(0));
            (sale.terms.kept(sold, sale.starts, now) + sale.posted).max(0)
        });
        Ok(next)
    }

    /// Gives back what a hold that ran out still claims.
    ///
    /// # Errors
    /// `wrong_state` unless it is a hold that ran out and whose units are still counted.
    pub fn expire(self, now: Timestamp) -> Result<Self> {
        if self.state != OrderState::Held {
            return Err(refusal(self.state, OrderAction::Expire));
        }
        self.step(OrderAction::Expire, now)
    }

    pub(crate) fn charge(&mut self, amount: impl FnOnce(&Sale) -> i64) {
        if let Some(sale) = &mut self.sale {
            sale.charged = amount(sale);
        }
    }

    pub(crate) fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    pub(crate) fn step(mut self, action: OrderAction, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        self.state = state.after(action).ok_or_else(|| refusal(state, action))?;
        Ok(self.touched(now))
    }
}

/// The lines, if an order can have them.
///
/// # Errors
/// `validation_failed` with every field: no line or too many, a quantity or a stay out of bounds.
pub fn checked(lines: Vec<OrderLine>) -> Result<Vec<OrderLine>> {
    let mut problems = Vec::new();
    if lines.is_empty() || lines.len() > MOST_LINES {
        let message = format!("must have 1 to {MOST_LINES} lines");
        problems.push(FieldError::new("/lines", "out_of_range", message));
    }
    for (at, line) in lines.iter().enumerate() {
        if !(1..=MOST_UNITS).contains(&line.quantity) {
            let message = format!("must be 1 to {MOST_UNITS}");
            problems.push(FieldError::new(format!("/lines/{at}/quantity"), "out_of_range", message));
        }
        if line.cells.nights().is_some_and(|nights| nights.count() > MOST_NIGHTS) {
            let message = format!("must be at most {MOST_NIGHTS} nights after the arrival");
            problems.push(FieldError::new(format!("/lines/{at}/departure"), "too_long", message));
        }
    }
    if problems.is_empty() { Ok(lines) } else { Err(Error::fields(problems)) }
}

fn refusal(state: OrderState, action: OrderAction) -> Error {
    if state == OrderState::Expired && action != OrderAction::Expire {
        return Error::new(Code::HoldExpired, "the hold has run out; order again");
    }
    let wanted = action.event().trim_start_matches("order.");
    Error::new(Code::WrongState, format!("an order that is {} cannot be {wanted}", state.as_str()))
        .with_detail("state", state.as_str())
}

mod told;

pub use told::Pools;

#[cfg(test)]
mod tests;
