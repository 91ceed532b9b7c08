//! Links as those of mails, for who sends mails in another way, and the mail itself.
//!
//! <https://auth0.com/docs/api/management/v2/tickets/post-password-change>

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::resources::new_id;
use super::rules::known_client;
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, jobs, object, organizations};
use crate::clock::iso;
use crate::email::result::address;
use crate::email::{Cause, Template, put_ticket, send};
use crate::http::{Call, text};
use crate::identities::Linked;
use crate::records::{Job, Reset, Ticket};
use crate::state::Tenant;

/// Seconds for which a link works when the request says nothing: five days.
const LIFETIME_S: i64 = 432_000;

fn refuse(text: &str) -> ApiError {
    ApiError::new(
        400,
        format!("Payload validation error: '{text}'."),
        "invalid_body",
    )
}

/// `POST /tickets/password-change`
pub(super) fn password(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["create:user_tickets"], None)?;
    let body = object(call)?;
    let part = |key: &str| body.get(key).and_then(Value::as_str);
    // "This parameter cannot be used with user_id":
    // <https://auth0.com/docs/api/management/v2/tickets/post-password-change>.
    let mut excluded = ["connection_id", "email"].into_iter();
    if let (Some(_), Some(key)) = (part("user_id"), excluded.find(|key| part(key).is_some())) {
        return Err(refuse(&format!("user_id cannot be used with {key}")));
    }
    let (user, linked) = match (part("user_id"), part("email"), part("connection_id")) {
        (Some(id), _, _) => (tenant.store.user(id)?, None),
        (None, Some(email), Some(connection)) => {
            let mut all = tenant.catalog.connections.iter();
            let found = all.find(|it| text(it, "id") == Some(connection));
            let name = found.and_then(|it| text(it, "name")).unwrap_or_default();
            let user = tenant.store.user_by_login(name, email)?;
            let user = user.map(|(user, _)| user);
            let linked = user
                .as_ref()
                .and_then(|user| Linked::by_login(user, name, email));
            (user, linked)
        }
        _ => return Err(refuse("Missing required property: user_id")),
    };
    known_client(tenant, body)?;
    let user = user.ok_or_else(inexistent)?;
    ticket(tenant, body, (&user, linked), "reset_email")
}

/// `POST /tickets/email-verification`
pub(super) fn verification(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["create:user_tickets"], None)?;
    let body = object(call)?;
    known_client(tenant, body)?;
    let (user, linked) = user_of(tenant, body)?;
    let user = linked.map_or_else(|| user.clone(), |linked| linked.addressed(&user));
    ticket(tenant, body, (&user, None), "verify_email")
}

/// `POST /jobs/verification-email`: the mail is in the outbox when the job is answered.
pub(super) async fn send_verification(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
) -> Result<Answered> {
    caller.require(&["update:users"], None)?;
    let body = object(call)?;
    known_client(tenant, body)?;
    let (user, linked) = user_of(tenant, body)?;
    let user = linked.map_or_else(|| user.clone(), |linked| linked.addressed(&user));
    let client_id = body.get("client_id").and_then(Value::as_str);
    let organization = body.get("organization_id").and_then(Value::as_str);
    if let Some(id) = organization {
        organizations::KIND.find(&tenant.catalog, id)?;
    }
    let cause = Cause {
        client_id,
        organization,
        call: Some(call),
        ..Cause::default()
    };
    send(tenant, Template::VerifyEmail, &user, cause).await;
    let id = new_id(tenant, "job_");
    let shown = |status: &str| {
        json!({
            "id": id, "type": "verification_email", "status": status, "created_at": iso(tenant.now_ms()),
        })
    };
    let job = Job {
        shown: shown("completed"),
        errors: Vec::new(),
        file: None,
    };
    jobs::keep(tenant, &id, &job)?;
    Ok(Answered::Body(StatusCode::CREATED, shown("pending")))
}

