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
use super::session::{self, Session};
use super::{OAuthError, Result, signing};
use crate::http::{Call, page, page_towards, redirect, text, texts};
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
        let allowed = listed(&tenant, client.as_ref());
        let target = match call.query.get("returnTo") {
            Some(asked) if is_allowed(&allowed, asked) => Some(asked.to_owned()),
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
///
/// Source: <https://auth0.com/docs/api/authentication/logout/oidc-logout>.
pub(crate) async fn logout_oidc(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let result = (|| {
        if call.body_field("action") == Some("cancel") {
            return Ok(message("Log out", "You are still signed in."));
        }
        let hint = call.field("id_token_hint");
        let hint = hint.map(|token| hinted(&tenant, token)).transpose()?;
        let audience = hint.as_ref().and_then(|claims| text(claims, "aud"));
        let asked = call.field("client_id");
        if let (Some(hint), Some(asked)) = (audience, asked)
            && hint != asked
        {
            return Err(OAuthError::invalid_request(
                "id_token_hint was not issued for client_id",
            ));
        }
        let client = match audience.or(asked) {
            Some(id) => Some(
                tenant
                    .client(id)?
                    .ok_or_else(|| OAuthError::invalid_request("Unknown client"))?,
            ),
            None => None,
        };
        let allowed = listed(&tenant, client.as_ref());
        let target = match call.field("post_logout_redirect_uri") {
            Some(asked) if !is_listed(&allowed, asked) => {
                return Err(OAuthError::invalid_request(
                    "post_logout_redirect_uri is not in the list of allowed logout URLs",
                ));
            }
            Some(asked) => Some(with_state(asked, call.field("state"))),
            None if asked.is_some() => allowed.into_iter().find(|known| !urls::is_pattern(known)),
            None => None,
        };
        let sid = hint.as_ref().and_then(|claims| text(claims, "sid"));
        let logout_hint = call.field("logout_hint");
        if let (Some(sid), Some(hint)) = (sid, logout_hint)
            && sid != hint
        {
            return Err(OAuthError::invalid_request(
                "logout_hint is not the session of id_token_hint",
            ));
        }
        if prompts(&tenant)
            && let Some(session) = session::current(&tenant, &call)?
            && sid.or(logout_hint) != Some(session.record.id.as_str())
        {
            return Ok(prompt(&call, client.as_ref(), target.as_deref(), &session));
        }
        end(&tenant, &call, target)
    })();
    result.unwrap_or_else(|error| error_page(&error))
}

/// Returns the claims of an ID token. An expired one is as good a hint as any.
fn hinted(tenant: &Tenant, token: &str) -> Result<Value> {
    let invalid = || OAuthError::invalid_request("id_token_hint is invalid");
    let claims = signing::verified_id_token(tenant, token).ok_or_else(invalid)?;
    let claims = Value::Object(claims);
    match tenant.is_issuer(text(&claims, "iss")) {
        true => Ok(claims),
        false => Err(invalid()),
    }
}

/// Whether a logout that does not name the browser's session is confirmed by its user.
fn prompts(tenant: &Tenant) -> bool {
    let sessions = tenant.catalog.settings.get("sessions");
    sessions.and_then(|it| it.get("oidc_logout_prompt_enabled")) != Some(&Value::Bool(false))
}

/// The page on which a user confirms the logout. What it sends names the session, which no other site knows.
fn prompt(
    call: &Call,
    client: Option<&Value>,
    target: Option<&str>,
    session: &Session,
) -> Response {
    let name = client.and_then(|client| text(client, "name"));
    let uri = call.field("post_logout_redirect_uri");
    // Without the ID token the address is one of this application's.
    let of_hint = client.filter(|_| uri.is_some());
    let client_id = call.field("client_id");
    let client_id = client_id.or_else(|| text(of_hint?, "client_id"));
    let kept = [
        ("client_id", client_id),
        ("post_logout_redirect_uri", uri),
        ("state", call.field("state")),
        ("logout_hint", Some(session.record.id.as_str())),
    ];
    let body = html! {
        h1 { "Log Out" }
        p { "Do you want to log out" @if let Some(name) = name { " of " (name) } "?" }
        form method="post" action="/oidc/logout" {
            @for (name, value) in kept {
                @if let Some(value) = value { (pages::hidden(name, value)) }
            }
            button name="action" value="accept" { "Yes" }
            button.user name="action" value="cancel" { "No" }
        }
    };
    let targets: Vec<&str> = target.into_iter().collect();
    page_towards(StatusCode::OK, pages::layout("Log out", &body), &targets)
}

fn message(title: &str, sentence: &str) -> Response {
    let body = html! { h1 { (title) } p { (sentence) } };
    page(StatusCode::OK, pages::layout(title, &body))
}

/// The Allowed Logout URLs of an application; without one, those of the tenant.
fn listed(tenant: &Tenant, client: Option<&Value>) -> Vec<String> {
    let settings = || Value::Object(tenant.catalog.settings.clone());
    let of = client.cloned().unwrap_or_else(settings);
    texts(&of, "allowed_logout_urls")
        .map(str::to_owned)
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
        None => message("Signed out", "You are signed out."),
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

/// Whether the whole address is listed, with its query: that of `/oidc/logout`.
fn is_listed(allowed: &[String], asked: &str) -> bool {
    is_allowed(allowed, asked) && allowed.iter().any(|known| urls::fits(known, asked, []))
}

/// Query and fragment are not compared; everything before is, as [`urls::fits`] compares it: that of `/v2/logout`.
fn is_allowed(allowed: &[String], asked: &str) -> bool {
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
    allowed
        .iter()
        .any(|known| urls::fits(&base(known), &asked, []))
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, is_listed};

    #[test]
    fn the_whole_address_is_compared_at_the_oidc_logout() {
        let allowed = [
            "https://app.example.com/bye".to_owned(),
            "https://app.example.com/a?x=1".to_owned(),
            "https://*.example.org".to_owned(),
        ];
        for (asked, expected) in [
            ("https://app.example.com/bye", true),
            ("https://app.example.com/bye?x=1", false),
            ("https://app.example.com/bye#x", false),
            ("https://app.example.com/a?x=1", true),
            ("https://app.example.com/a?x=2", false),
            ("https://app.example.com/a", false),
            ("https://a.example.org", true),
            ("https://a.example.org?x", false),
            ("https://app.example.com/bye\n", false),
        ] {
            assert_eq!(is_listed(&allowed, asked), expected, "{asked}");
        }
    }

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
            assert_eq!(is_allowed(&allowed, asked), expected, "{asked}");
        }
    }
}
