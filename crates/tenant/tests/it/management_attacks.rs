//! The Management API under attack: scopes, other users, odd paths, large and deep bodies.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{World, run};

/// Every request that the API knows, with its path and the scope without which it is refused.
const ENDPOINTS: &[(&str, &str)] = &[
    ("GET", "users"),
    ("POST", "users"),
    ("GET", "users/auth0%7C2"),
    ("PATCH", "users/auth0%7C2"),
    ("DELETE", "users/auth0%7C2"),
    ("GET", "users-by-email?email=joe%40example.com"),
    ("DELETE", "users/auth0%7C2/multifactor/duo"),
    ("POST", "users/auth0%7C2/identities"),
    ("DELETE", "users/auth0%7C2/identities/auth0/2"),
    ("GET", "users/auth0%7C2/roles"),
    ("POST", "users/auth0%7C2/roles"),
    ("DELETE", "users/auth0%7C2/roles"),
    ("GET", "users/auth0%7C2/organizations"),
    ("GET", "users/auth0%7C2/permissions"),
    ("POST", "users/auth0%7C2/permissions"),
    ("GET", "users/auth0%7C2/logs"),
    ("GET", "users/auth0%7C2/sessions"),
    ("DELETE", "users/auth0%7C2/sessions"),
    ("GET", "users/auth0%7C2/refresh-tokens"),
    ("DELETE", "users/auth0%7C2/refresh-tokens"),
    ("GET", "users/auth0%7C2/authentication-methods"),
    ("POST", "users/auth0%7C2/authentication-methods"),
    ("DELETE", "users/auth0%7C2/authentication-methods"),
    ("DELETE", "users/auth0%7C2/authenticators"),
    ("GET", "users/auth0%7C2/enrollments"),
    ("GET", "organizations"),
    ("POST", "organizations"),
    ("GET", "organizations/name/acme"),
    ("GET", "organizations/org_x"),
    ("PATCH", "organizations/org_x"),
    ("DELETE", "organizations/org_x"),
    ("GET", "organizations/org_x/members"),
    ("POST", "organizations/org_x/members"),
    ("GET", "organizations/org_x/members/auth0%7C2/roles"),
    ("POST", "organizations/org_x/members/auth0%7C2/roles"),
    ("DELETE", "organizations/org_x/members/auth0%7C2/roles"),
    ("GET", "organizations/org_x/invitations"),
    ("POST", "organizations/org_x/invitations"),
    ("GET", "organizations/org_x/invitations/i"),
    ("DELETE", "organizations/org_x/invitations/i"),
    ("GET", "organizations/org_x/enabled_connections"),
    ("POST", "organizations/org_x/enabled_connections"),
    ("PATCH", "organizations/org_x/enabled_connections/c"),
    ("DELETE", "organizations/org_x/enabled_connections/c"),
    ("GET", "organizations/org_x/client-grants"),
    ("POST", "organizations/org_x/client-grants"),
    ("DELETE", "organizations/org_x/client-grants/g"),
    ("GET", "clients"),
    ("POST", "clients"),
    ("GET", "clients/spa-client"),
    ("PATCH", "clients/spa-client"),
    ("DELETE", "clients/spa-client"),
    ("POST", "clients/spa-client/rotate-secret"),
    ("GET", "clients/spa-client/connections"),
    ("GET", "connections"),
    ("POST", "connections"),
    ("GET", "connections/c"),
    ("PATCH", "connections/c"),
    ("DELETE", "connections/c"),
    ("DELETE", "connections/c/users?email=joe%40example.com"),
    ("GET", "connections/c/clients"),
    ("PATCH", "connections/c/clients"),
    ("GET", "roles"),
    ("POST", "roles"),
    ("GET", "roles/r"),
    ("PATCH", "roles/r"),
    ("DELETE", "roles/r"),
    ("GET", "roles/r/permissions"),
    ("POST", "roles/r/permissions"),
    ("GET", "roles/r/users"),
    ("POST", "roles/r/users"),
    ("GET", "resource-servers"),
    ("POST", "resource-servers"),
    ("PATCH", "resource-servers/a"),
    ("DELETE", "resource-servers/a"),
    ("GET", "client-grants"),
    ("POST", "client-grants"),
    ("PATCH", "client-grants/g"),
    ("DELETE", "client-grants/g"),
    ("POST", "tickets/password-change"),
    ("POST", "tickets/email-verification"),
    ("POST", "jobs/verification-email"),
    ("POST", "jobs/users-imports"),
    ("POST", "jobs/users-exports"),
    ("GET", "jobs/j"),
    ("GET", "jobs/j/errors"),
    ("GET", "logs"),
    ("GET", "logs/l"),
    ("GET", "sessions/s"),
    ("PATCH", "sessions/s"),
    ("DELETE", "sessions/s"),
    ("POST", "sessions/s/revoke"),
    ("GET", "refresh-tokens?user_id=auth0%7C2"),
    ("GET", "refresh-tokens/t"),
    ("PATCH", "refresh-tokens/t"),
    ("DELETE", "refresh-tokens/t"),
    ("POST", "refresh-tokens/revoke"),
    ("GET", "grants"),
    ("DELETE", "grants?user_id=auth0%7C2"),
    ("DELETE", "grants/g"),
    ("GET", "user-blocks/auth0%7C2"),
    ("DELETE", "user-blocks/auth0%7C2"),
    ("GET", "tenants/settings"),
    ("PATCH", "tenants/settings"),
];

