//! `holdfast import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::text::{Email, InvalidText};
use domain::{ResourceId, Span};
use env::Clock;
use jiff::{SignedDuration, Timestamp};
use local::Acting;
use local::import::{Import, Rooms, Shift, Source};
use web::Core;

use super::{Outcome, Place, reservations, say};

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

#[derive(Subcommand)]
pub(crate) enum What {
    /// Book what iCalendar files hold, by the rules that hold for everybody; prints each refusal and a summary.
    ///
    /// Importing the same files again books nothing twice. Nothing is booked if a file cannot be opened.
    Ics(Ics),
    /// Replay the book of a hotel, a table that another system exported: what was booked, changed, cancelled, and who came, at the
    /// time when it happened; prints each refusal and a summary.
    ///
    /// Importing the same files again books nothing twice.
    Reservations(reservations::Arguments),
}

#[derive(Args)]
pub(crate) struct Ics {
    #[command(flatten)]
    place: Place,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The room to book for all of them.
    #[arg(long, required_unless_present = "map", conflicts_with = "map")]
    room: Option<ResourceId>,
    /// A JSON file with an object of room ids by LOCATION or by the calendar's name, `*` for all others.
    #[arg(long)]
    map: Option<PathBuf>,
    /// Address of the account that books; a role that books for others is bound by no notice.
    #[arg(long = "as", value_parser = |text: &str| text.parse::<Email>().map_err(|error: InvalidText| error.to_string()))]
    account: Email,
    /// Book what ends after this instant, e.g. 2027-01-01T00:00:00Z; now when not given.
    #[arg(long)]
    from: Option<Timestamp>,
    /// Book what starts before this instant; a year after the first when not given.
    #[arg(long)]
    to: Option<Timestamp>,
    /// Move all times by so many weeks, or by `auto`, each file's so that its earliest event lies in the future: old
    /// calendars would be refused as past.
    #[arg(long, allow_hyphen_values = true, default_value = "0")]
    shift: Shift,
    /// Say what would be asked for, and ask for nothing.
    #[arg(long)]
    dry_run: bool,
}

impl What {
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::Ics(ics) => ics.run().await,
            Self::Reservations(arguments) => Box::pin(arguments.run()).await,
        }
    }
}

impl Ics {
    async fn run(self) -> Outcome {
        let clock = Clock::system();
        let sources = self.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let import = Import {
            rooms: self.rooms()?,
            window: self.window(clock.now())?,
            shift: self.shift,
            dry_run: self.dry_run,
        };
        let keys = self.place.keys()?;
        let installation = self.place.open().await?;
        let core = Core::new(installation.store().clone(), clock, keys);
        let acting = Acting::begin(core, installation.queues()?, &self.account).await?;
        let report = import.run(&acting, &sources).await;
        acting.end().await?;
        installation.close().await?;
        Ok(say(report?)?)
    }

    fn rooms(&self) -> Result<Rooms, String> {
        match (self.room, &self.map) {
            (Some(room), _) => Ok(Rooms::one(room)),
            (None, Some(path)) => {
                let Source { name, bytes } = read(path)?;
                serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {error}"))
            }
            (None, None) => Err("say --room or --map".to_owned()),
        }
    }

    fn window(&self, now: Timestamp) -> Result<Span, String> {
        let from = self.from.unwrap_or(now);
        let to = match self.to {
            Some(to) => to,
            None => from.checked_add(YEAR).map_err(|error| error.to_string())?,
        };
        Span::new(from, to).ok_or_else(|| "--to must be after --from".to_owned())
    }
}

pub(super) fn read(path: &PathBuf) -> Result<Source, String> {
    let name = path.display().to_string();
    std::fs::read(path)
        .map(|bytes| Source { name: name.clone(), bytes })
        .map_err(|error| format!("{name}: {error}"))
}
