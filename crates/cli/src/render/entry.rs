//! An entry of the tenant's log, as `serve` prints it: a line for the login, one for each print, error and notice of its Actions, and
//! the code around an error.

use postlogin_core::location::Location;
use serde_json::Value;

use super::code_frame::code_frame;
use super::human::SourceLookup;
use super::text::{clean, duration};

/// Lines of one entry; further prints and notices are counted.
const MOST: usize = 20;

/// The width of an excerpt of code: whoever reads stderr may be a file.
const WIDTH: usize = 100;

/// Returns the lines of an entry, the first one with its time; none for an entry that no user needs to see. `source` returns the
/// text of a file that an error names.
pub(crate) fn entry(entry: &Value, source: &SourceLookup<'_>) -> Vec<String> {
    let part = |key: &str| entry.get(key).and_then(Value::as_str);
    let kind = part("type").unwrap_or_default();
    let time = part("date").and_then(|date| date.get(11..19));
    let time = time.unwrap_or("--:--:--");
    let who = [part("user_id"), part("client_id")];
    let who: Vec<String> = who.into_iter().flatten().map(clean).collect();
    let head = format!("{time} {kind} {}", who.join(" → "));
    match kind {
        "refused" => return vec![refused(entry, time)],
        "notice" => {
            let message = clean(part("message").unwrap_or_default());
            let code = clean(part("code").unwrap_or_default());
            return vec![format!("{time} notice {code}: {message}")];
        }
        _ => {}
    }
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
    if entry.get("waiting").is_some() {
        // The query has a token of the session.
        let site = text("/redirect/url").and_then(|url| url.split(['?', '#']).next());
        line.push_str(&match site {
            Some(site) => format!(": waits for its user, who is at {}", clean(site)),
            None => ": waits for its user".to_owned(),
        });
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
    // A login that was suspended has printed these already.
    let printed = entry.get("logged_prints").and_then(Value::as_u64);
    let printed = usize::try_from(printed.unwrap_or_default()).unwrap_or_default();
    for print in list(outcome, "/logs").skip(printed) {
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
        lines.extend(excerpt(error, source));
    }
    lines
}

/// A request that was refused before any Action ran.
fn refused(entry: &Value, time: &str) -> String {
    let part = |key: &str| {
        let text = entry.get(key).and_then(Value::as_str);
        clean(text.unwrap_or_default())
    };
    let who: Vec<String> = ["user", "client_id"]
        .map(part)
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    let who = match who.is_empty() {
        true => String::new(),
        false => format!("{} ", who.join(" → ")),
    };
    let status = entry.get("status").and_then(Value::as_u64);
    format!(
        "{time} refused {who}{} {}: {}: {}",
        part("request"),
        status.unwrap_or_default(),
        part("error"),
        part("error_description")
    )
}

/// The code around an error.
fn excerpt(error: &Value, source: &SourceLookup<'_>) -> Vec<String> {
    let number = |key: &str| {
        let number = error.get("location")?.get(key)?.as_u64()?;
        u32::try_from(number).ok()
    };
    let file = error
        .pointer("/location/file")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (Some(line), Some(column)) = (number("line"), number("column")) else {
        return Vec::new();
    };
    let Some(text) = source(file) else {
        return Vec::new();
    };
    let lines: Vec<&str> = text.lines().collect();
    let location = Location {
        file: file.to_owned(),
        line,
        column,
    };
    let Some(frame) = code_frame(&lines, &location, WIDTH) else {
        return Vec::new();
    };
    let mut shown = Vec::new();
    for line in &frame.lines {
        shown.push(
            format!("    {}{}", line.gutter, line.code)
                .trim_end()
                .to_owned(),
        );
        if line.marked {
            shown.push(format!("    {}{}", frame.blank_gutter, frame.caret));
        }
    }
    shown
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

    /// Without any source.
    fn entry(value: &Value) -> Vec<String> {
        super::entry(value, &|_| None)
    }

    #[test]
    fn an_error_has_the_code_around_it() {
        let failed = json!({
            "type": "login", "date": "2026-11-22T10:00:01.000Z", "outcome": {"status": "failed",
                "error": {"name": "TypeError", "message": "x", "location": {"file": "a.js", "line": 2, "column": 7}}},
        });
        let source = "const a = 1;\n  foo.\u{1b}[31mbar();\n";
        let lines = super::entry(&failed, &|file| (file == "a.js").then(|| source.to_owned()));
        assert_eq!(
            lines.get(1..).unwrap_or_default(),
            [
                "  TypeError: x (a.js:2:7)",
                "      1 | const a = 1;",
                "    > 2 |   foo.\\x1b[31mbar();",
                "        |       ^",
            ]
        );
        // A line that the file does not have any more.
        assert_eq!(super::entry(&failed, &|_| Some("one".to_owned())).len(), 2);
    }

    #[test]
    fn a_refused_request_and_a_notice_are_lines() {
        let refused = json!({
            "type": "refused", "date": "2026-11-22T10:00:01.000Z", "request": "POST /oauth/token", "status": 403, "error": "invalid_grant",
            "error_description": "Wrong email or password.", "client_id": "web", "user": "jane@example.com\n10:00:02 login forged",
        });
        let lines = entry(&refused);
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].starts_with("10:00:01 refused jane@example.com")
                && lines[0].ends_with(
                    " → web POST /oauth/token 403: invalid_grant: Wrong email or password."
                )
                && !lines[0].contains('\n'),
            "{lines:?}"
        );
        let notice = json!({"type": "notice", "code": "unknown-parameter", "message": "/authorize: `x` is not a parameter"});
        assert_eq!(
            entry(&notice),
            ["--:--:-- notice unknown-parameter: /authorize: `x` is not a parameter"]
        );
    }

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
    fn a_login_that_waits_says_where_its_user_is_and_prints_once() {
        let print = |message: &str| json!({"action": "a", "level": "log", "message": message});
        let waiting = json!({
            "type": "login", "date": "2026-11-22T10:00:01.000Z", "user_id": "auth0|1", "client_id": "web", "waiting": true,
            "outcome": {"status": "redirected", "redirect": {"url": "https://x.example/a?session_token=secret"}, "logs": [print("first")]},
        });
        let lines = entry(&waiting);
        assert!(
            lines[0].ends_with(": waits for its user, who is at https://x.example/a"),
            "{lines:?}"
        );
        assert_eq!(lines[1..], ["  a log: first"]);
        let ended = json!({
            "type": "login", "date": "2026-11-22T10:00:02.000Z", "logged_prints": 1,
            "outcome": {"status": "allowed", "logs": [print("first"), print("second")]},
        });
        assert_eq!(entry(&ended)[1..], ["  a log: second"]);
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
