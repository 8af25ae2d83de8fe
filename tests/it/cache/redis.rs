//! A real Redis of a test's own, which can be killed, stopped, filled and lied with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cache::Shared;

/// A server on a port of its own, which keeps nothing on disk. It is killed when it is dropped.
pub(crate) struct Redis {
    program: String,
    port: u16,
    child: Child,
}

impl Redis {
    /// The program that `HOLDFAST_REDIS_SERVER` names, or else the one that is found; nothing where there is none, unless it is named.
    pub(crate) fn start() -> Option<Self> {
        let named = env::optional("HOLDFAST_REDIS_SERVER");
        let program = named.clone().unwrap_or_else(|| "redis-server".to_owned());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        match spawn(&program, port) {
            Ok(child) => Some(Self { program, port, child }),
            Err(error) if named.is_some() => panic!("{program}: {error}"),
            Err(_) => {
                eprintln!("left out: there is no redis-server here");
                None
            }
        }
    }

    /// A connection to it, for names that start with this.
    pub(crate) fn shared(&self, prefix: &str) -> Shared {
        Shared::new(&format!("redis://127.0.0.1:{}", self.port), prefix.to_owned()).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Another one in its place, with nothing in it.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.program, self.port).unwrap();
    }

    /// Stops it where it is, or lets it go on.
    pub(crate) fn stop(&self, stop: bool) {
        let signal = if stop { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Sends a command; the answer, whose parts are bytes.
    pub(crate) fn tell(&self, command: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut request = format!("*{}\r\n", command.len()).into_bytes();
        for part in command {
            request.extend(format!("${}\r\n", part.len()).into_bytes());
            request.extend(*part);
            request.extend(b"\r\n");
        }
        stream.write_all(&request).unwrap();
        let mut answer = BufReader::new(stream);
        let mut parts = 1;
        let mut found = Vec::new();
        while parts > 0 {
            parts -= 1;
            let mut line = String::new();
            answer.read_line(&mut line).unwrap();
            let (kind, rest) = line.trim_end().split_at(1);
            match (kind, rest.parse::<i64>()) {
                ("*", Ok(more)) => parts += more,
                ("$", Ok(length)) if length >= 0 => {
                    let mut bytes = vec![0; usize::try_from(length).unwrap() + 2];
                    answer.read_exact(&mut bytes).unwrap();
                    bytes.truncate(bytes.len() - 2);
                    found.push(bytes);
                }
                _ => found.push(rest.as_bytes().to_vec()),
            }
        }
        found
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &str, port: u16) -> std::io::Result<Child> {
    let mut child = Command::new(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Ready to accept connections")), "redis did not start");
    // What it says later is read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(child)
}
