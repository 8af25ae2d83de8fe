//! Folios: lines beside their order; invoices by id and by number; the last number of each location.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::hotel::folio::MOST_POSTED;
use domain::hotel::{FolioLine, Invoice};
use domain::{FolioLineId, InvoiceId, LocationId, OrderId};
use errors::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use crate::bookings::list;
use crate::page::{Page, Position};
use crate::schema::{BY_PLACE, RESERVATIONS, Table};
use crate::table::{Query, Range, Record, text};
use crate::{Store, Tx};

const LINES: &str = "folio#";

impl Record for FolioLine {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "line of the folio";

    fn key(&self) -> (String, String) {
        (self.order.to_string(), line_key(self.id))
    }
}

fn line_key(id: FolioLineId) -> String {
    format!("{LINES}{id}")
}

impl Record for Invoice {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "invoice";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "invoice".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![
            (BY_PLACE.partition, text(by_place(self.location))),
            (BY_PLACE.sort, text(format!("{:012}", self.number))),
        ]
    }
}

// Bookings, orders and payments have other keys of the same index.
fn by_place(location: LocationId) -> String {
    format!("invoice#{location}")
}

/// The number of a location's last invoice.
#[derive(Debug, Serialize, Deserialize)]
struct LastInvoice {
    location: LocationId,
    /// The number itself: each invoice is the next version.
    version: u64,
}

impl Record for LastInvoice {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "last invoice";

    fn key(&self) -> (String, String) {
        (self.location.to_string(), "last_invoice".to_owned())
    }
}

impl Tx {
    /// A new line, or what the same request made before.
    pub fn insert_folio_line(&mut self, store: &Store, line: &FolioLine) {
        self.insert(store, line, || Error::internal("two lines of a folio were given one id"));
    }

    /// A changed line; refused unless the stored one is the version before it.
    pub fn update_folio_line(&mut self, store: &Store, line: &FolioLine) {
        self.replace(store, line, line.version);
    }

    /// A new invoice, whose number is one more than the location's last one; `changed` if it is not.
    pub fn insert_invoice(&mut self, store: &Store, invoice: &Invoice) {
        let last = LastInvoice { location: invoice.location, version: invoice.number };
        if last.version == 1 {
            self.insert(store, &last, || Error::new(Code::Changed, "another invoice was first"));
        } else {
            self.replace(store, &last, last.version);
        }
        self.insert(store, invoice, || Error::internal("two invoices were given one id"));
    }
}

impl Store {
    /// A line of a folio, if there is one of this id.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn folio_line(&self, order: OrderId, id: FolioLineId) -> Result<Option<FolioLine>> {
        self.get(&order.to_string(), &line_key(id)).await
    }

    /// All lines of a folio.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn folio(&self, order: OrderId) -> Result<Vec<FolioLine>> {
        let query = |after| Query {
            table: &RESERVATIONS,
            index: None,
            partition: order.to_string(),
            range: Range::Prefix(LINES.to_owned()),
            descending: false,
            limit: u32::from(MOST_POSTED),
            after,
        };
        Ok(self.query_all(MOST_POSTED.into(), query).await?.0)
    }

    /// The invoice, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn invoice(&self, id: InvoiceId) -> Result<Invoice> {
        self.get(&id.to_string(), "invoice").await?.ok_or_else(|| Error::not_found("invoice"))
    }

    /// The number that a location's next invoice has.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn next_invoice(&self, location: LocationId) -> Result<u64> {
        let last: Option<LastInvoice> = self.get(&location.to_string(), "last_invoice").await?;
        Ok(last.map_or(0, |last| last.version) + 1)
    }

    /// Invoices of a location, the latest number first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn invoices_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Invoice>> {
        self.query(list(&BY_PLACE, by_place(location), Range::All, true, limit, after)).await
    }
}
