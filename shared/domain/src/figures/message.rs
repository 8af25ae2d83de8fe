//! Figures of messages, by the day on which they were due: what became of them.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Delta, Kind, Place, Sums, at, day, name, part};
use crate::{Event, LocationId, Zone};

/// What is named where a message was taken by nobody.
const NOBODY: &str = "none";

/// What does not change.
#[derive(Deserialize)]
struct Of {
    #[serde(default)]
    location: Option<LocationId>,
    channel: String,
}

/// How it stood or stands; both sides are whole.
#[derive(Deserialize)]
struct Side {
    due_at: Timestamp,
    /// Unset while it is under way: that is not counted.
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    provider: Option<String>,
}

pub(super) fn deltas(event: &Event, zone: &Zone) -> Option<Vec<Delta>> {
    let of: Of = part(event, "of")?;
    let side = |side: Side, by: i64| {
        let provider = side.provider.as_deref().unwrap_or(NOBODY);
        let sums: Sums =
            side.outcome.map(|what| (name(&[&what, &of.channel, provider]), by)).into_iter().collect();
        let day = day(zone, side.due_at);
        let place = Place { location: of.location, kind: Kind::Delivery, day, of: None };
        at(&place, &sums).collect::<Vec<_>>()
    };
    let before = part(event, "before").map(|before| side(before, -1)).unwrap_or_default();
    Some(before.into_iter().chain(side(part(event, "after")?, 1)).collect())
}
