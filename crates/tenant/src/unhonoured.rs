//! The keys of an export that the tenant does not honour, by name: what they switch on in production does not happen here.

use std::collections::BTreeMap;

use postlogin_project::TenantData;
use serde_json::{Map, Value};

/// Settings of the tenant that count here, or that only change how its pages look.
pub(crate) const SETTINGS: &[&str] = &[
    "allow_organization_name_in_authentication_api",
    "allowed_logout_urls",
    "customize_mfa_in_postlogin_action",
    "default_audience",
    "default_directory",
    "enabled_locales",
    "friendly_name",
    "idle_session_lifetime",
    "picture_url",
    "session_cookie",
    "session_lifetime",
    "support_email",
    "support_url",
];

/// Flags of the tenant that count here, or only concern the dashboard.
const FLAGS: &[&str] = &[
    "allow_changing_enable_sso",
    "disable_clickjack_protection_headers",
    "disable_impersonation",
    "enable_apis_section",
    "enable_client_connections",
    "enable_public_signup_user_exists_error",
    "enable_sso",
];

/// Keys of an application.
pub(crate) const CLIENTS: &[&str] = &[
    "allowed_clients",
    "allowed_logout_urls",
    "allowed_origins",
    "app_type",
    "callbacks",
    "client_authentication_methods",
    "client_id",
    "client_metadata",
    "client_secret",
    "cross_origin_auth",
    "cross_origin_authentication",
    "custom_login_page_on",
    "description",
    "grant_types",
    "initiate_login_uri",
    "is_first_party",
    "is_token_endpoint_ip_header_trusted",
    "jwt_configuration",
    "logo_uri",
    "name",
    "oidc_conformant",
    "organization_require_behavior",
    "organization_usage",
    "refresh_token",
    "require_proof_of_possession",
    "require_pushed_authorization_requests",
    "sso",
    "sso_disabled",
    "token_endpoint_auth_method",
    "token_exchange",
    "web_origins",
];

/// Keys of a connection, without its options.
pub(crate) const CONNECTIONS: &[&str] = &[
    "display_name",
    "enabled_clients",
    "id",
    "is_domain_connection",
    "metadata",
    "name",
    "options",
    "realms",
    "show_as_button",
    "strategy",
];

/// Options of a database connection. Those of other strategies concern the provider, which is the tenant's own here.
const DATABASE_OPTIONS: &[&str] = &[
    "attributes",
    "brute_force_protection",
    "disable_signup",
    "passwordPolicy",
    "requires_username",
    "strategy_version",
];

/// Keys of an API.
pub(crate) const APIS: &[&str] = &[
    "allow_offline_access",
    "enforce_policies",
    "id",
    "identifier",
    "is_system",
    "name",
    "proof_of_possession",
    "scopes",
    "signing_alg",
    "skip_consent_for_verifiable_first_party_clients",
    "token_dialect",
    "token_lifetime",
    "token_lifetime_for_web",
];

/// Keys of an organization.
pub(crate) const ORGANIZATIONS: &[&str] = &[
    "branding",
    "client_grants",
    "connections",
    "display_name",
    "id",
    "metadata",
    "name",
];

/// Keys of a client grant.
pub(crate) const GRANTS: &[&str] = &[
    "allow_all_scopes",
    "allow_any_organization",
    "audience",
    "client_id",
    "client_name",
    "id",
    "organization_usage",
    "scope",
    "subject_type",
];

/// Returns a line for each part of the export with keys that are not honoured, with their names and how often they occur. A key
/// that switches something off (`false`, `null`, `0`, empty) is what happens here anyway.
pub(crate) fn lines(data: &TenantData) -> Vec<String> {
    let mut lines = Vec::new();
    let mut part = |name: &str, objects: Vec<&Map<String, Value>>, known: &[&str]| {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for object in objects {
            let unknown = object
                .iter()
                .filter(|(key, value)| !known.contains(&key.as_str()) && is_on(value));
            for (key, _) in unknown {
                *found.entry(key).or_default() += 1;
            }
        }
        if found.is_empty() {
            return;
        }
        let shown: Vec<String> = found
            .iter()
            .map(|(key, count)| match count {
                1 => (*key).to_owned(),
                count => format!("{key} ({count}x)"),
            })
            .collect();
        lines.push(format!(
            "not honoured by the local tenant, {name}: {}",
            shown.join(", ")
        ));
    };
    let flags = data.settings.get("flags").and_then(Value::as_object);
    let mut settings = data.settings.clone();
    settings.shift_remove("flags");
    if let Some(sessions) = settings.get_mut("sessions").and_then(Value::as_object_mut) {
        sessions.shift_remove("oidc_logout_prompt_enabled");
    }
    part("tenant", vec![&settings], SETTINGS);
    part("tenant flags", flags.into_iter().collect(), FLAGS);
    part("clients", objects(&data.clients), CLIENTS);
    part("connections", objects(&data.connections), CONNECTIONS);
    let databases = data.connections.iter().filter(|connection| {
        let strategy = connection.get("strategy").and_then(Value::as_str);
        strategy.unwrap_or("auth0") == "auth0"
    });
    let options = databases.filter_map(|it| it.get("options")?.as_object());
    part("database options", options.collect(), DATABASE_OPTIONS);
    part("resourceServers", objects(&data.resource_servers), APIS);
    part("organizations", objects(&data.organizations), ORGANIZATIONS);
    part("clientGrants", objects(&data.client_grants), GRANTS);
    lines
}

fn objects(list: &[Value]) -> Vec<&Map<String, Value>> {
    list.iter().filter_map(Value::as_object).collect()
}

fn is_on(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(is_on),
    }
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::{Value, json};

    use super::lines;

    #[test]
    fn keys_that_switch_something_on_are_named() {
        let settings = json!({"friendly_name": "A", "sandbox_version": "22", "flags": {"enable_sso": true, "no_disclose_enterprise_connections": true}});
        let data = TenantData {
            settings: settings.as_object().cloned().unwrap(),
            clients: vec![
                json!({"name": "A", "oidc_logout": {"backchannel_logout_urls": ["https://a.example"]}, "addons": {}}),
                json!({"name": "B", "oidc_logout": {"backchannel_logout_urls": ["https://b.example"]}, "require_proof_of_possession": false}),
            ],
            connections: vec![
                json!({"name": "db", "options": {"passwordPolicy": "good", "password_history": {"enable": true, "size": 5}, "mfa": {"active": false}}}),
                json!({"name": "google", "strategy": "google-oauth2", "options": {"scope": ["email"]}}),
            ],
            ..TenantData::default()
        };
        assert_eq!(
            lines(&data),
            [
                "not honoured by the local tenant, tenant: sandbox_version",
                "not honoured by the local tenant, tenant flags: no_disclose_enterprise_connections",
                "not honoured by the local tenant, clients: oidc_logout (2x)",
                "not honoured by the local tenant, database options: password_history",
            ]
        );
        assert_eq!(lines(&TenantData::default()), Vec::<String>::new());
        let odd = TenantData {
            clients: vec![Value::Null, json!(5)],
            ..TenantData::default()
        };
        assert_eq!(lines(&odd), Vec::<String>::new());
    }
}
