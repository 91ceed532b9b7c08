//! The sample Actions of the repository.

use crate::support::{FIXED, assert_command, postlogin};

fn run(arguments: &str) -> crate::support::Invocation {
    postlogin(&format!("run {FIXED} {arguments}"))
}

#[test]
fn metadata_reaches_the_id_token() {
    assert_command!(run("actions/copy-user-metadata --user fixtures/users/jane.json"), @r#"
    exit code: 0
    ----- stdout -----
    ✓ allowed

    Actions
      ✓ copy-user-metadata [time] [memory] 2 calls

    ID token  16 claims, 2 custom
        iss                        "https://example.eu.auth0.com/"
        sub                        "auth0|6731f2a9c4b8e05d17f3a9c2"
        aud                        "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"
        iat                        1795341600  2026-11-22 10:00:00 UTC
        exp                        1795377600  2026-11-22 20:00:00 UTC
        sid                        "vJ3kQ9sLx7Rw2TzYb5Nc8MpGd4HfUa1E"
        name                       "Jane Doe"
        given_name                 "Jane"
        family_name                "Doe"
        nickname                   "jane"
        picture                    "https://cdn.example.com/avatars/jane-doe.png"
        updated_at                 "2026-11-20T08:30:00.000Z"
        email                      "jane.doe@example.com"
        email_verified             true
      ✓ https://example.com/hobby  "surfing"
          actions/copy-user-metadata/code.js:21:19  ← event.user.user_metadata.hobby
      ✓ https://example.com/lang   "en"
          actions/copy-user-metadata/code.js:21:19  ← event.user.user_metadata.lang

    Access token  7 claims
        iss    "https://example.eu.auth0.com/"
        sub    "auth0|6731f2a9c4b8e05d17f3a9c2"
        aud    ["https://api.example.com","https://example.eu.auth0.com/userinfo"]
        iat    1795341600  2026-11-22 10:00:00 UTC
        exp    1795428000  2026-11-23 10:00:00 UTC
        scope  "openid profile email"
        azp    "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"

    Userinfo  11 claims, as in the ID token

    time [time]  of [time]  · memory [memory]  of [memory]
    "#);
}

#[test]
fn claims_reach_the_access_token() {
    assert_command!(run("actions/api-access-claims"), @r#"
    exit code: 0
    ----- stdout -----
    ✓ allowed

    Actions
      ✓ api-access-claims [time] [memory] 4 calls

    ID token  14 claims
        iss             "https://example.eu.auth0.com/"
        sub             "auth0|6731f2a9c4b8e05d17f3a9c2"
        aud             "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"
        iat             1795341600  2026-11-22 10:00:00 UTC
        exp             1795377600  2026-11-22 20:00:00 UTC
        sid             "vJ3kQ9sLx7Rw2TzYb5Nc8MpGd4HfUa1E"
        name            "Jane Doe"
        given_name      "Jane"
        family_name     "Doe"
        nickname        "jane"
        picture         "https://cdn.example.com/avatars/jane-doe.png"
        updated_at      "2026-11-20T08:30:00.000Z"
        email           "jane.doe@example.com"
        email_verified  true

    Access token  10 claims, 3 custom
        iss                              "https://example.eu.auth0.com/"
        sub                              "auth0|6731f2a9c4b8e05d17f3a9c2"
        aud                              ["https://api.example.com","https://e…th0.com/userinfo"] (67 B)
        iat                              1795341600  2026-11-22 10:00:00 UTC
        exp                              1795428000  2026-11-23 10:00:00 UTC
        scope                            "openid profile email read:reports"
        azp                              "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"
      ✓ https://example.com/plan         "pro"
          actions/api-access-claims/code.js:25:19  ← event.user.app_metadata.plan
      ✓ https://example.com/roles        ["editor"]
          actions/api-access-claims/code.js:26:19  ← event.user.app_metadata.roles
      ✓ https://example.com/client_tier  "gold"
          actions/api-access-claims/code.js:31:21  ← event.client.metadata.tier

    Userinfo  9 claims, as in the ID token

    time [time]  of [time]  · memory [memory]  of [memory]
    "#);
}

#[test]
fn a_blocked_user_is_denied() {
    assert_command!(run("actions/deny-by-metadata --user fixtures/users/blocked.json"), @"
    exit code: 0
    ----- stdout -----
    ✗ denied: Your account is blocked: the last invoice is unpaid.

    Actions
      ✗ deny-by-metadata [time] [memory] 1 call

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    assert_command!(
        run("actions/deny-by-metadata --user fixtures/users/blocked.json --fail-on-deny"),
        @"
    exit code: 3
    ----- stdout -----
    ✗ denied: Your account is blocked: the last invoice is unpaid.

    Actions
      ✗ deny-by-metadata [time] [memory] 1 call

    time [time]  of [time]  · memory [memory]  of [memory]
    "
    );
}

#[test]
fn a_first_login_remembers_the_language() {
    assert_command!(run("actions/copy-user-metadata --user fixtures/users/minimal.json"), @r#"
    exit code: 0
    ----- stdout -----
    ✓ allowed

    Actions
      ✓ copy-user-metadata [time] [memory] 2 calls

    ID token  9 claims, 1 custom
        iss                       "https://example.eu.auth0.com/"
        sub                       "auth0|6a0d4e9b7c21f3085be46d10"
        aud                       "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"
        iat                       1795341600  2026-11-22 10:00:00 UTC
        exp                       1795377600  2026-11-22 20:00:00 UTC
        sid                       "vJ3kQ9sLx7Rw2TzYb5Nc8MpGd4HfUa1E"
        updated_at                "2026-11-20T08:30:00.000Z"
        email_verified            false
      ✓ https://example.com/lang  "de"  actions/copy-user-metadata/code.js:29:17

    Access token  7 claims
        iss    "https://example.eu.auth0.com/"
        sub    "auth0|6a0d4e9b7c21f3085be46d10"
        aud    ["https://api.example.com","https://example.eu.auth0.com/userinfo"]
        iat    1795341600  2026-11-22 10:00:00 UTC
        exp    1795428000  2026-11-23 10:00:00 UTC
        scope  "openid profile email"
        azp    "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu"

    Userinfo  4 claims, as in the ID token

    Metadata  1 change
      + user_metadata.lang  "de"

    Logs
      copy-user-metadata  log  saved the language de

    time [time]  of [time]  · memory [memory]  of [memory]
    "#);
}

#[test]
fn every_event_of_the_fixtures_passes_every_action() {
    for event in [
        "jane",
        "minimal",
        "organization",
        "password-grant",
        "refresh-token",
        "silent-auth",
        "vendor-default",
    ] {
        let done = run(&format!("--event fixtures/events/{event}.json")).outcome(0);
        assert_eq!(done["status"], "allowed", "{event}");
        assert_eq!(done["usage"]["actions"].as_array().map(Vec::len), Some(3));
    }
}

#[test]
fn several_actions_run_in_the_order_given() {
    let done = run("actions/api-access-claims actions/copy-user-metadata actions/deny-by-metadata");
    let done = done.outcome(0);
    let names: Vec<_> = done["usage"]["actions"]
        .as_array()
        .expect("it lists the Actions")
        .iter()
        .map(|action| action["action"].as_str().expect("each has a name"))
        .collect();
    assert_eq!(
        names,
        [
            "api-access-claims",
            "copy-user-metadata",
            "deny-by-metadata"
        ]
    );
}

#[test]
fn what_one_action_stores_the_next_one_sees() {
    let folder = crate::support::folder(&[
        (
            "first.js",
            "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('seen', 1); };",
        ),
        (
            "second.js",
            "exports.onExecutePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://example.com/seen', event.user.app_metadata.seen ?? null); };",
        ),
    ]);
    let claim = |order: &str| {
        let outcome = run(order).within(folder.path()).outcome(0);
        outcome["id_token"]["claims"]["https://example.com/seen"].clone()
    };
    assert_eq!(claim("first.js second.js"), 1);
    assert_eq!(claim("second.js first.js"), serde_json::Value::Null);
}
