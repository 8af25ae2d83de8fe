//! `holdfast serve`.

use clap::Args;
use local::{Options, Server, database::Data};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

use super::{Outcome, say};

#[derive(Args)]
pub(crate) struct Serve {
    /// Port to listen on; 0 for a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Directory of the data.
    #[arg(long, default_value = ".holdfast")]
    data: PathBuf,
    /// Keep the data in memory: it is gone when the service stops.
    #[arg(long)]
    memory: bool,
    /// Add people, rooms and bookings to try things with.
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Outcome {
        let filter =
            EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let data = if self.memory { Data::Memory } else { Data::Dir(self.data.clone()) };
        let secret = if self.memory { env::random() } else { local::secret(&self.data)? };
        let cache = cache::Cache::from_env()?;
        let options = Options {
            port: self.port,
            secret,
            show_usage: true,
            background: true,
            limits: Some(web::Limits::from_env(cache.shared().cloned())?),
            cache,
            country: env::parsed("HOLDFAST_DIAL_CODE", domain::DialCode::default())?,
            ..Options::new(data)
        };
        let server = local::start(options).await?;
        let demo = if self.demo { Some(local::demo(&server).await?) } else { None };
        greet(&server, demo.as_ref())?;
        stopped().await;
        say("Stopping.")?;
        Ok(server.stop().await?)
    }
}

fn greet(server: &Server, demo: Option<&local::Demo>) -> std::io::Result<()> {
    let url = server.url();
    say(format_args!(
        "Holdfast is up.\n\n  API     {url}/v2  (also /v1, and /api by negotiation)\n  Docs    {url}/docs\n  Outbox  {url}/outbox  (what was sent)\n  Figures {url}/figures, {url}/house  (what was sold)\n  Status  {url}/status  (how this server does)\n"
    ))?;
    match demo {
        Some(demo) => say(demo),
        None => say(format_args!(
            "Make the first administrator, in another terminal:\n\n  cargo run -- admin --email you@example.org\n\n\
             Book a room (README.md, \"Five minutes\", shows where TOKEN and ROOM come from):\n\n  \
             curl {url}/v2/bookings -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: first\" \\\n       \
             -H \"Content-Type: application/json\" \\\n       \
             -d \"{{\\\"room_id\\\":\\\"$ROOM\\\",\\\"local_start\\\":\\\"{start}\\\",\\\"local_end\\\":\\\"{end}\\\"}}\"\n\n\
             Or start with --demo, which has people and rooms and prints a line that books one.",
            start = demo_start(server, 9),
            end = demo_start(server, 10),
        )),
    }
}

/// Tomorrow at this hour, on the wall clock of UTC.
fn demo_start(server: &Server, hour: i8) -> String {
    let today = server.core().clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today.tomorrow().unwrap_or(today);
    day.at(hour, 0, 0, 0).to_string()
}

/// Control-C, or the polite signal of whoever runs us.
async fn stopped() {
    let interrupted = async {
        // Without the handler there is no other way to stop than to be killed, which loses nothing either.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! { () = interrupted => {}, () = terminated => {} }
    }
    #[cfg(not(unix))]
    interrupted.await;
}
