//! Weekly series: each occurrence is a booking of its own, whose id follows from the series and the date. So nothing has to
//! be looked up to find an occurrence, and a request that comes again goes on where it was cut off.

pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod create;

use domain::{Booking, BookingId, Caller, EventId, Resource, Series, SeriesId, Span};
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use store::{Ids, Tx};

use crate::App;
use crate::access::{can_see, may_see_series};
use crate::book::{About, claim, new_booking};
use crate::refused;
use web::Asked;

/// Occurrences written at once.
pub(crate) const AT_ONCE: usize = 4;

/// A series and what became of each of its occurrences.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) series: Series,
    pub(crate) occurrences: Vec<Occurred>,
    /// Whether this request had brought it about before.
    pub(crate) replayed: bool,
}

/// One occurrence: its booking, why there is none, or neither, where it was refused when it was asked for.
#[derive(Debug)]
pub(crate) struct Occurred {
    pub(crate) date: Date,
    pub(crate) booking: Option<Booking>,
    pub(crate) refused: Option<Error>,
}

impl Occurred {
    fn of(date: Date, outcome: Result<Booking>) -> Self {
        match outcome {
            Ok(booking) => Self { date, booking: Some(booking), refused: None },
            Err(refused) => Self { date, booking: None, refused: Some(refused) },
        }
    }
}

/// The series with its occurrences, for those who may know of it.
///
/// # Errors
/// `not_found`.
pub(crate) async fn show(app: &App, caller: &Caller, id: SeriesId) -> Result<Told> {
    let series = app.store.series(id).await?;
    may_see_series(caller, &series)?;
    told(app, caller, series, false).await
}

/// The series and the bookings that there are for its dates. One that was moved to a place where the caller sees no
/// bookings is left out.
async fn told(app: &App, caller: &Caller, series: Series, replayed: bool) -> Result<Told> {
    let bookings = bookings(app, &series).await?;
    let occurrences = series.rule.dates().map(|date| {
        let id = booking_id(&series, date);
        let booking = bookings.iter().find(|booking| booking.id == id).cloned();
        Occurred { date, booking: booking.filter(|booking| can_see(caller, booking)), refused: None }
    });
    Ok(Told { occurrences: occurrences.collect(), series, replayed })
}

/// The id of the occurrence on a date.
pub(crate) fn booking_id(series: &Series, date: Date) -> BookingId {
    let digest = Sha256::digest(format!("{} {date}", series.origin()));
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    BookingId::derived(half)
}

/// The bookings of the series that there are, in one trip.
async fn bookings(app: &App, series: &Series) -> Result<Vec<Booking>> {
    let bookings = series.rule.dates().map(|date| booking_id(series, date)).collect();
    Ok(app.store.together(&Ids { bookings, ..Ids::default() }).await?.bookings)
}

/// The booking of an occurrence, not yet stored.
fn planned(
    caller: &Caller,
    series: &Series,
    room: &Resource,
    (date, span): (Date, Span),
    now: Timestamp,
) -> Booking {
    let about = About { title: series.title.clone(), note: series.note.clone(), attendees: series.attendees };
    let mut booking = new_booking(caller, series.user, room, span, about, now);
    booking.id = booking_id(series, date);
    booking.occurrence = Some(series.place(&span));
    // Whoever comes again for this occurrence meets it.
    booking.request = Some(series.id.to_string());
    booking
}

/// Books one occurrence, in a transaction of its own.
async fn book_one(app: &App, caller: &Caller, room: &Resource, booking: Booking) -> Result<Booking> {
    let (span, now) = (booking.span, booking.created_at);
    let mut tx = Tx::new();
    claim(&mut tx, app, caller, &booking).add_to(&mut tx, &app.store, now)?;
    match app.store.commit(tx).await.and_then(|outcome| store::booking_from(outcome, booking)) {
        Ok((booking, _)) => Ok(booking),
        Err(error) => Err(refused::explained(app, caller, room, span, now, error).await),
    }
}

/// Adds the event of a changed series.
fn event(tx: &mut Tx, app: &App, asked: &Asked, before: Option<&Series>, after: &Series, kind: &str) {
    let id = EventId::new(after.updated_at, env::random());
    tx.event(&app.store, &after.event(id, kind, before, asked.caller.actor()));
}
