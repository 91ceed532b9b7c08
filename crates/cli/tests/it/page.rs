//! The page of the logins: `serve`, `ui` and `--report`, in a headless Chromium and without one.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    browsers::chromium,
    clients::{clients, node},
    page_more::program_folder,
    serve::Serving,
    support::{folder, postlogin, repository},
};

pub(crate) const USERS: &str = r#"[
  {"user_id": "1", "email": "jane@example.com", "name": "Jane Doe", "password": "secret-of-tests", "user_metadata": {"hobby": "surfing"}, "app_metadata": {"plan": "free"}},
  {"user_id": "2", "email": "joe@example.com", "name": "Joe Bloggs", "password": "secret-of-tests", "user_metadata": {"hobby": "chess"}, "app_metadata": {"plan": "pro"}}
]"#;

const ACTION: &str = r"/** Tells the shop what the user likes, and the tier of their plan. */
const NAMESPACE = 'https://example.com';

exports.onExecutePostLogin = async (event, api) => {
  console.log(`key ${event.secrets.API_KEY}`);
  api.idToken.setCustomClaim(`${NAMESPACE}/hobby`, event.user.user_metadata.hobby);
  api.accessToken.setCustomClaim(`${NAMESPACE}/plan`, event.user.app_metadata.plan);
  if (event.user.app_metadata.plan === 'pro') {
    api.accessToken.setCustomClaim(`${NAMESPACE}/tier`, 'gold');
  }
};
";

const SECRET: &str = "--secret API_KEY=s3cr3t-of-tests";

/// Markup in everything that others write: claims, values, prints, the error, the name of the file.
const HOSTILE: &str = r#"exports.onExecutePostLogin = async (event, api) => {
  const mark = '<img src=x onerror="window.hacked=1">';
  console.log(mark, '</script><script>window.hacked=1</script>', event.secrets.API_KEY);
  api.idToken.setCustomClaim(`https://example.com/${mark}`, mark);
  api.idToken.setCustomClaim('https://example.com/</script>', event.user.name);
  api.accessToken.setCustomClaim(mark, { [mark]: mark });
  api.user.setUserMetadata('mark', mark);
  if (event.user.app_metadata[mark]) api.idToken.setCustomClaim('https://example.com/never', mark);
};
"#;

const HOSTILE_USERS: &str = r#"[{"user_id": "1", "email": "jane@example.com", "name": "<img src=x onerror=\"window.hacked=1\">", "nickname": "</script><script>window.hacked=1</script>", "password": "secret-of-tests"}]"#;

/// A project with one Action, and users.
pub(crate) fn project(name: &str, action: &str, users: &str) -> TempDir {
    let folder = folder(&[("users.json", users), ("actions/other.txt", "")]);
    let path = folder.path();
    fs::write(path.join("actions").join(format!("{name}.js")), action).expect("an Action");
    fs::write(
        path.join("postlogin.toml"),
        format!("binding = [{name:?}]\n"),
    )
    .expect("a configuration");
    folder
}

/// Starts a tenant, and waits for the link to its page.
pub(crate) fn start(command: &str, project: &Path) -> (Serving, String) {
    let place = project.display();
    let mut child = postlogin(&format!("{command} --project {place} {SECRET} --users"))
        .arg(project.join("users.json"))
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stderr = child.stderr.take().expect("a pipe");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some((_, link)) = line.split_once("a link for one browser: ") {
                let _ = sender.send(link.to_owned());
            }
        }
    });
    let serving = Serving::of(child);
    let link = receiver.recv_timeout(Duration::from_secs(30));
    (serving, link.expect("a link is printed"))
}

/// The link by the name that the browser of the tests may reach.
pub(crate) fn local(link: &str) -> String {
    link.replace("127.0.0.1", "localhost")
}

#[test]
fn from_a_login_to_the_reason_and_the_line() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = project("loyalty", ACTION, USERS);
    let (tenant, link) = start(
        "serve --port 0 --ephemeral --control-token ctl",
        project.path(),
    );
    let client = tenant.control("GET", "clients")[0]["client_id"].clone();
    let variables = [
        ("LINK", local(&link)),
        ("ISSUER", tenant.issuer.clone()),
        (
            "CLIENT",
            client.as_str().expect("an application").to_owned(),
        ),
        ("PROJECT", project.path().display().to_string()),
        ("CHROMIUM", chromium.to_string_lossy().into_owned()),
    ];
    let mut variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // `UPDATE_DOCS=1` makes the pictures of the book again.
    let shots = repository().join("docs/book/src/guide/page");
    let shots = shots.display().to_string();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        variables.push(("SHOTS", &shots));
    }
    node(&clients, "page.mjs", &variables);
    // What the page wrote is a case that passes.
    let place = project.path().display();
    let tested = postlogin(&format!(
        "test --project {place} tests/joe-signs-in.case.yaml"
    ));
    let tested = tested.finish();
    assert_eq!(tested.code, Some(0), "{}", tested.printed());
}

