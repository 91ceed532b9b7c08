//! `api.prompt`: forms.

use super::schema::{Schema, Violations};
use super::{Call, Outcome, UNDEFINED};
use crate::json;
use crate::limits::{PROMPT_BYTES, PROMPT_ENTRIES, PROMPT_FIELD_CHARACTERS, PROMPT_ID_CHARACTERS};
use crate::login::transaction::command::Command;
use crate::measure;
use crate::reply::Failure;
use crate::value::Argument;

/// The text with which the platform ends an Action that asks for a redirect and a form.
pub(super) const BOTH: &str = "Redirect and render commands cannot be used in the same action.";

pub(crate) fn render(call: &mut Call<'_>) -> Outcome {
    // These two end the login when the handler returns; the call itself gives nothing away.
    if call.running.redirects {
        call.issue(Command::Abort(BOTH));
        return Ok(UNDEFINED);
    }
    if call.running.renders {
        call.issue(Command::Abort(
            "Only 1 render command per action is allowed.",
        ));
        return Ok(UNDEFINED);
    }
    let id = call.arg(0);
    let options = if call.arg(1).is_truthy() {
        call.arg(1).clone()
    } else {
        Argument::Object(Vec::new())
    };
    let found = Violations::default().required("promptId", id);
    let found = found.value("promptId", id, &Schema::text(PROMPT_ID_CHARACTERS));
    check_options(found, &options).into_result()?;
    let size = match options.to_json() {
        Ok(options) => options.as_ref().map_or(0, json::size),
        Err(not_json) => return Err(Failure::type_error(not_json.message())),
    };
    if PROMPT_BYTES.exceeded_by(size) {
        let text = "The total size of the prompt options exceeds the limit of";
        return Err(Failure::error(format!(
            "{text} {} bytes.",
            PROMPT_BYTES.value
        )));
    }
    let id = id.as_str().unwrap_or_default().to_owned();
    let subject = format!("The options of the form `{id}`");
    call.flow.measure(measure::PROMPT_OPTIONS, &subject, size);
    call.running.renders = true;
    call.issue(Command::RenderPrompt { id, options });
    Ok(UNDEFINED)
}

fn check_options(found: Violations, options: &Argument) -> Violations {
    let Argument::Object(entries) = options else {
        return if options.is_plain_object() {
            found
        } else {
            found.add("promptOptions", "must be object")
        };
    };
    let additional = entries
        .iter()
        .filter(|(key, _)| key != "fields" && key != "vars");
    let found = additional.fold(found, |found, _| {
        found.add("promptOptions", "must NOT have additional properties")
    });
    let found = check_entries(found, "fields", options.property("fields"), is_field_name);
    check_entries(found, "vars", options.property("vars"), |_| true)
}

fn check_entries(
    found: Violations,
    name: &str,
    value: &Argument,
    allowed: fn(&str) -> bool,
) -> Violations {
    match value {
        Argument::Undefined => found,
        Argument::Object(entries) => {
            let mut found = found;
            if PROMPT_ENTRIES.exceeded_by(entries.len()) {
                found = found.add(
                    name,
                    format!(
                        "must NOT have more than {} properties",
                        PROMPT_ENTRIES.value
                    ),
                );
            }
            let refused = entries.iter().filter(|(key, _)| !allowed(key));
            refused.fold(found, |found, _| {
                found.add(name, "must NOT have additional properties")
            })
        }
        value if value.is_plain_object() => found,
        _ => found.add(name, "must be object"),
    }
}

fn is_field_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !PROMPT_FIELD_CHARACTERS.exceeded_by(name.len())
}
