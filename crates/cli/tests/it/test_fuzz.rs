//! `postlogin test --fuzz`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Finished, folder, postlogin};

const DEEP: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    api.idToken.setCustomClaim('https://example.com/c', event.user.user_metadata.a.b.c);\n};\n";

const NO_ORGANIZATION: &str = "exports.onExecutePostLogin = async (event, api) => {\n  if (event.organization) {\n    \
    api.idToken.setCustomClaim('https://example.com/org', event.organization.metadata.plan.toUpperCase());\n  }\n};\n";

const REFRESH: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    if (event.transaction?.protocol === 'oauth2-refresh-token') {\n    throw new TypeError('no session');\n  }\n};\n";

const LOST: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    if (event.user.app_metadata.team === 'platform') api.idToken.setCustomClaim('roles', ['x']);\n};\n";

const LOUD: &str =
    "exports.onExecutePostLogin = async (event) => {\n  console.log(event.user.name);\n};\n";

const GOOD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  \
    const hobby = event.user.user_metadata.hobby;\n  if (typeof hobby === 'string') {\n    \
    api.idToken.setCustomClaim('https://example.com/hobby', hobby);\n  }\n};\n";

fn fuzz(project: &Path, arguments: &str) -> Finished {
    postlogin(&format!("test --fuzz {arguments}"))
        .within(project)
        .finish()
}

/// Returns the findings, as JSON lines; nothing of them depends on the machine but durations.
fn findings(done: &Finished) -> Vec<Value> {
    let lines = done.stdout.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON on each line"));
    let found = lines.filter(|line| line["type"] == "case-finished");
    found.map(|line| line["failures"][0].clone()).collect()
}

/// One Action, its findings in order: the kind, the line and the patch over the sample of each.
#[track_caller]
fn check(action: &str, code: i32, expected: &[(&str, u64, Value)]) {
    let project = folder(&[("a.js", action)]);
    let done = fuzz(project.path(), "2000 a.js --reporter json");
    assert_eq!(done.code, Some(code), "{done}");
    let found = findings(&done);
    let told: Vec<(&str, u64, Value)> = found
        .iter()
        .map(|one| {
            let kind = one["kind"].as_str().unwrap_or_default();
            let line = one["location"]["line"].as_u64().unwrap_or_default();
            (kind, line, one["with"].clone())
        })
        .collect();
    assert_eq!(told, expected);
    for one in &found {
        // The case that was written fails in the same way.
        let file = one["case"].as_str().expect("a file was written");
        let again = postlogin("test").arg(file).within(project.path()).finish();
        assert_eq!(again.code, Some(code), "{again}");
        assert_eq!(one["command"], format!("postlogin test {file}"));
    }
}

#[test]
fn what_is_not_there_is_found() {
    check(
        DEEP,
        102,
        &[
            ("throws", 2, json!({})),
            ("throws", 2, json!({"user": {"user_metadata": {"a": {}}}})),
        ],
    );
}

#[test]
fn the_smallest_organization_is_told() {
    let project = folder(&[("a.js", NO_ORGANIZATION)]);
    let done = fuzz(project.path(), "2000 a.js --reporter json");
    let found = findings(&done);
    assert_eq!(found.len(), 1, "{done}");
    let with = &found[0]["with"];
    assert_eq!(with["organization"]["metadata"], json!({}));
    let keys = with.as_object().expect("a patch");
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["organization"], "{done}");
}

#[test]
fn one_protocol_is_enough() {
    check(
        REFRESH,
        102,
        &[(
            "throws",
            3,
            json!({"transaction": {"protocol": "oauth2-refresh-token"}}),
        )],
    );
}

#[test]
fn a_lost_claim_is_a_finding() {
    check(
        LOST,
        100,
        &[(
            "loses-claim",
            2,
            json!({"user": {"app_metadata": {"team": "platform"}}}),
        )],
    );
}

#[test]
fn a_limit_is_a_finding() {
    let project = folder(&[("a.js", LOUD)]);
    let done = fuzz(project.path(), "1000 a.js --reporter json");
    assert_eq!(done.code, Some(100), "{done}");
    let found = findings(&done);
    assert_eq!(found.len(), 1, "{done}");
    assert_eq!(found[0]["notice"]["code"], "logs-truncated");
    let name = found[0]["with"]["user"]["name"].as_str();
    assert_eq!(name.map(|name| name.chars().count()), Some(256), "{done}");
}

