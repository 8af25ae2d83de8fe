//! What is free, and why the rest is not: the rules of a resource over the spans that the ledger says are taken.
//!
//! Reads only advise; the claim on the ledger decides. Everything here costs in proportion to the range asked for.

use errors::FieldError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resource::QUANTUM_MINUTES;
use crate::rules::{self, Judge, MAX_LENGTH};
use crate::{Refusal, Resource, Span, wall};

/// The longest range that can be asked for, in days of 24 hours.
pub const MAX_RANGE_DAYS: i64 = 32;
/// How far from the wanted time [`alternatives`] looks, in minutes.
pub const ALTERNATIVES_WITHIN: u32 = 1_440;

/// Time that the ledger holds for somebody, buffers included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Whether by a hold, which may yet run out.
    pub held: bool,
}

/// Why a slot is not free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A rule of the resource refuses it.
    Rule(Refusal),
    /// Somebody has some of it, or of the buffers around it.
    Taken(Taken),
}

impl Reason {
    /// The stable code: that of the rule, or `taken`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rule(refusal) => refusal.code(),
            Self::Taken(_) => "taken",
        }
    }

    /// The reason in words.
    pub fn message(&self) -> String {
        match self {
            Self::Rule(refusal) => refusal.message(),
            Self::Taken(Taken { held: true, .. }) => "somebody is about to book it".to_owned(),
            Self::Taken(Taken { held: false, .. }) => "it is booked".to_owned(),
        }
    }

    /// As told to clients: `code`, `message`, and the data of the rule or the colliding `start`, `end` and `held`.
    pub fn told(&self) -> Value {
        match self {
            Self::Rule(refusal) => refusal.told(),
            Self::Taken(Taken { span, held }) => json!({
                "code": self.code(), "message": self.message(),
                "start": span.start(), "end": span.end(), "held": held,
            }),
        }
    }
}

/// A question for the slots of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Slots lie wholly within.
    pub range: Span,
    /// How long each slot is, in minutes: whole days on the calendar, the rest by the stopwatch.
    pub length: u32,
    /// Slots begin at multiples of so many minutes from local midnight; the resource's grid is the natural step.
    pub step: u32,
    /// Whether to tell of refused slots too.
    pub explain: bool,
}

impl Ask {
    /// The question, if it can be answered.
    ///
    /// # Errors
    /// Every field error: `{pointer}/end` when the range is longer than [`MAX_RANGE_DAYS`], `{pointer}/length` unless
    /// a multiple of 5 up to [`MAX_LENGTH`], `{pointer}/step` unless a multiple of 5 that divides a day.
    pub fn checked(self, pointer: &str) -> Result<Self, Vec<FieldError>> {
        let too_long = self.range.length() > SignedDuration::from_hours(24 * MAX_RANGE_DAYS);
        let length = (1..=MAX_LENGTH).contains(&self.length) && self.length.is_multiple_of(QUANTUM_MINUTES);
        let problems: Vec<FieldError> = [
            (too_long, "end", "too_long", format!("must be at most {MAX_RANGE_DAYS} days after the start")),
            (
                !length,
                "length",
                "out_of_range",
                format!("must be a multiple of 5, at most {MAX_LENGTH} minutes"),
            ),
            (
                !rules::is_grid(self.step),
                "step",
                "invalid_grid",
                "must be a multiple of 5 that divides a day".into(),
            ),
        ]
        .into_iter()
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, field, code, message)| FieldError::new(format!("{pointer}/{field}"), code, message))
        .collect();
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }
}

/// A time that could be booked, or that cannot and says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When.
    pub span: Span,
    /// Every reason why it is not free, rules first; none when it is.
    pub reasons: Vec<Reason>,
}

