//! A Redis of the bench's own.

use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use cache::Shared;

/// A server on a free port, which keeps nothing on disk. It is killed when it is dropped.
pub(super) struct Redis {
    port: u16,
    child: Child,
}

impl Redis {
    /// The program that `HOLDFAST_REDIS_SERVER` names, or else the one that is found; nothing where there is none.
    pub(super) fn start() -> io::Result<Option<Self>> {
        let program = env::optional("HOLDFAST_REDIS_SERVER").unwrap_or_else(|| "redis-server".to_owned());
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { return Ok(None) };
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let redis = Self { port, child };
        let mut lines = BufReader::new(output).lines();
        while !lines.next().transpose()?.ok_or(io::ErrorKind::BrokenPipe)?.contains("Ready to accept") {}
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Some(redis))
    }

    /// A connection to it, for names that start with this.
    pub(super) fn shared(&self, prefix: &str) -> io::Result<Shared> {
        let url = format!("redis://127.0.0.1:{}", self.port);
        Shared::new(&url, format!("{prefix}-")).map_err(io::Error::other)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It keeps nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
