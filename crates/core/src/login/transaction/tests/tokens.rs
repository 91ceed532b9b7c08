//! Tokens, `/userinfo`, the ledger, and the hiding of secrets.

use serde_json::{Map, Value, json};

use super::helpers::{Drive, NOW_MS, event};
use crate::login::TokenDialect;
use crate::outcome::{ClaimRule, Outcome, Status, TokenKind, Verdict};
use crate::reads::Watch;
use crate::{EntryPoint, Location, TenantSettings};

fn login(patch: Value, tenant: TenantSettings, calls: Value) -> Outcome {
    run(event(patch), tenant, calls)
}

fn run(event: Value, tenant: TenantSettings, calls: Value) -> Outcome {
    let mut drive = Drive::with(event, tenant);
    drive.action("a", calls);
    drive.finish()
}

fn plain(patch: Value, calls: Value) -> Outcome {
    login(patch, TenantSettings::default(), calls)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn the_tokens_of_an_ordinary_login() {
    let outcome = plain(
        json!({"transaction": {"prompt": ["login"]}, "organization": {"id": "org_1", "name": "o"}}),
        json!([
            ["idToken.setCustomClaim", "https://example.com/x", [1]],
            ["accessToken.setCustomClaim", "tier", "gold"]
        ]),
    );
    let now = NOW_MS / 1000;
    assert_eq!(
        outcome.id_token.claims,
        object(json!({
            "iss": "https://t.example.com/", "sub": "auth0|1", "aud": "client", "iat": now, "exp": now + 36_000,
            "sid": "sess", "nonce": "n-1", "auth_time": 1_767_139_200, "org_id": "org_1", "name": "Jane",
            "email": "jane@example.com", "email_verified": true, "https://example.com/x": [1],
        }))
    );
    assert_eq!(
        outcome.access_token.claims,
        object(json!({
            "iss": "https://t.example.com/", "sub": "auth0|1",
            "aud": ["https://api.example.com", "https://t.example.com/userinfo"], "iat": now, "exp": now + 86_400,
            "scope": "openid profile email", "azp": "client", "org_id": "org_1", "tier": "gold",
        }))
    );
    assert_eq!(
        outcome.userinfo,
        object(json!({
            "sub": "auth0|1", "name": "Jane", "email": "jane@example.com", "email_verified": true,
            "https://example.com/x": [1],
        }))
    );
    let keys: Vec<&String> = outcome.id_token.claims.keys().take(6).collect();
    assert_eq!(keys, ["iss", "sub", "aud", "iat", "exp", "sid"]);
}

#[test]
fn scopes_and_audience_may_stand_in_the_request() {
    let patch = json!({
        "transaction": {"requested_scopes": []}, "resource_server": null, "session": null, "client": null,
        "request": {"hostname": null, "query": {"scope": "openid  phone", "audience": "urn:api", "client_id": "q"}},
        "user": {"phone_number": "+1", "phone_verified": false},
    });
    let outcome = plain(patch, json!([]));
    let claims = &outcome.id_token.claims;
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("https://t.auth0.com/"), &json!("q"))
    );
    assert_eq!(
        (&claims["phone_number"], &claims["phone_number_verified"]),
        (&json!("+1"), &json!(false))
    );
    assert_eq!(claims["sid"].as_str().unwrap().len(), 32);
    assert_eq!(
        outcome.access_token.claims["aud"],
        json!(["urn:api", "https://t.auth0.com/userinfo"])
    );
}

#[test]
fn a_session_id_is_that_of_a_session() {
    let check = |patch: Value, expected: Option<&str>| {
        let outcome = plain(patch.clone(), json!([]));
        let found = outcome.id_token.claims.get("sid").cloned();
        assert_eq!(found, expected.map(Value::from), "{patch}");
    };
    check(json!({}), Some("sess"));
    let refresh = |session: Value| {
        json!({
            "session": null, "transaction": {"protocol": "oauth2-refresh-token"}, "refresh_token": {"id": "r", "session_id": session},
        })
    };
    check(refresh(json!("of-the-token")), Some("of-the-token"));
    check(refresh(json!(null)), None);
    for protocol in ["oauth2-password", "oauth2-token-exchange"] {
        let patch = json!({"session": null, "transaction": {"protocol": protocol}});
        check(patch, None);
    }
}

