//! Findings that only Rules have.

use postlogin_core::event::suggest::closest;
use postlogin_core::location::Location;
use postlogin_core::rules::CONFIGURATION_PAGE;

use super::{Finding, Rule, Severity, Source};
use crate::source::facts::{Facts, Mention, RuleFacts};

pub(super) const RULES: &[Rule] = &[NOT_A_RULE, CALLBACK, CONFIGURATION];

const NOT_A_RULE: Rule = Rule {
    code: "not-a-rule",
    severity: Severity::Error,
    summary: "A file that is configured as a Rule is more than one function, or none",
    source: Some("https://auth0.com/docs/customize/rules/create-rules"),
};
const CALLBACK: Rule = Rule {
    code: "callback-not-used",
    severity: Severity::Error,
    summary: "The Rule does not use its callback, so the login waits until it times out",
    source: Some("https://auth0.com/docs/customize/rules/create-rules"),
};
const CONFIGURATION: Rule = Rule {
    code: "undeclared-configuration",
    severity: Severity::Warning,
    summary: "A setting is read that the `rulesConfigs` of the project do not have",
    source: Some(CONFIGURATION_PAGE),
};

/// Returns the finding about a file that is configured as a Rule and does not contain one.
pub(super) fn not_a_rule(source: &Source<'_>) -> Finding {
    let place = Location {
        file: source.file.to_owned(),
        line: 1,
        column: 1,
    };
    let message = "it is configured as a Rule, but the file does not contain one";
    Finding::new(&NOT_A_RULE, &place, message).with_hint(
        "a Rule is one function and nothing else: function (user, context, callback) { … }",
    )
}

pub(super) fn check(source: &Source<'_>, facts: &Facts, rule: &RuleFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !rule.mentions_callback {
        let message = match rule.parameters {
            0..3 => "the Rule has no third parameter, which is its callback",
            _ => "the Rule does not use its callback",
        };
        findings.push(
            Finding::new(&CALLBACK, &rule.location, message)
                .with_hint("end with `callback(null, user, context)`"),
        );
    }
    if let Some(declared) = source.declared
        && let Some(keys) = &declared.configuration
    {
        let unknown = facts.configuration.iter();
        let unknown = unknown.filter(|key| !keys.contains(&key.name));
        findings.extend(unknown.map(|Mention { name, location }| {
            let message = format!("the setting `{name}` is not declared in {}", declared.file);
            let found = Finding::new(&CONFIGURATION, location, message).spanning(name);
            found.with_hint(match closest(name, keys.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "it is undefined unless the tenant has it".to_owned(),
            })
        }));
    }
    findings
}
