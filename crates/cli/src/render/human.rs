//! The outcome as one screen for a person: what happened first, then why, then what it cost.

use std::io::{self, Write};
use std::time::Duration;

use postlogin_core::outcome::{Outcome, StoredMetadata};
use postlogin_host::Budget;

use super::page::Page;
use super::{actions, claims, effects, failure, headline, messages, metadata, userinfo};

/// Gives the text of a source file that a location names, if it can be read.
pub type SourceLookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The options of [`human()`].
#[derive(Clone, Copy)]
pub struct HumanOptions<'a> {
    /// Whether to use ANSI colours. Without them the text is the same.
    pub color: bool,
    /// The columns of the terminal.
    pub width: usize,
    /// Whether to print the signed tokens, as far as the outcome holds them.
    pub tokens: bool,
    /// Everything: each call of an `api` method, all likely sources, all log lines.
    pub verbose: bool,
    /// The metadata before the login. Without it, changes are told from the calls alone.
    pub before: Option<&'a StoredMetadata>,
    /// For the code frame of an error.
    pub source: Option<&'a SourceLookup<'a>>,
    /// The time that production gives one execution of the trigger.
    pub time_limit: Duration,
    /// The most memory that an Action may use, in bytes.
    pub memory_limit: u64,
}

impl Default for HumanOptions<'_> {
    fn default() -> Self {
        let budget = Budget::default();
        Self {
            color: false,
            width: 100,
            tokens: false,
            verbose: false,
            before: None,
            source: None,
            time_limit: budget.time,
            memory_limit: budget.memory,
        }
    }
}

/// Writes the outcome for a person.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(outcome: &Outcome, options: &HumanOptions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, options.color, options.width);
    headline::write(page, outcome)?;
    failure::write(page, outcome, options)?;
    actions::write(page, outcome)?;
    effects::write(page, outcome)?;
    if outcome.trigger.table().has_tokens {
        claims::write(page, outcome, options)?;
    }
    userinfo::write(page, outcome)?;
    metadata::write(page, outcome, options.before)?;
    if options.verbose {
        actions::write_calls(page, outcome)?;
    }
    messages::write_logs(page, outcome, options.verbose)?;
    messages::write_notices(page, outcome)?;
    actions::write_footer(page, outcome, options)
}
