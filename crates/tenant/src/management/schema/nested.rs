//! The schemas of objects inside of a body or of an item of an export, and the forms of strings in them.
//!
//! Sources: the vendor's OpenAPI document (`ClientRefreshTokenConfiguration`, `ClientJwtConfiguration`,
//! `ConnectionPropertiesOptions`, `UpdateTenantSettingsRequestContent` and what they refer to), and for the attributes of a database
//! and the connections of an organization the schemas of the Deploy CLI (`src/tools/auth0/handlers`).

use super::words::EVENTS;
use super::{Is, Properties};
use crate::management::clients::checks::GRANTS;
use crate::urls::url_problem;

/// The schema of an object.
pub(crate) struct Object {
    /// The properties that it may have.
    pub(crate) properties: Properties,
    /// Those that it must have.
    pub(crate) required: &'static [&'static str],
    /// Whether it may have nothing else.
    pub(crate) is_closed: bool,
}

const ENABLE: Properties = &[("enable", Is::Bool)];
const STATUS: &[&str] = &["required", "optional", "inactive"];

/// The objects by their paths: the part of the configuration, then keys; `*` is any key, `[]` any item of a list. The options are
/// those of databases.
#[rustfmt::skip]
const OBJECTS: &[(&str, Object)] = &[
    ("clients/refresh_token", Object {
        properties: &[
            ("rotation_type", Is::One(&["rotating", "non-rotating"])),
            ("expiration_type", Is::One(&["expiring", "non-expiring"])),
            ("leeway", Is::From(0, MOST)),
            ("token_lifetime", Is::From(1, 157_788_000)),
            ("infinite_token_lifetime", Is::Bool),
            ("idle_token_lifetime", Is::From(1, MOST)),
            ("infinite_idle_token_lifetime", Is::Bool),
            ("policies", Is::Objects(&["audience"])),
        ],
        required: &["rotation_type", "expiration_type"],
        is_closed: true,
    }),
    ("clients/refresh_token/policies/[]", open(&[("audience", Is::Text(1, 600)), ("scope", Is::List)])),
    ("clients/jwt_configuration", open(&[
        ("lifetime_in_seconds", Is::From(1, MOST)),
        ("secret_encoded", Is::Bool),
        ("scopes", Is::Object),
        ("alg", Is::One(&["HS256", "RS256", "RS512", "PS256"])),
    ])),
    ("clients/token_exchange", open(&[("allow_any_profile_of_type", Is::List)])),
    ("eventStreams", open(&[("status", Is::One(&["enabled", "disabled"])), ("subscriptions", Is::Objects(&["event_type"]))])),
    ("eventStreams/subscriptions/[]", open(&[("event_type", Is::One(EVENTS))])),
    ("resourceServers/proof_of_possession", open(&[
        ("mechanism", Is::One(&["mtls", "dpop"])),
        ("required", Is::Bool),
        ("required_for", Is::One(&["public_clients", "all_clients"])),
    ])),
    ("organizations/connections/[]", open(&[
        ("name", Is::Text(1, 128)),
        ("connection_id", Is::Text(1, 128)),
        ("assign_membership_on_login", Is::Bool),
        ("show_as_button", Is::Bool),
        ("is_signup_enabled", Is::Bool),
        ("is_enabled", Is::Bool),
        ("organization_connection_name", Is::Any),
        ("organization_access_level", Is::Any),
        ("connection", Is::Any),
    ])),
    ("databases/options", open(&[
        ("attributes", Is::Object),
        ("authentication_methods", Is::Object),
        ("brute_force_protection", Is::Bool),
        ("configuration", Is::Object),
        ("customScripts", Is::Object),
        ("disable_self_service_change_password", Is::Bool),
        ("disable_signup", Is::Bool),
        ("enable_script_context", Is::Bool),
        ("enabledDatabaseCustomization", Is::Bool),
        ("import_mode", Is::Bool),
        ("mfa", Is::Object),
        ("non_persistent_attrs", Is::List),
        ("passkey_options", Is::Object),
        ("passwordPolicy", Is::One(&["none", "low", "fair", "good", "excellent"])),
        ("password_complexity_options", Is::Object),
        ("password_dictionary", Is::Object),
        ("password_history", Is::Object),
        ("password_no_personal_info", Is::Object),
        ("password_options", Is::Object),
        ("precedence", Is::List),
        ("realm_fallback", Is::Bool),
        ("requires_username", Is::Bool),
        ("strategy_version", Is::Any),
        ("validation", Is::Object),
    ])),
    ("databases/options/attributes", open(&[
        ("email", Is::Object), ("phone_number", Is::Object), ("username", Is::Object),
    ])),
    ("databases/options/attributes/*", open(&[
        ("identifier", Is::Object),
        ("profile_required", Is::Bool),
        ("signup", Is::Object),
        ("unique", Is::Bool),
        ("validation", Is::Object),
        ("verification_method", Is::Any),
    ])),
    ("databases/options/attributes/*/identifier", open(&[("active", Is::Bool)])),
    ("databases/options/attributes/*/signup", open(&[("status", Is::One(STATUS)), ("verification", Is::Object)])),
    ("databases/options/mfa", open(&[("active", Is::Bool), ("return_enroll_settings", Is::Bool)])),
    ("databases/options/password_complexity_options", closed(&[("min_length", Is::From(1, 128))])),
    ("databases/options/password_dictionary", open(&[("enable", Is::Bool), ("dictionary", Is::List)])),
    ("databases/options/password_history", open(&[("enable", Is::Bool), ("size", Is::From(0, 24))])),
    ("databases/options/password_no_personal_info", open(ENABLE)),
    ("databases/options/validation", open(&[("username", Is::Object)])),
    ("databases/options/validation/username", Object {
        properties: &[("min", Is::From(1, MOST)), ("max", Is::From(0, 128))],
        required: &["min", "max"],
        is_closed: true,
    }),
    ("tenant", open(&[
        ("acr_values_supported", Is::List),
        ("allow_organization_name_in_authentication_api", Is::Bool),
        ("allowed_logout_urls", Is::List),
        ("authorization_response_iss_parameter_supported", Is::Bool),
        ("change_password", Is::Object),
        ("client_id_metadata_document_supported", Is::Bool),
        ("customize_mfa_in_postlogin_action", Is::Bool),
        ("default_audience", Is::Text(0, 600)),
        ("default_directory", Is::Text(0, 128)),
        ("default_redirection_uri", Is::Text(0, 2_000)),
        ("default_token_quota", Is::Any),
        ("device_flow", Is::Object),
        ("dynamic_client_registration_security_mode", Is::Any),
        ("enable_ai_guide", Is::Bool),
        ("enabled_locales", Is::List),
        ("ephemeral_session_lifetime", Is::Hours),
        ("error_page", Is::Object),
        ("flags", Is::Object),
        ("friendly_name", Is::Text(0, 2_000)),
        ("guardian_mfa_page", Is::Object),
        ("idle_ephemeral_session_lifetime", Is::Hours),
        ("idle_session_lifetime", Is::Hours),
        ("legacy_sandbox_version", Is::Text(0, 8)),
        ("mtls", Is::Object),
        ("oidc_logout", Is::Object),
        ("phone_consolidated_experience", Is::Bool),
        ("picture_url", Is::Text(0, 2_000)),
        ("pushed_authorization_requests_supported", Is::Bool),
        ("resource_parameter_profile", Is::One(&["audience", "compatibility"])),
        ("sandbox_version", Is::Text(0, 8)),
        ("session_cookie", Is::Object),
        ("session_lifetime", Is::Hours),
        ("sessions", Is::Object),
        ("skip_non_verifiable_callback_uri_confirmation_prompt", Is::Bool),
        ("support_email", Is::Text(0, 2_000)),
        ("support_url", Is::Text(0, 2_000)),
    ])),
    ("tenant/flags", open(FLAGS)),
    ("tenant/session_cookie", open(&[("mode", Is::One(&["persistent", "non-persistent"]))])),
    ("tenant/sessions", open(&[("oidc_logout_prompt_enabled", Is::Bool)])),
];

