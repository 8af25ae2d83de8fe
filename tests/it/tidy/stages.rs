//! The stages, written into `template.yaml`: one like the other, with stricter limits where strangers try passwords and links.
//!
//! The gateway refuses limits of a route that is not there yet, so each stage waits for those routes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};
use web::{Group, Version};

use super::gateway::{id_of, wanted};
use super::template::{resources, template};
use super::{core, expect_block, queues};

/// What is kept of each request: nothing of a person, and no path, since calendar feeds have their secret in it.
const KEPT: &str = r#"{"time":"$context.requestTimeEpoch","request":"$context.requestId","stage":"$context.stage","route":"$context.routeKey","status":"$context.status","bytes":"$context.responseLength","ms":"$context.responseLatency","function_ms":"$context.integrationLatency","error":"$context.error.message","function_error":"$context.integrationErrorMessage"}"#;

/// Logical ids of the stages and their names.
fn stages() -> [(&'static str, &'static str); 3] {
    [("V1Stage", Version::V1.as_str()), ("V2Stage", Version::V2.as_str()), ("NegotiatedStage", "api")]
}

/// The gateway's routes at which strangers try passwords and links, and those where money moves, with the parameters that limit them.
fn guarded() -> BTreeMap<String, &'static str> {
    // Each route stands for itself here, so that the one that is chosen can be told.
    let routes: BTreeMap<String, String> =
        wanted().into_keys().map(|path| (format!("ANY {path}"), format!("ANY {path}"))).collect();
    let mut guarded = BTreeMap::new();
    for (version, route) in local::api(&core(), &queues(), None).table() {
        let parameters = match route.group() {
            Group::SignIn => "SignIn",
            Group::Pay => "Pay",
            _ => continue,
        };
        let prefixed = version.map(|version| format!("/{}{}", version.as_str(), route.path()));
        for path in [Some(route.path().to_owned()), prefixed].into_iter().flatten() {
            let key = shape::chosen(&routes, &path).unwrap().1.to_owned();
            let before = guarded.insert(key, parameters);
            assert!(before.is_none_or(|before| before == parameters), "{path}: {before:?} and {parameters}");
        }
    }
    guarded
}

fn written() -> String {
    let guarded = guarded();
    let ids: Vec<String> = guarded.keys().map(|key| id_of(key)).collect();
    let mut lines = String::new();
    for (id, name) in stages() {
        write!(
            lines,
            "  {id}:\n    Type: AWS::ApiGatewayV2::Stage\n    DependsOn: [{}]\n    Properties:\n      ApiId: !Ref Api\n      \
             StageName: {name}\n      AutoDeploy: true\n      StageVariables: {{ alias: live }}\n      \
             AccessLogSettings:\n        DestinationArn: !GetAtt ApiLogs.Arn\n        Format: '{KEPT}'\n      \
             DefaultRouteSettings: {{ ThrottlingRateLimit: !Ref RequestRate, ThrottlingBurstLimit: !Ref RequestBurst }}\n      \
             RouteSettings:\n",
            ids.join(", ")
        )
        .unwrap();
        for (key, by) in &guarded {
            writeln!(
                lines,
                "        \"{key}\": {{ ThrottlingRateLimit: !Ref {by}Rate, ThrottlingBurstLimit: !Ref {by}Burst }}"
            )
            .unwrap();
        }
    }
    lines
}

#[test]
fn every_stage_is_written_from_the_routes_and_keeps_a_line_of_json_for_each_request() {
    let kept: Value = serde_json::from_str(KEPT).unwrap();
    for (_, value) in kept.as_object().unwrap() {
        let value = value.as_str().unwrap();
        assert!(
            !["path", "Path", "identity", "authorizer"].iter().any(|word| value.contains(word)),
            "{value}"
        );
    }
    let guarded = guarded();
    for (key, by) in [
        ("ANY /login", "SignIn"),
        ("ANY /v2/auth/{proxy+}", "SignIn"),
        ("ANY /v1/bookings/verify-payment", "Pay"),
        ("ANY /v2/payments/{proxy+}", "Pay"),
    ] {
        assert_eq!(guarded.get(key), Some(&by), "{key} of {guarded:?}");
    }
    expect_block("template.yaml", "stages", &written());
    let found: BTreeSet<_> = resources(&template(), "AWS::ApiGatewayV2::Stage").into_keys().collect();
    assert_eq!(found, stages().map(|(id, _)| id.to_owned()).into());
}

#[test]
fn the_gateway_calls_the_alias_that_the_stage_names_and_may() {
    let template = template();
    for (id, stage) in resources(&template, "AWS::ApiGatewayV2::Stage") {
        // Nobody else has permissions: see `AuthPermission`.
        assert_eq!(
            stage["Properties"]["StageVariables"]["alias"],
            template["Globals"]["Function"]["AutoPublishAlias"],
            "{id}"
        );
    }
    for (id, integration) in resources(&template, "AWS::ApiGatewayV2::Integration") {
        let group = id.trim_end_matches("Integration");
        let target = integration["Properties"]["IntegrationUri"]["!Sub"].as_str().unwrap();
        let ends = format!("/functions/${{{group}Function.Arn}}:${{!stageVariables.alias}}/invocations");
        assert!(target.ends_with(&ends), "{id}");
        let permission = &template["Resources"][format!("{group}Permission")]["Properties"];
        assert_eq!(permission["FunctionName"], json!({"!Ref": format!("{group}Function.Alias")}), "{id}");
    }
}
