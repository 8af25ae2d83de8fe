//! The ledger's own figures, of the claim alone: without the record and the event that stand in the same transaction.

use std::collections::BTreeMap;

use domain::pool::{Cells, Nights};
use domain::{PoolId, ResourceId, Span};
use errors::{Error, Result};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use ledger::{BelowSold, Changes, Claim, Offer, TimeClaim, UnitsClaim};
use store::{Store, Tx, Usage};

use super::{Units, at_once, slot};

/// Write units of a claim on time.
pub(super) async fn time(store: &Store, start: Timestamp, length: SignedDuration) -> Result<u64> {
    claim(store, &[time_of(fresh(), start, length)?]).await
}

/// Write units of an hour on a resource that has none, ten, twenty, … bookings within the same block.
pub(super) async fn by_bookings(store: &Store) -> Result<Vec<(usize, u64)>> {
    // The block of six hours that begins at noon has room for sixty before the last hour.
    let noon: Timestamp = "2027-03-02T12:00:00Z".parse().map_err(Error::internal)?;
    let resource = fresh();
    let after = |minutes| noon.checked_add(SignedDuration::from_mins(minutes)).map_err(Error::internal);
    let (last, hour) = (after(300)?, SignedDuration::from_hours(1));
    let mut found = Vec::new();
    for bookings in 0..=60_i64 {
        if bookings % 10 == 0 {
            let one = time_of(resource, last, hour)?;
            found.push((usize::try_from(bookings).map_err(Error::internal)?, claim(store, &[one]).await?));
            release(store, &one).await?;
        }
        claim(store, &[time_of(resource, after(bookings * 5)?, SignedDuration::from_mins(5))?]).await?;
    }
    Ok(found)
}

/// Write units of claims of units.
pub(super) async fn units(store: &Store) -> Result<Vec<Units>> {
    let nights = |from: Date, count: i64| -> Result<Cells> {
        let to = from.checked_add(jiff::Span::new().days(count)).map_err(Error::internal)?;
        Nights::new(from, to).map(Cells::Nights).ok_or_else(|| Error::internal("no nights"))
    };
    let one = |cells| vec![cells];
    let wanted = [
        ("1 night", one(nights(date(2027, 3, 2), 1)?)),
        ("30 nights of one month", one(nights(date(2027, 3, 1), 30)?)),
        ("30 nights of two months", one(nights(date(2027, 3, 15), 30)?)),
        ("1 piece", one(Cells::Total)),
        ("a basket of 20 lines", vec![Cells::Total; 20]),
    ];
    let mut found = Vec::new();
    for (what, lines) in wanted {
        let mut claims = Vec::new();
        for cells in lines {
            let pool = PoolId::derived(env::random());
            open(store, pool, &cells).await?;
            claims.push(Claim::Units(UnitsClaim { pool, cells, quantity: 1 }));
        }
        found.push(Units { what, ours: claim(store, &claims).await? });
    }
    Ok(found)
}

/// Attempts of all clients together, each for a quantum of its own.
pub(super) async fn contended(store: &Store) -> Result<u64> {
    let resource = fresh();
    at_once(|client| async move {
        let one = time_of(resource, slot(client), SignedDuration::from_mins(5))?;
        Ok(commit(store, Changes::new().take(&one)).await?.trips)
    })
    .await
}

async fn claim(store: &Store, claims: &[Claim]) -> Result<u64> {
    let usage = commit(store, claims.iter().fold(Changes::new(), Changes::take)).await?;
    if usage.half_writes == 0 {
        return Err(Error::internal("the database does not tell what it consumed"));
    }
    Ok(usage.half_writes.div_ceil(2))
}

async fn release(store: &Store, claim: &Claim) -> Result<()> {
    commit(store, Changes::new().release(claim)).await.map(|_| ())
}

async fn commit(store: &Store, changes: Changes) -> Result<Usage> {
    let mut tx = Tx::new();
    changes.add_to(&mut tx, store, slot(0))?;
    let (outcome, usage) = store::metered(store.commit(tx)).await;
    outcome.map(|_| usage)
}

async fn open(store: &Store, pool: PoolId, cells: &Cells) -> Result<()> {
    let mut tx = Tx::new();
    let many = Offer { capacity: Some(1_000), ..Offer::default() };
    ledger::offer(&mut tx, store, (pool, cells), &many, &BTreeMap::new(), BelowSold::Refuse)?;
    store.commit(tx).await.map(|_| ())
}

fn time_of(resource: ResourceId, start: Timestamp, length: SignedDuration) -> Result<Claim> {
    let end = start.checked_add(length).map_err(Error::internal)?;
    let span = Span::new(start, end).ok_or_else(|| Error::internal("an empty span"))?;
    Ok(Claim::Time(TimeClaim { resource, span, held_until: None, owner: u128::from_be_bytes(env::random()) }))
}

fn fresh() -> ResourceId {
    ResourceId::derived(env::random())
}
