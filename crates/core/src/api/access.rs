//! `api.access`, `api.validation`, `api.multifactor`, `api.rules`.

use super::schema::{Schema, Violations};
use super::{Call, Outcome, UNDEFINED};
use crate::limits;
use crate::login::transaction::command::Command;
use crate::reply::Returned;
use crate::value::Argument;

pub(crate) fn deny(call: &mut Call<'_>) -> Outcome {
    call.issue(Command::Deny {
        reason: call.arg(0).clone(),
    });
    Ok(Returned::Api)
}

/// As [`deny`], where the vendor's layer returns nothing.
pub(crate) fn deny_silently(call: &mut Call<'_>) -> Outcome {
    deny(call)?;
    Ok(UNDEFINED)
}

/// The vendor's types name three codes; its layer accepts any.
pub(crate) fn deny_with_code(call: &mut Call<'_>) -> Outcome {
    call.issue(Command::DenyWithCode {
        code: call.arg(0).clone(),
        reason: call.arg(1).clone(),
    });
    Ok(Returned::Api)
}

pub(crate) fn validation_error(call: &mut Call<'_>) -> Outcome {
    check_validation_error(call).into_result()?;
    Ok(issue_validation_error(call))
}

/// Checks the arguments of `validation.error`.
pub(super) fn check_validation_error(call: &Call<'_>) -> Violations {
    let text = Schema::text(limits::VALIDATION_ERROR_CHARACTERS);
    Violations::default()
        .required("errorCode", call.arg(0))
        .required("errorMessage", call.arg(1))
        .value("errorCode", call.arg(0), &text)
        .value("errorMessage", call.arg(1), &text)
}

pub(super) fn issue_validation_error(call: &mut Call<'_>) -> Returned {
    let text = |argument: &Argument| argument.as_str().unwrap_or_default().to_owned();
    call.issue(Command::ValidationError {
        code: text(call.arg(0)),
        message: text(call.arg(1)),
    });
    Returned::Api
}

pub(crate) fn enable_multifactor(call: &mut Call<'_>) -> Outcome {
    let options = call.arg(1);
    let command = Command::RequireMultifactor {
        provider: call.arg(0).clone(),
        allow_remember_browser: options.property("allowRememberBrowser").clone(),
        provider_options: options.property("providerOptions").clone(),
    };
    call.issue(command);
    Ok(Returned::Api)
}

pub(crate) fn was_executed(call: &mut Call<'_>) -> Outcome {
    let executed = match call.arg(0) {
        Argument::String(id) => call.flow.input.rules_executed.contains(id),
        _ => false,
    };
    Ok(Returned::Value(Argument::Bool(executed)))
}
