//! The gateway's routes, written into `template.yaml` from the route tables, so that an endpoint needs no line there.
//!
//! A stage takes its own name off the path. So a request reaches the gateway in three shapes: `/rooms` (stages `v1` and `v2`,
//! and `api` with headers), `/v1/rooms` and `/v2/rooms` (stage `api`). Each group owns whole branches where it can; whatever
//! nobody owns goes to `insights`, whose edge answers as it does on a laptop.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use web::Version;

use super::template::{resources, template};
use super::{core, expect_block, queues};

/// The group that answers what no group has, and everything outside the versions that is not claimed.
const REST: &str = "insights";

/// Paths by segment, with the group that answers there.
#[derive(Default)]
struct Branch {
    group: Option<&'static str>,
    below: BTreeMap<String, Branch>,
}

impl Branch {
    fn add(&mut self, path: &str, group: &'static str) {
        let mut at = self;
        for (depth, segment) in path.trim_matches('/').split('/').enumerate() {
            // One name for the parameters of one place: the gateway takes no two.
            let segment = if segment.starts_with('{') { format!("{{p{depth}}}") } else { segment.to_owned() };
            at = at.below.entry(segment).or_default();
        }
        let before = at.group.replace(group);
        assert!(
            before.is_none_or(|before| before == group),
            "{path} is answered by {before:?} and by {group}"
        );
    }

    fn groups(&self) -> BTreeSet<&'static str> {
        self.below.values().flat_map(Self::groups).chain(self.group).collect()
    }

    fn cover(&self, path: &str, routes: &mut BTreeMap<String, &'static str>) {
        routes.extend(self.group.map(|group| (path.to_owned(), group)));
        let below: BTreeSet<_> = self.below.values().flat_map(Self::groups).collect();
        match below.first() {
            Some(only) if below.len() == 1 && !path.is_empty() => {
                routes.insert(format!("{path}/{{proxy+}}"), only);
            }
            _ => self
                .below
                .iter()
                .for_each(|(segment, branch)| branch.cover(&format!("{path}/{segment}"), routes)),
        }
    }
}

/// Version, path and group of every endpoint.
fn endpoints() -> Vec<(Option<Version>, &'static str, &'static str)> {
    let groups = local::groups(&core(), &queues(), None);
    let of = |(group, api): &(&'static str, web::Api)| -> Vec<_> {
        api.table().map(|(version, route)| (version, route.path(), *group)).collect()
    };
    groups.iter().flat_map(of).collect()
}

/// What the gateway is to know: path and group.
pub(crate) fn wanted() -> BTreeMap<String, &'static str> {
    let mut routes = BTreeMap::new();
    for version in [None, Some(Version::V1), Some(Version::V2)] {
        let mut branch = Branch::default();
        for (of, path, group) in endpoints() {
            if version.is_none() || version == of {
                branch.add(path, group);
            }
        }
        let mut covered = BTreeMap::new();
        branch.cover("", &mut covered);
        let prefix = version.map_or_else(String::new, |version| format!("/{}", version.as_str()));
        routes.extend(covered.into_iter().map(|(path, group)| (format!("{prefix}{path}"), group)));
    }
    routes
}

fn capitalized(text: &str) -> String {
    text.chars().take(1).flat_map(char::to_uppercase).chain(text.chars().skip(1)).collect()
}

#[test]
fn whoever_answers_can_be_reached() {
    let template = template();
    let groups: BTreeSet<_> = endpoints().iter().map(|(_, _, group)| *group).chain([REST]).collect();
    for group in groups {
        for part in ["Function", "Integration", "Permission"] {
            let id = format!("{}{part}", capitalized(group));
            assert!(template["Resources"].get(&id).is_some(), "{group} has routes: the template needs {id}");
        }
    }
}

/// The logical id of a route, from its key.
pub(crate) fn id_of(key: &str) -> String {
    let words = key.strip_prefix("ANY ").unwrap_or(key).split(|c: char| !c.is_ascii_alphanumeric());
    format!("Route{}", words.map(capitalized).collect::<String>())
}

/// The routes as the template has them.
fn written() -> String {
    let mut lines = String::new();
    let mut known = BTreeSet::new();
    let keys = wanted().into_iter().map(|(path, group)| (format!("ANY {path}"), group));
    for (key, group) in keys.chain([("$default".to_owned(), REST)]) {
        let id = id_of(&key);
        assert!(known.insert(id.clone()), "two routes would be called {id}");
        let target = format!("!Sub \"integrations/${{{}Integration}}\"", capitalized(group));
        writeln!(lines, "  {id}:\n    Type: AWS::ApiGatewayV2::Route\n    Properties: {{ ApiId: !Ref Api, RouteKey: \"{key}\", Target: {target} }}").unwrap();
    }
    lines
}

#[test]
fn the_template_has_the_groups_routes_and_each_endpoint_is_reached_in_every_shape_of_its_path() {
    expect_block("template.yaml", "routes", &written());
    let routes: BTreeMap<String, String> = resources(&template(), "AWS::ApiGatewayV2::Route")
        .into_values()
        .map(|route| {
            let target = route["Properties"]["Target"]["!Sub"].as_str().unwrap();
            let group =
                target.trim_start_matches("integrations/${").trim_end_matches("Integration}").to_lowercase();
            (route["Properties"]["RouteKey"].as_str().unwrap().to_owned(), group)
        })
        .collect();
    for (version, path, group) in endpoints() {
        let path: String = path
            .split_inclusive('/')
            .map(|part| if part.starts_with('{') { part.replace(['{', '}'], "_") } else { part.to_owned() })
            .collect();
        let prefixed = version.map(|version| format!("/{}{path}", version.as_str()));
        for path in [Some(path), prefixed].into_iter().flatten() {
            assert_eq!(shape::chosen(&routes, &path).map(|(_, group)| group), Some(group), "{path}");
        }
    }
}
