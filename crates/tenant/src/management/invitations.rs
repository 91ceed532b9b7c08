//! Invitations to an organization.
//!
//! The link leads to the application's Application Login URI (`initiate_login_uri`), with `invitation`, `organization` and
//! `organization_name`, which the application gives to `/authorize`. Who signs in or up there with the invited address becomes
//! a member: see [`crate::oauth::membership`].
//!
//! <https://auth0.com/docs/manage-users/organizations/configure-organizations/invite-members>

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use url::Url;

use super::query::{chosen, only, paged};
use super::schema::{self, Is, Properties, refuse};
use super::{
    Answered, ApiError, Caller, Result, body as bodies, clients, connections, object, ok,
    organizations, resources, roles,
};
use crate::clock::iso;
use crate::email::{Invited, send_invitation};
use crate::http::{Call, text, texts};
use crate::oauth::enabled;
use crate::records::Invitation;
use crate::signup::is_email;
use crate::state::Tenant;
use crate::store::Entry;
use crate::urls::login_route;

/// Seconds for which an invitation is good: seven days, and thirty at most.
const LIFETIME_S: i64 = 604_800;
const LONGEST_S: i64 = 2_592_000;
/// The most invitations of an organization that wait.
const MOST: usize = 1_000;

const PROPERTIES: Properties = &[
    ("inviter", Is::Object),
    ("invitee", Is::Object),
    ("client_id", Is::Text(1, 1_000)),
    ("connection_id", Is::Text(1, 1_000)),
    ("app_metadata", Is::Object),
    ("user_metadata", Is::Object),
    ("ttl_sec", Is::Count),
    ("roles", Is::List),
    ("send_invitation_email", Is::Bool),
];

fn shown(id: &str, invitation: &Invitation) -> Value {
    let mut shown = json!({
        "id": id, "organization_id": invitation.organization_id, "inviter": {"name": invitation.inviter},
        "invitee": {"email": invitation.invitee}, "invitation_url": invitation.url,
        "created_at": iso(invitation.created_at), "expires_at": iso(invitation.expires_at),
        "client_id": invitation.client_id, "ticket_id": invitation.ticket,
    });
    let mut put = |key: &str, value: Value, is_there: bool| {
        if is_there && let Some(shown) = shown.as_object_mut() {
            shown.insert(key.to_owned(), value);
        }
    };
    put(
        "connection_id",
        json!(invitation.connection_id),
        invitation.connection_id.is_some(),
    );
    put(
        "app_metadata",
        json!(invitation.app_metadata),
        !invitation.app_metadata.is_empty(),
    );
    put(
        "user_metadata",
        json!(invitation.user_metadata),
        !invitation.user_metadata.is_empty(),
    );
    put(
        "roles",
        json!(invitation.roles),
        !invitation.roles.is_empty(),
    );
    shown
}

fn not_found() -> ApiError {
    let message = "The invitation does not exist or has been deleted.";
    ApiError::new(404, message, "invitation_not_found")
}

/// `GET /organizations/{id}/invitations`, the newest first, as production sorts them.
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:organization_invitations"], None)?;
    only(call, &["sort"])?;
    organizations::KIND.find(&tenant.catalog, id)?;
    let ascends = match call.query.get("sort") {
        None | Some("created_at:-1") => false,
        Some("created_at:1") => true,
        Some(_) => {
            let message = "Query validation error: 'String does not match pattern ^created_at:(-1|1)$' on property sort.";
            return Err(ApiError::new(400, message, "invalid_query_string"));
        }
    };
    let mut found = tenant.store.list::<Invitation>(Some(id), tenant.now_ms())?;
    found.sort_by_key(|(_, invitation)| invitation.created_at);
    if !ascends {
        found.reverse();
    }
    let shown = found
        .iter()
        .map(|(id, it)| chosen(call, shown(id, it)))
        .collect();
    ok(paged(call, "invitations", shown)?)
}

fn of_organization(tenant: &Tenant, id: &str, invitation: &str) -> Result<Invitation> {
    organizations::KIND.find(&tenant.catalog, id)?;
    let found = tenant
        .store
        .get::<Invitation>(invitation, tenant.now_ms())?;
    found
        .filter(|found| found.organization_id == id)
        .ok_or_else(not_found)
}

/// `GET /organizations/{id}/invitations/{invitation}`
pub(super) fn get(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    (id, invitation): (&str, &str),
) -> Result<Answered> {
    caller.require(&["read:organization_invitations"], None)?;
    only(call, &[])?;
    let found = of_organization(tenant, id, invitation)?;
    ok(chosen(call, shown(invitation, &found)))
}

/// `DELETE /organizations/{id}/invitations/{invitation}`
pub(super) fn delete(
    tenant: &Tenant,
    caller: &Caller,
    (id, invitation): (&str, &str),
) -> Result<Answered> {
    caller.require(&["delete:organization_invitations"], None)?;
    of_organization(tenant, id, invitation)?;
    tenant.store.remove::<Invitation>(invitation)?;
    Ok(Answered::Nothing)
}

/// The text of a member of an object in the body.
fn inner<'a>(body: &'a Map<String, Value>, object: &str, key: &str) -> Result<&'a str> {
    let value = body.get(object).and_then(|it| text(it, key));
    let missing = || refuse(&format!("Missing required property: {key}"), Some(object));
    value.filter(|value| !value.is_empty()).ok_or_else(missing)
}

