//! `postlogin test`: which cases run, how they end, and the exit codes.

use crate::support::{assert_command, folder, postlogin};

const GREETS: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { hobby, fail } = event.user.user_metadata;
  if (fail) throw new RangeError(`too ${fail}`);
  console.log('hello', event.user.name);
  api.idToken.setCustomClaim('https://example.com/hobby', hobby);
};
";

fn greets(cases: &str) -> tempfile::TempDir {
    folder(&[("greets.js", GREETS), ("tests/greets.case.yaml", cases)])
}

#[test]
fn the_repository_passes_its_own_cases() {
    let done = postlogin("test").finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains(" 0 skipped"), "{done}");
}

#[test]
fn a_failed_claim_is_told_with_its_ledger() {
    let folder = greets(
        "actions: [../greets.js]\ncases:\n  - description: the hobby is there\n    with: { user: { user_metadata: { hobby: chess } } }\n    \
         expect:\n      id_token:\n        https://example.com/hobby: surfing\n  - description: nobody is greeted\n    expect: { logs: [] }\n",
    );
    assert_command!(postlogin("test").within(folder.path()), @r#"
    exit code: 100
    ----- stdout -----
        Starting 2 cases in 1 file
            FAIL [time] tests/greets the hobby is there
            PASS [time] tests/greets nobody is greeted

      FAIL tests/greets the hobby is there
      id_token["https://example.com/hobby"] is not as expected  tests/greets.case.yaml:7:36
        expected  "surfing"
          actual  "chess"
          ledger  kept: greets set "chess" at greets.js:5:15, from event.user.user_metadata.hobby
             log  hello Jane Doe
    ────────────
         Summary [time] 2 cases run: 1 passed, 1 failed, 0 skipped
    "#);
}

#[test]
fn a_claim_that_was_called_for_without_a_value_is_told() {
    let folder = greets(
        "actions: [../greets.js]\ncases:\n  - description: the hobby is there\n    with: { user: { user_metadata: { hobby: null } } }\n    \
         expect:\n      id_token:\n        https://example.com/hobby: surfing\n",
    );
    let done = postlogin("test").within(folder.path()).finish();
    let told = "ledger  no claim is set: greets called idToken.setCustomClaim with undefined at greets.js:5:15";
    assert!(done.stdout.contains(told), "{done}");
    assert!(!done.stdout.contains("no Action set"), "{done}");
}

#[test]
fn a_failure_that_no_case_expects_is_another_exit_code() {
    let folder = greets(
        "actions: [../greets.js]\nwith: { user: { user_metadata: { fail: far } } }\ncases:\n  - description: unexpected\n  \
         - description: expected\n    expect: { error: { name: RangeError, message: too * } }\n",
    );
    assert_command!(postlogin("test").within(folder.path()), @"
    exit code: 102
    ----- stdout -----
        Starting 2 cases in 1 file
            FAIL [time] tests/greets unexpected
            PASS [time] tests/greets expected

      FAIL tests/greets unexpected
      the login failed: RangeError: too far  tests/greets.case.yaml:4:5
          thrown  RangeError in greets at greets.js:3:19
                  at exports.onExecutePostLogin (greets.js:3:19)
    ────────────
         Summary [time] 2 cases run: 1 passed, 1 failed, 0 skipped
    ");
}

#[test]
fn an_action_that_is_none_is_told_once() {
    let folder = folder(&[
        ("broken.js", "exports.onExecutePostLogin = async ( => {};\n"),
        (
            "a.case.yaml",
            "actions: [broken.js]\ncases:\n  - description: one\n  - description: two\n",
        ),
    ]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(101), "{done}");
    assert_eq!(done.stdout.matches("broken.js:1:").count(), 1, "{done}");
    assert!(done.stdout.contains("the same as in a one"), "{done}");
}

#[test]
fn cases_are_picked_by_name_path_and_shard() {
    let cases = "actions: [../greets.js]\ncases:\n  - description: one\n  - description: two\n  - description: three\n";
    let folder = greets(cases);
    let listed = |arguments: &str| {
        let done = postlogin(&format!("test --list {arguments}"))
            .within(folder.path())
            .finish();
        done.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = ["tests/greets one", "tests/greets two", "tests/greets three"];
    assert_eq!(listed(""), all);
    assert_eq!(listed("tests"), all);
    assert_eq!(listed("tests/greets.case.yaml"), all);
    assert_eq!(listed("--filter two"), [all[1]]);
    assert_eq!(listed("--filter t.*e$ --filter one"), [all[0], all[2]]);
    assert_eq!(listed("--shard 1/2"), [all[0], all[2]]);
    assert_eq!(listed("--shard 2/2"), [all[1]]);
    assert_command!(postlogin("test --filter four").within(folder.path()), @"
    exit code: 4
    ----- stderr -----
    error: none of the 3 cases fits the filter or the shard
    hint: `postlogin test --list` prints the names of all cases
    ");
    assert_command!(postlogin("test --filter four --no-tests pass").within(folder.path()), @"
    exit code: 0
    ----- stderr -----
    no case was found
    ");
    assert_command!(postlogin("test --shard 3/2").within(folder.path()), @"
    exit code: 2
    ----- stderr -----
    error: invalid value '3/2' for '--shard <K/N>': write K/N with K from 1 to N, as in 2/4
    hint: `postlogin test --help` lists the options
    ");
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let mut cases = "actions: [../greets.js]\nmatrix: { user.user_metadata.n: [".to_owned();
    cases.push_str(
        &(0..40)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(", "),
    );
    cases.push_str("] }\nexpect: { id_token: { iat: '${user.user_metadata.n}' } }\n");
    let folder = greets(&cases);
    let run = |jobs: &str| {
        let done = postlogin(&format!("test --jobs {jobs}"))
            .within(folder.path())
            .finish();
        assert_eq!(done.code, Some(100));
        done.to_string()
    };
    assert_eq!(run("1"), run("8"));
}

#[test]
fn fail_fast_begins_no_further_case() {
    let folder = greets(
        "actions: [../greets.js]\ncases:\n  - description: one\n    expect: { status: denied }\n  - description: two\n",
    );
    let done = postlogin("test --fail-fast --jobs 1")
        .within(folder.path())
        .finish();
    assert_eq!(done.code, Some(100), "{done}");
    assert!(
        done.stdout.contains("1/2 case run: 0 passed, 1 failed"),
        "{done}"
    );
}

#[test]
fn the_network_of_a_case_must_fit() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
  const answer = await fetch('https://api.example.com/score/1');
  api.idToken.setCustomClaim('https://example.com/score', (await answer.json()).score);
};
";
    let folder = folder(&[
        ("score.js", action),
        (
            "a.case.yaml",
            "actions: [score.js]\ncases:\n  - description: answered\n    http:\n      - request: { url: 'https://api.example.com/score/*' }\n        \
             response: { json: { score: 12 } }\n    expect: { id_token: { 'https://example.com/score': 12 } }\n  - description: unused\n    http:\n      \
             - request: { url: 'https://api.example.com/score/*' }\n        response: { json: { score: 12 } }\n      - request: { url: 'https://never.example.com' }\n        \
             response: { status: 500 }\n  - description: refused\n    expect: { status: failed }\n",
        ),
    ]);
    let done = postlogin("test --jobs 1").within(folder.path()).finish();
    assert_eq!(done.code, Some(100), "{done}");
    for expected in [
        "PASS [   ",
        "no request used mock 2 (* https://never.example.com)",
        "GET https://api.example.com/score/1 was refused",
    ] {
        assert!(done.stdout.contains(expected), "{expected}: {done}");
    }
}

#[test]
fn secrets_are_hidden_in_reports() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
  console.log(`the key is ${event.secrets.KEY}`);
  api.idToken.setCustomClaim('https://example.com/key', event.secrets.KEY);
};
";
    let folder = folder(&[
        ("leaks.js", action),
        (
            "a.case.yaml",
            "actions: [leaks.js]\nsecrets: { KEY: hunter2hunter2 }\nexpect: { id_token: { 'https://example.com/key': x } }\nsnapshot: true\n",
        ),
    ]);
    for reporter in ["human", "json", "junit", "tap", "github"] {
        let done = postlogin("test --reporter")
            .arg(reporter)
            .within(folder.path())
            .finish();
        assert_eq!(done.code, Some(100), "{done}");
        assert!(done.stdout.contains("***"), "{done}");
        assert!(!done.printed().contains("hunter2"), "{reporter}: {done}");
    }
    let waiting = std::fs::read_to_string(folder.path().join("a.snap.new")).expect("it waits");
    assert!(!waiting.contains("hunter2"), "{waiting}");
}

#[test]
fn a_tag_that_no_case_has_is_told_with_those_that_there_are() {
    let project = folder(&[
        ("quiet.js", crate::support::QUIET),
        (
            "a.case.yaml",
            "cases:\n  - { description: one, actions: [quiet.js], tags: [slow, mfa] }\n  - { description: two, actions: [quiet.js], tags: [login] }\n",
        ),
        (
            "b/b.case.yaml",
            "description: bare\nactions: [../quiet.js]\n",
        ),
    ]);
    let run = |arguments: &str| postlogin(arguments).within(project.path()).finish();
    for (arguments, message, hint) in [
        (
            "test --tag slw",
            "no case has the tag `slw`",
            "did you mean `slow`? tags are login, mfa, slow",
        ),
        (
            "test --tag nothing",
            "no case has the tag `nothing`",
            "tags are login, mfa, slow",
        ),
        (
            "test --tag x --tag y",
            "no case has one of the tags `x`, `y`",
            "tags are login, mfa, slow",
        ),
        (
            "test b --tag slow",
            "no case has the tag `slow`",
            "no case has tags; write them as `tags: [slow]`",
        ),
        (
            "test --tag slow --filter two",
            "none of the 3 cases fits",
            "postlogin test --list",
        ),
    ] {
        let done = run(arguments);
        assert_eq!(done.code, Some(4), "{done}");
        assert!(done.stderr.contains(message), "{done}");
        assert!(done.stderr.contains(hint), "{done}");
    }
    assert_eq!(run("test --tag slow --tag nothing").code, Some(0));
}
