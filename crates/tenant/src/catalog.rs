//! The configuration of the export: applications, connections, APIs, roles, organizations. Ids that an export lacks are derived from
//! names, so a team shares them.

mod access;
pub(crate) mod changes;
mod grants;
mod third_party;

use std::sync::{Arc, OnceLock};

use postlogin_project::TenantData;
use postlogin_token::opaque_token;
use serde_json::{Map, Value, json};

use crate::http::{text, texts};

pub(crate) use access::{
    NoDirectory, allows_grant, is_confidential, is_enabled, is_provider, warnings,
};
pub(crate) use grants::is_of_client;
pub(crate) use third_party::{MODE, is_strict, is_third_party};

/// The database connection of a project that has none.
pub(crate) const DEFAULT_CONNECTION: &str = "Username-Password-Authentication";

/// The most connections that users bring into a tenant without an export.
const MOST_CONNECTIONS: usize = 1000;

/// The audience of a machine's token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Audience<'a> {
    /// An API, by its identifier.
    Api(&'a str),
    /// The Management API, by its address here.
    Management(&'a str),
}

/// The scopes of a client grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Granted {
    /// Every scope of the API.
    All,
    /// These scopes.
    Scopes(Vec<String>),
}

/// The tenant's configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    pub(crate) settings: Map<String, Value>,
    pub(crate) clients: Vec<Value>,
    pub(crate) connections: Vec<Value>,
    pub(crate) apis: Vec<Value>,
    pub(crate) client_grants: Vec<Value>,
    /// Whether requests have changed it: then the project's own export is not what counts.
    is_changed: bool,
    /// The same for a pipeline, made at the first login after a change.
    of_logins: OnceLock<Arc<TenantData>>,
    /// The ids of the applications that no export has.
    generated: Vec<String>,
    /// Whether a missing `default_directory` is not known to be missing: the export has no settings of the tenant, or no database.
    any_directory: bool,
    /// Whether the export has no connections, so that nothing says which there are.
    pub(crate) has_made_connections: bool,
    /// The number of connections that users may still bring.
    room_for_connections: usize,
    pub(crate) roles: Vec<Value>,
    pub(crate) organizations: Vec<Value>,
    pub(crate) emails: Vec<Value>,
    /// Token exchange profiles.
    profiles: Vec<Value>,
    /// Event streams.
    pub(crate) streams: Vec<Value>,
    /// The factors that are enabled, as events name them: `otp`, `phone`.
    pub(crate) factors: Vec<String>,
}

/// Sixteen letters and digits derived from names.
fn short_id(prefix: &str, names: &[&str]) -> String {
    let token = opaque_token(b"postlogin id", names);
    let letters: String = token
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .chain("0000000000000000".chars())
        .take(16)
        .collect();
    format!("{prefix}{letters}")
}

fn with_default(value: &mut Value, key: &str, default: impl FnOnce() -> Value) {
    if let Some(object) = value.as_object_mut()
        && object.get(key).is_none_or(Value::is_null)
    {
        object.insert(key.to_owned(), default());
    }
}

