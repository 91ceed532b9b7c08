//! `--token`: what is signed, and with which key.

use std::{fs, path::Path};

use postlogin_token::{KeyPair, VerifiedToken};
use serde_json::Value;

use crate::support::{FIXED, QUIET, assert_command, folder, postlogin};

fn outcome(within: &Path, arguments: &str) -> Value {
    postlogin(&format!("run quiet.js --token {FIXED} {arguments}"))
        .within(within)
        .outcome(0)
}

fn key(file: &Path) -> KeyPair {
    let pem = fs::read_to_string(file).expect("the key was kept");
    KeyPair::from_pem(&pem).expect("it is a key")
}

#[track_caller]
fn verified(key: &KeyPair, token: &Value) -> VerifiedToken {
    let token = token["jwt"].as_str().expect("the token is signed");
    key.public().verify(token).expect("the signature is right")
}

#[test]
fn tokens_are_signed_with_the_key_of_the_project() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let first = outcome(folder.path(), "");
    let file = folder.path().join(".postlogin/signing-key.pem");
    let key = key(&file);
    for name in ["id_token", "access_token"] {
        let token = verified(&key, &first[name]);
        assert_eq!(token.header["kid"], key.kid());
        assert_eq!(token.header["alg"], "RS256");
        assert_eq!(Value::from(token.claims), first[name]["claims"]);
    }

    let second = outcome(folder.path(), "");
    assert_eq!(
        second["id_token"]["jwt"], first["id_token"]["jwt"],
        "the same key, the same claims"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    }
}

#[test]
fn without_the_option_no_key_is_made() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let outcome = postlogin("run quiet.js").within(folder.path()).outcome(0);
    assert_eq!(outcome["id_token"]["jwt"], Value::Null);
    assert!(!folder.path().join(".postlogin").exists());
}

#[test]
fn another_key_can_be_given() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let mine = outcome(folder.path(), "");
    fs::rename(
        folder.path().join(".postlogin/signing-key.pem"),
        folder.path().join("mine.pem"),
    )
    .expect("the key can be moved");
    let same = outcome(folder.path(), "--key mine.pem");
    assert_eq!(same["id_token"]["jwt"], mine["id_token"]["jwt"]);
    assert!(!folder.path().join(".postlogin/signing-key.pem").exists());
}

#[test]
fn a_person_sees_the_tokens_too() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let done = postlogin("run quiet.js --token")
        .within(folder.path())
        .finish();
    let tokens = done.stdout.lines().filter(|line| line.starts_with("eyJ"));
    assert_eq!(tokens.count(), 2, "{done}");
}

#[test]
fn an_opaque_access_token_is_not_signed() {
    let folder = folder(&[("quiet.js", QUIET)]);
    let outcome = postlogin(
        "run quiet.js --token --set resource_server=null --set request.query.audience=null",
    )
    .within(folder.path())
    .outcome(0);
    assert_eq!(outcome["access_token"]["opaque"], true);
    assert_eq!(outcome["access_token"]["jwt"], Value::Null);
    assert!(outcome["id_token"]["jwt"].is_string());
}

#[test]
fn a_key_that_is_none_is_refused_and_kept() {
    let folder = folder(&[
        ("quiet.js", QUIET),
        (".postlogin/signing-key.pem", "not a key"),
        ("mine.pem", "not a key either"),
    ]);
    let run = |arguments: &str| {
        postlogin(&format!("run quiet.js --token {arguments}")).within(folder.path())
    };
    let done = run("").finish();
    let shown = done
        .to_string()
        .replace(&folder.path().to_string_lossy()[..], "[folder]");
    insta::assert_snapshot!(shown, @"
    exit code: 2
    ----- stderr -----
    error: the signing key `[folder]/.postlogin/signing-key.pem` is broken: not an RSA private key: the text has no `-----BEGIN …-----` line
    hint: restore the file from a copy, or delete `[folder]/.postlogin/signing-key.pem` to have a new key made; applications then have to fetch the new public key, and tokens that were issued before become invalid
    ");
    assert_command!(run("--key mine.pem"), @"
    exit code: 2
    ----- stderr -----
    error: mine.pem: not an RSA private key: the text has no `-----BEGIN …-----` line
    hint: an RSA key in PEM form is made with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`
    ");
    assert_command!(run("--key none.pem"), @"
    exit code: 2
    ----- stderr -----
    error: none.pem: the file does not exist
    hint: did you mean `mine.pem`?
    ");
    let kept = fs::read_to_string(folder.path().join(".postlogin/signing-key.pem"));
    assert_eq!(kept.expect("it is there"), "not a key");
}
