//! The device authorization flow (RFC 8628).
//!
//! <https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::authorize::{open_page, signed_in};
use super::client_auth::{Authenticated, authenticate};
use super::finish::error_page;
use super::issue::Grant;
use super::request::{AuthRequest, access};
use super::run::LoginDoc;
use super::token::{DEVICE_GRANT, check_body};
use super::{OAuthError, Result, session};
use crate::http::{Call, answer, escape, page, text};
use crate::pages;
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Entry, Kind};

const LIFETIME_S: i64 = 900;
const INTERVAL_S: i64 = 5;
/// Letters that nobody mistakes for others.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

pub(crate) async fn code(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    match start(&tenant, &call) {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

fn start(tenant: &Tenant, call: &Call) -> Result<Value> {
    check_body(call)?;
    let who = authenticate(tenant, call)?;
    who.require_grant(DEVICE_GRANT)?;
    let (audience, scope) = access(tenant, call)?;
    let device_code = tenant.randomness.token();
    let letters: String = tenant
        .randomness
        .bytes()
        .iter()
        .take(8)
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|letter| char::from(*letter))
        .collect();
    let user_code = format!(
        "{}-{}",
        letters.get(..4).unwrap_or_default(),
        letters.get(4..).unwrap_or_default()
    );
    let now = tenant.now_ms();
    let key = digest(&device_code);
    let document =
        json!({"client_id": who.id, "scope": scope, "audience": audience, "user_code": user_code});
    tenant.store.put(
        Kind::Device,
        Entry::until(&key, now + LIFETIME_S * 1000).of(&user_code),
        &document,
        now,
    )?;
    let uri = tenant.url("activate");
    Ok(json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": uri, "expires_in": LIFETIME_S,
        "interval": INTERVAL_S, "verification_uri_complete": format!("{uri}?user_code={user_code}"),
    }))
}

/// The page on which a person enters the device's code.
pub(crate) async fn activate(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let given = call
        .field("user_code")
        .map(|code| code.trim().to_uppercase());
    let (Some(user_code), Method::POST) = (&given, call.method.clone()) else {
        return form(given.as_deref(), None);
    };
    let found = tenant
        .store
        .list(Kind::Device, Some(user_code), tenant.now_ms())
        .unwrap_or_default();
    let open = found
        .into_iter()
        .find(|(_, document)| document.get("grant").is_none() && document.get("error").is_none());
    let Some((key, document)) = open else {
        return form(Some(user_code), Some("Invalid code. Enter the code again."));
    };
    confirm(&tenant, &call, key, &document)
        .await
        .unwrap_or_else(|error| error_page(&error))
}

async fn confirm(
    tenant: &Arc<Tenant>,
    call: &Call,
    key: String,
    document: &Value,
) -> Result<Response> {
    let client_id = text(document, "client_id").unwrap_or_default().to_owned();
    let client = tenant.client(&client_id)?.unwrap_or_default();
    let (browser, is_new) = session::browser(tenant, call);
    let request = AuthRequest {
        client_id,
        scope: serde_json::from_value(document.get("scope").cloned().unwrap_or_default())
            .unwrap_or_default(),
        audience: text(document, "audience").map(str::to_owned),
        ..AuthRequest::default()
    };
    let login = LoginDoc {
        id: tenant.randomness.token(),
        browser: digest(&browser),
        request,
        device: Some(key),
        ..LoginDoc::default()
    };
    let mut response = match session::current(tenant, call)? {
        Some(session) => signed_in(tenant, call, &client, login, &session).await,
        None => open_page(tenant, &login)?,
    };
    if is_new {
        session::set_browser_cookie(&mut response, &browser);
    }
    Ok(response)
}

fn form(code: Option<&str>, problem: Option<&str>) -> Response {
    let problem = problem
        .map(|text| format!("<p class=\"error\">{}</p>", escape(text)))
        .unwrap_or_default();
    let body = format!(
        "<h1>Device Activation</h1>{problem}<p>Enter the code displayed on your device.</p><form method=\"post\" action=\"/activate\"><input name=\"user_code\" value=\"{}\" autocomplete=\"off\" autofocus required><button>Continue</button></form>",
        escape(code.unwrap_or_default())
    );
    page(StatusCode::OK, pages::layout("Device Activation", &body))
}

/// The device may have what the user allowed.
pub(crate) fn grant(tenant: &Tenant, key: &str, grant: &Grant) -> Result<()> {
    let grant = serde_json::to_value(grant).unwrap_or_default();
    set(tenant, key, "grant", grant)
}

/// The device is told what went wrong.
pub(crate) fn refuse(tenant: &Tenant, key: &str, error: &OAuthError) {
    // The page tells it, too.
    let _ = set(
        tenant,
        key,
        "error",
        json!({"error": error.error, "description": error.description}),
    );
}

fn set(tenant: &Tenant, key: &str, name: &str, value: Value) -> Result<()> {
    tenant
        .store
        .change(Kind::Device, key, tenant.now_ms(), |document| {
            document
                .as_object_mut()
                .map(|document| document.insert(name.to_owned(), value));
        })?;
    Ok(())
}

/// The device asks whether the user has signed in.
pub(crate) fn exchange(
    tenant: &Tenant,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let code = call
        .body_field("device_code")
        .ok_or_else(|| OAuthError::missing("device_code"))?;
    let key = digest(code);
    let now = tenant.now_ms();
    let expired = || {
        OAuthError::new(
            403,
            "expired_token",
            "The device code has expired or is unknown.",
        )
    };
    let document = tenant
        .store
        .get(Kind::Device, &key, now)?
        .ok_or_else(expired)?;
    if text(&document, "client_id") != Some(&who.id) {
        return Err(OAuthError::invalid_grant("Invalid or expired device code."));
    }
    if let Some(error) = document.get("error") {
        tenant.store.remove(Kind::Device, &key)?;
        let part = |name: &str| text(error, name).unwrap_or_default();
        return Err(OAuthError::new(403, part("error"), part("description")));
    }
    let Some(granted) = document.get("grant") else {
        let last = document.get("asked_at").and_then(Value::as_i64);
        set(tenant, &key, "asked_at", now.into())?;
        if last.is_some_and(|last| now.saturating_sub(last) < INTERVAL_S * 1000) {
            return Err(OAuthError::new(
                429,
                "slow_down",
                "You are polling faster than the specified interval.",
            ));
        }
        return Err(OAuthError::new(
            403,
            "authorization_pending",
            "User has yet to authorize device code.",
        ));
    };
    let grant: Grant = serde_json::from_value(granted.clone()).map_err(|_| expired())?;
    tenant
        .store
        .take(Kind::Device, &key, now)?
        .ok_or_else(expired)?;
    super::token::issued(tenant, who, &grant)
}
