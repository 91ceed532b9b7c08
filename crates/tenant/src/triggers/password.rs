//! post-change-password: after the password of a user of a database was changed.
//!
//! <https://auth0.com/docs/customize/actions/explore-triggers/post-change-password>

use std::sync::Arc;

use postlogin_core::Trigger;
use serde_json::{Map, Value, json};

use super::{events, run_later};
use crate::http::{Call, text};
use crate::management::happenings;
use crate::state::Tenant;

/// The attributes of the user that the event has.
const USER: &[&str] = &[
    "user_id",
    "email",
    "email_verified",
    "last_password_reset",
    "phone_number",
    "phone_verified",
    "username",
];

/// Runs the Actions for a user whose password was changed, after the answer; `by` is the connection of a linked identity whose
/// password it was.
pub(crate) fn changed(tenant: &Arc<Tenant>, call: &Call, user: &Value, by: Option<&str>) {
    let connection = crate::oauth::event::connection(tenant, user, by);
    if text(&connection, "strategy") != Some("auth0") {
        return;
    }
    happenings::of_user(tenant, call, "scp", user);
    let known = user.as_object().into_iter().flatten();
    let known = known.filter(|(key, _)| USER.contains(&key.as_str()));
    let user: Map<String, Value> = known
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let event = json!({
        "connection": events::connection(&connection),
        "request": events::request(tenant, call),
        "secrets": {},
        "tenant": {"id": tenant.name},
        "user": user,
    });
    run_later(tenant, Trigger::PostChangePassword, event);
}
