//! The connections of an organization: by which its members sign in and sign up.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/enable-connections>

use postlogin_project::TenantData;
use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{is_enabled, is_provider};
use crate::http::text;
use crate::state::Tenant;

/// Whether an organization has a connection, and with which settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Enabled<'a> {
    /// The login has no organization.
    Apart,
    /// It is not one of its own.
    No,
    /// The entry of its list.
    By(&'a Value),
}

impl Enabled<'_> {
    /// Whether members may sign in by the connection.
    pub(crate) fn signs_in(self) -> bool {
        self != Enabled::No
    }

    /// Whether the organization lets users sign up; by default it does not.
    pub(crate) fn signs_up(self) -> bool {
        match self {
            Enabled::Apart => true,
            Enabled::No => false,
            Enabled::By(entry) => entry.get("is_signup_enabled") == Some(&Value::Bool(true)),
        }
    }

    /// Whether the page of the organization has a button for the connection.
    pub(crate) fn has_button(self) -> bool {
        match self {
            Enabled::Apart => true,
            Enabled::No => false,
            Enabled::By(entry) => entry.get("show_as_button") != Some(&Value::Bool(false)),
        }
    }
}

/// Looks a connection up in the organization with an id. An export has names of connections, the Management API ids.
pub(crate) fn enabled<'a>(
    tenant: &'a Tenant,
    organization: Option<&str>,
    connection: &Value,
) -> Enabled<'a> {
    let Some(found) = organization.and_then(|id| tenant.catalog.organization(id)) else {
        return Enabled::Apart;
    };
    let listed = found.get("connections").and_then(Value::as_array);
    let mut listed = listed.into_iter().flatten();
    let own = listed.find(|entry| is_of(entry, connection));
    own.map_or(Enabled::No, Enabled::By)
}

/// Returns a warning about the organizations that do not say which connections they have: an organization begins without one, and the
/// Deploy CLI writes the list of each.
///
/// Source: <https://github.com/auth0/auth0-deploy-cli/blob/master/src/tools/auth0/handlers/organizations.ts>.
pub(crate) fn warning(data: &TenantData) -> Option<String> {
    let all = data.organizations.iter();
    let silent = all.filter(|it| it.get("connections").is_none_or(Value::is_null));
    let names: Vec<&str> = silent.filter_map(|it| text(it, "name")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "no user can sign in to organizations without `connections`, as in production: {}; add connections: [{{name: …}}]",
            names.join(", ")
        )
    })
}

/// Whether an entry is that of a connection.
pub(crate) fn is_of(entry: &Value, connection: &Value) -> bool {
    let named = text(entry, "name").or_else(|| text(entry, "connection_name"));
    let id = text(connection, "id");
    (named.is_some() && named == text(connection, "name"))
        || (id.is_some() && text(entry, "connection_id") == id)
}

/// Returns why no user can sign in on the login page, to an organization or without one; `None` when users can.
///
/// The texts are production's, as public code and the documentation quote them. Production has that of an application also for one with
/// passwordless connections alone, unless its tenant asks for the identifier first; here a page asks for the address.
pub(crate) fn closed(
    tenant: &Tenant,
    client: &Value,
    organization: Option<&str>,
) -> Option<&'static str> {
    let all = tenant.catalog.connections.iter();
    if organization.is_none() {
        let is_open = all.clone().any(|it| is_enabled(it, client));
        return (!is_open).then_some("no connections enabled for the client");
    }
    let mut open = all
        .filter(|it| is_enabled(it, client))
        .map(|it| (it, enabled(tenant, organization, it)))
        .filter(|(_, enabled)| enabled.signs_in())
        .peekable();
    if open.peek().is_none() {
        return Some("no connections enabled for the organization");
    }
    let is_visible =
        |(it, enabled): (&Value, Enabled<'_>)| !is_provider(it) || enabled.has_button();
    (!open.any(is_visible)).then_some("no connections enabled for the organization are visible")
}

/// Refuses a connection that an organization does not have.
///
/// # Errors
/// `access_denied`; production's text is not public.
pub(crate) fn require(
    tenant: &Tenant,
    organization: Option<&str>,
    connection: &Value,
) -> Result<()> {
    match enabled(tenant, organization, connection).signs_in() {
        true => Ok(()),
        false => Err(OAuthError::new(
            403,
            "access_denied",
            "the connection is not enabled for the organization",
        )),
    }
}

#[cfg(test)]
mod tests {
    use postlogin_project::TenantData;
    use serde_json::json;

    use super::warning;

    #[test]
    fn organizations_without_a_list_are_named() {
        let mut data = TenantData {
            organizations: vec![
                json!({"name": "acme", "connections": []}),
                json!({"name": "beta"}),
                json!({"name": "gamma", "connections": null}),
            ],
            ..TenantData::default()
        };
        let expected = "no user can sign in to organizations without `connections`, as in production: beta, gamma; add connections: [{name: …}]";
        assert_eq!(warning(&data).as_deref(), Some(expected));
        data.organizations.truncate(1);
        assert_eq!(warning(&data), None);
    }
}
