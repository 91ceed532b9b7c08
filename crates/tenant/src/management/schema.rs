//! The schemas of bodies that describe the configuration, with the vendor's texts for what breaks them.
//!
//! The properties are those of the vendor's OpenAPI document, as its SDKs have them (node-auth0 7.1, auth0-python 6.8).

mod nested;
mod parts;
mod words;

use serde_json::{Map, Value};

use super::body::type_name;
use super::{ApiError, Result};
use crate::catalog::MODE;
pub(crate) use nested::{form_problem, misspelt_grant, object_at};
pub(crate) use parts::{keys_of, objection, problem_of, words_in, words_of};
use words::{APP_TYPES, STRATEGIES};

/// The values that a property may have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Is {
    /// A string with its least and most characters.
    Text(usize, usize),
    /// One of these strings.
    One(&'static [&'static str]),
    /// The name of an organization: letters in lower case, digits, `-` and `_`, with its most characters.
    Name(usize),
    /// The name of a connection: "Must start and end with an alphanumeric character and can only contain alphanumeric characters and
    /// '-'", with its most characters.
    Dashed(usize),
    Bool,
    /// An integer from 0.
    Count,
    /// An integer with its least and most value.
    From(u64, u64),
    /// A number above 0: the Deploy CLI allows parts of an hour.
    Hours,
    Object,
    /// An object of strings: its most properties.
    Texts(usize),
    /// A list of strings.
    List,
    /// A list of objects, each with these strings.
    Objects(&'static [&'static str]),
    /// Anything: the tenant does not use it.
    Any,
}

/// The properties of a body.
pub(crate) type Properties = &'static [(&'static str, Is)];

/// The most items of a list in a body.
const MOST_ITEMS: usize = 1_000;
/// The most characters of a value of [`Is::Texts`], and of a key.
const LENGTH: usize = 255;

pub(super) fn refuse(text: &str, property: Option<&str>) -> ApiError {
    let place = property.map(|property| format!(" on property {property}"));
    let message = format!(
        "Payload validation error: '{text}'{}.",
        place.unwrap_or_default()
    );
    ApiError::new(400, message, "invalid_body")
}

/// Checks a body.
///
/// `null` is good for every property that is not `required`: it unsets it.
///
/// # Errors
/// For an unknown property, one that is missing, and a value of another type or size.
pub(super) fn check(
    body: &Map<String, Value>,
    properties: &[Properties],
    required: &[&str],
) -> Result<()> {
    let all = || properties.iter().flat_map(|some| some.iter());
    let is_known = |name: &&str| all().any(|(known, _)| known == name);
    let unknown: Vec<&str> = body
        .keys()
        .map(String::as_str)
        .filter(|name| !is_known(name))
        .collect();
    if !unknown.is_empty() {
        let text = format!("Additional properties not allowed: {}", unknown.join(","));
        return Err(refuse(&text, None));
    }
    if let Some(missing) = required.iter().find(|name| !body.contains_key(**name)) {
        return Err(refuse(
            &format!("Missing required property: {missing}"),
            None,
        ));
    }
    for (name, is) in all() {
        let Some(value) = body.get(*name) else {
            continue;
        };
        if value.is_null() && !required.contains(name) {
            continue;
        }
        if let Some(problem) = problem(*is, value) {
            return Err(refuse(&problem, Some(name)));
        }
    }
    Ok(())
}

/// Refuses a body that changes nothing.
pub(super) fn not_empty(body: &Map<String, Value>) -> Result<()> {
    match body.is_empty() {
        true => Err(refuse("Too few properties defined (0), minimum 1", None)),
        false => Ok(()),
    }
}

