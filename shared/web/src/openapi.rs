//! The description of the API (`OpenAPI` 3.1), written from the route table.
#![expect(clippy::indexing_slicing, reason = "every value indexed here is an object that was made here")]

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::access::Access;
use crate::api::{Api, Key, Route};
use crate::version::Version;

/// The description of one version, with the paths as they are called: `/v2/rooms`.
pub fn document(api: &Api, version: Version, release: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        "/components/schemas".clone_into(settings.definitions_path.to_mut());
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for (of, route) in api.table() {
        if of.is_none_or(|of| of == version) {
            let path =
                of.map_or_else(|| route.path.to_owned(), |of| format!("/{}{}", of.as_str(), route.path));
            let method = route.method.as_str().to_ascii_lowercase();
            paths.entry(path).or_default().insert(method, operation(&mut generator, route, of));
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem(version));
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Holdfast", "version": release, "description": "Booking without selling twice." },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    })
}

fn operation(generator: &mut SchemaGenerator, route: &Route, version: Option<Version>) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if let Some(query) = route.query {
        parameters.extend(query_parameters(&query(generator).to_value()));
    }
    if route.paged {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 });
        parameters.push(json!({ "name": "limit", "in": "query", "required": false, "schema": limit }));
        let cursor = json!({ "type": "string" });
        parameters.push(json!({ "name": "cursor", "in": "query", "required": false, "schema": cursor }));
    }
    if route.key != Key::Ignored {
        let required = route.key == Key::Required && version == Some(Version::V2);
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        parameters.push(
            json!({ "name": "Idempotency-Key", "in": "header", "required": required, "schema": schema }),
        );
    }
    let mut responses = Map::new();
    for (status, schema) in &route.answers {
        let schema = schema.map(|schema| envelope(schema(generator).to_value(), version));
        let content = schema.map(|schema| json!({ "application/json": { "schema": schema } }));
        let mut response = json!({ "description": meaning(*status) });
        if let Some(content) = content {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let kind = if version == Some(Version::V1) { "application/json" } else { "application/problem+json" };
    // Outside the versions every description has the newest problem, also that of an older version.
    let schema = match version {
        None => problem(Version::V2),
        Some(_) => json!({ "$ref": "#/components/schemas/Problem" }),
    };
    let problem = json!({ kind: { "schema": schema } });
    responses.insert("default".to_owned(), json!({ "description": "A problem", "content": problem }));
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
        "x-limit": route.group.as_str(),
    });
    if let Some(body) = route.body {
        let schema = body(generator).to_value();
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    match route.access {
        Access::Anyone => {}
        Access::SignedIn => operation["security"] = json!([{ "token": [] }]),
        Access::Needs(permission) => {
            operation["security"] = json!([{ "token": [] }]);
            operation["x-permission"] = format!("{permission:?}").into();
        }
    }
    operation
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    properties
        .into_iter()
        .map(|(name, schema)| {
            json!({ "name": name, "in": "query", "required": required.contains(&name), "schema": schema })
        })
        .collect()
}

fn envelope(data: Value, version: Option<Version>) -> Value {
    match version {
        Some(Version::V2) => json!({
            "type": "object",
            "required": ["version", "data"],
            "properties": { "version": { "const": "v2" }, "data": data, "meta": { "type": "object" } },
        }),
        Some(Version::V1) => json!({
            "allOf": [data, { "type": "object", "required": ["version"], "properties": { "version": { "const": "v1" } } }],
        }),
        None => data,
    }
}

fn problem(version: Version) -> Value {
    let codes: Vec<&str> = errors::Code::ALL.iter().map(|code| code.as_str()).collect();
    match version {
        Version::V1 => json!({
            "type": "object",
            "required": ["version", "error", "error_code", "message", "status_code", "details"],
            "properties": {
                "version": { "const": "v1" },
                "error": { "const": true },
                "error_code": { "enum": codes },
                "message": { "type": "string" },
                "status_code": { "type": "integer" },
                "details": { "type": "object" },
            },
        }),
        Version::V2 => json!({
            "type": "object",
            "required": ["type", "title", "status", "detail", "code", "retryable", "request_id"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "code": { "enum": codes },
                "retryable": { "type": "boolean" },
                "request_id": { "type": "string" },
                "details": { "type": "object" },
                "errors": { "type": "array", "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": { "type": "string" },
                        "code": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                } },
            },
        }),
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        201 => "Made",
        202 => "Accepted",
        204 => "Done",
        503 => "Not now",
        _ => "Fine",
    }
}
