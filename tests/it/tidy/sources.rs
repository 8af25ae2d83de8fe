//! What every source file keeps to.

use super::{files, sources, text};

#[test]
fn every_file_says_at_its_head_what_it_is_for() {
    for path in sources() {
        let source = text(&path);
        let head = source.lines().next().unwrap_or_default();
        assert!(head.starts_with("//! ") && head.len() > 12, "{path} begins with {head:?}");
    }
}

#[test]
fn no_file_is_longer_than_can_be_read_at_once() {
    for path in sources() {
        let lines = text(&path).lines().count();
        let most = if path.starts_with("functions/") && path.ends_with("/src/main.rs") { 10 } else { 400 };
        assert!(lines <= most, "{path} has {lines} lines, more than {most}: split it by what it does");
    }
}

#[test]
fn nothing_is_left_for_later_and_no_lint_is_switched_off_unseen() {
    // Put together here, so that this file does not find itself.
    let left =
        ["todo!", "unimplemented!", "FIXME", "XXX", "dbg!", "TODO", "#[ignore", "#[allow(", "#![allow("];
    let left = left.map(|word| (word, word.len()));
    let own = "tests/it/tidy/sources.rs";
    for path in sources().iter().filter(|path| *path != own) {
        for (number, line) in text(path).lines().enumerate() {
            for (word, _) in left {
                assert!(!line.contains(word), "{path}:{}: {word}", number + 1);
            }
        }
    }
}

#[test]
fn time_chance_and_environment_are_read_in_env_alone() {
    let banned = [
        "jiff::Timestamp::now",
        "jiff::Zoned::now",
        "std::time::SystemTime::now",
        "std::env::var",
        "std::thread::sleep",
    ];
    let lints = text("clippy.toml");
    for method in banned {
        assert!(lints.contains(&format!("path = \"{method}\"")), "clippy.toml no longer forbids {method}");
    }
    for path in sources()
        .iter()
        .filter(|path| !path.starts_with("shared/env/") && !path.starts_with("tests/it/tidy/"))
    {
        let source = text(path);
        for call in ["getrandom::", "rand::rng", "thread_rng(", "Uuid::new_v4", "Uuid::now_v7"] {
            assert!(!source.contains(call), "{path} takes chance from {call}, not from env");
        }
    }
}

#[test]
fn every_crate_takes_the_lints_and_the_versions_of_the_workspace() {
    for path in ["functions", "shared", "infra", "tests"].iter().flat_map(|below| files(below, "Cargo.toml"))
    {
        let manifest = text(&path);
        for line in [
            "[lints]\nworkspace = true",
            "edition.workspace = true",
            "license.workspace = true",
            "publish.workspace = true",
        ] {
            assert!(manifest.contains(line), "{path} lacks {line:?}");
        }
        let own_version = |line: &&str| line.contains("version = \"") || line.contains("path = \"../");
        let own = manifest.lines().filter(|line| !line.starts_with("version")).find(own_version);
        assert_eq!(own, None, "{path}: dependencies are named in the workspace's manifest");
    }
}
