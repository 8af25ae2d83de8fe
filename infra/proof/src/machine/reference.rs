//! What should happen: the ledger as plain maps, without blocks, marks, conditions or transactions.

use std::collections::BTreeMap;

use domain::pool::Count;
use domain::requests::REMEMBERED;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::script::{CELLS, Change, Made, Name, Offering, Plan, Slots, Transition, Units, transitions};
use crate::acts::Outcome;

/// Where a record stands, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Held { until: i64 },
    Expired,
    Confirmed,
    Cancelled,
}

/// A record: its version and the numbers of the changes that it remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record<T> {
    pub(super) what: T,
    pub(super) stage: Stage,
    version: u32,
    known: Vec<u32>,
}

/// The records of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Records {
    pub(super) booking: Option<Record<Slots>>,
    pub(super) order: Option<Record<Vec<Units>>>,
}

/// What was asked for under a letter, and what became of it.
#[derive(Debug, Clone)]
struct Asked {
    plan: Plan,
    first: Records,
    now: Records,
    last: Option<(Change, u32)>,
}

/// The whole state.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// Minutes since the beginning.
    pub(super) now: i64,
    pub(super) cells: BTreeMap<(u8, u8), Count>,
    /// What the last step must have answered, in order.
    pub(super) answers: Vec<Outcome>,
    /// Whether something was offered below what was sold.
    pub(super) below_sold: bool,
    asked: BTreeMap<Name, Asked>,
    changes: u32,
}

type Tried<T> = Result<T, Outcome>;

impl<T: Clone> Record<T> {
    fn stage_at(&self, now: i64) -> Stage {
        match self.stage {
            Stage::Held { until } if until < now => Stage::Expired,
            stage => stage,
        }
    }

    fn step(&self, change: &Change, key: Option<u32>, now: i64) -> Tried<Self> {
        let stage = match (self.stage_at(now), change) {
            (Stage::Expired, Change::Release) if self.stage != Stage::Expired => Stage::Expired,
            (_, Change::Release) | (Stage::Cancelled, _) | (Stage::Confirmed, Change::Confirm) => {
                return Err(Outcome::Wrong);
            }
            (Stage::Expired, _) => return Err(Outcome::Expired),
            (Stage::Held { .. }, Change::Confirm) => Stage::Confirmed,
            (_, Change::Cancel) => Stage::Cancelled,
            (stage, Change::Move(_) | Change::Lines(_)) => stage,
        };
        let mut known = self.known.clone();
        known.extend(key);
        let forgotten = known.len().saturating_sub(REMEMBERED);
        known.drain(..forgotten);
        Ok(Self { stage, version: self.version + 1, known, what: self.what.clone() })
    }
}

impl Records {
    /// The records after the change.
    fn step(&self, change: &Change, key: Option<u32>, now: i64) -> Tried<Self> {
        let mut after = Self::default();
        if let Some(booking) = self.booking.as_ref().filter(|_| touches_time(change)) {
            let mut next = booking.step(change, key, now)?;
            if let Change::Move(slots) = change {
                next.what = *slots;
            }
            after.booking = Some(next);
        }
        if let Some(order) = self.order.as_ref().filter(|_| touches_units(change)) {
            let mut next = order.step(change, key, now)?;
            if let Change::Lines(lines) = change {
                next.what.clone_from(lines);
            }
            after.order = Some(next);
        }
        if after == Self::default() { Err(Outcome::Missing) } else { Ok(after) }
    }

    /// Whether any of it can still be changed.
    fn live(&self, now: i64) -> bool {
        let live = |stage: Stage| matches!(stage, Stage::Held { .. } | Stage::Confirmed);
        self.booking.as_ref().is_some_and(|record| live(record.stage_at(now)))
            || self.order.as_ref().is_some_and(|record| live(record.stage_at(now)))
    }

    fn is_of(&self, key: u32) -> bool {
        self.booking.as_ref().is_some_and(|record| record.known.contains(&key))
            || self.order.as_ref().is_some_and(|record| record.known.contains(&key))
    }

    /// Units by cell that the order claims.
    fn units(&self) -> BTreeMap<(u8, u8), i64> {
        let order = self.order.as_ref();
        let order = order.filter(|order| matches!(order.stage, Stage::Held { .. } | Stage::Confirmed));
        order.map(|order| sum(&order.what)).unwrap_or_default()
    }
}

fn touches_time(change: &Change) -> bool {
    matches!(change, Change::Confirm | Change::Cancel | Change::Move(_))
}

fn touches_units(change: &Change) -> bool {
    !matches!(change, Change::Move(_))
}

fn sum(lines: &[Units]) -> BTreeMap<(u8, u8), i64> {
    let mut sum = BTreeMap::new();
    for line in lines {
        for cell in line.from..line.to {
            *sum.entry((line.pool, cell)).or_default() += i64::from(line.quantity);
        }
    }
    sum
}

