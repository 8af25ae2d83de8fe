//! What version 1 shows of bookings, and how it tells the time: date and times of day by the room's wall clock.

use domain::{Booking, BookingState, Resource, ResourceId};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Ids, Together};

use crate::App;
use crate::when::{LocalTime, When};

/// Items that a list gathers at most.
pub(crate) const GATHERED: usize = 1_000;
const PAGE_SIZE: usize = 20;
const MOST_PAGE_SIZE: usize = 100;

/// A booking with what belongs to it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BookingOfRoomV1")]
pub(crate) struct BookingV1 {
    booking_id: String,
    user_id: String,
    room_id: String,
    /// `YYYY-MM-DD`
    booking_date: String,
    /// `HH:MM:SS`
    start_time: String,
    /// `HH:MM:SS`
    end_time: String,
    /// The day it ends on, which the source could not tell from the day it begins on.
    end_date: String,
    /// `Confirmed`, `Cancelled` or `Completed`; `Held`, `Expired` and `No-Show` for what the source did not have.
    status: &'static str,
    created_at: String,
    updated_at: String,
    /// The name that its user signs in with.
    username: Option<String>,
    /// The name that its user is shown by.
    user_name: Option<String>,
    room_name: Option<String>,
    room_location: Option<String>,
    capacity: Option<u32>,
}

/// When a room is taken; not by whom.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TakenV1")]
pub(crate) struct TakenV1 {
    booking_id: String,
    room_id: String,
    booking_date: String,
    start_time: String,
    end_time: String,
    end_date: String,
    status: &'static str,
}

/// Date, start and end by the wall clock, as texts.
struct Clock {
    date: String,
    start: String,
    end: String,
    end_date: String,
}

impl Clock {
    fn of(booking: &Booking) -> Self {
        let (start, end) = (booking.zone.local(booking.span.start()), booking.zone.local(booking.span.end()));
        let time = |zoned: &jiff::Zoned| zoned.strftime("%H:%M:%S").to_string();
        Self {
            date: start.date().to_string(),
            start: time(&start),
            end: time(&end),
            end_date: end.date().to_string(),
        }
    }
}

impl BookingV1 {
    fn of(booking: &Booking, known: &Together, now: Timestamp) -> Self {
        let (user, room) = (known.user(booking.user), known.resource(booking.resource));
        let clock = Clock::of(booking);
        Self {
            booking_id: booking.id.to_string(),
            user_id: booking.user.to_string(),
            room_id: booking.resource.to_string(),
            booking_date: clock.date,
            start_time: clock.start,
            end_time: clock.end,
            end_date: clock.end_date,
            status: status(booking, now),
            created_at: booking.created_at.to_string(),
            updated_at: booking.updated_at.to_string(),
            username: user.map(|user| user.user_name.to_string()),
            user_name: user.map(|user| user.name.to_string()),
            room_name: room.map(|room| room.name.to_string()),
            room_location: known.location(booking.location).map(|location| location.name.to_string()),
            capacity: room.map(|room| room.capacity),
        }
    }

    /// Bookings with people, rooms and places, which are read together.
    pub(crate) async fn all(app: &App, bookings: &[Booking]) -> Result<Vec<Self>> {
        let ids = Ids {
            users: bookings.iter().map(|booking| booking.user).collect(),
            resources: bookings.iter().map(|booking| booking.resource).collect(),
            locations: bookings.iter().map(|booking| booking.location).collect(),
            ..Ids::default()
        };
        let (known, now) = (app.store.together(&ids).await?, app.clock.now());
        Ok(bookings.iter().map(|booking| Self::of(booking, &known, now)).collect())
    }

    pub(crate) async fn one(app: &App, booking: &Booking) -> Result<Self> {
        let mut one = Self::all(app, std::slice::from_ref(booking)).await?;
        one.pop().ok_or_else(|| Error::not_found("booking"))
    }
}

