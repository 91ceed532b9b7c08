//! Single sign-on, logout, and pages that belong to one browser.

use axum::http::{Method, StatusCode};

use crate::support::{ISSUER, SPA, World, run};

#[test]
fn a_session_signs_in_again_until_it_should_not() {
    run(async {
        let mut world = World::new(vec![]);
        let first = world.log_in(&[]).await;
        let silent = world.log_in(&[("prompt", "none")]).await;
        let sid = |world: &World, body: &serde_json::Value| {
            world.claims(&body["id_token"])["sid"].clone()
        };
        assert_eq!(sid(&world, &first), sid(&world, &silent));
        assert_eq!(
            world.last_event()["stats"]["logins_count"],
            1,
            "single sign-on is no new login"
        );

        for more in [
            vec![("prompt", "login")],
            vec![("max_age", "0")],
            vec![("prompt", "select_account")],
        ] {
            let page = world.authorize(&more).await;
            assert!(page.header("location").contains("/u/login?"), "{more:?}");
        }
        world.advance(100).await;
        assert!(
            world
                .authorize(&[("max_age", "50")])
                .await
                .header("location")
                .contains("/u/login?")
        );
        let body = world.log_in(&[("max_age", "500")]).await;
        assert_eq!(world.claims(&body["id_token"])["auth_time"], 1_767_225_600);
        // 72 hours without a sign of life.
        world.advance(73 * 3600).await;
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
    });
}

#[test]
fn logout_ends_the_session_and_returns_only_where_it_may() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[]).await;
        let evil = world
            .get(&format!(
                "/v2/logout?client_id={SPA}&returnTo=https%3A%2F%2Fevil.com"
            ))
            .await;
        assert_eq!(
            (evil.status, evil.header("location")),
            (StatusCode::BAD_REQUEST, "")
        );
        assert!(
            world
                .authorize(&[("prompt", "none")])
                .await
                .parameter("code")
                .is_some()
        );
        let out = world
            .get(&format!(
                "/v2/logout?client_id={SPA}&returnTo=http%3A%2F%2Flocalhost%3A5000%2Fbye%3Fx%3D1"
            ))
            .await;
        assert_eq!(out.header("location"), "http://localhost:5000/bye?x=1");
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
        assert_eq!(
            world
                .get("/v2/logout?returnTo=http%3A%2F%2Flocalhost%3A5000%2Ftenant")
                .await
                .status,
            StatusCode::FOUND
        );

        let hint = body["id_token"].as_str().unwrap();
        let target = format!(
            "/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fbye&state=s"
        );
        assert_eq!(
            world.get(&target).await.header("location"),
            "http://localhost:5000/bye?state=s"
        );
        let target = format!(
            "/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fevil.com"
        );
        assert_eq!(world.get(&target).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            world.get("/oidc/logout?id_token_hint=x.y.z").await.status,
            StatusCode::BAD_REQUEST
        );
    });
}

#[test]
fn a_login_page_belongs_to_the_browser_that_opened_it() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let own = std::mem::take(&mut world.cookies);
        let fields = [("state", state.as_str()), ("user_id", "auth0|1")];
        assert_eq!(
            world.form("/u/login", &fields).await.status,
            StatusCode::BAD_REQUEST
        );
        world.cookies = own;
        let shown = world.get(&format!("/u/login?state={state}")).await;
        assert!(
            shown.text.contains("jane@example.com") && shown.header("x-frame-options") == "DENY"
        );
        let wrong = world
            .form(
                "/u/login",
                &[
                    ("state", &state),
                    ("username", "jane@example.com"),
                    ("password", "x"),
                ],
            )
            .await;
        assert!(
            wrong.status == StatusCode::BAD_REQUEST
                && wrong.text.contains("Wrong email or password.")
        );
        assert!(
            world
                .form(
                    "/u/login",
                    &[("state", &state), ("user_id", "auth0|nobody")]
                )
                .await
                .text
                .contains("Wrong email")
        );
        let back = world.form("/u/login", &fields).await;
        assert!(!back.code().is_empty());
        assert_eq!(
            world.last_event()["authentication"]["methods"][0]["name"],
            "mock"
        );
        assert_eq!(
            world.form("/u/login", &fields).await.status,
            StatusCode::BAD_REQUEST,
            "the page is used up"
        );
    });
}

#[test]
fn a_user_signs_up_on_the_page() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world.authorize(&[("screen_hint", "signup")]).await;
        assert!(page.header("location").contains("/u/signup?"));
        let state = page.parameter("state").unwrap();
        let taken = world
            .form(
                "/u/signup",
                &[
                    ("state", &state),
                    ("email", "jane@example.com"),
                    ("password", "secret"),
                ],
            )
            .await;
        assert!(taken.status == StatusCode::BAD_REQUEST && taken.text.contains("Invalid sign up"));
        let back = world
            .form(
                "/u/signup",
                &[
                    ("state", &state),
                    ("email", "new@example.com"),
                    ("password", "secret"),
                ],
            )
            .await;
        let body = world.exchange(&back.code()).await.json();
        assert_eq!(world.claims(&body["id_token"])["email"], "new@example.com");
    });
}

#[test]
fn cancelling_and_foreign_hosts_lead_out() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let back = world
            .form("/u/login", &[("state", &state), ("action", "cancel")])
            .await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        let rebound = world
            .send(
                Method::GET,
                "/u/login",
                &[("host", "evil.example.com:3333")],
                "",
            )
            .await;
        assert_eq!(rebound.status, StatusCode::MISDIRECTED_REQUEST);
        for host in ["localhost:3333", "127.0.0.1:3333", "[::1]:3333"] {
            assert_eq!(
                world
                    .send(Method::GET, "/health", &[("host", host)], "")
                    .await
                    .status,
                StatusCode::OK,
                "{host}"
            );
        }
        let preflight = [
            ("origin", "http://localhost:5000"),
            ("access-control-request-method", "POST"),
        ];
        let answer = world
            .send(Method::OPTIONS, "/oauth/token", &preflight, "")
            .await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (StatusCode::NO_CONTENT, "http://localhost:5000")
        );
        let answer = world
            .send(
                Method::GET,
                "/userinfo",
                &[("origin", "https://evil.com")],
                "",
            )
            .await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        let _ = ISSUER;
    });
}
