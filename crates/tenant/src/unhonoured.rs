//! The keys of an export that the tenant does not honour, by name: what they switch on in production does not happen here.

mod more;

use std::collections::BTreeMap;

use postlogin_project::{TenantData, is_on};
use serde_json::{Map, Value};

use crate::catalog::Catalog;

/// Settings of the tenant that count here. A test looks for the code that reads each key of these lists.
pub(crate) const SETTINGS: &[&str] = &[
    "allow_organization_name_in_authentication_api",
    "allowed_logout_urls",
    "authorization_response_iss_parameter_supported",
    "customize_mfa_in_postlogin_action",
    "default_audience",
    "default_directory",
    "default_redirection_uri",
    "default_token_quota",
    "enabled_locales",
    "friendly_name",
    "idle_session_lifetime",
    "resource_parameter_profile",
    "session_cookie",
    "session_lifetime",
    "support_email",
    "support_url",
];

/// Flags of the tenant.
const FLAGS: &[&str] = &[
    "enable_public_signup_user_exists_error",
    "remove_alg_from_jwks",
    "revoke_refresh_token_grant",
];

/// Keys of an application.
pub(crate) const CLIENTS: &[&str] = &[
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
    "default_organization",
    "description",
    "grant_types",
    "initiate_login_uri",
    "is_first_party",
    "is_token_endpoint_ip_header_trusted",
    "jwt_configuration",
    "name",
    "organization_require_behavior",
    "organization_usage",
    "refresh_token",
    "require_proof_of_possession",
    "require_pushed_authorization_requests",
    "sso_disabled",
    "third_party_security_mode",
    "token_endpoint_auth_method",
    "token_exchange",
    "token_quota",
    "web_origins",
];

/// Ways in which an application proves itself. Those by mTLS are refused.
const METHODS: &[&str] = &["private_key_jwt"];

/// Keys of the `jwt_configuration` of an application.
const JWT_CONFIGURATION: &[&str] = &["alg", "lifetime_in_seconds", "secret_encoded"];

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
    "disable_self_service_change_password",
    "disable_signup",
    "passwordPolicy",
    "password_complexity_options",
    "password_dictionary",
    "password_history",
    "password_no_personal_info",
    "password_options",
    "requires_username",
    "validation",
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
    "signing_secret",
    "subject_type_authorization",
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
    "third_party_client_access",
    "token_quota",
];

/// Keys of a client grant.
pub(crate) const GRANTS: &[&str] = &[
    "allow_all_scopes",
    "allow_any_organization",
    "audience",
    "client_id",
    "client_name",
    "default_for",
    "id",
    "organization_usage",
    "scope",
    "subject_type",
];

/// Keys that no code reads, and that are not named all the same: part, key, and the reason.
const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    ("tenant", "picture_url", "the pages have one design"),
    (
        "tenant flags",
        "allow_changing_enable_sso",
        "of the dashboard",
    ),
    ("tenant flags", "disable_impersonation", "it has ended"),
    ("tenant flags", "enable_apis_section", "of the dashboard"),
    ("tenant flags", "enable_sso", "sessions are shared here"),
    (
        "clients",
        "custom_login_page_on",
        "on everywhere; the page itself is a key of its own",
    ),
    ("clients", "logo_uri", "the pages have one design"),
    ("clients", "oidc_conformant", "every application is"),
    ("clients", "sso", "sessions are shared here"),
    (
        "database options",
        "brute_force_protection",
        "on everywhere; the book says that there is no attack protection",
    ),
    (
        "database options",
        "strategy_version",
        "of the vendor's own",
    ),
    (
        "resourceServers",
        "skip_consent_for_verifiable_first_party_clients",
        "first-party applications need no consent here",
    ),
];

/// Keys that switch something off which is always on here: part and key.
const ALWAYS_ON: &[(&str, &str)] = &[
    ("tenant flags", "enable_sso"),
    (
        "tenant flags",
        "enforce_client_authentication_on_passwordless_start",
    ),
    ("clients", "oidc_conformant"),
    (
        "resourceServers",
        "skip_consent_for_verifiable_first_party_clients",
    ),
];

