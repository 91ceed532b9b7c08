//! Parts that the events of several triggers have.

use serde_json::{Map, Value, json};

use crate::http::{Call, text};
use crate::oauth::event::CREDENTIALS;
use crate::oauth::request::AuthRequest;
use crate::state::Tenant;

/// Returns `event.client`.
pub(crate) fn client(client: &Value) -> Value {
    let metadata = client.get("client_metadata").filter(|it| it.is_object());
    json!({
        "client_id": text(client, "client_id"), "name": text(client, "name"),
        "metadata": metadata.cloned().unwrap_or_else(|| json!({})),
    })
}

/// Returns `event.connection`.
pub(crate) fn connection(connection: &Value) -> Value {
    let metadata = connection.get("metadata").filter(|it| it.is_object());
    json!({
        "id": text(connection, "id"), "name": text(connection, "name"), "strategy": text(connection, "strategy"),
        "metadata": metadata.cloned().unwrap_or_else(|| json!({})),
    })
}

/// Returns `event.organization`.
pub(crate) fn organization(found: &Value) -> Value {
    json!({
        "id": text(found, "id"), "name": text(found, "name"), "display_name": text(found, "display_name"),
        "metadata": found.get("metadata").cloned().unwrap_or_else(|| json!({})),
    })
}

/// Returns `event.request` without its parameters.
pub(crate) fn request(tenant: &Tenant, call: &Call) -> Value {
    crate::oauth::event::request(tenant, call)
}

/// Returns `event.request` with the body, without credentials in it.
pub(crate) fn request_with_body(tenant: &Tenant, call: &Call) -> Value {
    let mut body = call.body_map();
    body.retain(|key, _| !CREDENTIALS.contains(&key.as_str()));
    let mut request = request(tenant, call);
    if let Some(request) = request.as_object_mut() {
        request.insert("body".into(), Value::Object(body));
    }
    request
}

/// Returns the profile of a user as events have it: without what the tenant alone knows.
pub(crate) fn user(user: &Value, hidden: &[&str]) -> Value {
    let factors = crate::oauth::event::multifactor(user);
    let mut user = user.clone();
    if let Some(user) = user.as_object_mut() {
        if factors.as_array().is_some_and(|list| !list.is_empty()) {
            user.insert("multifactor".into(), factors);
        }
        for key in [
            "logins_count",
            "last_ip",
            "last_login",
            "blocked",
            "multifactor_last_modified",
        ] {
            user.shift_remove(key);
        }
        for key in hidden {
            user.shift_remove(*key);
        }
    }
    user
}

/// Returns `event.transaction` of a request to `/authorize`.
pub(crate) fn transaction(request: &AuthRequest, locale: String) -> Value {
    let mut transaction = Map::new();
    let mut put = |key: &str, value: Value| {
        transaction.insert(key.to_owned(), value);
    };
    put("acr_values", json!(request.acr_values));
    put("locale", locale.into());
    put("prompt", json!(request.prompt));
    put("protocol", json!(request.protocol()));
    put("redirect_uri", json!(request.redirect_uri));
    put("requested_scopes", json!(request.scope));
    put("response_type", json!(request.response_type));
    put("ui_locales", json!(request.ui_locales));
    if let Some(state) = &request.state {
        put("state", json!(state));
    }
    if let Some(hint) = &request.login_hint {
        put("login_hint", json!(hint));
    }
    Value::Object(transaction)
}
