//! What requests, webhooks and tests share: the state behind a lock, its file, and the secrets.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use errors::{Code, Error, Result};
use tokio::sync::Notify;

use crate::state::{Done, Refusal, State};

pub(crate) struct Shared {
    state: Mutex<State>,
    file: Option<PathBuf>,
    clock: env::Clock,
    pub(crate) key_id: String,
    pub(crate) key_secret: String,
    pub(crate) webhook_secret: String,
    /// That there may be a webhook to deliver.
    pub(crate) told: Notify,
}

/// Why a change did not happen.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Refusal),
    NotKept(std::io::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal(description)) => Self::new(Code::WrongState, description),
            Failure::NotKept(error) => Self::internal(error),
        }
    }
}

impl Shared {
    pub(crate) fn new(options: &crate::Options) -> Result<Self> {
        let kept = options.file.as_deref().map(read).transpose()?.flatten();
        Ok(Self {
            state: Mutex::new(kept.unwrap_or_else(|| State::new(options.seed))),
            file: options.file.clone(),
            clock: options.clock.clone(),
            key_id: options.key_id.clone(),
            key_secret: options.key_secret.clone(),
            webhook_secret: options.webhook_secret.clone(),
            told: Notify::new(),
        })
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.locked())
    }

    /// Sets what is not kept in the file.
    pub(crate) fn set(&self, set: impl FnOnce(&mut State)) {
        set(&mut self.locked());
    }

    /// Changes the state at this second, and keeps it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, i64) -> Done<T>) -> Result<T, Failure> {
        let mut state = self.locked();
        let changed = change(&mut state, self.clock.now().as_second()).map_err(Failure::Refused)?;
        if let Some(file) = &self.file {
            write(file, &state).map_err(Failure::NotKept)?;
        }
        drop(state);
        self.told.notify_one();
        Ok(changed)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> Result<Option<State>> {
    match std::fs::read(file) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text).map_err(Error::internal)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(error)),
    }
}

/// Replaces the file at once, so that nobody reads half of it.
fn write(file: &Path, state: &State) -> std::io::Result<()> {
    let next = file.with_extension("next");
    std::fs::write(&next, serde_json::to_vec(state)?)?;
    std::fs::rename(next, file)
}
