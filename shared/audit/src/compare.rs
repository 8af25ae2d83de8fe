//! The first look: what records claim, held against one walk through the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::pool::{Cell, Count};
use domain::{OrderId, PoolId, ResourceId, Span};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ledger::{Claim, Found, Mark, TimeClaim};
use store::Store;

use crate::records::{Record, claiming, first_day};
use crate::{Checked, Options, Owner, Shortage, Watch};

/// A hold that ends within this time may have been taken over by somebody whose clock is fast.
const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// Runs of one mark longer than this are told, and repaired, in parts: a transaction reaches over so many blocks.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(20 * 24);

/// What has to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suspicion {
    /// A mark that no record claims.
    Mark(ResourceId, Span, Mark),
    /// A cell whose numbers are not those of the records, or cannot be.
    Cell(PoolId, Cell),
    /// A record whose claim is not wholly there.
    Claim(Owner),
    /// Two records that claim the same.
    Overlap([Owner; 2]),
    /// A counted hold that should have been released.
    Overdue(OrderId),
}

/// A claim on time.
#[derive(Debug)]
struct Wanted {
    span: Span,
    mark: Mark,
    owner: Owner,
    required: bool,
    /// Seconds of it that the ledger has.
    found: i64,
}

/// The claims on a resource, by start.
#[derive(Debug, Default)]
struct Wants {
    longest: SignedDuration,
    claims: Vec<Wanted>,
}

impl Wants {
    /// Those that may share time with the span.
    fn near(&self, span: Span) -> impl Iterator<Item = &Wanted> {
        let until = self.claims.partition_point(|claim| claim.span.start() < span.end());
        let reaches = move |claim: &&Wanted| span.start().duration_since(claim.span.start()) < self.longest;
        self.claims.iter().take(until).rev().take_while(reaches)
    }
}

/// What the first look saw.
#[derive(Debug)]
pub(crate) struct Compared {
    from: Timestamp,
    day: Date,
    time: HashMap<ResourceId, Wants>,
    units: HashMap<(PoolId, Cell), i64>,
    most: usize,
    suspicions: BTreeSet<Suspicion>,
    last: Option<(ResourceId, Span, Mark)>,
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) unexamined: usize,
    pub(crate) checked: Checked,
    pub(crate) shortages: Vec<Shortage>,
}

/// Reads what records claim, then walks through the ledger.
pub(crate) async fn compare(store: &Store, watch: Watch, options: &Options) -> Result<Compared> {
    let from = watch.from.saturating_sub(options.back).unwrap_or(Timestamp::MIN);
    let mut compared = Compared {
        from,
        day: first_day(from),
        time: HashMap::new(),
        units: HashMap::new(),
        most: options.most_suspicions,
        suspicions: BTreeSet::new(),
        last: None,
        unknown: BTreeSet::new(),
        unexamined: 0,
        checked: Checked::default(),
        shortages: Vec::new(),
    };
    let overdue = watch.from.saturating_sub(options.overdue).unwrap_or(Timestamp::MIN);
    let mut kept = 0;
    claiming(store, from, &mut |record| {
        kept += compared.add(&record, watch.from, overdue);
        if kept > options.most_claims {
            let message = format!("more than {} claims do not fit into one audit", options.most_claims);
            return Err(Error::new(Code::TooLarge, message));
        }
        Ok(())
    })
    .await?;
    for wants in compared.time.values_mut() {
        wants.claims.sort_by_key(|claim| (claim.span.start(), claim.owner));
    }
    let mut place = None;
    loop {
        let (found, next) = ledger::walk(store, place).await?;
        let now = watch.now();
        for item in found {
            compared.meet(item, now);
        }
        place = next;
        if place.is_none() {
            break;
        }
    }
    compared.missed();
    compared.shared();
    compared.shortages.sort_by_key(|shortage| (shortage.pool, shortage.cell));
    Ok(compared)
}

/// Whether the ledger must have the claim: all but holds that end any moment, or have ended.
pub(crate) fn is_required(claim: &TimeClaim, now: Timestamp) -> bool {
    claim.held_until.is_none_or(|until| until.duration_since(now) > GRACE)
}

