//! Roles, connections, APIs and organizations: read as the export has them; who belongs to them can be changed.

use serde_json::{Value, json};

use super::query::{Page, chosen, only, paged, values};
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::http::{Call, text, texts};
use crate::records::{Member, Roles};
use crate::state::Tenant;
use crate::store::Entry;

pub(super) fn not_found(what: &str) -> ApiError {
    ApiError::new(404, format!("The {what} does not exist."), "inexistent")
}

/// A list of the export, or one item of it by id (an API also by its identifier).
pub(super) fn plain(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    what: &'static str,
    id: Option<&str>,
) -> Result<Answered> {
    let (scope, items, key) = match what {
        "roles" => ("read:roles", &tenant.catalog.roles, "roles"),
        "connections" => (
            "read:connections",
            &tenant.catalog.connections,
            "connections",
        ),
        "organizations" => (
            "read:organizations",
            &tenant.catalog.organizations,
            "organizations",
        ),
        _ => (
            "read:resource_servers",
            &tenant.catalog.apis,
            "resource_servers",
        ),
    };
    caller.require(&[scope], None)?;
    let Some(id) = id else {
        only(call, filters_of(what))?;
        let fits = |item: &&Value| is_asked_for(call, what, item);
        let items = items
            .iter()
            .filter(fits)
            .map(|item| chosen(call, public(item)))
            .collect();
        return ok(paged(call, key, items)?);
    };
    let is = |item: &&Value| text(item, "id") == Some(id) || text(item, "identifier") == Some(id);
    only(call, &[])?;
    let item = items.iter().find(is).ok_or_else(|| not_found(what))?;
    ok(chosen(call, public(item)))
}

/// The filters of a list.
fn filters_of(what: &str) -> &'static [&'static str] {
    match what {
        "roles" => &["name_filter"],
        "connections" => &["name", "strategy", "strategy[]"],
        "resource-servers" => &["identifiers", "identifiers[]"],
        _ => &[],
    }
}

/// Whether an item fits the filters of a request.
fn is_asked_for(call: &Call, what: &str, item: &Value) -> bool {
    let is_one_of = |parameter: &str, key: &str| {
        let asked = values(call, parameter);
        asked.is_empty() || text(item, key).is_some_and(|it| asked.contains(&it))
    };
    match what {
        // Any part of the name, whatever the case.
        "roles" => call.query.get("name_filter").is_none_or(|part| {
            let name = text(item, "name").unwrap_or_default();
            name.to_lowercase().contains(&part.to_lowercase())
        }),
        "connections" => {
            let name = call.query.get("name");
            name.is_none_or(|name| text(item, "name") == Some(name))
                && is_one_of("strategy", "strategy")
        }
        "resource-servers" => is_one_of("identifiers", "identifier"),
        _ => true,
    }
}

/// Without what an export may hold of secrets.
fn public(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(options) = item.get_mut("options").and_then(Value::as_object_mut) {
        options.retain(|key, _| !key.contains("secret") && key != "configuration");
    }
    item
}

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
    require_user(tenant, id)?;
    let ids = tenant.role_ids(id)?;
    let roles = ids.iter().filter_map(|id| tenant.catalog.role(id));
    let roles = roles.map(|role| json!({"id": text(role, "id"), "name": text(role, "name"), "description": text(role, "description")})).collect();
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
        asked.push(role.ok_or_else(|| not_found("role"))?.to_owned());
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
    require_user(tenant, id)?;
    let mut found = Vec::new();
    for organization in &tenant.catalog.organizations {
        if tenant.is_member(text(organization, "id").unwrap_or_default(), id)? {
            found.push(organization.clone());
        }
    }
    ok(paged(call, "organizations", found)?)
}

pub(super) fn members(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:organization_members"], None)?;
    let organization = tenant
        .catalog
        .organization(id)
        .ok_or_else(|| not_found("organization"))?;
    let id = text(organization, "id").unwrap_or_default();
    let page = Page::of(call)?;
    let (total, users) = tenant.store.member_page(id, page.start, page.count)?;
    let shown = |user: &Value| json!({"user_id": user.get("user_id"), "email": user.get("email"), "picture": user.get("picture"), "name": user.get("name")});
    ok(page.answer("members", users.iter().map(shown).collect(), total))
}

pub(super) fn change_members(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    let adds = call.method == axum::http::Method::POST;
    caller.require(
        &[if adds {
            "create:organization_members"
        } else {
            "delete:organization_members"
        }],
        None,
    )?;
    let organization = tenant
        .catalog
        .organization(id)
        .ok_or_else(|| not_found("organization"))?;
    let id = text(organization, "id").unwrap_or_default();
    let body = Value::Object(object(call)?.clone());
    tenant.store.at_once(tenant.now_ms(), |store| {
        for user in texts(&body, "members") {
            store.user(user)?.ok_or_else(inexistent)?;
            let key = format!("{id}/{user}");
            match adds {
                true => store.put(Entry::lasting(&key).of(user), &Member {})?,
                false => store.remove::<Member>(&key)?,
            }
        }
        Ok(Answered::Nothing)
    })
}
