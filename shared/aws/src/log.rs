//! The log of a function.

use tracing_subscriber::filter::LevelFilter;

/// Begins the log: a line of JSON for each event, to the standard output, from the level that Lambda was told
/// (`AWS_LAMBDA_LOG_LEVEL`), else from `INFO`. `CloudWatch` adds the time.
pub fn log() {
    let level = env::optional("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_current_span(false)
        .with_ansi(false)
        .without_time()
        .init();
}
