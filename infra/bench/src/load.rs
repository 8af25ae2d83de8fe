//! A load client: so many connections, each with one request on the way at a time, over real sockets.
//!
//! Connections are made before the clock runs. It is a closed loop: a slow answer makes its client ask later, so latencies are
//! those that so many patient clients see, and not those of a fixed rate of arrivals.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// No answer takes longer: a request without one by then counts as an error.
const LONGEST: Duration = Duration::from_secs(30);
/// How much of an unexpected answer is told.
const TOLD: usize = 300;

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Who asks; nobody, when empty.
    pub token: Arc<str>,
    /// The idempotency key.
    pub key: Option<String>,
    /// The body, as JSON.
    pub body: Option<String>,
    /// The status that is right.
    pub expected: StatusCode,
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Connections.
    pub connections: usize,
    /// The most requests.
    pub requests: usize,
    /// No request begins after this.
    pub time: Duration,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// What `X-Usage` says.
    pub usage: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Load {
    /// Right answers.
    pub answered: u64,
    /// Anything else.
    pub errors: u64,
    /// What the first error was.
    pub first_error: Option<String>,
    /// From the first request until the last answer.
    pub took: Duration,
    /// How long each right answer took, in microseconds, the shortest first.
    micros: Vec<u64>,
    /// What the last right answer's `X-Usage` said.
    pub usage: Option<String>,
}

impl Load {
    /// Right answers per second.
    pub fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.answered.saturating_mul(1_000_000) / micros
    }

    /// Within so many microseconds came so many of a thousand right answers, e.g. 500 for the median.
    pub fn within(&self, of_a_thousand: usize) -> u64 {
        let rank = (self.micros.len() * of_a_thousand).div_ceil(1_000).max(1);
        self.micros.get(rank - 1).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.micros.extend(other.micros);
        self.usage = other.usage.or(self.usage.take());
    }

    fn wrong(&mut self, what: String) {
        self.errors += 1;
        self.first_error.get_or_insert(what);
    }
}

/// One client's connection.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    send: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (send, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // It ends with `send`, or is broken and `send` says so.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self { address, send })
    }

    /// Where it goes to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection breaks, or nothing comes for half a minute.
    pub async fn ask(&mut self, ask: Ask) -> io::Result<Answer> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(ask.path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json");
        if !ask.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", ask.token));
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        let body = Full::new(ask.body.map(Bytes::from).unwrap_or_default());
        let request = request.body(body).map_err(io::Error::other)?;
        let answered = async {
            self.send.ready().await.map_err(io::Error::other)?;
            let response = self.send.send_request(request).await.map_err(io::Error::other)?;
            let status = response.status();
            let usage = response.headers().get("x-usage").and_then(|value| value.to_str().ok());
            let usage = usage.map(str::to_owned);
            let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
            Ok(Answer { status, usage, body })
        };
        tokio::time::timeout(LONGEST, answered).await?
    }
}

/// Asks until there are enough requests or the time is over. `make` says what the n-th request is.
///
/// # Errors
/// When a connection cannot be made. What goes wrong afterwards is counted.
pub async fn run<F>(address: SocketAddr, size: Size, make: F) -> io::Result<Load>
where
    F: Fn(usize) -> Ask + Send + Sync + 'static,
{
    let mut connections = Vec::with_capacity(size.connections);
    for _ in 0..size.connections {
        connections.push(Connection::open(address).await?);
    }
    let (make, next) = (Arc::new(make), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for connection in connections {
        let (make, next) = (Arc::clone(&make), Arc::clone(&next));
        clients.spawn(client(connection, size, begun, next, make));
    }
    let mut load = Load::default();
    while let Some(client) = clients.join_next().await {
        load.add(client?);
    }
    load.took = begun.elapsed();
    load.micros.sort_unstable();
    Ok(load)
}

async fn client<F>(
    mut connection: Connection,
    size: Size,
    begun: Instant,
    next: Arc<AtomicUsize>,
    make: Arc<F>,
) -> Load
where
    F: Fn(usize) -> Ask,
{
    let mut load = Load::default();
    while begun.elapsed() < size.time {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= size.requests {
            break;
        }
        let ask = make(n);
        let expected = ask.expected;
        let sent = Instant::now();
        match connection.ask(ask).await {
            Ok(answer) if answer.status == expected => {
                load.answered += 1;
                load.micros.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
                load.usage = answer.usage;
            }
            Ok(answer) => {
                let body: String = String::from_utf8_lossy(&answer.body).chars().take(TOLD).collect();
                load.wrong(format!("{} instead of {expected}: {body}", answer.status));
            }
            Err(error) => {
                load.wrong(error.to_string());
                match Connection::open(connection.address).await {
                    Ok(another) => connection = another,
                    Err(_) => break,
                }
            }
        }
    }
    load
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact() {
        let load = Load { micros: (1..=1_000).collect(), ..Load::default() };
        assert_eq!((load.within(500), load.within(990), load.within(1_000)), (500, 990, 1_000));
        assert_eq!(Load { micros: vec![7], ..Load::default() }.within(990), 7);
        assert_eq!(Load::default().within(500), 0);
    }

    #[tokio::test]
    async fn what_is_not_answered_rightly_is_counted_and_told() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Answers each connection's first request with 200, its second with 503, and hangs up.
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                for answer in
                    ["200 OK\r\ncontent-length: 2\r\n\r\nok", "503 No\r\ncontent-length: 4\r\n\r\nbusy"]
                {
                    let mut buffer = [0; 4_096];
                    if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
                        break;
                    }
                    stream.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.unwrap();
                }
            }
        });
        let size = Size { connections: 1, requests: 3, time: Duration::from_secs(20) };
        let ask = |_| Ask {
            method: Method::GET,
            path: "/".to_owned(),
            token: "".into(),
            key: None,
            body: None,
            expected: StatusCode::OK,
        };
        let load = run(address, size, ask).await.unwrap();
        assert_eq!((load.answered, load.errors), (1, 2), "{load:?}");
        assert!(load.first_error.unwrap().ends_with("busy"));
    }
}
