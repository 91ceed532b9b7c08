//! Several issuers: the `Host` of a request decides which one its tokens, links and events have.

use axum::http::{Method, StatusCode};
use postlogin_project::TenantData;
use serde_json::{Value, json};

use crate::support::{
    API, Answer, CALLBACK, ISSUER, SPA, World, by_password, encoded, export, run,
};

const CUSTOM: &str = "https://login.example.test/";
const OTHER_PORT: &str = "http://localhost:4444/";

fn world(data: TenantData) -> World {
    World::at(data, vec![], &[CUSTOM.to_owned(), OTHER_PORT.to_owned()])
}

async fn at(
    world: &mut World,
    host: &str,
    method: Method,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let headers = [
        ("host", host),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    world.send(method, path, &headers, encoded(fields)).await
}

async fn log_in(world: &mut World, host: &str, more: &[(&str, &str)]) -> Value {
    let fields = by_password(&[&[("scope", "openid")], more].concat());
    at(world, host, Method::POST, "/oauth/token", &fields)
        .await
        .json()
}

#[test]
fn discovery_tokens_and_events_follow_the_host() {
    run(async {
        let mut world = world(export());
        for (host, issuer) in [
            ("localhost:3333", ISSUER),
            ("login.example.test", CUSTOM),
            // A container may map another port.
            ("LOGIN.example.test:8443", CUSTOM),
            ("localhost:4444", OTHER_PORT),
            // Any other port of the first name is the first one.
            ("localhost:5555", ISSUER),
            ("127.0.0.1:3333", ISSUER),
        ] {
            let found = at(
                &mut world,
                host,
                Method::GET,
                "/.well-known/openid-configuration",
                &[],
            )
            .await
            .json();
            assert_eq!(
                (&found["issuer"], &found["token_endpoint"]),
                (&json!(issuer), &json!(format!("{issuer}oauth/token"))),
                "{host}"
            );
            let body = log_in(&mut world, host, &[("audience", API)]).await;
            for token in ["id_token", "access_token"] {
                assert_eq!(world.claims(&body[token])["iss"], issuer, "{host} {body}");
            }
            let event = world.last_event();
            let hostname = issuer.split("://").nth(1).unwrap().trim_end_matches('/');
            assert_eq!(event["request"]["hostname"], hostname, "{host}");
        }
        let foreign = at(
            &mut world,
            "evil.example",
            Method::GET,
            "/.well-known/jwks.json",
            &[],
        )
        .await;
        assert_eq!(foreign.status, StatusCode::MISDIRECTED_REQUEST);
    });
}

#[test]
fn a_token_of_one_is_good_at_the_others() {
    run(async {
        let mut world = world(export());
        let body = log_in(
            &mut world,
            "login.example.test",
            &[("audience", "https://login.example.test/userinfo")],
        )
        .await;
        let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
        for host in ["localhost:3333", "login.example.test"] {
            let headers = [("host", host), ("authorization", bearer.as_str())];
            let info = world.send(Method::GET, "/userinfo", &headers, "").await;
            assert_eq!(info.json()["sub"], "auth0|1", "{host} {}", info.text);
        }
    });
}

/// Source: <https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens>, "Custom domains and the Auth0 Management API".
#[test]
fn the_management_api_has_one_audience_and_the_domain_of_its_token() {
    run(async {
        let mut world = world(export());
        let fields = |audience: &'static str| {
            [
                ("grant_type", "client_credentials"),
                ("client_id", crate::support::MACHINE),
                ("client_secret", crate::support::MACHINE_SECRET),
                ("audience", audience),
            ]
        };
        let canonical = fields("http://localhost:3333/api/v2/");
        for host in ["localhost:3333", "login.example.test"] {
            let asked = fields("https://login.example.test/api/v2/");
            let refused = at(&mut world, host, Method::POST, "/oauth/token", &asked).await;
            let text = "Service not found: https://login.example.test/api/v2/";
            assert_eq!(
                (refused.status, &refused.json()["error_description"]),
                (StatusCode::FORBIDDEN, &json!(text)),
                "{host}"
            );
            let body = at(&mut world, host, Method::POST, "/oauth/token", &canonical).await;
            let bearer = format!("Bearer {}", body.json()["access_token"].as_str().unwrap());
            for used in ["localhost:3333", "login.example.test"] {
                let headers = [("host", used), ("authorization", bearer.as_str())];
                let users = world.send(Method::GET, "/api/v2/users", &headers, "").await;
                let expected = match used == host {
                    true => StatusCode::OK,
                    false => StatusCode::UNAUTHORIZED,
                };
                assert_eq!(users.status, expected, "{host} {used} {}", users.text);
            }
        }
    });
}

#[test]
fn an_event_names_the_custom_domain() {
    run(async {
        let mut world = world(export());
        for (host, expected) in [
            ("localhost:3333", Value::Null),
            (
                "login.example.test",
                json!({"domain": "login.example.test", "domain_metadata": {}}),
            ),
        ] {
            log_in(&mut world, host, &[]).await;
            assert_eq!(world.last_event()["custom_domain"], expected, "{host}");
        }
    });
}

#[test]
fn a_browser_stays_at_the_address_that_it_came_by() {
    run(async {
        let mut world = world(export());
        let query = encoded(&[
            ("client_id", SPA),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("code_challenge", crate::support::CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let page = at(
            &mut world,
            "login.example.test",
            Method::GET,
            &format!("/authorize?{query}"),
            &[],
        )
        .await;
        assert!(
            page.header("location")
                .starts_with(&format!("{CUSTOM}u/login?")),
            "{}",
            page.header("location")
        );
        // Sessions of two names are two.
        let names: Vec<String> = world.cookies.keys().cloned().collect();
        world.authorize(&[]).await;
        assert!(world.cookies.len() > names.len(), "{:?}", world.cookies);
    });
}

#[test]
fn two_issuers_of_one_address_are_a_mistake() {
    for (issuers, expected) in [
        (vec!["http://localhost:3333"], "http://localhost:3333"),
        (vec!["https://a.test", "http://a.test"], "http://a.test"),
        (vec!["nope"], "nope"),
        (vec!["https://a.test/path"], "https://a.test/path"),
    ] {
        let issuers: Vec<String> = issuers.into_iter().map(str::to_owned).collect();
        let error = World::refused(export(), &issuers);
        assert!(
            error.contains(&format!("the issuer `{expected}`")),
            "{error}"
        );
    }
}
