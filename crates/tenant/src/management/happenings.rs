//! The log events of the Authentication API, in the vendor's codes.
//!
//! <https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes>

use serde_json::Value;

use super::journal::Happening;
use crate::http::{Call, text};
use crate::oauth::issue::Grant;
use crate::oauth::request::AuthRequest;
use crate::oauth::run::{Flow, Shown};
use crate::oauth::{OAuthError, token};
use crate::state::Tenant;

/// The codes of a grant at the token endpoint: its success and its failure.
fn of_grant(grant_type: &str) -> (&'static str, &'static str) {
    match grant_type {
        "authorization_code" => ("seacft", "feacft"),
        "refresh_token" => ("sertft", "fertft"),
        "client_credentials" => ("seccft", "feccft"),
        "password" | token::REALM_GRANT => ("sepft", "fepft"),
        token::DEVICE_GRANT => ("sede", "fede"),
        token::OTP_GRANT => ("sepft", "fepotpft"),
        "urn:ietf:params:oauth:grant-type:token-exchange" => ("secte", "fecte"),
        _ => ("s", "f"),
    }
}

/// A request to the token endpoint that was refused. One that is only to be continued is no failure.
pub(crate) fn refused_exchange(tenant: &Tenant, call: &Call, error: &OAuthError) {
    let grant_type = call.body_field("grant_type").unwrap_or_default();
    let kind = match error.error.as_str() {
        "authorization_pending" | "slow_down" => return,
        "mfa_required" => "mfar",
        _ => of_grant(grant_type).1,
    };
    tenant.record_of(
        call,
        &Happening {
            kind,
            description: &error.description,
            client_id: call.body_field("client_id").unwrap_or_default(),
            user_name: call.body_field("username").unwrap_or_default(),
            audience: call.body_field("audience").unwrap_or_default(),
            ..Happening::default()
        },
    );
}

/// Tokens that were given for a code, or to a machine.
pub(crate) fn exchanged(tenant: &Tenant, call: &Call, client_id: &str, grant: Option<&Grant>) {
    let kind = of_grant(call.body_field("grant_type").unwrap_or_default()).0;
    let scope = grant.map(|grant| grant.scope.join(" ")).unwrap_or_default();
    let audience = grant.and_then(|grant| grant.audience.as_deref());
    let user = grant.and_then(|grant| tenant.store.user(&grant.user_id).ok().flatten());
    let shown = user.as_ref().map(Shown::of).unwrap_or_default();
    tenant.record_of(
        call,
        &Happening {
            kind,
            client_id,
            user_id: grant.map_or("", |grant| grant.user_id.as_str()),
            user_name: &shown.email,
            audience: audience.or(call.body_field("audience")).unwrap_or_default(),
            scope: &scope,
            ..Happening::default()
        },
    );
}

/// A login that its Actions have ended; `refused` says why it failed. What fails at the token endpoint is recorded there.
pub(crate) fn login(tenant: &Tenant, flow: &Flow, refused: Option<&str>) {
    let kind = match (flow.protocol.as_str(), refused) {
        ("oauth2-password", None) => "sepft",
        ("oauth2-refresh-token", None) => "sertft",
        ("oauth2-token-exchange", None) => "secte",
        ("oauth2-password" | "oauth2-refresh-token" | "oauth2-token-exchange", Some(_)) => return,
        (_, None) if flow.is_silent => "ssa",
        (_, Some(_)) if flow.is_silent => "fsa",
        (_, None) => "s",
        (_, Some(_)) => "f",
    };
    let shown = flow.shown.clone().unwrap_or_else(|| {
        let user = tenant.store.user(&flow.about.user_id).ok().flatten();
        Shown::of(&user.unwrap_or_default())
    });
    let asked = |key: &str| text(&flow.asked, key).unwrap_or_default();
    let scope = flow.about.requested.join(" ");
    tenant.record(&Happening {
        kind,
        description: refused.unwrap_or_default(),
        client_id: &flow.about.client_id,
        user_id: &flow.about.user_id,
        user_name: &shown.email,
        connection: &shown.connection,
        audience: flow.about.audience.as_deref().unwrap_or_default(),
        scope: &scope,
        ip: asked("ip"),
        user_agent: asked("user_agent"),
    });
}

/// A login with `prompt=none` that ended before its Actions ran.
pub(crate) fn refused_silently(tenant: &Tenant, call: &Call, request: &AuthRequest, why: &str) {
    tenant.record_of(
        call,
        &Happening {
            kind: "fsa",
            description: why,
            client_id: &request.client_id,
            audience: request.audience.as_deref().unwrap_or_default(),
            scope: &request.scope.join(" "),
            ..Happening::default()
        },
    );
}

/// A password that was wrong: `fp`, or `fu` for a name that no user of the connection has.
pub(crate) fn wrong_password(tenant: &Tenant, connection: &str, name: &str, user_id: Option<&str>) {
    tenant.record(&Happening {
        kind: if user_id.is_some() { "fp" } else { "fu" },
        description: "Wrong email or password.",
        connection,
        user_name: name,
        user_id: user_id.unwrap_or_default(),
        ..Happening::default()
    });
}

/// Something that a user did, or that was done to one.
pub(crate) fn of_user(tenant: &Tenant, call: &Call, kind: &'static str, user: &Value) {
    let connection = user
        .pointer("/identities/0/connection")
        .and_then(Value::as_str);
    tenant.record_of(
        call,
        &Happening {
            kind,
            client_id: call.field("client_id").unwrap_or_default(),
            user_id: text(user, "user_id").unwrap_or_default(),
            user_name: text(user, "email").unwrap_or_default(),
            connection: connection.unwrap_or_default(),
            ..Happening::default()
        },
    );
}

/// A sign-up that was refused.
pub(crate) fn refused_sign_up(
    tenant: &Tenant,
    call: &Call,
    fields: &serde_json::Map<String, Value>,
    why: &str,
) {
    let part = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    tenant.record_of(
        call,
        &Happening {
            kind: "fs",
            description: why,
            client_id: part("client_id"),
            user_name: part("email"),
            connection: part("connection"),
            ..Happening::default()
        },
    );
}
