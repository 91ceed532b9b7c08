//! The text as such: whether production takes it at all.

use postlogin_core::limits::{ACTION_CODE_BYTES, LIMITATIONS_PAGE};

use super::{Finding, Rule, Severity, Source, start_of};
use crate::source::rule::is_rule;
use crate::source::{Problem, not_as_uploaded, problem};

const CODING: &str = "https://auth0.com/docs/customize/actions/action-coding-guidelines";

pub(super) const RULES: &[Rule] = &[SYNTAX, MODULE, NOT_COMPILED, SIZE];

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
const NOT_COMPILED: Rule = Rule {
    code: "not-compiled",
    severity: Severity::Error,
    summary: "The configuration names TypeScript or an ES module as the Action's code, which the deployment uploads as it is",
    source: Some(CODING),
};
const SIZE: Rule = Rule {
    code: "code-too-large",
    severity: Severity::Error,
    summary: "The code is larger than production accepts",
    source: Some(LIMITATIONS_PAGE),
};

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(found) = problem(source.file, source.text) {
        let (rule, error) = match found {
            Problem::ModuleSyntax(error) => (&MODULE, error),
            Problem::Syntax(error) => (&SYNTAX, error),
        };
        // To rename a file that is uploaded as it is would not help.
        let hint = match source.declared {
            Some(declared) if declared.is_uploaded && rule.code == MODULE.code => {
                Some(COMPILED.to_owned())
            }
            _ => error.hint,
        };
        findings.push(Finding {
            hint,
            ..Finding::new(rule, &error.location, error.message)
        });
    }
    findings.extend(not_compiled(source));
    let bytes = source.text.len();
    // The limit is that of Actions.
    if !is_rule(source.file, source.text) && ACTION_CODE_BYTES.exceeded_by(bytes) {
        let most = ACTION_CODE_BYTES.value;
        findings.push(
            Finding::new(
                &SIZE,
                &start_of(source.file),
                format!("the code has {bytes} bytes; production accepts {most}"),
            )
            .with_hint("declare npm packages as `dependencies` instead of bundling them"),
        );
    }
    findings
}

const COMPILED: &str = "compile it, with tsc or esbuild, to one file in CommonJS, and name that file; or write it as `exports.onExecutePostLogin = …` in JavaScript";

/// The Deploy CLI and Terraform upload a file as it is. Without a configuration, a build step may follow.
fn not_compiled(source: &Source<'_>) -> Option<Finding> {
    let declared = source.declared.filter(|declared| declared.is_uploaded)?;
    let (kind, error) = not_as_uploaded(source.file, source.text)?;
    let place = error.location;
    let message = format!(
        "{} names this file as the code, and it is uploaded as it is: production does not run {kind}",
        declared.file
    );
    Some(Finding::new(&NOT_COMPILED, &place, message).with_hint(COMPILED))
}
