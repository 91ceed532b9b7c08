//! `/api/v2/organizations`, with their connections and client grants.
//!
//! <https://auth0.com/docs/api/management/v2/organizations>

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::query::{chosen, only, paged};
use super::resources::{Kind, all, alone, named, new_id, unique};
use super::schema::{self, Is, ORGANIZATION, Properties, refuse};
use super::{Answered, ApiError, Caller, Result, apis, connections, object, ok};
use crate::catalog::Catalog;
use crate::catalog::changes::{Edit, Section};
use crate::http::{Call, text};
use crate::records::{Invitation, Member, MemberRoles};
use crate::state::Tenant;

pub(super) const KIND: Kind = Kind {
    section: Section::Organizations,
    scope: "organizations",
    called: "organization",
    inexistent: "inexistent_organization",
    filters: &[],
    properties: &[ORGANIZATION],
    new: &[&[("enabled_connections", Is::Objects(&["connection_id"]))]],
    required: &["name"],
    fits: all,
    shown,
    complete,
    adapt,
    ends: alone,
};

/// The connections of an organization in a catalog.
const CONNECTIONS: &str = "connections";
/// Its client grants.
const GRANTS: &str = "client_grants";

const TAKEN: &str = "An organization with this name already exists.";

/// Without what has endpoints of its own.
fn shown(_: &Tenant, _: &Caller, organization: &Value) -> Value {
    let mut shown = organization.clone();
    if let Some(shown) = shown.as_object_mut() {
        for key in [CONNECTIONS, GRANTS, "discovery_domains"] {
            shown.shift_remove(key);
        }
    }
    shown
}

/// Checks `branding`: colours in hexadecimal, and a logo by https.
///
/// Source: <https://auth0.com/docs/api/management/v2/organizations/post-organizations>.
fn of_branding(values: &Map<String, Value>) -> Result<()> {
    let Some(branding) = values.get("branding").filter(|it| !it.is_null()) else {
        return Ok(());
    };
    let is_color = |color: &str| {
        let digits = color.strip_prefix('#').unwrap_or_default();
        matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    for key in ["primary", "page_background"] {
        let color = branding.pointer(&format!("/colors/{key}"));
        if color.is_some_and(|it| !it.as_str().is_some_and(is_color)) {
            let message = format!(
                "String does not match pattern ^#([A-Fa-f0-9]{{6}}|[A-Fa-f0-9]{{3}})$: {}",
                color.and_then(Value::as_str).unwrap_or_default()
            );
            return Err(refuse(&message, Some(&format!("branding.colors.{key}"))));
        }
    }
    let logo = branding.get("logo_url").and_then(Value::as_str);
    if logo.is_some_and(|logo| !logo.starts_with("https://")) {
        let message = "Object didn't pass validation for format absolute-https-url-or-empty";
        return match logo {
            Some("") => Ok(()),
            logo => Err(refuse(
                &format!("{message}: {}", logo.unwrap_or_default()),
                Some("branding.logo_url"),
            )),
        };
    }
    Ok(())
}

fn complete(tenant: &Tenant, catalog: &Catalog, values: &mut Map<String, Value>) -> Result<()> {
    of_branding(values)?;
    let name = named(values, "name").to_owned();
    unique(
        catalog,
        Section::Organizations,
        ("name", &name),
        None,
        TAKEN,
    )?;
    values.insert("id".into(), new_id(tenant, "org_").into());
    values.entry("display_name").or_insert_with(|| name.into());
    let enabled = match values.shift_remove("enabled_connections") {
        Some(Value::Array(enabled)) => enabled,
        _ => Vec::new(),
    };
    for connection in &enabled {
        let body = connection.as_object().cloned().unwrap_or_default();
        schema::check(&body, &[ENABLED, NEW_ENABLED], &["connection_id"])?;
        connections::of(catalog, &body)?;
    }
    values.insert(CONNECTIONS.into(), enabled.into());
    Ok(())
}

fn adapt(catalog: &Catalog, organization: &Value, values: &mut Map<String, Value>) -> Result<()> {
    of_branding(values)?;
    match values.get("name") {
        None => Ok(()),
        Some(Value::String(name)) => {
            let own = text(organization, "id");
            unique(catalog, Section::Organizations, ("name", name), own, TAKEN)
        }
        Some(_) => Err(refuse(
            "Expected type string but found type null",
            Some("name"),
        )),
    }
}

/// Fields that organizations are sorted by.
const SORTED: &[&str] = &["name", "display_name", "created_at"];

/// `GET /organizations`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:organizations"], None)?;
    only(call, &["sort"])?;
    let mut items: Vec<&Value> = tenant.catalog.organizations.iter().collect();
    if let Some(sort) = call.query.get("sort") {
        let order = sort.rsplit_once(':');
        let order =
            order.filter(|(field, way)| SORTED.contains(field) && matches!(*way, "1" | "-1"));
        let Some((field, way)) = order else {
            let message = format!(
                "Query validation error: 'Expected name, display_name or created_at with :1 or :-1, found {sort}' on property sort."
            );
            return Err(ApiError::new(400, message, "invalid_query_string"));
        };
        // They are in the order in which they were made.
        if field != "created_at" {
            items.sort_by_key(|it| text(it, field));
        }
        if way == "-1" {
            items.reverse();
        }
    }
    let shown = items
        .into_iter()
        .map(|item| chosen(call, shown(tenant, caller, item)));
    ok(paged(call, KIND.section.name(), shown.collect())?)
}

