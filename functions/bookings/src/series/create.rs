//! A new series: each occurrence answers for itself, or all or nothing.

use std::collections::BTreeSet;

use domain::refusal::not_bookable;
use domain::series::SeriesState;
use domain::weekly::{Ends, Weekday};
use domain::{Booking, Requests, Resource, ResourceId, Series, SeriesId, Span, UserId, Weekly, Zone};
use errors::{Code, Error, FieldError, Result};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Changes, Claim, TimeClaim};
use serde_json::{Value, json};
use store::{Ids, Outcome, Tx};

use crate::App;
use crate::access::{fits, may_book};
use crate::book::{About, claim};
use crate::series::{AT_ONCE, Occurred, Told, book_one, bookings, event, planned};
use crate::when::LocalTime;
use ::orders::for_whom;
use web::Asked;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) resource: ResourceId,
    pub(crate) user: Option<UserId>,
    pub(crate) about: About,
    pub(crate) rule: Rule,
    /// Whether one refused occurrence refuses all.
    pub(crate) all_or_nothing: bool,
}

/// When, by the wall clock of the room.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) start: LocalTime,
    pub(crate) length_minutes: u32,
    /// The start's day when unset.
    pub(crate) weekdays: Option<BTreeSet<Weekday>>,
    pub(crate) interval_weeks: Option<u32>,
    pub(crate) until: Option<Date>,
    pub(crate) count: Option<u32>,
    pub(crate) exceptions: BTreeSet<Date>,
}

