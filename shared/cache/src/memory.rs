//! The tier that every process has: what it read itself, or found in the shared cache.

use std::any::Any;
use std::sync::Arc;

use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;

use crate::generations::Seen;
use crate::kinds::About;

/// What an entry weighs beside its key and its value as JSON: what the parts of a value take in memory is more than their text.
const OVERHEAD: usize = 256;

/// Values of one kind by key, bounded in bytes.
#[derive(Debug)]
pub(crate) struct Memory(Cache<Box<str>, Arc<Kept>>);

/// A value, or that there is none, as it was read.
#[derive(Debug)]
pub(crate) struct Kept {
    /// What there is.
    pub(crate) found: Found,
    /// When it was read from its table.
    pub(crate) read: Timestamp,
    /// When it was last known to be what others hold true: read, or its generations looked at.
    pub(crate) checked: Timestamp,
    /// How long reading it took, in milliseconds.
    pub(crate) cost: u32,
    /// Generations in this process, from before it was read.
    pub(crate) seen: Seen,
    /// Its length as JSON.
    pub(crate) bytes: usize,
}

/// What a read found.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// A value of the kind.
    Value(Arc<dyn Any + Send + Sync>),
    /// That there is none, in the words of the error that says so.
    Nothing(String),
}

impl Memory {
    pub(crate) fn new(about: &About) -> Self {
        let cache = Cache::builder().max_capacity(about.bytes).weigher(weight).build();
        Self(cache)
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Kept>> {
        self.0.get(key)
    }

    pub(crate) fn put(&self, key: &str, kept: Arc<Kept>) {
        self.0.insert(key.into(), kept);
    }

    pub(crate) fn forget(&self, key: &str) {
        self.0.invalidate(key);
    }

    /// How many entries there are, and what they weigh.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.0.run_pending_tasks();
        (self.0.entry_count(), self.0.weighted_size())
    }
}

#[expect(clippy::borrowed_box, reason = "the shape that the cache asks for")]
fn weight(key: &Box<str>, kept: &Arc<Kept>) -> u32 {
    u32::try_from(OVERHEAD + key.len() + 2 * kept.bytes).unwrap_or(u32::MAX)
}

impl Kept {
    /// When it is too old to be answered: what was read from further ahead than it would last is so too, since that clock was wrong.
    pub(crate) fn is_good(&self, about: &About, now: Timestamp) -> bool {
        within(self.checked, now, self.fresh(about)) && within(self.read, now, about.lifetime)
    }

    /// How long it is good for from now on, without anybody being asked, in milliseconds.
    pub(crate) fn left(&self, about: &About, now: Timestamp) -> i64 {
        let until =
            |from: Timestamp, seconds: i64| seconds * 1_000 - now.as_millisecond() + from.as_millisecond();
        until(self.checked, self.fresh(about)).min(until(self.read, about.lifetime))
    }

    fn fresh(&self, about: &About) -> i64 {
        match self.found {
            Found::Value(_) => about.fresh,
            Found::Nothing(_) => about.absent,
        }
    }

    /// What is answered.
    ///
    /// # Errors
    /// `not_found` where that is what was read.
    pub(crate) fn answer<V: Send + Sync + 'static>(&self) -> Result<Arc<V>> {
        match &self.found {
            Found::Value(value) => Arc::clone(value)
                .downcast()
                .map_err(|_| Error::internal("two types of value are kept under one name")),
            Found::Nothing(message) => Err(Error::new(Code::NotFound, message.clone())),
        }
    }
}

/// Whether less than so many seconds lie between two instants.
pub(crate) fn within(then: Timestamp, now: Timestamp, seconds: i64) -> bool {
    now.duration_since(then).abs() < SignedDuration::from_secs(seconds)
}
