//! What is free: of one room in detail, of all rooms that suit. Reads advise; only the claim on the ledger decides.

use domain::availability::{Ask, Slot, Taken, free_spans, slots, window};
use domain::text::Tag;
use domain::{LocationId, Resource, ResourceId, Span};
use errors::{Error, FieldError, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::when::Bound;

/// Most rooms in one answer.
pub(crate) const MOST_ROOMS: usize = 100;
/// Most rooms looked through for them.
const MOST_LOOKED_AT: usize = 1_000;
/// The longest range for all rooms: seven days, one of them with the clocks put back.
const MOST_FOR_ALL: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);
/// Every slot of a hundred rooms is told for a day at most: about three megabytes.
const MOST_EXPLAINED: SignedDuration = SignedDuration::from_hours(25);
/// Ledger queries under way at once.
const AT_ONCE: usize = 8;

/// What is asked for: slots of so many minutes at every so many minutes; what suits the room when unset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) from: Bound,
    pub(crate) to: Bound,
    pub(crate) length: Option<u32>,
    pub(crate) step: Option<u32>,
    pub(crate) explain: bool,
}

/// Which rooms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suitable {
    pub(crate) location: Option<LocationId>,
    pub(crate) capacity: Option<u32>,
    pub(crate) equipment: Vec<Tag>,
}

/// What is free of a room.
#[derive(Debug)]
pub(crate) struct Free {
    pub(crate) room: Resource,
    pub(crate) ask: Ask,
    pub(crate) slots: Vec<Slot>,
    /// Where bookings fit, as long as can be.
    pub(crate) spans: Vec<Span>,
}

/// What is free of one room. One query of the ledger; the room may be known.
///
/// # Errors
/// `not_found`, also for a retired room; `bad_request` for a range or a slot that cannot be.
pub(crate) async fn of_room(app: &App, id: ResourceId, question: Question) -> Result<Free> {
    let now = app.clock.now();
    let room = app.room(id).await?;
    if room.retired {
        return Err(Error::not_found("room"));
    }
    free(app, room, question, now).await
}

/// What is free of all rooms that suit, those with nothing free left out unless that is to be explained; and whether there are more rooms than looked at.
///
/// # Errors
/// `bad_request` for a range or a slot that cannot be.
pub(crate) async fn of_rooms(
    app: &App,
    suitable: &Suitable,
    question: Question,
) -> Result<(Vec<Free>, bool)> {
    let now = app.clock.now();
    if let (Bound::Instant(from), Bound::Instant(to)) = (question.from, question.to)
        && to.duration_since(from) > MOST_FOR_ALL
    {
        return Err(too_long());
    }
    let (rooms, more) = suitable.rooms(app).await?;
    let answers = rooms.into_iter().map(|room| async move {
        let range = range(&room, question)?;
        let most = if question.explain { MOST_EXPLAINED } else { MOST_FOR_ALL };
        if range.length() > most { Err(too_long()) } else { free(app, room, question, now).await }
    });
    let mut found: Vec<Free> = stream::iter(answers).buffered(AT_ONCE).try_collect().await?;
    found.retain(|free| !free.slots.is_empty());
    for free in &mut found {
        if question.explain {
            continue;
        }
        let length = i64::from(free.ask.length);
        free.spans.retain(|span| span.minutes() >= length);
        free.slots.clear();
    }
    Ok((found, more))
}

async fn free(app: &App, room: Resource, question: Question, now: Timestamp) -> Result<Free> {
    let ask = Ask {
        range: range(&room, question)?,
        length: question.length.unwrap_or(room.rules.min_length),
        step: question.step.unwrap_or(room.rules.grid),
        explain: question.explain,
    };
    let ask = ask.checked("/query").map_err(|errors| Error::invalid_query(renamed(errors)))?;
    let taken = app.reads.taken(room.id, window(&room, ask.range)).await?.at(now);
    let taken: Vec<Taken> = taken.into_iter().map(|run| Taken { span: run.span, held: run.held }).collect();
    let (slots, spans) = (slots(&room, &ask, &taken, now), free_spans(&room, ask.range, &taken, now));
    Ok(Free { room, ask, slots, spans })
}

fn range(room: &Resource, question: Question) -> Result<Span> {
    let (from, to) = (question.from.instant(&room.zone)?, question.to.instant(&room.zone)?);
    Span::new(from, to).ok_or_else(|| {
        Error::invalid_query(vec![FieldError::new("/query/to", "not_after_start", "must be after from")])
    })
}

/// The end of a range is `to` here.
fn renamed(errors: Vec<FieldError>) -> Vec<FieldError> {
    let renamed = |error: FieldError| match error.pointer.as_str() {
        "/query/end" => FieldError { pointer: "/query/to".to_owned(), ..error },
        _ => error,
    };
    errors.into_iter().map(renamed).collect()
}

fn too_long() -> Error {
    let message =
        "must be at most 7 days after from, or one day with explain; ask for one room to see further";
    Error::invalid_query(vec![FieldError::new("/query/to", "too_long", message)])
}

impl Suitable {
    fn suits(&self, room: &Resource) -> bool {
        !room.retired
            && self.location.is_none_or(|location| room.location == location)
            && self.capacity.is_none_or(|capacity| room.capacity >= capacity)
            && self.equipment.iter().all(|tag| room.equipment.contains(tag))
    }

    /// The first rooms that suit, the smallest first or a location's by name; and whether there may be more.
    async fn rooms(&self, app: &App) -> Result<(Vec<Resource>, bool)> {
        let (mut rooms, mut looked_at, mut after) = (Vec::new(), 0, None);
        loop {
            let page = match self.location {
                Some(location) => app.reads.rooms_at(location, 100, after.take()).await?,
                None => app.reads.rooms(self.capacity.unwrap_or(1), 100, after.take()).await?,
            };
            looked_at += page.items.len();
            rooms.extend(page.items.iter().map(|(room, _)| room).filter(|room| self.suits(room)).cloned());
            after.clone_from(&page.next);
            if after.is_none() || rooms.len() > MOST_ROOMS || looked_at >= MOST_LOOKED_AT {
                let more = after.is_some() || rooms.len() > MOST_ROOMS;
                rooms.truncate(MOST_ROOMS);
                return Ok((rooms, more));
            }
        }
    }
}
