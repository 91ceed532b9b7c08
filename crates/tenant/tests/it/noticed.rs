//! The log's notices on requests: parameters that do not count, and requests that were refused.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{CONTROL, SPA, WEB, WEB_SECRET, World, by_password, by_password_of, run};

async fn of_type(world: &mut World, kind: &str) -> Vec<Value> {
    let mut log = world.log().await;
    log.retain(|entry| entry["type"] == kind);
    log
}

#[test]
fn parameters_that_do_not_count_are_named_once_and_are_no_error() {
    run(async {
        let mut world = World::new(vec![]);
        for _ in 0..2 {
            let page = world
                .authorize(&[
                    ("audiance", "x"),
                    ("ext-color", "blue"),
                    ("id_token_hint", "x"),
                    ("utm_source", "mail"),
                    ("auth0Client", "e30"),
                ])
                .await;
            assert!(page.parameter("state").is_some(), "{}", page.text);
        }
        let notices = of_type(&mut world, "notice").await;
        let named: Vec<&str> = notices
            .iter()
            .map(|it| it["parameter"].as_str().unwrap())
            .collect();
        assert_eq!(named, ["audiance", "id_token_hint", "utm_source"]);
        let message = |at: usize| notices[at]["message"].as_str().unwrap();
        assert!(
            message(0).ends_with("did you mean `audience`?"),
            "{}",
            message(0)
        );
        assert!(
            message(1).contains("which counts in production"),
            "{}",
            message(1)
        );
        assert!(
            message(2).contains("is not a parameter of it"),
            "{}",
            message(2)
        );
        assert_eq!(notices[0]["code"], "unknown-parameter");
        // Another beginning names them again.
        world.control(Method::POST, "reset", json!({})).await;
        world.authorize(&[("audiance", "x")]).await;
        assert_eq!(of_type(&mut world, "notice").await.len(), 1);
    });
}

#[test]
fn each_endpoint_has_its_own_parameters() {
    run(async {
        let mut world = World::new(vec![]);
        let json = [("content-type", "application/json")];
        let body = json!({
            "grant_type": "password", "client_id": WEB, "client_secret": WEB_SECRET, "username": "jane@example.com",
            "password": "jane-secret", "scopes": "openid", "otp": "1",
        });
        let answer = world
            .send(Method::POST, "/oauth/token", &json, body.to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        world.get_as("/userinfo?fields=email", &token).await;
        world
            .form(
                "/passwordless/start",
                &[("client_id", WEB), ("mail", "a@x.com")],
            )
            .await;
        world
            .get("/v2/logout?return_to=http://localhost:5000/bye&federated")
            .await;
        world
            .form("/oauth/revoke", &[("client_id", SPA), ("tokn", "x")])
            .await;
        let notices = of_type(&mut world, "notice").await;
        let named: Vec<(&str, &str)> = notices
            .iter()
            .map(|it| {
                (
                    it["path"].as_str().unwrap(),
                    it["parameter"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            named,
            [
                ("/oauth/token", "scopes"),
                ("/oauth/token", "otp"),
                ("/userinfo", "fields"),
                ("/passwordless/start", "mail"),
                ("/v2/logout", "return_to"),
                ("/v2/logout", "federated"),
                ("/oauth/revoke", "tokn"),
            ]
        );
    });
}

#[test]
fn names_of_a_stranger_are_few_and_short() {
    run(async {
        let mut world = World::new(vec![]);
        let many: String = (0..2_000).map(|n| format!("&p{n}=1")).collect();
        let long = "x".repeat(10_000);
        let target = format!("/authorize?client_id={SPA}&{long}=1{many}");
        world.get(&target).await;
        let notices = of_type(&mut world, "notice").await;
        assert_eq!(notices.len(), 20);
        assert_eq!(notices[0]["parameter"].as_str().unwrap().len(), 80);
    });
}

#[test]
fn a_refused_request_is_in_the_log_and_its_secrets_are_not() {
    run(async {
        let mut world = World::new(vec![]);
        let fields = by_password_of("jane@example.com", "not-her-secret", &[]);
        assert_eq!(world.token(&fields).await.status, 403);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("username", "joe@example.com"),
            ("password", "not-his"),
        ];
        world.form("/u/login", &fields).await;
        world
            .form("/u/login", &[("state", &state), ("action", "cancel")])
            .await;
        world
            .authorize(&[("redirect_uri", "https://evil.example")])
            .await;
        world.authorize(&[("connection", "none")]).await;
        world.get_as("/userinfo", "none").await;
        let refused = of_type(&mut world, "refused").await;
        let shown: Vec<Value> = refused
            .iter()
            .map(|it| json!([it["request"], it["status"], it["error"], it["user"]]))
            .collect();
        assert_eq!(
            json!(shown),
            json!([
                [
                    "POST /oauth/token",
                    403,
                    "invalid_grant",
                    "jane@example.com"
                ],
                [
                    "POST /u/login",
                    400,
                    "invalid_user_password",
                    "joe@example.com"
                ],
                ["POST /u/login", 403, "access_denied", null],
                ["GET /authorize", 403, "invalid_request", null],
                ["GET /authorize", 400, "invalid_request", null],
                ["GET /userinfo", 401, "invalid_token", null],
            ])
        );
        let log = world.get_as("/_postlogin/log", CONTROL).await.text;
        assert!(
            !log.contains("not-her-secret")
                && !log.contains("not-his")
                && !log.contains(WEB_SECRET)
        );
    });
}

#[test]
fn what_the_log_has_as_an_outcome_or_a_step_is_not_said_twice() {
    run(async {
        use crate::support::Does;
        let mut world = World::new(vec![vec![Does::Call("access.deny", json!(["no"]))]]);
        let fields = by_password(&[]);
        assert_eq!(world.token(&fields).await.status, 500);
        world.script(vec![]);
        // No session, and no user to ask.
        let silent = world.refusal(&[("prompt", "none")]).await;
        assert_eq!(silent, "login_required");
        assert_eq!(of_type(&mut world, "login").await.len(), 1);
        assert_eq!(of_type(&mut world, "refused").await, Vec::<Value>::new());
    });
}
