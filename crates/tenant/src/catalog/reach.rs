//! The connections of a login: those of its application and, in an organization, of the organization as well.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/enable-connections>

use serde_json::Value;

use super::{Catalog, is_enabled, is_provider};
use crate::http::text;

/// Returns the entry of a connection in the `connections` of an organization. An export has its name, the Management API its id.
pub(crate) fn entry<'a>(
    organization: &'a Value,
    name: &str,
    id: Option<&str>,
) -> Option<&'a Value> {
    let enabled = organization.get("connections").and_then(Value::as_array);
    let mut enabled = enabled.into_iter().flatten();
    enabled.find(|it| {
        let named = text(it, "name").or_else(|| text(it, "connection_name"));
        named == Some(name) || (id.is_some() && text(it, "connection_id") == id)
    })
}

impl Catalog {
    /// Returns the entry of a connection in an organization, which is given by its id.
    fn entry_in(&self, connection: &Value, organization: &str) -> Option<&Value> {
        let name = text(connection, "name").unwrap_or_default();
        entry(
            self.organization(organization)?,
            name,
            text(connection, "id"),
        )
    }

    /// Whether a login of an application, to an organization or to none, may use a connection.
    pub(crate) fn is_open(
        &self,
        connection: &Value,
        client: &Value,
        organization: Option<&str>,
    ) -> bool {
        is_enabled(connection, client) && self.is_of(connection, organization)
    }

    /// Whether a connection is one of an organization; without an organization, each is.
    pub(crate) fn is_of(&self, connection: &Value, organization: Option<&str>) -> bool {
        organization.is_none_or(|id| self.entry_in(connection, id).is_some())
    }

    /// Returns the connections of a login.
    pub(crate) fn open<'a>(
        &'a self,
        client: &'a Value,
        organization: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> {
        let all = self.connections.iter();
        all.filter(move |it| self.is_open(it, client, organization))
    }

    /// Returns the database connections of a login.
    pub(crate) fn databases_in<'a>(
        &'a self,
        client: &'a Value,
        organization: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> {
        let databases = self.databases(client);
        databases.filter(move |it| self.is_of(it, organization))
    }

    /// Returns the database connection that a login goes to when it names none.
    pub(crate) fn default_database_in<'a>(
        &'a self,
        client: &'a Value,
        organization: Option<&'a str>,
    ) -> Option<&'a Value> {
        let default = self.default_database(client);
        default
            .filter(|it| self.is_of(it, organization))
            .or_else(|| self.databases_in(client, organization).next())
    }

    /// Returns the social and enterprise connections that have a button on the login page.
    pub(crate) fn buttons<'a>(
        &'a self,
        client: &'a Value,
        organization: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Value> {
        self.open(client, organization)
            .filter(move |it| is_provider(it) && self.is_visible(it, organization))
    }

    /// Whether the login page of an organization shows a connection: `show_as_button` hides one.
    fn is_visible(&self, connection: &Value, organization: Option<&str>) -> bool {
        let entry = organization.and_then(|id| self.entry_in(connection, id));
        entry.and_then(|it| it.get("show_as_button")) != Some(&Value::Bool(false))
    }

    /// Returns why nobody can sign in to an organization on the login page; `None` when somebody can.
    ///
    /// The texts are production's, as public code and the documentation quote them.
    pub(crate) fn closed(&self, client: &Value, organization: Option<&str>) -> Option<&str> {
        organization?;
        let mut open = self.open(client, organization).peekable();
        if open.peek().is_none() {
            return Some("no connections enabled for the organization");
        }
        let visible = |it: &Value| !is_provider(it) || self.is_visible(it, organization);
        (!open.any(visible)).then_some("no connections enabled for the organization are visible")
    }

    /// Whether the login page offers to sign up to a database connection: an organization has to allow it, and to make members of
    /// those who do.
    pub(crate) fn offers_sign_up(&self, connection: &Value, organization: Option<&str>) -> bool {
        let Some(organization) = organization else {
            return true;
        };
        let is_on = |entry: &Value, key: &str| entry.get(key) == Some(&Value::Bool(true));
        self.entry_in(connection, organization).is_some_and(|it| {
            is_on(it, "is_signup_enabled") && is_on(it, "assign_membership_on_login")
        })
    }
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::json;

    use super::Catalog;

    #[test]
    fn an_organization_has_the_connections_that_it_lists() {
        let data = TenantData {
            connections: vec![
                json!({"name": "db", "strategy": "auth0", "id": "con_1"}),
                json!({"name": "other", "strategy": "auth0"}),
                json!({"name": "okta", "strategy": "oidc", "id": "con_3"}),
            ],
            organizations: vec![
                json!({"name": "acme", "connections": [
                    {"name": "other", "is_signup_enabled": true},
                    {"connection_id": "con_1", "is_signup_enabled": true, "assign_membership_on_login": true},
                    5,
                ]}),
                json!({"name": "none"}),
                json!({"name": "hidden", "connections": [{"name": "okta", "show_as_button": false}]}),
            ],
            ..TenantData::default()
        };
        let catalog = Catalog::new(&data, "t", b"secret", &[]);
        let client = catalog.clients[0].clone();
        let names = |organization| {
            let open = catalog.open(&client, organization);
            let names = open.map(|it| it["name"].as_str().unwrap());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["db", "other", "okta"]);
        assert_eq!(names(Some("acme")), ["db", "other"]);
        assert_eq!(names(Some("none")), Vec::<&str>::new());
        let signs_up = |name: &str, organization| {
            catalog.offers_sign_up(catalog.connection(name).unwrap(), organization)
        };
        assert!(signs_up("db", Some("acme")) && signs_up("other", None));
        assert!(!signs_up("other", Some("acme")) && !signs_up("db", Some("none")));
        assert_eq!(catalog.closed(&client, Some("acme")), None);
        assert!(catalog.closed(&client, Some("none")).is_some());
        let hidden = catalog.closed(&client, Some("hidden"));
        assert!(hidden.is_some_and(|it| it.ends_with("visible")));
        assert_eq!(catalog.buttons(&client, Some("hidden")).count(), 0);
        assert_eq!(names(Some("hidden")), ["okta"]);
    }
}
