//! Pages of a list, and the place at which the next one begins.

use serde::{Deserialize, Serialize};

use crate::table::Item;
use aws_sdk_dynamodb::types::AttributeValue;

/// Some items of a list. A short page is not the end: only a missing `next` is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Where to go on.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// The same page of what is told of each.
    pub fn each<U>(&self, each: impl FnMut(&T) -> U) -> Page<U> {
        Page { items: self.items.iter().map(each).collect(), next: self.next.clone() }
    }

    /// The same page of other things.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next: self.next }
    }
}

/// What was read of a list, each item with its place: a page that keeps only some of them can end after any one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed<T> {
    /// In the order of the list.
    pub items: Vec<(T, Position)>,
    /// Where to read on.
    pub next: Option<Position>,
}

/// A place in a list: the key of the last item seen. `web` signs it before a client gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(Vec<(String, Key)>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Text(String),
    Number { n: String },
}

impl Position {
    pub(crate) fn of(key: Item) -> Option<Self> {
        let part = |(name, value)| match value {
            AttributeValue::S(text) => Some((name, Key::Text(text))),
            AttributeValue::N(n) => Some((name, Key::Number { n })),
            _ => None,
        };
        key.into_iter().map(part).collect::<Option<Vec<_>>>().filter(|key| !key.is_empty()).map(|mut key| {
            key.sort_by(|a, b| a.0.cmp(&b.0));
            Self(key)
        })
    }

    /// A place that is not an item's key: where a list over several partitions goes on.
    pub(crate) fn at(name: &str, text: String) -> Self {
        Self(vec![(name.to_owned(), Key::Text(text))])
    }

    /// A text of it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, key)| match key {
            Key::Text(text) if known == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether it is one item's key.
    pub(crate) fn is_key(&self) -> bool {
        self.0.len() > 1
    }

    pub(crate) fn into_key(self) -> Item {
        let part = |(name, key)| match key {
            Key::Text(text) => (name, AttributeValue::S(text)),
            Key::Number { n } => (name, AttributeValue::N(n)),
        };
        self.0.into_iter().map(part).collect()
    }
}