/// The tokens that may do nothing: a machine's with one scope that nothing needs alone, and a user's.
async fn powerless(world: &mut World) -> Vec<String> {
    let machine = world.machine_token(Some("read:user_idp_tokens")).await;
    let audience = format!("{}api/v2/", crate::support::ISSUER);
    let scope = "openid read:current_user update:current_user_metadata create:current_user_metadata delete:current_user_metadata update:current_user_identities";
    let user = world
        .log_in(&[("audience", &audience), ("scope", scope)])
        .await;
    vec![machine, user["access_token"].as_str().unwrap().to_owned()]
}

#[test]
fn nothing_is_done_without_its_scope() {
    run(async {
        let mut world = World::new(vec![]);
        let tokens = powerless(&mut world).await;
        let before = world
            .control(Method::GET, "export", Value::Null)
            .await
            .json();
        for (method, path) in ENDPOINTS {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let body = match method {
                Method::GET => Value::Null,
                _ => json!({}),
            };
            for token in &tokens {
                let (status, refused) = world.api(method.clone(), path, token, body.clone()).await;
                assert_eq!(status, 403, "{method} {path}: {refused}");
                assert_eq!(
                    refused["errorCode"], "insufficient_scope",
                    "{method} {path}"
                );
            }
            assert_eq!(
                world.api(method.clone(), path, "", body).await.0,
                400,
                "{method} {path}"
            );
        }
        let after = world
            .control(Method::GET, "export", Value::Null)
            .await
            .json();
        assert_eq!(before["users"], after["users"]);
        assert_eq!(before["entries"], after["entries"]);
    });
}

#[test]
fn odd_ids_are_found_nowhere() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let odd = [
            "%2F..%2F",
            "..",
            "%00",
            "%F0%9F%A6%80",
            "%ff%fe",
            "a%2Fb",
            "'%20OR%201%3D1--",
            "%25",
            "*",
            "clients%2Fspa-client",
        ];
        let places = [
            "users/X",
            "users/X/sessions",
            "users/X/refresh-tokens",
            "users/X/authentication-methods",
            "users/X/logs",
            "users/auth0%7C1/authentication-methods/X",
            "clients/X",
            "connections/X",
            "roles/X",
            "roles/X/users",
            "organizations/X",
            "organizations/X/invitations",
            "organizations/name/X",
            "resource-servers/X",
            "client-grants/X",
            "jobs/X",
            "jobs/X/errors",
            "logs/X",
            "sessions/X",
            "refresh-tokens/X",
            "user-blocks/X",
        ];
        for id in odd {
            for place in places {
                let path = place.replace('X', id);
                let (status, refused) = world.api(Method::GET, &path, &token, Value::Null).await;
                assert_eq!(status, 404, "{path}: {refused}");
                assert_eq!(refused["statusCode"], 404, "{path}");
            }
            for place in [
                "clients/X",
                "connections/X",
                "roles/X",
                "organizations/X",
                "resource-servers/X",
                "client-grants/X",
            ] {
                let path = place.replace('X', id);
                assert_eq!(
                    world
                        .api(
                            Method::PATCH,
                            &path,
                            &token,
                            json!({"name": "x", "scope": []})
                        )
                        .await
                        .0
                        / 100,
                    4,
                    "{path}"
                );
                assert_eq!(
                    world
                        .api(Method::DELETE, &path, &token, Value::Null)
                        .await
                        .0,
                    if path.starts_with("roles") { 404 } else { 204 },
                    "{path}"
                );
            }
        }
        assert_eq!(
            world
                .api(Method::GET, "clients/spa-client", &token, Value::Null)
                .await
                .0,
            200
        );
    });
}

