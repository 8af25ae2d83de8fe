//! `cargo prove`: runs the evidence and prints its figures as one table.

mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use errors::Result;
use proof::storm;

/// Gathers evidence that the ledger sells nothing twice, and prints it. Ends with 1 if anything is wrong.
///
/// The database is embedded, or the one at `HOLDFAST_DYNAMODB_ENDPOINT`.
#[derive(Debug, Parser)]
#[command(name = "prove")]
struct Command {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    sizes: table::Sizes,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Is a process of a storm.
    #[command(hide = true)]
    StormWorker(storm::Args),
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let command = Command::parse();
    match command.part {
        Some(Part::StormWorker(args)) => storm::worker(args).await.map(|()| ExitCode::SUCCESS),
        None => Ok(if table::print(&command.sizes).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
}
