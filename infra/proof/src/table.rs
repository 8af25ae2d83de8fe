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
    #[arg(long, default_value_t = 100)]
    cases: u32,
    /// Processes of the storm, of 200 clients each.
    #[arg(long, default_value_t = 4)]
    processes: u64,
    /// Decides all that chance decides.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A fraction of it, and neither the model nor the mutants: for a slow database.
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
    let mut wrong = Wrong::new();
    if !sizes.small {
        explored(&mut wrong)?;
    }
    machine(&mut wrong, sizes).await?;
    faults(&mut wrong, sizes).await?;
    storm(&mut wrong, sizes).await?;
    limits(&mut wrong)?;
    if env::optional("HOLDFAST_DYNAMODB_ENDPOINT").is_none() {
        crowds().await?;
        costs().await?;
    }
    if !sizes.small && !sizes.no_mutants {
        mutants(&mut wrong).await?;
    }
    title("Wrong")?;
    line("violations", wrong.len())?;
    for one in &wrong {
        say(format_args!("\nWRONG: {one}"))?;
    }
    Ok(wrong.is_empty())
}

/// What is wrong, as it is found.
type Wrong = Vec<String>;

fn title(text: &str) -> Result<()> {
    say(format_args!("\n{text}"))
}

fn line(what: impl Display, figure: impl Display) -> Result<()> {
    say(format_args!("  {what:<62} {figure}"))
}

fn counts(of: &BTreeMap<String, u64>) -> Result<()> {
    of.iter().try_for_each(|(what, count)| line(format!("  {what}"), count))
}

fn say(text: impl Display) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(Error::internal)
}

fn explored(wrong: &mut Wrong) -> Result<()> {
    title("Model: every interleaving within the bounds (infra/model/src/lib.rs)")?;
    let (mut generated, mut unique) = (0, 0);
    for bounds in Bounds::all() {
        let report = model::explore(&bounds);
        line(
            format!("{}: states", report.name),
            format_args!("{} of {} visited, {} steps deep", report.unique, report.generated, report.depth),
        )?;
        (generated, unique) = (generated + report.generated, unique + report.unique);
        let counterexamples = report.counterexamples.iter();
        wrong.extend(counterexamples.map(|one| format!("{}\n{}", one.property, one.script.join("\n"))));
        wrong.extend(report.missed.iter().map(|reach| format!("{}: {reach:?} not reached", report.name)));
    }
    line("all: states", format_args!("{unique} of {generated} visited"))?;
    let caught = |mutation: &&model::Mutation| mutation.run().against(mutation.falls).is_some();
    let killed = MUTATIONS.iter().filter(caught).count();
    line("safeguards left out, whose property falls", format_args!("{killed} of {}", MUTATIONS.len()))?;
    if killed < MUTATIONS.len() {
        wrong.push("a safeguard of the model can be left out unnoticed".to_owned());
    }
    Ok(())
}

async fn machine(wrong: &mut Wrong, sizes: &Sizes) -> Result<()> {
    title("State machine: scripts against the database, each step compared with a reference")?;
    let clock = Clock::at("2027-01-20T00:00:00Z".parse::<Timestamp>().map_err(Error::internal)?);
    let base = Base::start(&clock).await?;
    let cases = if sizes.small { sizes.cases / 20 } else { sizes.cases };
    let report = machine::run(&base, machine::Size { cases, steps: 30, seed: sizes.seed }).await?;
    base.stop().await?;
    line("scripts, steps", format_args!("{}, {}", report.cases, report.steps))?;
    counts(&report.outcomes)?;
    wrong.extend(report.violations);
    Ok(())
}

async fn faults(wrong: &mut Wrong, sizes: &Sizes) -> Result<()> {
    title("Bad wires: 64 clients, clocks up to 2 s wrong, faults between the SDK and the database")?;
    let clock = Clock::at(Venue::opens());
    let base = Base::start(&clock).await?;
    let operations = if sizes.small { sizes.operations / 50 } else { sizes.operations };
    let size = faults::Size { operations, clients: 64, seed: sizes.seed };
    let report = faults::run(&base, &clock, size).await?;
    base.stop().await?;
    line("operations", report.operations)?;
    line("faults injected", report.faults.values().sum::<u64>())?;
    counts(&report.faults)?;
    line("transactions sent", report.transactions)?;
    line("operations asked for again with their key", report.retries)?;
    line("transactions for a success", hundredths(report.attempts_per_hundred))?;
    line("answers checked against what is stored", report.beliefs)?;
    line("live records audited", report.audited)?;
    wrong.extend(report.violations);
    Ok(())
}

