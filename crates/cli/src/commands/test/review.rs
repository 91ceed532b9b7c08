//! `postlogin test --review`: outcomes that wait are accepted, rejected or left.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use postlogin_core::escape::{inline, shell};
use postlogin_project::{cases::find_case_files, display_path};
use postlogin_runner::{
    report::diff_lines,
    snapshot::review::{Pending, Verdict, pending, settle},
};

use super::{interrupt, unwritable};
use crate::{
    error::{CliError, SUCCESS},
    printer::Printer,
    terminal::{Key, Keys, THEN_ENTER},
};

pub(super) fn review(paths: &[PathBuf], here: &Path, printer: &Printer) -> Result<u8, CliError> {
    let found = find_case_files(paths, here)?;
    let waiting = pending(&found.files, here)?;
    if waiting.is_empty() {
        printer.note("no outcome waits for a review");
        return Ok(SUCCESS);
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return tell(&waiting, here, printer);
    }
    // The handlers of signals come before the terminal changes, and put it back.
    interrupt::flag();
    match Keys::open() {
        Some(keys) => ask(&waiting, here, &keys, printer),
        None => tell(&waiting, here, printer),
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

fn ask(waiting: &[Pending], here: &Path, keys: &Keys, printer: &Printer) -> Result<u8, CliError> {
    let mut all = None;
    let (mut accepted, mut rejected) = (0, 0);
    for (index, pending) in waiting.iter().enumerate() {
        let verdict = match all {
            Some(verdict) => Some(verdict),
            None => {
                // Before the difference and after it: a new outcome has many lines.
                printer.data(|out| {
                    show(pending, here, printer.color, out)?;
                    writeln!(out, "\n{}", inline(&pending.case))?;
                    write!(
                        out,
                        "{} of {}: [a]ccept, [r]eject, [s]kip, [A]ccept all, [q]uit{THEN_ENTER}? ",
                        index + 1,
                        waiting.len()
                    )
                })?;
                let answer = answer(keys);
                if cfg!(unix) {
                    printer.data(|out| writeln!(out, "{}", answer.shown()))?;
                }
                match answer {
                    Answer::Accept => Some(Verdict::Accept),
                    Answer::Reject => Some(Verdict::Reject),
                    Answer::Skip => None,
                    Answer::AcceptAll => {
                        all = Some(Verdict::Accept);
                        all
                    }
                    Answer::Quit => break,
                }
            }
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

/// The user's decision about one outcome.
#[derive(Clone, Copy)]
enum Answer {
    Accept,
    Reject,
    Skip,
    AcceptAll,
    Quit,
}

impl Answer {
    fn shown(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Reject => "rejected",
            Self::Skip => "skipped",
            Self::AcceptAll => "all accepted",
            Self::Quit => "",
        }
    }
}

/// Waits for a key that is an answer. Ctrl-C is one: what was decided before it is done.
fn answer(keys: &Keys) -> Answer {
    loop {
        let key = keys.wait(Duration::from_millis(100));
        if interrupt::wanted() {
            return Answer::Quit;
        }
        match key {
            Some(Key::Letter('a')) => return Answer::Accept,
            Some(Key::Letter('r')) => return Answer::Reject,
            Some(Key::Letter('s' | ' ')) => return Answer::Skip,
            Some(Key::Letter('A')) => return Answer::AcceptAll,
            Some(Key::Letter('q') | Key::End) => return Answer::Quit,
            // Other keys are no answers.
            _ => {}
        }
    }
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
