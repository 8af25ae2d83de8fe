//! The second look: every suspicion again, by consistent reads, until it is gone or certain.

use std::collections::{BTreeMap, BTreeSet};

use domain::pool::{Cell, Cells, Count, Nights};
use domain::{PoolId, ResourceId, Span};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use ledger::{Claim, Mark, TimeClaim};
use store::Store;

use crate::compare::{Compared, Suspicion, is_balanced, is_required, units_of, without};
use crate::records::{self, Record};
use crate::{Disagreement, Gap, Options, Owner, Watch};

/// Looks at what does not hold still; what changes in each of them is left for the next audit.
const LOOKS: usize = 8;
/// Looks in a row that must see the same where the owners are not known from the start.
const SAME: usize = 3;

/// Records by their owner.
type Records = BTreeMap<Owner, Record>;

/// What is known of a suspicion.
#[derive(Debug, Default)]
struct Known {
    /// The records that have to do with it.
    owners: BTreeSet<Owner>,
    /// What the last look saw, and how many looks in a row saw it.
    seen: Option<(Facts, usize)>,
}

/// What a look saw of a suspicion.
#[derive(Debug, PartialEq)]
struct Facts {
    records: Records,
    marks: Vec<(ResourceId, Span, Mark)>,
    count: Option<Count>,
}

/// What is certain of the suspicions, and how many never held still.
pub(crate) async fn look(
    store: &Store,
    watch: Watch,
    options: &Options,
    compared: &Compared,
) -> Result<(Vec<Disagreement>, usize)> {
    let mut open: BTreeMap<Suspicion, Known> = BTreeMap::new();
    for suspicion in compared.suspicions() {
        let owners = match suspicion {
            Suspicion::Claim(owner) => BTreeSet::from([owner]),
            Suspicion::Overlap(owners) => BTreeSet::from(owners),
            Suspicion::Overdue(order) => BTreeSet::from([Owner::Order(order)]),
            Suspicion::Mark(..) | Suspicion::Cell(..) => BTreeSet::new(),
        };
        open.insert(suspicion, Known { owners, seen: None });
    }
    let mut certain = Vec::new();
    for look in 0..LOOKS {
        if open.is_empty() {
            break;
        }
        if look > 0 {
            tokio::time::sleep(options.settle).await;
        }
        let grown = ask_anew(store, compared, &mut open).await?;
        let facts = facts(store, compared, &mut open).await?;
        let now = watch.now();
        for (suspicion, facts) in facts {
            let Some(facts) = facts else {
                open.entry(suspicion).and_modify(|known| known.seen = None);
                continue;
            };
            let found = disagreements(suspicion, &facts, compared, (now, options.overdue));
            let Some(known) = open.get_mut(&suspicion) else { continue };
            let before =
                known.seen.take().filter(|(before, _)| *before == facts && !grown.contains(&suspicion));
            let same = before.map_or(1, |(_, looks)| looks + 1);
            if found.is_empty() {
                open.remove(&suspicion);
            } else if same >= looks_for(suspicion) {
                certain.extend(found.into_iter().map(|found| (suspicion, found)));
                open.remove(&suspicion);
            } else {
                known.seen = Some((facts, same));
            }
        }
    }
    certain.sort_by_key(|(suspicion, _)| *suspicion);
    let unknown =
        compared.unknown.iter().map(|partition| Disagreement::Unknown { partition: partition.clone() });
    Ok((certain.into_iter().map(|(_, found)| found).chain(unknown).collect(), open.len()))
}

/// How many looks must see the same. Where the record is known, its version tells whether it changed while the ledger was
/// read; elsewhere a record that the index did not show yet could explain what is seen.
fn looks_for(suspicion: Suspicion) -> usize {
    match suspicion {
        Suspicion::Mark(..) | Suspicion::Cell(..) => SAME,
        Suspicion::Claim(_) | Suspicion::Overlap(_) | Suspicion::Overdue(_) => 1,
    }
}

