//! What was read a moment ago: bounded, and off the truth. Nothing is sold on its word.
//!
//! In this process always, and where `REDIS_URL` names one, in a cache that processes share ([`Shared`]). Kept are records and pages
//! of records, never answers: who may see what is asked afterwards, of each caller. [`kinds`] says of each kind how old it may be, how
//! much of it is kept and where; [`Reads`] how it is read and what it is about; [`Cache`] asks the tiers.
//!
//! # How old
//! A value is as old as the read that made it, whoever kept it since. A process answers from its memory for [`About::fresh`] seconds;
//! then it asks the shared cache whether generations have moved, and without one reads anew. Whoever writes moves the generations of
//! what is written, here before the commit is answered and in the shared cache with it ([`Cache::touched`]); the reader of the feed does
//! so again, for those who could not. After [`About::lifetime`] seconds nothing is answered in any case.

mod cache;
mod early;
mod entry;
mod flight;
mod generations;
pub mod kinds;
mod memory;
mod reads;
mod shared;
mod statistics;
mod tag;

pub use cache::{Cache, Value};
pub use kinds::{About, Kind, Name};
pub use reads::Reads;
pub use shared::{Shared, State};
pub use statistics::{Found, KindStatistics, SharedStatistics, Statistics, observed};
pub use tag::Tag;

#[cfg(test)]
mod tests;
