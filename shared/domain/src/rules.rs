//! What a resource allows: rules that make sense, and every rule that refuses a span.
//!
//! Each rule is judged by itself: relaxing one never brings up or hides another. [`crate::availability`] rests on that.

use errors::{FieldError, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::refusal::{Refusal, not_bookable};
use crate::resource::{MINUTES_PER_DAY, QUANTUM_MINUTES, Rules};
use crate::{Resource, Span, wall};

/// The longest that any resource may be booked at once, in minutes: 14 days.
pub const MAX_LENGTH: u32 = 14 * 1_440;
/// The earliest that any resource may be booked before the start, in minutes: two years.
pub const MAX_NOTICE: u32 = 2 * 366 * 1_440;
/// The most that any resource keeps free before or after a booking, in minutes: a day.
pub const MAX_BUFFER: u32 = 1_440;

impl Rules {
    /// The rules, if they make sense: times on the grid, bounds in order and within [`MAX_LENGTH`], [`MAX_NOTICE`]
    /// and [`MAX_BUFFER`], opening hours as [`crate::resource::OpeningHours::new`] wants them.
    ///
    /// # Errors
    /// Every field error, with pointers that start with `pointer`, e.g. `/rules/min_length`.
    pub fn checked(self, pointer: &str) -> Result<Self, Vec<FieldError>> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, field: &str, code: &'static str, message: String| {
            if wrong {
                problems.push(FieldError::new(format!("{pointer}/{field}"), code, message));
            }
            wrong
        };
        let off_grid = refuse(
            !is_grid(self.grid),
            "grid",
            "invalid_grid",
            format!("must be a multiple of {QUANTUM_MINUTES} that divides {MINUTES_PER_DAY} minutes"),
        );
        let grid = if off_grid { QUANTUM_MINUTES } else { self.grid };
        for (field, length) in [("min_length", self.min_length), ("max_length", self.max_length)] {
            let out = !(QUANTUM_MINUTES..=MAX_LENGTH).contains(&length);
            let message = format!("must be {QUANTUM_MINUTES} to {MAX_LENGTH} minutes");
            let _ = refuse(out, field, "out_of_range", message)
                || refuse(
                    length % grid != 0,
                    field,
                    "off_grid",
                    format!("must be a multiple of {grid} minutes"),
                );
        }
        refuse(
            self.min_length > self.max_length,
            "max_length",
            "less_than_minimum",
            "must not be less than min_length".to_owned(),
        );
        refuse(
            !(1..=MAX_NOTICE).contains(&self.max_notice),
            "max_notice",
            "out_of_range",
            format!("must be 1 to {MAX_NOTICE} minutes"),
        );
        refuse(
            self.min_notice >= self.max_notice,
            "min_notice",
            "not_below_maximum",
            "must be less than max_notice".to_owned(),
        );
        for (field, buffer) in [("buffer_before", self.buffer_before), ("buffer_after", self.buffer_after)] {
            let wrong = buffer > MAX_BUFFER || buffer % QUANTUM_MINUTES != 0;
            let message = format!("must be a multiple of {QUANTUM_MINUTES}, at most {MAX_BUFFER} minutes");
            refuse(wrong, field, "out_of_range", message);
        }
        if let Some(hours) = &self.hours {
            problems.extend(hours.problems(&format!("{pointer}/hours")));
        }
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }
}

/// Whether wall-clock times can lie on this grid: a multiple of 5 minutes that divides a day.
pub(crate) fn is_grid(minutes: u32) -> bool {
    minutes != 0
        && minutes.is_multiple_of(QUANTUM_MINUTES)
        && u32::from(MINUTES_PER_DAY).is_multiple_of(minutes)
}

/// Every rule of the resource that refuses the span at `now`, in the order of [`Refusal`].
pub fn refusals(resource: &Resource, span: Span, now: Timestamp) -> Vec<Refusal> {
    Judge::new(resource, &span, now).refusals(&span).collect()
}

/// Passes a span that no rule refuses; `waived` says which refusals do not count for this caller.
///
/// # Errors
/// `not_bookable`; see [`not_bookable`].
pub fn check(
    resource: &Resource,
    span: Span,
    now: Timestamp,
    waived: impl Fn(&Refusal) -> bool,
) -> Result<()> {
    let mut refusals = refusals(resource, span, now);
    refusals.retain(|refusal| !waived(refusal));
    if refusals.is_empty() { Ok(()) } else { Err(not_bookable(&refusals)) }
}