fn problem(is: Is, value: &Value) -> Option<String> {
    let wrong = |expected: &str| {
        Some(format!(
            "Expected type {expected} but found type {}",
            type_name(value)
        ))
    };
    match (is, value) {
        // The wording is that of the vendor's JSON Schema validator: SDKs pass it on.
        (Is::Any, _) | (Is::Bool, Value::Bool(_)) | (Is::Object, Value::Object(_)) => None,
        (Is::Bool, _) => wrong("boolean"),
        (Is::Object, _) => wrong("object"),
        (Is::Text(least, most), Value::String(text)) => length(text, least, most),
        (Is::One(words), Value::String(text)) => {
            (!words.contains(&text.as_str())).then(|| format!("No enum match for: {text}"))
        }
        (Is::Dashed(most), Value::String(text)) => {
            let pattern = "^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$";
            let mut parts = text.split('-');
            let is_part = |part: &str| {
                !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric())
            };
            length(text, 1, most).or_else(|| {
                (!parts.all(is_part))
                    .then(|| format!("String does not match pattern {pattern}: {text}"))
            })
        }
        (Is::Name(most), Value::String(text)) => {
            let fits = |letter: char| {
                letter.is_ascii_digit()
                    || matches!(letter, '-' | '_')
                    || letter.is_ascii_lowercase()
            };
            let pattern = "^[a-z0-9][a-z0-9-_]*$";
            let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
            length(text, 1, most).or_else(|| {
                (!starts || !text.chars().all(fits))
                    .then(|| format!("String does not match pattern {pattern}: {text}"))
            })
        }
        (Is::Text(..) | Is::One(_) | Is::Name(_) | Is::Dashed(_), _) => wrong("string"),
        (Is::Count, value) => match value.as_u64() {
            Some(number) if number <= 1 << 40 => None,
            _ if value.is_number() => Some("Value is not a positive integer".to_owned()),
            _ => wrong("integer"),
        },
        (Is::From(least, most), value) => match value.as_u64() {
            Some(number) if number > most => {
                Some(format!("Value {number} is greater than maximum {most}"))
            }
            Some(number) if number >= least => None,
            _ if value.is_i64() || value.is_u64() => {
                Some(format!("Value {value} is less than minimum {least}"))
            }
            _ => wrong("integer"),
        },
        (Is::Hours, value) => match value.as_f64() {
            Some(hours) if hours > 0.0 => None,
            Some(_) => Some(format!("Value {value} is not above 0")),
            None => wrong("number"),
        },
        (Is::Texts(most), Value::Object(map)) => texts(map, most),
        (Is::Texts(_), _) => wrong("object"),
        (Is::List | Is::Objects(_), Value::Array(items)) if items.len() > MOST_ITEMS => Some(
            format!("Array is too long ({}), maximum {MOST_ITEMS}", items.len()),
        ),
        (Is::List, Value::Array(items)) => {
            let other = items.iter().find(|item| !item.is_string())?;
            Some(format!(
                "Expected type string but found type {}",
                type_name(other)
            ))
        }
        (Is::Objects(keys), Value::Array(items)) => {
            items.iter().find_map(|item| objects(item, keys))
        }
        (Is::List | Is::Objects(_), _) => wrong("array"),
    }
}

fn length(text: &str, least: usize, most: usize) -> Option<String> {
    let length = text.chars().count();
    match length {
        length if length < least => Some(format!(
            "String is too short ({length} chars), minimum {least}"
        )),
        length if length > most => Some(format!(
            "String is too long ({length} chars), maximum {most}"
        )),
        _ => None,
    }
}

fn texts(map: &Map<String, Value>, most: usize) -> Option<String> {
    if map.len() > most {
        return Some(format!(
            "Too many properties defined ({}), maximum {most}",
            map.len()
        ));
    }
    map.iter().find_map(|(key, value)| match value {
        Value::Null => None,
        Value::String(text) => length(text, 0, LENGTH).or_else(|| length(key, 0, LENGTH)),
        other => Some(format!(
            "Expected type string but found type {}",
            type_name(other)
        )),
    })
}

fn objects(item: &Value, keys: &[&str]) -> Option<String> {
    let Some(item) = item.as_object() else {
        return Some(format!(
            "Expected type object but found type {}",
            type_name(item)
        ));
    };
    keys.iter().find_map(|key| match item.get(*key) {
        Some(Value::String(_)) => None,
        Some(other) => Some(format!(
            "Expected type string but found type {}",
            type_name(other)
        )),
        None => Some(format!("Missing required property: {key}")),
    })
}

