//! Measures functions as Lambda runs them: the packaged program, started with Lambda's environment, called through Lambda's own
//! protocol, with a database behind it.
//!
//! Times are of this machine, database and runtime on the same processors: compare rows, not machines.

mod process;
mod runtime;
mod size;
mod table;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::Value;

pub use table::{Figure, Row, Table, Unit};

use crate::process::Process;
use crate::runtime::Runtime;

/// How often each function is started.
const STARTS: usize = 30;

/// One kind of request to one function.
pub struct Call {
    /// The function, and what it is asked for.
    pub name: String,
    /// The packaged program.
    pub bootstrap: PathBuf,
    /// What its environment has beside what Lambda sets, e.g. `HOLDFAST_SECRET`.
    pub variables: Vec<(String, String)>,
    /// The n-th event.
    pub event: Box<dyn Fn(usize) -> Value + Send>,
    /// How many of them after the first.
    pub warm: usize,
}

/// Measures a call: sizes, 30 starts, as many without a database, the first request and the warm ones.
///
/// # Errors
/// When the function does not start, fails, or answers with an HTTP status of 300 or more.
pub fn measure(call: &Call) -> io::Result<Row> {
    let runtime = Runtime::start()?;
    let program = std::fs::read(&call.bootstrap)?;
    let mut row = Row::new(&call.name);
    row.push("program", Unit::Bytes, program.len() as u64);
    row.push("zipped", Unit::Bytes, size::zipped(&program)?);
    let (mut waits, mut cpus, mut memory) = (Vec::new(), Vec::new(), 0);
    for _ in 0..STARTS {
        let process = Process::start(&call.bootstrap, &environment(&runtime, &call.variables))?;
        let (at, give) = runtime.next()?;
        waits.push(at.duration_since(process.begun));
        cpus.push(process.cpu()?);
        memory = memory.max(process.memory()?.now);
        ended(process, give);
    }
    for (name, percent) in [("init min", 0), ("init p50", 50), ("init p90", 90)] {
        row.time(name, quantile(&mut waits, percent));
    }
    row.time("init cpu p50", quantile(&mut cpus, 50));
    row.push("memory at start", Unit::Bytes, memory);
    let nowhere = ("HOLDFAST_DYNAMODB_ENDPOINT".to_owned(), "http://127.0.0.1:1".to_owned());
    let alone: Vec<_> = call.variables.iter().cloned().chain([nowhere]).collect();
    let mut waits = Vec::new();
    for _ in 0..STARTS {
        let process = Process::start(&call.bootstrap, &environment(&runtime, &alone))?;
        let (at, give) = runtime.next()?;
        waits.push(at.duration_since(process.begun));
        ended(process, give);
    }
    row.time("init alone p50", quantile(&mut waits, 50));
    requests(call, &runtime, &mut row)?;
    Ok(row)
}

/// The first request to a process, and those after it.
fn requests(call: &Call, runtime: &Runtime, row: &mut Row) -> io::Result<()> {
    let process = Process::start(&call.bootstrap, &environment(runtime, &call.variables))?;
    let (_, mut give) = runtime.next()?;
    let (mut first, mut warm, mut before) = (Duration::ZERO, Vec::new(), process.cpu()?);
    for number in 0..=call.warm {
        let event = (call.event)(number).to_string();
        let begun = std::time::Instant::now();
        give.send(event).map_err(io::Error::other)?;
        let (at, answer) = runtime.answer()?;
        served(&answer).map_err(|error| io::Error::other(format!("{}: {error}", call.name)))?;
        give = runtime.next()?.1;
        if number == 0 {
            first = at.duration_since(begun);
            before = process.cpu()?;
        } else {
            warm.push(at.duration_since(begun));
        }
    }
    let cpu = process.cpu()?.saturating_sub(before);
    let each = u32::try_from(call.warm).ok().and_then(|warm| cpu.checked_div(warm)).unwrap_or_default();
    row.time("first", first);
    row.time("warm p50", quantile(&mut warm, 50));
    row.time("warm p99", quantile(&mut warm, 99));
    row.time("cpu", each);
    row.push("memory at end", Unit::Bytes, process.memory()?.most);
    ended(process, give);
    Ok(())
}

/// Ends a function that waits for an event. Its connection is let go of afterwards only: it would ask again over another one, and
/// that would be taken for the first request of the next process.
fn ended(process: Process, give: Sender<String>) {
    drop(process);
    drop(give);
}

/// Whether the answer, if it is one of HTTP, is a good one.
fn served(answer: &str) -> io::Result<()> {
    let read: Value = serde_json::from_str(answer)?;
    match read.get("statusCode").and_then(Value::as_u64) {
        Some(300..) => Err(io::Error::other(answer)),
        _ => Ok(()),
    }
}

/// The value below which so many in a hundred are; the list is sorted by it.
fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

/// What Lambda sets, and what the template adds; what comes later counts.
fn environment(runtime: &Runtime, variables: &[(String, String)]) -> Vec<(String, String)> {
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", runtime.address()),
        ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2027/01/04/[$LATEST]0"),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("TZ", ":UTC"),
        ("LANG", "en_US.UTF-8"),
    ];
    let lambda = lambda.map(|(name, value)| (name.to_owned(), value.to_owned()));
    lambda.into_iter().chain(variables.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut times, 50), Duration::from_millis(50));
        assert_eq!(quantile(&mut times, 99), Duration::from_millis(99));
        assert_eq!(quantile(&mut [], 50), Duration::ZERO);
    }

    #[test]
    fn a_refusal_is_no_answer() {
        assert!(served(r#"{"statusCode":200}"#).is_ok());
        assert!(served(r#"{"statusCode":404}"#).is_err());
        assert!(served(r#"{"queued":0}"#).is_ok());
    }
}
