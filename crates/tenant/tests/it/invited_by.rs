//! Invitations that name a connection, and those that are not good: what `/authorize` does before any page.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, SPA, World, export, run};
use crate::triggers::DATABASE;

/// An organization with two databases and Google, and Joe, who has a password in the first one.
async fn world() -> (World, String, String) {
    let mut data = export();
    data.clients[0]["initiate_login_uri"] = json!("https://app.example/login");
    data.connections
        .push(json!({"name": "db2", "strategy": "auth0"}));
    data.connections
        .push(json!({"name": "google-oauth2", "strategy": "google-oauth2"}));
    data.organizations[0]["connections"] =
        json!([{"name": DATABASE}, {"name": "db2"}, {"name": "google-oauth2"}]);
    let mut world = World::with(data, vec![]);
    let token = world.machine_token(None).await;
    let (_, acme) = world
        .api(Method::GET, "organizations/name/acme", &token, Value::Null)
        .await;
    (world, token, acme["id"].as_str().unwrap().to_owned())
}

/// Invites Joe by a connection, and returns the status and the answer.
async fn invited(world: &mut World, (token, id): (&str, &str), more: Value) -> (u16, Value) {
    let mut body = json!({"inviter": {"name": "Jane"}, "invitee": {"email": "joe@example.com"}, "client_id": SPA});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let path = format!("organizations/{id}/invitations");
    world.api(Method::POST, &path, token, body).await
}

async fn connection(world: &mut World, token: &str, name: &str) -> Value {
    let path = format!("connections?name={name}");
    let (_, found) = world.api(Method::GET, &path, token, Value::Null).await;
    found[0]["id"].clone()
}

async fn is_member(world: &mut World, token: &str, id: &str) -> bool {
    let path = format!("organizations/{id}/members");
    let (_, members) = world.api(Method::GET, &path, token, Value::Null).await;
    let mut members = members.as_array().unwrap().iter();
    members.any(|member| member["email"] == "joe@example.com")
}

async fn as_joe(world: &mut World, page: &Answer) -> Answer {
    let state = page.parameter("state").expect("a page");
    let fields = [
        ("state", state.as_str()),
        ("username", "joe@example.com"),
        ("password", "joe-secret"),
    ];
    world.form("/u/login", &fields).await
}

#[test]
fn an_invitation_forces_the_connection_that_it_names() {
    run(async {
        let (mut world, token, id) = world().await;
        let google = connection(&mut world, &token, "google-oauth2").await;
        let asked = json!({"connection_id": google});
        let (_, made) = invited(&mut world, (&token, &id), asked).await;
        let ticket = made["ticket_id"].as_str().unwrap().to_owned();
        let link = [
            ("invitation", ticket.as_str()),
            ("organization", id.as_str()),
        ];
        // Joe is signed in by his password, which does not count here, nor does a connection that the request names.
        let page = world.authorize(&[]).await;
        as_joe(&mut world, &page).await.code();
        for more in [
            &link[..],
            &[&link[..], &[("connection", DATABASE)]].concat(),
        ] {
            let page = world.authorize(more).await;
            assert_eq!(page.location().path(), "/u/provider");
            assert_eq!(
                page.parameter("connection").as_deref(),
                Some("google-oauth2")
            );
            let refused = as_joe(&mut world, &page).await;
            assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
        }
        let silent = [&link[..], &[("prompt", "none")]].concat();
        assert_eq!(world.refusal(&silent).await, "login_required");
        assert!(!is_member(&mut world, &token, &id).await);

        let page = world.authorize(&link).await;
        let state = page.parameter("state").unwrap();
        let identity = json!({"id": "g1", "email": "joe@example.com"}).to_string();
        let fields = [
            ("state", state.as_str()),
            ("connection", "google-oauth2"),
            ("identity", &identity),
        ];
        let back = world.form("/u/provider", &fields).await;
        let back = world.get(back.location().as_str()).await;
        let body = world.exchange(&back.code()).await.json();
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["org_id"]),
            (&json!("google-oauth2|g1"), &json!(id))
        );
        assert!(is_member(&mut world, &token, &id).await);
    });
}

#[test]
fn a_user_of_another_database_does_not_accept_an_invitation() {
    run(async {
        for (name, expected) in [("db2", false), (DATABASE, true)] {
            let (mut world, token, id) = world().await;
            let asked = json!({"connection_id": connection(&mut world, &token, name).await});
            let (_, made) = invited(&mut world, (&token, &id), asked).await;
            let ticket = made["ticket_id"].as_str().unwrap().to_owned();
            let link = [
                ("invitation", ticket.as_str()),
                ("organization", id.as_str()),
            ];
            let page = world.authorize(&link).await;
            assert_eq!(page.location().path(), "/u/login");
            let back = as_joe(&mut world, &page).await;
            assert_eq!(back.status.is_redirection(), expected, "{}", back.text);
            assert_eq!(is_member(&mut world, &token, &id).await, expected);
        }
    });
}

#[test]
fn an_invitation_that_is_not_good_is_refused_before_any_page() {
    run(async {
        let (mut world, token, id) = world().await;
        let said = async |world: &mut World, more: &[(&str, &str)]| {
            let answer = world.authorize(more).await;
            assert_eq!(
                answer.parameter("error").as_deref(),
                Some("invalid_request"),
                "{}",
                answer.header("location")
            );
            answer.parameter("error_description").unwrap()
        };
        let unknown = "invitation not found or already used";
        let (_, gone) = invited(&mut world, (&token, &id), json!({})).await;
        let path = format!(
            "organizations/{id}/invitations/{}",
            gone["id"].as_str().unwrap()
        );
        world.api(Method::DELETE, &path, &token, Value::Null).await;
        let (_, over) = invited(&mut world, (&token, &id), json!({"ttl_sec": 1})).await;
        world.advance(2).await;
        let token = world.machine_token(None).await;
        let (_, good) = invited(&mut world, (&token, &id), json!({})).await;
        for ticket in [&json!("nope"), &gone["ticket_id"], &over["ticket_id"]] {
            let ticket = ticket.as_str().unwrap();
            let more = [("invitation", ticket), ("organization", id.as_str())];
            assert_eq!(said(&mut world, &more).await, unknown, "{ticket}");
        }
        let ticket = good["ticket_id"].as_str().unwrap();
        let alone = said(&mut world, &[("invitation", ticket)]).await;
        assert_eq!(
            alone,
            "The parameter invitation needs the parameter organization."
        );
        let more = [("invitation", ticket), ("organization", id.as_str())];
        let page = world.authorize(&more).await;
        as_joe(&mut world, &page).await.code();
        // Joe is signed in and a member by now: the link lets him in again, and no one else.
        world.authorize(&more).await.code();
        world.cookies.clear();
        assert_eq!(said(&mut world, &more).await, unknown);
    });
}

#[test]
fn metadata_of_an_invitation_have_the_names_that_a_user_may_have() {
    run(async {
        let (mut world, token, id) = world().await;
        for (body, expected) in [
            (
                json!({"app_metadata": {"email": "x"}}),
                "Forbidden attribute in app_metadata: email",
            ),
            (
                json!({"user_metadata": {"a.b": 1}}),
                "Property names must not contain . or $",
            ),
        ] {
            let (status, answer) = invited(&mut world, (&token, &id), body).await;
            assert_eq!(status, 400, "{answer}");
            let message = answer["message"].as_str().unwrap();
            assert!(message.contains(expected), "{message}");
        }
    });
}
