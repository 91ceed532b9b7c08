//! The login page has the ways that an application has: a password, another site, a code, or none at all.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{SPA, WEB, World, export, run};
use crate::triggers::DATABASE;

/// The SPA has these connections; the web application has the database.
fn world(own: &[Value]) -> World {
    let mut data = export();
    data.connections[0]["enabled_clients"] = json!(["Web"]);
    for connection in own {
        let mut connection = connection.clone();
        connection["enabled_clients"] = json!(["SPA"]);
        data.connections.push(connection);
    }
    World::with(data, vec![])
}

fn email() -> Value {
    json!({"name": "email", "strategy": "email"})
}

fn sms() -> Value {
    json!({"name": "sms", "strategy": "sms"})
}

fn google() -> Value {
    json!({"name": "google-oauth2", "strategy": "google-oauth2"})
}

#[test]
fn an_application_without_connections_gets_no_page() {
    run(async {
        let mut world = world(&[]);
        for more in [&[][..], &[("screen_hint", "signup")]] {
            let answer = world.authorize(more).await;
            assert_eq!(
                answer.parameter("error").as_deref(),
                Some("invalid_request")
            );
            assert_eq!(
                answer.parameter("error_description").as_deref(),
                Some("no connections enabled for the client")
            );
        }
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
        let page = world.authorize(&[("client_id", WEB)]).await;
        assert_eq!(page.location().path(), "/u/login");
    });
}

#[test]
fn a_page_without_a_database_has_neither_password_nor_sign_up() {
    run(async {
        let mut world = world(&[google()]);
        for more in [&[][..], &[("screen_hint", "signup")]] {
            let page = world.authorize(more).await;
            assert_eq!(page.location().path(), "/u/login");
            let shown = world.get(page.header("location")).await.text;
            assert!(shown.contains("Continue with Google"), "{shown}");
            for absent in [
                "type=\"password\"",
                "name=\"username\"",
                "/u/signup",
                "/u/reset-password",
            ] {
                assert!(!shown.contains(absent), "{absent}: {shown}");
            }
        }
        // A user of an enterprise connection gives the address alone.
        let mut world = self::world(&[
            json!({"name": "saml", "strategy": "samlp", "options": {"domain_aliases": ["corp.example"]}}),
        ]);
        let page = world.authorize(&[]).await;
        let shown = world.get(page.header("location")).await.text;
        assert!(shown.contains("name=\"username\"") && !shown.contains("type=\"password\""));
        let state = page.parameter("state").unwrap();
        let fields = [("state", state.as_str()), ("username", "a@corp.example")];
        let there = world.form("/u/login", &fields).await;
        assert_eq!(there.location().path(), "/u/provider");
    });
}

#[test]
fn a_code_signs_in_on_the_page_and_makes_the_user() {
    run(async {
        let mut world = world(&[email(), sms()]);
        let page = world.authorize(&[("screen_hint", "signup")]).await;
        assert_eq!(page.location().path(), "/u/passwordless");
        let state = page.parameter("state").unwrap();
        let shown = world.get(page.header("location")).await.text;
        assert!(shown.contains("type=\"email\"") && shown.contains("type=\"tel\""));
        let fields = |connection: &'static str, to: &'static str| {
            vec![
                ("state", state.clone()),
                ("connection", connection.to_owned()),
                ("to", to.to_owned()),
            ]
        };
        let post = async |world: &mut World, fields: Vec<(&'static str, String)>| {
            let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
            world
                .form("/u/passwordless", &fields.collect::<Vec<_>>())
                .await
        };
        for (connection, to, expected) in [
            ("sms", "555", "String does not match pattern"),
            ("email", "nowhere", "email format validation failed"),
            (DATABASE, "new@example.com", "not one of this login"),
        ] {
            let refused = post(&mut world, fields(connection, to)).await;
            assert_eq!(refused.status.as_u16(), 400);
            assert!(refused.text.contains(expected), "{}", refused.text);
        }
        let sent = post(&mut world, fields("email", "New@example.com")).await;
        assert!(sent.text.contains("We've sent a code"), "{}", sent.text);
        let mail = world.mails().await.pop().unwrap();
        assert_eq!(mail["to"], "new@example.com");
        assert_eq!(mail["url"], Value::Null);
        let code = mail["code"].as_str().unwrap().to_owned();
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for (code, is_right) in [(wrong, false), (code.as_str(), true)] {
            let mut fields = fields("email", "New@example.com");
            fields.push(("code", code.to_owned()));
            let back = post(&mut world, fields).await;
            if !is_right {
                assert_eq!(back.status.as_u16(), 400);
                assert!(back.text.contains("Wrong email or verification code."));
                continue;
            }
            let body = world.exchange(&back.code()).await.json();
            let claims = world.claims(&body["id_token"]);
            assert!(claims["sub"].as_str().unwrap().starts_with("email|"));
            assert_eq!(claims["email_verified"], true);
        }
        let event = world.last_event();
        assert_eq!(event["connection"]["name"], "email");
        assert_eq!(event["authentication"]["methods"][0]["name"], "email");
        assert_eq!(event["stats"]["logins_count"], 1);
        // The session counts, and the page is used up.
        world.authorize(&[("prompt", "none")]).await.code();
        let again = post(&mut world, fields("email", "new@example.com")).await;
        assert_eq!(again.status.as_u16(), 400);
    });
}

