//! When to try again: exponential, jittered, bounded.

use jiff::{SignedDuration, Timestamp};

/// Times that a message is tried before it is dead.
pub const MAX_ATTEMPTS: u32 = 8;
/// The longest wait after the first attempt; it grows fourfold with each one, so that the eight attempts span the two
/// hours that a provider's bad spell may last, and not eight minutes.
const BASE_MILLIS: u64 = 2_000;
const CAP_MILLIS: u64 = 3_600_000;

/// When to try again after attempt number `attempt` (from 1) failed at `now`; `None` when that was the last.
///
/// The wait is drawn from the upper half of its bound, so that what failed together does not come back together.
pub fn retry_at(attempt: u32, now: Timestamp, random: u64) -> Option<Timestamp> {
    if attempt >= MAX_ATTEMPTS {
        return None;
    }
    let bound = BASE_MILLIS.saturating_mul(4_u64.saturating_pow(attempt.saturating_sub(1))).min(CAP_MILLIS);
    let half = bound / 2;
    let wait = half + random % (bound - half + 1);
    now.checked_add(SignedDuration::from_millis(i64::try_from(wait).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_lies_in_the_upper_half_of_its_bound(attempt in 0..MAX_ATTEMPTS, random: u64) {
            let now = Timestamp::UNIX_EPOCH;
            let wait = retry_at(attempt, now, random).unwrap().as_millisecond();
            let bound = (2_000 * 4_i64.pow(attempt.saturating_sub(1))).min(3_600_000);
            prop_assert!((bound / 2..=bound).contains(&wait), "{wait} of {bound}");
        }

        #[test]
        fn a_later_attempt_never_waits_less_than_the_one_before(attempt in 1..MAX_ATTEMPTS - 1, random: u64, other: u64) {
            let now = Timestamp::UNIX_EPOCH;
            // Equal bounds (both capped) may draw in either order; below the cap they cannot.
            prop_assume!(4_i64.pow(attempt) * 2_000 < 3_600_000);
            prop_assert!(retry_at(attempt, now, random) <= retry_at(attempt + 1, now, other));
        }

        #[test]
        fn nothing_is_tried_after_the_last_attempt(attempt in MAX_ATTEMPTS.., random: u64) {
            prop_assert_eq!(retry_at(attempt, Timestamp::UNIX_EPOCH, random), None);
        }
    }
}
