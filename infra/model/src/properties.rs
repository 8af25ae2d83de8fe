//! What must hold in every state and of every step, and what must happen at least once.

use stateright::Property;

use super::bounds::{Bounds, Reach};
use super::command::{Ask, Attempt, Plan};
use super::protocol::Protocol;
use super::stored::{Kind, Mark, Phase, Record, SOLD, Stored, Tx, Units, is_free};
use super::world::{State, World};

/// Of all records that claim a quantum, one at most has it, and it carries that one's mark.
pub const ONE_OWNER: &str = "a quantum has one owner";
/// A mark that is not over belongs to a record that claims the quantum.
pub const NO_STRAY_MARK: &str = "a live mark has its record";
/// What is confirmed, and what a client was told is, stays with its claim until it is cancelled.
pub const NO_LOST_CONFIRM: &str = "a confirmed claim stays";
/// n is the sum of the units of records that claim, and n + f = c.
pub const UNITS_ADD_UP: &str = "units add up";
/// n is at most c + o; more only after an operator's cut, which is recorded.
pub const WITHIN_CAPACITY: &str = "sold within capacity";
/// A step takes nothing from another owner unless that one's hold is over by the clock of the step.
pub const NO_FOREIGN_RELEASE: &str = "nobody's claim is released by another";
/// However often a command is repeated or arrives.
pub const ONCE: &str = "a command takes effect once";
/// A new attempt at what was done, and not changed since, is told so.
pub const ANSWERED: &str = "a repeated command is told what it did";
/// A capacity is set to what its operator wanted, not to something else because of others.
pub const AS_ASKED: &str = "a capacity becomes what was asked";
/// By the clock of whoever confirms.
pub const NOT_LATE: &str = "an ended hold is not confirmed";
/// From every state, a sweep after the last hold leaves no dead units, and no quantum that a dead hold blocks.
pub const RESOLVES: &str = "every hold resolves";

/// Every property that must hold always.
pub const ALWAYS: [&str; 11] = [
    ONE_OWNER,
    NO_STRAY_MARK,
    NO_LOST_CONFIRM,
    UNITS_ADD_UP,
    WITHIN_CAPACITY,
    NO_FOREIGN_RELEASE,
    ONCE,
    ANSWERED,
    AS_ASKED,
    NOT_LATE,
    RESOLVES,
];

/// An instant after all that can be held within any bounds.
const AFTERWARDS: u8 = 200;

/// What a step did that no step may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Broken(u8);

impl Broken {
    const LOST: u8 = 1;
    const OVERSOLD: u8 = 2;
    const FOREIGN: u8 = 4;
    const TWICE: u8 = 8;
    const LATE: u8 = 16;
    const UNASKED: u8 = 32;
    const DENIED: u8 = 64;

    /// A client is told no although its command was the last to change the record.
    pub(crate) fn denied() -> Self {
        Self(Self::DENIED)
    }

    fn add(&mut self, what: u8, when: bool) {
        self.0 |= if when { what } else { 0 };
    }

    fn has(self, what: u8) -> bool {
        self.0 & what != 0
    }
}

/// Judges the step that led from `before` to the state.
pub(crate) fn step(state: &State, before: &Stored, tx: &Tx) -> Broken {
    let after = &state.stored;
    let mut broken = Broken::default();
    let claims = before.record(tx.owner).filter(|record| record.until().is_some());
    let confirmed = |record: &Record| record.phase == Phase::Confirmed;
    broken.add(
        Broken::LOST,
        claims.is_some_and(confirmed)
            && !after.record(tx.owner).is_some_and(confirmed)
            && tx.kind != Kind::Cancel,
    );

    let more = after.cell.claimed > before.cell.claimed;
    let normal = matches!(tx.units, Units::Claim(_));
    broken.add(Broken::OVERSOLD, more && after.cell.claimed > after.cell.capacity + after.cell.allowance);
    broken.add(Broken::OVERSOLD, more && normal && after.cell.free < 0);
    broken.add(Broken::OVERSOLD, more && before.cell.closed);
    let refusing = matches!(tx.units, Units::Resize(by, _, false) if by < 0);
    broken.add(Broken::OVERSOLD, refusing && after.cell.free < 0);

    let foreign = |(old, new): (&Option<Mark>, &Option<Mark>)| {
        old != new && old.is_some_and(|old| old.owner != tx.owner && old.until >= tx.clock)
    };
    broken.add(Broken::FOREIGN, before.quanta.iter().zip(&after.quanta).any(foreign));
    let released = before.cell.claimed - after.cell.claimed;
    broken.add(Broken::FOREIGN, released > 0 && claims.is_none_or(|record| record.units != released));
    let held = |record: &Record| match record.phase {
        Phase::Held(until) => Some(until),
        _ => None,
    };
    let ended = |record: &Record| held(record).is_some_and(|until| until < tx.clock);
    broken.add(Broken::FOREIGN, tx.kind == Kind::Expire && !claims.is_some_and(ended));

    // Closing what is closed is no second effect.
    broken.add(Broken::TWICE, state.done & 1 << tx.key != 0 && before != after);
    let capacity = i16::from(after.cell.capacity);
    let asked = |by, seen| capacity == i16::from(by) + i16::from(seen);
    broken.add(Broken::UNASKED, matches!(tx.units, Units::Resize(by, seen, _) if !asked(by, seen)));
    broken.add(Broken::LATE, tx.kind == Kind::Confirm && claims.is_some_and(ended));
    broken
}

