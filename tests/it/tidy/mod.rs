//! The rules of the house, held against the tree itself: what `CONTRIBUTING.md` says is checked here or by a lint.

mod crates;
mod docs;
mod gateway;
mod patterns;
mod routes;
mod sources;
mod stages;
mod template;
mod watched;

use std::fs;
use std::path::{Path, PathBuf};

use env::Clock;
use queue::{Queues, Sqs};
use store::{Config, Store};
use web::{Core, Keys};

use crate::harness::START;

/// Where the tree begins.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file's text, by its path from the root.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of ours below a folder that ends so, by its path from the root, sorted.
pub(crate) fn files(below: &str, ending: &str) -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    walk(&path, found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(below), &mut found);
    let relative = |path: PathBuf| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    let mut found: Vec<_> = found.into_iter().map(relative).filter(|path| path.ends_with(ending)).collect();
    found.sort();
    found
}

/// Every source file.
pub(crate) fn sources() -> Vec<String> {
    ["functions", "shared", "infra", "tests"].iter().flat_map(|below| files(below, ".rs")).collect()
}

/// A core that nobody asks anything: for route tables.
pub(crate) fn core() -> Core {
    let store = Store::new(Config::local("http://127.0.0.1:1".to_owned()));
    Core::new(store, Clock::at(START.parse().unwrap()), Keys::from_secret(&[7; 32]).unwrap())
}

/// Queues that nobody asks anything.
pub(crate) fn queues() -> Queues {
    let queue = Sqs::local("http://127.0.0.1:1").queue("none");
    Queues { notify: queue.clone(), tasks: queue.clone(), payments: queue }
}

/// The part of a file between the lines that hold `<name>: begin` and `<name>: end` must be `wanted`. With `UPDATE_EXPECT`
/// in the environment it is made so.
#[track_caller]
pub(crate) fn expect_block(path: &str, name: &str, wanted: &str) {
    let whole = text(path);
    let (before, inside, after) = block(&whole, name);
    if inside == wanted {
        return;
    }
    assert!(
        env::optional("UPDATE_EXPECT").is_some(),
        "{path} does not say what the code says about {name}; run: UPDATE_EXPECT=1 cargo test -p tests tidy\n{wanted}"
    );
    fs::write(root().join(path), format!("{before}{wanted}{after}")).unwrap();
}

/// Everything up to and with the line that begins the block, the block, the rest.
pub(crate) fn block<'a>(whole: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let line_of = |what: &str| {
        whole.find(&format!("{name}: {what}")).unwrap_or_else(|| panic!("no line says {name}: {what}"))
    };
    let begin = line_of("begin") + whole[line_of("begin")..].find('\n').unwrap() + 1;
    let end = whole[..line_of("end")].rfind('\n').unwrap() + 1;
    (&whole[..begin], &whole[begin..end], &whole[end..])
}
