//! One load of a key at a time in this process, however many ask for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use errors::{Code, Error};
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::memory::Kept;

/// How a load ended; nothing, while it lasts.
type Ended = Option<Result<Arc<Kept>, Same>>;

/// Loads that are under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<String, watch::Receiver<Ended>>>);

/// What somebody who wants a key has to do.
pub(crate) enum Turn<'a> {
    /// Load it, and say how that ended.
    Lead(Lead<'a>),
    /// Wait for who does.
    Wait(watch::Receiver<Ended>),
}

/// The load of one key. When it is dropped without an end, those who wait take another turn.
pub(crate) struct Lead<'a> {
    flights: &'a Flights,
    name: String,
    sender: watch::Sender<Ended>,
}

/// An error once more: each who waits gets its own.
#[derive(Debug, Clone)]
pub(crate) struct Same {
    code: Code,
    message: String,
    details: Map<String, Value>,
    retry_after: Option<u32>,
    chain: String,
}

impl Flights {
    pub(crate) fn turn(&self, name: &str) -> Turn<'_> {
        let mut flights = self.lock();
        if let Some(receiver) = flights.get(name) {
            return Turn::Wait(receiver.clone());
        }
        let (sender, receiver) = watch::channel(None);
        flights.insert(name.to_owned(), receiver);
        Turn::Lead(Lead { flights: self, name: name.to_owned(), sender })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Ended>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead<'_> {
    pub(crate) fn end(self, result: Result<Arc<Kept>, Same>) {
        self.sender.send_replace(Some(result));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.name);
    }
}

/// How the load ended; nothing if whoever did it went away.
pub(crate) async fn ended(mut receiver: watch::Receiver<Ended>) -> Ended {
    // An error means that the sender is gone: what it said last stands.
    let _ = receiver.wait_for(Option::is_some).await;
    receiver.borrow().clone()
}

impl From<&Error> for Same {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            details: error.details().clone(),
            retry_after: error.retry_after(),
            chain: error.chain(),
        }
    }
}

impl From<Same> for Error {
    fn from(same: Same) -> Self {
        let mut error = Self::new(same.code, same.message);
        for (name, value) in same.details {
            error = error.with_detail(&name, value);
        }
        if let Some(seconds) = same.retry_after {
            error = error.with_retry_after(seconds);
        }
        error.with_source(same.chain)
    }
}
