//! The one test binary: black-box tests of a running installation, and checks of the tree itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod board;
mod bookings;
mod edge;
mod harness;
mod office;
mod schema;
mod series;
