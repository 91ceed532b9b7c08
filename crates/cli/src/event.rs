//! From the options to the event of the login.

use std::{io, path::Path};

use postlogin_core::{
    event::{check_paths, merge_patch, parse_assignment, sample, set_path},
    login::complete_event,
};
use postlogin_project::read_object;
use serde_json::{Value, json};

use crate::{args::EventArguments, error::CliError, printer::Printer};

/// The event: its base, then the user, the client, and single paths. What production's event does not have is
/// warned about.
pub(crate) fn event(arguments: &EventArguments, printer: &Printer) -> Result<Value, CliError> {
    let mut event = match &arguments.event {
        Some(file) => Value::Object(read(file, "an event")?),
        None => sample(),
    };
    if let Some(file) = &arguments.user {
        replace(&mut event, "user", Value::Object(read(file, "a user")?));
    }
    if let Some(file) = &arguments.client {
        replace(&mut event, "client", Value::Object(read(file, "a client")?));
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
    complete_event(&mut event);
    for finding in check_paths(&event) {
        printer.warning(&finding.message());
    }
    Ok(event)
}

fn read(file: &Path, what: &str) -> Result<serde_json::Map<String, Value>, CliError> {
    Ok(read_object(file, what, &mut io::stdin().lock())?)
}

/// Replaces a property as a whole: what the old value had and the new one lacks is gone.
fn replace(event: &mut Value, key: &str, value: Value) {
    merge_patch(event, &json!({ key: null }));
    merge_patch(event, &json!({ key: {} }));
    if let Some(slot) = event.get_mut(key) {
        *slot = value;
    }
}
