//! `postlogin test --review`: outcomes that wait are accepted, rejected or left.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use postlogin_core::escape::{inline, shell};
use postlogin_project::{cases::find_case_files, display_path};
use postlogin_runner::{
    report::diff_lines,
    snapshot::review::{Pending, Verdict, pending, settle},
};

use super::unwritable;
use crate::{
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(super) fn review(paths: &[PathBuf], here: &Path, printer: &Printer) -> Result<u8, CliError> {
    let found = find_case_files(paths, here)?;
    let waiting = pending(&found.files, here)?;
    if waiting.is_empty() {
        printer.note("no outcome waits for a review");
        return Ok(SUCCESS);
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        ask(&waiting, here, printer)
    } else {
        tell(&waiting, here, printer)
    }
}

/// Without a terminal, nobody can be asked.
fn tell(waiting: &[Pending], here: &Path, printer: &Printer) -> Result<u8, CliError> {
    printer.data(|out| {
        for pending in waiting {
            show(pending, here, printer.color, out)?;
        }
        let mut files: Vec<String> = waiting
            .iter()
            .map(|pending| display_path(&pending.file, here))
            .collect();
        files.dedup();
        writeln!(out)?;
        for file in files {
            let stem = file.strip_suffix(".snap").unwrap_or(&file);
            let (cases, new) = (format!("{stem}.case.yaml"), format!("{file}.new"));
            writeln!(out, "accept: postlogin test --update {}", shell(&cases))?;
            writeln!(out, "reject: rm {}", shell(&new))?;
        }
        Ok(())
    })?;
    Ok(SUCCESS)
}

fn ask(waiting: &[Pending], here: &Path, printer: &Printer) -> Result<u8, CliError> {
    let mut answers = io::stdin().lock().lines();
    let mut all = None;
    let (mut accepted, mut rejected) = (0, 0);
    for (index, pending) in waiting.iter().enumerate() {
        if all.is_none() {
            printer.data(|out| {
                show(pending, here, printer.color, out)?;
                write!(
                    out,
                    "\n{} of {}: [a]ccept, [r]eject, [s]kip, [A]ccept all, [q]uit? ",
                    index + 1,
                    waiting.len()
                )
            })?;
        }
        let verdict = match all {
            Some(verdict) => Some(verdict),
            None => match answers
                .next()
                .transpose()
                .map_err(|error| unwritable(&error))?
            {
                Some(answer) if answer.trim() == "a" => Some(Verdict::Accept),
                Some(answer) if answer.trim() == "r" => Some(Verdict::Reject),
                Some(answer) if answer.trim() == "A" => {
                    all = Some(Verdict::Accept);
                    all
                }
                Some(answer) if answer.trim() != "q" => None,
                _ => break,
            },
        };
        if let Some(verdict) = verdict {
            settle(pending, verdict).map_err(|error| unwritable(&error))?;
            match verdict {
                Verdict::Accept => accepted += 1,
                Verdict::Reject => rejected += 1,
            }
        }
    }
    let left = waiting.len() - accepted - rejected;
    printer.note(&format!(
        "{accepted} accepted, {rejected} rejected, {left} left"
    ));
    Ok(SUCCESS)
}

fn show(pending: &Pending, here: &Path, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let file = display_path(&pending.file, here);
    writeln!(out, "\n{} ({})", inline(&pending.case), inline(&file))?;
    let stored = pending.stored.as_deref().unwrap_or_default();
    for line in diff_lines(stored, &pending.current) {
        match color {
            true => writeln!(out, "  {}", line.colored())?,
            false => writeln!(out, "  {}", line.plain())?,
        }
    }
    Ok(())
}