/// `DELETE /organizations/{id}`, with its members and invitations.
pub(super) fn delete(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["delete:organizations"], None)?;
    if let Some(removed) = KIND.removed(tenant, id)? {
        let id = text(&removed, "id").unwrap_or_default();
        tenant.store.remove_owned::<Invitation>(id)?;
        tenant.store.remove_below::<Member>(id)?;
        tenant.store.remove_below::<MemberRoles>(id)?;
    }
    Ok(Answered::Nothing)
}

/// `GET /organizations/name/{name}`
pub(super) fn by_name(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    name: &str,
) -> Result<Answered> {
    caller.require(&["read:organizations"], None)?;
    only(call, &[])?;
    let mut all = tenant.catalog.organizations.iter();
    let found = all.find(|it| text(it, "name") == Some(name));
    ok(shown(
        tenant,
        caller,
        found.ok_or_else(|| KIND.not_found())?,
    ))
}

/// The properties of a connection in an organization.
const ENABLED: Properties = &[
    ("assign_membership_on_login", Is::Bool),
    ("is_signup_enabled", Is::Bool),
    ("show_as_button", Is::Bool),
];
const NEW_ENABLED: Properties = &[("connection_id", Is::Text(1, 1_000))];

/// The entries of a list of an organization.
fn entries<'a>(organization: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let listed = organization.get(key).and_then(Value::as_array);
    listed.into_iter().flatten()
}

/// The connection of an entry: an export has its name, the API its id.
fn connection<'a>(catalog: &'a Catalog, entry: &Value) -> Option<&'a Value> {
    let name = text(entry, "name").or_else(|| text(entry, "connection_name"));
    match text(entry, "connection_id") {
        Some(id) => Section::Connections.find(catalog, id),
        None => catalog.connection(name?),
    }
}

fn enabled(catalog: &Catalog, entry: &Value) -> Option<Value> {
    let connection = connection(catalog, entry)?;
    let flag = |key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or(false);
    Some(json!({
        "connection_id": text(connection, "id"),
        "assign_membership_on_login": flag("assign_membership_on_login"),
        "is_signup_enabled": flag("is_signup_enabled"),
        "show_as_button": entry.get("show_as_button").and_then(Value::as_bool).unwrap_or(true),
        "connection": {"name": text(connection, "name"), "strategy": text(connection, "strategy")},
    }))
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
    let organization = KIND.find(&tenant.catalog, id)?;
    let listed = entries(organization, CONNECTIONS);
    let shown = listed
        .filter_map(|entry| enabled(&tenant.catalog, entry))
        .collect();
    ok(paged(call, "enabled_connections", shown)?)
}

