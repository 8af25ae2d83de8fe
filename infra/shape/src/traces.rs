//! What stands for X-Ray: each invocation is traced, and what functions tell the daemon beside them is kept until it is asked for.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use serde_json::Value;

/// The daemon that Lambda runs beside functions.
#[derive(Debug)]
pub(crate) struct Daemon(UdpSocket);

impl Daemon {
    /// Starts it; and where it listens.
    pub(crate) fn start() -> io::Result<(Self, String)> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?.to_string();
        Ok((Self(socket), address))
    }

    /// The documents that came since this was last asked, as far as the socket had room for them.
    pub(crate) fn told(&self) -> Vec<Value> {
        let mut bytes = vec![0; 65_536];
        let mut told = Vec::new();
        while let Ok(length) = self.0.recv(&mut bytes) {
            let lines = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
            let document = lines.and_then(|lines| lines.split_once('\n')).map(|(_, document)| document);
            told.extend(document.and_then(|document| serde_json::from_str(document).ok()));
        }
        told
    }
}

/// What Lambda says of an invocation that is traced.
pub(crate) fn traced() -> String {
    let (trace, parent) = (u128::from_be_bytes(env::random()) >> 32, u64::from_be_bytes(env::random()));
    format!("Root=1-6fd0b700-{trace:024x};Parent={parent:016x};Sampled=1")
}
