//! One-time codes that phones were sent: one for each phone, and a new one takes the place of the last.
//!
//! The digits stand nowhere: they derive from the installation's secret and the nonce that is kept here, so that neither
//! this table nor a copy of it opens anything.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::message::Channel;
use domain::{CodeId, Event, Phone, UserId};
use errors::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::{ACCOUNTS, EXPIRES, Table};
use crate::table::{Record, number};
use crate::{Store, Tx};

/// Kept for so long after it ran out, in seconds, so that a message that comes late learns that it did.
const KEPT_SECONDS: i64 = 60 * 60;

/// The code that a phone was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneCode {
    /// Which of the codes to this phone.
    pub id: CodeId,
    /// Stands for whoever has the phone: derived from its number.
    pub holder: UserId,
    /// Where it was sent.
    pub phone: Phone,
    /// By which channel it was asked for.
    pub channel: Channel,
    /// Random text that the digits derive from.
    pub nonce: String,
    /// Whether it was used.
    pub used: bool,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Milliseconds of its making, counted up when it is used.
    pub version: u64,
}

impl Record for PhoneCode {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "code";

    fn key(&self) -> (String, String) {
        (self.holder.to_string(), "code".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![(EXPIRES, number(self.expires_at.as_second() + KEPT_SECONDS))]
    }
}

impl Tx {
    /// The code that was used just now; refused unless it is the one that was read.
    pub fn use_code(&mut self, store: &Store, code: &PhoneCode) {
        self.replace(store, code, code.version);
    }
}

impl Store {
    /// Takes a new code in the place of the phone's last one, with the event that has it sent.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn put_code(&self, code: &PhoneCode, event: &Event) -> Result<()> {
        let mut tx = Tx::new();
        tx.put(self, code);
        tx.event(self, event);
        self.commit(tx).await.map(drop)
    }

    /// The phone's last code.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn code(&self, holder: UserId) -> Result<Option<PhoneCode>> {
        self.get(&holder.to_string(), "code").await
    }
}
