//! From claims given and taken to conditional updates: one for each block of time, one for each item of counts.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::pool::{Cell, Count};
use domain::{PoolId, ResourceId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Refused, Store, Tx};

use crate::claim::{Claim, Claims, TimeClaim, UnitsClaim};
use crate::counter::{self, Wishes};
use crate::timeline::{self, Step, Steps};
use crate::{block, mark};

/// What a command changes in the ledger. Build it from claims, then add it to the command's transaction.
#[derive(Debug, Default)]
pub struct Changes {
    blocks: BTreeMap<(ResourceId, i64), Steps>,
    counts: BTreeMap<(PoolId, i64), Wishes>,
    /// Two claims of the command want one quantum.
    clash: bool,
}

impl Changes {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// What must change in the ledger when a record that claims the one is replaced by one that claims the other: a new
    /// record has nothing before, one that is given back nothing after. What both claim alike is left alone.
    pub fn between<T: Claims>(before: Option<&T>, after: Option<&T>) -> Self {
        let claims = |record: Option<&T>| record.map(Claims::claims).unwrap_or_default();
        let (before, after) = (claims(before), claims(after));
        if before == after {
            return Self::new();
        }
        let released = before.iter().fold(Self::new(), Self::release);
        after.iter().fold(released, Self::take)
    }

    /// Takes what is free: a hold or a booking.
    #[must_use]
    pub fn take(mut self, claim: &Claim) -> Self {
        match claim {
            Claim::Time(claim) => {
                self.clash |=
                    self.each(claim, |step, mark| step.to.replace(mark).is_some_and(|other| other != mark));
            }
            Claim::Units(claim) => self.count(claim, i64::from(claim.quantity)),
        }
        self
    }

    /// Gives a claim back.
    #[must_use]
    pub fn release(mut self, claim: &Claim) -> Self {
        match claim {
            Claim::Time(claim) => {
                self.clash |=
                    self.each(claim, |step, mark| step.from.replace(mark).is_some_and(|other| other != mark));
            }
            Claim::Units(claim) => self.count(claim, -i64::from(claim.quantity)),
        }
        self
    }

    /// Claims beyond the capacity where that is allowed, in the cells that were seen to have too little free. What was seen
    /// must still be so: a cell that came free, or whose allowance was changed, refuses.
    #[must_use]
    pub fn overbook(mut self, pool: PoolId, seen: &BTreeMap<Cell, Count>) -> Self {
        for (_, wishes) in self.counts.iter_mut().filter(|((of, _), _)| *of == pool) {
            for (cell, wish) in wishes {
                wish.beyond = seen.get(cell).copied().filter(|count| count.free < wish.units);
            }
        }
        self
    }

    /// Whether claims of this pool go beyond the capacity of a cell.
    pub fn overbooks(&self, pool: PoolId) -> bool {
        let mut wishes =
            self.counts.iter().filter(|((of, _), _)| *of == pool).flat_map(|(_, wishes)| wishes.values());
        wishes.any(|wish| wish.beyond.is_some())
    }

    /// Items touched: each is one action of the transaction.
    pub fn items(&self) -> usize {
        self.blocks.len() + self.counts.values().filter(|wishes| !granted(wishes).is_empty()).count()
    }

    /// Adds the updates to the transaction. A quantum that is not free answers `slot_taken` with the windows taken, too few
    /// units `sold_out` with the cells; a claim that is no longer there answers `changed` or, for a hold, `hold_expired`.
    ///
    /// # Errors
    /// `slot_taken` when two claims of the command want the same time; `internal` when the SDK refuses an expression.
    pub fn add_to(self, tx: &mut Tx, store: &Store, now: Timestamp) -> Result<()> {
        if self.clash {
            return Err(Error::new(Code::SlotTaken, "two parts of this request want the same time"));
        }
        for (key, steps) in self.blocks {
            let update = timeline::update(store, key, &steps, now)?;
            tx.push(TransactWriteItem::builder().update(update).build(), move |item| {
                Refused::Error(timeline::refusal(key, &steps, item.as_ref(), now))
            });
        }
        for (key, wishes) in self.counts {
            let wishes = granted(&wishes);
            if wishes.is_empty() {
                continue;
            }
            let update = counter::update(store, key, &wishes)?;
            tx.push(TransactWriteItem::builder().update(update).build(), move |item| {
                Refused::Error(counter::refusal(key, &wishes, item.as_ref()))
            });
        }
        Ok(())
    }

    /// Changes the step of each quantum; whether any change clashed with an earlier one.
    fn each(&mut self, claim: &TimeClaim, change: impl Fn(&mut Step, u64) -> bool) -> bool {
        let mark = mark::of(claim);
        let mut clash = false;
        for quantum in block::quanta(&claim.span) {
            let (number, place) = block::place(quantum);
            let steps = self.blocks.entry((claim.resource, number)).or_default();
            clash |= change(steps.entry(place).or_default(), mark);
        }
        clash
    }

    fn count(&mut self, claim: &UnitsClaim, units: i64) {
        for cell in claim.cells.each() {
            let (number, _) = counter::place(cell);
            let wishes = self.counts.entry((claim.pool, number)).or_default();
            wishes.entry(cell).or_default().units += units;
        }
    }
}

/// Those of the wishes that change a number: what a command gives back and takes again stays as it is.
fn granted(wishes: &Wishes) -> Wishes {
    wishes.iter().filter(|(_, wish)| wish.units != 0).map(|(cell, wish)| (*cell, *wish)).collect()
}

#[cfg(test)]
mod tests;
