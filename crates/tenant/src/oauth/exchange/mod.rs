//! The grant `urn:ietf:params:oauth:grant-type:token-exchange` with a token exchange profile: the Action of the profile says
//! which user a foreign token stands for, then the post-login trigger runs.
//!
//! <https://auth0.com/docs/authenticate/custom-token-exchange>

mod throttle;
mod user;

use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::outcome::{Outcome, Status};
use postlogin_project::TenantData;
use serde_json::{Map, Value, json};

use super::client_auth::Authenticated;
use super::event::Occasion;
use super::issue::Grant;
use super::organizations::{organization, organization_of_action};
use super::request::access;
use super::run::{Ran, start};
use super::token::issued;
use super::userinfo::verify_id_token;
use super::{OAuthError, Result, mfa};
use crate::http::{Call, text};
use crate::records::CustomClaims;
use crate::state::Tenant;
use crate::store::Entry;
use crate::triggers::{Run, events, run};
pub(crate) use throttle::Throttle;

pub(crate) const EXCHANGE_GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The answer for MFA in an exchange with an actor, as documented.
const NO_MFA: &str =
    "MFA is not supported using actor_token with the requested token exchange profile.";

/// A request, as far as it is understood.
struct Asked<'a> {
    subject_token: &'a str,
    subject_token_type: &'a str,
    requested_token_type: Option<&'a str>,
    actor: Option<(&'a str, &'a str)>,
    audience: Option<String>,
    scope: Vec<String>,
    /// The id.
    organization: Option<String>,
}

pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    if !tenant.catalog.may_exchange(&who.client) {
        return Err(OAuthError::new(
            403,
            "unauthorized_client",
            "The client has no token_exchange.allow_any_profile_of_type with custom_authentication.",
        ));
    }
    let asked = asked(tenant, call, who)?;
    let profile = tenant.catalog.profile(asked.subject_token_type);
    let action = profile.and_then(TenantData::action_of).map(str::to_owned);
    let action = action.ok_or_else(|| {
        OAuthError::invalid_request(
            "There is no token exchange profile for the subject_token_type.",
        )
    })?;
    if !tenant.throttle.permits(&call.ip, tenant.now_ms()) {
        return Err(OAuthError::new(
            429,
            "too_many_attempts",
            "Too many invalid subject tokens came from this address.",
        ));
    }
    let outcome = run(
        tenant,
        Run {
            trigger: Trigger::CustomTokenExchange,
            action: Some(action),
            event: event(tenant, call, who, &asked)?,
            delay_ms: 0,
        },
    )
    .await?;
    if outcome.status != Status::Allowed {
        if outcome.effects.invalid_subject_token {
            tenant.throttle.count(&call.ip, tenant.now_ms());
        }
        return Err(refusal(&outcome));
    }
    let effects = outcome.effects;
    let organization = organization_of(tenant, who, &asked, effects.organization.as_deref())?;
    let exchange_user = effects
        .exchange_user
        .ok_or_else(|| OAuthError::new(500, "server_error", "The Action set no user."))?;
    let user_id = user::resolve(tenant, &who.client, &call.ip, exchange_user).await?;
    user::merge_metadata(tenant, &user_id, effects.metadata)?;
    let login = Occasion {
        user_id,
        organization,
        ..occasion(call, who, &asked, effects.actor.as_ref())
    };
    match start(tenant, login, call).await? {
        Ran::Granted(grant, _) => answer(tenant, who, *grant, effects.actor),
        Ran::Waits(_) if effects.actor.is_some() => Err(OAuthError::invalid_request(NO_MFA)),
        Ran::Waits(waiting) => Err(mfa::required(tenant, *waiting).await),
    }
}

