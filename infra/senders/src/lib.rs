//! Twilio, MSG91, Meta and SNS as they document their HTTP, on a free port of this machine, with trouble by seed: for tests of
//! what becomes of messages when providers are slow, broken, or silent about work that they did.
//!
//! What reached a phone is counted by our own message's id, which each provider carries in its own way. Status callbacks
//! are made for what was taken, signed as the provider signs, and handed out in an order of their own
//! ([`Senders::callbacks`]).

mod callbacks;
mod sns;
mod trouble;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use callbacks::{Callback, meta_reply, twilio_reply};
pub use trouble::{Dice, Trouble};

/// Twilio's account here.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
/// The secret that each provider knows us by: Twilio's token, MSG91's key, Meta's token.
pub const TOKEN: &str = "a-token-of-the-senders";
/// The access key that SNS knows us by; its secret is [`TOKEN`].
pub const ACCESS_KEY: &str = "AKIDSENDERS";
/// What Meta and MSG91 prove their callbacks by.
pub const SECRET: &str = "a-secret-of-the-senders";

/// How to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where trouble and the order of callbacks come from.
    pub seed: u64,
    /// Requests in a hundred that meet trouble.
    pub trouble: u32,
    /// What our own public addresses begin with, for the callbacks of Meta and MSG91. Twilio is told with each message.
    pub public_url: String,
    /// Messages in a hundred that are taken and reported as not delivered afterwards.
    pub bounces: u32,
}

/// How long a provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It takes a text after so many milliseconds, drawn anew each time from the first to the second number. Whoever hangs up
    /// before has sent nothing.
    Takes(u64, u64),
    /// It answers 503 at once, and nothing was done.
    Down,
}

/// All of them, running.
pub struct Senders {
    url: String,
    world: Arc<World>,
    serving: JoinHandle<()>,
}

/// A text that was handed to a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// `twilio`, `msg91`, `meta` or `sns`.
    pub provider: &'static str,
    /// The provider's id.
    pub id: String,
    /// Our message's id; SNS is not told it, and has its own.
    pub message: String,
    /// The number, digits alone.
    pub to: String,
    /// What the phone shows: the text, or the template's values.
    pub body: String,
}

pub(crate) struct World {
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    requests: u64,
    handed: Vec<Handed>,
    pending: Vec<Callback>,
    paces: BTreeMap<&'static str, Pace>,
    drawn: u64,
    met: BTreeMap<Trouble, usize>,
}

impl World {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the lists half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the provider take its time; whether it is there at all.
    pub(crate) async fn is_there(&self, provider: &'static str) -> bool {
        let pause = {
            let mut state = self.state();
            state.drawn += 1;
            match state.paces.get(provider) {
                None => 0,
                Some(Pace::Down) => return false,
                Some(Pace::Takes(least, most)) => {
                    let dice = Dice::new(self.options.seed ^ state.drawn).roll();
                    least + dice % (most.saturating_sub(*least) + 1)
                }
            }
        };
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        true
    }
}

impl Senders {
    /// Starts them.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let world = Arc::new(World { options, state: Mutex::default() });
        let routes = Router::new()
            .route("/2010-04-01/Accounts/{account}/Messages.json", post(wire::twilio))
            .route("/api/v5/flow", post(wire::msg91))
            .route("/v23.0/{number}/messages", post(wire::meta))
            .route("/", post(sns::publish))
            .with_state(Arc::clone(&world));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { url, world, serving })
    }

    /// Where they answer, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on `twilio`, `msg91` or `meta` takes so long; at first each answers at once.
    pub fn pace(&self, provider: &'static str, pace: Pace) {
        self.world.state().paces.insert(provider, pace);
    }

    /// Every text that reached a phone, in order.
    pub fn handed(&self) -> Vec<Handed> {
        self.world.state().handed.clone()
    }

    /// How often each of our messages reached a phone.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for handed in &self.world.state().handed {
            *counts.entry(handed.message.clone()).or_default() += 1;
        }
        counts
    }

    /// How many requests came, and how many met which trouble.
    pub fn met(&self) -> (u64, BTreeMap<Trouble, usize>) {
        let state = self.world.state();
        (state.requests, state.met.clone())
    }

    /// The callbacks that were not handed out yet: shuffled, and every fourth of them twice.
    pub fn callbacks(&self) -> Vec<Callback> {
        let mut state = self.world.state();
        let mut all = std::mem::take(&mut state.pending);
        let mut dice = Dice::new(self.world.options.seed ^ state.requests);
        let again: Vec<Callback> = all.iter().filter(|_| dice.percent() < 25).cloned().collect();
        all.extend(again);
        dice.shuffle(&mut all);
        all
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