/// What is left of a span without those others.
pub(crate) fn without(span: Span, mut others: Vec<Span>) -> Vec<Span> {
    others.sort();
    let mut left = Vec::new();
    let mut start = span.start();
    for other in others {
        left.extend(Span::new(start, other.start().min(span.end())));
        start = start.max(other.end());
    }
    left.extend(Span::new(start, span.end()));
    left
}

impl Compared {
    /// What has to be looked at again.
    pub(crate) fn suspicions(&self) -> impl Iterator<Item = Suspicion> {
        self.suspicions.iter().copied()
    }

    /// The part of a span that is looked at.
    pub(crate) fn looked_at(&self, span: Span) -> Option<Span> {
        Span::new(span.start().max(self.from), span.end())
    }

    /// From when on time is looked at.
    pub(crate) fn from(&self) -> Timestamp {
        self.from
    }

    /// The first night that is looked at.
    pub(crate) fn looks_at(&self, cell: Cell) -> bool {
        match cell {
            Cell::Night(date) => date >= self.day,
            Cell::Total => true,
        }
    }

    /// Whose claims share time with this record's, itself included.
    pub(crate) fn neighbours(&self, resource: ResourceId, span: Span) -> impl Iterator<Item = Owner> {
        let near = self.time.get(&resource).into_iter().flat_map(move |wants| wants.near(span));
        near.filter(move |claim| claim.span.overlaps(&span)).map(|claim| claim.owner)
    }

    /// The record that a mark on the resource is of, if it claims any of its time.
    pub(crate) fn whose(&self, resource: ResourceId, mark: Mark) -> Option<Owner> {
        let claims = self.time.get(&resource).into_iter().flat_map(|wants| &wants.claims);
        claims.map(|claim| claim.owner).find(|owner| mark.is_of(owner.bits()))
    }

    fn suspect(&mut self, suspicion: Suspicion) {
        if self.suspicions.len() < self.most {
            self.suspicions.insert(suspicion);
        } else if !self.suspicions.contains(&suspicion) {
            self.unexamined += 1;
        }
    }

    /// Notes what a record claims; how much was kept of it.
    fn add(&mut self, record: &Record, now: Timestamp, overdue: Timestamp) -> usize {
        let owner = record.owner();
        let (mut kept, before) = (0, self.checked.claims);
        for claim in record.claims() {
            match claim {
                Claim::Time(claim) => {
                    let Some(span) = self.looked_at(claim.marked()) else { continue };
                    let wants = self.time.entry(claim.resource).or_default();
                    wants.longest = wants.longest.max(span.length());
                    let required = is_required(&claim, now);
                    wants.claims.push(Wanted { span, mark: Mark::of(&claim), owner, required, found: 0 });
                    self.checked.claims += 1;
                    kept += 1;
                }
                Claim::Units(claim) => {
                    self.checked.claims += 1;
                    for cell in claim.cells.each() {
                        if self.looks_at(cell) {
                            let units = self.units.entry((claim.pool, cell)).or_insert_with(|| {
                                kept += 1;
                                0
                            });
                            *units += i64::from(claim.quantity);
                        }
                    }
                }
            }
        }
        if self.checked.claims > before {
            match owner {
                Owner::Booking(_) => self.checked.bookings += 1,
                Owner::Order(_) => self.checked.orders += 1,
            }
        }
        if let (Owner::Order(order), Some(_)) = (owner, record.overdue(overdue)) {
            self.suspect(Suspicion::Overdue(order));
        }
        kept
    }

    /// Compares an item of the ledger.
    fn meet(&mut self, item: Found, now: Timestamp) {
        match item {
            Found::Block { resource, span, marks } => {
                if self.looked_at(span).is_some() {
                    self.checked.blocks += 1;
                    for (run, mark) in marks.into_iter().filter(|(_, mark)| mark.is_live(now)) {
                        self.meet_mark(resource, run, mark);
                    }
                }
            }
            Found::Counts { pool, counts } => {
                for (cell, count) in counts {
                    self.meet_cell(pool, cell, count);
                }
            }
            Found::Unknown { partition } => {
                self.unknown.insert(partition);
            }
        }
    }

