//! The capacity ledger: claims on time that never overlap. The only crate that touches the Ledger table.
//!
//! # Items
//! Time is cut into quanta of five minutes of UTC (`unix seconds / 300`). An item holds a *block* of 72 quanta, six hours:
//! partition key the resource, sort key the block's number. A quantum that is claimed has one numeric attribute, `s0` to
//! `s71`, whose value is a [`mark`]: the second until which it is claimed, then eight digits that name the owner.
//!
//! ```text
//! held       s17 = <hold's end, seconds since 2020, 9 digits> <owner, 8 digits>
//! sold       s17 = 999999999 <owner>
//! free       no s17, or a mark below <now> 00000000
//! ```
//!
//! # Events of a claim, and the condition that each has on every quantum it touches
//! | change | condition | effect |
//! | --- | --- | --- |
//! | hold, book | no mark, or one that ended before now | the claim's mark |
//! | confirm | exactly the hold's mark | the sold mark |
//! | release | exactly the claim's mark | no mark |
//! | move, resize | leaving and kept quanta: exactly the old mark; new ones: free | old ones removed, the others marked |
//!
//! All changes of a command that fall into one block become one conditional update, and the updates of a command stand in
//! the same transaction as its record, whose version guards that a change is made once.
//!
//! # Why each race is safe
//! - *Two claims on a quantum*: each update is atomic and its condition is checked on the stored item; the second one fails.
//! - *Confirm after the hold was taken over*: the mark is another claim's, so the condition fails; nothing is confirmed.
//! - *Late or repeated release*: the record's version refuses the second one; and were it to pass, the mark of whoever
//!   claimed since is not the one that the release expects.
//! - *Clocks that differ*: a fast clock takes a hold over early. The slow one's confirm then meets a foreign mark. The
//!   clock decides who gets a quantum whose hold is about to end, never that two get it.
//! - *An answer that is lost*: the attempt is repeated with the same token, or by the client with the same key, which meets
//!   the record that the first one made.
//!
//! Invariant, in every interleaving of the above with crashes between any two steps: of all records whose state claims a
//! quantum, at most one has its mark there.

mod block;
mod change;
mod claim;
mod counter;
mod expression;
mod mark;
mod offer;
mod read;
mod timeline;
mod walk;

pub use block::QUANTA_PER_BLOCK;
pub use change::Changes;
pub use claim::{Claim, Claims, TimeClaim, UnitsClaim};
pub use offer::{BelowSold, Offer, offer};
pub use read::{TakenSpan, counts, taken, taken_at};
pub use walk::{Found, Mark, Place, Recount, marks, recount, strike, walk};
