//! Figures of stays: by the night, by the day of arrival, and by the day on which they came about.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::{Delta, Kind, Place, day, name, part};
use crate::hotel::stay::Stage;
use crate::{Event, LocationId, OrderState, RoomTypeId, Zone};

/// The first number of each class of lead times, in days; the last class has no end.
pub const LEAD_CLASSES: [i64; 7] = [0, 1, 7, 14, 30, 90, 180];
/// The first number of each class of lengths, in nights; the last class has no end.
pub const LENGTH_CLASSES: [i64; 8] = [1, 2, 3, 4, 5, 7, 14, 28];

/// What does not change.
#[derive(Deserialize)]
struct Of {
    location: LocationId,
    made: Timestamp,
    currency: String,
}

/// What changes, as it was or is. A stay is told whole, or not at all where it stayed as it was.
#[derive(Default, Deserialize)]
struct Side {
    #[serde(default)]
    stay: Option<Stay>,
}

#[derive(Deserialize)]
struct Stay {
    state: OrderState,
    rooms: Vec<Room>,
}

#[derive(Deserialize)]
struct Room {
    #[serde(rename = "room_type")]
    of: RoomTypeId,
    arrival: Date,
    nightly: Vec<i64>,
    stage: Stage,
}

pub(super) fn deltas(event: &Event, zone: &Zone) -> Option<Vec<Delta>> {
    let of: Of = part(event, "of")?;
    let after = part::<Side>(event, "after")?.stay?;
    let before = part::<Side>(event, "before").and_then(|side| side.stay);
    let mut figures =
        Figures { today: day(zone, event.at), booked: day(zone, of.made), of, deltas: Vec::new() };
    if let Some(before) = &before {
        figures.stands(before, -1);
    }
    figures.stands(&after, 1);
    figures.became(before.as_ref().map(|stay| stay.state), &after);
    Some(figures.deltas)
}

struct Figures {
    of: Of,
    today: Date,
    booked: Date,
    deltas: Vec<Delta>,
}

impl Figures {
    fn add(&mut self, (kind, day, of): (Kind, Date, Option<RoomTypeId>), name: &[&str], by: i64) {
        let of = of.map(|id| id.to_string());
        let place = Place { location: Some(self.of.location), kind, day, of };
        self.deltas.push(Delta { place, name: self::name(name), by });
    }

    /// What it is, once or taken off: of a stay that is not sold nothing.
    fn stands(&mut self, stay: &Stay, sign: i64) {
        let arrival = stay.rooms.iter().map(|room| room.arrival).min();
        let Some(arrival) = arrival.filter(|_| stay.state == OrderState::Confirmed) else { return };
        let currency = self.of.currency.clone();
        for room in &stay.rooms {
            let nights = std::iter::successors(Some(room.arrival), |night| night.tomorrow().ok());
            for (night, price) in nights.zip(&room.nightly) {
                let (month, on) = (night.first_of_month(), night.to_string());
                let nights = (Kind::Nights, month, Some(room.of));
                self.add(nights, &["sold", &on], sign);
                self.add(nights, &["revenue", &on, &currency], sign * price);
                let month = month.to_string();
                let pickup = (Kind::Pickup, self.today, None);
                self.add(pickup, &["nights", &month], sign);
                self.add(pickup, &["revenue", &month, &currency], sign * price);
            }
            let length = i64::try_from(room.nightly.len()).unwrap_or(i64::MAX);
            let stays = (Kind::Stays, arrival, None);
            self.add(stays, &["rooms"], sign);
            self.add(stays, &["nights"], sign.saturating_mul(length));
            self.add(stays, &["length", &class(&LENGTH_CLASSES, length)], sign);
        }
        let lead = self.booked.until(arrival).map_or(0, |span| i64::from(span.get_days())).max(0);
        let stays = (Kind::Stays, arrival, None);
        self.add(stays, &["sold"], sign);
        self.add(stays, &["lead_days"], sign * lead);
        self.add(stays, &["lead", &class(&LEAD_CLASSES, lead)], sign);
    }

    /// What happened to it. A hold that was given back was never a stay.
    fn became(&mut self, before: Option<OrderState>, after: &Stay) {
        let what = match (before, after.state) {
            (Some(OrderState::Confirmed), OrderState::Confirmed) => return,
            (_, OrderState::Confirmed) => "made",
            (Some(OrderState::Confirmed), OrderState::Cancelled) => {
                let absent = after.rooms.iter().all(|room| room.stage == Stage::NoShow);
                if absent { "no_show" } else { "cancelled" }
            }
            _ => return,
        };
        self.add((Kind::Pickup, self.today, None), &[what], 1);
        if let Some(arrival) = after.rooms.iter().map(|room| room.arrival).min().filter(|_| what != "made") {
            self.add((Kind::Stays, arrival, None), &[what], 1);
        }
    }
}

/// The class that a number is in, by the class's first one.
fn class(classes: &[i64], number: i64) -> String {
    let first = classes.iter().rev().find(|first| **first <= number).or(classes.first());
    first.map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests;
