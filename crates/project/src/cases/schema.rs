//! The JSON Schema of a file of cases, for editors.

use postlogin_core::Trigger;
use serde_json::{Map, Value, json};

use super::expect::{EXACTLY, EXPECT, STATUSES, Shape};
use super::keys::{CASE, CASES, CHALLENGE};

/// A JSON Schema (draft 2020-12) of a file of cases: one case, or a list under `cases` with defaults beside it.
pub fn case_schema() -> Value {
    let properties = |in_defaults: bool| -> Map<String, Value> {
        let keys = CASE.iter().filter(|key| key.in_defaults || !in_defaults);
        keys.map(|key| {
            let mut schema = property(key.name);
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".into(), key.note.into());
            }
            (key.name.to_owned(), schema)
        })
        .collect()
    };
    let mut of_file = properties(false);
    of_file.insert(
        CASES.into(),
        json!({
            "description": "The cases of this file; the keys beside it are their defaults",
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/$defs/case"},
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "postlogin cases",
        "type": "object",
        "properties": of_file,
        "additionalProperties": false,
        "$defs": {
            "case": {
                "type": "object",
                "properties": properties(false),
                "additionalProperties": false,
            },
            "request": {
                "type": "object",
                "properties": {
                    "query": {"type": "object"},
                    "body": {"type": "object"},
                    "token": {
                        "description": "A session token that the site gives back, signed with `secret`: `payload` over the claims of the login, in the parameter `name` (session_token)",
                        "type": "object",
                        "properties": {
                            "secret": {"type": "string", "minLength": 1},
                            "payload": {"type": "object"},
                            "name": {"type": "string"},
                        },
                        "required": ["secret"],
                        "additionalProperties": false,
                    },
                },
                "additionalProperties": false,
            },
            "expect": expect(),
        },
    })
}

fn property(name: &str) -> Value {
    let texts = json!({"type": "string"});
    match name {
        "description" | "secrets_file" | "connection" => texts,
        "actions" => json!({"type": ["array", "string"], "items": texts}),
        "event" | "user" | "client" => json!({"type": ["string", "object"]}),
        "trigger" => {
            let ids = Trigger::ALL.iter().map(|trigger| trigger.id());
            json!({"enum": ids.collect::<Vec<_>>()})
        }
        "with" | "set" => json!({"type": "object"}),
        "tenant" | "token_response" => json!({"type": "object"}),
        "secrets" => json!({"type": "object", "additionalProperties": texts}),
        "cache" => json!({"type": "object", "additionalProperties": {"anyOf": [
            texts,
            {
                "type": "object",
                "properties": {
                    "value": texts,
                    "ttl": {"type": "string", "pattern": "^[0-9.]+ *(ms|s|m|h)$"},
                },
                "required": ["value"],
                "additionalProperties": false,
            },
        ]}}),
        "modules" => json!({"type": "object", "additionalProperties": {"anyOf": [
            texts,
            {
                "type": "object",
                "properties": {"code": texts, "json": {}},
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]}}),
        "now" => json!({"type": "string", "format": "date-time"}),
        "seed" => json!({"type": "integer", "minimum": 0}),
        "http" => json!({"type": ["array", "string", "object"]}),
        "timeout" => json!({"type": "string", "pattern": "^[0-9.]+ *(ms|s|m|h)$"}),
        "memory" => json!({"type": "string", "pattern": "^[0-9.]+ *([kKMG]i?)?B$"}),
        "continue" => json!({"anyOf": [
            {"$ref": "#/$defs/request"},
            {"type": "array", "items": {"$ref": "#/$defs/request"}},
        ]}),
        "challenge" => json!({"enum": CHALLENGE}),
        "steps" => json!({"type": "array", "items": {
            "type": "object",
            "properties": {
                "continue": {"$ref": "#/$defs/request"},
                "challenge": {"enum": CHALLENGE},
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        }}),
        "matrix" => json!({"type": "object", "additionalProperties": {
            "type": "array",
            "minItems": 1,
        }}),
        "expect" => json!({"$ref": "#/$defs/expect"}),
        "snapshot" => json!({"type": "boolean"}),
        "skip" | "todo" => json!({"type": ["boolean", "string"]}),
        "only" => json!({"type": "boolean"}),
        "tags" => json!({"type": ["array", "string"], "items": texts}),
        "each" => json!({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/case"}}),
        // A test holds the table to this list.
        _ => json!({}),
    }
}

fn expect() -> Value {
    let parts = |names: &[&str]| -> Map<String, Value> {
        let part = |name: &&str| {
            let schema = match *name {
                "args" => json!({"type": "array"}),
                _ => json!({"type": "string"}),
            };
            ((*name).to_owned(), schema)
        };
        names.iter().map(part).collect()
    };
    let mut properties: Map<String, Value> = EXPECT
        .iter()
        .map(|key| {
            let mut schema = match key.shape {
                Shape::Status => json!({"enum": STATUSES}),
                Shape::Object => json!({"type": "object"}),
                Shape::Only(names) => {
                    let parts = names.iter().map(|name| ((*name).to_owned(), json!({})));
                    json!({"type": "object", "properties": Map::from_iter(parts), "additionalProperties": false})
                }
                Shape::Text => json!({"type": ["string", "null"]}),
                Shape::AtMost => json!({"type": "string"}),
                Shape::Parts(names) => json!({
                    "type": ["string", "null", "object"],
                    "properties": parts(names),
                    "additionalProperties": false,
                }),
                Shape::List(names) => json!({"type": "array", "items": {
                    "type": ["string", "object"],
                    "properties": parts(names),
                    "additionalProperties": false,
                }}),
            };
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".into(), key.note.into());
            }
            (key.name.to_owned(), schema)
        })
        .collect();
    let note = "Compare objects and lists as a whole, not as subsets";
    properties.insert(
        EXACTLY.into(),
        json!({"type": "boolean", "description": note}),
    );
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}
