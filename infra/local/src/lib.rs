//! Under construction.

pub mod database;
pub mod sqs;
