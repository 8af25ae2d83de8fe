//! The table of access patterns in `shared/store/src/lib.rs` is what the store can read, and what is measured.

use std::collections::BTreeSet;

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
fn functions(below: &str, begin: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files(below, ".rs") {
        let source = text(&path);
        let lines = source.lines().filter_map(|line| line.strip_prefix(begin));
        found.extend(lines.map(|rest| rest.split(['(', '<']).next().unwrap().to_owned()));
    }
    found
}

/// Each row of the table: the functions that it names, and the source index that they answer.
fn rows() -> Vec<(Vec<String>, String)> {
    let source = text("shared/store/src/lib.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        assert_eq!(cells.len(), 3, "{row}");
        let names = cells[0].split('`').step_by(2).map(|name| name.split('(').next().unwrap().to_owned());
        (names.collect(), cells[2].to_owned())
    };
    rows.map(row).collect()
}

#[test]
fn the_table_of_access_patterns_has_every_read_of_the_store_once() {
    let mut there = functions("shared/store/src", "    pub async fn ");
    for name in NO_READS {
        assert!(there.remove(name), "the store has no {name}");
    }
    there
        .extend(functions("shared/ledger/src", "pub async fn ").iter().map(|name| format!("ledger::{name}")));
    let mut named = BTreeSet::new();
    for name in rows().into_iter().flat_map(|(names, _)| names) {
        assert!(there.contains(&name), "there is no {name}");
        assert!(named.insert(name.clone()), "{name} is named twice");
    }
    let unnamed: Vec<_> = there.difference(&named).filter(|name| !name.starts_with("ledger::")).collect();
    assert!(unnamed.is_empty(), "no row has {unnamed:?}");
}

#[test]
fn what_answers_a_source_index_is_measured_among_few_records_and_many() {
    let measured = text("tests/it/patterns.rs");
    for name in rows().into_iter().filter(|(_, index)| index != "—").flat_map(|(names, _)| names) {
        let call = if name.starts_with("ledger::") { format!("{name}(") } else { format!("store.{name}(") };
        assert!(measured.contains(&call), "tests/it/patterns.rs does not measure {name}");
    }
}

#[test]
fn nothing_but_the_audit_of_the_ledger_scans_a_table() {
    for path in files("shared", ".rs").iter().chain(&files("functions", ".rs")) {
        assert!(path == "shared/ledger/src/walk.rs" || !text(path).contains(".scan("), "{path} scans");
    }
}
