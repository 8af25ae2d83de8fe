//! iCalendar (RFC 5545): bookings as files that calendars read, and calendars read for import.
//!
//! Out: [`attachment`] for one booking in a mail, [`feed`] for many at a private address, [`days`] for whole days. In: [`parse`], which gives
//! each event or the reason why it is refused, and [`Entry::occurrences`] for what repeats.

mod entry;
mod event;
mod lines;
mod moment;
mod out;
mod parse;
mod recurrence;
mod zones;

pub use entry::{Entry, MAX_OCCURRENCES, Occurrence, Refusal, Status};
pub use out::{Appointment, Party, attachment, days, feed};
pub use parse::{Calendar, MAX_BYTES, parse};

#[cfg(test)]
mod tests;
