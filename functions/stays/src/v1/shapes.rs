//! Wire types of version 1.

use domain::{Money, Order};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::StayStage;

use crate::desk::Board;

/// Reservations on a page when nothing is said.
const PAGE_SIZE: usize = 20;
/// And at most.
const MOST_PAGE_SIZE: usize = 100;

/// A stay as version 1 tells it: of several rooms the first one, with the amount of all.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReservationV1")]
pub(crate) struct Reservation {
    id: String,
    confirmation_number: String,
    guest_id: String,
    guest_name: String,
    /// The room that the guests are put into.
    room_id: Option<String>,
    room_number: Option<String>,
    check_in_date: String,
    check_out_date: String,
    /// In the currency's major unit: `300.00`.
    total_amount: Option<String>,
    currency: Option<String>,
    /// `pending`, `confirmed`, `checked_in`, `checked_out`, `cancelled` or `no_show`.
    status: &'static str,
    created_at: String,
}

impl Reservation {
    /// Of an order; `None` for one that is no stay.
    pub(crate) fn of(order: &Order, now: Timestamp) -> Option<Self> {
        let (stay, dates) = (order.stay.as_ref()?, order.dates()?);
        let stored = Order { state: order.state_at(now), ..order.clone() };
        let status = match StayStage::of(&stored)? {
            StayStage::Held => "pending",
            StayStage::Expected => "confirmed",
            StayStage::InHouse => "checked_in",
            StayStage::Departed => "checked_out",
            StayStage::NoShow => "no_show",
            StayStage::Cancelled => "cancelled",
        };
        let assigned = stay.rooms.first().and_then(|room| room.assigned.as_ref());
        let sale = order.sale.as_deref();
        let amount = sale.and_then(|sale| {
            let shown = Money::new(sale.total, sale.currency).to_string();
            shown.split_once(' ').map(|(_, amount)| amount.to_owned())
        });
        Some(Self {
            id: order.id.to_string(),
            confirmation_number: stay.confirmation.clone(),
            guest_id: stay.guest.to_string(),
            guest_name: stay.guest_name.to_string(),
            room_id: assigned.map(|assigned| assigned.room.to_string()),
            room_number: assigned.map(|assigned| assigned.number.to_string()),
            check_in_date: dates.from().to_string(),
            check_out_date: dates.to().to_string(),
            total_amount: amount,
            currency: sale.map(|sale| sale.currency.code().to_owned()),
            status,
            created_at: order.created_at.to_string(),
        })
    }

    /// Where it stands.
    pub(crate) const fn status(&self) -> &str {
        self.status
    }
}

/// A page of reservations.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReservationsV1")]
pub(crate) struct Reservations {
    items: Vec<Reservation>,
    /// Of all pages; of the latest 1,000 orders.
    total: usize,
    page: usize,
    page_size: usize,
    pages: usize,
}

impl Reservations {
    /// Cuts the page out of all.
    ///
    /// # Errors
    /// `bad_request` for numbers out of bounds.
    pub(crate) fn cut(all: Vec<Reservation>, page: Option<usize>, size: Option<usize>) -> Result<Self> {
        let (page, page_size) = (page.unwrap_or(1), size.unwrap_or(PAGE_SIZE));
        let mut wrong = Vec::new();
        if page == 0 {
            wrong.push(FieldError::new("/query/page", "out_of_range", "must be at least 1"));
        }
        if !(1..=MOST_PAGE_SIZE).contains(&page_size) {
            wrong.push(FieldError::new("/query/page_size", "out_of_range", "must be from 1 to 100"));
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_query(wrong));
        }
        let total = all.len();
        let items = all.into_iter().skip((page - 1).saturating_mul(page_size)).take(page_size).collect();
        Ok(Self { items, total, page, page_size, pages: total.div_ceil(page_size) })
    }
}

/// How today looks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TodayV1")]
pub(crate) struct Today {
    date: String,
    /// Expected today, or before and not there yet.
    arrivals: Vec<Reservation>,
    /// In the house, leaving today or overdue.
    departures: Vec<Reservation>,
    /// Stays in the house.
    in_house: usize,
    /// Rooms of the house.
    rooms: usize,
    /// Rooms that somebody is in.
    occupied: usize,
}

impl Today {
    /// Of the desk's board.
    pub(crate) fn of(board: &Board, now: Timestamp) -> Self {
        let told =
            |orders: &[&Order]| orders.iter().filter_map(|order| Reservation::of(order, now)).collect();
        let leaves = |order: &&Order| order.dates().is_some_and(|dates| dates.to() <= board.today);
        let there = board.in_house.iter().flat_map(|order| &order.stay).flat_map(|stay| &stay.rooms);
        let occupied =
            there.filter(|room| matches!(room.stage, domain::hotel::stay::Stage::InHouse { .. })).count();
        Self {
            date: board.today.to_string(),
            arrivals: told(&board.arrivals.iter().collect::<Vec<_>>()),
            departures: told(&board.in_house.iter().filter(leaves).collect::<Vec<_>>()),
            in_house: board.in_house.len(),
            rooms: board.rooms.len(),
            occupied,
        }
    }
}
