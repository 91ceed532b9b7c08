//! Organizations by the Management API: members, roles, connections, invitations.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{CALLBACK, MACHINE, SPA, World, export, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// A tenant whose application takes organizations and has a page that begins a login.
fn world() -> World {
    let mut data = export();
    data.clients[0]["organization_usage"] = json!("allow");
    data.clients[0]["initiate_login_uri"] = json!("https://app.example/login");
    World::with(data, vec![])
}

async fn bare(world: &mut World, token: &str) -> String {
    let body = json!({"name": "new-co", "display_name": "New Co", "metadata": {"tier": "gold"}, "branding": {"logo_url": "https://x/y.png"}});
    let (status, made) = world.api(POST, "organizations", token, body).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// The same with the database, so that users can sign in.
async fn made(world: &mut World, token: &str) -> String {
    let id = bare(world, token).await;
    let (_, connections) = world
        .api(GET, "connections?strategy=auth0", token, Value::Null)
        .await;
    let body = json!({"connection_id": connections[0]["id"]});
    let path = format!("organizations/{id}/enabled_connections");
    assert_eq!(world.api(POST, &path, token, body).await.0, 201);
    id
}

#[test]
fn an_organization_is_made_used_and_removed() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        assert!(id.starts_with("org_") && id.len() == 20, "{id}");
        assert_eq!(
            world
                .api(POST, "organizations", &token, json!({"name": "new-co"}))
                .await
                .0,
            409
        );
        let path = format!("organizations/{id}");
        let (_, named) = world
            .api(GET, "organizations/name/new-co", &token, Value::Null)
            .await;
        assert_eq!(
            (&named["id"], &named["metadata"]),
            (&json!(id), &json!({"tier": "gold"}))
        );
        let page = world.authorize(&[("organization", "new-co")]).await;
        assert_eq!(
            world.sign_in(&page).await.parameter("error").as_deref(),
            Some("access_denied")
        );
        let members = json!({"members": ["auth0|1"]});
        assert_eq!(
            world
                .api(POST, &format!("{path}/members"), &token, members.clone())
                .await
                .0,
            204
        );
        world.log_in(&[("organization", &id)]).await;
        assert_eq!(world.last_event()["organization"]["display_name"], "New Co");

        let (_, changed) = world
            .api(PATCH, &path, &token, json!({"display_name": "Newer"}))
            .await;
        assert_eq!(changed["display_name"], "Newer");
        assert_eq!(
            world
                .api(PATCH, &path, &token, json!({"name": "acme"}))
                .await
                .0,
            409
        );
        assert_eq!(world.api(DELETE, &path, &token, Value::Null).await.0, 204);
        assert_eq!(world.api(GET, &path, &token, Value::Null).await.0, 404);
        let (_, own) = world
            .api(GET, "users/auth0%7C1/organizations", &token, Value::Null)
            .await;
        assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
        assert_eq!(
            world.refusal(&[("organization", &id)]).await,
            "invalid_request"
        );
    });
}

#[test]
fn roles_of_a_member_count_in_logins_to_the_organization() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let (_, roles) = world
            .api(GET, "roles?name_filter=viewer", &token, Value::Null)
            .await;
        let role = roles[0]["id"].as_str().unwrap().to_owned();
        let path = format!("organizations/{id}/members/auth0%7C1/roles");
        let body = json!({"roles": [role]});
        let (status, refused) = world.api(POST, &path, &token, body.clone()).await;
        assert_eq!(
            (status, &refused["errorCode"]),
            (404, &json!("inexistent_organization_member"))
        );
        let members = format!("organizations/{id}/members");
        world
            .api(POST, &members, &token, json!({"members": ["auth0|1"]}))
            .await;
        assert_eq!(world.api(POST, &path, &token, body.clone()).await.0, 204);
        assert_eq!(
            world
                .api(POST, &path, &token, json!({"roles": ["rol_nope"]}))
                .await
                .0,
            404
        );
        let (_, listed) = world.api(GET, &path, &token, Value::Null).await;
        assert_eq!(
            (listed.as_array().unwrap().len(), &listed[0]["name"]),
            (1, &json!("viewer"))
        );
        let (_, listed) = world
            .api(
                GET,
                &format!("{members}?fields=user_id,roles"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(
            listed,
            json!([{"user_id": "auth0|1", "roles": [{"id": role, "name": "viewer"}]}])
        );

        // The user's own role `editor` does not count there.
        world.log_in(&[("organization", &id)]).await;
        assert_eq!(
            world.last_event()["authorization"]["roles"],
            json!(["viewer"])
        );
        world.log_in(&[]).await;
        assert_eq!(
            world.last_event()["authorization"]["roles"],
            json!(["editor"])
        );

        // They end with the membership.
        world
            .api(DELETE, &members, &token, json!({"members": ["auth0|1"]}))
            .await;
        world
            .api(POST, &members, &token, json!({"members": ["auth0|1"]}))
            .await;
        assert_eq!(
            world.api(GET, &path, &token, Value::Null).await.1,
            json!([])
        );
    });
}

