//! Commands that work on an installation in AWS, here on the embedded database at its endpoint.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use domain::BookingState;
use env::Clock;
use jiff::SignedDuration;
use local::Serving;
use local::database::{self, Data, Database};
use serde_json::json;
use store::{Config, Store, Tx};

use crate::alone;
use crate::running::Running;
use crate::slow::Slow;

/// A command on what answers at this endpoint, not yet started.
fn holdfast(arguments: &[&str], endpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.args(arguments).args(["--aws", "--region", "eu-central-1", "--endpoint", endpoint]);
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Reads on until a line with this text, and returns the reader.
fn until(child: &mut Child, text: &str) -> BufReader<ChildStdout> {
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it ended without saying: {text}");
    }
    reader
}

/// The table of bookings as a release had it that knew one index, without expiry, and some bookings in it.
async fn older(database: &Database, bookings: usize) -> Vec<domain::Booking> {
    let attributes =
        ["pk", "sk", "user", "starts"].map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    let keys = |partition: &str, sort: &str| json!([{ "AttributeName": partition, "KeyType": "HASH" }, { "AttributeName": sort, "KeyType": "RANGE" }]);
    let table = json!({
        "TableName": "Holdfast-Reservations",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys("pk", "sk"),
        "AttributeDefinitions": attributes,
        "GlobalSecondaryIndexes": [{
            "IndexName": "by_user", "KeySchema": keys("user", "starts"), "Projection": { "ProjectionType": "ALL" },
        }],
    });
    database.handle().create_table(serde_json::from_value(table).unwrap()).unwrap();
    let store = Store::new(Config::local(database.url().to_owned()));
    let now = Clock::system().now();
    let made: Vec<_> = (0..bookings).map(|_| alone(now)).collect();
    for booking in &made {
        let mut tx = Tx::new();
        tx.insert_booking(&store, booking);
        store.commit(tx).await.unwrap();
    }
    made
}