impl World {
    pub(super) fn records(&self) -> impl Iterator<Item = (Name, &Records)> {
        self.asked.iter().map(|(name, asked)| (*name, &asked.now))
    }

    /// The change that was tried last under a letter, and its number.
    pub(super) fn last(&self, name: Name) -> Option<(Change, u32)> {
        self.asked.get(&name)?.last.clone()
    }

    pub(super) fn plan(&self, name: Name) -> Option<&Plan> {
        self.asked.get(&name).map(|asked| &asked.plan)
    }

    /// Whether nobody but `own` has any of the slots.
    fn free(&self, slots: Slots, own: Option<Name>) -> bool {
        !self.records().filter(|(name, _)| Some(*name) != own).any(|(_, records)| {
            records.booking.as_ref().is_some_and(|booking| {
                let live = matches!(booking.stage_at(self.now), Stage::Held { .. } | Stage::Confirmed);
                let other = &booking.what;
                live && other.resource == slots.resource && other.from < slots.to && slots.from < other.to
            })
        })
    }

    /// Whether so many more units of the cells can be had, or given back where the number is below zero.
    fn has(&self, units: &BTreeMap<(u8, u8), i64>, overbook: bool) -> bool {
        units.iter().filter(|(_, units)| **units > 0).all(|(cell, units)| {
            self.cells.get(cell).is_some_and(|count| {
                let beyond = if overbook { count.overbooking } else { 0 };
                !count.closed && count.free + beyond >= *units
            })
        })
    }

    fn count(&mut self, units: &BTreeMap<(u8, u8), i64>) {
        for (cell, units) in units {
            if let Some(count) = self.cells.get_mut(cell) {
                count.claimed += units;
                count.free -= units;
            }
        }
    }

    fn claim(&mut self, name: Name, plan: &Plan) -> Tried<()> {
        if self.asked.get(&name).is_some_and(|asked| asked.now != Records::default()) {
            return Err(Outcome::Replayed);
        }
        if plan.time.is_some_and(|slots| !self.free(slots, None)) {
            return Err(Outcome::Taken);
        }
        let units = sum(&plan.lines);
        if !self.has(&units, plan.overbook) {
            return Err(Outcome::SoldOut);
        }
        self.count(&units);
        let until = plan.hold.map(|hold| self.now + i64::from(hold));
        let stage = until.map_or(Stage::Confirmed, |until| Stage::Held { until });
        let records = Records {
            booking: plan.time.map(|what| Record { what, stage, version: 1, known: Vec::new() }),
            order: Some(&plan.lines).filter(|lines| !lines.is_empty()).map(|lines| Record {
                what: lines.clone(),
                stage,
                version: 1,
                known: Vec::new(),
            }),
        };
        if let Some(asked) = self.asked.get_mut(&name) {
            (asked.first, asked.now) = (records.clone(), records);
        }
        Ok(())
    }

    /// Writes a change over the records as they were seen.
    fn write(&mut self, name: Name, seen: &Records, change: &Change, key: Option<u32>) -> Tried<()> {
        let after = seen.step(change, key, self.now)?;
        let current = self.asked.get(&name).map(|asked| asked.now.clone()).unwrap_or_default();
        let newer = |seen: u32, now: Option<u32>| now.is_some_and(|now| now + 1 != seen);
        let booking = after.booking.as_ref();
        let order = after.order.as_ref();
        if booking.is_some_and(|after| newer(after.version, current.booking.as_ref().map(|now| now.version)))
            || order.is_some_and(|after| newer(after.version, current.order.as_ref().map(|now| now.version)))
        {
            return Err(Outcome::Changed);
        }
        if let Change::Move(slots) = change
            && booking.is_some()
            && !self.free(*slots, Some(name))
        {
            return Err(Outcome::Taken);
        }
        let next = Records {
            booking: after.booking.or(current.booking.clone()),
            order: after.order.or(current.order.clone()),
        };
        let mut units = next.units();
        for (cell, before) in current.units() {
            *units.entry(cell).or_default() -= before;
        }
        if !self.has(&units, false) {
            return Err(Outcome::SoldOut);
        }
        self.count(&units);
        if let Some(asked) = self.asked.get_mut(&name) {
            asked.now = next;
        }
        Ok(())
    }

    fn change(&mut self, name: Name, change: &Change, key: Option<u32>) -> Tried<()> {
        let seen = self.asked.get(&name).map(|asked| asked.now.clone()).unwrap_or_default();
        if seen == Records::default() {
            return Err(Outcome::Missing);
        }
        if key.is_some_and(|key| seen.is_of(key)) {
            return Err(Outcome::Replayed);
        }
        self.write(name, &seen, change, key)
    }

