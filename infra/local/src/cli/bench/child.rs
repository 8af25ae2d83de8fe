//! A server of the bench's own: a process that serves a directory which goes with it.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bench::process::Process;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long it may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the password is taken from; see `holdfast admin`.
const PASSWORD: &str = "HOLDFAST_ADMIN_PASSWORD";

/// A directory below that of temporary files, removed when it is dropped.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> io::Result<Self> {
        let name = format!("holdfast-bench-{:032x}", u128::from_be_bytes(env::random()));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever clears temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A serving process; it is killed when it is dropped.
pub(super) struct Serving {
    child: Child,
    pub(super) address: SocketAddr,
    pub(super) process: Process,
}

impl Serving {
    /// Starts `holdfast serve` without a cache, which has figures of its own, on a free port, and returns when it has said where it listens.
    pub(super) async fn start(data: &Path) -> io::Result<Self> {
        Self::limited(data, "off").await
    }

    /// The same with these limits; see `HOLDFAST_LIMITS`.
    pub(super) async fn limited(data: &Path, limits: &str) -> io::Result<Self> {
        let mut command = holdfast(&["serve", "--port", "0"], data)?;
        let mut child = command
            .env("HOLDFAST_LIMITS", limits)
            .env("HOLDFAST_CACHE", "off")
            .stdout(Stdio::piped())
            .spawn()?;
        let process = child.id().map(Process::new).ok_or(io::ErrorKind::NotFound)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).lines();
        let greeting = async {
            while let Some(line) = lines.next_line().await? {
                let url =
                    line.trim().strip_prefix("API").and_then(|rest| rest.trim().strip_prefix("http://"));
                if let Some(address) = url.and_then(|rest| rest.split('/').next()?.parse().ok()) {
                    return Ok(address);
                }
            }
            Err(io::Error::other("the server ended before it listened"))
        };
        let address = tokio::time::timeout(PATIENCE, greeting).await??;
        // The rest of what it says is read, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address, process })
    }

    /// Asks it to stop, and waits until it has.
    pub(super) async fn stop(mut self) -> io::Result<()> {
        let id = self.child.id().ok_or(io::ErrorKind::NotFound)?;
        Command::new("kill").arg(id.to_string()).status().await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("the server ended with {status}")))
        }
    }
}

/// Makes an administrator.
pub(super) async fn admin(data: &Path, email: &str, password: &str) -> io::Result<()> {
    let mut command = holdfast(&["admin", "--email", email], data)?;
    let output = command.env(PASSWORD, password).output().await?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr)))
    }
}

fn holdfast(arguments: &[&str], data: &Path) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).arg("--data").arg(data).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}
