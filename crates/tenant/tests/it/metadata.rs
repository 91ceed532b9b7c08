//! Metadata from the outside: sign-up, the user's own token, e-mails.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, Does, ISSUER, SPA, World, by_password, export, run};

async fn sign_up(world: &mut World, more: Value) -> (StatusCode, Value) {
    let mut body = json!({"client_id": SPA, "connection": "Username-Password-Authentication", "email": "new@example.com", "password": "secret"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = world
        .send(
            Method::POST,
            "/dbconnections/signup",
            &[("content-type", "application/json")],
            body.to_string(),
        )
        .await;
    (answer.status, answer.json())
}

#[test]
fn a_sign_up_takes_metadata_within_its_limits() {
    run(async {
        let mut world = World::new(vec![]);
        for (more, expected) in [
            (
                json!({"user_metadata": {"age": 7}}),
                json!({"error": "invalid user_metadata.age type (only strings are allowed)"}),
            ),
            (
                json!({"user_metadata": []}),
                json!({"error": "invalid user_metadata type (expected object)"}),
            ),
            (
                json!({"email": "jane@example.com"}),
                json!({"name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400}),
            ),
            (
                json!({"connection": "nobody"}),
                json!({"error": "connection does not exist or is not enabled for the client"}),
            ),
            (
                json!({"email": "no address"}),
                json!({"error": "email format validation failed"}),
            ),
            (
                json!({"password": 5}),
                json!({"error": "invalid password type (expected string)"}),
            ),
        ] {
            assert_eq!(
                sign_up(&mut world, more.clone()).await,
                (StatusCode::BAD_REQUEST, expected),
                "{more}"
            );
        }
        let (status, body) = sign_up(
            &mut world,
            json!({"user_metadata": {"hobby": "chess"}, "given_name": "New"}),
        )
        .await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            !body["_id"].as_str().unwrap().contains('|')
                && body["given_name"] == "New"
                && !body.to_string().contains("secret")
        );
        let token = world.machine_token(None).await;
        let user = world
            .get_as(
                &format!("/api/v2/users/auth0%7C{}", body["_id"].as_str().unwrap()),
                &token,
            )
            .await
            .json();
        assert_eq!(user["user_metadata"], json!({"hobby": "chess"}));
    });
}

#[test]
fn a_weak_password_is_told_why() {
    run(async {
        let mut data = export();
        data.connections[0]["options"] = json!({"passwordPolicy": "good"});
        let mut world = World::with(data, vec![]);
        let (status, body) = sign_up(&mut world, json!({})).await;
        assert_eq!(
            (status, &body["name"], &body["message"]),
            (
                StatusCode::BAD_REQUEST,
                &json!("PasswordStrengthError"),
                &json!("Password is too weak")
            )
        );
    });
}

#[test]
fn a_user_reaches_the_own_metadata_and_nothing_else() {
    run(async {
        let mut world = World::new(vec![]);
        let audience = format!("{ISSUER}api/v2/");
        let body = world
            .log_in(&[
                ("audience", &audience),
                (
                    "scope",
                    "openid read:current_user update:current_user_metadata update:users",
                ),
            ])
            .await;
        let token = body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(
            body["scope"],
            "openid read:current_user update:current_user_metadata"
        );
        assert_eq!(
            world.get_as("/api/v2/users/auth0%7C1", &token).await.json()["email"],
            "jane@example.com"
        );
        assert_eq!(
            world.get_as("/api/v2/users/auth0%7C2", &token).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(
            world.get_as("/api/v2/users", &token).await.status,
            StatusCode::FORBIDDEN
        );
        let patch = async |world: &mut World, id: &str, body: Value| {
            world
                .json_as(Method::PATCH, &format!("/api/v2/users/{id}"), &token, body)
                .await
        };
        let answer = patch(
            &mut world,
            "auth0%7C1",
            json!({"user_metadata": {"hobby": "golf", "lang": null}}),
        )
        .await
        .json();
        assert_eq!(answer["user_metadata"], json!({"hobby": "golf"}));
        let refused = patch(
            &mut world,
            "auth0%7C1",
            json!({"app_metadata": {"plan": "max"}}),
        )
        .await;
        assert_eq!(
            refused.json()["message"],
            "You cannot update the following fields: app_metadata"
        );
        let refused = patch(&mut world, "auth0%7C2", json!({"user_metadata": {}}))
            .await
            .json();
        assert_eq!(
            refused,
            json!({
                "statusCode": 403, "error": "Forbidden",
                "message": "Insufficient scope, expected any of: update:users,update:users_app_metadata,update:current_user_metadata", "errorCode": "insufficient_scope",
            })
        );
    });
}

#[test]
fn a_scope_that_is_not_granted_does_not_come_back_through_the_request() {
    run(async {
        let mut world = World::new(vec![]);
        let audience = format!("{ISSUER}api/v2/");
        let page = world
            .authorize(&[("audience", &audience), ("scope", "update:users")])
            .await;
        let back = world.sign_in(&page).await;
        let body = world.exchange(&back.code()).await.json();
        assert!(world.claims(&body["access_token"]).get("scope").is_none());
        let password = by_password(&[("audience", audience.as_str()), ("scope", "update:users")]);
        let body = world.token(&password).await.json();
        assert!(world.claims(&body["access_token"]).get("scope").is_none());
    });
}

/// The Action of an old fault: the tenant counted calls of `addScope`, whether or not the api had refused them.
#[test]
fn a_scope_that_the_api_refused_is_not_granted() {
    run(async {
        let calls = ["x email", "  write:x  ", "two words"];
        let script = calls.map(|scope| Does::Call("accessToken.addScope", json!([scope])));
        for audience in [None, Some(API)] {
            let mut world = World::new(vec![script.to_vec()]);
            let mut password = by_password(&[("scope", "openid read:x")]);
            password.extend(audience.map(|audience| ("audience", audience)));
            let body = world.token(&password).await.json();
            let granted = audience.map_or("openid write:x", |_| "openid read:x write:x");
            assert_eq!(body["scope"], granted, "{audience:?}");
            let token = body["access_token"].as_str().unwrap();
            let userinfo = world.get_as("/userinfo", token).await.json();
            assert_eq!(userinfo, json!({"sub": "auth0|1"}), "{audience:?}");
        }
    });
}

#[test]
fn mails_land_in_the_outbox() {
    run(async {
        let mut data = export();
        data.email_templates = vec![json!({
            "template": "reset_email", "enabled": true, "from": "a@example.com", "syntax": "liquid",
            "subject": "Passwort {{ user.user_metadata.lang }}", "body": "<a href='{{ url }}'>{{ user.name }}</a>",
        })];
        let mut world = World::with(data, vec![]);
        let body = json!({"email": "jane@example.com", "connection": "Username-Password-Authentication", "client_id": SPA}).to_string();
        let json = [("content-type", "application/json")];
        assert_eq!(
            world
                .send(Method::POST, "/dbconnections/change_password", &json, body)
                .await
                .status,
            StatusCode::OK
        );
        let mails = world.control(Method::GET, "emails", json!({})).await.json();
        assert_eq!(
            (mails.as_array().unwrap().len(), &mails[0]["subject"]),
            (1, &json!("Passwort de"))
        );
        assert!(
            world
                .get("/_postlogin/outbox")
                .await
                .text
                .contains("Passwort")
        );
        let url = mails[0]["url"].as_str().unwrap().to_owned();
        let ticket = url.split("ticket=").nth(1).unwrap().to_owned();
        assert!(world.get(&url).await.text.contains("Change Your Password"));
        assert!(
            world
                .form(
                    "/u/ticket",
                    &[("ticket", &ticket), ("password", "a new one")]
                )
                .await
                .text
                .contains("Password Changed")
        );
        assert_eq!(
            world
                .form("/u/ticket", &[("ticket", &ticket), ("password", "again")])
                .await
                .status,
            StatusCode::BAD_REQUEST
        );
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let back = world
            .form(
                "/u/login",
                &[
                    ("state", &state),
                    ("username", "jane@example.com"),
                    ("password", "a new one"),
                ],
            )
            .await;
        assert!(!back.code().is_empty());
    });
}

#[test]
fn a_template_that_fails_is_in_the_outbox_and_the_sign_up_succeeds() {
    run(async {
        let mut data = export();
        data.email_templates = vec![json!({
            "template": "verify_email", "enabled": true, "from": "a@example.com", "syntax": "liquid", "subject": "S", "body": "{% boom %}",
        })];
        let mut world = World::with(data, vec![]);
        let body = json!({"client_id": SPA, "connection": "Username-Password-Authentication", "email": "new@example.com", "password": "secret"});
        let json = [("content-type", "application/json")];
        let answer = world
            .send(
                Method::POST,
                "/dbconnections/signup",
                &json,
                body.to_string(),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let mails = world.control(Method::GET, "emails", json!({})).await.json();
        let expected = "the body of the e-mail template verify_email cannot be rendered: line 1, column 1: tag \"boom\" not found";
        assert_eq!(mails[0]["error"], expected);
        assert_eq!(
            (&mails[0]["to"], mails[0].get("body")),
            (&json!("new@example.com"), None)
        );
        let page = world.get("/_postlogin/outbox").await.text;
        assert!(page.contains("cannot be rendered"), "{page}");
        let log = world.control(Method::GET, "log", json!({})).await.json();
        let entries = log.as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["type"] == "email");
        assert_eq!(entry.unwrap()["error"], expected);
    });
}

#[test]
fn a_reset_mail_knows_the_organization_that_the_request_names_by_its_id() {
    run(async {
        let mut data = export();
        data.organizations = vec![json!({
            "id": "org_acme", "name": "acme", "display_name": "Acme Inc", "branding": {"logo_url": "https://example.com/acme.png"}, "metadata": {"tier": "gold"},
        })];
        let subject = "{{ organization.id }} {{ organization.name }} {{ organization.display_name }} {{ organization.branding.logo_url }} {{ organization.metadata.tier }}|{{ request_language }}";
        data.email_templates = vec![json!({
            "template": "reset_email", "enabled": true, "from": "a@example.com", "syntax": "liquid", "subject": subject, "body": "B",
        })];
        for (organization, expected) in [
            (
                json!("org_acme"),
                "org_acme acme Acme Inc https://example.com/acme.png gold|",
            ),
            (json!("acme"), "    |"),
            (json!("org_other"), "    |"),
            (json!(["org_acme"]), "    |"),
            (Value::Null, "    |"),
        ] {
            let mut world = World::with(data.clone(), vec![]);
            let body = json!({"email": "jane@example.com", "connection": "Username-Password-Authentication", "client_id": SPA, "organization": organization});
            let json = [("content-type", "application/json")];
            let answer = world
                .send(
                    Method::POST,
                    "/dbconnections/change_password",
                    &json,
                    body.to_string(),
                )
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            let mails = world.control(Method::GET, "emails", json!({})).await.json();
            assert_eq!(mails[0]["subject"], expected, "{organization}");
        }
    });
}
