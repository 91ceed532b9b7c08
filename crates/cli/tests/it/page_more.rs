//! More of the page of the logins, in a headless Chromium: requests, what ran, generated logins, sessions, mails, copied commands.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    browsers::chromium,
    clients::{clients, node},
    page::{USERS, data, local, project, start},
    serve::Serving,
    server::{Server, ok},
    support::postlogin,
};

const ACTION: &str = r"// Asks for the score of the user.
exports.onExecutePostLogin = async (event, api) => {
  const answer = await fetch(
    `https://api.example.com/score/${event.user.user_id}?token=${event.secrets.API_KEY}`,
    { headers: { authorization: `Bearer ${event.secrets.API_KEY}` } },
  );
  const { score } = await answer.json();
  api.idToken.setCustomClaim('https://example.com/score', score);
  api.idToken.setCustomClaim('https://example.com/chance', [Math.random(), Date.now()]);
  if (event.user.app_metadata.plan === 'pro') {
    api.idToken.setCustomClaim(
      'https://example.com/tier',
      event.user.user_metadata.hobby
        ?? 'gold',
    );
  }
  await fetch('https://unknown.example.com/').catch(() => 'nothing');
};
";

const MOCKS: &str = "- request: { url: 'https://api.example.com/score/*' }\n  response: { json: { score: 12 }, delay: 250ms }\n";

/// The folder of the program that is tested.
pub(crate) fn program_folder() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_postlogin"));
    let folder = program.parent().expect("a folder");
    folder.display().to_string()
}

#[test]
fn requests_lines_generated_logins_sessions_and_commands() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = project("score", ACTION, USERS);
    let mocks = project.path().join("mocks.yaml");
    fs::write(&mocks, MOCKS).expect("mocks");
    let options = format!(
        "serve --port 0 --ephemeral --control-token ctl --callback http://localhost:1/cb --http {}",
        mocks.display()
    );
    let (tenant, link) = start(&options, project.path());
    let client = tenant.control("GET", "clients")[0]["client_id"].clone();
    let place = project.path().display().to_string();
    let (link, chromium, bin) = (local(&link), chromium.to_string_lossy(), program_folder());
    let mut variables = vec![
        ("LINK", link.as_str()),
        ("ISSUER", &tenant.issuer),
        ("CLIENT", client.as_str().expect("an application")),
        ("PROJECT", &place),
        ("BIN", &bin),
        ("CHROMIUM", &chromium),
    ];
    let shots = std::env::var("PAGE_SHOTS");
    if let Ok(shots) = &shots {
        variables.push(("SHOTS", shots));
    }
    node(&clients, "page-more.mjs", &variables);
}

/// The header lines of the page, with the cookie of its link.
fn cookie(tenant: &Serving, link: &str) -> String {
    let path = link.split_once("/_postlogin/").expect("a link").1;
    let (_, head, _) = tenant.answer("GET", &format!("/_postlogin/{path}"), "", "");
    let cookie = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.expect("a cookie").split(';').next();
    format!(
        "x-postlogin-page: 1\r\ncookie: {}\r\n",
        cookie.unwrap_or_default()
    )
}

#[test]
fn real_requests_of_a_login_are_listed_and_not_made_again() {
    let server = Server::start(|_| ok("content-type: application/json\r\n", r#"{"score": 12}"#));
    let action = format!(
        "exports.onExecutePostLogin = async (event, api) => {{
  const answer = await fetch(`http://{}/score?token=${{event.secrets.API_KEY}}`);
  api.idToken.setCustomClaim('https://example.com/score', (await answer.json()).score);
}};\n",
        server.address
    );
    let project = project("score", &action, crate::serve::USERS);
    let options = "serve --port 0 --ephemeral --control-token ctl --allow-net=127.0.0.1";
    let (tenant, link) = start(options, project.path());
    tenant.log_in();

    let page = cookie(&tenant, &link);
    let log = tenant.control("GET", "log");
    let id = log.as_array().and_then(|log| log.last()).expect("a login")["id"].clone();
    let login = format!("/_postlogin/logins/{}", id.as_str().expect("an id"));
    let (status, body) = tenant.send("GET", &login, &page, "");
    assert_eq!(status, 200, "{body}");
    let entry: Value = serde_json::from_str(&body).expect("JSON");
    let requests = entry["requests"].as_array().expect("requests");
    assert_eq!(requests.len(), 1, "{body}");
    assert_eq!(
        requests[0]["url"],
        format!("http://{}/score?token=***", server.address)
    );
    assert_eq!(requests[0]["answered_by"], "network");
    assert_eq!(requests[0]["response_body"], r#"{"score": 12}"#);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn generated_logins_differ_in_their_events_alone() {
    let project = project(
        "chance",
        "exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/chance', [Math.random(), Date.now()]);
  if (event.user.app_metadata.plan === 'pro') api.idToken.setCustomClaim('https://example.com/tier', 'gold');
};\n",
        crate::serve::USERS,
    );
    let options = "serve --port 0 --ephemeral --control-token ctl";
    let (tenant, link) = start(options, project.path());
    tenant.log_in();
    let page = cookie(&tenant, &link);
    let log = tenant.control("GET", "log");
    let id = log.as_array().and_then(|log| log.last()).expect("a login")["id"].clone();
    let json = format!("{page}content-type: application/json\r\n");
    // A run of the page has a clock that stands still; that of a login goes on while it runs.
    let body = json!({"login": id}).to_string();
    let (status, login) = tenant.send("POST", "/_postlogin/runs", &json, &body);
    assert_eq!(status, 200, "{login}");
    let login: Value = serde_json::from_str(&login).expect("JSON");
    let id = login["id"].as_str().expect("an id");
    let chance = |entry: &Value| {
        entry["explanation"]["outcome"]["id_token"]["claims"]["https://example.com/chance"].clone()
    };
    assert!(chance(&login).is_array(), "{login}");

    for seed in 0..5 {
        let body = json!({"login": id, "count": 20, "seed": seed}).to_string();
        let (status, made) = tenant.send("POST", "/_postlogin/generated", &json, &body);
        assert_eq!(status, 200, "{made}");
        let made: Value = serde_json::from_str(&made).expect("JSON");
        assert_eq!(made["seed"], seed.to_string());
        let entries = made["entries"].as_array().expect("logins");
        assert_eq!(entries.len(), 20);
        for (index, entry) in entries.iter().enumerate() {
            assert_ne!(entry["event"], login["event"], "seed {seed}, {index}");
            let before = &entries[..index];
            assert!(
                before.iter().all(|other| other["event"] != entry["event"]),
                "seed {seed}, {index}"
            );
            assert_eq!(entry["seed"], login["seed"]);
            if !chance(entry).is_null() {
                assert_eq!(chance(entry), chance(&login), "seed {seed}, {index}");
            }
        }
        assert!(entries.iter().any(|it| chance(it).is_array()), "{made}");
    }
}

