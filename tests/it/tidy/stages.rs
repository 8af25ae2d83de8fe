//! The stages, written into `template.yaml`: one like the other, with stricter limits where strangers try passwords and links.
//!
//! The gateway refuses limits of a route that is not there yet, so each stage waits for those routes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};
use web::{Access, Version};

use super::gateway::{id_of, wanted};
use super::template::{resources, template};
use super::{core, expect_block, queue};

/// What is kept of each request: nothing of a person, and no path, since calendar feeds have their secret in it.
const KEPT: &str = r#"{"time":"$context.requestTimeEpoch","request":"$context.requestId","stage":"$context.stage","route":"$context.routeKey","status":"$context.status","bytes":"$context.responseLength","ms":"$context.responseLatency","function_ms":"$context.integrationLatency","error":"$context.error.message","function_error":"$context.integrationErrorMessage"}"#;

/// Logical ids of the stages and their names.
fn stages() -> [(&'static str, &'static str); 3] {
    [("V1Stage", Version::V1.as_str()), ("V2Stage", Version::V2.as_str()), ("NegotiatedStage", "api")]
}

/// The gateway's routes at which somebody who is not signed in can try something: what `auth` lets anyone send.
fn tried() -> BTreeSet<String> {
    // Each route stands for itself here, so that the one that is chosen can be told.
    let routes: BTreeMap<String, String> =
        wanted().into_keys().map(|path| (format!("ANY {path}"), format!("ANY {path}"))).collect();
    let mut tried = BTreeSet::new();
    for (_, api) in local::groups(&core(), &queue(), None).iter().filter(|(group, _)| *group == "auth") {
        for (version, route) in api.table() {
            if matches!(route.access(), Access::Anyone) && route.method().as_str() == "POST" {
                let prefixed = version.map(|version| format!("/{}{}", version.as_str(), route.path()));
                let shapes = [Some(route.path().to_owned()), prefixed];
                tried.extend(
                    shapes.iter().flatten().map(|path| shape::chosen(&routes, path).unwrap().1.to_owned()),
                );
            }
        }
    }
    tried
}

fn written() -> String {
    let tried = tried();
    let ids: Vec<String> = tried.iter().map(|key| id_of(key)).collect();
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
        for key in &tried {
            writeln!(
                lines,
                "        \"{key}\": {{ ThrottlingRateLimit: !Ref SignInRate, ThrottlingBurstLimit: !Ref SignInBurst }}"
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
    assert!(tried().contains("ANY /login") && tried().contains("ANY /v2/auth/{proxy+}"), "{:?}", tried());
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
