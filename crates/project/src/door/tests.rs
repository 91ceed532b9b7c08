use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{Project, resolve_action_from};

/// A folder with `repo`, a project, and a foreign file beside it.
fn world() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "foreign/secret.txt", "secret");
    write(&folder, "repo/.git/config", "secret");
    write(&folder, "repo/.env", "KEY=secret");
    write(&folder, "repo/tests/a.case.yaml", "{}");
    write(&folder, "repo/events/jane.json", "{}");
    folder
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let file = folder.path().join(path);
    fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
    fs::write(file, text).expect("a file");
}

#[cfg(unix)]
fn link(folder: &TempDir, target: &str, at: &str) {
    let link = folder.path().join(at);
    fs::create_dir_all(link.parent().expect("a parent")).expect("a folder");
    std::os::unix::fs::symlink(target, link).expect("a link");
}

/// Reads a path as a file in `repo/tests` writes it.
fn read(folder: &TempDir, written: &str) -> Result<Vec<u8>> {
    let repo = folder.path().join("repo");
    let within = Boundary::of_cases(&repo.join("tests"), &repo, &repo);
    within.read(&repo.join("tests").join(written), written)
}

#[track_caller]
fn refuses(folder: &TempDir, written: &str, why: &str) {
    let error = read(folder, written).expect_err(written);
    assert!(error.message.contains(why), "{written}: {error}");
    assert_eq!(error.file.as_deref(), Some(written));
}

