//! The real database, taken through one script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::pool::{Cell, Cells, Nights, PoolKind};
use domain::{BookingState, OrderLine, OrderState, PoolId, ResourceId, Span};
use errors::{Error, Result};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use ledger::{BelowSold, Offer};
use proptest::test_runner::TestCaseError;
use proptest_state_machine::ReferenceStateMachine;
use store::Store;

use super::reference::{Records, Reference, Stage, World};
use super::script::{CELLS, Change, Name, Offering, Plan, RESOURCES, Slots, Transition, Units};
use super::{Tally, failed};
use crate::acts::{self, Desk, Key, Outcome, Seen, Step, Wanted};
use crate::chance::Chance;
use crate::checks::{Facts, Known};

/// The database in one case: resources, pools and keys that no other case has.
pub(super) struct Case {
    desk: Desk,
    world: acts::World,
    known: Known,
    resources: Vec<ResourceId>,
    pools: Vec<PoolId>,
    keys: BTreeMap<Name, Claimed>,
    chance: Chance,
}

/// A key, the records as they were first stored, and the keys of changes by number.
struct Claimed {
    key: Key,
    first: Seen,
    changes: BTreeMap<u32, Key>,
}

fn instant(minutes: i64) -> Timestamp {
    let start = date(2027, 1, 20).to_zoned(jiff::tz::TimeZone::UTC).map(|start| start.timestamp());
    start.unwrap_or_default() + SignedDuration::from_mins(minutes)
}

/// The slot's first instant; the fifth begins a block of the ledger.
fn slot(number: u8) -> Timestamp {
    instant(10 * 24 * 60 + 5 * 60 + 40 + 5 * i64::from(number))
}

fn night(number: u8) -> Date {
    date(2027, 1, 30).saturating_add(i32::from(number).days())
}

fn cells(pool: u8, from: u8, to: u8) -> Result<Cells> {
    if pool == 0 {
        return Ok(Cells::Total);
    }
    let nights = Nights::new(night(from), night(to)).ok_or_else(|| Error::internal("no nights"))?;
    Ok(Cells::Nights(nights))
}

fn cell(pool: u8, number: u8) -> Cell {
    if pool == 0 { Cell::Total } else { Cell::Night(night(number)) }
}

impl Case {
    pub(super) fn new(store: Store, mut chance: Chance) -> Result<Self> {
        let resources: Vec<_> =
            (0..RESOURCES).map(|_| ResourceId::derived(chance.bits().to_be_bytes())).collect();
        let pools: Vec<_> = CELLS.iter().map(|_| PoolId::derived(chance.bits().to_be_bytes())).collect();
        let known = Known {
            resources: resources.iter().copied().collect(),
            pools: pools.iter().copied().collect(),
            shared: true,
            ..Known::default()
        };
        let world = acts::World::new((0, 0))?;
        let desk = Desk::new(store, world.clone());
        Ok(Self { desk, world, known, resources, pools, keys: BTreeMap::new(), chance })
    }

    /// Opens the pools, takes the steps one after the other, and lets every hold run out at the end.
    pub(super) async fn play(
        mut self,
        mut world: World,
        script: Vec<Transition>,
        seen: Option<Arc<AtomicUsize>>,
        tally: &Tally,
    ) -> std::result::Result<(), TestCaseError> {
        self.open(&world).await.map_err(failed)?;
        for transition in script {
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            world = Reference::apply(world, &transition);
            let answers = self.take(&world, &transition).await.map_err(failed)?;
            tally.step(&answers);
            if answers != world.answers {
                let said = format!("{transition:?} answers {answers:?} and should {:?}", world.answers);
                return Err(TestCaseError::fail(said));
            }
            let facts = Facts::read(self.desk.store(), &self.known).await.map_err(failed)?;
            self.known.below_sold = world.below_sold;
            let mut violations = facts.violations(&self.known, instant(world.now), false);
            self.compare(&world, &facts, &mut violations);
            if !violations.is_empty() {
                return Err(TestCaseError::fail(format!("after {transition:?}: {}", violations.join("; "))));
            }
        }
        let end = instant(world.now + 60);
        for claimed in self.keys.values() {
            let _ = self.desk.change(claimed.key, None, &Step::Release, end).await;
        }
        let facts = Facts::read(self.desk.store(), &self.known).await.map_err(failed)?;
        let violations = facts.violations(&self.known, end, true);
        if violations.is_empty() { Ok(()) } else { Err(TestCaseError::fail(violations.join("; "))) }
    }

