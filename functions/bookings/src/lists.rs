//! Reading bookings: one, or a page of them along exactly one access pattern.

use domain::{
    Booking, BookingId, BookingState, Caller, LocationId, Permission, ResourceId, Span, UserId, Zone,
};
use errors::{Error, FieldError, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use store::{Page, Position};

use crate::App;
use crate::access::may_see;
use crate::when::Bound;

/// The longest range of a list.
const MOST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Which bookings. One of user, room, location, state and creation leads; the others narrow a page down in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) user: Option<UserId>,
    pub(crate) room: Option<ResourceId>,
    pub(crate) location: Option<LocationId>,
    pub(crate) day: Option<Date>,
    pub(crate) state: Option<BookingState>,
    pub(crate) from: Option<Bound>,
    pub(crate) to: Option<Bound>,
    pub(crate) created_from: Option<Timestamp>,
    pub(crate) created_to: Option<Timestamp>,
}

/// The booking, for those who may know of it.
///
/// # Errors
/// `not_found`.
pub(crate) async fn show(app: &App, caller: &Caller, id: BookingId) -> Result<Booking> {
    let booking = app.store.booking(id).await?;
    may_see(caller, &booking)?;
    Ok(booking)
}

/// A page of bookings. It may have fewer than `limit` and still not be the last.
///
/// # Errors
/// `bad_request` unless one filter leads, `forbidden` for the bookings of others.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Booking>> {
    let now = app.clock.now();
    filter.check()?;
    let reads_others = caller.may(Permission::ReadBookings);
    let own = match filter.leaders()[..] {
        [] => true,
        ["state"] => !reads_others,
        _ => false,
    };
    let user = filter.user.or_else(|| own.then_some(caller.user));
    if user != Some(caller.user) && !reads_others {
        return Err(Error::forbidden("your role reads no bookings of others"));
    }
    let page = if let Some(user) = user {
        app.store.bookings_of(user, limit, after).await?
    } else if let Some(room) = filter.room {
        of_room(app, caller, filter, room, limit, after).await?
    } else if let (Some(location), Some(day)) = (filter.location, filter.day) {
        caller.require_at(Permission::ReadBookings, location)?;
        app.store.bookings_on(location, day, limit, after).await?
    } else if let (Some(from), Some(to)) = (filter.created_from, filter.created_to) {
        app.store.bookings_created((from, to), limit, after).await?
    } else {
        // Expired holds are stored as held; which of the two they are is seen below.
        let stored = filter.state.filter(|state| *state != BookingState::Expired);
        app.store.bookings_in_state(stored.unwrap_or(BookingState::Held), None, limit, after).await?
    };
    let Page { mut items, next } = page;
    let mut keeps = Vec::with_capacity(items.len());
    for booking in &items {
        keeps.push(may_see(caller, booking).is_ok() && filter.keeps(booking, now)?);
    }
    let mut keeps = keeps.into_iter();
    items.retain(|_| keeps.next().unwrap_or(false));
    Ok(Page { items, next })
}

async fn of_room(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    room: ResourceId,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Booking>> {
    let room = app.room(room).await?;
    caller.require_at(Permission::ReadBookings, room.location)?;
    let (Some(from), Some(to)) = filter.range(&room.zone)? else {
        return Err(wrong("room", "required", "send from and to, or day, with a room"));
    };
    let span = Span::new(from, to).ok_or_else(|| wrong("to", "not_after_start", "must be after from"))?;
    if span.length() > MOST + SignedDuration::from_hours(1) {
        return Err(wrong("to", "too_long", "must be at most 31 days after from"));
    }
    let look_back = SignedDuration::from_mins(i64::from(room.rules.max_length));
    app.store.bookings_page_in((room.location, &room.zone), room.id, (span, look_back), limit, after).await
}

impl Filter {
    /// Filters that can lead, by name.
    fn leaders(&self) -> Vec<&'static str> {
        let leads = [
            ("user", self.user.is_some()),
            ("room", self.room.is_some()),
            ("location", self.location.is_some()),
            ("created_from", self.created_from.is_some() || self.created_to.is_some()),
        ];
        let mut leads: Vec<_> = leads.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect();
        if leads.is_empty() && self.state.is_some() {
            leads.push("state");
        }
        leads
    }

    fn check(&self) -> Result<()> {
        if let [first, second, ..] = self.leaders()[..] {
            let message = format!("send either {first} or {second}");
            return Err(wrong(second, "too_many", &message));
        }
        if self.location.is_some() && self.day.is_none() {
            return Err(wrong("day", "required", "send the day with a location"));
        }
        if self.day.is_some() && self.location.is_none() && self.room.is_none() {
            return Err(wrong("day", "unexpected", "send a location or a room with the day"));
        }
        match (self.created_from, self.created_to) {
            (None, None) => Ok(()),
            (Some(from), Some(to)) if from < to && to.duration_since(from) <= MOST => Ok(()),
            (Some(_), Some(_)) => {
                Err(wrong("created_to", "out_of_range", "must be after created_from, at most 31 days"))
            }
            _ => Err(wrong("created_to", "required", "send created_from and created_to together")),
        }
    }

    /// From and to as instants in the zone; the day's where there is a day.
    fn range(&self, zone: &Zone) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
        let (from, to) = match self.day {
            Some(day) => (Some(Bound::Day(day)), day.tomorrow().ok().map(Bound::Day)),
            None => (self.from, self.to),
        };
        let instant = |bound: Option<Bound>| bound.map(|bound| bound.instant(zone)).transpose();
        Ok((instant(from)?, instant(to)?))
    }

    fn keeps(&self, booking: &Booking, now: Timestamp) -> Result<bool> {
        // A location's day is a day on which bookings start, and its query has seen to that.
        let (from, to) = if self.location.is_some() { (None, None) } else { self.range(&booking.zone)? };
        Ok(self.state.is_none_or(|state| booking.state_at(now) == state)
            && from.is_none_or(|from| booking.span.end() > from)
            && to.is_none_or(|to| booking.span.start() < to))
    }
}

/// A state by its name.
///
/// # Errors
/// `bad_request`.
pub(crate) fn state(text: &str) -> Result<BookingState> {
    let known = BookingState::ALL.into_iter().find(|state| state.as_str() == text);
    let names = BookingState::ALL.map(BookingState::as_str).join(", ");
    known.ok_or_else(|| wrong("state", "invalid_value", &format!("must be one of {names}")))
}

fn wrong(parameter: &str, code: &'static str, message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new(format!("/query/{parameter}"), code, message)])
}
