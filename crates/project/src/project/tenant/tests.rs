//! The meaning of an export's settings for a login.

use postlogin_core::TokenDialect;
use serde_json::json;

use super::*;

fn export() -> TenantData {
    of_yaml(
        &json!({
            "tenant": {"allow_organization_name_in_authentication_api": true},
            "clients": [{"name": "Web", "jwt_configuration": {"lifetime_in_seconds": 60}}],
            "resourceServers": [{
                "name": "API", "identifier": "https://api.example.com", "token_lifetime": 120,
                "token_lifetime_for_web": 30, "token_dialect": "rfc9068_profile_authz",
                "signing_alg": "PS256", "enforce_policies": true,
            }],
            "roles": [
                {"name": "editor", "permissions": [
                    {"permission_name": "read", "resource_server_identifier": "https://api.example.com"},
                    {"permission_name": "other", "resource_server_identifier": "https://other.example.com"},
                ]},
                {"name": "admin", "permissions": [
                    {"permission_name": "all", "resource_server_identifier": "https://api.example.com"},
                ]},
            ],
            "databases": [{"name": "users", "strategy": "auth0"}],
            "prompts": {"kept": "and not looked at"},
        }),
        Path::new("."),
        &KeywordMappings::default(),
        &mut Remarks::default(),
    )
}

#[test]
fn the_api_and_the_application_of_the_login_count() {
    let event = json!({
        "client": {"name": "Web"},
        "resource_server": {"identifier": "https://api.example.com"},
        "authorization": {"roles": ["editor"]},
    });
    let settings = export().settings_for(&event, None);
    assert_eq!(settings.id_token_lifetime_s, 60);
    assert_eq!(settings.access_token_lifetime_s, 120);
    assert_eq!(settings.token_dialect, TokenDialect::Rfc9068);
    assert!(settings.permissions_in_token && settings.rbac && !settings.api_signs_rs256);
    assert!(settings.org_name_in_tokens);
    assert_eq!(settings.permissions, ["read"]);
    assert_eq!(settings.roles.len(), 2);

    let other = json!({"client": {"name": "App"}, "resource_server": {"identifier": "https://x"}});
    let settings = export().settings_for(&other, None);
    let default = TenantSettings::default();
    assert_eq!(
        settings.access_token_lifetime_s,
        default.access_token_lifetime_s
    );
    assert_eq!(
        (settings.rbac, settings.id_token_lifetime_s),
        (false, default.id_token_lifetime_s)
    );
}

#[test]
fn the_case_wins_over_the_configuration_and_that_over_the_export() {
    let event = json!({"client": {"name": "Web"}});
    let mut data = export();
    let overrides = json!({"id_token_lifetime_s": 61, "rbac": true});
    data.overrides = overrides.as_object().cloned().unwrap_or_default();
    assert_eq!(data.settings_for(&event, None).id_token_lifetime_s, 61);
    let settings = data.settings_for(&event, Some(&json!({"id_token_lifetime_s": 62})));
    assert_eq!((settings.id_token_lifetime_s, settings.rbac), (62, true));
}

#[test]
fn the_factors_and_policies_of_an_export_count() {
    let settings = |configuration: Value| {
        let mappings = KeywordMappings::default();
        let mut remarks = Remarks::default();
        let data = of_yaml(&configuration, Path::new("."), &mappings, &mut remarks);
        assert!(remarks.broken.is_empty());
        data.settings_for(&json!({}), None)
    };
    let found = settings(json!({
        "tenant": {"customize_mfa_in_postlogin_action": false},
        "guardianFactors": [
            {"name": "sms", "enabled": true}, {"name": "otp", "enabled": false}, {"name": "webauthn-roaming", "enabled": true},
        ],
        "guardianPolicies": {"policies": ["all-applications"]},
    }));
    assert_eq!(found.mfa_factors, ["phone", "webauthn-roaming"]);
    assert!(found.mfa_always && !found.mfa_customization);
    let found = settings(
        json!({"guardianFactors": [], "guardianPolicies": {"policies": ["confidence-score"]}}),
    );
    assert!(found.mfa_factors.is_empty() && !found.mfa_always && found.mfa_customization);
    assert_eq!(settings(json!({})), TenantSettings::default());
}

#[test]
fn the_factors_of_a_folder_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
        std::fs::write(file, text).expect("it is written");
    };
    write(
        "guardian/factors/otp.json",
        r#"{"name": "otp", "enabled": true}"#,
    );
    write(
        "guardian/factors/sms.json",
        r#"{"name": "sms", "enabled": false}"#,
    );
    write(
        "guardian/policies.json",
        r#"{"policies": ["all-applications"]}"#,
    );
    let mut files = Vec::new();
    let mut remarks = Remarks::default();
    let mappings = KeywordMappings::default();
    let data = of_directory(folder.path(), &mappings, &mut files, &mut remarks);
    assert!(remarks.broken.is_empty());
    let settings = data.settings_for(&json!({}), None);
    assert_eq!(settings.mfa_factors, ["otp"]);
    assert!(settings.mfa_always);
    assert_eq!(files.len(), 3);
}