    async fn open(&mut self, world: &World) -> Result<()> {
        for (pool, kind) in [PoolKind::Total, PoolKind::Nightly].into_iter().enumerate() {
            let id = self.pool(pool)?;
            self.world.open(self.desk.store(), id, kind, instant(0)).await?;
        }
        for ((pool, number), count) in &world.cells {
            let whole = |number: i64| u32::try_from(number).ok();
            let offer = Offer {
                capacity: whole(count.capacity),
                overbooking: whole(count.overbooking),
                closed: None,
            };
            let key = Key(self.chance.bits());
            let cells = cells(*pool, *number, number + 1)?;
            let id = self.pool(usize::from(*pool))?;
            self.desk.offer(key, (id, &cells), &offer, BelowSold::Refuse, instant(0)).await?;
        }
        Ok(())
    }

    async fn take(&mut self, world: &World, transition: &Transition) -> Result<Vec<Outcome>> {
        let now = instant(world.now);
        Ok(match transition {
            Transition::Claim(name, plan) => {
                let key = Key(self.chance.bits());
                let (first, changes) = Default::default();
                self.keys.insert(*name, Claimed { key, first, changes });
                self.known.keys.insert(key);
                vec![self.claim(*name, plan, now).await?]
            }
            Transition::ClaimAgain(name) => match world.plan(*name) {
                Some(plan) => vec![self.claim(*name, plan, now).await?],
                None => Vec::new(),
            },
            Transition::Change(name, _) | Transition::ChangeAgain(name) => {
                let (change, number) = match (transition, world.last(*name)) {
                    (Transition::Change(_, Change::Release), _) => (Change::Release, None),
                    (_, Some((change, number))) => (change, Some(number)),
                    (_, None) => return Ok(Vec::new()),
                };
                let (step, fresh) = (self.step(&change)?, Key(self.chance.bits()));
                let claimed = self.keys.get_mut(name).ok_or_else(|| Error::internal("no such claim"))?;
                let key = number.map(|number| *claimed.changes.entry(number).or_insert(fresh));
                let done = self.desk.change(claimed.key, key, &step, now).await;
                vec![done.unwrap_or_else(Outcome::from)]
            }
            Transition::Stale(name, change) => {
                let seen = self.claimed(*name)?.first.clone();
                vec![self.write(seen, change, now).await?]
            }
            Transition::Twice(name, change) => {
                let seen = self.desk.seen(self.claimed(*name)?.key).await?;
                vec![self.write(seen.clone(), change, now).await?, self.write(seen, change, now).await?]
            }
            Transition::Offer(offering) => vec![self.offer(offering, now).await?],
            Transition::Wait(_) => Vec::new(),
        })
    }

    async fn claim(&mut self, name: Name, plan: &Plan, now: Timestamp) -> Result<Outcome> {
        let wanted = Wanted {
            time: plan.time.map(|slots| self.place(slots)).transpose()?,
            lines: self.lines(&plan.lines)?,
            hold: plan.hold.map(|minutes| SignedDuration::from_mins(i64::from(minutes))),
            overbook: plan.overbook,
        };
        let key = self.claimed(name)?.key;
        let outcome = self.desk.claim(key, &wanted, now).await.unwrap_or_else(Outcome::from);
        if outcome == Outcome::Done {
            let first = self.desk.seen(key).await?;
            self.keys.entry(name).and_modify(|claimed| claimed.first = first);
        }
        Ok(outcome)
    }

