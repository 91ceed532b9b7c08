//! An entry of the tenant's log, as `serve` prints it: a line for the login, one for each print, error and notice of its Actions.

use serde_json::Value;

use super::text::{clean, duration};

/// Lines of one entry; further prints and notices are counted.
const MOST: usize = 20;

/// Returns the lines of an entry, the first one with its time; none for an entry that no user needs to see.
pub(crate) fn entry(entry: &Value) -> Vec<String> {
    let part = |key: &str| entry.get(key).and_then(Value::as_str);
    let kind = part("type").unwrap_or_default();
    let time = part("date").and_then(|date| date.get(11..19));
    let time = time.unwrap_or("--:--:--");
    let who = [part("user_id"), part("client_id")];
    let who: Vec<String> = who.into_iter().flatten().map(clean).collect();
    let head = format!("{time} {kind} {}", who.join(" → "));
    if let Some(error) = part("error") {
        return vec![format!("{} error: {}", head.trim_end(), clean(error))];
    }
    let Some(outcome) = entry.get("outcome") else {
        return Vec::new();
    };
    let text = |pointer: &str| outcome.pointer(pointer).and_then(Value::as_str);
    let spent = list(outcome, "/usage/actions").filter_map(|it| it.get("wall_us")?.as_u64());
    let mut line = format!(
        "{} {} {}",
        head.trim_end(),
        text("/status").unwrap_or("?"),
        duration(spent.sum())
    );
    if let Some(reason) = text("/reason") {
        line.push_str(&format!(": {}", clean(reason)));
    }
    let mut dropped: Vec<String> = list(outcome, "/ledger")
        .filter(|claim| claim.get("verdict").and_then(Value::as_str) == Some("dropped"))
        .filter_map(|claim| Some(clean(claim.get("name")?.as_str()?)))
        .collect();
    dropped.dedup();
    if !dropped.is_empty() {
        line.push_str(&format!("; dropped claims: {}", dropped.join(", ")));
    }
    let mut lines = vec![line];
    let shown =
        |it: &Value, key: &str| clean(it.get(key).and_then(Value::as_str).unwrap_or_default());
    for print in list(outcome, "/logs") {
        let (action, level, message) = (
            shown(print, "action"),
            shown(print, "level"),
            shown(print, "message"),
        );
        lines.push(format!("  {action} {level}: {message}"));
    }
    for notice in list(outcome, "/notices") {
        let (code, message) = (shown(notice, "code"), shown(notice, "message"));
        lines.push(format!("  notice {code}: {message}"));
    }
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("  … {more} more"));
    }
    if let Some(error) = outcome.get("error").filter(|error| error.is_object()) {
        lines.push(format!(
            "  {}: {}{}",
            shown(error, "name"),
            shown(error, "message"),
            place(error)
        ));
    }
    lines
}

fn list<'a>(outcome: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    let items = outcome.pointer(pointer).and_then(Value::as_array);
    items.into_iter().flatten()
}

fn place(error: &Value) -> String {
    let of = |key: &str| error.get("location")?.get(key);
    let file = of("file").and_then(Value::as_str);
    match (file, of("line"), of("column")) {
        (Some(file), Some(line), Some(column)) => format!(" ({}:{line}:{column})", clean(file)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::entry;

    #[test]
    fn a_login_is_a_line_and_its_actions_follow() {
        let login = json!({
            "type": "login", "date": "2026-11-22T10:00:01.000Z", "user_id": "auth0|1", "client_id": "web",
            "outcome": {
                "status": "failed", "reason": "broken",
                "usage": {"actions": [{"wall_us": 1_500}, {"wall_us": 500}]},
                "ledger": [{"name": "roles", "verdict": "dropped"}, {"name": "roles", "verdict": "dropped"}, {"name": "ok", "verdict": "kept"}],
                "logs": [{"action": "a", "level": "log", "message": "one\n10:00:02 login forged"}],
                "notices": [{"code": "opaque-token", "message": "no API"}],
                "error": {"name": "TypeError", "message": "x is undefined", "location": {"file": "a.js", "line": 3, "column": 5}},
            },
        });
        let lines = entry(&login);
        assert!(
            lines[0].starts_with("10:00:01 login auth0|1 → web failed 2"),
            "{lines:?}"
        );
        assert!(
            lines[0].ends_with(": broken; dropped claims: roles"),
            "{lines:?}"
        );
        assert!(
            lines[1].starts_with("  a log: one") && !lines[1].contains('\n'),
            "{lines:?}"
        );
        assert_eq!(lines[2], "  notice opaque-token: no API");
        assert_eq!(lines[3], "  TypeError: x is undefined (a.js:3:5)");
    }

    #[test]
    fn entries_without_an_outcome_are_errors_or_silent() {
        let failed = json!({"type": "login", "date": "2026-11-22T10:00:01.000Z", "error": "The login could not run"});
        assert_eq!(
            entry(&failed),
            ["10:00:01 login error: The login could not run"]
        );
        for silent in [
            json!({"type": "email"}),
            json!(null),
            json!({"type": "mfa_code", "otp": "123456"}),
        ] {
            assert_eq!(entry(&silent), Vec::<String>::new(), "{silent}");
        }
    }

    #[test]
    fn a_talkative_action_has_a_limited_number_of_lines() {
        let print = json!({"action": "a", "level": "log", "message": "x"});
        let prints: Vec<Value> = (0..500).map(|_| print.clone()).collect();
        let lines =
            entry(&json!({"type": "login", "outcome": {"status": "allowed", "logs": prints}}));
        assert_eq!(lines.len(), 21);
        assert_eq!(lines[20], "  … 481 more");
    }
}
