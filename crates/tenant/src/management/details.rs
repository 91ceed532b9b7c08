//! The roles, organizations and client grants of the export, in the shapes of their own endpoints.

use serde_json::{Value, json};

use super::lists::not_found;
use super::query::{only, paged, values};
use super::users::inexistent;
use super::{Answered, Caller, Result, ok};
use crate::http::{Call, text};
use crate::state::Tenant;

/// `GET /roles/{id}/permissions`
pub(super) fn permissions_of_role(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:roles"], None)?;
    only(call, &[])?;
    let role = tenant.catalog.role(id).ok_or_else(|| not_found("role"))?;
    let permissions = permissions(tenant, role).collect();
    ok(paged(call, "permissions", permissions)?)
}

/// `GET /users/{id}/permissions`: those of the user's roles. None is given to users themselves.
pub(super) fn permissions_of_user(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    only(call, &[])?;
    tenant.store.user(id)?.ok_or_else(inexistent)?;
    let mut found: Vec<Value> = Vec::new();
    for role in tenant.role_ids(id)? {
        let Some(role) = tenant.catalog.role(&role) else {
            continue;
        };
        let source = json!({"source_id": text(role, "id"), "source_name": text(role, "name"), "source_type": "ROLE"});
        for mut permission in permissions(tenant, role) {
            let is_it = |known: &&mut Value| {
                ["permission_name", "resource_server_identifier"]
                    .iter()
                    .all(|key| known.get(*key) == permission.get(*key))
            };
            // One permission of two roles is one, with two sources.
            let sources = match found.iter_mut().find(is_it) {
                Some(known) => known.get_mut("sources"),
                None => {
                    permission["sources"] = json!([]);
                    found.push(permission);
                    found.last_mut().and_then(|it| it.get_mut("sources"))
                }
            };
            if let Some(sources) = sources.and_then(Value::as_array_mut) {
                sources.push(source.clone());
            }
        }
    }
    ok(paged(call, "permissions", found)?)
}

/// The permissions of a role, with what their APIs say of them.
fn permissions<'a>(tenant: &'a Tenant, role: &'a Value) -> impl Iterator<Item = Value> + 'a {
    let listed = role.get("permissions").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(|permission| {
        let name = text(permission, "permission_name")?;
        let identifier = text(permission, "resource_server_identifier")?;
        let api = tenant.catalog.api(identifier);
        let scopes = api.and_then(|api| api.get("scopes")).and_then(Value::as_array);
        let scope = scopes
            .into_iter()
            .flatten()
            .find(|scope| text(scope, "value") == Some(name));
        Some(json!({
            "permission_name": name, "description": scope.and_then(|scope| text(scope, "description")),
            "resource_server_identifier": identifier,
            "resource_server_name": api.and_then(|api| text(api, "name")),
        }))
    })
}

/// `GET /organizations/name/{name}`
pub(super) fn organization_named(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    name: &str,
) -> Result<Answered> {
    caller.require(&["read:organizations"], None)?;
    only(call, &[])?;
    let mut all = tenant.catalog.organizations.iter();
    let found = all.find(|it| text(it, "name") == Some(name));
    ok(found.ok_or_else(|| not_found("organization"))?.clone())
}

/// `GET /organizations/{id}/enabled_connections`
pub(super) fn enabled_connections(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:organization_connections"], None)?;
    only(call, &[])?;
    let organization = tenant.catalog.organization(id);
    let organization = organization.ok_or_else(|| not_found("organization"))?;
    let listed = organization.get("connections").and_then(Value::as_array);
    let shown = listed.into_iter().flatten().filter_map(|enabled| {
        let connection = tenant.catalog.connection(text(enabled, "name")?)?;
        let flag = |key: &str| enabled.get(key).and_then(Value::as_bool).unwrap_or(false);
        Some(json!({
            "connection_id": text(connection, "id"),
            "assign_membership_on_login": flag("assign_membership_on_login"),
            "connection": {"name": text(connection, "name"), "strategy": text(connection, "strategy")},
        }))
    });
    ok(paged(call, "enabled_connections", shown.collect())?)
}

/// `GET /client-grants`, with the ids of applications.
pub(super) fn client_grants(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:client_grants"], None)?;
    only(call, &["audience", "client_id", "subject_type"])?;
    let grants = tenant.catalog.client_grants.iter().map(|grant| {
        let mut shown = grant.clone();
        let mut clients = tenant.catalog.clients.iter();
        let client = clients.find(|client| crate::catalog::is_of_client(grant, client));
        if let (Some(shown), Some(client)) = (shown.as_object_mut(), client) {
            shown.shift_remove("client_name");
            shown.insert("client_id".into(), json!(text(client, "client_id")));
        }
        shown
    });
    let fits = |grant: &Value| {
        ["audience", "client_id", "subject_type"].iter().all(|key| {
            let asked = values(call, key);
            asked.is_empty() || text(grant, key).is_some_and(|it| asked.contains(&it))
        })
    };
    ok(paged(call, "client_grants", grants.filter(fits).collect())?)
}
