//! `/api/v2/clients`: reading, and changing `client_metadata`.
//!
//! <https://auth0.com/docs/get-started/applications/configure-application-metadata>

use serde_json::{Map, Value, json};

use super::body::{merge_metadata, type_name};
use super::query::{chosen, paged};
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::http::Call;
use crate::records::ClientChange;
use crate::state::Tenant;
use crate::store::Entry;

/// Keys of `client_metadata`.
const KEYS: usize = 10;
/// Characters of a key and of a value.
const LENGTH: usize = 255;

fn inexistent() -> ApiError {
    ApiError::new(404, "The client does not exist", "inexistent_client")
}

fn shown(mut client: Value, caller: &Caller) -> Value {
    if !caller.has("read:client_keys")
        && let Some(client) = client.as_object_mut()
    {
        client.shift_remove("client_secret");
    }
    client
}

pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:clients"], None)?;
    let ids = tenant.applications().into_iter().map(|(_, id)| id);
    let mut clients = Vec::new();
    for id in ids {
        clients.extend(
            tenant
                .client(&id)?
                .map(|client| chosen(call, shown(client, caller))),
        );
    }
    ok(paged(call, "clients", clients)?)
}

pub(super) fn get(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:clients"], None)?;
    ok(shown(tenant.client(id)?.ok_or_else(inexistent)?, caller))
}

pub(super) fn update(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["update:clients"], None)?;
    let body = object(call)?;
    let refuse = |message: String| Err(ApiError::new(400, message, "invalid_body"));
    if let Some(other) = body.keys().find(|key| *key != "client_metadata") {
        return Err(ApiError::new(
            501,
            format!(
                "Changing `{other}` is not supported by the local tenant: it comes from the export."
            ),
            "not_supported_locally",
        ));
    }
    let client = tenant.client(id)?.ok_or_else(inexistent)?;
    let change = match body.get("client_metadata") {
        Some(Value::Object(change)) => change.clone(),
        Some(other) => {
            return refuse(format!(
                "Payload validation error: 'Expected type object but found type {}' on property client_metadata.",
                type_name(other)
            ));
        }
        None => Map::new(),
    };
    for (key, value) in &change {
        let text = match value {
            Value::Null => "",
            Value::String(text) => text,
            other => {
                return refuse(format!(
                    "Payload validation error: 'Expected type string but found type {}' on property client_metadata.{key}.",
                    type_name(other)
                ));
            }
        };
        if text.chars().count() > LENGTH || key.chars().count() > LENGTH {
            return refuse(format!(
                "Payload validation error: 'String is too long, maximum {LENGTH}' on property client_metadata.{key}."
            ));
        }
    }
    tenant.store.at_once(tenant.now_ms(), |store| {
        // What another request has changed meanwhile stays.
        let stored = store.get::<ClientChange>(id)?;
        let known = stored.map(|stored| stored.client_metadata);
        let known = known.or_else(|| client.get("client_metadata").cloned());
        let mut metadata = known.unwrap_or_else(|| json!({}));
        if body.contains_key("client_metadata") {
            merge_metadata(&mut metadata, &change);
        }
        let count = metadata.as_object().map_or(0, Map::len);
        if count > KEYS {
            let message = format!(
                "Payload validation error: 'Too many properties defined ({count}), maximum {KEYS}' on property client_metadata."
            );
            return Err(ApiError::new(400, message, "invalid_body"));
        }
        let changed = ClientChange {
            client_metadata: metadata,
        };
        Ok(store.put(Entry::lasting(id), &changed)?)
    })?;
    ok(shown(tenant.client(id)?.ok_or_else(inexistent)?, caller))
}
