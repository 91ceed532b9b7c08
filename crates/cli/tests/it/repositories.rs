//! Repositories as teams have them: each command works at first try from the root.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::support::{FIXED, folder, postlogin, repository};

/// A copy of a fixture, which is a repository of its own.
pub(crate) fn copy(name: &str) -> TempDir {
    let target = folder(&[(".git/HEAD", "")]);
    let source = repository().join("fixtures/repositories").join(name);
    copy_folder(&source, target.path());
    target
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a fixture") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

/// `check`, `init`, `test` and `run` from the root; `place` is where the claim is set.
#[track_caller]
fn works(name: &str, place: &str) {
    let folder = copy(name);
    let checked = postlogin("check").within(folder.path()).finish();
    assert_eq!(checked.code, Some(0), "{checked}");
    assert!(checked.stdout.contains("nothing found in 1"), "{checked}");
    let made = postlogin("init --ci none").within(folder.path()).finish();
    assert_eq!(made.code, Some(0), "{made}");
    assert!(
        !made.stdout.contains("copy-hobby"),
        "no sample beside real Actions: {made}"
    );
    let tested = postlogin("test").within(folder.path()).finish();
    assert_eq!(tested.code, Some(0), "{tested}");
    assert!(tested.stdout.contains("1 passed, 0 skipped"), "{tested}");
    let ran = postlogin(&format!("run {FIXED}"))
        .within(folder.path())
        .finish();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains(place), "{place}: {ran}");
}

#[test]
fn an_old_export() {
    works("old-export", "tenant/actions/add-claim/code.js:2:15");
    let folder = copy("old-export");
    let ran = postlogin("run").within(folder.path()).finish();
    assert!(
        ran.stderr
            .contains("`code` is \"tenant/actions/add-claim/code.js\""),
        "{ran}"
    );
    // The project by its folder, by an option, and from a folder below it.
    for arguments in [
        "run tenant",
        "-C tenant run",
        "run --project tenant",
        "run add-claim",
    ] {
        let ran = postlogin(arguments).within(folder.path()).finish();
        assert!(
            ran.stdout.contains("https://example.com/email"),
            "{arguments}: {ran}"
        );
    }
}

#[test]
fn terraform_with_a_heredoc() {
    works("terraform-heredoc", "main.tf:16:19");
}

#[test]
fn terraform_with_files() {
    works("terraform-file", "infra/src/add-claim.js:2:15");
}

#[test]
fn a_typescript_monorepo() {
    works("typescript-pnpm", "packages/actions/src/tier/claim.ts:8:15");
}

#[test]
fn loose_actions() {
    works("loose", "src/login/add-claim.js:2:15");
    let folder = copy("loose");
    let made = postlogin("init --ci none").within(folder.path()).finish();
    assert!(made.stdout.contains("wrote  postlogin.toml"), "{made}");
    let text = fs::read_to_string(folder.path().join("postlogin.toml")).expect("it is written");
    assert!(text.contains("binding = [\"add-claim\"]"), "{text}");
}

#[test]
fn rules_only() {
    works("rules-only", "rules/add-email.js:2:");
    let folder = copy("rules-only");
    let ran = postlogin("run").within(folder.path()).finish();
    assert!(ran.stdout.contains("module.exports"), "a notice: {ran}");
}

