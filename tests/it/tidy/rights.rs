//! What each function may do to the tables is what its code does, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::template::{functions, statements};
use super::{files, text};

/// Every function of `store` that reads or writes, and what it asks of DynamoDB: an action on a table or on one of its indexes.
const STORE: &[(&str, &[&str])] = &[
    ("account", &["GetItem Accounts"]),
    ("account_named", &["GetItem Accounts"]),
    ("account_with_email", &["GetItem Accounts"]),
    ("accounts", &["Query Accounts/by_kind"]),
    ("add_message", &["PutItem Messages"]),
    ("all_locations", &["Query Catalog/by_kind"]),
    ("all_resources", &["Query Catalog/by_kind"]),
    ("booking", &["GetItem Reservations"]),
    ("bookings", &["BatchGetItem Reservations"]),
    ("bookings_created", &["Query Events/by_time", "BatchGetItem Reservations"]),
    ("bookings_ending", &["Query Reservations/by_state"]),
    ("bookings_in", &["Query Reservations/by_place"]),
    ("bookings_in_state", &["Query Reservations/by_state"]),
    ("bookings_of", &["Query Reservations/by_user"]),
    ("bookings_on", &["Query Reservations/by_place"]),
    ("bookings_page_in", &["Query Reservations/by_place"]),
    ("bookings_starting", &["Query Reservations/by_place"]),
    ("calendar_feed", &["BatchGetItem Accounts"]),
    ("calendar_feeds_of", &["Query Accounts"]),
    ("change_message", &["PutItem Messages"]),
    // What a transaction asks for stands with its parts, in `TX`.
    ("commit", &[]),
    ("count", &["UpdateItem Live"]),
    ("event", &["GetItem Events"]),
    ("events_between", &["Query Events/by_time"]),
    ("events_by", &["Query Insights", "BatchGetItem Events"]),
    ("events_in", &["Query Events/by_time"]),
    ("events_of", &["Query Events"]),
    ("flagged_reviews", &["Query Catalog/by_name"]),
    ("latest_in_state", &["Query Reservations/by_state"]),
    ("location", &["GetItem Catalog"]),
    ("location_named", &["GetItem Catalog"]),
    ("locations", &["Query Catalog/by_kind"]),
    ("message", &["GetItem Messages"]),
    ("messages_dead", &["Query Messages/by_due"]),
    ("messages_due", &["Query Messages/by_due"]),
    ("messages_to", &["Query Messages/by_recipient"]),
    ("messages_waiting", &["Query Messages/by_due"]),
    // By an operator at a terminal, with rights of their own.
    ("migrate", &[]),
    ("note_deeds", &["PutItem Insights"]),
    ("order", &["GetItem Reservations"]),
    ("orders_at", &["Query Reservations/by_place"]),
    ("orders_confirmed", &["Query Reservations/by_state"]),
    ("orders_held", &["Query Reservations/by_state"]),
    ("orders_of", &["Query Reservations/by_user"]),
    ("orders_overdue", &["Query Reservations/by_state"]),
    ("ping", &["GetItem Insights"]),
    ("pool", &["GetItem Catalog"]),
    ("pools_at", &["Query Catalog/by_kind"]),
    ("progress", &["GetItem Live"]),
    ("resource", &["GetItem Catalog"]),
    ("resource_named", &["GetItem Catalog"]),
    ("resources", &["Query Catalog/by_kind"]),
    ("resources_at", &["Query Catalog/by_place"]),
    ("resources_by_id", &["BatchGetItem Catalog"]),
    ("resources_named", &["Query Catalog/by_name"]),
    ("review", &["GetItem Catalog"]),
    ("review_report", &["GetItem Catalog"]),
    ("reviews", &["Query Catalog/by_kind"]),
    ("reviews_by", &["Query Catalog/by_author"]),
    ("reviews_of", &["Query Catalog/by_place"]),
    ("series", &["GetItem Reservations"]),
    ("session", &["GetItem Accounts"]),
    ("set_progress", &["PutItem Live"]),
    ("signed_in", &["BatchGetItem Accounts"]),
    // Of the ids that it is given: the tables stand with those who give them, in `TOGETHER`.
    ("together", &[]),
];

