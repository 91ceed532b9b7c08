//! Repositories with something wrong in them: one clear message for each, and the rest works.

use std::{
    fs::{self, File},
    path::Path,
};

use tempfile::TempDir;

use crate::{
    repositories::copy,
    support::{Finished, folder, postlogin},
};

const GOOD: &str = "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim('https://a.com/x', event.user.email);\n};\n";

/// A folder of plain Actions with a good one among them.
fn plain(files: &[(&str, &str)]) -> TempDir {
    let mut all = vec![
        (".git/HEAD", ""),
        ("actions/good.js", GOOD),
        ("postlogin.toml", "binding = [\"good\"]\n"),
    ];
    all.extend(files);
    folder(&all)
}

/// `check`, `run` and `test` in a repository: the good Action is checked and runs, and each of the messages is there once.
#[track_caller]
fn rest_goes_on(root: &Path, code_of_check: i32, messages: &[&str]) {
    let run = |arguments: &str| -> Finished { postlogin(arguments).within(root).finish() };
    let checked = run("check");
    assert_eq!(checked.code, Some(code_of_check), "{checked}");
    assert!(!checked.stdout.contains("nothing found"), "{checked}");
    let ran = run("run");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("https://a"), "{ran}");
    for message in messages {
        assert_eq!(ran.stderr.matches(message).count(), 1, "{message}: {ran}");
        // A finding, and told once.
        let (place, text) = message.split_once(": ").expect("a place");
        let title = format!("error[unreadable]  {place}");
        assert_eq!(checked.stdout.matches(&title).count(), 1, "{checked}");
        assert!(checked.stdout.contains(text), "{checked}");
        assert!(!checked.stderr.contains(place), "{checked}");
    }
    let made = run("init --ci none");
    assert_eq!(made.code, Some(0), "{made}");
    let tested = run("test");
    assert_eq!(tested.code, Some(0), "{tested}");
}

#[test]
fn files_that_are_no_text() {
    let project = plain(&[]);
    let file = |name: &str| project.path().join("actions").join(name);
    fs::write(file("wide.js"), b"\xff\xfee\0x\0p\0").expect("a file");
    fs::write(
        file("latin.js"),
        b"// caf\xe9\nexports.onExecutePostLogin = 1;\n",
    )
    .expect("a file");
    fs::write(
        file("crlf.js"),
        format!("\u{feff}{}", GOOD.replace('\n', "\r\n")),
    )
    .expect("a file");
    fs::write(file("nämé 😀.js"), GOOD).expect("a file");
    rest_goes_on(
        project.path(),
        2,
        &[
            "actions/wide.js: the text is UTF-16",
            "actions/latin.js:1:7: the text is not UTF-8",
        ],
    );
    // The mark and the line ends do not move places.
    let ran = postlogin("run actions/crlf.js")
        .within(project.path())
        .finish();
    assert!(ran.stdout.contains("actions/crlf.js:2:15"), "{ran}");
}

#[test]
fn a_file_of_50_megabytes() {
    let project = plain(&[]);
    let large = project.path().join("actions/large.js");
    let file = File::create(&large).expect("a file");
    file.set_len(50 << 20).expect("room");
    rest_goes_on(
        project.path(),
        2,
        &["actions/large.js: cannot read the file: it has more than 16 MiB"],
    );
    let named = postlogin("run actions/large.js")
        .within(project.path())
        .finish();
    assert_eq!(named.code, Some(2), "{named}");
    assert!(named.stderr.contains("more than 16 MiB"), "{named}");
}

#[cfg(unix)]
#[test]
fn links_and_what_is_no_file() {
    use std::os::unix::fs::symlink;

    let project = plain(&[("lib/shared.js", "module.exports = 1;\n")]);
    let file = |name: &str| project.path().join("actions").join(name);
    symlink("..", file("loop")).expect("a link");
    symlink("self", file("self")).expect("a link");
    symlink("nowhere.js", file("dangling.js")).expect("a link");
    symlink(project.path(), project.path().join("lib/up")).expect("a link");
    let socket = std::os::unix::net::UnixListener::bind(file("socket.js"));
    rest_goes_on(
        project.path(),
        2,
        &[
            "actions/dangling.js: cannot read the file",
            "actions/socket.js: cannot read the file",
        ],
    );
    for (name, message) in [
        ("actions/dangling.js", "is a link that leads nowhere"),
        ("actions/socket.js", "is not a regular file"),
    ] {
        let done = postlogin(&format!("run {name}"))
            .within(project.path())
            .finish();
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains(message), "{done}");
        assert!(!done.stderr.contains("did you mean"), "{done}");
    }
    drop(socket);
}

