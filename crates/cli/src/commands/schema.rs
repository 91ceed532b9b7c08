//! `postlogin schema`.

use postlogin_core::{Trigger, event::json_schema, outcome::outcome_schema};
use postlogin_project::{cases::schema::case_schema, configuration_schema};

use crate::{
    args::Schema,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn schema(what: Schema, printer: &Printer) -> Result<u8, CliError> {
    let schema = match what {
        Schema::Event => json_schema(Trigger::PostLogin),
        Schema::CredentialsExchangeEvent => json_schema(Trigger::CredentialsExchange),
        Schema::Outcome => outcome_schema(),
        Schema::Case => case_schema(),
        Schema::Config => configuration_schema(),
    };
    printer.machine(|out| writeln!(out, "{schema:#}"))?;
    Ok(SUCCESS)
}
