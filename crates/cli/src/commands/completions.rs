//! `postlogin completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::Arguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn completions(shell: Shell, printer: &Printer) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "postlogin", &mut script);
    printer.machine(|out| out.write_all(&script))?;
    Ok(SUCCESS)
}
