//! Evidence that the ledger sells nothing twice, for those who doubt it: a model that is explored exhaustively, the same
//! transitions against a real database, faults, storms of processes, and what it all costs.

pub mod acts;
pub mod base;
pub mod chance;
pub mod checks;
pub mod conflict;
pub mod crowd;
pub mod faults;
pub mod machine;
pub mod rivals;
pub mod storm;
pub mod venue;
pub mod wire;