/// The properties of an application.
pub(super) const CLIENT: Properties = &[
    ("name", Is::Text(1, 1_000)),
    ("description", Is::Text(0, 140)),
    ("logo_uri", Is::Text(0, 2_000)),
    ("callbacks", Is::List),
    ("allowed_origins", Is::List),
    ("web_origins", Is::List),
    ("client_aliases", Is::List),
    ("allowed_clients", Is::List),
    ("allowed_logout_urls", Is::List),
    ("grant_types", Is::List),
    (
        "token_endpoint_auth_method",
        Is::One(&["none", "client_secret_post", "client_secret_basic"]),
    ),
    ("is_token_endpoint_ip_header_trusted", Is::Bool),
    ("app_type", Is::One(APP_TYPES)),
    ("is_first_party", Is::Bool),
    ("oidc_conformant", Is::Bool),
    ("jwt_configuration", Is::Object),
    ("sso", Is::Bool),
    ("sso_disabled", Is::Bool),
    ("cross_origin_authentication", Is::Bool),
    ("cross_origin_auth", Is::Bool),
    ("client_metadata", Is::Texts(10)),
    ("initiate_login_uri", Is::Text(0, 2_000)),
    ("refresh_token", Is::Object),
    ("organization_usage", Is::One(&["deny", "allow", "require"])),
    (
        "organization_require_behavior",
        Is::One(&["no_prompt", "pre_login_prompt", "post_login_prompt"]),
    ),
    ("client_authentication_methods", Is::Object),
    ("require_pushed_authorization_requests", Is::Bool),
    ("require_proof_of_possession", Is::Bool),
    ("token_exchange", Is::Object),
    ("custom_login_page_on", Is::Bool),
];

/// Properties of an application that nothing here uses: they are stored and shown.
pub(super) const CLIENT_UNUSED: Properties = &[
    ("addons", Is::Object),
    ("anonymous_sessions", Is::Any),
    ("async_approval_notification_channels", Is::Any),
    ("compliance_level", Is::Any),
    ("cross_origin_loc", Is::Any),
    ("custom_login_page", Is::Any),
    ("custom_login_page_preview", Is::Any),
    ("default_organization", Is::Any),
    ("encryption_key", Is::Any),
    ("express_configuration", Is::Any),
    ("fedcm_login", Is::Any),
    ("form_template", Is::Any),
    ("identity_assertion_authorization_grant", Is::Any),
    ("mobile", Is::Any),
    ("my_organization_configuration", Is::Any),
    ("native_social_login", Is::Any),
    ("oidc_backchannel_logout", Is::Any),
    ("oidc_logout", Is::Any),
    ("organization_discovery_methods", Is::Any),
    ("par_request_expiry", Is::Any),
    ("redirection_policy", Is::Any),
    ("resource_server_identifier", Is::Any),
    ("session_transfer", Is::Any),
    ("signed_request_object", Is::Any),
    (
        "skip_non_verifiable_callback_uri_confirmation_prompt",
        Is::Any,
    ),
    ("token_quota", Is::Any),
];

/// Those that only a new application may have.
pub(super) const NEW_CLIENT: Properties = &[(MODE, Is::One(&["strict", "permissive"]))];

/// The properties of a connection that may change.
pub(super) const CONNECTION: Properties = &[
    ("display_name", Is::Text(0, 128)),
    ("options", Is::Object),
    ("enabled_clients", Is::List),
    ("is_domain_connection", Is::Bool),
    ("show_as_button", Is::Bool),
    ("realms", Is::List),
    ("metadata", Is::Texts(10)),
    ("authentication", Is::Any),
    ("connected_accounts", Is::Any),
    ("cross_app_access_requesting_app", Is::Any),
    ("cross_app_access_resource_app", Is::Any),
];

/// Those that only a new connection may have.
pub(super) const NEW_CONNECTION: Properties =
    &[("name", Is::Dashed(128)), ("strategy", Is::One(STRATEGIES))];

