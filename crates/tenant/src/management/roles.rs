//! `/api/v2/roles`, with their permissions and users.
//!
//! <https://auth0.com/docs/api/management/v2/roles>

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::query::{only, paged};
use super::resources::{Kind, alone, named, new_id, unique};
use super::schema::{ROLE, refuse};
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::catalog::Catalog;
use crate::catalog::changes::{Edit, Section};
use crate::http::{Call, text, texts};
use crate::records::{Permission, Permissions, Roles};
use crate::state::Tenant;
use crate::store::Entry;

pub(super) const KIND: Kind = Kind {
    section: Section::Roles,
    scope: "roles",
    called: "role",
    inexistent: "inexistent_role",
    filters: &["name_filter"],
    properties: &[ROLE],
    new: &[],
    required: &["name"],
    fits,
    shown,
    complete,
    adapt,
    ends: alone,
};

/// Without its permissions, which are a list of their own.
pub(super) fn shown(_: &Tenant, _: &Caller, role: &Value) -> Value {
    json!({"id": text(role, "id"), "name": text(role, "name"), "description": text(role, "description")})
}

/// Any part of the name, whatever the case.
fn fits(_: &Tenant, call: &Call, role: &Value) -> bool {
    call.query.get("name_filter").is_none_or(|part| {
        let name = text(role, "name").unwrap_or_default();
        name.to_lowercase().contains(&part.to_lowercase())
    })
}

const TAKEN: &str = "A role with the same name already exists.";

fn complete(tenant: &Tenant, catalog: &Catalog, values: &mut Map<String, Value>) -> Result<()> {
    unique(
        catalog,
        Section::Roles,
        ("name", named(values, "name")),
        None,
        TAKEN,
    )?;
    values.insert("id".into(), new_id(tenant, "rol_").into());
    Ok(())
}

fn adapt(catalog: &Catalog, role: &Value, values: &mut Map<String, Value>) -> Result<()> {
    match values.get("name") {
        None => Ok(()),
        Some(Value::String(name)) => unique(
            catalog,
            Section::Roles,
            ("name", name),
            text(role, "id"),
            TAKEN,
        ),
        Some(_) => Err(refuse(
            "Expected type string but found type null",
            Some("name"),
        )),
    }
}

/// The permissions that a body lists, each one of an API.
fn asked(catalog: &Catalog, call: &Call, is_new: bool) -> Result<Vec<Permission>> {
    let body = object(call)?;
    let listed = body.get("permissions").and_then(Value::as_array);
    let listed = listed.filter(|listed| !listed.is_empty() && listed.len() <= 1_000);
    let missing = || refuse("Missing required property: permissions", None);
    let mut asked = Vec::new();
    for item in listed.ok_or_else(missing)? {
        let part = |key: &str| {
            text(item, key)
                .ok_or_else(|| refuse(&format!("Missing required property: {key}"), None))
        };
        let (api, name) = (
            part("resource_server_identifier")?,
            part("permission_name")?,
        );
        let scopes = catalog
            .api(api)
            .and_then(|api| api.get("scopes"))
            .and_then(Value::as_array);
        let mut scopes = scopes.into_iter().flatten();
        if is_new && !scopes.any(|scope| text(scope, "value") == Some(name)) {
            let message = format!("The permission {name} of {api} does not exist.");
            return Err(ApiError::new(404, message, "inexistent_permission"));
        }
        let permission = Permission {
            api: api.to_owned(),
            name: name.to_owned(),
        };
        // Permissions are a set.
        if !asked.contains(&permission) {
            asked.push(permission);
        }
    }
    Ok(asked)
}

/// Adds permissions to others, or takes them away.
fn changed(known: &mut Vec<Permission>, asked: &[Permission], adds: bool) {
    known.retain(|it| !asked.contains(it));
    if adds {
        known.extend_from_slice(asked);
    }
}

/// `POST, DELETE /roles/{id}/permissions`
pub(super) fn change_permissions(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["update:roles"], None)?;
    let adds = call.method == Method::POST;
    tenant.configure(|catalog| {
        let role = KIND.find(catalog, id)?;
        let known = role.get("permissions").cloned().unwrap_or_default();
        let mut known: Vec<Permission> = serde_json::from_value(known).unwrap_or_default();
        changed(&mut known, &asked(catalog, call, adds)?, adds);
        let values = Map::from_iter([("permissions".to_owned(), json!(known))]);
        Ok::<_, ApiError>(vec![Edit::set(Section::Roles, id, values)])
    })?;
    let status = match adds {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok(Answered::Body(status, json!({})))
}

/// `POST, DELETE /users/{id}/permissions`: those that a user has without a role.
pub(super) fn change_permissions_of_user(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["update:users"], None)?;
    let adds = call.method == Method::POST;
    let asked = asked(&tenant.catalog, call, adds)?;
    tenant.store.at_once(tenant.now_ms(), |store| {
        store.user(id)?.ok_or_else(inexistent)?;
        let Permissions(mut known) = store.get(id)?.unwrap_or_default();
        changed(&mut known, &asked, adds);
        store.put(Entry::lasting(id).of(id), &Permissions(known))?;
        Ok::<_, ApiError>(())
    })?;
    Ok(match adds {
        true => Answered::Body(StatusCode::CREATED, json!({})),
        false => Answered::Nothing,
    })
}

/// `GET /roles/{id}/users`
pub(super) fn users(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:users", "read:role_members"], None)?;
    only(call, &[])?;
    let role = KIND.find(&tenant.catalog, id)?;
    let id = text(role, "id").unwrap_or_default();
    let mut shown = Vec::new();
    for (user_id, Roles(roles)) in tenant.store.list::<Roles>(None, tenant.now_ms())? {
        if roles.iter().any(|known| known == id)
            && let Some(user) = tenant.store.user(&user_id)?
        {
            shown.push(super::members::brief(&user));
        }
    }
    ok(paged(call, "users", shown)?)
}

/// `POST /roles/{id}/users`
pub(super) fn assign(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["create:role_members", "update:roles"], None)?;
    let role = KIND.find(&tenant.catalog, id)?;
    let role = text(role, "id").unwrap_or_default();
    let body = Value::Object(object(call)?.clone());
    let users: Vec<&str> = texts(&body, "users").collect();
    if users.is_empty() {
        return Err(refuse("Missing required property: users", None));
    }
    tenant.store.at_once(tenant.now_ms(), |store| {
        for user in &users {
            store.user(user)?.ok_or_else(inexistent)?;
            let Roles(mut ids) = store.get(user)?.unwrap_or_default();
            if !ids.iter().any(|known| known == role) {
                ids.push(role.to_owned());
                store.put(Entry::lasting(user).of(user), &Roles(ids))?;
            }
        }
        Ok::<_, ApiError>(())
    })?;
    Ok(Answered::Body(StatusCode::OK, json!({})))
}
