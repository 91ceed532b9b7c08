//! The Management API beyond users: tickets, sessions, permissions, organizations, client grants.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, MACHINE, SPA, World, export, run};

fn world() -> World {
    let mut data = export();
    data.roles[0]["permissions"] = json!([
        {"permission_name": "read:x", "resource_server_identifier": API},
        {"permission_name": "write:x", "resource_server_identifier": API},
    ]);
    data.roles[1]["permissions"] =
        json!([{"permission_name": "read:x", "resource_server_identifier": API}]);
    data.organizations[0]["connections"] = json!([
        {"name": "Username-Password-Authentication", "assign_membership_on_login": true},
        {"name": "gone"},
    ]);
    World::with(data, vec![])
}

async fn post(world: &mut World, path: &str, body: Value) -> (StatusCode, Value) {
    let token = world.machine_token(None).await;
    let answer = world
        .json_as(Method::POST, &format!("/api/v2/{path}"), &token, body)
        .await;
    (answer.status, answer.json())
}

async fn get(world: &mut World, path: &str) -> Value {
    let token = world.machine_token(None).await;
    let answer = world.get_as(&format!("/api/v2/{path}"), &token).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

#[test]
fn a_ticket_changes_a_password_once_and_runs_out() {
    run(async {
        let mut world = world();
        let ask = json!({"user_id": "auth0|1", "ttl_sec": 60});
        let (status, made) = post(&mut world, "tickets/password-change", ask.clone()).await;
        assert_eq!(status, StatusCode::CREATED);
        let link = made["ticket"].as_str().unwrap().to_owned();
        assert!(world.get(&link).await.text.contains("New password"));
        // No mail: the application sends it.
        assert!(world.mails().await.is_empty());
        let (_, ticket) = link.split_once("ticket=").unwrap();
        let fields = [("ticket", ticket), ("password", "new-Long-secret-1")];
        assert!(
            world
                .form("/u/ticket", &fields)
                .await
                .text
                .contains("Password Changed")
        );
        assert_eq!(world.get(&link).await.status, StatusCode::BAD_REQUEST);
        let (_, made) = post(&mut world, "tickets/password-change", ask).await;
        world.advance(61).await;
        let late = world.get(made["ticket"].as_str().unwrap()).await;
        assert_eq!(late.status, StatusCode::BAD_REQUEST);
        for (body, expected) in [
            (json!({"user_id": "auth0|9"}), StatusCode::NOT_FOUND),
            (json!({}), StatusCode::BAD_REQUEST),
            (
                json!({"user_id": "auth0|1", "ttl_sec": -1}),
                StatusCode::BAD_REQUEST,
            ),
            (
                json!({"email": "jane@example.com", "connection_id": "con_x"}),
                StatusCode::NOT_FOUND,
            ),
        ] {
            let (status, _) = post(&mut world, "tickets/password-change", body).await;
            assert_eq!(status, expected);
        }
    });
}

#[test]
fn an_address_is_verified_by_a_ticket_and_by_a_mail() {
    run(async {
        let mut world = world();
        let about = json!({"user_id": "auth0|2"});
        let acme = get(&mut world, "organizations/name/acme").await["id"].clone();
        let foreign = json!({"user_id": "auth0|2", "organization_id": acme});
        let (status, said) = post(&mut world, "tickets/email-verification", foreign).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        assert_eq!(
            said["message"],
            format!(
                "The user with id auth0|2 is not a member of organization with id {}.",
                acme.as_str().unwrap()
            )
        );
        let (status, made) = post(&mut world, "tickets/email-verification", about.clone()).await;
        assert_eq!(status, StatusCode::CREATED);
        world.get(made["ticket"].as_str().unwrap()).await;
        assert_eq!(
            get(&mut world, "users/auth0%7C2").await["email_verified"],
            true
        );
        let (status, job) = post(&mut world, "jobs/verification-email", about).await;
        assert_eq!(status, StatusCode::CREATED);
        assert_eq!(job["type"], "verification_email");
        // The job is known by its id.
        let id = job["id"].as_str().unwrap();
        let known = get(&mut world, &format!("jobs/{id}")).await;
        assert_eq!(
            (&job["status"], &known["status"], &known["id"]),
            (&json!("pending"), &json!("completed"), &json!(id))
        );
        assert_eq!(world.mails().await[0]["template"], "verify_email");
    });
}

#[test]
fn sessions_are_listed_and_ended_and_their_refresh_tokens_outlive_them() {
    run(async {
        let mut world = world();
        let body = world.log_in(&[("scope", "openid offline_access")]).await;
        let listed = get(&mut world, "users/auth0%7C1/sessions").await;
        let session = listed["sessions"][0].clone();
        assert_eq!(session["user_id"], "auth0|1");
        assert_eq!(session["clients"][0]["client_id"], SPA);
        let id = session["id"].as_str().unwrap();
        assert_eq!(get(&mut world, &format!("sessions/{id}")).await, session);
        let token = world.machine_token(None).await;
        let target = format!("/api/v2/sessions/{id}");
        let ended = world
            .json_as(Method::DELETE, &target, &token, Value::Null)
            .await;
        assert_eq!(ended.status, StatusCode::ACCEPTED);
        let again = world
            .json_as(Method::DELETE, &target, &token, Value::Null)
            .await;
        assert_eq!(again.status, StatusCode::ACCEPTED);
        // The browser has no session any more; its application keeps the refresh token.
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
        let refresh = body["refresh_token"].as_str().unwrap();
        let answer = world
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", refresh),
            ])
            .await;
        assert!(answer.json()["access_token"].is_string(), "{}", answer.text);
    });
}

