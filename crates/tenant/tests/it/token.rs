//! `/oauth/token` and `/oauth/revoke`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    API, ISSUER, MACHINE, MACHINE_SECRET, SPA, VERIFIER, WEB, WEB_SECRET, World, by_password_of,
    claim, export, run,
};

/// A request, its status, its error, and a part of the description.
type Refused<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, &'a str);

/// A request, and the status and error that it gets.
async fn check(
    world: &mut World,
    fields: &[(&str, &str)],
    status: u16,
    error: &str,
    description: &str,
) {
    let answer = world.token(fields).await;
    let body = answer.json();
    assert_eq!(
        (
            answer.status.as_u16(),
            body["error"].as_str().unwrap_or_default()
        ),
        (status, error),
        "{fields:?}: {body}"
    );
    assert!(
        body["error_description"]
            .as_str()
            .unwrap_or_default()
            .contains(description),
        "{body}"
    );
}

#[test]
fn wrong_requests_get_the_documented_errors() {
    run(async {
        let mut world = World::new(vec![]);
        let wrong: &[Refused<'_>] = &[
            (&[], 400, "invalid_request", "grant_type"),
            (
                &[("grant_type", "magic"), ("client_id", SPA)],
                403,
                "unsupported_grant_type",
                "magic",
            ),
            (
                &[
                    ("grant_type", "urn:openid:params:grant-type:ciba"),
                    ("client_id", SPA),
                ],
                404,
                "not_supported_locally",
                "urn:openid:params:grant-type:ciba",
            ),
            (
                &[("grant_type", "password")],
                400,
                "invalid_request",
                "client_id",
            ),
            (
                &[("grant_type", "password"), ("client_id", "nobody")],
                401,
                "access_denied",
                "",
            ),
            (
                &[("grant_type", "client_credentials"), ("client_id", SPA)],
                403,
                "unauthorized_client",
                "not allowed",
            ),
            (
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", MACHINE),
                    ("audience", API),
                ],
                401,
                "access_denied",
                "",
            ),
            (
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", MACHINE),
                    ("client_secret", "no"),
                    ("audience", API),
                ],
                401,
                "access_denied",
                "",
            ),
            (
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", MACHINE),
                    ("client_secret", MACHINE_SECRET),
                ],
                403,
                "access_denied",
                "No audience",
            ),
            (
                &[
                    ("grant_type", "refresh_token"),
                    ("client_id", SPA),
                    ("refresh_token", "x"),
                ],
                403,
                "invalid_grant",
                "Unknown or invalid refresh token",
            ),
            (
                &[
                    ("grant_type", "authorization_code"),
                    ("client_id", SPA),
                    ("code", "x"),
                    ("code_verifier", VERIFIER),
                ],
                403,
                "invalid_grant",
                "Invalid authorization code",
            ),
            (
                &by_password_of("jane@example.com", "no", &[]),
                403,
                "invalid_grant",
                "Wrong email or password.",
            ),
            (
                &[("grant_type", "password"), ("grant_type", "password")],
                400,
                "invalid_request",
                "repeated",
            ),
        ];
        for (fields, status, error, told) in wrong {
            check(&mut world, fields, *status, error, told).await;
        }
    });
}

#[test]
fn passwords_and_machines_get_tokens() {
    run(async {
        let mut world = World::new(vec![vec![claim("https://e.com/a", json!(1))]]);
        let basic = "Basic d2ViLWNsaWVudDp3ZWItc2VjcmV0";
        let body = "grant_type=password&username=JANE%40example.com&password=jane-secret&scope=openid%20offline_access";
        let headers = [
            ("authorization", basic),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = world
            .send(Method::POST, "/oauth/token", &headers, body)
            .await
            .json();
        assert_eq!(world.claims(&answer["id_token"])["https://e.com/a"], 1);
        assert!(
            answer["refresh_token"].is_string()
                && answer["access_token"]
                    .as_str()
                    .unwrap()
                    .matches('.')
                    .count()
                    == 0
        );
        assert!(
            !world.last_event()["request"]["body"]
                .to_string()
                .contains("jane-secret")
        );
        let userinfo = world
            .get_as("/userinfo", answer["access_token"].as_str().unwrap())
            .await
            .json();
        assert_eq!(userinfo, json!({"sub": "auth0|1", "https://e.com/a": 1}));

        let realm = json!({
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "client_id": WEB, "client_secret": WEB_SECRET, "realm": "Username-Password-Authentication",
            "username": "jane@example.com", "password": "jane-secret", "audience": API, "scope": "read:x",
        });
        let answer = world
            .send(
                Method::POST,
                "/oauth/token",
                &[("content-type", "application/json")],
                realm.to_string(),
            )
            .await
            .json();
        let claims = world.claims(&answer["access_token"]);
        assert_eq!(
            (&claims["gty"], &claims["scope"], &claims["aud"]),
            (&json!("password"), &json!("read:x"), &json!(API))
        );
        assert!(answer.get("id_token").is_none());

        let logins = world.pipeline.events.lock().unwrap().len();
        let answer = world
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", MACHINE_SECRET),
                ("audience", API),
                ("scope", "read:x"),
            ])
            .await
            .json();
        let claims = world.claims(&answer["access_token"]);
        assert_eq!(
            (&claims["sub"], &claims["gty"], &claims["scope"]),
            (
                &json!("machine-client@clients"),
                &json!("client-credentials"),
                &json!("read:x")
            )
        );
        assert_eq!(
            world.pipeline.events.lock().unwrap().len(),
            logins,
            "no post-login trigger for machines"
        );
    });
}

