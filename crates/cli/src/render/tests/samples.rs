//! Outcomes to render. As JSON, so that they also prove that the public format can be read back.

use postlogin_core::outcome::Outcome;
use serde_json::{Value, json};

/// An outcome in which nothing happened, with some members replaced (RFC 7396 at the first level only).
fn outcome(members: Value) -> Outcome {
    let mut whole = json!({
        "format": "postlogin.outcome/1",
        "status": "allowed",
        "reason": null,
        "id_token": { "claims": {} },
        "access_token": { "claims": {}, "opaque": false },
        "userinfo": {},
        "user": { "user_metadata": {}, "app_metadata": {} },
        "ledger": [],
        "commands": [],
        "logs": [],
        "notices": [],
        "error": null,
        "redirect": null,
        "usage": { "actions": [] },
    });
    let keys = whole.as_object_mut().expect("an object");
    for (key, value) in members.as_object().expect("an object") {
        assert!(
            keys.insert(key.clone(), value.clone()).is_some(),
            "`{key}` is no member of an outcome"
        );
    }
    serde_json::from_value(whole).expect("an outcome")
}

fn entry(
    token: &str,
    name: &str,
    value: Value,
    verdict: &str,
    rule: Value,
    line: u32,
    sources: &[&str],
) -> Value {
    json!({
        "token": token, "name": name, "value": value, "verdict": verdict, "rule": rule,
        "action": "copy-user-metadata",
        "location": { "file": "actions/copy-user-metadata/code.js", "line": line, "column": 9 },
        "sources": sources,
    })
}

pub(super) fn empty() -> Outcome {
    outcome(json!({}))
}

pub(super) fn allowed() -> Outcome {
    let hobby = "https://example.com/hobby";
    let action = "copy-user-metadata";
    outcome(json!({
        "id_token": {
            "claims": {
                "iss": "https://tenant.example/", "sub": "auth0|6500f1", "aud": "app", "iat": 1795341600, "exp": 1795377600,
                "email": "jane@example.com", "nickname": "jane", hobby: "surfing",
            },
            "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHw2NTAwZjEifQ.c2lnbmF0dXJl",
        },
        "access_token": {
            "claims": { "iss": "https://tenant.example/", "sub": "auth0|6500f1", "scope": "openid profile", "tier": 3 },
            "opaque": false,
        },
        "userinfo": { "sub": "auth0|6500f1", "email": "jane@example.com", "nickname": "Jane", "updated_at": "2026-11-22", hobby: "surfing" },
        "user": { "user_metadata": { "hobby": "surfing", "lang": "de" }, "app_metadata": { "plan": "pro" } },
        "ledger": [
            entry("id_token", hobby, json!("climbing"), "overwritten", json!(null), 3, &[]),
            entry("id_token", hobby, json!("surfing"), "kept", json!(null), 4,
                &["event.user.user_metadata.hobby", "event.request.query.hobby"]),
            entry("id_token", "roles", json!(["admin", "editor"]), "dropped", json!("restricted-name"), 5,
                &["event.authorization.roles"]),
            entry("id_token", "https://x.auth0.com/y", json!(true), "dropped", json!("auth0-namespace"), 6, &[]),
            entry("id_token", "phone_number", json!("+49 30 1234"), "dropped", json!("scope-filter"), 7,
                &["event.user.phone_number"]),
            entry("access_token", "tier", json!(3), "kept", json!(null), 8, &["event.user.app_metadata.tier"]),
            entry("access_token", "groups", json!([]), "dropped", json!("restricted-name"), 9, &[]),
            entry("access_token", "plain", json!(1), "dropped", json!("auth0-api-audience"), 10, &[]),
            entry("access_token", "large", json!("…"), "dropped", json!("size-limit"), 11, &[]),
        ],
        "commands": [
            { "action": action, "method": "idToken.setCustomClaim", "args": [hobby, "surfing"] },
            { "action": action, "method": "user.setUserMetadata", "args": ["lang", "de"] },
            { "action": "enrich", "method": "cache.get", "args": ["score"] },
            { "action": "enrich", "method": "user.setAppMetadata", "args": ["old", null] },
        ],
        "logs": [
            { "action": action, "level": "log", "message": "saved\nin two lines" },
            { "action": "enrich", "level": "warn", "message": "the score\tis old" },
        ],
        "notices": [{
            "code": "cache-empty", "source": "https://auth0.com/docs/customize/actions/limitations",
            "message": "In production the cache may be empty at any time, and the value that was read here would then be missing from the token.",
        }],
        "usage": { "actions": [
            { "action": action, "wall_us": 2140, "memory_bytes": 6500000, "virtual_ms": 0 },
            { "action": "enrich", "wall_us": 990, "memory_bytes": 12900000, "virtual_ms": 11300 },
        ] },
    }))
}

pub(super) fn denied() -> Outcome {
    outcome(json!({
        "status": "denied",
        "reason": "Only staff may use this application. Ask the people of the help desk (help@example.com), \
                   who can tell you when the application opens to everybody else.",
        "ledger": [entry("id_token", "tier", json!("gold"), "kept", json!(null), 4, &[])],
        "user": { "user_metadata": {}, "app_metadata": { "denied": 1 } },
        "commands": [{ "action": "staff-only", "method": "access.deny", "args": ["Only staff …"] }],
        "usage": { "actions": [
            { "action": "copy-user-metadata", "wall_us": 800, "memory_bytes": 6500000, "virtual_ms": 0 },
            { "action": "staff-only", "wall_us": 750, "memory_bytes": 6500000, "virtual_ms": 0 },
        ] },
    }))
}

