//! Linked identities of databases: they sign in by their own names and passwords, and a change with their `connection` is theirs.

use axum::http::{Method, StatusCode};
use postlogin_core::Trigger;
use serde_json::{Value, json};

use crate::support::{WEB, WEB_SECRET, World, export, run};
use crate::triggers::{DATABASE, logged};

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const JANE: &str = "users/auth0%7C1";

/// Jane with the linked user `s@example.com` of a second database.
async fn world() -> (World, String) {
    let mut data = export();
    data.connections.push(
        json!({"name": "second", "strategy": "auth0", "options": {"requires_username": true}}),
    );
    let mut world = World::with(data, vec![]);
    world
        .pipeline
        .others
        .lock()
        .unwrap()
        .insert(Trigger::PostChangePassword, vec![vec![]]);
    let token = world.machine_token(None).await;
    let new = json!({"connection": "second", "email": "s@example.com", "username": "sec", "password": "second-Secret-1", "email_verified": true});
    let (status, made) = world.api(Method::POST, "users", &token, new).await;
    assert_eq!(status, 201, "{made}");
    let id = made["user_id"].as_str().unwrap();
    let body = json!({"provider": "auth0", "user_id": id});
    let path = format!("{JANE}/identities");
    let (status, linked) = world.api(Method::POST, &path, &token, body).await;
    assert_eq!(status, 201, "{linked}");
    (world, token)
}

async fn patch(world: &mut World, token: &str, body: Value) -> (u16, Value) {
    world.api(Method::PATCH, JANE, token, body).await
}

/// Whether a name and a password sign Jane in to a database.
async fn signs_in(world: &mut World, realm: &str, username: &str, password: &str) -> bool {
    let fields = [
        ("grant_type", REALM),
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("realm", realm),
        ("username", username),
        ("password", password),
        ("scope", "openid"),
    ];
    let answer = world.token(&fields).await;
    if answer.status != StatusCode::OK {
        assert_eq!(answer.json()["error"], "invalid_grant", "{}", answer.text);
        return false;
    }
    let claims = world.claims(&answer.json()["id_token"]);
    assert_eq!(claims["sub"], "auth0|1");
    assert_eq!(world.last_event()["connection"]["name"], realm);
    true
}

#[test]
fn a_change_with_the_connection_of_a_linked_identity_is_of_that_one() {
    run(async {
        let (mut world, token) = world().await;
        assert!(signs_in(&mut world, "second", "s@example.com", "second-Secret-1").await);
        assert!(signs_in(&mut world, "second", "SEC", "second-Secret-1").await);
        assert!(signs_in(&mut world, DATABASE, "jane@example.com", "jane-secret").await);

        let change = json!({"connection": "second", "email": "S2@example.com"});
        let (status, user) = patch(&mut world, &token, change).await;
        assert_eq!(status, 200, "{user}");
        assert_eq!(
            (&user["email"], &user["email_verified"]),
            (&json!("jane@example.com"), &json!(true))
        );
        let data = &user["identities"][1]["profileData"];
        assert_eq!(
            (&data["email"], &data["email_verified"]),
            (&json!("s2@example.com"), &json!(false))
        );
        assert!(signs_in(&mut world, "second", "s2@example.com", "second-Secret-1").await);
        assert!(!signs_in(&mut world, "second", "s@example.com", "second-Secret-1").await);
        assert!(signs_in(&mut world, DATABASE, "jane@example.com", "jane-secret").await);

        let change = json!({"connection": "second", "password": "other-Secret-2"});
        assert_eq!(patch(&mut world, &token, change).await.0, 200);
        for (realm, name, password, expected) in [
            ("second", "s2@example.com", "other-Secret-2", true),
            ("second", "sec", "other-Secret-2", true),
            ("second", "s2@example.com", "second-Secret-1", false),
            (DATABASE, "jane@example.com", "other-Secret-2", false),
            (DATABASE, "jane@example.com", "jane-secret", true),
        ] {
            let found = signs_in(&mut world, realm, name, password).await;
            assert_eq!(found, expected, "{realm} {name} {password}");
        }
        logged(&mut world, "post-change-password", 1).await;
        let seen = world.pipeline.seen.lock().unwrap().clone();
        let (_, event) = seen
            .iter()
            .find(|(it, _)| *it == Trigger::PostChangePassword)
            .unwrap();
        assert_eq!(event["connection"]["name"], "second");

        // What is not an identity's own is the user's.
        let change = json!({"connection": "second", "email_verified": true, "nickname": "J", "user_metadata": {"a": 1}});
        let (_, user) = patch(&mut world, &token, change).await;
        let data = &user["identities"][1]["profileData"];
        assert_eq!(data["email_verified"], true);
        assert_eq!(user["nickname"], "J");
        assert_eq!(user["user_metadata"]["a"], 1);
        let change = json!({"connection": DATABASE, "email": "jane2@example.com"});
        let (_, user) = patch(&mut world, &token, change).await;
        assert_eq!(user["email"], "jane2@example.com");
    });
}

