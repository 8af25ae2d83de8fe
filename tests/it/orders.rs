//! Orders: units of pools, claimed together or not at all.

mod changed;
mod held;
mod made;
mod mistakes;
mod sold_out;
mod storm;
