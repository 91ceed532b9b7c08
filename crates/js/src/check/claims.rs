//! Claims that no token ever carries.

use postlogin_core::claim_rules::{RuleContext, STANDARD_CLAIMS, rule_for};
use postlogin_core::limits::CLAIMS_PAGE;
use postlogin_core::outcome::ClaimRule;

use super::{Finding, Rule, Severity};
use crate::source::facts::{Claim, Facts, Mention};

pub(super) const RULES: &[Rule] = &[RESTRICTED, NAMESPACE];

const RESTRICTED: Rule = Rule {
    code: "restricted-claim",
    severity: Severity::Error,
    summary: "A claim is set whose name is reserved; production ignores it",
    source: Some(CLAIMS_PAGE),
};
const NAMESPACE: Rule = Rule {
    code: "auth0-namespace",
    severity: Severity::Error,
    summary: "A claim is set in a namespace of Auth0; production ignores it",
    source: Some(CLAIMS_PAGE),
};

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    facts.claims.iter().filter_map(lost).collect()
}

fn lost(claim: &Claim) -> Option<Finding> {
    let Mention { name, location } = &claim.name;
    // A login in which no other rule applies.
    let mut scopes: Vec<String> = STANDARD_CLAIMS
        .iter()
        .map(|(_, scope)| (*scope).to_owned())
        .collect();
    scopes.push("openid".to_owned());
    let context = RuleContext {
        scopes: &scopes,
        audience: None,
        domain: "",
        opaque: false,
    };
    let finding = match rule_for(&context, claim.token, name)? {
        ClaimRule::RestrictedName => Finding::new(
            &RESTRICTED,
            location,
            format!("the claim name `{name}` is reserved; production ignores it"),
        )
        .with_hint(format!(
            "put it into a namespace of yours: `https://example.com/{name}`"
        )),
        ClaimRule::Auth0Namespace => Finding::new(
            &NAMESPACE,
            location,
            format!("the claim `{name}` is in a namespace of Auth0; production ignores it"),
        )
        .with_hint("use a domain of yours as the namespace; it need not answer"),
        _ => return None,
    };
    Some(finding)
}
