//! `postlogin generate`.

use postlogin_generate::users::{Form, write};

use crate::{
    args::{ExportForm, GenerateCommand},
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn generate(what: &GenerateCommand, printer: &Printer) -> Result<u8, CliError> {
    let GenerateCommand::Users {
        count,
        seed,
        format,
    } = what;
    let form = match format {
        ExportForm::Ndjson => Form::Lines,
        ExportForm::Json => Form::Array,
        ExportForm::Csv => Form::Table,
    };
    printer.machine(|out| write(*seed, *count, form, out))?;
    Ok(SUCCESS)
}
