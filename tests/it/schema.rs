//! The description of the API, held against every answer of every test.

use std::collections::BTreeMap;

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use web::{Api, Version};

use crate::harness::Answer;

/// Validators by path template, method and status.
pub(crate) struct Contract {
    operations: BTreeMap<(String, String), BTreeMap<String, Option<Validator>>>,
}

impl Contract {
    pub(crate) fn of(api: &Api) -> Self {
        let mut operations = BTreeMap::new();
        for version in Version::ALL {
            let document = web::openapi::document(api, version, "test");
            for (path, methods) in document["paths"].as_object().unwrap() {
                for (method, operation) in methods.as_object().unwrap() {
                    let statuses =
                        operation["responses"].as_object().unwrap().iter().map(|(status, response)| {
                            let schema =
                                response["content"].as_object().and_then(|kinds| kinds.values().next());
                            (status.clone(), schema.map(|content| validator(&document, &content["schema"])))
                        });
                    operations.insert((path.clone(), method.to_uppercase()), statuses.collect());
                }
            }
        }
        Self { operations }
    }

    /// Fails the test unless the description knows such an answer. Paths that it does not know are the edge's business.
    #[track_caller]
    pub(crate) fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(statuses) = self.find(method, path) else { return };
        let status = answer.status.as_str();
        if status == "304" {
            return;
        }
        let failed = answer.status.is_client_error() || answer.status.is_server_error();
        let schema = statuses.get(status).or_else(|| statuses.get("default").filter(|_| failed));
        let schema = schema
            .unwrap_or_else(|| panic!("{method} {path}: status {status} is not described\n{}", answer.text));
        if let Some(validator) = schema {
            let errors: Vec<String> = validator
                .iter_errors(&answer.body)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{method} {path} {status}: {errors:#?}\n{}", answer.text);
        }
    }

    fn find(&self, method: &Method, path: &str) -> Option<&BTreeMap<String, Option<Validator>>> {
        let path = path.split('?').next()?;
        let fits = |template: &str| {
            let (wanted, given): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            wanted.len() == given.len()
                && wanted.iter().zip(&given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        };
        let mut found: Vec<_> = self
            .operations
            .iter()
            .filter(|((path, verb), _)| verb == method.as_str() && fits(path))
            .collect();
        // A path without parameters goes before one with, as in the router.
        found.sort_by_key(|((path, _), _)| path.matches('{').count());
        found.first().map(|(_, statuses)| *statuses)
    }
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    jsonschema::validator_for(&whole).unwrap()
}