#[test]
fn a_mended_action_passes_and_the_case_stays() {
    let project = folder(&[("a.js", DEEP)]);
    assert_eq!(fuzz(project.path(), "100 a.js").code, Some(102));
    let mended = DEEP.replace("user_metadata.a.b.c", "user_metadata.a?.b?.c");
    fs::write(project.path().join("a.js"), mended).expect("it can be written");
    let done = fuzz(project.path(), "500 a.js");
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("500 logins: nothing found"), "{done}");
    let done = postlogin("test fuzz").within(project.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(fuzz(project.path(), "200 a.js").code, Some(0));
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let three = format!("{DEEP}\n");
    let project = folder(&[("a.js", &three), ("b.js", REFRESH), ("c.js", GOOD)]);
    let run = |jobs: usize| {
        let arguments = format!("600 a.js b.js c.js --seed 9 --reporter json --jobs {jobs}");
        let found = findings(&fuzz(project.path(), &arguments));
        assert_eq!(found.len(), 3);
        found
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn nothing_is_overwritten_and_nothing_is_written_in_ci() {
    let project = folder(&[("a.js", DEEP)]);
    let done = postlogin("test --fuzz 50 a.js")
        .within(project.path())
        .env("CI", "true")
        .finish();
    assert_eq!(done.code, Some(102), "{done}");
    assert!(!project.path().join("fuzz").exists(), "{done}");
    assert!(done.stdout.contains("postlogin test --fuzz"), "{done}");

    fuzz(project.path(), "50 a.js");
    let file = project.path().join("fuzz/a-type-error-line-2.case.yaml");
    let first = fs::read_to_string(&file).expect("it was written");
    let again = fuzz(project.path(), "60 a.js --seed 4");
    assert!(again.stdout.contains("it was there already"), "{again}");
    fs::write(&file, format!("{first}skip: true\n")).expect("it can be written");
    fuzz(project.path(), "50 a.js");
    let kept = fs::read_to_string(&file).expect("it is still there");
    assert_eq!(kept, format!("{first}skip: true\n"));
    let written = fs::read_dir(project.path().join("fuzz")).expect("the folder is there");
    let mut texts = written.map(|entry| fs::read_to_string(entry.expect("an entry").path()));
    assert!(
        texts.any(|text| text.ok().as_ref() == Some(&first)),
        "under another name"
    );
}

#[test]
fn cases_give_the_network_and_secrets_are_made_up() {
    let action = "exports.onExecutePostLogin = async (event, api) => {\n  \
        const answer = await fetch('https://api.example.com/score', { headers: { key: event.secrets.KEY.trim() } });\n  \
        const { score } = await answer.json();\n  \
        api.idToken.setCustomClaim('https://example.com/score', score + event.user.nickname.length);\n};\n";
    let case = "actions: [../a.js]\nhttp:\n  - request: { url: https://api.example.com/score }\n    response: { json: { score: 3 } }\n  \
        - request: { url: https://api.example.com/other }\n    response: { json: {} }\n    times: 1\n\
        expect: { notices: [mock-unused] }\nsecrets: { KEY: real }\n";
    let project = folder(&[("a.js", action), ("t/a.case.yaml", case)]);
    let done = fuzz(project.path(), "400 t --reporter json");
    assert_eq!(done.code, Some(102), "{done}");
    let found = findings(&done);
    assert_eq!(found.len(), 1, "{done}");
    assert_eq!(
        found[0]["with"],
        json!({"user": {"nickname": null}}),
        "{done}"
    );
    assert_eq!(found[0]["case"], "t/fuzz/a-type-error-line-4.case.yaml");
    let text = fs::read_to_string(project.path().join("t/fuzz/a-type-error-line-4.case.yaml"))
        .expect("it was written");
    assert!(
        text.contains("/score") && !text.contains("/other"),
        "{text}"
    );
    assert!(!text.contains("real"), "{text}");
    // Without the case, nothing can be told of what comes after the request.
    let done = fuzz(folder(&[("a.js", action)]).path(), "20 a.js");
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout.contains("20 logins asked the network"),
        "{done}"
    );
}

#[test]
fn the_binding_is_one_target_and_the_action_alone_is_told() {
    let done = postlogin("test --fuzz 300 --reporter json")
        .env("CI", "1")
        .finish();
    let first: Value = serde_json::from_str(done.stdout.lines().next().unwrap_or_default())
        .expect("a line of JSON");
    assert_eq!(
        first["targets"],
        json!(["deny-by-metadata, copy-user-metadata, api-access-claims"])
    );
    assert_eq!(done.code, Some(0), "the samples expect everything: {done}");
}

#[test]
fn every_reporter_tells_a_finding() {
    let project = folder(&[("a.js", DEEP)]);
    for (reporter, expected) in [
        ("human", "a throws TypeError"),
        ("junit", "type=\"throws\""),
        ("github", "::error file=a.js,line=2,col="),
        ("tap", "not ok 1 - a throws TypeError"),
    ] {
        let done = fuzz(project.path(), &format!("40 a.js --reporter {reporter}"));
        assert_eq!(done.code, Some(102), "{done}");
        assert!(done.stdout.contains(expected), "{reporter}: {done}");
    }
    let good = folder(&[("a.js", GOOD)]);
    for reporter in ["human", "junit", "github", "tap", "json"] {
        let done = fuzz(good.path(), &format!("40 a.js --reporter {reporter}"));
        assert_eq!(done.code, Some(0), "{done}");
    }
}

#[test]
fn bad_arguments() {
    let project = folder(&[("a.js", GOOD)]);
    for (arguments, expected) in [
        ("0 a.js", "it must be at least 1"),
        ("10x a.js", "neither a number nor a duration"),
        ("nothing.js", "nothing.js"),
        ("10", "no Action to generate logins for"),
        ("10 a.js --watch", "cannot be used with"),
    ] {
        let done = fuzz(project.path(), arguments);
        assert!(matches!(done.code, Some(2 | 4)), "{done}");
        assert!(done.stderr.contains(expected), "{arguments}: {done}");
    }
    let broken = folder(&[("a.js", "exports.onExecutePostLogin = async (")]);
    let done = fuzz(broken.path(), "10 a.js");
    assert_eq!(done.code, Some(101), "{done}");
}
