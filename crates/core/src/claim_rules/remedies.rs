//! Remedies for a claim that a rule drops.

use serde::{Deserialize, Serialize};

use super::{RuleContext, STANDARD_CLAIMS, rule_for};
use crate::outcome::{ClaimRule, TokenKind};

/// One thing to do otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Remedy {
    /// Let the application request a scope.
    RequestScope {
        /// The scope.
        scope: String,
    },
    /// Let the application request the audience of an API of one's own, so that the access token is a JWT.
    RequestAudience,
    /// Use a name with a namespace, or an API of one's own as the audience.
    UseNamespaceOrAudience,
    /// Use another name: this one is reserved.
    UseNamespace,
    /// Use a namespace that is not one of Auth0's domains.
    UseOtherNamespace,
    /// Put fewer or smaller claims into the token.
    ShrinkClaims {
        /// The most that they may have together, in bytes.
        limit: usize,
    },
}

/// All that is needed to keep a claim, step by step; empty when no rule drops it. Only the last step may be a
/// different name.
pub fn remedies(context: &RuleContext<'_>, token: TokenKind, name: &str) -> Vec<Remedy> {
    let mut scopes = context.scopes.to_vec();
    let mut audience = context.audience;
    let mut opaque = context.opaque;
    let mut steps = Vec::new();
    loop {
        let rule = rule_for(
            &RuleContext {
                scopes: &scopes,
                audience,
                domain: context.domain,
                opaque,
            },
            token,
            name,
        );
        match rule {
            None | Some(ClaimRule::SizeLimit) => return steps,
            Some(ClaimRule::RestrictedName) => {
                steps.push(Remedy::UseNamespace);
                return steps;
            }
            Some(ClaimRule::Auth0Namespace) => {
                steps.push(Remedy::UseOtherNamespace);
                return steps;
            }
            Some(ClaimRule::OpaqueToken) => {
                steps.push(Remedy::RequestAudience);
                (opaque, audience) = (false, None);
            }
            Some(ClaimRule::Auth0ApiAudience) => {
                steps.push(Remedy::UseNamespaceOrAudience);
                audience = None;
            }
            Some(ClaimRule::ScopeFilter) => {
                let Some(scope) = missing_scope(&scopes, token, name) else {
                    return steps;
                };
                steps.push(Remedy::RequestScope {
                    scope: scope.to_owned(),
                });
                scopes.push(scope.to_owned());
            }
        }
    }
}

fn missing_scope(scopes: &[String], token: TokenKind, name: &str) -> Option<&'static str> {
    let is_missing = |scope: &str| !scopes.iter().any(|has| has == scope);
    if token == TokenKind::IdToken && is_missing("openid") {
        return Some("openid");
    }
    let needed = STANDARD_CLAIMS.iter().find(|(claim, _)| *claim == name);
    needed
        .map(|(_, scope)| *scope)
        .filter(|scope| is_missing(scope))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::remedies;
    use crate::claim_rules::RuleContext;
    use crate::outcome::TokenKind::{self, AccessToken, IdToken};

    #[test]
    fn every_rule_has_a_remedy() {
        #[track_caller]
        fn check(
            (scopes, audience, opaque): (&[&str], Option<&str>, bool),
            token: TokenKind,
            name: &str,
            expected: serde_json::Value,
        ) {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let context = RuleContext {
                scopes: &scopes,
                audience,
                domain: "t.example.com",
                opaque,
            };
            let steps = remedies(&context, token, name);
            assert_eq!(serde_json::to_value(steps).unwrap(), expected, "{name}");
        }
        let api = (&["openid"][..], Some("https://api"), false);
        let own = (
            &["openid"][..],
            Some("https://t.example.com/api/v2/"),
            false,
        );
        let none = (&[][..], None, true);
        let scope = |scope: &str| json!({"kind": "request-scope", "scope": scope});
        check(api, IdToken, "https://x/y", json!([]));
        check(api, AccessToken, "plan", json!([]));
        check(api, IdToken, "roles", json!([{"kind": "use-namespace"}]));
        check(
            api,
            IdToken,
            "https://a.auth0.com/x",
            json!([{"kind": "use-other-namespace"}]),
        );
        check(api, IdToken, "email", json!([scope("email")]));
        check(
            none,
            IdToken,
            "email",
            json!([scope("openid"), scope("email")]),
        );
        check(
            none,
            AccessToken,
            "plan",
            json!([{"kind": "request-audience"}]),
        );
        check(
            none,
            AccessToken,
            "phone_number",
            json!([{"kind": "request-audience"}, scope("phone")]),
        );
        check(
            own,
            AccessToken,
            "plan",
            json!([{"kind": "use-namespace-or-audience"}]),
        );
        check(own, AccessToken, "https://x/y", json!([]));
    }
}
