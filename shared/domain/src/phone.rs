//! Phone numbers: E.164, and masked wherever they are not meant to be read.

use serde::{Deserialize, Serialize};

use crate::text::InvalidText;

/// Digits of an E.164 number, country code included.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Digits of a number as people write it within a country.
const NATIONAL: usize = 10;

/// A phone number in E.164, e.g. `+919876543210`.
///
/// `Display` and `Debug` show its last two digits alone, so that no log and no error tells it; whoever may see all of it
/// asks for [`Phone::as_str`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// What a country's numbers begin with, without the `+`: 1 to 3 digits (ITU-T E.164).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialCode(String);

impl Phone {
    /// Reads a number as people write it: with spaces, dashes, dots and brackets, with the country's code behind `+` or
    /// `00`, or without as it is written within `country`: ten digits, perhaps behind a `0` or behind the bare code.
    ///
    /// # Errors
    /// `invalid_format`, when it is none of these.
    pub fn read(text: &str, country: &DialCode) -> Result<Self, InvalidText> {
        let text = text.trim();
        let code = country.0.as_str();
        let (international, digits) = match text.strip_prefix('+') {
            Some(rest) => (true, stripped(rest)?),
            None => (false, stripped(text)?),
        };
        let national = |digits: &str| digits.len() == NATIONAL && !digits.starts_with('0');
        if international {
            return Self::whole(&digits);
        }
        match (digits.strip_prefix("00"), digits.strip_prefix('0'), digits.strip_prefix(code)) {
            _ if national(&digits) => Self::whole(&format!("{code}{digits}")),
            (Some(rest), ..) => Self::whole(rest),
            (_, Some(rest), _) | (.., Some(rest)) if national(rest) => Self::whole(&format!("{code}{rest}")),
            _ => Err(refused()),
        }
    }

    /// All of it, for its owner and for whoever carries a message to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All of it but the `+`, as some providers want it.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }

    fn whole(digits: &str) -> Result<Self, InvalidText> {
        let fits = DIGITS.contains(&digits.len()) && !digits.starts_with('0');
        if fits { Ok(Self(format!("+{digits}"))) } else { Err(refused()) }
    }
}

/// The digits of a number, without what people put between them.
fn stripped(text: &str) -> Result<String, InvalidText> {
    let between = |c: &char| c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '/');
    let digits: String = text.chars().filter(|c| !between(c)).take(32).collect();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { Ok(digits) } else { Err(refused()) }
}

fn refused() -> InvalidText {
    InvalidText::new(
        "invalid_format",
        "is not a phone number; begin with + and the country, e.g. +91 98765 43210",
    )
}

impl std::str::FromStr for Phone {
    type Err = InvalidText;

    /// Reads a number that says its country.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        text.strip_prefix('+').ok_or_else(refused).and_then(stripped).and_then(|digits| Self::whole(&digits))
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "+…{last}")
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Default for DialCode {
    /// India.
    fn default() -> Self {
        Self("91".to_owned())
    }
}

impl std::str::FromStr for DialCode {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let digits = text.trim().trim_start_matches('+');
        let fits = (1..=3).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if fits {
            Ok(Self(digits.to_owned()))
        } else {
            Err(InvalidText::new("invalid_format", "is not a country's dial code, e.g. 91"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, &'static str> {
        Phone::read(text, &DialCode::default()).map(String::from).map_err(|error| error.code)
    }

    #[test]
    fn a_number_is_read_as_the_old_system_read_it() {
        for text in [
            "9876543210",
            "09876543210",
            "919876543210",
            "+91 98765-43210",
            "0091 9876543210",
            "(0) 98765.43210",
        ] {
            assert_eq!(read(text).as_deref(), Ok("+919876543210"), "{text}");
        }
        let germany = "49".parse().unwrap();
        assert_eq!(Phone::read("0301234567 0", &germany).unwrap().as_str(), "+493012345670");
        assert_eq!(read("+4930123456").as_deref(), Ok("+4930123456"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [
            "",
            "+",
            "12345",
            "+0123456789",
            "98765 4321O",
            "+91+9876543210",
            "1234567890123456",
            "0000000000",
        ] {
            assert_eq!(read(bad), Err("invalid_format"), "{bad}");
        }
        for bad in ["", "0", "0049", "abc", "1234"] {
            assert!(bad.parse::<DialCode>().is_err(), "{bad}");
        }
        assert!("9876543210".parse::<Phone>().is_err());
    }

    #[test]
    fn neither_a_log_nor_an_error_tells_a_number() {
        let phone: Phone = "+919876543210".parse().unwrap();
        for told in [format!("{phone}"), format!("{phone:?}"), format!("{:?}", Some(&phone))] {
            assert!(!told.contains("9876") && told.contains("10"), "{told}");
        }
        assert_eq!(serde_json::to_value(&phone).unwrap(), "+919876543210");
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_e164_and_reads_back_as_itself(text in "[+0-9 ()./-]{0,24}") {
            if let Ok(phone) = Phone::read(&text, &DialCode::default()) {
                prop_assert!(DIGITS.contains(&phone.digits().len()));
                prop_assert!(!phone.digits().starts_with('0'));
                prop_assert_eq!(phone.as_str().parse::<Phone>().unwrap(), phone);
            }
        }
    }
}