impl Slot {
    /// Whether it can be booked.
    pub fn is_free(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// The time that must be read from the ledger to answer about `range`: wider by the resource's buffers.
pub fn window(resource: &Resource, range: Span) -> Span {
    claimed(resource, &range)
}

/// The time that must be read from the ledger for [`alternatives`] to `wanted`.
pub fn window_around(resource: &Resource, wanted: Span) -> Span {
    let around = wanted.widened(ALTERNATIVES_WITHIN, ALTERNATIVES_WITHIN + DAY_SHIFT).unwrap_or(wanted);
    claimed(resource, &around)
}

/// A day may be longer than 24 hours by so many minutes; alternatives of whole days end that much later.
const DAY_SHIFT: u32 = 60;

/// The slots of the question in order: the free ones, or all of them with their reasons to `explain`.
///
/// `taken` is what the ledger holds within [`window`], in any order. Ask [`Ask::checked`] first.
pub fn slots(resource: &Resource, ask: &Ask, taken: &[Taken], now: Timestamp) -> Vec<Slot> {
    let judge = Judge::new(resource, &ask.range, now);
    let taken = Timeline::new(taken);
    wall::grid_points(&judge.zone, ask.range.start(), ask.range.end(), ask.step)
        .filter_map(|start| wall::lasting(&judge.zone, start, ask.length))
        .filter(|span| ask.range.covers(span))
        .filter(|span| ask.explain || is_free(&judge, resource, &taken, span))
        .map(|span| Slot {
            span,
            reasons: if ask.explain { reasons(&judge, resource, &taken, &span) } else { Vec::new() },
        })
        .collect()
}

/// Where bookings fit within the range, in order: each span is as long as can be, begins and ends on the grid, and is
/// at least as long as the shortest booking. The range is at most [`MAX_RANGE_DAYS`] long, `taken` as for [`slots`].
///
/// Any part of it that is on the grid and neither too short nor too long can be booked if it starts in time: the
/// maximum notice bounds the start of a booking, so it bounds the start of these spans and not their end.
pub fn free_spans(resource: &Resource, range: Span, taken: &[Taken], now: Timestamp) -> Vec<Span> {
    if resource.retired {
        return Vec::new();
    }
    let (judge, bounds) = (Judge::new(resource, &range, now), &resource.rules);
    // A booking keeps its own buffers out of what others have: seen from its span, theirs is wider by them.
    let mut busy: Vec<Span> = taken
        .iter()
        .filter_map(|taken| taken.span.widened(bounds.buffer_after, bounds.buffer_before))
        .chain(
            resource
                .out_of_service
                .as_ref()
                .and_then(|out| Span::new(out.from, out.until.unwrap_or(Timestamp::MAX))),
        )
        .collect();
    busy.sort_unstable();
    let mut free = Vec::new();
    for open in judge.open_within(&range) {
        let mut from = open.start().max(judge.earliest());
        let over = busy.iter().filter(|busy| busy.overlaps(&open)).map(|busy| (busy.start(), busy.end()));
        for (until, next) in over.chain([(open.end(), open.end())]) {
            free.extend(Span::new(from, until).and_then(|gap| snapped(&judge, resource, &gap)));
            from = from.max(next);
        }
    }
    free.retain(|span| span.start() <= judge.latest());
    free
}

/// The span from the first to the last grid time in the gap, unless too short for any booking.
fn snapped(judge: &Judge<'_>, resource: &Resource, gap: &Span) -> Option<Span> {
    let mut points = wall::grid_points(&judge.zone, gap.start(), gap.end(), resource.rules.grid);
    let span = Span::new(points.next()?, points.next_back()?)?;
    let min = i64::from(resource.rules.min_length);
    (span.minutes() >= min || wall::nominal_minutes(&judge.zone, &span) >= min).then_some(span)
}

/// At most `n` free spans as long as `wanted`, on the grid, that start within [`ALTERNATIVES_WITHIN`] of it: the
/// nearest first, and of two equally near the later, since who asked for ten may still be on the way at nine.
///
/// `taken` is what the ledger holds within [`window_around`], in any order.
pub fn alternatives(
    resource: &Resource,
    wanted: Span,
    taken: &[Taken],
    now: Timestamp,
    n: usize,
) -> Vec<Span> {
    let Some(around) = wanted.widened(ALTERNATIVES_WITHIN, ALTERNATIVES_WITHIN + DAY_SHIFT) else {
        return Vec::new();
    };
    let judge = Judge::new(resource, &around, now);
    let nominal = u32::try_from(wall::nominal_minutes(&judge.zone, &wanted)).ok();
    let Some(length) = nominal.filter(|length| *length <= MAX_LENGTH) else { return Vec::new() };
    let taken = Timeline::new(taken);
    let reach = SignedDuration::from_mins(i64::from(ALTERNATIVES_WITHIN));
    let Ok(last) = wanted.start().checked_add(reach) else { return Vec::new() };
    let mut starts: Vec<Timestamp> =
        wall::grid_points(&judge.zone, around.start(), last, resource.rules.grid)
            .filter(|start| *start != wanted.start())
            .collect();
    starts.sort_by_key(|start| (start.duration_since(wanted.start()).abs(), *start < wanted.start()));
    starts
        .into_iter()
        .filter_map(|start| wall::lasting(&judge.zone, start, length))
        .filter(|span| is_free(&judge, resource, &taken, span))
        .take(n)
        .collect()
}

fn is_free(judge: &Judge<'_>, resource: &Resource, taken: &Timeline, span: &Span) -> bool {
    taken.colliding(claimed(resource, span)).next().is_none() && judge.refusals(span).next().is_none()
}

fn reasons(judge: &Judge<'_>, resource: &Resource, taken: &Timeline, span: &Span) -> Vec<Reason> {
    let collisions = taken.colliding(claimed(resource, span)).map(Reason::Taken);
    judge.refusals(span).map(Reason::Rule).chain(collisions).collect()
}

/// What the ledger would hold for a booking of the span.
fn claimed(resource: &Resource, span: &Span) -> Span {
    span.widened(resource.rules.buffer_before, resource.rules.buffer_after).unwrap_or(*span)
}

/// Taken spans in order of their start, each with the latest end so far, so that a collision is found by bisection
/// even if spans overlap each other.
struct Timeline(Vec<(Taken, Timestamp)>);

impl Timeline {
    fn new(taken: &[Taken]) -> Self {
        let mut sorted = taken.to_vec();
        sorted.sort_unstable_by_key(|taken| (taken.span, taken.held));
        let mut latest = Timestamp::MIN;
        Self(
            sorted
                .into_iter()
                .map(|taken| {
                    latest = latest.max(taken.span.end());
                    (taken, latest)
                })
                .collect(),
        )
    }

    /// Everything that overlaps the span, in order.
    fn colliding(&self, span: Span) -> impl Iterator<Item = Taken> {
        let first = self.0.partition_point(|(_, latest)| *latest <= span.start());
        self.0
            .iter()
            .skip(first)
            .map(|(taken, _)| *taken)
            .take_while(move |taken| taken.span.start() < span.end())
            .filter(move |taken| taken.span.overlaps(&span))
    }
}

#[cfg(test)]
mod tests;
