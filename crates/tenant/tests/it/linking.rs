//! Users that are linked: by the Management API, and by a site that an Action sends them to.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Does, ISSUER, SPA, World, run};

const JOE: &str = "/api/v2/users/auth0%7C2/identities";

async fn link_jane_to_joe(world: &mut World) -> Value {
    let token = world.machine_token(None).await;
    let body = json!({"provider": "auth0", "user_id": "1"});
    let answer = world.json_as(Method::POST, JOE, &token, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

async fn subject(world: &mut World, more: &[(&str, &str)]) -> Value {
    let body = world.log_in(more).await;
    world.claims(&body["id_token"])["sub"].clone()
}

#[test]
fn two_users_become_one_and_two_again() {
    run(async {
        let mut world = World::new(vec![]);
        assert_eq!(subject(&mut world, &[]).await, "auth0|1");
        let identities = link_jane_to_joe(&mut world).await;
        assert_eq!(
            (&identities[0]["user_id"], &identities[1]["user_id"]),
            (&json!("2"), &json!("1"))
        );
        assert_eq!(identities[1]["profileData"]["email"], "jane@example.com");
        let data = identities[1]["profileData"].as_object().unwrap();
        assert!(!data.contains_key("user_metadata") && !data.contains_key("user_id"));
        // The session and the password are his now.
        assert_eq!(subject(&mut world, &[("prompt", "none")]).await, "auth0|2");
        assert_eq!(subject(&mut world, &[("prompt", "login")]).await, "auth0|2");
        assert_eq!(
            world.last_event()["user"]["user_metadata"],
            json!({"hobby": "chess"})
        );
        let token = world.machine_token(None).await;
        let gone = world.get_as("/api/v2/users/auth0%7C1", &token).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);

        let main = world
            .json_as(
                Method::DELETE,
                &format!("{JOE}/auth0/2"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(main.status, StatusCode::BAD_REQUEST);
        let apart = world
            .json_as(
                Method::DELETE,
                &format!("{JOE}/auth0/1"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(apart.json().as_array().unwrap().len(), 1, "{}", apart.text);
        let jane = world.get_as("/api/v2/users/auth0%7C1", &token).await.json();
        assert_eq!(jane["email"], "jane@example.com");
        assert!(jane.get("user_metadata").is_none(), "{jane}");
        assert_eq!(subject(&mut world, &[("prompt", "login")]).await, "auth0|1");
    });
}

#[test]
fn a_site_links_while_the_login_waits() {
    run(async {
        let mut world = World::new(vec![vec![
            Does::Call("redirect.sendUserTo", json!(["https://link.example.com/"])),
            Does::Continue("authentication.setPrimaryUser", json!(["auth0|2"])),
        ]]);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        link_jane_to_joe(&mut world).await;
        let state = away.parameter("state").unwrap();
        let back = world.get(&format!("/continue?state={state}")).await;
        let body = world.exchange(&back.code()).await.json();
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["email"]),
            (&json!("auth0|2"), &json!("joe@example.com"))
        );
        world.script(vec![]);
        assert_eq!(subject(&mut world, &[("prompt", "none")]).await, "auth0|2");
    });
}

#[test]
fn what_can_not_be_linked_is_told() {
    run(async {
        let mut world = World::new(vec![]);
        let machine = world.machine_token(None).await;
        let reader = world.machine_token(Some("read:users")).await;
        let audience = format!("{ISSUER}api/v2/");
        let scope = "openid update:current_user_identities";
        let own = [("audience", audience.as_str()), ("scope", scope)];
        let body = world.log_in(&own).await;
        let jane = body["access_token"].as_str().unwrap().to_owned();
        let id_token = body["id_token"].as_str().unwrap().to_owned();
        let someone = json!({"provider": "auth0", "user_id": "1"});
        let with = |token: &str| json!({"link_with": token});
        for (token, body, status) in [
            (&reader, someone.clone(), 403),
            (&jane, someone.clone(), 403),
            (&machine, json!({"provider": "auth0"}), 400),
            (&machine, json!({"provider": "auth0", "user_id": "2"}), 400),
            (
                &machine,
                json!({"provider": "auth0", "user_id": "nobody"}),
                404,
            ),
            (&machine, with("nonsense"), 400),
            (&machine, with(&jane), 400),
            (&machine, json!({"link_with": 1}), 400),
        ] {
            let answer = world.json_as(Method::POST, JOE, token, body.clone()).await;
            assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        }
        let own_path = "/api/v2/users/auth0%7C1/identities";
        let needs = world.json_as(Method::POST, own_path, &jane, someone).await;
        assert!(needs.text.contains("link_with"), "{}", needs.text);

        // A user links another of his own accounts with its ID token.
        world.cookies.clear();
        let page = world.authorize(&own).await;
        let state = page.parameter("state").unwrap();
        let fields = [("state", state.as_str()), ("user_id", "auth0|2")];
        let back = world.form("/u/login", &fields).await;
        let joe = world.exchange(&back.code()).await.json();
        let joe = joe["access_token"].as_str().unwrap().to_owned();
        let linked = world
            .json_as(Method::POST, JOE, &joe, with(&id_token))
            .await;
        assert_eq!(linked.status, StatusCode::CREATED, "{} {SPA}", linked.text);
    });
}
