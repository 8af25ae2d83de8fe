//! What happens between being asked and answering: memory, the shared cache, the tables, and what the shared cache is told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use errors::{Code, Result};
use jiff::Timestamp;

use super::Value;
use crate::entry::{self, Entry};
use crate::flight::{Flights, Lead, Same};
use crate::generations::{Generations, Seen};
use crate::kinds::{About, Kind, Name};
use crate::memory::{Found, Kept, Memory, within};
use crate::shared::Looked;
use crate::statistics::Counters;
use crate::{KindStatistics, Shared, Tag, early};

/// Changes that the shared cache could not be told of are remembered, at most so many. Beyond that it is not asked until everything that
/// it has now is too old.
const MOST_UNTOLD: usize = 10_000;
/// Seconds for which the longest kept value may be answered.
const LONGEST: u64 = 300;

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) kinds: Vec<Slot>,
    pub(super) generations: Generations,
    pub(super) flights: Flights,
    pub(super) shared: Option<Shared>,
    pub(super) untold: Mutex<Untold>,
    pub(super) has_untold: AtomicBool,
    pub(super) chance: fn() -> u64,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) about: About,
    pub(super) memory: Memory,
    pub(super) counters: Counters,
}

#[derive(Debug, Default)]
pub(super) struct Untold {
    pub(super) tags: BTreeSet<Tag>,
    /// They became too many: until then the shared cache is not asked.
    all_until: Option<Instant>,
}

/// A value that is asked for: of which kind, under which key, about what, when.
pub(super) struct Asked<'a> {
    pub(super) slot: &'a Slot,
    key: &'a str,
    pub(super) name: String,
    tags: &'a [Tag],
    now: Timestamp,
}

impl Slot {
    pub(super) fn statistics(&self) -> KindStatistics {
        let (about, counters) = (&self.about, &self.counters);
        let (entries, bytes) = self.memory.size();
        KindStatistics {
            kind: about.name,
            memory_hits: counters.memory_hits.read(),
            shared_hits: counters.shared_hits.read(),
            misses: counters.misses.read(),
            loads: counters.loads.read(),
            waits: counters.waits.read(),
            early: counters.early.read(),
            stale: counters.stale.read(),
            errors: counters.errors.read(),
            entries,
            bytes,
            most_bytes: about.bytes,
        }
    }
}

impl Untold {
    fn is_something(&self) -> bool {
        !self.tags.is_empty() || self.all_until.is_some()
    }
}

impl Inner {
    pub(super) fn new(shared: Option<Shared>, chance: fn() -> u64) -> Self {
        let slot = |name: Name| {
            let about = name.about();
            Slot { memory: Memory::new(&about), about, counters: Counters::default() }
        };
        Self {
            kinds: Name::ALL.into_iter().map(slot).collect(),
            generations: Generations::new(),
            flights: Flights::default(),
            shared,
            untold: Mutex::default(),
            has_untold: AtomicBool::new(false),
            chance,
        }
    }

    pub(super) fn slot(&self, name: Name) -> Option<&Slot> {
        self.kinds.get(name.index())
    }

