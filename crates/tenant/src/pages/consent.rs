//! The consent page: a third-party application asks a user for permission, once for each scope.
//!
//! <https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;

use super::login::granted_login;
use super::{hidden, layout, tenant_name};
use crate::http::{Call, page_towards, text};
use crate::oauth::authorize::{complete, refused};
use crate::oauth::finish::error_page;
use crate::oauth::issue::Grant;
use crate::oauth::run::LoginDoc;
use crate::oauth::{OAuthError, Result};
use crate::randomness::digest;
use crate::records::Consent;
use crate::state::Tenant;
use crate::store::Entry;

/// Scopes that say how tokens are given and nothing about a user.
const UNASKED: &[&str] = &["openid", "offline_access"];

/// Of one user for one application and one API.
fn id(grant: &Grant) -> String {
    let audience = grant.audience.as_deref().unwrap_or_default();
    id_of(&grant.client_id, &grant.user_id, audience)
}

/// As [`id`]; without an API the `audience` is empty.
pub(crate) fn id_of(client_id: &str, user_id: &str, audience: &str) -> String {
    digest(&format!("{client_id} {user_id} {audience}"))
}

/// Whether a user has to be asked before an application gets what was granted: it is a third-party one, and asks for more
/// than it was given before.
pub(crate) fn is_due(tenant: &Tenant, login: &LoginDoc, grant: &Grant) -> Result<bool> {
    let client = tenant.client(&grant.client_id)?.unwrap_or_default();
    if !crate::catalog::is_third_party(&client) {
        return Ok(false);
    }
    if login
        .request
        .prompt
        .iter()
        .any(|prompt| prompt == "consent")
    {
        return Ok(true);
    }
    let known = tenant.store.get::<Consent>(&id(grant), tenant.now_ms())?;
    let known = known.map(|consent| consent.scopes);
    Ok(known.is_none_or(|known| grant.scope.iter().any(|scope| !known.contains(scope))))
}

/// `/u/consent`.
pub(crate) async fn consent(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    answered(&tenant, &call).unwrap_or_else(|error| error_page(&error))
}

fn answered(tenant: &Tenant, call: &Call) -> Result<Response> {
    let login = granted_login(tenant, call)?;
    // One that still waits for a code is not here yet.
    let (Some(grant), None) = (login.granted.clone(), &login.otp) else {
        return Err(OAuthError::invalid_request(
            "This login waits for no consent.",
        ));
    };
    if call.method != Method::POST {
        return consent_page(tenant, &login, &grant);
    }
    let now = tenant.now_ms();
    if tenant
        .store
        .take::<LoginDoc>(&digest(&login.id), now)?
        .is_none()
    {
        return Err(OAuthError::invalid_request(
            "This page has been used already.",
        ));
    }
    if call.body_field("action") != Some("accept") {
        let error = OAuthError::new(403, "access_denied", "User did not authorize the request");
        return Ok(refused(tenant, &login, &login.request.way_back(), &error));
    }
    let id = id(&grant);
    let before = tenant.store.get::<Consent>(&id, now)?;
    let mut scopes = before.map(|consent| consent.scopes).unwrap_or_default();
    for scope in &grant.scope {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
    let entry = Entry::lasting(&id).of(&grant.user_id);
    let consent = Consent {
        scopes,
        client_id: grant.client_id.clone(),
        user_id: grant.user_id.clone(),
        audience: grant.audience.clone().unwrap_or_default(),
    };
    tenant.store.put(entry, &consent, now)?;
    complete(tenant, &login, &grant)
}

fn consent_page(tenant: &Tenant, login: &LoginDoc, grant: &Grant) -> Result<Response> {
    let client = tenant.client(&grant.client_id)?.unwrap_or_default();
    let user = tenant.store.user(&grant.user_id)?.unwrap_or_default();
    let api = grant
        .audience
        .as_deref()
        .and_then(|audience| tenant.catalog.api(audience));
    let described = |scope: &str| {
        let scopes = api.and_then(|api| api.get("scopes")?.as_array());
        let found = scopes
            .into_iter()
            .flatten()
            .find(|known| text(known, "value") == Some(scope));
        found
            .and_then(|known| text(known, "description"))
            .map(str::to_owned)
    };
    let asked = grant
        .scope
        .iter()
        .filter(|scope| !UNASKED.contains(&scope.as_str()));
    let body = html! {
        h1 { "Authorize App" }
        p {
            "Hi " (text(&user, "name").or(text(&user, "email")).unwrap_or_default()) ", "
            strong { (text(&client, "name").unwrap_or_default()) }
            " is requesting access to your " (tenant_name(tenant)) " account"
            @if let Some(api) = api { " at " (text(api, "name").or(text(api, "identifier")).unwrap_or_default()) }
            "."
        }
        ul {
            @for scope in asked {
                @let shown = described(scope);
                li { (shown.as_deref().unwrap_or(scope)) }
            }
        }
        form method="post" action="/u/consent" {
            (hidden("state", &login.id))
            button name="action" value="accept" autofocus { "Accept" }
        }
        form.apart method="post" action="/u/consent" {
            (hidden("state", &login.id))
            button.user name="action" value="decline" { "Decline" }
        }
    };
    Ok(page_towards(
        StatusCode::OK,
        layout("Authorize App", &body),
        &[&login.request.redirect_uri],
    ))
}
