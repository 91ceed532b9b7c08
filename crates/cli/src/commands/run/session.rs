//! `postlogin run --stdin-json`: one case on each line of stdin, one answer on each line of stdout.

use std::{
    io::{self, BufRead},
    path::Path,
};

use postlogin_engine::Allocation;
use postlogin_runner::Session;

use crate::{
    action::compiler,
    args::RunArguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(super) fn answer_lines(
    arguments: &RunArguments,
    here: &Path,
    printer: &Printer,
) -> Result<u8, CliError> {
    let compiler = compiler(Allocation::Pooling { sandboxes: 2 }, printer)?;
    let mut session = Session::new(here, compiler, arguments.actions.clone());
    for line in io::stdin().lock().lines() {
        let line =
            line.map_err(|error| CliError::usage(format!("<stdin>: cannot read it: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = session.answer(&line);
        printer.json(&answer)?;
    }
    Ok(SUCCESS)
}
