//! The values of an application that its schema alone does not decide.

use serde_json::{Map, Value};

use super::super::schema::refuse;
use super::super::{ApiError, Result};
use crate::urls::{callback_problem, is_origin, is_url};

/// The grants that an application may list.
///
/// Sources: <https://auth0.com/docs/get-started/applications/application-grant-types>, `grant_types` of node-auth0 7.1.
pub(crate) const GRANTS: &[&str] = &[
    "authorization_code",
    "implicit",
    "refresh_token",
    "client_credentials",
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
    "urn:openid:params:grant-type:ciba",
];

/// Those of them that a third-party application may list; the page says nothing of the newer ones.
const FOR_THIRD_PARTIES: &[&str] = &["authorization_code", "refresh_token", "client_credentials"];

/// The most URLs of a list: "You can provide up to 100 URLs".
///
/// Source: <https://auth0.com/docs/get-started/applications/application-settings>.
const MOST_URLS: usize = 100;

/// Strings of members of an application's objects.
const WORDS: &[(&str, &str, &[&str])] = &[
    (
        "jwt_configuration",
        "alg",
        &["HS256", "RS256", "RS512", "PS256"],
    ),
    (
        "refresh_token",
        "rotation_type",
        &["rotating", "non-rotating"],
    ),
    (
        "refresh_token",
        "expiration_type",
        &["expiring", "non-expiring"],
    ),
];

/// Checks the values of a new application, or new values of `client`.
///
/// # Errors
/// In production's words where public code quotes them: `url-with-placeholders` (of `web_origins`),
/// `absolute-https-uri-or-empty`, `Array items are not unique`
/// (<https://github.com/wso2/product-apim/issues/12765>) and `Invalid grant types`
/// (<https://github.com/auth0/terraform-provider-auth0/issues/123>).
pub(super) fn check(client: Option<&Value>, values: &Map<String, Value>) -> Result<()> {
    name(values)?;
    addresses(values)?;
    login_uri(values)?;
    words(values)?;
    grants(client, values)
}

/// "does not allow `<` or `>`" (node-auth0 7.1).
fn name(values: &Map<String, Value>) -> Result<()> {
    match values.get("name").and_then(Value::as_str) {
        Some(name) if name.contains(['<', '>']) => {
            let problem = format!("String does not match pattern ^[^<>]+$: {name}");
            Err(refuse(&problem, Some("name")))
        }
        _ => Ok(()),
    }
}

fn list<'v>(values: &'v Map<String, Value>, key: &str) -> Vec<&'v str> {
    let listed = values.get(key).and_then(Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn addresses(values: &Map<String, Value>) -> Result<()> {
    for key in [
        "callbacks",
        "allowed_logout_urls",
        "web_origins",
        "allowed_origins",
    ] {
        let listed = list(values, key);
        let is_good = |entry: &str| match key {
            "web_origins" | "allowed_origins" => is_origin(entry),
            _ => is_url(entry),
        };
        if let Some((index, entry)) = listed.iter().enumerate().find(|(_, it)| !is_good(it)) {
            let problem =
                format!("Object didn't pass validation for format url-with-placeholders: {entry}");
            return Err(refuse(&problem, Some(&format!("{key}[{index}]"))));
        }
        let is_counted = ["allowed_logout_urls", "web_origins"].contains(&key);
        if is_counted && listed.len() > MOST_URLS {
            let problem = format!("Array is too long ({}), maximum {MOST_URLS}", listed.len());
            return Err(refuse(&problem, Some(key)));
        }
        // What is a URL and yet no address for a browser is refused in our words.
        if ["callbacks", "allowed_logout_urls"].contains(&key)
            && let Some(problem) = listed.iter().find_map(|entry| callback_problem(entry))
        {
            return Err(refuse(&problem, Some(key)));
        }
    }
    Ok(())
}

/// `https`, and no `localhost`: production refuses `https://localhost:4200/login` by the same words.
fn login_uri(values: &Map<String, Value>) -> Result<()> {
    let Some(uri) = values.get("initiate_login_uri").and_then(Value::as_str) else {
        return Ok(());
    };
    // Placeholders of organizations and custom domains, which stand for a host.
    let plain = match (uri.find('{'), uri.find('}')) {
        (Some(from), Some(to)) if from < to => {
            let (before, after) = (uri.get(..from), uri.get(to + 1..));
            format!(
                "{}x.example{}",
                before.unwrap_or_default(),
                after.unwrap_or_default()
            )
        }
        _ => uri.to_owned(),
    };
    let parsed = url::Url::parse(&plain).ok();
    let is_good = parsed.is_some_and(|url| {
        url.scheme() == "https" && url.host_str().is_some_and(|host| host.contains('.'))
    });
    if uri.is_empty() || is_good {
        return Ok(());
    }
    let problem =
        format!("Object didn't pass validation for format absolute-https-uri-or-empty: {uri}");
    let property = "initiate_login_uri (Initiate login uri, must be https)";
    Err(refuse(&problem, Some(property)))
}

fn words(values: &Map<String, Value>) -> Result<()> {
    for (outer, inner, words) in WORDS {
        let Some(value) = values.get(*outer).and_then(|outer| outer.get(*inner)) else {
            continue;
        };
        let word = value.as_str().unwrap_or_default();
        if !words.contains(&word) {
            let problem = format!("No enum match for: {word}");
            return Err(refuse(&problem, Some(&format!("{outer}.{inner}"))));
        }
    }
    Ok(())
}

/// Which grants an application may list depends on what it is: a public one has no `client_credentials`.
fn grants(client: Option<&Value>, values: &Map<String, Value>) -> Result<()> {
    let listed = list(values, "grant_types");
    let repeated = listed.iter().enumerate().find_map(|(index, grant)| {
        let first = listed.iter().position(|it| it == grant)?;
        (first < index).then_some((first, index))
    });
    if let Some((first, second)) = repeated {
        let problem = format!("Array items are not unique (indexes {first} and {second})");
        let property = "grant_types (A set of grant types that the client is authorized to use)";
        return Err(refuse(&problem, Some(property)));
    }
    let now = |key: &str| values.get(key).or_else(|| client?.get(key));
    let method = now("token_endpoint_auth_method").and_then(Value::as_str);
    let app_type = now("app_type").and_then(Value::as_str);
    let has_keys = now("client_authentication_methods").is_some_and(Value::is_object);
    let is_public = !has_keys
        && match method {
            Some(method) => method == "none",
            None => matches!(app_type, Some("spa" | "native")),
        };
    let is_third_party = now("is_first_party") == Some(&Value::Bool(false));
    let is_wrong = |grant: &&&str| {
        !GRANTS.contains(*grant)
            || (is_public && **grant == "client_credentials")
            || (is_third_party && is_for_own_ones(grant))
    };
    let wrong: Vec<&str> = listed.iter().filter(is_wrong).copied().collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => {
            let message = format!("Invalid grant types: {}", wrong.join(", "));
            Err(ApiError::new(400, message, "invalid_body"))
        }
    }
}

