//! The one test binary: black-box tests of a running installation, and checks of the tree itself.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod agreement;
mod audit;
mod audit_ledger;
mod auth;
mod board;
mod booking_limits;
mod bookings;
mod bookings_v1;
mod calendar_feeds;
mod catalog;
mod codes;
mod cost;
mod description;
mod edge;
mod events;
mod everywhere;
mod harness;
mod health;
mod holds;
mod imports;
mod messages;
mod notices;
mod office;
mod orders;
mod packaged;
mod phones;
mod pools;
mod reports;
mod reviews;
mod schema;
mod series;
mod storm;
mod tidy;
mod tour;
mod week;
