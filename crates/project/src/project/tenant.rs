//! The tenant's settings in an export, as far as a login depends on them. Everything else is kept and not read.
//!
//! <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>

mod extend;

use std::path::{Path, PathBuf};

use postlogin_core::TenantSettings;
use postlogin_core::event::merge_patch;
use serde_json::{Map, Value, json};

use super::remarks::{Part, Remarks};
use super::{read_configuration, sections};
use crate::Result;
use crate::document::node::Node;
use crate::door::Boundary;
use crate::files::{display_path, entries, extension};
use crate::keywords::KeywordMappings;
use crate::shapes::Shapes;

/// The tenant's settings in an export.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenantData {
    /// `tenant.json`, or `tenant:`.
    pub settings: Map<String, Value>,
    /// Applications, as the Management API has them.
    pub clients: Vec<Value>,
    /// APIs.
    pub resource_servers: Vec<Value>,
    /// The grants of applications at APIs without a user, each with its `client_id` (a name or an id), `audience` and `scope`.
    pub client_grants: Vec<Value>,
    /// Roles with their permissions.
    pub roles: Vec<Value>,
    /// Connections, database connections included.
    pub connections: Vec<Value>,
    /// Organizations.
    pub organizations: Vec<Value>,
    /// E-mail templates, each with the text of its `body`.
    pub email_templates: Vec<Value>,
    /// Factors, each with its `name` and whether it is `enabled`; `None` when the export does not say.
    pub guardian_factors: Option<Vec<Value>>,
    /// Policies of multi-factor authentication: `all-applications`, `confidence-score`.
    pub guardian_policies: Vec<Value>,
    /// Token exchange profiles, each with its `subject_token_type` and its Action.
    pub token_exchange_profiles: Vec<Value>,
    /// Event streams, each with its `destination` and `subscriptions`.
    pub event_streams: Vec<Value>,
    /// The parts of the export that nothing here reads, as they are called there: `hooks`, `custom-domains`.
    pub unread: Vec<String>,
    /// The settings of `postlogin.toml`, by the keys of [`TenantSettings`]; it wins.
    pub overrides: Map<String, Value>,
}

