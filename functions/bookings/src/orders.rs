//! Orders: units of the pools of a location, claimed together or not at all.
//!
//! Making them is in the crate `orders`, since payments make some too.

pub(crate) mod change;
pub(crate) mod lists;
pub(crate) mod steps;
