//! One-time codes that phones and mail addresses were sent: one for each, and a new one takes the place of the last.
//!
//! The digits stand nowhere: they derive from the installation's secret and the nonce that is kept here, so that neither
//! this table nor a copy of it opens anything.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::message::Channel;
use domain::text::Email;
use domain::{CodeId, Event, Phone, UserId};
use errors::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::{ACCOUNTS, EXPIRES, Table};
use crate::table::{Record, number};
use crate::{Store, Tx};

/// Kept for so long after it ran out, in seconds, so that a message that comes late learns that it did.
const KEPT_SECONDS: i64 = 60 * 60;

/// Where a code goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentTo {
    /// To a phone.
    Phone(Phone),
    /// To a mail address.
    Email(Email),
}

impl SentTo {
    /// All of it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

/// The code that a phone or an address was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// Which of the codes that went there.
    pub id: CodeId,
    /// Stands for whoever has the phone or the address: derived from it.
    pub holder: UserId,
    /// Where it was sent.
    #[serde(flatten)]
    pub to: SentTo,
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

impl Record for OneTimeCode {
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
    pub fn use_code(&mut self, store: &Store, code: &OneTimeCode) {
        self.replace(store, code, code.version);
    }
}

impl Store {
    /// Takes a new code in the place of the last one, with the event that has it sent.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn put_code(&self, code: &OneTimeCode, event: &Event) -> Result<()> {
        let mut tx = Tx::new();
        tx.put(self, code);
        tx.event(self, event);
        self.commit(tx).await.map(drop)
    }

    /// The last code of a holder.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn code(&self, holder: UserId) -> Result<Option<OneTimeCode>> {
        self.get(&holder.to_string(), "code").await
    }
}
