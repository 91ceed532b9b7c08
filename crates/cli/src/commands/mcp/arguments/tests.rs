use super::super::tools::ALL;
use super::*;

#[track_caller]
fn call(tool: &str, arguments: Value) -> Result<Invocation, Refused> {
    let spec = ALL.iter().find(|spec| spec.name == tool).expect("a tool");
    let arguments = arguments.as_object().expect("an object");
    invocation(spec, arguments)
}

#[test]
fn arguments_become_options() {
    for (tool, arguments, expected) in [
        ("check", json!({}), vec!["check", "--"]),
        (
            "check",
            json!({"paths": ["a.js"], "format": "json"}),
            vec!["check", "--format=json", "--", "a.js"],
        ),
        (
            "test",
            json!({"filter": ["--a"], "tags": ["x"], "update_snapshots": true}),
            vec![
                "test",
                "--status-level=fail",
                "--filter=--a",
                "--tag=x",
                "--update",
                "--",
            ],
        ),
        (
            "explain",
            json!({"actions": ["a"], "why": ["roles"], "set": {"user.name": "x=y"}, "secrets": {"K": "v"}, "seed": 7}),
            vec![
                "explain",
                "--why=roles",
                "--set=user.name=\"x=y\"",
                "--seed=7",
                "--secret=K=v",
                "--",
                "a",
            ],
        ),
        (
            "compare",
            json!({"left": "a.js", "right": "b.js, c.js", "generate": 5}),
            vec!["compare", "--generate=5", "--", "a.js", "b.js, c.js"],
        ),
    ] {
        let invocation = call(tool, arguments).expect("it is well");
        assert_eq!(invocation.arguments, expected);
    }
    let run = call("run", json!({"actions": ["a"], "set": {"user.name": 1}})).expect("it is well");
    assert_eq!(
        run.stdin,
        "{\"actions\":[\"a\"],\"set\":{\"user.name\":1},\"id\":1}\n"
    );
    let event = call("explain", json!({"event": {"user": {}}})).expect("it is well");
    assert_eq!(
        (event.arguments[1].as_str(), event.stdin.as_str()),
        ("--event=-", "{\"user\":{}}")
    );
}

#[test]
fn what_is_wrong_is_refused_with_a_hint() {
    for (tool, arguments, message, hint) in [
        (
            "check",
            json!({"path": []}),
            "`check` has no argument `path`",
            "did you mean `paths`?",
        ),
        (
            "check",
            json!({"paths": "a.js"}),
            "`paths` must be a list of strings",
            "got \"a.js\"",
        ),
        (
            "compare",
            json!({"left": "a.js"}),
            "`right` is missing",
            "`compare` needs it",
        ),
        (
            "test",
            json!({"list": "yes"}),
            "`list` must be true or false",
            "got \"yes\"",
        ),
        (
            "run",
            json!({"seed": -1}),
            "`seed` must be a whole number that is not negative",
            "got -1",
        ),
        (
            "explain",
            json!({"format": "xml"}),
            "`format` must be one of text, json",
            "got \"xml\"",
        ),
        (
            "explain",
            json!({"secrets": {"K": 1}}),
            "`secrets`: the value of `K` must be a string",
            "secrets are strings in production, too",
        ),
    ] {
        let error = call(tool, arguments).expect_err("it is wrong");
        assert_eq!(
            (error.message.as_str(), error.hint.as_str()),
            (message, hint)
        );
    }
}

#[test]
fn no_path_leaves_the_folder() {
    for (tool, arguments) in [
        ("run", json!({"actions": ["/etc/passwd"]})),
        ("run", json!({"event": "../event.json"})),
        ("run", json!({"http": "a/../../b.yaml"})),
        ("check", json!({"paths": ["../.."]})),
        ("test", json!({"paths": ["/"]})),
        ("explain", json!({"http": "/x"})),
        ("compare", json!({"left": "a.js", "right": "b.js,../c.js"})),
        (
            "compare",
            json!({"left": "a.js", "right": "b.js", "write_cases": "../x.case.yaml"}),
        ),
    ] {
        let error = call(tool, arguments).expect_err("it leads out");
        assert!(
            error.message.ends_with("leads out of the project's folder"),
            "{error:?}"
        );
    }
    let error = call("check", json!({"paths": ["--format=sarif"]})).expect_err("an option");
    assert!(error.message.ends_with("is not a path"), "{error:?}");
}

#[test]
fn what_no_system_would_start_is_refused() {
    let why = |claims: Vec<String>| call("explain", json!({"actions": ["a"], "why": claims}));
    let long = why(vec!["x".repeat(500_000)]).expect_err("it is too long");
    assert_eq!(long.message, "`--why` is too long: 500006 bytes");
    assert_eq!(long.hint, "arguments have at most 65536 bytes");
    let many = why(vec!["claim".repeat(1_000); 200]).expect_err("they are too long together");
    assert!(
        many.message.starts_with("the arguments have 100")
            && many.message.ends_with("which is too much"),
        "{}",
        many.message
    );
    assert!(why(vec!["x".repeat(20_000)]).is_ok());
    // No secret is shown.
    let secret = json!({"actions": ["a"], "secrets": {"KEY": "s3cret".repeat(20_000)}});
    let refused = call("explain", secret).expect_err("it is too long");
    assert!(!refused.message.contains("s3cret"), "{}", refused.message);
}
