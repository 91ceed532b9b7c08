//! A login of the tenant as a file of cases in the project.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use postlogin_core::ResumeStep;
use postlogin_core::outcome::{Outcome, Status, TokenKind, Verdict};
use postlogin_page::RequestEntry;
use postlogin_project::{Boundary, Project};
use postlogin_tenant::SavedCase;
use serde_json::{Map, Value, json};

use crate::yaml::{entry, nested};

/// Where cases go that `postlogin.toml` gives no folder.
const FOLDER: &str = "tests";
/// The most letters of a file's name.
const LONGEST: usize = 80;

/// Returns the file of a case, relative to the project, and its text.
pub(super) fn of(project: &Project, case: &SavedCase) -> (PathBuf, String) {
    let configured = project.test.paths.iter().find(|path| path.is_dir());
    let folder = configured
        .cloned()
        .unwrap_or_else(|| project.home.join(FOLDER));
    let file = folder.join(format!("{}.case.yaml", stem(&case.name)));
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = render(&mut text, case);
    (file, text)
}

/// Writes a file that is not there, inside the project.
pub(super) fn write(project: &Project, file: &Path, text: &str) -> io::Result<()> {
    let within = Boundary::around(&project.home);
    let folder = file.parent().unwrap_or(&project.home);
    let inside = |path: &Path| {
        let admitted = within.admit(path, &path.display().to_string());
        admitted.map_err(|error| io::Error::other(error.to_string()))
    };
    inside(folder)?;
    fs::create_dir_all(folder)?;
    inside(folder)?;
    let mut written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)?;
    io::Write::write_all(&mut written, text.as_bytes())
}

/// A name as that of a file on every system: small letters, digits and dashes.
fn stem(name: &str) -> String {
    let mut stem = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            kept if kept.is_alphanumeric() => stem.push(kept),
            _ if stem.ends_with('-') || stem.is_empty() => {}
            _ => stem.push('-'),
        }
    }
    let stem: String = stem.chars().take(LONGEST).collect();
    match stem.trim_matches('-') {
        "" => "login".to_owned(),
        // That file is for all cases of its folder.
        "defaults" => "login-defaults".to_owned(),
        stem => stem.to_owned(),
    }
}

fn render(out: &mut String, case: &SavedCase) -> std::fmt::Result {
    writeln!(out, "# Saved from a login at the local tenant.")?;
    if case.had_cache {
        writeln!(
            out,
            "# `api.cache` had entries when this login began; `cache: {{ KEY: VALUE }}` gives them to the case."
        )?;
    }
    entry(out, "description", &json!(case.name))?;
    entry(out, "now", &json!(postlogin_core::iso_text(case.now_ms)))?;
    entry(out, "seed", &json!(case.seed))?;
    if !case.steps.is_empty() {
        entry(
            out,
            "steps",
            &case.steps.iter().map(ResumeStep::to_json).collect(),
        )?;
    }
    let mut tenant = Map::new();
    tenant.insert("issuer".into(), json!(case.issuer));
    let host = case.event.pointer("/request/hostname");
    if host.and_then(Value::as_str) != Some(&case.domain) {
        tenant.insert("domain".into(), json!(case.domain));
    }
    if let Some(scopes) = unlisted_scopes(case) {
        tenant.insert("requested_scopes".into(), json!(scopes));
    }
    nested(out, "tenant", &Value::Object(tenant), 0)?;
    http(out, &case.requests)?;
    let mut event = case.event.clone();
    if let Some(event) = event.as_object_mut() {
        // The project's own secrets are given when the case runs.
        event.shift_remove("secrets");
    }
    nested(out, "event", &event, 0)?;
    nested(out, "expect", &expectations(&case.outcome), 0)
}

/// The scopes of a login whose event does not list them.
fn unlisted_scopes(case: &SavedCase) -> Option<&[String]> {
    let scopes = case.requested_scopes.as_deref()?;
    let listed = case.event.pointer("/transaction/requested_scopes");
    let is_listed = listed.is_some_and(|listed| *listed == json!(scopes));
    (!is_listed || scopes.is_empty()).then_some(scopes)
}

/// Writes what the Actions got for their requests as mocks, each once. What was hidden fits any text. An answer whose body is not known
/// whole is named in a comment: a test with another one would be of another login.
fn http(out: &mut String, requests: &[RequestEntry]) -> std::fmt::Result {
    let mut mocks: Vec<String> = Vec::new();
    for request in requests {
        let url = request.url.replace("***", "*");
        let mock = match response(request) {
            Some(mut response) => {
                if request.ms > 0 {
                    response["delay"] = json!(format!("{}ms", request.ms));
                }
                let pattern = json!({"method": request.method, "url": url});
                format!("  - request: {pattern}\n    response: {response}\n")
            }
            None => format!(
                "  # the answer to {} {} is not known whole\n",
                request.method,
                Value::from(url)
            ),
        };
        if !mocks.contains(&mock) {
            mocks.push(mock);
        }
    }
    match mocks.iter().any(|mock| !mock.starts_with("  #")) {
        true => write!(out, "http:\n{}", mocks.concat()),
        false => write!(out, "{}", mocks.concat().replace("  #", "#")),
    }
}

