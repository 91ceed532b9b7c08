//! `api` of pre-user-registration: whether the user is created, and with what.
//!
//! Source: <https://auth0.com/docs/actions/reference/pre-user-registration/pre-user-registration-api-object> and, for
//! `setUserId`, <https://auth0.com/docs/manage-users/user-accounts/custom-user-id>; checks and texts are those of the vendor's
//! published layer.

use super::access::{check_validation_error, issue_validation_error};
use super::schema::Violations;
use super::{Call, Outcome};
use crate::limits::NEW_USER_ID_CHARACTERS;
use crate::login::transaction::command::{Command, MetadataKind};
use crate::reply::Returned;

pub(crate) fn deny(call: &mut Call<'_>) -> Outcome {
    call.issue(Command::DenyRegistration {
        reason: call.arg(0).clone(),
        user_message: call.arg(1).clone(),
    });
    Ok(Returned::Api)
}

pub(crate) fn validation_error(call: &mut Call<'_>) -> Outcome {
    check_validation_error(call).into_result_of("Failed to add validation error")?;
    Ok(issue_validation_error(call))
}

pub(crate) fn set_app_metadata(call: &mut Call<'_>) -> Outcome {
    set_metadata(call, MetadataKind::App)
}

pub(crate) fn set_user_metadata(call: &mut Call<'_>) -> Outcome {
    set_metadata(call, MetadataKind::User)
}

/// Unlike post-login, the layer does not look at the event.
fn set_metadata(call: &mut Call<'_>, kind: MetadataKind) -> Outcome {
    call.issue(Command::SetMetadata {
        kind,
        name: call.arg(0).clone(),
        value: call.arg(1).clone(),
    });
    Ok(Returned::Api)
}

pub(crate) fn set_user_id(call: &mut Call<'_>) -> Outcome {
    const PATH: &str = "user_id";
    let id = call.arg(0);
    let mut found =
        Violations::default()
            .required(PATH, id)
            .filled(PATH, id, NEW_USER_ID_CHARACTERS);
    if id.as_str().is_some_and(|id| !is_user_id(id)) {
        found = found.add(PATH, r#"must match pattern "^[a-zA-Z0-9@._+-]{1,255}$""#);
    }
    found.into_result_of("Invalid setUserId arguments")?;
    let id = id.as_str().unwrap_or_default().to_owned();
    call.issue(Command::SetUserId { id });
    Ok(Returned::Api)
}

fn is_user_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"@._+-".contains(&byte);
    (1..=NEW_USER_ID_CHARACTERS.value).contains(&id.len()) && id.bytes().all(is_allowed)
}
