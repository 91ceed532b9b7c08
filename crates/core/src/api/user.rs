//! `api.user`: metadata of the profile, written after the handler.

use super::{Call, Outcome};
use crate::ceilings::{WHOLE_BYTES, of_argument};
use crate::json;
use crate::login::transaction::command::{Command, MetadataKind};
use crate::metadata::refusal;
use crate::reply::{Failure, Returned};

pub(crate) fn set_app_metadata(call: &mut Call<'_>) -> Outcome {
    // Production's two texts differ in the final period.
    set(
        call,
        MetadataKind::App,
        "Unexpected app_metadata format. Must be a valid JSON object",
    )
}

pub(crate) fn set_user_metadata(call: &mut Call<'_>) -> Outcome {
    set(
        call,
        MetadataKind::User,
        "Unexpected user_metadata format. Must be a valid JSON object.",
    )
}

fn set(call: &mut Call<'_>, kind: MetadataKind, unexpected: &str) -> Outcome {
    if !json::at(call.event(), &["user", kind.key()]).is_some_and(serde_json::Value::is_object) {
        return Err(Failure::error(unexpected));
    }
    replace_large(call, kind);
    call.issue(Command::SetMetadata {
        kind,
        name: call.arg(0).clone(),
        value: call.arg(1).clone(),
    });
    Ok(Returned::Api)
}

/// A large value makes the update fail, whatever comes after it; when the same handler sets the key again, nobody sees
/// it any more. So it is not kept: only its effect is.
fn replace_large(call: &mut Call<'_>, kind: MetadataKind) {
    let Ok(name) = call.arg(0).coerce_to_string() else {
        return;
    };
    let is_same = |command: &Command| match command {
        Command::SetMetadata {
            kind: earlier,
            name: earlier_name,
            value,
        } => {
            *earlier == kind
                && of_argument(value) > WHOLE_BYTES
                && earlier_name.coerce_to_string().as_ref() == Ok(&name)
        }
        _ => false,
    };
    let Some(place) = call.running.commands.iter().rposition(is_same) else {
        return;
    };
    // What JSON has no value for replaces nothing.
    if !matches!(call.arg(1).to_json(), Ok(Some(_))) {
        return;
    }
    let Some(earlier) = call.running.commands.get_mut(place) else {
        return;
    };
    let Command::SetMetadata { value, .. } = earlier else {
        return;
    };
    let Ok(Some(json)) = value.to_json() else {
        return;
    };
    let weight = earlier.weight();
    *earlier = Command::ReplacedMetadata {
        kind,
        refusal: refusal(kind, &name, Some(&json)),
        bytes: json::size(&json),
        name,
    };
    let weight = weight.saturating_sub(earlier.weight());
    call.flow.kept.release(weight);
}