/// An older installation with data is migrated, killed while an index is being made, and migrated again.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_migration_goes_on_where_it_was_and_asks_for_no_index_twice() {
    const BOOKINGS: usize = 300;
    let database = database::start(&Data::Memory, Clock::system()).await.unwrap();
    let made = older(&database, BOOKINGS).await;
    let slow = Slow::before(database.url()).await;

    let plan = holdfast(&["migrate", "--dry-run"], &slow.url).output().unwrap();
    assert!(plan.status.success(), "{plan:?}");
    for step in ["let items of", "add index by_place to", "add index by_state to", "add index by_stay to"] {
        assert!(said(&plan).contains(&format!("{step} table Holdfast-Reservations")), "{plan:?}");
    }
    assert!(
        !said(&plan).contains("by_user") && said(&plan).contains("make table Holdfast-Ledger"),
        "{plan:?}"
    );
    assert!(slow.promised().is_empty());

    slow.hold(true);
    let mut first = holdfast(&["migrate"], &slow.url).spawn().unwrap();
    let _told = until(&mut first, "wait for index by_place of table Holdfast-Reservations: CREATING");
    first.kill().unwrap();
    first.wait().unwrap();
    let of_place = ("Holdfast-Reservations".to_owned(), "by_place".to_owned());
    assert_eq!(slow.promised().get(&of_place), Some(&1));

    let mut second = holdfast(&["migrate"], &slow.url).spawn().unwrap();
    let mut told = until(&mut second, "wait for index by_place of table Holdfast-Reservations: CREATING");
    slow.hold(false);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut told, &mut rest).unwrap();
    assert!(second.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("add index by_state") && rest.contains("Done after"), "{rest}");
    assert!(
        rest.contains("wait for index by_state of table Holdfast-Reservations: CREATING, backfilling"),
        "{rest}"
    );
    let by = |index: &str| ("Holdfast-Reservations".to_owned(), index.to_owned());
    assert_eq!(slow.promised(), ["by_place", "by_state", "by_stay"].map(|index| (by(index), 1)).into());
    assert_eq!(slow.refused(), 0);

    let again = holdfast(&["migrate"], &slow.url).output().unwrap();
    assert_eq!(said(&again).trim(), "All tables and indexes are there.", "{again:?}");
    let store = Store::new(Config::local(database.url().to_owned()));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.bookings_in_state(BookingState::Confirmed, None, 100, after).await.unwrap();
        found.extend(page.items.into_iter().map(|booking| booking.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut made: Vec<_> = made.into_iter().map(|booking| booking.id).collect();
    found.sort();
    made.sort();
    assert_eq!(found, made);
    database.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_migrate_at_once_do_no_harm() {
    let database = database::start(&Data::Memory, Clock::system()).await.unwrap();
    older(&database, 3).await;
    let slow = Slow::before(database.url()).await;
    let both: Vec<Child> = (0..2).map(|_| holdfast(&["migrate"], &slow.url).spawn().unwrap()).collect();
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(slow.promised().values().all(|times| *times == 1), "{:?}", slow.promised());
    assert_eq!(slow.promised().len(), 3);
    database.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_with_other_keys_stops_the_migration_before_anything_is_changed() {
    let database = database::start(&Data::Memory, Clock::system()).await.unwrap();
    let table = json!({
        "TableName": "Holdfast-Accounts",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
    });
    database.handle().create_table(serde_json::from_value(table).unwrap()).unwrap();
    let refused = holdfast(&["migrate"], database.url()).output().unwrap();
    assert!(!refused.status.success(), "{refused:?}");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("Holdfast-Accounts has other keys than pk and sk; nothing was changed"), "{why}");
    let tables = database.handle().list_tables(serde_json::from_value(json!({})).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(tables).unwrap()["TableNames"], json!(["Holdfast-Accounts"]));
    database.stop().await.unwrap();
}

/// The commands that look at data, on the endpoint of an installation that somebody else serves, as in an account.
#[tokio::test]
async fn the_first_administrator_the_audit_and_the_replay_work_on_an_installation_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let server = Running::start(dir.path());
    let serving = Serving::of(dir.path()).unwrap();
    let admin = ["admin", "--email", crate::running::EMAIL];
    let made = holdfast(&admin, &serving.database)
        .env("HOLDFAST_ADMIN_PASSWORD", crate::running::PASSWORD)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let office = server.furnished().await;
    server.book(&office, 0).await.unwrap();

    let audit = holdfast(&["audit", "--settle", "0"], &serving.database).output().unwrap();
    assert!(audit.status.success() && said(&audit).contains("1 claims of 1 bookings"), "{audit:?}");
    let other =
        holdfast(&["audit", "--settle", "0", "--prefix", "Other-"], &serving.database).output().unwrap();
    assert!(!other.status.success(), "tables that are not there agree with nothing: {other:?}");

    let (from, to) = (Clock::system().now() - SignedDuration::from_hours(1), Clock::system().now());
    let range = ["--from".to_owned(), from.to_string(), "--to".to_owned(), to.to_string()];
    let nowhere = holdfast(&["replay"], &serving.database).args(&range).output().unwrap();
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("HOLDFAST_QUEUE_NOTIFY"), "{nowhere:?}");
    let queue = |name: &str| format!("{}/000000000000/{name}", serving.queues);
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.args(["replay", "--aws"]).args(&range).stdin(Stdio::null());
    command
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local");
    command
        .env("HOLDFAST_DYNAMODB_ENDPOINT", &serving.database)
        .env("HOLDFAST_SQS_ENDPOINT", &serving.queues);
    command
        .env("HOLDFAST_QUEUE_NOTIFY", queue("notify"))
        .env("HOLDFAST_QUEUE_TASKS", queue("tasks"))
        .env("HOLDFAST_QUEUE_PAYMENTS", queue("payments"));
    let replayed = command.output().unwrap();
    assert!(replayed.status.success(), "{replayed:?}");
    assert!(said(&replayed).contains("events passed on again"), "{replayed:?}");
    server.stop();
}

#[test]
fn what_is_missing_to_reach_aws_is_named() {
    let bare = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            command.env_remove(name);
        }
        let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(bare(&["migrate", "--aws"]).contains("AWS_REGION is not set"));
    assert!(bare(&["migrate", "--aws", "--region", "eu-central-1"]).contains("AWS_ACCESS_KEY_ID is not set"));
    assert!(bare(&["migrate", "--prefix", "Other-"]).contains("--aws"));
    assert!(bare(&["migrate", "--aws", "--data", "somewhere"]).contains("cannot be used with"));
}
