//! `holdfast bench`: what this installation does and costs, as figures.

mod cache;
mod child;
mod cost;
mod limits;
mod message;
mod scene;
mod seed;
mod sending;
mod serving;

use std::path::PathBuf;
use std::time::Duration;

use bench::process;
use bench::report::Report;
use clap::{Args, ValueEnum};

use super::{Outcome, say};

/// The head of the document that `--markdown` writes.
const HEAD: &str = "\
# Figures

Written by `cargo run --profile fast -- bench --markdown docs/figures.md --svg docs/figures.svg`, besides the
build; `--quick` gives a first look. Counts are exact, and held by a test; times are those of one run on one machine,
and good for comparing within it.

![The figures as bars](figures.svg)
";

#[derive(Args)]
pub(crate) struct Bench {
    /// A first look: a second for each figure, and no large store.
    #[arg(long)]
    quick: bool,
    /// Write the report as JSON to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write the report's picture to this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Write the report as a Markdown document to this file.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// How many clients ask at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 1_000], value_parser = clients)]
    connections: Vec<usize>,
    /// Seconds for each figure under load, at most 60; 5 when not given, 1 with --quick.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// The most requests for each figure under load.
    #[arg(long, hide = true, default_value_t = 100_000, value_parser = clients)]
    requests: usize,
    /// Bookings in the store: when the load begins, and for the figures of growth.
    #[arg(long, hide = true, value_delimiter = ',')]
    bookings: Option<Vec<usize>>,
    /// Measure this alone.
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The server under load, and as its store grows.
    Load,
    /// Messages sent from inside of requests, beside those that follow from events.
    Sending,
    /// Limits, and a crowd that is too large.
    Limits,
    /// Reads without a cache, with one in the process, and with Redis.
    Cache,
    /// What each use case costs on AWS.
    Cost,
}

/// How much is measured.
struct Plan {
    connections: Vec<usize>,
    requests: usize,
    time: Duration,
    bookings: Vec<usize>,
}

impl Bench {
    pub(crate) async fn run(self) -> Outcome {
        let plan = self.plan();
        let mut report = Report { about: about(), ..Report::default() };
        let wanted = |part| self.only.is_none_or(|only| only == part);
        let mut wrong = Vec::new();
        if wanted(Part::Load) {
            wrong.extend(serving::measure(&plan, &mut report).await?);
        }
        if wanted(Part::Sending) {
            wrong.extend(Box::pin(sending::measure(self.quick, &mut report)).await?);
        }
        if wanted(Part::Limits) {
            wrong.extend(Box::pin(limits::measure(&plan, &mut report)).await?);
        }
        if wanted(Part::Cache) {
            wrong.extend(Box::pin(cache::measure(&plan, &mut report)).await?);
        }
        if wanted(Part::Cost) {
            Box::pin(cost::measure(&mut report)).await?;
        }
        say(report.text())?;
        let files = [
            (&self.json, report.json()?),
            (&self.svg, report.svg()),
            (&self.markdown, report.markdown(HEAD)),
        ];
        for (path, text) in files.iter().filter_map(|(path, text)| Some((path.as_ref()?, text))) {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        match wrong.len() {
            0 => Ok(()),
            more => Err(format!("{more} figures have errors; the first: {}", wrong.swap_remove(0)).into()),
        }
    }

    fn plan(&self) -> Plan {
        let sizes = if self.quick { vec![1_000] } else { vec![1_000, 100_000] };
        Plan {
            connections: self.connections.clone(),
            requests: self.requests,
            time: Duration::from_secs(self.seconds.unwrap_or(if self.quick { 1 } else { 5 })),
            bookings: self.bookings.clone().unwrap_or(sizes),
        }
    }
}

/// One or more.
fn clients(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=1_000_000).contains(n))
        .ok_or_else(|| "must be 1 to 1,000,000".to_owned())
}

fn about() -> Vec<String> {
    let built = if cfg!(debug_assertions) { ", built without optimization: times mean little" } else { "" };
    let busy =
        process::busy().map(|load| format!("; load of the machine before: {load}")).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    vec![format!("holdfast {version}{built}, on {}{busy}", process::machine())]
}
