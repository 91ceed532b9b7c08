//! Requests that production refuses, or answers in another way than seems natural: codes without their callback, sessions whose tokens stay, a
//! challenge without a factor, the URL after a logout.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{
    CALLBACK, SPA, VERIFIER, WEB, WEB_SECRET, World, by_password_of, encoded, export, run,
};

#[test]
fn a_code_is_exchanged_with_the_callback_of_its_request() {
    run(async {
        let mut world = World::new(vec![]);
        world.log_in(&[]).await;
        let fields = |code: &str, redirect: Option<&'static str>| -> Vec<(&'static str, String)> {
            let mut fields = vec![
                ("grant_type", "authorization_code".to_owned()),
                ("client_id", SPA.to_owned()),
                ("code", code.to_owned()),
                ("code_verifier", VERIFIER.to_owned()),
            ];
            fields.extend(redirect.map(|it| ("redirect_uri", it.to_owned())));
            fields
        };
        let wrong = "http://localhost:5000/other";
        let text =
            format!("The redirect URI is wrong. You sent {wrong}, and we expected {CALLBACK}");
        for (redirect, error, description) in [
            (Some(wrong), "unauthorized_client", text.as_str()),
            (
                None,
                "invalid_request",
                "Missing required parameter: redirect_uri",
            ),
        ] {
            let code = world.authorize(&[]).await.code();
            let fields = fields(&code, redirect);
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let refused = world.token(&fields).await.json();
            assert_eq!(refused["error"], error);
            assert_eq!(refused["error_description"], description);
        }
        // A request that left it to the application's list needs none.
        let query = encoded(&[
            ("client_id", SPA),
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", crate::support::CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let code = world.get(&format!("/authorize?{query}")).await.code();
        let fields = fields(&code, None);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(world.token(&fields).await.status.as_u16(), 200);
    });
}

#[test]
fn refresh_tokens_outlive_a_session_that_is_deleted_and_not_one_that_is_revoked() {
    run(async {
        let mut world = World::new(vec![]);
        let management = world.machine_token(None).await;
        for (method, path, expected) in [
            (Method::DELETE, "sessions/SID", 200),
            (Method::DELETE, "users/auth0|1/sessions", 200),
            (Method::POST, "sessions/SID/revoke", 403),
        ] {
            let tokens = world.log_in(&[("scope", "openid offline_access")]).await;
            let sid = world.claims(&tokens["id_token"])["sid"].clone();
            let path = path.replace("SID", sid.as_str().unwrap());
            let body = match method == Method::POST {
                true => json!({}),
                false => Value::Null,
            };
            let (status, answer) = world.api(method, &path, &management, body).await;
            assert!(status < 300, "{path} {answer}");
            let silent = world.authorize(&[("prompt", "none")]).await;
            assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
            ];
            assert_eq!(
                world.token(&fields).await.status.as_u16(),
                expected,
                "{path}"
            );
        }
    });
}

#[test]
fn a_user_without_factors_enrols_first() {
    run(async {
        let mut world = World::new(vec![]);
        let force = json!({"force": true});
        world.control(Method::PUT, "mfa", force).await;
        for (username, password, expected) in [
            ("joe@example.com", "joe-secret", "association_required"),
            ("jane@example.com", "jane-secret", ""),
        ] {
            let fields = by_password_of(username, password, &[]);
            let pending = world.token(&fields).await.json();
            let fields = [
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("mfa_token", pending["mfa_token"].as_str().unwrap()),
                ("challenge_type", "otp"),
            ];
            let answer = world.form("/mfa/challenge", &fields).await.json();
            match expected {
                "" => assert_eq!(answer, json!({"challenge_type": "otp"})),
                error => assert_eq!(answer["error"], error),
            }
        }
    });
}

#[test]
fn a_logout_of_openid_connect_goes_to_a_listed_url_with_its_query() {
    run(async {
        let mut data = export();
        data.clients[0]["allowed_logout_urls"] =
            json!(["http://localhost:5000/bye", "http://localhost:5000/bye?a=1"]);
        let mut world = World::with(data, vec![]);
        for (fields, expected) in [
            (
                vec![
                    ("client_id", SPA),
                    ("post_logout_redirect_uri", "http://localhost:5000/bye?a=1"),
                ],
                "http://localhost:5000/bye?a=1",
            ),
            (
                vec![
                    ("client_id", SPA),
                    ("post_logout_redirect_uri", "http://localhost:5000/bye?a=2"),
                ],
                "",
            ),
            (vec![("client_id", SPA)], "http://localhost:5000/bye"),
            // The tenant's own list.
            (
                vec![("post_logout_redirect_uri", "http://localhost:5000/tenant")],
                "http://localhost:5000/tenant",
            ),
            (
                vec![("post_logout_redirect_uri", "http://localhost:5000/bye")],
                "",
            ),
        ] {
            let answer = world
                .get(&format!("/oidc/logout?{}", encoded(&fields)))
                .await;
            assert_eq!(answer.header("location"), expected, "{fields:?}");
        }
    });
}