#[test]
fn a_connection_that_is_enabled_assigns_membership() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = bare(&mut world, &token).await;
        let (_, connections) = world
            .api(GET, "connections?strategy=auth0", &token, Value::Null)
            .await;
        let connection = connections[0]["id"].as_str().unwrap().to_owned();
        let path = format!("organizations/{id}/enabled_connections");
        let body = json!({"connection_id": connection});
        let (status, enabled) = world.api(POST, &path, &token, body.clone()).await;
        assert_eq!(
            (status, &enabled["assign_membership_on_login"]),
            (201, &json!(false)),
            "{enabled}"
        );
        assert_eq!(
            enabled["connection"]["name"],
            "Username-Password-Authentication"
        );
        assert_eq!(world.api(POST, &path, &token, body).await.0, 409);
        let page = world.authorize(&[("organization", &id)]).await;
        assert_eq!(
            world.sign_in(&page).await.parameter("error").as_deref(),
            Some("access_denied")
        );
        let one = format!("{path}/{connection}");
        let (status, _) = world
            .api(
                PATCH,
                &one,
                &token,
                json!({"assign_membership_on_login": true}),
            )
            .await;
        assert_eq!(status, 200);
        let (_, listed) = world.api(GET, &path, &token, Value::Null).await;
        assert_eq!(listed[0]["assign_membership_on_login"], true, "{listed}");
        world
            .log_in(&[("organization", &id), ("prompt", "login")])
            .await;
        assert_eq!(world.api(DELETE, &one, &token, Value::Null).await.0, 204);
        assert_eq!(world.api(GET, &one, &token, Value::Null).await.0, 404);
        assert_eq!(
            world
                .api(PATCH, &one, &token, json!({"show_as_button": true}))
                .await
                .0,
            404
        );
    });
}

#[test]
fn a_client_grant_of_an_organization_lets_a_machine_in() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let audience = crate::support::API;
        let (_, grants) = world
            .api(
                GET,
                &format!("client-grants?client_id={MACHINE}"),
                &token,
                Value::Null,
            )
            .await;
        let grant = grants
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["audience"] == audience)
            .unwrap();
        let grant_id = grant["id"].as_str().unwrap().to_owned();
        let allow = json!({"organization_usage": "allow"});
        assert_eq!(
            world
                .api(PATCH, &format!("client-grants/{grant_id}"), &token, allow)
                .await
                .0,
            200
        );
        let machine = async |world: &mut World| {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", "machine-secret"),
                ("audience", audience),
                ("organization", &id),
            ];
            world.token(&fields).await.status.as_u16()
        };
        assert_eq!(machine(&mut world).await, 403);
        let path = format!("organizations/{id}/client-grants");
        let body = json!({"grant_id": grant_id});
        assert_eq!(world.api(POST, &path, &token, body.clone()).await.0, 201);
        assert_eq!(world.api(POST, &path, &token, body).await.0, 409);
        assert_eq!(machine(&mut world).await, 200);
        let (_, listed) = world.api(GET, &path, &token, Value::Null).await;
        assert_eq!(
            (listed.as_array().unwrap().len(), &listed[0]["id"]),
            (1, &json!(grant_id))
        );
        assert_eq!(
            world
                .api(DELETE, &format!("{path}/{grant_id}"), &token, Value::Null)
                .await
                .0,
            204
        );
        assert_eq!(machine(&mut world).await, 403);
    });
}

