//! `postlogin run --stdin-json`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::support::{Finished, QUIET, folder, postlogin};

const GREETS: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/hobby', event.user.user_metadata.hobby);
};
";

#[test]
fn each_line_is_answered_with_a_line() {
    let folder = folder(&[("greets.js", GREETS), ("quiet.js", QUIET)]);
    let requests = [
        json!({"id": 1, "with": {"user": {"user_metadata": {"hobby": "chess"}}}}),
        json!({"id": "two", "actions": ["quiet.js"], "expect": {"status": "denied"}}),
        json!({"id": 3, "expekt": {}}),
        json!({"id": 4, "actions": ["quite.js"]}),
        json!([]),
    ];
    let mut lines: String = requests
        .iter()
        .map(|request| format!("{request}\n\n"))
        .collect();
    lines.push_str("no json\n");
    let done = postlogin("run greets.js --stdin-json")
        .within(folder.path())
        .stdin(&lines)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let answers: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let [first, second, third, fourth, fifth, sixth] = answers.as_slice() else {
        panic!("{done}");
    };
    assert_eq!((&first["id"], &first["passed"]), (&json!(1), &json!(true)));
    assert_eq!(
        first["outcome"]["id_token"]["claims"]["https://example.com/hobby"],
        "chess"
    );
    assert_eq!(
        (&second["id"], &second["passed"]),
        (&json!("two"), &json!(false))
    );
    assert_eq!(second["failures"][0]["actual"], "allowed");
    assert_eq!(third["id"], 3);
    assert_eq!(third["errors"][0]["hint"], "did you mean `expect`?");
    assert_eq!(fourth["errors"][0]["hint"], "did you mean `quiet.js`?");
    for wrong in [fifth, sixth] {
        assert!(wrong["errors"][0]["message"].is_string(), "{wrong}");
    }
}

fn answers(done: &Finished) -> Vec<Value> {
    let lines = done.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

const ASKS: &str = "const { plan } = require('billing');
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/plan', plan(event.user.user_id));
  const sent = { method: 'POST', headers: { authorization: event.secrets.KEY }, body: JSON.stringify({ a: 1 }) };
  const response = await fetch('https://api.example.com/score', sent);
  console.log(event.secrets.KEY, (await response.json()).score);
};
";

#[test]
fn modules_take_the_place_of_packages() {
    let folder = folder(&[
        ("asks.js", ASKS),
        ("package.json", "{}"),
        (
            "node_modules/billing/index.js",
            "exports.plan = () => 'real';",
        ),
        ("fakes/billing.mjs", "export const plan = () => 'fake';"),
    ]);
    let http = json!([{"request": {"url": "*"}, "response": {"json": {"score": 3}}}]);
    let requests = [
        json!({"id": 1, "http": http}),
        json!({"id": 2, "http": http, "modules": {"billing": "fakes/billing.mjs"}}),
        json!({"id": 3, "http": http, "modules": {"billing": {"code": "exports.plan = (id) => id.length;"}}}),
        json!({"id": 4, "modules": {"node:fs": "fakes/billing.mjs"}}),
        json!({"id": 5, "modules": {"fs/promises": {"json": {}}}}),
        json!({"id": 6, "modules": {"billing": "fakes/biling.mjs"}}),
        json!({"id": 7, "modules": {"billing": "../outside.js"}}),
        json!({"id": 8, "modules": {"billing": {"code": "1", "json": 2}}}),
        json!({"id": 9, "modules": {"./billing": "fakes/billing.mjs"}}),
        json!({"id": 10, "modules": ["billing"]}),
        json!({"id": 11, "modules": {"billing": "package.yaml"}}),
        // What one request mocks, the next does not.
        json!({"id": 12, "http": http}),
    ];
    fs::write(folder.path().join("package.yaml"), "a: 1").expect("a file");
    let lines: String = requests
        .iter()
        .map(|request| format!("{request}\n"))
        .collect();
    let done = postlogin("run asks.js --stdin-json")
        .within(folder.path())
        .stdin(&lines)
        .finish();
    let answers = answers(&done);
    let plan =
        |index: usize| &answers[index]["outcome"]["id_token"]["claims"]["https://example.com/plan"];
    assert_eq!(plan(0), "real", "{done}");
    assert_eq!(plan(1), "fake", "{done}");
    assert!(plan(2).is_u64(), "{done}");
    assert_eq!(plan(11), "real", "{done}");
    for (index, problem) in [
        (
            3,
            "`modules` cannot replace `node:fs`: it is a module of Node itself",
        ),
        (
            4,
            "`modules` cannot replace `fs/promises`: it is a module of Node itself",
        ),
        (5, "no file `fakes/biling.mjs` beside this one"),
        (6, "it is outside of the project"),
        (7, "a module has either `code` or `json`"),
        (8, "`./billing` is not the name of a module"),
        (9, "`modules` must be an object; this is a list"),
        (
            10,
            "`package.yaml` is neither JavaScript, TypeScript nor JSON",
        ),
    ] {
        let message = answers[index]["errors"][0]["message"].as_str();
        assert!(
            message.is_some_and(|message| message.contains(problem)),
            "{problem}: {}",
            answers[index]
        );
    }
}

