//! Applications, APIs, connections and settings: the names of the provider's arguments are mostly those of the Management API.

use serde_json::{Map, Value, json};

use super::reader::Reader;
use crate::project::tenant::TenantData;

/// Adds what a resource says about the tenant; what a login does not depend on is left out.
pub(super) fn add(reader: &mut Reader<'_, '_>, data: &mut TenantData) {
    let resource = reader.resource.kind.clone();
    match resource.as_str() {
        "auth0_client" => {
            let mut client = reader.all();
            rename(&mut client, "allowed_callback_urls", "callbacks");
            data.clients.push(client.into());
        }
        "auth0_resource_server" => {
            let mut api = reader.all();
            let scopes = scopes(&reader.blocks("scopes"));
            if !scopes.is_empty() {
                api.insert("scopes".to_owned(), Value::Array(scopes));
            }
            data.resource_servers.push(api.into());
        }
        "auth0_resource_server_scopes" | "auth0_resource_server_scope" => {
            let identifier = reader.string("resource_server_identifier");
            let mut found = scopes(&reader.blocks("scopes"));
            if let Some(scope) = reader.optional("scope") {
                found.push(json!({ "value": scope }));
            }
            let is_meant = |api: &&mut Value| {
                api.get("identifier").and_then(Value::as_str) == identifier.as_deref()
            };
            let api = data.resource_servers.iter_mut().find(is_meant);
            // Resources have no order: it may come later.
            match api.and_then(Value::as_object_mut) {
                Some(api) => extend(api, "scopes", found),
                None => data
                    .resource_servers
                    .push(json!({ "identifier": identifier, "scopes": found })),
            }
        }
        "auth0_client_grant" => {
            let mut grant = reader.all();
            rename(&mut grant, "scopes", "scope");
            data.client_grants.push(grant.into());
        }
        "auth0_connection" => {
            let mut connection = reader.all();
            if let Some(Value::Object(options)) = connection.get_mut("options") {
                rename_options(options);
            }
            data.connections.push(connection.into());
        }
        "auth0_connection_database" | "auth0_connection_auth0" => {
            data.connections.push(database(reader.all()).into());
        }
        "auth0_organization" => data.organizations.push(reader.all().into()),
        "auth0_role" => {
            let role = reader.all();
            let name = role.get("name").cloned();
            change(&mut data.roles, name, |known| known.extend(role));
        }
        "auth0_role_permissions" | "auth0_role_permission" => {
            let role = reader.string("role_id");
            let mut permissions: Vec<Value> = reader
                .blocks("permissions")
                .iter()
                .map(permission)
                .collect();
            if let Some(name) = reader.optional("permission") {
                let api = reader.optional("resource_server_identifier");
                permissions
                    .push(json!({ "permission_name": name, "resource_server_identifier": api }));
            }
            change(&mut data.roles, role.map(Value::from), |known| {
                extend(known, "permissions", permissions);
            });
        }
        "auth0_guardian" => guardian(&reader.all(), data),
        "auth0_token_exchange_profile" => data.token_exchange_profiles.push(reader.all().into()),
        "auth0_event_stream" => {
            let mut stream = reader.all();
            let kind = stream.shift_remove("destination_type");
            stream.insert("destination".to_owned(), json!({ "type": kind }));
            data.event_streams.push(stream.into());
        }
        "auth0_tenant" => data.settings.extend(reader.all()),
        "auth0_email_template" => {
            let template = reader.all();
            // As for an export: what has no text is none.
            if template.get("body").is_some_and(Value::is_string) {
                data.email_templates.push(template.into());
            }
        }
        kind => {
            let unread = crate::project::sections::unread_resource(kind);
            data.unread.extend(unread);
        }
    }
}

/// The options of a connection that the provider calls otherwise than the Management API.
/// Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs/resources/connection>.
const OPTIONS: &[(&str, &str)] = &[
    ("password_policy", "passwordPolicy"),
    (
        "enabled_database_customization",
        "enabledDatabaseCustomization",
    ),
    ("custom_scripts", "customScripts"),
];

fn rename_options(options: &mut Map<String, Value>) {
    for (from, to) in OPTIONS {
        rename(options, from, to);
    }
}

/// A database connection whose options are not in a block of their own.
/// Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs/resources/connection_database>.
fn database(written: Map<String, Value>) -> Map<String, Value> {
    const OWN: &[&str] = &[
        "name",
        "strategy",
        "display_name",
        "is_domain_connection",
        "metadata",
        "realms",
        "show_as_button",
        "enabled_clients",
    ];
    let is_own = |(key, _): &(String, Value)| OWN.contains(&key.as_str());
    let (mut connection, mut options): (Map<_, _>, Map<_, _>) =
        written.into_iter().partition(is_own);
    rename_options(&mut options);
    connection.insert("strategy".to_owned(), "auth0".into());
    connection.insert("options".to_owned(), options.into());
    connection
}

/// The factors and the policy of multi-factor authentication. A factor with a block of its own is off without that block.
/// Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs/resources/guardian>.
fn guardian(written: &Map<String, Value>, data: &mut TenantData) {
    const FACTORS: &[(&str, &str)] = &[
        ("otp", "otp"),
        ("email", "email"),
        ("recovery_code", "recovery-code"),
        ("phone", "sms"),
        ("push", "push-notification"),
        ("duo", "duo"),
        ("webauthn_roaming", "webauthn-roaming"),
        ("webauthn_platform", "webauthn-platform"),
    ];
    let factor = |(key, name): &(&str, &str)| {
        let value = written.get(*key);
        let enabled = value.and_then(|value| value.get("enabled")).or(value);
        json!({ "name": name, "enabled": enabled == Some(&Value::Bool(true)) })
    };
    data.guardian_factors = Some(FACTORS.iter().map(factor).collect());
    let policy = written.get("policy").cloned();
    data.guardian_policies = policy.into_iter().filter(|it| it != "never").collect();
}

pub(super) fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.shift_remove(from) {
        object.insert(to.to_owned(), value);
    }
}

pub(super) fn extend(object: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    match object.get_mut(key).and_then(Value::as_array_mut) {
        Some(known) => known.extend(items),
        None => drop(object.insert(key.to_owned(), Value::Array(items))),
    }
}

/// Changes the object of this name, which is added if it is not there.
fn change(
    items: &mut Vec<Value>,
    name: Option<Value>,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let is_meant = |item: &&mut Value| item.get("name") == name.as_ref();
    if let Some(Value::Object(known)) = items.iter_mut().find(is_meant) {
        return change(known);
    }
    let mut object = Map::new();
    object.insert("name".to_owned(), name.unwrap_or_default());
    change(&mut object);
    items.push(Value::Object(object));
}

fn scopes(blocks: &[Map<String, Value>]) -> Vec<Value> {
    let scope = |block: &Map<String, Value>| {
        let name = block.get("name").or_else(|| block.get("value"))?;
        Some(json!({ "value": name, "description": block.get("description") }))
    };
    blocks.iter().filter_map(scope).collect()
}

fn permission(block: &Map<String, Value>) -> Value {
    json!({
        "permission_name": block.get("name"),
        "resource_server_identifier": block.get("resource_server_identifier"),
    })
}
