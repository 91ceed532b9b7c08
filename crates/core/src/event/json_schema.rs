//! The event as a JSON Schema, for editors.

use serde_json::{Map, Value, json};

use super::schema::{Field, Kind};
use crate::trigger::Trigger;

/// Returns a JSON Schema (draft 2020-12) of the event of a trigger.
///
/// Dictionaries are open, objects closed; an optional property may be `null`, as it is in many captured profiles.
pub fn json_schema(trigger: Trigger) -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    let table = trigger.table();
    let version = table.version.trim_start_matches('v');
    let title = format!("Auth0 {} event, version {version}", table.id);
    schema.insert("title".into(), title.into());
    schema.extend(object((table.event)()));
    Value::Object(schema)
}

fn property(field: &Field) -> Value {
    let mut schema = Map::new();
    if !field.note.is_empty() {
        schema.insert("description".into(), field.note.into());
    }
    match field.kind {
        Kind::Object | Kind::Dictionary => schema.extend(object(field)),
        Kind::Strings => {
            schema.insert("type".into(), "object".into());
            schema.insert("additionalProperties".into(), json!({ "type": "string" }));
        }
        Kind::String => {
            schema.insert("type".into(), "string".into());
        }
        Kind::Number => {
            schema.insert("type".into(), "number".into());
        }
        Kind::Boolean => {
            schema.insert("type".into(), "boolean".into());
        }
        Kind::StringArray => {
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), json!({ "type": "string" }));
        }
        Kind::ObjectArray => {
            schema.insert("type".into(), "array".into());
            schema.insert("items".into(), Value::Object(object(field)));
        }
    }
    if !field.allowed.is_empty() {
        schema.insert("enum".into(), json!(field.allowed));
    }
    if field.optional {
        allow_null(&mut schema);
    }
    Value::Object(schema)
}

fn object(field: &Field) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    if !field.children.is_empty() {
        let properties: Map<_, _> = field
            .children
            .iter()
            .map(|child| (child.name.to_owned(), property(child)))
            .collect();
        schema.insert("properties".into(), Value::Object(properties));
        let required: Vec<_> = field
            .children
            .iter()
            .filter(|child| !child.optional)
            .map(|child| child.name)
            .collect();
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
    }
    if field.is_closed() {
        schema.insert("additionalProperties".into(), false.into());
    }
    schema
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pointer: &str, expected: Value) {
        assert_eq!(
            json_schema(Trigger::PostLogin).pointer(pointer),
            Some(&expected),
            "{pointer}"
        );
    }

    #[test]
    fn schema_says_what_the_table_says() {
        check(
            "/$schema",
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        check(
            "/required",
            json!([
                "client",
                "connection",
                "request",
                "secrets",
                "stats",
                "tenant",
                "user"
            ]),
        );
        check("/additionalProperties", json!(false));
        check("/properties/client/additionalProperties", json!(false));
        check(
            "/properties/client/required",
            json!(["client_id", "metadata", "name"]),
        );
        check(
            "/properties/session/properties/cookie/properties/mode/enum",
            json!(["persistent", "non-persistent"]),
        );
        check(
            "/properties/secrets/additionalProperties",
            json!({ "type": "string" }),
        );
        check(
            "/properties/stats/properties/logins_count/type",
            json!("number"),
        );
        check(
            "/properties/user/properties/email/type",
            json!(["string", "null"]),
        );
        check(
            "/properties/user/properties/identities/items/properties/isSocial/type",
            json!(["boolean", "null"]),
        );
        check(
            "/properties/user/properties/user_metadata/type",
            json!("object"),
        );
        let schema = json_schema(Trigger::PostLogin);
        assert!(
            schema
                .pointer("/properties/user/additionalProperties")
                .is_none(),
            "the profile is open"
        );
        let protocols = schema
            .pointer("/properties/transaction/properties/protocol/enum")
            .and_then(Value::as_array);
        assert_eq!(
            protocols.map(Vec::len),
            Some(17),
            "sixteen protocols, and null"
        );
    }
}