fn asked<'a>(tenant: &Tenant, call: &'a Call, who: &Authenticated) -> Result<Asked<'a>> {
    let requested = call.body_field("requested_token_type");
    if requested.is_some_and(|kind| kind != ACCESS_TOKEN) {
        return Err(OAuthError::invalid_request(
            "The local tenant issues access tokens only: requested_token_type is not supported.",
        ));
    }
    let actor = match (
        call.body_field("actor_token"),
        call.body_field("actor_token_type"),
    ) {
        (Some(token), Some(kind)) => Some((token, kind)),
        (None, None) => None,
        _ => {
            return Err(OAuthError::invalid_request(
                "actor_token and actor_token_type must be given together",
            ));
        }
    };
    let (audience, scope) = access(tenant, &who.client, call)?;
    Ok(Asked {
        subject_token: call.required("subject_token")?,
        subject_token_type: call.required("subject_token_type")?,
        requested_token_type: requested,
        actor,
        audience,
        scope,
        organization: organization(tenant, &who.client, call.body_field("organization"))?,
    })
}

/// The parameters of the request that an Action sees at another place or not at all.
const LEFT_OUT: &[&str] = &["subject_token", "actor_token"];

fn event(tenant: &Tenant, call: &Call, who: &Authenticated, asked: &Asked<'_>) -> Result<Value> {
    let mut transaction = json!({
        "requested_scopes": asked.scope,
        "requested_token_type": asked.requested_token_type,
        "subject_token": asked.subject_token,
        "subject_token_type": asked.subject_token_type,
    });
    if let (Some((token, kind)), Some(transaction)) = (asked.actor, transaction.as_object_mut()) {
        transaction.insert("actor_token".into(), token.into());
        transaction.insert("actor_token_type".into(), kind.into());
        // Only an ID token of the tenant leads to a user.
        let sub = verify_id_token(tenant, token, None).filter(|_| kind == ID_TOKEN);
        if let Some(user) = sub
            .map(|sub| tenant.store.user(&sub))
            .transpose()?
            .flatten()
        {
            transaction.insert("actor_token_user".into(), events::user(&user, &[]));
        }
    }
    let audience = match &asked.audience {
        Some(audience) => audience.clone(),
        None => tenant.url("userinfo"),
    };
    let mut request = events::request_with_body(tenant, call);
    if let Some(body) = request.get_mut("body").and_then(Value::as_object_mut) {
        body.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    }
    let mut event = json!({
        "client": events::client(&who.client),
        "request": request,
        "resource_server": {"identifier": audience},
        "secrets": {},
        "tenant": {"id": tenant.name},
        "transaction": transaction,
    });
    let organization = asked.organization.as_deref();
    if let Some(found) = organization.and_then(|id| tenant.catalog.organization(id))
        && let Some(event) = event.as_object_mut()
    {
        event.insert("organization".into(), events::organization(found));
    }
    Ok(event)
}

/// The documented answer for an exchange that the Action denied, or that failed.
fn refusal(outcome: &Outcome) -> OAuthError {
    let reason = outcome.reason.clone().unwrap_or_default();
    match (outcome.status, outcome.code.as_deref()) {
        (Status::Denied, Some("server_error")) => OAuthError::new(500, "server_error", reason),
        (Status::Denied, Some(code)) => OAuthError::new(400, code, reason),
        _ => OAuthError::new(500, "server_error", reason),
    }
}

/// Returns the organization of the login: that of the request, which the Action may repeat, or the one that the Action set.
fn organization_of(
    tenant: &Tenant,
    who: &Authenticated,
    asked: &Asked<'_>,
    set: Option<&str>,
) -> Result<Option<String>> {
    let Some(set) = set else {
        return Ok(asked.organization.clone());
    };
    let found = organization_of_action(tenant, &who.client, set)?;
    if asked.organization.is_some() && asked.organization != found {
        return Err(OAuthError::invalid_request(
            "The organization of the Action is not that of the request.",
        ));
    }
    Ok(found)
}

