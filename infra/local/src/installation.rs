//! An installation as a command sees it: the one that is being served, or the data by itself.
//!
//! The embedded database belongs to one process. So while a directory is being served, its `serving.json` names the endpoints,
//! and commands speak to those; otherwise a command opens the data itself. `HOLDFAST_DYNAMODB_ENDPOINT` and
//! `HOLDFAST_SQS_ENDPOINT` name real ones instead.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use env::Clock;
use queue::Queue;
use serde::{Deserialize, Serialize};
use store::{Config, Store};

use crate::sqs::{self, Endpoint};
use crate::workers;
use database::{self, Data, Database};

const FILE: &str = "serving.json";

/// Where an installation that is being served can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// The API.
    pub url: String,
    /// The database.
    pub database: String,
    /// The queues.
    pub queues: String,
}

/// An installation.
pub struct Installation {
    store: Store,
    queue: Queue,
    tasks: Queue,
    own: Option<(Database, Endpoint)>,
}

impl Serving {
    /// Notes in the directory that it is being served.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note(&self, dir: &Path) -> io::Result<()> {
        std::fs::write(dir.join(FILE), serde_json::to_vec_pretty(self)?)
    }

    /// Notes that it is no longer.
    pub(crate) fn forget(dir: &Path) {
        // A file that stays behind is found out by `of`.
        let _ = std::fs::remove_file(dir.join(FILE));
    }

    /// Who serves the directory, if somebody does.
    pub fn of(dir: &Path) -> Option<Self> {
        let serving: Self = serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()?;
        let address: SocketAddr = serving.database.strip_prefix("http://")?.parse().ok()?;
        let timeout = std::time::Duration::from_secs(1);
        std::net::TcpStream::connect_timeout(&address, timeout).is_ok().then_some(serving)
    }
}

impl Installation {
    /// Reaches the installation in this directory, or the one that the environment names.
    ///
    /// # Errors
    /// When the data cannot be opened.
    pub async fn open(data: &Data) -> io::Result<Self> {
        let serving = match data {
            Data::Dir(dir) => Serving::of(dir),
            Data::Memory => None,
        };
        let (database, queues, own) = if let Some(serving) = serving {
            (serving.database, serving.queues, None)
        } else {
            let database = database::start(data, Clock::system()).await?;
            let queues = sqs::start(data, Clock::system()).await?;
            (database.url().to_owned(), queues.url().to_owned(), Some((database, queues)))
        };
        let store =
            Store::new(Config::local(env::optional("HOLDFAST_DYNAMODB_ENDPOINT").unwrap_or(database)));
        let endpoint = env::optional("HOLDFAST_SQS_ENDPOINT").unwrap_or(queues);
        let (queue, tasks) = workers::queues(&endpoint).await.map_err(io::Error::other)?;
        Ok(Self { store, queue, tasks, own })
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The queue of messages.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The queue of tasks.
    pub fn tasks(&self) -> &Queue {
        &self.tasks
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// When the data could not be closed.
    pub async fn close(self) -> io::Result<()> {
        if let Some((database, queues)) = self.own {
            queues.stop().await?;
            database.stop().await?;
        }
        Ok(())
    }
}
