//! Who belongs to an organization, and with which roles.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/assign-members>

use axum::http::Method;
use serde_json::{Value, json};

use super::query::{Page, chosen, only, paged};
use super::schema::refuse;
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok, organizations, roles};
use crate::http::{Call, text, texts};
use crate::records::{Member, MemberRoles};
use crate::state::Tenant;
use crate::store::Entry;
use crate::triggers::configured::{Membership, publish_member};

/// A user as lists of members have it.
pub(super) fn brief(user: &Value) -> Value {
    json!({"user_id": user.get("user_id"), "email": user.get("email"), "picture": user.get("picture"), "name": user.get("name")})
}

/// The id of an organization, which may be named by its name, too.
fn organization<'a>(tenant: &'a Tenant, named: &str) -> Result<&'a str> {
    let found = tenant.catalog.organization(named);
    let found = found.ok_or_else(|| organizations::KIND.not_found())?;
    Ok(text(found, "id").unwrap_or_default())
}

/// `GET /organizations/{id}/members`; with `fields=roles`, their roles, too.
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:organization_members"], None)?;
    only(call, &[])?;
    let id = organization(tenant, id)?;
    let with_roles = call.query.get("include_fields") != Some("false")
        && call
            .query
            .get("fields")
            .is_some_and(|fields| fields.split(',').any(|it| it.trim() == "roles"));
    if with_roles {
        caller.require(&["read:organization_member_roles"], None)?;
    }
    let shown = |user: &Value| -> Result<Value> {
        let mut member = brief(user);
        if with_roles {
            let user_id = text(user, "user_id").unwrap_or_default();
            let roles = shown_roles(tenant, caller, id, user_id)?;
            let brief = roles
                .iter()
                .map(|role| json!({"id": role.get("id"), "name": role.get("name")}));
            member["roles"] = brief.collect();
        }
        Ok(chosen(call, member))
    };
    if call.query.get("take").is_some() || call.query.get("from").is_some() {
        let (_, users) = tenant.store.member_page(id, 0, usize::MAX)?;
        let members = users.iter().map(shown).collect::<Result<Vec<_>>>()?;
        return ok(paged(call, "members", members)?);
    }
    let page = Page::of(call)?;
    let (total, users) = tenant.store.member_page(id, page.start, page.count)?;
    let members = users.iter().map(shown).collect::<Result<Vec<_>>>()?;
    ok(page.answer("members", members, total))
}

/// `POST, DELETE /organizations/{id}/members`
pub(super) fn change(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    let adds = call.method == Method::POST;
    caller.require(
        &[match adds {
            true => "create:organization_members",
            false => "delete:organization_members",
        }],
        None,
    )?;
    let id = organization(tenant, id)?;
    let body = Value::Object(object(call)?.clone());
    let named: Vec<&str> = texts(&body, "members").collect();
    if named.is_empty() {
        return Err(refuse("Missing required property: members", None));
    }
    let changed = tenant.store.at_once(tenant.now_ms(), |store| {
        let mut changed = Vec::new();
        for user in named {
            store.user(user)?.ok_or_else(inexistent)?;
            let key = format!("{id}/{user}");
            if store.get::<Member>(&key)?.is_none() == adds {
                changed.push(user);
            }
            match adds {
                true => store.put(Entry::lasting(&key).of(user), &Member {})?,
                false => {
                    store.remove::<Member>(&key)?;
                    store.remove::<MemberRoles>(&key)?;
                }
            }
        }
        Ok::<_, ApiError>(changed)
    })?;
    let change = match adds {
        true => Membership::Added,
        false => Membership::Deleted,
    };
    for user in changed {
        publish_member(tenant, id, user, change);
    }
    Ok(Answered::Nothing)
}

fn no_member() -> ApiError {
    ApiError::new(
        404,
        "The user is not a member of the organization.",
        "inexistent_organization_member",
    )
}

fn shown_roles(tenant: &Tenant, caller: &Caller, id: &str, user: &str) -> Result<Vec<Value>> {
    let ids = tenant.member_role_ids(id, user)?;
    let known = ids.iter().filter_map(|id| tenant.catalog.role(id));
    Ok(known
        .map(|role| roles::shown(tenant, caller, role))
        .collect())
}

/// `GET /organizations/{id}/members/{user}/roles`
pub(super) fn roles_of(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    (id, user): (&str, &str),
) -> Result<Answered> {
    caller.require(&["read:organization_member_roles"], None)?;
    only(call, &[])?;
    let id = organization(tenant, id)?;
    if !tenant.is_member(id, user)? {
        return Err(no_member());
    }
    ok(paged(
        call,
        "roles",
        shown_roles(tenant, caller, id, user)?,
    )?)
}

/// `POST, DELETE /organizations/{id}/members/{user}/roles`
pub(super) fn change_roles(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    (id, user): (&str, &str),
) -> Result<Answered> {
    let adds = call.method == Method::POST;
    caller.require(
        &[match adds {
            true => "create:organization_member_roles",
            false => "delete:organization_member_roles",
        }],
        None,
    )?;
    let id = organization(tenant, id)?;
    let body = Value::Object(object(call)?.clone());
    let asked = texts(&body, "roles")
        .map(|role| Ok(roles::KIND.find(&tenant.catalog, role)?["id"].clone()));
    let asked = asked.collect::<Result<Vec<Value>>>()?;
    let mut named: Vec<String> = Vec::new();
    for role in asked.iter().filter_map(Value::as_str) {
        if !named.iter().any(|known| known == role) {
            named.push(role.to_owned());
        }
    }
    let asked = named;
    if asked.is_empty() {
        return Err(refuse("Missing required property: roles", None));
    }
    let key = format!("{id}/{user}");
    let changed = tenant.store.at_once(tenant.now_ms(), |store| {
        store.get::<Member>(&key)?.ok_or_else(no_member)?;
        let MemberRoles(mut ids) = store.get(&key)?.unwrap_or_default();
        let mut changed = asked.clone();
        changed.retain(|role| ids.contains(role) != adds);
        ids.retain(|known| !asked.contains(known));
        if adds {
            ids.extend(asked);
        }
        store.put(Entry::lasting(&key).of(user), &MemberRoles(ids))?;
        Ok::<_, ApiError>(changed)
    })?;
    for role in &changed {
        let change = match adds {
            true => Membership::Assigned(role),
            false => Membership::Unassigned(role),
        };
        publish_member(tenant, id, user, change);
    }
    Ok(Answered::Nothing)
}
