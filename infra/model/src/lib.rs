//! The protocol of the ledger as a model whose every interleaving is explored.
//!
//! The model is written from the protocol's text, not compiled from the crate `ledger`: it says that the protocol is sound,
//! the storms and the random commands against a database say that the code keeps to it.
//!
//! # What is modelled
//! *Storage* is marks on quanta, one counted cell, and a record for each owner. It changes only by transactions whose
//! conditions are checked and whose effects are made in one step, with the literals of the moment they were built in.
//!
//! *Commands*: hold, book, overbook, confirm, cancel, move, the releaser's expiry, and an operator's capacity, allowance
//! and closing. Each reads in one step and arrives in another; anything may happen in between, also nothing for ever.
//!
//! *Faults*. A client or a releaser stops anywhere: each state is judged as if nobody went on. A transaction arrives in any
//! order, late, twice, or not at all. Its answer is lost. A client asks again with the same key while the first attempt may
//! still be under way. A duplicate is executed again, as if no token were remembered; that includes what happens where
//! tokens are, and one exploration has them.
//!
//! *Clocks*. Time is a counter of ticks. Each read takes the time or up to [`Bounds::skew`] ticks more, anew each time, so
//! that environments differ by as much and their clocks step back and forth. A hold lasts through the tick it ends in.
//!
//! # What must hold
//! [`ALWAYS`] lists it. Invariants are judged in each state, the others on each step. [`RESOLVES`] is judged in each state
//! too: a sweep that runs there alone, after the last hold, must leave no dead units and no blocked quantum. That is
//! stronger than asking it of final states; it supposes that a sweep runs at all, which is for the deployment to see to.
//! [`Bounds::reaches`] lists what must happen on the way, lest an exploration prove nothing. [`MUTATIONS`] leave
//! out each [`Safeguard`], and the property must fall that it is there for.
//!
//! # Bounds
//! [`Bounds::all`]: two or three quanta, two units and one above, three claims, three or four clients with one to three
//! commands, three instants, clocks one tick apart (two in a smaller exploration), one further attempt and one duplicate
//! among all. Each client may leave out any command. No state is skipped within these bounds; two states count as one if
//! their 64-bit fingerprints agree, which for some million states happens once in about ten million explorations.
//!
//! Where the protocol's text leaves a choice: an allowance is changed on the condition that it is the one seen, with an
//! event as for capacity; raising a capacity is never refused, also while more is sold than there is (`f >= -d` is asked of
//! cuts alone).
//!
//! # What was learnt
//! - Comparing the owner and comparing the end in a mark are second locks for one another: a hold that takes over ends later
//!   than the one it replaces. Either may be left out, not both. `n >= k` is a second lock behind the record's version.
//! - The releaser must not touch the marks of a claim on time and units: once another has taken the time over, the
//!   comparison would fail for ever and the units would never come back.
//! - A record that remembers one request cannot answer one before it: a repeated move would undo what others did since.
//!   Hence [`Safeguard::SeveralKept`]. Capacity that returns to a former value makes `c = seen` true again, and a late
//!   duplicate would cut again. Hence [`Safeguard::EventKeyed`]; in the code it is the pool's version in the same
//!   transaction. Without these two only [`ONCE`] falls.
//! - A client may be refused and yet get what it asked for, when its first attempt arrives after the second was refused
//!   ([`Reach::RefusedYetDone`]). Nothing is sold twice; who asks by the key learns the truth.
//!
//! # What is not covered
//! - Claims over several blocks, cells or resources: a transaction is all or nothing, however many items it has.
//! - More faults or clients than the bounds say, and holds or clocks that differ by more.
//! - Reads that are behind: a read that is followed by a late transaction is one. Records and cell are read together; what
//!   is taken from either is compared again on its own.
//! - Two owners with one tag: the eight digits in a mark are taken as the whole id.
//! - Whether delayed messages and sweeps run, how soon, and that an early message is put back rather than forgotten.
//! - The database: that its transactions are atomic and its conditions mean what they say.

mod bounds;
mod command;
mod mutations;
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
pub use mutations::{MUTATIONS, Mutation, SPARE};
pub use properties::{
    ALWAYS, ANSWERED, AS_ASKED, NO_FOREIGN_RELEASE, NO_LOST_CONFIRM, NO_STRAY_MARK, NOT_LATE, ONCE,
    ONE_OWNER, RESOLVES, UNITS_ADD_UP, WITHIN_CAPACITY,
};
pub use protocol::{Protocol, Safeguard};
pub use report::{Counterexample, Report, explore, refute};
