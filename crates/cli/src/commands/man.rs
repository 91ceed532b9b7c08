//! `postlogin man`: the manual pages, for whoever packs the program.

use std::{fs, path::Path};

use clap::CommandFactory;

use crate::{
    args::Arguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

/// Writes a page for the program and one for each of its commands: `postlogin.1`, `postlogin-run.1`, ….
pub(crate) fn man(folder: &Path, printer: &Printer) -> Result<u8, CliError> {
    let failed = |error: std::io::Error| CliError::unwritable(folder.display(), error);
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    printer.note(&format!("wrote the manual pages to {}", folder.display()));
    Ok(SUCCESS)
}
