//! The pages as people see them.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{SPA, World, export, run};

#[test]
fn an_error_leaves_what_was_typed_and_names_are_those_of_people() {
    run(async {
        let mut data = export();
        data.settings
            .insert("friendly_name".into(), json!("Acme <Shop>"));
        data.connections.push(json!({"name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": ["SPA"]}));
        data.connections[0]["options"] = json!({"passwordPolicy": "good"});
        let mut world = World::with(data, vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let shown = world.get(page.header("location")).await;
        assert!(
            shown
                .text
                .contains("Log in to Acme &lt;Shop&gt; to continue to SPA."),
            "{}",
            shown.text
        );
        assert!(
            shown.text.contains("Continue with Google"),
            "{}",
            shown.text
        );
        assert!(
            shown
                .text
                .contains(r#"rel="icon" href="data:image/svg+xml"#)
        );
        assert!(shown.text.contains("prefers-color-scheme:dark"));
        assert_eq!(shown.text.matches(" autofocus").count(), 1);
        let wrong = world
            .form(
                "/u/login",
                &[
                    ("state", &state),
                    ("username", "\"><b>jane@example.com"),
                    ("password", "wrong"),
                ],
            )
            .await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(
            wrong
                .text
                .contains(r#"value="&quot;&gt;&lt;b&gt;jane@example.com""#),
            "{}",
            wrong.text
        );
        // The cursor is where something is missing.
        assert!(
            wrong
                .text
                .contains(r#"autocomplete="current-password" required autofocus"#)
        );

        let page = world.authorize(&[("screen_hint", "signup")]).await;
        let state = page.parameter("state").unwrap();
        let shown = world.get(page.header("location")).await;
        assert!(
            shown.text.contains("At least 8 characters in length"),
            "{}",
            shown.text
        );
        assert!(shown.text.contains("special characters"), "{}", shown.text);
        let weak = world
            .form(
                "/u/signup",
                &[
                    ("state", &state),
                    ("email", "new@example.com"),
                    ("password", "weak"),
                ],
            )
            .await;
        assert_eq!(weak.status, StatusCode::BAD_REQUEST);
        assert!(
            weak.text.contains(r#"value="new@example.com""#),
            "{}",
            weak.text
        );
        let ready = world.get("/ready").await;
        assert_eq!(
            (ready.status, ready.json()),
            (StatusCode::OK, json!({"status": "ready"}))
        );
        assert_eq!(
            world.get(&format!("/client/{SPA}.js")).await.status,
            StatusCode::OK
        );
    });
}

#[test]
fn cookies_are_named_after_the_tenant() {
    run(async {
        let mut world = World::new(vec![]);
        world.log_in(&[]).await;
        let names: Vec<String> = world.cookies.keys().cloned().collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let [own, _] =
            [&names[0], &names[1]].map(|name| name.rsplit_once('_').unwrap().1.to_owned());
        assert_eq!(names, [format!("auth0_{own}"), format!("did_{own}")]);
        assert_eq!(own.len(), 8);
        // What another tenant on this host has set is no session here.
        let value = world.cookies.remove(&names[0]).unwrap();
        world.cookies.insert("auth0_otherone".into(), value.clone());
        world.cookies.insert("auth0".into(), value);
        let silent = world.authorize(&[("prompt", "none")]).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
    });
}
