//! Logs and alarms: those of each function written into `template.yaml` from what it says of the function, the others counted.

use std::collections::BTreeSet;
use std::fmt::Write;

use domain::alert::{FEW, Level, Rule};
use insights::operations::MESSAGE_FAILURES;
use serde_json::{Value, json};
use store::schema::TABLES;

use super::expect_block;
use super::template::{functions, resources, template};

/// Who hears of an alarm.
const TOLD: &str = "[!If [OwnTopic, !Ref Alarms, !Ref AlarmTopic]]";

/// The logical id of a function's parts: `InsightsFeed` for `insights-feed`.
fn id_of(binary: &str) -> String {
    binary.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// What an alarm is there for: always, where it undoes deployments, or only if somebody hears of it.
const ALWAYS: &str = "";
const IF_HEARD: &str = "    Condition: Watched\n";

/// New versions that take over at once, since AWS gives ten alarms away: what is called once a day or does nothing but look has
/// no call in the minutes of a canary, and what is derived from the feed can be derived again.
const AT_ONCE: [&str; 3] = ["tasks-audit", "insights-feed", "insights-watch"];

/// An alarm over one metric of Lambda.
fn alarm(id: &str, when: &str, what: &str, metric: &str, dimensions: &str, rest: &str) -> String {
    format!(
        "  {id}:\n    Type: AWS::CloudWatch::Alarm\n{when}    Properties:\n      AlarmDescription: {what}\n      \
         Namespace: AWS/Lambda\n      MetricName: {metric}\n      Dimensions: [{dimensions}]\n      {rest}\n      \
         ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n      AlarmActions: {TOLD}\n"
    )
}

/// Its logs and its alarms: errors, errors of a new version, and time. Errors of a new version roll its deployment back.
fn watched(binary: &str, function: &Value) -> String {
    let id = id_of(binary);
    let timeout = function["Properties"]["Timeout"].as_u64().unwrap();
    let of = format!("{{ Name: FunctionName, Value: !Sub \"${{AWS::StackName}}-{binary}\" }}");
    let alias = format!("{of}, {{ Name: Resource, Value: !Sub \"${{AWS::StackName}}-{binary}:live\" }}");
    let version =
        format!("{alias}, {{ Name: ExecutedVersion, Value: !GetAtt {id}Function.Version.Version }}");
    let mut lines = format!("  # {binary}\n  {id}Logs:\n    Type: AWS::Logs::LogGroup\n");
    writeln!(
        lines,
        "    Properties: {{ LogGroupName: !Sub \"/${{AWS::StackName}}/{binary}\", RetentionInDays: !Ref LogDays }}"
    )
    .unwrap();
    // A request that fails is tried again by its client, an event by Lambda: for the one, failures are a share.
    if function["Properties"].get("Events").is_none() {
        let metric = |id: &str, metric: &str| {
            format!(
                "        - Id: {id}\n          ReturnData: false\n          MetricStat:\n            \
                 Metric: {{ Namespace: AWS/Lambda, MetricName: {metric}, Dimensions: [{alias}] }}\n            \
                 Period: 60\n            Stat: Sum\n"
            )
        };
        write!(
            lines,
            "  {id}ErrorsAlarm:\n    Type: AWS::CloudWatch::Alarm\n{IF_HEARD}    Properties:\n      \
             AlarmDescription: {binary} breaks off more than one call in a hundred.\n      Metrics:\n        \
             - {{ Id: share, Expression: \"IF(calls > 0, 100 * errors / calls, 0)\" }}\n{}{}      \
             EvaluationPeriods: 5\n      DatapointsToAlarm: 2\n      Threshold: 1\n      \
             ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n      AlarmActions: {TOLD}\n",
            metric("errors", "Errors"),
            metric("calls", "Invocations"),
        )
        .unwrap();
    } else {
        let rest = "Statistic: Sum\n      Period: 300\n      EvaluationPeriods: 1\n      Threshold: 0";
        lines += &alarm(
            &format!("{id}ErrorsAlarm"),
            IF_HEARD,
            &format!("{binary} breaks off calls."),
            "Errors",
            &alias,
            rest,
        );
    }
    let rest = "Statistic: Sum\n      Period: 60\n      EvaluationPeriods: 1\n      Threshold: 0";
    let what = format!("The newest version of {binary} breaks off calls.");
    if !AT_ONCE.contains(&binary) {
        lines += &alarm(&format!("{id}NewVersionAlarm"), ALWAYS, &what, "Errors", &version, rest);
    }
    let rest = format!(
        "ExtendedStatistic: p99\n      Period: 300\n      EvaluationPeriods: 1\n      Threshold: {}",
        timeout * 800
    );
    let what = format!("{binary} comes near its timeout of {timeout} s.");
    lines + &alarm(&format!("{id}SlowAlarm"), IF_HEARD, &what, "Duration", &of, &rest)
}

/// A rule's alarm by what AWS counts, or by the metric of `insights-watch`; none where one is written by hand.
fn ruled(rule: Rule, level: Level, threshold: u64) -> Option<String> {
    let api = "Dimensions: [{ Name: ApiId, Value: !Ref Api }]";
    let stat = |id: &str, metric: &str, of: &str, statistic: &str| {
        format!(
            "        - Id: {id}\n          ReturnData: false\n          MetricStat:\n            \
             Metric: {{ {metric}, {of} }}\n            Period: 300\n            Stat: {statistic}\n"
        )
    };
    let sums = |expression: &str, stats: &[String]| {
        format!("Metrics:\n        - {{ Id: value, Expression: \"{expression}\" }}\n{}      ", stats.concat())
    };
    let one = |metric: &str, of: &str, statistic: &str| {
        format!("{metric}\n      {of}\n      {statistic}\n      Period: 300\n      ")
    };
    let gateway = "Namespace: AWS/ApiGateway, MetricName: ";
    let (what, metric, factor) = match (rule, level) {
        (Rule::FaultsPerMille, _) => {
            let stats = [("faults", "5xx"), ("calls", "Count")]
                .map(|(id, metric)| stat(id, &format!("{gateway}{metric}"), api, "Sum"));
            let share = format!("IF(calls >= {FEW}, 1000 * faults / calls, 0)");
            ("Of a thousand requests so many failed.", sums(&share, &stats), 1)
        }
        (Rule::P95Ms, _) => {
            let metric =
                one("Namespace: AWS/ApiGateway\n      MetricName: Latency", api, "ExtendedStatistic: p95");
            ("95 of a hundred requests took so many milliseconds at most.", metric, 1)
        }
        (Rule::QueueWaiting, _) => {
            let stats = ["Notify", "Tasks", "Payments"].map(|queue| {
                let of =
                    format!("Dimensions: [{{ Name: QueueName, Value: !GetAtt {queue}Queue.QueueName }}]");
                let metric = "Namespace: AWS/SQS, MetricName: ApproximateNumberOfMessagesVisible";
                stat(&queue.to_lowercase(), metric, &of, "Maximum")
            });
            ("So many jobs wait in the queues.", sums("notify + tasks + payments", &stats), 1)
        }
        (Rule::MessageFailuresPerMille, _) => {
            let of = "Dimensions: [{ Name: FunctionName, Value: !Sub \"${AWS::StackName}-insights-watch\" }]";
            let metric = format!("Namespace: Holdfast\n      MetricName: {MESSAGE_FAILURES}");
            let metric = one(&metric, of, "Statistic: Maximum");
            ("Of a thousand messages so many did not get through.", metric, 1)
        }
        (Rule::FeedLagSeconds, Level::Critical) => {
            let of = "Dimensions: [{ Name: FunctionName, Value: !Sub \"${AWS::StackName}-insights-feed\" }]";
            let metric =
                one("Namespace: AWS/Lambda\n      MetricName: IteratorAge", of, "Statistic: Maximum");
            ("What is kept from the feed is an hour behind.", metric, 1_000)
        }
        (Rule::FeedLagSeconds, Level::Warning) | (Rule::DeadLetters, _) => return None,
    };
    let id = format!("{}{}Alarm", id_of(&rule.as_str().replace('_', "-")), id_of(level.as_str()));
    Some(format!(
        "  {id}:\n    Type: AWS::CloudWatch::Alarm\n{IF_HEARD}    Properties:\n      AlarmName: !Sub \"{}\"\n      \
         AlarmDescription: {what}\n      {metric}EvaluationPeriods: 1\n      Threshold: {}\n      \
         ComparisonOperator: GreaterThanThreshold\n      TreatMissingData: notBreaching\n      AlarmActions: {TOLD}\n",
        named(rule, level),
        threshold * factor,
    ))
}

fn named(rule: Rule, level: Level) -> String {
    format!("${{AWS::StackName}}-{}-{}", rule.as_str(), level.as_str())
}

#[test]
fn each_rule_has_alarms_of_its_name_with_its_thresholds() {
    let all = || {
        Rule::ALL
            .into_iter()
            .flat_map(|rule| rule.thresholds().iter().map(move |(level, at)| (rule, *level, *at)))
    };
    let blocks: String = all().filter_map(|(rule, level, at)| ruled(rule, level, at)).collect();
    expect_block("template.yaml", "rules", &blocks);
    let alarms = resources(&template(), "AWS::CloudWatch::Alarm");
    for (rule, level, at) in all() {
        let factor = if rule == Rule::FeedLagSeconds { 1_000 } else { 1 };
        let of_rule = alarms.values().filter(|alarm| {
            let name = alarm["Properties"]["AlarmName"]["!Sub"].as_str().unwrap_or_default();
            name.starts_with(&named(rule, level))
        });
        let thresholds: Vec<_> =
            of_rule.map(|alarm| alarm["Properties"]["Threshold"].as_u64().unwrap()).collect();
        assert!(!thresholds.is_empty(), "{} has no alarm", named(rule, level));
        assert!(thresholds.iter().all(|threshold| *threshold == at * factor), "{thresholds:?}");
    }
}

#[test]
fn each_function_has_logs_that_end_and_alarms_that_undo_its_deployment() {
    let blocks: Vec<String> =
        functions().iter().map(|(binary, function)| watched(binary, function)).collect();
    expect_block("template.yaml", "watched", &blocks.concat());
    for (binary, function) in functions() {
        let id = id_of(&binary);
        let is = &function["Properties"];
        assert_eq!(is["LoggingConfig"], json!({"LogGroup": {"!Ref": format!("{id}Logs")}}), "{binary}");
        assert_eq!(is["AutoPublishAliasAllProperties"], true, "{binary}");
        let undone = json!({ "Alarms": [{"!Ref": format!("{id}NewVersionAlarm")}] });
        let wanted = if AT_ONCE.contains(&binary.as_str()) { json!({ "Type": "AllAtOnce" }) } else { undone };
        assert_eq!(is["DeploymentPreference"], wanted, "{binary}");
    }
    let all = &template()["Globals"]["Function"];
    assert_eq!(all["AutoPublishAlias"], "live");
    assert_eq!(all["DeploymentPreference"], json!({"Type": {"!Ref": "DeploymentType"}}));
    for (id, group) in resources(&template(), "AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["RetentionInDays"], json!({"!Ref": "LogDays"}), "{id}");
    }
}

#[test]
fn alarms_are_heard_and_those_that_nobody_hears_are_as_many_as_aws_gives_away() {
    let told = json!([{"!If": ["OwnTopic", {"!Ref": "Alarms"}, {"!Ref": "AlarmTopic"}]}]);
    let mut always = 0;
    for (id, alarm) in resources(&template(), "AWS::CloudWatch::Alarm") {
        assert!(id.ends_with("Alarm"), "{id}");
        assert_eq!(alarm["Properties"]["AlarmActions"], told, "{id}");
        if id.ends_with("NewVersionAlarm") {
            assert!(alarm.get("Condition").is_none(), "{id}");
            always += 1;
        } else {
            let when = if id == "BouncesAlarm" { "HearsOfBounces" } else { "Watched" };
            assert_eq!(alarm["Condition"], when, "{id}");
        }
    }
    assert!(always <= 10, "{always} alarms are there when nobody listens");
}

#[test]
fn every_queue_with_workers_has_dead_letters_and_somebody_hears_of_each_dead_letter() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched = |metric: &str| -> BTreeSet<String> {
        let of_metric = alarms.values().filter(|alarm| alarm["Properties"]["MetricName"] == metric);
        let queues =
            of_metric.filter_map(|alarm| alarm["Properties"]["Dimensions"][0]["Value"]["!GetAtt"].as_str());
        queues.filter_map(|queue| Some(queue.strip_suffix(".QueueName")?.to_owned())).collect()
    };
    let (mut working, mut dead, mut targets) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (id, queue) in resources(&template, "AWS::SQS::Queue") {
        let target = &queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["!GetAtt"];
        if let Some(target) = target.as_str() {
            targets.insert(target.trim_end_matches(".Arn").to_owned());
            working.insert(id);
        } else {
            assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 86_400, "{id}");
            assert_eq!(queue["DeletionPolicy"], "Retain", "{id}");
            dead.insert(id);
        }
    }
    for function in functions().values() {
        for event in
            function["Properties"]["Events"].as_object().into_iter().flat_map(|events| events.values())
        {
            let is = &event["Properties"];
            match event["Type"].as_str().unwrap() {
                "DynamoDB" => {
                    let target =
                        is["DestinationConfig"]["OnFailure"]["Destination"]["!GetAtt"].as_str().unwrap();
                    targets.insert(target.trim_end_matches(".Arn").to_owned());
                }
                "SQS" => {
                    let queue = is["Queue"]["!GetAtt"].as_str().unwrap().trim_end_matches(".Arn");
                    assert!(working.contains(queue), "{queue} has no dead letters");
                    assert_eq!(is["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{queue}");
                    assert!(is["ScalingConfig"]["MaximumConcurrency"].as_u64().is_some(), "{queue}");
                }
                _ => {}
            }
        }
    }
    assert_eq!(dead, targets, "queues of dead letters, and where dead letters go");
    assert_eq!(watched("ApproximateNumberOfMessagesVisible"), dead);
    assert_eq!(watched("ApproximateAgeOfOldestMessage"), working);
}