#[test]
fn terraform_that_does_not_parse() {
    let project = copy("terraform-heredoc");
    fs::write(
        project.path().join("broken.tf"),
        "resource \"auth0_action\" \"x\" {\n  name = \n}\n",
    )
    .expect("a file");
    fs::write(project.path().join("wide.tf"), b"\xff\xfer\0e\0").expect("a file");
    fs::write(project.path().join("broken.tf.json"), "{\"resource\": ").expect("a file");
    let run = |arguments: &str| postlogin(arguments).within(project.path()).finish();
    let (ran, checked) = (run("run"), run("check"));
    for name in ["broken.tf:2:", "wide.tf", "broken.tf.json:1:"] {
        assert_eq!(ran.stderr.matches(name).count(), 1, "{name}: {ran}");
        let title = format!("error[unreadable]  {name}");
        assert_eq!(checked.stdout.matches(&title).count(), 1, "{checked}");
    }
    assert_eq!(checked.code, Some(2), "{checked}");
    assert!(checked.stdout.contains("✗ 3 errors in 1"), "{checked}");
    for format in ["json", "sarif", "github"] {
        let done = run(&format!("check --format {format}"));
        assert_eq!(done.code, Some(2), "{done}");
        for part in ["unreadable", "broken.tf", "wide.tf", "broken.tf.json"] {
            assert!(done.stdout.contains(part), "{part}: {done}");
        }
    }
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("main.tf:16:19"), "{ran}");
}

#[test]
fn an_export_whose_only_manifest_is_broken_is_not_green() {
    let project = folder(&[
        ("actions/a.json", "{\"name\": \"a\","),
        ("actions/a/code.js", GOOD),
    ]);
    let checked = postlogin("check").within(project.path()).finish();
    assert_eq!(checked.code, Some(2), "{checked}");
    let title = "error[unreadable]  actions/a.json:1:";
    assert!(checked.stdout.contains(title), "{checked}");
    assert!(
        checked.stdout.contains("✗ 1 error in 1 Action"),
        "{checked}"
    );
}

#[test]
fn a_bound_terraform_action_without_code_is_an_error() {
    let text = "data \"x\" \"y\" {}\nresource \"auth0_action\" \"a\" {\n  name = \"a\"\n  code = data.x.y.z\n}\nresource \"auth0_trigger_actions\" \"login\" {\n  trigger = \"post-login\"\n  actions {\n    id           = auth0_action.a.id\n    display_name = \"a\"\n  }\n}\n";
    let project = folder(&[(".git/HEAD", ""), ("main.tf", text)]);
    let checked = postlogin("check").within(project.path()).finish();
    assert_eq!(checked.code, Some(2), "{checked}");
    let title = "error[unreadable]  main.tf:4:10";
    assert_eq!(checked.stdout.matches(title).count(), 1, "{checked}");
    assert!(
        checked.stdout.contains("✗ 1 error in 0 Actions"),
        "{checked}"
    );
}

#[test]
fn two_exports_in_one_repository() {
    let project = folder(&[(".git/HEAD", "")]);
    for name in ["one", "two"] {
        let files = [
            (
                "tenant.yaml".to_owned(),
                "actions:\n  - name: a\n    code: ./a.js\n    supported_triggers: [{ id: post-login, version: v3 }]\ntriggers:\n  post-login: [{ action_name: a }]\n",
            ),
            ("a.js".to_owned(), GOOD),
        ];
        for (file, text) in files {
            let path = project.path().join(name).join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }
    let checked = postlogin("check").within(project.path()).finish();
    assert!(
        checked.stdout.contains("nothing found in 2 Actions"),
        "{checked}"
    );
    let ran = postlogin("run").within(project.path()).finish();
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("projects are in one, two"), "{ran}");
    let ran = postlogin("-C two run").within(project.path()).finish();
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn check_says_what_run_will_not_find() {
    let handler = "exports.onExecutePostLogin = async () => {};\n";
    let project = folder(&[
        (".git/HEAD", ""),
        (
            "actions/a.js",
            &format!("require('./helper');\nrequire('left');\n{handler}"),
        ),
        (
            "actions/b.js",
            &format!("require('left');\nrequire('fs');\nrequire('there');\n{handler}"),
        ),
        (
            "actions/c.js",
            &format!("try {{ require('maybe'); }} catch {{}}\n{handler}"),
        ),
        (
            "actions/d.ts",
            "import type { Event } from '@auth0/actions';\nexport const onExecutePostLogin = async (event: Event) => {};\n",
        ),
        (
            "node_modules/there/package.json",
            "{\"name\": \"there\", \"version\": \"1.0.0\"}",
        ),
        ("node_modules/there/index.js", "module.exports = 1;\n"),
    ]);
    let checked = postlogin("check").within(project.path()).finish();
    assert_eq!(checked.code, Some(100), "{checked}");
    assert_eq!(checked.stderr, "");
    for part in [
        "error[missing-file]  actions/a.js:1:1\n  `./helper` is a file, and production deploys the Action alone",
        "warning[missing-package]  actions/a.js:2:1\n  `left` is not installed: `run` and `test` will not find it; 1 more Action requires it",
        "hint: install the package that has it, such as with `npm install left`",
        "✗ 1 error, 1 warning in 4 Actions",
    ] {
        assert!(checked.stdout.contains(part), "{part}: {checked}");
    }
}
