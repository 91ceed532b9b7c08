//! Annotations of GitHub Actions: each failure at its line of the case.
//!
//! <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};

use postlogin_core::escape::{github_data as data, github_property as property};

use super::lines::{body, place_of, title};
use super::{Below, Reporter};
use crate::run_event::{CaseResult, Failure, RunEvent};

pub(super) struct Github<W> {
    out: W,
    below: Below,
}

impl<W: Write> Github<W> {
    pub(super) fn new(out: W, below: Below) -> Self {
        Self { out, below }
    }

    fn annotate(&mut self, result: &CaseResult, failure: &Failure) -> io::Result<()> {
        let place = place_of(result, failure);
        let mut message = title(failure);
        for line in body(failure, result.outcome.as_deref()) {
            message.push('\n');
            message.push_str(&line.text());
        }
        writeln!(
            self.out,
            "::error file={},line={},col={},title={}::{}",
            property(&self.below.name(&place.source.shown)),
            place.line,
            place.column,
            property(&result.full_name),
            data(&message)
        )
    }
}

impl<W: Write> Reporter for Github<W> {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::CaseFinished(result) => {
                for failure in &result.failures {
                    self.annotate(result, failure)?;
                }
                Ok(())
            }
            RunEvent::Finished(summary) => {
                for (file, name) in &summary.snapshots.unused {
                    let message = data(&format!("no case has the stored outcome `{name}`"));
                    writeln!(
                        self.out,
                        "::warning file={}::{message}",
                        property(&self.below.name(file))
                    )?;
                }
                self.out.flush()
            }
            RunEvent::FuzzFinished(_) => self.out.flush(),
            RunEvent::Started { .. }
            | RunEvent::CaseStarted { .. }
            | RunEvent::FuzzStarted { .. }
            | RunEvent::FuzzProgress { .. } => Ok(()),
        }
    }
}
