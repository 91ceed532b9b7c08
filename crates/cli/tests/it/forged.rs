//! No text of a profile, an Action, a file name or an argument forges a line of any output.

use serde_json::Value;

use crate::support::{Finished, folder, postlogin};

#[path = "../../../core/src/escape/tests/github_runner.rs"]
mod github_runner;

use github_runner::commands;

/// Sequences for a terminal, workflow commands, characters that XML has no place for, a change of direction.
const HOSTILE: &str = r"\u001b[31mRED\u001b[0m\u001b]0;title\u0007\n::error::INJ\r\n  ::set-output name=a::b\u0000\ufffe\u202e]]>&<x> ##[add-mask]y\n##vso[task.setvariable variable=a]b\nok 9 - forged # SKIP";

/// Prints, throws and sets what the profile holds.
const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { x, deny, fail } = event.user.user_metadata;
  console.log(x); console.error(`a\\t${x}`);
  api.idToken.setCustomClaim(`https://x/${x}`, x);
  api.idToken.setCustomClaim('roles', { [x]: [x] });
  api.accessToken.setCustomClaim('https://x/a', x);
  api.user.setUserMetadata('y', x);
  if (deny) api.access.deny(x);
  if (fail) { const error = new TypeError(x); error.name = x; throw error; }
};
";

fn cases() -> String {
    let case = |what: &str, expect: &str| {
        format!(
            "  - description: \"{what} {HOSTILE}\"\n    with: {{ user: {{ user_metadata: {{ x: \"{HOSTILE}\", {what}: true }} }} }}\n    \
             expect: {{ {expect} }}\n"
        )
    };
    let skipped = format!("  - description: \"waits {HOSTILE}\"\n    skip: \"{HOSTILE}\"\n");
    let claims = format!(
        "status: allowed, id_token: {{ \"https://x/a\": 5, \"{HOSTILE}\": [\"{HOSTILE}\"] }}"
    );
    [
        "actions: [a.js]\ncases:\n".to_owned(),
        case("deny", &claims),
        case("fail", &claims),
        case(
            "pass",
            &format!("{claims}, reason: \"{HOSTILE}\", logs: [\"{HOSTILE}\"]"),
        ),
        skipped,
    ]
    .concat()
}

fn project() -> tempfile::TempDir {
    folder(&[("a.js", ACTION), ("t.case.yaml", &cases())])
}

fn is_bad(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{2028}')
}

#[track_caller]
fn assert_harmless(text: &str) {
    assert_eq!(commands(text), [], "{text}");
    assert_eq!(text.chars().find(|letter| is_bad(*letter)), None, "{text}");
}

/// Both streams are harmless.
#[track_caller]
fn check(done: &Finished) {
    assert_harmless(&done.stdout);
    assert_harmless(&done.stderr);
}

fn user() -> String {
    format!(r#"{{"user_id": "auth0|1", "user_metadata": {{"x": "{HOSTILE}"}}}}"#)
}

#[test]
fn tests_for_people() {
    let folder = project();
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(102), "{done}");
    check(&done);
    assert!(done.stdout.contains(r"\x1b[31mRED"), "it is shown: {done}");
    assert!(
        done.stdout.contains(r"\x3a:error::INJ"),
        "it is shown: {done}"
    );
    let colored = postlogin("test --color always")
        .within(folder.path())
        .finish();
    let styles = regex_lite::Regex::new("\x1b\\[[0-9;]*m").expect("the pattern is right");
    assert_harmless(&styles.replace_all(&colored.stdout, ""));
    assert_harmless(&colored.stderr);
}

