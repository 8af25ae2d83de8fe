//! What the documents say about the code is true.

use std::fmt::Write;
use std::path::Path;

use domain::alert::Rule;
use errors::Code;
use web::{Access, Group, Quotas, Tier, Version};

use super::{block, core, expect_block, files, queues, root, text};

/// The documents, of those that may not all be there yet.
fn documents() -> Vec<String> {
    let named = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "infra/README.md", "events/README.md"];
    let named = named.iter().map(|&path| path.to_owned()).filter(|path| root().join(path).exists());
    named.chain(files("docs", ".md")).collect()
}

#[test]
fn paths_that_documents_name_exist() {
    let folders = ["functions/", "shared/", "infra/", "tests/", "events/", "docs/", ".ci/", ".cargo/"];
    let endings = [".md", ".toml", ".yaml", ".rs"];
    for document in documents() {
        let source = text(&document);
        for quoted in source.split('`').skip(1).step_by(2) {
            let placeholder = quoted.contains(|c: char| c.is_whitespace() || "<>{}*…\"$=()".contains(c));
            let named = folders.iter().any(|folder| quoted.starts_with(folder))
                || (!quoted.contains('/') && endings.iter().any(|ending| quoted.ends_with(ending)));
            // A bare name such as `v2.rs` stands for one in every group.
            let everywhere =
                !quoted.contains('/') && Path::new(quoted).extension().is_some_and(|kind| kind == "rs");
            if named && !placeholder && !everywhere && !quoted.ends_with("Cargo.toml") {
                let beside = root().join(&document).parent().unwrap().join(quoted);
                assert!(root().join(quoted).exists() || beside.exists(), "{document} names {quoted}");
            }
        }
    }
}

#[test]
fn the_documented_errors_are_those_of_the_code() {
    let document = text("docs/api.md");
    let rows = block(&document, "errors").1.lines().filter(|line| line.starts_with("| `"));
    let documented: Vec<(String, String, bool)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert!(cells.len() == 4 && cells[3].len() > 20, "no explanation: {row}");
            (cells[0].trim_matches('`').to_owned(), cells[1].to_owned(), cells[2] == "yes")
        })
        .collect();
    let defined: Vec<_> = Code::ALL
        .iter()
        .map(|code| (code.as_str().to_owned(), code.status().to_string(), code.retryable()))
        .collect();
    assert_eq!(documented, defined);
}

#[test]
fn the_documented_limits_are_those_of_the_code() {
    let (api, quotas) = (local::api(&core(), &queues(), None), Quotas::default());
    let mut list = String::from(
        "| group | anonymous | customer | staff | service | routes |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for group in Group::ALL {
        write!(list, "| `{}` |", group.as_str()).unwrap();
        for rate in Tier::ALL.map(|tier| quotas.rate(group, tier).unwrap()) {
            write!(list, " {} in {} |", rate.most(), rate.seconds()).unwrap();
        }
        let routes = api.table().filter(|(_, route)| route.group() == group).count();
        writeln!(list, " {routes} |").unwrap();
    }
    expect_block("docs/limits.md", "quotas", &list);
}

#[test]
fn the_documented_routes_are_those_of_the_code() {
    let api = local::api(&core(), &queues(), None);
    let mut list = String::new();
    for (title, wanted) in
        [("v2", Some(Version::V2)), ("v1", Some(Version::V1)), ("Outside the versions", None)]
    {
        write!(list, "\n### {title}\n\n| request | does | who |\n| --- | --- | --- |\n").unwrap();
        let described = web::openapi::document(&api, wanted.unwrap_or(Version::V2), "test");
        let mut rows: Vec<_> = api.table().filter(|(version, _)| *version == wanted).collect();
        rows.sort_by_key(|(_, route)| (route.path(), route.method().to_string()));
        for (version, route) in rows {
            let path = version
                .map_or_else(|| route.path().to_owned(), |v| format!("/{}{}", v.as_str(), route.path()));
            let method = route.method().as_str();
            let does = described["paths"][&path][method.to_lowercase()]["summary"].as_str().unwrap();
            let who = match route.access() {
                Access::Anyone => "anyone".to_owned(),
                Access::SignedIn => "signed in".to_owned(),
                Access::Needs(permission) => format!("{permission:?}"),
            };
            writeln!(list, "| `{method} {}` | {does} | {who} |", route.path()).unwrap();
        }
    }
    list.push('\n');
    expect_block("docs/api.md", "routes", &list);
}

#[test]
fn the_documented_rules_are_those_of_the_code() {
    let operations = text("docs/operations.md");
    for rule in Rule::ALL {
        let row = operations.lines().find(|line| line.starts_with(&format!("| `{}`", rule.as_str())));
        let cells: Vec<String> =
            row.unwrap_or_default().split('|').map(|cell| cell.trim().replace(',', "")).collect();
        let mut thresholds = rule.thresholds().iter().map(|(_, threshold)| threshold.to_string());
        for column in [2, 3] {
            let wanted = thresholds.next().unwrap_or_default();
            assert_eq!(cells.get(column), Some(&wanted), "{}: {cells:?}", rule.as_str());
        }
    }
}
