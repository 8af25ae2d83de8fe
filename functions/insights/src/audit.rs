//! The audit trail: what happened to a record, what a person did, what happened when.

use domain::{Event, UserId};
use errors::{Error, FieldError, Result};
use jiff::{SignedDuration, Timestamp};
use store::{Page, Position};

use crate::App;

/// The longest range of time that is read without a record or a person.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What to read the trail by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// All that happened to one record.
    Record(String),
    /// All that one person did, from the first instant until just before the second.
    Person(UserId, (Timestamp, Timestamp)),
    /// All that happened from the first instant until just before the second.
    Time((Timestamp, Timestamp)),
}

impl By {
    /// Exactly one of record, person and time; a person may be narrowed by time.
    ///
    /// # Errors
    /// `bad_request`, with all that is wrong.
    pub(crate) fn new(
        record: Option<String>,
        person: Option<UserId>,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Self> {
        let range = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        if range.0 >= range.1 {
            return Err(refused("/query/to", "out_of_range", "must be after from"));
        }
        match (record, person, from, to) {
            (Some(record), None, None, None) => Ok(Self::Record(record)),
            (Some(_), ..) => {
                Err(refused("/query/record", "not_together", "goes with no other way to read the trail"))
            }
            (None, Some(person), ..) => Ok(Self::Person(person, range)),
            (None, None, Some(from), Some(to)) if to.duration_since(from) <= LONGEST => {
                Ok(Self::Time((from, to)))
            }
            (None, None, Some(_), Some(_)) => {
                Err(refused("/query/to", "out_of_range", "must be at most 31 days after from"))
            }
            (None, None, None, Some(_)) => Err(refused("/query/from", "required", "is required with to")),
            (None, None, Some(_), None) => Err(refused("/query/to", "required", "is required with from")),
            (None, None, None, None) => {
                Err(refused("/query", "required", "name a record, a person, or from and to"))
            }
        }
    }
}

fn refused(pointer: &str, code: &'static str, message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new(pointer, code, message)])
}

/// What happened, oldest first. A page can be empty and not be the last.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn read(app: &App, by: By, limit: u32, after: Option<Position>) -> Result<Page<Event>> {
    match by {
        By::Record(record) => app.store.events_of(&record, limit, after).await,
        By::Person(person, range) => app.store.events_by(person, range, limit, after).await,
        By::Time(range) => app.store.events_in(range, limit, after).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_trail_is_read_by_exactly_one_thing_at_a_time() {
        let (record, person) = (Some("bkg_1".to_owned()), Some(UserId::derived([1; 16])));
        let (from, to) = (Some(at("2027-01-01T00:00:00Z")), Some(at("2027-02-01T00:00:00Z")));
        assert!(By::new(record.clone(), None, None, None).is_ok());
        assert!(By::new(None, person, None, None).is_ok());
        assert!(By::new(None, person, from, None).is_ok());
        assert!(By::new(None, None, from, to).is_ok());
        assert!(By::new(None, None, from, Some(at("2027-02-01T00:00:00.001Z"))).is_err());
        assert!(By::new(None, None, to, from).is_err());
        assert!(By::new(None, None, from, None).is_err());
        assert!(By::new(None, None, None, to).is_err());
        assert!(By::new(None, None, None, None).is_err());
        assert!(By::new(record.clone(), person, None, None).is_err());
        assert!(By::new(record, None, from, to).is_err());
    }
}
