//! `/api/v2/users`.
//!
//! <https://auth0.com/docs/api/management/v2/users>

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::body::{check, merge_metadata};
use super::query::{chosen, only};
use super::rules;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::clock::iso;
use crate::email::{Cause, Template, is_on, send};
use crate::http::{Call, text};
use crate::identities::Linked;
use crate::import::{changed, complete};
use crate::oauth::event::multifactor;
use crate::password;
use crate::records::{Authenticator, Session};
use crate::signup::history::Earlier;
use crate::signup::identifiers;
use crate::state::Tenant;
use crate::store::{ChangeError, NewUser};
use crate::triggers::password as password_trigger;
use crate::triggers::registration::{self, Creation};
use crate::triggers::streams::{self, Happened};

mod listing;

pub(super) use listing::{by_email, list};

pub(super) fn inexistent() -> ApiError {
    ApiError::new(404, "The user does not exist.", "inexistent_user")
}

pub(super) fn exists() -> ApiError {
    ApiError::new(409, "The user already exists.", "auth0_idp_error")
}

/// A profile as the API shows it.
fn shown(mut user: Value, caller: &Caller) -> Value {
    if !caller.has("read:user_idp_tokens") {
        let identities = user.get_mut("identities").and_then(Value::as_array_mut);
        for identity in identities
            .into_iter()
            .flatten()
            .filter_map(Value::as_object_mut)
        {
            identity.shift_remove("access_token");
            identity.shift_remove("refresh_token");
        }
    }
    let factors = multifactor(&user);
    let is_enrolled = factors.as_array().is_some_and(|list| !list.is_empty());
    if let Some(user) = user.as_object_mut().filter(|_| is_enrolled) {
        user.insert("multifactor".into(), factors);
    }
    user
}

pub(super) fn get(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:users", "read:current_user"], Some(id))?;
    only(call, &[])?;
    let user = tenant.store.user(id)?.ok_or_else(inexistent)?;
    ok(chosen(call, shown(user, caller)))
}

/// Hashes a password on a thread that may block.
async fn hashed(tenant: &Arc<Tenant>, secret: Option<&str>) -> Option<String> {
    let secret = secret?.to_owned();
    let tenant = Arc::clone(tenant);
    tokio::task::spawn_blocking(move || password::hash(&secret, &tenant.randomness))
        .await
        .ok()
        .flatten()
}

/// The answer for a user whom an Action of pre-user-registration refuses. Production's text is not public.
const REFUSED: &str = "The user was refused by an Action of pre-user-registration.";

pub(super) async fn create(tenant: &Arc<Tenant>, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["create:users"], None)?;
    let body = object(call)?;
    check(body, true)?;
    rules::known_client(tenant, body)?;
    let connection = body
        .get("connection")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(found) = tenant.catalog.connection(connection) else {
        return Err(ApiError::new(
            400,
            "Connection does not exist.",
            "inexistent_connection",
        ));
    };
    let is_database = text(found, "strategy") == Some("auth0");
    if !registration::is_registered(found) {
        // "Create a new user for a given database or passwordless connection"; the text is ours.
        let strategy = text(found, "strategy").unwrap_or_default();
        let message = format!(
            "Users of a connection of {strategy} are made by their logins: connection must be a database or a passwordless one."
        );
        return Err(ApiError::new(400, message, "operation_not_supported"));
    }
    let secret = body.get("password").and_then(Value::as_str);
    let lacks = match secret {
        None => Some("password"),
        // Without flexible identifiers, a user name does not replace the address.
        Some(_) if !identifiers::are_flexible(found) => {
            let lacks = |key: &str| !body.get(key).is_some_and(Value::is_string);
            let named = found.pointer("/options/requires_username") == Some(&Value::Bool(true));
            match lacks("email") {
                true => Some("email"),
                false => (named && lacks("username")).then_some("username"),
            }
        }
        Some(_) => identifiers::missing(found, body),
    };
    if let Some(missing) = lacks.filter(|_| is_database) {
        return Err(ApiError::new(
            400,
            format!("Payload validation error: 'Missing required property: {missing}'."),
            "invalid_body",
        ));
    }
    rules::of_connection(found, body)?;
    if is_database {
        rules::of_password(found, body, &Value::Object(body.clone()))?;
    }
    rules::of_passwordless(tenant, found, body)?;
    let phone = body.get("phone_number").and_then(Value::as_str);
    if is_database && identifiers::is_phone_taken(tenant, found, phone, None)? {
        return Err(exists());
    }
    let provider = text(found, "strategy").unwrap_or("auth0");
    let bare = body
        .get("user_id")
        .and_then(Value::as_str)
        .map_or_else(|| tenant.randomness.hex_id(), str::to_owned);
    let mut profile = body.clone();
    for key in [
        "password",
        "connection",
        "verify_email",
        "verify_phone_number",
        "client_id",
        "user_id",
    ] {
        profile.shift_remove(key);
    }
    let mut profile = Value::Object(profile);
    let client = match body.get("client_id").and_then(Value::as_str) {
        Some(id) => tenant.client(id)?,
        None => None,
    };
    let creation = Creation {
        call,
        connection: found,
        client: client.as_ref(),
        transaction: None,
    };
    let bare = match registration::before(tenant, &creation, &mut profile).await {
        Ok(Ok(chosen)) => chosen.unwrap_or(bare),
        // Production shows nothing of the Action here.
        Ok(Err(_)) => return Err(ApiError::new(400, REFUSED, "extensibility_error")),
        Err(error) => return Err(ApiError::new(500, error.description, "internal_error")),
    };
    let id = format!("{provider}|{bare}");
    complete(&mut profile, &id, connection, provider, tenant.now_ms());
    let user = NewUser {
        connection: connection.to_owned(),
        password: hashed(tenant, secret).await,
        profile: profile.clone(),
    };
    if tenant.store.insert_user(&user)?.is_err() {
        return Err(exists());
    }
    let verified = body.get("email_verified") == Some(&Value::Bool(true));
    let cause = Cause {
        call: Some(call),
        ..Cause::default()
    };
    if body
        .get("verify_email")
        .and_then(Value::as_bool)
        .unwrap_or(!verified)
    {
        send(tenant, Template::VerifyEmail, &profile, cause).await;
    }
    // The welcome follows the verification, see https://community.auth0.com/t/194141.
    if is_database && (verified || !is_on(tenant, Template::VerifyEmail)) {
        send(tenant, Template::Welcome, &profile, cause).await;
    }
    registration::after(tenant, &creation, &profile);
    streams::publish(tenant, Happened::Created, &profile);
    Ok(Answered::Body(StatusCode::CREATED, shown(profile, caller)))
}