#[test]
fn markup_of_others_is_inert_in_a_report_and_in_the_page() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let name = match cfg!(unix) {
        true => "<b>x",
        false => "x",
    };
    let project = project(name, HOSTILE, HOSTILE_USERS);
    let place = project.path().display();
    let report = project.path().join("out/report.html");
    let explained = postlogin(&format!(
        "explain --project {place} {SECRET} --report out/report.html --set"
    ));
    let explained = explained.arg(r#"user.name=<img src=x onerror="window.hacked=1">"#);
    let explained = explained.finish();
    assert_eq!(explained.code, Some(0), "{}", explained.printed());
    let (_tenant, link) = start("ui --no-open", project.path());
    let variables = [
        ("REPORT", report.display().to_string()),
        ("LINK", local(&link)),
        ("CHROMIUM", chromium.to_string_lossy().into_owned()),
    ];
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    node(&clients, "report.mjs", &variables);
}

const ASKS: &str = r"exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.boom) null.x;
  if (event.user.app_metadata.mfa) return api.multifactor.enable('any');
  api.redirect.sendUserTo('https://ask.example/terms');
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/answer', event.request.body.answer);
};
";

#[test]
fn a_login_that_stops_goes_on_from_the_page() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = project("ask", ASKS, USERS);
    let (_tenant, link) = start("ui --no-open", project.path());
    let link = local(&link);
    let chromium = chromium.to_string_lossy();
    let bin = program_folder();
    let variables = [
        ("LINK", link.as_str()),
        ("CHROMIUM", &chromium),
        ("BIN", &bin),
    ];
    node(&clients, "steps.mjs", &variables);
}

/// The data of a report.
pub(crate) fn data(file: &Path) -> serde_json::Value {
    let html = fs::read_to_string(file).expect("a report");
    let (_, rest) = html
        .split_once("id=\"postlogin-data\">")
        .expect("the data is in it");
    let (data, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(data).expect("JSON")
}

#[test]
fn a_report_of_a_run_has_the_login_its_claims_and_the_source_without_secrets() {
    let project = project("loyalty", ACTION, USERS);
    let place = project.path().display();
    for (command, why) in [("run", ""), ("explain", "--why https://example.com/other")] {
        let ran = postlogin(&format!(
            "{command} --project {place} {SECRET} {why} --report {command}.html --format json"
        ));
        let ran = ran.finish();
        assert_eq!(ran.code, Some(0), "{}", ran.printed());
        assert!(!ran.printed().contains("s3cr3t-of-tests"));
        let file = project.path().join(format!("{command}.html"));
        let html = fs::read_to_string(&file).expect("a report");
        assert!(!html.contains("s3cr3t-of-tests"), "{command}");
        assert!(!html.contains("http-equiv=\"refresh\"") && html.contains("default-src 'none'"));
        let data = data(&file);
        assert_eq!(data["format"], "postlogin.report/1");
        assert_eq!(data["command"], command);
        assert_eq!(data["sources"][0]["file"], "actions/loyalty.js");
        let entry = &data["entries"][0];
        assert_eq!(entry["event"]["user"]["email"], "jane.doe@example.com");
        let expected = entry["explanation"]["expected"].as_array().expect("a list");
        let names: Vec<&str> = expected
            .iter()
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert!(names.contains(&"https://example.com/tier"), "{names:?}");
        assert_eq!(
            names.contains(&"https://example.com/other"),
            command == "explain"
        );
        let location = &entry["explanation"]["claims"][0]["origins"][0]["location"];
        assert_eq!(location["file"], "actions/loyalty.js", "reads have places");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_anything_runs() {
    let project = project("loyalty", ACTION, USERS);
    let place = project.path().display();
    fs::create_dir(project.path().join("taken.html")).expect("a folder");
    for command in ["run", "explain"] {
        let refused = postlogin(&format!("{command} --project {place} --report taken.html"));
        let refused = refused.finish();
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(110), ""));
        for word in ["taken.html", "it is a folder"] {
            assert!(refused.stderr.contains(word), "{}", refused.stderr);
        }
    }
}

#[test]
fn ui_keeps_nothing_and_its_link_opens_the_page() {
    let project = project("loyalty", ACTION, USERS);
    let (tenant, link) = start("ui --no-open", project.path());
    assert!(link.starts_with(&tenant.issuer), "{link} {}", tenant.issuer);
    let path = format!("/{}", link.trim_start_matches(&tenant.issuer));
    let (status, head, _) = tenant.answer("GET", &path, "", "");
    assert_eq!(status, 302, "{head}");
    let cookie = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .expect("a cookie");
    assert!(cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = format!(
        "cookie: {}\r\n",
        cookie.split(';').next().unwrap_or_default()
    );
    let (status, _, body) = tenant.answer("GET", "/_postlogin/", &cookie, "");
    assert!(status == 200 && body.contains("page.js"), "{status} {body}");
    let headers = format!("{cookie}x-postlogin-page: 1\r\ncontent-type: application/json\r\n");
    let (status, body) = tenant.send("POST", "/_postlogin/runs", &headers, "{}");
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("https://example.com/tier") && !body.contains("s3cr3t-of-tests"));
    let (_, body) = tenant.send("GET", "/_postlogin/sources", &headers, "");
    assert!(body.contains("actions/loyalty.js"), "{body}");
    assert!(!project.path().join(".postlogin/tenant.sqlite").exists());
}

#[test]
fn a_report_of_cases_has_their_failures_and_accounts() {
    let project = project("loyalty", ACTION, USERS);
    let cases = "cases:\n  - description: passes\n    secrets: { API_KEY: s3cr3t-of-tests }\n    with: { user: { app_metadata: { plan: pro } } }\n    expect: { access_token: { \"https://example.com/tier\": gold } }\n  - description: fails\n    secrets: { API_KEY: s3cr3t-of-tests }\n    with: { user: { app_metadata: { plan: free } } }\n    expect: { access_token: { \"https://example.com/tier\": gold } }\n  - description: skipped\n    skip: not now\n";
    fs::write(project.path().join("tier.case.yaml"), cases).expect("cases");
    let place = project.path().display();
    let tested = postlogin(&format!("test --project {place} --report cases.html"));
    let tested = tested.finish();
    assert_eq!(tested.code, Some(100), "{}", tested.printed());
    let file = project.path().join("cases.html");
    let html = fs::read_to_string(&file).expect("a report");
    assert!(!html.contains("s3cr3t-of-tests"));
    let data = data(&file);
    let entries = data["entries"].as_array().expect("a list");
    let verdicts: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["passed", "failed", "skipped"]);
    let failure = entries[1]["failures"][0].as_str().expect("a failure");
    assert!(failure.contains("tier.case.yaml"), "{failure}");
    assert!(failure.contains("https://example.com/tier"), "{failure}");
    let expected = &entries[1]["explanation"]["expected"];
    let tier = expected.as_array().and_then(|all| {
        all.iter()
            .find(|it| it["name"] == "https://example.com/tier")
    });
    assert_eq!(
        tier.expect("an account")["access_token"]["state"],
        "never-set"
    );
    assert_eq!(entries[2]["explanation"], serde_json::Value::Null);
    assert_eq!(entries[2]["failures"][0], "not now");
}