#[test]
fn reports_have_requests_lines_and_conditions() {
    let project = project("score", ACTION, USERS);
    let place = project.path().display();
    fs::write(project.path().join("mocks.yaml"), MOCKS).expect("mocks");
    let recording = format!("# Recorded by postlogin --record; replay it with --http.\n{MOCKS}");
    fs::write(project.path().join("recording.yaml"), recording).expect("a recording");
    let case = "description: a case\nwith: { user: { app_metadata: { plan: free } } }\nsecrets: { API_KEY: s3cr3t-of-tests }\nhttp: recording.yaml\nexpect: { status: allowed }\n";
    fs::write(project.path().join("a.case.yaml"), case).expect("a case");
    let secret = "--secret API_KEY=s3cr3t-of-tests --set user.app_metadata.plan=free";
    for (command, answered) in [
        (format!("run {secret} --http mocks.yaml"), "mock 1"),
        (
            format!("explain {secret} --http recording.yaml"),
            "recording 1",
        ),
        ("test".to_owned(), "recording 1"),
    ] {
        let ran = postlogin(&format!("{command} --project {place} --report out.html")).finish();
        let file = project.path().join("out.html");
        assert!(file.exists(), "{}", ran.printed());
        assert!(
            !fs::read_to_string(&file)
                .expect("a page")
                .contains("s3cr3t-of-tests")
        );
        let data = data(&file);
        fs::remove_file(&file).expect("a page");
        let entry = &data["entries"][0];
        let requests = &entry["requests"];
        assert_eq!(requests[0]["answered_by"], answered, "{command} {requests}");
        assert_eq!(requests[0]["action"], "score");
        assert_eq!(requests[0]["status"], 200);
        assert_eq!(requests[0]["ms"], 250);
        assert_eq!(requests[1]["answered_by"], "nothing");
        let lines = entry["coverage"][0]["lines"].as_array().expect("lines");
        let count = |line: u64| {
            let mut lines = lines.iter();
            lines.find(|it| it[0] == line).map(|it| it[1].as_u64())
        };
        assert_eq!(
            (count(3), count(11)),
            (Some(Some(1)), Some(Some(0))),
            "{command} {lines:?}"
        );
        let expected = entry["explanation"]["expected"].as_array();
        let tier = expected.and_then(|all| {
            let mut all = all.iter();
            all.find(|it| it["name"] == "https://example.com/tier")
        });
        let met = &tier.expect("an account")["sites"][0]["conditions"][0]["met"];
        assert_eq!(met, "no", "{command}");
    }
}

#[test]
fn a_replay_writes_its_page_to_the_file_that_is_named() {
    let project = project(
        "loyalty",
        "exports.onExecutePostLogin = async () => {};",
        USERS,
    );
    let place = project.path().display();
    let replayed = postlogin(&format!(
        "replay --project {place} users.json --after loyalty --out out --report pages/replay.html"
    ));
    let replayed = replayed.finish();
    assert_eq!(replayed.code, Some(0), "{}", replayed.printed());
    let read = |name: &str| fs::read_to_string(project.path().join(name)).expect("a page");
    assert_eq!(read("pages/replay.html"), read("out/report.html"));
    // What is something else is not replaced, and no user runs.
    let refused = postlogin(&format!(
        "replay --project {place} users.json --after loyalty --report actions/loyalty.js"
    ));
    let refused = refused.finish();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(110), ""));
}

#[test]
fn an_issuer_is_that_of_the_tokens() {
    let project = project(
        "loyalty",
        "exports.onExecutePostLogin = async () => {};",
        USERS,
    );
    let place = project.path().display();
    let run = |issuer: &str| {
        postlogin(&format!(
            "run --project {place} --format json --issuer {issuer}"
        ))
        .finish()
    };
    for issuer in [
        "http://127.0.0.1:3333/",
        "https://login.example.com/",
        "http://[::1]:80/",
    ] {
        let ran = run(issuer);
        let outcome: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(outcome["id_token"]["claims"]["iss"], issuer);
    }
    for wrong in [
        "login.example.com",
        "ftp://x/",
        "https://",
        "https://a:b/",
        "http://u@h/",
    ] {
        let refused = run(wrong);
        assert_eq!(refused.code, Some(2), "{wrong} {}", refused.printed());
        assert!(refused.stderr.contains("hint:"), "{}", refused.stderr);
    }
}
