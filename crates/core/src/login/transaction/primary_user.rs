//! `api.authentication.setPrimaryUser`: the login goes on as another user.

use serde_json::Value;

use super::command::MetadataKind;
use super::state::Flow;
use crate::fault::Fault;
use crate::json;
use crate::limits::API_OBJECT_PAGE;
use crate::login::complete_event;
use crate::metadata::Profile;

/// Switches the user. The current identity must be a secondary identity of the other profile; without that profile
/// at hand only the id changes, and a notice says so.
pub(super) fn switch(flow: &mut Flow, id: &str) -> Result<(), Fault> {
    let current = json::text_at(&flow.input.event, &["user", "user_id"])
        .unwrap_or_default()
        .to_owned();
    if current == id {
        return Ok(());
    }
    flow.profile
        .forget(&mut flow.input.event, MetadataKind::User);
    let known = flow
        .input
        .tenant
        .users
        .iter()
        .find(|user| json::text_at(user, &["user_id"]) == Some(id))
        .cloned();
    let Some(user) = known else {
        let message = format!(
            "The profile of the primary user `{id}` is not known: only the id was switched."
        );
        flow.warn("primary-user-unknown", message, API_OBJECT_PAGE);
        json::put(
            &mut flow.input.event,
            &["user", "user_id"],
            Some(Value::String(id.to_owned())),
        );
        return Ok(());
    };
    let identities = user.get("identities").and_then(Value::as_array);
    let linked = identities.into_iter().flatten().any(|identity| {
        let provider = json::text_at(identity, &["provider"]).unwrap_or_default();
        let user_id = json::text_at(identity, &["user_id"]).unwrap_or_default();
        current == format!("{provider}|{user_id}") || current == user_id
    });
    if !linked {
        let message =
            format!("The user `{current}` is not a secondary identity of the primary user `{id}`.");
        return Err(Fault::platform("Error", message));
    }
    // Only user metadata is lost, as the page on limits says.
    let written = json::object_at(&flow.input.event, &["user", "app_metadata"]);
    let stored = std::mem::take(&mut flow.profile.stored.app_metadata);
    json::put(&mut flow.input.event, &["user"], Some(user));
    complete_event(flow.input.trigger, &mut flow.input.event);
    flow.profile = Profile::of(&flow.input.event);
    let event = &mut flow.input.event;
    for name in stored.keys().filter(|name| !written.contains_key(*name)) {
        flow.profile
            .set(event, MetadataKind::App, name, Some(Value::Null));
    }
    for (name, value) in written {
        if stored.get(&name) != Some(&value) {
            flow.profile
                .set(event, MetadataKind::App, &name, Some(value));
        }
    }
    Ok(())
}
