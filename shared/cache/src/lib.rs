//! What was read a moment ago, kept in this process: bounded, and off the truth. Nothing is sold on its word.

use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;

/// Values by key, each for a number of seconds by the caller's clock.
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
        let (kept_at, value) = self.entries.get(key)?;
        (now.duration_since(kept_at) < self.lifetime).then_some(value)
    }

    /// Keeps a value that was read at `now`.
    pub fn put(&self, key: K, value: V, now: Timestamp) {
        self.entries.insert(key, (now, value));
    }

    /// Forgets a value.
    pub fn forget(&self, key: &K) {
        self.entries.invalidate(key);
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
        memory.forget(&"key");
        assert_eq!(memory.get(&"key", at(0)), None);
    }
}
