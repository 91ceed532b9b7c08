//! A checkout brings along nothing that starts a program or leads out of it: repositories inside of it, links, packages of Cargo.
#![cfg(unix)]

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use crate::support::{folder, postlogin};

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://x.example/y', 1); };\n";
const USERS: &str = "{\"user_id\":\"auth0|1\",\"email\":\"a@example.com\"}\n";
const PACKAGE: &str =
    "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nbuild = \"build.rs\"\n[workspace]\n";
/// Writes a file where the package is.
const BUILD: &str = "fn main() { std::fs::write(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/PWNED\"), \"\").unwrap(); }\n";

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("git starts");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {stderr}");
}

/// The layout of a repository is taken for one by git, with hooks, filters and monitors of its configuration.
#[test]
fn a_repository_in_the_project_is_not_obeyed() {
    let place = folder(&[
        ("auth0/actions/a.js", ACTION),
        ("auth0/greet.js", ACTION),
        ("auth0/refs/keep", ""),
        ("auth0/objects/keep", ""),
        ("auth0/HEAD", "ref: refs/heads/main\n"),
        (
            "auth0/config",
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = \"touch ../PWNED;false\"\n",
        ),
        ("users.ndjson", USERS),
    ]);
    git(place.path(), &["init", "--quiet", "--initial-branch=main"]);
    // The user's own configuration names programs, too: none is needed to read a tree.
    git(
        place.path(),
        &["config", "filter.x.smudge", "touch PWNED-smudge; cat"],
    );
    fs::write(place.path().join(".git/info/attributes"), "*.js filter=x\n").expect("a file");
    git(place.path(), &["add", "--all", "."]);
    git(place.path(), &["commit", "--quiet", "--message", "first"]);
    let done = postlogin("replay ../users.ndjson --before git:main --after greet.js")
        .within(&place.path().join("auth0"))
        .finish();
    // It is read from the repository around it.
    assert!(!done.stderr.contains("no git repository"), "{done}");
    assert!(
        !done.stderr.contains("not there at this revision"),
        "{done}"
    );
    let found = fs::read_dir(place.path()).expect("a folder");
    let names: Vec<_> = found.flatten().map(|entry| entry.file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("PWNED")),
        "{names:?}"
    );
}

