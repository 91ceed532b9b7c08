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
    streams,
};

/// The longest request, in bytes. Its case takes up to ten times as much memory.
const LONGEST_LINE: u64 = 16 << 20;

pub(super) fn answer_lines(
    arguments: &RunArguments,
    here: &Path,
    printer: &Printer,
) -> Result<u8, CliError> {
    let compiler = compiler(Allocation::Pooling { sandboxes: 2 }, printer)?;
    let mut session = Session::new(here, compiler, arguments.actions.clone());
    let mut stdin = streams::lines();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = stdin
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        let read = read.map_err(unreadable)?;
        if read == 0 {
            return Ok(SUCCESS);
        }
        if read as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            let id = Session::id_of(&line);
            line = Vec::new();
            skip_line(&mut stdin).map_err(unreadable)?;
            let most = LONGEST_LINE >> 20;
            printer.json(&json!({"id": id, "errors": [{
                "message": format!("<stdin>: the line has more than {most} MiB"),
                "hint": "large events and mocks can be files",
            }]}))?;
            continue;
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            let id = Session::id_of(&line);
            printer.json(&json!({"id": id, "errors": [{"message": "<stdin>: the line is not UTF-8", "hint": null}]}))?;
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        let answer = session.answer(text);
        printer.json(&answer)?;
        // A long line was the exception.
        line.shrink_to(KEPT);
    }
}

/// So much room for a line is kept for the next one, in bytes.
const KEPT: usize = 1 << 20;

fn unreadable(error: io::Error) -> CliError {
    CliError::usage(format!("<stdin>: cannot read it: {error}"))
}

/// Skips the rest of a line without storing it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let (end, length) = match input.fill_buf() {
            Ok(part) => (part.iter().position(|byte| *byte == b'\n'), part.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match end {
            Some(at) => {
                input.consume(at + 1);
                return Ok(());
            }
            None if length == 0 => return Ok(()),
            None => input.consume(length),
        }
    }
}
