//! From the options to the event of the login.

use std::path::Path;

use postlogin_core::{
    Trigger,
    event::{
        SizeError, check_paths, check_size, check_user, merge_patch, parse_assignment, sample,
        set_path,
    },
    login::{complete_event, store_user},
};
use postlogin_project::read_object;
use serde_json::{Value, json};

use crate::{args::EventArguments, error::CliError, printer::Printer, streams};

/// The event: its base, then the user, the client, and single paths. What production's event does not have is
/// warned about.
pub(crate) fn event(
    trigger: Trigger,
    arguments: &EventArguments,
    printer: &Printer,
) -> Result<Value, CliError> {
    let mut event = match &arguments.event {
        Some(file) => Value::Object(read(file, "an event")?),
        None => sample(trigger),
    };
    if let Some(file) = &arguments.user {
        replace(&mut event, "user", Value::Object(read(file, "a user")?));
        if store_user(&mut event) {
            let file = file.display();
            let message = "databases store e-mail addresses and user names in lower case";
            printer.warning(&format!("{file}: {message}: the Actions see them so"));
        }
    }
    if let Some(file) = &arguments.client {
        replace(&mut event, "client", Value::Object(read(file, "a client")?));
    }
    if let Some(file) = &arguments.token_response {
        let response = Value::Object(read(file, "the answer of a token endpoint")?);
        replace(&mut event, "token_response", response);
    }
    if let Some(file) = &arguments.rule_context {
        replace(
            &mut event,
            "context",
            Value::Object(read(file, "a context of Rules")?),
        );
    }
    for assignment in &arguments.set {
        let failed = |error: postlogin_core::event::PathError| {
            let error_text = CliError::usage(format!("--set {assignment}: {}", error.message));
            match error.hint {
                Some(hint) => error_text.with_hint(hint),
                None => error_text,
            }
        };
        let (path, value) = parse_assignment(assignment).map_err(failed)?;
        set_path(&mut event, &path, value).map_err(failed)?;
    }
    complete_event(trigger, &mut event);
    let too_large = |error: SizeError| CliError::usage(error.message).with_hint(error.hint);
    check_size(&event).map_err(too_large)?;
    let slips = check_user(trigger, &event);
    for finding in check_paths(trigger, &event).into_iter().chain(slips) {
        warn(printer, &finding.message(), finding.suggestion.as_deref());
    }
    Ok(event)
}

fn warn(printer: &Printer, message: &str, meant: Option<&str>) {
    match meant {
        Some(meant) => printer.warning(&format!("{message}; did you mean `{meant}`?")),
        None => printer.warning(message),
    }
}

fn read(file: &Path, what: &str) -> Result<serde_json::Map<String, Value>, CliError> {
    read_object(file, what, &mut streams::lines()).map_err(|error| {
        let mut shown = CliError::from(error);
        shown.hint.get_or_insert_with(|| {
            format!("{what} is one JSON or YAML object; `postlogin schema event` describes it")
        });
        shown
    })
}

/// Replaces a property as a whole: what the old value had and the new one lacks is gone.
fn replace(event: &mut Value, key: &str, value: Value) {
    merge_patch(event, &json!({ key: null }));
    merge_patch(event, &json!({ key: {} }));
    if let Some(slot) = event.get_mut(key) {
        *slot = value;
    }
}