    pub(super) fn asked<'a, V>(
        &'a self,
        kind: Kind<V>,
        key: &'a str,
        tags: &'a [Tag],
        now: Timestamp,
    ) -> Option<Asked<'a>> {
        let slot = self.slot(kind.name)?;
        Some(Asked { slot, key, name: slot.about.name_of(key), tags, now })
    }

    /// What this process knows, if that is still good.
    pub(super) fn known<V: Value>(&self, asked: &Asked<'_>) -> Option<(Arc<Kept>, Result<Arc<V>>)> {
        let kept = asked.slot.memory.get(asked.key)?;
        if kept.is_good(&asked.slot.about, asked.now) && self.generations.hold(&kept.seen) {
            let answer = kept.answer();
            return Some((kept, answer));
        }
        asked.slot.counters.stale.one_more();
        None
    }

    /// Asks the shared cache, then the tables; says to those who wait how that ended.
    pub(super) async fn load<V: Value, F: Future<Output = Result<V>>>(
        &self,
        asked: &Asked<'_>,
        lead: Lead<'_>,
        read: impl FnOnce() -> F,
    ) -> Result<Arc<Kept>> {
        let counters = &asked.slot.counters;
        let seen = self.generations.seen(asked.tags);
        let (found, generations) = self.look::<V>(asked, seen.clone()).await;
        if let Some(kept) = found {
            asked.slot.memory.put(asked.key, Arc::clone(&kept));
            lead.end(Ok(Arc::clone(&kept)));
            return Ok(kept);
        }
        counters.misses.miss();
        counters.loads.one_more();
        let begun = Instant::now();
        let loaded = read().await;
        let cost = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        let found = match loaded {
            Ok(value) => Ok(value),
            Err(error) if error.code() == Code::NotFound && asked.slot.about.absent > 0 => {
                Err(error.to_string())
            }
            Err(error) => {
                counters.errors.one_more();
                lead.end(Err(Same::from(&error)));
                return Err(error);
            }
        };
        let kept = self.keep(asked, found, (seen, generations), cost).await;
        lead.end(Ok(Arc::clone(&kept)));
        Ok(kept)
    }

    /// Keeps it here, and where it is shared if its generations could be read before it was.
    pub(super) async fn keep<V: Value>(
        &self,
        asked: &Asked<'_>,
        found: Result<V, String>,
        (seen, generations): (Seen, Option<Vec<Option<u64>>>),
        cost: u32,
    ) -> Arc<Kept> {
        let about = &asked.slot.about;
        let known = generations.map(|known| {
            let number = |known: Option<u64>| known.unwrap_or_else(|| u64::from_be_bytes(env::random()));
            let new: Vec<bool> = known.iter().map(Option::is_none).collect();
            (known.into_iter().map(number).collect::<Vec<_>>(), new)
        });
        let (numbers, new) = known.unzip();
        let read = asked.now.as_millisecond();
        let entry =
            Entry { name: asked.name.clone(), read, cost, generations: numbers.unwrap_or_default(), found };
        let text = entry.text();
        let bytes = text.len();
        if let (Some(new), Some(shared)) = (new, &self.shared)
            && let Some(packed) = entry::packed(&text)
        {
            let new: Vec<(&Tag, u64)> = asked
                .tags
                .iter()
                .zip(&entry.generations)
                .zip(new)
                .filter_map(|(one, new)| new.then_some((one.0, *one.1)))
                .collect();
            let seconds = if entry.found.is_ok() { about.lifetime } else { about.absent };
            shared.keep(&asked.name, &packed, seconds, &new).await;
        }
        let found = match entry.found {
            Ok(value) => Found::Value(Arc::new(value)),
            Err(message) => Found::Nothing(message),
        };
        let kept = Arc::new(Kept { found, read: asked.now, checked: asked.now, cost, seen, bytes });
        asked.slot.memory.put(asked.key, Arc::clone(&kept));
        kept
    }

    /// What the shared cache has, if it is to be believed; and the generations of the tags, for what is read now.
    pub(super) async fn look<V: Value>(
        &self,
        asked: &Asked<'_>,
        seen: Seen,
    ) -> (Option<Arc<Kept>>, Option<Vec<Option<u64>>>) {
        let Some(shared) = self.believed(asked).await else { return (None, None) };
        let Some(Looked { value, generations }) = shared.look(&asked.name, asked.tags).await else {
            return (None, None);
        };
        let counters = &asked.slot.counters;
        let Some(value) = value else { return (None, Some(generations)) };
        let Some((entry, bytes)) = Entry::<V>::unpacked(&value, &asked.name) else {
            counters.errors.one_more();
            return (None, Some(generations));
        };
        let kept = self.judged(asked, entry, &generations, (seen, bytes));
        match &kept {
            Some(_) => counters.shared_hits.hit(),
            None => counters.stale.one_more(),
        }
        (kept, Some(generations))
    }

    /// The entry as it is kept here, unless it is too old, of another generation, or to be read anew early.
    fn judged<V: Value>(
        &self,
        asked: &Asked<'_>,
        entry: Entry<V>,
        generations: &[Option<u64>],
        (seen, bytes): (Seen, usize),
    ) -> Option<Arc<Kept>> {
        let about = &asked.slot.about;
        let read = Timestamp::from_millisecond(entry.read).ok()?;
        let lifetime = if entry.found.is_ok() { about.lifetime } else { about.absent };
        let same = generations.len() == entry.generations.len()
            && generations.iter().zip(&entry.generations).all(|(now, then)| *now == Some(*then));
        if !same || !within(read, asked.now, lifetime) {
            return None;
        }
        let found = match entry.found {
            Ok(value) => Found::Value(Arc::new(value)),
            Err(message) => Found::Nothing(message),
        };
        let kept = Kept { found, read, checked: asked.now, cost: entry.cost, seen, bytes };
        let ends = lifetime * 1_000 - (asked.now.as_millisecond() - entry.read);
        (!early::is_due(kept.cost, ends, (self.chance)())).then(|| Arc::new(kept))
    }

    /// The shared cache, where it is to be asked: what it could not be told of is told first.
    pub(super) async fn believed(&self, asked: &Asked<'_>) -> Option<&Shared> {
        let shared = self.shared.as_ref().filter(|_| asked.slot.about.shared)?;
        if !self.has_untold.load(Ordering::SeqCst) {
            return Some(shared);
        }
        let untold: BTreeSet<Tag> = {
            let mut untold = self.untold();
            if untold.all_until.is_some_and(|until| Instant::now() < until) {
                return None;
            }
            untold.all_until = None;
            asked.tags.iter().filter(|tag| untold.tags.contains(tag)).cloned().collect()
        };
        if untold.is_empty() || self.tell(shared, untold).await { Some(shared) } else { None }
    }

    /// Tells the shared cache that these have changed; whether it could be told. What could not be is remembered.
    pub(super) async fn tell(&self, shared: &Shared, tags: BTreeSet<Tag>) -> bool {
        if tags.is_empty() {
            return true;
        }
        // Noted before it is told: whoever asks meanwhile, or after this was given up, does not believe what is there.
        self.note_untold(&tags);
        let told = shared.move_on(&tags.iter().collect::<Vec<_>>()).await;
        if told {
            let mut untold = self.untold();
            untold.tags.retain(|tag| !tags.contains(tag));
            self.has_untold.store(untold.is_something(), Ordering::SeqCst);
        } else {
            // Somebody else may have told an earlier change of the same meanwhile.
            self.note_untold(&tags);
        }
        told
    }

    fn note_untold(&self, tags: &BTreeSet<Tag>) {
        let mut untold = self.untold();
        untold.tags.extend(tags.iter().cloned());
        if untold.tags.len() > MOST_UNTOLD {
            untold.tags.clear();
            untold.all_until = Some(Instant::now() + Duration::from_secs(LONGEST));
        }
        self.has_untold.store(true, Ordering::SeqCst);
    }

    pub(super) fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
