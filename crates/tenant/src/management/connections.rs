//! `/api/v2/connections`.
//!
//! <https://auth0.com/docs/api/management/v2/connections>

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::body::type_name;
use super::query::{only, paged, values};
use super::resources::{Kind, alone, named, new_id, unique};
use super::schema::{CONNECTION, NEW_CONNECTION, refuse};
use super::{Answered, ApiError, Caller, Result, clients, defaults, object, ok};
use crate::catalog::changes::{Edit, Section};
use crate::catalog::{Catalog, is_enabled};
use crate::http::{Call, Content, text};
use crate::state::Tenant;
use crate::triggers::streams::{self, Happened};

pub(super) const KIND: Kind = Kind {
    section: Section::Connections,
    scope: "connections",
    called: "connection",
    inexistent: "inexistent_connection",
    filters: &["name", "strategy", "strategy[]"],
    properties: &[CONNECTION],
    new: &[NEW_CONNECTION],
    required: &["name", "strategy"],
    fits,
    shown,
    complete,
    adapt,
    ends: alone,
};

fn fits(_: &Tenant, call: &Call, connection: &Value) -> bool {
    let asked = values(call, "strategy");
    let name = call.query.get("name");
    name.is_none_or(|name| text(connection, "name") == Some(name))
        && (asked.is_empty() || text(connection, "strategy").is_some_and(|it| asked.contains(&it)))
}

/// Without what an export may hold of secrets, and with ids of applications, which an export has by name.
fn shown(tenant: &Tenant, _: &Caller, connection: &Value) -> Value {
    let mut shown = connection.clone();
    if let Some(options) = shown.get_mut("options").and_then(Value::as_object_mut) {
        options.retain(|key, _| !key.contains("secret") && key != "configuration");
    }
    if let Some(shown) = shown.as_object_mut()
        && shown.contains_key("enabled_clients")
    {
        let ids = clients::ids(&tenant.catalog, connection, "enabled_clients");
        shown.insert("enabled_clients".into(), ids.into());
    }
    if let Some(shown) = shown.as_object_mut() {
        defaults::connection(tenant, connection, shown);
    }
    shown
}

fn complete(tenant: &Tenant, catalog: &Catalog, values: &mut Map<String, Value>) -> Result<()> {
    let name = named(values, "name");
    let message = "A connection with the same name already exists";
    unique(catalog, Section::Connections, ("name", name), None, message)?;
    clients::known(catalog, values, "enabled_clients")?;
    values.insert("id".into(), new_id(tenant, "con_").into());
    values.entry("options").or_insert_with(|| json!({}));
    // A new connection is for those applications alone that it names; the one that may be used by all is the export's.
    values.entry("enabled_clients").or_insert_with(|| json!([]));
    let realms = json!([named(values, "name")]);
    values.entry("realms").or_insert(realms);
    Ok(())
}

fn adapt(catalog: &Catalog, _: &Value, values: &mut Map<String, Value>) -> Result<()> {
    clients::known(catalog, values, "enabled_clients")
}

/// `DELETE /connections/{id}`, with its users; 204 for one that is gone.
pub(super) fn delete(tenant: &Arc<Tenant>, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:connections"], None)?;
    if let Some(removed) = KIND.removed(tenant, id)? {
        let name = text(&removed, "name").unwrap_or_default();
        for user in tenant.store.remove_users_of(name)? {
            streams::publish(tenant, Happened::Deleted, &user);
        }
        return Ok(Answered::Accepted);
    }
    Ok(Answered::Nothing)
}

/// `DELETE /connections/{id}/users?email=`
pub(super) fn delete_user(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["delete:users"], None)?;
    only(call, &["email"])?;
    let connection = KIND.find(&tenant.catalog, id)?;
    let email = call.query.get("email").ok_or_else(|| {
        let message = "Query validation error: 'Missing required property: email'.";
        ApiError::new(400, message, "invalid_query_string")
    })?;
    let name = text(connection, "name").unwrap_or_default();
    let user = tenant
        .store
        .user_by_login(name, email)?
        .map(|(user, _)| user);
    // One who was linked to another user is part of that one.
    let is_own = |user: &Value| {
        let of = user
            .pointer("/identities/0/connection")
            .and_then(Value::as_str);
        of == Some(name) && text(user, "email").is_some_and(|it| it.eq_ignore_ascii_case(email))
    };
    if let Some(user) = user.filter(is_own) {
        tenant
            .store
            .remove_user(text(&user, "user_id").unwrap_or_default())?;
        streams::publish(tenant, Happened::Deleted, &user);
    }
    Ok(Answered::Nothing)
}

/// `GET /connections/{id}/clients`
pub(super) fn clients_of(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:connections"], None)?;
    only(call, &[])?;
    let connection = KIND.find(&tenant.catalog, id)?;
    let enabled = tenant
        .catalog
        .clients
        .iter()
        .filter(|it| is_enabled(connection, it));
    let ids = enabled
        .map(|client| json!({"client_id": text(client, "client_id")}))
        .collect();
    let listed = paged(call, "clients", ids)?;
    // Always by checkpoint.
    ok(match listed {
        Value::Array(_) => json!({"clients": listed}),
        listed => listed,
    })
}

/// `PATCH /connections/{id}/clients`: `[{"client_id", "status"}]`
pub(super) fn change_clients(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["update:connections"], None)?;
    let Content::Json(Value::Array(changes)) = &call.content else {
        let _ = object(call)?;
        return Err(refuse("Expected type array but found type object", None));
    };
    if changes.is_empty() || changes.len() > 50 {
        return Err(refuse("The array must have 1 to 50 items", None));
    }
    let changes: Vec<(&str, bool)> = changes.iter().map(change).collect::<Result<_>>()?;
    tenant.configure(|catalog| {
        let connection = KIND.find(catalog, id)?;
        let enabled = catalog
            .clients
            .iter()
            .filter(|it| is_enabled(connection, it));
        let mut enabled: Vec<&str> = enabled.filter_map(|it| text(it, "client_id")).collect();
        for (client, status) in &changes {
            clients::KIND.find(catalog, client)?;
            enabled.retain(|known| known != client);
            if *status {
                enabled.push(client);
            }
        }
        let values = Map::from_iter([("enabled_clients".to_owned(), json!(enabled))]);
        let id = text(connection, "id").unwrap_or_default();
        Ok::<_, ApiError>(vec![Edit::set(Section::Connections, id, values)])
    })?;
    Ok(Answered::Nothing)
}

fn change(item: &Value) -> Result<(&str, bool)> {
    let client = text(item, "client_id");
    let client = client.ok_or_else(|| refuse("Missing required property: client_id", None))?;
    match item.get("status") {
        Some(Value::Bool(status)) => Ok((client, *status)),
        Some(other) => {
            let text = format!("Expected type boolean but found type {}", type_name(other));
            Err(refuse(&text, Some("status")))
        }
        None => Err(refuse("Missing required property: status", None)),
    }
}

/// The connection that a body names by its id.
pub(super) fn of<'a>(catalog: &'a Catalog, values: &Map<String, Value>) -> Result<&'a Value> {
    KIND.find(catalog, named(values, "connection_id"))
}
