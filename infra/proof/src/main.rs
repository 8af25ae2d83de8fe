//! `cargo prove`: runs the evidence and prints its figures as one table.

use clap::Parser;
use errors::Result;
use proof::storm;

/// Gathers evidence that the ledger sells nothing twice.
#[derive(Debug, Parser)]
enum Command {
    /// Is a process of a storm.
    #[command(hide = true)]
    StormWorker(storm::Args),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::StormWorker(args) => storm::worker(args).await,
    }
}
