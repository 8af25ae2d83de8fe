//! Generations in this process: a tag's moves on when what it names has changed, and what was read before is not answered again.
//!
//! There are a fixed number of them, so memory is bounded; tags that share one forget a little more than they must.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Tag;

const SLOTS: usize = 4_096;

/// The generations of all tags.
#[derive(Debug, Clone)]
pub(crate) struct Generations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hash: RandomState,
    slots: Vec<AtomicU64>,
}

/// Generations as they were when something was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Box<[(usize, u64)]>);

impl Generations {
    pub(crate) fn new() -> Self {
        let slots = std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect();
        Self(Arc::new(Inner { hash: RandomState::new(), slots }))
    }

    /// Those of these tags. Taken before a read begins, so that what is written while it lasts makes its answer an old one.
    pub(crate) fn seen(&self, tags: &[Tag]) -> Seen {
        Seen(tags.iter().map(|tag| self.slot(tag)).map(|slot| (slot, self.at(slot))).collect())
    }

    /// Whether nothing has moved since.
    pub(crate) fn hold(&self, seen: &Seen) -> bool {
        seen.0.iter().all(|(slot, then)| self.at(*slot) == *then)
    }

    /// Moves those of these tags.
    pub(crate) fn move_on<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) {
        for tag in tags {
            if let Some(slot) = self.0.slots.get(self.slot(tag)) {
                slot.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn at(&self, slot: usize) -> u64 {
        self.0.slots.get(slot).map_or(0, |slot| slot.load(Ordering::SeqCst))
    }

    fn slot(&self, tag: &Tag) -> usize {
        usize::try_from(self.0.hash.hash_one(tag)).unwrap_or_default() % SLOTS
    }
}
