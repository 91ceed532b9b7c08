//! `api.idToken` and `api.accessToken`: claims and scopes.

use super::{Call, Outcome, UNDEFINED};
use crate::ceilings::{NAME_BYTES, WHOLE_BYTES, is_whole, of_argument, shorten, shortened};
use crate::derive::hex_id;
use crate::json::{size, utf16_length};
use crate::limits::SCOPE_LENGTH;
use crate::login::transaction::command::{Command, LargeClaim};
use crate::outcome::TokenKind;
use crate::reads::Watch;
use crate::reply::{Failure, Returned};
use crate::sources::sources_within;
use crate::value::{Argument, NotJson};

pub(crate) fn set_on_id_token(call: &mut Call<'_>) -> Outcome {
    set_claim(call, TokenKind::IdToken)
}

pub(crate) fn set_on_access_token(call: &mut Call<'_>) -> Outcome {
    set_claim(call, TokenKind::AccessToken)
}

/// As [`set_on_access_token`], without a check: credentials-exchange accepts the name `scope` as well.
pub(crate) fn set_any_on_access_token(call: &mut Call<'_>) -> Outcome {
    record_claim(call, TokenKind::AccessToken)
}

/// Refuses `scope` and nothing else; the rules on names are applied when the token is built.
fn set_claim(call: &mut Call<'_>, token: TokenKind) -> Outcome {
    if call.arg(0).as_str() == Some("scope") {
        return Err(Failure::error("The \"scope\" claim cannot be set."));
    }
    record_claim(call, token)
}

fn record_claim(call: &mut Call<'_>, token: TokenKind) -> Outcome {
    if !call.flow.kept.claim() {
        return Ok(Returned::Api);
    }
    let site = call.site.clone();
    let name = match call.arg(0) {
        Argument::String(name) if name.len() > WHOLE_BYTES => Argument::String(long_name(name)),
        name => name.clone(),
    };
    let (value, large) = value_to_keep(call);
    // The call itself is recorded already.
    let index = call.flow.commands.len().saturating_sub(1);
    call.issue(Command::SetClaim {
        token,
        name,
        value,
        site,
        index,
        large,
    });
    Ok(Returned::Api)
}

/// A name that no token can carry, shortened so that it differs from others that begin alike.
fn long_name(name: &str) -> String {
    format!("{} {}", shortened(name, NAME_BYTES), hex_id(0, name, 16))
}

/// The value of a claim. Of one that is larger than any token can carry only its size and some parts are kept.
fn value_to_keep(call: &mut Call<'_>) -> (Argument, Option<LargeClaim>) {
    let value = call.arg(1);
    if of_argument(value) <= WHOLE_BYTES {
        return (value.clone(), None);
    }
    // What JSON cannot carry fails the login when the handler ends, whatever its size.
    match value.to_json() {
        Err(NotJson::BigInt) => (Argument::BigInt("0".to_owned()), None),
        Err(NotJson::Circular) => (Argument::Circular, None),
        Ok(None) => (Argument::Undefined, None),
        Ok(Some(json)) if is_whole(&json) => (value.clone(), None),
        Ok(Some(json)) => {
            let loses = value.loses_in_json();
            let steps = &mut call.flow.kept.source_steps;
            let large = LargeClaim {
                bytes: size(&json),
                loses,
                guesses: match call.flow.watch {
                    Watch::Off => Vec::new(),
                    // The value is not kept, so that reads cannot be compared with it later.
                    Watch::Paths | Watch::Places => {
                        let event = call.running.event.get(&call.flow.input.event);
                        sources_within(event, &json, steps)
                    }
                },
            };
            (Argument::from(&shorten(&json)), Some(large))
        }
    }
}

pub(crate) fn add_scope(call: &mut Call<'_>) -> Outcome {
    modify_scope(call, true)
}

pub(crate) fn remove_scope(call: &mut Call<'_>) -> Outcome {
    modify_scope(call, false)
}

fn modify_scope(call: &mut Call<'_>, add: bool) -> Outcome {
    let scope = scope(call.arg(0))?;
    if !call.flow.kept.scope(&scope) {
        return Ok(UNDEFINED);
    }
    call.issue(Command::ModifyScope { scope, add });
    Ok(UNDEFINED)
}

/// Returns an argument as a scope, trimmed.
///
/// # Errors
/// As production: when it is no string, is empty or too long, or has white space in it.
pub(crate) fn scope(argument: &Argument) -> Result<String, Failure> {
    let Some(scope) = argument.as_str() else {
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
    Ok(scope.to_owned())
}

/// Returns whether `\s` and `trim` in JavaScript treat a character as white space: Unicode's spaces, without U+0085, with U+FEFF.
fn is_js_space(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}