#[test]
fn a_device_waits_until_its_user_has_signed_in() {
    run(async {
        let mut world = World::new(vec![]);
        let codes = world
            .form(
                "/oauth/device/code",
                &[("client_id", SPA), ("scope", "openid")],
            )
            .await
            .json();
        let device = codes["device_code"].as_str().unwrap().to_owned();
        let poll = async |world: &mut World| {
            world
                .token(&[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("client_id", SPA),
                    ("device_code", &device),
                ])
                .await
                .json()
        };
        assert_eq!(poll(&mut world).await["error"], "authorization_pending");
        assert_eq!(poll(&mut world).await["error"], "slow_down");
        assert!(
            world
                .form("/activate", &[("user_code", "AAAA-AAAA")])
                .await
                .text
                .contains("Invalid code")
        );
        // However it is typed: RFC 8628, 6.1.
        let typed = codes["user_code"].as_str().unwrap().to_lowercase();
        let typed = format!(" {} ", typed.replace('-', ". "));
        let page = world.form("/activate", &[("user_code", &typed)]).await;
        let done = world.sign_in(&page).await;
        assert!(
            done.text.contains("Congratulations"),
            "{} {}",
            done.status,
            done.text
        );
        let body = poll(&mut world).await;
        assert_eq!(world.claims(&body["id_token"])["sub"], "auth0|1");
        assert_eq!(
            world.last_event()["transaction"]["protocol"],
            "oauth2-device-code"
        );
        assert_eq!(poll(&mut world).await["error"], "expired_token");
    });
}

#[test]
fn foreign_and_expired_tokens_open_nothing() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[("audience", API)]).await;
        let (id, access) = (
            body["id_token"].as_str().unwrap().to_owned(),
            body["access_token"].as_str().unwrap().to_owned(),
        );
        let none = format!("eyJhbGciOiJub25lIn0.{}.", access.split('.').nth(1).unwrap());
        let changed = format!("{}x", access);
        for token in [id.as_str(), none.as_str(), changed.as_str(), "", "a.b.c"] {
            let answer = world.get_as("/userinfo", token).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (StatusCode::UNAUTHORIZED, &json!("invalid_token")),
                "{token}"
            );
        }
        assert_eq!(
            world.get_as("/api/v2/users", &access).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            world.get_as("/userinfo", &access).await.status,
            StatusCode::OK
        );
        world.advance(86_401).await;
        assert_eq!(
            world.get_as("/userinfo", &access).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            world.get("/.well-known/openid-configuration").await.json()["issuer"],
            ISSUER
        );
        assert_eq!(
            world.get("/.well-known/jwks.json").await.json()["keys"][0]["kid"],
            world.key.kid()
        );
    });
}

/// Returns the result of a machine for an API: the scopes of its token, or the error and its description.
async fn machine(world: &mut World, audience: &str, scope: Option<&str>) -> Result<String, String> {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE),
        ("client_secret", MACHINE_SECRET),
        ("audience", audience),
    ];
    fields.extend(scope.map(|scope| ("scope", scope)));
    let answer = world.token(&fields).await;
    let body = answer.json();
    match answer.status.as_u16() {
        200 => {
            let claims = world.claims(&body["access_token"]);
            Ok(claims
                .get("scope")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned())
        }
        status => Err(format!(
            "{status} {} {}",
            body["error"], body["error_description"]
        )),
    }
}

