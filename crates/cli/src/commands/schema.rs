//! `postlogin schema`.

use anyhow::Context as _;
use postlogin_core::{Trigger, event::json_schema, outcome::outcome_schema};
use postlogin_project::{cases::schema::case_schema, configuration_schema};

use serde_json::Value;

use super::run::named_trigger;
use crate::{
    args::Schema,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn schema(
    what: Schema,
    trigger: Option<&str>,
    printer: &Printer,
) -> Result<u8, CliError> {
    let named = named_trigger(trigger)?;
    if named.is_some() && what != Schema::Event {
        return Err(
            CliError::usage("--trigger selects an event, and this schema is of none")
                .with_hint("write `postlogin schema event --trigger …`"),
        );
    }
    let schema = match what {
        Schema::Event => json_schema(named.unwrap_or_default()),
        Schema::CredentialsExchangeEvent => json_schema(Trigger::CredentialsExchange),
        Schema::Outcome => outcome_schema(),
        Schema::Explanation => with_outcome(include_str!("../schemas/explanation.json"))?,
        Schema::Test => with_outcome(include_str!("../schemas/test.json"))?,
        Schema::Comparison => written(include_str!("../schemas/comparison.json"))?,
        Schema::Check => written(include_str!("../schemas/check.json"))?,
        Schema::Replay => written(include_str!("../schemas/replay.json"))?,
        Schema::Case => case_schema(),
        Schema::Config => configuration_schema(),
    };
    printer.machine(|out| writeln!(out, "{schema:#}"))?;
    Ok(SUCCESS)
}

/// A schema that is written by hand.
fn written(text: &str) -> Result<Value, CliError> {
    serde_json::from_str(text)
        .context("a schema is not JSON")
        .map_err(|error| CliError::internal(&error))
}

/// A schema that refers to the outcome and its parts.
fn with_outcome(text: &str) -> Result<Value, CliError> {
    let mut schema = written(text)?;
    let mut outcome = outcome_schema();
    let mut parts = outcome["$defs"].take();
    if let Some(outcome) = outcome.as_object_mut() {
        outcome.retain(|key, _| key != "$defs" && key != "$schema");
    }
    parts["outcome"] = outcome;
    if let (Some(all), Value::Object(parts)) = (schema["$defs"].as_object_mut(), parts) {
        all.extend(parts);
    }
    Ok(schema)
}