#[test]
fn amr_is_given_in_a_browser_alone() {
    for (protocol, expected) in [
        ("oidc-basic-profile", true),
        ("oauth2-device-code", true),
        ("oauth2-password", false),
        ("oauth2-refresh-token", false),
    ] {
        let patch = json!({"transaction": {"protocol": protocol, "acr_values": ["urn:mfa"]}});
        let mut drive = Drive::new(event(patch));
        drive.action(
            "a",
            json!([["authentication.challengeWith", {"type": "otp"}]]),
        );
        drive.resume(crate::ResumeStep::ChallengeSucceeded);
        let claims = drive.finish().id_token.claims;
        assert_eq!(claims.contains_key("amr"), expected, "{protocol}");
        assert_eq!(claims.contains_key("acr"), expected, "{protocol}");
    }
}

#[test]
fn an_actor_and_rich_requests_reach_the_tokens() {
    let actor = json!({"sub": "agent|1", "act": {"sub": "agent|0"}});
    let details = json!([{"type": "payment", "amount": 5}]);
    let patch = |protocol: &str| json!({"transaction": {"protocol": protocol, "actor": actor, "requested_authorization_details": details}});
    let outcome = plain(patch("oauth2-token-exchange"), json!([]));
    assert_eq!(outcome.id_token.claims["act"], actor);
    assert_eq!(outcome.access_token.claims["act"], actor);
    assert_eq!(outcome.userinfo["act"], actor);
    assert_eq!(
        outcome.access_token.claims["authorization_details"],
        details
    );
    assert!(
        !outcome
            .id_token
            .claims
            .contains_key("authorization_details")
    );
    let outcome = plain(patch("oidc-basic-profile"), json!([]));
    assert!(!outcome.id_token.claims.contains_key("act"));
}

#[test]
fn without_openid_there_is_no_id_token() {
    let outcome = plain(
        json!({"transaction": {"requested_scopes": ["read:x"]}}),
        json!([["idToken.setCustomClaim", "a", "bb"]]),
    );
    assert!(outcome.id_token.claims.is_empty() && outcome.userinfo.is_empty());
    assert_eq!(
        outcome.access_token.claims["aud"],
        "https://api.example.com"
    );
    assert_eq!(outcome.ledger[0].rule, Some(ClaimRule::ScopeFilter));
    assert_eq!(outcome.notices[0].code, "no-id-token");
}

#[test]
fn without_an_api_the_access_token_is_opaque() {
    for identifier in [Value::Null, json!("https://t.example.com/userinfo")] {
        let patch = json!({"resource_server": {"identifier": identifier}});
        let outcome = plain(
            patch,
            json!([["accessToken.setCustomClaim", "https://example.com/a", 1]]),
        );
        assert!(outcome.access_token.opaque && outcome.access_token.claims.is_empty());
        assert_eq!(outcome.ledger[0].rule, Some(ClaimRule::OpaqueToken));
        assert_eq!(outcome.userinfo["sub"], "auth0|1");
    }
}

#[test]
fn scopes_change_and_are_cut_by_rbac() {
    let calls = json!([
        ["accessToken.addScope", " read:y "],
        ["accessToken.removeScope", "email"],
        ["accessToken.addScope", "read:y"],
    ]);
    let patch =
        json!({"transaction": {"requested_scopes": ["openid", "email", "read:x", "write:x"]}});
    let outcome = plain(patch.clone(), calls.clone());
    assert_eq!(
        outcome.access_token.claims["scope"],
        "openid read:x write:x read:y"
    );
    assert_eq!(outcome.userinfo.get("email"), None);
    assert_eq!(outcome.id_token.claims["email"], "jane@example.com");
    let tenant = TenantSettings {
        rbac: true,
        permissions_in_token: true,
        permissions: vec!["read:x".to_owned()],
        token_dialect: TokenDialect::Rfc9068,
        ..TenantSettings::default()
    };
    let outcome = login(patch, tenant, calls.clone());
    let claims = &outcome.access_token.claims;
    assert_eq!(
        (&claims["scope"], &claims["permissions"]),
        (&json!("openid read:x read:y"), &json!(["read:x"]))
    );
    assert_eq!(
        (&claims["client_id"], claims.get("azp")),
        (&json!("client"), None)
    );
    let outcome = plain(
        json!({"resource_server": {"identifier": "https://t.example.com/api/v2/"}}),
        calls,
    );
    assert_eq!(outcome.access_token.claims["scope"], "openid profile email");
    assert_eq!(outcome.notices[0].code, "scope-change-ignored");
}

#[test]
fn the_grant_is_named_only_without_a_browser() {
    for (protocol, grant) in [
        ("oidc-basic-profile", None),
        ("oauth2-password", Some("password")),
        ("oauth2-refresh-token", Some("refresh_token")),
    ] {
        let outcome = plain(json!({"transaction": {"protocol": protocol}}), json!([]));
        assert_eq!(
            outcome
                .access_token
                .claims
                .get("gty")
                .and_then(Value::as_str),
            grant
        );
    }
}

