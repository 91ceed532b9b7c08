//! The device authorization flow (RFC 8628).
//!
//! <https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use serde_json::{Map, Value, json};

use super::authorize::{open_page, signed_in};
use super::client_auth::{Authenticated, authenticate};
use super::finish::error_page;
use super::issue::Grant;
use super::request::{AuthRequest, access};
use super::run::LoginDoc;
use super::token::{DEVICE_GRANT, check_body_for};
use super::{OAuthError, Result, session};
use crate::http::{Call, answer, page};
use crate::pages;
use crate::randomness::digest;
use crate::records::{Device, DeviceError};
use crate::state::Tenant;
use crate::store::Entry;

const LIFETIME_S: i64 = 900;
const INTERVAL_S: i64 = 5;
/// Letters that are not mistaken for others.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

pub(crate) async fn code(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    match start(&tenant, &call) {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

fn start(tenant: &Tenant, call: &Call) -> Result<Value> {
    check_body_for(call, "client_id")?;
    let who = authenticate(tenant, call)?;
    who.require_grant(DEVICE_GRANT)?;
    let (audience, scope) = access(tenant, &who.client, call)?;
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
    let record = Device {
        client_id: who.id,
        scope,
        audience,
        user_code: user_code.clone(),
        grant: None,
        error: None,
        asked_at: None,
    };
    let entry = Entry::until(&key, now + LIFETIME_S * 1000).of(&user_code);
    tenant.store.put(entry, &record, now)?;
    let uri = tenant.url("activate");
    Ok(json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": uri, "expires_in": LIFETIME_S,
        "interval": INTERVAL_S, "verification_uri_complete": format!("{uri}?user_code={user_code}"),
    }))
}

/// The page on which a person enters the device's code.
pub(crate) async fn activate(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let given = call.field("user_code").map(as_written);
    let (Some(user_code), Method::POST) = (&given, call.method.clone()) else {
        return form(given.as_deref(), None);
    };
    let found = tenant
        .store
        .list::<Device>(Some(user_code), tenant.now_ms())
        .unwrap_or_default();
    let open = found
        .into_iter()
        .find(|(_, device)| device.grant.is_none() && device.error.is_none());
    let Some((key, device)) = open else {
        return form(Some(user_code), Some("Invalid code. Enter the code again."));
    };
    confirm(&tenant, &call, key, device)
        .await
        .unwrap_or_else(|error| error_page(&error))
}

/// Returns a code as it is shown, however it was typed: RFC 8628, 6.1.
fn as_written(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let mut code = letters.collect::<String>().to_uppercase();
    if code.len() > 4 {
        code.insert(4, '-');
    }
    code
}

async fn confirm(
    tenant: &Arc<Tenant>,
    call: &Call,
    key: String,
    device: Device,
) -> Result<Response> {
    let client = tenant.client(&device.client_id)?.unwrap_or_default();
    let (browser, is_new) = session::browser(tenant, call);
    let request = AuthRequest {
        client_id: device.client_id,
        scope: device.scope,
        audience: device.audience,
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
        session::set_browser_cookie(tenant, &mut response, &browser);
    }
    Ok(response)
}

fn form(code: Option<&str>, problem: Option<&str>) -> Response {
    let body = html! {
        h1 { "Device Activation" }
        @if let Some(problem) = problem { p.error { (problem) } }
        p { "Enter the code displayed on your device." }
        form method="post" action="/activate" {
            input name="user_code" value=(code.unwrap_or_default()) autocomplete="off" autofocus required;
            button { "Continue" }
        }
    };
    page(StatusCode::OK, pages::layout("Device Activation", &body))
}

/// Stores what the user allowed the device.
pub(crate) fn grant(tenant: &Tenant, key: &str, grant: &Grant) -> Result<()> {
    change(tenant, key, |device| device.grant = Some(grant.clone()))
}

/// Stores what went wrong, for the device.
pub(crate) fn refuse(tenant: &Tenant, key: &str, error: &OAuthError) {
    let error = DeviceError {
        error: error.error.clone(),
        description: error.description.clone(),
    };
    // The page shows it, too.
    let _ = change(tenant, key, |device| device.error = Some(error));
}

fn change(tenant: &Tenant, key: &str, change: impl FnOnce(&mut Device)) -> Result<()> {
    tenant.store.change(key, tenant.now_ms(), change)?;
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
    let device = tenant.store.get::<Device>(&key, now)?.ok_or_else(expired)?;
    if device.client_id != who.id {
        return Err(OAuthError::invalid_grant("Invalid or expired device code."));
    }
    if let Some(error) = device.error {
        tenant.store.remove::<Device>(&key)?;
        return Err(OAuthError::new(403, &error.error, error.description));
    }
    let Some(grant) = device.grant else {
        change(tenant, &key, |device| device.asked_at = Some(now))?;
        let last = device.asked_at;
        if last.is_some_and(|last| now.saturating_sub(last) < INTERVAL_S * 1000) {
            return Err(OAuthError::new(
                429,
                "slow_down",
                format!(
                    "You are polling faster than the specified interval of {INTERVAL_S} seconds."
                ),
            ));
        }
        return Err(OAuthError::new(
            403,
            "authorization_pending",
            "User has yet to authorize device code.",
        ));
    };
    tenant
        .store
        .take::<Device>(&key, now)?
        .ok_or_else(expired)?;
    super::token::issued(tenant, who, &grant)
}
