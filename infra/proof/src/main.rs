//! `cargo prove`: runs the evidence and prints its figures as one table.

fn main() {}
