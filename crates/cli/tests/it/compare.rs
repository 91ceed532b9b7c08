//! `postlogin compare`.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Finished, folder, postlogin};

const OLD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/plan', event.user.app_metadata.plan);\n  \
    if (event.user.app_metadata.suspended) return api.access.deny('blocked');\n};\n";

/// The same, written otherwise: another order of claims, other places.
const SAME: &str = "const claim = 'https://example.com/plan';\n\nexports.onExecutePostLogin = async ({ user }, api) => {\n  \
    const { plan, suspended } = user.app_metadata;\n  if (suspended) {\n    api.access.deny('blocked');\n    return;\n  }\n  \
    api.idToken.setCustomClaim(claim, plan);\n};\n";

/// Treats one plan otherwise.
const SUBTLE: &str = "exports.onExecutePostLogin = async (event, api) => {\n  const { plan, suspended } = event.user.app_metadata;\n  \
    api.idToken.setCustomClaim('https://example.com/plan', plan === 'enterprise' ? 'ENTERPRISE' : plan);\n  \
    if (suspended) return api.access.deny('blocked');\n};\n";

fn compare(project: &Path, arguments: &str) -> Finished {
    postlogin(&format!("compare {arguments}"))
        .within(project)
        .finish()
}

#[track_caller]
fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
}

/// Checks the differences between two Actions over generated events: what, its name, both values, and the patch over the sample.
#[track_caller]
fn check(left: &str, right: &str, expected: &[(&str, Value, Value, Value, Value)]) {
    let project = folder(&[("a.js", left), ("b.js", right)]);
    let done = compare(project.path(), "a.js b.js --generate 2000 --format json");
    let found = json_of(&done);
    let told: Vec<(&str, Value, Value, Value, Value)> = found["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                one["what"].as_str().unwrap_or_default(),
                one["name"].clone(),
                one["left"]["value"].clone(),
                one["right"]["value"].clone(),
                one["with"].clone(),
            )
        })
        .collect();
    assert_eq!(told, expected, "{done}");
    assert_eq!(found["format"], "postlogin.comparison/1");
    assert_eq!(found["equal"], expected.is_empty());
    let code = if expected.is_empty() { 0 } else { 100 };
    assert_eq!(done.code, Some(code), "{done}");
}

#[test]
fn the_same_login_written_otherwise_is_equal() {
    check(OLD, SAME, &[]);
    let project = folder(&[("a.js", OLD), ("b.js", SAME)]);
    let done = compare(project.path(), "a.js b.js --generate 300");
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout
            .contains("Equal over 300 generated events (seed 0)"),
        "{done}"
    );
    assert!(
        done.stdout.contains("allowed, "),
        "it says how logins ended: {done}"
    );
}

#[test]
fn one_word_of_the_source_is_enough() {
    check(
        OLD,
        SUBTLE,
        &[(
            "id_token",
            json!("https://example.com/plan"),
            json!("enterprise"),
            json!("ENTERPRISE"),
            json!({"user": {"app_metadata": {"plan": "enterprise"}}}),
        )],
    );
}

#[test]
fn status_metadata_and_commands() {
    let denies = "exports.onExecutePostLogin = async (event, api) => { if (!event.user.email_verified) api.access.deny('verify'); };";
    let fails = "exports.onExecutePostLogin = async (event, api) => { if (!event.user.email_verified) throw new Error('verify'); };";
    check(
        denies,
        fails,
        &[
            (
                "status",
                Value::Null,
                json!("denied"),
                json!("failed"),
                json!({"user": {"email_verified": false}}),
            ),
            (
                "reason",
                Value::Null,
                json!("verify"),
                Value::Null,
                json!({"user": {"email_verified": false}}),
            ),
            (
                "error",
                Value::Null,
                Value::Null,
                json!("Error: verify"),
                json!({"user": {"email_verified": false}}),
            ),
        ],
    );
    let one = "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('n', 1); api.session.setExpiresAt(2e12); };";
    let other =
        "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('n', 2); };";
    check(
        one,
        other,
        &[
            ("app_metadata", json!("n"), json!(1), json!(2), json!({})),
            (
                "command",
                json!("session.setExpiresAt"),
                json!([[2e12 as u64]]),
                Value::Null,
                json!({}),
            ),
        ],
    );
}

#[test]
fn a_dropped_claim_tells_its_rule_and_both_places() {
    let kept = "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim('team', event.user.app_metadata.plan);\n};";
    let dropped = "exports.onExecutePostLogin = async (event, api) => {\n\n  api.idToken.setCustomClaim('roles', event.user.app_metadata.plan);\n};";
    let project = folder(&[("a.js", kept), ("b.js", dropped), ("e.json", "{}")]);
    let done = compare(project.path(), "a.js b.js --generate 1");
    let text = &done.stdout;
    assert!(text.contains("DIFF id_token team"), "{done}");
    assert!(
        text.contains("left  \"pro\"  a.js:2:15  from event.user.app_metadata.plan"),
        "{done}"
    );
    assert!(text.contains("right  nothing\n"), "{done}");
    assert!(!text.contains("roles"), "both tokens lack it: {done}");
}

