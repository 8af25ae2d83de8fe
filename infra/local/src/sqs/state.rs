//! Queues and messages as a fold of what happened: pure, the time is a parameter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Milliseconds since the epoch.
pub(super) type Millis = i64;

/// What happened; the journal's line. Applying the same entries in the same order gives the same state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum Entry {
    /// A queue was made or its settings changed.
    Set { queue: String, settings: Settings },
    /// A message arrived.
    Sent { queue: String, message: Message },
    /// A message was handed out once more and is hidden.
    Received { queue: String, id: String, until: Millis },
    /// Its hiding was made longer or shorter.
    Hidden { queue: String, id: String, until: Millis },
    /// It was received too often and went to another queue.
    Died { queue: String, id: String, to: String, at: Millis },
    /// It is done.
    Deleted { queue: String, id: String },
    /// All messages of a queue were thrown away.
    Purged { queue: String },
}

/// How a queue treats its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Seconds that a received message stays hidden.
    pub(super) visibility: u32,
    /// Seconds that a new message stays hidden.
    pub(super) delay: u32,
    pub(super) redrive: Option<Redrive>,
}

/// Where a message goes that is received too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    pub(super) queue: String,
    pub(super) max_receives: u32,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) sent: Millis,
    /// When it can be received next.
    pub(super) visible: Millis,
    /// How often it was received.
    pub(super) receives: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { visibility: 30, delay: 0, redrive: None }
    }
}

/// All queues.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State(BTreeMap<String, Queue>);

/// One queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) settings: Settings,
    /// Each message with its place among those that become visible at the same time.
    messages: HashMap<String, (u64, Message)>,
    /// Every message in the order in which it can be received.
    order: BTreeSet<(Millis, u64, String)>,
    arrivals: u64,
}

/// How many messages a queue holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

impl Message {
    pub(super) fn new(id: String, body: String, now: Millis, delay: u32) -> Self {
        Self { id, body, sent: now, visible: later(now, delay), receives: 0 }
    }

    /// A receipt for the latest delivery: an earlier one is worth nothing, as with SQS.
    pub(super) fn receipt(&self) -> String {
        format!("{}:{}", self.id, self.receives)
    }
}

impl State {
    pub(super) fn queue(&self, name: &str) -> Result<&Queue, Fault> {
        self.0.get(name).ok_or_else(Fault::no_such_queue)
    }

    /// Takes up to `max` messages that are visible at `now` and hides them for `visibility` seconds. Those that were
    /// received too often go to the dead letters instead.
    pub(super) fn receive(
        &self,
        name: &str,
        max: usize,
        visibility: Option<u32>,
        now: Millis,
    ) -> Result<(Vec<Entry>, Vec<Message>), Fault> {
        let queue = self.queue(name)?;
        let until = later(now, visibility.unwrap_or(queue.settings.visibility));
        let (mut entries, mut taken) = (Vec::new(), Vec::new());
        for message in queue.visible(now) {
            if taken.len() == max {
                break;
            }
            let (queue, id) = (name.to_owned(), message.id.clone());
            match &self.queue(name)?.settings.redrive {
                Some(redrive) if message.receives >= redrive.max_receives => {
                    entries.push(Entry::Died { queue, id, to: redrive.queue.clone(), at: now });
                }
                _ => {
                    entries.push(Entry::Received { queue, id, until });
                    taken.push(Message { receives: message.receives + 1, visible: until, ..message.clone() });
                }
            }
        }
        Ok((entries, taken))
    }

    /// Deletes the message of this receipt. What is gone, or was handed out again since, is not an error.
    pub(super) fn delete(&self, name: &str, receipt: &str) -> Result<Vec<Entry>, Fault> {
        let found = self.queue(name)?.held(receipt)?;
        Ok(found.map(|m| Entry::Deleted { queue: name.to_owned(), id: m.id.clone() }).into_iter().collect())
    }

    /// Hides the message of this receipt for `seconds` from `now`.
    pub(super) fn hide(
        &self,
        name: &str,
        receipt: &str,
        seconds: u32,
        now: Millis,
    ) -> Result<Vec<Entry>, Fault> {
        let found = self.queue(name)?.held(receipt)?;
        let message = found.filter(|message| message.visible > now).ok_or_else(Fault::not_in_flight)?;
        let (queue, id) = (name.to_owned(), message.id.clone());
        Ok(vec![Entry::Hidden { queue, id, until: later(now, seconds) }])
    }