#[test]
fn clients_only() {
    let folder = copy("clients-only");
    let checked = postlogin("check").within(folder.path()).finish();
    assert_eq!(checked.code, Some(0), "{checked}");
    let read = "✓ nothing found: the project has no Actions and no Rules; it has 1 application and 1 connection";
    assert!(checked.stdout.contains(read), "{checked}");
    for (format, part) in [
        ("json", "\"actions\": []"),
        ("sarif", "\"results\": []"),
        ("github", ""),
    ] {
        let done = postlogin(&format!("check --format {format}"))
            .within(folder.path())
            .finish();
        assert_eq!(done.code, Some(0), "{done}");
        assert!(done.stdout.contains(part), "{done}");
    }
    let by_name = postlogin("check .").within(folder.path()).finish();
    assert!(by_name.stdout.contains(read), "{by_name}");
    // What of it cannot be read is not green.
    fs::write(folder.path().join("clients/other.json"), "{").expect("a file");
    let broken = postlogin("check").within(folder.path()).finish();
    assert_eq!(broken.code, Some(2), "{broken}");
    assert!(broken.stdout.contains("unreadable"), "{broken}");
    fs::remove_file(folder.path().join("clients/other.json")).expect("it was there");
    let ran = postlogin("run").within(folder.path()).finish();
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("binding = ["), "{ran}");
    let tested = postlogin("test").within(folder.path()).finish();
    assert_eq!(tested.code, Some(4), "{tested}");
}

#[test]
fn two_projects_are_both_named() {
    let both = folder(&[(".git/HEAD", "")]);
    for name in ["one", "two"] {
        let source = repository().join("fixtures/repositories/old-export/tenant");
        copy_folder(&source, &both.path().join(name));
    }
    let checked = postlogin("check").within(both.path()).finish();
    assert!(
        checked.stdout.contains("nothing found in 2 Actions"),
        "{checked}"
    );
    for command in ["run", "init"] {
        let done = postlogin(command).within(both.path()).finish();
        assert_eq!(done.code, Some(2), "{command}: {done}");
        assert!(done.stderr.contains("one"), "{command}: {done}");
    }
    let done = postlogin("-C two check").within(both.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let done = postlogin("-C three check").within(both.path()).finish();
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("-C three"), "{done}");
}

#[test]
fn one_bad_action_does_not_stop_the_others() {
    let folder = copy("old-export");
    let actions = folder.path().join("tenant/actions");
    fs::write(
        actions.join("bad.json"),
        "{\"name\": \"bad\", \"supported_triggers\": [}",
    )
    .expect("a file");
    fs::write(
        actions.join("gone.json"),
        "{\"name\": \"gone\", \"code\": \"actions/gone/code.js\", \"supported_triggers\": []}",
    )
    .expect("a file");
    fs::write(
        actions.join("wide.json"),
        b"\xff\xfe{\0\"\0c\0o\0d\0e\0\"\0",
    )
    .expect("a file");
    fs::create_dir(actions.join("wide")).expect("a folder");
    fs::write(actions.join("wide/code.js"), b"\xff\xfe/\0/\0").expect("a file");
    fs::write(folder.path().join("tenant/actions/crlf.json"), "\u{feff}{\"name\": \"c\u{f6}/\u{1f600}\",\r\n\"supported_triggers\": [{\"id\": \"post-login\"}],\r\n\"code\": \"actions/add-claim/code.js\"}\r\n").expect("a file");
    let ran = postlogin("run").within(folder.path()).finish();
    assert_eq!(ran.code, Some(0), "{ran}");
    for name in ["bad.json", "wide.json"] {
        assert_eq!(ran.stderr.matches(name).count(), 1, "{name}: {ran}");
    }
    let checked = postlogin("check").within(folder.path()).finish();
    assert_eq!(
        checked.code,
        Some(2),
        "what is not read is not checked: {checked}"
    );
    assert!(checked.stdout.contains("errors in 2 Actions"), "{checked}");
    assert!(
        checked
            .stdout
            .contains("the code of the Action `gone` does not exist"),
        "{checked}"
    );
    let made = postlogin("init --ci none").within(folder.path()).finish();
    assert_eq!(made.code, Some(0), "{made}");
    assert!(made.stdout.contains("add-claim.case.yaml"), "{made}");
    let named = postlogin("run bad").within(folder.path()).finish();
    assert_eq!(named.code, Some(2), "{named}");
    assert!(named.stderr.contains("bad.json:1:"), "{named}");
    fs::write(folder.path().join("tenant/tests/more.case.yaml"), "cases:\n  - { description: good, actions: [add-claim] }\n  - { description: broken, actions: [bad] }\n").expect("a file");
    let tested = postlogin("test").within(folder.path()).finish();
    assert_eq!(tested.code, Some(101), "{tested}");
    assert!(tested.stdout.contains("bad.json:1:"), "{tested}");
    assert!(tested.stdout.contains("1 failed"), "{tested}");
}

