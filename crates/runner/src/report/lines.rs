//! The report of a failure, as lines whose parts have a role; machines get the same lines without colours.

use std::borrow::Cow;
use std::fmt::Write;

use anstyle::{AnsiColor, Color, Style};
use postlogin_core::escape::parts;
use postlogin_core::outcome::{ActionError, Outcome, Status};
use postlogin_project::cases::ExpectKey;
use postlogin_project::document::node::Place;

use super::{diff, found, ledger};
use crate::run_event::{CaseResult, Failure, Mismatch};

/// The part that a piece of text plays. A colour never says anything that the text does not say as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Running text.
    Plain,
    /// The text that a reader looks for.
    Strong,
    /// Places and other things that are always there.
    Dim,
    /// All is well, or what there is.
    Good,
    /// Broken, or what was expected.
    Bad,
    /// Something to look at.
    Warn,
}

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub Vec<(Role, String)>);

impl Line {
    /// A line with one role.
    pub fn of(role: Role, text: impl Into<String>) -> Line {
        Line(vec![(role, text.into())])
    }

    /// The line with more after it.
    #[must_use]
    pub fn and(mut self, role: Role, text: impl Into<String>) -> Line {
        self.0.push((role, text.into()));
        self
    }

    /// Returns how many bytes its texts have.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, text)| text.len()).sum()
    }

    /// Returns the text as it is, for formats that escape it in their own way.
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Returns the text for people, without colours.
    pub fn plain(&self) -> String {
        self.render(false)
    }

    /// Returns the text for people, with colours.
    pub fn colored(&self) -> String {
        self.render(true)
    }

    /// Writes lines that are harmless for a terminal and the log of a CI system, whatever their texts are.
    fn render(&self, colored: bool) -> String {
        let mut out = String::new();
        for (index, line) in self.rows().iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            let texts: Vec<&str> = line.iter().map(|(_, text)| text.as_ref()).collect();
            for ((role, _), text) in line.iter().zip(parts(&texts)) {
                let style = role.style();
                // A String accepts everything.
                let _ = match *role {
                    Role::Plain => write!(out, "{text}"),
                    _ if !colored => write!(out, "{text}"),
                    _ => write!(out, "{style}{text}{style:#}"),
                };
            }
        }
        out
    }

    /// Splits the line where its texts have newlines. The further lines are indented to where their text began, so none
    /// of them looks like a line of another kind.
    fn rows(&self) -> Vec<Vec<(Role, Cow<'_, str>)>> {
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        let (mut column, mut left_out) = (0, 0_usize);
        for (role, text) in &self.0 {
            let indent = column.clamp(2, DEEPEST);
            for (index, piece) in text.split('\n').enumerate() {
                if index > 0 {
                    if rows.len() + 1 >= MOST_ROWS {
                        left_out += 1;
                        continue;
                    }
                    rows.push(std::mem::take(&mut row));
                    row.push((Role::Plain, Cow::Owned(" ".repeat(indent))));
                    column = indent;
                }
                let piece = piece.strip_suffix('\r').unwrap_or(piece);
                column += piece.chars().count();
                row.push((*role, shortened(piece, LONGEST)));
            }
        }
        rows.push(row);
        if left_out > 0 {
            let more = format!("  … {left_out} more lines");
            rows.push(vec![(Role::Dim, Cow::Owned(more))]);
        }
        rows
    }
}

/// The deepest indentation of the further lines of a text.
const DEEPEST: usize = 14;

/// The number of lines of one text that are printed for people.
const MOST_ROWS: usize = 40;

/// The number of characters of a line that are printed for people.
const LONGEST: usize = 4_000;

/// Returns the beginning of a text that is longer than `most` characters, with its size.
pub(super) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => {
            let begin = text.get(..end).unwrap_or_default();
            Cow::Owned(format!("{begin}… ({} bytes)", text.len()))
        }
        None => Cow::Borrowed(text),
    }
}

impl Role {
    /// Its look.
    pub(super) fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(Color::Ansi(color)));
        match self {
            Role::Plain => Style::new(),
            Role::Strong => Style::new().bold(),
            Role::Dim => Style::new().dimmed(),
            Role::Good => color(AnsiColor::Green),
            Role::Bad => color(AnsiColor::Red),
            Role::Warn => color(AnsiColor::Yellow),
        }
    }
}

/// `file:line:column`.
pub(super) fn shown(place: &Place) -> String {
    format!("{}:{}:{}", place.source.shown, place.line, place.column)
}

/// Where a failure is best looked at: what was expected, or the case.
pub(super) fn place_of<'a>(result: &'a CaseResult, failure: &'a Failure) -> &'a Place {
    match failure {
        Failure::Expectation(mismatch) => &mismatch.place,
        Failure::Unfit { place, .. } => place,
        _ => &result.place,
    }
}

/// One line that names a failure.
pub(super) fn title(failure: &Failure) -> String {
    match failure {
        Failure::Expectation(mismatch) => format!("{} is not as expected", mismatch.path),
        Failure::Unexpected(error) => format!("the login failed: {}", said(error)),
        Failure::Load(error) => error.message.clone(),
        Failure::Snapshot(failure) => match failure.stored {
            Some(_) => format!("the outcome differs from the one in {}", failure.file),
            None => format!("no stored outcome in {}", failure.file),
        },
        Failure::Found(finding) => finding.fault.message(),
        Failure::LeftOut { failures, most, .. } => {
            let count = match failures {
                1 => "1 failure is".to_owned(),
                count => format!("{count} failures are"),
            };
            format!(
                "{count} not shown: the reports of a run have at most {} MiB of failures",
                most >> 20
            )
        }
        Failure::Unfit { message, .. } | Failure::Internal(message) => message.clone(),
    }
}