#[test]
fn a_name_of_a_linked_identity_is_taken() {
    run(async {
        let (mut world, token) = world().await;
        let new = |email: &str, username: &str| json!({"connection": "second", "email": email, "username": username, "password": "another-Secret-1"});
        for taken in [new("S@example.com", "else"), new("e@example.com", "sec")] {
            let (status, body) = world.api(Method::POST, "users", &token, taken).await;
            assert_eq!(status, 409, "{body}");
        }
        let free = new("free@example.com", "free");
        let (status, made) = world.api(Method::POST, "users", &token, free).await;
        assert_eq!(status, 201, "{made}");
        // In both directions.
        let change = json!({"connection": "second", "email": "free@example.com"});
        assert_eq!(patch(&mut world, &token, change).await.0, 400);
        let path = format!(
            "users/{}",
            made["user_id"].as_str().unwrap().replace('|', "%7C")
        );
        let change = json!({"email": "s@example.com"});
        assert_eq!(world.api(Method::PATCH, &path, &token, change).await.0, 400);
        assert!(signs_in(&mut world, "second", "s@example.com", "second-Secret-1").await);
    });
}

#[test]
fn a_reset_and_a_verification_of_a_linked_identity_are_of_that_one() {
    run(async {
        let (mut world, token) = world().await;
        let asked = json!({"client_id": WEB, "connection": "second", "email": "s@example.com"});
        let path = "/dbconnections/change_password";
        let answer = world.json_as(Method::POST, path, "", asked).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let mail = world.mails().await.pop().unwrap();
        assert_eq!(mail["to"], "s@example.com");
        let link = mail["url"].as_str().unwrap().to_owned();
        let ticket = link.split_once("ticket=").unwrap().1.to_owned();
        let fields = [("ticket", ticket.as_str()), ("password", "reset-Secret-3")];
        let done = world.form("/u/ticket", &fields).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert!(signs_in(&mut world, "second", "s@example.com", "reset-Secret-3").await);
        assert!(!signs_in(&mut world, DATABASE, "jane@example.com", "reset-Secret-3").await);
        assert!(signs_in(&mut world, DATABASE, "jane@example.com", "jane-secret").await);

        world.advance(1).await;
        let change = json!({"connection": "second", "email": "s3@example.com", "verify_email": true, "client_id": WEB});
        let (status, _) = patch(&mut world, &token, change).await;
        assert_eq!(status, 200);
        let mail = world.mails().await.pop().unwrap();
        assert_eq!(
            (&mail["to"], &mail["template"]),
            (&json!("s3@example.com"), &json!("verify_email"))
        );
        let link = mail["url"].as_str().unwrap().to_owned();
        world.get(&link).await;
        let (_, user) = world.api(Method::GET, JANE, &token, Value::Null).await;
        assert_eq!(user["identities"][1]["profileData"]["email_verified"], true);
    });
}

#[test]
fn a_change_of_address_is_verified_by_a_mail_if_it_asks_for_one() {
    run(async {
        let (mut world, token) = world().await;
        let before = world.mails().await.len();
        let change = json!({"email": "jane2@example.com"});
        patch(&mut world, &token, change).await;
        assert_eq!(world.mails().await.len(), before);
        world.advance(1).await;
        let change = json!({"email": "jane3@example.com", "verify_email": true, "client_id": WEB});
        let (_, user) = patch(&mut world, &token, change).await;
        assert_eq!(user["email_verified"], false);
        let mails = world.mails().await;
        assert_eq!(mails.len(), before + 1);
        let mail = mails.last().unwrap();
        assert_eq!(
            (&mail["to"], &mail["template"]),
            (&json!("jane3@example.com"), &json!("verify_email"))
        );
        let link = mail["url"].as_str().unwrap().to_owned();
        world.get(&link).await;
        let (_, user) = world.api(Method::GET, JANE, &token, Value::Null).await;
        assert_eq!(user["email_verified"], true);
    });
}
