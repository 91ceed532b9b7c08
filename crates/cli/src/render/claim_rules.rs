//! The rules that drop claims, in words.

use postlogin_core::outcome::ClaimRule;

const CUSTOM_CLAIMS: &str =
    "https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims";
const SCOPES: &str = "https://auth0.com/docs/get-started/apis/scopes/openid-connect-scopes";
const ACCESS_TOKENS: &str = "https://auth0.com/docs/secure/tokens/access-tokens";

/// Why the claim is not in the token: one sentence.
pub(super) fn sentence(rule: ClaimRule) -> &'static str {
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
    match rule {
        ClaimRule::RestrictedName
        | ClaimRule::Auth0Namespace
        | ClaimRule::Auth0ApiAudience
        | ClaimRule::SizeLimit => CUSTOM_CLAIMS,
        ClaimRule::ScopeFilter => SCOPES,
        ClaimRule::OpaqueToken => ACCESS_TOKENS,
    }
}
