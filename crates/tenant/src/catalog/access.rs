//! The access of applications: connections, grants, and the database of the grant `password`.

use postlogin_project::TenantData;
use serde_json::Value;

use super::Catalog;
use super::third_party::{STRICT_GRANTS, is_strict, is_third_party};
use crate::http::{text, texts};

/// The grant `password` of a connection that the request names.
const RESOURCE_OWNER: &str = "http://auth0.com/oauth/grant-type/password-realm";

/// Why there is no database for the grant `password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoDirectory {
    /// The tenant has no `default_directory`.
    Missing,
    /// It is not a database that the application may use.
    Disabled,
}

impl Catalog {
    /// Returns the database connection of the grant `password`: the tenant's `default_directory`. Where the export cannot say
    /// which one that is, it is the first one of the application.
    ///
    /// # Errors
    /// When the tenant has none, or the application may not use it.
    pub(crate) fn directory<'a>(&'a self, client: &'a Value) -> Result<&'a Value, NoDirectory> {
        let named = self.settings.get("default_directory");
        let named = named.and_then(Value::as_str).filter(|it| !it.is_empty());
        let mut databases = self.databases(client);
        match named {
            Some(name) => databases
                .find(|it| text(it, "name") == Some(name))
                .ok_or(NoDirectory::Disabled),
            None if self.any_directory => databases.next().ok_or(NoDirectory::Disabled),
            None => Err(NoDirectory::Missing),
        }
    }
}

/// Whether an application may use a connection. An export lists the names of applications: an empty list is none of them, as
/// in production. Where nothing is listed, nothing is known, and all may.
///
/// Whether people of a connection sign in at another site: a social or an enterprise connection.
pub(crate) fn is_provider(connection: &Value) -> bool {
    !matches!(
        text(connection, "strategy").unwrap_or("auth0"),
        "auth0" | "email" | "sms"
    )
}

/// A third-party application may use those of the domain level, and no others:
/// <https://auth0.com/docs/authenticate/identity-providers/promote-connections-to-domain-level>.
pub(crate) fn is_enabled(connection: &Value, client: &Value) -> bool {
    if is_third_party(client) {
        return connection.get("is_domain_connection") == Some(&Value::Bool(true));
    }
    if connection.get("enabled_clients").is_none_or(Value::is_null) {
        return true;
    }
    let (name, id) = (text(client, "name"), text(client, "client_id"));
    texts(connection, "enabled_clients").any(|enabled| Some(enabled) == name || Some(enabled) == id)
}

/// Whether an application has a secret to show at the token endpoint.
pub(crate) fn is_confidential(client: &Value) -> bool {
    match text(client, "token_endpoint_auth_method") {
        Some(method) => method != "none",
        None => !matches!(text(client, "app_type"), Some("spa" | "native")),
    }
}

/// Whether an application may use a grant. One that lists none has those that Auth0 gives to its type.
pub(crate) fn allows_grant(client: &Value, grant: &str) -> bool {
    // <https://auth0.com/docs/get-started/applications/third-party-applications/security-controls>; the page about the permissive
    // mode does not list it either.
    if is_third_party(client) && matches!(grant, "password" | RESOURCE_OWNER) {
        return false;
    }
    if is_strict(client) && !STRICT_GRANTS.contains(&grant) {
        return false;
    }
    if client
        .get("grant_types")
        .and_then(Value::as_array)
        .is_some()
    {
        return texts(client, "grant_types")
            .any(|known| known == grant || (grant == RESOURCE_OWNER && known == "password"));
    }
    match text(client, "app_type") {
        Some("non_interactive") => grant == "client_credentials",
        Some("spa" | "native") => matches!(
            grant,
            "authorization_code"
                | "implicit"
                | "refresh_token"
                | "urn:ietf:params:oauth:grant-type:device_code"
        ),
        _ => matches!(
            grant,
            "authorization_code" | "implicit" | "refresh_token" | "client_credentials"
        ),
    }
}

