//! The judge: says from records and ledger alone whether anything is sold twice, lost, or kept by nobody. It shares no code
//! with the auditor.

use std::collections::{BTreeMap, BTreeSet};

use domain::pool::{Cell, Count};
use domain::{Booking, BookingState, Order, OrderState, PoolId, ResourceId};
use errors::Result;
use jiff::{SignedDuration, Timestamp};
use ledger::{Found, Mark, TimeClaim};
use store::{Ids, Store};

use crate::acts::Key;

/// The ledger's step, in seconds.
const QUANTUM: i64 = 300;

/// Everything whose truth is to be established.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Every key that was ever used to claim.
    pub keys: BTreeSet<Key>,
    /// Every resource.
    pub resources: BTreeSet<ResourceId>,
    /// Every pool.
    pub pools: BTreeSet<PoolId>,
    /// Whether others use the tables too, whose entries are not looked at.
    pub shared: bool,
    /// Whether capacity was ever lowered below what was sold.
    pub below_sold: bool,
}

/// Everything that the database says of it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Bookings.
    pub bookings: BTreeMap<Key, Booking>,
    /// Orders.
    pub orders: BTreeMap<Key, Order>,
    marks: BTreeMap<(ResourceId, i64), Mark>,
    counts: BTreeMap<(PoolId, Cell), Count>,
    strangers: Vec<String>,
}

impl Facts {
    /// Reads all of it. Nothing else may be running.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn read(store: &Store, known: &Known) -> Result<Self> {
        let mut facts = Self::default();
        let ids = Ids {
            bookings: known.keys.iter().map(|key| key.booking()).collect(),
            orders: known.keys.iter().map(|key| key.order()).collect(),
            ..Ids::default()
        };
        let records = store.together(&ids).await?;
        facts.bookings.extend(records.bookings.into_iter().map(|booking| (Key(booking.id.bits()), booking)));
        facts.orders.extend(records.orders.into_iter().map(|order| (Key(order.id.bits()), order)));
        let mut after = None;
        loop {
            let (found, next) = ledger::walk(store, after).await?;
            for found in found {
                facts.add(known, found);
            }
            let Some(next) = next else { return Ok(facts) };
            after = Some(next);
        }
    }

    /// What the ledger says of each cell.
    pub fn counts(&self) -> &BTreeMap<(PoolId, Cell), Count> {
        &self.counts
    }

    fn add(&mut self, known: &Known, found: Found) {
        match found {
            Found::Block { resource, marks, .. } if known.resources.contains(&resource) => {
                for (span, mark) in marks {
                    let quanta = span.start().as_second().div_euclid(QUANTUM)..;
                    let end = span.end().as_second().div_euclid(QUANTUM);
                    self.marks.extend(
                        quanta
                            .take_while(|quantum| *quantum < end)
                            .map(|quantum| ((resource, quantum), mark)),
                    );
                }
            }
            Found::Counts { pool, counts } if known.pools.contains(&pool) => {
                self.counts.extend(counts.into_iter().map(|(cell, count)| ((pool, cell), count)));
            }
            Found::Unknown { partition } => self.strangers.push(partition),
            Found::Block { resource, .. } if !known.shared => self.strangers.push(resource.to_string()),
            Found::Counts { pool, .. } if !known.shared => self.strangers.push(pool.to_string()),
            Found::Block { .. } | Found::Counts { .. } => {}
        }
    }

    /// Every violation of what the ledger promises at `now`; `swept` says that the units of holds that ran out must have been
    /// given back by then.
    pub fn violations(&self, known: &Known, now: Timestamp, swept: bool) -> Vec<String> {
        let mut violations: Vec<String> = self
            .strangers
            .iter()
            .map(|name| format!("the ledger has an item of {name}, which nobody uses"))
            .collect();
        self.time(now, &mut violations);
        self.units(known, now, swept, &mut violations);
        self.pairs(&mut violations);
        violations
    }

    fn time(&self, now: Timestamp, violations: &mut Vec<String>) {
        let mut owners: BTreeMap<(ResourceId, i64), &Booking> = BTreeMap::new();
        let mut marked: BTreeSet<(ResourceId, i64, Mark)> = BTreeSet::new();
        for booking in self.bookings.values().filter(|booking| booking.state.claims()) {
            let mark = Mark::of(&TimeClaim::of(booking));
            let claims = booking.state_at(now) != BookingState::Expired;
            for quantum in quanta(booking) {
                let place = (booking.resource, quantum);
                marked.insert((place.0, place.1, mark));
                if !claims {
                    continue;
                }
                if let Some(other) = owners.insert(place, booking) {
                    violations.push(format!("{} is sold to {} and to {}", at(place), other.id, booking.id));
                }
                if self.marks.get(&place) != Some(&mark) {
                    violations.push(format!(
                        "{} is claimed by {} and not marked as its own",
                        at(place),
                        booking.id
                    ));
                }
            }
        }
        for ((resource, quantum), mark) in &self.marks {
            if mark.is_live(now) && !marked.contains(&(*resource, *quantum, *mark)) {
                violations.push(format!("{} is kept for nobody", at((*resource, *quantum))));
            }
        }
    }

    fn units(&self, known: &Known, now: Timestamp, swept: bool, violations: &mut Vec<String>) {
        let mut sums: BTreeMap<(PoolId, Cell), i64> = BTreeMap::new();
        for order in self.orders.values().filter(|order| order.state.claims()) {
            if swept && order.state_at(now) == OrderState::Expired {
                violations.push(format!("{} ran out and still has its units", order.id));
            }
            for line in &order.lines {
                for cell in line.cells.each() {
                    *sums.entry((line.pool, cell)).or_default() += i64::from(line.quantity);
                }
            }
        }
        for ((pool, cell), count) in &self.counts {
            let sum = sums.remove(&(*pool, *cell)).unwrap_or_default();
            if count.claimed != sum {
                violations.push(format!("{pool} {cell} counts {} units, records claim {sum}", count.claimed));
            }
            if count.claimed + count.free != count.capacity {
                violations.push(format!("{pool} {cell} does not add up: {count:?}"));
            }
            if !known.below_sold && count.claimed > count.capacity + count.overbooking {
                violations.push(format!("{pool} {cell} is sold beyond what there is: {count:?}"));
            }
        }
        for ((pool, cell), sum) in sums {
            violations.push(format!("{pool} {cell} is claimed {sum} times and was never offered"));
        }
    }

    /// What one key claimed stands or falls together; only the end of a hold is written for units alone.
    fn pairs(&self, violations: &mut Vec<String>) {
        for (key, booking) in &self.bookings {
            let Some(order) = self.orders.get(key) else { continue };
            let agree = matches!(
                (booking.state, order.state),
                (BookingState::Held, OrderState::Held | OrderState::Expired)
                    | (BookingState::Confirmed, OrderState::Confirmed)
                    | (BookingState::Cancelled, OrderState::Cancelled)
            );
            if !agree {
                violations.push(format!(
                    "{} is {:?} and its {} is {:?}",
                    booking.id, booking.state, order.id, order.state
                ));
            }
        }
    }
}

