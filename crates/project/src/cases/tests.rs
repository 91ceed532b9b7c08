//! The meaning of files of cases, and the places of their mistakes.

use std::path::Path;

use serde_json::{Value, json};

use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    folder
}

fn read(folder: &Path, file: &str) -> Result<CaseFile, Mistakes> {
    read_case_file(&folder.join(file), folder, folder, &mut { CASES_BYTES })
}

/// The mistakes of a file `a.case.yaml`, each with its hint.
#[track_caller]
fn check_mistakes(text: &str, expected: &[&str]) {
    let folder = folder(&[("a.case.yaml", text), ("jane.json", "{}")]);
    let mistakes = read(folder.path(), "a.case.yaml").expect_err("the file is wrong");
    let shown: Vec<String> = mistakes
        .iter()
        .map(|error| match &error.hint {
            Some(hint) => format!("{error} | {hint}"),
            None => error.to_string(),
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

#[track_caller]
fn names(text: &str) -> Vec<String> {
    let folder = folder(&[("t/a.case.yaml", text)]);
    let file = read(folder.path(), "t/a.case.yaml").expect("the file is right");
    file.cases.iter().map(|case| case.name.clone()).collect()
}

#[test]
fn every_mistake_has_its_place_and_a_hint() {
    check_mistakes(
        "expekt: {}\n",
        &["a.case.yaml:1:1: unknown key `expekt` in a case | did you mean `expect`?"],
    );
    check_mistakes(
        "expect:\n  id_tokn: {}\n  status: alowed\n  commands: [idToken.setCustomClam]\n",
        &[
            "a.case.yaml:2:3: unknown key `id_tokn` in `expect` | did you mean `id_token`?",
            "a.case.yaml:3:11: `status` is one of allowed, denied, redirected, prompted, challenged, failed, not `alowed` | did you mean `allowed`?",
            "a.case.yaml:4:14: the api has no method `idToken.setCustomClam` | did you mean `idToken.setCustomClaim`?",
        ],
    );
    check_mistakes(
        "expect:\n  effects:\n    user_mesage: null\n    metadata:\n      zzz: null\n",
        &[
            "a.case.yaml:3:5: unknown key `user_mesage` in `effects` | did you mean `user_message`?",
            "a.case.yaml:5:7: unknown key `zzz` in `metadata` of `effects` | known keys are user_metadata, app_metadata",
        ],
    );
    check_mistakes(
        "event: jani.json\nsecrets: { A: 1 }\nnow: yesterday\nseed: -1\n",
        &[
            "a.case.yaml:1:8: no file `jani.json` beside this one | did you mean `jane.json`?",
            "a.case.yaml:2:15: the secret `A` must be a text; this is a number | put it in quotes",
            "a.case.yaml:3:6: `now`: `yesterday` is not a valid time | write it as 2026-11-22T10:00:00Z",
            "a.case.yaml:4:7: `seed` must be a whole number from 0; this is a number",
        ],
    );
    check_mistakes(
        "timeout: 20\nmemory: 0MiB\nchallenge: maybe\nwith: []\nactions: {a: b}\n",
        &[
            "a.case.yaml:1:10: `timeout` must be a text; this is a number | put it in quotes",
            "a.case.yaml:2:9: `memory`: it must be greater than zero",
            "a.case.yaml:3:12: `challenge` is one of succeed, fail, not `maybe`",
            "a.case.yaml:4:7: `with` must be an object; this is a list",
            "a.case.yaml:5:10: `actions` must be a list; this is an object",
        ],
    );
    check_mistakes(
        "timeout: 61s\nmemory: 257MiB\n",
        &[
            "a.case.yaml:1:10: `timeout`: a case gives Actions at most 60s | production gives them 20s, and waiting costs no real time here",
            "a.case.yaml:2:9: `memory`: a case gives an Action at most 256MiB | `postlogin run --memory` takes more",
        ],
    );
    check_mistakes(
        "continue: {boddy: {}}\nsteps: []\n",
        &[
            "a.case.yaml:1:1: `continue` and `steps` exclude each other | put it into `steps`: - continue: …",
        ],
    );
    check_mistakes(
        "steps:\n  - challenge: succeed\n    continue: {}\n  - continu: {}\n",
        &[
            "a.case.yaml:2:5: a step has one key | write `continue` and `challenge` as two steps",
            "a.case.yaml:4:5: unknown key `continu` in a step | did you mean `continue`?",
        ],
    );
    check_mistakes(
        "cases:\n  - description: a\n  - description: a\ndescription: x\n",
        &[
            "a.case.yaml:3:5: a second case is named `a`; the first is in line 2 | give each a `description` of its own",
            "a.case.yaml:4:1: unknown key `description` in a file with `cases` | known keys are actions, trigger, connection, token_response, event, user, client, with, set, secrets, secrets_file, cache, modules, now, seed, http, tenant, timeout, memory, continue, challenge, steps, expect, snapshot, skip, todo, tags, cases",
        ],
    );
    check_mistakes(
        "set: { 'user..x': 1 }\nmatrix: { user.name: [] }\n",
        &[
            "a.case.yaml:2:22: `user.name` of the matrix has no values | a case without a row never runs",
        ],
    );
    check_mistakes(
        "matrix: { user.name: [a] }\ndescription: is ${user.nam}\n",
        &["a.case.yaml:2:14: unknown matrix key `${user.nam}` | did you mean `${user.name}`?"],
    );
    check_mistakes("", &["a.case.yaml:1:1: the document is empty"]);
    check_mistakes(
        "- a\n",
        &["a.case.yaml:1:1: a file of cases must be an object; this is a list"],
    );
}

#[test]
fn a_case_that_runs_nothing_is_refused() {
    const HINT: &str =
        "name some; without `actions`, those that the project binds to the trigger run";
    let at = |place: &str| format!("{place}: a case without an Action runs nothing | {HINT}");
    let check = |text: &str, places: &[&str]| {
        let expected: Vec<String> = places.iter().map(|place| at(place)).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check_mistakes(text, &expected);
    };
    check(
        "actions: []\nexpect: { status: allowed }\n",
        &["a.case.yaml:1:10"],
    );
    check(
        "cases:\n  - actions: []\n  - description: binding\n",
        &["a.case.yaml:2:14"],
    );
    // The keys of a file and of a row are those of a case.
    check(
        "actions: []\ncases:\n  - description: a\n",
        &["a.case.yaml:1:10"],
    );
    check(
        "each:\n  - expect: { status: allowed }\n  - actions: []\n",
        &["a.case.yaml:3:14"],
    );
    // A connection's script runs without any Action.
    let connection = "connection: idp\nactions: []\n";
    assert_eq!(names(connection).len(), 1);
    assert_eq!(names("expect: { status: allowed }\n").len(), 1);
}

#[test]
fn cases_are_named_by_what_they_say() {
    assert_eq!(names("snapshot: true\n"), ["a"]);
    assert_eq!(names("description: says  so\n"), ["says so"]);
    assert_eq!(
        names("cases:\n  - snapshot: true\n  - description: b\n"),
        ["case 1", "b"]
    );
    assert_eq!(
        names("description: d\nmatrix: { user.lang: [en, de], client.name: [x] }\n"),
        ["d [lang=en, name=x]", "d [lang=de, name=x]"]
    );
    assert_eq!(
        names("description: speaks ${user.lang}\nmatrix: { user.lang: [en, 5] }\n"),
        ["speaks en", "speaks 5"]
    );
    let folder = folder(&[("t/a.case.yaml", "description: d\n")]);
    let file = read(folder.path(), "t/a.case.yaml").expect("the file is right");
    assert_eq!(file.cases[0].full_name, "t/a d");
    assert_eq!(file.snapshot_file(), folder.path().join("t/a.snap"));
}

#[test]
fn a_row_of_the_matrix_fills_the_event_and_what_is_expected() {
    let folder = folder(&[(
        "a.case.yaml",
        "matrix: { user.user_metadata.n: [1, x] }\nset: { user.name: 'n is ${user.user_metadata.n}' }\n\
         expect: { id_token: { n: '${user.user_metadata.n}' } }\n",
    )]);
    let file = read(folder.path(), "a.case.yaml").expect("the file is right");
    let seen: Vec<Value> = file
        .cases
        .iter()
        .map(|case| {
            let set: Vec<Value> = case
                .set
                .iter()
                .map(|(path, value, _)| json!([path.to_string(), value]))
                .collect();
            json!([set, case.expect.expectations[0].value.to_value()])
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!([
                [["event.user.name", "n is 1"], ["event.user.user_metadata.n", 1]],
                {"n": 1}
            ]),
            json!([
                [["event.user.name", "n is x"], ["event.user.user_metadata.n", "x"]],
                {"n": "x"}
            ]),
        ]
    );
}

#[test]
fn defaults_come_from_the_folders_above_and_the_file() {
    let folder = folder(&[
        (
            "defaults.case.yaml",
            "event: base.json\nsecrets: { A: '1', B: '2' }\nwith: { user: { a: 1, b: 1 } }\nchallenge: fail\n",
        ),
        ("base.json", "{}"),
        (
            "t/defaults.case.yaml",
            "secrets: { B: '3' }\nexpect: { status: denied }\n",
        ),
        (
            "t/a.case.yaml",
            "with: { user: { b: null } }\ncases:\n  - description: one\n    expect: { reason: x }\n    steps: []\n  - description: two\n    expect: { status: allowed }\n",
        ),
    ]);
    let file = read(folder.path(), "t/a.case.yaml").expect("the file is right");
    let [one, two] = file.cases.as_slice() else {
        panic!("{file:?}");
    };
    for case in [one, two] {
        let secrets: Vec<(&str, &str)> = case
            .secrets
            .iter()
            .map(|secret| (secret.name.as_str(), secret.value.as_str()))
            .collect();
        assert_eq!(secrets, [("A", "1"), ("B", "3")]);
        assert_eq!(
            case.with[0].to_value(),
            json!({"user": {"a": 1, "b": null}})
        );
        let Base::File(path, _) = &case.event else {
            panic!("{case:?}");
        };
        assert_eq!(path, &folder.path().join("base.json"));
        assert!(
            case.files.contains(path) && case.files.len() == 4,
            "{case:?}"
        );
    }
    let keys = |case: &Case| -> Vec<&str> {
        let expectations = case.expect.expectations.iter();
        expectations.map(|expected| expected.key.name()).collect()
    };
    assert_eq!(
        (keys(one), keys(two)),
        (vec!["status", "reason"], vec!["status"])
    );
    assert_eq!(one.steps, Steps::Ordered(Vec::new()));
    assert_eq!(
        two.steps,
        Steps::Free {
            continues: Vec::new(),
            passes: Some(false)
        }
    );
}

#[test]
fn files_are_found_in_order_and_once() {
    let folder = folder(&[
        ("b/x.case.yml", ""),
        ("a.case.json", ""),
        ("defaults.case.yaml", ""),
        ("b/x.snap", ""),
        ("b/x.snap.new", ""),
        ("node_modules/m/n.case.yaml", ""),
        (".git/n.case.yaml", ""),
        ("case.yaml", ""),
        (".case.yaml", ""),
    ]);
    let found = find_case_files(&[".".into(), "b/x.case.yml".into()], folder.path());
    let found = found.expect("they are there");
    assert_eq!(
        found.files,
        [
            folder.path().join("a.case.json"),
            folder.path().join("b/x.case.yml")
        ]
    );
    assert_eq!(found.snapshots.len(), 2);
    for (path, expected) in [
        ("c", "c: no such file or folder"),
        ("case.yaml", "case.yaml: this is not a file of cases"),
    ] {
        let error = find_case_files(&[path.into()], folder.path()).expect_err("it is none");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema = schema::case_schema();
    for (pointer, names) in [
        ("/properties", keys::names()),
        ("/$defs/case/properties", keys::names()),
    ] {
        let properties = schema.pointer(pointer).and_then(Value::as_object);
        let properties = properties.expect("an object");
        for name in names {
            let property = properties.get(name).and_then(Value::as_object);
            assert!(
                property.is_some_and(|property| property.len() > 1),
                "{name}"
            );
        }
    }
}

/// Small files whose cases would take many gigabytes.
#[test]
fn cases_that_repeat_too_much_are_refused() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let folder = folder(&[("a.case.yaml", text)]);
        let mistakes = read(folder.path(), "a.case.yaml").expect_err("the file is wrong");
        assert!(mistakes.len() <= 1_001);
        assert!(
            mistakes
                .iter()
                .any(|error| error.message.contains(expected)),
            "{:?}",
            mistakes[0]
        );
    }
    let big = "x".repeat(1_000_000);
    let many: String = (0..5_000).map(|at| format!("{at},")).collect();
    let refused = "take more than 128 MiB";
    check(
        &format!("with: {{user: {{name: {big}}}}}\nmatrix: {{user.a: [{many}]}}"),
        refused,
    );
    check(
        &format!("matrix: {{user.a: [{many}], user.b: [{big}]}}"),
        refused,
    );
    let uses = "${user.b}".repeat(1_000);
    check(
        &format!("description: \"{uses}\"\nmatrix: {{user.b: [{big}]}}"),
        refused,
    );
    let items = "- {}\n".repeat(5_000);
    check(
        &format!("with: {{user: {{name: {big}}}}}\ncases:\n{items}"),
        refused,
    );
    // Rows of two kinds multiply, and a case of no bytes takes memory as well.
    let rows = |count: usize| -> String {
        (0..count)
            .map(|at| format!("  - description: r{at}\n"))
            .collect()
    };
    let values = |count: usize| -> String { (0..count).map(|at| format!("{at},")).collect() };
    let started = std::time::Instant::now();
    for (each, matrix) in [(9_900, 100), (9_990, 9_990), (100, 9_990)] {
        check(
            &format!(
                "matrix: {{user.a: [{}]}}\neach:\n{}",
                values(matrix),
                rows(each)
            ),
            refused,
        );
    }
    let items = "- {matrix: {user.a: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}}\n".repeat(9_000);
    check(&format!("cases:\n{items}"), refused);
    assert!(started.elapsed().as_secs() < 20);
    let wrong = "- 1\n".repeat(200_000);
    check(
        &format!("cases:\n{wrong}"),
        "there are more than 1000 mistakes",
    );
}

/// The cases of a run share their memory, also over files and in rows of a matrix.
#[test]
fn the_cases_of_a_run_have_a_limit_together() {
    let text = "x".repeat(10_000);
    let one = format!("with: {{ user: {{ name: {text} }} }}\n");
    let values: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    let rows = format!(
        "matrix: {{ user.nickname: [{}] }}\n{one}",
        values.join(", ")
    );
    let list = format!("cases: [{{}}, {{}}, {{}}]\n{one}");
    let folder = folder(&[
        ("one.case.yaml", one.as_str()),
        ("rows.case.yaml", rows.as_str()),
        ("list.case.yaml", list.as_str()),
    ]);
    let read = |file: &str, left: &mut usize| {
        let path = folder.path().join(file);
        let read = read_case_file(&path, folder.path(), folder.path(), left);
        read.map(|file| file.cases.len()).map_err(|mistakes| {
            let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            texts.join("\n")
        })
    };
    // One case takes more than its text, and less than a few times as much.
    let mut left = 100_000;
    assert_eq!(read("one.case.yaml", &mut left), Ok(1));
    let cost = 100_000 - left;
    assert!((10_000..40_000).contains(&cost), "{cost}");
    for (file, cases) in [("rows.case.yaml", 50), ("list.case.yaml", 3)] {
        assert_eq!(read(file, &mut (cost * cases * 2)), Ok(cases), "{file}");
        let error = read(file, &mut (cost * cases / 2)).expect_err(file);
        assert!(
            error.contains("the cases take more than 128 MiB"),
            "{error}"
        );
    }
    // The second file has what the first one has left.
    let mut left = cost + cost / 2;
    assert_eq!(read("one.case.yaml", &mut left), Ok(1));
    let error = read("one.case.yaml", &mut left).expect_err("there is no room");
    assert!(error.contains("more than 128 MiB"), "{error}");
}

/// A case has its own copy of the secrets, so a file that many cases name is not for nothing.
#[test]
fn secrets_of_cases_are_limited_in_number_and_in_all() {
    let secrets = |count: usize, length: usize| -> String {
        let value = "v".repeat(length);
        (0..count).map(|at| format!("K{at}={value}\n")).collect()
    };
    let read = |secrets: String, cases: &str| {
        let text = format!("secrets_file: s.env\ncases:\n{cases}");
        let folder = folder(&[("a.case.yaml", &text), ("s.env", &secrets)]);
        read(folder.path(), "a.case.yaml").map(|file| file.cases)
    };
    let first = |mistakes: Mistakes| mistakes.first().map(ToString::to_string);
    let one = "- description: a\n  secrets: { K1: own, N: new }\n";
    let cases = read(secrets(4_999, 4), one).expect("5,000 secrets");
    let given: Vec<&str> = (cases[0]
        .secrets
        .iter()
        .filter(|secret| secret.value != "vvvv"))
    .map(|secret| secret.name.as_str())
    .collect();
    assert_eq!((cases[0].secrets.len(), given), (5_000, vec!["K1", "N"]));
    let refused = read(secrets(5_000, 4), one).map_err(first);
    assert_eq!(
        refused.err().flatten().as_deref(),
        Some("a.case.yaml:3:3: there are more than 5,000 secrets")
    );
    // 1,000 KB each: 130 of them are 130 MB, and 120 are less than 128 MiB.
    let cases = |count| -> String {
        (0..count)
            .map(|at| format!("- description: c{at}\n"))
            .collect()
    };
    let fits = read(secrets(10, 99_900), &cases(120)).expect("less than 128 MiB");
    assert_eq!(fits.len(), 120);
    let refused = read(secrets(10, 99_900), &cases(140)).map_err(first);
    let refused = refused.err().flatten().unwrap_or_default();
    assert!(
        refused.contains("the cases take more than 128 MiB"),
        "{refused}"
    );
}