#[test]
fn the_ledger_accounts_for_every_call() {
    let mut drive = Drive::new(event(json!({})));
    drive.transaction.watch(Watch::Paths);
    drive.begin("a", EntryPoint::Execute);
    let place = Location {
        file: "a.js".to_owned(),
        line: 3,
        column: 5,
    };
    let keys = ["user", "user_metadata", "hobby"].map(str::to_owned);
    drive.transaction.read(&keys, true, None);
    let args = [
        crate::Argument::from(&json!("hobby")),
        crate::Argument::from(&json!("surfing")),
    ];
    drive
        .transaction
        .call("idToken.setCustomClaim", &args, Some(place.clone()), NOW_MS);
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    drive.action(
        "b",
        json!([
            ["idToken.setCustomClaim", "hobby", "chess"],
            ["accessToken.setCustomClaim", "hobby", "gold"],
            ["idToken.setCustomClaim", "roles", ["x"]],
            ["idToken.setCustomClaim", "gone", "here"],
            ["idToken.setCustomClaim", "gone", {"$": "undefined"}],
            ["idToken.setCustomClaim", "part", {"a": 1, "f": {"$": "function"}}],
        ]),
    );
    let outcome = drive.finish();
    let told: Vec<_> = outcome
        .ledger
        .iter()
        .map(|entry| {
            (
                entry.token,
                entry.name.as_str(),
                entry.verdict,
                entry.action.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (TokenKind::IdToken, "hobby", Verdict::Overwritten, "a"),
            (TokenKind::IdToken, "hobby", Verdict::Kept, "b"),
            (TokenKind::AccessToken, "hobby", Verdict::Kept, "b"),
            (TokenKind::IdToken, "roles", Verdict::Dropped, "b"),
            (TokenKind::IdToken, "gone", Verdict::Overwritten, "b"),
            (TokenKind::IdToken, "part", Verdict::Kept, "b"),
        ]
    );
    assert_eq!(outcome.ledger[0].location, Some(place));
    assert_eq!(
        outcome.ledger[0].sources,
        ["event.user.user_metadata.hobby"]
    );
    // The event has this value, but the second Action has not read it.
    assert_eq!(outcome.ledger[2].sources, [""; 0]);
    assert_eq!(outcome.ledger[3].rule, Some(ClaimRule::RestrictedName));
    assert_eq!(outcome.id_token.claims.get("gone"), None);
    let unset: Vec<_> = outcome.unset_claims.iter().collect();
    assert_eq!(
        serde_json::to_value(unset).unwrap(),
        json!([{"token": "id_token", "name": "gone", "value": "undefined", "action": "b", "location": null}])
    );
    assert_eq!(outcome.id_token.claims["part"], json!({"a": 1}));
    assert_eq!(
        outcome
            .notices
            .iter()
            .filter(|notice| notice.code == "claim-lost-in-json")
            .count(),
        2
    );
}

#[test]
fn standard_claims_can_be_replaced_but_only_with_their_scope() {
    let outcome = plain(
        json!({"transaction": {"requested_scopes": ["openid", "profile"]}}),
        json!([
            ["idToken.setCustomClaim", "name", "X"],
            ["idToken.setCustomClaim", "email", "y@example.com"]
        ]),
    );
    assert_eq!(outcome.id_token.claims["name"], "X");
    assert_eq!(outcome.userinfo["name"], "X");
    assert_eq!(outcome.id_token.claims.get("email"), None);
}

#[test]
fn claims_that_are_too_large_fail_the_login() {
    let size = |value: usize| {
        plain(
            json!({}),
            json!([
                ["idToken.setCustomClaim", "a", "x".repeat(60_000)],
                ["accessToken.setCustomClaim", "a", "x".repeat(60_000)],
                ["accessToken.setCustomClaim", "b", "x".repeat(value)],
            ]),
        )
    };
    // Name and value as JSON, quotes included: 1 + 60 002 + 1 + n + 2 bytes.
    assert_eq!(size(42_394).status, Status::Allowed);
    let outcome = size(42_395);
    assert_eq!(outcome.status, Status::Failed);
    assert!(
        outcome
            .reason
            .unwrap()
            .contains("access token have 102401 bytes; the limit is 102400")
    );
    let verdicts: Vec<_> = outcome
        .ledger
        .iter()
        .map(|entry| (entry.verdict, entry.rule))
        .collect();
    let dropped = (Verdict::Dropped, Some(ClaimRule::SizeLimit));
    assert_eq!(verdicts, [(Verdict::Kept, None), dropped, dropped]);
}

#[test]
fn the_same_login_gives_the_same_outcome() {
    let run = || {
        plain(
            json!({"session": null}),
            json!([
                ["idToken.setCustomClaim", "x", 1],
                ["redirect.sendUserTo", "https://example.com"]
            ]),
        )
    };
    assert_eq!(
        serde_json::to_string(&run()).unwrap(),
        serde_json::to_string(&run()).unwrap()
    );
}

#[test]
fn secrets_are_hidden_everywhere() {
    let mut drive = Drive::new(event(json!({})));
    drive.begin("a", EntryPoint::Execute);
    for call in [
        json!(["idToken.setCustomClaim", "key-hunter22", {"hunter22": "a hunter22 b", "id": "ab"}]),
        json!(["accessToken.setCustomClaim", "plain", "cab"]),
        json!(["user.setUserMetadata", "hunter22", ["hunter22"]]),
        json!(["redirect.sendUserTo", "https://example.com", {"query": {"k": "p&q r\"s"}}]),
    ] {
        drive.call(&call);
    }
    drive
        .transaction
        .log("log", "hunter2 hunter22 \"p&q r\\\"s\"".to_owned());
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    let mut outcome = drive.finish();
    outcome.redact(&["hunter2", "hunter22", "ab", "", "p&q r\"s"]);
    let text = serde_json::to_string(&outcome).unwrap();
    assert!(
        !text.contains("hunter") && !text.contains("p%26q") && !text.contains("p&q"),
        "{text}"
    );
    assert_eq!(
        outcome.ledger[0].value,
        json!({"***": "a *** b", "id": "***"})
    );
    assert_eq!(outcome.ledger[1].value, "cab");
    assert_eq!(outcome.logs[0].message, "*** *** \"***\"");
    assert!(
        outcome
            .redirect
            .unwrap()
            .url
            .starts_with("https://example.com/?k=***&state=")
    );
}

#[test]
fn an_outcome_reads_back() {
    let outcome = plain(json!({}), json!([["idToken.setCustomClaim", "x", 1]]));
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
}

#[test]
fn the_outcome_names_the_scopes_that_the_api_granted() {
    #[track_caller]
    fn check(audience: Option<&str>, calls: Value, expected: &[&str]) {
        let patch = json!({
            "transaction": {"requested_scopes": ["openid", "read:x"]},
            "resource_server": audience.map(|audience| json!({"identifier": audience})),
            "request": {"query": {"audience": audience}},
        });
        let outcome = plain(patch, calls.clone());
        assert_eq!(outcome.status, Status::Allowed, "{:?}", outcome.error);
        assert_eq!(
            outcome.access_token.opaque,
            audience.is_none(),
            "{audience:?}"
        );
        assert_eq!(outcome.access_token.scopes, expected, "{calls}");
    }
    // `addScope` trims, refuses white space inside, and a refused call changes nothing.
    for audience in [None, Some("https://api.example.com")] {
        check(audience, json!([]), &["openid", "read:x"]);
        check(
            audience,
            json!([["accessToken.addScope", "x email"]]),
            &["openid", "read:x"],
        );
        check(
            audience,
            json!([
                ["accessToken.addScope", "  write:x  "],
                ["accessToken.removeScope", "read:x"]
            ]),
            &["openid", "write:x"],
        );
        check(
            audience,
            json!([
                ["accessToken.addScope", 5],
                ["accessToken.removeScope", " openid"]
            ]),
            &["read:x"],
        );
    }
    let denied = plain(json!({}), json!([["access.deny", "no"]]));
    assert_eq!(denied.access_token.scopes, [""; 0]);
    assert_eq!(denied.access_token.expires_in, None);
}

#[test]
fn a_token_lives_as_long_as_the_tenant_says() {
    #[track_caller]
    fn check(audience: Option<&str>, expected: i64) {
        let patch = json!({
            "resource_server": audience.map(|audience| json!({"identifier": audience})),
            "request": {"query": {"audience": audience}},
        });
        let tenant = TenantSettings {
            access_token_lifetime_s: 70,
            userinfo_token_lifetime_s: 60,
            ..TenantSettings::default()
        };
        let outcome = login(patch, tenant, json!([]));
        assert_eq!(
            outcome.access_token.expires_in,
            Some(expected),
            "{audience:?}"
        );
    }
    check(None, 60);
    check(Some("https://t.example.com/userinfo"), 60);
    check(Some("https://api.example.com"), 70);
    check(Some("https://t.example.com/mfa/"), 600);

    // An implicit login has a lifetime of its own.
    for (protocol, expected) in [
        ("oauth2-implicit", 7_200),
        ("oidc-implicit-profile", 7_200),
        ("oidc-hybrid-profile", 86_400),
        ("oidc-basic-profile", 86_400),
    ] {
        let patch = json!({"resource_server": null, "transaction": {"protocol": protocol}});
        let outcome = plain(patch, json!([]));
        assert_eq!(
            outcome.access_token.expires_in,
            Some(expected),
            "{protocol}"
        );
    }
}

#[test]
fn the_issuer_of_a_tenant_need_not_be_its_host() {
    #[track_caller]
    fn check(issuer: &str, audience: &str, opaque: bool, aud: Value) {
        let tenant = TenantSettings {
            domain: Some("localhost".to_owned()),
            issuer: Some(issuer.to_owned()),
            ..TenantSettings::default()
        };
        let patch = json!({"resource_server": {"identifier": audience}});
        let outcome = login(patch, tenant, json!([]));
        assert_eq!(outcome.id_token.claims["iss"], "http://localhost:3333/");
        assert_eq!(outcome.access_token.opaque, opaque, "{audience}");
        let claims = &outcome.access_token.claims;
        assert_eq!(
            claims.get("aud").unwrap_or(&Value::Null),
            &aud,
            "{audience}"
        );
    }
    let api = "https://api.example.com";
    let both = json!([api, "http://localhost:3333/userinfo"]);
    check("http://localhost:3333/", api, false, both.clone());
    check("http://localhost:3333", api, false, both);
    let userinfo = "http://localhost:3333/userinfo";
    check("http://localhost:3333/", userinfo, true, Value::Null);
}

#[test]
fn userinfo_releases_what_its_scopes_release() {
    #[track_caller]
    fn check(scopes: &[&str], custom: Value, expected: Value) {
        let profile = json!({
            "name": "Jane", "email": "jane@example.com", "email_verified": true, "phone_number": "+1",
            "phone_verified": false, "nickname": null, "user_metadata": {"hobby": "surfing"},
        });
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let answer = crate::userinfo(&profile, "auth0|1", &scopes, &object(custom));
        assert_eq!(Value::Object(answer), expected, "{scopes:?}");
    }
    check(&[], json!({"https://e.com/a": 1}), json!({}));
    check(&["email"], json!({"https://e.com/a": 1}), json!({}));
    check(
        &["openid"],
        json!({"https://e.com/a": 1, "email": "set@example.com"}),
        json!({"sub": "auth0|1", "https://e.com/a": 1}),
    );
    check(
        &["openid", "email", "phone"],
        json!({"email": "set@example.com"}),
        json!({
            "sub": "auth0|1", "email": "set@example.com", "email_verified": true, "phone_number": "+1",
            "phone_number_verified": false,
        }),
    );
}

#[test]
fn scopes_that_the_transaction_does_not_list_are_those_of_the_request_or_the_token() {
    let scope_of = |patch: Value, given: Option<&[&str]>| {
        let mut refresh = event(json!({"transaction": null, "request": null}));
        refresh["transaction"] = json!({"protocol": "oauth2-refresh-token"});
        refresh["request"] = json!({"query": {}, "body": {}});
        crate::event::merge_patch(&mut refresh, &patch);
        let given = given.map(|scopes| scopes.iter().map(|it| (*it).to_owned()).collect());
        let tenant = TenantSettings {
            requested_scopes: given,
            ..TenantSettings::default()
        };
        run(refresh, tenant, json!([]))
            .access_token
            .scopes
            .join(" ")
    };
    let api = "https://api.example.com";
    let servers = json!({"refresh_token": {"resource_servers": [
        {"audience": "https://other.example.com", "scopes": "write:y"},
        {"audience": api, "scopes": "openid read:x offline_access"},
    ]}, "resource_server": {"identifier": api}});
    let with = |more: Value| {
        let mut patch = servers.clone();
        crate::event::merge_patch(&mut patch, &more);
        patch
    };
    let body = |scope: &str| json!({"request": {"body": {"scope": scope}}});
    assert_eq!(
        scope_of(servers.clone(), None),
        "openid read:x offline_access"
    );
    // Never more than the token has (RFC 6749, section 6).
    assert_eq!(scope_of(with(body("read:x write:y")), None), "read:x");
    assert_eq!(scope_of(body("openid email"), None), "openid email");
    assert_eq!(scope_of(body("openid email"), Some(&["openid"])), "openid");
    assert_eq!(scope_of(body("openid"), Some(&[])), "");
    let listed = json!({"transaction": {"requested_scopes": ["profile"]}});
    assert_eq!(scope_of(listed, Some(&["openid"])), "profile");
}
