//! `postlogin init`.

use std::fs;

use crate::support::{folder, postlogin};

#[test]
fn an_empty_folder_becomes_a_project_that_passes() {
    let folder = folder(&[("empty.txt", "")]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    for file in [
        "actions/copy-hobby/code.js",
        "actions/copy-hobby.json",
        "triggers/triggers.json",
        "tests/copy-hobby.case.yaml",
        "tests/case.schema.json",
        "tests/events/jane.json",
    ] {
        assert!(
            done.stdout.contains(&format!("wrote  {file}\n")),
            "{file}: {done}"
        );
    }
    // Nobody asked for a CI file, and the folder uses no service.
    assert!(!folder.path().join(".github").exists(), "{done}");
    assert!(
        done.stderr.contains("`postlogin init --ci github`"),
        "{done}"
    );
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("2 passed"), "{done}");
    // What the workflow runs passes.
    let done = postlogin("check --format github")
        .within(folder.path())
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    let done = postlogin("run").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");

    // A second time, nothing is written over.
    fs::write(
        folder.path().join("tests/copy-hobby.case.yaml"),
        "# copy-hobby: mine\n",
    )
    .expect("a file");
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(!done.stdout.contains("wrote"), "{done}");
}

#[test]
fn actions_that_are_there_get_a_first_case() {
    let folder = folder(&[
        (
            "actions/deny.js",
            "exports.onExecutePostLogin = async (event, api) => { api.access.deny('no'); };\n",
        ),
        (
            "actions/claims.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim('https://example.com/x', { a: \"it's\" });\n  api.idToken.setCustomClaim('roles', 1);\n};\n",
        ),
        (
            "actions/broken.js",
            "exports.onExecutePostLogin = async ( => {};\n",
        ),
        (
            "actions/asks.js",
            "exports.onExecutePostLogin = async () => { await fetch('https://api.example.com/x'); };\n",
        ),
        ("actions/helper.js", "module.exports = 1;\n"),
        (".gitlab-ci.yml", "test: {}\n"),
        (".git/HEAD", ""),
    ]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout.contains("wrote  .gitlab/postlogin.yml"),
        "{done}"
    );
    assert!(!done.stdout.contains("helper"), "{done}");
    assert!(
        done.stderr
            .contains("the case of `broken` is skipped, for it cannot be loaded: "),
        "{done}"
    );
    let read = |name: &str| fs::read_to_string(folder.path().join("tests").join(name)).expect(name);
    let deny = read("deny.case.yaml");
    assert!(deny.contains("status: denied"), "{deny}");
    assert!(deny.contains("the built-in sample is denied"), "{deny}");
    let claims = read("claims.case.yaml");
    assert!(
        claims.contains("\"https://example.com/x\": {\"a\":\"it's\"}"),
        "{claims}"
    );
    assert!(
        !claims.contains("roles"),
        "a dropped claim is not expected: {claims}"
    );
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("3 passed, 1 skipped"), "{done}");
}

