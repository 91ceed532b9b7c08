//! `postlogin schema`.

use postlogin_core::{Trigger, event::json_schema, outcome::outcome_schema};
use postlogin_project::{cases::schema::case_schema, configuration_schema};

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
        Schema::Case => case_schema(),
        Schema::Config => configuration_schema(),
    };
    printer.machine(|out| writeln!(out, "{schema:#}"))?;
    Ok(SUCCESS)
}
