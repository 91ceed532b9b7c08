//! `--record` and `--allow-net`: real requests, to a server of the test itself.

use std::{fs, thread, time::Duration};

use serde_json::Value;

use crate::{
    server::{Server, answer, ok},
    support::{Invocation, assert_command, folder, postlogin},
};

/// Gets a token with a form, asks with it, and asks once more for a page that is not there.
const ACTION: &str = "const http = require('node:http');
exports.onExecutePostLogin = async (event, api) => {
  const { KEY: key } = event.secrets;
  const { base } = event.user.app_metadata;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_secret: key });
  const token = await (await fetch(`${base}/oauth/token`, { method: 'POST', body: form })).json();
  const headers = { authorization: `Bearer ${token.access_token}` };
  const answer = await fetch(`${base}/score?user=${event.user.email}`, { headers });
  api.idToken.setCustomClaim('https://example.com/score', (await answer.json()).score);
  const status = await new Promise((resolve, reject) => http.get(`${base}/${key}`, (response) => {
    response.resume();
    response.on('end', () => resolve(`${response.statusCode} ${response.headers['x-page']}`));
  }).on('error', reject));
  api.idToken.setCustomClaim('https://example.com/status', status);
};\n";

fn service(request: &str) -> Vec<u8> {
    let json = "content-type: application/json\r\ndate: Sun, 22 Nov 2026 10:00:00 GMT\r\n";
    match request.split(' ').nth(1).unwrap_or_default() {
        "/oauth/token" if request.contains("client_secret=hunter22") => ok(
            json,
            r#"{"access_token": "eyJhbGciOi", "expires_in": 86400}"#,
        ),
        path if path.starts_with("/score?") && request.contains("Bearer eyJhbGciOi") => {
            ok(json, r#"{"score": 12}"#)
        }
        _ => answer(
            "404 Not Found",
            "x-page: none of hunter22\r\n",
            "nothing here",
        ),
    }
}

#[track_caller]
fn claims(outcome: &Value) -> (&Value, &Value) {
    let claims = &outcome["id_token"]["claims"];
    (
        &claims["https://example.com/score"],
        &claims["https://example.com/status"],
    )
}

#[test]
fn what_was_recorded_replays_without_the_network() {
    let server = Server::start(service);
    let folder = folder(&[("score.js", ACTION)]);
    let base = format!("http://{}", server.address);
    let run = |options: &str| {
        postlogin(&format!("run score.js {options}"))
            .args(["--secret", "KEY=hunter22"])
            .args(["--set", &format!("user.app_metadata.base={base}")])
            .args(["--set", "user.email=jane@example.com"])
            .within(folder.path())
    };
    let allowed = format!("--record answers.yaml --allow-net={}", server.address);
    let recorded = run(&allowed).outcome(0);
    assert_eq!(
        claims(&recorded),
        (&12.into(), &"404 none of ***".into()),
        "{recorded}"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(
        requests[0]
            .to_lowercase()
            .contains("\r\nuser-agent: node\r\n"),
        "{}",
        requests[0]
    );

    let file = folder.path().join("answers.yaml");
    let text = fs::read_to_string(&file).expect("it was written");
    insta::assert_snapshot!(text.replace(&base, "http://SERVER"), @r#"
    # Recorded by postlogin --record; replay it with --http.
    - request:
        method: POST
        url: "http://SERVER/oauth/token"
        text: "grant_type=client_credentials&client_secret=***"
      response:
        status: 200
        json: {"access_token":"***","expires_in":86400}
      times: 1
    - request:
        method: GET
        url: "http://SERVER/score?user=jane@example.com"
      response:
        status: 200
        json: {"score":12}
      times: 1
    - request:
        method: GET
        url: "http://SERVER/***"
      response:
        status: 404
        headers:
          x-page: "none of ***"
        text: "nothing here"
      times: 1
    "#);

    let replayed = run("--http answers.yaml").outcome(0);
    assert_eq!(claims(&replayed), claims(&recorded), "{replayed}");
    assert_eq!(replayed["notices"], recorded["notices"]);
    assert_eq!(server.requests().len(), 3, "nothing left");

    // A recording may be made anew.
    let done = run(&allowed).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stderr.contains("recorded 3 exchanges in answers.yaml"),
        "{done}"
    );
    assert!(
        done.stderr.contains(
            "masked 4 values as ***: 1 request body.client_secret, 1 response body.access_token, 3 request url, 3 response header x-page"
        ),
        "{done}"
    );
    assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
}

/// An Action that asks one URL and prints what came of it.
fn asking(url: &str) -> String {
    format!(
        "exports.onExecutePostLogin = async () => {{
           const started = Date.now();
           const told = await fetch('{url}').then(async (r) => `${{r.status}} ${{(await r.text()).length}}`,
             (error) => `${{error.message}} ${{error.cause?.code}}`);
           console.log(told);
           console.log(Date.now() - started);
         }};"
    )
}