pub(super) async fn update(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    let scopes = [
        "update:users",
        "update:users_app_metadata",
        "update:current_user_metadata",
    ];
    let own_metadata = [
        "update:current_user_metadata",
        "create:current_user_metadata",
        "delete:current_user_metadata",
    ];
    let own = id == caller.access.sub && own_metadata.iter().any(|scope| caller.has(scope));
    if !own {
        caller.require(&scopes, Some(id))?;
    }
    let body = object(call)?;
    check(body, false)?;
    if !caller.has("update:users") {
        only_metadata(body, caller)?;
    }
    if body.is_empty() {
        return Err(ApiError::new(
            400,
            "Payload validation error: 'Too few properties defined (0), minimum 1'.",
            "invalid_body",
        ));
    }
    rules::of_change(tenant, body, id)?;
    let secret = body.get("password").and_then(Value::as_str);
    let earlier = earlier(tenant, id, body)?;
    if let (Some(earlier), Some(secret)) = (&earlier, secret)
        && earlier.has(secret).await
    {
        let message = "PasswordHistoryError: Password has previously been used";
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    let password = hashed(tenant, secret).await;
    let now = iso(tenant.now_ms());
    let ends_sessions =
        body.contains_key("password") || body.get("blocked") == Some(&Value::Bool(true));
    let named = body.get("connection").and_then(Value::as_str);
    let taken = || {
        let key = match body.contains_key("username") {
            true => "username",
            false => "email",
        };
        let message = format!("The specified new {key} already exists");
        ApiError::new(400, message, "auth0_idp_error")
    };
    let (before, profile, linked) = tenant.store.at_once(tenant.now_ms(), |store| {
        let user = store.user(id)?.ok_or_else(inexistent)?;
        let linked = named.and_then(|named| Linked::of(&user, named));
        let mut change = body.clone();
        let (own, of_linked) = match linked {
            None => (password, None),
            Some(_) => (None, password),
        };
        let changed = store.change_user::<ApiError>(id, |profile| {
            if let Some(linked) = linked {
                linked.change(profile, &mut change);
            }
            apply(profile, &change, &now);
            if own.is_some()
                && let Some(profile) = profile.as_object_mut()
            {
                profile.insert("last_password_reset".into(), now.clone().into());
            }
            Ok(own)
        })?;
        let profile = match changed.ok_or_else(inexistent)? {
            Ok(profile) => profile,
            Err(ChangeError::Refused(error)) => return Err(error),
            Err(ChangeError::Conflict) => return Err(taken()),
        };
        if let Some(linked) = linked.filter(|it| it.is_of_a_database(&profile)) {
            let profiles = (&linked.profile(&user), &linked.profile(&profile));
            let connection = linked.connection(&profile);
            if !store.change_linked_login(id, connection, profiles, of_linked)? {
                return Err(taken());
            }
        }
        if ends_sessions {
            store.remove_owned::<Session>(id)?;
        }
        if let Some(earlier) = &earlier {
            earlier.keep(store)?;
        }
        Ok::<_, ApiError>((user, profile, linked))
    })?;
    if body.contains_key("password") {
        password_trigger::changed(tenant, call, &profile, named);
    }
    if body.get("verify_email") == Some(&Value::Bool(true)) {
        let user = linked.map_or_else(|| profile.clone(), |linked| linked.addressed(&profile));
        let cause = Cause {
            client_id: body.get("client_id").and_then(Value::as_str),
            call: Some(call),
            ..Cause::default()
        };
        send(tenant, Template::VerifyEmail, &user, cause).await;
    }
    streams::publish_update(tenant, &before, &profile);
    ok(shown(profile, caller))
}

/// The earlier passwords of the user or the linked identity whose password a change sets.
fn earlier(tenant: &Tenant, id: &str, body: &Map<String, Value>) -> Result<Option<Earlier>> {
    if !body.contains_key("password") {
        return Ok(None);
    }
    let Some(user) = tenant.store.user(id)? else {
        return Ok(None);
    };
    let named = body.get("connection").and_then(Value::as_str);
    let linked = named.and_then(|named| Linked::of(&user, named));
    let connection = crate::oauth::event::connection(tenant, &user, named);
    Ok(Earlier::of(tenant, &connection, &user, linked)?)
}

/// Without `update:users`, metadata may be changed and nothing else; by the user alone, only `user_metadata`.
fn only_metadata(body: &Map<String, Value>, caller: &Caller) -> Result<()> {
    let machine = caller.has("update:users_app_metadata");
    let allowed: &[&str] = if machine {
        &["app_metadata", "user_metadata"]
    } else {
        &["user_metadata"]
    };
    let refused: Vec<&str> = body
        .keys()
        .map(String::as_str)
        .filter(|key| !allowed.contains(key))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let message = format!(
        "You cannot update the following fields: {}",
        refused.join(", ")
    );
    Err(ApiError::new(403, message, "insufficient_scope"))
}

fn apply(profile: &mut Value, body: &Map<String, Value>, now: &str) {
    let Some(profile) = profile.as_object_mut() else {
        return;
    };
    for (key, value) in body {
        match (key.as_str(), value) {
            (
                "password" | "connection" | "client_id" | "verify_email" | "verify_phone_number",
                _,
            ) => {}
            ("user_metadata" | "app_metadata", Value::Object(change)) => {
                merge_metadata(
                    profile.entry(key.clone()).or_insert_with(|| json!({})),
                    change,
                );
            }
            (_, Value::Null) => {
                profile.shift_remove(key);
            }
            _ => {
                let stored = changed(profile, key, value);
                profile.insert(key.clone(), stored);
            }
        }
    }
    if body.contains_key("email") && !body.contains_key("email_verified") {
        profile.insert("email_verified".into(), false.into());
    }
    profile.insert("updated_at".into(), now.into());
}

/// 204 also for a user who is not there, as production answers.
pub(super) fn delete(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["delete:users"], None)?;
    let user = tenant.store.user(id)?;
    tenant.store.remove_user(id)?;
    if let Some(user) = user {
        streams::publish(tenant, Happened::Deleted, &user);
        super::happenings::of_user(tenant, call, "sdu", &user);
    }
    Ok(Answered::Nothing)
}

