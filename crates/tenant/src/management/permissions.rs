//! The permissions of roles and users.

use serde_json::{Value, json};

use super::query::{only, paged};
use super::roles::KIND;
use super::users::inexistent;
use super::{Answered, Caller, Result, ok};
use crate::http::{Call, text};
use crate::records::{Permission, Permissions};
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
    let role = KIND.find(&tenant.catalog, id)?;
    let permissions = permissions(tenant, role).collect();
    ok(paged(call, "permissions", permissions)?)
}

/// `GET /users/{id}/permissions`: the user's own, and those of the user's roles.
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
    let Permissions(own) = tenant.store.get(id, tenant.now_ms())?.unwrap_or_default();
    let own = own.iter().map(|it| permission(tenant, it)).collect();
    let direct = json!({"source_id": "", "source_name": "", "source_type": "DIRECT"});
    let mut sources: Vec<(Value, Vec<Value>)> = vec![(direct, own)];
    for role in tenant.role_ids(id)? {
        if let Some(role) = tenant.catalog.role(&role) {
            let source = json!({"source_id": text(role, "id"), "source_name": text(role, "name"), "source_type": "ROLE"});
            sources.push((source, permissions(tenant, role).collect()));
        }
    }
    for (source, listed) in sources {
        for mut permission in listed {
            let is_it = |known: &&mut Value| {
                ["permission_name", "resource_server_identifier"]
                    .iter()
                    .all(|key| known.get(*key) == permission.get(*key))
            };
            // One permission from two sources is one, with both.
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
    listed.into_iter().flatten().filter_map(|it| {
        let known = Permission {
            api: text(it, "resource_server_identifier")?.to_owned(),
            name: text(it, "permission_name")?.to_owned(),
        };
        Some(permission(tenant, &known))
    })
}

fn permission(tenant: &Tenant, known: &Permission) -> Value {
    let api = tenant.catalog.api(&known.api);
    let scopes = api
        .and_then(|api| api.get("scopes"))
        .and_then(Value::as_array);
    let mut scopes = scopes.into_iter().flatten();
    let scope = scopes.find(|scope| text(scope, "value") == Some(&known.name));
    json!({
        "permission_name": known.name, "description": scope.and_then(|scope| text(scope, "description")),
        "resource_server_identifier": known.api, "resource_server_name": api.and_then(|api| text(api, "name")),
    })
}
