//! Loading before what is kept is too old: by chance, the likelier the closer that is and the longer loading takes, so that of many
//! processes one loads and the others go on answering. Source: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache
//! Stampede Prevention", VLDB 2015, with its β of 1.

/// Whether what takes `cost` milliseconds to load, and is good for another `left`, is to be loaded now. `chance` is any number.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a logarithm, of what no money hangs on"
)]
pub(crate) fn is_due(cost: u32, left: i64, chance: u64) -> bool {
    // From just above 0 to 1: of 0 there is no logarithm.
    let chance = (chance as f64 + 1.0) / (u64::MAX as f64 + 1.0);
    -f64::from(cost) * chance.ln() >= left as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closer_the_likelier() {
        let of_a_thousand = |left| {
            (0..1_000_u64).filter(|n| is_due(100, left, u64::MAX / 1_000 * n + u64::MAX / 2_000)).count()
        };
        // e^(-left / cost) of all.
        assert_eq!([0, 100, 200, 500, 2_000].map(of_a_thousand), [1_000, 368, 135, 7, 0]);
        assert!(!is_due(0, 1, 0), "what takes no time is never loaded early");
        assert!(is_due(100, 4_000, 0), "the smallest chance there is");
    }
}