#[test]
fn tests_for_programs() {
    let folder = project();
    let github = postlogin("test --reporter github=github.txt --reporter tap=tap.txt --reporter junit=junit.xml --reporter json=json.txt --reporter human=human.txt")
        .within(folder.path())
        .finish();
    assert_eq!(github.code, Some(102), "{github}");
    check(&github);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    for name in ["tap.txt", "junit.xml", "json.txt", "human.txt"] {
        assert_harmless(&read(name));
    }
    let annotations = read("github.txt");
    let read_back = commands(&annotations);
    assert_eq!(
        read_back.len(),
        annotations.lines().count(),
        "{annotations}"
    );
    assert!(
        read_back.iter().all(|command| command.name == "error"),
        "{annotations}"
    );
    let titles: Vec<&str> = read_back
        .iter()
        .map(|command| command.properties[3].1.as_str())
        .collect();
    assert!(titles[0].starts_with("t deny \\x1b[31mRED"), "{titles:?}");
    let points = |line: &&str| line.starts_with("ok ") || line.starts_with("not ok ");
    assert_eq!(read("tap.txt").lines().filter(points).count(), 4);
    // On stdout, too, which may be the log of a build.
    for format in ["tap", "junit", "json"] {
        let done = postlogin(&format!("test --reporter {format}"))
            .within(folder.path())
            .finish();
        check(&done);
    }
}

