//! Flexible identifiers: what users of a database sign up and sign in with.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{SPA, World, by_password_of, export, run};
use crate::triggers::DATABASE;

const PASSWORD: &str = "Aa1!Aa1!Aa1!xyz";

/// Numbers identify; an address may be given, and a user name may not.
fn world() -> World {
    let mut data = export();
    data.connections[0]["options"] = json!({"attributes": {
        "email": {"identifier": {"active": false}, "signup": {"status": "optional"}},
        "phone_number": {"identifier": {"active": true}, "signup": {"status": "required"}, "profile_required": true},
        "username": {"identifier": {"active": false}, "signup": {"status": "inactive"}},
    }});
    // Jane and Joe of the users file have no number.
    World::without_users(data)
}

async fn sign_up(world: &mut World, more: Value) -> (u16, Value) {
    let mut body = json!({"client_id": SPA, "connection": DATABASE, "password": PASSWORD});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = world
        .json_as(Method::POST, "/dbconnections/signup", "", body)
        .await;
    (answer.status.as_u16(), answer.json())
}

async fn signs_in(world: &mut World, name: &str) -> bool {
    let fields = by_password_of(name, PASSWORD, &[("scope", "openid")]);
    world.token(&fields).await.status.as_u16() == 200
}

#[test]
fn a_database_of_phone_numbers_signs_up_and_in_by_them() {
    run(async {
        let mut world = world();
        let first = json!({"phone_number": "+15550100", "email": "ann@example.com"});
        let (status, made) = sign_up(&mut world, first).await;
        assert_eq!(status, 200, "{made}");
        let (status, made) = sign_up(&mut world, json!({"phone_number": "+15550101"})).await;
        assert_eq!(status, 200, "{made}");
        assert!(made.get("email").is_none(), "{made}");
        for (name, expected) in [
            ("+15550100", true),
            ("+15550101", true),
            ("ann@example.com", false),
            ("+15550102", false),
        ] {
            assert_eq!(signs_in(&mut world, name).await, expected, "{name}");
        }
        assert_eq!(world.last_event()["user"]["phone_number"], "+15550101");
        for (fields, expected) in [
            (
                json!({"email": "bob@example.com"}),
                "phone_number is required",
            ),
            (
                json!({"phone_number": "+15550103", "username": "bob"}),
                "username is not allowed at a sign-up to this connection",
            ),
            (
                json!({"phone_number": "+15550100"}),
                "The user already exists.",
            ),
            (
                json!({"phone_number": "+15550104", "email": "nope"}),
                "email format validation failed",
            ),
        ] {
            let (status, refused) = sign_up(&mut world, fields.clone()).await;
            assert_eq!(status, 400, "{fields}");
            let said = refused.get("error").or(refused.get("description"));
            assert_eq!(said, Some(&json!(expected)), "{fields}");
        }
    });
}

#[test]
fn the_pages_ask_for_what_the_database_has() {
    run(async {
        let mut world = world();
        let page = world.authorize(&[]).await;
        let login = world.get(page.header("location")).await.text;
        assert!(login.contains("Phone number"), "{login}");
        assert!(!login.contains("Email address"), "{login}");
        let address = page.header("location").replace("/u/login", "/u/signup");
        let form = world.get(&address).await.text;
        assert!(form.contains("Phone number<"), "{form}");
        assert!(form.contains("Email address (optional)"), "{form}");
        assert!(!form.contains("name=\"username\""), "{form}");
        let state = page.parameter("state").unwrap();
        let back = world
            .form(
                "/u/signup",
                &[
                    ("state", &state),
                    ("phone_number", "+15550100"),
                    ("password", PASSWORD),
                ],
            )
            .await;
        assert!(back.parameter("code").is_some(), "{}", back.text);
        assert_eq!(world.last_event()["user"]["phone_number"], "+15550100");
    });
}

#[test]
fn a_database_that_requires_user_names_asks_for_one() {
    run(async {
        let mut data = export();
        data.connections[0]["options"] = json!({"requires_username": true});
        let mut world = World::with(data, vec![]);
        let page = world.authorize(&[]).await;
        let address = page.header("location").replace("/u/login", "/u/signup");
        let form = world.get(&address).await.text;
        assert!(form.contains("name=\"username\""), "{form}");
        assert!(!form.contains("name=\"phone_number\""), "{form}");
    });
}

#[test]
fn every_door_asks_for_what_profiles_need() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let user = |more: Value| {
            let mut body = json!({"connection": DATABASE, "password": PASSWORD});
            for (key, value) in more.as_object().unwrap() {
                body[key] = value.clone();
            }
            body
        };
        let address = user(json!({"email": "ann@example.com"}));
        let (status, refused) = world
            .api(Method::POST, "users", &token, address.clone())
            .await;
        assert_eq!(status, 400);
        let expected = "Payload validation error: 'Missing required property: phone_number'.";
        assert_eq!(refused["message"], expected);
        let number = user(json!({"phone_number": "+15550100"}));
        let (status, ann) = world
            .api(Method::POST, "users", &token, number.clone())
            .await;
        assert_eq!(status, 201, "{ann}");
        let (status, _) = world.api(Method::POST, "users", &token, number).await;
        assert_eq!(status, 409);
        let other = user(json!({"phone_number": "+15550101"}));
        let (status, bob) = world.api(Method::POST, "users", &token, other).await;
        assert_eq!(status, 201, "{bob}");
        let path = format!("users/{}", bob["user_id"].as_str().unwrap());
        for (change, expected) in [
            (json!({"phone_number": null}), 400),
            (json!({"phone_number": "+15550100"}), 400),
            (json!({"phone_number": "+15550101"}), 200),
            (
                json!({"phone_number": "+15550102", "email": "b@example.com"}),
                200,
            ),
            (json!({"nickname": "bob"}), 200),
        ] {
            let (status, answer) = world
                .api(Method::PATCH, &path, &token, change.clone())
                .await;
            assert_eq!(status, expected, "{change} {answer}");
        }
        let answer = world.control(Method::POST, "users", address).await;
        assert_eq!(answer.status.as_u16(), 400);
        let expected = format!("a user of the connection `{DATABASE}` needs `phone_number`");
        assert!(answer.text.contains(&expected), "{}", answer.text);
    });
}

#[test]
fn users_of_the_control_api_are_checked_as_an_import_is() {
    run(async {
        let mut world = World::new(vec![]);
        for (key, value, expected) in [
            (
                "email_verified",
                json!("yes"),
                "`email_verified` must be true or false; write true or false, without quotes",
            ),
            (
                "blocked",
                json!("no"),
                "`blocked` must be true or false; write true or false, without quotes",
            ),
            (
                "phone_number",
                json!("12"),
                "`phone_number` must be `+` and 1 to 15 digits; write it as +12125550001",
            ),
            (
                "app_metadata",
                json!({"email": "x"}),
                "`app_metadata` must not have `email`: production keeps that name to itself",
            ),
            (
                "user_metadata",
                json!({"a.b": 1}),
                "`user_metadata` must not have names with `.` or `$`, as `a.b` has",
            ),
        ] {
            let body =
                json!([{"email": "first@example.com"}, {"email": "ann@example.com", key: value}]);
            let answer = world.control(Method::POST, "users", body).await;
            assert_eq!(answer.status.as_u16(), 400, "{key}");
            let error = answer.json()["error"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert_eq!(error, format!("user 2: {expected}"));
        }
        let good = json!({"email": "ann@example.com", "email_verified": true, "phone_number": "+12125550001"});
        let answer = world.control(Method::POST, "users", good).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    });
}