    fn offer(&mut self, offering: &Offering) -> Tried<()> {
        let mut after = self.cells.clone();
        let reached =
            |(pool, cell): &(u8, u8)| *pool == offering.pool && (offering.from..offering.to).contains(cell);
        for (_, count) in after.iter_mut().filter(|(cell, _)| reached(cell)) {
            if let Some(capacity) = offering.capacity.map(i64::from) {
                count.free += capacity - count.capacity;
                count.capacity = capacity;
            }
            count.overbooking = offering.overbooking.map_or(count.overbooking, i64::from);
            count.closed = offering.closed.unwrap_or(count.closed);
        }
        // What makes a shortage smaller is never refused.
        let short = |count: &Count| (-count.free - count.overbooking).max(0);
        let deeper =
            after.iter().zip(self.cells.values()).any(|((_, after), before)| short(after) > short(before));
        if deeper && !offering.queue {
            return Err(Outcome::BelowSold);
        }
        self.below_sold |= deeper;
        self.cells = after;
        Ok(())
    }

    /// A new number for a change; a release has none.
    fn key(&mut self, name: Name, change: &Change) -> Option<u32> {
        if *change == Change::Release {
            return None;
        }
        self.changes += 1;
        if let Some(asked) = self.asked.get_mut(&name) {
            asked.last = Some((change.clone(), self.changes));
        }
        Some(self.changes)
    }

    fn does(&mut self, transition: &Transition) -> Vec<Tried<()>> {
        match transition {
            Transition::Claim(name, plan) => {
                let (first, now) = Default::default();
                self.asked.insert(*name, Asked { plan: plan.clone(), first, now, last: None });
                vec![self.claim(*name, plan)]
            }
            Transition::ClaimAgain(name) => {
                let plan = self.plan(*name).cloned();
                plan.map(|plan| self.claim(*name, &plan)).into_iter().collect()
            }
            Transition::Change(name, change) => {
                let key = self.key(*name, change);
                vec![self.change(*name, change, key)]
            }
            Transition::ChangeAgain(name) => {
                let last = self.last(*name);
                last.map(|(change, key)| self.change(*name, &change, Some(key))).into_iter().collect()
            }
            Transition::Stale(name, change) => {
                let seen = self.asked.get(name).map(|asked| asked.first.clone()).unwrap_or_default();
                vec![self.write(*name, &seen, change, None)]
            }
            Transition::Twice(name, change) => {
                let seen = self.asked.get(name).map(|asked| asked.now.clone()).unwrap_or_default();
                vec![self.write(*name, &seen, change, None), self.write(*name, &seen, change, None)]
            }
            Transition::Offer(offering) => vec![self.offer(offering)],
            Transition::Wait(minutes) => {
                self.now += i64::from(*minutes);
                Vec::new()
            }
        }
    }
}

/// The machine whose behaviour the database is held to.
pub(super) struct Reference;

impl ReferenceStateMachine for Reference {
    type State = World;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<World> {
        let count = Count { capacity: 3, claimed: 0, free: 3, overbooking: 1, closed: false };
        let cells =
            (0_u8..).zip(CELLS).flat_map(|(pool, cells)| (0..cells).map(move |cell| ((pool, cell), count)));
        Just(World {
            now: 0,
            cells: cells.collect(),
            answers: Vec::new(),
            below_sold: false,
            asked: BTreeMap::new(),
            changes: 0,
        })
        .boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Transition> {
        let next = world.asked.keys().last().map_or(0, |name| name.0.saturating_add(1));
        let made = world.records().filter(|(_, records)| **records != Records::default());
        let made = made.flat_map(|(name, records)| {
            let made = Made { name, time: records.booking.is_some(), units: records.order.is_some() };
            std::iter::repeat_n(made, if records.live(world.now) { 6 } else { 1 })
        });
        let made: Vec<Made> = made.collect();
        transitions(Name(next), world.asked.keys().copied().collect(), &made)
    }

    fn preconditions(world: &World, transition: &Transition) -> bool {
        match transition {
            Transition::Claim(name, _) => !world.asked.contains_key(name),
            Transition::ClaimAgain(name)
            | Transition::Change(name, _)
            | Transition::Stale(name, _)
            | Transition::Twice(name, _) => world.asked.contains_key(name),
            Transition::ChangeAgain(name) => world.asked.get(name).is_some_and(|asked| asked.last.is_some()),
            Transition::Offer(_) | Transition::Wait(_) => true,
        }
    }

    fn apply(mut world: World, transition: &Transition) -> World {
        let done = world.does(transition);
        world.answers = done.into_iter().map(|done| done.err().unwrap_or(Outcome::Done)).collect();
        world
    }
}
