//! The audit trail on the wire.

use domain::text::Line;
use domain::{Event, UserId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use web::{Listed, PageQuery, Query, Result, State};

use crate::App;
use crate::audit::{self, By};

/// One thing that happened.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(crate) struct EventView {
    id: String,
    /// What happened, e.g. `booking.confirmed`.
    kind: String,
    /// Id of the record that it happened to.
    record: String,
    /// The record's version after it.
    sequence: u64,
    at: String,
    actor: ActorView,
    /// What changed, as it was before; null for a new record.
    before: Value,
    /// What changed, as it was afterwards.
    after: Value,
}

/// Who did it, and from where.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Actor")]
pub(crate) struct ActorView {
    /// Null when nobody was signed in or the system acted by itself.
    user_id: Option<String>,
    /// The role at that time, `anonymous` or `system`.
    role: String,
    /// Address that the request came from.
    ip: Option<String>,
    /// The request, as `X-Request-Id` of its answer names it; of what followed from it in the background too.
    request_id: Option<String>,
}

impl From<Event> for EventView {
    fn from(mut event: Event) -> Self {
        let mut part = |name: &str| event.data.get_mut(name).map(Value::take).unwrap_or_default();
        let (before, after) = (part("before"), part("after"));
        Self {
            id: event.id.to_string(),
            kind: event.kind,
            record: event.subject,
            sequence: event.sequence,
            at: event.at.to_string(),
            actor: ActorView {
                user_id: event.actor.user.map(|user| user.to_string()),
                role: event.actor.role,
                ip: event.actor.ip,
                request_id: event.actor.request,
            },
            before,
            after,
        }
    }
}

web::request! {
    /// Exactly one of `record`, `person`, and `from` with `to`; `person` may be narrowed by `from` and `to`.
    pub(crate) struct AuditQuery {
        /// Id of a record: what happened to it.
        record: Option<Line> as String,
        /// Id of an account: what its owner did. Seconds may pass until an event is found this way.
        person: Option<UserId> as String,
        /// First instant, with its offset (RFC 3339).
        from: Option<Timestamp> as String,
        /// First instant after it; at most 31 days later, unless a person is named.
        to: Option<Timestamp> as String,
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    page: PageQuery,
    Query(query): Query<AuditQuery>,
) -> Result<Listed<EventView>> {
    let record = query.record.map(|record| record.as_str().to_owned());
    let by = By::new(record, query.person, query.from, query.to)?;
    let found = audit::read(&app, by, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(EventView::from)))
}