async fn invited(world: &mut World, token: &str, id: &str, email: &str) -> (u16, Value) {
    let (_, roles) = world
        .api(GET, "roles?name_filter=viewer", token, Value::Null)
        .await;
    let body = json!({
        "inviter": {"name": "Jane"}, "invitee": {"email": email}, "client_id": SPA, "roles": [roles[0]["id"]],
        "app_metadata": {"invited": true}, "ttl_sec": 3600,
    });
    world
        .api(
            POST,
            &format!("organizations/{id}/invitations"),
            token,
            body,
        )
        .await
}

/// The login that the link of an invitation begins at the application.
fn parameters(invitation: &Value) -> Vec<(String, String)> {
    let url = url::Url::parse(invitation["invitation_url"].as_str().unwrap()).unwrap();
    assert!(
        url.as_str().starts_with("https://app.example/login?"),
        "{url}"
    );
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[test]
fn who_accepts_an_invitation_becomes_a_member() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let (status, invitation) = invited(&mut world, &token, &id, "Joe@example.com").await;
        assert_eq!(status, 200, "{invitation}");
        let mails = world.mails().await;
        let mail = mails.last().unwrap();
        assert_eq!(
            (&mail["template"], &mail["to"]),
            (&json!("user_invitation"), &json!("joe@example.com"))
        );
        assert_eq!(mail["url"], invitation["invitation_url"]);
        assert!(
            mail["body"].as_str().unwrap().contains("invitation="),
            "{mail}"
        );

        let parameters = parameters(&invitation);
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = world.authorize(&parameters).await;
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("username", "joe@example.com"),
            ("password", "joe-secret"),
        ];
        let back = world.form("/u/login", &fields).await;
        let tokens = world.exchange(&back.code()).await.json();
        assert_eq!(world.claims(&tokens["id_token"])["org_id"], json!(id));
        assert_eq!(
            world.last_event()["authorization"]["roles"],
            json!(["viewer"])
        );
        let (_, joe) = world.api(GET, "users/auth0%7C2", &token, Value::Null).await;
        assert_eq!(
            (&joe["app_metadata"]["invited"], &joe["email_verified"]),
            (&json!(true), &json!(true))
        );
        let (_, left) = world
            .api(
                GET,
                &format!("organizations/{id}/invitations"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(left, json!([]));
        // It is good once.
        world.cookies.clear();
        let page = world.authorize(&parameters).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"));
    });
}

/// Source: <https://community.auth0.com/t/132837>.
#[test]
fn another_account_consumes_an_invitation() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let (_, invitation) = invited(&mut world, &token, &id, "joe@example.com").await;
        let parameters = parameters(&invitation);
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = world.authorize(&parameters).await;
        let back = world.sign_in(&page).await;
        let text = "the specified account is not allowed to accept the current invitation";
        assert_eq!(
            (
                back.parameter("error").as_deref(),
                back.parameter("error_description").as_deref()
            ),
            (Some("access_denied"), Some(text))
        );
        for path in ["members", "invitations"] {
            let path = format!("organizations/{id}/{path}");
            let (_, listed) = world.api(GET, &path, &token, Value::Null).await;
            assert_eq!(listed, json!([]), "{path}");
        }
        let (_, logs) = world.api(GET, "logs?q=type:fi", &token, Value::Null).await;
        assert_eq!(
            (&logs[0]["description"], &logs[0]["user_id"]),
            (&json!(text), &json!("auth0|1")),
            "{logs}"
        );
        world.cookies.clear();
        let page = world.authorize(&parameters).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"));
    });
}

