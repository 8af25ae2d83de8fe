//! The table: one line for each figure, the wrong ones at the end.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use env::Clock;
use errors::{Error, Result};
use jiff::Timestamp;
use model::{Bounds, MUTATIONS};
use proof::base::Base;
use proof::venue::Venue;
use proof::{conflict, faults, machine, rivals, storm};
use store::Store;

/// How much of it.
#[derive(Debug, Args)]
pub(crate) struct Sizes {
    /// Operations over bad wires.
    #[arg(long, default_value_t = 10_000)]
    operations: u64,
    /// Scripts for the state machine.
    #[arg(long, default_value_t = 500)]
    cases: u32,
    /// Processes of the storm, of 200 clients each.
    #[arg(long, default_value_t = 4)]
    processes: u64,
    /// Decides all that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A tenth of it, and neither the model nor the mutants: for a slow database.
    #[arg(long)]
    small: bool,
    /// Leave the mutants out, which build the tests anew for each.
    #[arg(long)]
    no_mutants: bool,
}

/// Prints the table; whether nothing was wrong.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn print(sizes: &Sizes) -> Result<bool> {
    let mut table = Table::default();
    if !sizes.small {
        explored(&mut table)?;
    }
    machine(&mut table, sizes).await?;
    faults(&mut table, sizes).await?;
    storm(&mut table, sizes).await?;
    limits(&mut table)?;
    if env::optional("HOLDFAST_DYNAMODB_ENDPOINT").is_none() {
        crowds(&mut table).await?;
        costs(&mut table).await?;
    }
    if !sizes.small && !sizes.no_mutants {
        mutants(&mut table).await?;
    }
    table.title("Wrong")?;
    table.line("violations", table.wrong.len())?;
    for wrong in &table.wrong {
        say(format_args!("\nWRONG: {wrong}"))?;
    }
    Ok(table.wrong.is_empty())
}

#[derive(Default)]
struct Table {
    wrong: Vec<String>,
}

impl Table {
    fn title(&self, text: &str) -> Result<()> {
        say(format_args!("\n{text}"))
    }

    fn line(&self, what: impl Display, figure: impl Display) -> Result<()> {
        say(format_args!("  {what:<58} {figure}"))
    }

    fn counts(&self, of: &BTreeMap<String, u64>) -> Result<()> {
        of.iter().try_for_each(|(what, count)| self.line(format_args!("  {what}"), count))
    }
}

fn say(text: impl Display) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(Error::internal)
}

fn explored(table: &mut Table) -> Result<()> {
    table.title("Model: every interleaving within the bounds (infra/model/src/lib.rs)")?;
    let (mut generated, mut unique) = (0, 0);
    for bounds in Bounds::all() {
        let report = model::explore(&bounds);
        table.line(
            format_args!("{}: states, steps deep", report.name),
            format_args!("{} of {} visited, {}", report.unique, report.generated, report.depth),
        )?;
        (generated, unique) = (generated + report.generated, unique + report.unique);
        let counterexamples = report.counterexamples.iter();
        table.wrong.extend(counterexamples.map(|one| format!("{}\n{}", one.property, one.script.join("\n"))));
        table
            .wrong
            .extend(report.missed.iter().map(|reach| format!("{}: {reach:?} not reached", report.name)));
    }
    table.line("all: states", format_args!("{unique} of {generated} visited"))?;
    let caught = |mutation: &&model::Mutation| mutation.run().against(mutation.falls).is_some();
    let killed = MUTATIONS.iter().filter(caught).count();
    table
        .line("safeguards left out, whose property falls", format_args!("{killed} of {}", MUTATIONS.len()))?;
    if killed < MUTATIONS.len() {
        table.wrong.push("a safeguard of the model can be left out unnoticed".to_owned());
    }
    Ok(())
}

async fn machine(table: &mut Table, sizes: &Sizes) -> Result<()> {
    table.title("State machine: scripts against the database, each step compared with a reference")?;
    let clock = Clock::at("2027-01-20T00:00:00Z".parse::<Timestamp>().map_err(Error::internal)?);
    let base = Base::start(&clock).await?;
    let cases = if sizes.small { sizes.cases / 10 } else { sizes.cases };
    let report = machine::run(&base, machine::Size { cases, steps: 30, seed: sizes.seed }).await?;
    base.stop().await?;
    table.line("scripts, steps", format_args!("{}, {}", report.cases, report.steps))?;
    table.counts(&report.outcomes)?;
    table.wrong.extend(report.violations);
    Ok(())
}

async fn faults(table: &mut Table, sizes: &Sizes) -> Result<()> {
    table.title("Bad wires: 64 clients, clocks up to 2 s wrong, faults between the SDK and the database")?;
    let clock = Clock::at(Venue::opens());
    let base = Base::start(&clock).await?;
    let operations = if sizes.small { sizes.operations / 10 } else { sizes.operations };
    let size = faults::Size { operations, clients: 64, seed: sizes.seed };
    let report = faults::run(&base, &clock, size).await?;
    base.stop().await?;
    table.line("operations", report.operations)?;
    table.line("faults injected", report.faults.values().sum::<u64>())?;
    table.counts(&report.faults)?;
    table.line("transactions sent", report.transactions)?;
    table.line("operations asked for again with their key", report.retries)?;
    table.line("transactions for a success", hundredths(report.attempts_per_hundred))?;
    table.line("answers checked against what is stored", report.beliefs)?;
    table.line("live records audited", report.audited)?;
    table.wrong.extend(report.violations);
    Ok(())
}

