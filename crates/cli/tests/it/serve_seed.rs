//! The initial data of `serve`: seeds, users and callbacks whose mistakes are errors with their place, and nothing written with
//! `--ephemeral`.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::{
    serve::Serving,
    support::{folder, postlogin},
};

const SEED: &str = r#"
users:
  - { email: jane@example.com, password: jane-secret, roles: [editor] }
clients:
  - name: Seeded App
    client_id: seeded-app
    app_type: spa
    token_endpoint_auth_method: none
    grant_types: [password]
resourceServers:
  - identifier: https://api.example.com
    scopes: [{ value: "read:x" }, { value: "write:x" }]
    enforce_policies: true
    token_dialect: access_token_authz
    token_lifetime: 1234
roles:
  - name: editor
    permissions: [{ permission_name: "read:x", resource_server_identifier: "https://api.example.com" }]
"#;

/// Runs `serve`, which does not start, and returns what it says.
fn refused(project: &Path, more: &str) -> String {
    let ran = postlogin(&format!("serve --port 0 --ephemeral {more}"))
        .within(project)
        .finish();
    assert_eq!(ran.code, Some(2), "{ran}");
    ran.stderr
}

fn started(project: &Path, more: &str) -> Child {
    let mut command = postlogin(&format!("serve --port 0 --ephemeral {more}"))
        .within(project)
        .command();
    command
        .env_remove("POSTLOGIN_CONTROL_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

#[test]
fn a_seed_brings_users_applications_apis_and_roles() {
    let project = folder(&[("seed.yaml", SEED)]);
    let tenant = Serving::of(started(
        project.path(),
        "--control-token ctl --seed seed.yaml",
    ));
    let body = "grant_type=password&client_id=seeded-app&username=jane@example.com&password=jane-secret&audience=https://api.example.com";
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let (status, body) = tenant.send("POST", "/oauth/token", form, body);
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    // The API of the seed decides in the pipeline, too: its lifetime, and what its roles permit.
    assert_eq!(body["expires_in"], 1234);
    let log = tenant.control("GET", "log");
    let claims = &log[0]["outcome"]["access_token"]["claims"];
    assert_eq!(claims["permissions"], json!(["read:x"]), "{log}");
    drop(tenant);
    // Nothing was written beside the seed.
    let names: Vec<String> = fs::read_dir(project.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(names, ["seed.yaml"]);
}

#[test]
fn an_ephemeral_tenant_prints_the_token_of_its_run_and_writes_none() {
    let project = folder(&[("users.json", "[]")]);
    let mut child = started(project.path(), "--users users.json");
    let mut stderr = child.stderr.take().expect("a pipe");
    drop(Serving::of(child));
    let mut text = String::new();
    stderr.read_to_string(&mut text).expect("text");
    let (_, rest) = text
        .split_once("control API: the token ")
        .expect("a line about the token");
    assert!(rest.contains(", of this run alone"), "{text}");
    assert!(!project.path().join(".postlogin").exists());
}

#[test]
fn mistakes_of_a_seed_are_errors_with_their_places() {
    let project = folder(&[]);
    for (name, text, expected) in [
        (
            "keys.yaml",
            "clients:\n  - name: Web\n    calbacks: []\nroels: []\n",
            &[
                "keys.yaml:3:5: unknown key `calbacks` of a client",
                "did you mean `callbacks`?",
                "keys.yaml:4:1: unknown key `roels` of a seed",
                "did you mean `roles`?",
            ][..],
        ),
        (
            "users.yaml",
            "users:\n  - email: jane@example.com\n    pasword: secret\n",
            &[
                "users.yaml:3:5: unknown key `pasword` of a user",
                "did you mean `password`?",
            ][..],
        ),
        (
            "role.yaml",
            "users:\n  - email: jane@example.com\n    roles: [edtor]\nroles:\n  - name: editor\n",
            &[
                "role.yaml:3:5: unknown role `edtor`",
                "did you mean `editor`?",
            ][..],
        ),
        (
            "twice.yaml",
            "users:\n  - email: jane@example.com\n  - email: Jane@Example.com\n",
            &["twice.yaml:3:5: `email` is that of another user, at twice.yaml:2:5"][..],
        ),
        ("broken.yaml", "users: [\n", &["broken.yaml"][..]),
    ] {
        fs::write(project.path().join(name), text).expect("a file");
        let said = refused(project.path(), &format!("--seed {name}"));
        for part in expected {
            assert!(said.contains(part), "{name}: {said}");
        }
    }
    let said = refused(project.path(), "--seed none.yaml");
    assert!(said.contains("none.yaml"), "{said}");
}

#[test]
fn mistakes_of_a_users_file_are_errors_with_their_places() {
    let project = folder(&[]);
    for (text, expected) in [
        (
            "[{\"email\": \"jane@example.com\",\n  \"user_metdata\": {}}]",
            &[
                "users.json:2:3: unknown key `user_metdata` of a user",
                "did you mean `user_metadata`?",
            ][..],
        ),
        (
            "{\"email\": \"jane@example.com\"}\n{\"email\": \"jane\"}\n",
            &[
                "users.json:2:2: `jane` is not an e-mail address",
                "name@example.com",
            ][..],
        ),
        (
            "[{\"email\": \"jane@example.com\", \"hobby\": 1}]",
            &[
                "unknown key `hobby` of a user",
                "`user_metadata` or `app_metadata`",
            ][..],
        ),
    ] {
        fs::write(project.path().join("users.json"), text).expect("a file");
        let said = refused(project.path(), "--users users.json");
        for part in expected {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[test]
fn a_callback_is_a_url() {
    let project = folder(&[]);
    for callback in ["nope", "localhost:3000/callback", "javascript:alert(1)"] {
        let said = refused(project.path(), &format!("--callback {callback}"));
        assert!(
            said.contains(&format!("--callback: `{callback}`"))
                && said.contains("hint: write the whole URL"),
            "{said}"
        );
    }
}
