//! The rules that remove custom claims from tokens, each with its public page.

mod remedies;
#[cfg(test)]
mod tests;

pub use remedies::{Remedy, remedies};

use serde_json::Value;
use url::Url;

use crate::limits::{CLAIMS_PAGE, SCOPES_PAGE};
use crate::outcome::{ClaimRule, TokenKind};

/// A rule, where it is written and which tokens it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleSpec {
    /// The rule.
    pub rule: ClaimRule,
    /// The public page.
    pub source: &'static str,
    /// The tokens that lose claims by it.
    pub tokens: &'static [TokenKind],
}

const BOTH: &[TokenKind] = &[TokenKind::IdToken, TokenKind::AccessToken];
const ACCESS: &[TokenKind] = &[TokenKind::AccessToken];

/// All rules in the order in which they are tried; the first that applies is the one in the ledger.
pub const CLAIM_RULES: &[RuleSpec] = &[
    RuleSpec {
        rule: ClaimRule::RestrictedName,
        source: CLAIMS_PAGE,
        tokens: BOTH,
    },
    RuleSpec {
        rule: ClaimRule::Auth0Namespace,
        source: CLAIMS_PAGE,
        tokens: BOTH,
    },
    RuleSpec {
        rule: ClaimRule::OpaqueToken,
        source: "https://auth0.com/docs/secure/tokens/access-tokens",
        tokens: ACCESS,
    },
    RuleSpec {
        rule: ClaimRule::ScopeFilter,
        source: SCOPES_PAGE,
        tokens: BOTH,
    },
    RuleSpec {
        rule: ClaimRule::Auth0ApiAudience,
        source: CLAIMS_PAGE,
        tokens: ACCESS,
    },
    RuleSpec {
        rule: ClaimRule::SizeLimit,
        source: CLAIMS_PAGE,
        tokens: BOTH,
    },
];

/// The page and the tokens of a rule.
pub fn spec_of(rule: ClaimRule) -> Option<&'static RuleSpec> {
    CLAIM_RULES.iter().find(|spec| spec.rule == rule)
}

/// Names that no Action can set, on either token.
#[rustfmt::skip]
pub const RESTRICTED_NAMES: &[&str] = &[
    "acr", "act", "active", "amr", "at_hash", "ath", "attest", "aud", "auth_time", "authorization_details", "azp",
    "c_hash", "client_id", "cnf", "cty", "dest", "entitlements", "events", "exp", "groups", "gty", "htm", "htu", "iat",
    "internalService", "iss", "jcard", "jku", "jti", "jwe", "jwk", "kid", "may_act", "mky", "nbf", "nonce",
    "object_id", "org_id", "org_name", "orig", "origid", "permissions", "roles", "rph", "s_hash", "sid", "sip_callid",
    "sip_cseq_num", "sip_date", "sip_from_tag", "sip_via_branch", "sub", "sub_jwk", "toe", "txn", "typ", "uuid", "vot",
    "vtm", "x5t#S256",
];

/// The claims of OpenID Connect and the scope that each needs, in the order in which tokens carry them.
pub const STANDARD_CLAIMS: &[(&str, &str)] = &[
    ("name", "profile"),
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("address", "address"),
];

/// Domains whose URLs are no namespaces for others.
const AUTH0_DOMAINS: &[&str] = &["auth0.com", "webtask.io", "webtask.run"];

/// The facts of a login that the rules need.
#[derive(Debug, Clone, Copy)]
pub struct RuleContext<'a> {
    /// The scopes that were requested.
    pub scopes: &'a [String],
    /// The audience that was requested.
    pub audience: Option<&'a str>,
    /// The tenant's host name.
    pub domain: &'a str,
    /// Whether the access token is opaque.
    pub opaque: bool,
}

