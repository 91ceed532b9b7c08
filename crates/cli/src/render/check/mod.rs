//! The findings of `postlogin check`: for people, for programs, for code scanning and for annotations.

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

/// The most findings that a format for programs lists. The others are counted: an Action can have one on every few bytes.
/// Code scanning of GitHub refuses more than 25,000.
const MOST_FOR_PROGRAMS: usize = 10_000;

/// Everything that was checked and found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    actions: Vec<Checked>,
    /// The findings in the project's configuration rather than in one of its Actions.
    configuration: Vec<Finding>,
    /// The parts of a project that has no Action and no Rule, in words.
    read: Option<String>,
}

/// An Action or a Rule, and its findings.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) is_rule: bool,
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// A report without any finding yet. `read` says what a project without Actions and Rules has.
    pub(crate) fn of_nothing(read: Option<String>) -> Self {
        Self {
            read,
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, checked: Checked) {
        self.actions.push(checked);
    }

    pub(crate) fn add_to_configuration(&mut self, finding: Finding) {
        self.configuration.push(finding);
    }

    pub(crate) fn count(&self, severity: Severity) -> usize {
        let findings = self.findings();
        findings
            .filter(|(_, finding)| finding.rule.severity == severity)
            .count()
    }

    /// Returns the findings that a format for programs lists.
    fn listed(&self) -> impl Iterator<Item = (Option<&Checked>, &Finding)> {
        self.findings().take(MOST_FOR_PROGRAMS)
    }

    /// Returns how many findings a format for programs leaves out.
    fn unlisted(&self) -> usize {
        self.findings().count().saturating_sub(MOST_FOR_PROGRAMS)
    }

    /// Returns all findings, each with its Action; those about the configuration come last.
    fn findings(&self) -> impl Iterator<Item = (Option<&Checked>, &Finding)> {
        let of_actions = self.actions.iter().flat_map(|action| {
            let findings = action.findings.iter();
            findings.map(move |finding| (Some(action), finding))
        });
        let configuration = self.configuration.iter();
        of_actions.chain(configuration.map(|finding| (None, finding)))
    }
}
