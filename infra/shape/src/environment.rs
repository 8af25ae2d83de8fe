//! One execution environment: the runtime emulator, and the function's `bootstrap` below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What has to be on the machine; `tests/aws-shape` installs it and says where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// Folders with a `bootstrap` each, as `cargo lambda build --lambda-dir` makes them: `HOLDFAST_SHAPE`.
    pub bootstraps: PathBuf,
    /// Lambda's Runtime Interface Emulator: `HOLDFAST_SHAPE_RIE`.
    pub emulator: PathBuf,
    /// A Python that has moto: `HOLDFAST_SHAPE_PYTHON`.
    pub python: PathBuf,
    /// The library of libfaketime: `HOLDFAST_SHAPE_FAKETIME`.
    pub faketime: PathBuf,
    /// redis-server: `HOLDFAST_SHAPE_REDIS`.
    pub redis: PathBuf,
}

impl Tools {
    /// From the environment; `None` where `HOLDFAST_SHAPE` is not set.
    ///
    /// # Errors
    /// When it is set and one of the others is not.
    pub fn from_env() -> errors::Result<Option<Self>> {
        let Some(bootstraps) = env::optional("HOLDFAST_SHAPE") else { return Ok(None) };
        Ok(Some(Self {
            bootstraps: bootstraps.into(),
            emulator: env::required("HOLDFAST_SHAPE_RIE")?.into(),
            python: env::required("HOLDFAST_SHAPE_PYTHON")?.into(),
            faketime: env::required("HOLDFAST_SHAPE_FAKETIME")?.into(),
            redis: env::required("HOLDFAST_SHAPE_REDIS")?.into(),
        }))
    }

    /// A command that goes by the clock in this file and not by the machine's.
    pub(crate) fn command(&self, program: &Path, clock: &Path) -> Command {
        forget_dead_clocks();
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME_TIMESTAMP_FILE", clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }
}

/// Removes what libfaketime keeps of a process in shared memory where the process was killed and could not: numbers are given out
/// again after some thousand processes. One that finds a semaphore of its number does without either; one that finds the memory
/// alone ends with status 1. So the memory goes first, the semaphore only after it, and one thread at a time does it.
fn forget_dead_clocks() {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = Path::new("/dev/shm");
    let left: BTreeSet<String> = std::fs::read_dir(shared)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            ["faketime_shm_", "sem.faketime_sem_"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .map(str::to_owned)
        })
        .collect();
    for process in left.iter().filter(|process| !Path::new("/proc").join(process).exists()) {
        let gone = |name: String| match std::fs::remove_file(shared.join(name)) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        };
        let _ = gone(format!("faketime_shm_{process}")) && gone(format!("sem.faketime_sem_{process}"));
    }
}

/// A running environment. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Environment {
    emulator: Child,
    url: String,
    log: PathBuf,
    killed: Notify,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// What the function returned.
    Returned(Value),
    /// The function failed: its word for it.
    Failed(Value),
    /// Its process ended.
    Died,
    /// It took too long.
    TimedOut,
}

/// How long the emulator has to tell of a process that was killed.
const GRACE: Duration = Duration::from_millis(500);
/// So much of a log is told of a call that failed.
const LAST_LINES: usize = 60;
/// Where it is called and where its runtime asks for work.
const PORTS: [u16; 2] = [9001, 9002];

impl Environment {
    /// Starts the emulator; the function starts with the first call, as on Lambda. It writes its log to `log`.
    pub(crate) fn start(
        mut command: Command,
        function: &crate::Function,
        variables: &BTreeMap<String, String>,
        log: PathBuf,
    ) -> io::Result<Self> {
        let [calls, work] = PORTS.map(|port| format!("{}:{port}", address()));
        let written = File::options().create(true).append(true).open(&log)?;
        let emulator = command
            .args(["--runtime-interface-emulator-address", &calls, "--runtime-api-address", &work])
            .arg("./bootstrap")
            .env("AWS_LAMBDA_FUNCTION_NAME", &function.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string())
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", function.patience().to_string())
            .envs(variables)
            .stdout(written.try_clone()?)
            .stderr(written)
            .process_group(0)
            .spawn()?;
        let url = format!("http://{calls}/2015-03-31/functions/function/invocations");
        Ok(Self { emulator, url, log, killed: Notify::new() })
    }

    /// Calls the function. The emulator answers 200 whatever became of it.
    pub(crate) async fn call(&self, client: &Client, event: &Value, timeout: Duration) -> io::Result<Ended> {
        let body = event.to_string();
        let sent = async {
            loop {
                // Until it listens; a call that was taken is never sent again.
                match client.post(&self.url).body(body.clone()).send().await {
                    Err(error) if error.is_connect() => tokio::time::sleep(Duration::from_millis(2)).await,
                    other => return other,
                }
            }
        };
        // The emulator does not notice the death of a process that has not yet asked for work.
        let dead = async {
            self.killed.notified().await;
            tokio::time::sleep(GRACE).await;
        };
        let answer = tokio::select! {
            answer = sent => answer,
            () = dead => return Ok(Ended::Died),
            () = tokio::time::sleep(timeout) => return Ok(Ended::TimedOut),
        };
        let answer = answer.map_err(io::Error::other)?;
        let status = answer.status();
        let text = answer.text().await.map_err(io::Error::other)?;
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "errorType": text }));
        // While the emulator cleans up behind a dead process it answers with nothing.
        Ok(match value.get("errorType").and_then(Value::as_str) {
            Some("Runtime.ExitError" | "") => Ended::Died,
            None if status == StatusCode::OK => Ended::Returned(value),
            _ => Ended::Failed(value),
        })
    }

    /// The process of the function itself, if it runs.
    fn bootstrap(&self) -> Option<Pid> {
        Pid::from_raw(child_of(self.emulator.id())?)
    }

    /// Kills the function as `kill -9` does, wherever it stands; whether there was one.
    pub(crate) fn kill(&self) -> bool {
        let killed = self.bootstrap().is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok());
        if killed {
            self.killed.notify_one();
        }
        killed
    }

    /// Whether its function ended by itself before it asked for work.
    pub(crate) fn never_began(&self) -> bool {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The emulator names the fields of a line in any order.
        text.lines().any(|line| {
            line.contains("Init failed") && line.contains("error=Runtime exited with error: exit status")
        })
    }

    /// The end of its log, with what the emulator says of it.
    pub(crate) fn told(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.lines().count().saturating_sub(LAST_LINES);
        text.lines().skip(from).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // The function first: it is in a group of its own, and would outlive the emulator for a moment.
        self.kill();
        if let Ok(id) = i32::try_from(self.emulator.id())
            && let Some(group) = Pid::from_raw(id)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.emulator.wait();
    }
}

/// A process whose parent this is, by asking each process.
fn child_of(parent: u32) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).find(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default().to_owned();
        after.split_whitespace().nth(1) == Some(parent.to_string().as_str())
    })
}

/// An address of this machine that nobody else here has, so that its ports are free: all of 127/8 is loopback.
pub(crate) fn address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, _, high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let [.., run] = (std::process::id() % 250).to_be_bytes();
    Ipv4Addr::new(127, run + 1, high, low)
}

#[cfg(test)]
mod tests;
