//! What is told about a failure, as lines whose parts have a role; machines get the same lines without colours.

use std::fmt::Write;

use anstyle::{AnsiColor, Color, Style};
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
    /// What the eye looks for.
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

    /// The line with more behind it.
    #[must_use]
    pub fn and(mut self, role: Role, text: impl Into<String>) -> Line {
        self.0.push((role, text.into()));
        self
    }

    /// The text alone.
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| printable(text)).collect()
    }

    /// The text with colours.
    pub fn colored(&self) -> String {
        let mut out = String::new();
        for (role, text) in &self.0 {
            let (style, text) = (role.style(), printable(text));
            // A String takes everything.
            let _ = match *role {
                Role::Plain => write!(out, "{text}"),
                _ => write!(out, "{style}{text}{style:#}"),
            };
        }
        out
    }
}

/// The text without what a terminal would obey: an Action may print and throw whatever it likes.
fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\t' => letter.to_string(),
        letter if letter.is_control() => letter.escape_unicode().to_string(),
        letter => letter.to_string(),
    };
    text.chars().map(shown).collect()
}

impl Role {
    /// How it looks.
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
            None => format!("there is no stored outcome in {}", failure.file),
        },
        Failure::Found(finding) => finding.fault.message(),
        Failure::Unfit { message, .. } | Failure::Internal(message) => message.clone(),
    }
}

fn said(error: &ActionError) -> String {
    format!("{}: {}", error.name, error.message)
}

/// What there is to say below the title.
pub(super) fn body(failure: &Failure, outcome: Option<&Outcome>) -> Vec<Line> {
    match failure {
        Failure::Expectation(mismatch) => expectation(mismatch, outcome),
        Failure::Unexpected(error) => thrown(error),
        Failure::Load(error) => hint(error.hint.as_deref()),
        Failure::Found(finding) => found::lines(finding),
        Failure::Unfit { hint: text, .. } => hint(text.as_deref()),
        Failure::Internal(_) => hint(Some("this is a bug of postlogin; please report it")),
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
            // A login that failed has told its error already.
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

/// How many lines of a stack are told.
const STACK_LINES: usize = 5;

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
    let frames = error
        .stack
        .lines()
        .filter(|line| line.trim_start().starts_with("at "));
    for frame in frames.take(STACK_LINES) {
        lines.push(Line::of(Role::Dim, format!("          {}", frame.trim())));
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
