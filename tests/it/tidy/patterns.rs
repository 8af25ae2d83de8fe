//! The table of access patterns in `shared/store/src/lib.rs` is what the store can read, what is measured, and what functions may do.

use std::collections::{BTreeMap, BTreeSet};

use super::template::{folder, functions, statements};
use super::{files, text};

/// What the store does besides reading: writes, limits, what installs it.
const NO_READS: [&str; 23] = [
    "add_figures",
    "add_message",
    "add_usage",
    "admit",
    "begin_figures",
    "change_campaign",
    "change_message",
    "commit",
    "count",
    "end_message",
    "finish_figures",
    "keep_work",
    "migrate",
    "missing",
    "note_alert",
    "note_deeds",
    "note_pools",
    "ping",
    "prime",
    "put_code",
    "put_payment_off",
    "set_progress",
    "working",
];

/// Names of the asynchronous functions below a folder, those that begin so.
fn asynchronous(below: &str, begin: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files(below, ".rs") {
        let source = text(&path);
        let lines = source.lines().filter_map(|line| line.strip_prefix(begin));
        found.extend(lines.map(|rest| rest.split(['(', '<']).next().unwrap().to_owned()));
    }
    found
}

/// A row of the table.
struct Row {
    /// The functions that it names.
    names: Vec<String>,
    /// Which tables and indexes they read.
    reads: String,
    /// The source index that they answer.
    answers: String,
}

fn rows() -> Vec<Row> {
    let source = text("shared/store/src/lib.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        assert_eq!(cells.len(), 3, "{row}");
        let names = cells[0].split('`').step_by(2).map(|name| name.split('(').next().unwrap().to_owned());
        Row { names: names.collect(), reads: cells[1].to_owned(), answers: cells[2].to_owned() }
    };
    rows.map(row).collect()
}

#[test]
fn the_table_of_access_patterns_has_every_read_of_the_store_once() {
    let mut there = asynchronous("shared/store/src", "    pub async fn ");
    for name in NO_READS {
        assert!(there.remove(name), "the store has no {name}");
    }
    there.extend(
        asynchronous("shared/ledger/src", "pub async fn ").iter().map(|name| format!("ledger::{name}")),
    );
    let mut named = BTreeSet::new();
    for name in rows().into_iter().flat_map(|row| row.names) {
        assert!(there.contains(&name), "there is no {name}");
        assert!(named.insert(name.clone()), "{name} is named twice");
    }
    let unnamed: Vec<_> = there.difference(&named).filter(|name| !name.starts_with("ledger::")).collect();
    assert!(unnamed.is_empty(), "no row has {unnamed:?}");
}

#[test]
fn what_answers_a_source_index_is_measured_among_few_records_and_many() {
    let measured = text("tests/it/patterns.rs");
    for name in rows().into_iter().filter(|row| row.answers != "—").flat_map(|row| row.names) {
        let call = if name.starts_with("ledger::") { format!("{name}(") } else { format!("store.{name}(") };
        assert!(measured.contains(&call), "tests/it/patterns.rs does not measure {name}");
    }
}

impl Row {
    /// `Catalog by_kind` and so on: each index that one of its functions reads, with the table. Where a row tells as many ways to read as
    /// it names functions, each has its own.
    fn indexes(&self, name: &str) -> BTreeSet<String> {
        let ways: Vec<&str> = self.reads.split("; ").collect();
        let at = self.names.iter().position(|known| known == name).unwrap();
        let reads = if ways.len() == self.names.len() { ways[at] } else { &self.reads };
        let parts: Vec<&str> = reads.split('`').collect();
        let pairs = parts.chunks_exact(2);
        pairs.map(|pair| format!("{} {}", pair[0].split_whitespace().next_back().unwrap(), pair[1])).collect()
    }
}

#[test]
fn the_functions_of_a_folder_may_query_each_index_that_its_code_asks_the_store_for() {
    let mut may: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in functions().into_values() {
        let queries = statements(&function)
            .into_iter()
            .filter(|one| one["Action"].to_string().contains("dynamodb:Query"));
        let resources = queries.flat_map(|one| one["Resource"].as_array().unwrap().clone());
        let named = resources.filter_map(|resource| {
            let (table, index) =
                resource["!Sub"].as_str()?.strip_prefix("${")?.split_once("Table.Arn}/index/")?;
            Some(format!("{table} {index}"))
        });
        may.entry(folder(&function)).or_default().extend(named);
    }
    let rows = rows();
    let (mut asked, mut lacking) = (0, BTreeSet::new());
    for (folder, may) in &may {
        let sources: String =
            files(&format!("functions/{folder}/src"), ".rs").iter().map(|path| text(path)).collect();
        let sources: String = sources.split_whitespace().collect();
        let calls = |name: &str| {
            ["store.", "store().", "reads."].iter().any(|of| sources.contains(&format!("{of}{name}(")))
        };
        for (row, name) in rows.iter().flat_map(|row| row.names.iter().map(move |name| (row, name))) {
            if calls(name) {
                asked += 1;
                let lacks = row.indexes(name).difference(may).cloned().collect::<Vec<_>>();
                lacking.extend(lacks.into_iter().map(|index| format!("{folder}: {name} reads {index}")));
            }
        }
    }
    assert!(asked > 50, "only {asked} calls were found");
    // What `holdfast replay` and a laptop do is not done by the function.
    assert_eq!(lacking, BTreeSet::from(["relay: events_in reads Events by_time".to_owned()]));
}

#[test]
fn nothing_but_the_audit_of_the_ledger_scans_a_table() {
    for path in files("shared", ".rs").iter().chain(&files("functions", ".rs")) {
        assert!(path == "shared/ledger/src/walk.rs" || !text(path).contains(".scan("), "{path} scans");
    }
}