/// Returns the user of a body and, with `identity` (its `provider` and `user_id`), which of the linked identities is to be verified.
///
/// Source: <https://auth0.com/docs/api/management/v2/jobs/post-verification-email>. The text about an identity that the user does not
/// have is ours.
fn user_of(tenant: &Tenant, body: &Map<String, Value>) -> Result<(Value, Option<Linked>)> {
    let id = body.get("user_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| refuse("Missing required property: user_id"))?;
    let user = tenant.store.user(id)?.ok_or_else(inexistent)?;
    let Some(identity) = body.get("identity").filter(|it| !it.is_null()) else {
        return Ok((user, None));
    };
    let part = |key: &str| {
        let missing = || refuse(&format!("Missing required property: identity.{key}"));
        text(identity, key).ok_or_else(missing)
    };
    let named = format!("{}|{}", part("provider")?, part("user_id")?);
    let linked = Linked::by_id(&user, &named);
    let own = user.pointer("/identities/0").map(crate::identities::id_of);
    match linked.is_some() || own.as_deref() == Some(named.as_str()) {
        true => Ok((user, linked)),
        false => Err(ApiError::new(
            400,
            format!("The user has no identity {named}."),
            "invalid_body",
        )),
    }
}

/// Returns where the user of a ticket goes afterwards.
///
/// # Errors
/// When it is not a web address, or comes with what it excludes.
fn result_url(body: &Map<String, Value>, email: Option<&str>) -> Result<Option<Value>> {
    let Some(given) = body.get("result_url").filter(|it| !it.is_null()) else {
        return Ok(None);
    };
    let others = ["client_id", "organization_id"];
    if others
        .iter()
        .any(|key| body.get(*key).is_some_and(Value::is_string))
    {
        let message = "result_url cannot be specified when using client_id or organization_id";
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    let includes = body.get("includeEmailInRedirect") == Some(&Value::Bool(true));
    let url = given
        .as_str()
        .and_then(|url| address(url, email.filter(|_| includes)));
    let url = url.ok_or_else(|| {
        refuse("Object didn't pass validation for format absolute-https-uri-or-empty: result_url")
    })?;
    Ok(Some(url.as_str().into()))
}

/// Makes a link, and answers with it.
fn ticket(
    tenant: &Tenant,
    body: &Map<String, Value>,
    (user, linked): (&Value, Option<Linked>),
    purpose: &str,
) -> Result<Answered> {
    let seconds = match body.get("ttl_sec") {
        None => LIFETIME_S,
        Some(given) => match given.as_i64().filter(|seconds| *seconds >= 0) {
            // Production takes 0 for the default.
            Some(0) => LIFETIME_S,
            Some(seconds) => seconds,
            None => {
                return Err(refuse("Expected type integer on property ttl_sec"));
            }
        },
    };
    let result_url = result_url(body, text(user, "email"))?;
    let organization = body.get("organization_id").and_then(Value::as_str);
    let user_id = text(user, "user_id").unwrap_or_default();
    if let Some(id) = organization {
        organizations::KIND.find(&tenant.catalog, id)?;
        if !tenant.is_member(id, user_id)? {
            let message =
                format!("The user with id {user_id} is not a member of organization with id {id}.");
            return Err(ApiError::new(400, message, "invalid_body"));
        }
    }
    let now = tenant.now_ms();
    let token = tenant.randomness.token();
    let record = Ticket {
        user_id: user_id.to_owned(),
        purpose: purpose.to_owned(),
        email: text(user, "email").map(str::to_owned),
        result_url,
        client_id: body
            .get("client_id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        organization: organization.map(str::to_owned),
        identity: linked.map(|linked| linked.id(user)),
        reset: Reset::New,
    };
    let expires = now.saturating_add(seconds.saturating_mul(1_000));
    put_ticket(tenant, &token, &record, expires)?;
    let url = tenant.url(&format!("u/ticket?ticket={token}"));
    Ok(Answered::Body(StatusCode::CREATED, json!({"ticket": url})))
}