#[test]
fn a_worktree_is_a_repository_and_its_links_are_kept() {
    let place = folder(&[
        ("main/actions/a/code.js", ACTION),
        (
            "main/tenant.yaml",
            "actions: [{name: a, code: ./actions/a/code.js, deployed: true, supported_triggers: [{id: post-login, version: v3}]}]\ntriggers: {post-login: [{action_name: a}]}\n",
        ),
        ("users.ndjson", USERS),
    ]);
    let main = place.path().join("main");
    symlink("code.js", main.join("actions/a/again.js")).expect("a link");
    git(&main, &["init", "--quiet", "--initial-branch=main"]);
    git(&main, &["add", "--all", "."]);
    git(&main, &["commit", "--quiet", "--message", "first"]);
    git(
        &main,
        &["worktree", "add", "--quiet", "../tree", "-b", "other"],
    );
    let tree = place.path().join("tree");
    assert!(tree.join(".git").is_file());
    let done = postlogin("replay ../users.ndjson --before git:main --after git:other")
        .within(&tree)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn a_link_in_the_state_folder_is_refused() {
    let place = folder(&[
        ("p/actions/a.js", ACTION),
        ("home/.bashrc", "trusted"),
        ("users.ndjson", USERS),
    ]);
    let project = place.path().join("p");
    fs::create_dir_all(project.join(".postlogin")).expect("a folder");
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(project.join(".bashrc"), "hostile").expect("a file");
    git(&project, &["add", "--all", "."]);
    git(&project, &["commit", "--quiet", "--message", "first"]);
    symlink("../../home", project.join(".postlogin/replay")).expect("a link");
    let done = postlogin("replay ../users.ndjson --before git:main --after actions/a.js")
        .within(&project)
        .finish();
    assert_eq!(done.code, Some(2), "{done}");
    let mut home = fs::read_dir(place.path().join("home")).expect("a folder");
    assert!(home.all(|entry| entry.is_ok_and(|entry| entry.file_name() == ".bashrc")));
    let kept = fs::read_to_string(place.path().join("home/.bashrc"));
    assert_eq!(kept.expect("it is there"), "trusted");
}

#[test]
fn a_default_and_a_revision_permit_no_build() {
    let place = folder(&[
        ("p/Cargo.toml", PACKAGE),
        ("p/build.rs", BUILD),
        ("p/src/lib.rs", ""),
        ("users.ndjson", USERS),
    ]);
    let project = place.path().join("p");
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    git(&project, &["add", "--all", "."]);
    git(&project, &["commit", "--quiet", "--message", "first"]);
    for arguments in ["", "--before git:main", "--after git:main"] {
        let done = postlogin(&format!("replay ../users.ndjson {arguments}"))
            .within(&project)
            .finish();
        assert_eq!(done.code, Some(101), "{arguments}: {done}");
        assert!(
            done.stderr.contains("POSTLOGIN_ALLOW_CARGO_BUILD"),
            "{done}"
        );
        assert!(!project.join("PWNED").exists(), "{arguments}");
    }
}

/// `mcp` starts its calls so. What the user writes alone would be built and read.
#[test]
fn arguments_of_a_tool_stay_inside_and_build_nothing() {
    let place = folder(&[
        ("p/actions/a.js", ACTION),
        ("p/postlogin.toml", ""),
        ("p/greet/Cargo.toml", PACKAGE),
        ("p/greet/build.rs", BUILD),
        ("p/greet/src/lib.rs", ""),
        ("p/greet/index.js", "// nothing"),
        (
            "outside/config.json",
            "{\"user\": {\"email\": \"secret@example.com\"}}",
        ),
        ("outside/a.js", ACTION),
        ("outside/a.case.yaml", "actions: [a.js]\n"),
        ("outside/mocks.yaml", "[]\n"),
    ]);
    let project = place.path().join("p");
    symlink("../outside", project.join("fixtures")).expect("a link");
    for arguments in [
        "explain --event=fixtures/config.json -- actions/a.js",
        "explain --http=fixtures/mocks.yaml -- actions/a.js",
        "explain -- fixtures/a.js",
        "check -- fixtures",
        "check -- fixtures/a.js",
        "test -- fixtures",
        "test -- fixtures/a.case.yaml",
        "compare --event=fixtures/config.json -- actions/a.js actions/a.js",
        "compare --generate=1 --cases=fixtures/a.case.yaml -- actions/a.js actions/a.js",
        "compare --generate=1 --write=fixtures/new.case.yaml -- actions/a.js actions/a.js",
        "compare --generate=1 -- fixtures actions/a.js",
        "compare --generate=1 -- fixtures/a.js actions/a.js",
    ] {
        let done = postlogin(&format!("--untrusted-arguments {arguments}"))
            .within(&project)
            .finish();
        assert_eq!(done.code, Some(2), "{arguments}: {done}");
        assert!(
            done.stderr.contains("outside of the project"),
            "{arguments}: {done}"
        );
        assert!(
            !done.printed().contains("secret@example.com"),
            "{arguments}: {done}"
        );
    }
    for arguments in [
        "explain -- ./greet",
        "compare --generate=1 -- ./greet actions/a.js",
    ] {
        let done = postlogin(&format!("--untrusted-arguments {arguments}"))
            .within(&project)
            .finish();
        assert_eq!(done.code, Some(101), "{arguments}: {done}");
        assert!(!project.join("greet/PWNED").exists(), "{arguments}");
    }
    let done = postlogin("--untrusted-arguments explain -- actions/a.js")
        .within(&project)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn outputs_are_not_written_through_links() {
    let place = folder(&[
        ("p/actions/a.js", ACTION),
        (
            "p/a.case.yaml",
            "actions: [actions/a.js]\nexpect: {status: allowed}\n",
        ),
        ("users.ndjson", USERS),
        ("home/f", "trusted"),
        ("p/replay/keep", ""),
    ]);
    let project = place.path().join("p");
    for name in [
        "lcov.info",
        "a.wasm",
        "replay/summary.json.new",
        "replay/report.html.new",
        "replay/differences.ndjson",
        "replay/summary.json",
    ] {
        symlink(place.path().join("home/f"), project.join(name)).expect("a link");
    }
    symlink("../home", project.join("out")).expect("a link");
    for (arguments, code) in [
        ("test a.case.yaml --coverage=lcov:lcov.info", 0),
        ("build actions/a.js", 0),
        (
            "replay ../users.ndjson --after actions/a.js --out replay",
            0,
        ),
        ("test a.case.yaml --coverage=lcov:out/lcov.info", 110),
        ("build actions/a.js -o out/a.wasm", 110),
        ("run actions/a.js --report out/a.html", 110),
        ("replay ../users.ndjson --after actions/a.js --out out", 110),
    ] {
        let done = postlogin(arguments).within(&project).finish();
        assert_eq!(done.code, Some(code), "{arguments}: {done}");
        let kept = fs::read_to_string(place.path().join("home/f"));
        assert_eq!(kept.expect("it is there"), "trusted", "{arguments}");
        let home = fs::read_dir(place.path().join("home")).expect("a folder");
        assert_eq!(home.count(), 1, "{arguments}");
    }
    assert!(
        fs::read_to_string(project.join("lcov.info"))
            .expect("a file")
            .starts_with("TN:")
    );
    assert!(!project.join("a.wasm").is_symlink());
}

#[test]
fn install_does_not_hand_the_project_to_npm() {
    let tenant = "actions: [{name: a, code: ./a.js, deployed: true, dependencies: [{name: lodash, version: 4.17.21}], supported_triggers: [{id: post-login, version: v3}]}]\n";
    for (file, text) in [
        (".npmrc", "git=./evil.sh\n"),
        (
            "package.json",
            "{\"dependencies\": {\"x\": \"git+https://127.0.0.1:9/x.git\"}}",
        ),
        (
            "package.json",
            "{\"overrides\": {\"lodash\": {\"y\": \"file:/etc\"}}}",
        ),
        ("package.json", "{\"workspaces\": [\"packages/*\"]}"),
        (
            "package-lock.json",
            "{\"packages\": {\"node_modules/x\": {\"resolved\": \"git+ssh://127.0.0.1/x.git#1\"}}}",
        ),
        (
            "package.json",
            "{\"packageExtensions\": {\"lodash@4\": {\"dependencies\": {\"x\": \"1\"}}}}",
        ),
        (
            "yarn.lock",
            "lodash@4.17.21:\n  version \"4.17.21\"\n  resolved \"git+https://127.0.0.1:9/x.git\"\n",
        ),
        (
            ".npm-extension.cjs",
            "exports.transformManifest = (it) => it;\n",
        ),
        ("package.json", "{"),
    ] {
        let place = folder(&[("a.js", ACTION), ("tenant.yaml", tenant), (file, text)]);
        let done = postlogin("install")
            .within(place.path())
            .env("PATH", "/nowhere")
            .finish();
        assert_eq!(done.code, Some(2), "{text}: {done}");
        assert!(
            done.stderr.contains(file) && !done.stderr.contains("npm cannot be started"),
            "{text}: {done}"
        );
    }
    let place = folder(&[
        ("a.js", ACTION),
        ("tenant.yaml", tenant),
        ("package.json", "{\"devDependencies\": {\"x\": \"^1.0.0\"}}"),
    ]);
    let done = postlogin("install")
        .within(place.path())
        .env("PATH", "/nowhere")
        .finish();
    assert!(done.stderr.contains("npm cannot be started"), "{done}");
}
