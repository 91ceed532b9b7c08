//! Requests of the page to the tenant beside logins: problems of an event, and the names of users.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::page::{ask, opened};
use crate::support::{Does, World, by_password, run};

/// The words are those of `run --event`.
#[test]
fn what_an_event_never_has_is_named_with_its_path() {
    run(async {
        let mut world = opened(vec![]).await;
        let event = json!({"usr": {}, "user": {"app_metdata": {}, "email": 5, "own": 1, "identities": [{"provider": 1}]}});
        let found = ask(
            &mut world,
            Method::POST,
            "event-problems",
            json!({"event": event}),
        )
        .await;
        let of = |path: Value, message: &str, hint: &str, unknown: bool| json!({"path": path, "message": message, "hint": hint, "unknown": unknown});
        assert_eq!(
            found.json(),
            json!([
                of(
                    json!(["usr"]),
                    "`event.usr` does not exist in the post-login event (v3)",
                    "did you mean `event.user`?",
                    true
                ),
                of(
                    json!(["user", "email"]),
                    "`event.user.email` must be a string, not a number",
                    "",
                    false
                ),
                of(
                    json!(["user", "identities", 0, "provider"]),
                    "`event.user.identities[0].provider` must be a string, not a number",
                    "",
                    false
                ),
                of(
                    json!(["user", "app_metdata"]),
                    "`event.user.app_metdata` is not a property that Auth0 gives to users",
                    "did you mean `event.user.app_metadata`?",
                    true
                ),
            ])
        );
        let found = ask(
            &mut world,
            Method::POST,
            "event-problems",
            json!({"event": [1]}),
        )
        .await;
        assert_eq!(
            found.json(),
            json!([of(
                json!([]),
                "`event` must be an object, not an array",
                "",
                false
            )])
        );
        let refused = ask(&mut world, Method::POST, "event-problems", json!({})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    });
}

/// The tokens of a login that failed have no claims to name the user by.
#[test]
fn the_log_names_the_user_however_a_login_ends() {
    run(async {
        let last = |log: Vec<Value>| {
            let mut logins = log
                .into_iter()
                .rev()
                .filter(|entry| entry["type"] == "login");
            logins.next().expect("a login")
        };
        for (does, status) in [
            (Does::Call("access.deny", json!(["not today"])), "denied"),
            (Does::Throw("boom"), "failed"),
        ] {
            let mut world = World::new(vec![vec![does]]);
            world.token(&by_password(&[])).await;
            let entry = last(world.log().await);
            assert_eq!(entry["user"], "jane@example.com", "{entry}");
            assert_eq!(entry["outcome"]["status"], status);
        }
        // Also of a login that was suspended, and stored meanwhile.
        let mut world = World::new(vec![vec![
            Does::Call("redirect.sendUserTo", json!(["https://ask.example/"])),
            Does::Continue("access.deny", json!(["not today"])),
        ]]);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        let state = away.parameter("state").expect("a state");
        world.get(&format!("/continue?state={state}")).await;
        let entry = last(world.log().await);
        assert_eq!(entry["outcome"]["status"], "denied", "{entry}");
        assert_eq!(entry["user"], "jane@example.com");
    });
}