/// Every part of a transaction, with what `DynamoDB` asks of who commits it.
const TX: &[(&str, &[&str])] = &[
    ("delete_calendar_feed", &["DeleteItem Accounts"]),
    ("event", &["PutItem Events"]),
    ("forget", &["DeleteItem Live"]),
    ("insert_account", &["PutItem Accounts"]),
    ("insert_booking", &["PutItem Reservations"]),
    ("insert_calendar_feed", &["PutItem Accounts"]),
    ("insert_location", &["PutItem Catalog"]),
    ("insert_order", &["PutItem Reservations"]),
    ("insert_pool", &["PutItem Catalog"]),
    ("insert_resource", &["PutItem Catalog"]),
    ("insert_review", &["PutItem Catalog", "UpdateItem Catalog"]),
    ("insert_series", &["PutItem Reservations"]),
    ("insert_session", &["PutItem Accounts"]),
    ("pretend", &["PutItem Live"]),
    ("require_active_admin", &["ConditionCheckItem Accounts"]),
    ("require_booking", &["ConditionCheckItem Reservations"]),
    ("require_order", &["ConditionCheckItem Reservations"]),
    ("update_account", &["PutItem Accounts", "DeleteItem Accounts"]),
    ("update_booking", &["PutItem Reservations"]),
    ("update_location", &["PutItem Catalog", "DeleteItem Catalog"]),
    ("update_message", &["PutItem Messages"]),
    ("update_order", &["PutItem Reservations"]),
    ("update_pool", &["PutItem Catalog", "DeleteItem Catalog"]),
    ("update_resource", &["PutItem Catalog", "DeleteItem Catalog"]),
    ("update_review", &["PutItem Catalog", "UpdateItem Catalog"]),
    ("update_series", &["PutItem Reservations"]),
    ("update_session", &["PutItem Accounts"]),
];

/// What of `ledger` asks for what: each public function that takes the store, and `Changes`, which claims and releases.
const LEDGER: &[(&str, &str)] = &[
    ("ledger::taken(", "Query Ledger"),
    ("ledger::marks(", "Query Ledger"),
    ("ledger::taken_at(", "BatchGetItem Ledger"),
    ("ledger::counts(", "BatchGetItem Ledger"),
    ("ledger::walk(", "Scan Ledger"),
    ("ledger::offer(", "UpdateItem Ledger"),
    ("ledger::strike(", "UpdateItem Ledger"),
    ("ledger::recount(", "UpdateItem Ledger"),
    ("Changes::", "UpdateItem Ledger"),
];

/// Fields of `store::Ids`, and where what they name is read from.
const TOGETHER: &[(&str, &str)] = &[
    ("users", "BatchGetItem Accounts"),
    ("resources", "BatchGetItem Catalog"),
    ("locations", "BatchGetItem Catalog"),
    ("pools", "BatchGetItem Catalog"),
    ("bookings", "BatchGetItem Reservations"),
    ("series", "BatchGetItem Reservations"),
    ("orders", "BatchGetItem Reservations"),
];

/// The sources that a function runs: its folder and the crates that ask for it. Two folders hold two functions each.
fn sources_of(function: &str) -> Vec<String> {
    let folder = |path: &str| files(path, ".rs");
    let without = |path: &str, file: &str| -> Vec<String> {
        folder(path).into_iter().filter(|path| !path.ends_with(file)).collect()
    };
    match function {
        "insights-feed" => vec!["functions/insights/src/feed.rs".to_owned()],
        "insights" => [without("functions/insights/src", "/feed.rs"), folder("shared/web/src")].concat(),
        "tasks-audit" => {
            [vec!["functions/tasks/src/daily.rs".to_owned()], folder("shared/audit/src")].concat()
        }
        "tasks" => {
            let release = vec!["shared/audit/src/release.rs".to_owned()];
            [without("functions/tasks/src", "/daily.rs"), release].concat()
        }
        // It has the `store` for the laptop, where nothing pushes the events.
        "relay" => Vec::new(),
        "notify" => folder("functions/notify/src"),
        group => [folder(&format!("functions/{group}/src")), folder("shared/web/src")].concat(),
    }
}

