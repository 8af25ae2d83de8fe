//! Setting right what disagrees, each in a transaction of its own that tells of it by an event.

use std::collections::BTreeSet;

use domain::pool::Count;
use domain::{Actor, Event, EventId, ResourceId};
use errors::{Code, Result};
use jiff::Timestamp;
use ledger::{Changes, Claim, Recount, TimeClaim};
use serde_json::json;
use store::{Store, Tx};

use crate::again::times;
use crate::compare::is_required;
use crate::records::{self, Record};
use crate::{Counted, Disagreement, Gap, Owner, Release, Repair, Watch, release};

/// The kind of event that tells of a repair.
const KIND: &str = "ledger.repaired";

/// Repairs what can be repaired without asking anybody; what became of each, in the same order.
pub(crate) async fn all(store: &Store, watch: Watch, found: &[Disagreement]) -> Result<Vec<Repair>> {
    let mut order: Vec<(usize, &Disagreement)> = found.iter().enumerate().collect();
    order.sort_by_key(|(_, disagreement)| turn(disagreement));
    let mut repairs = Vec::new();
    for (at, disagreement) in order {
        let repair = match one(store, watch.now(), disagreement).await {
            Ok(repair) => repair,
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            Err(error) => Repair::Left { why: error.to_string() },
        };
        repairs.push((at, repair));
    }
    repairs.sort_by_key(|(at, _)| *at);
    Ok(repairs.into_iter().map(|(_, repair)| repair).collect())
}

/// When a kind has its turn: what nobody claims makes room before it is taken, what is counted is right before it is released.
fn turn(disagreement: &Disagreement) -> u8 {
    match disagreement {
        Disagreement::Orphan { .. } => 0,
        Disagreement::Miscounted { .. } | Disagreement::Unbalanced { .. } => 1,
        Disagreement::Unclaimed { .. } | Disagreement::Overlap { .. } | Disagreement::Unknown { .. } => 2,
        Disagreement::Overdue { .. } => 3,
    }
}

async fn one(store: &Store, now: Timestamp, disagreement: &Disagreement) -> Result<Repair> {
    let mut tx = Tx::new();
    match disagreement {
        Disagreement::Orphan { resource, span, mark } => {
            ledger::strike(&mut tx, store, *resource, span, *mark)?;
        }
        Disagreement::Miscounted { pool, cell, ledger: Some(seen), records }
        | Disagreement::Unbalanced { pool, cell, ledger: seen, records } => {
            let to = Recount { pool: *pool, cell: *cell, seen: count(*seen), claimed: *records };
            ledger::recount(&mut tx, store, &to)?;
        }
        Disagreement::Miscounted { ledger: None, .. } => return Ok(left("nobody said how many there are")),
        Disagreement::Unclaimed { record, resource, gaps, .. } => {
            let Some(missing) = missing(store, now, *record, *resource, gaps).await? else {
                return Ok(left("the record changed meanwhile"));
            };
            match &missing.record {
                Record::Booking(booking) => tx.require_booking(store, booking),
                Record::Order(order) => tx.require_order(store, order),
            }
            missing.changes.add_to(&mut tx, store, now)?;
        }
        Disagreement::Overdue { order, .. } => {
            return match release(store, *order, now).await? {
                Release::Released | Release::Over => Ok(Repair::Done),
                Release::Lasts(_) => Ok(left("the hold lasts by the clock here")),
            };
        }
        Disagreement::Overlap { .. } => return Ok(left("somebody has to decide who keeps it")),
        Disagreement::Unknown { .. } => return Ok(left("nothing here writes it, so nothing removes it")),
    }
    tx.event(store, &told(disagreement, now));
    store.commit(tx).await.map(|_| Repair::Done)
}

/// What a record lacks, to be taken over the record as it was read.
struct Missing {
    record: Record,
    changes: Changes,
}

async fn missing(
    store: &Store,
    now: Timestamp,
    owner: Owner,
    resource: ResourceId,
    gaps: &[Gap],
) -> Result<Option<Missing>> {
    let Some(record) = records::read(store, &BTreeSet::from([owner])).await?.remove(&owner) else {
        return Ok(None);
    };
    let claims: Vec<TimeClaim> =
        times(Some(&record)).filter(|claim| claim.resource == resource && is_required(claim, now)).collect();
    let mut changes = Changes::new();
    for gap in gaps {
        let Some(claim) = claims.iter().find(|claim| claim.marked().covers(&gap.span)) else {
            return Ok(None);
        };
        changes = changes.take(&Claim::Time(TimeClaim { span: gap.span, ..*claim }));
    }
    Ok(Some(Missing { record, changes }))
}

fn count(seen: Counted) -> Count {
    Count { capacity: seen.capacity, claimed: seen.claimed, free: seen.free, ..Count::default() }
}

fn left(why: &str) -> Repair {
    Repair::Left { why: why.to_owned() }
}

/// A repair is about no record's version, so its event is its own subject: one that is the first and the last.
fn told(disagreement: &Disagreement, now: Timestamp) -> Event {
    let id = EventId::new(now, env::random());
    Event {
        id,
        kind: KIND.to_owned(),
        subject: id.to_string(),
        sequence: 1,
        at: now,
        actor: Actor::system(),
        data: json!({ "before": disagreement }),
    }
}
