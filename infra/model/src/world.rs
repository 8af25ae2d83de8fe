//! The world as a state machine: clients with clocks, a network that repeats and reorders, one store.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use stateright::{Model, Property};

use super::bounds::{Bounds, Reach};
use super::command::{Attempt, Plan};
use super::properties::{self, Broken};
use super::stored::{Cell, Kind, Mark, Phase, QUANTA, RECORDS, Refusal, Stored, Tx, Units};

/// Clients at most.
pub(crate) const CLIENTS: usize = 4;
/// Where the clocks begin.
const START: u8 = 1;

/// What a client is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// The next command of its program.
    pub(crate) next: u8,
    /// The command whose answer it waits for, and the version that its first attempt read.
    pub(crate) doing: Option<(u8, u8)>,
}

/// A transaction on its way.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that happened to it or did not")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) tx: Tx,
    pub(crate) client: u8,
    /// Whether the client still listens for its answer.
    pub(crate) awaited: bool,
    /// Whether it arrived before.
    pub(crate) arrived: bool,
    /// Whether it was carried out then.
    pub(crate) committed: bool,
    /// Whether its client was told that it is refused.
    pub(crate) denied: bool,
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    pub(crate) stored: Stored,
    pub(crate) clients: [Client; CLIENTS],
    /// In order, so that worlds that differ only in the order of sending are one.
    pub(crate) flights: Vec<Flight>,
    pub(crate) retries: u8,
    pub(crate) duplicates: u8,
    /// Commands that took effect, one bit each.
    pub(crate) done: u32,
    /// Records of which a client was told that they are confirmed, and that nobody cancelled since; one bit each.
    pub(crate) told: u8,
    /// What the step that led here broke.
    pub(crate) broken: Broken,
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    /// The client begins a command of its program: reads by a clock that is `ahead`, and sends its transaction.
    Begin {
        client: u8,
        command: u8,
        ahead: u8,
    },
    /// The client has waited long enough: it begins the same command again, with the same key.
    Again {
        client: u8,
        ahead: u8,
    },
    /// A transaction arrives; its answer reaches the client, or does not; and a copy of it is still under way, or not.
    Arrive {
        flight: u8,
        answered: bool,
        copied: bool,
    },
}

/// The model that is explored.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) bounds: Bounds,
    reached: [AtomicU64; Reach::ALL.len()],
    /// Properties found not to hold, one bit each.
    refuted: AtomicU32,
}

