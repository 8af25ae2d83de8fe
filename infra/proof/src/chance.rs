//! Chance that is the same for the same seed: `SplitMix64` (Steele, Lea and Flood, 2014).

/// A stream of numbers that its seed determines.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of a place below a seed, e.g. a client's, or that of one of its operations.
    pub fn at(seed: u64, path: &[u64]) -> Self {
        path.iter().fold(Self(seed), |mut above, step| Self(above.draw() ^ step.rotate_left(17)))
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `most` - 1; 0 when there is no choice.
    pub fn below(&mut self, most: u64) -> u64 {
        self.draw().checked_rem(most).unwrap_or_default()
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = most.saturating_sub(least).saturating_add(1);
        least.saturating_add_unsigned(self.below(width.unsigned_abs()))
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(from.len()).unwrap_or(u64::MAX));
        from.get(usize::try_from(at).unwrap_or_default())
    }

    /// 128 bits.
    pub fn bits(&mut self) -> u128 {
        u128::from(self.draw()) << 64 | u128::from(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut chance = Chance::new(1_234_567);
        assert_eq!((chance.draw(), chance.draw()), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
    }
}