#[test]
fn permissions_come_from_roles_with_their_sources() {
    run(async {
        let mut world = world();
        let roles = get(&mut world, "roles").await;
        let (editor, viewer) = (roles[0]["id"].clone(), roles[1]["id"].clone());
        let token = world.machine_token(None).await;
        let body = json!({"roles": [viewer]});
        world
            .json_as(Method::POST, "/api/v2/users/auth0%7C1/roles", &token, body)
            .await;
        let listed = get(&mut world, "users/auth0%7C1/permissions").await;
        assert_eq!(listed[0]["permission_name"], "read:x");
        assert_eq!(listed[0]["resource_server_name"], "API");
        assert_eq!(listed[0]["sources"].as_array().unwrap().len(), 2);
        assert_eq!(listed[1]["sources"].as_array().unwrap().len(), 1);
        let path = format!("roles/{}/permissions", editor.as_str().unwrap());
        assert_eq!(get(&mut world, &path).await.as_array().unwrap().len(), 2);
    });
}

#[test]
fn organizations_and_grants_are_read_as_the_export_has_them() {
    run(async {
        let mut world = world();
        let acme = get(&mut world, "organizations/name/acme").await;
        assert_eq!(acme["display_name"], "Acme");
        let path = format!(
            "organizations/{}/enabled_connections",
            acme["id"].as_str().unwrap()
        );
        let enabled = get(&mut world, &path).await;
        assert_eq!(enabled.as_array().unwrap().len(), 1);
        assert_eq!(enabled[0]["assign_membership_on_login"], true);
        assert_eq!(enabled[0]["connection"]["strategy"], "auth0");
        let grants = get(&mut world, &format!("client-grants?client_id={MACHINE}")).await;
        assert_eq!(grants.as_array().unwrap().len(), 2);
        // The export has the name of the application; the API has its id.
        assert!(
            grants
                .as_array()
                .unwrap()
                .iter()
                .all(|it| it["client_id"] == MACHINE)
        );
        let one = get(
            &mut world,
            "client-grants?audience=https%3A%2F%2Fapi.example.com",
        )
        .await;
        assert_eq!(one[0]["scope"], json!(["read:x"]));
        let token = world.machine_token(Some("read:users")).await;
        let refused = world.get_as("/api/v2/client-grants", &token).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn a_link_ends_at_the_result_url() {
    run(async {
        let mut world = world();
        let user = json!({"user_id": "auth0|1", "result_url": "https://app.example/done?x=1"});
        let ticket = async |world: &mut World, path: &str, more: &[(&str, Value)]| {
            let mut body = user.clone();
            for (key, value) in more {
                body[*key] = value.clone();
            }
            post(world, path, body).await
        };
        let includes = [("includeEmailInRedirect", json!(true))];
        let (_, made) = ticket(&mut world, "tickets/email-verification", &includes).await;
        let answer = world.get(made["ticket"].as_str().unwrap()).await;
        assert_eq!(
            answer.header("location"),
            "https://app.example/done?x=1&email=jane%40example.com&success=true\
             &message=Your+email+was+verified.+You+can+continue+using+the+application."
        );
        let (_, made) = ticket(&mut world, "tickets/password-change", &[]).await;
        let link = made["ticket"].as_str().unwrap();
        let (_, secret) = link.split_once("ticket=").unwrap();
        let fields = [("ticket", secret), ("password", "new-Long-secret-1")];
        let left = world.form("/u/ticket", &fields).await;
        let left = format!("{} {}", left.header("location"), left.text).replace("&amp;", "&");
        let target = "https://app.example/done?x=1&success=true&message=You+can+now+login";
        assert!(left.contains(target), "{left}");
        for more in [
            ("client_id", json!(SPA)),
            ("organization_id", json!("org_1")),
            ("result_url", json!("javascript:alert(1)")),
        ] {
            let (status, _) = ticket(&mut world, "tickets/password-change", &[more]).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        }

        let mut data = export();
        data.email_templates = vec![json!({
            "template": "verify_email", "resultUrl": "https://app.example/{{ application.name }}",
        })];
        let mut world = World::with(data, vec![]);
        let body = json!({"user_id": "auth0|2", "client_id": SPA});
        post(&mut world, "jobs/verification-email", body).await;
        let link = world.mails().await[0]["url"].as_str().unwrap().to_owned();
        let answer = world.get(&link).await;
        let target = "https://app.example/SPA?success=true&message=";
        assert!(
            answer.header("location").starts_with(target),
            "{}",
            answer.header("location")
        );
    });
}

#[test]
fn the_head_of_a_link_uses_nothing_up() {
    run(async {
        let mut world = world();
        let ask = json!({"user_id": "auth0|2"});
        let (_, made) = post(&mut world, "tickets/email-verification", ask).await;
        let link = made["ticket"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            let head = world.send(Method::HEAD, &link, &[], "").await;
            assert_eq!((head.status, &*head.text), (StatusCode::OK, ""));
        }
        assert_ne!(
            get(&mut world, "users/auth0%7C2").await["email_verified"],
            true
        );
        assert_eq!(world.get(&link).await.status, StatusCode::OK);
        assert_eq!(
            get(&mut world, "users/auth0%7C2").await["email_verified"],
            true
        );
        // The discovery document has a head.
        let head = world
            .send(Method::HEAD, "/.well-known/openid-configuration", &[], "")
            .await;
        assert!(head.header("content-type").starts_with("application/json"));
    });
}

/// Source: <https://auth0.com/docs/api/management/v2/tickets/post-email-verification>, `client_id` and `organization_id`.
#[test]
fn a_link_leads_back_to_the_application() {
    run(async {
        let mut data = export();
        data.clients[0]["initiate_login_uri"] = json!("https://app.example/login?x=1");
        data.settings.insert(
            "default_redirection_uri".into(),
            json!("https://tenant.example/login"),
        );
        let mut world = World::with(data, vec![]);
        let acme = get(&mut world, "organizations/name/acme").await["id"].clone();
        let id = acme.as_str().unwrap();
        let organization = format!("organization_id={id}&amp;organization_name=acme");
        for (body, expected, name) in [
            (
                json!({"client_id": SPA}),
                "https://app.example/login?x=1\"".to_owned(),
                "SPA",
            ),
            (
                json!({"client_id": SPA, "organization_id": acme}),
                format!("https://app.example/login?x=1&amp;{organization}\""),
                "SPA",
            ),
            // An application without a page of its own has the tenant's.
            (
                json!({"client_id": MACHINE}),
                "https://tenant.example/login\"".to_owned(),
                "Machine",
            ),
            (
                json!({"organization_id": acme}),
                format!("https://tenant.example/login?{organization}\""),
                "example",
            ),
        ] {
            let mut ask = body.clone();
            ask["user_id"] = json!("auth0|1");
            let (_, made) = post(&mut world, "tickets/email-verification", ask.clone()).await;
            let verified = world.get(made["ticket"].as_str().unwrap()).await.text;
            let (_, made) = post(&mut world, "tickets/password-change", ask.clone()).await;
            let link = made["ticket"].as_str().unwrap();
            let (_, ticket) = link.split_once("ticket=").unwrap();
            let fields = [("ticket", ticket), ("password", "new-Long-secret-1")];
            let changed = world.form("/u/ticket", &fields).await.text;
            // Mails of one millisecond have no order in the outbox.
            world.advance(1).await;
            post(&mut world, "jobs/verification-email", ask).await;
            let mail = world.mails().await.pop().unwrap();
            let mailed = world.get(mail["url"].as_str().unwrap()).await.text;
            for shown in [verified, changed, mailed] {
                assert!(shown.contains(&expected), "{expected}: {shown}");
                assert!(shown.contains(&format!("Back to {name}")), "{shown}");
            }
        }
        let ask = json!({"user_id": "auth0|1", "organization_id": "org_unknown"});
        for path in ["tickets/email-verification", "tickets/password-change"] {
            let (status, answer) = post(&mut world, path, ask.clone()).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
        }
        // Without either there is no link.
        let mut world = World::new(vec![]);
        let ask = json!({"user_id": "auth0|1", "client_id": SPA});
        let (_, made) = post(&mut world, "tickets/email-verification", ask).await;
        let shown = world.get(made["ticket"].as_str().unwrap()).await.text;
        assert!(shown.contains("Email Verified") && !shown.contains("Back to"));
    });
}
