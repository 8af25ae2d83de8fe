//! What a process has used, as Linux tells it in `/proc`.

use std::path::PathBuf;
use std::time::Duration;

/// Ticks a second of the times in `/proc`: `USER_HZ`, which is 100 on every architecture that Rust's Linux targets have.
const TICKS: u64 = 100;
const KIB: u64 = 1_024;

/// A process by its id.
#[derive(Debug, Clone, Copy)]
pub struct Process(u32);

impl Process {
    /// The process with this id.
    pub fn new(id: u32) -> Self {
        Self(id)
    }

    /// This one.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// User and system time of all its threads, those that ended included, in steps of 10 ms; `None` where there is no `/proc`.
    pub fn cpu(self) -> Option<Duration> {
        let stat = std::fs::read_to_string(self.file("stat")).ok()?;
        Some(Duration::from_millis(ticks(&stat)? * 1_000 / TICKS))
    }

    /// Memory that it has in RAM now and the most that it ever had, in bytes; `None` where there is no `/proc`.
    pub fn memory(self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(self.file("status")).ok()?;
        Some((kib(&status, "VmRSS:")? * KIB, kib(&status, "VmHWM:")? * KIB))
    }

    fn file(self, name: &str) -> PathBuf {
        ["/proc", &self.0.to_string(), name].iter().collect()
    }
}

/// The 14th and 15th field of `/proc/<pid>/stat`, counted from behind the name, which may hold anything. Source: `proc(5)`.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn kib(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The machine in a line: processors, their name, the system.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map_or("processor of unknown name", |(_, name)| name.trim());
    format!("{cores} × {name}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Processes that want a core, on average over the last minute, as Linux tells it.
pub fn busy() -> Option<String> {
    let load = std::fs::read_to_string("/proc/loadavg").ok()?;
    load.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_spaces_and_parentheses() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 7 20 0 4 0 1000 0 0";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(kib("VmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n", "VmRSS:"), Some(1_024));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory() {
        let (now, most) = Process::own().memory().unwrap();
        assert!(now > 100_000 && most >= now, "{now} of {most}");
        assert!(Process::own().cpu().is_some());
        assert_eq!(Process::new(u32::MAX).cpu(), None);
    }
}
