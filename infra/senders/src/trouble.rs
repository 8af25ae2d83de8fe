//! What goes wrong, drawn from a seed so that it goes wrong the same way again.

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// 500, and nothing was done.
    Broken,
    /// 500, and the work was done.
    BrokenAfterwards,
    /// 429, and nothing was done.
    Busy,
    /// The work was done, and the connection ends without an answer.
    Silent,
    /// The connection ends, and nothing was done.
    Gone,
}

impl Trouble {
    const ALL: [Self; 5] = [Self::Broken, Self::BrokenAfterwards, Self::Busy, Self::Silent, Self::Gone];

    /// Whether the text reaches the phone all the same.
    pub const fn works(self) -> bool {
        matches!(self, Self::BrokenAfterwards | Self::Silent)
    }
}

/// A generator of numbers that follow from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 99.
    pub fn percent(&mut self) -> u32 {
        u32::try_from(self.roll() % 100).unwrap_or(0)
    }

    /// Brings a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let bound = u64::try_from(last + 1).unwrap_or(1);
            let other = usize::try_from(self.roll() % bound).unwrap_or(0);
            list.swap(last, other);
        }
    }

    /// The trouble that so many in a hundred meet.
    pub(crate) fn trouble(&mut self, percent: u32) -> Option<Trouble> {
        let which = usize::try_from(self.roll() % 5).unwrap_or(0);
        (self.percent() < percent).then(|| Trouble::ALL.get(which).copied()).flatten()
    }
}