/// The flags of the tenant, as node-auth0 7.1 has them.
#[rustfmt::skip]
const FLAGS: Properties = &[
    ("allow_changing_enable_sso", Is::Bool),
    ("allow_legacy_delegation_grant_types", Is::Bool),
    ("allow_legacy_ro_grant_types", Is::Bool),
    ("allow_legacy_tokeninfo_endpoint", Is::Bool),
    ("change_pwd_flow_v1", Is::Bool),
    ("dashboard_insights_view", Is::Bool),
    ("dashboard_log_streams_next", Is::Bool),
    ("disable_clickjack_protection_headers", Is::Bool),
    ("disable_fields_map_fix", Is::Bool),
    ("disable_impersonation", Is::Bool),
    ("disable_management_api_sms_obfuscation", Is::Bool),
    ("enable_adfs_waad_email_verification", Is::Bool),
    ("enable_apis_section", Is::Bool),
    ("enable_client_connections", Is::Bool),
    ("enable_custom_domain_in_emails", Is::Bool),
    ("enable_dynamic_client_registration", Is::Bool),
    ("enable_idtoken_api2", Is::Bool),
    ("enable_legacy_logs_search_v2", Is::Bool),
    ("enable_legacy_profile", Is::Bool),
    ("enable_pipeline2", Is::Bool),
    ("enable_public_signup_user_exists_error", Is::Bool),
    ("enable_sso", Is::Bool),
    ("enforce_client_authentication_on_passwordless_start", Is::Bool),
    ("genai_trial", Is::Bool),
    ("improved_signup_bot_detection_in_classic", Is::Bool),
    ("mfa_show_factor_list_on_enrollment", Is::Bool),
    ("no_disclose_enterprise_connections", Is::Bool),
    ("remove_alg_from_jwks", Is::Bool),
    ("require_pushed_authorization_requests", Is::Bool),
    ("revoke_refresh_token_grant", Is::Bool),
    ("trust_azure_adfs_email_verified_connection_property", Is::Bool),
];