/// The rules of one resource at one time, with what is worth computing once for many spans.
pub(crate) struct Judge<'a> {
    resource: &'a Resource,
    pub(crate) zone: TimeZone,
    now: Timestamp,
    /// When it is open on all local days of the window; unset when no hours apply.
    open: Option<Vec<Span>>,
}

impl<'a> Judge<'a> {
    /// Every rule, cheapest first.
    const RULES: [fn(&Self, &Span) -> Option<Refusal>; 9] = [
        Self::retired,
        Self::out_of_service,
        Self::in_the_past,
        Self::too_soon,
        Self::too_far,
        Self::too_short,
        Self::too_long,
        Self::off_grid,
        Self::outside_hours,
    ];

    /// A judge of spans within `window`.
    ///
    /// Over a window of more than a few weeks nobody asks for opening hours: whatever is that long is too long.
    pub(crate) fn new(resource: &'a Resource, window: &Span, now: Timestamp) -> Self {
        let zone = resource.zone.rules();
        let bounded = window.minutes() <= i64::from(4 * MAX_LENGTH);
        let hours = resource.rules.hours.as_ref().filter(|_| bounded);
        let open = hours.map(|hours| hours.open_in(&zone, wall::days_of(&zone, window)));
        Self { resource, zone, now, open }
    }

    /// The rules that refuse the span, one by one as they are asked for.
    pub(crate) fn refusals(&self, span: &Span) -> impl Iterator<Item = Refusal> {
        Self::RULES.iter().filter_map(|rule| rule(self, span))
    }

    /// Open spans of the window, clipped to it; all of it when no hours apply.
    pub(crate) fn open_within(&self, window: &Span) -> Vec<Span> {
        match &self.open {
            None => vec![*window],
            Some(open) => open.iter().filter_map(|open| open.intersection(window)).collect(),
        }
    }

    /// The first instant at which a booking made now may start.
    pub(crate) fn earliest(&self) -> Timestamp {
        self.ahead(self.resource.rules.min_notice)
    }

    /// The last instant at which a booking made now may start.
    pub(crate) fn latest(&self) -> Timestamp {
        self.ahead(self.resource.rules.max_notice)
    }

    fn ahead(&self, minutes: u32) -> Timestamp {
        self.now.checked_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(Timestamp::MAX)
    }

    fn retired(&self, _: &Span) -> Option<Refusal> {
        self.resource.retired.then_some(Refusal::Retired)
    }

    fn out_of_service(&self, span: &Span) -> Option<Refusal> {
        let out = self.resource.out_of_service.as_ref().filter(|out| out.touches(span))?;
        Some(Refusal::OutOfService { reason: out.reason.clone(), from: out.from, until: out.until })
    }

    fn in_the_past(&self, span: &Span) -> Option<Refusal> {
        (span.start() < self.now).then_some(Refusal::InThePast)
    }

    fn too_soon(&self, span: &Span) -> Option<Refusal> {
        let wanted = self.resource.rules.min_notice > 0;
        (wanted && span.start() < self.earliest()).then(|| Refusal::TooSoon { earliest: self.earliest() })
    }

    fn too_far(&self, span: &Span) -> Option<Refusal> {
        (span.start() > self.latest()).then(|| Refusal::TooFar { latest: self.latest() })
    }

    fn too_short(&self, span: &Span) -> Option<Refusal> {
        let min_length = self.resource.rules.min_length;
        let short = |minutes: i64| minutes < i64::from(min_length);
        (short(span.minutes()) && short(wall::nominal_minutes(&self.zone, span)))
            .then_some(Refusal::TooShort { min_length })
    }

    fn too_long(&self, span: &Span) -> Option<Refusal> {
        let max_length = self.resource.rules.max_length;
        let long = |minutes: i64| minutes > i64::from(max_length);
        (long(span.minutes()) && long(wall::nominal_minutes(&self.zone, span)))
            .then_some(Refusal::TooLong { max_length })
    }

    fn off_grid(&self, span: &Span) -> Option<Refusal> {
        let grid = self.resource.rules.grid;
        let on = [span.start(), span.end()].iter().all(|instant| wall::on_grid(&self.zone, *instant, grid));
        (!on).then_some(Refusal::OffGrid { grid })
    }

    fn outside_hours(&self, span: &Span) -> Option<Refusal> {
        let open = self.open.as_ref()?;
        // Open spans are disjoint and ordered: only one of them can cover the span.
        let next = open.partition_point(|open| open.end() < span.end());
        if open.get(next).is_some_and(|open| open.covers(span)) {
            return None;
        }
        let days = wall::days_of(&self.zone, span);
        Some(Refusal::OutsideHours {
            open: open.iter().filter_map(|open| open.intersection(&days)).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
