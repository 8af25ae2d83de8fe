//! Requests that report every bad field at once.
//!
//! [`request!`](crate::request) declares a struct whose fields are read one by one, so that five mistakes give five field
//! errors. `resource_id: ResourceId as String` says the domain type of a field and the type its schema shows; `Option<…>`
//! may be missing or null, [`Patch<…>`](Patch) tells the two apart (RFC 7396). `rules: Option<Rules> as RulesBody => parse`
//! leaves a field to a function that tells all that is wrong within it; without `Option` the field must be there.

use errors::FieldError;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A body or a query that can be read from a JSON object.
pub trait Request: Sized {
    /// Reads it, or nothing if `reader` has collected an error.
    fn read(reader: &mut Reader) -> Option<Self>;

    /// Its JSON schema.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A field of a merge patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not in the patch: stays as it is.
    #[default]
    Absent,
    /// Null: is taken away.
    Null,
    /// The new value.
    Set(T),
}

impl<T> Patch<T> {
    /// What an optional value becomes.
    pub fn applied_to(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Absent => old,
            Self::Null => None,
            Self::Set(new) => Some(new),
        }
    }
}

/// Takes fields out of an object and collects what is wrong with them.
pub struct Reader {
    object: Map<String, Value>,
    base: &'static str,
    textual: bool,
    errors: Vec<FieldError>,
}

impl Reader {
    /// A reader of a JSON body.
    pub fn of_body(object: Map<String, Value>) -> Self {
        Self { object, base: "", textual: false, errors: Vec::new() }
    }

    /// A reader of query parameters: texts that may stand for numbers and booleans.
    pub fn of_query(object: Map<String, Value>) -> Self {
        Self { object, base: "/query", textual: true, errors: Vec::new() }
    }

    /// What is wrong; with `strict`, fields that nobody took are.
    pub fn finish(mut self, strict: bool) -> Vec<FieldError> {
        if strict {
            for name in self.object.keys() {
                let pointer = format!("{}/{}", self.base, escaped(name));
                self.errors.push(FieldError::new(pointer, "unknown_field", "is not a field of this request"));
            }
        }
        self.errors
    }

    /// A field that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.object.remove(name) {
            None | Some(Value::Null) => {
                self.missing(name);
                None
            }
            Some(value) => self.typed(name, &value),
        }
    }

    /// A field that may be missing or null. `None` if it is wrong, `Some(None)` if there is none.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<Option<T>> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.typed(name, &value).map(Some),
        }
    }

    /// A field of a merge patch.
    pub fn patched<T: DeserializeOwned>(&mut self, name: &str) -> Option<Patch<T>> {
        match self.object.remove(name) {
            None => Some(Patch::Absent),
            Some(Value::Null) => Some(Patch::Null),
            Some(value) => self.typed(name, &value).map(Patch::Set),
        }
    }

    /// A field that `parse` reads, which tells all that is wrong within with pointers relative to the field. `None` if it
    /// is wrong, `Some(None)` if it is missing or null.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(Value) -> Result<T, Vec<FieldError>>,
    ) -> Option<Option<T>> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => match parse(value) {
                Ok(value) => Some(Some(value)),
                Err(errors) => {
                    let base = self.base;
                    self.errors.extend(errors.into_iter().map(|error| {
                        FieldError::new(format!("{base}/{name}{}", error.pointer), error.code, error.message)
                    }));
                    None
                }
            },
        }
    }

    /// Likewise a field that must be there.
    pub fn parsed_required<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(Value) -> Result<T, Vec<FieldError>>,
    ) -> Option<T> {
        let value = self.parsed(name, parse)?;
        if value.is_none() {
            self.missing(name);
        }
        value
    }

    fn missing(&mut self, name: &str) {
        let pointer = format!("{}/{name}", self.base);
        self.errors.push(FieldError::new(pointer, "required", "is required"));
    }

    fn typed<T: DeserializeOwned>(&mut self, name: &str, value: &Value) -> Option<T> {
        match parse(value)
            .or_else(|error| self.retyped(value).and_then(|value| parse(&value).ok()).ok_or(error))
        {
            Ok(value) => Some(value),
            Err((path, message)) => {
                let code = if message.starts_with("invalid type") { "invalid_type" } else { "invalid_value" };
                self.errors.push(FieldError::new(format!("{}/{name}{path}", self.base), code, message));
                None
            }
        }
    }

    fn retyped(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) if self.textual => serde_json::from_str(text)
                .ok()
                .filter(|value: &Value| value.is_number() || value.is_boolean()),
            _ => None,
        }
    }
}