fn is_of(catalog: &Catalog, entry: &Value, connection_id: &str) -> bool {
    connection(catalog, entry).is_some_and(|it| text(it, "id") == Some(connection_id))
}

fn not_enabled() -> ApiError {
    let message = "The connection is not enabled for the organization.";
    ApiError::new(404, message, "inexistent_organization_connection")
}

/// `GET /organizations/{id}/enabled_connections/{connection}`
pub(super) fn enabled_connection(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    (id, connection): (&str, &str),
) -> Result<Answered> {
    caller.require(&["read:organization_connections"], None)?;
    only(call, &[])?;
    let organization = KIND.find(&tenant.catalog, id)?;
    let mut listed = entries(organization, CONNECTIONS);
    let entry = listed.find(|entry| is_of(&tenant.catalog, entry, connection));
    let shown = entry.and_then(|entry| enabled(&tenant.catalog, entry));
    ok(shown.ok_or_else(not_enabled)?)
}

/// A change of the connections of an organization.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Add,
    Set(&'a str),
    Remove(&'a str),
}

/// `POST /organizations/{id}/enabled_connections`, `PATCH` and `DELETE …/{connection}`
pub(super) fn change_connections(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
    change: Change<'_>,
) -> Result<Answered> {
    let (scope, body) = match change {
        Change::Add => (
            "create:organization_connections",
            Some((true, object(call))),
        ),
        Change::Set(_) => (
            "update:organization_connections",
            Some((false, object(call))),
        ),
        Change::Remove(_) => ("delete:organization_connections", None),
    };
    caller.require(&[scope], None)?;
    // The scope is checked before the body: a caller without rights learns nothing from its errors.
    let body = match body {
        Some((true, body)) => {
            let body = body?;
            schema::check(body, &[ENABLED, NEW_ENABLED], &["connection_id"])?;
            body.clone()
        }
        Some((false, body)) => {
            let body = body?;
            schema::check(body, &[ENABLED], &[])?;
            schema::not_empty(body)?;
            body.clone()
        }
        None => Map::new(),
    };
    let mut connection = String::new();
    let after = tenant.configure(|catalog| {
        let organization = KIND.find(catalog, id)?;
        let mut listed: Vec<Value> = entries(organization, CONNECTIONS).cloned().collect();
        match change {
            Change::Add => {
                let found = connections::of(catalog, &body)?;
                text(found, "id")
                    .unwrap_or_default()
                    .clone_into(&mut connection);
                if listed
                    .iter()
                    .any(|entry| is_of(catalog, entry, &connection))
                {
                    let message = "The connection is already enabled for the organization.";
                    return Err(ApiError::new(409, message, "conflict"));
                }
                listed.push(Value::Object(body));
            }
            Change::Set(asked) => {
                asked.clone_into(&mut connection);
                let entry = listed.iter_mut().find(|entry| is_of(catalog, entry, asked));
                let entry = entry
                    .and_then(Value::as_object_mut)
                    .ok_or_else(not_enabled)?;
                entry.extend(body);
            }
            Change::Remove(asked) => listed.retain(|entry| !is_of(catalog, entry, asked)),
        }
        let values = Map::from_iter([(CONNECTIONS.to_owned(), listed.into())]);
        Ok(vec![Edit::set(Section::Organizations, id, values)])
    })?;
    if matches!(change, Change::Remove(_)) {
        return Ok(Answered::Nothing);
    }
    let mut listed = entries(KIND.find(&after, id)?, CONNECTIONS);
    let entry = listed.find(|entry| is_of(&after, entry, &connection));
    let shown = entry
        .and_then(|entry| enabled(&after, entry))
        .ok_or_else(not_enabled)?;
    Ok(match change {
        Change::Add => Answered::Body(StatusCode::CREATED, shown),
        _ => Answered::Body(StatusCode::OK, shown),
    })
}

/// The client grants that an organization has, as their own endpoint shows them.
fn grants<'a>(
    tenant: &'a Tenant,
    caller: &'a Caller,
    organization: &'a Value,
) -> impl Iterator<Item = Value> + 'a {
    let is_listed = |grant: &&Value| {
        entries(organization, GRANTS).any(|entry| is_grant(&tenant.catalog, entry, grant))
    };
    let all = tenant.catalog.client_grants.iter().filter(is_listed);
    let all: Vec<&Value> = all.collect();
    all.into_iter()
        .map(|grant| (apis::GRANTS.shown)(tenant, caller, grant))
}