impl World {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, reached: std::array::from_fn(|_| AtomicU64::new(0)), refuted: AtomicU32::new(0) }
    }

    /// How often a situation came up so far.
    pub(crate) fn reached(&self, reach: Reach) -> u64 {
        self.reached.get(reach as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Whether a property holds or was found not to hold before. The checker keeps the last way to a discovery; this
    /// leaves it the first one, which is the shortest.
    pub(crate) fn first(&self, property: u32, holds: bool) -> bool {
        holds || self.refuted.fetch_or(1 << property, Ordering::Relaxed) & 1 << property != 0
    }

    fn reach(&self, reach: Reach) {
        if let Some(count) = self.reached.get(reach as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The attempt of a client at a command of its program.
    pub(crate) fn attempt(&self, now: u8, (client, command): (u8, u8), ahead: u8) -> Option<Attempt> {
        let ask = *self.bounds.programs.get(usize::from(client))?.get(usize::from(command))?;
        let key = client * 4 + command;
        Some(Attempt { ask, key, clock: now + ahead, hold: self.bounds.hold, again: None })
    }

    fn send(&self, state: &mut State, client: u8, command: u8, attempt: &Attempt) -> Option<()> {
        let version = |state: &State| {
            attempt
                .ask
                .record()
                .and_then(|owner| state.stored.record(owner))
                .map_or(0, |record| record.version)
        };
        let seen = attempt.again.unwrap_or_else(|| version(state));
        let slot = state.clients.get_mut(usize::from(client))?;
        slot.next = command + 1;
        slot.doing = None;
        match attempt.plan(&state.stored, self.bounds.protocol) {
            Plan::Send(tx) => {
                slot.doing = Some((command, seen));
                state.flights.push(Flight {
                    tx,
                    client,
                    awaited: true,
                    arrived: false,
                    committed: false,
                    denied: false,
                });
                state.flights.sort_unstable();
            }
            Plan::Replay => {
                self.reach(Reach::Replay);
                tell(state, attempt.ask.record());
            }
            Plan::Refuse { late } => {
                if late {
                    self.reach(Reach::LateConfirm);
                }
                // At a first attempt nothing was sent: the same as never having asked.
                attempt.again?;
                let record = attempt.ask.record().and_then(|owner| state.stored.record(owner));
                if record.is_some_and(|record| record.last == attempt.key) {
                    state.broken = Broken::denied();
                }
            }
        }
        Some(())
    }

    fn arrive(&self, state: &mut State, index: u8, answered: bool, copied: bool) -> Option<()> {
        let index = usize::from(index);
        let flight = *state.flights.get(index)?;
        let (tx, before) = (flight.tx, state.stored);
        if flight.arrived {
            self.reach(Reach::Duplicate);
        }
        let known = flight.committed && self.bounds.tokens;
        let result = if known { Ok(before) } else { before.apply(&tx, self.bounds.protocol) };
        let executed = result.is_ok() && !known;
        if let (Ok(after), true) = (&result, executed) {
            state.stored = *after;
            self.note(&before, after, &flight);
            state.broken = properties::step(state, &before, &tx);
            state.done |= 1 << tx.key;
            if tx.kind == Kind::Cancel {
                state.told &= !(1 << tx.owner);
            }
        }
        let denied = matches!(result, Err(refusal) if refusal != Refusal::Exists);
        if denied {
            self.note_refusal(&tx);
        }
        if answered {
            state.clients.get_mut(usize::from(flight.client))?.doing = None;
            if result == Err(Refusal::Exists) {
                self.reach(Reach::Replay);
            }
            if !denied && matches!(tx.kind, Kind::Confirm | Kind::Create) {
                tell(state, Some(tx.owner));
            }
        }
        for (place, other) in state.flights.iter_mut().enumerate() {
            other.denied |= answered && denied && other.tx.key == tx.key;
            if place == index {
                (other.arrived, other.committed) = (true, flight.committed || executed);
                other.awaited &= !answered;
            }
        }
        if copied {
            state.duplicates -= 1;
        } else {
            state.flights.remove(index);
        }
        state.flights.sort_unstable();
        Some(())
    }

    fn note(&self, before: &Stored, after: &Stored, flight: &Flight) {
        let tx = &flight.tx;
        let taken = |(old, new): (&Option<Mark>, &Option<Mark>)| {
            old.filter(|old| new.is_some_and(|new| new.owner != old.owner)).map(|old| old.until)
        };
        for until in before.quanta.iter().zip(&after.quanta).filter_map(taken) {
            self.reach(Reach::Takeover);
            // Another environment may still see the hold as live at this instant.
            if until.saturating_add(self.bounds.skew) >= tx.clock {
                self.reach(Reach::EarlyTakeover);
            }
        }
        match tx.kind {
            Kind::Move => self.reach(Reach::Moved),
            Kind::Expire => self.reach(Reach::Expired),
            _ => {}
        }
        if matches!(tx.units, Units::Overbook(..)) {
            self.reach(Reach::Overbooked);
        }
        if after.cut && !before.cut {
            self.reach(Reach::Cut);
        }
        if flight.denied {
            self.reach(Reach::RefusedYetDone);
        }
    }

    fn note_refusal(&self, tx: &Tx) {
        match tx.kind {
            Kind::Create => self.reach(Reach::Collision),
            Kind::Confirm => self.reach(Reach::LateConfirm),
            _ => {}
        }
    }
}

/// A client hears what the record says now.
fn tell(state: &mut State, owner: Option<u8>) {
    let Some(owner) = owner else { return };
    if state.stored.record(owner).is_some_and(|record| record.phase == Phase::Confirmed) {
        state.told |= 1 << owner;
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let Bounds { capacity, allowance, retries, duplicates, .. } = self.bounds;
        let cell = Cell { claimed: 0, free: capacity, capacity, allowance, closed: false };
        let (quanta, records) = ([None; QUANTA], [None; RECORDS]);
        vec![State {
            now: START,
            stored: Stored { quanta, records, cell, events: 0, cut: false },
            clients: [Client::default(); CLIENTS],
            flights: Vec::new(),
            retries,
            duplicates,
            done: 0,
            told: 0,
            broken: Broken::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken != Broken::default() {
            return;
        }
        for (flight, at) in (0_u8..).zip(&state.flights) {
            // An answer that is lost with nobody left to ask again is a client that stops here.
            let lost = !at.awaited || state.retries > 0 || state.duplicates > 0;
            for copied in [false, true].into_iter().take(1 + usize::from(state.duplicates)) {
                if at.awaited {
                    actions.push(Action::Arrive { flight, answered: true, copied });
                }
                if lost {
                    actions.push(Action::Arrive { flight, answered: false, copied });
                }
            }
        }
        for ((client, at), program) in (0_u8..).zip(&state.clients).zip(&self.bounds.programs) {
            for ahead in 0..=self.bounds.skew {
                if at.doing.is_none() {
                    let commands = (0_u8..).take(program.len()).skip(usize::from(at.next));
                    actions.extend(commands.map(|command| Action::Begin { client, command, ahead }));
                } else if state.retries > 0 {
                    actions.push(Action::Again { client, ahead });
                }
            }
        }
        if state.now < START + self.bounds.ticks {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Begin { client, command, ahead } => {
                let attempt = self.attempt(state.now, (client, command), ahead)?;
                self.send(&mut state, client, command, &attempt)?;
            }
            Action::Again { client, ahead } => {
                let (command, version) = state.clients.get(usize::from(client))?.doing?;
                state.retries -= 1;
                let mut attempt = self.attempt(state.now, (client, command), ahead)?;
                attempt.again = Some(version);
                for flight in state.flights.iter_mut().filter(|flight| flight.client == client) {
                    flight.awaited = false;
                }
                self.send(&mut state, client, command, &attempt)?;
            }
            Action::Arrive { flight, answered, copied } => {
                self.arrive(&mut state, flight, answered, copied)?;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(&self.bounds)
    }
}
