//! The token of a machine: the grant `client_credentials` and the trigger credentials-exchange.
//!
//! <https://auth0.com/docs/get-started/authentication-and-authorization-flow/client-credentials-flow>

use std::sync::Arc;

use axum::http::StatusCode;
use postlogin_core::outcome::{Outcome, Status};
use postlogin_core::{Trigger, complete_event};
use serde_json::{Map, Value, json};

use super::api::audience;
use super::client_auth::Authenticated;
use super::event::{CREDENTIALS, request};
use super::organizations;
use super::policy;
use super::quota::{self, Quota};
use super::request::scopes_of;
use super::run::{could_not_run, run_blocking};
use super::{OAuthError, Result, words};
use crate::catalog::{Audience, Granted, is_strict};
use crate::http::{Call, text};
use crate::management::scopes::MANAGEMENT_SCOPES;
use crate::pipeline::{Advanced, LoginRequest};
use crate::state::Tenant;

/// The lifetime of a token whose API sets none, in seconds.
const LIFETIME_S: i64 = 86_400;

/// The request of a machine, as far as it is granted.
struct Occasion {
    audience: String,
    /// The scopes of the client grant.
    granted: Vec<String>,
    /// The scopes that were asked for.
    scope: Vec<String>,
    lifetime_s: i64,
    /// The organization that the token is for.
    organization: Option<Value>,
}

/// The grant `client_credentials`: there is no user, and the trigger is credentials-exchange.
pub(crate) async fn client_credentials(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
    quotas: &mut Vec<Quota>,
) -> Result<Map<String, Value>> {
    if !who.is_proven {
        return Err(OAuthError::unauthorized());
    }
    let asked = audience(tenant, |name| call.body_field(name));
    let audience = asked.ok_or_else(|| {
        OAuthError::new(
            403,
            "access_denied",
            "No audience parameter was provided, and no default audience has been configured",
        )
    })?;
    let management = tenant.management_audience();
    let is_management = tenant.is_management(&audience);
    let mut is_open = true;
    let (all, lifetime): (Vec<String>, i64) = if is_management {
        (
            MANAGEMENT_SCOPES
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            LIFETIME_S,
        )
    } else {
        let api = tenant.catalog.api(&audience);
        let api = api.ok_or_else(|| {
            OAuthError::new(
                403,
                "access_denied",
                format!("Service not found: {audience}"),
            )
        })?;
        is_open = policy::serves_machines(api);
        let lifetime = api
            .get("token_lifetime")
            .and_then(Value::as_i64)
            .filter(|seconds| *seconds > 0);
        (
            scopes_of(api).map(str::to_owned).collect(),
            lifetime.unwrap_or(LIFETIME_S),
        )
    };
    let asked_api = match is_management {
        true => Audience::Management(&management),
        false => Audience::Api(&audience),
    };
    let granted = tenant.catalog.client_grant(&who.client, &asked_api);
    // APIs of the tenant itself are closed to them.
    let is_open = is_open && !(is_management && is_strict(&who.client));
    let granted = granted.filter(|_| is_open);
    let default = organizations::default_of_machine(tenant, &who.client);
    let organization = call.body_field("organization").or(default);
    let organization = organizations::of_machine(tenant, &who.client, &asked_api, organization);
    let granted: Vec<String> = match granted {
        None => {
            return Err(OAuthError::new(
                403,
                "access_denied",
                format!(
                    "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
                ),
            ));
        }
        Some(Granted::All) => all,
        Some(Granted::Scopes(scopes)) => of_grant(&all, scopes),
    };
    let scope: Vec<String> = match call.body_field("scope") {
        Some(asked) => {
            let (scope, other): (Vec<_>, Vec<_>) = words(asked)
                .into_iter()
                .partition(|scope| granted.contains(scope));
            if !other.is_empty() {
                let description =
                    format!("Client has not been granted scopes: {}", other.join(", "));
                return Err(OAuthError::new(403, "access_denied", description));
            }
            scope
        }
        None => granted.clone(),
    };
    let organization = organization?;
    *quotas = quota::of_request(tenant, &who.client, organization.as_ref());
    quota::check(quotas)?;
    let occasion = Occasion {
        audience,
        organization,
        granted,
        scope,
        lifetime_s: lifetime,
    };
    let body = issue(tenant, call, who, occasion).await?;
    quota::count(tenant, call, quotas);
    Ok(body)
}

/// The scopes of a client grant in the order of the API, and then those that the API does not define, which production gives
/// as well.
///
/// Source: <https://community.auth0.com/t/105986>.
fn of_grant(defined: &[String], granted: Vec<String>) -> Vec<String> {
    let known = defined.iter().filter(|scope| granted.contains(scope));
    let mut scopes: Vec<String> = known.cloned().collect();
    scopes.extend(granted.into_iter().filter(|scope| !defined.contains(scope)));
    scopes
}

