//! Bookings: by id, by user, by place and day, by state.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Booking, BookingId, BookingState, Event, LocationId, ResourceId, Span, UserId, Zone};
use errors::{Error, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::page::{Page, Position};
use crate::schema::{BY_PLACE, BY_STATE, BY_USER, EXPIRES, RESERVATIONS, Table};
use crate::table::{Query, Range, Record, moment, number, read, text};
use crate::{Outcome, Store, Tx};

/// The longest booking there can be, 14 days of the calendar with the clocks put back; a query by start looks back this far.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(14 * 24 + 2);
/// A hold that ran out is kept this long for those who ask what became of it.
const EXPIRED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Record for Booking {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "booking";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "booking".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let start = moment(self.span.start());
        let day = self.zone.local(self.span.start()).date();
        let mut extra = vec![
            (BY_USER.sort, text(format!("{start}#{}", self.id))),
            (BY_PLACE.partition, text(format!("{}#{day}", self.location))),
            (BY_PLACE.sort, text(format!("{}#{start}", self.resource))),
            (BY_STATE.sort, text(format!("{}#{}", moment(self.span.end()), self.id))),
        ];
        if let Some(until) = self.hold_until.filter(|_| self.state == BookingState::Held) {
            extra.push((EXPIRES, number((until + EXPIRED_KEPT).as_second())));
        }
        extra
    }
}

impl Tx {
    /// A new booking.
    pub fn insert_booking(&mut self, store: &Store, booking: &Booking) {
        self.insert(store, booking, || Error::internal("two bookings were given one id"));
    }

    /// A changed booking; refused unless the stored one is the version before it.
    pub fn update_booking(&mut self, store: &Store, booking: &Booking) {
        self.replace(store, booking, booking.version);
    }

    /// A booking that must still be as it was read.
    pub fn require_booking(&mut self, store: &Store, booking: &Booking) {
        self.require(store, booking, booking.version);
    }
}

