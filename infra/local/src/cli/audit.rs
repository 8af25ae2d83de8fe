//! `holdfast audit`.

use std::time::Duration;

use ::audit::{Options, Report};
use clap::Args;
use env::Clock;

use super::{Outcome, Place, say};

#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    place: Place,
    /// Repair what disagrees, where nobody has to decide; each repair is an event.
    #[arg(long)]
    fix: bool,
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
    /// Seconds that indexes are given to catch up before what is suspicious is looked at again: 5, or 60 on AWS.
    #[arg(long)]
    settle: Option<u64>,
}

impl Audit {
    pub(crate) async fn run(self) -> Outcome {
        self.place.has_data()?;
        let installation = self.place.open().await?;
        let settle = self.settle.unwrap_or(if self.place.is_aws() { 60 } else { 5 });
        let options = Options { settle: Duration::from_secs(settle), fix: self.fix, ..Options::default() };
        let report = ::audit::audit(installation.store(), Clock::system().now(), &options).await?;
        installation.close().await?;
        if self.json {
            say(format_args!("{:#}", serde_json::to_value(&report)?))?;
        } else {
            told(&report)?;
        }
        match report.open() {
            0 => Ok(()),
            1 => Err("ledger and records disagree in one place".into()),
            open => Err(format!("ledger and records disagree in {open} places").into()),
        }
    }
}

fn told(report: &Report) -> std::io::Result<()> {
    say(format_args!("Looked at {}: {}.", report.checked, report.usage))?;
    for (n, disagreement) in report.disagreements.iter().enumerate() {
        match report.repairs.get(n) {
            None => say(disagreement)?,
            Some(repair) => say(format_args!("{disagreement} ({repair})"))?,
        }
    }
    for shortage in &report.shortages {
        say(format_args!("shortage: {shortage}"))?;
    }
    let open = report.unexamined + report.unsettled;
    if open > 0 {
        say(format_args!("{open} more places looked suspicious and were not seen through: audit again."))?;
    }
    if report.agrees() {
        say("Ledger and records agree.")?;
    }
    Ok(())
}
