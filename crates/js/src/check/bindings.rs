//! The bindings of a project, which belong to no Action.

use postlogin_core::location::Location;

use super::{Finding, Rule, Severity};

const TRIGGERS: &str = "https://auth0.com/docs/customize/actions/explore-triggers";

pub(super) const RULES: &[Rule] = &[
    MISSING,
    NOT_EXPORTED,
    UNSUPPORTED,
    UNBINDABLE,
    TOO_MANY,
    NOT_DEPLOYED,
    MISBOUND,
    CONFIGURATION,
    REFERENCE,
];

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

const UNSUPPORTED: Rule = Rule {
    code: "unsupported-bound-trigger",
    severity: Severity::Warning,
    summary: "Actions are bound to a trigger that is unknown or has no public contract, so they do not run here",
    source: Some(TRIGGERS),
};
const UNBINDABLE: Rule = Rule {
    code: "unbindable-trigger",
    severity: Severity::Warning,
    summary: "Actions are bound to a trigger whose Actions are named by token exchange profiles or event streams instead",
    source: Some(TRIGGERS),
};
const TOO_MANY: Rule = Rule {
    code: "too-many-bound-actions",
    severity: Severity::Error,
    summary: "A trigger binds more Actions than production runs",
    source: Some(TRIGGERS),
};

const NOT_DEPLOYED: Rule = Rule {
    code: "undeployed-bound-action",
    severity: Severity::Warning,
    summary: "A trigger binds an Action whose configuration leaves it undeployed: production runs the version that was deployed last, and binds none that never was",
    source: Some("https://auth0.github.io/auth0-cli/auth0_actions_deploy.html"),
};

const MISBOUND: Rule = Rule {
    code: "misbound-action",
    severity: Severity::Error,
    summary: "A trigger binds an Action whose configuration names only other triggers, which production refuses",
    source: Some(TRIGGERS),
};

const CONFIGURATION: Rule = Rule {
    code: "invalid-configuration",
    severity: Severity::Error,
    summary: "A part of the configuration has a misspelt key or a value that the Deploy CLI or the Management API refuses",
    source: Some("https://auth0.com/docs/api/management/v2"),
};
const REFERENCE: Rule = Rule {
    code: "unknown-reference",
    severity: Severity::Warning,
    summary: "A part of the configuration names an application, a connection, an API or a scope that the configuration does not have",
    source: Some(
        "https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats",
    ),
};

/// Returns the finding about a value of the configuration; `is_reference` for one that names something unknown, which an
/// export may have left out. `message` is one sentence without a full stop.
#[must_use]
pub fn configuration(
    place: &Location,
    message: &str,
    hint: Option<&str>,
    is_reference: bool,
) -> Finding {
    let rule = match is_reference {
        true => &REFERENCE,
        false => &CONFIGURATION,
    };
    let finding = Finding::new(rule, place, message);
    match hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}

/// A problem of a binding other than a missing Action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingProblem {
    /// Its trigger does not run here.
    Unsupported,
    /// Its trigger has no bindings.
    Unbindable,
    /// It has too many Actions.
    TooMany,
    /// One of its Actions is not deployed.
    NotDeployed,
    /// One of its Actions is for another trigger.
    Misbound,
}

/// Returns the finding about a problem of a binding. `place` declares it; `message` is one sentence without a full stop.
#[must_use]
pub fn binding(
    problem: BindingProblem,
    place: &Location,
    message: &str,
    hint: Option<&str>,
) -> Finding {
    let rule = match problem {
        BindingProblem::Unsupported => &UNSUPPORTED,
        BindingProblem::Unbindable => &UNBINDABLE,
        BindingProblem::TooMany => &TOO_MANY,
        BindingProblem::NotDeployed => &NOT_DEPLOYED,
        BindingProblem::Misbound => &MISBOUND,
    };
    let finding = Finding::new(rule, place, message);
    match hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}

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
