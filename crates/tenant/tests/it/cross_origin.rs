//! The requests of Lock: the settings of an application, and a login in the application's own page.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, CALLBACK, SPA, WEB, World, export, run};

const ORIGIN: &str = "http://localhost:5000";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

fn world() -> World {
    let mut data = export();
    data.clients[0]["cross_origin_authentication"] = json!(true);
    World::with(data, vec![])
}

fn credentials() -> Value {
    json!({
        "client_id": SPA, "credential_type": REALM, "realm": "Username-Password-Authentication",
        "username": "jane@example.com", "password": "jane-secret",
    })
}

async fn authenticate(world: &mut World, origin: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("origin", origin)];
    world
        .send(Method::POST, "/co/authenticate", &headers, body.to_string())
        .await
}

fn authorize(client: &str, ticket: &str) -> String {
    format!(
        "/authorize?client_id={client}&redirect_uri={CALLBACK}&response_type=code&scope=openid&state=s&login_ticket={ticket}"
    )
}

async fn get(world: &mut World, target: &str) -> Answer {
    world.send(Method::GET, target, &[], "").await
}

#[test]
fn a_ticket_stands_in_for_the_login_page_once() {
    run(async {
        let mut world = world();
        let answer = authenticate(&mut world, ORIGIN, &credentials()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        let body = answer.json();
        assert!(body["co_verifier"].is_string() && body["co_id"].is_string());
        let ticket = body["login_ticket"].as_str().expect("a ticket").to_owned();

        assert!(
            !get(&mut world, &authorize(SPA, &ticket))
                .await
                .code()
                .is_empty()
        );
        let again = get(&mut world, &authorize(SPA, &ticket)).await;
        assert_eq!(again.parameter("error").as_deref(), Some("access_denied"));
        // The session has begun, and an Action sees no ticket.
        let silent = format!(
            "/authorize?client_id={SPA}&redirect_uri={CALLBACK}&response_type=code&scope=openid&prompt=none"
        );
        assert!(!get(&mut world, &silent).await.code().is_empty());
        let seen = world.pipeline.events.lock().expect("no panic");
        assert_eq!(seen.len(), 2);
        assert!(!seen[0].to_string().contains("login_ticket"), "{}", seen[0]);
        assert_eq!(seen[0]["stats"]["logins_count"], 1);
    });
}

/// With that header, a browser would ask for a password in a window of its own, and the page would wait for ever.
#[test]
fn a_wrong_password_challenges_no_browser() {
    run(async {
        let mut world = world();
        let mut body = credentials();
        body["password"] = "wrong".into();
        let answer = authenticate(&mut world, ORIGIN, &body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text);
        assert_eq!(answer.json()["error"], "access_denied");
        assert_eq!(answer.header("www-authenticate"), "");
    });
}

#[test]
fn a_ticket_is_of_one_browser_and_one_application() {
    run(async {
        let mut world = world();
        for elsewhere in [true, false] {
            let answer = authenticate(&mut world, ORIGIN, &credentials()).await;
            let ticket = answer.json()["login_ticket"]
                .as_str()
                .expect("a ticket")
                .to_owned();
            let client = if elsewhere {
                world.cookies.clear();
                SPA
            } else {
                WEB
            };
            let refused = get(&mut world, &authorize(client, &ticket)).await;
            assert_eq!(refused.parameter("error").as_deref(), Some("access_denied"));
            let session = world.cookies.keys().find(|name| name.starts_with("auth0"));
            assert_eq!(session, None, "no session begins");
        }
    });
}

#[test]
fn whoever_may_not_gets_no_ticket() {
    let with = |key: &str, value: &str| {
        let mut body = credentials();
        body[key] = value.into();
        body
    };
    let rows = [
        (ORIGIN, with("password", "wrong"), 401, "access_denied"),
        (
            ORIGIN,
            with("username", "nobody@example.com"),
            401,
            "access_denied",
        ),
        (
            ORIGIN,
            with("realm", "elsewhere"),
            403,
            "unauthorized_client",
        ),
        (
            ORIGIN,
            with("client_id", "nobody"),
            403,
            "unauthorized_client",
        ),
        // Its setting is off, as it is in the vendor's defaults.
        (ORIGIN, with("client_id", WEB), 403, "unauthorized_client"),
        (
            ORIGIN,
            with("credential_type", "otp"),
            400,
            "invalid_request",
        ),
        (
            "https://evil.example",
            credentials(),
            403,
            "unauthorized_client",
        ),
        ("null", credentials(), 403, "unauthorized_client"),
        (ORIGIN, json!([]), 400, "invalid_request"),
    ];
    run(async {
        let mut world = world();
        for (origin, body, status, error) in rows {
            let answer = authenticate(&mut world, origin, &body).await;
            let found = (answer.status.as_u16(), answer.json()["error"].clone());
            assert_eq!(found, (status, json!(error)), "{origin} {body}");
        }
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", ORIGIN),
        ];
        let text = format!(
            "client_id={SPA}&username=jane@example.com&password=jane-secret&credential_type=password"
        );
        let answer = world
            .send(Method::POST, "/co/authenticate", &form, text)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn lock_is_told_the_connections_of_an_application() {
    let mut data = export();
    data.connections = vec![
        json!({"name": "people", "strategy": "auth0", "options": {"passwordPolicy": "good", "disable_signup": true, "customScripts": {"login": "secret"}}}),
        json!({"name": "</script>", "strategy": "auth0"}),
        json!({"name": "others", "strategy": "auth0", "enabled_clients": ["Web"]}),
        json!({"name": "corp", "strategy": "samlp", "options": {"domain_aliases": ["corp.example"]}}),
        json!({"name": "email", "strategy": "email"}),
        json!({"name": "sms", "strategy": "sms", "enabled_clients": ["Web"]}),
    ];
    // Where the users of the seed are.
    data.settings
        .insert("default_directory".into(), json!("people"));
    run(async {
        let mut world = World::with(data, vec![]);
        let answer = get(&mut world, &format!("/client/{SPA}.js?t1")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer
                .header("content-type")
                .starts_with("application/javascript")
        );
        assert!(
            !answer.text.contains("</") && !answer.text.contains("secret"),
            "{}",
            answer.text
        );
        let json = answer
            .text
            .strip_prefix("Auth0.setClient(")
            .and_then(|text| text.strip_suffix(");"));
        let settings: Value = serde_json::from_str(json.expect("one call")).expect("JSON");
        assert_eq!(settings["id"], SPA);
        assert_eq!(
            settings["strategies"],
            json!([
                {"name": "auth0", "connections": [
                    {"name": "people", "passwordPolicy": "good", "showSignup": false, "showForgot": true},
                    {"name": "</script>", "showSignup": true, "showForgot": true},
                ]},
                {"name": "samlp", "connections": [{"name": "corp", "display_name": null, "domain_aliases": ["corp.example"]}]},
                {"name": "email", "connections": [{"name": "email", "display_name": null}]},
            ])
        );
        for nobody in ["/client/nobody.js", "/client/spa-client", "/client/%00.js"] {
            assert_eq!(
                get(&mut world, nobody).await.status,
                StatusCode::NOT_FOUND,
                "{nobody}"
            );
        }
    });
}
