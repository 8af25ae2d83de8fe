//! Numbers as text: whole ones counted in a small unit, printed in a larger one.

/// `value` of which `10^scale` make one, rounded to so many digits after the point.
///
/// ```
/// assert_eq!(bench::number::decimal(12_345, 3, 1), "12.3");
/// assert_eq!(bench::number::decimal(995, 3, 2), "1.00");
/// assert_eq!(bench::number::decimal(5, 0, 2), "5.00");
/// ```
pub fn decimal(value: u64, scale: u32, digits: u32) -> String {
    let (value, one) = (u128::from(value), 10_u128.pow(scale));
    let shift = 10_u128.pow(digits);
    let rounded = (value * shift + one / 2) / one;
    let (whole, rest) = (rounded / shift, rounded % shift);
    match usize::try_from(digits) {
        Ok(width) if width > 0 => format!("{whole}.{rest:0width$}"),
        _ => whole.to_string(),
    }
}

/// How many times `a` is `b`, in tenths; nothing of nothing.
pub fn times(a: u64, b: u64) -> u64 {
    (a.saturating_mul(10) + b / 2).checked_div(b).unwrap_or(0)
}
