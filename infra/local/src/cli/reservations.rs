//! `holdfast import reservations`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use domain::text::{Email, InvalidText};
use domain::{Currency, LocationId, Zone};
use env::Clock;
use jiff::civil::Date;
use local::Acting;
use local::reservations::{Capacity, Mapping, Progress, Report, Reservations, Where};
use web::Core;

use super::import::read;
use super::{Outcome, Place, say};

/// So many steps pass between two changes of the line on the terminal.
const SHOWN_EVERY: usize = 50;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The files: tables with commas and a line of names first, plain or by gzip.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A JSON file that says which columns say what; infra/local/mappings has one, docs/operations.md says how to write another.
    #[arg(long)]
    mapping: PathBuf,
    /// The location of the hotel.
    #[arg(long, required_unless_present = "new_location", conflicts_with = "new_location")]
    location: Option<LocationId>,
    /// Or the name of one that is made, unless an earlier import made it.
    #[arg(long, requires = "zone")]
    new_location: Option<String>,
    /// The zone of its clocks, e.g. Europe/Lisbon.
    #[arg(long, value_parser = |text: &str| Zone::try_from(text.to_owned()).map_err(|error| error.to_string()))]
    zone: Option<Zone>,
    /// What prices are in.
    #[arg(long, default_value = "EUR", value_parser = |text: &str| Currency::from_code(text).ok_or("send a code of ISO 4217"))]
    currency: Currency,
    /// Address of the account that acts: it manages the catalogue and books for others.
    #[arg(long = "as", value_parser = |text: &str| text.parse::<Email>().map_err(|error: InvalidText| error.to_string()))]
    account: Email,
    /// Make and offer as many rooms of each type as were slept in at once, and allow as many more reservations as there were.
    #[arg(long)]
    derive_capacity: bool,
    /// Other numbers for a type than those: `A=55`, or `A=55+30` with what may be sold beyond. May be said for each type.
    #[arg(long, requires = "derive_capacity", value_parser = capacity)]
    rooms: Vec<(String, Capacity)>,
    /// Read so many rows at most.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    limit: usize,
    /// Keep in this file how far it got; if it is there already, go on from there.
    #[arg(long)]
    resume: Option<PathBuf>,
    /// Write what became of it, with each refusal, into this file: JSON.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Say what would be imported, and ask for nothing.
    #[arg(long)]
    dry_run: bool,
}

fn capacity(text: &str) -> Result<(String, Capacity), String> {
    let (name, rooms) = text.split_once('=').ok_or("send rooms as A=55 or A=55+30")?;
    Ok((name.to_owned(), rooms.parse()?))
}

impl Arguments {
    pub(crate) async fn run(self) -> Outcome {
        let system = Clock::system();
        let sources = self.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let import = self.import(system.now().to_zoned(jiff::tz::TimeZone::UTC).date())?;
        let book = import.read(&sources)?;
        if self.dry_run {
            return self.tell(&book.report);
        }
        let clock = book.clock()?;
        let keys = self.place.keys()?;
        let installation = self.place.open().await?;
        let mut core = Core::new(installation.store().clone(), system, keys);
        core.show_usage = true;
        let queues = installation.queues()?;
        let acting = Acting::begin(core, queues, &self.account).await?.with_clock(clock.clone(), queues);
        let report = import.replay(&acting, clock, book, &mut |progress| show(progress)).await;
        acting.end().await?;
        installation.close().await?;
        self.tell(&report?)
    }

    fn import(&self, today: Date) -> Result<Reservations, Box<dyn std::error::Error + Send + Sync>> {
        let place = match (&self.location, &self.new_location, &self.zone) {
            (Some(location), ..) => Where::Known(location.to_string()),
            (None, Some(name), Some(zone)) => Where::New { name: name.clone(), zone: zone.clone() },
            _ => return Err("say --location, or --new-location with --zone".into()),
        };
        Ok(Reservations {
            mapping: Mapping::read(&read(&self.mapping)?)?,
            place,
            currency: self.currency,
            derive_capacity: self.derive_capacity,
            rooms: self.rooms.iter().cloned().collect::<BTreeMap<_, _>>(),
            limit: self.limit,
            until: today,
            journal: self.resume.clone(),
        })
    }

    /// Refusals go into the report where there is one, and are printed otherwise.
    fn tell(&self, report: &Report) -> Outcome {
        if let Some(path) = &self.report {
            std::fs::write(path, serde_json::to_vec_pretty(report)?)?;
        } else {
            for refusal in &report.refused {
                say(refusal)?;
            }
        }
        Ok(say(report)?)
    }
}

/// One line on a terminal that is written over and over; nothing elsewhere.
fn show(Progress { day, done, all, refused }: Progress) {
    let mut out = io::stderr();
    if !out.is_terminal() || (done % SHOWN_EVERY != 0 && done != all) {
        return;
    }
    let end = if done == all { "\n" } else { "" };
    // What cannot be shown stops nothing.
    let _ = write!(out, "\r{day}  {done} of {all} steps, {refused} refused{end}");
}
