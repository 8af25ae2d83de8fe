//! How long to wait before the next attempt.

use std::time::Duration;

const BASE_MILLIS: u64 = 10_000;
const CAP_MILLIS: u64 = 15 * 60 * 1_000;

/// The wait after the `attempt`-th failure (from 1): uniform between nothing and 10 s, doubled by each further failure
/// up to 15 min ("full jitter", so that what failed together does not come back together).
pub fn backoff(attempt: u32, random: [u8; 8]) -> Duration {
    let doublings = attempt.saturating_sub(1).min(63);
    let limit = BASE_MILLIS.saturating_mul(1 << doublings).min(CAP_MILLIS);
    scaled(limit, random)
}

/// Uniform in `0..=limit` milliseconds.
pub(crate) fn scaled(limit: u64, random: [u8; 8]) -> Duration {
    let share = (u128::from(u64::from_be_bytes(random)) * (u128::from(limit) + 1)) >> 64;
    Duration::from_millis(u64::try_from(share).unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_doubled_base_nor_than_the_cap(attempt: u32, random: [u8; 8]) {
            let wait = backoff(attempt, random);
            prop_assert!(wait <= Duration::from_mins(15));
            if attempt <= 6 {
                prop_assert!(wait <= Duration::from_secs(10) * 2_u32.pow(attempt.saturating_sub(1)));
            }
        }

        #[test]
        fn with_the_same_chance_a_later_attempt_never_waits_less(attempt in 0..u32::MAX, random: [u8; 8]) {
            prop_assert!(backoff(attempt, random) <= backoff(attempt + 1, random));
        }

        #[test]
        fn more_chance_never_waits_less(attempt: u32, one: u64, other: u64) {
            let (less, more) = (one.min(other), one.max(other));
            prop_assert!(backoff(attempt, less.to_be_bytes()) <= backoff(attempt, more.to_be_bytes()));
        }
    }

    #[test]
    fn the_whole_range_is_used() {
        assert_eq!(backoff(1, [0; 8]), Duration::ZERO);
        assert_eq!(backoff(1, [255; 8]), Duration::from_secs(10));
        assert_eq!(backoff(2, [255; 8]), Duration::from_secs(20));
        assert_eq!(backoff(u32::MAX, [255; 8]), Duration::from_mins(15));
        assert_eq!(backoff(1, [128, 0, 0, 0, 0, 0, 0, 0]), Duration::from_secs(5));
    }
}