impl Store {
    /// The booking, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn booking(&self, id: BookingId) -> Result<Booking> {
        self.get(&id.to_string(), "booking").await?.ok_or_else(|| Error::not_found("booking"))
    }

    /// Bookings by id, those that exist, in the order asked for; at most 100.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings(&self, ids: &[BookingId]) -> Result<Vec<Booking>> {
        let keys: Vec<_> =
            ids.iter().map(|id| (RESERVATIONS, id.to_string(), "booking".to_owned())).collect();
        let mut found = self
            .get_many(&keys)
            .await?
            .into_iter()
            .map(|(_, item)| read(item))
            .collect::<Result<Vec<Booking>>>()?;
        found.sort_by_key(|booking| ids.iter().position(|id| *id == booking.id));
        Ok(found)
    }

    /// A user's bookings by start, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_of(
        &self,
        user: UserId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        self.query(list(&BY_USER, user.to_string(), Range::All, true, limit, after)).await
    }

    /// Bookings that start on a local day at a location, by room, then start.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_on(
        &self,
        location: LocationId,
        day: Date,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        self.query(list(&BY_PLACE, format!("{location}#{day}"), Range::All, false, limit, after)).await
    }

    /// Bookings of a room that start on a local day at its location, by start; at most `most`.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_starting(
        &self,
        (location, resource): (LocationId, ResourceId),
        day: Date,
        most: usize,
    ) -> Result<Vec<Booking>> {
        let prefix = Range::Prefix(format!("{resource}#"));
        let query = |after| list(&BY_PLACE, format!("{location}#{day}"), prefix.clone(), false, 500, after);
        Ok(self.query_all(most, query).await?.0)
    }

    /// Bookings of a room that overlap the span, whatever their state, by start; at most `most`, out of the last `most` of each
    /// day that begin before the span ends. One query for each local day that a booking could have started on.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_in(
        &self,
        (location, zone): (LocationId, &Zone),
        resource: ResourceId,
        span: Span,
        look_back: SignedDuration,
        most: usize,
    ) -> Result<Vec<Booking>> {
        let first =
            zone.local(span.start().saturating_sub(look_back.min(LONGEST)).unwrap_or(span.start())).date();
        let last = zone.local(span.end()).date();
        let mut all = Vec::new();
        for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
            // The latest first: however many began and ended before, those that are still there are among them.
            let range = before(resource, span);
            let query = |after| list(&BY_PLACE, format!("{location}#{day}"), range.clone(), true, 500, after);
            let (found, _): (Vec<Booking>, _) = self.query_all(most, query).await?;
            all.extend(found.into_iter().rev().filter(|booking| booking.span.overlaps(&span)));
            if all.len() >= most {
                break;
            }
        }
        all.truncate(most);
        Ok(all)
    }

    /// A page of [`Store::bookings_in`]. A page may be empty and still not be the last.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_page_in(
        &self,
        (location, zone): (LocationId, &Zone),
        resource: ResourceId,
        (span, look_back): (Span, SignedDuration),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        let back = span.start().saturating_sub(look_back.min(LONGEST)).unwrap_or(span.start());
        let (mut day, last) = (zone.local(back).date(), zone.local(span.end()).date());
        if let Some(date) = after.as_ref().and_then(|place| place.text(BY_PLACE.partition)) {
            let date = date.rsplit_once('#').and_then(|(_, date)| date.parse().ok());
            day = date.ok_or_else(|| Error::internal("a page that goes on at no day"))?;
        }
        let mut after = after.filter(Position::is_key);
        let (mut items, most) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
        while day <= last {
            let partition = format!("{location}#{day}");
            let rest = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(limit));
            let range = before(resource, span);
            let page: Page<Booking> =
                self.query(list(&BY_PLACE, partition, range, false, rest, after.take())).await?;
            items.extend(page.items.into_iter().filter(|booking| booking.span.overlaps(&span)));
            match (page.next, day.tomorrow()) {
                (Some(next), _) => return Ok(Page { items, next: Some(next) }),
                (None, Ok(next)) if items.len() >= most && next <= last => {
                    let next = Position::at(BY_PLACE.partition, format!("{location}#{next}"));
                    return Ok(Page { items, next: Some(next) });
                }
                (None, Ok(next)) => day = next,
                (None, Err(_)) => break,
            }
        }
        Ok(Page { items, next: None })
    }

    /// Bookings made from `from` until just before `to`, in the order in which they were made: found through their first
    /// events, since an index of its own would cost every booking a write. A page of them is a page of [`Store::events_in`]
    /// without whatever else happened: it may be empty and still not be the last.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_created(
        &self,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        let page = self.events_in((from, to), limit.min(100), after).await?;
        let made =
            |event: &Event| Some(event.subject.parse().ok()?).filter(|_: &BookingId| event.sequence == 1);
        let ids: Vec<BookingId> = page.items.iter().filter_map(made).collect();
        let items = if ids.is_empty() { Vec::new() } else { self.bookings(&ids).await? };
        Ok(Page { items, next: page.next })
    }

    /// Up to `most` bookings stored in a state, the latest end first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn latest_in_state(&self, state: BookingState, most: usize) -> Result<Vec<Booking>> {
        let query = |after| list(&BY_STATE, state.as_str().to_owned(), Range::All, true, 500, after);
        Ok(self.query_all(most, query).await?.0)
    }

    /// Bookings stored in a state that end before `before`, earliest end first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_in_state(
        &self,
        state: BookingState,
        before: Option<Timestamp>,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        let range = match before {
            None => Range::All,
            Some(before) => Range::Between("0".to_owned(), moment(before)),
        };
        self.query(list(&BY_STATE, state.as_str().to_owned(), range, false, limit, after)).await
    }
}

impl Store {
    /// Bookings stored in a state that end at `from` or later, earliest end first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn bookings_ending(
        &self,
        state: BookingState,
        from: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Booking>> {
        let range = Range::Between(moment(from), "~".to_owned());
        self.query(list(&BY_STATE, state.as_str().to_owned(), range, false, limit, after)).await
    }
}

/// Keys of a room's bookings that begin before the span ends, or when it does.
fn before(resource: ResourceId, span: Span) -> Range {
    Range::Between(format!("{resource}#"), format!("{resource}#{}", moment(span.end())))
}

/// The booking that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a booking.
pub fn booking_from(outcome: Outcome, new: Booking) -> Result<(Booking, bool)> {
    match outcome {
        Outcome::Committed => Ok((new, false)),
        Outcome::Replayed(item) => read::<Booking>(item).map(|booking| (booking, true)),
    }
}

pub(crate) fn list(
    index: &'static crate::schema::Index,
    partition: String,
    range: Range,
    descending: bool,
    limit: u32,
    after: Option<Position>,
) -> Query<'static> {
    Query { table: &RESERVATIONS, index: Some(index), partition, range, descending, limit, after }
}
