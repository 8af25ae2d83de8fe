//! `holdfast figures`.

use clap::Args;
use env::Clock;
use jiff::Timestamp;

use super::{Outcome, Place, say};

#[derive(Args)]
pub(crate) struct Figures {
    #[command(flatten)]
    place: Place,
    /// Count everything anew from the events, and read from then on what this has counted.
    #[arg(long, required = true)]
    rebuild: bool,
    /// Count what happened from this instant on, e.g. 2026-11-20T00:00:00Z; all of it when not given.
    #[arg(long)]
    from: Option<Timestamp>,
}

impl Figures {
    pub(crate) async fn run(self) -> Outcome {
        self.place.has_data()?;
        let installation = self.place.open().await?;
        let count = local::rebuild(installation.store(), self.from, Clock::system().now()).await?;
        say(format_args!("{count} events were looked through; figures are what they say."))?;
        Ok(installation.close().await?)
    }
}
