//! What happened: written in the transaction that made it so, read by the relay and the auditor.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EventId, UserId};

/// One fact about one record. `(subject, sequence)` is unique: the sequence is the record's version after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique; the same fact never has two.
    pub id: EventId,
    /// What happened, e.g. `booking.confirmed`: the record's kind, a dot, a past participle.
    pub kind: String,
    /// Id of the record it is about.
    pub subject: String,
    /// The record's version after it, from 1.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The fields that changed: `{"before": …, "after": …}`, never a secret.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

/// Who did something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account, unless nobody was signed in or the system acted by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The role at that time, or `anonymous`, or `system`.
    pub role: String,
    /// Address of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

impl Actor {
    /// Somebody who is not signed in.
    pub fn anonymous(ip: Option<String>) -> Self {
        Self { user: None, role: "anonymous".to_owned(), ip }
    }

    /// The system by itself: a schedule, a command of the operator.
    pub fn system() -> Self {
        Self { user: None, role: "system".to_owned(), ip: None }
    }
}
