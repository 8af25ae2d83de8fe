//! The two tiers together: what is asked, in which order, and who loads.

mod inner;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use errors::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Told;

use crate::flight::{Turn, ended};
use crate::kinds::Kind;
use crate::{Shared, SharedStatistics, State, Statistics, Tag, early};
use inner::{Inner, Slot};

/// What can be kept.
pub trait Value: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<V: Serialize + DeserializeOwned + Send + Sync + 'static> Value for V {}

/// What was read a moment ago. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cache(Option<Arc<Inner>>);

impl Cache {
    /// None: everything is read whenever it is asked for.
    pub fn off() -> Self {
        Self(None)
    }

    /// In this process alone.
    pub fn memory() -> Self {
        Self::new(None)
    }

    /// In this process, and in a cache that others share.
    pub fn new(shared: Option<Shared>) -> Self {
        Self::with_chance(shared, || u64::from_be_bytes(env::random()))
    }

    /// The same, where chance, by which values are loaded early, is this.
    pub fn with_chance(shared: Option<Shared>, chance: fn() -> u64) -> Self {
        Self(Some(Arc::new(Inner::new(shared, chance))))
    }

    /// As `HOLDFAST_CACHE` says: `off`, `memory`, or by default `all`, with the cache of [`Shared::from_env`] if there is one.
    ///
    /// # Errors
    /// `internal` when it says something else, or when `REDIS_URL` is no address.
    pub fn from_env() -> Result<Self> {
        match env::optional("HOLDFAST_CACHE").as_deref() {
            Some("off") => Ok(Self::off()),
            Some("memory") => Ok(Self::memory()),
            None | Some("all") => Ok(Self::new(Shared::from_env()?)),
            Some(_) => Err(Error::internal("HOLDFAST_CACHE must be off, memory or all")),
        }
    }

    /// The cache that processes share, if there is one.
    pub fn shared(&self) -> Option<&Shared> {
        self.0.as_ref()?.shared.as_ref()
    }

