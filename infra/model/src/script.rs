//! A way through the states, told so that a reader can follow it.

use std::fmt::Write as _;

use stateright::Path;

use super::bounds::Bounds;
use super::stored::{Phase, SOLD, Stored};
use super::world::{Action, State};

/// A line for each step: what happens, and what is stored afterwards where that changed.
pub(crate) fn of(bounds: &Bounds, path: Path<State, Action>) -> Vec<String> {
    let steps = path.into_vec();
    let states = steps.iter().skip(1).map(|(state, _)| state);
    steps
        .iter()
        .zip(states)
        .filter_map(|((before, action), after)| Some(line(bounds, before, (*action)?, after)))
        .collect()
}

fn line(bounds: &Bounds, before: &State, action: Action, after: &State) -> String {
    let ask = |client: u8, command: u8| {
        let program = bounds.programs.get(usize::from(client));
        program
            .and_then(|program| program.get(usize::from(command)))
            .map_or_else(String::new, |ask| format!("{ask:?}"))
    };
    let mut line = match action {
        Action::Tick => format!("time is {}", after.now),
        Action::Begin { client, command, ahead } => {
            format!("client {client} at clock {} asks {}", before.now + ahead, ask(client, command))
        }
        Action::Again { client, ahead } => {
            let doing = before.clients.get(usize::from(client)).and_then(|client| client.doing);
            let command = doing.map_or_else(String::new, |(command, _)| ask(client, command));
            format!("client {client} at clock {} asks again {command}", before.now + ahead)
        }
        Action::Arrive { flight, answered, .. } => {
            let Some(flight) = before.flights.get(usize::from(flight)) else { return String::new() };
            let again = if flight.arrived { " once more" } else { "" };
            let lost = if flight.awaited && !answered { "; its answer is lost" } else { "" };
            let refused = if before.stored == after.stored { " and changes nothing" } else { "" };
            let name = ask(flight.client, flight.tx.key % 4);
            format!(
                "client {}'s {name} of clock {} arrives{again}{refused}{lost}",
                flight.client, flight.tx.clock
            )
        }
    };
    if before.stored != after.stored {
        line.push_str(&stored(&after.stored));
    }
    line
}

fn stored(stored: &Stored) -> String {
    let mut text = String::from(" ->");
    let until = |until: u8| if until == SOLD { "sold".to_owned() } else { format!("until {until}") };
    for (quantum, mark) in stored.quanta.iter().enumerate() {
        if let Some(mark) = mark {
            let _ = write!(text, " q{quantum}: {} of {};", until(mark.until), mark.owner);
        }
    }
    for (owner, record) in stored.owners() {
        let phase = match record.phase {
            Phase::Held(end) => format!("held {}", until(end)),
            phase => format!("{phase:?}").to_lowercase(),
        };
        let _ = write!(text, " record {owner} v{} {phase};", record.version);
    }
    let cell = &stored.cell;
    let _ = write!(text, " n {} f {} c {} o {}", cell.claimed, cell.free, cell.capacity, cell.allowance);
    text
}