/// Returns the lines about what the tenant does not honour of an export, and about connections by which no user can sign in.
pub(crate) fn warnings(data: &TenantData, catalog: &Catalog) -> Vec<String> {
    let mut warnings = lines(data);
    warnings.extend(more::closed(catalog));
    warnings.extend(more::without_organization(catalog));
    warnings
}

/// Returns a line for each part of the export with keys that are not honoured, with their names and how often they occur. A key
/// that switches something off (`false`, `null`, `0`, empty) is what happens here anyway, but for those of [`ALWAYS_ON`].
pub(crate) fn lines(data: &TenantData) -> Vec<String> {
    let mut lines = Vec::new();
    let mut part = |name: &str, objects: Vec<&Map<String, Value>>, known: &[&str]| {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        let is_quiet = |key: &str| {
            WITHOUT_EFFECT
                .iter()
                .any(|(of, it, _)| *of == name && *it == key)
        };
        for object in objects {
            for (key, value) in object {
                let is_off = *value == Value::Bool(false) && ALWAYS_ON.contains(&(name, key));
                let shown = match known.contains(&key.as_str()) {
                    _ if is_off => format!("{key}: false"),
                    true => continue,
                    false if is_quiet(key) || !is_on(value) => continue,
                    false => key.clone(),
                };
                *found.entry(shown).or_default() += 1;
            }
        }
        if found.is_empty() {
            return;
        }
        lines.push(line(name, &found));
    };
    let flags = data.settings.get("flags").and_then(Value::as_object);
    let mut settings = data.settings.clone();
    settings.shift_remove("flags");
    if let Some(sessions) = settings.get_mut("sessions").and_then(Value::as_object_mut) {
        sessions.shift_remove("oidc_logout_prompt_enabled");
    }
    let logout = settings.get_mut("oidc_logout");
    if let Some(logout) = logout.and_then(Value::as_object_mut) {
        logout.shift_remove("rp_logout_end_session_endpoint_discovery");
    }
    part("tenant", vec![&settings], SETTINGS);
    part("tenant flags", flags.into_iter().collect(), FLAGS);
    // Every export has the global client, which is not an application.
    let is_global = |client: &&Map<String, Value>| {
        client.get("global") == Some(&Value::Bool(true))
            || client.get("name").and_then(Value::as_str) == Some("All Applications")
    };
    let mut clients = objects(&data.clients);
    clients.retain(|client| !is_global(client));
    let inner = clients.iter();
    let inner = inner.filter_map(|it| it.get("jwt_configuration")?.as_object());
    let inner: Vec<&Map<String, Value>> = inner.collect();
    let (required, optional): (Vec<_>, Vec<_>) = clients.into_iter().partition(|client| {
        client.get("organization_usage").and_then(Value::as_str) == Some("require")
            || client
                .get("organization_require_behavior")
                .and_then(Value::as_str)
                .is_none_or(|behavior| behavior == "no_prompt")
    });
    // Where an organization is not required, no page asks for it here.
    let without_prompt: Vec<&str> = CLIENTS
        .iter()
        .copied()
        .filter(|key| *key != "organization_require_behavior")
        .collect();
    part("clients", required, CLIENTS);
    part(
        "clients that require no organization",
        optional,
        &without_prompt,
    );
    part("jwt_configuration of clients", inner, JWT_CONFIGURATION);
    let members = |list: &'_ [Value], key: &str| -> Vec<Map<String, Value>> {
        let members = list.iter().filter_map(|it| it.get(key)?.as_object());
        members.cloned().collect()
    };
    let methods = members(&data.clients, "client_authentication_methods");
    part(
        "client_authentication_methods",
        methods.iter().collect(),
        METHODS,
    );
    let mut bound = members(&data.resource_servers, "proof_of_possession");
    bound.retain(|it| it.get("mechanism").is_some_and(|by| by == "mtls"));
    part(
        "proof_of_possession by mtls",
        bound.iter().collect(),
        &["required", "required_for"],
    );
    part("connections", objects(&data.connections), CONNECTIONS);
    let databases = data.connections.iter().filter(|connection| {
        let strategy = connection.get("strategy").and_then(Value::as_str);
        strategy.unwrap_or("auth0") == "auth0"
    });
    let options = databases.filter_map(|it| it.get("options")?.as_object());
    let options: Vec<&Map<String, Value>> = options.collect();
    let beyond: Vec<Map<String, Value>> = options.iter().map(|it| beyond(it)).collect();
    part("database options", options, DATABASE_OPTIONS);
    part("attributes of databases", beyond.iter().collect(), &[]);
    let built_in = databases_with_dictionary(&data.connections);
    part("password_dictionary", built_in.iter().collect(), &[]);
    part("resourceServers", objects(&data.resource_servers), APIS);
    part("organizations", objects(&data.organizations), ORGANIZATIONS);
    part("clientGrants", objects(&data.client_grants), GRANTS);
    more::streams(data, &mut lines);
    let mut sections: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &data.unread {
        *sections.entry(name).or_default() += 1;
    }
    if !sections.is_empty() {
        lines.push(line("sections", &sections));
    }
    lines
}

