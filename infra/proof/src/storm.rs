//! A storm: many processes of many clients each, all of which start at once on a few resources and pools.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use env::Clock;
use errors::{Error, Result};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::{Config, Store};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::base::{self, Base};
use crate::chance::Chance;
use crate::checks::{self, Facts};
use crate::crowd::{Believed, Client, Tale};
use crate::venue::{BEYOND, BRINK, Venue};
use crate::wire::{Tally, Wire};

/// What the time of day of a process moves on by with each operation.
const PER_OPERATION: SignedDuration = SignedDuration::from_millis(613);

/// How large a storm.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Processes.
    pub processes: u64,
    /// Clients of each.
    pub clients: u64,
    /// Operations of each client, after its claims at the brink.
    pub operations: u64,
    /// Decides what each client does.
    pub seed: u64,
}

/// What a storm left behind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Processes.
    pub processes: u64,
    /// Clients of all of them.
    pub clients: u64,
    /// Operations.
    pub operations: u64,
    /// Answers that something is written: what HTTP tells as 200 or 201.
    pub written: u64,
    /// Answers that it cannot be: what HTTP tells as 409 or 410.
    pub refused: u64,
    /// Transactions sent, retries included.
    pub transactions: u64,
    /// Transactions that were sent again, since another one was in the way or the database was busy.
    pub again: u64,
    /// Transactions for each hundred answers that something is written.
    pub attempts_per_hundred: u64,
    /// Units sold of the pool that all want one of and that must not be overbooked, and how many there are.
    pub exact: (u64, u64),
    /// The same of the pool that may be overbooked, and how many there are with those beyond.
    pub beyond: (u64, u64),
    /// Holds whose units the sweep gave back in the end.
    pub released: u64,
    /// Answers by act.
    pub outcomes: BTreeMap<String, u64>,
    /// Live records that the auditor compared with the ledger.
    pub audited: u64,
    /// What is wrong, with the seed and what was done about the keys concerned.
    pub violations: Vec<String>,
}

/// A process of a storm.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The database.
    #[arg(long)]
    endpoint: String,
    /// What the names of its tables begin with.
    #[arg(long)]
    prefix: String,
    /// Decides where the storm is.
    #[arg(long)]
    seed: u64,
    /// Which process this is.
    #[arg(long)]
    number: u64,
    /// Clients.
    #[arg(long)]
    clients: u64,
    /// Operations of each.
    #[arg(long)]
    operations: u64,
}

/// What a process tells on its standard output.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    tale: Tale,
    transactions: u64,
    /// Transactions that clients began.
    begun: u64,
}

/// Is a process of a storm: says that it is ready, waits for a line, does its part, and tells.
///
/// # Errors
/// `internal` when there is nobody to tell.
pub async fn worker(args: Args) -> Result<()> {
    let tally = Arc::new(Tally::default());
    let config = base::config(&args.endpoint, args.prefix);
    let wire = Wire::new(config.carrier(), Arc::clone(&tally), (args.seed, args.number), 0);
    let http = Some(SharedHttpClient::new(wire.clone()));
    let store = Store::new(Config { http, ..config });
    let (venue, clock) = (Venue::new(args.seed), Clock::at(Venue::opens()));
    let desk = Venue::desk(store)?;
    let mut clients = Vec::new();
    for number in 0..args.clients {
        let chance = Chance::at(args.seed, &[args.number, number]);
        clients.push(Client::new(desk.clone(), wire.clone(), venue.clone(), chance, number % 50 == 0));
    }
    say("ready")?;
    std::io::stdin().read_line(&mut String::new()).map_err(Error::internal)?;
    let mut running = tokio::task::JoinSet::new();
    for mut client in clients {
        let clock = clock.clone();
        running.spawn(async move {
            client.queue(&clock).await;
            for _ in 0..args.operations {
                client.operate(&clock).await;
                clock.advance(PER_OPERATION);
            }
            client.tale()
        });
    }
    let mut told = Told::default();
    while let Some(ended) = running.join_next().await {
        told.tale.add(ended.map_err(Error::internal)?);
    }
    told.transactions = tally.transactions();
    told.begun = desk.begun();
    say(&serde_json::to_string(&told).map_err(Error::internal)?)
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::internal)
}