#[test]
fn a_missing_package_is_not_pinned_as_a_failure() {
    let folder = folder(&[
        (".git/HEAD", ""),
        (
            "actions/a.json",
            "{\"name\": \"a\", \"supported_triggers\": [{\"id\": \"post-login\"}], \"dependencies\": [{\"name\": \"no-such-package\", \"version\": \"1.2.3\"}]}",
        ),
        (
            "actions/a/code.js",
            "const x = require('no-such-package');\nexports.onExecutePostLogin = async () => {};\n",
        ),
    ]);
    let made = postlogin("init --ci none").within(folder.path()).finish();
    assert!(
        made.stderr.contains("npm install no-such-package@1.2.3"),
        "{made}"
    );
    let case = fs::read_to_string(folder.path().join("tests/a.case.yaml")).expect("it is written");
    assert!(
        case.contains("skip: \"npm install no-such-package@1.2.3 first\""),
        "{case}"
    );
    assert!(!case.contains("failed"), "{case}");
    let shown = postlogin("install --dry-run")
        .within(folder.path())
        .finish();
    assert_eq!(
        shown.stdout,
        "npm install --save-exact --ignore-scripts no-such-package@1.2.3\n"
    );
}

#[test]
fn tests_of_the_whole_project_from_one_of_its_folders() {
    let folder = copy("old-export");
    postlogin("init --ci none").within(folder.path()).finish();
    let tested = postlogin("test")
        .within(&folder.path().join("tenant/actions"))
        .finish();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
}

#[test]
fn what_typescript_cannot_run_is_said_once_and_clearly() {
    let folder = folder(&[
        (
            "deco.ts",
            "function d(x: any, c: any) { return x; }\nclass A { @d m() { return 1; } }\nexport const onExecutePostLogin = async () => { new A(); };\n",
        ),
        (
            "acc.ts",
            "class A { accessor x = 1; }\nexport const onExecutePostLogin = async () => { new A(); };\n",
        ),
        (
            "gone.ts",
            "import { a } from './gone-file';\nexport const onExecutePostLogin = async () => { a(); };\n",
        ),
    ]);
    for (file, place) in [("deco.ts", "deco.ts:2:11"), ("acc.ts", "acc.ts:1:11")] {
        let done = postlogin(&format!("run {file}"))
            .within(folder.path())
            .finish();
        assert_eq!(done.code, Some(101), "{done}");
        assert!(done.stderr.contains(place), "{done}");
        assert!(done.stderr.contains("tsc or esbuild"), "{done}");
    }
    let checked = postlogin("check gone.ts").within(folder.path()).finish();
    assert_eq!(checked.code, Some(100), "{checked}");
    let title = "error[missing-file]  gone.ts:1:19\n  `./gone-file` does not exist";
    assert!(checked.stdout.contains(title), "{checked}");
}

