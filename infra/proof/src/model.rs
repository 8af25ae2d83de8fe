//! The protocol of the ledger as a model whose every interleaving is explored.

mod bounds;
mod command;
mod properties;
mod protocol;
mod report;
mod script;
mod stored;
#[cfg(test)]
mod tests;
mod world;

pub use bounds::{Bounds, Reach};
pub use command::Ask;
pub use properties::{
    ALWAYS, ANSWERED, AS_ASKED, NO_FOREIGN_RELEASE, NO_LOST_CONFIRM, NO_STRAY_MARK, NOT_LATE, ONCE,
    ONE_OWNER, RESOLVES, UNITS_ADD_UP, WITHIN_CAPACITY,
};
pub use protocol::{Protocol, Safeguard};
pub use report::{Counterexample, Report, explore, refute};
