//! Where crowds meet: a few resources and pools that too many want, the same for every process that knows the seed.

use domain::pool::{Cells, Nights, PoolKind};
use domain::{OrderLine, PoolId, ResourceId, Span};
use errors::{Error, Result};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ledger::{BelowSold, Offer};
use store::Store;

use crate::acts::{Desk, Key, World};
use crate::chance::Chance;
use crate::checks::Known;

/// Resources that crowds fight for.
const RESOURCES: u64 = 10;
/// Quanta of each: eight hours, in three blocks of the ledger.
const QUANTA: i64 = 96;
/// Nights that nightly pools offer, over the end of a month.
const NIGHTS: i64 = 14;
/// Units of the two pools that everybody wants one unit of.
pub const BRINK: u32 = 150;
/// Units that may be sold beyond that, of the second one.
pub const BEYOND: u32 = 5;

/// Resources and pools.
#[derive(Debug, Clone)]
pub struct Venue {
    resources: Vec<ResourceId>,
    pools: Vec<(PoolId, PoolKind)>,
    brink: (PoolId, PoolId),
}

impl Venue {
    /// The venue of a seed.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::at(seed, &[u64::MAX]);
        let mut bits = || chance.bits().to_be_bytes();
        let resources = (0..RESOURCES).map(|_| ResourceId::derived(bits())).collect();
        let kinds = [PoolKind::Total, PoolKind::Nightly].into_iter().cycle().take(6);
        let pools = kinds.map(|kind| (PoolId::derived(bits()), kind)).collect();
        Self { resources, pools, brink: (PoolId::derived(bits()), PoolId::derived(bits())) }
    }

    /// When everything begins.
    pub fn opens() -> Timestamp {
        let start = date(2027, 1, 20).to_zoned(jiff::tz::TimeZone::UTC).map(|start| start.timestamp());
        start.unwrap_or_default()
    }

    /// A client's view of it. Every booking keeps five minutes free after it.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn desk(store: Store) -> Result<Desk> {
        Ok(Desk::new(store, World::new((0, 5))?))
    }

    /// Makes the pools and offers them.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn open(&self, store: &Store) -> Result<()> {
        let (world, desk, now) = (World::new((0, 0))?, Self::desk(store.clone())?, Self::opens());
        let wide = self.pools.iter().zip((0_u32..).map(|number| (6 + 2 * number, number % 3)));
        let wide = wide.map(|((pool, kind), offer)| (*pool, *kind, offer));
        let brink = [(self.brink.0, (BRINK, 0)), (self.brink.1, (BRINK, BEYOND))];
        let brink = brink.map(|(pool, offer)| (pool, PoolKind::Total, offer));
        for (pool, kind, (capacity, overbooking)) in wide.chain(brink) {
            world.open(store, pool, kind, now).await?;
            let offer = Offer { capacity: Some(capacity), overbooking: Some(overbooking), closed: None };
            let cells = cells(kind, 0, NIGHTS)?;
            desk.offer(Key(pool.bits()), (pool, &cells), &offer, BelowSold::Refuse, now).await?;
        }
        Ok(())
    }

    /// What the judge looks at, but for the keys.
    pub fn known(&self) -> Known {
        let pools = self.pools.iter().map(|(pool, _)| *pool);
        Known {
            resources: self.resources.iter().copied().collect(),
            pools: pools.chain([self.brink.0, self.brink.1]).collect(),
            ..Known::default()
        }
    }

    /// The pool of which nobody may have more than there is, and the one that is overbooked.
    pub fn brink(&self) -> (PoolId, PoolId) {
        self.brink
    }

    /// Some time on some resource.
    pub fn time(&self, chance: &mut Chance) -> Option<(ResourceId, Span)> {
        let resource = chance.pick(&self.resources).copied()?;
        let (from, length) = (chance.between(0, QUANTA - 1), chance.between(1, 12));
        let at = |quantum: i64| {
            let first = Self::opens() + SignedDuration::from_hours(10 * 24 + 2);
            first + SignedDuration::from_mins(5 * quantum)
        };
        Some((resource, Span::new(at(from), at(from + length))?))
    }

    /// Some units of up to three pools.
    pub fn lines(&self, chance: &mut Chance) -> Vec<OrderLine> {
        let lines = 0..chance.between(1, 3);
        let line = |_| {
            let (pool, kind) = chance.pick(&self.pools).copied()?;
            let from = chance.between(0, NIGHTS - 1);
            let cells = cells(kind, from, (from + chance.between(1, 4)).min(NIGHTS)).ok()?;
            let quantity = u32::try_from(chance.between(1, 2)).ok()?;
            Some(OrderLine { pool, cells, quantity, overbooked: false })
        };
        lines.filter_map(line).collect()
    }

    /// Some change of what is offered.
    pub fn offer(&self, chance: &mut Chance) -> Option<(PoolId, Cells, Offer)> {
        let (pool, kind) = chance.pick(&self.pools).copied()?;
        let from = chance.between(0, NIGHTS - 1);
        let cells = cells(kind, from, (from + chance.between(1, 5)).min(NIGHTS)).ok()?;
        let capacity = u32::try_from(chance.between(2, 20)).ok();
        let overbooking = u32::try_from(chance.between(0, 3)).ok();
        Some((pool, cells, Offer { capacity, overbooking, closed: Some(chance.percent(15)) }))
    }
}

fn cells(kind: PoolKind, from: i64, to: i64) -> Result<Cells> {
    if kind == PoolKind::Total {
        return Ok(Cells::Total);
    }
    let night = |number: i64| date(2027, 1, 25).saturating_add(number.days());
    let nights = Nights::new(night(from), night(to)).ok_or_else(|| Error::internal("no nights"))?;
    Ok(Cells::Nights(nights))
}
