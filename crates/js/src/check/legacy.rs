//! Findings that only Rules have.

use postlogin_core::event::suggest::closest;
use postlogin_core::rules::CONFIGURATION_PAGE;

use super::{Finding, Rule, Severity, Source};
use crate::source::facts::{Facts, Mention, RuleFacts};

pub(super) const RULES: &[Rule] = &[CALLBACK, CONFIGURATION];

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
