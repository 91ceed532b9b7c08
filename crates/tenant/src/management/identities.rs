//! `/api/v2/users/{id}/identities`: two users become one, and two again.
//!
//! <https://auth0.com/docs/manage-users/user-accounts/user-account-linking>

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::http::{Call, text};
use crate::import::{OF_THE_TENANT, complete};
use crate::oauth::userinfo::verify_id_token;
use crate::state::Tenant;
use crate::store::NewUser;
use crate::triggers::streams;

const SCOPES: &[&str] = &["update:users", "update:current_user_identities"];

/// Links a user to another one, who keeps id, attributes and metadata.
pub(super) fn link(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(SCOPES, Some(id))?;
    let body = object(call)?;
    let refuse = |message: &str| ApiError::new(400, message, "invalid_body");
    let secondary = match (body.get("link_with"), caller.has("update:users")) {
        (Some(Value::String(token)), is_machine) => {
            let client = (!is_machine).then_some(caller.access.client_id.as_str());
            verify_id_token(tenant, token, client)
                .ok_or_else(|| refuse("The token of link_with is not valid."))?
        }
        (Some(_), _) => {
            return Err(refuse(
                "Payload validation error: 'Expected type string' on property link_with.",
            ));
        }
        (None, false) => {
            return Err(refuse(
                "Payload validation error: 'Missing required property: link_with'.",
            ));
        }
        (None, true) => {
            let part = |key: &str| {
                let value = body.get(key).and_then(Value::as_str);
                value.ok_or_else(|| {
                    refuse(&format!(
                        "Payload validation error: 'Missing required property: {key}'."
                    ))
                })
            };
            let (provider, user_id) = (part("provider")?, part("user_id")?);
            match user_id.starts_with(&format!("{provider}|")) {
                true => user_id.to_owned(),
                false => format!("{provider}|{user_id}"),
            }
        }
    };
    if secondary == id {
        return Err(ApiError::new(
            400,
            "Main account and secondary account can't be the same.",
            "invalid_body",
        ));
    }
    let mut before = Value::Null;
    let linked = tenant
        .store
        .link_users(id, &secondary, |primary, secondary| {
            before.clone_from(primary);
            let mut data = secondary.as_object().cloned().unwrap_or_default();
            data.retain(|key, _| !OF_THE_TENANT.contains(&key.as_str()));
            let identities = secondary.get("identities").and_then(Value::as_array);
            let mut moved = identities.cloned().unwrap_or_default();
            if let Some(first) = moved.first_mut().and_then(Value::as_object_mut) {
                first.insert("profileData".into(), Value::Object(data));
            }
            let own = primary.get_mut("identities").and_then(Value::as_array_mut);
            if let Some(own) = own {
                own.extend(moved);
            }
        })?;
    let user = linked.ok_or_else(inexistent)?;
    streams::publish_update(tenant, &before, &user);
    Ok(Answered::Body(StatusCode::CREATED, identities_of(&user)))
}

fn identities_of(user: &Value) -> Value {
    user.get("identities").cloned().unwrap_or_else(|| json!([]))
}

/// Makes a linked identity a user of its own, without any metadata.
pub(super) fn unlink(
    tenant: &Tenant,
    caller: &Caller,
    id: &str,
    (provider, user_id): (&str, &str),
) -> Result<Answered> {
    caller.require(SCOPES, Some(id))?;
    let is_it = |identity: &Value| {
        (text(identity, "provider"), text(identity, "user_id")) == (Some(provider), Some(user_id))
    };
    let (before, user) = tenant.store.at_once(tenant.now_ms(), |store| {
    let user = store.user(id)?.ok_or_else(inexistent)?;
    let before = user.clone();
    let identities = user.get("identities").and_then(Value::as_array);
    let position = identities.and_then(|all| all.iter().position(is_it));
    let position = position
        .ok_or_else(|| ApiError::new(404, "The identity does not exist.", "inexistent_identity"))?;
    if position == 0 {
        return Err(ApiError::new(
            400,
            "Main identity can't be unlinked.",
            "invalid_uri",
        ));
    }
    let mut removed = Value::Null;
    let changed = store.change_user::<()>(id, |user| {
        let identities = user.get_mut("identities").and_then(Value::as_array_mut);
        if let Some(identities) = identities
            && let Some(position) = identities.iter().position(is_it)
        {
            removed = identities.remove(position);
        }
        Ok(None)
    })?;
    let Some(Ok(user)) = changed else {
        return Err(inexistent());
    };
    let mut profile = match removed
        .as_object_mut()
        .and_then(|it| it.shift_remove("profileData"))
    {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let connection = text(&removed, "connection").unwrap_or_default().to_owned();
    profile.insert("identities".into(), json!([removed]));
    let mut profile = Value::Object(profile);
    complete(
        &mut profile,
        &format!("{provider}|{user_id}"),
        &connection,
        provider,
        tenant.now_ms(),
    );
    let password = store.take_linked_login(&connection, &profile, id)?;
    let new = NewUser {
        connection,
        password,
        profile,
    };
    // Then the identity stays where it is: it would be lost.
    if store.insert_user(&new)?.is_err() {
        return Err(ApiError::new(
            409,
            "A user with the same id, e-mail or user name exists already, so the identity stays linked.",
            "auth0_idp_error",
        ));
    }
    Ok::<_, ApiError>((before, user))
    })?;
    streams::publish_update(tenant, &before, &user);
    ok(identities_of(&user))
}
