//! The auditor: walks the ledger and the records that claim, tells each place where they disagree, and repairs it if told to.
//!
//! What records claim is read through the index by state, then the ledger is walked once. An index lags, and a walk is no
//! snapshot: while people book, the two never fit exactly. So what does not fit is a *suspicion*, and each one is looked at
//! again with consistent reads: the record, the ledger, the record once more. It is told as a [`Disagreement`] only if the
//! record did not change in between and the two still differ. Whose a mark or a unit is that no record claims nobody can say
//! from the ledger; for these the index is asked anew after [`Options::settle`], twice, and nothing may have changed meanwhile.
//!
//! # What is looked at
//! Time from a day ago on, nights from that day on, and every total pool. Holds of time that ran out claim nothing: the ledger
//! forgets them by itself. Counted holds claim until they are released. A hold that ends within a minute may be gone or not.
//!
//! # What it takes
//! Half a read unit for each four kilobytes of records that claim and of the ledger, whose blocks are kept for 90 days; no
//! write. In memory about 100 bytes for each claim on time and each cell, at most [`Options::most_claims`] of them; a
//! suspicion costs a few reads more.

mod again;
mod compare;
mod records;
mod release;
mod repair;
mod report;

use std::time::Duration;

use errors::Result;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use tokio::time::Instant;

pub use release::{Release, release};
pub use report::{Checked, Counted, Disagreement, Gap, Owner, Repair, Report, Shortage};

/// How an audit is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long indexes are given to show what was written before a second look that relies on them: longer than they lag.
    pub settle: Duration,
    /// Whether to repair what disagrees, each in a transaction of its own with an event that tells of it. Nothing is written
    /// otherwise.
    pub fix: bool,
    /// How far back to look.
    pub back: SignedDuration,
    /// How long after its end a counted hold must have been released.
    pub overdue: SignedDuration,
    /// The most claims on time and claimed cells, together; more do not fit into the memory that the auditor may take.
    pub most_claims: usize,
    /// The most suspicions that are looked at again; the rest is counted as [`Report::unexamined`].
    pub most_suspicions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(5),
            fix: false,
            back: SignedDuration::from_hours(24),
            overdue: SignedDuration::from_mins(30),
            most_claims: 2_000_000,
            most_suspicions: 1_000,
        }
    }
}

/// Compares the ledger with the records that claim. What it consumes is told in the report, and not to a meter around it.
///
/// # Errors
/// `too_large` when there are more claims than [`Options::most_claims`]; `unavailable` when the database is.
pub async fn audit(store: &Store, now: Timestamp, options: &Options) -> Result<Report> {
    let (report, usage) = store::metered(Box::pin(looked(store, now, options))).await;
    report.map(|report| Report { usage, ..report })
}

/// The time as it goes on from an instant.
#[derive(Debug, Clone, Copy)]
struct Watch {
    from: Timestamp,
    since: Instant,
}

impl Watch {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.since.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.from.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }
}

async fn looked(store: &Store, now: Timestamp, options: &Options) -> Result<Report> {
    let watch = Watch { from: now, since: Instant::now() };
    let compared = compare::compare(store, watch, options).await?;
    let (disagreements, unsettled) = again::look(store, watch, options, &compared).await?;
    let repairs = if options.fix { repair::all(store, watch, &disagreements).await? } else { Vec::new() };
    Ok(Report {
        disagreements,
        repairs,
        shortages: compared.shortages,
        unexamined: compared.unexamined,
        unsettled,
        checked: compared.checked,
        usage: store::Usage::default(),
    })
}