fn line(part: &str, found: &BTreeMap<impl AsRef<str>, usize>) -> String {
    let shown = found.iter().map(|(key, count)| match count {
        1 => key.as_ref().to_owned(),
        count => format!("{} ({count}x)", key.as_ref()),
    });
    let shown: Vec<String> = shown.collect();
    format!(
        "not honoured by the local tenant, {part}: {}",
        shown.join(", ")
    )
}

/// Returns what the `attributes` of a database say beyond what counts here: no number is verified before a sign-up, a link verifies an address,
/// a password is the way to sign in, and addresses are unique.
fn beyond(options: &Map<String, Value>) -> Map<String, Value> {
    let is = |pointer: &str, value: Value| {
        let attributes = options.get("attributes");
        attributes.and_then(|it| it.pointer(pointer)) == Some(&value)
    };
    let found = [
        (
            "phone_number.signup.verification",
            is("/phone_number/signup/verification/active", true.into()),
        ),
        (
            "phone_number.identifier.default_method",
            is(
                "/phone_number/identifier/default_method",
                "phone_otp".into(),
            ),
        ),
        (
            "email.identifier.default_method",
            is("/email/identifier/default_method", "email_otp".into()),
        ),
        (
            "email.verification_method",
            is("/email/verification_method", "otp".into()),
        ),
        ("email.unique: false", is("/email/unique", false.into())),
    ];
    let found = found.into_iter().filter(|(_, is_there)| *is_there);
    found
        .map(|(name, _)| (name.to_owned(), Value::Bool(true)))
        .collect()
}

/// Returns one map for each database that refuses the vendor's list of 10,000 common passwords, which is not here; its own entries count.
fn databases_with_dictionary(connections: &[Value]) -> Vec<Map<String, Value>> {
    let is_on = |connection: &&Value| {
        // The newer policy replaces the older option.
        let place = match connection.pointer("/options/password_options") {
            Some(Value::Object(_)) => "/options/password_options/dictionary/active",
            _ => "/options/password_dictionary/enable",
        };
        connection.pointer(place) == Some(&Value::Bool(true))
    };
    let found = connections.iter().filter(is_on);
    let named = |_| Map::from_iter([("the built-in list".to_owned(), Value::Bool(true))]);
    found.map(named).collect()
}