/// What the code of a function asks of the tables.
fn asked(function: &str) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for path in sources_of(function) {
        let code: String = text(&path).chars().filter(|c| !c.is_whitespace()).collect();
        for (table, receivers) in [(STORE, ["store", "store()"]), (TX, ["tx", "&mut self.tx"])] {
            for (name, rights) in table {
                // A name of several words is told apart by itself; `event` or `pool` by who is asked.
                let called = if name.contains('_') {
                    code.contains(&format!(".{name}("))
                } else {
                    receivers.iter().any(|receiver| code.contains(&format!("{receiver}.{name}(")))
                };
                if called {
                    asked.extend(rights.iter().map(|&right| right.to_owned()));
                }
            }
        }
        let of_ledger = LEDGER.iter().filter(|(call, _)| code.contains(call));
        asked.extend(of_ledger.map(|(_, right)| (*right).to_owned()));
        if code.contains("Ids::") || code.contains("Ids{") {
            let named = TOGETHER.iter().filter(|(field, _)| {
                [".insert(", ".extend(", ":"].iter().any(|how| code.contains(&format!("{field}{how}")))
            });
            asked.extend(named.map(|(_, right)| (*right).to_owned()));
        }
    }
    asked
}

/// What the template lets a function do to the tables.
fn granted(function: &Value) -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    for statement in statements(function) {
        let resources = statement["Resource"].as_array().unwrap();
        for action in statement["Action"].as_array().unwrap() {
            let Some(action) = action.as_str().unwrap().strip_prefix("dynamodb:") else { continue };
            if ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].contains(&action) {
                continue;
            }
            for resource in resources {
                let named = match (resource.get("!GetAtt"), resource.get("!Sub")) {
                    (Some(table), _) => table.as_str().unwrap().strip_suffix("Table.Arn").map(str::to_owned),
                    (_, Some(index)) => {
                        let index = index.as_str().unwrap().strip_prefix("${");
                        index.map(|index| index.replace("Table.Arn}/index/", "/"))
                    }
                    _ => None,
                };
                let named = named.unwrap_or_else(|| panic!("{action} on {resource}"));
                granted.insert(format!("{action} {named}"));
            }
        }
    }
    granted
}

#[test]
fn each_function_may_do_to_the_tables_what_its_code_does_and_nothing_else() {
    for (name, function) in functions() {
        let (asked, granted) = (asked(&name), granted(&function));
        let missing: Vec<_> = asked.difference(&granted).collect();
        let idle: Vec<_> = granted.difference(&asked).collect();
        assert!(
            missing.is_empty() && idle.is_empty(),
            "{name} needs {missing:?}, and has for nothing {idle:?}"
        );
    }
}

#[test]
fn what_the_store_and_the_ledger_can_be_asked_is_all_known_here() {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for path in files("shared/store/src", ".rs") {
        let source = text(&path);
        let name = |rest: &str| rest.split(['(', '<']).next().unwrap().to_owned();
        let asks = source.split("    pub async fn ").skip(1).map(name);
        found.entry("store").or_default().extend(asks);
        let parts =
            source.split("    pub fn ").skip(1).filter(|rest| rest.contains("&mut self, store: &Store"));
        let parts = parts.filter(|rest| rest.find("&mut self, store: &Store") < rest.find('{'));
        found.entry("tx").or_default().extend(parts.map(name));
    }
    let names =
        |table: &[(&str, &[&str])]| table.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found["store"], names(STORE));
    assert_eq!(found["tx"], names(TX));
    let of_ledger: BTreeSet<String> = files("shared/ledger/src", ".rs")
        .iter()
        .flat_map(|path| {
            let source = text(path);
            let functions: Vec<String> = ["\npub async fn ", "\npub fn "]
                .iter()
                .flat_map(|before| source.split(before).skip(1))
                .filter(|rest| rest.split('{').next().unwrap().contains("&Store"))
                .map(|rest| format!("ledger::{}(", rest.split(['(', '<']).next().unwrap()))
                .collect();
            functions
        })
        .collect();
    let known = LEDGER.iter().map(|(call, _)| (*call).to_owned()).filter(|call| call.starts_with("ledger::"));
    assert_eq!(of_ledger, known.collect());
}
