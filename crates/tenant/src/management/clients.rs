//! `/api/v2/clients`.
//!
//! <https://auth0.com/docs/api/management/v2/clients>

pub(crate) mod checks;

use serde_json::{Map, Value, json};

use super::body::merge_metadata;
use super::query::{only, paged, values};
use super::resources::{Kind, letters, named};
use super::schema::{CLIENT, CLIENT_UNUSED, Is, NEW_CLIENT, Properties, refuse};
use super::{Answered, ApiError, Caller, Result, credentials, defaults, object, ok};
use crate::catalog::changes::{Edit, Section};
use crate::catalog::{Catalog, MODE, is_enabled, is_of_client};
use crate::http::{Call, text, texts};
use crate::state::Tenant;

/// Keys of `client_metadata`.
const KEYS: usize = 10;

/// Needs a scope of its own.
const SECRET: Properties = &[("client_secret", Is::Text(1, 255))];

pub(super) const KIND: Kind = Kind {
    section: Section::Clients,
    scope: "clients",
    called: "client",
    inexistent: "inexistent_client",
    filters: &[
        "app_type",
        "is_first_party",
        "is_global",
        "client_ids",
        "external_client_id",
        "q",
    ],
    properties: &[CLIENT, CLIENT_UNUSED, SECRET],
    new: &[NEW_CLIENT],
    required: &["name"],
    fits,
    shown,
    complete,
    adapt,
    ends,
};

fn shown(tenant: &Tenant, caller: &Caller, client: &Value) -> Value {
    let mut client = client.clone();
    if let Some(client) = client.as_object_mut() {
        if !caller.has("read:client_keys") {
            client.shift_remove("client_secret");
        }
        defaults::client(tenant, client);
    }
    credentials::hide(&mut client);
    client
}

/// `GET /clients`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    if call.query.get("q").is_some() {
        let message = "Query validation error: the local tenant has no search of clients (q).";
        return Err(ApiError::new(400, message, "invalid_query_string"));
    }
    KIND.list(tenant, call, caller)
}

/// Whether an application fits the filters of a request.
fn fits(_: &Tenant, call: &Call, client: &Value) -> bool {
    let is_one_of = |parameter: &str, key: &str| {
        let asked = values(call, parameter);
        asked.is_empty() || text(client, key).is_some_and(|it| asked.contains(&it))
    };
    // Without the key an application is one of the tenant's own, and never the global one.
    let is = |key: &str, default: bool| {
        let own = client.get(key).and_then(Value::as_bool).unwrap_or(default);
        let asked = call.query.get(key);
        asked.is_none_or(|asked| asked == if own { "true" } else { "false" })
    };
    is_one_of("app_type", "app_type")
        && is_one_of("client_ids", "client_id")
        && is_one_of("external_client_id", "external_client_id")
        && is("is_first_party", true)
        && is("is_global", false)
}

/// The grants that an application gets when the request names none.
pub(super) fn default_grants(app_type: Option<&str>) -> &'static [&'static str] {
    match app_type {
        Some("non_interactive") => &["client_credentials"],
        Some("spa" | "native") => &["authorization_code", "implicit", "refresh_token"],
        _ => &[
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
        ],
    }
}