#[test]
fn requests_are_told_and_secrets_shown_to_whoever_asks() {
    let folder = folder(&[("asks.js", ASKS), ("package.json", "{}")]);
    let request = |reveal: Value| {
        json!({
            "secrets": {"KEY": "sesame-street"}, "reveal_secrets": reveal, "modules": {"billing": {"code": "exports.plan = () => 1"}},
            "http": [{"request": {"url": "*"}, "response": {"status": 201, "json": {"score": 3}}}],
        })
    };
    let mut lines: String = [json!(true), json!(false), json!("yes")]
        .into_iter()
        .map(|reveal| format!("{}\n", request(reveal)))
        .collect();
    let mut refused = request(json!(true));
    refused["http"] = json!([]);
    lines.push_str(&refused.to_string());
    let done = postlogin("run asks.js --stdin-json")
        .within(folder.path())
        .stdin(&lines)
        .finish();
    let answers = answers(&done);
    let [shown, hidden, wrong, refused] = answers.as_slice() else {
        panic!("{done}");
    };
    let sent = &shown["requests"][0];
    assert_eq!(
        (&sent["method"], &sent["url"]),
        (&json!("POST"), &json!("https://api.example.com/score"))
    );
    assert_eq!(
        (&sent["body"], &sent["headers"]["authorization"]),
        (&json!({"a": 1}), &json!("sesame-street"))
    );
    assert_eq!(
        (&sent["response"]["status"], &sent["response"]["body"]),
        (&json!(201), &json!({"score": 3}))
    );
    assert_eq!(shown["outcome"]["logs"][0]["message"], "sesame-street 3");
    assert_eq!(hidden["outcome"]["logs"][0]["message"], "*** 3");
    assert!(!hidden.to_string().contains("sesame-street"), "{hidden}");
    assert_eq!(
        wrong["errors"][0]["message"]
            .as_str()
            .map(|text| text.contains("`reveal_secrets` must be true or false")),
        Some(true)
    );
    let reason = refused["requests"][0]["response"]["refused"].as_str();
    assert!(
        reason.is_some_and(|reason| reason.contains("there is no mock")),
        "{refused}"
    );
}

#[test]
fn an_edited_action_runs_as_it_is_now() {
    let folder = folder(&[(
        "a.js",
        "exports.onExecutePostLogin = async () => { console.log(1); };",
    )]);
    let mut child = postlogin("run --stdin-json")
        .within(folder.path())
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut ask = |modules: Value| -> Value {
        writeln!(
            stdin,
            "{}",
            json!({"actions": ["a.js"], "modules": modules})
        )
        .expect("it reads");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    };
    assert_eq!(ask(json!({}))["outcome"]["logs"][0]["message"], "1");
    let edited = "exports.onExecutePostLogin = async () => { console.log(require('m')); };";
    fs::write(folder.path().join("a.js"), edited).expect("a file");
    fs::write(folder.path().join("m.json"), "22").expect("a file");
    assert_eq!(
        ask(json!({"m": "m.json"}))["outcome"]["logs"][0]["message"],
        "22"
    );
    fs::write(folder.path().join("m.json"), "333").expect("a file");
    assert_eq!(
        ask(json!({"m": "m.json"}))["outcome"]["logs"][0]["message"],
        "333"
    );
    fs::write(folder.path().join("a.js"), "not a program").expect("a file");
    assert_eq!(ask(json!({}))["passed"], false);
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn options_that_a_request_has_are_refused() {
    let folder = folder(&[("quiet.js", QUIET), ("mocks.json", "[]")]);
    for option in [
        "--http mocks.json",
        "--record new.json",
        "--allow-net",
        "--timeout 3s",
        "--memory 64MiB",
        "--challenge succeed",
        "--connection acme",
        "--rule-context mocks.json",
        "--trigger post-login",
        "--key mocks.json",
        "--now 2026-11-22T10:00:00Z",
        "--set user.name=x",
    ] {
        let done = postlogin(&format!("run quiet.js --stdin-json {option}"))
            .within(folder.path())
            .stdin("{}\n")
            .finish();
        assert_eq!(
            (done.code, done.stdout.as_str()),
            (Some(2), ""),
            "{option}: {done}"
        );
        assert!(done.stderr.contains("--stdin-json"), "{option}: {done}");
    }
}

#[test]
fn a_line_that_is_not_utf8_has_an_answer() {
    let mut child = postlogin("run --stdin-json")
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"{\xff}\n").expect("it reads");
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&done.stdout).contains("<stdin>: the line is not UTF-8"));
}

