//! What `template.yaml` says about functions, stages and routes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The template.
#[derive(Debug, Clone)]
pub struct Template(Value);

/// A function as the template describes it.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its binary.
    pub name: String,
    /// Memory in megabytes.
    pub memory: u64,
    /// The longest that a call may take, in seconds.
    pub timeout: u64,
    /// Its variables, not yet resolved.
    pub variables: BTreeMap<String, Value>,
    /// Statements of its policies, not yet resolved.
    pub statements: Vec<Value>,
    /// What calls it besides the gateway: types of its `Events`, with the logical id of queue or table.
    pub sources: Vec<(String, String)>,
}

/// moto answers in Python, one request after the other, on the processors that the functions run on: what takes a second on AWS
/// can take several here.
const SLOWER: u64 = 4;

impl Function {
    /// The longest that a call may take here, in seconds.
    pub fn patience(&self) -> u64 {
        self.timeout * SLOWER
    }
}

impl Template {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or is not such YAML.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let documents = Yaml::load_from_str(&text).map_err(io::Error::other)?;
        let document = documents.first().ok_or_else(|| io::Error::other("the template is empty"))?;
        json_of(document).map(Self)
    }

    /// The whole of it, a tag such as `!Ref X` as `{"!Ref": "X"}`.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Resources of a type, by logical id.
    pub fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let all = self.0.get("Resources").and_then(Value::as_object).into_iter().flatten();
        all.filter(|(_, resource)| resource.get("Type").is_some_and(|is| is == kind))
            .map(|(id, resource)| (id.as_str(), resource))
            .collect()
    }

    /// Every function, by its binary.
    pub fn functions(&self) -> BTreeMap<String, Function> {
        let found = self.resources("AWS::Serverless::Function").into_values();
        found.filter_map(|is| self.function(is)).map(|is| (is.name.clone(), is)).collect()
    }

    /// Routes of the gateway: the key, and the function behind it.
    pub fn routes(&self) -> BTreeMap<String, String> {
        let routes = self.resources("AWS::ApiGatewayV2::Route").into_values();
        routes
            .filter_map(|route| {
                let target = route.pointer("/Properties/Target/!Sub")?.as_str()?;
                let group = target.strip_prefix("integrations/${")?.strip_suffix("Integration}")?;
                let key = route.pointer("/Properties/RouteKey")?.as_str()?;
                Some((key.to_owned(), group.to_lowercase()))
            })
            .collect()
    }

    /// Stages of the gateway with their variables.
    pub fn stages(&self) -> BTreeMap<String, Map<String, Value>> {
        let stages = self.resources("AWS::ApiGatewayV2::Stage").into_values();
        stages
            .filter_map(|stage| {
                let name = stage.pointer("/Properties/StageName")?.as_str()?.to_owned();
                let variables = stage.pointer("/Properties/StageVariables").and_then(Value::as_object);
                Some((name, variables.cloned().unwrap_or_default()))
            })
            .collect()
    }

    fn function(&self, is: &Value) -> Option<Function> {
        let name = is.pointer("/Metadata/BuildProperties/Binary")?.as_str()?.to_owned();
        let own = is.get("Properties")?;
        let shared = self.0.pointer("/Globals/Function");
        let number = |field: &str| {
            let value = own.get(field).or_else(|| shared.and_then(|shared| shared.get(field)));
            value.and_then(Value::as_u64)
        };
        let variables = [shared, Some(own)].into_iter().flatten();
        let variables = variables.filter_map(|from| from.pointer("/Environment/Variables")?.as_object());
        // A function of its own role has its rights there.
        let role =
            own.pointer("/Role/!GetAtt").and_then(Value::as_str).and_then(|arn| arn.strip_suffix(".Arn"));
        let role = role.and_then(|role| self.0.get("Resources")?.get(role)?.get("Properties"));
        let policies = role.unwrap_or(own).get("Policies").and_then(Value::as_array).into_iter().flatten();
        let statements = policies
            .filter_map(|policy| policy.get("PolicyDocument").unwrap_or(policy).get("Statement")?.as_array());
        let statements = statements.flatten();
        let events = own.get("Events").and_then(Value::as_object).into_iter().flatten();
        let source = |event: &Value| {
            let of = ["/Properties/Queue/!GetAtt", "/Properties/Stream/!GetAtt"];
            let of = of.iter().find_map(|path| event.pointer(path)?.as_str()).unwrap_or_default();
            let id = of.split('.').next().unwrap_or_default().to_owned();
            Some((event.get("Type")?.as_str()?.to_owned(), id))
        };
        Some(Function {
            name,
            memory: number("MemorySize").unwrap_or(128),
            timeout: number("Timeout").unwrap_or(3),
            variables: variables.flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
            statements: statements.cloned().collect(),
            sources: events.filter_map(|(_, event)| source(event)).collect(),
        })
    }
}

/// YAML as JSON; a tag such as `!Ref X` as `{"!Ref": "X"}`.
///
/// # Errors
/// When the YAML has what JSON has not.
pub fn json_of(node: &Yaml<'_>) -> io::Result<Value> {
    Ok(match node {
        Yaml::Tagged(tag, inner) => json!({ format!("!{}", tag.suffix): json_of(inner)? }),
        Yaml::Mapping(pairs) => {
            let pair = |(key, value): (&Yaml<'_>, &Yaml<'_>)| {
                let key = key.as_str().ok_or_else(|| io::Error::other("a key is not a text"))?;
                Ok((key.to_owned(), json_of(value)?))
            };
            Value::Object(pairs.iter().map(pair).collect::<io::Result<Map<_, _>>>()?)
        }
        Yaml::Sequence(items) => items.iter().map(json_of).collect::<io::Result<_>>()?,
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Null) => Value::Null,
        other => return Err(io::Error::other(format!("the template has {other:?}"))),
    })
}