/// Runs the trigger, and signs the token that its outcome describes.
async fn issue(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
    occasion: Occasion,
) -> Result<Map<String, Value>> {
    let audience = occasion.audience.clone();
    let login = LoginRequest {
        access_token_lifetime_s: Some(occasion.lifetime_s),
        granted_scopes: Some(occasion.granted.clone()),
        ..LoginRequest::of(
            tenant,
            Trigger::CredentialsExchange,
            event(tenant, call, who, &occasion),
        )
    };
    let log = |key: &str, value: Value| {
        tenant.control.log(json!({
            "type": "client_credentials", "date": crate::clock::iso(tenant.now_ms()), "client_id": who.id, key: value,
        }));
    };
    let trigger = login.trigger;
    let ran = run_blocking(tenant, trigger, move |pipeline| pipeline.start(login)).await;
    let outcome = match ran {
        Ok(Advanced::Ended { finished, .. }) => finished.outcome,
        // This trigger has no user to wait for.
        Ok(Advanced::Waits { .. }) => {
            return Err(OAuthError::new(
                500,
                "server_error",
                "The Actions asked for a user.",
            ));
        }
        Err(error) => {
            let error = could_not_run(error);
            log("error", error.description.clone().into());
            return Err(error);
        }
    };
    let mut shown = outcome.clone();
    tenant.pipeline.redact(&mut shown);
    log("outcome", json!(shown));
    if outcome.status != Status::Allowed {
        return Err(refusal(&outcome));
    }
    crate::management::happenings::exchanged(tenant, call, &who.id, None);
    let mut token = outcome.access_token;
    let proven = who.jkt.as_deref();
    let bound = super::dpop::binding(tenant, &who.client, Some(&audience), proven)?;
    if let Some(bound) = bound {
        token.claims.insert("cnf".into(), json!({"jkt": bound}));
    }
    let typ = match token.claims.contains_key("azp") {
        true => "JWT",
        false => "at+jwt",
    };
    let signed = super::signing::access_token(tenant, Some(&audience), typ, &token.claims);
    let signed = signed.map_err(|error| {
        crate::trouble::tell(&error);
        OAuthError::new(500, "server_error", "The token could not be signed.")
    })?;
    let mut body = Map::new();
    body.insert("access_token".into(), signed.into());
    if !token.scopes.is_empty() {
        body.insert("scope".into(), token.scopes.join(" ").into());
    }
    body.insert("expires_in".into(), token.expires_in.into());
    let kind = if bound.is_some() { "DPoP" } else { "Bearer" };
    body.insert("token_type".into(), kind.into());
    Ok(body)
}

/// The answer for an exchange that an Action denied, or that failed. The vendor documents the body, not the HTTP status: these
/// are those that it documents for custom-token-exchange.
fn refusal(outcome: &Outcome) -> OAuthError {
    let reason = outcome.reason.clone().unwrap_or_default();
    let error = match (outcome.status, outcome.code.as_deref()) {
        (Status::Denied, Some("server_error")) => OAuthError::new(
            StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
            "server_error",
            reason,
        ),
        (Status::Denied, Some(code)) => {
            OAuthError::new(StatusCode::BAD_REQUEST.as_u16(), code, reason)
        }
        _ => OAuthError::new(403, "access_denied", reason),
    };
    OAuthError {
        is_logged: true,
        ..error
    }
}

fn event(tenant: &Tenant, call: &Call, who: &Authenticated, occasion: &Occasion) -> Value {
    let mut body = call.body_map();
    body.retain(|key, _| !CREDENTIALS.contains(&key.as_str()));
    let mut request = request(tenant, call);
    if let Some(request) = request.as_object_mut() {
        request.insert("body".into(), Value::Object(body));
    }
    let metadata = who.client.get("client_metadata");
    let mut event = json!({
        "accessToken": {"customClaims": {}, "scope": occasion.scope},
        "client": {
            "client_id": who.id, "name": text(&who.client, "name"),
            "metadata": metadata.cloned().unwrap_or_else(|| json!({})),
        },
        "request": request,
        "resource_server": {"identifier": occasion.audience},
        "secrets": {},
        "tenant": {"id": tenant.name},
        "transaction": {"requested_scopes": occasion.scope},
    });
    if let (Some(event), Some(found)) = (event.as_object_mut(), &occasion.organization) {
        event.insert(
            "organization".into(),
            crate::triggers::events::organization(found),
        );
    }
    complete_event(Trigger::CredentialsExchange, &mut event);
    event
}
