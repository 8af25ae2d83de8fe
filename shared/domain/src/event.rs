//! What happened: written in the transaction that made it so, read by the relay and the auditor.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

impl Event {
    /// The event that tells of a change of a record from `before` (nothing, for a new one) to `after`. The record is told by
    /// its id, its version after the change, and when it changed.
    pub fn of_change(
        id: EventId,
        kind: &str,
        (subject, sequence, at): (String, u64, Timestamp),
        actor: Actor,
        before: Option<&Value>,
        after: &Value,
    ) -> Self {
        let data = match before {
            None => json!({ "after": after }),
            Some(before) => changed(before, after),
        };
        Self { id, kind: kind.to_owned(), subject, sequence, at, actor, data }
    }
}

/// The fields in which two objects differ: `{"before": {…}, "after": {…}}`.
fn changed(before: &Value, after: &Value) -> Value {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return json!({ "before": before, "after": after });
    };
    let differing =
        |these: &serde_json::Map<String, Value>, those: &serde_json::Map<String, Value>| -> Value {
            these
                .iter()
                .filter(|(key, value)| those.get(*key) != Some(value))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
    json!({ "before": differing(old, new), "after": differing(new, old) })
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
    /// The request, as its answer and the log name it; set where the event is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Actor {
    /// Somebody who is not signed in.
    pub fn anonymous(ip: Option<String>) -> Self {
        Self { user: None, role: "anonymous".to_owned(), ip, request: None }
    }

    /// The system by itself: a schedule, a command of the operator.
    pub fn system() -> Self {
        Self { user: None, role: "system".to_owned(), ip: None, request: None }
    }
}
