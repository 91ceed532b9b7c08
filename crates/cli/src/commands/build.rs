//! `postlogin build`.

use std::{env, io, path::PathBuf};

use postlogin_engine::Allocation;
use postlogin_runner::output::write_output;

use crate::{
    action::{compiler, find},
    args::BuildArguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn build(arguments: &BuildArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })?;
    let named = std::slice::from_ref(&arguments.action);
    let project = crate::project::find_for(named, &here, printer)?.project;
    let source = find(&arguments.action, &here, project.as_ref())?;
    let component = compiler(Allocation::OnDemand, printer)?.build(&source)?;
    let file = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.wasm", super::file_stem(&source.name))));
    write_output(&file, &component).map_err(|error| {
        let shown = CliError::unwritable(file.display(), &error);
        match error.kind() {
            io::ErrorKind::NotFound => shown.with_hint("make the folder first"),
            _ => shown,
        }
    })?;
    let megabytes = component.len() as f64 / 1e6;
    printer.note(&format!("wrote {} ({megabytes:.1} MB)", file.display()));
    Ok(SUCCESS)
}