/// The file in which [`failed`] failed.
pub(super) const FAILED_SOURCE: &str = "\
/** Adds the score to the ID token. */
exports.onExecutePostLogin = async (event, api) => {
\tconst score = event.user.scores.latest;
\tapi.idToken.setCustomClaim('https://example.com/score', score);
};
";

pub(super) fn failed() -> Outcome {
    let message = "Cannot read properties of undefined (reading 'latest')";
    outcome(json!({
        "status": "failed",
        "reason": message,
        "error": {
            "action": "enrich", "name": "TypeError", "message": message,
            "stack": format!("TypeError: {message}\n    at exports.onExecutePostLogin (actions/enrich/code.js:3:34)\n    at run (actions/enrich/lib.js:1:1)\n"),
            "location": { "file": "actions/enrich/code.js", "line": 3, "column": 34 },
        },
        "usage": { "actions": [{ "action": "enrich", "wall_us": 1200, "memory_bytes": 140000000, "virtual_ms": 21000 }] },
    }))
}

pub(super) fn redirected() -> Outcome {
    outcome(json!({
        "status": "redirected",
        "redirect": { "url": format!("https://forms.example.com/consent?lang=de&session_token={}&state=hKFo2", "eyJ0".repeat(30)) },
        "commands": [
            { "action": "consent", "method": "redirect.encodeToken", "args": [{ "secret": "***", "payload": {} }] },
            { "action": "consent", "method": "redirect.sendUserTo", "args": ["https://forms.example.com/consent"] },
        ],
        "usage": { "actions": [{ "action": "consent", "wall_us": 1200, "memory_bytes": 6500000, "virtual_ms": 0 }] },
    }))
}

pub(super) fn challenged() -> Outcome {
    outcome(json!({
        "status": "challenged",
        "usage": { "actions": [
            { "action": "step-up", "wall_us": 1200, "memory_bytes": 6500000, "virtual_ms": 0 },
            { "action": "step-up", "wall_us": 120, "memory_bytes": 6500000, "virtual_ms": 0 },
        ] },
    }))
}

pub(super) fn prompted() -> Outcome {
    outcome(json!({ "status": "prompted" }))
}

/// Text of many scripts, and text that would like to steer the terminal.
pub(super) fn unicode() -> Outcome {
    outcome(json!({
        "id_token": { "claims": {
            "sub": "auth0|1", "名前": "山田太郎", "https://example.com/ü": "👩‍💻 e\u{301}", "evil": "\u{1b}[2J\u{202e}abc\u{7f}",
        } },
        "access_token": { "claims": {}, "opaque": true },
        "ledger": [
            { "token": "id_token", "name": "名前", "value": "山田太郎", "verdict": "kept", "rule": null,
              "action": "名札", "location": null, "sources": ["event.user.name"] },
            { "token": "id_token", "name": "evil", "value": "\u{1b}[2J\u{202e}abc\u{7f}", "verdict": "kept", "rule": null,
              "action": "evil\u{1b}[1m", "location": null, "sources": [] },
            { "token": "access_token", "name": "絵", "value": "🙂", "verdict": "dropped", "rule": "opaque-token",
              "action": "名札", "location": null, "sources": [] },
        ],
        "logs": [
            { "action": "名札", "level": "log", "message": "\u{1b}[31mnot red\r\n✓ allowed\u{9b}0m" },
            { "action": "名札", "level": "info", "message": "" },
        ],
    }))
}

/// More than a screen holds.
pub(super) fn huge() -> Outcome {
    let name = format!("https://example.com/{}", "long-name/".repeat(12));
    let logs: Vec<Value> = (0..50)
        .map(|number| json!({ "action": "chatty", "level": "debug", "message": format!("{number} {}", "la ".repeat(60)) }))
        .collect();
    let message = format!("expected\n{}\nfound\n{}", "a".repeat(400), "b ".repeat(200));
    outcome(json!({
        "status": "failed",
        "id_token": { "claims": { "sub": "auth0|1", &name: "v".repeat(150_000) } },
        "ledger": [
            entry("id_token", &name, json!("v".repeat(150_000)), "kept", json!(null), 4,
                &[&format!("event.user.user_metadata.{}", "deep.".repeat(20))]),
            entry("id_token", "list", json!(vec![1; 1000]), "dropped", json!("size-limit"), 4_000_000_000, &[]),
        ],
        "user": { "user_metadata": { "a": "x".repeat(40_000) }, "app_metadata": {} },
        "logs": logs,
        "error": {
            "action": "chatty", "name": "Error", "message": message,
            "stack": "at f (code.js:1:1)\n".repeat(40), "location": null,
        },
        "usage": { "actions": [{ "action": "chatty-".repeat(20), "wall_us": 19_200_000, "memory_bytes": 900_000_000, "virtual_ms": 1500 }] },
    }))
}
