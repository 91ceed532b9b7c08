//! Hides what gives access: in recordings, and in mocks that are proposed to the user.
//!
//! The values of the login's secrets are known. What a server hands out (tokens, cookies) is not, but its name tells.

use postlogin_core::redact::{MASK, Mask};
use serde_json::Value;
use url::form_urlencoded;

/// Names whose value gives access, without `_` and `-`, in lower case.
const NAMES: &[&str] = &[
    "accesstoken",
    "apikey",
    "assertion",
    "authorization",
    "clientassertion",
    "clientsecret",
    "idtoken",
    "jwt",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "sessiontoken",
    "token",
    "xapikey",
];

/// More of them, where they are parameters of a query; in a body they mean other things as well.
const NAMES_IN_QUERIES: &[&str] = &["code", "key", "sig", "signature"];

fn is_credential(name: &str) -> bool {
    NAMES.contains(&plain(name).as_str())
}

fn is_credential_in_query(name: &str) -> bool {
    is_credential(name) || NAMES_IN_QUERIES.contains(&plain(name).as_str())
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// Hides credentials and secrets in a JSON value.
pub(crate) fn hide_in_json(value: &mut Value, mask: &Mask) {
    hide_named(value);
    mask.value(value);
}

fn hide_named(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_named),
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if is_credential(name) && !text.is_empty() => {
                        MASK.clone_into(text);
                    }
                    value => hide_named(value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Hides credentials and secrets in a text; a form is looked into.
pub(crate) fn hide_in_text(text: &mut String, mask: &Mask) {
    if is_form(text) {
        *text = hide_parameters(text, is_credential);
    }
    mask.text(text);
}

/// Hides credentials and secrets in a URL: in its query, and the password before the host.
pub(crate) fn hide_in_url(url: &mut String, mask: &Mask) {
    if let Some((place, query)) = url.split_once('?') {
        *url = format!("{place}?{}", hide_parameters(query, is_credential_in_query));
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        if let Some(at) = rest.get(..end).and_then(|authority| authority.rfind('@')) {
            *url = format!("{scheme}://{MASK}{}", rest.get(at..).unwrap_or_default());
        }
    }
    mask.text(url);
}

/// A cookie keeps its name and its attributes.
pub(crate) fn hide_cookie(cookie: &mut String) {
    let (pair, attributes) = match cookie.split_once(';') {
        Some((pair, attributes)) => (pair, format!(";{attributes}")),
        None => (cookie.as_str(), String::new()),
    };
    let name = pair.split('=').next().unwrap_or_default();
    *cookie = format!("{name}={MASK}{attributes}");
}

/// `a=1&b=2` and nothing else.
fn is_form(text: &str) -> bool {
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-.%+*[]".contains(&byte))
        })
    };
    text.split('&').all(is_pair)
}

/// The parameters as they were written, but for the values of credentials.
fn hide_parameters(query: &str, hides: fn(&str) -> bool) -> String {
    let hidden = query.split('&').map(|pair| {
        let name = form_urlencoded::parse(pair.as_bytes()).next();
        let written = pair.split('=').next().unwrap_or_default();
        match name {
            Some((name, value)) if hides(&name) && !value.is_empty() => {
                format!("{written}={MASK}")
            }
            _ => pair.to_owned(),
        }
    });
    hidden.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_known_by_their_names_and_secrets_by_their_values() {
        let mask = Mask::of(&["hunter22"]);
        let mut body = json!({
            "access_token": "eyJ", "expires_in": 86400, "token_type": "Bearer", "clientSecret": "x", "password": "",
            "note": "say hunter22", "nested": [{"apiKey": "k", "api_key_id": "7"}], "token": {"id": 1},
        });
        hide_in_json(&mut body, &mask);
        assert_eq!(
            body,
            json!({
                "access_token": "***", "expires_in": 86400, "token_type": "Bearer", "clientSecret": "***", "password": "",
                "note": "say ***", "nested": [{"apiKey": "***", "api_key_id": "7"}], "token": {"id": 1},
            })
        );
        let text = |text: &str| {
            let mut hidden = text.to_owned();
            hide_in_text(&mut hidden, &mask);
            hidden
        };
        assert_eq!(
            text("grant_type=client_credentials&client_secret=a%20b&x=hunter22"),
            "grant_type=client_credentials&client_secret=***&x=***"
        );
        assert_eq!(text("key = value & more"), "key = value & more");
        let url = |url: &str| {
            let mut hidden = url.to_owned();
            hide_in_url(&mut hidden, &mask);
            hidden
        };
        assert_eq!(
            url("https://u:p@x.example/hunter22?q=a%20b&api_key=1&key="),
            "https://***@x.example/***?q=a%20b&api_key=***&key="
        );
        assert_eq!(url("https://x.example/@a"), "https://x.example/@a");
        let mut cookie = "sid=abc=; Path=/; HttpOnly".to_owned();
        hide_cookie(&mut cookie);
        assert_eq!(cookie, "sid=***; Path=/; HttpOnly");
    }
}