fn quanta(booking: &Booking) -> impl Iterator<Item = i64> + use<> {
    let claimed = booking.claimed();
    let end = claimed.end().as_second();
    (claimed.start().as_second().div_euclid(QUANTUM)..).take_while(move |quantum| quantum * QUANTUM < end)
}

fn at((resource, quantum): (ResourceId, i64)) -> String {
    let start = Timestamp::from_second(quantum * QUANTUM).unwrap_or_default();
    format!("{resource} at {start}")
}

/// What the installation's own auditor finds in the same tables, and how much it looked at. It reads indexes, and an index may
/// lag on AWS; on what runs here it does not.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn audited(store: &Store, now: Timestamp, known: &Known) -> Result<(Vec<String>, audit::Checked)> {
    let (settle, back) = (std::time::Duration::ZERO, SignedDuration::from_hours(24 * 100));
    let options = audit::Options { settle, back, ..audit::Options::default() };
    let report = audit::audit(store, now, &options).await?;
    let mut found: Vec<String> = report.disagreements.iter().map(|one| format!("audit: {one}")).collect();
    let unsettled = report.unsettled + report.unexamined;
    found.extend((unsettled > 0).then(|| format!("audit: {unsettled} suspicions were not settled")));
    if !known.below_sold {
        found.extend(report.shortages.iter().map(|one| format!("audit, short: {one:?}")));
    }
    Ok((found, report.checked))
}
