//! `holdfast migrate`.

use std::time::Duration;

use clap::Args;
use store::{Step, Store};
use tokio::time::Instant;

use super::{Outcome, Place, say};

/// The first pause; each further one is twice as long.
const SHORTEST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);
/// An index of a large table takes hours. Whoever gives up before it is done loses nothing.
const PATIENCE: Duration = Duration::from_hours(24);

#[derive(Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    place: Place,
    /// Say what is missing, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(crate) async fn run(self) -> Outcome {
        let installation = self.place.open().await?;
        let steps = installation.store().missing().await?;
        if steps.is_empty() {
            say("All tables and indexes are there.")?;
        } else if self.dry_run {
            for step in &steps {
                say(step)?;
            }
            say(format_args!("{} steps are missing; nothing was done.", steps.len()))?;
        } else {
            migrate(installation.store()).await?;
        }
        Ok(installation.close().await?)
    }
}

/// Takes steps until none is missing. A line for each that is taken, and one for each look at what is being made.
async fn migrate(store: &Store) -> Outcome {
    let (start, mut pause, mut before) = (Instant::now(), SHORTEST, Vec::<Step>::new());
    loop {
        let steps = store.migrate().await?;
        if steps.is_empty() {
            return Ok(say(format_args!("Done after {} s.", start.elapsed().as_secs()))?);
        }
        for step in &steps {
            say(format_args!("{:>5} s  {step}", start.elapsed().as_secs()))?;
        }
        if start.elapsed() > PATIENCE {
            return Err("this takes longer than a day; start again to go on waiting".into());
        }
        // What is asked for a second time was refused, since somebody else is at the table.
        if steps == before || steps.iter().all(Step::is_wait) {
            tokio::time::sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST);
        } else {
            pause = SHORTEST;
        }
        before = steps;
    }
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    let share = u32::from(u16::from_be_bytes(env::random()));
    half + half * share / u32::from(u16::MAX)
}
