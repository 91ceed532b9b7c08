//! The data that a login stores, and when: metadata at suspensions, and the user that an Action switches to.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Does, Script, World, run};

fn set(kind: &'static str, name: &str, value: &str) -> Does {
    Does::Call(kind, json!([name, value]))
}

async fn metadata(world: &mut World, index: usize) -> Value {
    world.users().await[index]["user_metadata"].clone()
}

/// Returns the stored state of Jane while a login with this script waits.
async fn while_waiting(suspends: Does) -> Value {
    let script: Script = vec![vec![
        set("user.setUserMetadata", "hobby", "chess"),
        suspends,
    ]];
    let mut world = World::new(script);
    let page = world.authorize(&[]).await;
    world.sign_in(&page).await;
    metadata(&mut world, 0).await["hobby"].clone()
}

#[test]
fn a_redirect_and_a_form_store_metadata_and_a_challenge_does_not() {
    run(async {
        let redirect = Does::Call("redirect.sendUserTo", json!(["https://site.example.com/"]));
        assert_eq!(while_waiting(redirect).await, "chess");
        let form = Does::Call("prompt.render", json!(["ap_1"]));
        assert_eq!(while_waiting(form).await, "chess");
        let challenge = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
        assert_eq!(while_waiting(challenge).await, "surfing");
    });
}

#[test]
fn what_others_change_meanwhile_stays() {
    run(async {
        let script: Script = vec![
            vec![
                set("user.setUserMetadata", "hobby", "chess"),
                Does::Call("redirect.sendUserTo", json!(["https://site.example.com/"])),
            ],
            vec![set("user.setUserMetadata", "later", "yes")],
        ];
        let mut world = World::new(script);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        let token = world.machine_token(None).await;
        let patch = json!({"user_metadata": {"hobby": "golf", "more": "1"}});
        world
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, patch)
            .await;
        let state = away.parameter("state").unwrap();
        let back = world.get(&format!("/continue?state={state}")).await;
        assert!(back.parameter("code").is_some(), "{}", back.text);
        // The login wrote `hobby` before it left, and does not write it again.
        let stored = metadata(&mut world, 0).await;
        assert_eq!(
            stored,
            json!({"hobby": "golf", "lang": "de", "more": "1", "later": "yes"})
        );
    });
}

fn primary() -> Value {
    json!({"user_id": "3", "email": "primary@example.com", "name": "Primary", "user_metadata": {"own": "1"}, "identities": [
        {"connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "3", "isSocial": false},
        {"connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "1", "isSocial": false},
    ]})
}

#[test]
fn a_login_goes_on_as_the_primary_user() {
    run(async {
        let script: Script = vec![
            vec![Does::Call(
                "authentication.setPrimaryUser",
                json!(["auth0|3"]),
            )],
            vec![set("user.setUserMetadata", "hobby", "chess")],
        ];
        let mut world = World::new(script);
        world.control(Method::POST, "users", primary()).await;
        let body = world.log_in(&[("scope", "openid profile email")]).await;
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["name"]),
            (&json!("auth0|3"), &json!("Primary"))
        );
        let token = body["access_token"].as_str().unwrap();
        let userinfo = world.get_as("/userinfo", token).await.json();
        assert_eq!(userinfo["email"], "primary@example.com");
        assert_eq!(metadata(&mut world, 0).await["hobby"], "surfing");
        assert_eq!(
            metadata(&mut world, 2).await,
            json!({"own": "1", "hobby": "chess"})
        );
        // The session is his, too.
        world.script(vec![]);
        let again = world.log_in(&[("prompt", "none")]).await;
        assert_eq!(world.claims(&again["id_token"])["sub"], "auth0|3");
    });
}

#[test]
fn a_user_who_is_not_linked_fails_the_login() {
    run(async {
        for id in ["auth0|2", "auth0|nobody"] {
            let script = vec![vec![Does::Call(
                "authentication.setPrimaryUser",
                json!([id]),
            )]];
            let mut world = World::new(script);
            let page = world.authorize(&[]).await;
            let back = world.sign_in(&page).await;
            assert_eq!(
                back.parameter("error").as_deref(),
                Some("access_denied"),
                "{id}"
            );
        }
    });
}
