//! Chance by a seed: the same seed gives the same ids and the same troubles.

use serde::{Deserialize, Serialize};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Letters and digits of an id behind its prefix.
const ID_CHARS: usize = 14;

/// A stream of numbers: `SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>. Nothing secret depends on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u8) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// An id as Razorpay's look: the prefix, then fourteen letters and digits.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let mut id = prefix.to_owned();
        for _ in 0..ID_CHARS {
            let at = usize::try_from(self.next() % 62).unwrap_or(0);
            id.push(LETTERS.get(at).copied().map_or('0', char::from));
        }
        id
    }
}
