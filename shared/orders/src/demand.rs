//! What a command wants of each cell: units more, or fewer, than the order has there.

use std::collections::{BTreeMap, BTreeSet};

use domain::pool::{Cell, Cells, Count, Lack, Nights, lacks};
use domain::{Order, OrderLine, PoolId};
use jiff::civil::Date;

/// What the ledger was seen to say, by pool and cell.
pub(crate) type Counts = BTreeMap<PoolId, BTreeMap<Cell, Count>>;

/// Units by cell: claimed when above zero, given back when below.
#[derive(Debug)]
pub struct Demand(BTreeMap<(PoolId, Cell), i64>);

impl Demand {
    /// Of an order that shall have these lines and has had those of `before`.
    pub fn between(before: Option<&Order>, lines: &[OrderLine]) -> Self {
        let mut units: BTreeMap<(PoolId, Cell), i64> = BTreeMap::new();
        let mut count = |line: &OrderLine, sign: i64| {
            for cell in line.cells.each() {
                *units.entry((line.pool, cell)).or_default() += sign * i64::from(line.quantity);
            }
        };
        for line in before.into_iter().flat_map(|before| &before.lines) {
            count(line, -1);
        }
        for line in lines {
            count(line, 1);
        }
        Self(units)
    }

    /// Cells of which more is claimed than before, and how much.
    pub(crate) fn taken(&self) -> impl Iterator<Item = (PoolId, Cell, i64)> {
        self.0.iter().filter(|(_, units)| **units > 0).map(|((pool, cell), units)| (*pool, *cell, *units))
    }

    /// Cells that are given back, in part or as a whole.
    pub fn given(&self) -> impl Iterator<Item = Cell> {
        self.0.iter().filter(|(_, units)| **units < 0).map(|((_, cell), _)| *cell)
    }

    /// Why it cannot be had, by cell; empty when it can.
    pub(crate) fn lacks(&self, seen: &Counts, today: Date) -> BTreeMap<(PoolId, Cell), Lack> {
        let none = BTreeMap::new();
        let lack = |(pool, cell, units): (PoolId, Cell, i64)| {
            let counts = seen.get(&pool).unwrap_or(&none);
            let (_, lack) = lacks(counts, &alone(cell)?, units, today).pop()?;
            Some(((pool, cell), lack))
        };
        self.taken().filter_map(lack).collect()
    }

    /// Cells in which it goes beyond the capacity.
    pub(crate) fn beyond(&self, seen: &Counts) -> BTreeSet<(PoolId, Cell)> {
        let free = |pool, cell| seen.get(&pool)?.get(&cell).map(|count: &Count| count.free);
        self.taken()
            .filter(|(pool, cell, units)| free(*pool, *cell).is_some_and(|free| free < *units))
            .map(|(pool, cell, _)| (pool, cell))
            .collect()
    }

    /// What one of the lines finds in its pool, the order's other lines taken as granted.
    pub(crate) fn beside(&self, line: &OrderLine, seen: &Counts) -> BTreeMap<Cell, Count> {
        let own: BTreeSet<Cell> = line.cells.each().into_iter().collect();
        let mut counts = seen.get(&line.pool).cloned().unwrap_or_default();
        for (cell, count) in &mut counts {
            let all = self.0.get(&(line.pool, *cell)).copied().unwrap_or_default();
            let own = if own.contains(cell) { i64::from(line.quantity) } else { 0 };
            count.free -= all - own;
        }
        counts
    }
}

/// The cell by itself.
fn alone(cell: Cell) -> Option<Cells> {
    match cell {
        Cell::Night(date) => Nights::new(date, date.tomorrow().ok()?).map(Cells::Nights),
        Cell::Total => Some(Cells::Total),
    }
}
