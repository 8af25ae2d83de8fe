//! The front door at the time of the book: requests of a replay, counted.

use std::collections::BTreeMap;

use env::Clock;
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::report::Asked;
use super::rows::digest;
use crate::{Acting, Came, Front};

/// Tokens hold for fifteen minutes of the book's time.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// How many are listed at once.
const PAGE: usize = 100;

/// What requests go through.
pub(super) struct Door<'a> {
    acting: &'a Acting,
    clock: Clock,
    front: Front,
    issued: Timestamp,
    pub(super) asked: BTreeMap<&'static str, Asked>,
}

impl<'a> Door<'a> {
    pub(super) fn new(acting: &'a Acting, clock: Clock) -> Result<Self> {
        let (front, issued) = (acting.front()?, clock.now());
        Ok(Self { acting, clock, front, issued, asked: BTreeMap::new() })
    }

    /// The time goes on to this instant, or by a second where it is there already.
    pub(super) fn wait_until(&self, at: Timestamp) {
        let now = self.clock.now();
        self.clock.advance(at.duration_since(now).max(SignedDuration::from_secs(1)));
    }

    fn front(&mut self) -> Result<&Front> {
        let now = self.clock.now();
        if now.duration_since(self.issued) > RENEWED_AFTER {
            (self.front, self.issued) = (self.acting.front()?, now);
        }
        Ok(&self.front)
    }

    /// Fails for what a later attempt may bring about: the import stops then, and goes on when it is started again.
    fn came(&mut self, what: &'static str, came: Came) -> Result<Came> {
        self.asked.entry(what).or_default().count(came.replayed, came.usage.as_deref());
        let status = came.status.as_u16();
        if status >= 500 || [401, 403, 429].contains(&status) {
            let message = format!("{what}: {}; start again to go on", came.problem());
            return Err(Error::new(Code::Unavailable, message));
        }
        Ok(came)
    }

    pub(super) async fn get(&mut self, what: &'static str, path: &str) -> Result<Came> {
        let came = self.front()?.get(path).await;
        self.came(what, came)
    }

    /// Everything in a list.
    pub(super) async fn list(&mut self, what: &'static str, path: &str) -> Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let came = self.get(what, &format!("{path}&limit={PAGE}{after}")).await?;
            let items = came.body.pointer("/data").and_then(Value::as_array).cloned();
            all.extend(items.ok_or_else(|| refused(what, &came))?);
            let next = came.body.pointer("/meta/next_cursor").and_then(Value::as_str);
            let Some(next) = next else { return Ok(all) };
            after = format!("&cursor={next}");
        }
    }

    /// Posts under a key that follows from what it is for.
    pub(super) async fn post(
        &mut self,
        what: &'static str,
        path: &str,
        (of, body): (&[&str], &Value),
    ) -> Result<Came> {
        let came = self.front()?.post(path, &key(what, of), body).await;
        self.came(what, came)
    }

    pub(super) async fn put(
        &mut self,
        what: &'static str,
        path: &str,
        (of, body): (&[&str], &Value),
    ) -> Result<Came> {
        let came = self.front()?.put(path, &key(what, of), body).await;
        self.came(what, came)
    }

    pub(super) async fn patch(&mut self, what: &'static str, path: &str, body: &Value) -> Result<Came> {
        let came = self.front()?.patch(path, body).await;
        self.came(what, came)
    }
}

/// What was to be there and is not.
pub(super) fn refused(what: &str, came: &Came) -> Error {
    let body = came.body.get("errors").map(ToString::to_string).unwrap_or_default();
    Error::new(Code::BadRequest, format!("{what}: {} {body}", came.problem()))
}

fn key(what: &str, of: &[&str]) -> String {
    let parts: Vec<&str> = [what].into_iter().chain(of.iter().copied()).collect();
    format!("import {}", hex(&digest(&parts)))
}

/// Bytes as text.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
