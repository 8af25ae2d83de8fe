//! The embedded `DynamoDB`: the same protocol and SDK as on AWS, on loopback, kept in one `SQLite` file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dynoxide::DynoxideError;
use dynoxide::storage_backend::Clock as StorageClock;
use env::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The file in a directory of data.
pub const FILE: &str = "holdfast.db";
/// How often expired items are looked for; AWS takes minutes to days, and nothing relies on it.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Where data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: it goes with the process.
    Memory,
    /// In this directory, which is made if need be.
    Dir(PathBuf),
}

/// A running database; it runs on after it is dropped, [`Database::stop`] ends it.
pub struct Database {
    url: String,
    handle: dynoxide::Database,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), String>>,
    sweeper: JoinHandle<()>,
}

/// Opens the database and serves it on a free port of loopback.
///
/// In memory, items expire by `clock`; in a file, by the system's clock, since the emulator takes no other.
///
/// # Errors
/// When the file cannot be opened, or no port is free.
pub async fn start(data: &Data, clock: Clock) -> io::Result<Database> {
    let handle = match data {
        Data::Memory => {
            dynoxide::Database::memory_with_clock(Arc::new(Seconds(clock))).map_err(io::Error::other)?
        }
        Data::Dir(dir) => {
            std::fs::create_dir_all(dir)?;
            let path = dir.join(FILE);
            let path = path.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
            open(path).map_err(io::Error::other)?
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, mut stopped) = watch::channel(false);
    let server = dynoxide::server::serve_with_shutdown(listener, handle.clone(), async move {
        // A sender that is dropped stops nothing: the database runs until somebody says so.
        if stopped.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let server = tokio::spawn(server);
    let sweeper = tokio::spawn(sweep(handle.clone()));
    Ok(Database { url, handle, stop, server, sweeper })
}

impl Database {
    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database itself, for what its protocol cannot say.
    pub fn handle(&self) -> &dynoxide::Database {
        &self.handle
    }

    /// Lets nobody in any more, while the rest of the installation runs on: an outage.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Finishes the requests under way and stops.
    ///
    /// # Errors
    /// When the server failed.
    pub async fn stop(self) -> io::Result<()> {
        self.sweeper.abort();
        self.close();
        self.server.await?.map_err(io::Error::other)
    }
}

/// Opens a file that survives the death of the process at any moment, without a wait for the disk per commit.
///
/// `SQLite`'s write-ahead log with `synchronous=FULL` waits for the disk with every commit, which also survives a loss
/// of power and costs two thirds of the throughput. The emulator has no setting for it, but leaves `NORMAL` behind after
/// bulk loading. Its version is pinned and a test looks at the log.
fn open(path: &str) -> Result<dynoxide::Database, DynoxideError> {
    let database = dynoxide::Database::new(path)?;
    database.enable_bulk_loading()?;
    database.disable_bulk_loading()?;
    Ok(database)
}

async fn sweep(database: dynoxide::Database) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be swept"),
            Err(error) => tracing::warn!(%error, "the sweep of expired items ended early"),
        }
    }
}

/// Our clock as the emulator wants it.
struct Seconds(Clock);

impl StorageClock for Seconds {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or(0)
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit the 52 bits")]
    #[expect(clippy::float_arithmetic, reason = "the emulator asks for a float")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_millisecond() as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    fn create(database: &dynoxide::Database) {
        let table = json!({
            "TableName": "Things",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        });
        database.create_table(serde_json::from_value(table).unwrap()).unwrap();
    }

    fn put(database: &dynoxide::Database, id: &str, expires: u64) {
        let item = json!({"id": {"S": id}, "expires": {"N": expires.to_string()}});
        let request = json!({"TableName": "Things", "Item": item});
        database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    fn get(database: &dynoxide::Database, id: &str) -> Value {
        let request = json!({"TableName": "Things", "Key": {"id": {"S": id}}});
        let answer = database.get_item(serde_json::from_value(request).unwrap()).unwrap();
        serde_json::to_value(answer).unwrap()["Item"].clone()
    }

    /// Bytes of the write-ahead log after a few commits, on a disk that is said to damage what lies beside a write
    /// (`psow=0`): there `SQLite` fills the sector up after a commit that it waits for, and only then.
    fn log_after_commits(open: impl Fn(&str) -> dynoxide::Database) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let database = open(&format!("file:{}?psow=0", path.display()));
        create(&database);
        for n in 0..20 {
            put(&database, &n.to_string(), 1);
        }
        std::fs::metadata(dir.path().join("db-wal")).unwrap().len()
    }

    #[test]
    fn a_commit_does_not_wait_for_the_disk() {
        let full = log_after_commits(|path| dynoxide::Database::new(path).unwrap());
        let normal = log_after_commits(|path| open(path).unwrap());
        assert!(normal < full, "{normal} bytes with our settings, {full} with the emulator's own");
    }

    async fn started(dir: &Path) -> Database {
        start(&Data::Dir(dir.to_owned()), Clock::system()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_a_stop() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new");
        let first = started(&data).await;
        create(first.handle());
        put(first.handle(), "a", 1);
        first.stop().await.unwrap();
        let second = started(&data).await;
        assert_eq!(get(second.handle(), "a")["id"]["S"], "a");
        second.stop().await.unwrap();
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_a_killed_process() {
        let dir = tempfile::tempdir().unwrap();
        let first = started(dir.path()).await;
        create(first.handle());
        put(first.handle(), "a", 1);
        // What a killed process leaves behind: the files as they are, the log not yet folded into the database.
        let left = tempfile::tempdir().unwrap();
        for name in ["holdfast.db", "holdfast.db-wal"] {
            std::fs::copy(dir.path().join(name), left.path().join(name)).unwrap();
        }
        let second = started(left.path()).await;
        assert_eq!(get(second.handle(), "a")["id"]["S"], "a");
        second.stop().await.unwrap();
        first.stop().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn expired_items_are_swept_by_the_given_clock() {
        let clock = Clock::at(Timestamp::from_second(1_000).unwrap());
        let database = start(&Data::Memory, clock.clone()).await.unwrap();
        create(database.handle());
        let ttl = json!({"TableName": "Things", "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true}});
        database.handle().update_time_to_live(serde_json::from_value(ttl).unwrap()).unwrap();
        put(database.handle(), "soon", 1_060);
        put(database.handle(), "late", 9_000);
        database.handle().sweep_ttl().unwrap();
        assert_eq!(get(database.handle(), "soon")["id"]["S"], "soon");
        clock.advance(SignedDuration::from_secs(61));
        while !get(database.handle(), "soon").is_null() {
            tokio::time::advance(SWEEP_EVERY).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(get(database.handle(), "late")["id"]["S"], "late");
        database.stop().await.unwrap();
    }
}