/// The keys of [`TenantSettings`], which `tenant:` of a case and `[tenant]` of `postlogin.toml` have.
pub fn tenant_keys() -> Vec<String> {
    match serde_json::to_value(TenantSettings::default()) {
        Ok(Value::Object(keys)) => keys.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Refuses what are no settings of a tenant.
pub(crate) fn check(node: &Node, what: &str, shapes: &mut Shapes) {
    let Some(entries) = shapes.object(node, what) else {
        return;
    };
    let known = tenant_keys();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    shapes.only(entries, &known, what);
    for entry in entries
        .iter()
        .filter(|entry| known.contains(&entry.key.as_str()))
    {
        let alone = json!({ entry.key.clone(): entry.value.to_value() });
        if let Err(error) = serde_json::from_value::<TenantSettings>(alone) {
            let message = format!("`{}` of {what}: {error}", entry.key);
            shapes.refuse(entry.value.place.error(message));
        }
    }
}

impl TenantData {
    /// The settings of the tenant for a login with this event: those of its API and its application, what
    /// `postlogin.toml` says, and what the case says.
    pub fn settings_for(&self, event: &Value, of_case: Option<&Value>) -> TenantSettings {
        // What is not set has its default when the settings are read.
        let mut settings = Map::new();
        let mut say = |key: &str, value: Value| {
            if !value.is_null() {
                settings.insert(key.to_owned(), value);
            }
        };
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let api = text("/resource_server/identifier");
        if let Some(api) = find(&self.resource_servers, "identifier", api) {
            self.api(api, event, &mut say);
        }
        if let Some(client) = find(&self.clients, "name", text("/client/name")) {
            let lifetime = client.pointer("/jwt_configuration/lifetime_in_seconds");
            say("id_token_lifetime_s", whole(lifetime));
        }
        let names = "allow_organization_name_in_authentication_api";
        say(
            "org_name_in_tokens",
            self.settings.get(names).cloned().unwrap_or_default(),
        );
        self.factors(&mut say);
        if !self.roles.is_empty() {
            let roles: Vec<Value> = self.roles.iter().map(role).collect();
            say("roles", Value::Array(roles));
        }
        let mut settings = Value::Object(settings);
        merge_patch(&mut settings, &Value::Object(self.overrides.clone()));
        if let Some(of_case) = of_case {
            merge_patch(&mut settings, of_case);
        }
        // What a user wrote was checked where it was read; what an export says has the right types.
        serde_json::from_value(settings).unwrap_or_default()
    }

    /// Returns whether [`TenantData::settings_for`] depends on the event: the export has APIs or applications.
    #[must_use]
    pub fn looks_at_events(&self) -> bool {
        !self.resource_servers.is_empty() || !self.clients.is_empty()
    }

    /// Returns the factors of multi-factor authentication in the export. A risk assessment (`confidence-score`) is not made here.
    fn factors(&self, say: &mut impl FnMut(&str, Value)) {
        if let Some(factors) = &self.guardian_factors {
            let enabled = factors
                .iter()
                .filter(|factor| factor.get("enabled") == Some(&Value::Bool(true)));
            let names = enabled.filter_map(|factor| factor.get("name")?.as_str());
            // What is called `sms` there is `phone` in an event.
            let names = names.map(|name| if name == "sms" { "phone" } else { name });
            let names: Vec<&str> = names.collect();
            say("mfa_factors", json!(names));
        }
        let always = |policy: &Value| policy.as_str() == Some("all-applications");
        say(
            "mfa_always",
            self.guardian_policies.iter().any(always).into(),
        );
        let customization = self.settings.get("customize_mfa_in_postlogin_action");
        let customization = customization.filter(|value| value.is_boolean());
        say(
            "mfa_customization",
            customization.cloned().unwrap_or_default(),
        );
    }

    fn api(&self, api: &Value, event: &Value, say: &mut impl FnMut(&str, Value)) {
        let lifetime = match event
            .pointer("/transaction/protocol")
            .and_then(Value::as_str)
        {
            Some("oauth2-implicit" | "oidc-implicit-profile" | "oidc-hybrid-profile") => {
                "token_lifetime_for_web"
            }
            _ => "token_lifetime",
        };
        say("access_token_lifetime_s", whole(api.get(lifetime)));
        let dialect = api.get("token_dialect").and_then(Value::as_str);
        if let Some(dialect) = dialect {
            let base = match dialect.starts_with("rfc9068") {
                true => "rfc9068",
                false => "auth0",
            };
            say("token_dialect", base.into());
            say("permissions_in_token", dialect.ends_with("_authz").into());
        }
        if let Some(algorithm) = api.get("signing_alg").and_then(Value::as_str) {
            say("api_signs_rs256", (algorithm == "RS256").into());
        }
        if let Some(rbac) = api.get("enforce_policies").and_then(Value::as_bool) {
            say("rbac", rbac.into());
        }
        let identifier = api.get("identifier").and_then(Value::as_str);
        let permissions = self.permissions(event, identifier.unwrap_or_default());
        if !permissions.is_empty() {
            say("permissions", json!(permissions));
        }
    }

    /// Returns the name of the Action that a token exchange profile, or an event stream whose destination is an Action, names.
    /// The Deploy CLI writes the name in place of the id.
    #[must_use]
    pub fn action_of(entity: &Value) -> Option<&str> {
        let destination = entity.get("destination");
        let holder = match destination {
            Some(destination) => {
                let kind = destination.get("type").and_then(Value::as_str);
                if kind != Some("action") {
                    return None;
                }
                destination.get("configuration")?
            }
            None => entity,
        };
        let keys = ["action", "action_name", "action_id"];
        keys.iter()
            .find_map(|key| holder.get(*key).and_then(Value::as_str))
    }

    /// Returns the permissions of the user's roles on an API.
    fn permissions(&self, event: &Value, identifier: &str) -> Vec<String> {
        let of_user = event
            .pointer("/authorization/roles")
            .and_then(Value::as_array);
        let of_user: Vec<&str> = of_user
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut permissions: Vec<String> = Vec::new();
        for role in &self.roles {
            let name = role.get("name").and_then(Value::as_str);
            if !name.is_some_and(|name| of_user.contains(&name)) {
                continue;
            }
            for permission in role
                .get("permissions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |key: &str| permission.get(key).and_then(Value::as_str);
                if let Some(name) = text("permission_name")
                    && text("resource_server_identifier") == Some(identifier)
                    && !permissions.iter().any(|known| known == name)
                {
                    permissions.push(name.to_owned());
                }
            }
        }
        permissions
    }
}

fn find<'a>(items: &'a [Value], key: &str, wanted: Option<&str>) -> Option<&'a Value> {
    let wanted = wanted?;
    items
        .iter()
        .find(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
}

fn whole(value: Option<&Value>) -> Value {
    value
        .filter(|value| value.is_i64())
        .cloned()
        .unwrap_or_default()
}

/// An export has no ids; the name has to do.
fn role(role: &Value) -> Value {
    let name = role.get("name").cloned().unwrap_or_default();
    let id = role.get("id").cloned().unwrap_or_else(|| name.clone());
    json!({"id": id, "name": name})
}

/// Reads the folder form. Files that cannot be read are left out; what they contain is not judged.
pub(super) fn of_directory(
    root: &Path,
    mappings: &KeywordMappings,
    files: &mut Vec<PathBuf>,
    remarks: &mut Remarks,
) -> TenantData {
    let mut all = |folder: &str| -> Vec<Value> {
        let mut values = Vec::new();
        for path in entries(&root.join(folder)) {
            let file = match path.is_dir() {
                true => path.join("database.json"),
                false => path,
            };
            if extension(&file) == "json" && file.is_file() {
                let value = read_configuration(&file, root, mappings);
                values.extend(remarks.keep(Part::Other, &file, value));
                files.push(file);
            }
        }
        values
    };
    let mut connections = all("connections");
    connections.extend(all("database-connections"));
    let mut data = TenantData {
        clients: all("clients"),
        resource_servers: all("resource-servers"),
        client_grants: all("grants"),
        roles: all("roles"),
        connections,
        organizations: all("organizations"),
        email_templates: all("emails"),
        token_exchange_profiles: all("token-exchange-profiles"),
        event_streams: all("event-streams"),
        unread: sections::unread_in_folder(root),
        ..TenantData::default()
    };
    if root.join("guardian/factors").is_dir() {
        data.guardian_factors = Some(all("guardian/factors"));
    }
    let policies = root.join("guardian/policies.json");
    if policies.is_file() {
        let read = read_configuration(&policies, root, mappings);
        let read = remarks.keep(Part::Other, &policies, read);
        data.guardian_policies = read.as_ref().map(policies_of).unwrap_or_default();
        files.push(policies);
    }
    with_bodies(
        &mut data.email_templates,
        &root.join("emails"),
        root,
        mappings,
        remarks,
    );
    let file = root.join("tenant.json");
    if file.is_file() {
        let settings = read_configuration(&file, root, mappings);
        if let Some(Value::Object(settings)) = remarks.keep(Part::Other, &file, settings) {
            data.settings = settings;
        }
        files.push(file);
    }
    data
}

/// `{"policies": […]}`, or the list alone.
fn policies_of(value: &Value) -> Vec<Value> {
    let list = value.get("policies").unwrap_or(value).as_array();
    list.cloned().unwrap_or_default()
}

/// Puts the text of each template's file in place of its path, and drops what is no template (`provider.json`).
fn with_bodies(
    templates: &mut Vec<Value>,
    folder: &Path,
    root: &Path,
    mappings: &KeywordMappings,
    remarks: &mut Remarks,
) {
    templates.retain(|template| template.get("template").is_some_and(Value::is_string));
    for template in templates {
        let text = |key: &str| template.get(key).and_then(Value::as_str);
        let named = text("body").map(str::to_owned);
        let default = format!("{}.html", text("template").unwrap_or_default());
        let file = folder.join(named.unwrap_or(default));
        let shown = display_path(&file, root);
        let body = body(&file, root, mappings, &shown);
        if let Some(body) = remarks.keep(Part::Other, &file, body).flatten()
            && let Some(template) = template.as_object_mut()
        {
            // For messages about the template.
            template.insert("bodyFile".to_owned(), Value::String(shown));
            template.insert("body".to_owned(), Value::String(body));
        }
    }
}

/// The text of a template; `None` when there is no such file.
fn body(
    file: &Path,
    root: &Path,
    mappings: &KeywordMappings,
    shown: &str,
) -> Result<Option<String>> {
    let within = Boundary::around(root);
    within.admit(file, shown)?;
    if !file.is_file() {
        return Ok(None);
    }
    mappings
        .replace(&within.read_text(file, shown)?, shown)
        .map(Some)
}

/// Reads the YAML form. The paths in it are relative to its folder.
pub(super) fn of_yaml(
    configuration: &Value,
    root: &Path,
    mappings: &KeywordMappings,
    remarks: &mut Remarks,
) -> TenantData {
    let list = |key: &str| -> Vec<Value> {
        let items = configuration.get(key).and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    };
    let mut connections = list("connections");
    connections.extend(list("databases"));
    let settings = configuration.get("tenant").and_then(Value::as_object);
    let mut email_templates = list("emailTemplates");
    with_bodies(&mut email_templates, root, root, mappings, remarks);
    TenantData {
        settings: settings.cloned().unwrap_or_default(),
        clients: list("clients"),
        resource_servers: list("resourceServers"),
        client_grants: list("clientGrants"),
        roles: list("roles"),
        connections,
        organizations: list("organizations"),
        email_templates,
        guardian_factors: configuration
            .get("guardianFactors")
            .and_then(Value::as_array)
            .cloned(),
        guardian_policies: configuration
            .get("guardianPolicies")
            .map(policies_of)
            .unwrap_or_default(),
        token_exchange_profiles: list("tokenExchangeProfiles"),
        event_streams: list("eventStreams"),
        unread: sections::unread_in_yaml(configuration),
        overrides: Map::new(),
    }
}

#[cfg(test)]
mod tests;
