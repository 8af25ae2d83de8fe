//! `expand=room,user`: what an answer names, told in full with it. One level, and only names that the route knows.

use std::collections::BTreeSet;

use errors::{Error, FieldError, Result};
use serde::Deserialize;

/// Which of what an answer names is wanted in full.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Expand(BTreeSet<String>);

impl From<String> for Expand {
    fn from(text: String) -> Self {
        Self(text.split(',').map(|name| name.trim().to_owned()).collect())
    }
}

impl Expand {
    /// What was asked for, nothing without it; each of it one of these names.
    ///
    /// # Errors
    /// `bad_request`, naming what is known.
    pub fn among(asked: Option<Self>, known: &[&str]) -> Result<Self> {
        let expand = asked.unwrap_or_default();
        if expand.0.iter().all(|name| known.contains(&name.as_str())) {
            return Ok(expand);
        }
        let message = format!("must be some of {}, with commas between", known.join(", "));
        Err(Error::invalid_query(vec![FieldError::new("/query/expand", "invalid_value", message)]))
    }

    /// Whether this is wanted in full.
    pub fn wants(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
