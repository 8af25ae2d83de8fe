//! The API that Lambda offers to a function, on loopback: events are asked for, and answered.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A function that says nothing for this long is broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a function said, and when.
pub(crate) enum Said {
    /// It asks for an event.
    Next(Instant, Sender<String>),
    /// It answers the one that it got.
    Answer(Instant, String),
    /// It failed, or could not start.
    Failed(String),
}

/// The API, for one function after the other.
pub(crate) struct Runtime {
    address: String,
    said: Receiver<Said>,
}

impl Runtime {
    /// Listens on a free port. Its threads end with the process.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let (say, said) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let say = say.clone();
                // A connection ends when the function does, in the middle of its wait for an event.
                thread::spawn(move || drop(serve(&stream, &say)));
            }
        });
        Ok(Self { address, said })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the function asks for an event: when it did, and where to put the event.
    pub(crate) fn next(&self) -> io::Result<(Instant, Sender<String>)> {
        match self.said.recv_timeout(PATIENCE).map_err(silent)? {
            Said::Next(at, give) => Ok((at, give)),
            Said::Answer(_, text) | Said::Failed(text) => Err(io::Error::other(text)),
        }
    }

    /// Waits until the function answers: when it did, and what.
    pub(crate) fn answer(&self) -> io::Result<(Instant, String)> {
        match self.said.recv_timeout(PATIENCE).map_err(silent)? {
            Said::Answer(at, text) => Ok((at, text)),
            Said::Failed(text) => Err(io::Error::other(text)),
            Said::Next(..) => Err(io::Error::other("the function asks again before it answered")),
        }
    }
}

fn silent(_: RecvTimeoutError) -> io::Error {
    io::Error::other("the function says nothing")
}

/// Requests of one connection, until it is closed.
fn serve(stream: &TcpStream, say: &Sender<Said>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some((path, body)) = request(&mut reader)? {
        let at = Instant::now();
        if path.ends_with("/invocation/next") {
            let (give, given) = channel();
            say.send(Said::Next(at, give)).map_err(io::Error::other)?;
            let event: String = given.recv().map_err(io::Error::other)?;
            let deadline = i128::from(env::Clock::system().now().as_millisecond()) + 60_000;
            write!(
                writer,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
                 lambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:measured\r\n\
                 content-length: {}\r\n\r\n{event}",
                event.len()
            )?;
        } else {
            let said = if path.ends_with("/response") { Said::Answer(at, body) } else { Said::Failed(body) };
            say.send(said).map_err(io::Error::other)?;
            writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
    Ok(())
}

/// The path and the body of the next request; nothing when there is none.
fn request(reader: &mut impl BufRead) -> io::Result<Option<(String, String)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
    }
    let mut body = Vec::new();
    if !chunked {
        reader.take(length).read_to_end(&mut body)?;
    }
    while chunked {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        reader.by_ref().take(size).read_to_end(&mut body)?;
        line.clear();
        reader.read_line(&mut line)?;
        chunked = size > 0;
    }
    String::from_utf8(body).map(|body| Some((path, body))).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_by_length_and_in_chunks() {
        let mut two: &[u8] = b"POST /a/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\
            POST /b/error HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(request(&mut two).unwrap(), Some(("/a/response".to_owned(), "{}".to_owned())));
        assert_eq!(request(&mut two).unwrap(), Some(("/b/error".to_owned(), "abcde".to_owned())));
        assert_eq!(request(&mut two).unwrap(), None);
    }

    #[test]
    fn an_event_goes_out_and_its_answer_comes_back() {
        let runtime = Runtime::start().unwrap();
        let mut stream = TcpStream::connect(runtime.address()).unwrap();
        stream.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n").unwrap();
        runtime.next().unwrap().1.send("{\"a\":1}".to_owned()).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        let mut event = [0; 7];
        reader.read_exact(&mut event).unwrap();
        assert_eq!(&event, b"{\"a\":1}");
        stream.write_all(b"POST /x/response HTTP/1.1\r\ncontent-length: 2\r\n\r\n42").unwrap();
        assert_eq!(runtime.answer().unwrap().1, "42");
        stream.write_all(b"POST /x/error HTTP/1.1\r\ncontent-length: 2\r\n\r\nno").unwrap();
        assert_eq!(runtime.answer().unwrap_err().to_string(), "no");
    }
}
