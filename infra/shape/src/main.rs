//! Starts an installation as on AWS, to be used by a person: `tests/aws-shape serve` calls it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use shape::{Database, Options, Stack, Tools};
use tokio::signal::unix::{SignalKind, signal};

/// The packaged functions behind a gateway on this machine, until Control-C.
#[derive(Parser)]
struct Cli {
    /// Port to listen on; 0 for a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The project's folder, with template.yaml.
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

/// How often stream, queues and schedules are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let cli = Cli::parse();
    let tools = Tools::from_env()?.ok_or("HOLDFAST_SHAPE is not set: start this by tests/aws-shape serve")?;
    let mut secret: [u8; 32] = env::random();
    if let Some(last) = secret.last_mut() {
        *last &= 0xf0;
    }
    let clock = env::Clock::system();
    let root = std::path::absolute(cli.root)?;
    let options = Options {
        tools,
        root,
        database: Database::Moto,
        now: clock.now(),
        port: cli.port,
        besides: Vec::new(),
        secret,
        webhooks: true,
        limits: String::new(),
    };
    let stack = Stack::start(options).await?;
    writeln!(
        io::stdout(),
        "As on AWS, at {}/v2 (also /v1 and /api). The first call of each function starts it. The clock moves once a second.\n\n\
         Make the first administrator, in another terminal:\n\n  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any cargo run -- admin --aws \\\n      \
         --prefix Holdfast- --region us-east-1 --endpoint {} --email you@example.org\n\nMails are files in {}\nOrders are paid at {}/checkout/<order_id of the checkout>",
        stack.url(),
        stack.database(),
        stack.mail().unwrap_or_default().display(),
        stack.gateway().url(),
    )?;
    // Whoever stops it takes its processes along.
    let mut ended = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => return Ok(stopped?),
            _ = ended.recv() => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {
                stack.set_clock(clock.now())?;
                if let Err(error) = stack.sources().settle().await {
                    writeln!(io::stderr(), "shape: {error}")?;
                }
            }
        }
    }
}
