//! Membership of an organization that begins with a login: a connection assigns it, or an invitation is accepted.
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/enable-connections>

use serde_json::{Map, Value};

use super::enabled::{is_of, require};
use super::event::{Occasion, connection};
use super::request::AuthRequest;
use super::{OAuthError, Result, session};
use crate::catalog::is_enabled;
use crate::http::{Call, text};
use crate::management::journal::Happening;
use crate::management::merge_metadata;
use crate::records::{Invitation, Member, MemberRoles};
use crate::state::Tenant;
use crate::store::{Entry, StoreError};
use crate::triggers::configured::{Membership, publish_member};

/// Returns the invitation that the query of a login names, with its id, if it is good: neither used nor over, and of the
/// application and the organization of the login.
pub(crate) fn invitation(
    tenant: &Tenant,
    client_id: &str,
    organization: Option<&str>,
    query: &Map<String, Value>,
) -> Result<Option<(String, Invitation)>> {
    let ticket = query.get("invitation").and_then(Value::as_str);
    let (Some(ticket), Some(organization)) = (ticket, organization) else {
        return Ok(None);
    };
    let now = tenant.now_ms();
    let listed = tenant.store.list::<Invitation>(Some(organization), now)?;
    let mut listed = listed.into_iter();
    Ok(listed.find(|(_, invitation)| {
        invitation.client_id == client_id
            && crate::randomness::same_secret(&invitation.ticket, ticket)
    }))
}

/// Looks at the invitation of a request before any page is shown. The login is by the connection that the invitation names, whatever the
/// request names: "the id of the connection to force invitee to authenticate with"
/// (<https://auth0.com/docs/api/management/v2/organizations/get-invitations-by-invitation-id>).
///
/// # Errors
/// When the request has no organization, and when the invitation is unknown, used or over. A member who is signed in continues: the link
/// was used before.
pub(super) fn of_request(
    tenant: &Tenant,
    call: &Call,
    client: &Value,
    request: &mut AuthRequest,
) -> Result<()> {
    if !request.query.contains_key("invitation") {
        return Ok(());
    }
    let Some(organization) = request.organization.as_deref() else {
        let description = "The parameter invitation needs the parameter organization.";
        return Err(OAuthError::invalid_request(description));
    };
    let found = invitation(
        tenant,
        &request.client_id,
        Some(organization),
        &request.query,
    )?;
    let Some((_, found)) = found else {
        let session = session::current(tenant, call)?;
        return match session {
            Some(session) if tenant.is_member(organization, &session.record.user_id)? => Ok(()),
            _ => Err(not_found()),
        };
    };
    let Some(id) = found.connection_id.as_deref() else {
        return Ok(());
    };
    let mut all = tenant.catalog.connections.iter();
    let forced = all.find(|it| text(it, "id") == Some(id));
    let Some(forced) = forced.filter(|it| is_enabled(it, client)) else {
        return Err(OAuthError::invalid_request(
            "the connection was not found or is not enabled for the client",
        ));
    };
    require(tenant, Some(organization), forced)?;
    request.connection = text(forced, "name").map(str::to_owned);
    Ok(())
}

fn not_found() -> OAuthError {
    OAuthError::invalid_request("invitation not found or already used")
}

/// Whether a user has an identity of the connection that an invitation names, if it names one.
fn is_by_its_connection(tenant: &Tenant, invitation: &Invitation, user: &Value) -> bool {
    let Some(id) = invitation.connection_id.as_deref() else {
        return true;
    };
    let identities = user.get("identities").and_then(Value::as_array);
    let mut identities = identities.into_iter().flatten();
    identities.any(|identity| {
        let name = text(identity, "connection").unwrap_or_default();
        let known = tenant.catalog.connection(name);
        known.is_some_and(|known| text(known, "id") == Some(id))
    })
}