/// Reads a value, or says where in it and why not.
fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path: String = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
                serde_path_to_error::Segment::Map { key } => Some(format!("/{}", escaped(key))),
                _ => None,
            })
            .collect();
        (path, error.into_inner().to_string().chars().take(300).collect())
    })
}

/// A name as a reference token of a JSON pointer (RFC 6901), shortened if it is long.
fn escaped(name: &str) -> String {
    let name: String = name.chars().take(60).collect();
    name.replace('~', "~0").replace('/', "~1")
}

/// Builds the schema of a request, field by field.
#[derive(Default)]
pub struct FieldSchema {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl FieldSchema {
    /// Adds a field.
    pub fn field<T: JsonSchema>(
        &mut self,
        generator: &mut SchemaGenerator,
        name: &str,
        docs: &[&str],
        required: bool,
    ) {
        let mut schema = generator.subschema_for::<T>();
        let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            schema.insert("description".to_owned(), text.into());
        }
        self.properties.insert(name.to_owned(), schema.to_value());
        if required {
            self.required.push(name.into());
        }
    }

    /// The object's schema.
    pub fn object(self, docs: &[&str], strict: bool) -> Schema {
        let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let mut object = Map::new();
        object.insert("type".to_owned(), "object".into());
        object.insert("description".to_owned(), text.into());
        object.insert("properties".to_owned(), Value::Object(self.properties));
        if !self.required.is_empty() {
            object.insert("required".to_owned(), Value::Array(self.required));
        }
        if strict {
            object.insert("additionalProperties".to_owned(), false.into());
        }
        object.into()
    }
}

