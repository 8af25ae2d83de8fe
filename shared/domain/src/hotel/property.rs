//! What holds for all stays at a location: when one arrives and leaves, and what an invoice says.

use errors::Result;
use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::event::{Actor, Event};
use crate::offering::Wrong;
use crate::text::{Line, Name};
use crate::zone::Fold;
use crate::{EventId, LocationId, Zone};

/// Lines of the address on an invoice.
pub const MOST_ADDRESS_LINES: usize = 5;

/// The house rules of a location that takes guests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Of which.
    pub location: LocationId,
    /// From when on rooms are ready, by the wall clock.
    pub check_in: Time,
    /// Until when rooms are left, by the wall clock.
    pub check_out: Time,
    /// Who writes the invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<Name>,
    /// Where they are, at most [`MOST_ADDRESS_LINES`].
    #[serde(default)]
    pub address: Vec<Line>,
    /// Their tax number, as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<Name>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1; 0 where nothing has been said yet.
    pub version: u64,
}

impl Property {
    /// What holds where nothing has been said: rooms are ready at three and left at eleven.
    pub fn unsaid(location: LocationId) -> Self {
        Self {
            location,
            check_in: time(15, 0, 0, 0),
            check_out: time(11, 0, 0, 0),
            legal_name: None,
            address: Vec::new(),
            tax_number: None,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 0,
        }
    }

    /// The rules, if they are within bounds.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        wrong.at_most(self.address.len(), MOST_ADDRESS_LINES, "/address");
        wrong.check(self)
    }

    /// When a stay begins that arrives on this day.
    ///
    /// # Errors
    /// `validation_failed` beyond the calendar. Where the clocks skip the hour, it begins an hour later.
    pub fn begins(&self, zone: &Zone, arrival: Date) -> Result<Timestamp> {
        instant(zone, arrival, self.check_in)
    }

    /// When a stay ends that leaves on this day.
    ///
    /// # Errors
    /// `validation_failed` beyond the calendar. Where the clocks skip the hour, it ends an hour later.
    pub fn ends(&self, zone: &Zone, departure: Date) -> Result<Timestamp> {
        instant(zone, departure, self.check_out)
    }

    /// The event that tells of the change from `before` (nothing, for new rules) to `self`.
    pub fn event(&self, id: EventId, before: Option<&Self>, actor: Actor) -> Event {
        let told = |property: &Self| {
            json!({
                "check_in": property.check_in, "check_out": property.check_out, "legal_name": property.legal_name,
                "address": property.address, "tax_number": property.tax_number,
            })
        };
        let record = (format!("property#{}", self.location), self.version, self.updated_at);
        Event::of_change(id, "property.changed", record, actor, before.map(told).as_ref(), &told(self))
    }
}

/// The instant of a time of a day; an hour later where the clocks skip it.
fn instant(zone: &Zone, day: Date, time: Time) -> Result<Timestamp> {
    let wall = day.to_datetime(time);
    let later = wall.saturating_add(jiff::SignedDuration::from_hours(1));
    zone.instant(wall, Some(Fold::First)).or_else(|_| zone.instant(later, Some(Fold::First)))
}