/// Accepts the invitation of a login, if it has one: its user becomes a member, with the roles and metadata of the invitation,
/// which is good once.
///
/// # Errors
/// When the invitation is unknown, used or of another organization or application, and when it was made to another address or for
/// another connection.
pub(super) fn invited(
    tenant: &Tenant,
    organization: Option<&str>,
    occasion: &Occasion,
    user: &Value,
) -> Result<()> {
    if !occasion.query.contains_key("invitation") {
        return Ok(());
    }
    let now = tenant.now_ms();
    let client_id = text(&occasion.client, "client_id").unwrap_or_default();
    let found = invitation(tenant, client_id, organization, &occasion.query)?;
    let (Some(organization), Some((id, invitation))) = (organization, found) else {
        // Who came back with a link that was used already is a member by now, and signs in.
        if organization.is_some_and(|it| tenant.is_member(it, &occasion.user_id).unwrap_or(false)) {
            return Ok(());
        }
        return Err(not_found());
    };
    let address = text(user, "email").unwrap_or_default().to_lowercase();
    if address != invitation.invitee || !is_by_its_connection(tenant, &invitation, user) {
        // Production consumes it: the link cannot be tried again.
        // <https://community.auth0.com/t/132837>
        tenant.store.remove::<Invitation>(&id)?;
        let description = "the specified account is not allowed to accept the current invitation";
        record(tenant, "fi", description, occasion, user);
        return Err(OAuthError::new(403, "access_denied", description));
    }
    let user_id = occasion.user_id.as_str();
    record(tenant, "si", "", occasion, user);
    let (is_new, assigned) = tenant.store.at_once(now, |store| {
        // Of two logins at once, one accepts it; both are of one user.
        if store.get::<Invitation>(&id)?.is_none() {
            return Ok((false, Vec::new()));
        }
        store.remove::<Invitation>(&id)?;
        let key = format!("{organization}/{user_id}");
        let is_new = store.get::<Member>(&key)?.is_none();
        let mut assigned = invitation.roles.clone();
        store.put(Entry::lasting(&key).of(user_id), &Member {})?;
        if !invitation.roles.is_empty() {
            let MemberRoles(mut roles) = store.get(&key)?.unwrap_or_default();
            assigned.retain(|role| !roles.contains(role));
            roles.retain(|known| !invitation.roles.contains(known));
            roles.extend(invitation.roles.iter().cloned());
            store.put(Entry::lasting(&key).of(user_id), &MemberRoles(roles))?;
        }
        let changed = store.change_user::<()>(user_id, |profile| {
            for (name, metadata) in [
                ("app_metadata", &invitation.app_metadata),
                ("user_metadata", &invitation.user_metadata),
            ] {
                if let (false, Some(profile)) = (metadata.is_empty(), profile.as_object_mut()) {
                    merge_metadata(profile.entry(name).or_insert(Value::Null), metadata);
                }
            }
            // The link came by mail.
            if let Some(profile) = profile.as_object_mut() {
                profile.insert("email_verified".into(), true.into());
            }
            Ok(None)
        })?;
        let gone = || OAuthError::new(403, "access_denied", "The user does not exist.");
        changed
            .and_then(std::result::Result::ok)
            .map(|_| (is_new, assigned))
            .ok_or_else(gone)
    })?;
    if is_new {
        publish_member(tenant, organization, user_id, Membership::Added);
    }
    for role in &assigned {
        publish_member(tenant, organization, user_id, Membership::Assigned(role));
    }
    Ok(())
}

/// Adds what became of an invitation to the tenant's log.
fn record(
    tenant: &Tenant,
    kind: &'static str,
    description: &str,
    occasion: &Occasion,
    user: &Value,
) {
    tenant.record(&Happening {
        kind,
        description,
        client_id: text(&occasion.client, "client_id").unwrap_or_default(),
        user_id: &occasion.user_id,
        user_name: text(user, "email").unwrap_or_default(),
        connection: occasion.arrived_by().unwrap_or_default(),
        ..Happening::default()
    });
}

/// Makes a user a member if the connection of the login assigns membership; returns whether it does.
///
/// It happens before the Actions run (<https://community.auth0.com/t/200110>).
pub(super) fn assigned(
    tenant: &Tenant,
    organization: &str,
    occasion: &Occasion,
    user: &Value,
) -> Result<bool> {
    let arrived_by = occasion.arrived_by();
    let connection = connection(tenant, user, arrived_by);
    let found = tenant.catalog.organization(organization);
    if !found.is_some_and(|found| assigns(found, &connection)) {
        return Ok(false);
    }
    let key = format!("{organization}/{}", occasion.user_id);
    let entry = Entry::lasting(&key).of(&occasion.user_id);
    tenant.store.put(entry, &Member {}, tenant.now_ms())?;
    publish_member(tenant, organization, &occasion.user_id, Membership::Added);
    Ok(true)
}

/// Whether an organization assigns membership to those who sign in by a connection.
fn assigns(organization: &Value, connection: &Value) -> bool {
    let enabled = organization.get("connections").and_then(Value::as_array);
    let mut enabled = enabled.into_iter().flatten();
    enabled.any(|it| {
        is_of(it, connection) && it.get("assign_membership_on_login") == Some(&Value::Bool(true))
    })
}

impl Tenant {
    /// Returns whether a user belongs to an organization.
    pub(crate) fn is_member(
        &self,
        organization: &str,
        user_id: &str,
    ) -> std::result::Result<bool, StoreError> {
        let id = format!("{organization}/{user_id}");
        Ok(self.store.get::<Member>(&id, self.now_ms())?.is_some())
    }
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
        let named = |name: &str| json!({"name": name, "id": "con_1"});
        assert!(assigns(&organization, &named("db")));
        assert!(assigns(&organization, &json!({"name": "x", "id": "con_2"})));
        assert!(!assigns(&organization, &named("other")));
        assert!(!assigns(&organization, &named("x")));
        assert!(!assigns(&organization, &json!({})));
        assert!(!assigns(&json!({"connections": "db"}), &named("db")));
    }
}
