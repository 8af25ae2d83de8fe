//! What a bench is made of, whatever it measures: a load client, a process's CPU and memory, and a report that is
//! printed as text, JSON and a picture.
//!
//! It knows no route and no table; what is measured is said by `holdfast bench`.

pub mod load;
pub mod number;
pub mod process;
pub mod report;
mod svg;
mod text;
