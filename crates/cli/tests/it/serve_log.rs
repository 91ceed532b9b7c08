//! The output of `serve`: a line for each login, the console output and errors of its Actions, ignored keys of the export.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{ChildStderr, Stdio},
    sync::mpsc::channel,
    time::Duration,
};

use serde_json::Value;

use crate::{
    serve::{Serving, USERS},
    support::{folder, postlogin},
};

const EXPORT: &str = r#"
tenant:
  friendly_name: Example
  flags: { no_disclose_enterprise_connections: true }
clients:
  - name: Example App
    client_id: example-app
    app_type: spa
    token_endpoint_auth_method: none
    grant_types: [password]
    oidc_logout: { backchannel_logout_urls: ["https://app.example.com/logout"] }
    addons: {}
actions:
  - name: prints
    code: ./code.js
    supported_triggers: [{ id: post-login, version: v3 }]
triggers:
  post-login:
    - action_name: prints
"#;

const CODE: &str = "exports.onExecutePostLogin = async (event, api) => {
  console.log('hello\\n10:00:00 login forged');
  api.idToken.setCustomClaim('nonce', 1);
};
";

/// Starts a tenant whose stderr is read.
fn start(project: &std::path::Path, more: &str) -> (Serving, ChildStderr) {
    let mut child = postlogin(&format!(
        "serve --port 0 --control-token ctl {more} --project {} --users",
        project.display()
    ))
    .arg(project.join("users.json"))
    .command()
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    let stderr = child.stderr.take().expect("a pipe");
    (Serving::of(child), stderr)
}

/// Signs Jane in, and returns what was printed up to a line that contains `last`.
fn printed(project: &std::path::Path, more: &str, last: &str) -> String {
    let (tenant, stderr) = start(project, more);
    tenant.log_in();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut text = String::new();
    while let Ok(line) = receiver.recv_timeout(Duration::from_secs(30)) {
        text.push_str(&line);
        text.push('\n');
        if line.contains(last) {
            return text;
        }
    }
    panic!("no line with {last:?}: {text}");
}

#[test]
fn each_login_is_a_line_with_what_its_actions_print() {
    let project = folder(&[
        ("tenant.yaml", EXPORT),
        ("code.js", CODE),
        ("users.json", USERS),
    ]);
    let human = printed(project.path(), "", "  prints log: ");
    let line = human
        .lines()
        .find(|line| line.contains(" login auth0|1 → example-app allowed "));
    let line = line.unwrap_or_else(|| panic!("{human}"));
    assert!(line.ends_with("; dropped claims: nonce"), "{human}");
    assert!(human.contains("\n  prints log: hello"), "{human}");
    // What an Action prints is no line of its own.
    assert!(!human.contains("\n10:00:00 login forged"), "{human}");
    for said in [
        "not honoured by the local tenant, tenant flags: no_disclose_enterprise_connections",
        "not honoured by the local tenant, clients: oidc_logout",
    ] {
        assert!(human.contains(said), "{said}: {human}");
    }
    assert!(!human.contains("addons"), "{human}");

    let json = printed(project.path(), "--log json", "{\"type\":\"login\"");
    let entry = json.lines().find(|line| line.starts_with('{'));
    let entry: Value = serde_json::from_str(entry.unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(entry["type"], "login");
    assert_eq!(entry["outcome"]["status"], "allowed");

    let (tenant, mut stderr) = start(project.path(), "--log quiet");
    tenant.log_in();
    drop(tenant);
    let mut quiet = String::new();
    stderr.read_to_string(&mut quiet).expect("it is read");
    assert!(!quiet.contains("prints log"), "{quiet}");
}

#[test]
fn what_an_export_configures_and_nothing_reads_is_named() {
    let more = "databases:\n  - { name: db, strategy: auth0, enabled_clients: [nope], options: { passwordPolicy: strong } }\n\
        hooks: [{ name: h }]\ncustomDomains: [{ domain: login.example.com }]\nlogStreams: []\nroles: { editor: {} }\nclientGrant: []\n";
    let users = USERS.replace("\n", " ");
    let project = folder(&[
        ("tenant.yaml", &format!("{EXPORT}{more}")),
        ("code.js", CODE),
        ("users.json", &users),
    ]);
    let last = "page of the logins";
    let (tenant, stderr) = start(project.path(), "");
    let mut said = String::new();
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        said.push_str(&line);
        said.push('\n');
        if line.contains(last) {
            break;
        }
    }
    drop(tenant);
    for expected in [
        "not honoured by the local tenant, sections: customDomains, hooks",
        "no user can sign in by the connection db: its `enabled_clients` are not applications of the export: nope",
        "tenant.yaml:25:8: `roles` must be a list; this is an object, and nothing of it is read",
        "tenant.yaml:26:1: unknown section `clientGrant` of the export: nothing reads it",
        "`passwordPolicy` has the unknown value `strong`",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("logStreams"), "{said}");
    let checked = postlogin("check").within(project.path()).finish();
    assert_eq!(checked.code, Some(100), "{checked}");
    for expected in [
        "error[invalid-configuration]  tenant.yaml:25:8",
        "error[invalid-configuration]  tenant.yaml:26:1",
        "did you mean `clientGrants`?",
        "error[invalid-configuration]  tenant.yaml:21:86",
        "warning[unknown-reference]  tenant.yaml:21:52",
    ] {
        assert!(checked.stdout.contains(expected), "{expected}: {checked}");
    }
    assert!(!checked.stdout.contains("hooks"), "{checked}");
}

#[test]
fn a_program_that_does_not_read_stderr_holds_up_no_login() {
    let long = format!(
        "exports.onExecutePostLogin = async () => {{ for (let i = 0; i < 30; i++) console.log('{}'); }};\n",
        "x".repeat(200)
    );
    let project = folder(&[
        ("tenant.yaml", EXPORT),
        ("code.js", &long),
        ("users.json", USERS),
    ]);
    let (tenant, _unread) = start(project.path(), "--ephemeral");
    // 4 KiB each: more than a pipe has room for.
    for _ in 0..30 {
        tenant.log_in();
    }
}

#[test]
fn the_state_folder_ignores_itself() {
    let project = folder(&[("users.json", USERS), ("postlogin.toml", "binding = []\n")]);
    let (tenant, _stderr) = start(project.path(), "");
    drop(tenant);
    let file = project.path().join(".postlogin/.gitignore");
    let text = std::fs::read_to_string(file).expect("it is there");
    assert_eq!(text, "*\n");
}
