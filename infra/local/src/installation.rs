//! An installation as a command sees it: the one that is being served, or the data by itself.
//!
//! The embedded database belongs to one process. So while a directory is being served, its `serving.json` names the endpoints,
//! and commands speak to those; otherwise a command opens the data itself. `HOLDFAST_DYNAMODB_ENDPOINT` and
//! `HOLDFAST_SQS_ENDPOINT` name real ones instead. An installation in AWS is reached with the environment's credentials.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use env::Clock;
use queue::{Queues, Sqs};
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

/// Where an installation in AWS is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// What every table's name starts with.
    pub prefix: String,
    /// The region; `AWS_REGION` when not given.
    pub region: Option<String>,
    /// What answers for tables and queues, if not AWS itself.
    pub endpoint: Option<String>,
}

/// An installation.
pub struct Installation {
    store: Store,
    queues: Option<Queues>,
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
        let queues = workers::queues(&endpoint).await.map_err(io::Error::other)?;
        Ok(Self { store, queues: Some(queues), own })
    }

    /// Reaches an installation in AWS, with the `AWS_*` credentials of the environment. Its queues are those whose URLs are in
    /// `HOLDFAST_QUEUE_NOTIFY`, `HOLDFAST_QUEUE_TASKS` and `HOLDFAST_QUEUE_PAYMENTS`; most commands need none.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn on_aws(aws: &Aws) -> errors::Result<Self> {
        let region = aws.region.clone().map_or_else(|| env::required("AWS_REGION"), Ok)?;
        let mut config = Config::in_region(region.clone())?;
        config.prefix.clone_from(&aws.prefix);
        config.endpoint = aws.endpoint.clone().or(config.endpoint);
        let endpoint = aws.endpoint.clone().or_else(|| env::optional("HOLDFAST_SQS_ENDPOINT"));
        let named = [queue::NOTIFY, queue::TASKS, queue::PAYMENTS].map(env::optional);
        let queues = match named {
            [Some(notify), Some(tasks), Some(payments)] => {
                let sqs = Sqs::reach(endpoint, region)?;
                let [notify, tasks, payments] = [notify, tasks, payments].map(|url| sqs.queue(url));
                Some(Queues { notify, tasks, payments })
            }
            _ => None,
        };
        Ok(Self { store: Store::new(config), queues, own: None })
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The queues.
    ///
    /// # Errors
    /// When the environment does not name them.
    pub fn queues(&self) -> io::Result<&Queues> {
        let names = [queue::NOTIFY, queue::TASKS, queue::PAYMENTS].join(", ");
        let missing = || format!("the environment does not name the queues in {names}");
        self.queues.as_ref().ok_or_else(|| io::Error::other(missing()))
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
