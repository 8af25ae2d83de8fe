//! Fields that are more than one value, with their bounds.

use std::collections::{BTreeMap, BTreeSet};

use domain::text::{Line, Tag};
use errors::FieldError;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Pieces of equipment, and attributes, that a room has at most.
const MOST: usize = 50;
/// People in a room at most.
const MOST_PEOPLE: u32 = 100_000;

/// How many people fit in: 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub(crate) struct Capacity(pub(crate) u32);

impl TryFrom<u32> for Capacity {
    type Error = String;

    fn try_from(people: u32) -> Result<Self, String> {
        let fits = (1..=MOST_PEOPLE).contains(&people);
        fits.then_some(Self(people)).ok_or_else(|| format!("must be 1 to {MOST_PEOPLE} people"))
    }
}

/// What is in a room: at most 50 tags, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Tag>")]
pub(crate) struct Equipment(pub(crate) BTreeSet<Tag>);

impl TryFrom<Vec<Tag>> for Equipment {
    type Error = String;

    fn try_from(tags: Vec<Tag>) -> Result<Self, String> {
        let fits = tags.len() <= MOST;
        fits.then(|| Self(tags.into_iter().collect())).ok_or_else(|| format!("must be at most {MOST}"))
    }
}

impl Equipment {
    /// The source systems' form: one text with commas.
    pub(crate) fn from_text(value: Value) -> Result<Self, Vec<FieldError>> {
        let wrong = |code, message: String| vec![FieldError::new("", code, message)];
        let Value::String(text) = value else {
            return Err(wrong("invalid_type", "must be a text with commas".to_owned()));
        };
        let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::parse);
        let tags: Vec<Tag> = tags
            .collect::<Result<_, _>>()
            .map_err(|error: domain::text::InvalidText| wrong(error.code, error.to_string()))?;
        tags.try_into().map_err(|message| wrong("too_many", message))
    }
}

/// What else is worth knowing: at most 50 pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<Tag, Line>")]
pub(crate) struct Attributes(pub(crate) BTreeMap<Tag, Line>);

impl TryFrom<BTreeMap<Tag, Line>> for Attributes {
    type Error = String;

    fn try_from(pairs: BTreeMap<Tag, Line>) -> Result<Self, String> {
        let fits = pairs.len() <= MOST;
        fits.then_some(Self(pairs)).ok_or_else(|| format!("must be at most {MOST}"))
    }
}

/// A query parameter that may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) BTreeSet<Tag>);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            value => vec![value],
        };
        let equipment =
            serde_json::from_value::<Equipment>(Value::Array(values)).map_err(D::Error::custom)?;
        Ok(Self(equipment.0))
    }
}
