//! The JSON Schema of `postlogin.toml`, for editors.

use postlogin_core::Trigger;
use serde_json::{Map, Value, json};

use super::{ACTION_KEYS, KEYS, TEST_KEYS};
use crate::project::tenant::tenant_keys;

/// A JSON Schema (draft 2020-12) of `postlogin.toml`.
pub fn configuration_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "postlogin.toml",
        "type": "object",
        "properties": properties(KEYS),
        "additionalProperties": false,
    })
}

fn properties(keys: &[&str]) -> Map<String, Value> {
    let property = |key: &&str| ((*key).to_owned(), schema(key));
    keys.iter().map(property).collect()
}

fn object(keys: &[&str]) -> Value {
    json!({"type": "object", "properties": properties(keys), "additionalProperties": false})
}

fn schema(key: &str) -> Value {
    let texts =
        |note: &str| json!({"type": "array", "items": {"type": "string"}, "description": note});
    let text = |note: &str| json!({"type": "string", "description": note});
    match key {
        "export" => text("Where the export of the Deploy CLI is: a folder, or a tenant.yaml"),
        "mappings" => text("The file with keyword mappings"),
        "binding" => texts("The Actions of post-login, in order"),
        "bindings" => {
            let bound = Trigger::ALL.iter().map(|trigger| {
                let what = format!("The Actions of {trigger}, in order");
                (trigger.id().to_owned(), texts(&what))
            });
            json!({
                "type": "object",
                "description": "The Actions of each trigger, in order",
                "properties": bound.collect::<Map<String, Value>>(),
                "additionalProperties": false,
            })
        }
        "code" => text("The file with the code"),
        "runtime" => text("node18, node22, …"),
        "secrets" => texts("The names of the secrets"),
        "modules" => texts("The Action Modules that the code requires"),
        "paths" => texts("Where cases are"),
        "dependencies" => json!({
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "npm packages with their versions",
        }),
        "jobs" => {
            json!({"type": "integer", "minimum": 1, "description": "How many cases run at once"})
        }
        "actions" => json!({
            "type": "object",
            "description": "Actions that no export describes",
            "additionalProperties": object(ACTION_KEYS),
        }),
        "test" => object(TEST_KEYS),
        "tenant" => {
            let keys = tenant_keys().into_iter().map(|key| (key, json!({})));
            json!({
                "type": "object",
                "properties": keys.collect::<Map<_, _>>(),
                "additionalProperties": false,
                "description": "Settings of the tenant, the API and the application",
            })
        }
        // A test holds the keys to this list.
        _ => json!({}),
    }
}
