//! Starting and stopping everything in one process.

use std::io;
use std::net::SocketAddr;

use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use axum::middleware::{self, Next};
use axum::response::Response;
use env::Clock;
use store::{Config, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Core, Keys, Origin};

use crate::database::{self, Data, Database};
use crate::groups;

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where data is kept.
    pub data: Data,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The time.
    pub clock: Clock,
    /// The installation's secret.
    pub secret: [u8; 32],
    /// Whether answers tell in `X-Usage` what they consumed.
    pub show_usage: bool,
}

/// A running installation.
pub struct Server {
    core: Core,
    address: SocketAddr,
    database: Database,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<io::Result<()>>>,
}

/// Starts everything; returns once it answers.
///
/// # Errors
/// When the data cannot be opened, the port is in use, or a table cannot be made.
pub async fn start(options: Options) -> io::Result<Server> {
    let database = database::start(&options.data, options.clock.clone()).await?;
    let store = Store::new(Config::local(database.url().to_owned()));
    while !store.migrate().await.map_err(io::Error::other)?.is_empty() {}
    let keys = Keys::from_secret(&options.secret).map_err(io::Error::other)?;
    let mut core = Core::new(store, options.clock, keys);
    core.show_usage = options.show_usage;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let service = web::service(groups::api(&core), &core).layer(middleware::from_fn(origin));
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    let http = axum::serve(listener, service).with_graceful_shutdown(until(stopped));
    let tasks = vec![tokio::spawn(async move { http.await })];
    Ok(Server { core, address, database, stop, tasks })
}

impl Server {
    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the edge has: store, clock, keys.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The embedded database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Finishes the requests under way and stops.
    ///
    /// # Errors
    /// When a part failed.
    pub async fn stop(self) -> io::Result<()> {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await??;
        }
        self.database.stop().await
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone: there is nobody left to serve for.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Says where a request came from, as API Gateway does on AWS.
async fn origin(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Origin { ip: Some(address.ip().to_string()) });
    next.run(request).await
}