#[test]
fn a_connection_that_is_asked_for_has_its_own_page() {
    run(async {
        let mut world = world(&[email(), google()]);
        let asked = [("connection", "email"), ("login_hint", "jo@example.com")];
        let page = world.authorize(&asked).await;
        assert_eq!(page.location().path(), "/u/passwordless");
        let shown = world.get(page.header("location")).await.text;
        assert!(shown.contains("value=\"jo@example.com\""), "{shown}");
        let state = page.parameter("state").unwrap();
        let cancel = [("state", state.as_str()), ("action", "cancel")];
        let back = world.form("/u/passwordless", &cancel).await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        // Beside another site the page has both.
        let page = world.authorize(&[]).await;
        assert_eq!(page.location().path(), "/u/login");
        let shown = world.get(page.header("location")).await.text;
        assert!(shown.contains("Continue with Google") && shown.contains("/u/passwordless?state="));
        // Another login's page does not take a code.
        let page = world.authorize(&[("client_id", WEB)]).await;
        let state = page.parameter("state").unwrap();
        let other = world.get(&format!("/u/passwordless?state={state}")).await;
        assert_eq!(other.status.as_u16(), 400);
    });
}

#[test]
fn a_forgotten_password_is_changed_by_a_mail() {
    run(async {
        let mut data = export();
        data.clients[0]["initiate_login_uri"] = json!("https://app.example/login");
        let mut world = World::with(data, vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let shown = world.get(page.header("location")).await.text;
        let link = format!("/u/reset-password?state={state}");
        assert!(shown.contains(&link), "{shown}");
        assert!(world.get(&link).await.text.contains("name=\"username\""));
        for (login, mails) in [("unknown@example.com", 0), ("jane@example.com", 1)] {
            let fields = [("state", state.as_str()), ("username", login)];
            let sent = world.form("/u/reset-password", &fields).await.text;
            assert!(sent.contains("Check Your Email"), "{sent}");
            assert_eq!(world.mails().await.len(), mails, "{login}");
        }
        let mail = world.mails().await.pop().unwrap();
        assert_eq!(mail["template"], "reset_email");
        let (_, ticket) = mail["url"].as_str().unwrap().split_once("ticket=").unwrap();
        let fields = [("ticket", ticket), ("password", "new-Long-secret-1")];
        let changed = world.form("/u/ticket", &fields).await.text;
        assert!(changed.contains("Password Changed!"), "{changed}");
        assert!(
            changed.contains("href=\"https://app.example/login\"")
                && changed.contains("Back to SPA"),
            "{changed}"
        );
        let fields = [
            ("state", state.as_str()),
            ("username", "jane@example.com"),
            ("password", "new-Long-secret-1"),
        ];
        world.form("/u/login", &fields).await.code();
    });
}

#[test]
fn a_database_without_self_service_has_no_such_page() {
    run(async {
        let mut data = export();
        data.connections[0]["options"] = json!({"disable_self_service_change_password": true});
        let mut world = World::with(data, vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let shown = world.get(page.header("location")).await.text;
        assert!(!shown.contains("Forgot password?"), "{shown}");
        let fields = [("state", state.as_str()), ("username", "jane@example.com")];
        let refused = world.form("/u/reset-password", &fields).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
        assert!(world.mails().await.is_empty());
        // The endpoint of the API is another matter.
        let body = json!({"client_id": SPA, "connection": DATABASE, "email": "jane@example.com"});
        let json = [("content-type", "application/json")];
        let path = "/dbconnections/change_password";
        world
            .send(Method::POST, path, &json, body.to_string())
            .await;
        assert_eq!(world.mails().await.len(), 1);
    });
}
