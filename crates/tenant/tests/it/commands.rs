//! The commands of Actions, seen from the next request: sessions, refresh tokens, factors, recorded methods.

use serde_json::{Value, json};

use crate::support::{API, Answer, Does, SPA, World, by_password, run};

fn call(method: &'static str, arguments: Value) -> Does {
    Does::Call(method, arguments)
}

/// Signs Jane in for a refresh token, with this script.
async fn with_refresh_token(does: Vec<Does>) -> (World, String) {
    let mut world = World::new(vec![does]);
    let scope = ("scope", "openid offline_access");
    let body = world.log_in(&[scope, ("audience", API)]).await;
    let token = body["refresh_token"].as_str().expect("a token").to_owned();
    (world, token)
}

async fn refresh(world: &mut World, token: &str) -> Answer {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", SPA),
        ("refresh_token", token),
    ];
    world.token(&fields).await
}

/// Whether the browser's session still signs its user in.
async fn is_signed_in(world: &mut World) -> bool {
    let silent = world.authorize(&[("prompt", "none")]).await;
    let page = world.authorize(&[]).await;
    let signed_in = silent.parameter("code").is_some();
    assert_eq!(
        page.parameter("code").is_some(),
        signed_in,
        "both ways agree"
    );
    assert!(signed_in || silent.parameter("error").as_deref() == Some("login_required"));
    signed_in
}

#[test]
fn a_revoked_session_is_gone_with_its_refresh_tokens() {
    for (options, status) in [
        (json!(["bye"]), 403),
        (json!(["bye", {"preserveRefreshTokens": true}]), 200),
    ] {
        run(async {
            let (mut world, token) = with_refresh_token(vec![]).await;
            let login = world.last_event()["session"]["id"].clone();
            world.script(vec![vec![call("session.revoke", options)]]);
            let denied = world.authorize(&[]).await;
            assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
            assert_eq!(
                denied.parameter("error_description").as_deref(),
                Some("bye")
            );
            world.script(vec![]);
            assert!(!is_signed_in(&mut world).await);
            assert_eq!(refresh(&mut world, &token).await.status, status);
            let log = world.log().await;
            let revoked = log.iter().find(|entry| entry["type"] == "session_revoked");
            assert_eq!(revoked.expect("it is logged")["session_id"], login);
        });
    }
}

#[test]
fn a_login_without_a_revocation_keeps_its_session() {
    run(async {
        let (mut world, token) = with_refresh_token(vec![]).await;
        world.script(vec![vec![call("access.deny", json!(["no"]))]]);
        world.authorize(&[]).await;
        world.script(vec![]);
        assert!(is_signed_in(&mut world).await);
        assert_eq!(refresh(&mut world, &token).await.status, 200);
    });
}

#[test]
fn a_revoked_refresh_token_is_gone_and_the_session_is_not() {
    run(async {
        let (mut world, token) = with_refresh_token(vec![]).await;
        world.script(vec![vec![call("refreshToken.revoke", json!(["stolen"]))]]);
        let denied = refresh(&mut world, &token).await;
        assert_eq!(denied.status, 403);
        let expected = json!({"error": "access_denied", "error_description": "stolen"});
        assert_eq!(denied.json(), expected);
        world.script(vec![]);
        let again = refresh(&mut world, &token).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["error"]),
            (403, &json!("invalid_grant"))
        );
        assert!(is_signed_in(&mut world).await);
    });
}

#[test]
fn a_denial_at_the_token_endpoint_has_the_status_500() {
    run(async {
        let (mut world, token) = with_refresh_token(vec![]).await;
        for does in [call("access.deny", json!(["no"])), Does::Throw("no")] {
            world.script(vec![vec![does]]);
            let denied = refresh(&mut world, &token).await;
            assert_eq!(denied.status, 500);
            let expected = json!({"error": "access_denied", "error_description": "no"});
            assert_eq!(denied.json(), expected);
        }
    });
}