/// The properties of an API.
pub(super) const API: Properties = &[
    ("name", Is::Text(1, 200)),
    ("scopes", Is::Objects(&["value"])),
    (
        "signing_alg",
        Is::One(&["HS256", "RS256", "RS512", "PS256"]),
    ),
    ("signing_secret", Is::Text(16, 1_000)),
    ("allow_offline_access", Is::Bool),
    ("allow_online_access", Is::Bool),
    ("allow_online_access_with_ephemeral_sessions", Is::Bool),
    ("token_lifetime", Is::Count),
    ("token_lifetime_for_web", Is::Count),
    ("token_lifetime_for_anonymous_access_tokens", Is::Any),
    (
        "token_dialect",
        Is::One(&[
            "access_token",
            "access_token_authz",
            "rfc9068_profile",
            "rfc9068_profile_authz",
        ]),
    ),
    ("skip_consent_for_verifiable_first_party_clients", Is::Bool),
    ("enforce_policies", Is::Bool),
    ("token_encryption", Is::Any),
    ("consent_policy", Is::Any),
    ("authorization_details", Is::Any),
    ("proof_of_possession", Is::Object),
    ("subject_type_authorization", Is::Any),
    ("authorization_policy", Is::Any),
];

/// The properties of a role.
pub(super) const ROLE: Properties = &[
    ("name", Is::Text(1, 100)),
    ("description", Is::Text(0, 400)),
];

/// The properties of an organization.
pub(super) const ORGANIZATION: Properties = &[
    ("name", Is::Name(50)),
    ("display_name", Is::Text(1, 255)),
    ("branding", Is::Object),
    ("metadata", Is::Texts(25)),
    ("token_quota", Is::Any),
    ("third_party_client_access", Is::One(&["allow", "block"])),
    ("is_app_entitlement_active", Is::Any),
];

/// The properties of a client grant that may change.
pub(super) const GRANT: Properties = &[
    ("scope", Is::List),
    ("organization_usage", Is::One(&["deny", "allow", "require"])),
    ("allow_any_organization", Is::Bool),
    ("authorization_details_types", Is::List),
    ("allow_all_scopes", Is::Bool),
];

/// Those that only a new client grant may have.
pub(super) const NEW_GRANT: Properties = &[
    ("client_id", Is::Text(1, 1_000)),
    ("audience", Is::Text(1, 600)),
    ("subject_type", Is::One(&["client", "user"])),
    ("default_for", Is::One(&["third_party_clients"])),
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CLIENT, GRANT, NEW_CONNECTION, ORGANIZATION, Properties, check};

    #[test]
    fn bodies_are_checked_in_the_vendors_words() {
        let expect = |properties: Properties, body: Value, expected: Option<&str>| {
            let result = check(body.as_object().unwrap(), &[properties], &["name"]);
            let message = result.err().map(|error| error.message);
            assert_eq!(message.as_deref(), expected, "{body}");
        };
        let wrong = |text: &str| format!("Payload validation error: '{text}.");
        expect(
            CLIENT,
            json!({"name": "a", "callbacks": null, "app_type": "spa"}),
            None,
        );
        for (properties, body, text) in [
            (CLIENT, json!({}), "Missing required property: name'"),
            (
                CLIENT,
                json!({"name": null}),
                "Expected type string but found type null' on property name",
            ),
            (
                CLIENT,
                json!({"name": ""}),
                "String is too short (0 chars), minimum 1' on property name",
            ),
            (
                CLIENT,
                json!({"name": "a", "nam": 1}),
                "Additional properties not allowed: nam'",
            ),
            (
                CLIENT,
                json!({"name": "a", "callbacks": [1]}),
                "Expected type string but found type integer' on property callbacks",
            ),
            (
                CLIENT,
                json!({"name": "a", "callbacks": "x"}),
                "Expected type array but found type string' on property callbacks",
            ),
            (
                CLIENT,
                json!({"name": "a", "organization_usage": "never"}),
                "No enum match for: never' on property organization_usage",
            ),
            (
                ORGANIZATION,
                json!({"name": "Acme"}),
                "String does not match pattern ^[a-z0-9][a-z0-9-_]*$: Acme' on property name",
            ),
            (
                NEW_CONNECTION,
                json!({"name": "-x"}),
                "String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: -x' on property name",
            ),
            (
                ORGANIZATION,
                json!({"name": "a", "metadata": {"x": 1}}),
                "Expected type string but found type integer' on property metadata",
            ),
            (
                GRANT,
                json!({"name": "a"}),
                "Additional properties not allowed: name'",
            ),
        ] {
            expect(properties, body, Some(&wrong(text)));
        }
    }
}
