//! The tier that every process has: what it read itself.

use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;

/// Values by key in this process, each for a number of seconds by the caller's clock.
pub struct Memory<K, V> {
    entries: Cache<K, (Timestamp, V)>,
    lifetime: SignedDuration,
}

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// At most `capacity` entries, each for `seconds`.
    pub fn new(capacity: u64, seconds: i64) -> Self {
        Self { entries: Cache::new(capacity), lifetime: SignedDuration::from_secs(seconds) }
    }

    /// The value, unless it is too old at `now`.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let (read, value) = self.entries.get(key)?;
        self.is_fresh(read, now).then_some(value)
    }

    /// Keeps a value that was read at `read`.
    pub fn put(&self, key: K, value: V, read: Timestamp) {
        self.entries.insert(key, (read, value));
    }

    /// Forgets a value.
    pub fn forget(&self, key: &K) {
        self.entries.invalidate(key);
    }

    /// Whether what was read at `read` is good at `now`. Nothing from further ahead than it would last either: that clock was wrong.
    pub(crate) fn is_fresh(&self, read: Timestamp, now: Timestamp) -> bool {
        now.duration_since(read).abs() < self.lifetime
    }

    pub(crate) fn lifetime(&self) -> SignedDuration {
        self.lifetime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_its_lifetime_and_no_longer() {
        let memory = Memory::new(10, 30);
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        memory.put("key", 1, at(0));
        assert_eq!(memory.get(&"key", at(29)), Some(1));
        assert_eq!(memory.get(&"key", at(30)), None);
        assert_eq!(memory.get(&"key", at(-29)), Some(1), "a clock that was set back a little");
        assert_eq!(memory.get(&"key", at(-30)), None);
        memory.forget(&"key");
        assert_eq!(memory.get(&"key", at(0)), None);
    }
}
