//! `api.idToken` and `api.accessToken`: claims and scopes.

use super::{Call, Outcome, UNDEFINED};
use crate::json::utf16_length;
use crate::limits::SCOPE_LENGTH;
use crate::outcome::TokenKind;
use crate::reply::{Failure, Returned};
use crate::transaction::command::Command;

pub(super) fn set_on_id_token(call: &mut Call<'_>) -> Outcome {
    set_claim(call, TokenKind::IdToken)
}

pub(super) fn set_on_access_token(call: &mut Call<'_>) -> Outcome {
    set_claim(call, TokenKind::AccessToken)
}

/// Refuses `scope` and nothing else; the rules on names are applied when the token is built.
fn set_claim(call: &mut Call<'_>, token: TokenKind) -> Outcome {
    if call.arg(0).as_str() == Some("scope") {
        return Err(Failure::error("The \"scope\" claim cannot be set."));
    }
    let site = call.site.clone();
    // The call itself is recorded already.
    let index = call.flow.commands.len().saturating_sub(1);
    call.issue(Command::SetClaim {
        token,
        name: call.arg(0).clone(),
        value: call.arg(1).clone(),
        site,
        index,
    });
    Ok(Returned::Api)
}

pub(super) fn add_scope(call: &mut Call<'_>) -> Outcome {
    modify_scope(call, true)
}

pub(super) fn remove_scope(call: &mut Call<'_>) -> Outcome {
    modify_scope(call, false)
}

fn modify_scope(call: &mut Call<'_>, add: bool) -> Outcome {
    let Some(scope) = call.arg(0).as_str() else {
        return Err(Failure::type_error(
            "The value for the scope must be a string.",
        ));
    };
    let scope = scope.trim_matches(is_js_space);
    if scope.is_empty() {
        return Err(Failure::error("The value for the scope is required."));
    }
    if SCOPE_LENGTH.exceeded_by(utf16_length(scope)) {
        let text = "The value for the scope exceeds the allowed maximum of";
        return Err(Failure::error(format!(
            "{text} {} characters.",
            SCOPE_LENGTH.value
        )));
    }
    if scope.contains(is_js_space) {
        return Err(Failure::error(
            "The value for the scope must not have whitespace.",
        ));
    }
    let scope = scope.to_owned();
    call.issue(Command::ModifyScope { scope, add });
    Ok(UNDEFINED)
}

/// What `\s` and `trim` take for white space in JavaScript: Unicode's spaces, without U+0085, with U+FEFF.
fn is_js_space(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}