/// Returns the first output of the Action, and the notices.
#[track_caller]
fn ask(invocation: Invocation) -> (String, Vec<(String, String)>) {
    let outcome = invocation.outcome(0);
    let notices = outcome["notices"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&outcome["logs"][0]["message"]),
        notices
            .map(|notice| (text(&notice["code"]), text(&notice["message"])))
            .collect(),
    )
}

#[test]
fn nothing_leaves_unless_its_host_is_allowed() {
    let server = Server::start(|_| ok("", "hello"));
    let port = server
        .address
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let folder = folder(&[("ask.js", &asking(&format!("http://{}/a", server.address)))]);
    let run =
        |options: &str| ask(postlogin(&format!("run ask.js {options}")).within(folder.path()));
    let refused = |options: &str, reason: &str| {
        let (told, notices) = run(options);
        assert_eq!(told, "fetch failed ECONNREFUSED", "{options}");
        let [(code, message)] = notices.as_slice() else {
            panic!("{options}: {notices:?}")
        };
        assert_eq!(code, "request-refused");
        assert!(message.contains(reason), "{options}: {message}");
        assert!(
            message.contains("\n- request:\n    method: GET\n"),
            "{message}"
        );
    };
    refused("", "was refused: this login has no network");
    refused(
        "--allow-net=api.example.com",
        "was refused: --allow-net names api.example.com only",
    );
    refused(
        "--allow-net=127.0.0.1:1",
        "was refused: --allow-net names 127.0.0.1:1 only",
    );
    refused(
        "--allow-net",
        "127.0.0.1 has no public address; to allow it all the same, name it: --allow-net=127.0.0.1",
    );
    refused("--record answers.yaml", "has no public address");
    assert_eq!(server.requests(), Vec::<String>::new());

    for options in [
        "--allow-net=127.0.0.1",
        &format!("--allow-net=api.example.com,127.0.0.1:{port}"),
    ] {
        assert_eq!(run(options), ("200 5".to_owned(), Vec::new()), "{options}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn mocks_come_before_the_network() {
    let server = Server::start(|_| ok("", "real"));
    let mocks = format!(
        "- request: {{ url: 'http://{}/a' }}\n  response: {{ text: mocked! }}\n  times: 1\n",
        server.address
    );
    let url = format!("http://{}/a", server.address);
    let twice = format!(
        "exports.onExecutePostLogin = async () => {{ console.log(await (await fetch('{url}')).text(), await (await fetch('{url}')).text()); }};"
    );
    let folder = folder(&[("ask.js", &twice), ("mocks.yaml", &mocks)]);
    let run = postlogin("run ask.js --http mocks.yaml --allow-net=127.0.0.1 --record rest.yaml");
    let (told, notices) = ask(run.within(folder.path()));
    assert_eq!((told.as_str(), notices), ("mocked! real", Vec::new()));
    let rest = fs::read_to_string(folder.path().join("rest.yaml")).expect("it was written");
    assert_eq!(rest.matches("- request:").count(), 1, "{rest}");
}

#[test]
fn the_action_follows_redirects_and_no_one_else() {
    let server = Server::start(|request| {
        if request.starts_with("GET /old ") {
            return answer("302 Found", "location: /new\r\n", "");
        }
        ok("", "new place")
    });
    let url = format!("http://{}/old", server.address);
    let source = format!(
        "exports.onExecutePostLogin = async () => {{
           const manual = await new Promise((resolve) => require('node:http').get('{url}', resolve));
           const followed = await fetch('{url}');
           console.log(manual.statusCode, manual.headers.location, followed.status, await followed.text());
         }};"
    );
    let folder = folder(&[("ask.js", &source)]);
    let (told, _) = ask(postlogin("run ask.js --allow-net=127.0.0.1").within(folder.path()));
    assert_eq!(told, "302 /new 200 new place");
    let lines: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /old HTTP/1.1",
            "GET /old HTTP/1.1",
            "GET /new HTTP/1.1"
        ]
    );
}

