//! `template.yaml` against the code: tables, queues, functions, what they may do and what they are told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::schema::{EXPIRES, PARTITION, SORT, TABLES};

use super::crates::packages;
use super::{files, root, text};

/// The template as JSON; a tag such as `!Ref X` as `{"!Ref": "X"}`.
pub(crate) fn template() -> Value {
    shape::Template::read(&root().join("template.yaml")).unwrap().value().clone()
}

/// Its resources of a type, by logical id.
pub(crate) fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().unwrap().iter();
    all.filter(|(_, resource)| resource["Type"] == kind)
        .map(|(id, resource)| (id.clone(), resource.clone()))
        .collect()
}

/// Every function of the template by the binary that it runs.
pub(crate) fn functions() -> BTreeMap<String, Value> {
    let found = resources(&template(), "AWS::Serverless::Function").into_iter();
    let of = |(id, function): (String, Value)| {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap().to_owned();
        assert_eq!(id.trim_end_matches("Function").to_lowercase(), binary.replace('-', ""));
        (binary, function)
    };
    found.map(of).collect()
}

/// What the role of a function lets it do; of what is there on a condition, what it is when it is there.
pub(crate) fn statements(function: &Value) -> Vec<Value> {
    let role =
        function["Properties"]["Role"]["!GetAtt"].as_str().unwrap().trim_end_matches(".Arn").to_owned();
    let role = template()["Resources"][role].take();
    let policies = role["Properties"]["Policies"].as_array().unwrap().iter();
    let all = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    all.map(|statement| statement.get("!If").map_or(statement, |choice| &choice[1]).clone()).collect()
}

/// The function that a binary belongs to: a folder of `functions`.
pub(crate) fn folder(function: &Value) -> String {
    function["Properties"]["CodeUri"].as_str().unwrap().trim_start_matches("functions/").to_owned()
}

