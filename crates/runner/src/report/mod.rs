//! Reporters: a run as text. They read [`RunEvent`]s and nothing else.

mod below;
mod diff;
mod file;
mod found;
mod github;
mod human;
mod json;
mod junit;
mod ledger;
mod lines;
mod people;
mod tap;

use std::io::{self, Write};

use crate::execute::Sink;
use crate::run_event::RunEvent;

pub use below::Below;
pub use diff::diff_lines;
pub use file::ReportFile;
pub(crate) use found::changes;
pub use human::{Human, HumanStyle, StatusLevel};
pub(crate) use json::failures;
pub(crate) use junit::told as in_words;
pub use lines::{Line, Role};
pub use people::People;

/// Turns a run into text.
pub trait Reporter {
    /// Takes the next event.
    ///
    /// # Errors
    /// When the text cannot be written.
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()>;

    /// Is called from time to time while nothing happens.
    ///
    /// # Errors
    /// As [`Reporter::event`].
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Formats for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object on each line, `postlogin.test/1`.
    Json,
    /// JUnit XML, as CI systems read it.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Test Anything Protocol, version 14.
    Tap,
}

/// A reporter of a format that writes to `out`. `below` is the place of the working folder, for formats that name files from the top of
/// the repository.
pub fn reporter<'a>(format: Format, below: Below, out: impl Write + 'a) -> Box<dyn Reporter + 'a> {
    match format {
        Format::Json => Box::new(json::Json::new(out)),
        Format::Junit => Box::new(junit::Junit::new(out)),
        Format::Github => Box::new(github::Github::new(out, below)),
        Format::Tap => Box::new(tap::Tap::new(out)),
    }
}

/// Several reporters at once.
#[derive(Default)]
pub struct Reporters<'a>(pub Vec<Box<dyn Reporter + 'a>>);

impl Sink for Reporters<'_> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|one| one.event(event))
    }

    fn tick(&mut self) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|one| one.tick())
    }
}

#[cfg(test)]
mod tests;
