//! `holdfast bench` as a user runs it, but small: no errors, and exact counts.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_small_bench_has_no_errors_and_its_counts_are_exact() {
    let dir = tempfile::tempdir().unwrap();
    let [json, svg, markdown] = ["f.json", "f.svg", "f.md"].map(|name| dir.path().join(name));
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.args(["bench", "--quick", "--connections", "2", "--requests", "10", "--bookings", "1000,1024"]);
    command.arg("--json").arg(&json).arg("--svg").arg(&svg).arg("--markdown").arg(&markdown);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");

    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let rows = |name: &str| {
        let tables = report["tables"].as_array().unwrap();
        tables.iter().find(|table| table["name"] == name).unwrap()["rows"].as_array().unwrap().clone()
    };
    let load = rows("load");
    assert_eq!(load.len(), 5);
    for row in load.iter().chain(&rows("growth")) {
        assert_eq!(row["errors"], 0, "{row}");
        assert!(row["requests/s"].as_u64().unwrap() > 0, "{row}");
    }
    // The store grows, and what is consumed does not.
    let growth = rows("growth");
    let consumed: Vec<_> = growth.iter().map(|row| (&row["what"], &row["consumed each"])).collect();
    assert_eq!(consumed[..2], consumed[2..], "{growth:#?}");
    // Without a cache, which would hide what grows: the two trips of a booking, and the one that tells whose token it is.
    assert_eq!(consumed[1].1, "trips=3, reads=4, writes=10");

    // As built every message arrives, once, whatever its provider does; from inside of requests those are lost that did not.
    let sending: Vec<_> = rows("sending")
        .iter()
        .map(|row| {
            let counts =
                ["bookings", "sold", "due", "sent", "twice", "lost"].map(|name| row[name].as_u64().unwrap());
            (
                row["messages"].as_str().unwrap().to_owned(),
                row["providers"].as_str().unwrap().to_owned(),
                counts,
            )
        })
        .collect();
    let (built, inside) = ("from the event".to_owned(), "from inside the request".to_owned());
    let expected = [
        (built.clone(), "as usual".to_owned(), [6, 6, 12, 12, 0, 0]),
        (built, "all down".to_owned(), [4, 4, 8, 8, 0, 0]),
        (inside.clone(), "as usual".to_owned(), [6, 6, 18, 18, 0, 0]),
        (inside, "all down".to_owned(), [4, 4, 12, 0, 0, 12]),
    ];
    assert_eq!(sending, expected);

    // What is beyond the limit is refused, and nothing breaks, however many ask.
    let greedy = &rows("limits")[2];
    assert!((39..=41).contains(&greedy["answered"].as_u64().unwrap()), "{greedy}");
    assert!(rows("crowd").iter().all(|row| row["others"] == 0), "{:#?}", rows("crowd"));

    let cost = rows("cost");
    let counts: Vec<_> = cost
        .iter()
        .map(|row| {
            let count = |column: &str| row[column].as_f64().unwrap();
            let counts = ["round trips", "write units", "queue requests"].map(count);
            assert!(count("bytes logged") > 300.0 && count("$ per million") > 1.0, "{row}");
            (row["use case"].as_str().unwrap(), counts)
        })
        .collect();
    let told = "tell of it: relay, audit index, confirmation";
    let expected = [
        ("a week of a room", [1.0, 0.0, 0.0]),
        ("book an hour", [2.0, 10.0, 0.0]),
        ("the same key again", [1.0, 0.0, 0.0]),
        ("read a booking", [1.0, 0.0, 0.0]),
    ];
    for line in expected {
        assert!(counts.contains(&line), "{line:?} is not in {counts:#?}");
    }
    // The whole is the sum of its parts.
    let parts = ["find a room for an hour", "a week of a room", "book an hour", told];
    let of = |wanted: &str| counts.iter().find(|(what, _)| *what == wanted).unwrap().1;
    let sum: f64 = parts.iter().map(|part| of(part)[1]).sum();
    assert!((of("a booking as a whole")[1] - sum).abs() < 0.01, "{counts:#?}");

    let svg = std::fs::read_to_string(&svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("a week of a room"), "{svg}");
    assert!(std::fs::read_to_string(&markdown).unwrap().contains("| book an hour | 2 | 10.0 |"));
}
