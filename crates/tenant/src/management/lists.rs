//! The roles and organizations of a user.

use serde_json::Value;

use super::query::{only, paged};
use super::roles;
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::http::{Call, text, texts};
use crate::records::Roles;
use crate::state::Tenant;
use crate::store::Entry;

fn require_user(tenant: &Tenant, id: &str) -> Result<()> {
    tenant.store.user(id)?.map(|_| ()).ok_or_else(inexistent)
}

pub(super) fn roles_of(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:users", "read:roles", "read:role_members"], None)?;
    only(call, &[])?;
    require_user(tenant, id)?;
    let ids = tenant.role_ids(id)?;
    let roles = ids.iter().filter_map(|id| tenant.catalog.role(id));
    let roles = roles
        .map(|role| roles::shown(tenant, caller, role))
        .collect();
    ok(paged(call, "roles", roles)?)
}

pub(super) fn change_roles(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(
        &["update:users", "create:role_members", "delete:role_members"],
        None,
    )?;
    require_user(tenant, id)?;
    let body = Value::Object(object(call)?.clone());
    let mut asked = Vec::new();
    for named in texts(&body, "roles") {
        let role = tenant.catalog.role(named).and_then(|role| text(role, "id"));
        let role = role.ok_or_else(|| roles::KIND.not_found())?.to_owned();
        if !asked.contains(&role) {
            asked.push(role);
        }
    }
    if asked.is_empty() {
        return Err(ApiError::new(
            400,
            "Payload validation error: 'Missing required property: roles'.",
            "invalid_body",
        ));
    }
    tenant.store.at_once(tenant.now_ms(), |store| {
        store.user(id)?.ok_or_else(inexistent)?;
        let Roles(mut ids) = store.get(id)?.unwrap_or_default();
        ids.retain(|known| !asked.contains(known));
        if call.method == axum::http::Method::POST {
            ids.extend(asked);
        }
        store.put(Entry::lasting(id).of(id), &Roles(ids))?;
        Ok(Answered::Nothing)
    })
}

pub(super) fn organizations_of(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:organizations"], None)?;
    only(call, &[])?;
    require_user(tenant, id)?;
    let mut found = Vec::new();
    for organization in &tenant.catalog.organizations {
        if tenant.is_member(text(organization, "id").unwrap_or_default(), id)? {
            found.push((super::organizations::KIND.shown)(
                tenant,
                caller,
                organization,
            ));
        }
    }
    ok(paged(call, "organizations", found)?)
}
