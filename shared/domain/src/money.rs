//! Money: whole minor units of a currency of ISO 4217. No fractions, no floats.

use serde::{Deserialize, Serialize};

pub use iso_currency::Currency;

/// The largest amount of anything, in minor units: sums of thousands of them stay far from the bounds of the number.
pub const MOST_MINOR: i64 = 1_000_000_000_000;

/// An amount: 49,900 minor units of `INR` are 499 rupees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's minor unit: paise, cents; whole yen.
    pub minor: i64,
    /// ISO 4217.
    pub currency: Currency,
}

impl Money {
    /// So many minor units of a currency.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
}

impl std::fmt::Display for Money {
    /// With the currency's code and as many decimals as it has: `INR 499.00`, `JPY 499`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimals = self.currency.exponent().unwrap_or(0);
        let unit = 10_u64.pow(decimals.into());
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        write!(f, "{} {sign}{}", self.currency.code(), minor / unit)?;
        if decimals > 0 { write!(f, ".{:0width$}", minor % unit, width = decimals.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_shown_with_the_decimals_of_its_currency() {
        for (minor, code, shown) in [
            (49_900, "INR", "INR 499.00"),
            (-5, "EUR", "EUR -0.05"),
            (499, "JPY", "JPY 499"),
            (1_234_567, "KWD", "KWD 1234.567"),
        ] {
            assert_eq!(Money::new(minor, Currency::from_code(code).unwrap()).to_string(), shown);
        }
    }
}
