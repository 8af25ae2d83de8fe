//! Chance that is the same for the same seed: `SplitMix64` (Steele, Lea and Flood, 2014).

pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `most` - 1.
    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most).unwrap()).unwrap()
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// The same, the first ones much more often than the last: what is popular stands first.
    pub(super) fn favour<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len()).min(self.below(from.len()));
        &from[at]
    }
}

#[test]
fn the_generator_is_the_published_one() {
    let mut chance = Chance::new(1_234_567);
    assert_eq!((chance.next(), chance.next()), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
}