/// Makes a series. The request may come again with its key: what is booked stays, what was refused is tried again.
///
/// # Errors
/// As for booking; `not_bookable` when rules refuse every occurrence, or with `all_or_nothing` any; `slot_taken` with
/// `all_or_nothing`, and `too_large` when it takes more writes than a transaction has.
pub(crate) async fn create(app: &App, asked: &Asked, wanted: Wanted) -> Result<Told> {
    let now = app.clock.now();
    let caller = &asked.caller;
    let keyed = asked.idem.digest().map(SeriesId::derived);
    let ids = Ids {
        resources: [wanted.resource].into(),
        users: wanted.user.filter(|user| !caller.is(*user)).into_iter().collect(),
        series: keyed.into_iter().collect(),
        ..Ids::default()
    };
    let mut known = app.store.together(&ids).await?;
    let made = known.series.pop();
    if made.as_ref().is_some_and(|made| !asked.idem.is(made.request.as_deref())) {
        return Err(web::Idempotency::reused());
    }
    let room = known.resource(wanted.resource).ok_or_else(|| Error::not_found("room"))?;
    if let Some(series) = made {
        return resume(app, asked, room, series, now).await;
    }
    let user = for_whom(caller, wanted.user, room.location, &known)?;
    fits(room, wanted.about.attendees)?;
    let series = Series {
        id: keyed.unwrap_or_else(|| SeriesId::new(now, env::random())),
        resource: room.id,
        location: room.location,
        user,
        booked_by: Some(caller.user).filter(|by| *by != user),
        rule: wanted.rule.weekly(room.zone.clone())?,
        title: wanted.about.title,
        note: wanted.about.note,
        attendees: wanted.about.attendees,
        state: SeriesState::Active,
        reason: None,
        continued_by: None,
        origin: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let judged = judged(asked, &series, room, now);
    let refused = judged.iter().filter(|(_, outcome)| outcome.is_err()).count();
    if refused == judged.len() || (wanted.all_or_nothing && refused > 0) {
        return Err(none_of(&judged));
    }
    if wanted.all_or_nothing {
        return at_once(app, asked, room, series, judged, now).await;
    }
    let mut tx = Tx::new();
    tx.insert_series(&app.store, &series);
    event(&mut tx, app, asked, None, &series, "series.created");
    if let Outcome::Replayed(item) = app.store.commit(tx).await? {
        return resume(app, asked, room, store::series_from(item)?, now).await;
    }
    let occurrences = one_by_one(app, asked, &series, room, judged, now).await;
    Ok(Told { series, occurrences, replayed: false })
}

/// Each date with its span, or why it cannot be booked: by the calendar or by a rule of the room.
fn judged(asked: &Asked, series: &Series, room: &Resource, now: Timestamp) -> Vec<(Date, Result<Span>)> {
    let judge = |span: Span| may_book(&asked.caller, room, span, now, None).map(|()| span);
    series
        .rule
        .occurrences()
        .into_iter()
        .map(|planned| (planned.date, planned.span.and_then(judge)))
        .collect()
}

/// Books each occurrence that was not refused, in a transaction of its own, a few under way at once.
async fn one_by_one(
    app: &App,
    asked: &Asked,
    series: &Series,
    room: &Resource,
    judged: Vec<(Date, Result<Span>)>,
    now: Timestamp,
) -> Vec<Occurred> {
    let bookings = judged.into_iter().map(|(date, span)| async move {
        let booked = match span {
            Ok(span) => {
                let booking = planned(&asked.caller, series, room, (date, span), now);
                book_one(app, &asked.caller, room, booking).await
            }
            Err(refused) => Err(refused),
        };
        Occurred::of(date, booked)
    });
    stream::iter(bookings).buffered(AT_ONCE).collect().await
}

/// All in one transaction.
async fn at_once(
    app: &App,
    asked: &Asked,
    room: &Resource,
    series: Series,
    judged: Vec<(Date, Result<Span>)>,
    now: Timestamp,
) -> Result<Told> {
    let bookings: Vec<(Date, Booking)> = judged
        .into_iter()
        .filter_map(|(date, span)| {
            Some((date, planned(&asked.caller, &series, room, (date, span.ok()?), now)))
        })
        .collect();
    apart(&bookings)?;
    let mut tx = Tx::new();
    tx.insert_series(&app.store, &series);
    event(&mut tx, app, asked, None, &series, "series.created");
    let mut changes = Changes::new();
    for (_, booking) in &bookings {
        claim(&mut tx, app, &asked.caller, booking);
        changes = changes.take(&Claim::Time(TimeClaim::of(booking)));
    }
    changes.add_to(&mut tx, &app.store, now)?;
    if let Outcome::Replayed(item) = app.store.commit(tx).await? {
        return resume(app, asked, room, store::series_from(item)?, now).await;
    }
    let occurrences = bookings.into_iter().map(|(date, booking)| Occurred::of(date, Ok(booking)));
    Ok(Told { occurrences: occurrences.collect(), series, replayed: false })
}

/// Refuses occurrences that overlap each other: in one update of the ledger the later one would silently win.
fn apart(bookings: &[(Date, Booking)]) -> Result<()> {
    let overlap = bookings
        .iter()
        .zip(bookings.iter().skip(1))
        .find(|((_, one), (_, next))| one.claimed().overlaps(&next.claimed()));
    match overlap {
        None => Ok(()),
        Some((_, (date, _))) => {
            Err(Error::new(Code::SlotTaken, "occurrences of the series overlap each other")
                .with_detail("date", date.to_string()))
        }
    }
}

/// Goes on with a series that the same request made: what is booked stays as it is.
async fn resume(app: &App, asked: &Asked, room: &Resource, series: Series, now: Timestamp) -> Result<Told> {
    let there = bookings(app, &series).await?;
    let id = |date| super::booking_id(&series, date);
    let mut missing = judged(asked, &series, room, now);
    missing.retain(|(date, _)| !there.iter().any(|booking| booking.id == id(*date)));
    let mut occurrences = if series.state == SeriesState::Active && room.id == series.resource {
        one_by_one(app, asked, &series, room, missing, now).await
    } else {
        Vec::new()
    };
    for date in series.rule.dates() {
        let booking = there.iter().find(|booking| booking.id == id(date)).cloned();
        occurrences.extend(booking.map(|booking| Occurred::of(date, Ok(booking))));
    }
    occurrences.sort_by_key(|occurred| occurred.date);
    Ok(Told { series, occurrences, replayed: true })
}

/// The refusal of a whole series, with the reasons of each date.
fn none_of(judged: &[(Date, Result<Span>)]) -> Error {
    let told = judged.iter().filter_map(|(date, outcome)| {
        let error = outcome.as_ref().err()?;
        Some(json!({ "date": date, "code": error.code().as_str(), "message": error.to_string(), "details": error.details() }))
    });
    let told: Value = told.collect();
    not_bookable(&[]).with_detail("occurrences", told)
}

impl Rule {
    /// As the domain has it.
    fn weekly(self, zone: Zone) -> Result<Weekly> {
        let ends = match (self.until, self.count) {
            (Some(until), None) => Ends::Until(until),
            (None, Some(count)) => Ends::Count(count),
            _ => return Err(Error::field("/until", "required", "send either until or count")),
        };
        let start = self.start.0;
        let weekly = Weekly {
            start,
            length_minutes: self.length_minutes,
            zone,
            weekdays: self.weekdays.unwrap_or_else(|| [Weekday::of(start.date())].into()),
            interval_weeks: self.interval_weeks.unwrap_or(1),
            ends,
            exceptions: self.exceptions,
        };
        checked(weekly)
    }
}

/// The rule, if it can be followed; pointers as in requests.
///
/// # Errors
/// `validation_failed`.
pub(crate) fn checked(rule: Weekly) -> Result<Weekly> {
    let end = if matches!(rule.ends, Ends::Until(_)) { "/until" } else { "/count" };
    let renamed = |error: FieldError| match error.pointer.as_str() {
        "/ends" => FieldError { pointer: end.to_owned(), ..error },
        _ => error,
    };
    rule.checked("").map_err(|errors| Error::fields(errors.into_iter().map(renamed).collect()))
}
