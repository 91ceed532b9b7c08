//! `--http`: what Actions ask for is answered by mocks, and what is not is told.

use serde_json::{Value, json};

use crate::support::{FIXED, assert_command, folder, postlogin};

/// Asks with both APIs, and prints what came of it.
const ASK: &str = "const https = require('node:https');
const get = (url) => new Promise((resolve, reject) => {
  https.get(url, (response) => {
    let text = '';
    response.on('data', (part) => { text += part; });
    response.on('end', () => resolve(`${response.statusCode} ${response.headers['content-type']} ${text}`));
  }).on('error', reject);
});
const tell = (error) => `${error.name}: ${error.message} ${(error.cause ?? error).code}`;
exports.onExecutePostLogin = async (event, api) => {
  const started = Date.now();
  const say = (text) => console.log(`${text} +${Date.now() - started}`);
  BODY
};\n";

/// Returns the output of the Action, one line for each message, and the outcome.
#[track_caller]
pub(crate) fn run(body: &str, mocks: &str, arguments: &str) -> (Vec<String>, Value) {
    let folder = folder(&[
        ("ask.js", &ASK.replace("BODY", body)),
        ("mocks.yaml", mocks),
    ]);
    let outcome = postlogin(&format!("run ask.js --http mocks.yaml {FIXED} {arguments}"))
        .within(folder.path())
        .outcome(0);
    let logs = outcome["logs"].as_array().into_iter().flatten();
    let logs = logs.map(|log| log["message"].as_str().unwrap_or_default().to_owned());
    (logs.collect(), outcome)
}

/// The codes of the notices.
fn codes(outcome: &Value) -> Vec<&str> {
    let notices = outcome["notices"].as_array().into_iter().flatten();
    notices
        .filter_map(|notice| notice["code"].as_str())
        .collect()
}

#[test]
fn both_apis_are_answered() {
    let (logs, outcome) = run(
        "const response = await fetch('https://api.example.com/score', {
           method: 'POST', headers: { Authorization: 'Bearer abc', 'content-type': 'application/json' },
           body: JSON.stringify({ user: event.user.user_id, all: true }),
         });
         say(`${response.status} ${response.ok} ${response.headers.get('x-kind')} ${JSON.stringify(await response.json())}`);
         say(await get('https://api.example.com/name?q=a%20b&page=2'));
         const bytes = await (await fetch(new URL('https://api.example.com/bytes'))).arrayBuffer();
         say([...new Uint8Array(bytes)].join());
         const empty = await fetch('https://api.example.com/none', { method: 'DELETE' });
         say(`${empty.status} [${await empty.text()}]`);",
        r#"
- request:
    method: post
    url: "https://api.example.com/score"
    headers: { authorization: "Bearer *" }
    json: { user: "auth0|*" }
  response: { status: 201, headers: { X-Kind: points }, json: { score: 12 } }
- request: { url: "https://api.example.com/name", query: { q: a b } }
  response: { text: "Jäne" }
- request: { url: "*/bytes" }
  response: { bytes: "/wAQ" }
- request: { method: DELETE, url: "*" }
  response: { status: 204 }
"#,
        "",
    );
    assert_eq!(
        logs,
        [
            r#"201 true points {"score":12} +0"#,
            "200 text/plain;charset=UTF-8 Jäne +0",
            "255,0,16 +0",
            "204 [] +0",
        ]
    );
    assert_eq!(
        (codes(&outcome), &outcome["status"]),
        (vec![], &json!("allowed"))
    );
}

#[test]
fn delays_pass_in_virtual_time_and_count_against_the_budget() {
    let mocks = "
- request: { url: 'https://api.example.com/slow' }
  response: { json: 1, delay: 3s }
- request: { url: 'https://api.example.com/never' }
  response: { json: 1, delay: 1h }
";
    let (logs, outcome) = run(
        "await fetch('https://api.example.com/slow'); say('fetch');
         await get('https://api.example.com/slow'); say('https');
         await Promise.all([1, 2, 3].map(() => fetch('https://api.example.com/slow'))); say('at once');
         await fetch('https://api.example.com/never', { signal: AbortSignal.timeout(1500) }).catch((error) => say(error.name));
         await fetch('https://api.example.com/never');",
        mocks,
        "",
    );
    assert_eq!(
        logs,
        [
            "fetch +3000",
            "https +6000",
            "at once +9000",
            "TimeoutError +10500"
        ]
    );
    let error = &outcome["error"];
    assert_eq!(
        (&outcome["status"], &error["name"], &error["message"]),
        (
            &json!("failed"),
            &json!("Timeout"),
            &json!("the Actions of this login did not finish within 20 s")
        )
    );
    assert_eq!(outcome["usage"]["actions"][0]["virtual_ms"], 20_000);
}

