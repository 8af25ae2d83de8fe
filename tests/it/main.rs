//! The one test binary: black-box tests of a running installation, and checks of the tree itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod catalog;
mod edge;
mod harness;
mod reviews;
mod schema;