/// Returns the response of a mock that answers as a request was answered.
fn response(request: &RequestEntry) -> Option<Value> {
    let Some(status) = request.status else {
        // What is refused is a refused connection for the Action.
        let code = match (request.answered_by.as_str(), &request.error) {
            ("nothing", _) | (_, None) => "ECONNREFUSED",
            (_, Some(code)) => code,
        };
        return Some(json!({ "error": code }));
    };
    let body = &request.response_body;
    let is_cut = ["bytes in all)", "not shown)", "that are not text)"];
    if is_cut.iter().any(|end| body.ends_with(end)) {
        return None;
    }
    let mut response = json!({ "status": status });
    if !body.is_empty() {
        match serde_json::from_str::<Value>(body) {
            Ok(json) => response["json"] = json,
            Err(_) => response["text"] = json!(body),
        }
    }
    let mut headers = request.response_headers.iter();
    if let Some((name, value)) = headers.find(|(name, _)| name == "content-type") {
        response["headers"] = json!({ name: value });
    }
    Some(response)
}

/// Returns the behaviour of the login as expectations: the status, the claims of Actions, those that were dropped, the error.
fn expectations(outcome: &Outcome) -> Value {
    let mut expect = Map::new();
    expect.insert("status".into(), json!(outcome.status));
    if let Some(error) = &outcome.error {
        expect.insert("error".into(), json!({"name": error.name}));
    }
    if outcome.status == Status::Allowed {
        for (key, token) in [
            ("id_token", TokenKind::IdToken),
            ("access_token", TokenKind::AccessToken),
        ] {
            let kept = outcome.ledger.iter();
            let kept = kept.filter(|it| it.token == token && it.verdict == Verdict::Kept);
            let claims: Map<String, Value> =
                kept.map(|it| (it.name.clone(), it.value.clone())).collect();
            if !claims.is_empty() {
                expect.insert(key.into(), Value::Object(claims));
            }
        }
    }
    let dropped = outcome.ledger.iter();
    let dropped = dropped.filter(|it| it.verdict == Verdict::Dropped);
    let mut dropped: Vec<&str> = dropped.map(|it| it.name.as_str()).collect();
    dropped.dedup();
    if !dropped.is_empty() {
        expect.insert("dropped".into(), json!(dropped));
    }
    Value::Object(expect)
}

#[cfg(test)]
mod tests {
    use postlogin_page::RequestEntry;

    use super::{http, stem};

    #[test]
    fn what_answered_requests_is_mocks_and_each_comes_once() {
        let request = |url: &str, body: &str| RequestEntry {
            method: "GET".into(),
            url: url.into(),
            status: Some(200),
            response_body: body.into(),
            ms: 250,
            ..RequestEntry::default()
        };
        let json = request("https://a.example/?key=***", "{\"a\": 1}");
        let refused = RequestEntry {
            status: None,
            answered_by: "nothing".into(),
            error: Some("it fits no mock".into()),
            ms: 0,
            ..request("https://b.example/", "")
        };
        let long = request("https://c.example/", "x… (9000 bytes in all)");
        let mut out = String::new();
        http(&mut out, &[json.clone(), refused, long, json]).expect("a text");
        let expected = [
            "http:",
            r#"  - request: {"method":"GET","url":"https://a.example/?key=*"}"#,
            r#"    response: {"status":200,"json":{"a":1},"delay":"250ms"}"#,
            r#"  - request: {"method":"GET","url":"https://b.example/"}"#,
            r#"    response: {"error":"ECONNREFUSED"}"#,
            r#"  # the answer to GET "https://c.example/" is not known whole"#,
            "",
        ];
        assert_eq!(out, expected.join("\n"));
    }

    #[test]
    fn a_name_is_a_file_inside_of_its_folder() {
        for (name, expected) in [
            ("Jane's login", "jane-s-login"),
            ("../../etc/passwd", "etc-passwd"),
            ("a/b\\c", "a-b-c"),
            ("", "login"),
            ("...", "login"),
            ("defaults", "login-defaults"),
            ("CON:\u{0}x", "con-x"),
            ("Müller <b>", "müller-b"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert!(stem(&"x".repeat(500)).len() <= 80);
    }
}
