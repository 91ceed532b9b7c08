//! Files that are missing, or cannot be read. Whoever knows the files reports it; the rules themselves read none.

use postlogin_core::location::Location;
use postlogin_core::outcome::Notice;

use super::{Finding, Rule, Severity};
use crate::source::SyntaxError;

const MODULES: &str = "https://auth0.com/docs/customize/actions/actions-modules";

pub(super) const RULES: &[Rule] = &[
    UNREADABLE,
    FILE,
    EXPORT,
    PACKAGE,
    MODULE,
    UNDECLARED_MODULE,
    IMPORTS,
];

const UNREADABLE: Rule = Rule {
    code: "unreadable",
    severity: Severity::Error,
    summary: "A file or a part of the configuration cannot be read, so what it says is not checked",
    source: None,
};
const FILE: Rule = Rule {
    code: "missing-file",
    severity: Severity::Error,
    summary: "The Action loads a file that is not there when it runs, so it does not load",
    source: None,
};
const EXPORT: Rule = Rule {
    code: "missing-export",
    severity: Severity::Error,
    summary: "The Action imports a name that the project's file does not export, which no bundler builds, so it does not load",
    source: None,
};
const PACKAGE: Rule = Rule {
    code: "missing-package",
    severity: Severity::Warning,
    summary: "A package that the Action requires is not installed here, so `run` and `test` do not find it",
    source: None,
};
const MODULE: Rule = Rule {
    code: "missing-module",
    severity: Severity::Error,
    summary: "The Action requires an Action Module that the project does not have",
    source: Some(MODULES),
};
const UNDECLARED_MODULE: Rule = Rule {
    code: "undeclared-module",
    severity: Severity::Error,
    summary: "The Action requires an Action Module that is not among its `modules`",
    source: Some(MODULES),
};
const IMPORTS: Rule = Rule {
    code: "imports-not-followed",
    severity: Severity::Warning,
    summary: "The Action imports more of the project's files than postlogin looks for, so the rest is not found when it runs, and not checked",
    source: None,
};

/// Returns the finding about imports beyond a limit.
#[must_use]
pub fn imports_not_followed(place: &Location, message: &str) -> Finding {
    Finding::new(&IMPORTS, place, message)
}

/// Returns the finding about what cannot be read; `message` is one sentence without a full stop.
#[must_use]
pub fn unreadable(place: &Location, message: &str, hint: Option<&str>) -> Finding {
    let finding = Finding::new(&UNREADABLE, place, message);
    match hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}

/// Returns the finding about a file that an Action loads and that is not there when it runs.
#[must_use]
pub fn missing_file(place: &Location, message: &str) -> Finding {
    Finding::new(&FILE, place, message)
}

/// Returns the finding about a name that a file imports and another one does not export.
#[must_use]
pub fn missing_export(error: &SyntaxError) -> Finding {
    let finding = Finding::new(&EXPORT, &error.location, error.message.as_str());
    match &error.hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}

/// Returns the finding about an Action Module that the Action does not get, from the notice of its `require`.
#[must_use]
pub fn module_problem(place: &Location, notice: &Notice) -> Finding {
    let rule = match notice.code.as_ref() {
        "undeclared-module" => &UNDECLARED_MODULE,
        _ => &MODULE,
    };
    Finding::new(rule, place, notice.message.as_str())
}

/// Returns the finding about a package that is not installed.
#[must_use]
pub fn missing_package(place: &Location, message: &str, hint: &str) -> Finding {
    Finding::new(&PACKAGE, place, message).with_hint(hint)
}
