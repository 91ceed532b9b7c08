//! Resources that are about another one: who may use a connection, how an application authenticates, what an organization has.
//!
//! Ids are the tenant's: what refers to one has the name in its place, as exports do.

use serde_json::{Map, Value, json};

use super::reader::Reader;
use super::tenant::{extend, rename};
use super::{Module, Project};
use crate::project::tenant::TenantData;

const CLIENTS_OF_CONNECTIONS: &[&str] = &["auth0_connection_client", "auth0_connection_clients"];
const CONNECTIONS_OF_ORGANIZATIONS: &[&str] = &[
    "auth0_organization_connection",
    "auth0_organization_connections",
];
const CREDENTIALS: &str = "auth0_client_credentials";

/// Whether resources of a type are about another one.
pub(super) fn is_one(kind: &str) -> bool {
    CLIENTS_OF_CONNECTIONS.contains(&kind)
        || CONNECTIONS_OF_ORGANIZATIONS.contains(&kind)
        || kind == CREDENTIALS
}

/// Adds what a resource says to the one that it is about.
pub(super) fn add(reader: &mut Reader<'_, '_>, project: &mut Project) {
    let kind = reader.resource.kind.as_str();
    if kind == CREDENTIALS {
        let Some(name) = reader.string("client_id") else {
            return;
        };
        let given = authentication(reader.all());
        return about(reader, project, ("client_id", &name), |data, name| {
            let client = find(&mut data.clients, &["name", "client_id"], name)?;
            client.extend(given);
            Some(())
        });
    }
    if CLIENTS_OF_CONNECTIONS.contains(&kind) {
        let Some(name) = reader.string("connection_id") else {
            return;
        };
        let clients = match kind {
            "auth0_connection_client" => reader.optional("client_id").map(|id| vec![id.into()]),
            _ => reader
                .value("enabled_clients")
                .and_then(|clients| clients.as_array().cloned()),
        };
        return about(reader, project, ("connection_id", &name), |data, name| {
            let connection = find(&mut data.connections, &["name"], name)?;
            extend(connection, "enabled_clients", clients.unwrap_or_default());
            Some(())
        });
    }
    let Some(name) = reader.string("organization_id") else {
        return;
    };
    let mut connections = reader.blocks("enabled_connections");
    if reader.resource.kind == "auth0_organization_connection" {
        connections.push(reader.all());
    }
    for connection in &mut connections {
        rename(connection, "connection_id", "name");
        connection.shift_remove("organization_id");
    }
    let connections = connections.into_iter().map(Value::Object).collect();
    about(reader, project, ("organization_id", &name), |data, name| {
        let organization = find(&mut data.organizations, &["name"], name)?;
        extend(organization, "connections", connections);
        Some(())
    });
}

/// Changes what the resource is about; a remark says when the configuration does not have it.
fn about(
    reader: &Reader<'_, '_>,
    project: &mut Project,
    (key, name): (&str, &str),
    change: impl FnOnce(&mut TenantData, &str) -> Option<()>,
) {
    if change(&mut project.tenant, name).is_none() {
        let why = format!("no resource of this configuration is called `{name}`");
        reader.remark(key, "does not count", why, project);
    }
}

/// The object in which one of the keys has this value.
fn find<'d>(
    items: &'d mut [Value],
    keys: &[&str],
    name: &str,
) -> Option<&'d mut Map<String, Value>> {
    let is_meant = |item: &&mut Value| {
        keys.iter()
            .any(|key| item.get(*key).and_then(Value::as_str) == Some(name))
    };
    items.iter_mut().find(is_meant)?.as_object_mut()
}

/// Returns the credentials of an application as the Management API has them.
/// Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs/resources/client_credentials>.
fn authentication(mut given: Map<String, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    // Of those with a secret, one is written only.
    for key in ["client_secret", "client_secret_wo"] {
        if let Some(secret) = given.shift_remove(key) {
            found.insert("client_secret".to_owned(), secret);
        }
    }
    let method = given.shift_remove("authentication_method");
    match method.as_ref().and_then(Value::as_str) {
        Some(method @ ("private_key_jwt" | "tls_client_auth" | "self_signed_tls_client_auth")) => {
            let listed = given
                .get_mut(method)
                .and_then(|it| it.get_mut("credentials"));
            let mut credentials = match listed.map(Value::take) {
                Some(Value::Array(many)) => many,
                Some(one) => vec![one],
                None => Vec::new(),
            };
            for credential in credentials.iter_mut().filter_map(Value::as_object_mut) {
                rename(credential, "algorithm", "alg");
            }
            found.insert(
                "client_authentication_methods".to_owned(),
                json!({ method: { "credentials": credentials } }),
            );
        }
        Some(method) => {
            found.insert("token_endpoint_auth_method".to_owned(), method.into());
        }
        None => {}
    }
    if let Some(signed) = given.shift_remove("signed_request_object") {
        found.insert("signed_request_object".to_owned(), signed);
    }
    found
}

/// Once a configuration enables applications or connections by resources of their own, what none of them names has none, as in
/// production. In one without such resources they are managed elsewhere, and everything is enabled.
pub(super) fn settle(modules: &[Module], data: &mut TenantData) {
    let has_any = |kinds: &[&str]| {
        let mut resources = modules.iter().flat_map(|module| &module.resources);
        resources.any(|resource| kinds.contains(&resource.kind.as_str()))
    };
    let lists = [
        (
            CLIENTS_OF_CONNECTIONS,
            &mut data.connections,
            "enabled_clients",
        ),
        (
            CONNECTIONS_OF_ORGANIZATIONS,
            &mut data.organizations,
            "connections",
        ),
    ];
    for (kinds, items, key) in lists {
        if has_any(kinds) {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.entry(key).or_insert_with(|| json!([]));
            }
        }
    }
}