#[test]
fn tables_are_those_of_the_schema() {
    let template = template();
    let mut found = resources(&template, "AWS::DynamoDB::Table");
    for table in TABLES {
        let name = table.name;
        let resource = found.remove(&format!("{name}Table")).unwrap_or_else(|| panic!("no {name}Table"));
        let is = &resource["Properties"];
        let keys = |partition: &str, sort: &str| json!([{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]);
        assert_eq!(is["TableName"], json!({"!Sub": format!("${{TablePrefix}}{name}")}));
        assert_eq!(is["KeySchema"], keys(PARTITION, SORT), "{name}");
        let sort = if table.numeric_sort { "N" } else { "S" };
        let mut attributes =
            BTreeSet::from([(PARTITION.to_owned(), "S".to_owned()), (SORT.to_owned(), sort.to_owned())]);
        let mut indexes = Vec::new();
        for index in table.indexes {
            attributes.extend([index.partition, index.sort].map(|name| (name.to_owned(), "S".to_owned())));
            let schema = keys(index.partition, index.sort);
            indexes.push(json!({"IndexName": index.name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}));
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let defined = is["AttributeDefinitions"].as_array().unwrap().iter();
        let defined: BTreeSet<_> =
            defined.map(|one| (text(&one["AttributeName"]), text(&one["AttributeType"]))).collect();
        assert_eq!(defined, attributes, "{name}");
        let has = is.get("GlobalSecondaryIndexes").cloned().unwrap_or(json!([]));
        assert_eq!(has, Value::Array(indexes), "{name}");
        let expiry = table.expires.then(|| json!({"AttributeName": EXPIRES, "Enabled": true}));
        assert_eq!(is.get("TimeToLiveSpecification"), expiry.as_ref(), "{name}");
        let stream = table.stream.then(|| json!({"StreamViewType": "NEW_IMAGE"}));
        assert_eq!(is.get("StreamSpecification"), stream.as_ref(), "{name}");
        assert_eq!(is["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(is["DeletionProtectionEnabled"], json!({"!Ref": "DeletionProtection"}), "{name}");
        assert_eq!(is["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{name}");
        assert_eq!(is["SSESpecification"]["SSEEnabled"], true, "{name}");
        assert_eq!(
            (&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]),
            (&json!("Retain"), &json!("Retain")),
            "{name}"
        );
    }
    assert!(found.is_empty(), "tables that the schema does not know: {:?}", found.keys());
}

#[test]
fn a_queue_is_as_its_crate_wants_it_and_a_message_stays_hidden_while_it_is_worked_on() {
    let template = template();
    for name in ["Notify", "Tasks"] {
        let queue = &template["Resources"][format!("{name}Queue")]["Properties"];
        let settings = queue::Settings::default();
        assert_eq!(queue["VisibilityTimeout"], settings.visibility.as_secs());
        assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], settings.max_receives);
        let worker = &template["Resources"][format!("{name}Function")]["Properties"]["Timeout"];
        assert!(
            worker.as_u64().unwrap() * 6 <= settings.visibility.as_secs(),
            "AWS asks for six times the timeout"
        );
    }
}

#[test]
fn functions_are_those_of_the_tree() {
    let deployed: BTreeSet<_> = functions().into_iter().map(|(name, is)| (folder(&is), name)).collect();
    let binaries = |path: &String| {
        let folder = path.split('/').nth(1).unwrap().to_owned();
        let further = files(&format!("functions/{folder}"), ".rs").into_iter();
        let further = further
            .filter_map(|path| Some(path.split_once("/src/bin/")?.1.trim_end_matches(".rs").to_owned()));
        further.chain([folder.clone()]).map(|name| (folder.clone(), name)).collect::<Vec<_>>()
    };
    let built: BTreeSet<_> = files("functions", "/Cargo.toml").iter().flat_map(binaries).collect();
    assert_eq!(deployed, built);
}

#[test]
fn a_function_has_its_rights_from_a_role_that_is_its_own() {
    let mut roles: Vec<String> = resources(&template(), "AWS::IAM::Role").into_keys().collect();
    for (id, function) in resources(&template(), "AWS::Serverless::Function") {
        let role = format!("{}Role", id.trim_end_matches("Function"));
        let is = &function["Properties"];
        assert_eq!(is["Role"], json!({ "!GetAtt": format!("{role}.Arn") }), "{id}");
        assert!(is.get("Policies").is_none(), "{id}: SAM leaves out policies beside a role");
        let logs = json!({ "!GetAtt": is["LoggingConfig"]["LogGroup"]["!Ref"].as_str().unwrap().to_owned() + ".Arn" });
        let writes =
            statements(&function).into_iter().filter(|one| one["Action"].to_string().contains("logs:"));
        let written: Vec<_> = writes.map(|one| one["Resource"].clone()).collect();
        assert_eq!(written, [json!([logs])], "{id} writes its own logs");
        roles.retain(|other| *other != role);
    }
    assert!(roles.is_empty(), "nobody has {roles:?}");
}

#[test]
fn only_who_sells_or_gives_back_may_write_to_the_ledger_and_only_the_audit_reads_all_of_it() {
    let may_write = ["bookings", "payments", "payments-worker", "stays", "tasks", "tasks-audit"];
    for (name, function) in functions() {
        for statement in statements(&function) {
            let actions: Vec<&str> = statement["Action"]
                .as_array()
                .unwrap()
                .iter()
                .map(|action| action.as_str().unwrap())
                .collect();
            assert!(actions.iter().all(|action| !action.contains('*')), "{name} may do {actions:?}");
            // Identities of mail, phones, the streams of one table and a network's interfaces have no names to list; everything else has.
            let resources = statement["Resource"].as_array().unwrap();
            let vague = resources.iter().filter(|resource| resource.to_string().contains('*'));
            let allowed =
                ["ses:SendEmail", "sns:Publish", "dynamodb:ListStreams", "ec2:CreateNetworkInterface"];
            assert!(
                vague.count() == 0 || actions.iter().any(|action| allowed.contains(action)),
                "{name}: {resources:?}"
            );
            let ledger_alone = json!([{ "!GetAtt": "LedgerTable.Arn" }]);
            assert!(
                !actions.contains(&"dynamodb:Scan")
                    || (name == "tasks-audit" && statement["Resource"] == ledger_alone),
                "{name} may scan"
            );
            let on_ledger = statement["Resource"].to_string().contains("LedgerTable");
            let writes = ["Put", "Update", "Delete"]
                .iter()
                .any(|verb| actions.iter().any(|a| a.contains(&format!("dynamodb:{verb}"))));
            // What the ledger is like, not what is in it.
            let describes = actions.iter().all(|action| action.starts_with("dynamodb:Describe"));
            assert!(
                !on_ledger
                    || describes
                    || may_write.contains(&name.as_str())
                    || (name == "catalog" && !writes),
                "{name} may {actions:?} on the ledger"
            );
        }
    }
}

#[test]
fn every_function_is_told_what_it_reads_and_nothing_else() {
    let packages = packages();
    for (name, function) in functions() {
        let given: BTreeSet<String> =
            function["Properties"]["Environment"]["Variables"].as_object().unwrap().keys().cloned().collect();
        let own = folder(&function);
        // A further binary runs only a part of its crate: it reads what the crates read that it names itself.
        let further = (name != own).then(|| text(&format!("functions/{own}/src/bin/{name}.rs")));
        let reachable: BTreeSet<_> = match &further {
            None => reachable(&packages, &own),
            Some(source) => packages
                .keys()
                .filter(|package| **package != own && source.contains(&format!(" {package}::")))
                .flat_map(|package| reachable(&packages, package))
                .collect(),
        };
        let read: BTreeSet<_> = ["HOLDFAST_", "REDIS_"]
            .iter()
            .flat_map(|start| reachable.iter().flat_map(move |folder| literals(folder, "\"", start)))
            .collect();
        let unread: Vec<_> = given.difference(&read).collect();
        assert!(unread.is_empty(), "{name} is given {unread:?} and does not read it");
        let sources = further.map_or_else(
            || {
                let all = files(&format!("functions/{own}/src"), ".rs");
                let own = all.iter().filter(|path| !path.contains("/bin/"));
                own.map(|path| text(path)).collect()
            },
            |source| vec![source],
        );
        // Providers are chosen one by one: who sends no mail needs no sender.
        let mails = sources.iter().any(|source| source.contains("mail_from_env"));
        let asked = reachable.iter().filter(|folder| mails || *folder != "shared/providers");
        let mut needed: BTreeSet<_> =
            asked.flat_map(|folder| literals(folder, "env::required(\"", "HOLDFAST_")).collect();
        let queues = [
            ("queue::NOTIFY", queue::NOTIFY),
            ("queue::TASKS", queue::TASKS),
            ("queue::PAYMENTS", queue::PAYMENTS),
        ];
        for (constant, variable) in queues {
            if sources.iter().any(|source| source.contains(constant) || source.contains("Queues::from_env")) {
                needed.insert(variable.to_owned());
            }
        }
        let missing: Vec<_> = needed.difference(&given).collect();
        assert!(missing.is_empty(), "{name} needs {missing:?}");
    }
}

/// Folders of a crate and of all our crates that it stands on.
fn reachable(packages: &BTreeMap<String, super::crates::Package>, name: &str) -> BTreeSet<String> {
    let Some(package) = packages.get(name) else { return BTreeSet::new() };
    let below = package.uses.iter().flat_map(|used| reachable(packages, used));
    below.chain([package.folder.clone()]).collect()
}

/// Names of variables with this start that a crate's source quotes behind `before`, which ends in the quote.
fn literals(folder: &str, before: &str, start: &str) -> Vec<String> {
    let before = format!("{before}{start}");
    let quoted = |source: String| -> Vec<String> {
        let rest = source.split(&before).skip(1);
        rest.map(|rest| format!("{start}{}", rest.split('"').next().unwrap())).collect()
    };
    files(&format!("{folder}/src"), ".rs").into_iter().flat_map(|path| quoted(text(&path))).collect()
}
