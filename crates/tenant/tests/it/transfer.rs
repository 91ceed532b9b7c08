//! Export and import of all that a tenant remembers.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, SPA, World, run};

#[test]
fn an_imported_tenant_gives_the_same_answers() {
    run(async {
        let mut first = World::new(vec![]);
        let token = first.machine_token(None).await;
        let patch = json!({"user_metadata": {"hobby": "golf"}});
        first
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, patch)
            .await;
        let made = json!({"email": "new@example.com", "password": "new-Secret-1", "connection": "Username-Password-Authentication"});
        first
            .json_as(Method::POST, "/api/v2/users", &token, made)
            .await;
        let scope = "openid profile email offline_access";
        let body = first.log_in(&[("scope", scope), ("audience", API)]).await;
        let page = first.authorize(&[]).await;
        first
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let export = first.control(Method::GET, "export", Value::Null).await;
        assert_eq!(export.status, StatusCode::OK);
        assert!(
            !export.text.contains("new-Secret-1"),
            "passwords are hashes"
        );

        let mut second = World::new(vec![]);
        second
            .control(Method::POST, "users", json!({"email": "gone@example.com"}))
            .await;
        let answer = second.control(Method::POST, "import", export.json()).await;
        assert_eq!(
            (
                answer.status,
                &answer.json()["users"],
                &answer.json()["notes"]
            ),
            (StatusCode::OK, &json!(3), &json!([]))
        );
        assert_eq!(
            second
                .control(Method::GET, "export", Value::Null)
                .await
                .json(),
            export.json()
        );

        // The browser's session, the tokens and the passwords of the first are good at the second.
        second.cookies.clone_from(&first.cookies);
        assert_eq!(first.users().await, second.users().await);
        let challenged = second.authorize(&[]).await;
        assert!(
            challenged.header("location").contains("/u/mfa?"),
            "{}",
            challenged.text
        );
        second
            .control(Method::PUT, "mfa", json!({"force": false}))
            .await;
        assert!(
            second
                .authorize(&[("prompt", "none")])
                .await
                .parameter("code")
                .is_some()
        );
        let access = body["access_token"].as_str().unwrap();
        assert_eq!(
            first.get_as("/userinfo", access).await.json(),
            second.get_as("/userinfo", access).await.json()
        );
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", body["refresh_token"].as_str().unwrap()),
        ];
        assert!(second.token(&fields).await.json()["refresh_token"].is_string());
        assert!(page.parameter("code").is_some());
        assert!(second.exchange(&page.code()).await.json()["id_token"].is_string());
    });
}

#[test]
fn what_is_no_export_changes_nothing() {
    run(async {
        let mut world = World::new(vec![]);
        let user =
            json!({"connection": "c", "profile": {"user_id": "a", "email": "a@example.com"}});
        let other =
            json!({"connection": "c", "profile": {"user_id": "b", "email": "A@example.com"}});
        let with = |users: Value, entries: Value| json!({"format": "postlogin.tenant/1", "users": users, "entries": entries});
        for (body, status, told) in [
            (json!({}), 400, "format"),
            (json!([]), 400, "must be a JSON object"),
            (
                json!({"format": "postlogin.tenant/1"}),
                400,
                "`users` must be a list",
            ),
            (
                with(json!([1]), json!([])),
                400,
                "users[0]: `profile` must be an object",
            ),
            (
                with(json!([{"profile": {}}]), json!([])),
                400,
                "users[0]: the profile needs a `user_id`",
            ),
            (
                with(json!([{"profile": {"user_id": "a"}}]), json!([])),
                400,
                "users[0]: `connection`",
            ),
            (
                with(json!([]), json!([{"kind": "magic", "id": "a"}])),
                400,
                "entries[0]: unknown `kind`",
            ),
            (
                with(json!([]), json!([{"kind": "session"}])),
                400,
                "entries[0]: `id`",
            ),
            (
                with(
                    json!([{"connection": "c", "password": 5, "profile": {"user_id": "a"}}]),
                    json!([]),
                ),
                400,
                "users[0]: `password`",
            ),
            (
                with(
                    json!([]),
                    json!([{"kind": "session", "id": "a", "expires_ms": "soon", "document": {}}]),
                ),
                400,
                "entries[0]: `expires_ms`",
            ),
            (
                with(
                    json!([]),
                    json!([{"kind": "session", "id": "a", "expires_ms": 1.5, "document": {}}]),
                ),
                400,
                "entries[0]: `expires_ms`",
            ),
            (
                with(
                    json!([]),
                    json!([{"kind": "session", "id": "a", "owner": 1, "document": {}}]),
                ),
                400,
                "entries[0]: `owner`",
            ),
            (
                with(json!([]), json!([{"kind": "session", "id": "a"}])),
                400,
                "entries[0]: `document`",
            ),
            (
                json!({"format": "postlogin.tenant/1", "users": [], "entries": [], "clock": {"frozen_at_ms": "x"}}),
                400,
                "`clock.frozen_at_ms`",
            ),
            (
                json!({"format": "postlogin.tenant/1", "users": [], "entries": [], "clock": {"frozen_at_ms": -1}}),
                400,
                "`clock.frozen_at_ms`",
            ),
            (
                json!({"format": "postlogin.tenant/1", "users": [], "entries": [], "clock": {"offset_ms": 1e18}}),
                400,
                "`clock.offset_ms`",
            ),
            (
                json!({"format": "postlogin.tenant/1", "users": [], "entries": [], "clock": 5}),
                400,
                "`clock`",
            ),
            (
                json!({"format": "postlogin.tenant/1", "users": [], "entries": [], "force_mfa": "yes"}),
                400,
                "`force_mfa`",
            ),
            (with(json!([user, other]), json!([])), 409, "the user b has"),
        ] {
            let answer = world.control(Method::POST, "import", body.clone()).await;
            assert_eq!(answer.status.as_u16(), status, "{body}");
            assert!(answer.text.contains(told), "{body}: {}", answer.text);
        }
        assert_eq!(world.users().await.len(), 2);
    });
}
