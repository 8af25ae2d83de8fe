//! Stays: by stage and day at their location, and by confirmation number.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::hotel::stay::Stage;
use domain::{LocationId, Order, OrderId, OrderState};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::page::{Page, Position};
use crate::schema::{BY_STAY, RESERVATIONS, Table};
use crate::table::{Query, Range, Record, text};
use crate::{Store, Tx};

/// Says which order a confirmation number is of.
#[derive(Debug, Serialize, Deserialize)]
struct Confirmation {
    number: String,
    order: OrderId,
}

impl Record for Confirmation {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "confirmation number";

    fn key(&self) -> (String, String) {
        (format!("confirmation#{}", self.number), "order".to_owned())
    }
}

/// What stays are listed by: held ones, those that are expected, in the house, gone; and what became of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StayStage {
    /// Kept for a while, and not sold yet.
    Held,
    /// Sold, and not there yet: by arrival.
    Expected,
    /// In the house: by departure.
    InHouse,
    /// Gone: by departure.
    Departed,
    /// Never came: by arrival.
    NoShow,
    /// Cancelled, or held for too long: by arrival.
    Cancelled,
}

impl StayStage {
    /// Every stage.
    pub const ALL: [Self; 6] =
        [Self::Held, Self::Expected, Self::InHouse, Self::Departed, Self::NoShow, Self::Cancelled];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Expected => "expected",
            Self::InHouse => "in_house",
            Self::Departed => "departed",
            Self::NoShow => "no_show",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether they are in the order of departures; of arrivals otherwise.
    pub const fn by_departure(self) -> bool {
        matches!(self, Self::InHouse | Self::Departed)
    }

    /// Where a stored stay stands, if it is one.
    pub fn of(order: &Order) -> Option<Self> {
        let stage = order.stay.as_ref()?.stage();
        Some(match (order.state, stage) {
            (_, Stage::NoShow) => Self::NoShow,
            (OrderState::Held, _) => Self::Held,
            (OrderState::Expired | OrderState::Cancelled, _) => Self::Cancelled,
            (OrderState::Confirmed, Stage::Expected) => Self::Expected,
            (OrderState::Confirmed, Stage::InHouse { .. }) => Self::InHouse,
            (OrderState::Confirmed, Stage::Departed { .. }) => Self::Departed,
        })
    }
}

fn by_stage(stage: StayStage, location: LocationId) -> String {
    format!("{}#{location}", stage.as_str())
}

/// Where an order stands among the stays of its location, if it is one.
pub(crate) fn on_the_board(order: &Order) -> Vec<(&'static str, AttributeValue)> {
    let (Some(stage), Some(nights)) = (StayStage::of(order), order.dates()) else { return Vec::new() };
    let date = if stage.by_departure() { nights.to() } else { nights.from() };
    vec![
        (BY_STAY.partition, text(by_stage(stage, order.location))),
        (BY_STAY.sort, text(format!("{date}#{}", order.id))),
    ]
}

impl Tx {
    /// The number that a new order is named by, if it is a stay.
    pub(crate) fn insert_confirmation(&mut self, store: &Store, order: &Order) {
        if let Some(stay) = &order.stay {
            let confirmation = Confirmation { number: stay.confirmation.clone(), order: order.id };
            self.insert(store, &confirmation, || {
                Error::new(
                    Code::Changed,
                    "the confirmation number is in use; send it again under another key",
                )
            });
        }
    }
}

impl Store {
    /// The stay of a confirmation number.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn stay_named(&self, confirmation: &str) -> Result<Order> {
        let found: Option<Confirmation> = self.get(&format!("confirmation#{confirmation}"), "order").await?;
        match found {
            Some(found) => self.order(found.order).await,
            None => Err(Error::not_found("stay")),
        }
    }

    /// Stays of a location in a stage whose arrival, or departure once they have come, is on one of the days from `from` until
    /// just before `to`, the earliest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn stays(
        &self,
        (location, stage): (LocationId, StayStage),
        (from, to): (Date, Date),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Order>> {
        // A day's keys go on after the day itself, and before the next one.
        let range = Range::Between(from.to_string(), to.to_string());
        self.query(Query {
            table: &RESERVATIONS,
            index: Some(&BY_STAY),
            partition: by_stage(stage, location),
            range,
            descending: false,
            limit,
            after,
        })
        .await
    }
}
