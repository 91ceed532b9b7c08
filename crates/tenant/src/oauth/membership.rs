//! Membership of an organization that a connection assigns at the first login.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/enable-connections>

use serde_json::Value;

use super::Result;
use super::event::{Occasion, connection};
use crate::http::text;
use crate::records::Member;
use crate::state::Tenant;
use crate::store::Entry;

/// Makes a user a member if the connection of the login assigns membership; returns whether it does.
///
/// It happens before the Actions run (<https://community.auth0.com/t/200110>).
pub(super) fn assigned(
    tenant: &Tenant,
    organization: &str,
    occasion: &Occasion,
    user: &Value,
) -> Result<bool> {
    let arrived_by = occasion
        .session
        .as_ref()
        .and_then(|session| session.connection.as_deref());
    let connection = connection(tenant, user, arrived_by);
    let name = text(&connection, "name").unwrap_or_default();
    let found = tenant.catalog.organization(organization);
    if !found.is_some_and(|found| assigns(found, name, text(&connection, "id"))) {
        return Ok(false);
    }
    let key = format!("{organization}/{}", occasion.user_id);
    let entry = Entry::lasting(&key).of(&occasion.user_id);
    tenant.store.put(entry, &Member {}, tenant.now_ms())?;
    Ok(true)
}

/// Whether an organization assigns membership to those who sign in by a connection. An export has its name, the Management API
/// its id.
fn assigns(organization: &Value, name: &str, id: Option<&str>) -> bool {
    let enabled = organization.get("connections").and_then(Value::as_array);
    let mut enabled = enabled.into_iter().flatten();
    enabled.any(|it| {
        let named = text(it, "name").or_else(|| text(it, "connection_name"));
        let is_it = named == Some(name) || (id.is_some() && text(it, "connection_id") == id);
        is_it && it.get("assign_membership_on_login") == Some(&Value::Bool(true))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::assigns;

    #[test]
    fn a_connection_assigns_membership_if_the_organization_has_it_so() {
        let organization = json!({"connections": [
            {"name": "db", "assign_membership_on_login": true},
            {"connection_id": "con_2", "assign_membership_on_login": true},
            {"name": "other", "assign_membership_on_login": false},
            5,
        ]});
        assert!(assigns(&organization, "db", None));
        assert!(assigns(&organization, "x", Some("con_2")));
        assert!(!assigns(&organization, "other", None));
        assert!(!assigns(&organization, "x", None));
        assert!(!assigns(&json!({"connections": "db"}), "db", None));
    }
}
