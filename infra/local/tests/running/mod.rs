//! A `holdfast` process, and a client of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use env::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::slot;

pub(crate) const PASSWORD: &str = "a horse, a battery, a staple";
pub(crate) const EMAIL: &str = "admin@office.example";

/// A process that serves a directory.
pub(crate) struct Running {
    child: Child,
    url: String,
    http: reqwest::Client,
}

/// Somebody who may do everything, and a room.
pub(crate) struct Office {
    pub(crate) token: String,
    pub(crate) place: String,
    pub(crate) room: String,
    today: Timestamp,
}

/// Runs a command on a directory to its end.
pub(crate) fn holdfast(dir: &Path, arguments: &[&str], password: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.args(arguments).arg("--data").arg(dir).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("HOLDFAST_ADMIN_PASSWORD", password);
    }
    command.output().unwrap()
}

impl Running {
    /// Starts `holdfast serve` on a free port; returns once it has said where it listens.
    pub(crate) fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(["serve", "--port", "0", "--data"])
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("API")?;
            Some(rest.trim().split("/v2").next().unwrap_or_default().to_owned())
        });
        // The rest of what it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.unwrap(), http: reqwest::Client::new() }
    }

    /// Makes an administrator while the service runs, a place and a room.
    pub(crate) async fn office(&self, dir: &Path) -> Office {
        let made = holdfast(dir, &["admin", "--email", EMAIL], Some(PASSWORD));
        assert!(made.status.success(), "{made:?}");
        self.furnished().await
    }

    /// Signs the administrator in, who makes a place and a room.
    pub(crate) async fn furnished(&self) -> Office {
        let login = json!({ "login": EMAIL, "password": PASSWORD });
        let signed = self.post("", "/v2/auth/login", "login", &login).await.unwrap();
        let token = signed["data"]["access_token"].as_str().unwrap().to_owned();
        let place = json!({ "name": "Everywhere", "zone": "UTC" });
        let place = id(&self.post(&token, "/v2/locations", "place", &place).await.unwrap()).unwrap();
        let room = json!({ "location_id": place, "name": "Blue", "capacity": 4 });
        let room = id(&self.post(&token, "/v2/rooms", "room", &room).await.unwrap()).unwrap();
        Office { token, place, room, today: Clock::system().now() }
    }

    /// Makes the n-th booking, under its own key; its id.
    pub(crate) async fn book(&self, office: &Office, n: usize) -> Option<String> {
        let mut body = slot(n, office.today);
        body["room_id"] = office.room.clone().into();
        let came = self.post(&office.token, "/v2/bookings", &format!("booking {n}"), &body).await?;
        id(&came)
    }

    /// Makes many bookings at once and kills the process when so many are answered; the ids that were answered.
    pub(crate) async fn book_until_killed(
        &mut self,
        office: &Office,
        many: usize,
        enough: usize,
    ) -> BTreeMap<usize, String> {
        let mut answered = BTreeMap::new();
        let mut killed = false;
        let clients = Self {
            child: Command::new("true").spawn().unwrap(),
            url: self.url.clone(),
            http: self.http.clone(),
        };
        let book = |n| {
            let clients = &clients;
            async move { (n, clients.book(office, n).await) }
        };
        let mut waiting: FuturesUnordered<_> = (0..many).map(book).collect();
        while let Some((n, id)) = waiting.next().await {
            answered.extend(id.map(|id| (n, id)));
            if answered.len() >= enough && !killed {
                self.kill();
                killed = true;
            }
        }
        answered
    }

    /// Reads a path.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// What came back, unless the connection broke.
    async fn post(&self, token: &str, path: &str, key: &str, body: &Value) -> Option<Value> {
        let mut request =
            self.http.post(format!("{}{path}", self.url)).header("idempotency-key", key).json(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        request.send().await.ok()?.json().await.ok()
    }

    /// Ends it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn id(came: &Value) -> Option<String> {
    Some(came["data"]["id"].as_str()?.to_owned())
}