/// Returns what to say at the start about an export whose applications cannot sign users in as they might look to.
pub(crate) fn warnings(data: &TenantData) -> Vec<String> {
    let mut warnings = Vec::new();
    let names = |is_one: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let clients = data.clients.iter().filter(|client| is_one(client));
        clients
            .map(|client| format!("`{}`", text(client, "name").unwrap_or_default()))
            .collect()
    };
    let is_database = |it: &&Value| text(it, "strategy").unwrap_or("auth0") == "auth0";
    let database = data.connections.iter().find(is_database);
    let of_passwords = names(&|client| {
        texts(client, "grant_types").any(|grant| grant == "password") && !is_third_party(client)
    });
    let directory = data.settings.get("default_directory");
    let has_directory = directory
        .and_then(Value::as_str)
        .is_some_and(|name| !name.is_empty());
    if let Some(database) = database.filter(|_| !of_passwords.is_empty() && !has_directory) {
        let name = text(database, "name").unwrap_or_default();
        warnings.push(match data.settings.is_empty() {
            true => format!(
                "the export has no settings of the tenant, so that the grant `password` uses the first database of the application (`{name}`): production needs a `default_directory`"
            ),
            false => format!(
                "the tenant has no `default_directory`: the grant `password` of {} fails, as in production; set it to the name of a database, or use the grant `{RESOURCE_OWNER}`",
                of_passwords.join(", ")
            ),
        });
    }
    let of_the_domain = |it: &Value| it.get("is_domain_connection") == Some(&Value::Bool(true));
    warnings.extend(super::third_party::warning(&data.clients));
    let third_party = names(&is_third_party);
    // Where the export has no database, the one that is made instead may be used.
    if database.is_some() && !third_party.is_empty() && !data.connections.iter().any(of_the_domain)
    {
        warnings.push(format!(
            "third-party applications use connections with `is_domain_connection: true` alone, and there is none for {}",
            third_party.join(", ")
        ));
    }
    let without = names(&|client| {
        let signs_in = [
            "authorization_code",
            "implicit",
            "password",
            "urn:ietf:params:oauth:grant-type:device_code",
        ];
        !is_third_party(client)
            && text(client, "name") != Some("All Applications")
            && signs_in.iter().any(|grant| allows_grant(client, grant))
            && !data.connections.iter().any(|it| is_enabled(it, client))
    });
    if database.is_some() && !without.is_empty() {
        warnings.push(format!(
            "no connection is enabled for {}: their logins end with `no connections enabled for the client`, as in production; list them in `enabled_clients` of a connection",
            without.join(", ")
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::{Value, json};

    use super::{NoDirectory, allows_grant, is_enabled, warnings};
    use crate::catalog::Catalog;

    #[test]
    fn a_tenant_with_settings_names_its_directory() {
        let databases =
            json!([{"name": "one"}, {"name": "two"}, {"name": "other", "enabled_clients": []}]);
        let check = |settings: Value, databases: &Value, expected| {
            let data = TenantData {
                settings: settings.as_object().cloned().unwrap(),
                connections: databases.as_array().cloned().unwrap(),
                ..TenantData::default()
            };
            let catalog = Catalog::new(&data, "t", b"secret", &[]);
            let client = json!({"name": "App", "client_id": "1"});
            let found = catalog.directory(&client);
            let found = found.map(|it| it["name"].as_str().unwrap());
            assert_eq!(found, expected, "{settings}");
        };
        let none = json!([]);
        let own = Ok("Username-Password-Authentication");
        check(json!({"default_directory": "two"}), &databases, Ok("two"));
        check(json!({}), &databases, Ok("one"));
        check(json!({}), &none, own);
        check(json!({"friendly_name": "A"}), &none, own);
        for missing in [
            json!({"friendly_name": "A"}),
            json!({"default_directory": ""}),
        ] {
            check(missing, &databases, Err(NoDirectory::Missing));
        }
        for disabled in ["other", "nowhere"] {
            let settings = json!({"default_directory": disabled});
            check(settings, &databases, Err(NoDirectory::Disabled));
        }
    }

    #[test]
    fn third_party_applications_have_connections_of_the_domain_level() {
        let third = json!({"name": "App", "client_id": "1", "is_first_party": false, "grant_types": ["password", "authorization_code"]});
        let first = json!({"name": "App", "client_id": "1", "is_first_party": true, "grant_types": ["password"]});
        for (connection, of_third, of_first) in [
            (json!({}), false, true),
            (json!({"is_domain_connection": false}), false, true),
            (json!({"is_domain_connection": true}), true, true),
            (
                json!({"is_domain_connection": true, "enabled_clients": []}),
                true,
                false,
            ),
            (json!({"enabled_clients": ["App"]}), false, true),
        ] {
            assert_eq!(is_enabled(&connection, &third), of_third, "{connection}");
            assert_eq!(is_enabled(&connection, &first), of_first, "{connection}");
        }
        assert!(allows_grant(&third, "authorization_code") && allows_grant(&first, "password"));
        let realm = "http://auth0.com/oauth/grant-type/password-realm";
        assert!(!allows_grant(&third, "password") && !allows_grant(&third, realm));
    }

    #[test]
    fn a_connection_lists_its_applications_by_name() {
        let client = json!({"name": "App", "client_id": "1"});
        assert!(
            is_enabled(&json!({}), &client)
                && is_enabled(&json!({"enabled_clients": ["App"]}), &client)
        );
        for none in [json!(["Other"]), json!([])] {
            assert!(!is_enabled(&json!({"enabled_clients": none}), &client));
        }
    }

    #[test]
    fn an_export_that_signs_nobody_in_is_named() {
        let data = |settings: Value, client: Value, connection: Value| TenantData {
            settings: settings.as_object().cloned().unwrap(),
            clients: vec![client],
            connections: vec![connection],
            ..TenantData::default()
        };
        let first = json!({"name": "App", "grant_types": ["password"]});
        let third = json!({"name": "Partner", "is_first_party": false, "third_party_security_mode": "permissive", "grant_types": ["password"]});
        let other = json!({"name": "Web", "grant_types": ["authorization_code"]});
        let named = json!({"default_directory": "db"});
        let some = json!({"friendly_name": "A"});
        let database = json!({"name": "db", "strategy": "auth0"});
        let elsewhere = json!({"name": "db", "enabled_clients": ["Other"]});
        let machine = json!({"name": "Cron", "app_type": "non_interactive"});
        let of_domain = json!({"name": "db", "is_domain_connection": true});
        for (data, expected) in [
            (data(named.clone(), first.clone(), database.clone()), None),
            (data(some.clone(), other.clone(), database.clone()), None),
            (
                data(named.clone(), other, elsewhere.clone()),
                Some("no connection is enabled for `Web`: "),
            ),
            (data(named.clone(), machine, elsewhere), None),
            (
                data(some.clone(), first.clone(), database.clone()),
                Some("the grant `password` of `App` fails"),
            ),
            (
                data(json!({}), first.clone(), database.clone()),
                Some("the first database of the application (`db`)"),
            ),
            (
                data(named.clone(), third.clone(), database),
                Some("there is none for `Partner`"),
            ),
            (data(named, third, of_domain), None),
            (
                TenantData {
                    clients: vec![first],
                    settings: some.as_object().cloned().unwrap(),
                    ..TenantData::default()
                },
                None,
            ),
        ] {
            let found = warnings(&data);
            assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
            assert!(
                found.concat().contains(expected.unwrap_or_default()),
                "{found:?}"
            );
        }
    }
}