/// Whether the page of grants names a grant as not for third-party applications.
fn is_for_own_ones(grant: &str) -> bool {
    let is_newer = grant.starts_with("urn:") && !grant.ends_with(":device_code");
    !is_newer && !FOR_THIRD_PARTIES.contains(&grant)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    #[test]
    fn values_are_refused_as_production_refuses_them() {
        let spa = json!({"app_type": "spa"});
        let web =
            json!({"app_type": "regular_web", "token_endpoint_auth_method": "client_secret_post"});
        let foreign = json!({"app_type": "regular_web", "is_first_party": false});
        let many: Vec<String> = (0..101)
            .map(|it| format!("https://a{it}.example"))
            .collect();
        let url = |key: &str, entry: &str| {
            format!(
                "Payload validation error: 'Object didn't pass validation for format url-with-placeholders: {entry}' on property {key}."
            )
        };
        for (client, values, expected) in [
            (&web, json!({"grant_types": ["authorization_code", "client_credentials"]}), None),
            (
                &web,
                json!({"grant_types": ["passwordless"]}),
                Some("Invalid grant types: passwordless".to_owned()),
            ),
            (
                &web,
                json!({"grant_types": ["http://auth0.com/oauth/legacy/grant-type/ro", "implicit"]}),
                Some("Invalid grant types: http://auth0.com/oauth/legacy/grant-type/ro".to_owned()),
            ),
            (
                &spa,
                json!({"grant_types": ["client_credentials", "implicit"]}),
                Some("Invalid grant types: client_credentials".to_owned()),
            ),
            (
                &spa,
                json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic"}),
                None,
            ),
            (
                &foreign,
                json!({"grant_types": ["authorization_code", "password"]}),
                Some("Invalid grant types: password".to_owned()),
            ),
            (
                &web,
                json!({"grant_types": ["authorization_code", "implicit", "implicit"]}),
                Some("Payload validation error: 'Array items are not unique (indexes 1 and 2)' on property grant_types (A set of grant types that the client is authorized to use).".to_owned()),
            ),
            (
                &web,
                json!({"web_origins": ["https://a.example", ""]}),
                Some(url("web_origins[1]", "")),
            ),
            (
                &web,
                json!({"callbacks": ["nope"]}),
                Some(url("callbacks[0]", "nope")),
            ),
            (
                &web,
                json!({"allowed_logout_urls": ["x y"]}),
                Some(url("allowed_logout_urls[0]", "x y")),
            ),
            (
                &web,
                json!({"allowed_origins": ["http://localhost:3000", "*.example.com", "https://{organization_name}.example.com"]}),
                None,
            ),
            (
                &web,
                json!({"web_origins": many}),
                Some("Payload validation error: 'Array is too long (101), maximum 100' on property web_origins.".to_owned()),
            ),
            (
                &web,
                json!({"initiate_login_uri": "https://localhost:4200/login"}),
                Some("Payload validation error: 'Object didn't pass validation for format absolute-https-uri-or-empty: https://localhost:4200/login' on property initiate_login_uri (Initiate login uri, must be https).".to_owned()),
            ),
            (&web, json!({"initiate_login_uri": ""}), None),
            (
                &web,
                json!({"initiate_login_uri": "https://{organization.metadata.host}/login"}),
                None,
            ),
            (
                &web,
                json!({"name": "<b>"}),
                Some("Payload validation error: 'String does not match pattern ^[^<>]+$: <b>' on property name.".to_owned()),
            ),
            (
                &web,
                json!({"refresh_token": {"rotation_type": "rotate"}}),
                Some("Payload validation error: 'No enum match for: rotate' on property refresh_token.rotation_type.".to_owned()),
            ),
        ] {
            let checked = check(Some(client), values.as_object().unwrap());
            let message = checked.err().map(|error| error.message);
            assert_eq!(message, expected, "{values}");
        }
    }

    #[test]
    fn a_new_application_is_what_it_asks_to_be() {
        let refused = |values: Value| check(None, values.as_object().unwrap()).is_err();
        assert!(refused(
            json!({"app_type": "native", "grant_types": ["client_credentials"]})
        ));
        assert!(!refused(
            json!({"app_type": "non_interactive", "grant_types": ["client_credentials"]})
        ));
        assert!(!refused(json!({"grant_types": ["client_credentials"]})));
    }
}
