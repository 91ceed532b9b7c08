//! Claims and permissions that a test gives a login without an Action.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, WEB, World, by_password_of, claim, run};

async fn log_in(world: &mut World, username: &str, more: &[(&str, &str)]) -> Value {
    let secret = if username.starts_with("jane") {
        "jane-secret"
    } else {
        "joe-secret"
    };
    let mut fields = by_password_of(username, secret, &[("scope", "openid")]);
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    world.token(&fields).await.json()
}

#[test]
fn the_control_api_gives_claims_and_permissions() {
    run(async {
        let mut world = World::new(vec![vec![claim("https://e.com/a", json!("action"))]]);
        let added = world
            .control(
                Method::POST,
                "claims",
                json!({"user": "jane@example.com", "claims": {"https://e.com/hobby": "surfing"}, "permissions": ["read:x"]}),
            )
            .await;
        assert_eq!(added.status, StatusCode::NO_CONTENT, "{}", added.text);
        let more = [("audience", API), ("scope", "openid read:x")];
        let body = log_in(&mut world, "jane@example.com", &more).await;
        let (id, access) = (
            world.claims(&body["id_token"]),
            world.claims(&body["access_token"]),
        );
        assert_eq!(
            (&id["https://e.com/a"], &id["https://e.com/hobby"]),
            (&json!("action"), &json!("surfing"))
        );
        assert_eq!(
            (&access["https://e.com/hobby"], &access["permissions"]),
            (&json!("surfing"), &json!(["read:x"]))
        );
        // /userinfo has those of the ID token.
        let token = body["access_token"].as_str().unwrap().to_owned();
        let info = world.get_as("/userinfo", &token).await.json();
        assert_eq!(info["https://e.com/hobby"], "surfing", "{info}");
        // Joe has none.
        let body = log_in(&mut world, "joe@example.com", &more).await;
        assert!(
            !world
                .claims(&body["id_token"])
                .contains_key("https://e.com/hobby")
        );
        let listed = world
            .control(Method::GET, "claims", Value::Null)
            .await
            .json();
        assert_eq!(listed[0]["permissions"], json!(["read:x"]), "{listed}");
        world.control(Method::DELETE, "claims", Value::Null).await;
        let body = log_in(&mut world, "jane@example.com", &more).await;
        assert!(
            !world
                .claims(&body["access_token"])
                .contains_key("permissions")
        );
    });
}

#[test]
fn the_rules_of_claims_hold_for_them() {
    run(async {
        let mut world = World::new(vec![]);
        let claims = json!({"claims": {"sub": "auth0|2", "roles": ["admin"], "https://x.auth0.com/a": 1, "email": "x@x.com", "ok": 1}, "times": 1});
        assert_eq!(
            world.control(Method::POST, "claims", claims).await.status,
            204
        );
        // `openid` alone would be all of OpenID Connect.
        let more = [("scope", "openid profile")];
        let body = log_in(&mut world, "jane@example.com", &more).await;
        let id = world.claims(&body["id_token"]);
        assert_eq!((&id["sub"], &id["ok"]), (&json!("auth0|1"), &json!(1)));
        for name in ["roles", "https://x.auth0.com/a", "email"] {
            assert!(!id.contains_key(name), "{name}");
        }
        let dropped = world
            .log()
            .await
            .into_iter()
            .filter(|it| it["code"] == "claim-dropped")
            .count();
        // Four of the ID token, all five of the opaque access token.
        assert_eq!(dropped, 9);
        // It was for one login.
        let body = log_in(&mut world, "jane@example.com", &[]).await;
        assert!(!world.claims(&body["id_token"]).contains_key("ok"));
        let wrong = world
            .control(Method::POST, "claims", json!({"claim": {}}))
            .await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.json()),
            (
                400,
                json!({"error": "unknown key `claim`; did you mean `claims`?"})
            )
        );
        for (more, error, hint) in [
            (
                json!({"user": "jan@example.com"}),
                "unknown user `jan@example.com`",
                "GET /_postlogin/users",
            ),
            (
                json!({"user": "auth0|99"}),
                "unknown user `auth0|99`",
                "GET /_postlogin/users",
            ),
            (
                json!({"client_id": "web-clint"}),
                "unknown client_id `web-clint`",
                "did you mean `web-client`?",
            ),
        ] {
            let mut body = json!({"claims": {"a": 1}});
            for (key, value) in more.as_object().unwrap() {
                body[key] = value.clone();
            }
            let unknown = world.control(Method::POST, "claims", body).await;
            let answer = unknown.json();
            assert_eq!(
                (unknown.status.as_u16(), &answer["error"]),
                (404, &json!(error))
            );
            assert!(answer["hint"].as_str().unwrap().contains(hint), "{answer}");
        }
        let none = world.control(Method::GET, "claims", Value::Null).await;
        assert_eq!(none.json(), json!([]), "nothing of them is kept");
        for user in ["Jane@Example.com", "auth0|1"] {
            let body = json!({"user": user, "client_id": WEB, "claims": {"a": 1}});
            let added = world.control(Method::POST, "claims", body).await;
            assert_eq!(added.status, StatusCode::NO_CONTENT, "{}", added.text);
        }
        let refused = world.control(Method::PUT, "claims", json!({})).await;
        assert_eq!(refused.status, 405);
    });
}

#[test]
fn the_login_page_has_a_field_for_them() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world.authorize(&[]).await;
        let shown = world.get(page.header("location")).await.text;
        assert_eq!(shown.matches("name=\"claims\"").count(), 2, "{shown}");
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("user_id", "auth0|1"),
            ("claims", "{\"a\": "),
        ];
        let wrong = world.form("/u/login", &fields).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(
            wrong.text.contains("The claims must be a JSON object.")
                && wrong.text.contains("{&quot;a&quot;: "),
            "{}",
            wrong.text
        );
        let fields = [
            ("state", state.as_str()),
            ("user_id", "auth0|1"),
            ("claims", "{\"https://e.com/tier\": \"gold\"}"),
        ];
        let back = world.form("/u/login", &fields).await;
        let body = world.exchange(&back.code()).await.json();
        assert_eq!(
            world.claims(&body["id_token"])["https://e.com/tier"],
            "gold"
        );
        // They are of that login alone.
        let body = world.log_in(&[("prompt", "none")]).await;
        assert!(
            !world
                .claims(&body["id_token"])
                .contains_key("https://e.com/tier")
        );
    });
}
