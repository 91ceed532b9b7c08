//! `/api/v2/clients`: reading, and changing `client_metadata`.
//!
//! <https://auth0.com/docs/get-started/applications/configure-application-metadata>

use serde_json::{Map, Value, json};

use super::body::{merge_metadata, type_name};
use super::query::{chosen, only, paged, values};
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::http::{Call, text};
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
    only(
        call,
        &["app_type", "is_first_party", "is_global", "client_ids", "q"],
    )?;
    if call.query.get("q").is_some() {
        let message = "Query validation error: the local tenant has no search of clients (q).";
        return Err(ApiError::new(400, message, "invalid_query_string"));
    }
    let ids = tenant.applications().into_iter().map(|(_, id)| id);
    let mut clients = Vec::new();
    for id in ids {
        let client = tenant.client(&id)?;
        let client = client.filter(|client| is_asked_for(call, client));
        clients.extend(client.map(|client| chosen(call, shown(client, caller))));
    }
    ok(paged(call, "clients", clients)?)
}

/// Whether an application fits the filters of a request.
fn is_asked_for(call: &Call, client: &Value) -> bool {
    let is_one_of = |parameter: &str, key: &str| {
        let asked = values(call, parameter);
        asked.is_empty() || text(client, key).is_some_and(|it| asked.contains(&it))
    };
    // Without the key an application is one of the tenant's own, and never the global one.
    let is = |key: &str, default: bool| {
        let own = client.get(key).and_then(Value::as_bool).unwrap_or(default);
        let asked = call.query.get(key);
        asked.is_none_or(|asked| asked == if own { "true" } else { "false" })
    };
    is_one_of("app_type", "app_type")
        && is_one_of("client_ids", "client_id")
        && is("is_first_party", true)
        && is("is_global", false)
}

pub(super) fn get(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:clients"], None)?;
    only(call, &[])?;
    let client = tenant.client(id)?.ok_or_else(inexistent)?;
    ok(chosen(call, shown(client, caller)))
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
        let given = match value {
            Value::Null => "",
            Value::String(given) => given,
            other => {
                return refuse(format!(
                    "Payload validation error: 'Expected type string but found type {}' on property client_metadata.{key}.",
                    type_name(other)
                ));
            }
        };
        if given.chars().count() > LENGTH || key.chars().count() > LENGTH {
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
