//! `api.user`: metadata of the profile, written after the handler.

use super::{Call, Outcome};
use crate::json;
use crate::reply::{Failure, Returned};
use crate::transaction::command::{Command, MetadataKind};

pub(super) fn set_app_metadata(call: &mut Call<'_>) -> Outcome {
    // Production's two texts differ in the final period.
    set(
        call,
        MetadataKind::App,
        "Unexpected app_metadata format. Must be a valid JSON object",
    )
}

pub(super) fn set_user_metadata(call: &mut Call<'_>) -> Outcome {
    set(
        call,
        MetadataKind::User,
        "Unexpected user_metadata format. Must be a valid JSON object.",
    )
}

fn set(call: &mut Call<'_>, kind: MetadataKind, unexpected: &str) -> Outcome {
    if !json::at(&call.running.event, &["user", kind.key()])
        .is_some_and(serde_json::Value::is_object)
    {
        return Err(Failure::error(unexpected));
    }
    call.issue(Command::SetMetadata {
        kind,
        name: call.arg(0).clone(),
        value: call.arg(1).clone(),
    });
    Ok(Returned::Api)
}
