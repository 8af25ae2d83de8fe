//! Whom a campaign is for.

use errors::FieldError;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::message::{Channel, reaches};
use crate::{LocationId, MessageKind, OfferingId, Phone, Role, User};

/// The longest range of days.
pub const MOST_DAYS: i32 = 366;
/// Phones of one campaign that is for a list of them.
pub const MOST_PHONES: usize = 500;

/// Whom it is for: of all accounts those of whom everything here is true. Beside it each of them must have said that they want
/// such texts, and be reached on the campaign's channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// They ordered or booked here, within the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// They ordered this, which is sold at the location, within the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offering: Option<OfferingId>,
    /// The range's first day, by the location's clock: of bookings that of their start, of orders that on which they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The range's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// They have this role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// It is by this channel that they are told what is told by one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_channel: Option<Channel>,
    /// They proved that one of these phones is theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
}

/// Where an audience is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// All accounts.
    Accounts,
    /// Those who ordered at a place, and unless one offering is meant, those who booked there.
    Place {
        /// Which.
        location: LocationId,
        /// The first and the last day.
        days: (Date, Date),
    },
    /// A list of phones.
    Phones,
}

impl Filter {
    /// Where its audience is read.
    ///
    /// # Errors
    /// What does not go together.
    pub fn source(&self) -> Result<Source, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut refuse = |name: &str, code, message: &str| {
            wrong.push(FieldError::new(format!("/{name}"), code, message));
        };
        if self.phones.len() > MOST_PHONES {
            refuse("phones", "too_many", &format!("must be at most {MOST_PHONES}"));
        }
        let placed = [
            ("offering_id", self.offering.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
        ];
        match self.location {
            Some(_) if !self.phones.is_empty() => {
                refuse("phones", "not_together", "goes with no location");
            }
            Some(_) => {
                for (name, day) in [("from", self.from), ("until", self.until)] {
                    if day.is_none() {
                        refuse(name, "required", "is required with a location");
                    }
                }
            }
            None => {
                for (name, _) in placed.into_iter().filter(|(_, given)| *given) {
                    refuse(name, "not_together", "goes with a location only");
                }
            }
        }
        if let Some((from, until)) = self.from.zip(self.until) {
            let days = from.until(until).map_or(i32::MAX, |span| span.get_days());
            if !(0..MOST_DAYS).contains(&days) {
                let message = format!("must be from the first day to {} days after it", MOST_DAYS - 1);
                refuse("until", "out_of_range", &message);
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(match (self.location, self.from.zip(self.until)) {
            (Some(location), Some(days)) => Source::Place { location, days },
            _ if self.phones.is_empty() => Source::Accounts,
            _ => Source::Phones,
        })
    }

    /// Whether somebody who was read there is in it, for a campaign on this channel.
    pub fn takes(&self, user: &User, channel: Channel) -> bool {
        let role = self.role.is_none_or(|role| user.role == role);
        let preferred = self.preferred_channel.is_none_or(|channel| preferred(user) == Some(channel));
        role && preferred && reaches(channel, MessageKind::Campaign, user)
    }
}

/// By which channel somebody is told what is told by one only: the chain of a reminder.
fn preferred(user: &User) -> Option<Channel> {
    let all = [Channel::Whatsapp, Channel::Sms, Channel::Email];
    all.into_iter().find(|channel| reaches(*channel, MessageKind::OutOfService, user))
}