#[test]
fn a_report_of_a_comparison_has_both_sides_of_each_difference() {
    let project = project("loyalty", ACTION, USERS);
    let changed = ACTION.replace("event.user.user_metadata.hobby", "'chess'");
    fs::write(project.path().join("new.js"), changed).expect("the other version");
    fs::write(
        project.path().join("jane.json"),
        r#"{"user": {"user_metadata": {"hobby": "surfing"}}, "transaction": {"protocol": "oidc-basic-profile", "requested_scopes": ["openid"]}}"#,
    )
    .expect("an event");
    let place = project.path().display();
    let compared = postlogin(&format!(
        "compare --project {place} {SECRET} loyalty new.js --event jane.json --report out.html"
    ));
    let compared = compared.finish();
    assert_eq!(compared.code, Some(100), "{}", compared.printed());
    let data = data(&project.path().join("out.html"));
    let entries = data["entries"].as_array().expect("a list");
    let sides: Vec<_> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(sides, ["left", "right"], "{entries:?}");
    let value = |side: usize| {
        let claims = &entries[side]["explanation"]["outcome"]["id_token"]["claims"];
        claims["https://example.com/hobby"].clone()
    };
    assert_eq!((value(0), value(1)), ("surfing".into(), "chess".into()));
    assert!(
        data["title"]
            .as_str()
            .is_some_and(|it| it.contains("postlogin compare loyalty new.js"))
    );
    let files: Vec<_> = data["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .map(|it| it["file"].clone())
        .collect();
    assert_eq!(files, ["actions/loyalty.js", "new.js"]);
}

/// A forgotten value makes the next word the report, and that may be an Action.
#[test]
fn a_report_replaces_a_page_and_nothing_else() {
    let project = project("loyalty", ACTION, USERS);
    let place = project.path().display().to_string();
    let run = |report: &str| {
        postlogin(&format!(
            "run --project {place} {SECRET} loyalty --report {report}"
        ))
        .finish()
    };
    let refused = run("actions/loyalty.js");
    assert_eq!(refused.code, Some(110), "{}", refused.printed());
    assert!(
        refused.stderr.contains("something else than a report"),
        "{}",
        refused.stderr
    );
    let kept = fs::read_to_string(project.path().join("actions/loyalty.js"));
    assert_eq!(kept.expect("the Action"), ACTION);
    // A page that is there already, and an empty file, are replaced.
    fs::write(project.path().join("out.html"), "").expect("a file");
    for _ in 0..2 {
        assert_eq!(run("out.html").code, Some(0));
    }
}
