//! What a value of the template comes to: parameters, conditions, and the references of `CloudFormation`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Template;

/// Resolves values of a template.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// What `!Ref` gives for a parameter or a resource.
    pub(crate) refs: BTreeMap<String, String>,
    /// What stands for the secret that AWS would have made.
    pub(crate) secret: String,
    conditions: Value,
}

impl Values {
    /// Parameters with their defaults, and what is known instead or besides.
    pub(crate) fn new(template: &Template, known: BTreeMap<String, String>, secret: String) -> Self {
        let parameters = template.value().get("Parameters").and_then(Value::as_object).into_iter().flatten();
        let mut refs: BTreeMap<String, String> =
            parameters.filter_map(|(name, is)| Some((name.clone(), plain(is.get("Default")?)?))).collect();
        refs.extend(
            [("AWS::Region", "us-east-1"), ("AWS::AccountId", "123456789012"), ("AWS::Partition", "aws")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        refs.extend(known);
        let conditions = template.value().get("Conditions").cloned().unwrap_or_default();
        Self { refs, secret, conditions }
    }

    /// The text that a value comes to; `None` for `AWS::NoValue` and for what nobody knows.
    pub(crate) fn text(&self, value: &Value) -> Option<String> {
        if let Some(text) = plain(value) {
            return Some(self.substituted(&text));
        }
        let (function, argument) = value.as_object()?.iter().next()?;
        match function.as_str() {
            "!Ref" => self.refs.get(argument.as_str()?).cloned(),
            "!GetAtt" => Some(format!("{{{}}}", argument.as_str()?)),
            "!Sub" => Some(self.substituted(argument.as_str()?)),
            "!If" => {
                let branch = if self.condition(argument.get(0)?.as_str()?) { 1 } else { 2 };
                self.text(argument.get(branch)?)
            }
            _ => None,
        }
    }

    fn condition(&self, name: &str) -> bool {
        self.conditions.get(name).is_some_and(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &Value) -> bool {
        let Some((function, argument)) = condition.as_object().and_then(|is| is.iter().next()) else {
            return false;
        };
        let each = || argument.as_array().into_iter().flatten();
        match function.as_str() {
            "!Not" => !each().all(|one| self.holds(one)),
            "!And" => each().all(|one| self.holds(one)),
            "!Or" => each().any(|one| self.holds(one)),
            "!Equals" => {
                let mut sides = each().map(|side| self.text(side));
                sides.next() == sides.next()
            }
            "!Condition" | "Condition" => argument.as_str().is_some_and(|name| self.condition(name)),
            _ => false,
        }
    }

    /// `${X}` replaced by what X is; `${X.Attribute}` stays by name, as with `!GetAtt`; the secret by its text.
    fn substituted(&self, text: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            match self.refs.get(name) {
                Some(value) => done.push_str(value),
                None => done.extend(["{", name, "}"]),
            }
            rest = behind;
        }
        done.push_str(rest);
        done.replace("{{resolve:secretsmanager:{Secret}}}", &self.secret)
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
