//! `/v2/logout` and `/oidc/logout`.
//!
//! <https://auth0.com/docs/authenticate/login/logout>

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::Value;
use url::Url;

use super::finish::error_page;
use super::{OAuthError, Result, session, signing};
use crate::http::{Call, page, redirect, text};
use crate::management::happenings;
use crate::pages;
use crate::state::Tenant;
use crate::urls;

pub(crate) async fn logout_v2(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = (|| {
        let client = match call.query.get("client_id") {
            Some(id) => Some(
                tenant
                    .client(id)?
                    .ok_or_else(|| OAuthError::invalid_request(format!("Unknown client: {id}")))?,
            ),
            None => None,
        };
        let allowed = allowed(&tenant, client.as_ref());
        let target = match call.query.get("returnTo") {
            Some(asked) if is_allowed(&allowed, asked, &organizations(&tenant)) => {
                Some(asked.to_owned())
            }
            Some(asked) => {
                let description = format!(
                    "The \"returnTo\" querystring parameter \"{asked}\" is not defined as a valid URL in \"Allowed Logout URLs\""
                );
                return Err(OAuthError::invalid_request(description));
            }
            None if client.is_some() => allowed.into_iter().find(|known| !urls::is_pattern(known)),
            None => None,
        };
        end(&tenant, &call, target)
    })();
    result.unwrap_or_else(|error| error_page(&error))
}

/// OpenID Connect RP-Initiated Logout 1.0.
pub(crate) async fn logout_oidc(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = (|| {
        let hint = match call.field("id_token_hint") {
            Some(token) => {
                let invalid = || OAuthError::invalid_request("id_token_hint is invalid");
                // An expired token is as good a hint as any.
                let claims = signing::verified_id_token(&tenant, token).ok_or_else(invalid)?;
                let claims = Value::Object(claims);
                if !tenant.is_issuer(text(&claims, "iss")) {
                    return Err(invalid());
                }
                text(&claims, "aud").map(str::to_owned)
            }
            None => None,
        };
        let asked = call.field("client_id").map(str::to_owned);
        if let (Some(hint), Some(asked)) = (&hint, &asked)
            && hint != asked
        {
            return Err(OAuthError::invalid_request(
                "id_token_hint was not issued for client_id",
            ));
        }
        let client = match hint.or(asked) {
            Some(id) => Some(
                tenant
                    .client(&id)?
                    .ok_or_else(|| OAuthError::invalid_request("Unknown client"))?,
            ),
            None => None,
        };
        let allowed = allowed(&tenant, client.as_ref());
        let target = match call.field("post_logout_redirect_uri") {
            Some(asked) => {
                if !is_exactly(&allowed, asked, &organizations(&tenant)) {
                    return Err(OAuthError::invalid_request(
                        "post_logout_redirect_uri is not in the list of allowed logout URLs",
                    ));
                }
                Some(with_state(asked, call.field("state")))
            }
            None if client.is_some() => allowed.into_iter().find(|known| !urls::is_pattern(known)),
            None => None,
        };
        end(&tenant, &call, target)
    })();
    result.unwrap_or_else(|error| error_page(&error))
}

/// The Allowed Logout URLs of an application, or of the tenant where there is none.
fn allowed(tenant: &Tenant, client: Option<&Value>) -> Vec<String> {
    let of_tenant = || tenant.catalog.settings.get("allowed_logout_urls");
    let listed = client.map_or_else(of_tenant, |client| client.get("allowed_logout_urls"));
    let listed = listed.and_then(Value::as_array).into_iter().flatten();
    listed
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The names that the placeholder of an entry may stand for.
fn organizations(tenant: &Tenant) -> Vec<String> {
    let all = tenant.catalog.organizations.iter();
    all.filter_map(|it| text(it, "name").map(str::to_owned))
        .collect()
}

fn with_state(target: &str, state: Option<&str>) -> String {
    match (Url::parse(target), state) {
        (Ok(mut url), Some(state)) => {
            url.query_pairs_mut().append_pair("state", state);
            url.into()
        }
        _ => target.to_owned(),
    }
}

fn end(tenant: &Tenant, call: &Call, target: Option<String>) -> Result<Response> {
    let mut response = match target {
        Some(target) => redirect(&target),
        None => page(
            StatusCode::OK,
            pages::layout(
                "Signed out",
                &html! { h1 { "OK" } p { "You are signed out." } },
            ),
        ),
    };
    if let Some(session) = session::current(tenant, call)? {
        let user = tenant
            .store
            .user(&session.record.user_id)?
            .unwrap_or_default();
        happenings::of_user(tenant, call, "slo", &user);
    }
    session::end(tenant, call, &mut response)?;
    Ok(response)
}

/// The whole URL is compared, with its query: <https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0>.
fn is_exactly(allowed: &[String], asked: &str, organizations: &[String]) -> bool {
    let rest = |text: &str| {
        text.find(['?', '#'])
            .and_then(|at| text.get(at..))
            .map(str::to_owned)
    };
    let same: Vec<String> = allowed
        .iter()
        .filter(|known| rest(known) == rest(asked))
        .cloned()
        .collect();
    is_allowed(&same, asked, organizations)
}

/// Query and fragment are not compared; everything before is, as [`urls::fits`] compares it.
fn is_allowed(allowed: &[String], asked: &str, organizations: &[String]) -> bool {
    // What no header can hold, and a browser reads differently from what is compared here, is refused wherever it stands.
    if asked.chars().any(char::is_control) {
        return false;
    }
    let base = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
    let Ok(url) = Url::parse(asked) else {
        return false;
    };
    if !matches!(url.scheme(), "http" | "https") && !allowed.iter().any(|known| known == asked) {
        return false;
    }
    let asked = base(asked);
    // What a browser reads differently from what is compared here is refused.
    if asked.contains(['\\', '@', ' ', '\t', '\n', '\r']) {
        return false;
    }
    let organizations = || organizations.iter().map(String::as_str);
    allowed
        .iter()
        .any(|known| urls::fits(&base(known), &asked, organizations()))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn only_listed_urls_are_returned_to() {
        let allowed = [
            "https://app.example.com/bye".to_owned(),
            "https://*.example.org".to_owned(),
        ];
        for (asked, expected) in [
            ("https://app.example.com/bye", true),
            ("https://app.example.com/bye?x=1#y", true),
            ("https://app.example.com/Bye", false),
            ("https://app.example.com/bye/", false),
            ("https://app.example.com.evil.com/bye", false),
            ("https://a.example.org", true),
            ("https://evil.com/.example.org", false),
            ("https://evil.com\\.example.org", false),
            ("https://evil.com#.example.org", false),
            ("https://x@evil.com/bye", false),
            ("//evil.com", false),
            ("javascript:alert(1)", false),
            ("https://app.example.com/bye?x=\r\nset-cookie: a=b", false),
            ("https://app.example.com/bye#\n", false),
            ("https://app.example.com/bye?\u{0}", false),
            ("https://app.example.com/bye?\u{7f}", false),
            ("https://app.example.com/bye?\u{85}", false),
            ("https://app.example.com/bye?x=ü", true),
        ] {
            assert_eq!(is_allowed(&allowed, asked, &[]), expected, "{asked}");
        }
    }
}
