use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{is_on, unread_in_folder, unread_in_yaml};
use crate::Project;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join(".git")).expect("a repository");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn sections_that_configure_something_are_named() {
    let export = json!({
        "tenant": {"friendly_name": "A"}, "clients": [], "hooks": [{"name": "h"}], "customDomains": [],
        "attackProtection": {"bruteForceProtection": {"enabled": false}}, "pages": [{"name": "login"}],
        "exclude": {"clients": ["A"]}, "hokuspokus": [1],
    });
    assert_eq!(unread_in_yaml(&export), ["hooks", "pages"]);
    assert!(is_on(&json!({"a": {"b": true}})) && !is_on(&json!({"a": {"b": 0}})));
}

#[test]
fn folders_of_other_programs_are_no_sections() {
    let export = folder(&[
        ("clients/a.json", "{\"name\": \"A\", \"app_type\": \"spa\"}"),
        ("custom-domains/custom-domains.json", "[]"),
        ("guardian/factors/otp.json", "{\"name\": \"otp\"}"),
        ("guardian/providers/sms-twilio.json", "{}"),
        ("emails/provider.json", "{}"),
        ("hooks/useThing.ts", "export {}"),
        ("pages/index.tsx", "export {}"),
        ("prompts/deep/one/two/a.json", "{}"),
    ]);
    assert_eq!(
        unread_in_folder(export.path()),
        [
            "custom-domains",
            "emails/provider.json",
            "guardian/providers"
        ]
    );
    let project = Project::discover(export.path()).expect("read");
    let unread = project.expect("a project").tenant.unread;
    assert_eq!(unread.len(), 3);
}

#[test]
fn resources_of_terraform_that_are_not_read_are_named() {
    let terraform = folder(&[(
        "main.tf",
        "resource \"auth0_action\" \"a\" {\n  name = \"a\"\n  code = \"exports.onExecutePostLogin = async () => {};\"\n  \
         supported_triggers {\n    id = \"post-login\"\n    version = \"v3\"\n  }\n}\n\
         resource \"auth0_custom_domain\" \"d\" {\n  domain = \"login.example.com\"\n}\n\
         resource \"auth0_client\" \"c\" {\n  name = \"C\"\n}\n",
    )]);
    let project = Project::discover(terraform.path()).expect("read");
    let tenant = project.expect("a project").tenant;
    assert_eq!(tenant.unread, ["auth0_custom_domain"]);
    assert_eq!(tenant.clients.len(), 1);
}

#[test]
fn a_section_of_another_kind_is_a_mistake() {
    let mistakes = |text: &str| -> Vec<String> {
        let export = folder(&[("tenant.yaml", text)]);
        let project = Project::discover(export.path()).expect("read");
        let parts = project.expect("a project").placed_parts(export.path());
        let shown = |error: &crate::Error| {
            let hint = error.hint.as_deref().unwrap_or("-");
            format!("{} ({hint})", error.sentence())
        };
        parts.mistakes.iter().map(shown).collect()
    };
    for (text, expected) in [
        (
            "clients:\n  web: {name: web}\n",
            vec![
                "tenant.yaml:2:3: `clients` must be a list; this is an object, and nothing of it is read (begin each item with `-`)",
            ],
        ),
        (
            "databases: db\n",
            vec![
                "tenant.yaml:1:12: `databases` must be a list; this is a text, and nothing of it is read (-)",
            ],
        ),
        (
            "tokenExchangeProfiles: {}\n",
            vec![
                "tenant.yaml:1:24: `tokenExchangeProfiles` must be a list; this is an object, and nothing of it is read (begin each item with `-`)",
            ],
        ),
        (
            "tenant: []\n",
            vec![
                "tenant.yaml:1:9: `tenant` must be an object; this is a list, and nothing of it is read (-)",
            ],
        ),
        (
            "guardianPolicies: {policy: []}\n",
            vec![
                "tenant.yaml:1:19: `guardianPolicies` must be an object with the list `policies`, and nothing of it is read (-)",
            ],
        ),
        (
            "clientGrant: []\nhokuspokus: [1]\n",
            vec![
                "tenant.yaml:1:1: unknown section `clientGrant` of the export: nothing reads it (did you mean `clientGrants`?)",
                "tenant.yaml:2:1: unknown section `hokuspokus` of the export: nothing reads it (the Deploy CLI refuses a file with sections that it does not know)",
            ],
        ),
        (
            "clients: ##CLIENTS##\nroles:\nhooks: []\nexclude: {}\nguardianPolicies: {policies: []}\n",
            vec![],
        ),
    ] {
        assert_eq!(mistakes(text), expected, "{text}");
    }
}