impl Catalog {
    /// Completes what an export says. `secret` is what the secrets of applications are derived from; `callbacks` are
    /// allowed for every application.
    pub(crate) fn new(
        data: &TenantData,
        tenant: &str,
        secret: &[u8],
        callbacks: &[String],
    ) -> Self {
        let objects = |list: &[Value]| -> Vec<Value> {
            list.iter()
                .filter(|item| item.is_object())
                .cloned()
                .collect()
        };
        let mut catalog = Self {
            settings: data.settings.clone(),
            clients: objects(&data.clients),
            connections: objects(&data.connections),
            apis: objects(&data.resource_servers),
            client_grants: objects(&data.client_grants),
            is_changed: false,
            of_logins: OnceLock::new(),
            generated: Vec::new(),
            any_directory: data.settings.is_empty(),
            has_made_connections: data.connections.is_empty(),
            room_for_connections: match data.connections.is_empty() {
                true => MOST_CONNECTIONS,
                false => 0,
            },
            roles: objects(&data.roles),
            organizations: objects(&data.organizations),
            emails: objects(&data.email_templates),
            profiles: objects(&data.token_exchange_profiles),
            streams: objects(&data.event_streams),
            factors: data.settings_for(&Value::Null, None).mfa_factors,
        };
        catalog
            .clients
            .retain(|client| text(client, "name") != Some("All Applications"));
        // What is added after these is ours: exports leave it out.
        let exported = catalog.clients.len();
        if catalog.clients.is_empty() {
            catalog.clients.push(json!({
                "name": "Local Application", "app_type": "spa", "token_endpoint_auth_method": "none", "organization_usage": "allow",
                "callbacks": ["http://localhost:3000", "http://localhost:3000/callback"],
                "allowed_logout_urls": ["http://localhost:3000"], "web_origins": ["http://localhost:3000"],
                "grant_types": ["authorization_code", "implicit", "refresh_token", "password", "http://auth0.com/oauth/grant-type/password-realm",
                    "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-oob",
                    "http://auth0.com/oauth/grant-type/mfa-recovery-code"],
            }));
        }
        if !catalog
            .clients
            .iter()
            .any(|client| text(client, "app_type") == Some("non_interactive"))
        {
            catalog.clients.push(json!({
                "name": "Local Management", "app_type": "non_interactive", "grant_types": ["client_credentials"],
            }));
        }
        for client in &mut catalog.clients {
            let name = text(client, "name").unwrap_or_default().to_owned();
            third_party::settle(client);
            with_default(client, "client_id", || {
                // Derived, not random: a client that is configured with it still works after a restart.
                opaque_token(b"postlogin client", &[tenant, &name]).into()
            });
            let id = text(client, "client_id").unwrap_or_default().to_owned();
            // An export never has the secret itself.
            if text(client, "client_secret")
                .is_none_or(|secret| secret.is_empty() || secret == "_VALUE_NOT_SHOWN_")
                && let Some(object) = client.as_object_mut()
            {
                object.insert(
                    "client_secret".into(),
                    opaque_token(secret, &["client secret", &id]).into(),
                );
            }
            for callback in callbacks {
                for key in ["callbacks", "allowed_logout_urls"] {
                    with_default(client, key, || json!([]));
                    if let Some(list) = client.get_mut(key).and_then(Value::as_array_mut) {
                        list.push(json!(callback));
                    }
                }
                if let Ok(url) = url::Url::parse(callback)
                    && url.origin().is_tuple()
                {
                    with_default(client, "web_origins", || json!([]));
                    if let Some(list) = client.get_mut("web_origins").and_then(Value::as_array_mut)
                    {
                        list.push(json!(url.origin().ascii_serialization()));
                    }
                }
            }
        }
        let generated = catalog.clients.iter().skip(exported);
        catalog.generated = generated
            .filter_map(|client| text(client, "client_id").map(str::to_owned))
            .collect();
        if !catalog
            .connections
            .iter()
            .any(|connection| text(connection, "strategy").unwrap_or("auth0") == "auth0")
        {
            catalog.any_directory = true;
            // Every application may use it, as it may use every connection of which nothing is known.
            let made = json!({"name": DEFAULT_CONNECTION, "strategy": "auth0", "is_domain_connection": true});
            catalog.connections.insert(0, made);
        }
        for connection in &mut catalog.connections {
            let name = text(connection, "name").unwrap_or_default().to_owned();
            with_default(connection, "strategy", || "auth0".into());
            with_default(connection, "id", || {
                short_id("con_", &[tenant, "connection", &name]).into()
            });
            // Without applications an export cannot list the one that is made here instead of them.
            if exported == 0
                && let Some(enabled) = connection.get_mut("enabled_clients")
                && let Some(enabled) = enabled.as_array_mut()
            {
                enabled.extend(catalog.generated.iter().map(|id| json!(id)));
            }
        }
        for organization in &mut catalog.organizations {
            let name = text(organization, "name").unwrap_or_default().to_owned();
            with_default(organization, "id", || {
                short_id("org_", &[tenant, "organization", &name]).into()
            });
            with_default(organization, "display_name", || name.clone().into());
        }
        for api in &mut catalog.apis {
            let identifier = text(api, "identifier").unwrap_or_default().to_owned();
            with_default(api, "id", || {
                short_id("api_", &[tenant, "api", &identifier]).into()
            });
            // Which an export may lack, or hide as it hides those of applications.
            if text(api, "signing_secret")
                .is_none_or(|secret| secret.is_empty() || secret == "_VALUE_NOT_SHOWN_")
                && let Some(object) = api.as_object_mut()
            {
                object.insert(
                    "signing_secret".into(),
                    opaque_token(secret, &["signing secret", &identifier]).into(),
                );
            }
        }
        for stream in &mut catalog.streams {
            let name = text(stream, "name").unwrap_or_default().to_owned();
            with_default(stream, "id", || {
                short_id("est_", &[tenant, "stream", &name]).into()
            });
        }
        for grant in &mut catalog.client_grants {
            let part = |key: &str| text(grant, key).unwrap_or_default().to_owned();
            let client = [part("client_id"), part("client_name"), part("audience")];
            let of_users = part("subject_type");
            with_default(grant, "id", || {
                let [id, name, audience] = &client;
                let names = [tenant, "grant", id, name, audience, &of_users];
                short_id("cgr_", &names).into()
            });
        }
        for role in &mut catalog.roles {
            let name = text(role, "name").unwrap_or_default().to_owned();
            with_default(role, "id", || {
                short_id("rol_", &[tenant, "role", &name]).into()
            });
        }
        catalog
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Value> {
        self.clients
            .iter()
            .find(|client| text(client, "client_id") == Some(id))
    }

    pub(crate) fn connection(&self, name: &str) -> Option<&Value> {
        self.connections
            .iter()
            .find(|connection| text(connection, "name") == Some(name))
    }

    /// Adds the connection of a user, where no export says which connections there are.
    pub(crate) fn add_connection(&mut self, name: &str, strategy: &str) {
        if self.room_for_connections == 0 || self.connection(name).is_some() {
            return;
        }
        self.room_for_connections -= 1;
        self.connections.push(json!({
            "id": short_id("con_", &["user", "connection", name]),
            "name": name, "strategy": strategy, "is_domain_connection": true,
        }));
    }

    /// Returns a copy that gets no connections from users: a tenant that runs keeps those it has.
    pub(crate) fn with_these_connections(&self) -> Self {
        Self {
            room_for_connections: 0,
            ..self.clone()
        }
    }

    pub(crate) fn api(&self, identifier: &str) -> Option<&Value> {
        self.apis
            .iter()
            .find(|api| text(api, "identifier") == Some(identifier))
    }

    /// The token exchange profile of a type of subject token.
    pub(crate) fn profile(&self, subject_token_type: &str) -> Option<&Value> {
        let mut profiles = self.profiles.iter();
        profiles.find(|profile| text(profile, "subject_token_type") == Some(subject_token_type))
    }

    /// Whether an application may exchange tokens by profiles. Applications that no export knows may.
    pub(crate) fn may_exchange(&self, client: &Value) -> bool {
        let generated = self
            .generated
            .iter()
            .any(|id| Some(id.as_str()) == text(client, "client_id"));
        let allowed = client.get("token_exchange").unwrap_or(&Value::Null);
        generated
            || texts(allowed, "allow_any_profile_of_type")
                .any(|kind| kind == "custom_authentication")
    }

    /// By id or by name.
    pub(crate) fn organization(&self, named: &str) -> Option<&Value> {
        let is = |organization: &Value| {
            text(organization, "id") == Some(named) || text(organization, "name") == Some(named)
        };
        self.organizations
            .iter()
            .find(|organization| is(organization))
    }

    pub(crate) fn role(&self, id: &str) -> Option<&Value> {
        self.roles
            .iter()
            .find(|role| text(role, "id") == Some(id) || text(role, "name") == Some(id))
    }

    /// The database connection that logins of an application go to when they name none.
    pub(crate) fn default_database<'a>(&'a self, client: &'a Value) -> Option<&'a Value> {
        let directory = self
            .settings
            .get("default_directory")
            .and_then(Value::as_str);
        let named = directory
            .and_then(|name| self.connection(name))
            .filter(|found| is_enabled(found, client));
        named.or_else(|| self.databases(client).next())
    }

    /// The social and enterprise connections of an application.
    pub(crate) fn providers<'a>(&'a self, client: &'a Value) -> impl Iterator<Item = &'a Value> {
        let providers = self.connections.iter().filter(|it| is_provider(it));
        providers.filter(|connection| is_enabled(connection, client))
    }

    /// The passwordless connections of an application.
    pub(crate) fn passwordless<'a>(&'a self, client: &'a Value) -> impl Iterator<Item = &'a Value> {
        self.connections.iter().filter(|connection| {
            matches!(text(connection, "strategy"), Some("email" | "sms"))
                && is_enabled(connection, client)
        })
    }

    /// The database connections of an application.
    pub(crate) fn databases<'a>(&'a self, client: &'a Value) -> impl Iterator<Item = &'a Value> {
        let databases = self
            .connections
            .iter()
            .filter(|connection| text(connection, "strategy") == Some("auth0"));
        databases.filter(|connection| is_enabled(connection, client))
    }
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::json;

    use super::{Catalog, allows_grant, is_confidential};

    #[test]
    fn an_empty_export_has_what_a_login_needs() {
        let catalog = Catalog::new(
            &TenantData::default(),
            "t",
            b"secret",
            &["http://localhost:5173/cb".into()],
        );
        let client = &catalog.clients[0];
        assert!(
            client["callbacks"]
                .as_array()
                .unwrap()
                .contains(&json!("http://localhost:5173/cb"))
        );
        assert!(
            client["web_origins"]
                .as_array()
                .unwrap()
                .contains(&json!("http://localhost:5173"))
        );
        assert!(!is_confidential(client) && allows_grant(client, "authorization_code"));
        assert_eq!(
            catalog.default_database(client).unwrap()["name"],
            "Username-Password-Authentication"
        );
        let again = Catalog::new(&TenantData::default(), "t", b"other", &[]);
        assert_eq!(client["client_id"], again.clients[0]["client_id"]);
        assert_ne!(client["client_secret"], again.clients[0]["client_secret"]);
    }
}
