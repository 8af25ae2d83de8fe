//! `cargo run --release -p lambda -- <folder>`: measures the functions that `cargo lambda build` put there, and prints the
//! figures as a table and, after it, as JSON.

mod events;
mod place;

use std::io;
use std::path::PathBuf;

use lambda::{Call, Table, measure};
use local::database::Data;

use crate::place::Place;

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("say where the functions are"))?;
    let options = local::Options::new(Data::Memory);
    let secret = options.secret;
    let server = local::start(options).await?;
    let place = Place::open(&server, secret).await?;
    let calls: Vec<Call> = place.calls(&folder).into_iter().filter(|call| call.bootstrap.exists()).collect();
    // The database answers on the other threads.
    let table = tokio::task::spawn_blocking(move || -> io::Result<Table> {
        Ok(Table { rows: calls.iter().map(measure).collect::<io::Result<_>>()? })
    });
    let table = table.await??;
    let json = serde_json::to_string(&table)?;
    io::Write::write_all(&mut io::stdout(), format!("{table}\n\n{json}\n").as_bytes())?;
    server.stop().await
}
