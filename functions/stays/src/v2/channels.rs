//! Calendars of channels.

use domain::text::Tag;
use domain::{Permission, RoomTypeId};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Idempotency, IfMatch, Json, Reply, Result, Route, Signed, State, post, request};

use super::asked;
use crate::App;
use crate::channels::{self, Refused};

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/channel-calendars", Access::Needs(Permission::BookForOthers), import)
            .named(
                "importChannelCalendar",
                "Take a channel's calendar of a room type over: only what differs is claimed or given back",
            )
            .takes::<CalendarBody>()
            .answers::<ReportView>(200),
    ]
}

request! {
    /// A calendar as a channel publishes it.
    pub(crate) struct CalendarBody {
        room_type_id: RoomTypeId as String,
        /// Whose calendar it is: events that it had before and has no more are given back.
        channel: Tag as String,
        /// The file (RFC 5545), at most 500 events.
        calendar: String as String,
    }
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChannelReport")]
pub(crate) struct ReportView {
    added: usize,
    changed: usize,
    removed: usize,
    unchanged: usize,
    /// Events that were not taken over; the next import tries them again.
    refused: Vec<RefusedView>,
}

/// An event that was not taken over.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChannelRefusal")]
struct RefusedView {
    /// The line of the file on which it begins.
    line: usize,
    uid: Option<String>,
    /// `sold_out` where there is no room.
    code: String,
    reason: String,
}

async fn import(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<CalendarBody>,
) -> Result<Reply<ReportView>> {
    let asked = asked(caller, IfMatch(None), Idempotency::default());
    let file = (body.room_type_id, &body.channel, body.calendar.as_str());
    let report = Box::pin(channels::import(&app, &asked, file)).await?;
    let refused = |one: Refused| RefusedView {
        line: one.line,
        uid: one.uid,
        code: one.code.to_owned(),
        reason: one.reason,
    };
    Ok(Reply::ok(ReportView {
        added: report.added,
        changed: report.changed,
        removed: report.removed,
        unchanged: report.unchanged,
        refused: report.refused.into_iter().map(refused).collect(),
    }))
}
