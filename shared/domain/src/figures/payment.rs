//! Figures of money, by the day on which it came or went and by its means.

use serde::Deserialize;

use super::{Delta, Kind, Place, Sums, at, day, difference, name, part};
use crate::{Event, LocationId, Zone};

/// What does not change.
#[derive(Deserialize)]
struct Of {
    location: LocationId,
    currency: String,
    means: String,
}

/// What changes, as it was or is.
#[derive(Default, Deserialize)]
struct Side {
    #[serde(default)]
    captured: Option<i64>,
    #[serde(default)]
    refunded: Option<i64>,
    #[serde(default)]
    paid: Option<bool>,
}

pub(super) fn deltas(event: &Event, zone: &Zone) -> Option<Vec<Delta>> {
    let of: Of = part(event, "of")?;
    let after: Side = part(event, "after")?;
    let before: Option<Side> = part(event, "before");
    let old = before.as_ref().map(|side| figures(side, &of)).unwrap_or_default();
    let mut sums = difference(&old, &figures(&after, &of));
    if before.is_none() {
        sums.insert(name(&["begun", &of.currency, &of.means]), 1);
    }
    let place = Place { location: Some(of.location), kind: Kind::Money, day: day(zone, event.at), of: None };
    Some(at(&place, &sums).collect())
}

fn figures(side: &Side, of: &Of) -> Sums {
    let paid = side.paid.map(i64::from);
    let all = [("captured", side.captured), ("refunded", side.refunded), ("paid", paid)];
    let known = all.into_iter().filter_map(|(what, by)| Some((what, by?)));
    known.map(|(what, by)| (name(&[what, &of.currency, &of.means]), by)).collect()
}
