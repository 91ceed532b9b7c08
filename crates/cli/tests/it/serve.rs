//! `postlogin serve` and `postlogin email`: the real program, with the repository's own Actions.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::support::{folder, postlogin};

pub(crate) const USERS: &str = r#"[{"user_id": "1", "email": "jane@example.com", "password": "jane-secret", "user_metadata": {"hobby": "surfing"}}]"#;

/// A tenant that runs until the test ends.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) issuer: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    pub(crate) fn start(arguments: &str, users: &std::path::Path) -> Self {
        let port = match arguments.contains("--port") {
            true => "",
            false => "--port 0",
        };
        let started = postlogin(&format!(
            "serve {port} --control-token ctl {arguments} --users"
        ))
        .arg(users)
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
        Self::of(started.expect("the program starts"))
    }

    /// Waits until a program that was started with a pipe as its stdout listens.
    pub(crate) fn of(mut child: Child) -> Self {
        let mut issuer = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut issuer)
            .expect("it says where it listens");
        Self {
            child,
            issuer: issuer.trim().to_owned(),
        }
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String) {
        let (status, _, body) = self.answer(method, path, headers, body);
        (status, body)
    }

    /// Status, head and body.
    pub(crate) fn answer(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String, String) {
        let address = self
            .issuer
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let mut stream = TcpStream::connect(address).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )
        .expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        (status.expect("a status"), head.to_owned(), body.to_owned())
    }

    pub(crate) fn control(&self, method: &str, what: &str) -> Value {
        let (_, body) = self.send(
            method,
            &format!("/_postlogin/{what}"),
            "authorization: Bearer ctl\r\n",
            "",
        );
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// A login of Jane by password, of the application that is made where an export has none.
    pub(crate) fn log_in(&self) -> Value {
        let (status, body) = self.try_to_log_in();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    pub(crate) fn try_to_log_in(&self) -> (u16, String) {
        let clients = self.control("GET", "clients");
        let id = clients[0]["client_id"].as_str().expect("an application");
        let body = format!(
            "grant_type=password&client_id={id}&username=jane@example.com&password=jane-secret&scope=openid"
        );
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.send("POST", "/oauth/token", form, &body)
    }
}

#[test]
fn an_edit_counts_from_the_next_login_on() {
    let action = |value: &str| {
        format!(
            "exports.onExecutePostLogin = async (event, api) => {{ api.user.setAppMetadata('is', {value}); }};\n"
        )
    };
    let project = folder(&[
        ("users.json", USERS),
        ("postlogin.toml", "binding = [\"edited\"]\n"),
        ("actions/edited.js", &action("'one'")),
    ]);
    let place = format!("--ephemeral --project {}", project.path().display());
    let tenant = Serving::start(&place, &project.path().join("users.json"));
    let edit = |text: &str| {
        std::fs::write(project.path().join("actions/edited.js"), text).expect("it is written")
    };
    let stored = || tenant.control("GET", "users")[0]["app_metadata"]["is"].clone();
    tenant.log_in();
    assert_eq!(stored(), "one");
    edit(&action("'the second'"));
    tenant.log_in();
    assert_eq!(stored(), "the second");
    // What does not compile, or is not a configuration, fails logins until it is fixed.
    edit("exports.onExecutePostLogin = async (event, api) => {{{");
    let (status, body) = tenant.try_to_log_in();
    assert_eq!(status, 500, "{body}");
    assert!(
        body.contains(r#"{"error":"access_denied","error_description":"SyntaxError"#),
        "{body}"
    );
    edit(&action("'mended now'"));
    let configure = |text: &str| {
        let file = project.path().join("postlogin.toml");
        std::fs::write(file, text).expect("it is written");
    };
    configure("binding = [\"nowhere\"]\n");
    let (status, body) = tenant.try_to_log_in();
    assert_eq!(status, 500, "{body}");
    assert!(
        body.contains("access_denied") && body.contains("nowhere"),
        "{body}"
    );
    let log = tenant.control("GET", "log");
    let failed = &log[3]["outcome"]["error"]["message"];
    let told = failed.as_str().is_some_and(|told| told.contains("nowhere"));
    assert!(told, "{log}");
    configure("binding = [\"edited\"]\n# mended\n");
    tenant.log_in();
    assert_eq!(stored(), "mended now");
}

#[test]
fn a_login_runs_the_projects_rules_before_its_actions() {
    let folder = folder(&[
        ("users.json", USERS),
        (
            "tenant.yaml",
            "rules:\n  - {name: hobby, script: ./rules/hobby.js, enabled: true, order: 1}\nactions:\n  - {name: after, code: ./after.js, deployed: true, supported_triggers: [{id: post-login, version: v3}]}\ntriggers:\n  post-login: [{action_name: after, display_name: after}]\n",
        ),
        (
            "rules/hobby.js",
            "function (user, context, callback) { context.idToken['https://example.com/hobby'] = user.user_metadata.hobby; callback(null, user, context); }",
        ),
        (
            "after.js",
            "exports.onExecutePostLogin = async (event, api) => api.idToken.setCustomClaim('https://example.com/rule', api.rules.wasExecuted('hobby'));",
        ),
    ]);
    let arguments = format!("--ephemeral --project {}", folder.path().display());
    let tenant = Serving::start(&arguments, &folder.path().join("users.json"));
    tenant.log_in();
    let log = tenant.control("GET", "log").to_string();
    assert!(
        log.contains(r#""https://example.com/hobby":"surfing""#),
        "{log}"
    );
    assert!(log.contains(r#""https://example.com/rule":true"#), "{log}");
}

#[test]
fn a_login_runs_the_projects_actions() {
    let users = folder(&[("users.json", USERS)]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
    let answer = tenant.log_in();
    assert!(answer["id_token"].is_string());
    let token = answer["access_token"].as_str().expect("a token");
    let (_, userinfo) = tenant.send(
        "GET",
        "/userinfo",
        &format!("authorization: Bearer {token}\r\n"),
        "",
    );
    let userinfo: Value = serde_json::from_str(&userinfo).expect("JSON");
    assert_eq!(userinfo["https://example.com/hobby"], "surfing");
    let log = tenant.control("GET", "log");
    assert_eq!(log[0]["outcome"]["status"], "allowed");
    assert_eq!(
        log[0]["outcome"]["ledger"][0]["location"]["file"],
        "actions/copy-user-metadata/code.js"
    );
}

#[test]
fn an_opaque_token_lives_as_long_as_the_project_says() {
    let project = folder(&[
        ("users.json", USERS),
        (
            "postlogin.toml",
            "binding = []\n[tenant]\nuserinfo_token_lifetime_s = 60\n",
        ),
    ]);
    let place = format!("--ephemeral --project {}", project.path().display());
    let tenant = Serving::start(&place, &project.path().join("users.json"));
    assert_eq!(tenant.log_in()["expires_in"], 60);
}

#[test]
fn what_was_stored_survives_a_kill() {
    let project = folder(&[
        ("users.json", USERS),
        ("postlogin.toml", "binding = [\"count\"]\n"),
        (
            "actions/count.js",
            "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('n', (event.user.app_metadata.n ?? 0) + 1); };\n",
        ),
    ]);
    let place = format!("--project {}", project.path().display());
    let users = project.path().join("users.json");
    let mut counted = Vec::new();
    for _ in 0..2 {
        let tenant = Serving::start(&place, &users);
        tenant.log_in();
        counted.push(tenant.control("GET", "users")[0]["app_metadata"]["n"].clone());
        // Dropping kills the process: no chance to say good-bye.
    }
    assert_eq!(counted, [json!(1), json!(2)]);
}

#[test]
#[cfg(unix)]
fn a_signal_stops_it_well_from_its_first_line_on() {
    let users = folder(&[("users.json", USERS)]);
    for signal in ["-TERM", "-INT"] {
        let mut tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
        let pid = tenant.child.id().to_string();
        let killed = std::process::Command::new("kill")
            .args([signal, &pid])
            .status();
        assert!(killed.expect("there is `kill`").success());
        let ended = tenant.child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0), "{signal}: {ended}");
    }
}

/// A stream to a tenant with this written to it; whoever reads gives up after half a minute.
fn open(tenant: &Serving, text: &str) -> TcpStream {
    let address = tenant.issuer.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address.trim_end_matches('/')).expect("it listens");
    let patience = Some(std::time::Duration::from_secs(60));
    stream.set_read_timeout(patience).expect("a limit");
    stream.write_all(text.as_bytes()).expect("it is sent");
    stream
}

#[test]
fn half_a_request_is_not_waited_for() {
    let users = folder(&[("users.json", USERS)]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let halves = [
        "",
        "GET /hea",
        "GET /health HTTP/1.1\r\nhost: x",
        "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    let mut streams: Vec<TcpStream> = (0..100)
        .map(|number| open(&tenant, halves[number % halves.len()]))
        .collect();
    // Each ends by itself, those that were answered once, too: reading to the end would fail otherwise.
    for stream in &mut streams {
        stream.read_to_end(&mut Vec::new()).expect("it ends");
    }
    assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
}

#[test]
#[cfg(target_os = "linux")]
fn idle_connections_keep_nobody_out() {
    let users = folder(&[("users.json", USERS)]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let pid = tenant.child.id().to_string();
    // As few files as a container may have.
    let limited = std::process::Command::new("prlimit")
        .args(["--pid", &pid, "--nofile=40:40"])
        .status();
    if !limited.is_ok_and(|status| status.success()) {
        return crate::clients::skipped("no prlimit");
    }
    let idle: Vec<TcpStream> = (0..200).map(|_| open(&tenant, "GET /")).collect();
    for _ in 0..5 {
        assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
    }
    drop(idle);
}

#[test]
#[cfg(unix)]
fn an_open_stream_of_events_does_not_delay_the_end() {
    let users = folder(&[("users.json", USERS)]);
    let mut tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let events =
        "GET /_postlogin/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ctl\r\n\r\n";
    let mut stream = open(&tenant, events);
    let half = open(&tenant, "GET /hea");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("it answers");
    assert_eq!(&head, b"HTTP/1.1 200");
    let begin = std::time::Instant::now();
    let pid = tenant.child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(killed.expect("there is `kill`").success());
    assert_eq!(tenant.child.wait().expect("it ends").code(), Some(0));
    // The grace for requests is five seconds.
    assert!(begin.elapsed().as_secs_f64() < 4.5, "{:?}", begin.elapsed());
    drop(half);
}

#[test]
fn one_server_uses_the_state_of_a_project() {
    let project = folder(&[("users.json", USERS), ("postlogin.toml", "binding = []\n")]);
    let place = format!("--project {}", project.path().display());
    let users = project.path().join("users.json");
    let first = Serving::start(&place, &users);
    let second = postlogin("serve --port 0").within(project.path()).finish();
    assert_eq!(second.code, Some(2), "{second}");
    for part in [
        "another server uses the tenant's database",
        "hint: stop that server",
    ] {
        assert!(second.stderr.contains(part), "{second}");
    }
    // It ends with its process, however that ends.
    drop(first);
    drop(Serving::start(&place, &users));
}

#[test]
fn an_error_of_the_server_is_told_on_stderr() {
    let project = folder(&[("users.json", USERS), ("postlogin.toml", "binding = []\n")]);
    let place = format!(
        "serve --port 0 --control-token ctl --project {} --users",
        project.path().display()
    );
    let mut child = postlogin(&place)
        .arg(project.path().join("users.json"))
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut tenant = Serving::of(child);
    // A database that is damaged while it is in use.
    let file = project.path().join(".postlogin/tenant.sqlite");
    for file in [file.clone(), file.with_extension("sqlite-wal")] {
        std::fs::write(file, vec![b'x'; 64 * 1024]).expect("it is written");
    }
    let answers: Vec<u16> = (0..3)
        .map(|_| {
            tenant
                .send(
                    "GET",
                    "/_postlogin/users",
                    "authorization: Bearer ctl\r\n",
                    "",
                )
                .0
        })
        .collect();
    let _ = tenant.child.kill();
    let mut told = String::new();
    stderr.read_to_string(&mut told).expect("it is read");
    if answers.contains(&500) {
        let count = told.matches("the tenant's database: ").count();
        assert_eq!(count, 1, "once for each cause: {told}");
    }
    assert!(
        answers.iter().all(|status| [200, 500].contains(status)),
        "{answers:?} {told}"
    );
}

#[test]
fn wrong_arguments_are_told() {
    let files = folder(&[("users.json", "{\"email\": 1}\n"), ("broken.json", "[{]")]);
    for (arguments, expected) in [
        (
            "serve --port 0 --ephemeral --issuer nonsense",
            "the issuer `nonsense` is not a valid URL",
        ),
        (
            "serve --port 0 --ephemeral --issuer http://x/y",
            "is not a valid URL",
        ),
        (
            "serve --port 0 --ephemeral --users broken.json",
            "broken.json:1:3: the JSON array is not valid JSON",
        ),
        (
            "serve --port 0 --ephemeral --users users.json",
            "users.json:1:2: `email` must be a string",
        ),
        (
            "serve --port 0 --ephemeral --users nowhere.json",
            "nowhere.json",
        ),
        (
            "serve --port 0 --record x.yaml",
            "serve makes no recordings",
        ),
    ] {
        let done = postlogin(arguments).within(files.path()).finish();
        assert_eq!(done.code, Some(2), "{done}");
        assert!(
            done.stderr.contains(expected) && done.stdout.is_empty(),
            "{done}"
        );
    }
}

#[test]
fn a_mail_speaks_the_users_language() {
    let template = r#"{"template": "welcome_email", "body": "./welcome_email.html", "from": "a@example.com", "subject": "Hi {{ user.name }}", "syntax": "liquid", "enabled": true}"#;
    let project = folder(&[
        (
            "actions/quiet.json",
            r#"{"name": "quiet", "code": "./actions/quiet.js", "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#,
        ),
        (
            "actions/quiet.js",
            "exports.onExecutePostLogin = async () => {};\n",
        ),
        ("emails/welcome_email.json", template),
        (
            "emails/welcome_email.html",
            "{% if user.user_metadata.lang == 'de' %}Willkommen{% else %}Welcome{% endif %} bei {{ application.name }}\n",
        ),
    ]);
    let done = postlogin("email welcome_email --set user.user_metadata.lang=de")
        .within(project.path())
        .finish();
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (
            Some(0),
            "From: a@example.com\nSubject: Hi Jane Doe\n\nWillkommen bei Example Web App\n"
        )
    );
    let done = postlogin("email welcome_email --format json")
        .within(project.path())
        .finish();
    assert!(done.stdout.contains("\"body\":\"Welcome bei"), "{done}");
    let done = postlogin("email nonsense").within(project.path()).finish();
    assert!(
        done.code == Some(2) && done.stderr.contains("unknown e-mail template `nonsense`"),
        "{done}"
    );
}

#[test]
fn a_tenant_that_waits_for_stdin_ends_with_it() {
    let folder = folder(&[("users.json", USERS)]);
    let mut child = postlogin("serve --port 0 --ephemeral --until-stdin-ends --users users.json")
        .within(folder.path())
        .env("POSTLOGIN_CONTROL_TOKEN", "ctl")
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut serving = Serving::of(child);
    stdin.write_all(b"this means nothing\n").expect("it reads");
    assert!(serving.child.try_wait().expect("a process").is_none());
    drop(stdin);
    let ended = serving.child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0));
}
