//! The keyed requests that changed a record, so that one that comes again is answered and not carried out again.

use serde::{Deserialize, Serialize};

/// How many a record remembers. A retry follows its first attempt within minutes; in that time others change a record a few times
/// at most, and each is a few bytes of it for ever.
pub const REMEMBERED: usize = 8;

/// Marks of the keyed requests that changed a record last, the newest last.
///
/// One would not do: a retry of the request before the last would find another's mark, be carried out again, and undo what the
/// last one did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requests(Vec<String>);

impl Requests {
    /// With one more; without a key there is nothing to remember.
    #[must_use]
    pub fn with(mut self, mark: Option<String>) -> Self {
        self.0.extend(mark);
        let forgotten = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..forgotten);
        self
    }

    /// Whether this one is remembered.
    pub fn contains(&self, mark: &str) -> bool {
        self.0.iter().any(|known| known == mark)
    }

    /// Each, the newest last.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered() {
        let all =
            (0..=REMEMBERED).fold(Requests::default(), |all, n| all.with(Some(n.to_string())).with(None));
        assert!(!all.contains("0"));
        assert_eq!(all.iter().count(), REMEMBERED);
        assert_eq!(all.iter().last(), Some("8"));
    }
}
