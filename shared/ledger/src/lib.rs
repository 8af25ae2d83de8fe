//! The capacity ledger: claims on time and on numbers that never exceed what there is. The only crate that touches the Ledger
//! table.
//!
//! # Two shapes, one interface
//! What a record claims follows from the record ([`Claims`]); what a command must change in the ledger follows from the
//! record before and after it ([`Changes::between`]). The changes of a command are conditional updates, one for each item
//! that they touch, and stand in the same transaction as its record and its event.
//!
//! **Timeline**, for what one owner has at a time. Time is cut into quanta of five minutes of UTC (`unix seconds / 300`). An
//! item holds a *block* of 72 quanta, six hours: partition key the resource, sort key the block's number. A quantum that is
//! claimed has one numeric attribute, `s0` to `s71`, its *mark*: the second until which it is claimed, then eight digits that
//! name the owner.
//!
//! ```text
//! held       s17 = <hold's end, seconds since 2020, 9 digits> <owner, 8 digits>
//! sold       s17 = 999999999 <owner>
//! free       no s17, or a mark below <now> 00000000
//! ```
//!
//! **Counter**, for what is counted. An item holds a month of nights of a pool (sort key `12 × year + month − 1`, cells 1 to 31)
//! or the one number of a total pool (sort key 0, cell 0). A cell that was ever offered has
//!
//! ```text
//! c5   capacity: how many there are
//! n5   claimed: units that records hold or have bought
//! f5   free within the capacity; n + f = c in every state; below zero when more is claimed than there is
//! o5   overbooking: units that may knowingly be sold beyond the capacity; absent for none
//! x5   closed: present when nothing is sold, whatever is free
//! ```
//!
//! # States of a claim
//! ```text
//!             hold                 confirm
//!   nothing ────────► held(until) ─────────► sold ──┐
//!      │ book                │                 ▲ │  │ move, resize: to itself elsewhere
//!      └─────────────────────┼─────────────────┘ └──┘
//!                            │ release, or the end of the hold
//!   nothing ◄────────────────┴──────────────────────── release
//! ```
//! The state is the record's. The ledger keeps for time who has it and until when, so that it can judge for itself; for units
//! only how many are out, so that a claim is one addition.
//!
//! # Transactions
//! Each also writes the record, on condition that it does not exist yet (hold, book; its id is derived from the request's key)
//! or that its version is the one that was read (all others), and the event, whose key is the record's id and new version. The
//! record of an offer is the pool's: without its version, a late duplicate could offer again what was changed since.
//!
//! | change | condition on every quantum | effect |
//! | --- | --- | --- |
//! | hold, book | no mark, or one that ended before now | the claim's mark |
//! | confirm | exactly the hold's mark | the sold mark |
//! | release | exactly the claim's mark | no mark |
//! | move, resize | leaving and kept quanta: exactly the old mark; new ones: free | old ones removed, the others marked |
//!
//! | change | condition on every cell | effect |
//! | --- | --- | --- |
//! | hold, book k | `f ≥ k`, no `x` | `n + k`, `f − k` |
//! | the same, knowingly beyond the capacity | `o` as seen, `k − o ≤ f < k`, no `x` | `n + k`, `f − k` |
//! | confirm | none: the record alone changes | none |
//! | release, expire k | `n ≥ k` | `n − k`, `f + k` |
//! | move, resize | the difference of each cell, as above; none where it is zero | |
//! | offer | `c` as seen, and `f` high enough that no cell is short that is not told of as short | `c`, `f`, `o`, `x` |
//!
//! A hold on time needs nobody to end it: the next claim's condition sees that it is over. A hold on units is given back by a
//! command of its own, `expire`, on condition of the version that it read the hold in: exactly one of confirm, cancel and
//! expire commits. A message delayed until the hold's end asks for it, and a sweep asks again for those whose message was lost;
//! both may come late, twice, or at once.
//!
//! # Why each race is safe
//! - *Two claims on a quantum, or on the last unit*: each update is atomic, and its condition is checked against the stored item
//!   within the transaction. The second one fails.
//! - *Confirm after the hold was taken over*: the mark is another claim's, so the condition fails and nothing is confirmed. For
//!   units nothing is taken over before `expire` has stored that the hold is over, and then the version refuses the confirm.
//! - *Late or repeated release*: the record's version refuses the second one. Were it to pass, the mark of whoever claimed
//!   since is not the one that the release expects, and `n ≥ k` keeps a count from going below what others could have.
//! - *Hold that was reclaimed, then released or moved by its old owner*: exactly its mark is expected; another's is there.
//! - *Unknown outcome* (a timeout after the commit, a crash before the answer): attempts at one transaction carry one token, so
//!   the database answers a repeated attempt with the first one's outcome for ten minutes, longer than all attempts
//!   together can last (asserted). A client that asks again with its key meets the record that the first request made, whose id
//!   is derived from the key; with a change, the keys that the record keeps of its last eight.
//! - *Duplicated and reordered commands*: a duplicate that the token does not catch is refused by the record, which exists or
//!   has another version. An older command that arrives after a newer one expects an older version. The refused duplicate
//!   of a claim fails on its own record first, and so is told apart from a lost race.
//! - *Clocks that differ*: no condition compares two clocks. A fast clock (by `s` seconds) may take a hold on time over, or
//!   expire a hold on units, `s` seconds early; the slow one's confirm then meets a foreign mark, or another version, and is
//!   refused. So clocks decide who gets what is about to run out, never that two get it. What a bound on the difference is needed for
//!   is the promise to the holder: a hold of `h` seconds can be relied on for `h − s`. Lambda's clocks are kept within
//!   milliseconds of each other; we state `s ≤ 2` seconds, and test with that.
//! - *An offer below what is sold*: `f` is compared with what the offer needs, in the same transaction. Either it is refused, or
//!   the cells that become short are in its event; a sale in between makes it `changed`, and it is decided again.
//! - *Deletion by age*: a block may be deleted 90 days after its end, when no command touches it any more. Counts are kept.
//!
//! Invariants, in every interleaving of the above with crashes between any two steps: of all records whose state claims a
//! quantum, at most one has its mark there; and in each cell `n` is the sum of the units of all records that are held or
//! confirmed, `n + f = c`, and `n ≤ c + o` unless an event says by how much an offer went below it.
//!
//! `docs/ledger.md` is the argument for those who doubt, and `cargo prove` the evidence.

mod block;
mod change;
mod claim;
mod counter;
mod expression;
pub mod limits;
mod mark;
mod offer;
mod read;
mod timeline;
mod walk;

/// Name of the table, for who hears what was written.
pub const TABLE: &str = store::schema::LEDGER.name;

pub use block::QUANTA_PER_BLOCK;
pub use change::Changes;
pub use claim::{Claim, Claims, TimeClaim, UnitsClaim};
pub use offer::{BelowSold, Offer, offer};
pub use read::{Claimed, TakenSpan, busy, claimed, counts, taken, taken_at};
pub use walk::{Found, Mark, Place, Recount, marks, recount, strike, walk};
