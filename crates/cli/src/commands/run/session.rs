//! `postlogin run --stdin-json`: one case on each line of stdin, one answer on each line of stdout.

use std::{
    io::{self, BufRead, Read},
    path::Path,
};

use postlogin_engine::Allocation;
use postlogin_runner::Session;
use serde_json::json;

use crate::{
    action::compiler,
    args::RunArguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

/// The longest request, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

pub(super) fn answer_lines(
    arguments: &RunArguments,
    here: &Path,
    printer: &Printer,
) -> Result<u8, CliError> {
    let compiler = compiler(Allocation::Pooling { sandboxes: 2 }, printer)?;
    let mut session = Session::new(here, compiler, arguments.actions.clone());
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = stdin
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        let read =
            read.map_err(|error| CliError::usage(format!("<stdin>: cannot read it: {error}")))?;
        if read == 0 {
            return Ok(SUCCESS);
        }
        if read as u64 == LONGEST_LINE {
            let most = LONGEST_LINE >> 20;
            return Err(
                CliError::usage(format!("<stdin>: a line has more than {most} MiB")).with_hint(
                    "a request is one JSON object on one line; large events and mocks can be files",
                ),
            );
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            printer.json(&json!({"id": null, "errors": [{"message": "<stdin>: the line is not UTF-8", "hint": null}]}))?;
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        let answer = session.answer(text);
        printer.json(&answer)?;
    }
}
