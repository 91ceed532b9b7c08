//! The rules that drop claims, in words.

use postlogin_core::{Trigger, claim_rules::spec_of, outcome::ClaimRule};

/// Why an ID token carries no claim at all.
pub(super) const NO_ID_TOKEN: &str =
    "no ID token is issued, because the login did not request the scope `openid`";

/// Returns why the claim is not in the token: one sentence. A trigger without a user has an access token only.
pub(super) fn sentence(rule: ClaimRule, trigger: Trigger) -> &'static str {
    match (rule, trigger) {
        (ClaimRule::RestrictedName, Trigger::CredentialsExchange) => {
            "the name is reserved; production ignores it on the access token"
        }
        (ClaimRule::ScopeFilter, Trigger::CredentialsExchange) => {
            "an OpenID Connect claim whose scope the client did not request"
        }
        (ClaimRule::SizeLimit, Trigger::CredentialsExchange) => {
            "the custom claims exceed 100 KB together; production issues no token"
        }
        (rule, _) => of_a_login(rule),
    }
}

fn of_a_login(rule: ClaimRule) -> &'static str {
    match rule {
        ClaimRule::RestrictedName => "the name is reserved; production ignores it on both tokens",
        ClaimRule::Auth0Namespace => {
            "production ignores namespaces under auth0.com, webtask.io and webtask.run"
        }
        ClaimRule::ScopeFilter => "an OpenID Connect claim whose scope the login did not request",
        ClaimRule::Auth0ApiAudience => {
            "tokens for Auth0's own APIs take only claims with a namespace (a URL)"
        }
        ClaimRule::OpaqueToken => {
            "an opaque token carries no claims; request an API's audience to get a JWT"
        }
        ClaimRule::SizeLimit => {
            "the custom claims exceed 100 KB together; production fails the login"
        }
    }
}

/// The public page that states the rule.
pub(super) fn page(rule: ClaimRule) -> &'static str {
    spec_of(rule).map_or("", |spec| spec.source)
}
