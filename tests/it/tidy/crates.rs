//! Which crate may stand on which, and who may name what.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::{root, sources, text};

/// Our crates from the ground up: each may use those of the lines before its own.
const LAYERS: [&[&str]; 11] = [
    &["bench", "errors", "gate", "model"],
    &["domain", "env"],
    &["aws", "calendar", "database"],
    &["floor", "store", "queue", "providers"],
    &["ledger", "razorpay"],
    &["cache"],
    &["audit", "senders", "web"],
    &["orders"],
    FUNCTIONS,
    &["local"],
    &["lambda", "layers", "proof", "shape"],
];
const FUNCTIONS: &[&str] =
    &["auth", "bookings", "catalog", "insights", "notify", "payments", "relay", "stays", "tasks"];

/// What only some crates may name, so that it can be changed there alone.
const RESERVED: [(&str, &[&str]); 10] = [
    ("aws-smithy-http-client", &["aws"]),
    ("aws-sdk-dynamodb", &["floor", "store", "ledger", "proof"]),
    ("aws-sdk-sqs", &["aws", "queue"]),
    ("aws-sdk-sesv2", &["providers"]),
    ("lettre", &["providers"]),
    ("hyper-rustls", &["providers"]),
    ("redis", &["cache"]),
    ("axum", &["web", "local", "razorpay", "senders", "shape"]),
    ("lambda_http", &["web"]),
    ("dynoxide-rs", &["database"]),
];

/// What does I/O, or waits: not for the crates that only know.
const IMPURE: [&str; 11] =
    ["tokio", "futures", "async", "aws", "axum", "http", "hyper", "tower", "lambda", "reqwest", "env"];

/// A crate's folder and the names of its dependencies, those of its tests apart.
pub(crate) struct Package {
    pub(crate) folder: String,
    pub(crate) uses: BTreeSet<String>,
    pub(crate) tests_use: BTreeSet<String>,
}

/// Every crate of the workspace, as cargo sees it.
pub(crate) fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = |package: &Value| {
        let folder = std::path::Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let folder = folder.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let names = |test: bool| {
            let all = package["dependencies"].as_array().unwrap().iter();
            let kind = all.filter(|dependency| (dependency["kind"] == "dev") == test);
            kind.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
        };
        let name = package["name"].as_str().unwrap().to_owned();
        (name, Package { folder, uses: names(false), tests_use: names(true) })
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[test]
fn dependencies_point_downwards_and_no_function_knows_another() {
    let packages = packages();
    for (name, package) in packages.iter().filter(|(name, _)| *name != "tests") {
        let own =
            layer(name).unwrap_or_else(|| panic!("{name} has no layer: say in this test where it stands"));
        assert_eq!(package.folder.starts_with("functions/"), FUNCTIONS.contains(&name.as_str()), "{name}");
        for other in
            package.uses.iter().chain(&package.tests_use).filter(|other| packages.contains_key(*other))
        {
            assert!(layer(other) < Some(own), "{name} must not use {other}");
        }
    }
}

#[test]
fn the_domain_and_its_errors_do_no_io() {
    let packages = packages();
    for name in ["domain", "errors"] {
        for used in &packages[name].uses {
            let impure = IMPURE.iter().find(|impure| {
                used == *impure
                    || used.starts_with(&format!("{impure}-"))
                    || used.starts_with(&format!("{impure}_"))
            });
            assert_eq!(impure, None, "{name} uses {used}");
        }
    }
}

#[test]
fn what_is_reserved_for_some_crates_is_used_by_them_alone() {
    for (name, package) in packages().iter().filter(|(name, _)| *name != "tests") {
        for (reserved, allowed) in RESERVED {
            let uses = package.uses.contains(reserved) || package.tests_use.contains(reserved);
            assert!(!uses || allowed.contains(&name.as_str()), "{name} must not use {reserved}");
        }
    }
}

#[test]
fn only_the_ledger_touches_its_table() {
    let allowed = |path: &str| {
        path.starts_with("shared/ledger/")
            || ["shared/store/src/schema.rs", "shared/store/src/tables.rs"].contains(&path)
    };
    for path in sources().iter().filter(|path| !path.starts_with("tests/") && !allowed(path)) {
        let source = text(path);
        let named = source.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "LEDGER");
        assert!(!named, "{path} names the ledger's table");
    }
}