/// Raises a storm with processes of the program at `proof`, whose command `storm-worker` is [`worker`].
///
/// # Errors
/// `unavailable` when the database is; `internal` when a process cannot be started, or ends early.
pub async fn run(base: &Base, proof: &Path, size: Size) -> Result<Report> {
    let config = base.tables().await?;
    let store = Store::new(config.clone());
    let venue = Venue::new(size.seed);
    venue.open(&store).await?;
    let mut processes = Vec::new();
    for number in 0..size.processes {
        processes.push(start(proof, base.endpoint(), &config.prefix, number, size)?);
    }
    for (_, out) in &mut processes {
        let mut line = String::new();
        out.read_line(&mut line).await.map_err(Error::internal)?;
    }
    for (child, _) in &mut processes {
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(b"go\n").await.map_err(Error::internal)?;
        }
    }
    let ended = futures::future::try_join_all(processes.into_iter().map(end)).await?;
    let (mut tale, mut transactions, mut begun) = (Tale::default(), 0, 0);
    for told in ended {
        tale.add(told.tale);
        transactions += told.transactions;
        begun += told.begun;
    }
    // Later than any clock of the storm, and than any hold.
    let end = Venue::opens() + SignedDuration::from_hours(9 * 24);
    let released = Venue::desk(store.clone())?.sweep(end).await?;
    let mut known = venue.known();
    known.keys = tale.beliefs.iter().map(|belief| belief.key).collect();
    let facts = Facts::read(&store, &known).await?;
    let mut violations = facts.violations(&known, end, true);
    violations.extend(tale.contradictions(&facts));
    let (found, audited) = checks::audited(&store, end, &known).await?;
    violations.extend(found);
    crate::faults::explain(&mut violations, size.seed, &tale);
    let (exact, beyond) = venue.brink();
    let sold = |pool| {
        let sold = tale.beliefs.iter().filter(|belief| belief.state == Believed::Confirmed);
        let of = sold.filter(|belief| belief.lines.first().is_some_and(|line| line.pool == pool));
        u64::try_from(of.count()).unwrap_or(u64::MAX)
    };
    let written = tale.successes();
    Ok(Report {
        processes: size.processes,
        clients: size.processes * size.clients,
        operations: tale.operations,
        written,
        refused: tale.refusals(),
        transactions,
        again: transactions - begun,
        attempts_per_hundred: transactions * 100 / written.max(1),
        exact: (sold(exact), u64::from(BRINK)),
        beyond: (sold(beyond), u64::from(BRINK + BEYOND)),
        released,
        outcomes: tale.outcomes,
        audited: audited.bookings + audited.orders,
        violations,
    })
}

type Process = (Child, BufReader<ChildStdout>);

fn start(proof: &Path, endpoint: &str, prefix: &str, number: u64, size: Size) -> Result<Process> {
    let mut command = Command::new(proof);
    command.args(["storm-worker", "--endpoint", endpoint, "--prefix", prefix]);
    let numbers = [
        ("--seed", size.seed),
        ("--number", number),
        ("--clients", size.clients),
        ("--operations", size.operations),
    ];
    for (name, number) in numbers {
        command.args([name, &number.to_string()]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(Error::internal)?;
    let out = child.stdout.take().ok_or_else(|| Error::internal("a process without an output"))?;
    Ok((child, BufReader::new(out)))
}

async fn end((mut child, mut out): Process) -> Result<Told> {
    let mut text = String::new();
    out.read_to_string(&mut text).await.map_err(Error::internal)?;
    let status = child.wait().await.map_err(Error::internal)?;
    if !status.success() {
        return Err(Error::internal(format!("a process of the storm ended with {status}")));
    }
    serde_json::from_str(&text).map_err(Error::internal)
}
