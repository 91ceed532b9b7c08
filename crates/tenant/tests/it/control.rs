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

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    run(async {
        let mut world = World::new(vec![]);
        let before = world
            .control(Method::GET, "clock", Value::Null)
            .await
            .json();
        for (what, body, told) in [
            (
                "clock",
                json!({"freeze": "2100-01-01T00:00:00Z"}),
                "outside of 1970",
            ),
            (
                "clock",
                json!({"freeze": "1969-12-31T23:59:59Z"}),
                "outside of 1970",
            ),
            (
                "clock",
                json!({"freeze": "1969"}),
                "`1969` is not a valid time",
            ),
            (
                "clock",
                json!({"freeze": "2026-11-22"}),
                "is not a valid time",
            ),
            ("clock", json!({"freeze": 5}), "write"),
            ("clock", json!({"advance_s": i64::MAX}), "outside of 1970"),
            (
                "clock",
                json!({"advance_s": -10_000_000_000_i64}),
                "outside of 1970",
            ),
            ("clock", json!({"advance_s": 1.5}), "write"),
            (
                "clock",
                json!({"advance_s": 60, "freeze": "soon"}),
                "is not a valid time",
            ),
            ("clock", json!({"advance_s": 60, "reset": false}), "write"),
            ("clock", json!([]), "must be a JSON object"),
            ("clock", json!("freeze"), "must be a JSON object"),
            ("fail-next", json!({"status": 200}), "from 400 to 599"),
            ("fail-next", json!({"status": "503"}), "from 400 to 599"),
            ("fail-next", json!({"times": 0}), "from 1 to 100"),
            ("fail-next", json!({"times": 101}), "from 1 to 100"),
            ("fail-next", json!({"error": 5}), "must be a string"),
            ("fail-next", json!({"eror": "x"}), "unknown key `eror`"),
            ("mfa", json!({"force": "yes"}), "write"),
            (
                "users",
                json!([{"email": "a@example.com", "roles": ["edtor"]}]),
                "user 1: unknown role `edtor`",
            ),
            (
                "users",
                json!([{"email": "a@example.com", "roles": "editor"}]),
                "`roles` must be a list",
            ),
            (
                "users",
                json!([{"email": "a@example.com"}, {"email": "A@example.com"}]),
                "user 2: `email` is that of another user, at user 1",
            ),
            (
                "users",
                json!([{"email": "a@example.com", "connection": "nowhere"}]),
                "unknown connection",
            ),
            (
                "users",
                json!([{"email": "a@example.com"}, 5]),
                "user 2: a user must be",
            ),
        ] {
            let answer = world.control(Method::POST, what, body.clone()).await;
            assert_eq!(answer.status, 400, "{what} {body}: {}", answer.text);
            assert!(
                answer.json()["error"].as_str().unwrap().contains(told),
                "{body}: {}",
                answer.text
            );
        }
        // The second one is there already: the first one is not stored either.
        let both = json!([{"email": "new@example.com"}, {"email": "Jane@example.com"}]);
        let answer = world.control(Method::POST, "users", both).await;
        assert_eq!(answer.status, 409, "{}", answer.text);
        assert_eq!(world.users().await.len(), 2);
        assert_eq!(
            world
                .control(Method::GET, "clock", Value::Null)
                .await
                .json(),
            before
        );
        assert!(
            world.authorize(&[]).await.parameter("error").is_none(),
            "no failure waits"
        );
        // Users have their roles as those of the seed.
        let one = json!({"email": "new@example.com", "user_id": "n", "roles": ["editor"]});
        assert_eq!(world.control(Method::POST, "users", one).await.status, 201);
        let token = world.machine_token(None).await;
        let roles = world
            .get_as("/api/v2/users/auth0%7Cn/roles", &token)
            .await
            .json();
        assert_eq!(roles[0]["name"], "editor", "{roles}");
    });
}