/// Declares a request; see the [module](self).
#[macro_export]
macro_rules! request {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident { $($fields:tt)* }) => {
        $crate::request!(@munch [$(#[doc = $doc])* $vis struct $name] [] $($fields)*);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : Option<$ty:ty> as $wire:ty => $parse:path $(, $($rest:tt)*)?) => {
        $crate::request!(@munch $head [$($done)* { [$($doc)*] $field (Option<$ty>) [parsed, $parse] ($wire) false }] $($($rest)*)?);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : Option<$ty:ty> as $wire:ty $(, $($rest:tt)*)?) => {
        $crate::request!(@munch $head [$($done)* { [$($doc)*] $field (Option<$ty>) [optional] ($wire) false }] $($($rest)*)?);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : $ty:ty as $wire:ty => $parse:path $(, $($rest:tt)*)?) => {
        $crate::request!(@munch $head [$($done)* { [$($doc)*] $field ($ty) [parsed_required, $parse] ($wire) true }] $($($rest)*)?);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : Patch<$ty:ty> as $wire:ty $(, $($rest:tt)*)?) => {
        $crate::request!(@munch $head [$($done)* { [$($doc)*] $field ($crate::Patch<$ty>) [patched] (Option<$wire>) false }] $($($rest)*)?);
    };
    (@munch $head:tt [$($done:tt)*] $(#[doc = $doc:literal])* $field:ident : $ty:ty as $wire:ty $(, $($rest:tt)*)?) => {
        $crate::request!(@munch $head [$($done)* { [$($doc)*] $field ($ty) [required] ($wire) true }] $($($rest)*)?);
    };
    (@munch [$(#[doc = $doc:literal])* $vis:vis struct $name:ident] [$({ [$($fdoc:literal)*] $field:ident ($ty:ty) [$how:ident $(, $parse:path)?] ($wire:ty) $required:literal })*]) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        $vis struct $name { $($(#[doc = $fdoc])* $vis $field: $ty,)* }

        impl $crate::Request for $name {
            fn read(reader: &mut $crate::macros::Reader) -> Option<Self> {
                $(let $field = reader.$how(stringify!($field) $(, $parse)?);)*
                Some(Self { $($field: $field?,)* })
            }

            fn schema(generator: &mut $crate::macros::SchemaGenerator) -> $crate::macros::Schema {
                let mut fields = $crate::macros::FieldSchema::default();
                $(fields.field::<$wire>(generator, stringify!($field), &[$($fdoc),*], $required);)*
                fields.object(&[$($doc),*], true)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::request! {
        /// A thing.
        struct Thing {
            /// Its name.
            name: domain::text::Name as String,
            size: Option<u32> as u32,
            note: Patch<domain::text::Note> as String,
            tags: Option<Vec<domain::text::Tag>> as Vec<String>,
            inner: Option<u8> as u8 => inner,
        }
    }

    crate::request! {
        /// A thing with an inside.
        struct Strict {
            inner: u8 as u8 => inner,
        }
    }

    fn inner(_: Value) -> Result<u8, Vec<FieldError>> {
        Err(vec![FieldError::new("", "first", "is wrong"), FieldError::new("/x", "second", "is wrong too")])
    }

    #[test]
    fn a_field_that_is_parsed_tells_all_that_is_wrong_within() {
        let (thing, errors) = read(r#"{"name":"","inner":{}}"#, true);
        assert!(thing.is_none());
        let expected = [("/name", "invalid_value"), ("/inner", "first"), ("/inner/x", "second")];
        assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(read(r#"{"name":"a","inner":null}"#, true).0.unwrap().inner, None);
    }

    #[test]
    fn a_field_that_is_parsed_may_be_required() {
        for (text, codes) in [("{}", vec!["required"]), (r#"{"inner":1}"#, vec!["first", "second"])] {
            let mut reader = Reader::of_body(serde_json::from_str(text).unwrap());
            assert!(Strict::read(&mut reader).is_none_or(|strict| strict.inner > 0));
            let found: Vec<_> = reader.finish(true).into_iter().map(|error| error.code).collect();
            assert_eq!(found, codes);
        }
    }

    fn read(text: &str, strict: bool) -> (Option<Thing>, Vec<(String, &'static str)>) {
        let mut reader = Reader::of_body(serde_json::from_str(text).unwrap());
        let thing = Thing::read(&mut reader);
        let errors = reader.finish(strict).into_iter().map(|error| (error.pointer, error.code)).collect();
        (thing, errors)
    }

    #[test]
    fn every_bad_field_is_reported_at_once() {
        let (thing, errors) = read(r#"{"size":"big","note":7,"tags":["ok",""],"colour/x":1}"#, true);
        assert!(thing.is_none());
        let expected = [
            ("/name", "required"),
            ("/size", "invalid_type"),
            ("/note", "invalid_type"),
            ("/tags/1", "invalid_value"),
            ("/colour~1x", "unknown_field"),
        ];
        assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn absent_and_null_differ_in_a_patch() {
        assert_eq!(read(r#"{"name":"a"}"#, true).0.unwrap().note, Patch::Absent);
        assert_eq!(read(r#"{"name":"a","note":null}"#, true).0.unwrap().note, Patch::Null);
        assert!(read(r#"{"name":"a","new":1}"#, false).1.is_empty());
    }

    #[test]
    fn query_texts_may_stand_for_numbers() {
        let mut reader = Reader::of_query(serde_json::from_str(r#"{"name":"12","size":"12"}"#).unwrap());
        let thing = Thing::read(&mut reader).unwrap();
        assert_eq!((thing.name.as_str(), thing.size, thing.tags), ("12", Some(12), None));
    }
}
