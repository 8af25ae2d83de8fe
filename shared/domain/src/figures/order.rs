//! Figures of orders, by the day on which they were made and by what was sold.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Delta, Kind, Place, Sums, at, day, difference, name, part};
use crate::{Event, LocationId, OrderState, Zone};

/// What does not change.
#[derive(Deserialize)]
struct Of {
    location: LocationId,
    made: Timestamp,
    #[serde(default)]
    offering: Option<String>,
    #[serde(default)]
    currency: Option<String>,
}

/// What changes, as it was or is; what stayed as it was is on neither side.
#[derive(Default, Deserialize)]
struct Side {
    #[serde(default)]
    state: Option<OrderState>,
    #[serde(default)]
    sale: Option<Money>,
}

#[derive(Deserialize)]
struct Money {
    charged: i64,
    captured: i64,
    refunded: i64,
    #[serde(default)]
    lost: bool,
    #[serde(default)]
    completed: Option<serde::de::IgnoredAny>,
}

pub(super) fn deltas(event: &Event, zone: &Zone) -> Option<Vec<Delta>> {
    let of: Of = part(event, "of")?;
    let after: Side = part(event, "after")?;
    let before: Option<Side> = part(event, "before");
    let mut sums = difference(
        &before.as_ref().map(|side| figures(side, &of)).unwrap_or_default(),
        &figures(&after, &of),
    );
    if before.is_none() {
        sums.insert("made".to_owned(), 1);
    }
    let place = Place { location: Some(of.location), kind: Kind::Orders, day: day(zone, of.made), of: None };
    let sold = of.offering.map(|id| Place { kind: Kind::Offerings, of: Some(id), ..place.clone() });
    Some(at(&place, &sums).chain(sold.iter().flat_map(|place| at(place, &sums))).collect())
}

fn figures(side: &Side, of: &Of) -> Sums {
    let mut sums: Sums = side.state.map(|state| (state.as_str().to_owned(), 1)).into_iter().collect();
    if let (Some(sale), Some(currency)) = (&side.sale, &of.currency) {
        let amounts = [("charged", sale.charged), ("captured", sale.captured), ("refunded", sale.refunded)];
        sums.extend(amounts.map(|(what, amount)| (name(&[what, currency]), amount)));
        sums.insert("lost".to_owned(), sale.lost.into());
        sums.insert("completed".to_owned(), sale.completed.is_some().into());
    }
    sums
}
