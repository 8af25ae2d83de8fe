//! `holdfast replay`.

use clap::Args;
use jiff::Timestamp;

use super::{Outcome, Place, say};

#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    place: Place,
    /// First instant, e.g. 2026-11-20T00:00:00Z.
    #[arg(long)]
    from: Timestamp,
    /// First instant after it.
    #[arg(long)]
    to: Timestamp,
}

impl Replay {
    pub(crate) async fn run(self) -> Outcome {
        let installation = self.place.open().await?;
        let store = installation.store();
        let queues = installation.queues()?.clone();
        let app = &relay::App { store: store.clone(), clock: env::Clock::system(), queues };
        let cache = &cache::Cache::from_env()?;
        let readers = async |events: Vec<_>| {
            relay::pass_on(app, &events).await?;
            insights::consume(store, cache, &events).await
        };
        let count = relay::replay(store, self.from, self.to, readers).await?;
        say(format_args!("{count} events passed on again."))?;
        Ok(installation.close().await?)
    }
}