/// The login that follows, without its user.
fn occasion(
    call: &Call,
    who: &Authenticated,
    asked: &Asked<'_>,
    actor: Option<&Value>,
) -> Occasion {
    let mut transaction = Map::new();
    transaction.insert("subject_token_type".into(), asked.subject_token_type.into());
    let mut scope = asked.scope.clone();
    if let Some(actor) = actor {
        transaction.insert("actor".into(), actor.clone());
        // With an actor there is no refresh token.
        scope.retain(|scope| scope != "offline_access");
    }
    let mut body = call.body_map();
    body.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    Occasion {
        client: who.client.clone(),
        protocol: "oauth2-token-exchange",
        scope,
        audience: asked.audience.clone(),
        body,
        transaction,
        ..Occasion::default()
    }
}

/// The tokens, with the actor as `act` in all of them and in `/userinfo`.
fn answer(
    tenant: &Tenant,
    who: &Authenticated,
    mut grant: Grant,
    actor: Option<Value>,
) -> Result<Map<String, Value>> {
    if let Some(actor) = actor {
        for claims in [&mut grant.id_claims, &mut grant.access_claims] {
            if !claims.is_empty() {
                claims.insert("act".into(), actor.clone());
            }
        }
        let id = format!("{}/{}", grant.client_id, grant.user_id);
        let now = tenant.now_ms();
        let stored = tenant.store.get::<CustomClaims>(&id, now)?;
        let mut custom = stored.map(|stored| stored.0).unwrap_or_default();
        custom.insert("act".into(), actor);
        let entry = Entry::lasting(&id).of(&grant.user_id);
        tenant.store.put(entry, &CustomClaims(custom), now)?;
    }
    let mut body = issued(tenant, who, &grant)?;
    body.insert("issued_token_type".into(), ACCESS_TOKEN.into());
    Ok(body)
}

/// The types of subject tokens that no profile may have.
pub(crate) fn is_reserved(subject_token_type: &str) -> bool {
    let reserved = [
        "http://auth0.com",
        "https://auth0.com",
        "http://okta.com",
        "https://okta.com",
        "urn:ietf",
        "urn:auth0",
        "urn:okta",
    ];
    reserved
        .iter()
        .any(|prefix| subject_token_type.starts_with(prefix))
        || !(subject_token_type.starts_with("https://") || subject_token_type.starts_with("urn:"))
}

/// Returns a sentence for each profile of the export that production would refuse.
pub(crate) fn warnings(data: &TenantData) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for profile in &data.token_exchange_profiles {
        let name = text(profile, "name").unwrap_or("without a name");
        let Some(kind) = text(profile, "subject_token_type") else {
            warnings.push(format!(
                "the token exchange profile `{name}` has no subject_token_type"
            ));
            continue;
        };
        if is_reserved(kind) {
            warnings.push(format!(
                "the token exchange profile `{name}` has the subject_token_type `{kind}`, which production refuses: it must begin with https:// or urn: and with no reserved name"
            ));
        }
        if known.contains(&kind) {
            warnings.push(format!(
                "the token exchange profile `{name}` has the subject_token_type of another one, which is used"
            ));
        }
        known.push(kind);
    }
    warnings
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::json;

    use super::{is_reserved, warnings};

    #[test]
    fn types_of_subject_tokens() {
        for (kind, expected) in [
            ("https://legacy.example.com/session", false),
            ("urn:example:legacy", false),
            ("urn:ietf:params:oauth:token-type:jwt", true),
            ("https://auth0.com/x", true),
            ("urn:okta:x", true),
            ("http://legacy.example.com", true),
            ("legacy", true),
        ] {
            assert_eq!(is_reserved(kind), expected, "{kind}");
        }
    }

    #[test]
    fn profiles_that_production_would_refuse_are_named() {
        let data = TenantData {
            token_exchange_profiles: vec![
                json!({"name": "a", "subject_token_type": "urn:example:a"}),
                json!({"name": "b", "subject_token_type": "urn:example:a"}),
                json!({"name": "c"}),
                json!({"name": "d", "subject_token_type": "urn:ietf:x"}),
            ],
            ..TenantData::default()
        };
        let warnings = warnings(&data);
        assert_eq!(warnings.len(), 3);
        for (warning, name) in warnings.iter().zip(["`b`", "`c`", "`d`"]) {
            assert!(warning.contains(name), "{warning}");
        }
    }
}