fn said(error: &ActionError) -> String {
    format!("{}: {}", error.name, error.message)
}

/// Returns the lines below the title.
pub(super) fn body(failure: &Failure, outcome: Option<&Outcome>) -> Vec<Line> {
    match failure {
        Failure::Expectation(mismatch) => expectation(mismatch, outcome),
        Failure::Unexpected(error) => thrown(error),
        Failure::Load(error) => hint(error.hint.as_deref()),
        Failure::Found(finding) => found::lines(finding),
        Failure::Unfit { hint: text, .. } => hint(text.as_deref()),
        Failure::LeftOut { .. } => hint(Some("run this case alone to see them")),
        Failure::Internal(error) => hint(Some(match postlogin_engine::lacks_addresses(error) {
            true => postlogin_engine::MORE_ADDRESSES,
            false => "this is a bug of postlogin; please report it",
        })),
        Failure::Snapshot(failure) => {
            let stored = failure.stored.as_deref().unwrap_or_default();
            let mut lines = diff::diff_lines(stored, &failure.current);
            lines.extend(hint(Some(match failure.pending {
                true => "`postlogin test --review` accepts or rejects it",
                false => "nothing is written in CI; run `postlogin test` and review it there",
            })));
            lines
        }
    }
}

fn expectation(mismatch: &Mismatch, outcome: Option<&Outcome>) -> Vec<Line> {
    let mut lines = diff::values(mismatch.expected.as_ref(), mismatch.actual.as_ref());
    let Some(outcome) = outcome else {
        return lines;
    };
    match mismatch.key {
        ExpectKey::Status => {
            // The error of a login that failed is printed already.
            let reason = outcome.reason.as_ref();
            if let Some(reason) = reason.filter(|_| outcome.status == Status::Denied) {
                lines.push(Line::of(Role::Dim, "  reason  ").and(Role::Plain, reason));
            }
            let passes = matches!(outcome.status, Status::Redirected | Status::Prompted);
            if passes {
                lines.extend(hint(Some("`continue` says how the user comes back")));
            }
            if outcome.status == Status::Challenged {
                lines.extend(hint(Some("`challenge: succeed` lets the user pass")));
            }
        }
        ExpectKey::IdToken | ExpectKey::AccessToken | ExpectKey::Userinfo | ExpectKey::Dropped => {
            lines.extend(ledger::lines(mismatch, outcome));
        }
        _ => {}
    }
    lines
}

/// The number of lines of a stack that are printed.
const STACK_LINES: usize = 5;

/// The beginnings of the lines of a stack that list what an error carries.
const CARRIED: [&str; 3] = ["[cause]: ", "[errors]: ", "[thrown]: "];

pub(super) fn thrown(error: &ActionError) -> Vec<Line> {
    let place = error.location.as_ref();
    let at = place.map(|place| format!(" at {}:{}:{}", place.file, place.line, place.column));
    let text = format!(
        "{} in {}{}",
        error.name,
        error.action,
        at.unwrap_or_default()
    );
    let mut lines = vec![Line::of(Role::Dim, "  thrown  ").and(Role::Plain, text)];
    let mut room = STACK_LINES;
    for line in error.stack.lines().map(str::trim_start) {
        // What the error carries (`[cause]: Error: …`) is listed whatever the length of the stack before it.
        let is_carried = CARRIED.iter().any(|label| line.starts_with(label));
        if is_carried {
            room = room.max(1) + 1;
        }
        if room > 0 && (is_carried || line.starts_with("at ")) {
            room -= 1;
            lines.push(Line::of(Role::Dim, format!("          {line}")));
        }
    }
    lines
}

pub(super) fn hint(text: Option<&str>) -> Vec<Line> {
    let lines = text.into_iter().flat_map(str::lines).enumerate();
    let line = |(index, text): (usize, &str)| {
        let label = if index == 0 {
            "    hint  "
        } else {
            "          "
        };
        Line::of(Role::Warn, label).and(Role::Plain, text)
    };
    lines.map(line).collect()
}

/// The number of lines of a failed case's logs that are printed.
const MOST_LOGS: usize = 40;

/// Returns the log of a failed case.
pub(super) fn logs(result: &CaseResult) -> Vec<Line> {
    let logs = result.outcome.iter().flat_map(|outcome| &outcome.logs);
    let mut all = logs.flat_map(|log| log.message.lines().enumerate().map(move |line| (log, line)));
    let shown = all.by_ref().take(MOST_LOGS).map(|(log, (index, text))| {
        let label = match index {
            0 => format!("    {:>8}  ", log.level),
            _ => " ".repeat(14),
        };
        Line::of(Role::Dim, label).and(Role::Plain, text)
    });
    let mut lines: Vec<Line> = shown.collect();
    let more = all.count();
    if more > 0 {
        let text = format!(
            "{:14}… {more} more lines of logs; `--reporter json` has all",
            ""
        );
        lines.push(Line::of(Role::Dim, text));
    }
    lines
}