/// The first rule that removes a claim. The size limit, which concerns all claims together, is not tried.
pub fn rule_for(context: &RuleContext<'_>, token: TokenKind, name: &str) -> Option<ClaimRule> {
    let tried = CLAIM_RULES
        .iter()
        .filter(|spec| spec.tokens.contains(&token))
        .map(|spec| spec.rule);
    let mut applying = tried.filter(|rule| match rule {
        ClaimRule::RestrictedName => RESTRICTED_NAMES.contains(&name),
        ClaimRule::Auth0Namespace => is_auth0_namespace(name),
        ClaimRule::OpaqueToken => context.opaque,
        ClaimRule::ScopeFilter => lacks_scope(context.scopes, token, name),
        ClaimRule::Auth0ApiAudience => {
            !is_namespaced(name)
                && context
                    .audience
                    .is_some_and(|audience| is_auth0_api(audience, context.domain))
        }
        ClaimRule::SizeLimit => false,
    });
    applying.next()
}

/// Whether the scope of a standard claim is missing. Without `openid` there is no ID token that could carry anything.
fn lacks_scope(scopes: &[String], token: TokenKind, name: &str) -> bool {
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    if token == TokenKind::IdToken && !has("openid") {
        return true;
    }
    STANDARD_CLAIMS
        .iter()
        .any(|(claim, scope)| *claim == name && !has(scope))
}

/// The host of a namespace.
fn host(name: &str) -> Option<String> {
    let url = Url::parse(name)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.host_str().map(str::to_owned)
}

fn is_auth0_namespace(name: &str) -> bool {
    let urn = name
        .get(.."urn:auth0".len())
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:auth0"));
    let urn_ends = name
        .get("urn:auth0".len()..)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    (urn && urn_ends)
        || may_name_auth0(name)
            && host(name)
                .is_some_and(|host| AUTH0_DOMAINS.iter().any(|domain| is_within(&host, domain)))
}

/// Whether the host of a URL may be one of Auth0's. Reading a URL is slow, and few have one of these words in them; what a URL
/// parser decodes or leaves out may hide it.
fn may_name_auth0(url: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    !url.bytes().all(is_plain)
        || AUTH0_DOMAINS.iter().any(|domain| {
            let mut parts = url.as_bytes().windows(domain.len());
            parts.any(|part| part.eq_ignore_ascii_case(domain.as_bytes()))
        })
}

fn is_within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.');
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_namespaced(name: &str) -> bool {
    host(name).is_some()
        || name
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Whether an audience is one of Auth0's own APIs: `/api`, `/api/v2` or `/mfa` of the tenant. `/userinfo` is exempt.
pub fn is_auth0_api(audience: &str, domain: &str) -> bool {
    if !may_have_path_of_auth0(audience) {
        return false;
    }
    let Ok(url) = Url::parse(audience) else {
        // Domains such as the placeholders of samples are no hosts of URLs.
        let path = audience
            .strip_prefix("https://")
            .and_then(|rest| rest.strip_prefix(domain));
        return path.is_some_and(is_auth0_api_path);
    };
    let own = url.host_str().is_some_and(|host| {
        host.eq_ignore_ascii_case(domain)
            || is_within(host, "auth0.com")
            || is_within(host, "auth0app.com")
    });
    own && is_auth0_api_path(url.path())
}

/// Whether the path of a URL may be one of Auth0's. Reading a URL is slow, and few have one of these words in them; what a URL
/// parser decodes or leaves out may hide it.
fn may_have_path_of_auth0(url: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%' && byte != b'\\';
    // The host does not belong to the path: `https://api.example.com`.
    let path = match url.split_once("://") {
        Some((_, rest)) => rest
            .find(['/', '?', '#'])
            .and_then(|start| rest.get(start..)),
        None => Some(url),
    };
    !url.bytes().all(is_plain)
        || path.is_some_and(|path| path.contains("/api") || path.contains("/mfa"))
}

fn is_auth0_api_path(path: &str) -> bool {
    matches!(path.trim_end_matches('/'), "/api" | "/api/v2" | "/mfa")
}

/// Returns the size of a claim for the size limit: its name and its value as JSON, in bytes.
pub fn claim_size(name: &str, value: &Value) -> usize {
    name.len() + crate::json::size(value)
}
