//! Orders: units of the pools of a location, claimed together or not at all.
//!
//! [`make`] and [`change`] read what must be known in one trip and write in one; [`claim`] has what follows when that is
//! refused: what is left is read, and the order is either overbooked where that is allowed, or told what is left and when.

pub(crate) mod change;
mod claim;
mod demand;
mod lines;
pub(crate) mod lists;
pub(crate) mod make;
mod price;
mod refused;
pub(crate) mod steps;
