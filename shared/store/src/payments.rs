//! Payments: by id, by location, those whose gateway is to be asked; and what a gateway told by webhook, by the event's id.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::gateway::Report;
use domain::{LocationId, Payment, PaymentId};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bookings::list;
use crate::page::{Page, Position};
use crate::schema::{BY_PLACE, BY_STATE, EXPIRES, MESSAGES, RESERVATIONS, Table};
use crate::table::{Range, Record, moment, number, text};
use crate::{Store, Tx};

/// Payments whose gateway is to be asked.
const OPEN: &str = "payment#open";
/// What a webhook told is kept this long: a gateway tells it again for a day, and an operator may ask what came.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Record for Payment {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "payment";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "payment".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let mut extra = vec![
            (BY_PLACE.partition, text(by_place(self.location))),
            (BY_PLACE.sort, text(format!("{}#{}", moment(self.created_at), self.id))),
        ];
        if let Some(at) = self.look_at {
            extra.push((BY_STATE.partition, text(OPEN)));
            extra.push((BY_STATE.sort, text(format!("{}#{}", moment(at), self.id))));
        } else if self.is_failed() {
            extra.push((BY_STATE.partition, text(failed(self.location))));
            extra.push((BY_STATE.sort, text(format!("{}#{}", moment(self.updated_at), self.id))));
        }
        extra
    }
}

// Bookings and orders have other keys of the same indexes.
fn by_place(location: LocationId) -> String {
    format!("payment#{location}")
}

fn failed(location: LocationId) -> String {
    format!("payment#failed#{location}")
}

/// What a gateway told by webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The gateway's id of the event, after the gateway's name: `razorpay#…`.
    pub id: String,
    /// What it says.
    pub report: Report,
    /// When it came first.
    pub at: Timestamp,
}

impl Record for Webhook {
    const TABLE: Table = MESSAGES;
    const NAME: &'static str = "webhook";

    fn key(&self) -> (String, String) {
        (self.id.clone(), "webhook".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![(EXPIRES, number((self.at + KEPT).as_second()))]
    }
}

impl Tx {
    /// A new payment.
    pub fn insert_payment(&mut self, store: &Store, payment: &Payment) {
        self.insert(store, payment, || Error::internal("two payments were given one id"));
    }

    /// A changed payment; refused unless the stored one is the version before it.
    pub fn update_payment(&mut self, store: &Store, payment: &Payment) {
        self.replace(store, payment, payment.version);
    }

    /// What a gateway told, unless it told that before: then `changed`.
    pub fn insert_webhook(&mut self, store: &Store, webhook: &Webhook) {
        self.insert(store, webhook, || Error::new(errors::Code::Changed, "this was told before"));
    }
}

impl Store {
    /// The payment, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn payment(&self, id: PaymentId) -> Result<Payment> {
        self.get(&id.to_string(), "payment").await?.ok_or_else(|| Error::not_found("payment"))
    }

    /// What a gateway told, by the event's id.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn webhook(&self, id: &str) -> Result<Webhook> {
        self.get(id, "webhook").await?.ok_or_else(|| Error::not_found("webhook"))
    }

    /// Payments at a location, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn payments_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Payment>> {
        self.query(list(&BY_PLACE, by_place(location), Range::All, true, limit, after)).await
    }

    /// Payments at a location that were begun from `from` until just before `to`, the first one first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn payments_begun(
        &self,
        location: LocationId,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Payment>> {
        let range = Range::Between(moment(from), moment(to));
        self.query(list(&BY_PLACE, by_place(location), range, false, limit, after)).await
    }

    /// Payments that the gateway is still asked about, the next one first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn payments_open(&self, limit: u32, after: Option<Position>) -> Result<Page<Payment>> {
        self.query(list(&BY_STATE, OPEN.to_owned(), Range::All, false, limit, after)).await
    }

    /// Payments at a location that came to nothing and that nobody asks about any more, the latest news first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn payments_failed(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Payment>> {
        self.query(list(&BY_STATE, failed(location), Range::All, true, limit, after)).await
    }

    /// Writes when a payment is asked about next; `changed` unless the stored one is the version before it.
    ///
    /// # Errors
    /// `changed`, `unavailable`.
    pub async fn put_payment_off(&self, payment: &Payment) -> Result<()> {
        self.change(payment, payment.version).await
    }

    /// Payments whose gateway is to be asked by `now`, the longest due first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn payments_to_ask(
        &self,
        now: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Payment>> {
        let range = Range::Between("0".to_owned(), format!("{}#~", moment(now)));
        self.query(list(&BY_STATE, OPEN.to_owned(), range, false, limit, after)).await
    }
}