#[test]
fn readers_of_the_stream_and_all_tables_are_watched() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    for (binary, function) in functions() {
        let reads = function["Properties"]["Events"]["Feed"]["Type"] == "DynamoDB";
        let late = alarms.get(&format!("{}LateAlarm", id_of(&binary)));
        assert_eq!(
            late.map(|alarm| alarm["Properties"]["MetricName"].clone()),
            reads.then(|| json!("IteratorAge"))
        );
    }
    for alarm in ["WriteThrottlesAlarm", "ReadThrottlesAlarm"] {
        let metrics = alarms[alarm]["Properties"]["Metrics"].to_string();
        for table in TABLES {
            assert!(
                metrics.contains(&format!("{{\"!Ref\":\"{}Table\"}}", table.name)),
                "{alarm}: {}",
                table.name
            );
        }
    }
}

#[test]
fn the_board_is_json_and_shows_every_function_queue_and_table() {
    let template = template();
    let body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"].as_str().unwrap();
    let board: Value = serde_json::from_str(body).unwrap();
    let shown = board["widgets"].to_string();
    for binary in functions().keys() {
        assert!(shown.contains(&format!("\"${{AWS::StackName}}-{binary}\"")), "{binary} is not on the board");
    }
    for queue in resources(&template, "AWS::SQS::Queue").keys() {
        assert!(shown.contains(&format!("\"${{{queue}.QueueName}}\"")), "{queue} is not on the board");
    }
    for table in TABLES {
        assert!(
            shown.contains(&format!("\"${{{}Table}}\"", table.name)),
            "{} is not on the board",
            table.name
        );
    }
}
