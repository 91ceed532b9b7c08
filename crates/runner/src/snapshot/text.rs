//! An outcome as it is stored: what a reader would look at, and nothing that moves when a comment is added.

use postlogin_core::outcome::{Outcome, Verdict};
use serde_json::{Map, Value, json};

/// The stored form of an outcome: JSON without what is empty, without places, stacks and costs.
pub fn snapshot_text(outcome: &Outcome) -> String {
    let mut whole = Map::new();
    let mut put = |key: &str, value: Value| {
        let is_empty = match &value {
            Value::Null => true,
            Value::Object(object) => object.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            whole.insert(key.to_owned(), value);
        }
    };
    put("status", json!(outcome.status));
    put("reason", json!(outcome.reason));
    let error = outcome.error.as_ref();
    put(
        "error",
        json!(error.map(
            |error| json!({"action": error.action, "name": error.name, "message": error.message})
        )),
    );
    put(
        "redirect",
        json!(outcome.redirect.as_ref().map(|to| &to.url)),
    );
    put("id_token", Value::Object(outcome.id_token.claims.clone()));
    put(
        "access_token",
        match outcome.access_token.opaque {
            true => "opaque".into(),
            false => Value::Object(outcome.access_token.claims.clone()),
        },
    );
    put("userinfo", Value::Object(outcome.userinfo.clone()));
    put(
        "user_metadata",
        Value::Object(outcome.user.user_metadata.clone()),
    );
    put(
        "app_metadata",
        Value::Object(outcome.user.app_metadata.clone()),
    );
    let lost = outcome.ledger.iter();
    let lost = lost.filter(|entry| entry.verdict != Verdict::Kept);
    let lost = lost.map(|entry| {
        json!({
            "token": entry.token,
            "name": entry.name,
            "value": entry.value,
            "why": entry.rule.map_or(json!(entry.verdict), |rule| json!(rule)),
        })
    });
    put("lost_claims", lost.collect());
    let calls = outcome.commands.iter().map(|call| {
        let args: Vec<String> = call.args.iter().map(Value::to_string).collect();
        format!("{}: {}({})", call.action, call.method, args.join(", "))
    });
    put("commands", calls.collect());
    let logs = outcome.logs.iter();
    let logs = logs.map(|log| format!("{}: {}: {}", log.action, log.level, log.message));
    put("logs", logs.collect());
    let notices = outcome.notices.iter().map(|notice| notice.code.clone());
    put("notices", notices.collect());
    // An object of plain values: it cannot fail.
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}