    /// Applies what happened. An entry about something that is gone changes nothing.
    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Set { queue, settings } => self.0.entry(queue).or_default().settings = settings,
            Entry::Sent { queue, message } => self.with(&queue, |queue| queue.insert(message)),
            Entry::Received { queue, id, until } => self.with(&queue, |queue| {
                if let Some(message) = queue.remove(&id) {
                    queue.insert(Message { receives: message.receives + 1, visible: until, ..message });
                }
            }),
            Entry::Hidden { queue, id, until } => self.with(&queue, |queue| {
                if let Some(message) = queue.remove(&id) {
                    queue.insert(Message { visible: until, ..message });
                }
            }),
            Entry::Died { queue, id, to, at } => {
                let message = self.0.get_mut(&queue).and_then(|queue| queue.remove(&id));
                if let (Some(message), Some(dead)) = (message, self.0.get_mut(&to)) {
                    dead.insert(Message { receives: 0, visible: at, ..message });
                }
            }
            Entry::Deleted { queue, id } => self.with(&queue, |queue| drop(queue.remove(&id))),
            Entry::Purged { queue } => self.with(&queue, |queue| {
                queue.messages.clear();
                queue.order.clear();
            }),
        }
    }

    /// The fewest entries that give this state.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let settings =
            self.0.iter().map(|(name, q)| Entry::Set { queue: name.clone(), settings: q.settings.clone() });
        let messages = self.0.iter().flat_map(|(name, queue)| {
            let mut messages: Vec<_> = queue.messages.values().collect();
            messages.sort_by_key(|(place, _)| place);
            messages.into_iter().map(|(_, m)| Entry::Sent { queue: name.clone(), message: m.clone() })
        });
        settings.chain(messages)
    }

    /// How many entries [`State::entries`] gives.
    pub(super) fn len(&self) -> usize {
        self.0.len() + self.0.values().map(|queue| queue.messages.len()).sum::<usize>()
    }

    fn with(&mut self, name: &str, change: impl FnOnce(&mut Queue)) {
        if let Some(queue) = self.0.get_mut(name) {
            change(queue);
        }
    }
}

impl Queue {
    /// When the next message becomes visible, if there is one.
    pub(super) fn next(&self) -> Option<Millis> {
        self.order.first().map(|(visible, ..)| *visible)
    }

    pub(super) fn counts(&self, now: Millis) -> Counts {
        let hidden =
            || self.messages.values().map(|(_, message)| message).filter(|message| message.visible > now);
        Counts {
            visible: self.visible(now).count(),
            in_flight: hidden().filter(|message| message.receives > 0).count(),
            delayed: hidden().filter(|message| message.receives == 0).count(),
        }
    }

    fn visible(&self, now: Millis) -> impl Iterator<Item = &Message> {
        let due = self.order.iter().take_while(move |(visible, ..)| *visible <= now);
        due.filter_map(|(.., id)| self.messages.get(id).map(|(_, message)| message))
    }

    /// The message whose latest delivery has this receipt.
    fn held(&self, receipt: &str) -> Result<Option<&Message>, Fault> {
        let (id, receives) = receipt.split_once(':').ok_or_else(Fault::invalid_receipt)?;
        let receives: u32 = receives.parse().map_err(|_| Fault::invalid_receipt())?;
        let held = self.messages.get(id).map(|(_, message)| message);
        Ok(held.filter(|message| message.receives == receives))
    }

    fn insert(&mut self, message: Message) {
        self.arrivals += 1;
        self.order.insert((message.visible, self.arrivals, message.id.clone()));
        self.messages.insert(message.id.clone(), (self.arrivals, message));
    }

    fn remove(&mut self, id: &str) -> Option<Message> {
        let (place, message) = self.messages.remove(id)?;
        self.order.remove(&(message.visible, place, message.id.clone()));
        Some(message)
    }
}

fn later(now: Millis, seconds: u32) -> Millis {
    now.saturating_add(Millis::from(seconds) * 1_000)
}
