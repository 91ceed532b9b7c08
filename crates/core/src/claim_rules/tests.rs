//! Tests of the rules, one by one.

use super::{CLAIM_RULES, RESTRICTED_NAMES, RuleContext, rule_for};
use crate::outcome::{ClaimRule, TokenKind};

const API: &str = "https://api.example.com";

fn check(token: TokenKind, audience: &str, scopes: &str, name: &str, expected: Option<ClaimRule>) {
    let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
    let opaque = audience.is_empty();
    let audience = Some(audience).filter(|audience| !audience.is_empty());
    let context = RuleContext {
        scopes: &scopes,
        audience,
        domain: "t.eu.auth0.com",
        opaque,
    };
    assert_eq!(
        rule_for(&context, token, name),
        expected,
        "{name} on {token:?} for {audience:?} with {scopes:?}"
    );
}

#[test]
fn restricted_names_fall_on_both_tokens() {
    for name in RESTRICTED_NAMES {
        check(
            TokenKind::IdToken,
            API,
            "openid",
            name,
            Some(ClaimRule::RestrictedName),
        );
        check(
            TokenKind::AccessToken,
            API,
            "openid",
            name,
            Some(ClaimRule::RestrictedName),
        );
    }
    check(TokenKind::IdToken, API, "openid", "Roles", None);
    check(
        TokenKind::IdToken,
        API,
        "openid",
        "https://example.com/roles",
        None,
    );
}

#[test]
fn auth0_domains_are_no_namespaces() {
    for name in [
        "https://auth0.com/x",
        "http://t.eu.auth0.com/x",
        "HTTPS://AUTH0.COM/x",
        "https://webtask.io",
        "https://a.webtask.run/x",
        // What a URL parser decodes, maps or leaves out.
        " https://auth0.com/x",
        "https://au\tth0.com/x",
        "https://%61uth0.com/x",
        "https://\u{ff41}uth0.com/x",
        "https://user:pw@t.AUTH0.com.:8443/x",
        "https:\\\\auth0.com\\x",
        "urn:auth0:x",
        "urn:auth0",
    ] {
        check(
            TokenKind::IdToken,
            API,
            "openid",
            name,
            Some(ClaimRule::Auth0Namespace),
        );
        check(
            TokenKind::AccessToken,
            API,
            "openid",
            name,
            Some(ClaimRule::Auth0Namespace),
        );
    }
    for name in [
        "https://notauth0.com/x",
        "https://auth0.com.example.org/x",
        "https://example.org/auth0.com",
        "https://example.org/?%61uth0.com",
        "auth0.com/x",
        "urn:auth0x:y",
        "urn:é",
    ] {
        check(TokenKind::IdToken, API, "openid", name, None);
    }
}

#[test]
fn standard_claims_need_their_scope() {
    check(
        TokenKind::IdToken,
        API,
        "openid",
        "email",
        Some(ClaimRule::ScopeFilter),
    );
    check(TokenKind::IdToken, API, "openid email", "email", None);
    check(
        TokenKind::AccessToken,
        API,
        "openid profile",
        "email",
        Some(ClaimRule::ScopeFilter),
    );
    check(
        TokenKind::AccessToken,
        API,
        "openid profile",
        "nickname",
        None,
    );
    check(TokenKind::AccessToken, API, "", "plain", None);
    check(
        TokenKind::IdToken,
        API,
        "profile",
        "plain",
        Some(ClaimRule::ScopeFilter),
    );
}

#[test]
fn auth0_apis_take_namespaced_claims_only() {
    for audience in [
        "https://t.eu.auth0.com/api/v2/",
        "https://t.eu.auth0.com/mfa",
        "https://x.auth0app.com/api",
    ] {
        check(
            TokenKind::AccessToken,
            audience,
            "openid",
            "plain",
            Some(ClaimRule::Auth0ApiAudience),
        );
        check(
            TokenKind::AccessToken,
            audience,
            "openid",
            "https://example.com/x",
            None,
        );
        check(TokenKind::IdToken, audience, "openid", "plain", None);
    }
    check(
        TokenKind::AccessToken,
        "https://t.eu.auth0.com/userinfo",
        "openid",
        "plain",
        None,
    );
    check(
        TokenKind::AccessToken,
        "https://example.com/api/v2/",
        "openid",
        "plain",
        None,
    );
}

#[test]
fn opaque_tokens_carry_nothing() {
    check(
        TokenKind::AccessToken,
        "",
        "openid",
        "https://example.com/x",
        Some(ClaimRule::OpaqueToken),
    );
    check(
        TokenKind::IdToken,
        "",
        "openid",
        "https://example.com/x",
        None,
    );
}

#[test]
fn every_rule_has_its_page() {
    assert!(
        CLAIM_RULES
            .iter()
            .all(|spec| spec.source.starts_with("https://auth0.com/docs/"))
    );
    assert_eq!(CLAIM_RULES.len(), 6);
}
