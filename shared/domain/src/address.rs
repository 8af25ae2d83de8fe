//! Postal addresses: where something is posted. Whoever may see one asks for its parts; no log and no error tells them.

use errors::{Error, FieldError, Result};
use serde::{Deserialize, Serialize};

use crate::Phone;
use crate::text::{InvalidText, Line, Name};

/// Lines between the name and the city.
pub const MOST_LINES: usize = 4;
/// Characters of a postal code.
const POSTAL: std::ops::RangeInclusive<usize> = 2..=12;

/// Where something is posted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// To whom.
    pub name: Name,
    /// Street, house, what else; from 1 to [`MOST_LINES`].
    pub lines: Vec<Line>,
    /// The city.
    pub city: Name,
    /// The state or province, where addresses have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
    /// The postal code, where the country has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// The country.
    pub country: Country,
    /// Whom the carrier calls.
    pub phone: Phone,
}

impl std::fmt::Debug for Address {
    /// The country alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address(…, {})", self.country.0)
    }
}

impl Address {
    /// The address, if it has as many lines as it may.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn checked(self) -> Result<Self> {
        if (1..=MOST_LINES).contains(&self.lines.len()) {
            return Ok(self);
        }
        let message = format!("must have 1 to {MOST_LINES} lines");
        Err(Error::fields(vec![FieldError::new("/lines", "out_of_range", message)]))
    }
}

/// A postal code: 2 to 12 letters, digits, spaces and dashes, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalCode(String);

/// A country of ISO 3166-1, by its two letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);

/// Every code that ISO 3166-1 assigns.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA \
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH \
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY \
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH \
    SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

impl Country {
    /// Its two letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Country {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let wanted = text.trim().to_ascii_uppercase();
        if COUNTRIES.split_ascii_whitespace().any(|code| code == wanted) {
            return Ok(Self(wanted));
        }
        Err(InvalidText::new("unknown", "is no country of ISO 3166-1: two letters, e.g. IN"))
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

impl PostalCode {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PostalCode {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim().to_ascii_uppercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
        if POSTAL.contains(&text.chars().count()) && text.chars().all(plain) {
            Ok(Self(text))
        } else {
            let message = "must be 2 to 12 letters, digits, spaces and dashes";
            Err(InvalidText::new("invalid_format", message))
        }
    }
}

impl TryFrom<String> for PostalCode {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<PostalCode> for String {
    fn from(code: PostalCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address {
            name: "Asha Rao".parse().unwrap(),
            lines: vec!["12 Temple Street".parse().unwrap()],
            city: "Ujjain".parse().unwrap(),
            region: Some("Madhya Pradesh".parse().unwrap()),
            postal_code: Some(" 456-001 ".parse().unwrap()),
            country: "in".parse().unwrap(),
            phone: "+91 98765 43210".parse().unwrap(),
        }
    }

    #[test]
    fn an_address_is_kept_whole_and_logged_by_its_country_alone() {
        let address = address();
        assert_eq!(format!("{address:?}"), "Address(…, IN)");
        let kept = serde_json::to_value(&address).unwrap();
        assert_eq!((&kept["postal_code"], &kept["phone"]), (&"456-001".into(), &"+919876543210".into()));
        assert_eq!(serde_json::from_value::<Address>(kept).unwrap(), address);
    }

    #[test]
    fn an_address_has_lines_and_not_too_many_of_them() {
        for (lines, fine) in [(0, false), (1, true), (MOST_LINES, true), (MOST_LINES + 1, false)] {
            let lines = vec!["12 Temple Street".parse().unwrap(); lines];
            assert_eq!(Address { lines, ..address() }.checked().is_ok(), fine);
        }
    }

    #[test]
    fn countries_are_those_of_the_standard() {
        let all: Vec<&str> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(all.len(), 249);
        assert!(all.iter().zip(all.iter().skip(1)).all(|(one, next)| one < next), "in order, each once");
        for bad in ["", "I", "INDIA", "XX", "UK", "00"] {
            assert!(bad.parse::<Country>().is_err(), "{bad}");
        }
    }

    #[test]
    fn postal_codes_are_bounded() {
        for bad in ["", "1", "1234567890123", "12_34", "१२३४५६"] {
            assert!(bad.parse::<PostalCode>().is_err(), "{bad}");
        }
        assert_eq!("sw1a 1aa".parse::<PostalCode>().unwrap().as_str(), "SW1A 1AA");
    }
}
