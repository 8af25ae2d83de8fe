//! What a claimed quantum is marked with: until when, and whose.

use jiff::Timestamp;

use crate::TimeClaim;

/// 2020-01-01T00:00:00Z, where the seconds of marks begin.
const EPOCH: i64 = 1_577_836_800;
/// The "until" of what is sold; holds end before it, in the year 2051.
const SOLD: u64 = 999_999_999;
/// Owners are told apart by this many values beside the instant.
const OWNERS: u64 = 100_000_000;

/// The mark of a claim.
pub(crate) fn of(claim: &TimeClaim) -> u64 {
    let until = claim.held_until.map_or(SOLD, |until| seconds(until).min(SOLD - 1));
    until * OWNERS + owner(claim.owner)
}

/// Marks below this one have ended before `now`: a hold lasts through the second it ends in.
pub(crate) fn ended_before(now: Timestamp) -> u64 {
    seconds(now) * OWNERS
}

/// Whether the mark is a hold's.
pub(crate) fn is_hold(mark: u64) -> bool {
    mark / OWNERS < SOLD
}

/// When a hold's mark ends; never, when it is sold.
pub(crate) fn until(mark: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(mark / OWNERS).ok().filter(|_| is_hold(mark))?;
    Timestamp::from_second(EPOCH + seconds).ok()
}

/// The eight digits that stand for an owner.
pub(crate) fn owner(bits: u128) -> u64 {
    u64::try_from(bits % u128::from(OWNERS)).unwrap_or_default()
}

/// The owner's digits of a mark.
pub(crate) fn owner_of(mark: u64) -> u64 {
    mark % OWNERS
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second() - EPOCH).unwrap_or(0)
}
