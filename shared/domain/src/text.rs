//! Text that has been checked: trimmed, bounded, without control characters.
//!
//! What is checked is what is kept: each type stores the trimmed text that it measured.

use serde::{Deserialize, Serialize};

/// Why a text is refused: a stable code for a field error and words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidText {
    /// Code of the broken rule: `required`, `too_short`, `too_long`, `invalid_characters` or `invalid_format`.
    pub code: &'static str,
    message: String,
}

impl InvalidText {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for InvalidText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidText {}

/// Trims and checks: `min..=max` characters, no control characters except, in longer texts, line breaks and tabs.
pub(crate) fn checked(text: &str, min: usize, max: usize, lines: bool) -> Result<String, InvalidText> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 && min > 0 {
        return Err(InvalidText::new("required", "must not be empty"));
    }
    if length < min {
        return Err(InvalidText::new("too_short", format!("must have at least {min} characters")));
    }
    if length > max {
        return Err(InvalidText::new("too_long", format!("must have at most {max} characters")));
    }
    if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(InvalidText::new("invalid_characters", "must not contain control characters"));
    }
    Ok(text.to_owned())
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident = |$text:ident| $parse:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;

            fn from_str($text: &str) -> Result<Self, InvalidText> {
                $parse.map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text! {
    /// The name of a person, a place or a thing, as shown: 1 to 100 characters.
    Name = |text| checked(text, 1, 100, false);
    /// A title or a reason: 1 to 200 characters.
    Line = |text| checked(text, 1, 200, false);
    /// A note or a review: up to 1,000 characters, with line breaks.
    Note = |text| checked(text, 0, 1_000, true);
    /// A tag such as a piece of equipment: 1 to 40 characters, lower case.
    Tag = |text| checked(&text.to_lowercase(), 1, 40, false);
    /// A promo code: 3 to 32 of A–Z, 0–9 and dash, upper case.
    Promo = |text| promo(text);
    /// The name a person signs in with: 3 to 100 of letters, digits and `. _ -`, lower case.
    UserName = |text| user_name(text);
    /// An e-mail address, lower case, at most 254 characters (RFC 5321).
    Email = |text| email(text);
}

impl Name {
    /// The form under which a name is unique: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

fn user_name(text: &str) -> Result<String, InvalidText> {
    let text = checked(text, 3, 100, false)?.to_lowercase();
    if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')) {
        Ok(text)
    } else {
        Err(InvalidText::new("invalid_characters", "may have letters, digits, dots, dashes and underscores"))
    }
}

fn promo(text: &str) -> Result<String, InvalidText> {
    let text = checked(text, 3, 32, false)?.to_ascii_uppercase();
    if text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-') {
        Ok(text)
    } else {
        Err(InvalidText::new("invalid_characters", "may have letters from A to Z, digits and dashes"))
    }
}

/// The part of RFC 5321 that mail providers accept: `local@domain.tld`, no quotes, no comments, no spaces.
fn email(text: &str) -> Result<String, InvalidText> {
    let text = checked(text, 3, 254, false)?.to_lowercase();
    let fits = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let labels: Vec<&str> = domain.split('.').collect();
        let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        (1..=64).contains(&local.len())
            && local.chars().all(plain)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && labels.len() >= 2
            && labels.iter().all(|label| {
                (1..=63).contains(&label.len())
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    });
    if fits { Ok(text) } else { Err(InvalidText::new("invalid_format", "is not an e-mail address")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_checked_is_what_is_kept() {
        assert_eq!("  Blue room ".parse::<Name>().unwrap().as_str(), "Blue room");
        assert_eq!(" A@B.Example ".parse::<Email>().unwrap().as_str(), "a@b.example");
    }

    #[test]
    fn bad_addresses_are_refused() {
        for bad in ["", "a", "a@b", "@b.example", "a b@c.example", "a@-b.example", "a..b@c.example", "a@b..c"]
        {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_promo_code_is_upper_case_however_it_is_typed() {
        assert_eq!(" diwali-10 ".parse::<Promo>().unwrap().as_str(), "DIWALI-10");
        for bad in ["", "AB", "A B C", "ÄÖÜ", "ſſſ", "A_B_C", &"A".repeat(33)] {
            assert!(bad.parse::<Promo>().is_err(), "{bad}");
        }
    }

    #[test]
    fn control_characters_do_not_enter() {
        assert_eq!("a\u{0}b".parse::<Name>().unwrap_err().code, "invalid_characters");
        assert!("a\nb".parse::<Line>().is_err());
        assert!("a\nb".parse::<Note>().is_ok());
    }
}