/// Whether an entry of an organization is a client grant: by its application, and its API if it has one.
fn is_grant(catalog: &Catalog, entry: &Value, grant: &Value) -> bool {
    if let Some(id) = text(entry, "grant_id") {
        return text(grant, "id") == Some(id);
    }
    let mut clients = catalog.clients.iter();
    let client = clients.find(|client| crate::catalog::is_of_client(entry, client));
    client.is_some_and(|client| crate::catalog::is_of_client(grant, client))
        && text(entry, "audience").is_none_or(|of| Some(of) == text(grant, "audience"))
}

/// `GET /organizations/{id}/client-grants`
pub(super) fn client_grants(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:organization_client_grants"], None)?;
    only(call, &["audience", "client_id", "grant_ids"])?;
    let organization = KIND.find(&tenant.catalog, id)?;
    let fits = |grant: &Value| {
        [
            ("audience", "audience"),
            ("client_id", "client_id"),
            ("grant_ids", "id"),
        ]
        .iter()
        .all(|(parameter, key)| {
            let asked = super::query::values(call, parameter);
            asked.is_empty() || text(grant, key).is_some_and(|it| asked.contains(&it))
        })
    };
    let shown = grants(tenant, caller, organization).filter(fits).collect();
    ok(paged(call, GRANTS, shown)?)
}

/// `POST /organizations/{id}/client-grants` (`grant_id`), and `DELETE …/{grant}`
pub(super) fn change_client_grants(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
    removed: Option<&str>,
) -> Result<Answered> {
    caller.require(
        &[match removed {
            None => "create:organization_client_grants",
            Some(_) => "delete:organization_client_grants",
        }],
        None,
    )?;
    let grant_id = match removed {
        Some(id) => id.to_owned(),
        None => {
            let body = object(call)?;
            schema::check(body, &[&[("grant_id", Is::Text(1, 1_000))]], &["grant_id"])?;
            named(body, "grant_id").to_owned()
        }
    };
    let mut grant = Value::Null;
    tenant.configure(|catalog| {
        let organization = KIND.find(catalog, id)?;
        let found = apis::GRANTS.find(catalog, &grant_id)?;
        grant = found.clone();
        let mut listed: Vec<Value> = entries(organization, GRANTS).cloned().collect();
        let known = listed.iter().any(|entry| is_grant(catalog, entry, found));
        match removed {
            None if known => {
                let message = "The client grant is already one of the organization.";
                return Err(ApiError::new(409, message, "conflict"));
            }
            None => listed.push(json!({
                "grant_id": grant_id, "client_id": text(found, "client_id").or_else(|| text(found, "client_name")),
                "audience": text(found, "audience"),
            })),
            Some(_) => listed.retain(|entry| !is_grant(catalog, entry, found)),
        }
        let values = Map::from_iter([(GRANTS.to_owned(), listed.into())]);
        Ok(vec![Edit::set(Section::Organizations, id, values)])
    })?;
    Ok(match removed {
        Some(_) => Answered::Nothing,
        None => Answered::Body(
            StatusCode::CREATED,
            (apis::GRANTS.shown)(tenant, caller, &grant),
        ),
    })
}