/// More than any time of production, in seconds.
const MOST: u64 = 1 << 40;

const fn open(properties: Properties) -> Object {
    Object {
        properties,
        required: &[],
        is_closed: false,
    }
}

const fn closed(properties: Properties) -> Object {
    Object {
        properties,
        required: &[],
        is_closed: true,
    }
}

/// Returns the schema of an object by its path: `clients/refresh_token`, `databases/options/mfa`.
pub(crate) fn object_at(path: &str) -> Option<&'static Object> {
    let is_it = |known: &str| {
        let (mut known, mut parts) = (known.split('/'), path.split('/'));
        loop {
            match (known.next(), parts.next()) {
                (None, None) => return true,
                (Some("*"), Some(_)) => {}
                (known, part) if known == part => {}
                _ => return false,
            }
        }
    };
    let found = OBJECTS.iter().find(|(known, _)| is_it(known));
    found.map(|(_, object)| object)
}

/// Returns the grant that was meant by one that there is not; `Some(None)` if that is not clear. `None` for a grant: URIs that are
/// not listed here may be of an extension.
pub(crate) fn misspelt_grant(grant: &str) -> Option<Option<&'static str>> {
    let all = || GRANTS.iter().copied();
    if all().any(|known| known == grant) {
        return None;
    }
    // `password-realm` for the URI that ends so.
    let by_end = all().find(|known| {
        known.ends_with(&format!("/{grant}")) || known.ends_with(&format!(":{grant}"))
    });
    let near = by_end.or_else(|| postlogin_core::event::suggest::closest(grant, all()));
    match near {
        None if grant.contains(':') => None,
        near => Some(near),
    }
}

/// Returns what is wrong with the form of a string of an application; `None` for an empty one.
pub(crate) fn form_problem(key: &str, value: &str) -> Option<String> {
    match key {
        "name" => value
            .contains(['<', '>'])
            .then(|| format!("String does not match pattern ^[^<>]+$: {value}")),
        // The documentation writes `*.google.com` without a scheme.
        "web_origins" | "allowed_origins" if value.starts_with("*.") => {
            url_problem(&format!("https://{value}"))
        }
        "web_origins" | "allowed_origins" | "allowed_logout_urls" => url_problem(value),
        "initiate_login_uri" if !value.is_empty() => url_problem(value).or_else(|| {
            (!value.starts_with("https://")).then(|| format!("`{value}` must begin with https://"))
        }),
        "logo_uri" if !value.is_empty() => url_problem(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{form_problem, misspelt_grant, object_at};

    #[test]
    fn objects_are_found_by_their_paths() {
        for (path, has) in [
            ("clients/refresh_token", true),
            ("databases/options/attributes/email/signup", true),
            ("databases/options/attributes/email/nothing", false),
            ("databases/options/attributes", true),
            ("databases", false),
            ("connections/options", false),
        ] {
            assert_eq!(object_at(path).is_some(), has, "{path}");
        }
    }

    #[test]
    fn grants_that_are_nearly_known_are_misspelt() {
        for (grant, expected) in [
            ("authorization_code", None),
            ("urn:example:own", None),
            ("authorisation_code", Some(Some("authorization_code"))),
            (
                "password-realm",
                Some(Some("http://auth0.com/oauth/grant-type/password-realm")),
            ),
            (
                "device_code",
                Some(Some("urn:ietf:params:oauth:grant-type:device_code")),
            ),
            ("nope", Some(None)),
        ] {
            assert_eq!(misspelt_grant(grant), expected, "{grant}");
        }
    }

    #[test]
    fn forms_are_those_of_the_vendor() {
        for (key, value, part) in [
            ("web_origins", "http://localhost:3000", None),
            ("allowed_origins", "https://*.example.com", None),
            ("allowed_origins", "*.google.com", None),
            ("allowed_origins", "*", Some("not a URL")),
            ("web_origins", "localhost:3000", Some("not a URL")),
            ("allowed_logout_urls", "com.example.app://out", None),
            ("initiate_login_uri", "", None),
            ("initiate_login_uri", "http://a.example", Some("https://")),
            ("name", "a<b", Some("pattern")),
            ("description", "<b>", None),
        ] {
            let problem = form_problem(key, value);
            match part {
                None => assert_eq!(problem, None, "{key} {value}"),
                Some(part) => assert!(problem.is_some_and(|it| it.contains(part)), "{key} {value}"),
            }
        }
    }
}
