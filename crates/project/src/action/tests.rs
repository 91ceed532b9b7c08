//! Every form of an argument, from every folder a user may stand in.

use std::fs;

use super::*;

mod below;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the repository")
        .join(path)
}

const EXPORT: &str = "fixtures/exports/directory";

#[track_caller]
fn resolve(argument: &str, working_folder: &Path) -> Result<ActionSource> {
    let project = Project::discover(working_folder).expect("nothing broken");
    resolve_action(argument, working_folder, project.as_ref(), NamedBy::User)
}

#[track_caller]
fn check(
    argument: &str,
    working_folder: &str,
    name: &str,
    display: &str,
    is_declared: bool,
) -> ActionSource {
    let source = resolve(argument, &folder(working_folder)).expect("an Action");
    assert_eq!(
        (source.name.as_str(), source.display_path.as_str()),
        (name, display),
        "{argument}"
    );
    assert_eq!(source.declared.is_some(), is_declared, "{argument}");
    source
}

#[test]
fn forms_of_a_declared_action() {
    let code = "actions/progressive-profiling/code.js";
    for argument in [
        "progressive-profiling",
        "actions/progressive-profiling",
        "./actions/progressive-profiling/",
        "actions/progressive-profiling.json",
        "actions/progressive-profiling/code.js",
        "actions/m2m-claims/../progressive-profiling",
    ] {
        let source = check(argument, EXPORT, "progressive-profiling", code, true);
        assert_eq!(
            source.root,
            folder(EXPORT).join("actions/progressive-profiling")
        );
    }
    let shown = "code.js";
    check(
        "code.js",
        &format!("{EXPORT}/actions/progressive-profiling"),
        "progressive-profiling",
        shown,
        true,
    );
    check(
        "progressive-profiling",
        &format!("{EXPORT}/clients"),
        "progressive-profiling",
        code,
        true,
    );
    check(
        "Add Roles to Tokens",
        EXPORT,
        "Add Roles to Tokens",
        "actions/Add Roles to Tokens/code.js",
        true,
    );
    check(
        "risk-score",
        "fixtures/exports/yaml",
        "risk-score",
        "actions/risk-score/code.ts",
        true,
    );
    check(
        "actions/risk-score",
        "fixtures/exports/yaml",
        "risk-score",
        "actions/risk-score/code.ts",
        true,
    );
}

#[test]
fn the_working_folder_may_be_relative() {
    // Tests run in the folder of the crate.
    let project = Project::discover(Path::new("../../fixtures/exports/yaml"))
        .expect("good")
        .expect("a project");
    assert!(project.root.ends_with("fixtures/exports/yaml"));
    let source = resolve_action("welcome", Path::new("."), Some(&project), NamedBy::User)
        .expect("an Action");
    assert_eq!(source.display_path, "actions/welcome/code.js");
    let from_project = project
        .source(project.action("welcome").expect("it"), Path::new("."))
        .expect("an Action");
    assert_eq!(from_project.display_path, source.display_path);
}

#[test]
fn keywords_of_the_code_are_replaced() {
    let source = check(
        "Add Roles to Tokens",
        EXPORT,
        "Add Roles to Tokens",
        "actions/Add Roles to Tokens/code.js",
        true,
    );
    let ActionKind::Script { text, .. } = &source.kind else {
        panic!("a script")
    };
    assert!(text.contains("const NAMESPACE = 'https://test.example.com';"));
    assert_eq!(source.code_bytes(), Some(text.len()));
}