fn complete(tenant: &Tenant, _: &Catalog, values: &mut Map<String, Value>) -> Result<()> {
    checks::check(None, values)?;
    // The mode of new ones is the strict one, and their ids show it.
    let is_own = values.get("is_first_party") != Some(&Value::Bool(false));
    let mode = values.get(MODE).and_then(Value::as_str);
    let is_strict = !is_own && mode != Some("permissive");
    if is_own && mode.is_some() {
        let problem = "Only third-party applications have a security mode";
        return Err(refuse(problem, Some(MODE)));
    }
    if !is_own {
        let mode = if is_strict { "strict" } else { "permissive" };
        values.insert(MODE.into(), mode.into());
    }
    let prefix = if is_strict { "tpc_" } else { "" };
    let id = format!("{prefix}{}", letters(tenant, 32));
    values.insert("client_id".into(), id.into());
    let app_type = values
        .get("app_type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let is_public = matches!(app_type.as_deref(), Some("spa" | "native"));
    let has_keys = values.contains_key("client_authentication_methods");
    for (key, default) in [
        ("client_secret", json!(letters(tenant, 64))),
        (
            "grant_types",
            match is_strict {
                true => json!(["authorization_code", "refresh_token"]),
                false => json!(default_grants(app_type.as_deref())),
            },
        ),
        ("callbacks", json!([])),
        ("is_first_party", json!(true)),
        ("oidc_conformant", json!(true)),
        ("sso_disabled", json!(false)),
        ("cross_origin_authentication", json!(false)),
    ] {
        values.entry(key).or_insert(default);
    }
    if is_public && !has_keys {
        values
            .entry("token_endpoint_auth_method")
            .or_insert("none".into());
    }
    Ok(())
}

fn adapt(_: &Catalog, client: &Value, values: &mut Map<String, Value>) -> Result<()> {
    for key in ["name", "client_secret"] {
        if values.get(key).is_some_and(Value::is_null) {
            return Err(refuse(
                "Expected type string but found type null",
                Some(key),
            ));
        }
    }
    if values.contains_key("client_secret") && values.contains_key("client_authentication_methods")
    {
        let text =
            "The client_authentication_methods and client_secret properties are mutually exclusive";
        return Err(refuse(text, None));
    }
    // Documented; the words are ours.
    let owner = |it: Option<&Value>| it != Some(&Value::Bool(false));
    if let Some(new) = values.get("is_first_party")
        && owner(Some(new)) != owner(client.get("is_first_party"))
    {
        let problem = "The ownership of an application cannot be changed after its creation";
        return Err(refuse(problem, Some("is_first_party")));
    }
    checks::check(Some(client), values)?;
    credentials::resolve(client, values)?;
    if let Some(Value::Object(change)) = values.get("client_metadata") {
        let mut metadata = client
            .get("client_metadata")
            .cloned()
            .unwrap_or_else(|| json!({}));
        merge_metadata(&mut metadata, change);
        let count = metadata.as_object().map_or(0, Map::len);
        if count > KEYS {
            let text = format!("Too many properties defined ({count}), maximum {KEYS}");
            return Err(refuse(&text, Some("client_metadata")));
        }
        values.insert("client_metadata".into(), metadata);
    }
    Ok(())
}

/// The client grants of an application end with it.
fn ends(catalog: &Catalog, client: &Value) -> Vec<Edit> {
    let grants = catalog
        .client_grants
        .iter()
        .filter(|grant| is_of_client(grant, client));
    let ids = grants.filter_map(|grant| text(grant, "id"));
    ids.map(|id| Edit::remove(Section::Grants, id)).collect()
}

/// `PATCH /clients/{id}`; the secret needs a scope of its own.
pub(super) fn update(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    if object(call).is_ok_and(|body| body.contains_key("client_secret")) {
        caller.require(&["update:client_keys"], None)?;
    }
    KIND.update(tenant, call, caller, id)
}

/// `POST /clients/{id}/rotate-secret`
pub(super) fn rotate(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["update:client_keys"], None)?;
    let secret = Map::from_iter([("client_secret".to_owned(), letters(tenant, 64).into())]);
    KIND.set(tenant, caller, id, secret)
}

/// `GET /clients/{id}/connections`
pub(super) fn connections(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:connections"], None)?;
    only(call, &["strategy"])?;
    let client = KIND.find(&tenant.catalog, id)?;
    let asked = values(call, "strategy");
    let connections = tenant.catalog.connections.iter().filter(|connection| {
        is_enabled(connection, client)
            && (asked.is_empty()
                || text(connection, "strategy").is_some_and(|it| asked.contains(&it)))
    });
    let shown = connections.map(|it| (super::connections::KIND.shown)(tenant, caller, it));
    ok(paged(call, "connections", shown.collect())?)
}

/// The id of an application that an export may name by its name.
pub(super) fn id_of<'a>(catalog: &'a Catalog, named: &'a str) -> &'a str {
    let mut clients = catalog.clients.iter();
    let is_it = |client: &&Value| text(client, "client_id") == Some(named);
    if clients.any(|client| is_it(&client)) {
        return named;
    }
    let mut clients = catalog.clients.iter();
    let found = clients.find(|client| text(client, "name") == Some(named));
    found
        .and_then(|client| text(client, "client_id"))
        .unwrap_or(named)
}

/// `POST /clients`
pub(super) fn create(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["create:clients"], None)?;
    // The schema of a new one has no secret: the tenant makes it.
    let body = object(call)?;
    if body.contains_key("client_secret") {
        return Err(refuse(
            "Additional properties not allowed: client_secret",
            None,
        ));
    }
    KIND.create(tenant, call, caller)
}

/// The ids of the applications that a list of an export names.
pub(super) fn ids(catalog: &Catalog, item: &Value, key: &str) -> Vec<Value> {
    texts(item, key)
        .map(|name| id_of(catalog, name).into())
        .collect()
}

/// 400 unless every text of a list is the id of an application.
pub(super) fn known(catalog: &Catalog, values: &Map<String, Value>, key: &str) -> Result<()> {
    let listed = values.get(key).and_then(Value::as_array);
    let mut listed = listed.into_iter().flatten().filter_map(Value::as_str);
    match listed.find(|id| KIND.find(catalog, id).is_err()) {
        None => Ok(()),
        Some(id) => Err(refuse(&format!("Unknown client: {id}"), Some(key))),
    }
}

/// The application that a new item names.
pub(super) fn of<'a>(catalog: &'a Catalog, values: &Map<String, Value>) -> Result<&'a Value> {
    KIND.find(catalog, named(values, "client_id"))
}