async fn storm(table: &mut Table, sizes: &Sizes) -> Result<()> {
    table.title("Storm: processes on one endpoint, all at once, on 10 resources and pools at the brink")?;
    let base = Base::start(&Clock::at(Venue::opens())).await?;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let (clients, operations) = if sizes.small { (20, 1) } else { (200, 3) };
    let size = storm::Size { processes: sizes.processes, clients, operations, seed: sizes.seed };
    let report = storm::run(&base, &program, size).await?;
    base.stop().await?;
    table.line("processes, clients", format_args!("{}, {}", report.processes, report.clients))?;
    table.line("operations", report.operations)?;
    table.line("written (200, 201)", report.written)?;
    table.line("refused (409, 410)", report.refused)?;
    table.line("transactions for a success", hundredths(report.attempts_per_hundred))?;
    table.line("live records audited", report.audited)?;
    table.line("units sold of those there are", format_args!("{} of {}", report.exact.0, report.exact.1))?;
    table.line("the same with overbooking", format_args!("{} of {}", report.beyond.0, report.beyond.1))?;
    table.wrong.extend(report.violations);
    Ok(())
}

fn limits(table: &mut Table) -> Result<()> {
    table.title("Longest commands: operators (of 300) and bytes (of 4,096) of the larger expression")?;
    let store = Store::new(store::Config::local("http://127.0.0.1:1".to_owned()));
    for one in ledger::limits::longest(&store)? {
        table.line(one.what, format_args!("{:>3} {:>5}", one.operators, one.bytes))?;
        if one.operators > ledger::limits::MOST_OPERATORS || one.bytes > ledger::limits::MOST_BYTES {
            table.wrong.push(format!("{one:?}"));
        }
    }
    for (what, bytes) in ledger::limits::fullest()? {
        table.line(format_args!("{what}: bytes, of 1,024 for a unit"), bytes)?;
    }
    Ok(())
}

async fn crowds(table: &mut Table) -> Result<()> {
    table.title("Crowds: a transaction takes 10 ms, and meanwhile nobody else has its items")?;
    let base = Base::start(&Clock::system()).await?;
    let config = base.tables().await?;
    let takes = Duration::from_millis(10);
    for (what, crowd) in [
        ("72 clients, each another quantum of one block", conflict::one_block(&config, takes).await?),
        ("200 clients, a unit each of one pool of 200", conflict::one_pool(&config, 200, takes).await?),
    ] {
        let each = u64::try_from(crowd.won).map_err(Error::internal)?.max(1);
        let figure = format!(
            "{} served, {} told to come back, {} attempts each",
            crowd.won,
            crowd.told_to_wait,
            hundredths(crowd.attempts * 100 / each)
        );
        table.line(what, figure)?;
    }
    base.stop().await
}

async fn costs(table: &mut Table) -> Result<()> {
    let base = Base::start(&Clock::system()).await?;
    let report = rivals::compare(&Store::new(base.tables().await?)).await?;
    base.stop().await?;
    table.title("Write units of a claim alone      this ledger   a slot an item   a day's document   with 100 bookings")?;
    for line in &report.time {
        let slots = line.slots.map_or("too many".to_owned(), |units| units.to_string());
        say(format_args!(
            "  {:<32} {:>11} {:>16} {:>18} {:>19}",
            line.what, line.ours, slots, line.day, line.busy_day
        ))?;
    }
    for line in &report.units {
        say(format_args!("  {:<32} {:>11}", line.what, line.ours))?;
    }
    let attempts = report.attempts;
    say(format_args!(
        "  {:<32} {:>11} {:>16} {:>18}",
        format_args!("attempts, {} at once, other times", rivals::CLIENTS),
        hundredths(attempts.ours),
        hundredths(attempts.slots),
        hundredths(attempts.day)
    ))?;
    let by: Vec<String> = report.by_bookings.iter().map(|(n, units)| format!("{n}: {units}")).collect();
    table.line("an hour, by bookings in its block", by.join(", "))
}

async fn mutants(table: &mut Table) -> Result<()> {
    table.title("Mutants: a safeguard of the code broken, and the test that notices (tests/mutants)")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/mutants");
    let mut script = tokio::process::Command::new(script);
    let done = script.stdin(Stdio::null()).status().await.map_err(Error::internal)?;
    if !done.success() {
        table.wrong.push("a mutant survived, or could not be tried".to_owned());
    }
    Ok(())
}

fn hundredths(count: u64) -> String {
    format!("{}.{:02}", count / 100, count % 100)
}
