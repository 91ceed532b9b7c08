//! The two streams: data on stdout, everything else on stderr.
//!
//! The output for people is made harmless here, whoever wrote it: file names, arguments and messages may contain anything.

use std::io::{self, IsTerminal, Write};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use anstyle::{AnsiColor, Style};
use postlogin_core::escape::{block, json};
use postlogin_runner::report::People;
use serde::Serialize;

use crate::{args::Color, error::CliError, streams};

/// Warnings that are written before the next output: if that is an error of the same words, it stands alone.
static WAITING: Mutex<Vec<Waiting>> = Mutex::new(Vec::new());

/// Whether the last line of the terminal is one of progress.
static PROGRESS: AtomicBool = AtomicBool::new(false);

/// A warning that is not written yet.
struct Waiting {
    message: String,
    /// The warning with its hint, escaped and painted.
    lines: String,
}

/// Knows where output goes and how it may look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    /// Whether stdout takes colours.
    pub(crate) color: bool,
    /// Whether stderr takes colours.
    pub(crate) color_on_stderr: bool,
    /// Columns of stdout.
    pub(crate) width: usize,
}

impl Printer {
    pub(crate) fn new(choice: Color) -> Self {
        Self {
            color: use_color(choice, io::stdout().is_terminal()),
            color_on_stderr: use_color(choice, io::stderr().is_terminal()),
            width: terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)),
        }
    }

    /// Writes data for people to stdout. Of control characters, only colours get through, and those only if stdout
    /// takes them; no line is a command of a CI system.
    pub(crate) fn data(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let color = self.color;
        self.machine(|out| {
            let mut out = People::new(out, color);
            write(&mut out)?;
            out.flush()
        })
    }

    /// Writes data for programs to stdout, as it is: its format must escape what it contains.
    pub(crate) fn machine(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        write_waiting();
        let mut out = io::BufWriter::new(streams::stdout());
        match write(&mut out).and_then(|()| out.flush()) {
            // A reader such as `head` that has seen enough is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(|error| CliError::unwritable("the output", error)),
        }
    }

    /// Writes one line of JSON to stdout.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string(value)
            .map_err(|error| CliError::unwritable("the output", error))?;
        self.machine(|out| writeln!(out, "{}", json(&text)))
    }

    /// A line about something that went as it should.
    pub(crate) fn note(&self, text: &str) {
        to_stderr(&self.paint(Style::new().dimmed(), &block(text)));
    }

    /// The progress of something. On a terminal, the line takes the place of the one before, and goes with the next output; elsewhere it
    /// is a line of its own, for those that are worth one.
    pub(crate) fn progress(&self, text: &str, is_worth_a_line: bool) {
        if !io::stderr().is_terminal() {
            if is_worth_a_line {
                self.note(text);
            }
            return;
        }
        let line = self.paint(Style::new().dimmed(), &block(text));
        PROGRESS.store(true, Ordering::Relaxed);
        raw(&format!("{CLEARED}{line}"));
    }

    /// Passes on what another program said.
    pub(crate) fn passed_on(&self, text: &str) {
        to_stderr(&block(text.trim_end()));
    }

    pub(crate) fn warning(&self, text: &str) {
        self.labelled(AnsiColor::Yellow, "warning:", text);
    }

    /// A warning about what a command may fail of: it is written before the next output, unless that is this very error.
    pub(crate) fn warning_unless_error(&self, text: &str, hint: Option<&str>) {
        let mut lines = self.label(AnsiColor::Yellow, "warning:", text);
        if let Some(hint) = hint {
            lines.push('\n');
            lines.push_str(&self.label(AnsiColor::Cyan, "hint:", hint));
        }
        let message = text.to_owned();
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Waiting { message, lines });
    }

    /// Takes back a warning that waits: it is told in another way.
    pub(crate) fn withdraw(&self, text: &str) {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|warning| warning.message != text);
    }

    pub(crate) fn hint(&self, text: &str) {
        self.labelled(AnsiColor::Cyan, "hint:", text);
    }

    pub(crate) fn error(&self, error: &CliError) {
        self.withdraw(&error.message);
        self.labelled(AnsiColor::Red, "error:", &error.message);
        if let Some(hint) = &error.hint {
            self.hint(hint);
        }
    }

    fn labelled(&self, color: AnsiColor, label: &str, text: &str) {
        to_stderr(&self.label(color, label, text));
    }

    fn label(&self, color: AnsiColor, label: &str, text: &str) -> String {
        let label = self.paint(color.on_default().bold(), label);
        format!("{label} {}", block(text))
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color_on_stderr {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// A writer to stderr for messages of parts that do not know the printer.
pub(crate) fn stderr() -> impl Write {
    write_waiting();
    People::new(streams::stderr(), false)
}

/// Reports what no command can: a panic of another thread. The text is escaped already.
pub(crate) fn report(line: &str) {
    to_stderr(line);
}

/// Empties the line of the terminal that the cursor is on.
const CLEARED: &str = "\r\x1b[K";

/// Writes a line of progress to a terminal as it is.
pub(crate) fn raw(text: &str) {
    let mut stderr = streams::stderr();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// One message, escaped already. Where even stderr cannot be written, nobody is left to be told; the exit code still says what happened.
fn to_stderr(line: &str) {
    write_waiting();
    // In one piece: other processes may write to the same terminal.
    let _ = streams::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes the warnings that wait, where a line of progress was. Called before any other output, and at the end.
pub(crate) fn write_waiting() {
    if PROGRESS.swap(false, Ordering::Relaxed) {
        raw(CLEARED);
    }
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    for warning in waiting.drain(..) {
        let _ = streams::stderr().write_all(format!("{}\n", warning.lines).as_bytes());
    }
}

/// <https://no-color.org> and <https://bixense.com/clicolors>, behind an explicit choice.
fn use_color(choice: Color, is_terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        Color::Auto => is_terminal || set("CLICOLOR_FORCE"),
    }
}