#[test]
fn a_network_that_fails_is_seen_by_the_action_and_told() {
    // Nobody listens any more where this one did.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free");
    let broken = Server::start(|_| Vec::new());
    let large = Server::start(|_| ok("", &"x".repeat((16 << 20) + 1)));
    for (address, told, reason) in [
        (closed.to_string(), "fetch failed ECONNREFUSED", "refused"),
        (broken.address.clone(), "fetch failed", ""),
        (
            large.address.clone(),
            "fetch failed",
            "the answer has more than 16 MiB",
        ),
    ] {
        let folder = folder(&[("ask.js", &asking(&format!("http://{address}/")))]);
        let (seen, notices) =
            ask(postlogin("run ask.js --allow-net=127.0.0.1").within(folder.path()));
        assert!(seen.starts_with(told), "{seen}");
        let [(code, message)] = notices.as_slice() else {
            panic!("{notices:?}")
        };
        assert_eq!(code, "request-failed");
        assert!(
            message.starts_with(&format!("GET http://{address}/ failed: ")),
            "{message}"
        );
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn the_time_of_a_request_is_time_for_the_action() {
    let slow = Server::start(|_| {
        thread::sleep(Duration::from_millis(300));
        ok("", "late")
    });
    let folder = folder(&[("ask.js", &asking(&format!("http://{}/", slow.address)))]);
    for clock in ["", "--now 2026-11-22T10:00:00Z"] {
        let outcome = postlogin(&format!("run ask.js --allow-net=127.0.0.1 {clock}"))
            .within(folder.path())
            .outcome(0);
        let took: u64 = outcome["logs"][1]["message"]
            .as_str()
            .and_then(|took| took.parse().ok())
            .expect("a number");
        assert!(took >= 300, "{clock}: {took}");
    }
    let outcome = postlogin("run ask.js --allow-net=127.0.0.1 --timeout 100ms")
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["error"]["name"], "Timeout", "{outcome}");
}

#[test]
fn only_a_recording_is_overwritten() {
    let folder = folder(&[
        ("quiet.js", crate::support::QUIET),
        ("notes.yaml", "- mine\n"),
        ("mocks.yaml", "[]\n"),
    ]);
    let run = |options: &str| postlogin(&format!("run quiet.js {options}")).within(folder.path());
    assert_command!(run("--record notes.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: notes.yaml: the file exists and is not a recording of postlogin
    hint: record into another file, or remove this one
    ");
    assert_command!(run("--record mocks.yaml --http mocks.yaml"), @"
    exit code: 2
    ----- stderr -----
    error: mocks.yaml: it cannot be replayed and recorded at once
    hint: record into another file
    ");
    assert_command!(run("--record ."), @"
    exit code: 2
    ----- stderr -----
    error: .: Is a directory (os error 21)
    ");
    assert_command!(run("--allow-net=https://api.example.com/x"), @"
    exit code: 2
    ----- stderr -----
    error: --allow-net: `https://api.example.com/x` is a URL, not a host: write api.example.com
    hint: write hosts as in --allow-net=api.example.com,localhost:3000
    ");
    let done = run("--record none.yaml").finish();
    assert_eq!(done.code, Some(0), "{done}");
    let text = fs::read_to_string(folder.path().join("none.yaml")).expect("it was written");
    insta::assert_snapshot!(text, @"
    # Recorded by postlogin --record; replay it with --http.
    []
    ");
    assert_eq!(run("--http none.yaml").finish().code, Some(0));
    let done = run("--record no/such/folder.yaml").finish();
    assert_eq!(done.code, Some(110), "{done}");
}
