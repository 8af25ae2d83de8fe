//! A small SQS on loopback: the operations that the functions use, over the same protocol (AWS JSON 1.0) and SDK.
//!
//! | kept | not kept |
//! | --- | --- |
//! | delay, visibility, receive count, long polls, dead letters | FIFO queues, message attributes, retention |
//! | the errors a client can act on | permissions, throttling, checksums (`MD5OfMessageBody`: the Rust SDK checks none) |
//!
//! A queue is a fold of what happened to it (`state::Entry`): an operation decides on entries, the `journal` keeps
//! them, then they are applied and answered. So a process killed at any moment loses nothing that was answered, and what
//! is loaded is what was there. Visibility goes by [`env::Clock`]; only a long poll waits by the clock on the wall.

mod fault;
mod journal;
mod messages;
mod operations;
mod queues;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use env::Clock;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::fault::Fault;
use self::journal::Journal;
use self::state::{Entry, State};
use database::Data;

/// The account that every queue belongs to.
const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";
/// Seconds, as with SQS.
const MAX_DELAY: u32 = 900;
const MAX_VISIBILITY: u32 = 12 * 60 * 60;
/// A message of 1 MiB may be twice that and more once its quotes are escaped.
const MAX_REQUEST: usize = 8 * 1024 * 1024;

/// A running endpoint; it runs on after it is dropped, [`Endpoint::stop`] ends it.
#[derive(Debug)]
pub struct Endpoint {
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Shared {
    url: String,
    clock: Clock,
    kept: Mutex<Kept>,
    /// Wakes long polls when a message may have become visible.
    changed: Notify,
    closing: AtomicBool,
}

#[derive(Debug)]
struct Kept {
    state: State,
    journal: Journal,
}

/// Starts the endpoint on a free port of loopback, with the queues and messages that `data` holds.
///
/// # Errors
/// When the journal cannot be read or is in use by another process, or no port is free.
pub async fn start(data: &Data, clock: Clock) -> io::Result<Endpoint> {
    let (journal, state) = match data {
        Data::Memory => (Journal::memory(), State::default()),
        Data::Dir(dir) => Journal::open(dir)?,
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let shared = Arc::new(Shared {
        url: format!("http://{}", listener.local_addr()?),
        clock,
        kept: Mutex::new(Kept { state, journal }),
        changed: Notify::new(),
        closing: AtomicBool::new(false),
    });
    let router = Router::new()
        .fallback(operations::dispatch)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(Arc::clone(&shared));
    let closing = Arc::clone(&shared);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move { closing.closed().await });
    Ok(Endpoint { shared, server: tokio::spawn(server.into_future()) })
}

impl Endpoint {
    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Makes waiting long polls look again, after a set clock has been advanced.
    pub fn wake(&self) {
        self.shared.changed.notify_waiters();
    }

    /// Answers the requests under way, long polls at once, and stops.
    ///
    /// # Errors
    /// When the server failed.
    pub async fn stop(self) -> io::Result<()> {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.wake();
        self.server.await?
    }
}

impl Shared {
    /// Decides on entries, keeps and applies them, and gives the answer: nothing is answered that is not kept.
    fn commit<T>(&self, decide: impl FnOnce(&State) -> Result<(Vec<Entry>, T), Fault>) -> Result<T, Fault> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (entries, answer) = decide(&kept.state)?;
        if entries.is_empty() {
            return Ok(answer);
        }
        kept.journal.append(&entries).map_err(|error| Fault::internal(&error))?;
        for entry in entries {
            kept.state.apply(entry);
        }
        let Kept { state, journal } = &mut *kept;
        if let Err(error) = journal.compact_if_due(state) {
            tracing::warn!(%error, "the queues' journal could not be compacted and grows on");
        }
        drop(kept);
        self.changed.notify_waiters();
        Ok(answer)
    }

    async fn closed(&self) {
        loop {
            let changed = self.changed.notified();
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            changed.await;
        }
    }
}