async fn storm(wrong: &mut Wrong, sizes: &Sizes) -> Result<()> {
    title("Storm: processes on one endpoint, all at once, on 10 resources and pools at the brink")?;
    let base = Base::start(&Clock::at(Venue::opens())).await?;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let (clients, operations) = if sizes.small { (10, 1) } else { (200, 3) };
    let size = storm::Size { processes: sizes.processes, clients, operations, seed: sizes.seed };
    let report = storm::run(&base, &program, size).await?;
    base.stop().await?;
    line("processes, clients", format_args!("{}, {}", report.processes, report.clients))?;
    line("operations", report.operations)?;
    line("written (200, 201)", report.written)?;
    line("refused (409, 410)", report.refused)?;
    line("transactions for a success", hundredths(report.attempts_per_hundred))?;
    line("live records audited", report.audited)?;
    line("units sold of those there are", format_args!("{} of {}", report.exact.0, report.exact.1))?;
    line("the same with overbooking", format_args!("{} of {}", report.beyond.0, report.beyond.1))?;
    wrong.extend(report.violations);
    Ok(())
}

fn limits(wrong: &mut Wrong) -> Result<()> {
    title("Longest commands: operators (of 300) and bytes (of 4,096) of the larger expression")?;
    let store = Store::new(store::Config::local("http://127.0.0.1:1".to_owned()));
    for one in ledger::limits::longest(&store)? {
        line(one.what, format_args!("{:>3} {:>5}", one.operators, one.bytes))?;
        if one.operators > ledger::limits::MOST_OPERATORS || one.bytes > ledger::limits::MOST_BYTES {
            wrong.push(format!("{one:?}"));
        }
    }
    for (what, bytes) in ledger::limits::fullest()? {
        line(format!("{what}: bytes, of 1,024 for a unit"), bytes)?;
    }
    Ok(())
}

async fn crowds() -> Result<()> {
    title("Crowds: a transaction takes 10 ms, and meanwhile nobody else has its items")?;
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
        line(what, figure)?;
    }
    base.stop().await
}

async fn costs() -> Result<()> {
    let base = Base::start(&Clock::system()).await?;
    let report = rivals::compare(&Store::new(base.tables().await?)).await?;
    base.stop().await?;
    title(
        "Write units of a claim alone      this ledger   a slot an item   a day's document   with 100 bookings",
    )?;
    for row in &report.time {
        let slots = row.slots.map_or("too many".to_owned(), |units| units.to_string());
        say(format_args!(
            "  {:<32} {:>11} {:>16} {:>18} {:>19}",
            row.what, row.ours, slots, row.day, row.busy_day
        ))?;
    }
    for row in &report.units {
        say(format_args!("  {:<32} {:>11}", row.what, row.ours))?;
    }
    let attempts = report.attempts;
    say(format_args!(
        "  {:<32} {:>11} {:>16} {:>18}",
        format!("attempts, {} at once", rivals::CLIENTS),
        hundredths(attempts.ours),
        hundredths(attempts.slots),
        hundredths(attempts.day)
    ))?;
    let by: Vec<String> = report.by_bookings.iter().map(|(n, units)| format!("{n}: {units}")).collect();
    line("an hour, by bookings in its block", by.join(", "))
}

async fn mutants(wrong: &mut Wrong) -> Result<()> {
    title("Mutants: a safeguard of the code broken, and the test that notices (tests/mutants)")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/mutants");
    let mut script = tokio::process::Command::new(script);
    let done = script.stdin(Stdio::null()).status().await.map_err(Error::internal)?;
    if !done.success() {
        wrong.push("a mutant survived, or could not be tried".to_owned());
    }
    Ok(())
}

fn hundredths(count: u64) -> String {
    format!("{}.{:02}", count / 100, count % 100)
}
