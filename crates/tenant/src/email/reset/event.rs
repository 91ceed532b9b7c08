//! The event of password-reset-post-challenge.
//!
//! <https://auth0.com/docs/actions/reference/password-reset-post-challenge/password-reset-post-challenge-event-object>

use postlogin_core::complete_event;
use serde_json::{Value, json};

use super::{TRIGGER, connection, gone, linked};
use crate::clock::iso;
use crate::http::Call;
use crate::oauth::Result;
use crate::records::Ticket;
use crate::state::Tenant;
use crate::triggers::events;

/// Returns the event for a ticket whose link was opened.
///
/// # Errors
/// When the user is gone.
pub(super) fn event(tenant: &Tenant, call: &Call, ticket: &Ticket) -> Result<Value> {
    let user = tenant.store.user(&ticket.user_id)?.ok_or_else(gone)?;
    let client = match ticket.client_id.as_deref() {
        Some(id) => tenant.client(id)?,
        None => None,
    };
    let client = client.or_else(|| tenant.catalog.clients.first().cloned());
    let connection = connection(tenant, &user, linked(&user, ticket)?);
    let mut request = events::request(tenant, call);
    // The ticket is a secret of the user.
    let mut query = call.query.to_map();
    query.shift_remove("ticket");
    if let Some(request) = request.as_object_mut() {
        request.insert("query".into(), Value::Object(query));
        request.insert("body".into(), json!({}));
    }
    let logins = user.get("logins_count").cloned();
    let mut profile = events::user(&user, &["multifactor"]);
    if let Some(profile) = profile.as_object_mut() {
        profile
            .entry("enrolledFactors")
            .or_insert_with(|| json!([]));
    }
    let mut event = json!({
        "authentication": {"methods": [{"name": "email", "timestamp": iso(tenant.now_ms())}]},
        "authorization": {"roles": tenant.role_names(&ticket.user_id, None)?},
        "client": events::client(&client.unwrap_or_default()),
        "connection": events::connection(&connection),
        "request": request,
        "secrets": {},
        "stats": {"logins_count": logins.unwrap_or_else(|| json!(0))},
        "tenant": {"id": tenant.name},
        "transaction": {"locale": crate::oauth::event::locale(tenant, std::iter::empty(), Some(call)), "ui_locales": []},
        "user": profile,
    });
    complete_event(TRIGGER, &mut event);
    Ok(event)
}