#[test]
fn one_login() {
    let folder = project();
    std::fs::write(folder.path().join("user.json"), user()).expect("a file can be written");
    for set in [
        "",
        "--set user.user_metadata.deny=true",
        "--set user.user_metadata.fail=true",
    ] {
        for command in [
            "run a.js",
            "explain a.js --why roles",
            "compare a.js b.js --generate 5",
        ] {
            let user = match command.starts_with("compare") {
                true => "",
                false => "--user user.json",
            };
            if !user.is_empty() || set.is_empty() {
                std::fs::write(folder.path().join("b.js"), ACTION.replace("'y'", "`z${x}`"))
                    .expect("a file");
                for format in ["human", "json"] {
                    let done = postlogin(&format!("{command} {user} {set} --format {format}"))
                        .within(folder.path())
                        .finish();
                    check(&done);
                    if format == "json" {
                        assert!(
                            serde_json::from_str::<Value>(&done.stdout).is_ok(),
                            "{done}"
                        );
                    } else if !user.is_empty() {
                        assert!(
                            done.stdout.contains(r"\x1b[31mRED")
                                || done.stdout.contains(r"\u001b[31mRED"),
                            "{done}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn messages_about_arguments() {
    let hostile = "x\u{1b}[2J\n::error::INJ\n  ::add-mask::y\r##[error]z\n\nerror: forged\u{202e}";
    for arguments in [
        vec!["run", hostile],
        vec!["test", hostile],
        vec!["check", hostile],
        vec!["explain", hostile],
        vec!["build", hostile],
        vec!["compare", hostile, hostile],
        vec!["email", hostile],
        vec![hostile],
        vec!["run", "a.js", "--event", hostile],
        vec!["run", "a.js", "--set", hostile],
        vec!["run", "a.js", "--now", hostile],
        vec!["run", "a.js", "--format", hostile],
        vec!["run", "a.js", "--secret", hostile],
        vec!["run", "a.js", "--secret", &format!("{hostile}=v")],
        vec!["run", "a.js", "--http", hostile],
        vec!["test", "--reporter", hostile],
        vec!["test", &format!("--coverage={hostile}")],
        vec!["test", "--fuzz", hostile],
    ] {
        let folder = project();
        let mut invocation = postlogin("").within(folder.path());
        for argument in &arguments {
            invocation = invocation.arg(argument);
        }
        let done = invocation.finish();
        check(&done);
        let first = |line: &str| {
            ["error:", "warning:", "hint:", " ", "\t"]
                .iter()
                .any(|begin| line.starts_with(begin))
        };
        if done.code == Some(2) {
            assert!(
                done.stderr
                    .lines()
                    .all(|line| line.is_empty() || first(line)),
                "{arguments:?}: {done}"
            );
            assert!(
                !done.stderr.contains("\nerror: forged"),
                "{arguments:?}: {done}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn names_of_files() {
    let name = "a\u{1b}[2J\n::error::INJ\r##[add-mask]\u{202e}'\"<b>.js";
    let wrong = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('roles', 1); api.nope(); };\n";
    let case = format!(
        "actions: [{}]\nexpect: {{ status: denied }}\n",
        Value::from(name)
    );
    let folder = folder(&[(name, wrong), ("b\u{1b}\n::error::x.case.yaml", &case)]);
    for arguments in [
        vec!["run", name],
        vec!["check", name],
        vec!["check", name, "--format", "sarif"],
        vec!["check", name, "--format", "json"],
        vec!["test"],
        vec!["test", "--list"],
        vec![
            "test",
            "--coverage",
            "--coverage=lcov:cov.lcov",
            "--coverage=html:cov.html",
        ],
        vec!["test", "--reporter", "tap", "--coverage"],
        vec!["test", "--reporter", "junit"],
        vec!["test", "--fuzz", "20"],
        vec!["init"],
    ] {
        let mut invocation = postlogin("").within(folder.path());
        for argument in &arguments {
            invocation = invocation.arg(argument);
        }
        check(&invocation.finish());
    }
    let done = postlogin("check --format github")
        .arg(name)
        .within(folder.path())
        .finish();
    let annotations = commands(&done.stdout);
    assert_eq!(annotations.len(), done.stdout.lines().count(), "{done}");
    let lcov = std::fs::read_to_string(folder.path().join("cov.lcov")).expect("a report");
    assert_eq!(
        lcov.lines().filter(|line| line.starts_with("SF:")).count(),
        1,
        "{lcov}"
    );
    assert_harmless(&lcov);
    let html = std::fs::read_to_string(folder.path().join("cov.html")).expect("a report");
    assert!(!html.contains("<b>.js"), "{html}");
}

/// The output for people is bounded, however much there is, and states what is left out.
#[test]
fn large_results_are_bounded() {
    let many = "exports.onExecutePostLogin = async (event, api) => {
  for (let i = 0; i < 2000; i++) api.idToken.setCustomClaim(`https://x/${i % 1000}`, i);
};\n";
    let finding = "  api.nope();\n".repeat(20_000);
    let wrong = format!("exports.onExecutePostLogin = async (event, api) => {{\n{finding}}};\n");
    let line = format!(
        "exports.onExecutePostLogin = async (event, api) => {{{}}};\n",
        "api.nope();".repeat(20_000)
    );
    let folder = folder(&[("many.js", many), ("wrong.js", &wrong), ("line.js", &line)]);
    let run = postlogin("run many.js").within(folder.path()).finish();
    assert!(
        run.stdout.lines().count() < 1_200,
        "{}",
        run.stdout.lines().count()
    );
    assert!(
        run.stdout.contains("more claims in `--format json`"),
        "{run}"
    );
    for file in ["wrong.js", "line.js"] {
        let check = postlogin(&format!("check {file}"))
            .within(folder.path())
            .finish();
        assert_eq!(check.code, Some(100));
        assert!(
            check
                .stdout
                .contains("… and 19801 more findings in `--format json`")
        );
        assert!(check.stdout.contains("✗ 20001 errors in 1 Action"));
        assert!(check.stdout.len() < 1_000_000, "{}", check.stdout.len());
    }
}

/// Configuration that Rules read is given as secrets; what claims are called stays readable.
#[test]
fn namespaces_are_no_secrets() {
    let rule = "function namespaced(user, context, callback) {
  context.idToken[configuration.NAMESPACE + 'roles'] = ['admin'];
  context.idToken[configuration.NAMESPACE + 'key'] = configuration.KEY;
  callback(null, user, context);
}\n";
    let folder = folder(&[("rule.js", rule)]);
    let done = postlogin(
        "run rule.js --secret NAMESPACE=https://example.com/ --secret KEY=hunter2-hunter2",
    )
    .within(folder.path())
    .finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("https://example.com/roles"), "{done}");
    assert!(
        done.stdout.contains("\"***\"") && !done.printed().contains("hunter2"),
        "{done}"
    );
}
