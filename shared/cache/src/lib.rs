//! What was read a moment ago: bounded, and off the truth. Nothing is sold on its word.
//!
//! In this process always ([`Memory`]), and where `REDIS_URL` names one, in a cache that processes share ([`Shared`]). A value is as
//! old as the read that made it, whoever kept it since: no tier adds to the age of another.

mod memory;
mod shared;

use std::fmt::Display;
use std::hash::Hash;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use memory::Memory;
pub use shared::Shared;

/// Values of one kind, in this process and in the shared cache if there is one.
pub struct Tiers<K, V> {
    kind: &'static str,
    memory: Memory<K, V>,
    shared: Option<Shared>,
}

impl<K, V> Tiers<K, V>
where
    K: Hash + Eq + Display + Copy + Send + Sync + 'static,
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// At most `capacity` entries in this process, each good for `seconds`. `kind` names the values in the shared cache: another name
    /// for another shape, so that two releases that run at once never read each other's.
    pub fn new(kind: &'static str, capacity: u64, seconds: i64, shared: Option<Shared>) -> Self {
        Self { kind, memory: Memory::new(capacity, seconds), shared }
    }

    /// The value: as it was kept, or as `load` reads it.
    ///
    /// # Errors
    /// What `load` answers; a cache never does.
    pub async fn get_or_load<E>(
        &self,
        key: K,
        now: Timestamp,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if let Some(value) = self.memory.get(&key, now) {
            return Ok(value);
        }
        let name = format!("{}#{key}", self.kind);
        if let Some(shared) = &self.shared
            && let Some((read, value)) = shared.get::<V>(&name).await
            && self.memory.is_fresh(read, now)
        {
            self.memory.put(key, value.clone(), read);
            return Ok(value);
        }
        let value = load.await?;
        self.memory.put(key, value.clone(), now);
        if let Some(shared) = &self.shared {
            shared.put(&name, now, &value, self.memory.lifetime()).await;
        }
        Ok(value)
    }
}