/// Who has no account yet signs up with the link: the pages say who invites to what, and the address is in place.
#[test]
fn an_invitation_is_shown_and_accepted_by_a_sign_up() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let (_, invitation) = invited(&mut world, &token, &id, "new@example.com").await;
        let parameters = parameters(&invitation);
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = world.authorize(&parameters).await;
        let state = page.parameter("state").unwrap();
        for path in ["/u/login", "/u/signup"] {
            let shown = world.get(&format!("{path}?state={state}")).await.text;
            assert!(
                shown.contains("Jane has invited new@example.com to New Co."),
                "{shown}"
            );
            assert!(shown.contains("value=\"new@example.com\""), "{shown}");
        }
        let fields = [
            ("state", state.as_str()),
            ("email", "new@example.com"),
            ("password", "A-secret-of-1"),
        ];
        let back = world.form("/u/signup", &fields).await;
        let tokens = world.exchange(&back.code()).await.json();
        let claims = world.claims(&tokens["id_token"]);
        assert_eq!(claims["org_id"], json!(id));
        let event = world.last_event();
        assert_eq!(event["user"]["app_metadata"]["invited"], json!(true));
        let (_, members) = world
            .api(
                GET,
                &format!("organizations/{id}/members"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(members[0]["email"], "new@example.com", "{members}");

        // Without the link, with that of another application, or with one that is used, the pages show nothing of it.
        world.cookies.clear();
        for more in [vec![], parameters] {
            let page = world.authorize(&more).await;
            let state = page.parameter("state").unwrap();
            let shown = world.get(&format!("/u/login?state={state}")).await.text;
            assert!(!shown.contains("invited"), "{shown}");
        }
    });
}

#[test]
fn invitations_are_listed_and_end() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let id = made(&mut world, &token).await;
        let (_, one) = invited(&mut world, &token, &id, "a@example.com").await;
        world.advance(10).await;
        let (_, two) = invited(&mut world, &token, &id, "b@example.com").await;
        let path = format!("organizations/{id}/invitations");
        for (query, first) in [
            ("", &two),
            ("?sort=created_at:1", &one),
            ("?per_page=1&page=1", &one),
        ] {
            let (_, listed) = world
                .api(GET, &format!("{path}{query}"), &token, Value::Null)
                .await;
            assert_eq!(&listed[0], first, "{query}");
        }
        let one_path = format!("{path}/{}", one["id"].as_str().unwrap());
        assert_eq!(world.api(GET, &one_path, &token, Value::Null).await.1, one);
        // Not by another organization.
        let acme = world
            .api(GET, "organizations/name/acme", &token, Value::Null)
            .await
            .1;
        let foreign = format!(
            "organizations/{}/invitations/{}",
            acme["id"].as_str().unwrap(),
            one["id"].as_str().unwrap()
        );
        assert_eq!(world.api(GET, &foreign, &token, Value::Null).await.0, 404);
        assert_eq!(
            world.api(DELETE, &foreign, &token, Value::Null).await.0,
            404
        );
        assert_eq!(
            world.api(DELETE, &one_path, &token, Value::Null).await.0,
            204
        );
        assert_eq!(world.api(GET, &one_path, &token, Value::Null).await.0, 404);
        world.advance(3_601).await;
        assert_eq!(
            world.api(GET, &path, &token, Value::Null).await.1,
            json!([])
        );

        let check = async |world: &mut World, change: Value, status: u16, part: &str| {
            let mut body = json!({"inviter": {"name": "Jane"}, "invitee": {"email": "c@example.com"}, "client_id": SPA});
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            let (found, refused) = world.api(POST, &path, &token, body).await;
            assert_eq!(found, status, "{change}: {refused}");
            assert!(
                refused["message"].as_str().unwrap().contains(part),
                "{refused}"
            );
        };
        check(
            &mut world,
            json!({"invitee": {"email": "no"}}),
            400,
            "format email",
        )
        .await;
        check(
            &mut world,
            json!({"invitee": {}}),
            400,
            "Missing required property: email",
        )
        .await;
        check(
            &mut world,
            json!({"client_id": "nobody"}),
            404,
            "client does not exist",
        )
        .await;
        check(
            &mut world,
            json!({"client_id": MACHINE}),
            400,
            "organization_usage",
        )
        .await;
        check(
            &mut world,
            json!({"roles": ["rol_x"]}),
            404,
            "role does not exist",
        )
        .await;
        check(&mut world, json!({"ttl_sec": 2_592_001}), 400, "ttl_sec").await;
        check(
            &mut world,
            json!({"connection_id": "con_x"}),
            404,
            "connection does not exist",
        )
        .await;
        let bare = json!({"name": "bare", "organization_usage": "allow", "callbacks": [CALLBACK]});
        let (_, client) = world.api(POST, "clients", &token, bare).await;
        check(
            &mut world,
            json!({"client_id": client["client_id"]}),
            400,
            "initiate_login_uri",
        )
        .await;
    });
}