pub(super) fn delete_multifactor(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
    provider: &str,
) -> Result<Answered> {
    caller.require(&["update:users"], None)?;
    if !matches!(provider, "duo" | "google-authenticator" | "guardian") {
        let message = format!(
            "Path validation error: 'No enum match for: {provider}' on property provider (The multi-factor provider)."
        );
        return Err(ApiError::new(400, message, "invalid_uri"));
    }
    let now = iso(tenant.now_ms());
    let mut before = Value::Null;
    let user = tenant.store.at_once(tenant.now_ms(), |store| {
        let changed = store.change_user::<()>(id, |profile| {
            before.clone_from(profile);
            if let Some(profile) = profile.as_object_mut() {
                if let Some(list) = profile.get_mut("multifactor").and_then(Value::as_array_mut) {
                    list.retain(|known| known.as_str() != Some(provider));
                }
                if let Some(list) = profile
                    .get_mut("enrolledFactors")
                    .and_then(Value::as_array_mut)
                    .filter(|_| provider != "duo")
                {
                    list.retain(|factor| {
                        !matches!(text(factor, "type"), Some("otp" | "push-notification"))
                    });
                }
                profile.insert("multifactor_last_modified".into(), now.into());
            }
            Ok(None)
        })?;
        if provider != "duo" {
            store.remove_owned::<Authenticator>(id)?;
        }
        let changed = changed.and_then(std::result::Result::ok);
        changed.ok_or_else(inexistent)
    })?;
    streams::publish_update(tenant, &before, &user);
    Ok(Answered::Nothing)
}
