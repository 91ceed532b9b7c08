//! Findings as workflow commands, which GitHub Actions shows beside the lines of a pull request.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use postlogin_core::escape::{github_data as data, github_property as property};

use postlogin_runner::report::Below;

use super::Report;
use crate::render::text::counted;

/// Writes one command for each finding, with the file's path from the top of the repository, and one for those that are left out.
pub(crate) fn github(report: &Report, below: &Below, out: &mut dyn Write) -> io::Result<()> {
    for (_, finding) in report.listed() {
        let place = &finding.location;
        let mut message = finding.message.clone();
        if let Some(hint) = &finding.hint {
            message.push_str("\nhint: ");
            message.push_str(hint);
        }
        let end = match finding.length {
            0 => String::new(),
            length => format!(",endColumn={}", place.column.saturating_add(length)),
        };
        writeln!(
            out,
            "::{} file={},line={},col={}{end},title={}::{}",
            finding.rule.severity.word(),
            property(&below.name(&place.file)),
            place.line,
            place.column,
            property(finding.rule.code),
            data(&message),
        )?;
    }
    let unlisted = counted(report.unlisted(), "more finding");
    match report.unlisted() {
        0 => Ok(()),
        _ => writeln!(out, "::warning title=left-out::{unlisted} left out"),
    }
}
