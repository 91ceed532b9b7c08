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

#[test]
fn users_are_listed_whole_and_by_pages() {
    run(async {
        let mut world = World::new(vec![]);
        let many: Vec<Value> = (0..450)
            .map(|number| json!({"user_id": format!("u{number:03}"), "email": format!("u{number}@example.com"), "email_verified": true}))
            .collect();
        let added = world.control(Method::POST, "users", json!(many)).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let ids = |answer: &Value| -> Vec<String> {
            let users = answer.as_array().unwrap().iter();
            users
                .map(|user| user["user_id"].as_str().unwrap().to_owned())
                .collect()
        };
        let all = world.get_as("/_postlogin/users", CONTROL).await;
        assert_eq!(all.status, StatusCode::OK);
        let all = ids(&all.json());
        assert_eq!(all.len(), 452);
        assert_eq!(all.last().unwrap(), "auth0|u449");
        for (query, range) in [
            ("per_page=100", 0..100),
            ("per_page=100&page=4", 400..452),
            ("page=1", 50..100),
            ("page=9&per_page=1000", 0..0),
            ("per_page=0", 0..0),
        ] {
            let page = world
                .get_as(&format!("/_postlogin/users?{query}"), CONTROL)
                .await;
            assert_eq!(ids(&page.json()), all[range], "{query}");
        }
        for query in ["per_page=1001", "page=-1", "page=x"] {
            let refused = world
                .get_as(&format!("/_postlogin/users?{query}"), CONTROL)
                .await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        }
        // A tenant without users has an empty list.
        let empty = json!({"format": "postlogin.tenant/1", "users": [], "entries": []});
        world.control(Method::POST, "import", empty).await;
        let none = world.get_as("/_postlogin/users", CONTROL).await;
        assert_eq!(none.json(), json!([]));
    });
}