/// A folder with loose files; nothing in it is a project.
fn loose(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0rest";

#[test]
fn loose_files_and_packages() {
    let folder = loose(&[
        ("claims.js", b"exports.a = 1;"),
        ("typed.mts", b"\xef\xbb\xbfexport {};"),
        ("built/loyalty.wasm", COMPONENT),
        ("loyalty/code.js", b"//"),
        ("rusty/Cargo.toml", b"[package]"),
        (
            "older/current.json",
            br#"{"name": "Older", "code": "code.js", "secrets": [{"name": "A"}]}"#,
        ),
        ("older/code.js", b"// older"),
    ]);
    for (argument, name, display, kind) in [
        ("claims.js", "claims", "claims.js", "script"),
        ("typed.mts", "typed", "typed.mts", "script"),
        (
            "built/loyalty.wasm",
            "loyalty",
            "built/loyalty.wasm",
            "component",
        ),
        ("loyalty", "loyalty", "loyalty/code.js", "script"),
        ("loyalty/code.js", "loyalty", "loyalty/code.js", "script"),
        ("rusty", "rusty", "rusty", "package"),
        ("older", "Older", "older/code.js", "script"),
        ("older/current.json", "Older", "older/code.js", "script"),
    ] {
        let source = resolve_action(argument, folder.path(), None, NamedBy::User).expect(argument);
        assert_eq!(
            (source.name.as_str(), source.display_path.as_str()),
            (name, display),
            "{argument}"
        );
        let found = match &source.kind {
            ActionKind::Script { text, .. } => {
                assert!(!text.starts_with('\u{feff}'), "no byte order mark");
                "script"
            }
            ActionKind::Component { bytes, .. } => {
                assert_eq!(bytes, COMPONENT);
                "component"
            }
            ActionKind::CargoPackage { .. } => "package",
        };
        assert_eq!(found, kind, "{argument}");
        let has_secrets = source
            .declared
            .is_some_and(|manifest| manifest.secret_names == ["A"]);
        assert_eq!(has_secrets, name == "Older", "{argument}");
    }
}

#[test]
fn a_rust_action_of_a_project_may_have_a_configuration() {
    let manifest = br#"{"name": "Loyalty", "code": "./actions/loyalty/loyalty.wasm", "supported_triggers": []}"#;
    let folder = loose(&[
        ("actions/loyalty.json", manifest),
        ("actions/loyalty/Cargo.toml", b""),
        ("actions/bare/Cargo.toml", b""),
    ]);
    for (argument, name, display, is_declared) in [
        ("Loyalty", "Loyalty", "actions/loyalty", true),
        ("loyalty", "Loyalty", "actions/loyalty", true),
        ("actions/loyalty", "Loyalty", "actions/loyalty", true),
        ("actions/loyalty.json", "Loyalty", "actions/loyalty", true),
        ("bare", "bare", "actions/bare", false),
    ] {
        let source = resolve(argument, folder.path()).expect(argument);
        assert!(
            matches!(source.kind, ActionKind::CargoPackage { .. }),
            "{argument}"
        );
        assert_eq!(
            (source.name.as_str(), source.display_path.as_str()),
            (name, display),
            "{argument}"
        );
        assert_eq!(source.declared.is_some(), is_declared, "{argument}");
    }
}

#[test]
fn only_a_path_that_the_user_wrote_starts_cargo() {
    let manifest =
        br#"{"name": "greet", "code": "./actions/greet/code.js", "supported_triggers": []}"#;
    let folder = loose(&[
        ("actions/greet.json", manifest),
        ("actions/greet/code.js", b"// action"),
        // What a pull request adds to be built.
        ("actions/greet/Cargo.toml", b""),
        ("greet/Cargo.toml", b""),
        ("other/Cargo.toml", b""),
        ("both/Cargo.toml", b""),
        ("both/code.ts", b"// both"),
    ]);
    #[track_caller]
    fn check(argument: &str, folder: &Path, expected: Result<&str, NamedBy>) {
        let found = match resolve(argument, folder).expect(argument).kind {
            ActionKind::Script { text, .. } => Ok(text),
            ActionKind::CargoPackage { named_by, .. } => Err(named_by),
            ActionKind::Component { .. } => panic!("no component"),
        };
        assert_eq!(found.as_deref(), expected.as_ref().copied(), "{argument}");
    }
    check("greet", folder.path(), Ok("// action"));
    check("actions/greet", folder.path(), Ok("// action"));
    check("both", folder.path(), Ok("// both"));
    check("other", folder.path(), Err(NamedBy::Project));
    check("./other", folder.path(), Err(NamedBy::User));
    check("./greet", folder.path(), Err(NamedBy::User));
}

#[test]
fn a_file_wins_over_an_action_and_an_empty_folder_does_not() {
    let manifest =
        br#"{"name": "both.js", "code": "./actions/both.js/code.js", "supported_triggers": []}"#;
    let named = br#"{"name": "docs", "code": "./actions/docs/code.js", "supported_triggers": []}"#;
    let folder = loose(&[
        ("actions/both.json", manifest),
        ("actions/both.js/code.js", b"// action"),
        ("actions/docs.json", named),
        ("actions/docs/code.js", b"// action"),
        ("both.js", b"// file"),
        ("docs/readme.md", b""),
    ]);
    let text = |argument| match resolve(argument, folder.path()).expect(argument).kind {
        ActionKind::Script { text, .. } => text,
        _ => panic!("a script"),
    };
    assert_eq!(&*text("both.js"), "// file");
    assert_eq!(&*text("docs"), "// action");
}

#[track_caller]
fn check_error(argument: &str, working_folder: &Path, expected: &str, hint: &str) {
    let error = resolve(argument, working_folder).expect_err("no Action");
    assert_eq!(error.to_string(), expected);
    assert!(
        error.hint.as_deref().unwrap_or_default().contains(hint),
        "{:?} for {argument}",
        error.hint
    );
}

#[test]
fn errors_suggest() {
    let export = folder(EXPORT);
    let no_action = |name: &str| format!("no such file, folder or Action: `{name}`");
    check_error(
        "progressive-profilng",
        &export,
        &no_action("progressive-profilng"),
        "did you mean `progressive-profiling`?",
    );
    check_error(
        "add roles to token",
        &export,
        &no_action("add roles to token"),
        "did you mean `Add Roles to Tokens`?",
    );
    check_error(
        "zebra",
        &export,
        &no_action("zebra"),
        "are Add Roles to Tokens, m2m-claims, progressive-profiling",
    );
    check_error(
        "actions/m2m-claims/cod.js",
        &export,
        "no such file: `actions/m2m-claims/cod.js`",
        "did you mean `actions/m2m-claims/code.js`?",
    );
    check_error(
        "config.json",
        &export,
        "`config.json` does not describe an Action",
        "`supported_triggers`",
    );
    check_error(
        "clients",
        &export,
        "no Action is in the folder `clients`",
        "code.js",
    );
    check_error("", &export, "the Action name is empty", ".wasm");

    let loose = loose(&[
        ("notes.md", b""),
        ("latin.js", b"// caf\xe9\n"),
        ("module.wasm", b"\0asm\x01\0\0\0"),
        ("text.wasm", b"hello"),
        (
            "gone.json",
            br#"{"name": "gone", "code": "./gone.js", "supported_triggers": []}"#,
        ),
    ]);
    let loose = loose.path();
    check_error(
        "notes.md",
        loose,
        "`notes.md` is not an Action",
        "Cargo package",
    );
    check_error(
        "zebra",
        loose,
        "no such file or folder: `zebra`, and no project with an Action of this name",
        ".js",
    );
    check_error(
        "latin.js",
        loose,
        "latin.js:1:7: the text is not UTF-8",
        "UTF-8",
    );
    check_error(
        "module.wasm",
        loose,
        "module.wasm: this is a WebAssembly module, not a component",
        "wasm32-wasip2",
    );
    check_error("text.wasm", loose, "text.wasm: this is not WebAssembly", "");
    let error = resolve("gone.json", loose).expect_err("no code");
    assert!(
        error
            .message
            .starts_with("the code of the Action `gone` does not exist"),
        "{error}"
    );
    assert_eq!(error.file.as_deref(), Some("gone.json"));
}

#[test]
fn the_configuration_is_named() {
    let source = resolve("progressive-profiling", &folder(EXPORT)).expect("an Action");
    let shown = source.declared_in.as_deref();
    assert_eq!(shown, Some("actions/progressive-profiling.json"));
}
