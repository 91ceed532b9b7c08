//! The JSON Schema of an outcome, for programs that read it: types of other languages are made from it.

use serde_json::{Map, Value, json};

use super::OUTCOME_FORMAT;
use crate::trigger::Trigger;

/// Returns a JSON Schema (draft 2020-12) of [`super::Outcome`].
#[must_use]
pub fn outcome_schema() -> Value {
    let triggers: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
    let properties = json!({
        "format": {"const": OUTCOME_FORMAT},
        "trigger": {"enum": triggers, "description": "The trigger that ran"},
        "status": {
            "enum": ["allowed", "denied", "redirected", "prompted", "challenged", "failed"],
            "description": "How the login ended",
        },
        "reason": text_or_null("Why it was denied or failed"),
        "code": {"type": "string", "description": "The OAuth error code of a denial, where the Action chose one"},
        "id_token": closed(
            "The ID token; without claims when none is issued",
            &[("claims", claims()), ("jwt", text("The signed token, when it was asked for"))],
            &["jwt"],
        ),
        "access_token": closed(
            "The access token",
            &[
                ("claims", claims()),
                ("opaque", json!({"type": "boolean", "description": "An opaque token carries no claims"})),
                ("scopes", json!({"type": "array", "items": {"type": "string"}, "description": "The scopes that the token was granted"})),
                ("expires_in", json!({"type": ["integer", "null"], "description": "How long the token is valid, in seconds"})),
                ("jwt", text("The signed token, when it was asked for")),
            ],
            &["jwt"],
        ),
        "userinfo": {"type": "object", "description": "What /userinfo answers to the access token"},
        "user": closed(
            "The metadata as stored after the login",
            &[("user_metadata", json!({"type": "object"})), ("app_metadata", json!({"type": "object"}))],
            &[],
        ),
        "ledger": list("Every custom claim that was set, in the order of the calls", "ledgerEntry"),
        "unset_claims": list("Every call of setCustomClaim that set no claim because it had no value; absent when there is none", "unsetClaim"),
        "requests": list("Every request to the network, in the order in which they were sent", "request"),
        "commands": list("Every call of an api method in call order, reads included", "command"),
        "logs": list("What the Actions printed", "log"),
        "notices": list("What would be different, or close to a limit, in production", "notice"),
        "error": {"anyOf": [{"$ref": "#/$defs/error"}, {"type": "null"}], "description": "The fault that ended the login"},
        "redirect": {"anyOf": [{"$ref": "#/$defs/redirect"}, {"type": "null"}], "description": "Where the browser is sent"},
        "rules": closed(
            "What Rules passed on, as the last one left it; absent when no Rule ran",
            &[("user", json!({"description": "The profile"})), ("context", json!({"description": "The context"}))],
            &[],
        ),
        "usage": closed("What the run cost; the only part that differs between two runs", &[("actions", list("One entry for each handler that ran", "usage"))], &[]),
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "postlogin outcome",
        "type": "object",
        "required": required(&properties, &["code", "unset_claims", "rules"]),
        "properties": properties,
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

fn definitions() -> Value {
    let action = || text("The Action");
    json!({
        "location": closed(
            "A place in a source as the user wrote it",
            &[
                ("file", text("The file")),
                ("line", json!({"type": "integer", "minimum": 1})),
                ("column", json!({"type": "integer", "minimum": 1})),
            ],
            &[],
        ),
        "ledgerEntry": closed(
            "One call of setCustomClaim and what became of it",
            &[
                ("token", json!({"enum": ["id_token", "access_token"]})),
                ("name", text("The claim's name")),
                ("value", json!({"description": "The claim's value as the token would carry it"})),
                ("verdict", json!({"enum": ["kept", "dropped", "overwritten"]})),
                ("rule", json!({"enum": [
                    "restricted-name", "auth0-namespace", "scope-filter", "auth0-api-audience", "opaque-token", "size-limit", null,
                ], "description": "Why it was dropped"})),
                ("action", action()),
                ("location", place()),
                ("sources", json!({"type": "array", "items": {"type": "string"}, "description": "Paths of the event that the Action had read and that have this value"})),
            ],
            &[],
        ),
        "unsetClaim": closed(
            "One call of setCustomClaim with what JSON has no value for",
            &[
                ("token", json!({"enum": ["id_token", "access_token"]})),
                ("name", text("The claim's name")),
                ("value", json!({"enum": ["undefined", "function", "symbol"], "description": "What was given instead of a value"})),
                ("action", action()),
                ("location", place()),
            ],
            &[],
        ),
        "command": closed(
            "One call of an api method",
            &[
                ("action", action()),
                ("handler", text_or_null("The export that ran: onExecutePostLogin; null for a Rule")),
                ("method", text("The path below api: idToken.setCustomClaim")),
                ("args", json!({"type": "array", "description": "The arguments as JSON; what JSON lacks is a tag, such as {\"$\":\"undefined\"}"})),
                ("location", place()),
            ],
            &[],
        ),
        "request": closed(
            "One request to the network",
            &[
                ("action", action()),
                ("method", text("The method in capitals")),
                ("url", text("The URL with its query")),
                ("headers", headers()),
                ("body", json!({"description": "The value of its JSON, else a string, else {\"base64\": …}; null when it has none"})),
                ("response", json!({"anyOf": [
                    closed("An answer", &[("status", json!({"type": "integer"})), ("headers", headers()), ("body", json!({"description": "As that of the request"}))], &[]),
                    closed("The network failed", &[("error", text("Node's code for it: ECONNRESET"))], &[]),
                    closed("Nothing answers it here", &[("refused", text("Why, and how it could be answered"))], &[]),
                ]})),
                ("location", place()),
            ],
            &[],
        ),
        "log": closed(
            "One printed message",
            &[("action", action()), ("level", text("log, info, warn, error, debug or trace")), ("message", text("The text"))],
            &[],
        ),
        "notice": closed(
            "Something to know although the login continued",
            &[("code", text("A stable name in kebab case")), ("message", text("One sentence")), ("source", text_or_null("The public page that states the rule"))],
            &[],
        ),
        "error": closed(
            "The fault of an Action",
            &[
                ("action", action()),
                ("name", text("The class of the error")),
                ("message", text("Its message")),
                ("stack", text("Its stack, in the user's own places")),
                ("location", place()),
            ],
            &[],
        ),
        "redirect": closed("Where the browser is sent", &[("url", text("The URL with its query"))], &[]),
        "usage": closed(
            "What one handler cost",
            &[
                ("action", action()),
                ("wall_us", json!({"type": "integer", "description": "Real time in microseconds"})),
                ("memory_bytes", json!({"type": "integer", "description": "The most memory that the sandbox held"})),
                ("virtual_ms", json!({"type": "integer", "description": "Virtual time that passed, in milliseconds"})),
            ],
            &[],
        ),
    })
}

fn closed(description: &str, properties: &[(&str, Value)], optional: &[&str]) -> Value {
    let properties: Map<String, Value> = properties
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    let properties = Value::Object(properties);
    json!({
        "description": description,
        "type": "object",
        "required": required(&properties, optional),
        "properties": properties,
        "additionalProperties": false,
    })
}

fn required(properties: &Value, optional: &[&str]) -> Vec<String> {
    let names = properties.as_object().into_iter().flat_map(Map::keys);
    let needed = names.filter(|name| !optional.contains(&name.as_str()));
    needed.cloned().collect()
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn text_or_null(description: &str) -> Value {
    json!({"type": ["string", "null"], "description": description})
}

fn headers() -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}, "description": "Headers by their names in small letters"})
}