#[test]
fn a_recorded_method_lasts_as_long_as_the_session() {
    run(async {
        let url = "https://mfa.example.com";
        let mut world = World::new(vec![vec![
            call("redirect.sendUserTo", json!(["https://site.example.com/"])),
            Does::Continue("authentication.recordMethod", json!([url])),
        ]]);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        let state = away.parameter("state").expect("a state");
        world.get(&format!("/continue?state={state}")).await.code();
        world.script(vec![]);
        world.authorize(&[]).await.code();
        let methods = world.last_event()["authentication"]["methods"].clone();
        let names: Vec<&Value> = methods
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| &it["name"])
            .collect();
        assert_eq!(names, ["pwd", url]);
        assert!(methods[1]["timestamp"].is_string());
        // A new session knows nothing of it.
        world.cookies.clear();
        world.log_in(&[]).await;
        assert_eq!(
            world.last_event()["authentication"]["methods"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
    });
}

/// Passes the challenge or enrolment that a login waits for.
async fn pass(world: &mut World, waits: &Answer) -> Answer {
    let state = waits.parameter("state").expect("a page");
    let page = world.get(waits.header("location")).await.text;
    let (_, rest) = page.split_once("id=\"otp\">").expect("the code is shown");
    let code = rest.split('<').next().expect("a code");
    world
        .form("/u/mfa", &[("state", &state), ("code", code)])
        .await
}

#[test]
fn an_enrolled_factor_is_there_at_the_next_login() {
    run(async {
        let first = vec![
            call("authentication.challengeWith", json!([{"type": "otp"}])),
            call("authentication.enrollWith", json!([{"type": "phone"}])),
        ];
        // Enrolled is enrolled, whatever the login comes to.
        let mut world = World::new(vec![first, vec![call("access.deny", json!(["no"]))]]);
        let page = world.authorize(&[]).await;
        let challenge = world.sign_in(&page).await;
        let enrolment = pass(&mut world, &challenge).await;
        let denied = pass(&mut world, &enrolment).await;
        assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
        world.script(vec![vec![call(
            "authentication.challengeWith",
            json!([{"type": "phone"}]),
        )]]);
        world.cookies.clear();
        let page = world.authorize(&[]).await;
        let challenge = world.sign_in(&page).await;
        assert_eq!(
            world.last_event()["user"]["enrolledFactors"],
            json!([{"type": "otp"}, {"type": "phone"}])
        );
        pass(&mut world, &challenge).await.code();
    });
}

#[test]
fn metadata_of_sessions_and_refresh_tokens_persist() {
    run(async {
        let (mut world, token) = with_refresh_token(vec![
            call("session.setMetadata", json!(["device", "phone"])),
            call("refreshToken.setMetadata", json!(["tenant", "acme"])),
        ])
        .await;
        world.script(vec![]);
        world.authorize(&[("prompt", "none")]).await.code();
        assert_eq!(
            world.last_event()["session"]["metadata"],
            json!({"device": "phone"})
        );
        let body = refresh(&mut world, &token).await.json();
        assert_eq!(
            world.last_event()["refresh_token"]["metadata"],
            json!({"tenant": "acme"})
        );
        // The next token of the family has them, and what is deleted is gone.
        world.script(vec![vec![
            call("refreshToken.setMetadata", json!(["more", "1"])),
            call("refreshToken.deleteMetadata", json!(["tenant"])),
        ]]);
        let next = body["refresh_token"].as_str().expect("a token");
        let body = refresh(&mut world, next).await.json();
        let last = body["refresh_token"].as_str().expect("a token").to_owned();
        world.script(vec![vec![call("session.evictMetadata", json!([]))]]);
        refresh(&mut world, &last).await;
        assert_eq!(
            world.last_event()["refresh_token"]["metadata"],
            json!({"more": "1"})
        );
        world.authorize(&[]).await.code();
        world.script(vec![]);
        world.authorize(&[]).await.code();
        assert_eq!(world.last_event()["session"]["metadata"], json!({}));
    });
}

#[test]
fn a_session_ends_when_an_action_says() {
    const HOUR_MS: i64 = 3_600_000;
    let now = crate::support::NOW_MS;
    for (method, at, after_s, lives) in [
        ("session.setExpiresAt", now + HOUR_MS, 3_500, true),
        ("session.setExpiresAt", now + HOUR_MS, 3_700, false),
        ("session.setIdleExpiresAt", now + HOUR_MS, 3_700, false),
        // Never beyond the settings of the tenant: a week, and three days unused.
        (
            "session.setExpiresAt",
            now + 2_000 * HOUR_MS,
            80 * 3_600,
            false,
        ),
        (
            "session.setIdleExpiresAt",
            now + 2_000 * HOUR_MS,
            80 * 3_600,
            false,
        ),
        (
            "session.setIdleExpiresAt",
            now + 2_000 * HOUR_MS,
            70 * 3_600,
            true,
        ),
    ] {
        run(async {
            let mut world = World::new(vec![vec![call(method, json!([at]))]]);
            world.log_in(&[]).await;
            world.script(vec![]);
            world.advance(after_s).await;
            assert_eq!(
                is_signed_in(&mut world).await,
                lives,
                "{method} {at} {after_s}"
            );
        });
    }
}

#[test]
fn a_refresh_token_ends_when_an_action_says() {
    const DAY_S: i64 = 86_400;
    let now = crate::support::NOW_MS;
    for (method, at, after_s, lives) in [
        ("refreshToken.setExpiresAt", now + 60_000, 50, true),
        ("refreshToken.setExpiresAt", now + 60_000, 70, false),
        ("refreshToken.setIdleExpiresAt", now + 60_000, 70, false),
        // Only shorter: a rotating token lives 15 days unused.
        (
            "refreshToken.setIdleExpiresAt",
            now + 90 * DAY_S * 1_000,
            16 * DAY_S,
            false,
        ),
        (
            "refreshToken.setIdleExpiresAt",
            now + 90 * DAY_S * 1_000,
            14 * DAY_S,
            true,
        ),
    ] {
        run(async {
            let (mut world, token) = with_refresh_token(vec![call(method, json!([at]))]).await;
            world.script(vec![]);
            world.advance(after_s).await;
            let answer = refresh(&mut world, &token).await;
            assert_eq!(
                answer.status == 200,
                lives,
                "{method} {at} {after_s} {}",
                answer.text
            );
        });
    }
}

#[test]
fn a_non_persistent_cookie_ends_with_the_browser() {
    run(async {
        for (does, mode) in [
            (vec![], "persistent"),
            (
                vec![call("session.setCookieMode", json!(["non-persistent"]))],
                "non-persistent",
            ),
        ] {
            let mut world = World::new(vec![does]);
            let page = world.authorize(&[]).await;
            let back = world.sign_in(&page).await;
            let cookies: Vec<&str> = back
                .headers
                .get_all("set-cookie")
                .iter()
                .filter_map(|it| it.to_str().ok())
                .collect();
            let cookie = cookies
                .iter()
                .find(|it| it.starts_with("auth0_"))
                .expect("a session");
            assert_eq!(cookie.contains("Max-Age"), mode == "persistent", "{cookie}");
            world.script(vec![]);
            world.authorize(&[]).await.code();
            assert_eq!(world.last_event()["session"]["cookie"]["mode"], mode);
        }
    });
}

#[test]
fn tokens_have_the_id_of_their_session() {
    run(async {
        let (mut world, token) = with_refresh_token(vec![]).await;
        let session = world.last_event()["session"]["id"].clone();
        let mut token = token;
        for _ in 0..2 {
            let body = refresh(&mut world, &token).await.json();
            assert_eq!(world.claims(&body["id_token"])["sid"], session);
            assert_eq!(world.last_event()["refresh_token"]["session_id"], session);
            token = body["refresh_token"].as_str().expect("a token").to_owned();
        }
        // A password makes no session.
        let body = world
            .token(&by_password(&[("scope", "openid")]))
            .await
            .json();
        assert!(!world.claims(&body["id_token"]).contains_key("sid"));
        assert!(world.last_event().get("session").is_none());
    });
}

#[test]
fn a_password_without_scopes_gets_all() {
    run(async {
        let mut world = World::new(vec![]);
        for (asked, audience, granted) in [
            (None, Some(API), json!("read:x write:x")),
            (
                Some("openid"),
                Some(API),
                json!("openid profile email address phone read:x write:x"),
            ),
            (
                Some("openid"),
                None,
                json!("openid profile email address phone"),
            ),
            (
                Some("openid email"),
                Some(API),
                json!("openid email read:x write:x"),
            ),
            (Some("read:x"), Some(API), json!("read:x")),
            (Some("openid other"), Some(API), json!("openid")),
            (None, None, Value::Null),
        ] {
            let mut more = Vec::new();
            more.extend(asked.map(|scope| ("scope", scope)));
            more.extend(audience.map(|audience| ("audience", audience)));
            let body = world.token(&by_password(&more)).await.json();
            assert_eq!(body["scope"], granted, "{more:?}");
        }
    });
}

#[test]
fn rich_requests_reach_the_actions() {
    run(async {
        let mut world = World::new(vec![]);
        let details = json!([{"type": "payment", "amount": 5}]);
        let text = details.to_string();
        let body = world
            .log_in(&[("authorization_details", &text), ("audience", API)])
            .await;
        assert_eq!(
            world.last_event()["transaction"]["requested_authorization_details"],
            details
        );
        assert_eq!(
            world.claims(&body["access_token"])["authorization_details"],
            details
        );
        for wrong in ["{}", "[1]", "[{}]", "x"] {
            let error = world.refusal(&[("authorization_details", wrong)]).await;
            assert_eq!(error, "invalid_authorization_details", "{wrong}");
        }
    });
}
