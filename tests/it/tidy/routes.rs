//! What every endpoint says of itself, read from the route tables.

use std::collections::BTreeSet;

use serde_json::Value;
use web::{Key, Version};

use super::{core, queues};

/// Each operation of a version's description with its path and method.
fn operations(version: Version) -> Vec<(String, String, Value)> {
    let document = web::openapi::document(&local::api(&core(), &queues(), None), version, "test");
    let paths = document["paths"].as_object().unwrap().clone();
    let all = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().clone();
        methods.into_iter().map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
    });
    all.collect()
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_and_an_answer() {
    for version in Version::ALL {
        let mut known = BTreeSet::new();
        for (path, method, operation) in operations(version) {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(!id.is_empty(), "{method} {path} has no operation id");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path} has no summary");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status != "default"), "{method} {path} describes no answer");
            assert!(known.insert(id.clone()), "{method} {path}: {id} is another operation's id");
        }
    }
}

#[test]
fn no_two_groups_answer_the_same_request() {
    let api = local::api(&core(), &queues(), None);
    let mut known = BTreeSet::new();
    for (version, route) in api.table() {
        let shape: String =
            route.path().split('/').map(|part| if part.starts_with('{') { "/{}" } else { part }).collect();
        assert!(
            known.insert((version, route.method().to_string(), shape)),
            "{} {}",
            route.method(),
            route.path()
        );
    }
}

#[test]
fn whatever_creates_in_v2_can_be_retried() {
    for (path, method, operation) in operations(Version::V2) {
        let creates =
            method == "POST" && path.starts_with("/v2/") && operation["responses"].get("201").is_some();
        let parameters = operation["parameters"].as_array().unwrap();
        let keyed = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        assert!(keyed || !creates, "{method} {path} creates and takes no Idempotency-Key");
    }
}

#[test]
fn reads_take_no_idempotency_key() {
    let api = local::api(&core(), &queues(), None);
    for (_, route) in api.table().filter(|(_, route)| route.method() == "GET") {
        assert_eq!(route.key(), Key::Ignored, "GET {}", route.path());
    }
}
