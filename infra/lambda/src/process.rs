//! A started function: what it used of processor and memory, as Linux tells.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A function as Lambda starts it, and nothing of our own environment. It is killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) begun: Instant,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) most: u64,
}

impl Process {
    pub(crate) fn start(bootstrap: &Path, variables: &[(String, String)]) -> io::Result<Self> {
        let mut command = Command::new(bootstrap);
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        Ok(Self { child: command.spawn()?, begun })
    }

    /// User and system time of all its threads.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let told = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = told.split(' ').next().unwrap_or_default();
            nanos += on_cpu.parse::<u64>().map_err(io::Error::other)?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// What of it is in memory, and the most that ever was.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        let told = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
            number.map(|kib| kib * 1_024).ok_or_else(|| io::Error::other(format!("no {name}")))
        };
        Ok(Memory { now: of("VmRSS:")?, most: of("VmHWM:")? })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
