//! A place for an installation: a clock of its own, moto and Redis in processes of their own, and a folder for mail and logs.
//!
//! Starting moto costs more than a test, so a place is used again: what was in it is forgotten first.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Client;

use crate::Tools;
use crate::redis::Redis;

/// What holds the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// moto's: written by others, in Python. It does not tell capacity.
    Moto,
    /// The embedded one, which tells what each request would consume.
    Embedded,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    folder: tempfile::TempDir,
    moto: Child,
    url: String,
    redis: Redis,
    /// moto ends when this is closed, so also when this process is killed.
    _open: Option<ChildStdin>,
}

static IDLE: Mutex<Vec<Place>> = Mutex::new(Vec::new());

impl Place {
    /// An empty place whose clock stands at `now`.
    ///
    /// # Errors
    /// When moto does not start.
    pub(crate) async fn take(
        tools: &Tools,
        root: &Path,
        now: Timestamp,
        client: &Client,
    ) -> io::Result<Self> {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut place) = idle {
            place.set(now)?;
            let empty = place.redis.tell("FLUSHALL").and_then(|_| place.redis.tell("CONFIG RESETSTAT"));
            if empty.is_err() {
                place.redis = Redis::start(&tools.redis, place.folder.path())?;
            }
            let reset = client.post(format!("{}/moto-api/reset", place.url)).send().await;
            reset.and_then(reqwest::Response::error_for_status).map_err(io::Error::other)?;
            for folder in [place.logs(), place.mail()] {
                std::fs::remove_dir_all(&folder)?;
                std::fs::create_dir(&folder)?;
            }
            return Ok(place);
        }
        Self::start(tools, root, now)
    }

    fn start(tools: &Tools, root: &Path, now: Timestamp) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        write(&folder.path().join("clock"), now)?;
        std::fs::create_dir(folder.path().join("logs"))?;
        std::fs::create_dir(folder.path().join("mail"))?;
        let mut moto = tools
            .command(&tools.python, &folder.path().join("clock"))
            .arg(root.join("tests/on_moto.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let open = moto.stdin.take();
        let mut line = String::new();
        if let Some(output) = moto.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let url = line.trim().to_owned();
        if url.is_empty() {
            return Err(io::Error::other("moto did not start"));
        }
        let redis = Redis::start(&tools.redis, folder.path())?;
        Ok(Self { folder, moto, url, redis, _open: open })
    }

    /// Lets somebody else use it.
    pub(crate) fn give_back(self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// Sets the clock of everything in it.
    pub(crate) fn set(&self, now: Timestamp) -> io::Result<()> {
        write(&self.clock(), now)
    }

    /// Where moto listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.redis
    }

    /// The file that says what time it is.
    pub(crate) fn clock(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// The folder with what functions print.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// The folder with what was sent.
    pub(crate) fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.moto.kill();
        let _ = self.moto.wait();
    }
}

/// Replaces the file at once, so that nobody reads half of it. libfaketime knows whole seconds.
fn write(clock: &Path, now: Timestamp) -> io::Result<()> {
    let next = clock.with_extension("next");
    let text = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string();
    std::fs::write(&next, text)?;
    std::fs::rename(next, clock)
}
