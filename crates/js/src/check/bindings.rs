//! The bindings of a project, which belong to no Action.

use postlogin_core::location::Location;

use super::{Finding, Rule, Severity};

const TRIGGERS: &str = "https://auth0.com/docs/customize/actions/explore-triggers";

pub(super) const RULES: &[Rule] = &[MISSING, NOT_EXPORTED];

const MISSING: Rule = Rule {
    code: "missing-bound-action",
    severity: Severity::Error,
    summary: "A trigger binds an Action that the project does not have",
    source: Some(TRIGGERS),
};
const NOT_EXPORTED: Rule = Rule {
    code: "unexported-bound-action",
    severity: Severity::Warning,
    summary: "A trigger of an export binds an Action that the export does not have, such as one of the Marketplace",
    source: Some(TRIGGERS),
};

/// Returns the finding about a binding that names an unknown Action. `place` declares the binding; `message` is one sentence
/// without a full stop. `is_exported` says that the file is an export's, which leaves out Actions of the Marketplace.
#[must_use]
pub fn missing_action(
    place: &Location,
    message: &str,
    hint: Option<&str>,
    is_exported: bool,
) -> Finding {
    let rule = match is_exported {
        true => &NOT_EXPORTED,
        false => &MISSING,
    };
    let finding = Finding::new(rule, place, message);
    match hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}
