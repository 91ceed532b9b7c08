//! The connections of an organization: members sign in and sign up by those alone.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World, by_password, export, run};
use crate::triggers::DATABASE;

const PASSWORD: &str = "Aa1!Aa1!Aa1!xyz";

/// Jane's organization, with these entries.
fn world(connections: Value) -> World {
    let mut data = export();
    data.organizations[0]["connections"] = connections;
    data.connections
        .push(json!({"name": "google-oauth2", "strategy": "google-oauth2"}));
    data.connections
        .push(json!({"name": "github", "strategy": "github"}));
    World::with(data, vec![])
}

fn said(answer: &Answer) -> String {
    answer.parameter("error_description").unwrap_or_default()
}

const CLOSED: &str = "no connections enabled for the organization";
const REFUSED: &str = "the connection is not enabled for the organization";

#[test]
fn a_member_signs_in_by_a_connection_of_the_organization_alone() {
    run(async {
        for (connections, expected) in [
            (json!([{"name": DATABASE}]), true),
            (json!([]), false),
            (json!([{"name": "google-oauth2"}]), false),
            (Value::Null, false),
        ] {
            let mut world = world(connections.clone());
            let page = world.authorize(&[("organization", "acme")]).await;
            if matches!(&connections, Value::Null) || connections == json!([]) {
                assert_eq!(said(&page), CLOSED);
            } else {
                let back = world.sign_in(&page).await;
                assert_eq!(back.parameter("code").is_some(), expected, "{connections}");
                if !expected {
                    assert_eq!(said(&back), REFUSED);
                }
            }
            let grant = world.token(&by_password(&[("organization", "acme")])).await;
            assert_eq!(grant.status.as_u16() == 200, expected, "{connections}");
            // Without an organization its list does not count.
            let page = world.authorize(&[("prompt", "login")]).await;
            world.sign_in(&page).await.code();
            let silent = world
                .authorize(&[("prompt", "none"), ("organization", "acme")])
                .await;
            assert_eq!(
                silent.parameter("code").is_some(),
                expected,
                "{connections}"
            );
        }
    });
}

#[test]
fn the_page_and_the_parameter_have_its_providers() {
    run(async {
        let mut world = world(json!([
            {"name": DATABASE}, {"name": "github", "show_as_button": false}
        ]));
        let page = world.authorize(&[("organization", "acme")]).await;
        let page = world.get(page.header("location")).await;
        assert!(!page.text.contains("Google") && !page.text.contains("GitHub"));
        let refused = world
            .authorize(&[("organization", "acme"), ("connection", "google-oauth2")])
            .await;
        assert_eq!(said(&refused), REFUSED);
        let shown = world
            .authorize(&[("organization", "acme"), ("connection", "github")])
            .await;
        assert!(shown.location().path().starts_with("/u/provider"));
        let page = world.authorize(&[]).await;
        let page = world.get(page.header("location")).await;
        assert!(page.text.contains("Google") && page.text.contains("GitHub"));
    });
}

#[test]
fn users_sign_up_where_the_organization_lets_them() {
    run(async {
        for (signs_up, expected) in [(true, true), (false, false)] {
            let mut world = world(json!([
                {"name": DATABASE, "assign_membership_on_login": true, "is_signup_enabled": signs_up}
            ]));
            let asked = [("organization", "acme"), ("screen_hint", "signup")];
            let opened = world.authorize(&asked).await;
            let path = opened.location().path().to_owned();
            assert_eq!(path == "/u/signup", expected, "{path}");
            let login = world.authorize(&[("organization", "acme")]).await;
            let page = world.get(login.header("location")).await;
            assert_eq!(page.text.contains("/u/signup"), expected);
            let state = login.parameter("state").unwrap();
            let fields = [
                ("state", state.as_str()),
                ("email", "zoe@example.com"),
                ("password", PASSWORD),
            ];
            let back = world.form("/u/signup", &fields).await;
            assert_eq!(back.status.is_redirection(), expected, "{}", back.text);
            let users = world.users().await;
            let is_there = users.iter().any(|user| user["email"] == "zoe@example.com");
            assert_eq!(is_there, expected);
        }
    });
}

#[test]
fn an_organization_that_the_management_api_makes_has_the_connections_that_it_is_given() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let new = json!({"name": "made"});
        let (_, made) = world.api(Method::POST, "organizations", &token, new).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let members = json!({"members": ["auth0|1"]});
        let path = format!("organizations/{id}/members");
        world.api(Method::POST, &path, &token, members).await;
        let page = world.authorize(&[("organization", &id)]).await;
        assert_eq!(said(&page), CLOSED);
        let path = "connections?strategy=auth0";
        let (_, found) = world.api(Method::GET, path, &token, Value::Null).await;
        let body = json!({"connection_id": found[0]["id"]});
        let path = format!("organizations/{id}/enabled_connections");
        let (status, _) = world.api(Method::POST, &path, &token, body).await;
        assert_eq!(status, 201);
        let page = world
            .authorize(&[("organization", &id), ("prompt", "login")])
            .await;
        world.sign_in(&page).await.code();
    });
}
