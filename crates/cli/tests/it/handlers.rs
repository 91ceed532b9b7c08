//! Handlers of triggers that do not run here: each command names the trigger, and none takes the Action for another one.

use serde_json::Value;

use crate::support::{Finished, QUIET, folder, postlogin};

/// A file, the export in it, and the trigger to which that belongs.
const EACH: &[(&str, &str, &str)] = &[
    (
        "tool.js",
        "exports.onExecuteMcpTool = async (event, api) => {};\n",
        "mcp-tool",
    ),
    (
        "tool.ts",
        "export const onExecuteMCPTool = async (event: unknown): Promise<void> => {};\n",
        "mcp-tool",
    ),
    (
        "sign.mjs",
        "const h = async () => {};\nexport { h as onExecuteSignupPostIdentifier };\n",
        "signup-post-identifier",
    ),
    (
        "hash.js",
        "module.exports = { async onExecutePasswordHashMigration(event, api) {} };\n",
        "password-hash-migration",
    ),
    (
        "login.cjs",
        "exports['onExecuteLoginPostIdentifier'] = async () => {};\n",
        "login-post-identifier",
    ),
];

fn run(arguments: &str, files: &[(&str, &str)]) -> Finished {
    let folder = folder(files);
    postlogin(arguments).within(folder.path()).finish()
}

#[test]
fn every_command_names_a_trigger_without_contract() {
    for (file, text, trigger) in EACH {
        let files = [(*file, *text), ("quiet.js", QUIET)];
        for command in [
            format!("run {file}"),
            format!("explain {file}"),
            format!("build {file} -o out.wasm"),
            format!("compare quiet.js {file} --generate 2"),
            format!("compare {file} {file} --generate 2"),
            format!("test {file} --fuzz 2"),
            format!("run {file} --trigger post-login"),
        ] {
            let done = run(&command, &files);
            assert_ne!(done.code, Some(0), "{command}: {done}");
            let said = done.printed();
            assert!(said.contains(trigger), "{command}: {done}");
            assert!(said.contains("no public contract"), "{command}: {done}");
            assert!(!said.contains("did you mean"), "{command}: {done}");
            assert!(!said.contains("Invalid function"), "{command}: {done}");
        }
        // A folder is looked through for such files as well.
        for command in [
            format!("check {file}"),
            "check".to_owned(),
            "check .".to_owned(),
        ] {
            let done = run(&command, &files[..1]);
            assert!(done.stdout.contains("unsupported-trigger"), "{done}");
            assert!(done.stdout.contains(trigger), "{done}");
            assert!(!done.stdout.contains("missing-handler"), "{done}");
        }
    }
}

#[test]
fn cases_projects_and_new_projects_name_it_as_well() {
    let (file, text, trigger) = EACH[0];
    let files = [
        ("code.js", text),
        ("tests/a.case.yaml", "actions: [../code.js]\n"),
        (
            "postlogin.toml",
            "binding = [\"tool\"]\n[actions.tool]\ncode = \"code.js\"\n",
        ),
    ];
    for command in ["test", "run", "serve --port 0 --until-stdin-ends"] {
        let done = run(command, &files);
        // A server starts, and its logins fail.
        let is_server = command.starts_with("serve");
        assert_eq!(done.code == Some(0), is_server, "{command}: {done}");
        assert!(done.printed().contains(trigger), "{command}: {done}");
    }
    let folder = folder(&[(file, text)]);
    let made = postlogin("init --ci none").within(folder.path()).finish();
    assert!(made.printed().contains("tests/tool.case.yaml"), "{made}");
    let case = std::fs::read_to_string(folder.path().join("tests/tool.case.yaml")).expect("a case");
    assert!(case.contains(trigger), "{case}");
}

#[test]
fn names_of_no_trigger_are_a_slip_or_said_to_be_unknown() {
    let unknown = "exports.onExecuteXyz = async () => {};\n";
    let checked = run("check a.js", &[("a.js", unknown)]);
    assert!(
        checked
            .stdout
            .contains("`onExecuteXyz`, which is not a handler of a known trigger"),
        "{checked}"
    );
    let ran = run("run a.js", &[("a.js", unknown)]);
    assert!(
        ran.stderr
            .contains("`onExecuteXyz`, which is not a handler of a known trigger"),
        "{ran}"
    );
    assert!(
        ran.stderr.contains("hint: handlers are onExecutePostLogin"),
        "{ran}"
    );
    for done in [&checked, &ran] {
        assert!(!done.printed().contains("did you mean"), "{done}");
    }
    let slip = "exports.onExecuteCredentialExchange = async () => {};\n";
    let checked = run("check a.js", &[("a.js", slip)]);
    assert!(
        checked
            .stdout
            .contains("hint: did you mean `onExecuteCredentialsExchange`?"),
        "{checked}"
    );
}

#[test]
fn with_a_handler_that_runs_the_other_one_is_left_out_with_a_notice() {
    let both = "exports.onExecuteMcpTool = async () => {};\nexports.onExecutePostLogin = async () => {};\n";
    let checked = run("check a.js", &[("a.js", both)]);
    assert!(
        checked
            .stdout
            .contains("`onExecuteMcpTool` is a handler of mcp-tool"),
        "{checked}"
    );
    let ran = run("run a.js", &[("a.js", both)]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("onExecuteMcpTool (mcp-tool)"), "{ran}");
}

#[test]
fn the_notice_is_about_the_trigger_that_runs() {
    let two = "exports.onExecuteEventStream = async () => {};\nexports.onExecutePostLogin = async () => {};\n";
    let files = [("two.js", two)];
    for (trigger, other) in [
        ("event-stream", "onExecutePostLogin (post-login)"),
        ("post-login", "onExecuteEventStream (event-stream)"),
    ] {
        let ran = run(
            &format!("run two.js --trigger {trigger} --format json"),
            &files,
        );
        let outcome: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
        let notice = outcome["notices"][0]["message"]
            .as_str()
            .unwrap_or_default();
        assert!(notice.contains(&format!("runs for {trigger}")), "{notice}");
        assert!(notice.contains(other), "{notice}");
    }
}

#[test]
fn a_configuration_of_another_trigger_than_the_handler_is_reported() {
    let manifest = |trigger: &str| {
        format!(
            r#"{{"name": "a", "code": "actions/a/code.js", "supported_triggers": [{{"id": "{trigger}"}}]}}"#
        )
    };
    let tool = "exports.onExecuteMcpTool = async () => {};\n";
    let login = "exports.onExecutePostLogin = async () => {};\n";
    let project = |trigger: &str, text: &str, command: &str| {
        run(
            command,
            &[
                ("actions/a.json", &manifest(trigger)),
                ("actions/a/code.js", text),
            ],
        )
    };
    // The code cannot run, whatever the configuration says.
    let ran = project("post-login", tool, "run a");
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr.contains("a handler of the trigger mcp-tool"),
        "{ran}"
    );
    let checked = project("post-login", tool, "check");
    assert!(
        checked
            .stdout
            .contains("`onExecuteMcpTool`, a handler of mcp-tool"),
        "{checked}"
    );
    let checked = project("mcp-tool", login, "check");
    // Lines are broken where the terminal ends.
    let words: Vec<&str> = checked.stdout.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("it exports `onExecutePostLogin`, a handler of post-login"),
        "{checked}"
    );
    // It runs, and production would not run it there.
    let ran = project("credentials-exchange", login, "run a --format json");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("\"trigger-not-declared\""), "{ran}");
}