#[test]
fn a_machine_gets_what_its_client_grants_give() {
    run(async {
        let management = format!("{ISSUER}api/v2/");
        let unauthorized = |audience: &str| {
            format!(
                "403 \"access_denied\" {}",
                json!(format!(
                    "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
                ))
            )
        };
        let ungranted = |scopes: &str| {
            format!("403 \"access_denied\" \"Client has not been granted scopes: {scopes}\"")
        };
        let ours = "https://acme.eu.auth0.com/api/v2/";
        for (grants, audience, scope, expected) in [
            (json!([]), API, None, Err(unauthorized(API))),
            (
                json!([]),
                management.as_str(),
                None,
                Err(unauthorized(&management)),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "scope": ["read:x"]}]),
                API,
                None,
                Ok("read:x"),
            ),
            (
                json!([{"client_id": MACHINE, "audience": API, "scope": ["write:x"]}]),
                API,
                None,
                Ok("write:x"),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "scope": []}]),
                API,
                None,
                Ok(""),
            ),
            (
                json!([{"client_id": "Machine", "audience": API}]),
                API,
                Some("read:x"),
                Err(ungranted("read:x")),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "scope": ["read:x"]}]),
                API,
                Some("read:x write:x y"),
                Err(ungranted("write:x, y")),
            ),
            // A scope that the API does not have, <https://community.auth0.com/t/105986>.
            (
                json!([{"client_id": "Machine", "audience": API, "scope": ["gone", "read:x"]}]),
                API,
                None,
                Ok("read:x gone"),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "allow_all_scopes": true}]),
                API,
                None,
                Ok("read:x write:x"),
            ),
            // Of another application, another API, or for logins of users.
            (
                json!([{"client_id": "Web", "audience": API, "scope": ["read:x"]}]),
                API,
                None,
                Err(unauthorized(API)),
            ),
            (
                json!([{"audience": API, "scope": ["read:x"]}, 1, {"client_id": null}]),
                API,
                None,
                Err(unauthorized(API)),
            ),
            (
                json!([{"client_id": "Machine", "audience": "https://other/", "scope": ["read:x"]}]),
                API,
                None,
                Err(unauthorized(API)),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "scope": ["read:x"], "subject_type": "user"}]),
                API,
                None,
                Err(unauthorized(API)),
            ),
            (
                json!([{"client_id": "Machine", "audience": API, "scope": ["read:x"]}]),
                management.as_str(),
                None,
                Err(unauthorized(&management)),
            ),
            // The Management API has production's address in an export.
            (
                json!([{"client_id": "Machine", "audience": ours, "scope": ["read:users"]}]),
                management.as_str(),
                None,
                Ok("read:users"),
            ),
            (
                json!([{"client_id": "Machine", "audience": management, "scope": ["read:users"]}]),
                management.as_str(),
                Some("delete:users"),
                Err(ungranted("delete:users")),
            ),
            (
                json!([{"client_id": "Machine", "audience": ours, "scope": ["read:users"]}]),
                API,
                None,
                Err(unauthorized(API)),
            ),
        ] {
            let mut data = export();
            data.client_grants = grants.as_array().unwrap().clone();
            let mut world = World::with(data, vec![]);
            let got = machine(&mut world, audience, scope).await;
            assert_eq!(
                got,
                expected.map(str::to_owned),
                "{grants} {audience} {scope:?}"
            );
        }
    });
}

#[test]
fn an_application_that_no_export_has_may_do_everything() {
    run(async {
        let mut data = export();
        data.clients.pop();
        data.client_grants.clear();
        let mut world = World::with(data, vec![]);
        let clients = world
            .control(Method::GET, "clients", Value::Null)
            .await
            .json();
        let made = clients.as_array().unwrap().last().unwrap();
        let part = |key: &str| made[key].as_str().unwrap().to_owned();
        assert_eq!(made["name"], "Local Management");
        let (id, secret) = (part("client_id"), part("client_secret"));
        let answer = world
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", &id),
                ("client_secret", &secret),
                ("audience", API),
            ])
            .await
            .json();
        assert_eq!(answer["scope"], "read:x write:x", "{answer}");
    });
}

#[test]
fn authorization_server_metadata_is_that_of_discovery() {
    run(async {
        let mut world = World::new(vec![]);
        let oidc = world.get("/.well-known/openid-configuration").await;
        let oauth = world.get("/.well-known/oauth-authorization-server").await;
        assert_eq!(oauth.status, StatusCode::OK);
        assert_eq!(oauth.json(), oidc.json());
        assert!(oauth.json()["token_endpoint"].is_string());
    });
}