fn objects(list: &[Value]) -> Vec<&Map<String, Value>> {
    list.iter().filter_map(Value::as_object).collect()
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
                json!({"name": "C", "client_authentication_methods": {"tls_client_auth": {"credentials": [{"id": "cred_1"}]}}}),
                json!({"name": "D", "client_authentication_methods": {"private_key_jwt": {"credentials": [{"id": "cred_2"}]}}}),
            ],
            resource_servers: vec![
                json!({"identifier": "a", "proof_of_possession": {"mechanism": "mtls", "required": false}}),
                json!({"identifier": "b", "proof_of_possession": {"mechanism": "dpop", "required": true}}),
            ],
            connections: vec![
                json!({"name": "db", "options": {"passwordPolicy": "good", "password_history": {"enable": true, "size": 5}, "password_dictionary": {"enable": true}, "customScripts": {"login": "x"}, "mfa": {"active": false}}}),
                json!({"name": "google", "strategy": "google-oauth2", "options": {"scope": ["email"], "non_persistent_attrs": ["phone_number"], "domain_aliases": []}}),
            ],
            event_streams: vec![
                json!({"name": "a", "destination": {"type": "action"}, "subscriptions": [{"event_type": "user.created"}, {"event_type": "organization.created"}, {"event_type": "group.created"}]}),
                json!({"name": "b", "destination": {"type": "webhook"}, "subscriptions": [{"event_type": "organization.created"}]}),
                json!({"name": "c", "status": "disabled", "destination": {"type": "eventbridge"}}),
            ],
            unread: ["hooks", "customDomains", "hooks"]
                .map(str::to_owned)
                .to_vec(),
            ..TenantData::default()
        };
        assert_eq!(
            lines(&data),
            [
                "not honoured by the local tenant, tenant: sandbox_version",
                "not honoured by the local tenant, tenant flags: no_disclose_enterprise_connections",
                "not honoured by the local tenant, clients: oidc_logout (2x)",
                "not honoured by the local tenant, client_authentication_methods: tls_client_auth",
                "not honoured by the local tenant, proof_of_possession by mtls: mechanism",
                "not honoured by the local tenant, database options: customScripts",
                "not honoured by the local tenant, password_dictionary: the built-in list",
                "not honoured by the local tenant, events of event streams: group.created",
                "not honoured by the local tenant, destinations of event streams: webhook",
                "not honoured by the local tenant, sections: customDomains, hooks (2x)",
            ]
        );
        assert_eq!(lines(&TenantData::default()), Vec::<String>::new());
        let clients = vec![
            json!({"name": "All Applications", "global": true, "oidc_conformant": false}),
            json!({"name": "Old", "oidc_conformant": false, "jwt_configuration": {"alg": "HS256", "scopes": {"a": 1}}}),
            json!({"name": "Both", "organization_usage": "allow", "organization_require_behavior": "post_login_prompt"}),
            json!({"name": "B2B", "organization_usage": "require", "organization_require_behavior": "pre_login_prompt"}),
        ];
        let options = |attributes: Value| json!({"name": "db", "options": {"brute_force_protection": true, "attributes": attributes}});
        let data = TenantData {
            clients,
            connections: vec![
                options(
                    json!({"email": {"identifier": {"active": true}}, "username": {"signup": {"status": "optional"}},
                    "phone_number": {"identifier": {"active": false}, "signup": {"status": "inactive"}}}),
                ),
                options(
                    json!({"email": {"signup": {"status": "optional"}, "unique": false, "verification_method": "otp"}}),
                ),
                options(
                    json!({"phone_number": {"identifier": {"active": true, "default_method": "phone_otp"}, "signup": {"verification": {"active": true}}}}),
                ),
            ],
            ..TenantData::default()
        };
        assert_eq!(
            lines(&data),
            [
                "not honoured by the local tenant, clients: oidc_conformant: false",
                "not honoured by the local tenant, clients that require no organization: organization_require_behavior",
                "not honoured by the local tenant, jwt_configuration of clients: scopes",
                "not honoured by the local tenant, attributes of databases: email.unique: false, email.verification_method, phone_number.identifier.default_method, phone_number.signup.verification",
            ]
        );
        let odd = TenantData {
            clients: vec![Value::Null, json!(5)],
            ..TenantData::default()
        };
        assert_eq!(lines(&odd), Vec::<String>::new());
    }
}
