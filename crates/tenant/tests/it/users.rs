//! Users as production stores them, on every way in.

use std::sync::Arc;

use axum::http::Method;
use postlogin_tenant::{LoginPipeline, Randomness, Setup, Tenant, TenantClock, read_users};
use postlogin_token::KeyPair;
use serde_json::{Value, json};

use crate::scripted::Scripted;
use crate::support::{CONTROL, Filled, ISSUER, World, by_password_of, export, run};

const DATABASE: &str = "Username-Password-Authentication";

/// A tenant with the users of a file.
fn seeded(text: &str) -> Tenant {
    let pipeline = Arc::new(Scripted::new(vec![]));
    let mut data = export();
    data.connections
        .push(json!({"name": "google", "strategy": "google-oauth2"}));
    Tenant::new(Setup {
        data,
        name: "example".into(),
        issuer: ISSUER.into(),
        hosts: Vec::new(),
        key: KeyPair::generate(postlogin_token::Randomness::Seed(b"users")).unwrap(),
        database: None,
        marks: postlogin_token::Marks::accept_all(),
        users: read_users("users.json", text).unwrap(),
        callbacks: Vec::new(),
        control_token: CONTROL.into(),
        pipeline: Arc::clone(&pipeline) as Arc<dyn LoginPipeline>,
        templates: Arc::new(Filled),
        randomness: Randomness::seeded(1),
        clock: TenantClock::default(),
    })
    .unwrap()
}

fn world(tenant: Tenant) -> World {
    let mut world = World::new(vec![]);
    world.router = postlogin_tenant::router(Arc::new(tenant));
    world
}

#[test]
fn databases_store_names_in_lower_case() {
    run(async {
        let seed = json!([
            {"email": "Seed@X.com", "username": "SeedUser", "user_id": "s"},
            {"email": "Other@X.com", "connection": "google", "identities": [{"connection": "google", "provider": "google-oauth2", "user_id": "g"}]},
        ]);
        let mut world = world(seeded(&seed.to_string()));
        let body =
            json!({"email": "Sign@Up.com", "password": "Secret-1234", "connection": DATABASE})
                .to_string();
        let json = [("content-type", "application/json")];
        world
            .send(Method::POST, "/dbconnections/signup", &json, body)
            .await;
        let token = world.machine_token(None).await;
        let body =
            json!({"email": "Post@X.com", "password": "Secret-1234", "connection": DATABASE});
        let made = world
            .json_as(Method::POST, "/api/v2/users", &token, body)
            .await
            .json();
        assert_eq!(made["email"], "post@x.com");
        let id = made["user_id"].as_str().unwrap().replace('|', "%7C");
        let target = format!("/api/v2/users/{id}");
        let body = json!({"email": "Patch@X.com"});
        let changed = world
            .json_as(Method::PATCH, &target, &token, body)
            .await
            .json();
        assert_eq!(changed["email"], "patch@x.com");
        world
            .control(Method::POST, "users", json!({"email": "Control@X.com"}))
            .await;
        let users = world.users().await;
        let emails: Vec<&Value> = users.iter().map(|user| &user["email"]).collect();
        assert_eq!(
            emails,
            [
                "seed@x.com",
                "Other@X.com",
                "sign@up.com",
                "patch@x.com",
                "control@x.com"
            ]
        );
        assert_eq!(users[0]["username"], "seeduser");
        assert_eq!(users[0]["nickname"], "seed");
        // Case counts where another provider has the say.
        for (asked, found) in [
            ("Other@X.com", 1),
            ("other@x.com", 0),
            ("seed@x.com", 1),
            ("Seed@X.com", 0),
        ] {
            let target = format!("/api/v2/users-by-email?email={asked}");
            let users = world.get_as(&target, &token).await.json();
            assert_eq!(users.as_array().map(Vec::len), Some(found), "{asked}");
        }
    });
}

#[test]
fn a_user_without_a_picture_has_one() {
    run(async {
        let seed = json!([
            {"email": "john@example.com"},
            {"email": "own@example.com", "picture": "https://p.example/1.png"},
            {"email": "john@example.com", "connection": "google", "identities": [{"connection": "google", "provider": "google-oauth2", "user_id": "g"}]},
        ]);
        let mut world = world(seeded(&seed.to_string()));
        let users = world.users().await;
        assert_eq!(
            users[0]["picture"],
            "https://s.gravatar.com/avatar/d4c74594d841139328695756648b6bd6?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fjo.png"
        );
        assert_eq!(users[1]["picture"], "https://p.example/1.png");
        assert_eq!(users[2].get("picture"), None);
    });
}

async fn sign_in(world: &mut World, email: &str, password: &str) -> u16 {
    let fields = by_password_of(email, password, &[]);
    world.token(&fields).await.status.as_u16()
}

