//! `tests/aws-shape measure`: measures the functions that `cargo lambda build` put into a folder, prints the figures as a table and,
//! after it, as JSON, and writes them as a Markdown document to a file if one is named.

mod events;
mod place;

use std::io;
use std::path::PathBuf;

use lambda::{Call, Table, measure};
use local::database::Data;

use crate::place::Place;

/// The head of the document.
const HEAD: &str = "\
# Functions

Written by `tests/aws-shape measure docs/functions.md`: the functions as they are deployed, started and called through Lambda's own protocol,
with the embedded database behind them on the same processors, without a cache and without limits. `floor` is the smallest function there is: it gets one item and answers. Compare rows, not machines.

- *init*: from the start of the process to its first poll of the runtime, of 30 starts; *alone* with a database that refuses connections; *cpu* is the
  processor time of it.
- *first*: the first request to a process. *warm*: 1,000 after it, 50 where a password is hashed or all is read.
- *cpu*: user and system time of a warm request.
- *memory*: resident, at the first poll and at its most.

";

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or_else(|| io::Error::other("say where the functions are"))?;
    let document = arguments.next();
    let options = local::Options::new(Data::Memory);
    let secret = options.secret;
    let server = local::start(options).await?;
    let place = Place::open(&server, secret).await?;
    let calls: Vec<Call> = place.calls(&folder).into_iter().filter(|call| call.bootstrap.exists()).collect();
    // The database answers on the other threads.
    let table = tokio::task::spawn_blocking(move || -> io::Result<Table> {
        let named =
            |call: &Call| measure(call).map_err(|error| io::Error::other(format!("{}: {error}", call.name)));
        Ok(Table { rows: calls.iter().map(named).collect::<io::Result<_>>()? })
    });
    let table = table.await??;
    let json = serde_json::to_string(&table)?;
    io::Write::write_all(&mut io::stdout(), format!("{table}\n\n{json}\n").as_bytes())?;
    if let Some(path) = document {
        std::fs::write(path, table.markdown(HEAD))?;
    }
    server.stop().await
}