    fn meet_mark(&mut self, resource: ResourceId, run: Span, mark: Mark) {
        let Some(run) = self.looked_at(run) else { return };
        self.checked.marks += 1;
        let mut covered = Vec::new();
        if let Some(wants) = self.time.get_mut(&resource) {
            let until = wants.claims.partition_point(|claim| claim.span.start() < run.end());
            let longest = wants.longest;
            let near = wants.claims.iter_mut().take(until).rev();
            for claim in near.take_while(|claim| run.start().duration_since(claim.span.start()) < longest) {
                if let Some(both) = claim.span.intersection(&run).filter(|_| claim.mark == mark) {
                    claim.found += both.length().as_secs();
                    covered.push(both);
                }
            }
        }
        for span in without(run, covered) {
            self.orphan(resource, span, mark);
        }
    }

    /// Suspects a mark, as one with the part of it that ended where this one begins: a walk meets blocks in order.
    fn orphan(&mut self, resource: ResourceId, span: Span, mark: Mark) {
        let mut all = span;
        if let Some((of, run, same)) =
            self.last.filter(|(of, run, same)| *of == resource && *same == mark && run.end() == span.start())
        {
            let joined = Span::new(run.start(), span.end()).filter(|joined| joined.length() <= LONGEST_RUN);
            if joined.is_some() && self.suspicions.remove(&Suspicion::Mark(of, run, same)) {
                all = joined.unwrap_or(span);
            }
        }
        self.last = Some((resource, all, mark));
        self.suspect(Suspicion::Mark(resource, all, mark));
    }

    fn meet_cell(&mut self, pool: PoolId, cell: Cell, count: Count) {
        if !self.looks_at(cell) {
            return;
        }
        self.checked.cells += 1;
        let records = self.units.remove(&(pool, cell)).unwrap_or_default();
        if !is_balanced(&count) || count.claimed != records {
            self.suspect(Suspicion::Cell(pool, cell));
        }
        if count.short() > 0 {
            self.shortages.push(Shortage { pool, cell, ledger: count.into(), short: count.short() });
        }
    }

    /// Suspects what records claim and the walk did not meet.
    fn missed(&mut self) {
        let missing = |claim: &&Wanted| claim.required && claim.found < claim.span.length().as_secs();
        let claims = self.time.values().flat_map(|wants| &wants.claims);
        let mut missed: BTreeSet<Suspicion> =
            claims.filter(missing).map(|claim| Suspicion::Claim(claim.owner)).collect();
        let cells = self.units.drain().filter(|(_, units)| *units > 0);
        missed.extend(cells.map(|((pool, cell), _)| Suspicion::Cell(pool, cell)));
        for suspicion in missed {
            self.suspect(suspicion);
        }
    }

    /// Suspects records that claim the same time.
    fn shared(&mut self) {
        let mut shared = BTreeSet::new();
        for wants in self.time.values() {
            for one in wants.claims.iter().filter(|claim| claim.required) {
                let others = wants.near(one.span).filter(|other| other.required && other.owner != one.owner);
                for other in others.filter(|other| other.span.overlaps(&one.span)) {
                    let [a, b] = [one.owner.min(other.owner), one.owner.max(other.owner)];
                    shared.insert(Suspicion::Overlap([a, b]));
                }
            }
        }
        for suspicion in shared {
            self.suspect(suspicion);
        }
    }
}

/// Whether the numbers of a cell can be.
pub(crate) fn is_balanced(count: &Count) -> bool {
    count.claimed >= 0 && count.claimed + count.free == count.capacity
}

/// The cells and their sums that a list of records claims.
pub(crate) fn units_of<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<(PoolId, Cell), i64> {
    let mut units = BTreeMap::new();
    for claim in records.flat_map(Record::claims) {
        if let Claim::Units(claim) = claim {
            for cell in claim.cells.each() {
                *units.entry((claim.pool, cell)).or_default() += i64::from(claim.quantity);
            }
        }
    }
    units
}