/// `actions/` is a project without any file; what a login runs has to be said.
#[test]
fn a_folder_of_actions_gets_a_binding() {
    let claim = |name: &str| {
        format!(
            "exports.onExecutePostLogin = async (event, api) => {{ api.idToken.setCustomClaim('https://example.com/{name}', 1); }};\n"
        )
    };
    let place = folder(&[
        ("actions/first.js", &claim("first")),
        ("actions/second/code.js", &claim("second")),
        (
            "actions/machine.js",
            "exports.onExecuteCredentialsExchange = async () => {};\n",
        ),
    ]);
    let done = postlogin("init").within(place.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let written = fs::read_to_string(place.path().join("postlogin.toml")).expect("a configuration");
    assert!(
        written.contains("binding = [\"first\", \"second\"]"),
        "{written}"
    );
    let ran = postlogin("run --format json").within(place.path()).finish();
    assert_eq!(ran.code, Some(0), "{ran}");
    for name in ["https://example.com/first", "https://example.com/second"] {
        assert!(ran.stdout.contains(name), "{ran}");
    }
    // It stays as it is.
    let again = postlogin("init").within(place.path()).finish();
    assert_eq!(again.code, Some(0), "{again}");
    let kept = fs::read_to_string(place.path().join("postlogin.toml")).expect("a configuration");
    assert_eq!(kept, written);
}

#[test]
fn a_case_that_expects_a_failure_says_so() {
    let folder = folder(&[
        (
            "actions/bug.js",
            "exports.onExecutePostLogin = async (event) => { event.user.nothing.more(); };\n",
        ),
        (
            "actions/quote.js",
            "exports.onExecutePostLogin = async () => { throw new RangeError('a \"b\": # c\\nsecond'); };\n",
        ),
        (
            "actions/fine.js",
            "exports.onExecutePostLogin = async () => {};\n",
        ),
        (".git/HEAD", ""),
    ]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    for name in ["bug", "quote"] {
        let warning =
            format!("warning: the first case of `{name}` expects what happens now, a failure: ");
        assert!(done.stderr.contains(&warning), "{done}");
    }
    assert!(!done.stderr.contains("`fine`"), "{done}");
    let case = fs::read_to_string(folder.path().join("tests/bug.case.yaml")).expect("a case");
    assert!(
        case.contains("the built-in sample fails with TypeError: "),
        "{case}"
    );
    assert!(!case.contains("logs in"), "{case}");
    let tested = postlogin("test").within(folder.path()).finish();
    assert_eq!(tested.code, Some(0), "{tested}");
    assert!(tested.stdout.contains("3 passed"), "{tested}");
    assert!(
        tested
            .stdout
            .contains("fails with RangeError: a \"b\": # c"),
        "{tested}"
    );
}

#[test]
fn a_secret_that_is_used_as_a_url_is_one() {
    let manifest = r#"{"name":"sync","code":"./actions/sync/code.js","supported_triggers":[{"id":"post-login","version":"v3"}],
        "secrets":[{"name":"KEY","value":"_"},{"name":"BACKEND","value":"_"}]}"#;
    let folder = folder(&[
        ("actions/sync.json", manifest),
        (
            "actions/sync/code.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  const url = new URL(event.secrets.BACKEND);\n  \
             api.idToken.setCustomClaim('https://example.com/x', url.protocol + event.secrets.KEY.length);\n};\n",
        ),
        (".git/HEAD", ""),
    ]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(!done.stderr.contains("a failure"), "{done}");
    let case = fs::read_to_string(folder.path().join("tests/sync.case.yaml")).expect("a case");
    assert!(
        case.contains("\"BACKEND\": \"https://example.com\""),
        "{case}"
    );
    assert!(case.contains("\"KEY\": \"test\""), "{case}");
    assert!(case.contains("\"https:4\""), "{case}");
    let tested = postlogin("test").within(folder.path()).finish();
    assert!(tested.stdout.contains("1 passed"), "{tested}");
}

#[test]
fn a_project_without_actions_is_not_sent_in_a_circle() {
    let folder = folder(&[
        (
            "clients/web.json",
            "{\"name\":\"web\",\"app_type\":\"spa\"}",
        ),
        ("tenant.json", "{\"friendly_name\":\"x\"}"),
        (".git/HEAD", ""),
    ]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stderr.contains("no case was written"), "{done}");
    assert!(!done.stderr.contains("next: "), "{done}");
    let tested = postlogin("test").within(folder.path()).finish();
    assert_eq!(tested.code, Some(4), "{tested}");
    assert!(
        tested.stderr.contains("the project has no Action"),
        "{tested}"
    );
}

#[test]
fn rules_have_first_cases_too() {
    let folder = folder(&[
        (
            "tenant.yaml",
            "rules:\n  - { name: Add tier, script: ./rules/tier.js, order: 2, enabled: true }\n  - { name: off, script: ./rules/off.js, enabled: false }\nrulesConfigs: [{ key: NS, value: 'https://a.com/' }]\n",
        ),
        (
            "rules/tier.js",
            "function (user, context, callback) { context.idToken[configuration.NS + 'tier'] = context.clientMetadata.tier; callback(null, user, context); }",
        ),
        (
            "rules/off.js",
            "function (user, context, callback) { callback(new Error('off')); }",
        ),
        (".git/HEAD", ""),
    ]);
    let done = postlogin("init").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let case = fs::read_to_string(folder.path().join("tests/Add tier.rule.case.yaml"))
        .unwrap_or_else(|_| panic!("{done}"));
    assert!(case.contains("actions: [\"../rules/tier.js\"]"), "{case}");
    assert!(case.contains("\"https://a.com/tier\": \"gold\""), "{case}");
    let tested = postlogin("test").within(folder.path()).finish();
    assert!(tested.stdout.contains("1 passed, 0 skipped"), "{tested}");
    let again = postlogin("init").within(folder.path()).finish();
    assert!(!again.stdout.contains("wrote  tests/"), "{again}");
}

#[test]
fn a_workflow_is_written_where_its_service_reads_it() {
    let folder = folder(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".github/workflows/other.yml", "on: push\n"),
        ("tenants/eu/readme.txt", ""),
    ]);
    let project = folder.path().join("tenants/eu");
    let done = postlogin("init").within(&project).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let file = folder
        .path()
        .join(".github/workflows/postlogin-tenants-eu.yml");
    let text = fs::read_to_string(file).expect("the repository uses GitHub Actions");
    assert!(
        text.contains("working-directory: \"tenants/eu\"\n"),
        "{text}"
    );
    assert!(!project.join(".github").exists());
    // Asked for, in a repository that does not use it.
    let done = postlogin("init --ci gitlab").within(&project).finish();
    assert!(
        done.stderr
            .contains("include: { local: .gitlab/postlogin-tenants-eu.yml }"),
        "{done}"
    );
    let text = fs::read_to_string(folder.path().join(".gitlab/postlogin-tenants-eu.yml"))
        .expect("it was asked for");
    assert!(text.contains("cd 'tenants/eu'"), "{text}");
    // A second time, nothing is written over.
    let done = postlogin("init").within(&project).finish();
    assert!(!done.stdout.contains("wrote"), "{done}");
    let done = postlogin("init --ci none").within(folder.path()).finish();
    assert!(!done.stdout.contains("postlogin.yml"), "{done}");
}
