//! The one test binary: black-box tests of a running installation, and checks of the tree itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod agreement;
mod auth;
mod bookings;
mod edge;
mod events;
mod harness;
mod notices;
mod office;
mod schema;
mod storm;
mod tidy;
mod week;
