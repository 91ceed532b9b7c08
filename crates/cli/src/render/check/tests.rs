//! The forms of a report.

use postlogin_js::check::{Source, check};
use serde_json::Value;

use postlogin_runner::report::Below;

use super::{Checked, MOST_FOR_PROGRAMS, Report, github, human, json, sarif};

/// A report of one Action.
fn report(file: &str, text: &str) -> Report {
    let source = Source {
        file,
        text,
        declared: None,
    };
    let mut report = Report::default();
    report.add(Checked {
        name: "sample".to_owned(),
        file: file.to_owned(),
        text: text.to_owned(),
        is_rule: false,
        findings: check(&source),
    });
    report
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("memory takes it");
    String::from_utf8(out).expect("it is UTF-8")
}

const WRONG: &str = "exports.onExecutePostLogin = async (event, api) => {\n\tconst é = '🙂'; api.deny(event.clint.name);\n};\n";

#[test]
fn people_see_the_code() {
    let report = report("actions/a/code.js", WRONG);
    let text = written(|out| human(&report, false, 100, out));
    insta::assert_snapshot!(text, @"
    error[unknown-api-method]  actions/a/code.js:2:22
      `api.deny` does not exist
        1 | exports.onExecutePostLogin = async (event, api) => {
      > 2 |   const é = '🙂'; api.deny(event.clint.name);
          |                       ^^^^
        3 | };
      hint: did you mean `api.access.deny`?
      https://auth0.com/docs/actions/reference/post-login/post-login-api-object

    error[unknown-event-path]  actions/a/code.js:2:33
      `event.clint` does not exist in the post-login event (v3)
        1 | exports.onExecutePostLogin = async (event, api) => {
      > 2 |   const é = '🙂'; api.deny(event.clint.name);
          |                                  ^^^^^
        3 | };
      hint: did you mean `event.client`?
      https://auth0.com/docs/actions/reference/post-login/post-login-event-object

    ✗ 2 errors in 1 Action
    ");
}

#[test]
fn commands_are_escaped() {
    let report = report("a, b:c%/code.js", WRONG);
    let text = written(|out| github(&report, &Below::default(), out));
    insta::assert_snapshot!(text, @"
    ::error file=a%2C b%3Ac%25/code.js,line=2,col=22,endColumn=26,title=unknown-api-method::`api.deny` does not exist%0Ahint: did you mean `api.access.deny`?
    ::error file=a%2C b%3Ac%25/code.js,line=2,col=33,endColumn=38,title=unknown-event-path::`event.clint` does not exist in the post-login event (v3)%0Ahint: did you mean `event.client`?
    ");
}

/// The demands of the schema of SARIF 2.1.0 on this output, as far as they can be stated without the schema:
/// required properties, their types, and references that lead somewhere.
#[test]
fn sarif_has_the_structure_of_its_schema() {
    let text = written(|out| {
        sarif(
            &report("my actions/é/code.js", WRONG),
            &Below::default(),
            out,
        )
    });
    let log: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let [run] = log["runs"].as_array().expect("a list").as_slice() else {
        panic!("one run")
    };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "postlogin");
    let rules = driver["rules"].as_array().expect("a list");
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
        assert!(
            ["error", "warning"].contains(
                &rule["defaultConfiguration"]["level"]
                    .as_str()
                    .expect("a word")
            )
        );
    }
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 2);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a number");
        let rule = &rules[usize::try_from(index).expect("small")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string());
        let physical = &result["locations"][0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"]
            .as_str()
            .expect("a text");
        assert_eq!(uri, "my%20actions/%C3%A9/code.js");
        let region = &physical["region"];
        let number = |key: &str| region[key].as_u64().expect("a number");
        assert!(number("startLine") >= 1 && number("endColumn") > number("startColumn"));
    }
}

#[test]
fn formats_for_programs_are_bounded_and_count_the_rest() {
    let text = "exports.onExecutePostLogin = async (event, api) => { BODY };\n"
        .replace("BODY", &"api.nope();\n".repeat(MOST_FOR_PROGRAMS + 2));
    let report = report("a.js", &text);
    let left_out = report.findings().count() - MOST_FOR_PROGRAMS;
    assert!(left_out > 0);

    let document: Value = serde_json::from_str(&written(|out| json(&report, out))).expect("JSON");
    let listed = document["findings"].as_array().expect("a list").len();
    assert_eq!(listed, MOST_FOR_PROGRAMS);
    assert_eq!(document["summary"]["left_out"], left_out);

    let log: Value =
        serde_json::from_str(&written(|out| sarif(&report, &Below::default(), out))).expect("JSON");
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().expect("a list").len(), listed);
    let notifications = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(
        notifications[0]["message"]["text"],
        format!("{left_out} more findings left out")
    );

    let commands = written(|out| github(&report, &Below::default(), out));
    assert_eq!(commands.lines().count(), MOST_FOR_PROGRAMS + 1);
    let last = commands.lines().last();
    assert_eq!(
        last,
        Some(&*format!(
            "::warning title=left-out::{left_out} more findings left out"
        ))
    );
}
