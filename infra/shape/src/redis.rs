//! Redis, which stands for `ElastiCache`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::environment::address;

/// A server of its own, which keeps nothing on disk. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Redis {
    shell: Child,
    host: String,
    /// The shell ends the server when this is closed, so also when this process is killed.
    open: Option<ChildStdin>,
    /// What it says is read until it is ready; then it says little.
    _said: BufReader<ChildStdout>,
}

impl Redis {
    /// Starts it in this folder; returns when it answers.
    pub(crate) fn start(program: &Path, folder: &Path) -> io::Result<Self> {
        let host = format!("{}:6379", address());
        let mut shell = Command::new("sh")
            // The shell lets go of the output, so that it ends with the server.
            .args(["-c", "\"$@\" < /dev/null & exec > /dev/null; read -r _; kill $! 2> /dev/null", "sh"])
            .arg(program)
            .args(["--bind", host.trim_end_matches(":6379"), "--port", "6379", "--save", "", "--dir"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let open = shell.stdin.take();
        let output = shell.stdout.take().ok_or_else(|| io::Error::other("redis has no output"))?;
        let mut said = BufReader::new(output);
        let mut line = String::new();
        while !line.contains("Ready to accept connections") {
            line.clear();
            if said.read_line(&mut line)? == 0 {
                return Err(io::Error::other("redis did not start"));
            }
        }
        Ok(Self { shell, host, open, _said: said })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.host)
    }

    /// Sends a command as one types it; the answer if it is a text, else its first line.
    pub(crate) fn tell(&self, command: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut answers = BufReader::new(stream);
        let mut answer = String::new();
        answers.read_line(&mut answer)?;
        if let Some(length) = answer.strip_prefix('$').and_then(|length| length.trim_end().parse().ok()) {
            answer.clear();
            answers.take(length).read_to_string(&mut answer)?;
        }
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.open.take());
        let _ = self.shell.wait();
    }
}