/// The properties of an exploration.
pub(crate) fn all(bounds: &Bounds) -> Vec<Property<World>> {
    let mut all: Vec<Property<World>> = vec![
        Property::always(ONE_OWNER, |world: &World, state: &State| {
            world.first(0, has_one_owner(world, state))
        }),
        Property::always(NO_STRAY_MARK, |world: &World, state: &State| {
            world.first(1, has_no_stray_mark(world, state))
        }),
        Property::always(NO_LOST_CONFIRM, |world: &World, state: &State| {
            world.first(2, !state.broken.has(Broken::LOST) && keeps_what_was_told(state))
        }),
        Property::always(UNITS_ADD_UP, |world: &World, state: &State| {
            world.first(3, units_add_up(&state.stored))
        }),
        Property::always(WITHIN_CAPACITY, |world: &World, state: &State| {
            world.first(4, !state.broken.has(Broken::OVERSOLD) && is_within_capacity(&state.stored))
        }),
        Property::always(NO_FOREIGN_RELEASE, |world: &World, state: &State| {
            world.first(5, !state.broken.has(Broken::FOREIGN))
        }),
        Property::always(ONCE, |world: &World, state: &State| {
            world.first(6, !state.broken.has(Broken::TWICE))
        }),
        Property::always(NOT_LATE, |world: &World, state: &State| {
            world.first(7, !state.broken.has(Broken::LATE))
        }),
        Property::always(RESOLVES, |world: &World, state: &State| {
            world.first(8, resolves(world.bounds.protocol, state))
        }),
        Property::always(ANSWERED, |world: &World, state: &State| {
            world.first(9, !state.broken.has(Broken::DENIED))
        }),
        Property::always(AS_ASKED, |world: &World, state: &State| {
            world.first(10, !state.broken.has(Broken::UNASKED))
        }),
    ];
    all.extend(bounds.reaches.iter().map(|reach| reached(*reach)));
    all
}

/// A condition has no room for the situation, so that each has its own.
fn reached(reach: Reach) -> Property<World> {
    let condition: fn(&World, &State) -> bool = match reach {
        Reach::Takeover => |world, _| world.reached(Reach::Takeover) > 0,
        Reach::EarlyTakeover => |world, _| world.reached(Reach::EarlyTakeover) > 0,
        Reach::LateConfirm => |world, _| world.reached(Reach::LateConfirm) > 0,
        Reach::Duplicate => |world, _| world.reached(Reach::Duplicate) > 0,
        Reach::Overbooked => |world, _| world.reached(Reach::Overbooked) > 0,
        Reach::Replay => |world, _| world.reached(Reach::Replay) > 0,
        Reach::Collision => |world, _| world.reached(Reach::Collision) > 0,
        Reach::Moved => |world, _| world.reached(Reach::Moved) > 0,
        Reach::Expired => |world, _| world.reached(Reach::Expired) > 0,
        Reach::Cut => |world, _| world.reached(Reach::Cut) > 0,
        Reach::RefusedYetDone => |world, _| world.reached(Reach::RefusedYetDone) > 0,
    };
    Property::sometimes(reach.name(), condition)
}

/// Whether the record's span has the quantum.
fn claims(record: Record, quantum: usize) -> bool {
    record.span & 1 << quantum != 0
}

/// Whether the claim is live by every clock.
fn is_live(until: u8, world: &World, state: &State) -> bool {
    until == SOLD || until >= state.now + world.bounds.skew
}

fn has_one_owner(world: &World, state: &State) -> bool {
    state.stored.owners().all(|(owner, record)| {
        let Some(until) = record.until().filter(|until| is_live(*until, world, state)) else { return true };
        let own = Some(Mark { until, owner });
        state
            .stored
            .quanta
            .iter()
            .enumerate()
            .all(|(quantum, mark)| !claims(*record, quantum) || *mark == own)
    })
}

fn has_no_stray_mark(world: &World, state: &State) -> bool {
    state.stored.quanta.iter().enumerate().all(|(quantum, mark)| {
        let Some(mark) = mark.filter(|mark| is_live(mark.until, world, state)) else { return true };
        let record = state.stored.record(mark.owner);
        record.is_some_and(|record| record.until() == Some(mark.until) && claims(*record, quantum))
    })
}

fn keeps_what_was_told(state: &State) -> bool {
    (0_u8..8)
        .filter(|owner| state.told & 1 << owner != 0)
        .all(|owner| state.stored.record(owner).is_some_and(|record| record.phase == Phase::Confirmed))
}

fn is_within_capacity(stored: &Stored) -> bool {
    stored.cut || stored.cell.claimed <= stored.cell.capacity + stored.cell.allowance
}

fn units_add_up(stored: &Stored) -> bool {
    let claiming = stored.owners().filter(|(_, record)| record.until().is_some());
    let sum: i8 = claiming.map(|(_, record)| record.units).sum();
    sum == stored.cell.claimed && stored.cell.claimed + stored.cell.free == stored.cell.capacity
}

fn resolves(protocol: Protocol, state: &State) -> bool {
    let mut stored = state.stored;
    for (owner, _) in state.stored.owners() {
        let ask = Ask::Expire(owner);
        let sweep = Attempt { ask, key: 31, clock: AFTERWARDS, hold: 0, again: None };
        if let Plan::Send(tx) = sweep.plan(&stored, protocol) {
            stored = stored.apply(&tx, protocol).unwrap_or(stored);
        }
    }
    let dead = |record: &Record| record.units > 0 && matches!(record.phase, Phase::Held(_));
    let blocked = |(quantum, mark): (usize, &Option<Mark>)| {
        let sold = |mark: Mark| {
            let record = stored.record(mark.owner);
            record.is_some_and(|record| record.phase == Phase::Confirmed && claims(*record, quantum))
        };
        !is_free(*mark, AFTERWARDS, protocol) && !mark.is_some_and(sold)
    };
    !stored.owners().any(|(_, record)| dead(record)) && !stored.quanta.iter().enumerate().any(blocked)
}