#[test]
fn bodies_that_are_too_large_or_too_deep_are_refused() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let bearer = format!("Bearer {token}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
        ];
        let multipart = [
            ("content-type", "multipart/form-data; boundary=B"),
            ("authorization", bearer.as_str()),
        ];
        let large = format!("{{\"name\": \"{}\"}}", "x".repeat(10 << 20));
        let deep = format!(
            "{{\"addons\": {}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let wide = format!("{{\"callbacks\": [{}]}}", vec!["1"; 250_000].join(","));
        let before = world
            .control(Method::GET, "export", Value::Null)
            .await
            .json();
        let writes = ENDPOINTS
            .iter()
            .filter(|(method, _)| matches!(*method, "POST" | "PATCH"));
        for (method, path) in writes {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let target = format!("/api/v2/{path}");
            let answer = world
                .send(method.clone(), &target, &headers, large.clone())
                .await;
            assert_eq!(answer.status, 413, "{method} {path}");
            // It takes no body.
            if path.ends_with("rotate-secret") {
                continue;
            }
            for body in [
                &*deep,
                &*wide,
                "{",
                "[]",
                "7",
                "null",
                "\"x\"",
                "{\"a\": \"\\ud800\"}",
                "\u{feff}{}",
            ] {
                let answer = world.send(method.clone(), &target, &headers, body).await;
                let status = answer.status.as_u16();
                assert!(
                    (400..500).contains(&status),
                    "{method} {path} {}: {status}",
                    body.get(..20).unwrap_or(body)
                );
                assert!(answer.json()["statusCode"].is_number(), "{method} {path}");
            }
            let answer = world
                .send(method.clone(), &target, &multipart, "--B--")
                .await;
            assert!(
                answer.status.is_client_error(),
                "{method} {path}: {}",
                answer.status
            );
        }
        let after = world
            .control(Method::GET, "export", Value::Null)
            .await
            .json();
        assert_eq!(before["users"], after["users"]);
        assert_eq!(before["entries"], after["entries"]);
    });
}

#[test]
fn an_unknown_parameter_is_refused_by_every_list() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        for list in [
            "clients",
            "connections",
            "roles",
            "resource-servers",
            "client-grants",
            "organizations",
            "logs",
            "grants",
            "users/auth0%7C1/roles",
            "users/auth0%7C1/permissions",
            "users/auth0%7C1/organizations",
            "users/auth0%7C1/sessions",
            "users/auth0%7C1/refresh-tokens",
            "users/auth0%7C1/authentication-methods",
            "users/auth0%7C1/logs",
            "organizations/acme/members",
        ] {
            let (status, refused) = world
                .api(Method::GET, &format!("{list}?nmae=x"), &token, Value::Null)
                .await;
            assert_eq!(
                (status, &refused["errorCode"]),
                (400, &json!("invalid_query_string")),
                "{list}: {refused}"
            );
            assert!(
                refused["message"].as_str().unwrap().contains("nmae"),
                "{refused}"
            );
        }
    });
}

#[test]
fn what_is_not_there_says_which_and_why_and_is_not_repeated() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        for (method, path, reason) in [
            (Method::GET, "actions/actions", "files of the project"),
            (Method::POST, "rules", "files of the project"),
            (Method::GET, "log-streams", "GET /_postlogin/events"),
            (Method::GET, "emails/provider", "GET /_postlogin/emails"),
            (
                Method::PUT,
                "clients/spa-client",
                "PUT /api/v2/clients/spa-client",
            ),
            (
                Method::GET,
                "organizations/org_x/discovery-domains",
                "organizations/org_x/discovery-domains",
            ),
            (Method::GET, "nonsense", "GET /api/v2/nonsense"),
        ] {
            let (status, refused) = world.api(method, path, &token, Value::Null).await;
            assert_eq!(
                (status, &refused["errorCode"]),
                (404, &json!("not_supported_locally")),
                "{path}"
            );
            assert_eq!(refused["error"], "Not Found");
            assert!(
                refused["message"].as_str().unwrap().contains(reason),
                "{refused}"
            );
        }
    });
}