/// `POST /organizations/{id}/invitations`
pub(super) async fn create(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["create:organization_invitations"], None)?;
    let organization = organizations::KIND.find(&tenant.catalog, id)?;
    let body = object(call)?;
    schema::check(body, &[PROPERTIES], &["inviter", "invitee", "client_id"])?;
    bodies::metadata(body)?;
    let inviter = inner(body, "inviter", "name")?;
    let invitee = inner(body, "invitee", "email")?.to_lowercase();
    if !is_email(&invitee) {
        let text = format!("Object didn't pass validation for format email: {invitee}");
        return Err(refuse(&text, Some("invitee.email")));
    }
    if inviter.chars().count() > 300 {
        return Err(refuse(
            "String is too long, maximum 300",
            Some("inviter.name"),
        ));
    }
    let client = clients::of(&tenant.catalog, body)?;
    if text(client, "organization_usage").is_none_or(|usage| usage == "deny") {
        let message = "The client does not allow organizations (organization_usage).";
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    let connection_id = match body.get("connection_id").and_then(Value::as_str) {
        Some(_) => {
            let found = connections::of(&tenant.catalog, body)?;
            let asked = text(found, "id").unwrap_or_default();
            let refused = |message: &str| ApiError::new(400, message, "invalid_body");
            if matches!(text(found, "strategy"), Some("email" | "sms")) {
                return Err(refused("Passwordless connections are not supported."));
            }
            let listed = organization.get("connections").and_then(Value::as_array);
            let mut listed = listed.into_iter().flatten();
            if !listed.any(|entry| enabled::is_of(entry, found)) {
                return Err(refused(&format!(
                    "The specified connection ({asked}) is not enabled for the organization"
                )));
            }
            Some(asked.to_owned())
        }
        None => None,
    };
    let listed = Value::Object(body.clone());
    let listed: Vec<&str> = texts(&listed, "roles").collect();
    let mut asked = Vec::new();
    for role in listed {
        roles::KIND.find(&tenant.catalog, role)?;
        asked.push(role.to_owned());
    }
    let seconds = match body.get("ttl_sec").and_then(Value::as_i64) {
        // Production takes 0 for the default.
        None | Some(0) => LIFETIME_S,
        Some(seconds) if seconds <= LONGEST_S => seconds,
        Some(_) => {
            let text = format!("Value is too large, maximum {LONGEST_S}");
            return Err(refuse(&text, Some("ttl_sec")));
        }
    };
    let start = login_uri(&tenant.catalog.settings, client)?;
    let ticket = tenant.randomness.token();
    let now = tenant.now_ms();
    let part = |key: &str| text(organization, key).unwrap_or_default();
    let metadata = |key: &str| {
        body.get(key)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let invitation = Invitation {
        organization_id: id.to_owned(),
        inviter: inviter.to_owned(),
        invitee,
        client_id: text(client, "client_id").unwrap_or_default().to_owned(),
        connection_id,
        app_metadata: metadata("app_metadata"),
        user_metadata: metadata("user_metadata"),
        roles: asked,
        url: link(start, &ticket, part("id"), part("name")),
        ticket,
        created_at: now,
        expires_at: now.saturating_add(seconds.saturating_mul(1_000)),
    };
    if tenant.store.list::<Invitation>(Some(id), now)?.len() >= MOST {
        let message =
            format!("The local tenant keeps no more than {MOST} invitations of an organization.");
        return Err(ApiError::new(403, message, "too_many_entities"));
    }
    let key = resources::new_id(tenant, "uinv_");
    let entry = Entry::until(&key, invitation.expires_at).of(id);
    tenant.store.put(entry, &invitation, now)?;
    if body.get("send_invitation_email") != Some(&Value::Bool(false)) {
        let invited = Invited {
            to: &invitation.invitee,
            inviter: &invitation.inviter,
            url: &invitation.url,
            client,
            organization,
            call,
        };
        send_invitation(tenant, invited).await;
    }
    Ok(Answered::Body(StatusCode::OK, shown(&key, &invitation)))
}

/// The page that begins a login of the application.
fn login_uri(settings: &Map<String, Value>, client: &Value) -> Result<Url> {
    login_route(settings, Some(client)).ok_or_else(|| {
        let message = "A default login route is required to generate the invitation url: set the client's initiate_login_uri or the tenant's default_redirection_uri.";
        ApiError::new(400, message, "invalid_body")
    })
}

fn link(mut start: Url, ticket: &str, id: &str, name: &str) -> String {
    start
        .query_pairs_mut()
        .append_pair("invitation", ticket)
        .append_pair("organization", id)
        .append_pair("organization_name", name);
    start.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{link, login_uri};

    #[test]
    fn the_link_leads_to_the_application() {
        let client = json!({"initiate_login_uri": "https://app.example/login?x=1"});
        let none = Map::new();
        let start = login_uri(&none, &client).unwrap();
        assert_eq!(
            link(start, "t", "org_1", "a&b"),
            "https://app.example/login?x=1&invitation=t&organization=org_1&organization_name=a%26b"
        );
        for client in [json!({}), json!({"initiate_login_uri": "/login"})] {
            let error = login_uri(&none, &client).unwrap_err();
            assert!(error.message.contains("default login route is required"));
        }
        let settings = json!({"default_redirection_uri": "https://tenant.example/login"});
        let settings = settings.as_object().unwrap();
        for (client, expected) in [
            (json!({}), "https://tenant.example/login"),
            (
                json!({"initiate_login_uri": ""}),
                "https://tenant.example/login",
            ),
            (client, "https://app.example/login?x=1"),
        ] {
            assert_eq!(login_uri(settings, &client).unwrap().as_str(), expected);
        }
    }
}
