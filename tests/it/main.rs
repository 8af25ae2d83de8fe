//! The one test binary: black-box tests of a running installation, and checks of the tree itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod auth;
mod edge;
mod harness;
mod schema;
