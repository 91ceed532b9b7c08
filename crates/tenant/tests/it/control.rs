//! The control API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{CONTROL, Does, World, run};

#[test]
fn it_asks_for_its_own_token() {
    run(async {
        let mut world = World::new(vec![]);
        let machine = world.machine_token(None).await;
        for token in ["", "wrong", machine.as_str()] {
            assert_eq!(
                world.get_as("/_postlogin/users", token).await.status,
                StatusCode::UNAUTHORIZED
            );
        }
        assert_eq!(
            world.get_as("/_postlogin/nothing", CONTROL).await.status,
            StatusCode::NOT_FOUND
        );
    });
}

#[test]
fn tests_set_users_time_and_failures() {
    run(async {
        let mut world = World::new(vec![]);
        let added = world
            .control(
                Method::POST,
                "users",
                json!([{"email": "t@example.com", "password": "x", "user_id": "t"}]),
            )
            .await;
        assert_eq!(
            (added.status, added.json()),
            (StatusCode::CREATED, json!({"user_ids": ["auth0|t"]}))
        );
        assert_eq!(
            world
                .control(Method::POST, "users", json!({"email": 1}))
                .await
                .status,
            400
        );
        assert_eq!(world.users().await.len(), 3);

        assert_eq!(
            world
                .control(
                    Method::POST,
                    "clock",
                    json!({"freeze": "2030-01-01T00:00:00Z"})
                )
                .await
                .json(),
            json!({"now": "2030-01-01T00:00:00.000Z", "frozen": true})
        );
        assert_eq!(
            world
                .control(Method::POST, "clock", json!({"freeze": "soon"}))
                .await
                .status,
            400
        );
        let body = world.log_in(&[]).await;
        assert_eq!(world.claims(&body["id_token"])["iat"], 1_893_456_000);

        world
            .control(
                Method::POST,
                "fail-next",
                json!({"error": "temporarily_unavailable", "error_description": "later"}),
            )
            .await;
        let failed = world.authorize(&[]).await;
        assert_eq!(
            failed.parameter("error").as_deref(),
            Some("temporarily_unavailable")
        );
        assert!(world.authorize(&[]).await.parameter("code").is_some());

        assert_eq!(
            world
                .control(Method::POST, "reset", Value::Null)
                .await
                .status,
            204
        );
        assert_eq!(world.users().await.len(), 2);
        assert_eq!(
            world
                .control(Method::GET, "clock", Value::Null)
                .await
                .json()["frozen"],
            false
        );
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
    });
}

#[test]
fn the_log_holds_the_outcome_of_every_login() {
    run(async {
        let mut world = World::new(vec![vec![Does::Call("access.deny", json!(["no"]))]]);
        let page = world.authorize(&[]).await;
        world.sign_in(&page).await;
        let log = world.log().await;
        let entry = log.last().unwrap();
        assert_eq!(
            (
                &entry["type"],
                &entry["outcome"]["format"],
                &entry["outcome"]["status"]
            ),
            (
                &json!("login"),
                &json!("postlogin.outcome/1"),
                &json!("denied")
            )
        );
        assert!(!Value::from(log).to_string().contains("jane-secret"));
    });
}