#[test]
fn a_request_that_is_too_long_is_refused_and_the_session_continues() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let long = "x".repeat(40 << 20);
    let many = format!(
        "{{\"id\": 3, \"event\": {{\"a\": [{}1]}}}}",
        "1,".repeat(5 << 20)
    );
    let lines = format!(
        "{{\"id\": \"one\", \"event\": {{\"note\": \"{long}\"}}}}\n{{\"note\": \"{long}\", \"id\": 2}}\n{many}\n{{\"id\": 4}}\n"
    );
    let done = postlogin("run quiet.js --stdin-json")
        .within(folder.path())
        .stdin(&lines)
        .finish();
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let answers: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    // Who asks is known when it is said first.
    assert_eq!(ids, [&json!("one"), &Value::Null, &json!(3), &json!(4)]);
    for refused in &answers[..2] {
        let error = &refused["errors"][0];
        assert_eq!(error["message"], "<stdin>: the line has more than 16 MiB");
        assert!(error["hint"].is_string());
    }
    let message = answers[2]["errors"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(message.contains("more than 400000 values"), "{message}");
    assert_eq!(answers[3]["passed"], true);
}

/// A case that would pass although nothing was compared, or that speaks of more than one request.
#[test]
fn a_request_is_one_case_that_runs() {
    let refused = [
        (r#""snapshot": true"#, "a request cannot have a `snapshot`"),
        (r#""skip": true"#, "a request cannot have `skip` or `todo`"),
        (
            r#""skip": "later""#,
            "a request cannot have `skip` or `todo`",
        ),
        (
            r#""todo": "later""#,
            "a request cannot have `skip` or `todo`",
        ),
        (r#""todo": true"#, "a request cannot have `skip` or `todo`"),
        (r#""only": true"#, "a request cannot have `only`"),
        (r#""each": [{}]"#, "a request is one case: no `each`"),
        (
            r#""each": [{"expect": {"status": "denied"}}, {}]"#,
            "a request is one case: no `each`",
        ),
        (r#""matrix": {}"#, "a request is one case: no `matrix`"),
        (r#""cases": [{}]"#, "a request is one case: no `cases`"),
        (r#""actions": []"#, "a case without an Action runs nothing"),
    ];
    let harmless = r#""snapshot": false, "skip": false, "todo": false, "only": false"#;
    let folder = folder(&[("quiet.js", QUIET)]);
    let mut stdin = String::new();
    for (keys, _) in refused.iter().chain([&(harmless, "")]) {
        stdin += &format!("{{\"id\": 1, {keys}}}\n");
    }
    let done = postlogin("run quiet.js --stdin-json")
        .within(folder.path())
        .stdin(&stdin)
        .finish();
    let answers: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(answers.len(), refused.len() + 1, "{done}");
    for ((keys, expected), answer) in refused.iter().zip(&answers) {
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(expected), "{keys}: {answer}");
        assert_eq!(answer["passed"], Value::Null, "{keys}: {answer}");
        assert_eq!(answer["id"], 1, "{keys}: {answer}");
    }
    assert_eq!(answers[refused.len()]["passed"], true, "{done}");
}
