//! The log of a function.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins the log, on the standard output.
pub fn log() {
    log_to(std::io::stdout).init();
}

/// How functions log: a line of JSON for each event, from the level that Lambda was told (`AWS_LAMBDA_LOG_LEVEL`), else from
/// `INFO`. `CloudWatch` adds the time.
pub fn log_to<W>(writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = env::optional("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_current_span(false)
        .with_ansi(false)
        .without_time()
        .with_writer(writer)
        .finish()
}