    async fn write(&self, seen: Seen, change: &Change, now: Timestamp) -> Result<Outcome> {
        let step = self.step(change)?;
        Ok(self.desk.write(None, seen, &step, now).await.unwrap_or_else(Outcome::from))
    }

    async fn offer(&mut self, offering: &Offering, now: Timestamp) -> Result<Outcome> {
        let offer = Offer {
            capacity: offering.capacity.map(u32::from),
            overbooking: offering.overbooking.map(u32::from),
            closed: offering.closed,
        };
        let below = if offering.queue { BelowSold::Queue } else { BelowSold::Refuse };
        let pool = self.pool(usize::from(offering.pool))?;
        let cells = cells(offering.pool, offering.from, offering.to)?;
        let key = Key(self.chance.bits());
        Ok(self.desk.offer(key, (pool, &cells), &offer, below, now).await.unwrap_or_else(Outcome::from))
    }

    fn claimed(&self, name: Name) -> Result<&Claimed> {
        self.keys.get(&name).ok_or_else(|| Error::internal("no such claim"))
    }

    fn pool(&self, number: usize) -> Result<PoolId> {
        self.pools.get(number).copied().ok_or_else(|| Error::internal("no such pool"))
    }

    fn place(&self, slots: Slots) -> Result<(ResourceId, Span)> {
        let resource = self.resources.get(usize::from(slots.resource)).copied();
        let place = resource.zip(Span::new(slot(slots.from), slot(slots.to)));
        place.ok_or_else(|| Error::internal("no such slots"))
    }

    fn lines(&self, lines: &[Units]) -> Result<Vec<OrderLine>> {
        let line = |line: &Units| {
            Ok(OrderLine {
                pool: self.pool(usize::from(line.pool))?,
                cells: cells(line.pool, line.from, line.to)?,
                quantity: u32::from(line.quantity),
                overbooked: false,
            })
        };
        lines.iter().map(line).collect()
    }

    fn step(&self, change: &Change) -> Result<Step> {
        Ok(match change {
            Change::Confirm => Step::Confirm,
            Change::Cancel => Step::Cancel,
            Change::Move(slots) => {
                let (resource, span) = self.place(*slots)?;
                Step::Move(resource, span)
            }
            Change::Lines(lines) => Step::Lines(self.lines(lines)?),
            Change::Release => Step::Release,
        })
    }

    /// Adds where records or numbers are not those of the reference.
    fn compare(&self, world: &World, facts: &Facts, violations: &mut Vec<String>) {
        for ((pool, number), should) in &world.cells {
            let id = self.pools.get(usize::from(*pool)).copied();
            let is = id.and_then(|id| facts.counts().get(&(id, cell(*pool, *number))));
            if is != Some(should) {
                violations.push(format!("p{pool} {number} is {is:?} and should be {should:?}"));
            }
        }
        for (name, records) in world.records() {
            let Some(claimed) = self.keys.get(&name) else { continue };
            let booking = facts.bookings.get(&claimed.key).map(|booking| booking.state);
            let order = facts.orders.get(&claimed.key).map(|order| order.state);
            if (booking, order) != states(records) {
                violations.push(format!("{name:?} is {booking:?} {order:?} and should be {records:?}"));
            }
        }
    }
}

/// The states that should be stored.
fn states(records: &Records) -> (Option<BookingState>, Option<OrderState>) {
    let booking = records.booking.as_ref().map(|record| match record.stage {
        Stage::Held { .. } => BookingState::Held,
        Stage::Expired => BookingState::Expired,
        Stage::Confirmed => BookingState::Confirmed,
        Stage::Cancelled => BookingState::Cancelled,
    });
    let order = records.order.as_ref().map(|record| match record.stage {
        Stage::Held { .. } => OrderState::Held,
        Stage::Expired => OrderState::Expired,
        Stage::Confirmed => OrderState::Confirmed,
        Stage::Cancelled => OrderState::Cancelled,
    });
    (booking, order)
}
