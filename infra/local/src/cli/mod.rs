//! What can be said to `holdfast`; `serve` when nothing is.

mod admin;
mod audit;
mod bench;
mod figures;
mod import;
mod migrate;
mod openapi;
mod place;
mod replay;
mod reservations;
mod serve;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use place::Place;

/// Booking without selling twice: everything in one process, on this machine.
#[derive(Parser)]
#[command(name = "holdfast", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Start the service (this is also what `holdfast` alone does).
    Serve(serve::Serve),
    /// Make an administrator, or make an account one.
    Admin(admin::Admin),
    /// Make the tables that are missing and missing indexes, one at a time; deletes nothing, and goes on where it was
    /// interrupted.
    Migrate(migrate::Migrate),
    /// Compare the ledger with the records that claim, and repair it if told to.
    Audit(audit::Audit),
    /// Pass on again what happened in a range of time; messages that were sent are not sent again.
    Replay(replay::Replay),
    /// Count the operator's figures anew from everything that happened.
    Figures(figures::Figures),
    /// Take in what other systems export.
    #[command(subcommand)]
    Import(import::What),
    /// Measure: a server of its own under load, and what each use case costs on AWS.
    Bench(bench::Bench),
    /// Print the description of the API (`OpenAPI` 3.1).
    Openapi(openapi::Openapi),
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(serve) => serve.run().await,
        Command::Admin(admin) => admin.run().await,
        Command::Migrate(migrate) => migrate.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Replay(replay) => replay.run().await,
        Command::Figures(figures) => figures.run().await,
        Command::Import(what) => what.run().await,
        Command::Bench(bench) => bench.run().await,
        Command::Openapi(openapi) => openapi.run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = told(error.as_ref());
            let _ = writeln!(io::stderr(), "holdfast: {text}");
            ExitCode::FAILURE
        }
    }
}

/// An error with all that is behind it: whoever runs the command may know.
fn told(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    if let Some(error) = error.downcast_ref::<errors::Error>() {
        return error.chain();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

fn say(text: impl std::fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
