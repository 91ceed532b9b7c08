//! The user of a custom token exchange: found or created as the Action says.
//!
//! <https://auth0.com/docs/actions/reference/custom-token-exchange/custom-token-exchange-api-object>

use std::sync::Arc;

use postlogin_core::outcome::{ExchangeUser, StoredMetadata};
use serde_json::{Map, Value, json};

use crate::clock::iso;
use crate::email::{Cause, Template, send};
use crate::http::text;
use crate::import::{changed as stored_as, complete};
use crate::oauth::run::mark_login;
use crate::oauth::{OAuthError, Result};
use crate::state::Tenant;
use crate::store::NewUser;
use crate::triggers::streams::{self, Happened};

/// Attributes of a user that is there already and that the exchange cannot change: a differing value is an error.
const FIXED: &[&str] = &[
    "email",
    "username",
    "phone_number",
    "email_verified",
    "phone_verified",
];

/// Attributes that are gone when `replace` does not give them: a partial update is not supported.
const REPLACED: &[&str] = &["family_name", "given_name", "name", "nickname", "picture"];

/// Returns the id of the user that an Action set.
pub(super) async fn resolve(
    tenant: &Arc<Tenant>,
    client: &Value,
    ip: &str,
    user: ExchangeUser,
) -> Result<String> {
    let ExchangeUser::Connection {
        connection,
        attributes,
        creates,
        replaces,
    } = user
    else {
        let ExchangeUser::Id { id } = user else {
            return Err(OAuthError::invalid_request("The Action set no user."));
        };
        return match tenant.store.user(&id)? {
            Some(_) => Ok(id),
            None => Err(OAuthError::invalid_request("The user does not exist.")),
        };
    };
    let found = tenant.catalog.connection(&connection);
    let found = found.filter(|found| crate::catalog::is_enabled(found, client));
    let found = found.ok_or_else(|| {
        let message =
            format!("The connection {connection} does not exist or is not enabled for the client.");
        OAuthError::invalid_request(message)
    })?;
    let provider = text(found, "strategy").unwrap_or("auth0");
    let bare = attributes.get("user_id").and_then(Value::as_str);
    let bare = bare.unwrap_or_default();
    let id = format!("{provider}|{bare}");
    let known = match tenant.store.user(&id)? {
        Some(user) => Some(user),
        None => tenant.store.user_by_identity(provider, bare)?,
    };
    let id = match known {
        Some(user) => {
            let id = text(&user, "user_id").unwrap_or_default().to_owned();
            update(tenant, &id, &user, &attributes, replaces)?;
            id
        }
        None if creates => {
            create(tenant, (&connection, provider), &id, &attributes).await?;
            id
        }
        None => return Err(OAuthError::invalid_request("The user does not exist.")),
    };
    // It counts as a login of the connection.
    mark_login(tenant, &id, ip)?;
    Ok(id)
}

fn update(
    tenant: &Arc<Tenant>,
    id: &str,
    user: &Value,
    attributes: &Map<String, Value>,
    replaces: bool,
) -> Result<()> {
    let differs = FIXED.iter().find(|key| {
        let given = attributes.get(**key);
        // As it is stored: a database has lower-case addresses.
        let stored = given.zip(user.as_object());
        stored.is_some_and(|(given, user)| user.get(**key) != Some(&stored_as(user, key, given)))
    });
    if let Some(key) = differs {
        let message = format!("The attribute {key} of an existing user cannot be changed.");
        return Err(OAuthError::invalid_request(message));
    }
    if !replaces {
        return Ok(());
    }
    let now = iso(tenant.now_ms());
    let _ = tenant.change_user::<()>(id, |profile| {
        if let Some(profile) = profile.as_object_mut() {
            for key in REPLACED {
                profile.shift_remove(*key);
            }
            for (key, value) in kept(attributes) {
                profile.insert(key, value);
            }
            profile.insert("updated_at".into(), now.into());
        }
        Ok(None)
    })?;
    Ok(())
}

/// Returns the attributes that become a part of the profile.
fn kept(attributes: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    let own = [
        "user_id",
        "verify_email",
        "identities",
        "created_at",
        "updated_at",
        "user_metadata",
        "app_metadata",
    ];
    let kept = attributes.iter();
    let kept = kept.filter(move |(key, value)| !own.contains(&key.as_str()) && !value.is_null());
    kept.map(|(key, value)| (key.clone(), value.clone()))
}

async fn create(
    tenant: &Arc<Tenant>,
    (connection, provider): (&str, &str),
    id: &str,
    attributes: &Map<String, Value>,
) -> Result<()> {
    if provider == "auth0" && !attributes.contains_key("email") {
        return Err(OAuthError::invalid_request(
            "A user is created with an email.",
        ));
    }
    let mut profile = Value::Object(kept(attributes).collect());
    complete(&mut profile, id, connection, provider, tenant.now_ms());
    let new = NewUser {
        connection: connection.to_owned(),
        // Production makes up a password that nobody knows.
        password: None,
        profile: profile.clone(),
    };
    if tenant.store.insert_user(&new)?.is_err() {
        return Err(OAuthError::invalid_request("The user already exists."));
    }
    let is = |key: &str, expected: bool| attributes.get(key) == Some(&Value::Bool(expected));
    if provider == "auth0" && !is("verify_email", false) && !is("email_verified", true) {
        send(tenant, Template::VerifyEmail, &profile, Cause::default()).await;
    }
    streams::publish(tenant, Happened::Created, &profile);
    Ok(())
}

/// Merges the metadata that the Action set into that of the user; `null` removes a key.
pub(super) fn merge_metadata(tenant: &Tenant, id: &str, changes: StoredMetadata) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let now = iso(tenant.now_ms());
    let _ = tenant.change_user::<()>(id, |profile| {
        if let Some(profile) = profile.as_object_mut() {
            for (key, change) in [
                ("user_metadata", changes.user_metadata),
                ("app_metadata", changes.app_metadata),
            ] {
                let stored = profile.entry(key).or_insert_with(|| json!({}));
                let Some(stored) = stored.as_object_mut() else {
                    continue;
                };
                for (name, value) in change {
                    match value {
                        Value::Null => stored.shift_remove(&name),
                        value => stored.insert(name, value),
                    };
                }
            }
            profile.insert("updated_at".into(), now.into());
        }
        Ok(None)
    })?;
    Ok(())
}
