//! The rules that can refuse a span, as told to clients: a stable code, words, and the data of the rule.

use errors::{Code, Error};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Span;
use crate::text::Line;

/// A rule that refuses a span, with what the rule says. The text form of `code` is part of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The resource is no longer offered.
    Retired,
    /// It cannot be used for a while.
    OutOfService {
        /// Why.
        reason: Line,
        /// Since when.
        from: Timestamp,
        /// Until when, if known.
        until: Option<Timestamp>,
    },
    /// The start has passed.
    InThePast,
    /// Less than the minimum notice is left.
    TooSoon {
        /// The first instant at which a booking made now may start.
        earliest: Timestamp,
    },
    /// More than the maximum notice is left.
    TooFar {
        /// The last instant at which a booking made now may start.
        latest: Timestamp,
    },
    /// Shorter than the shortest booking, both by the calendar and by the stopwatch.
    TooShort {
        /// Minutes.
        min_length: u32,
    },
    /// Longer than the longest booking, both by the calendar and by the stopwatch.
    TooLong {
        /// Minutes.
        max_length: u32,
    },
    /// Start or end is not on the grid, counted from local midnight.
    OffGrid {
        /// Minutes.
        grid: u32,
    },
    /// The resource is not open all the time.
    OutsideHours {
        /// When it is open on the local days of the span.
        open: Vec<Span>,
    },
}

impl Refusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::OutOfService { .. } => "out_of_service",
            Self::InThePast => "in_the_past",
            Self::TooSoon { .. } => "too_soon",
            Self::TooFar { .. } => "too_far",
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::OffGrid { .. } => "off_grid",
            Self::OutsideHours { .. } => "outside_hours",
        }
    }

    /// The rule in words.
    pub fn message(&self) -> String {
        match self {
            Self::Retired => "it is no longer offered".to_owned(),
            Self::OutOfService { reason, until: None, .. } => {
                format!("it is out of service until further notice: {reason}")
            }
            Self::OutOfService { reason, until: Some(until), .. } => {
                format!("it is out of service until {until}: {reason}")
            }
            Self::InThePast => "the start has passed".to_owned(),
            Self::TooSoon { earliest } => {
                format!("a booking made now may start at {earliest} at the earliest")
            }
            Self::TooFar { latest } => format!("a booking made now may start at {latest} at the latest"),
            Self::TooShort { min_length } => format!("a booking lasts at least {min_length} minutes"),
            Self::TooLong { max_length } => format!("a booking lasts at most {max_length} minutes"),
            Self::OffGrid { grid } => {
                format!("bookings start and end at multiples of {grid} minutes from local midnight")
            }
            Self::OutsideHours { open } if open.is_empty() => "it is closed that day".to_owned(),
            Self::OutsideHours { .. } => "it is not open all that time".to_owned(),
        }
    }

    /// Whether it is about how long ahead one books; who books for others may be free from that.
    pub const fn is_notice(&self) -> bool {
        matches!(self, Self::TooSoon { .. } | Self::TooFar { .. })
    }

    /// As told to clients: `code`, `message` and the data of the rule, in one object.
    pub fn told(&self) -> Value {
        let mut told = serde_json::to_value(self).unwrap_or_else(|_| json!({ "code": self.code() }));
        if let Some(object) = told.as_object_mut() {
            object.insert("message".to_owned(), self.message().into());
        }
        told
    }
}

/// The error `not_bookable`: its message is the first reason, `details.reasons` has all of them.
pub fn not_bookable(refusals: &[Refusal]) -> Error {
    let first = refusals.first().map_or_else(|| "a rule refuses it".to_owned(), Refusal::message);
    let reasons: Vec<Value> = refusals.iter().map(Refusal::told).collect();
    Error::new(Code::NotBookable, format!("this time cannot be booked: {first}"))
        .with_detail("reasons", reasons)
}