#[test]
fn network_errors_reach_the_action_as_node_tells_them() {
    for (code, told) in [
        (
            "ECONNREFUSED",
            "connect ECONNREFUSED api.example.com:443 ECONNREFUSED -111 connect",
        ),
        (
            "EHOSTUNREACH",
            "connect EHOSTUNREACH api.example.com:443 EHOSTUNREACH -113 connect",
        ),
        (
            "ETIMEDOUT",
            "connect ETIMEDOUT api.example.com:443 ETIMEDOUT -110 connect",
        ),
        ("ECONNRESET", "read ECONNRESET ECONNRESET -104 read"),
        (
            "ENOTFOUND",
            "getaddrinfo ENOTFOUND api.example.com ENOTFOUND -3008 getaddrinfo",
        ),
        (
            "EAI_AGAIN",
            "getaddrinfo EAI_AGAIN api.example.com EAI_AGAIN -3001 getaddrinfo",
        ),
        (
            "CERT_HAS_EXPIRED",
            "certificate has expired CERT_HAS_EXPIRED undefined undefined",
        ),
        (
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate UNABLE_TO_VERIFY_LEAF_SIGNATURE undefined undefined",
        ),
    ] {
        let (logs, outcome) = run(
            "const url = 'https://api.example.com/a?b#c';
             const tell = ({ message, code, errno, syscall }) => say([message, code, errno, syscall].map(String).join(' '));
             await get(url).catch(tell);
             await fetch(url).catch((error) => { say(`${error.name}: ${error.message}`); tell(error.cause); });",
            &format!("- request: {{ url: '*' }}\n  response: {{ error: {code}, delay: 2s }}\n"),
            "",
        );
        assert_eq!(
            logs,
            [
                format!("{told} +2000"),
                "TypeError: fetch failed +4000".into(),
                format!("{told} +4000")
            ]
        );
        assert_eq!(codes(&outcome), Vec::<&str>::new());
    }
}