/// Asks the index who has to do with the suspicions whose owners are not known; those for which it knew somebody new.
async fn ask_anew(
    store: &Store,
    compared: &Compared,
    open: &mut BTreeMap<Suspicion, Known>,
) -> Result<BTreeSet<Suspicion>> {
    let unowned = |suspicion: &&Suspicion| matches!(suspicion, Suspicion::Mark(..) | Suspicion::Cell(..));
    let asked: Vec<Suspicion> = open.keys().filter(unowned).copied().collect();
    let mut grown = BTreeSet::new();
    if asked.is_empty() {
        return Ok(grown);
    }
    let mut time: BTreeMap<ResourceId, Vec<(Span, Suspicion)>> = BTreeMap::new();
    let mut cells: BTreeMap<(PoolId, Cell), Suspicion> = BTreeMap::new();
    for suspicion in asked {
        match suspicion {
            Suspicion::Mark(resource, span, _) => time.entry(resource).or_default().push((span, suspicion)),
            Suspicion::Cell(pool, cell) => drop(cells.insert((pool, cell), suspicion)),
            _ => {}
        }
    }
    records::claiming(store, compared.from(), &mut |record| {
        for claim in record.claims() {
            let touched: Vec<Suspicion> = match claim {
                Claim::Time(claim) => {
                    let marks = time.get(&claim.resource).into_iter().flatten();
                    let shared = marks.filter(|(span, _)| span.overlaps(&claim.marked()));
                    shared.map(|(_, suspicion)| *suspicion).collect()
                }
                Claim::Units(claim) => {
                    let of = |cell| cells.get(&(claim.pool, cell)).copied();
                    claim.cells.each().into_iter().filter_map(of).collect()
                }
            };
            for suspicion in touched {
                if open.get_mut(&suspicion).is_some_and(|known| known.owners.insert(record.owner())) {
                    grown.insert(suspicion);
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(grown)
}

/// Reads the records, the ledger, and the records again; `None` where one changed in between.
async fn facts(
    store: &Store,
    compared: &Compared,
    open: &mut BTreeMap<Suspicion, Known>,
) -> Result<Vec<(Suspicion, Option<Facts>)>> {
    let all = |open: &BTreeMap<Suspicion, Known>| -> BTreeSet<Owner> {
        open.values().flat_map(|known| known.owners.iter().copied()).collect()
    };
    // Whoever shares time with a suspicious claim tells whether two records want it, or none has it.
    let claimants = records::read(store, &all(open)).await?;
    let mut spans: BTreeMap<Suspicion, Vec<(ResourceId, Span)>> = BTreeMap::new();
    for (suspicion, known) in open.iter_mut() {
        let wanted = match *suspicion {
            Suspicion::Mark(resource, span, _) => vec![(resource, span)],
            Suspicion::Claim(owner) => {
                let record = claimants.get(&owner);
                let wanted: Vec<_> = times(record).map(|claim| (claim.resource, claim.marked())).collect();
                let neighbours =
                    wanted.iter().flat_map(|(resource, span)| compared.neighbours(*resource, *span));
                known.owners.extend(neighbours);
                wanted
            }
            Suspicion::Cell(..) | Suspicion::Overlap(_) | Suspicion::Overdue(_) => Vec::new(),
        };
        spans.insert(*suspicion, wanted);
    }
    let before = records::read(store, &all(open)).await?;
    let mut marks: BTreeMap<Suspicion, Vec<(ResourceId, Span, Mark)>> = BTreeMap::new();
    for (suspicion, wanted) in spans {
        let mut found = Vec::new();
        for (resource, span) in wanted {
            let marks = ledger::marks(store, resource, span).await?;
            found.extend(marks.into_iter().map(|(span, mark)| (resource, span, mark)));
        }
        marks.insert(suspicion, found);
    }
    let counts = counts(store, open.keys()).await?;
    let after = records::read(store, &all(open)).await?;
    let of = |records: &Records, known: &Known| -> Records {
        let of = |owner: &Owner| Some((*owner, records.get(owner)?.clone()));
        known.owners.iter().filter_map(of).collect()
    };
    let seen = open.iter().map(|(suspicion, known)| {
        let (records, again) = (of(&before, known), of(&after, known));
        // The marks that were read are those of the claims that were known first.
        let moved = match suspicion {
            Suspicion::Claim(owner) => claimants.get(owner) != before.get(owner),
            _ => false,
        };
        let count = match suspicion {
            Suspicion::Cell(pool, cell) => counts.get(&(*pool, *cell)).copied(),
            _ => None,
        };
        let marks = marks.remove(suspicion).unwrap_or_default();
        (*suspicion, (records == again && !moved).then_some(Facts { records, marks, count }))
    });
    Ok(seen.collect())
}

async fn counts(
    store: &Store,
    suspicions: impl Iterator<Item = &Suspicion>,
) -> Result<BTreeMap<(PoolId, Cell), Count>> {
    let mut wanted = Vec::new();
    for suspicion in suspicions {
        if let Suspicion::Cell(pool, cell) = suspicion {
            wanted.push((*pool, cells_of(*cell)?));
        }
    }
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = ledger::counts(store, &wanted).await?.into_iter();
    Ok(found
        .flat_map(|(pool, counts)| counts.into_iter().map(move |(cell, count)| ((pool, cell), count)))
        .collect())
}

/// The one cell.
fn cells_of(cell: Cell) -> Result<Cells> {
    match cell {
        Cell::Total => Ok(Cells::Total),
        Cell::Night(date) => {
            let nights = date.tomorrow().ok().and_then(|next| Nights::new(date, next));
            nights.map(Cells::Nights).ok_or_else(|| Error::internal("the last night of the calendar"))
        }
    }
}

/// The claims on time of a record.
pub(crate) fn times(record: Option<&Record>) -> impl Iterator<Item = TimeClaim> {
    let claims = record.map(Record::claims).unwrap_or_default();
    claims.into_iter().filter_map(|claim| match claim {
        Claim::Time(claim) => Some(claim),
        Claim::Units(_) => None,
    })
}

/// What is wrong, by what a look saw.
fn disagreements(
    suspicion: Suspicion,
    facts: &Facts,
    compared: &Compared,
    (now, overdue): (Timestamp, SignedDuration),
) -> Vec<Disagreement> {
    let record = |owner: Owner| facts.records.get(&owner);
    match suspicion {
        Suspicion::Mark(resource, span, mark) => {
            if !mark.is_live(now) {
                return Vec::new();
            }
            let claims = facts.records.values().flat_map(|record| times(Some(record)));
            let own = claims.filter(|claim| claim.resource == resource && Mark::of(claim) == mark);
            let own: Vec<Span> = own.map(|claim| claim.marked()).collect();
            let there = facts.marks.iter().filter(|(_, _, there)| *there == mark);
            let there = there.filter_map(|(_, run, _)| run.intersection(&span));
            let left = there.flat_map(|run| without(run, own.clone()));
            left.map(|span| Disagreement::Orphan { resource, span, mark }).collect()
        }
        Suspicion::Claim(owner) => {
            let claims = times(record(owner)).filter(|claim| is_required(claim, now));
            claims.filter_map(|claim| unclaimed(owner, &claim, facts, compared, now)).collect()
        }
        Suspicion::Overlap(records) => overlaps(records, &facts.records, compared, now),
        Suspicion::Cell(pool, cell) => {
            let records = units_of(facts.records.values()).get(&(pool, cell)).copied().unwrap_or_default();
            let found = match facts.count {
                Some(count) if !is_balanced(&count) => {
                    Some(Disagreement::Unbalanced { pool, cell, ledger: count.into(), records })
                }
                Some(count) if count.claimed != records => {
                    Some(Disagreement::Miscounted { pool, cell, ledger: Some(count.into()), records })
                }
                None if records > 0 => Some(Disagreement::Miscounted { pool, cell, ledger: None, records }),
                _ => None,
            };
            found.into_iter().collect()
        }
        Suspicion::Overdue(order) => {
            let before = now.saturating_sub(overdue).unwrap_or(Timestamp::MIN);
            let ended = record(Owner::Order(order)).and_then(|record| record.overdue(before));
            ended.map(|ended| Disagreement::Overdue { order, ended }).into_iter().collect()
        }
    }
}

/// Where a claim has no mark, but for what another record claims too.
fn unclaimed(
    owner: Owner,
    claim: &TimeClaim,
    facts: &Facts,
    compared: &Compared,
    now: Timestamp,
) -> Option<Disagreement> {
    let resource = claim.resource;
    let span = compared.looked_at(claim.marked())?;
    let others = facts.records.iter().filter(|(other, _)| **other != owner);
    let others = others.flat_map(|(_, record)| times(Some(record)));
    let others = others.filter(|other| other.resource == resource && is_required(other, now));
    let there = || facts.marks.iter().filter(|(of, _, _)| *of == resource);
    let own = there().filter(|(_, _, mark)| *mark == Mark::of(claim)).map(|(_, run, _)| *run);
    let missing = without(span, others.map(|other| other.marked()).chain(own).collect());
    let mut gaps = Vec::new();
    for missing in missing {
        let taken = there().filter(|(_, _, mark)| mark.is_live(now));
        let taken: Vec<(Span, Mark)> =
            taken.filter_map(|(_, run, mark)| Some((run.intersection(&missing)?, *mark))).collect();
        let free = without(missing, taken.iter().map(|(run, _)| *run).collect());
        gaps.extend(free.into_iter().map(|span| Gap { span, mark: None, whose: None }));
        let foreign = taken.into_iter();
        gaps.extend(foreign.map(|(span, mark)| {
            let known = compared.whose(resource, mark);
            let whose = Some(owner).filter(|owner| mark.is_of(owner.bits())).or(known);
            Gap { span, mark: Some(mark), whose }
        }));
    }
    gaps.sort();
    (!gaps.is_empty()).then_some(Disagreement::Unclaimed { record: owner, resource, span, gaps })
}

fn overlaps(records: [Owner; 2], all: &Records, compared: &Compared, now: Timestamp) -> Vec<Disagreement> {
    let [one, other] = records.map(|owner| {
        let claims = times(all.get(&owner)).filter(|claim| is_required(claim, now));
        claims.collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for claim in &one {
        for same in other.iter().filter(|same| same.resource == claim.resource) {
            let shared = claim.marked().intersection(&same.marked());
            if let Some(span) = shared.and_then(|span| compared.looked_at(span)) {
                found.push(Disagreement::Overlap { resource: claim.resource, span, records });
            }
        }
    }
    found
}
