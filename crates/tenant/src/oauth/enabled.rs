//! The connections of an organization: by which its members sign in and sign up.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/enable-connections>

use serde_json::Value;

use super::{OAuthError, Result};
use crate::catalog::{is_enabled, is_provider};
use crate::http::text;
use crate::state::Tenant;

/// Whether an organization has a connection, and with which settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Enabled<'a> {
    /// Unknown: the login has no organization, or the export of the organization has no list of connections.
    Unknown,
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
            Enabled::Unknown => true,
            Enabled::No => false,
            Enabled::By(entry) => entry.get("is_signup_enabled") == Some(&Value::Bool(true)),
        }
    }

    /// Whether the page of the organization has a button for the connection.
    pub(crate) fn has_button(self) -> bool {
        match self {
            Enabled::Unknown => true,
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
    let found = organization.and_then(|id| tenant.catalog.organization(id));
    let listed = found.and_then(|found| found.get("connections")?.as_array());
    match listed {
        None => Enabled::Unknown,
        Some(listed) => listed
            .iter()
            .find(|entry| is_of(entry, connection))
            .map_or(Enabled::No, Enabled::By),
    }
}

/// Whether an entry is that of a connection.
pub(crate) fn is_of(entry: &Value, connection: &Value) -> bool {
    let named = text(entry, "name").or_else(|| text(entry, "connection_name"));
    let id = text(connection, "id");
    (named.is_some() && named == text(connection, "name"))
        || (id.is_some() && text(entry, "connection_id") == id)
}

/// Returns why nobody can sign in to an organization on the login page; `None` when somebody can.
///
/// The texts are production's, as public code and the documentation quote them.
pub(crate) fn closed(
    tenant: &Tenant,
    client: &Value,
    organization: Option<&str>,
) -> Option<&'static str> {
    organization?;
    let all = tenant.catalog.connections.iter();
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