#[test]
fn a_request_without_a_mock_fails_and_a_mock_without_a_request_is_told() {
    let mocks = "
- request: { method: GET, url: 'https://api.example.com/score/*' }
  response: { json: 12 }
- request: { url: 'https://other.example.com/' }
  response: {}
";
    let folder = folder(&[
        (
            "ask.js",
            &ASK.replace(
                "BODY",
                "await fetch('https://api.example.com/score/12', { method: 'POST', body: '{\"a\":1}' }).catch((error) => say(tell(error)));",
            ),
        ),
        ("mocks.yaml", mocks),
    ]);
    let run = postlogin(&format!("run ask.js --http mocks.yaml {FIXED}")).within(folder.path());
    let done = run.finish();
    let (_, notices) = done
        .stdout
        .split_once("\nNotices\n")
        .expect("there are notices");
    let (notices, _) = notices.split_once("\n\n").expect("there is a footer");
    insta::assert_snapshot!(notices, @r#"
    ⚠ request-unmatched
      POST https://api.example.com/score/12 was refused: it fits none of the 2 mocks
      the nearest is mock 1 (GET https://api.example.com/score/*): the method is POST, the mock's GET
      to answer it, add this mock to the case's `http` list or to a file for --http:
        - request:
            method: POST
            url: "https://api.example.com/score/12"
            json: {"a":1}
          response:
            status: 200
            json: {}
    ⚠ mock-unused
      no request used mock 1 (GET https://api.example.com/score/*)
    ⚠ mock-unused
      no request used mock 2 (* https://other.example.com/)
    "#);
    assert!(
        done.stdout
            .contains("TypeError: fetch failed ECONNREFUSED +0"),
        "{done}"
    );
}

#[test]
fn mocks_are_used_up_and_taken_from_several_files() {
    let more = folder(&[(
        "more.json",
        r#"{"http": [{"request": {"url": "*"}, "response": {"text": "last"}}]}"#,
    )]);
    let mocks = "
- request: { url: '*' }
  response: { text: first }
  times: 1
- request: { url: '*' }
  response: { status: 503 }
  times: 2
";
    let file = more.path().join("more.json");
    let (logs, outcome) = run(
        "for (let i = 0; i < 5; i++) { const r = await fetch('https://x.example/'); say(`${r.status} ${await r.text()}`); }",
        mocks,
        &format!("--http {}", file.display()),
    );
    assert_eq!(
        logs,
        [
            "200 first +0",
            "503  +0",
            "503  +0",
            "200 last +0",
            "200 last +0"
        ]
    );
    assert_eq!(codes(&outcome), Vec::<&str>::new());
}

#[test]
fn redirects_are_the_actions_own_matter() {
    let mocks = "
- request: { url: 'https://api.example.com/old' }
  response: { status: 302, headers: { location: /new } }
- request: { url: 'https://api.example.com/new' }
  response: { text: here }
";
    let (logs, _) = run(
        "const followed = await fetch('https://api.example.com/old'); say(`${followed.status} ${await followed.text()}`);
         const manual = await fetch('https://api.example.com/old', { redirect: 'manual' }); say(`${manual.status} ${manual.headers.get('location')}`);
         say(await get('https://api.example.com/old'));",
        mocks,
        "",
    );
    assert_eq!(logs, ["200 here +0", "302 /new +0", "302 undefined  +0"]);
}

#[test]
fn secrets_are_hidden_in_notices() {
    let folder = folder(&[(
        "ask.js",
        "exports.onExecutePostLogin = async (event) => {
           const { API_KEY: key } = event.secrets;
           const body = new URLSearchParams({ grant_type: 'x', client_secret: 'of the client', key });
           await fetch(`https://api.example.com/${key}?token=visitor`, { method: 'POST', body }).catch(() => {});
         };",
    )]);
    for options in ["", "--http none.json"] {
        std::fs::write(folder.path().join("none.json"), "[]").expect("a file");
        let done = postlogin(&format!("run ask.js --secret API_KEY=hunter-22 {options}"))
            .within(folder.path())
            .finish();
        assert!(
            done.stdout.contains("https://api.example.com/***"),
            "{done}"
        );
        for hidden in ["hunter-22", "of the client", "of+the+client"] {
            assert!(!done.printed().contains(hidden), "{hidden}: {done}");
        }
    }
}

#[test]
fn what_is_no_mock_file_is_refused() {
    let folder = folder(&[
        ("quiet.js", crate::support::QUIET),
        (
            "key.yaml",
            "- request:\n    url: 'https://x.example/'\n  respons: {}\n",
        ),
        (
            "inner.yaml",
            "http:\n  - request:\n      url: 'https://x.example/'\n      querry: {}\n    response: {}\n",
        ),
        (
            "key.json",
            "[\n  {\"request\": {\"url\": \"*\"}, \"response\": {\"body\": 1}}\n]",
        ),
        (
            "error.yaml",
            "- request: { url: '*' }\n  response: { error: ECONREFUSED }\n",
        ),
        (
            "delay.yaml",
            "- request: { url: '*' }\n  response: { delay: soon }\n",
        ),
        ("case.yaml", "actions: [a]\nhttp: []\n"),
        ("broken.json", "[\n  {\"request\": {\"url\": \"*\"},}\n]"),
    ]);
    let run = |file: &str| postlogin(&format!("run quiet.js --http {file}")).within(folder.path());
    assert_command!(run("key.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: key.yaml:3:3: unknown key `respons`
    hint: did you mean `response`?
    ");
    assert_command!(run("inner.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: inner.yaml:4:7: unknown key `querry`
    hint: did you mean `query`?
    ");
    assert_command!(run("key.json"), @"
    exit code: 2
    ----- stderr -----
    error: key.json:2:47: unknown key `body`
    hint: known keys are status, headers, json, text, bytes, delay, error
    ");
    assert_command!(run("error.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: error.yaml:2:22: `ECONREFUSED` is not known here
    hint: did you mean `ECONNREFUSED`?
    ");
    assert_command!(run("delay.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: delay.yaml:2:22: `soon` is not a duration: it does not begin with a number; write a number and a unit: 500ms, 3s or 1m
    ");
    assert_command!(run("case.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: case.yaml: unknown key `actions` in a mock file
    hint: a mock file is a list, or an object with the list `http`
    ");
    assert_command!(run("broken.json"), @"
    exit code: 2
    ----- stderr -----
    error: broken.json:2:28: trailing comma
    ");
    assert_command!(run("mising.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: mising.yaml: cannot read the file: no such file
    hint: a path is relative to the working folder
    ");
}

#[test]
fn the_fixture_answers_the_action_of_the_readme() {
    let outcome = postlogin(&format!(
        "run fixtures/http/score.js --http fixtures/http/score.yaml --secret CLIENT_SECRET=hunter22 {FIXED}"
    ))
    .outcome(0);
    assert_eq!(
        outcome["id_token"]["claims"]["https://example.com/score"],
        12
    );
    assert_eq!(
        (
            codes(&outcome),
            outcome["usage"]["actions"][0]["virtual_ms"].as_u64()
        ),
        (vec![], Some(250))
    );
}