#[test]
fn hashes_of_an_import_sign_their_users_in() {
    run(async {
        let users = json!([
            {"email": "peter@contoso.com", "custom_password_hash": {"algorithm": "hmac", "hash": {
                "value": "cg7f42jH39/2EaAU4wNd4s2lKIk=", "encoding": "base64", "digest": "sha1", "key": {"value": "736868", "encoding": "hex"},
            }}},
            {"email": "carmella@contoso.com", "custom_password_hash": {
                "algorithm": "scrypt", "salt": {"value": "abc123"}, "keylen": 32, "cost": 4096,
                "hash": {"value": "097f6197e1b41538f723e32aa7a68e8d76227d8e432ce5faa4882a913032db29", "encoding": "hex"},
            }},
            {"email": "velma@contoso.com", "custom_password_hash": {"algorithm": "bcrypt", "hash": {
                "value": "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
            }}},
        ]);
        let tenant = seeded(&users.to_string());
        assert_eq!(tenant.warnings(), &[] as &[String]);
        let mut world = world(tenant);
        for (email, password) in [
            ("peter@contoso.com", "test"),
            ("carmella@contoso.com", "password"),
            ("velma@contoso.com", "hello"),
        ] {
            assert_eq!(sign_in(&mut world, email, password).await, 200, "{email}");
            assert_eq!(sign_in(&mut world, email, "wrong").await, 403, "{email}");
        }
        assert!(
            !world
                .users()
                .await
                .iter()
                .any(|user| user.to_string().contains("hash"))
        );
    });
}

#[test]
fn a_hash_that_cannot_be_checked_is_reported_and_its_user_is_there() {
    run(async {
        let text = concat!(
            "{\"email\": \"good@x.com\", \"password\": \"secret\"}\n",
            "{\"email\": \"bad@x.com\", \"custom_password_hash\": {\"algorithm\": \"ldap\", \"hash\": {\"value\": \"{CRYPT}x\"}}}\n",
            "{\"email\": \"worse@x.com\", \"password_hash\": \"md5\"}\n",
        );
        let tenant = seeded(text);
        let warnings = tenant.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].starts_with("users.json:2:24: ") && warnings[0].contains("{crypt}"),
            "{warnings:?}"
        );
        assert!(warnings[1].starts_with("users.json:3:26: "), "{warnings:?}");
        let mut world = world(tenant);
        assert_eq!(world.users().await.len(), 3);
        assert_eq!(sign_in(&mut world, "good@x.com", "secret").await, 200);
        for email in ["bad@x.com", "worse@x.com"] {
            assert_eq!(sign_in(&mut world, email, "md5").await, 403);
            let log = world.log().await;
            let last = log
                .iter()
                .rev()
                .find(|entry| entry["type"] == "password_unchecked");
            assert!(
                last.unwrap()["reason"].as_str().unwrap().len() > 10,
                "{log:?}"
            );
        }
    });
}

#[test]
fn a_user_keeps_what_they_sign_in_by() {
    run(async {
        let mut world = crate::support::changed(|data| {
            data.connections[0]["options"] = json!({"requires_username": true});
        });
        let token = world.machine_token(None).await;
        let new = |name: Option<&str>| {
            let mut body = json!({"connection": "Username-Password-Authentication", "email": "ann@example.com", "password": "a-Long-secret-1"});
            if let Some(name) = name {
                body["username"] = json!(name);
            }
            body
        };
        for (name, expected) in [(None, 400), (Some("ann"), 201)] {
            let (status, said) = world.api(Method::POST, "users", &token, new(name)).await;
            assert_eq!(status, expected, "{said}");
        }
        let path = "users/auth0%7C1";
        for (body, status, message) in [
            (
                json!({"username": "ann"}),
                400,
                "The specified new username already exists",
            ),
            (json!({"username": "jane"}), 200, ""),
            (json!({"username": null}), 200, ""),
            (
                json!({"email": null}),
                400,
                "Payload validation error: 'Missing required property: email'.",
            ),
        ] {
            let (found, said) = world.api(Method::PATCH, path, &token, body.clone()).await;
            assert_eq!(found, status, "{body}: {said}");
            assert_eq!(said["message"].as_str().unwrap_or_default(), message);
        }
        // A reset by the user name alone.
        let reset = json!({"connection": "Username-Password-Authentication", "username": "ann"});
        let answer = world
            .json_as(Method::POST, "/dbconnections/change_password", "", reset)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mails = world.mails().await;
        assert_eq!(mails.last().unwrap()["template"], "reset_email");
        // Linking that was asked for and not done would look done.
        let refused = world.refusal(&[("scope", "openid link_account")]).await;
        assert_eq!(refused, "not_supported_locally");
    });
}