fn claims() -> Value {
    json!({"type": "object", "description": "Claims in the order in which the token carries them"})
}

fn list(description: &str, definition: &str) -> Value {
    json!({"type": "array", "items": {"$ref": format!("#/$defs/{definition}")}, "description": description})
}

fn place() -> Value {
    json!({"anyOf": [{"$ref": "#/$defs/location"}, {"type": "null"}]})
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::outcome_schema;
    use crate::outcome::{ClaimRule, NoValue, Outcome, Status, Verdict};

    /// An outcome with every key, as it is read back.
    fn whole() -> Outcome {
        let location = json!({"file": "a.js", "line": 1, "column": 2});
        serde_json::from_value(json!({
            "format": "postlogin.outcome/1", "trigger": "post-login", "status": "failed", "reason": "r", "code": "invalid_request",
            "id_token": {"claims": {"a": 1}, "jwt": "x.y.z"},
            "access_token": {"claims": {}, "opaque": true, "scopes": ["openid"], "expires_in": 60, "jwt": "x.y.z"},
            "userinfo": {}, "user": {"user_metadata": {}, "app_metadata": {}},
            "ledger": [{"token": "access_token", "name": "n", "value": null, "verdict": "dropped", "rule": "opaque-token",
                "action": "a", "location": location, "sources": ["event.user"]}],
            "unset_claims": [{"token": "id_token", "name": "u", "value": "undefined", "action": "a", "location": location}],
            "requests": [
                {"action": "a", "method": "GET", "url": "u", "headers": {"a": "b"}, "body": 1, "response": {"status": 200, "headers": {"a": "b"}, "body": 1}, "location": location},
            ],
            "commands": [{"action": "a", "handler": "h", "method": "m", "args": [1], "location": location}],
            "logs": [{"action": "a", "level": "log", "message": "m"}],
            "notices": [{"code": "c", "message": "m", "source": null}],
            "error": {"action": "a", "name": "Error", "message": "m", "stack": "", "location": location},
            "redirect": {"url": "https://example.com/"},
            "rules": {"user": {}, "context": {}},
            "usage": {"actions": [{"action": "a", "wall_us": 1, "memory_bytes": 2, "virtual_ms": 3}]},
        }))
        .expect("an outcome is read back")
    }

    /// The first place where a value and a schema differ, in either direction: a property that no value has is one, too.
    fn difference(value: &Value, schema: &Value, root: &Value, at: &str) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.trim_start_matches('#');
            return difference(value, root.pointer(name).unwrap_or(&Value::Null), root, at);
        }
        if let Some(first) = schema["anyOf"].get(0) {
            return difference(value, first, root, at);
        }
        if let (Some(properties), Some(object)) =
            (schema["properties"].as_object(), value.as_object())
        {
            let unknown = object.keys().find(|key| !properties.contains_key(*key));
            let missing = properties.keys().find(|key| !object.contains_key(*key));
            if let Some(key) = unknown.or(missing) {
                return Some(format!("{at}/{key}"));
            }
            return properties.iter().find_map(|(key, schema)| {
                difference(&object[key], schema, root, &format!("{at}/{key}"))
            });
        }
        if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
            return list
                .iter()
                .find_map(|item| difference(item, items, root, &format!("{at}[]")));
        }
        None
    }

    #[test]
    fn the_schema_has_the_keys_of_an_outcome() {
        let (schema, value) = (
            outcome_schema(),
            serde_json::to_value(whole()).expect("JSON"),
        );
        assert_eq!(difference(&value, &schema, &schema, ""), None);
        let mut more = value;
        more["usage"]["actions"][0]["more"] = json!(1);
        assert_eq!(
            difference(&more, &schema, &schema, "").as_deref(),
            Some("/usage/actions[]/more")
        );
    }

    #[test]
    fn the_words_are_those_of_the_types() {
        let schema = outcome_schema();
        let words = |pointer: &str| {
            schema
                .pointer(pointer)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let entry = "/$defs/ledgerEntry/properties";
        for word in words("/properties/status/enum") {
            serde_json::from_value::<Status>(word).expect("a status");
        }
        for word in words(&format!("{entry}/verdict/enum")) {
            serde_json::from_value::<Verdict>(word).expect("a verdict");
        }
        for word in words("/$defs/unsetClaim/properties/value/enum") {
            serde_json::from_value::<NoValue>(word).expect("what has no value");
        }
        let rules = words(&format!("{entry}/rule/enum"));
        for word in &rules {
            serde_json::from_value::<Option<ClaimRule>>(word.clone()).expect("a rule");
        }
        assert_eq!(
            (rules.len(), words("/properties/status/enum").len()),
            (7, 6)
        );
    }
}
