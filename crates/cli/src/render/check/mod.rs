//! What `postlogin check` found: for people, for programs, for code scanning and for annotations.

mod github;
mod human;
mod json;
mod sarif;

#[cfg(test)]
mod tests;

use postlogin_js::check::{Finding, Severity};

pub(crate) use github::github;
pub(crate) use human::human;
pub(crate) use json::json;
pub(crate) use sarif::sarif;

/// Everything that was checked and found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    actions: Vec<CheckedAction>,
}

/// An Action and its findings.
#[derive(Debug)]
struct CheckedAction {
    name: String,
    file: String,
    text: String,
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn add(&mut self, name: &str, file: &str, text: &str, findings: Vec<Finding>) {
        self.actions.push(CheckedAction {
            name: name.to_owned(),
            file: file.to_owned(),
            text: text.to_owned(),
            findings,
        });
    }

    pub(crate) fn count(&self, severity: Severity) -> usize {
        let findings = self.findings();
        findings
            .filter(|(_, finding)| finding.rule.severity == severity)
            .count()
    }

    fn findings(&self) -> impl Iterator<Item = (&CheckedAction, &Finding)> {
        self.actions
            .iter()
            .flat_map(|action| action.findings.iter().map(move |finding| (action, finding)))
    }
}
