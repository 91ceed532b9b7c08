//! `/api/v2/resource-servers` and `/api/v2/client-grants`.
//!
//! <https://auth0.com/docs/api/management/v2/resource-servers>, <https://auth0.com/docs/api/management/v2/client-grants>

use serde_json::{Map, Value, json};

use super::query::values;
use super::resources::{Kind, alone, letters, named, new_id, unchanged, unique};
use super::schema::{API, GRANT, Is, NEW_GRANT, refuse};
use super::{ApiError, Caller, Result, clients, defaults};
use crate::catalog::changes::{Edit, Section};
use crate::catalog::{Catalog, is_of_client};
use crate::http::{Call, text};
use crate::state::Tenant;

pub(super) const KIND: Kind = Kind {
    section: Section::Apis,
    scope: "resource_servers",
    called: "resource server",
    inexistent: "inexistent_resource_server",
    filters: &["identifiers", "identifiers[]"],
    properties: &[API],
    new: &[&[("identifier", Is::Text(1, 600))]],
    required: &["identifier"],
    fits,
    shown,
    complete,
    adapt: unchanged,
    ends,
};

/// With the secret where it signs tokens.
fn shown(_: &Tenant, _: &Caller, api: &Value) -> Value {
    let mut shown = api.clone();
    if let Some(shown) = shown.as_object_mut() {
        if text(api, "signing_alg") != Some("HS256") {
            shown.shift_remove("signing_secret");
        }
        defaults::api(shown);
    }
    shown
}

fn fits(_: &Tenant, call: &Call, api: &Value) -> bool {
    let asked = values(call, "identifiers");
    asked.is_empty() || text(api, "identifier").is_some_and(|it| asked.contains(&it))
}

fn complete(tenant: &Tenant, catalog: &Catalog, values: &mut Map<String, Value>) -> Result<()> {
    let identifier = named(values, "identifier");
    let message = "A resource server with the same identifier already exists";
    unique(
        catalog,
        Section::Apis,
        ("identifier", identifier),
        None,
        message,
    )?;
    if tenant.is_management(identifier) {
        return Err(ApiError::new(409, message, "conflict"));
    }
    let name = json!(identifier);
    values.insert("id".into(), tenant.randomness.hex_id().into());
    for (key, default) in [
        ("name", name),
        ("is_system", json!(false)),
        ("signing_alg", json!("RS256")),
        ("signing_secret", json!(letters(tenant, 32))),
        ("allow_offline_access", json!(false)),
        ("token_lifetime", json!(86_400)),
        (
            "skip_consent_for_verifiable_first_party_clients",
            json!(false),
        ),
    ] {
        values.entry(key).or_insert(default);
    }
    Ok(())
}

/// Its client grants end with an API.
fn ends(catalog: &Catalog, api: &Value) -> Vec<Edit> {
    let identifier = text(api, "identifier");
    let grants = catalog
        .client_grants
        .iter()
        .filter(|it| text(it, "audience") == identifier);
    let ids = grants.filter_map(|grant| text(grant, "id"));
    ids.map(|id| Edit::remove(Section::Grants, id)).collect()
}

/// Client grants.
pub(super) const GRANTS: Kind = Kind {
    section: Section::Grants,
    scope: "client_grants",
    called: "client grant",
    inexistent: "inexistent_client_grant",
    filters: &[
        "audience",
        "client_id",
        "default_for",
        "subject_type",
        "allow_any_organization",
    ],
    properties: &[GRANT],
    new: &[NEW_GRANT],
    required: &["audience"],
    fits: grant_fits,
    shown: grant_shown,
    complete: complete_grant,
    adapt: unchanged,
    ends: alone,
};

fn grant_fits(tenant: &Tenant, call: &Call, grant: &Value) -> bool {
    let is_one_of = |parameter: &str, value: Option<&str>| {
        let asked = values(call, parameter);
        asked.is_empty() || value.is_some_and(|it| asked.contains(&it))
    };
    let any = grant.get("allow_any_organization") == Some(&Value::Bool(true));
    let of = text(grant, "client_id").or_else(|| text(grant, "client_name"));
    let client = of.map(|named| clients::id_of(&tenant.catalog, named));
    is_one_of("audience", text(grant, "audience"))
        && is_one_of("client_id", client)
        && is_one_of("default_for", text(grant, "default_for"))
        && is_one_of(
            "subject_type",
            Some(text(grant, "subject_type").unwrap_or("client")),
        )
        && is_one_of(
            "allow_any_organization",
            Some(if any { "true" } else { "false" }),
        )
}

/// With the id of the application, which an export may have by name.
fn grant_shown(tenant: &Tenant, _: &Caller, grant: &Value) -> Value {
    let mut shown = grant.clone();
    let mut clients = tenant.catalog.clients.iter();
    let client = clients.find(|client| is_of_client(grant, client));
    if let (Some(shown), Some(client)) = (shown.as_object_mut(), client) {
        shown.shift_remove("client_name");
        shown.insert("client_id".into(), json!(text(client, "client_id")));
    }
    shown
}

fn complete_grant(
    tenant: &Tenant,
    catalog: &Catalog,
    values: &mut Map<String, Value>,
) -> Result<()> {
    let default = values.get("default_for").cloned();
    match (&default, values.contains_key("client_id")) {
        (None, false) => return Err(refuse("Missing required property: client_id", None)),
        (Some(_), true) => {
            let problem = "The default_for and client_id properties are mutually exclusive";
            return Err(refuse(problem, None));
        }
        _ => {}
    }
    let client = match default {
        Some(_) => None,
        None => Some(clients::of(catalog, values)?),
    };
    let audience = named(values, "audience");
    api_exists(tenant, catalog, audience)?;
    let subject = |grant: &Value| text(grant, "subject_type").unwrap_or("client").to_owned();
    let own = subject(&Value::Object(values.clone()));
    let is_same = |grant: &&Value| {
        let is_of_same = match client {
            Some(client) => is_of_client(grant, client),
            None => grant.get("default_for") == default.as_ref(),
        };
        is_of_same && text(grant, "audience") == Some(audience) && subject(grant) == own
    };
    if catalog.client_grants.iter().any(|grant| is_same(&grant)) {
        let message = "A resource with the same client_id and audience already exists.";
        return Err(ApiError::new(409, message, "conflict"));
    }
    values.insert("id".into(), new_id(tenant, "cgr_").into());
    values.entry("scope").or_insert_with(|| json!([]));
    values
        .entry("subject_type")
        .or_insert_with(|| "client".into());
    Ok(())
}

/// 404 for an API that does not exist. A scope may be granted before the API defines it.
///
/// Source: <https://community.auth0.com/t/105986>.
fn api_exists(tenant: &Tenant, catalog: &Catalog, audience: &str) -> Result<()> {
    if catalog.api(audience).is_some() || tenant.is_management(audience) {
        return Ok(());
    }
    let message = format!("Resource server not found: {audience}");
    Err(ApiError::new(404, message, "inexistent_resource_server"))
}
