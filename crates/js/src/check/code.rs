//! The text as such: whether production takes it at all.

use postlogin_core::limits::{ACTION_CODE_BYTES, LIMITATIONS_PAGE};

use super::{Finding, Rule, Severity, Source, start_of};
use crate::source::rule::is_rule;
use crate::source::{Problem, problem};

const CODING: &str = "https://auth0.com/docs/customize/actions/action-coding-guidelines";

pub(super) const RULES: &[Rule] = &[SYNTAX, MODULE, SIZE];

const SYNTAX: Rule = Rule {
    code: "syntax-error",
    severity: Severity::Error,
    summary: "The code does not compile",
    source: Some(CODING),
};
const MODULE: Rule = Rule {
    code: "es-module-syntax",
    severity: Severity::Error,
    summary: "A `.js` file has `import` or `export`, and production runs Actions as CommonJS",
    source: Some(CODING),
};
const SIZE: Rule = Rule {
    code: "code-too-large",
    severity: Severity::Error,
    summary: "The code is larger than production takes",
    source: Some(LIMITATIONS_PAGE),
};

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(found) = problem(source.file, source.text) {
        let (rule, error) = match found {
            Problem::ModuleSyntax(error) => (&MODULE, error),
            Problem::Syntax(error) => (&SYNTAX, error),
        };
        findings.push(Finding {
            hint: error.hint,
            ..Finding::new(rule, &error.location, error.message)
        });
    }
    let bytes = source.text.len();
    // The limit is that of Actions.
    if !is_rule(source.file, source.text) && ACTION_CODE_BYTES.exceeded_by(bytes) {
        let most = ACTION_CODE_BYTES.value;
        findings.push(
            Finding::new(
                &SIZE,
                &start_of(source.file),
                format!("the code has {bytes} bytes; production takes {most}"),
            )
            .with_hint("declare npm packages as `dependencies` instead of bundling them"),
        );
    }
    findings
}
