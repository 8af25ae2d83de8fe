//! Evidence that the ledger sells nothing twice, for those who doubt it: a model that is explored exhaustively, the same
//! transitions against a real database, faults, storms of processes, and what it all costs.

pub mod conflict;
pub mod model;
pub mod rivals;