#[test]
fn requests_are_compared() {
    let action = |score: &str| {
        format!(
            "exports.onExecutePostLogin = async (event, api) => {{ await fetch('https://api.example.com/log', {{ method: 'POST', \
             body: JSON.stringify({{ score: {score}, id: 1 }}) }}); }};"
        )
    };
    let http = "- request: { method: POST, url: https://api.example.com/log }\n  response: { status: 204 }\n";
    let project = folder(&[
        ("a.js", &action("1")),
        ("b.js", &action("2")),
        ("h.yaml", http),
    ]);
    let done = compare(
        project.path(),
        "a.js b.js --generate 5 --http h.yaml --format json",
    );
    assert_eq!(done.code, Some(100), "{done}");
    let found = json_of(&done);
    assert_eq!(found["logins"]["unanswered"], 0);
    let difference = &found["differences"][0];
    assert_eq!(difference["name"], "POST https://api.example.com/log");
    assert_eq!(
        difference["left"]["value"],
        json!([{"body": {"score": 1, "id": 1}}])
    );
    assert_eq!(difference["logins"], 5);
    let done = compare(project.path(), "a.js a.js --generate 5");
    assert!(done.stdout.contains("5 logins asked the network"), "{done}");
}

#[test]
fn events_cases_and_chains() {
    let project = folder(&[
        ("a.js", OLD),
        ("b.js", SUBTLE),
        ("quiet.js", "exports.onExecutePostLogin = async () => {};"),
        (
            "e.json",
            "{\"user\": {\"app_metadata\": {\"plan\": \"enterprise\"}}, \"transaction\": {\"requested_scopes\": [\"openid\"]}}",
        ),
        (
            "t/a.case.yaml",
            "actions: [../a.js]\ncases:\n  - description: free\n    with: { user: { app_metadata: { plan: free } } }\n  \
             - description: big\n    with: { user: { app_metadata: { plan: enterprise } } }\n",
        ),
    ]);
    let done = compare(
        project.path(),
        "a.js,quiet.js quiet.js,b.js --cases t --format json",
    );
    let found = json_of(&done);
    assert_eq!(found["left"]["actions"], json!(["a", "quiet"]));
    assert_eq!(found["logins"]["cases"], 2);
    assert_eq!(found["logins"]["generated"], 0);
    assert_eq!(found["differences"][0]["first"], json!({"case": "t/a big"}));
    assert_eq!(found["differences"][0]["logins"], 1);
    let done = compare(project.path(), "a.js b.js --event e.json --format json");
    let found = json_of(&done);
    assert_eq!(found["differences"][0]["first"], json!({"event": "e.json"}));
}

#[test]
fn what_differs_becomes_cases_that_the_first_side_passes() {
    let project = folder(&[("a.js", OLD), ("b.js", SUBTLE)]);
    let done = compare(
        project.path(),
        "a.js b.js --generate 2000 --write cases/d.case.yaml",
    );
    assert_eq!(done.code, Some(100), "{done}");
    let done = postlogin("test cases").within(project.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    std::fs::write(project.path().join("a.js"), SUBTLE).expect("it can be written");
    let done = postlogin("test cases").within(project.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    let done = compare(project.path(), "a.js b.js --write cases/d.case.yaml");
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("the file is there"), "{done}");
}

#[test]
fn secrets_are_hidden_and_jobs_change_nothing() {
    let action = |end: &str| {
        format!(
            "exports.onExecutePostLogin = async (event, api) => {{ api.idToken.setCustomClaim('x', event.secrets.KEY + '{end}'); }};"
        )
    };
    let project = folder(&[("a.js", &action("1")), ("b.js", &action("2"))]);
    let run = |jobs: usize| {
        compare(
            project.path(),
            &format!(
                "a.js b.js --generate 200 --secret KEY=sesame-open --format json --jobs {jobs}"
            ),
        )
    };
    let done = run(1);
    assert!(!done.printed().contains("sesame"), "{done}");
    assert!(done.stdout.contains("***1"), "{done}");
    assert_eq!(done.stdout, run(4).stdout);
}

#[test]
fn bad_arguments() {
    let project = folder(&[
        ("a.js", OLD),
        ("b.txt", ""),
        ("c.js", "exports.onExecutePostLogin = async ("),
    ]);
    for (arguments, code, expected) in [
        ("a.js", 2, "required"),
        ("a.js none.js", 2, "none.js"),
        ("a.js c.js", 101, "c.js"),
        ("a.js a.js --generate 0", 4, "no login"),
        ("a.js a.js --event none.json", 2, "none.json"),
        ("a.js a.js --cases b.txt", 2, "b.txt"),
        (
            "a.js a.js --now yesterday",
            2,
            "`yesterday` is not a valid time",
        ),
        ("a.js a.js --write b.txt", 2, "the file is there"),
        ("a.js a.js --write x.yaml", 2, ".case.yaml"),
    ] {
        let done = compare(project.path(), arguments);
        assert_eq!(done.code, Some(code), "{arguments}: {done}");
        assert!(done.stderr.contains(expected), "{arguments}: {done}");
    }
}