#[test]
fn a_path_stays_inside_the_project() {
    let folder = world();
    assert_eq!(
        read(&folder, "../events/jane.json").as_deref(),
        Ok(&b"{}"[..])
    );
    let absolute = folder.path().join("repo/events/jane.json");
    assert!(read(&folder, &absolute.to_string_lossy()).is_ok());
    for outside in [
        "../../foreign/secret.txt",
        "../../foreign/none.txt",
        "../../../../../../../../../../etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "none/../../../foreign/secret.txt",
    ] {
        refuses(&folder, outside, "is outside of the project");
    }
    for hidden in [
        "../.git/config",
        "../.env",
        "../.ssh/id_rsa",
        "../events/.hidden/x",
    ] {
        refuses(&folder, hidden, "is a hidden file, or in a hidden folder");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out() {
    let folder = world();
    link(&folder, "/etc/passwd", "repo/tests/passwd.json");
    link(&folder, "../../foreign", "repo/tests/foreign");
    link(&folder, "/", "repo/tests/root");
    link(&folder, "../.git/config", "repo/tests/config.json");
    link(&folder, "passwd.json", "repo/tests/twice.json");
    link(&folder, "/proc/self/environ", "repo/tests/environ.json");
    link(&folder, "../events/jane.json", "repo/tests/fine.json");
    link(&folder, "loop.json", "repo/tests/loop.json");
    for outside in [
        "passwd.json",
        "foreign/secret.txt",
        "root/etc/passwd",
        "twice.json",
        "environ.json",
    ] {
        refuses(&folder, outside, "which is outside of the project");
    }
    refuses(&folder, "config.json", "which is a hidden file");
    assert!(read(&folder, "loop.json").is_err());
    assert_eq!(read(&folder, "fine.json").as_deref(), Ok(&b"{}"[..]));
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_bounded_size_are_read() {
    let folder = world();
    let path = |name: &str| folder.path().join("repo/tests").join(name);
    let made = std::process::Command::new("mkfifo")
        .arg(path("pipe.json"))
        .status();
    assert!(made.expect("mkfifo").success());
    refuses(&folder, "pipe.json", "it is not a regular file");
    refuses(&folder, "../events", "it is a folder");
    refuses(&folder, "none.json", "no such file");
    for (name, size, fits) in [
        ("a.json", LARGEST_FILE + 1, false),
        ("b.json", LARGEST_FILE, true),
        ("c.wasm", LARGEST_FILE + 1, true),
        ("d.wasm", LARGEST_COMPONENT + 1, false),
    ] {
        let file = File::create(path(name)).expect("a file");
        file.set_len(size).expect("a size");
        assert_eq!(read(&folder, name).is_ok(), fits, "{name}");
    }
    refuses(&folder, "a.json", "it has more than 16 MiB");
}

#[test]
fn a_dotenv_file_may_be_hidden() {
    let folder = world();
    let repo = folder.path().join("repo");
    let within = Boundary::around(&repo);
    assert!(within.read_secrets(&repo.join(".env"), ".env").is_ok());
    for path in [
        ".env.test",
        ".env-ci",
        ".env_local",
        ".auth0.env",
        "tests/.env",
        "tests/test.env",
        "secrets",
        "secrets.env",
    ] {
        let admitted = within.admit_secrets(&repo.join(path), path);
        assert!(admitted.is_ok(), "{path}: {admitted:?}");
    }
    for path in [
        ".git",
        ".git/config",
        ".git/.env",
        ".ssh/x",
        ".aws/credentials",
        ".aws/.env",
        ".npmrc",
        ".netrc",
        ".pypirc",
        ".yarnrc",
        ".envrc",
        ".environment",
        ".git-credentials",
        ".htpasswd",
        ".env/config",
        "..",
        "../.env",
    ] {
        assert!(
            within.admit_secrets(&repo.join(path), path).is_err(),
            "{path}"
        );
    }
}

#[test]
#[cfg(unix)]
fn a_link_called_like_a_dotenv_file_leads_to_none() {
    let folder = world();
    let repo = folder.path().join("repo");
    write(&folder, "outside/.env", "A=1");
    write(&folder, "repo/.npmrc", "token=1");
    let within = Boundary::around(&repo);
    for (link, target) in [
        (".env.a", "../outside/.env"),
        (".env.b", ".npmrc"),
        (".env.c", ".git/config"),
        ("d.env", ".npmrc"),
    ] {
        let link = repo.join(link);
        std::os::unix::fs::symlink(target, &link).expect("a link");
        assert!(within.read_secrets(&link, "x").is_err(), "{target}");
    }
}

#[test]
fn a_project_in_a_hidden_folder_is_one() {
    let folder = world();
    write(&folder, "repo/.auth0/tenant.yaml", "{}");
    write(&folder, "repo/.auth0/.env", "");
    let home = folder.path().join("repo/.auth0");
    let within = Boundary::around(&home);
    assert!(within.read(&home.join("tenant.yaml"), "x").is_ok());
    assert!(within.read(&home.join("../events/jane.json"), "x").is_ok());
    assert!(within.read(&home.join(".env"), "x").is_err());
}

/// The files of a hidden folder belong together; what is hidden in it, or beside it, is not theirs.
#[test]
fn a_folder_inside_of_a_hidden_one_reads_all_of_it() {
    let folder = world();
    for file in [
        "repo/.state/.copy/lib/a.ts",
        "repo/.state/.copy/.env",
        "repo/.state/other/b.json",
        "repo/.git/config.json",
    ] {
        write(&folder, file, "{}");
    }
    let actions = folder.path().join("repo/.state/.copy/actions");
    let within = Boundary::around(&actions);
    let reads = |path: &str| within.read(&actions.join(path), "x").is_ok();
    assert!(reads("../lib/a.ts"));
    assert!(reads("../../../events/jane.json"));
    for hidden in ["../.env", "../../other/b.json", "../../../.git/config.json"] {
        assert!(!reads(hidden), "{hidden}");
    }
}

#[test]
fn without_a_repository_the_nearest_configuration_is_the_project() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "home/export/tenant.yaml", "{}");
    write(&folder, "home/mails/a.html", "a");
    write(&folder, "outside.txt", "");
    let export = folder.path().join("home/export");
    let reads = |path: &str| {
        Boundary::around(&export)
            .read(&export.join(path), "x")
            .is_ok()
    };
    assert!(reads("tenant.yaml"));
    assert!(!reads("../mails/a.html"));
    write(&folder, "home/postlogin.toml", "export = \"export\"");
    assert!(reads("../mails/a.html"));
    assert!(!reads("../../outside.txt"));
}

/// The errors of a project, or of one of its Actions.
fn project_error(folder: &TempDir) -> Option<String> {
    let repo = folder.path().join("repo");
    let found = Project::discover(&repo);
    // What is left out is reported.
    if let Ok(Some(project)) = &found
        && let Some(broken) = project.remarks.broken.first()
    {
        return Some(broken.error.to_string());
    }
    let found = found.and_then(|project| {
        let sources = project.map(|project| project.login_sources(&repo));
        sources.transpose()
    });
    found.err().map(|error| error.to_string())
}

#[test]
fn every_path_of_a_project_is_bounded() {
    const TRIGGERS: &str = "triggers: {post-login: [{action_name: a}]}";
    let escape = "../foreign/secret.txt";
    for (file, text) in [
        (
            "tenant.yaml",
            format!("emailTemplates: [{{template: verify_email, body: {escape}}}]"),
        ),
        (
            "tenant.yaml",
            "emailTemplates: [{template: verify_email, body: /etc/passwd}]".into(),
        ),
        (
            "tenant.yaml",
            "emailTemplates: [{template: verify_email, body: ./.git/config}]".into(),
        ),
        (
            "tenant.yaml",
            "emailTemplates: [{template: ../../foreign/x}]".into(),
        ),
        (
            "tenant.yaml",
            format!("actions: [{{name: a, code: ../foreign/a.js}}]\n{TRIGGERS}"),
        ),
        (
            "tenant.yaml",
            "rules: [{name: r, script: ../foreign/a.js}]".into(),
        ),
        (
            "tenant.yaml",
            format!(
                "actions: [{{name: a, code: a.js, modules: [{{module_name: m}}]}}]\nactionModules: [{{name: m, code: ../foreign/a.js}}]\n{TRIGGERS}"
            ),
        ),
        (
            "emails/x.json",
            "{\"template\": \"x\", \"body\": \"../../foreign/secret.txt\"}".into(),
        ),
        ("postlogin.toml", "export = \"../foreign\"".into()),
        (
            "postlogin.toml",
            "mappings = \"../foreign/secret.txt\"".into(),
        ),
        (
            "postlogin.toml",
            "[actions.a]\ncode = \"../foreign/a.js\"".into(),
        ),
        ("postlogin.toml", "[test]\npaths = [\"../foreign\"]".into()),
    ] {
        let folder = world();
        write(
            &folder,
            "foreign/a.js",
            "exports.onExecutePostLogin = async () => {};",
        );
        write(
            &folder,
            "repo/a.js",
            "exports.onExecutePostLogin = async () => {};",
        );
        if file.starts_with("emails") {
            write(
                &folder,
                "repo/actions/b.json",
                "{\"name\": \"b\", \"supported_triggers\": []}",
            );
        }
        write(&folder, &format!("repo/{file}"), &text);
        let error = project_error(&folder).unwrap_or_else(|| panic!("{file}: {text}: no error"));
        assert!(error.contains("cannot read the file"), "{text}: {error}");
        assert!(!error.contains("root:"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn no_file_of_a_project_is_a_link_out_of_it() {
    for at in [
        "tenant.yaml",
        "tenant.json",
        "config.json",
        "postlogin.toml",
        "actions/a.json",
        "actions/plain.js",
        "rules/plain.js",
        "rules/r.json",
        "rules-configs/k.json",
        "triggers/triggers.json",
        "action-modules/m.json",
        "clients/c.json",
        "connections/c.json",
        "emails/e.json",
    ] {
        let folder = world();
        // Words by which files are known for what they are.
        let text =
            "{\"supported_triggers\": [], \"code\": \"\", \"script\": \"onExecutePostLogin\"}";
        write(&folder, "foreign/file", text);
        write(
            &folder,
            "repo/actions/other.json",
            "{\"name\": \"b\", \"supported_triggers\": []}",
        );
        if at == "tenant.yaml" || at.ends_with("plain.js") {
            fs::remove_dir_all(folder.path().join("repo/actions")).expect("removed");
        }
        let up = "../".repeat(at.matches('/').count() + 1);
        link(&folder, &format!("{up}foreign/file"), &format!("repo/{at}"));
        let error = match at {
            // Nothing runs it, but it is there to be run.
            "actions/plain.js" => {
                let repo = folder.path().join("repo");
                let project = Project::discover(&repo).ok().flatten().expect("a project");
                let action = project.action("plain").expect("an Action");
                let source = project.source(action, &repo);
                source.err().map(|error| error.to_string())
            }
            _ => project_error(&folder),
        };
        let error = error.unwrap_or_else(|| panic!("{at}: no error"));
        assert!(error.contains("outside of the project"), "{at}: {error}");
    }
}

#[test]
fn an_action_of_a_case_is_bounded_and_one_of_the_user_is_not() {
    let folder = world();
    write(
        &folder,
        "foreign/a.js",
        "exports.onExecutePostLogin = async () => {};",
    );
    let repo = folder.path().join("repo");
    let within = Boundary::of_cases(&repo.join("tests"), &repo, &repo);
    let argument = "../../foreign/a.js";
    let error = resolve_action_from(argument, &repo.join("tests"), &repo, None, &within);
    let error = error.expect_err("it is outside").message;
    assert!(
        error.contains("`../../foreign/a.js`: cannot read the file: it is outside"),
        "{error}"
    );
    assert!(crate::resolve_action("../foreign/a.js", &repo, None, crate::NamedBy::User).is_ok());
}

/// Another process that replaces a folder by a link between the check and the opening.
#[test]
#[cfg(unix)]
fn a_folder_that_becomes_a_link_while_a_file_is_read_opens_nothing_outside() {
    use std::{
        os::unix::fs::symlink,
        sync::atomic::{AtomicBool, Ordering},
        time::{Duration, Instant},
    };

    let top = tempfile::tempdir().expect("a folder");
    let (repo, outside) = (top.path().join("repo"), top.path().join("outside"));
    for folder in [&repo.join(".git"), &repo.join("real"), &outside] {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(repo.join("real/a.js"), "inside").expect("a file");
    fs::write(outside.join("a.js"), "outside").expect("a file");
    let within = Boundary::around(&repo);
    let (path, spare) = (repo.join("real"), repo.join("spare"));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let _ = fs::rename(&path, &spare);
                let _ = symlink(&outside, &path);
                let _ = fs::remove_file(&path);
                let _ = fs::rename(&spare, &path);
            }
        });
        let mut read = 0;
        let mut tries = 0;
        let mut others = Vec::new();
        // On a busy machine the other thread may rest for long in the moment that the folder is away.
        let limit = Instant::now() + Duration::from_secs(60);
        while tries < 20_000 || (read == 0 && Instant::now() < limit) {
            tries += 1;
            if let Ok(text) = within.read_text(&path.join("a.js"), "a.js") {
                match text.as_str() {
                    "inside" => read += 1,
                    _ => others.push(text),
                }
            }
        }
        // Before anything can fail: the other thread would go on for ever.
        is_over.store(true, Ordering::Relaxed);
        assert!(others.is_empty(), "{others:?}");
        assert!(read > 0, "it was there at times");
    });
}