    /// The value: as it was kept, or as `read` reads it, once in this process for all who ask at the same time. It is about `tags`:
    /// once they have changed, it is read anew.
    ///
    /// # Errors
    /// What `read` answers, now or, of what is not there, a moment ago; a cache has no errors of its own.
    pub async fn get_or_load<V: Value, F: Future<Output = Result<V>>>(
        &self,
        kind: Kind<V>,
        key: &str,
        tags: &[Tag],
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<Arc<V>> {
        let Some((inner, asked)) =
            self.0.as_ref().and_then(|inner| Some((inner, inner.asked(kind, key, tags, now)?)))
        else {
            return Box::pin(read()).await.map(Arc::new);
        };
        let counters = &asked.slot.counters;
        loop {
            if let Some((kept, answer)) = inner.known::<V>(&asked) {
                let left = kept.left(&asked.slot.about, now);
                if early::is_due(kept.cost, left, (inner.chance)())
                    && let Turn::Lead(lead) = inner.flights.turn(&asked.name)
                {
                    counters.early.one_more();
                    // What is kept is good for a while yet.
                    return match Box::pin(inner.load(&asked, lead, read)).await {
                        Ok(newer) => newer.answer(),
                        Err(error) if error.is_transient() => answer,
                        Err(error) => Err(error),
                    };
                }
                counters.memory_hits.hit();
                return answer;
            }
            match inner.flights.turn(&asked.name) {
                Turn::Lead(lead) => {
                    // Somebody may have loaded it since.
                    if inner.known::<V>(&asked).is_some() {
                        continue;
                    }
                    return Box::pin(inner.load(&asked, lead, read)).await?.answer();
                }
                Turn::Wait(flight) => match ended(flight).await {
                    // A load that began before the latest change is no answer to who asks after it.
                    Some(Ok(kept)) if inner.generations.hold(&kept.seen) => {
                        counters.waits.hit();
                        return kept.answer();
                    }
                    Some(Err(same)) => {
                        counters.waits.hit();
                        return Err(same.into());
                    }
                    Some(Ok(_)) | None => {}
                },
            }
        }
    }

    /// The value, if a tier has it.
    pub async fn get<V: Value>(
        &self,
        kind: Kind<V>,
        key: &str,
        tags: &[Tag],
        now: Timestamp,
    ) -> Option<Arc<V>> {
        let inner = self.0.as_ref()?;
        let asked = inner.asked(kind, key, tags, now)?;
        if let Some((_, answer)) = inner.known::<V>(&asked) {
            asked.slot.counters.memory_hits.hit();
            return answer.ok();
        }
        let seen = inner.generations.seen(tags);
        if let Some(kept) = inner.look::<V>(&asked, seen).await.0 {
            return kept.answer().ok();
        }
        asked.slot.counters.misses.miss();
        None
    }

    /// Keeps a value that was read at `now`, after the latest change of what it is about.
    pub async fn set<V: Value>(&self, kind: Kind<V>, key: &str, tags: &[Tag], now: Timestamp, value: V) {
        let Some(inner) = &self.0 else { return };
        let Some(asked) = inner.asked(kind, key, tags, now) else { return };
        let seen = inner.generations.seen(tags);
        let generations = match inner.believed(&asked).await {
            Some(shared) => shared.look(&asked.name, tags).await.map(|looked| looked.generations),
            None => None,
        };
        inner.keep(&asked, Ok(value), (seen, generations), 0).await;
    }

    /// Forgets a value, here and in the shared cache. What changed is better told by [`Cache::touched`].
    pub async fn delete<V>(&self, kind: Kind<V>, key: &str) {
        let Some((inner, slot)) = self.0.as_ref().and_then(|inner| Some((inner, inner.slot(kind.name)?)))
        else {
            return;
        };
        slot.memory.forget(key);
        if let Some(shared) = inner.shared.as_ref().filter(|_| slot.about.shared) {
            shared.forget(&slot.about.name_of(key)).await;
        }
    }

    /// Forgets whatever is about these tags: here at once, and where the cache is shared when this has been awaited.
    pub fn touched(&self, tags: impl IntoIterator<Item = Tag>) -> Told {
        let tags: BTreeSet<Tag> = tags.into_iter().collect();
        let inner = self.0.clone();
        if let Some(inner) = &inner {
            inner.generations.move_on(&tags);
        }
        Box::pin(async move {
            let Some(inner) = inner else { return };
            let Some(shared) = &inner.shared else { return };
            let mut told: BTreeSet<Tag> = tags.into_iter().filter(Tag::is_shared).collect();
            if inner.has_untold.load(Ordering::SeqCst) {
                told.extend(inner.untold().tags.iter().cloned());
            }
            inner.tell(shared, told).await;
        })
    }

    /// Forgets a value in this process.
    pub fn forget<V>(&self, kind: Kind<V>, key: &str) {
        if let Some(slot) = self.0.as_ref().and_then(|inner| inner.slot(kind.name)) {
            slot.memory.forget(key);
        }
    }

    /// What became of whatever was asked for, in this process since its start.
    pub fn statistics(&self) -> Statistics {
        let Some(inner) = &self.0 else {
            return Statistics { shared: SharedStatistics::OFF, kinds: Vec::new() };
        };
        let shared = inner.shared.as_ref().map_or(SharedStatistics::OFF, |shared| {
            let (attempts, failures) = shared.attempts();
            let untold = u64::try_from(inner.untold().tags.len()).unwrap_or(u64::MAX);
            SharedStatistics { state: shared.state(), attempts, failures, untold }
        });
        Statistics { shared, kinds: inner.kinds.iter().map(Slot::statistics).collect() }
    }

    /// Whether the shared cache is asked; [`State::Off`] where there is none.
    pub fn state(&self) -> State {
        self.shared().map_or(State::Off, Shared::state)
    }
}