impl TakenV1 {
    pub(crate) fn of(booking: &Booking, now: Timestamp) -> Self {
        let clock = Clock::of(booking);
        Self {
            booking_id: booking.id.to_string(),
            room_id: booking.resource.to_string(),
            booking_date: clock.date,
            start_time: clock.start,
            end_time: clock.end,
            end_date: clock.end_date,
            status: status(booking, now),
        }
    }
}

pub(crate) fn status(booking: &Booking, now: Timestamp) -> &'static str {
    match booking.state_at(now) {
        BookingState::Held => "Held",
        BookingState::Expired => "Expired",
        BookingState::Confirmed => "Confirmed",
        BookingState::Completed => "Completed",
        BookingState::Cancelled => "Cancelled",
        BookingState::NoShow => "No-Show",
    }
}

/// A date with start and end on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnDate {
    pub(crate) date: Date,
    pub(crate) start: Time,
    pub(crate) end: Time,
    /// Which of a time that comes twice.
    pub(crate) fold: Option<u8>,
}

impl OnDate {
    /// As a use case takes it. As in the source, a booking ends on its day.
    ///
    /// # Errors
    /// `validation_failed` unless the end comes after the start.
    pub(crate) fn when(self) -> Result<When> {
        if self.end <= self.start {
            return Err(Error::field("/end_time", "not_after_start", "must be after start_time"));
        }
        let at = |time| Some(LocalTime(self.date.to_datetime(time)));
        Ok(When { local_start: at(self.start), local_end: at(self.end), fold: self.fold, ..When::default() })
    }

    /// Likewise, for a query.
    ///
    /// # Errors
    /// `bad_request` unless the end comes after the start, and for a time that is none or two in the room's zone.
    pub(crate) fn span_of_query(self, room: &Resource) -> Result<domain::Span> {
        self.when().and_then(|when| when.span(&room.zone)).map_err(|error| {
            let message =
                error.field_errors().first().map_or_else(|| error.to_string(), |f| f.message.clone());
            Error::invalid_query(vec![FieldError::new("/query/end_time", "invalid_value", message)])
        })
    }
}

web::request! {
    /// A window of a room on a date.
    pub(crate) struct WindowV1 {
        room_id: ResourceId as String,
        /// `YYYY-MM-DD`
        date: Date as String,
        /// `HH:MM` or `HH:MM:SS`, by the room's wall clock.
        start_time: Time as String,
        /// Likewise, after it.
        end_time: Time as String,
    }
}

impl WindowV1 {
    pub(crate) fn on_date(&self) -> OnDate {
        OnDate { date: self.date, start: self.start_time, end: self.end_time, fold: None }
    }
}

/// The numbers of a page that was cut out of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CutV1")]
pub(crate) struct Cut {
    page: usize,
    page_size: usize,
    /// Of all pages; of the first 1,000.
    total: usize,
    pages: usize,
}

impl Cut {
    /// Cuts the page out of all.
    ///
    /// # Errors
    /// `bad_request` for numbers out of bounds.
    pub(crate) fn of<T>(all: Vec<T>, page: Option<usize>, size: Option<usize>) -> Result<(Vec<T>, Self)> {
        let (page, page_size) = (page.unwrap_or(1), size.unwrap_or(PAGE_SIZE));
        if page == 0 {
            let wrong = FieldError::new("/query/page", "out_of_range", "must be at least 1");
            return Err(Error::invalid_query(vec![wrong]));
        }
        if !(1..=MOST_PAGE_SIZE).contains(&page_size) {
            let wrong = FieldError::new("/query/page_size", "out_of_range", "must be from 1 to 100");
            return Err(Error::invalid_query(vec![wrong]));
        }
        let total = all.len();
        let items = all.into_iter().skip((page - 1).saturating_mul(page_size)).take(page_size).collect();
        Ok((items, Self { page, page_size, total, pages: total.div_ceil(page_size) }))
    }
}