#[test]
fn rows_tags_only_and_todo() {
    let files = [
        (
            "actions/tier.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  const { points } = event.user.user_metadata;\n  api.idToken.setCustomClaim('https://a.com/tier', points > 99 ? 'gold' : 'basic');\n};\n",
        ),
        ("tests/defaults.case.yaml", "secrets: { UNUSED: x }\n"),
        (
            "tests/tier.case.yaml",
            "actions: [tier]\ncases:\n  - description: tiers\n    tags: [fast]\n    each:\n      - with: { user: { user_metadata: { points: 99 } } }\n        expect: { id_token: { 'https://a.com/tier': basic } }\n      - description: gold is above\n        with: { user: { user_metadata: { points: 100 } } }\n        expect: { id_token: { 'https://a.com/tier': gold } }\n    expect: { status: allowed, duration: 10s, memory: 128MiB }\n  - description: later\n    todo: needs MFA\n",
        ),
    ];
    let project = folder(&files);
    let listed = postlogin("test --list").within(project.path()).finish();
    assert_eq!(
        listed.stdout,
        "tests/tier tiers [points=99]\ntests/tier tiers gold is above\ntests/tier later\n",
        "{listed}"
    );
    assert!(
        !listed.stderr.contains("UNUSED"),
        "secrets of defaults are for many cases: {listed}"
    );
    let tested = postlogin("test --repeat 2").within(project.path()).finish();
    assert_eq!(tested.code, Some(0), "{tested}");
    assert_eq!(
        tested.stdout.matches("2 passed, 1 skipped").count(),
        2,
        "{tested}"
    );
    let tagged = postlogin("test --tag slow").within(project.path()).finish();
    assert_eq!(tagged.code, Some(4), "{tagged}");
    let tagged = postlogin("test --tag fast").within(project.path()).finish();
    assert!(tagged.stdout.contains("2 passed, 0 skipped"), "{tagged}");
    // A limit that is passed, a row that fails at its own line, and `only`.
    fs::write(project.path().join("tests/more.case.yaml"), "actions: [tier]\ncases:\n  - description: slow\n    only: true\n    expect: { duration: 0.001ms }\n").expect("a file");
    let tested = postlogin("test").within(project.path()).finish();
    assert_eq!(tested.code, Some(100), "{tested}");
    assert!(
        tested.stdout.contains("duration") && tested.stdout.contains("1 failed"),
        "{tested}"
    );
    assert!(
        tested.stderr.contains("`only` leaves out 3 of 4 cases"),
        "{tested}"
    );
    let in_ci = postlogin("test")
        .env("CI", "1")
        .within(project.path())
        .finish();
    assert_eq!(in_ci.code, Some(2), "{in_ci}");
    for (each, message) in [
        ("each: []", "`each` has no rows"),
        ("each: [{ with: {}, expct: {} }]", "expct"),
        ("each: [5]", "a row of `each`"),
        ("each: [{ matrix: { user.email: [a] } }]", "matrix"),
    ] {
        fs::write(
            project.path().join("tests/more.case.yaml"),
            format!("actions: [tier]\n{each}\n"),
        )
        .expect("a file");
        let tested = postlogin("test").within(project.path()).finish();
        assert_eq!(tested.code, Some(2), "{each}: {tested}");
        assert!(tested.stderr.contains(message), "{each}: {tested}");
    }
}

#[test]
fn the_recipes_work() {
    let page =
        fs::read_to_string(repository().join("docs/book/src/guide/recipes.md")).expect("the page");
    let folder = folder(&[("empty.txt", "")]);
    let mut written = 0;
    for block in page.split("```").skip(1).step_by(2) {
        let (_, text) = block.split_once('\n').expect("a language");
        let (name, _) = text.split_once('\n').expect("a name");
        let name = name.trim_start_matches(['/', '#', ' ']);
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
        written += 1;
    }
    assert_eq!(written, 8);
    let tested = postlogin("test").within(folder.path()).finish();
    assert!(tested.stdout.contains("8 passed, 0 skipped"), "{tested}");
}

#[test]
fn help_is_where_people_look_for_it() {
    for (arguments, expected) in [
        ("help", "Examples:"),
        ("--help", "Exit codes:"),
        ("help run", "default: the project"),
        ("run --help", "default: the project"),
    ] {
        let done = postlogin(arguments).finish();
        assert_eq!(done.code, Some(0), "{arguments}: {done}");
        assert!(done.stdout.contains(expected), "{arguments}: {done}");
    }
    for (arguments, expected) in [
        ("rnu", "did you mean `run`?"),
        ("test --jobs 0", "must be a whole number from 1 to 256"),
        ("run --seed x", "must be a whole number"),
    ] {
        let done = postlogin(arguments).finish();
        assert_eq!(done.code, Some(2), "{arguments}: {done}");
        assert!(done.stderr.contains(expected), "{arguments}: {done}");
    }
}
