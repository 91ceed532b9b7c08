//! `private_key_jwt`.

use axum::http::Method;
use postlogin_token::{KeyPair, Randomness};
use serde_json::{Map, Value, json};

use crate::support::{API, Answer, ISSUER, MACHINE, MACHINE_SECRET, NOW_MS, World, export, run};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The application's key, one for all tests: making one takes its time.
fn key() -> KeyPair {
    static KEY: std::sync::OnceLock<KeyPair> = std::sync::OnceLock::new();
    let made = || KeyPair::generate(Randomness::Seed(b"an application")).unwrap();
    KEY.get_or_init(made).clone()
}

fn pem() -> String {
    key().public().to_pem().unwrap()
}

fn world(credential: Value) -> World {
    let mut data = export();
    let machine = &mut data.clients[2];
    machine["client_authentication_methods"] =
        json!({"private_key_jwt": {"credentials": [credential]}});
    World::with(data, vec![])
}

fn claims(more: Value) -> Map<String, Value> {
    let now = NOW_MS / 1000;
    let mut claims = json!({"iss": MACHINE, "sub": MACHINE, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": "1"});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object().unwrap().clone()
}

async fn ask(world: &mut World, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("client_assertion", assertion),
        ("client_assertion_type", KIND),
    ];
    fields.retain(|(name, _)| !more.iter().any(|(known, _)| known == name));
    fields.extend(more);
    world.token(&fields).await
}

#[test]
fn an_application_proves_itself_once_with_each_assertion() {
    run(async {
        let mut world = world(
            json!({"name": "k", "credential_type": "public_key", "alg": "RS256", "pem": pem()}),
        );
        let key = key();
        let assertion = key.sign("JWT", &claims(json!({}))).unwrap();
        let answer = ask(&mut world, &assertion, &[]).await.json();
        assert_eq!(
            world.claims(&answer["access_token"])["azp"],
            MACHINE,
            "{answer}"
        );
        let again = ask(&mut world, &assertion, &[]).await;
        assert_eq!(again.status, 401);
        assert!(again.text.contains("used already"), "{}", again.text);
        let list = claims(json!({"jti": "2", "aud": ["https://other.example.com/", ISSUER]}));
        let assertion = key.sign("JWT", &list).unwrap();
        assert_eq!(
            ask(&mut world, &assertion, &[("client_id", MACHINE)])
                .await
                .status,
            200
        );

        let now = NOW_MS / 1000;
        // The seconds since the epoch with a fraction.
        let at = |seconds: f64| 1_767_225_600.0 + seconds;
        for (index, more) in [
            json!({"exp": now + 60, "iat": now, "nbf": now}),
            // A NumericDate may have a fraction (RFC 7519, section 2).
            json!({"exp": at(59.75), "iat": at(-0.25), "nbf": at(-0.25)}),
            json!({"exp": now + 300}),
            // A clock that is fast by ten seconds at most.
            json!({"exp": now + 300, "iat": now + 10, "nbf": now + 10}),
            json!({"exp": now + 60, "iat": null}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut all = json!({"jti": format!("right-{index}")});
            all.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let assertion = key.sign("JWT", &claims(all)).unwrap();
            let answer = ask(&mut world, &assertion, &[]).await;
            assert_eq!(answer.status, 200, "{more}: {}", answer.text);
            assert_eq!(ask(&mut world, &assertion, &[]).await.status, 401, "{more}");
        }
        for (index, (more, told)) in [
            (json!({"iss": "other"}), "iss and sub"),
            (json!({"sub": "web-client"}), "not set up"),
            (json!({"aud": "https://other.example.com/"}), "aud must be"),
            (json!({"aud": null}), "aud must be"),
            (json!({"exp": now}), "expired"),
            (json!({"exp": null}), "needs an exp"),
            (json!({"exp": now + 301}), "five minutes"),
            (json!({"exp": at(300.5)}), "five minutes"),
            (json!({"exp": at(-0.5)}), "expired"),
            (json!({"exp": "soon"}), "exp must be a number"),
            (json!({"exp": true}), "exp must be a number"),
            (json!({"exp": 1e300}), "five minutes"),
            (json!({"exp": now + 301, "iat": null}), "five minutes"),
            // Its own account says 200 seconds, and it would be good for ten years.
            (
                json!({"iat": now + 315_360_000_i64, "exp": now + 315_360_200_i64}),
                "iat lies in the future",
            ),
            (
                json!({"iat": now + 11, "exp": now + 60}),
                "iat lies in the future",
            ),
            (json!({"iat": now + 10, "exp": now + 311}), "five minutes"),
            (json!({"iat": now - 1_000, "exp": now + 60}), "five minutes"),
            (json!({"iat": "now"}), "iat must be a number"),
            (json!({"nbf": now + 11}), "not valid yet"),
            (json!({"nbf": at(60.25)}), "not valid yet"),
            (json!({"nbf": []}), "nbf must be a number"),
            (json!({"jti": null}), "needs a jti"),
        ]
        .into_iter()
        .enumerate()
        {
            let mut all = json!({"jti": format!("wrong-{index}")});
            all.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let assertion = key.sign("JWT", &claims(all)).unwrap();
            let answer = ask(&mut world, &assertion, &[]).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["error"]),
                (401, &json!("invalid_client")),
                "{more}"
            );
            assert!(answer.text.contains(told), "{more}: {}", answer.text);
        }
    });
}

#[test]
fn nothing_else_proves_it() {
    run(async {
        let mut world = world(json!({"credential_type": "public_key", "pem": pem()}));
        let foreign = KeyPair::generate(Randomness::Seed(b"another")).unwrap();
        let good = key().sign("JWT", &claims(json!({}))).unwrap();
        let none = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
        for assertion in [
            foreign.sign("JWT", &claims(json!({}))).unwrap(),
            none,
            format!("{good}x"),
            "a.b.c".to_owned(),
        ] {
            let answer = ask(&mut world, &assertion, &[("client_id", MACHINE)]).await;
            assert_eq!(answer.status, 401, "{assertion}");
        }
        let kind = ask(&mut world, &good, &[("client_assertion_type", "magic")]).await;
        assert_eq!(
            (kind.status.as_u16(), &kind.json()["error"]),
            (400, &json!("invalid_request"))
        );
        let both = ask(&mut world, &good, &[("client_secret", MACHINE_SECRET)]).await;
        assert_eq!(both.status, 400);
        let secret = [
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ];
        assert_eq!(
            world.token(&secret).await.status,
            401,
            "it has keys, so it has no secret"
        );
        for (credential, told) in [
            (json!({"id": "cred_1"}), "no credential with a public key"),
            (json!({"pem": "nonsense"}), "is not a valid key"),
            (
                json!({"pem": pem(), "alg": "PS256"}),
                "must be signed with PS256",
            ),
            (
                json!({"pem": pem(), "expires_at": "2020-01-01T00:00:00Z"}),
                "no credential with a public key",
            ),
        ] {
            let mut world = self::world(credential);
            let answer = ask(&mut world, &good, &[]).await;
            assert!(answer.text.contains(told), "{}", answer.text);
        }
    });
}

/// The keys of an application by the Management API: they count once the application's method names them.
#[test]
fn credentials_are_made_used_and_end() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let path = format!("clients/{MACHINE}");
        let all = format!("{path}/credentials");
        let body =
            json!({"credential_type": "public_key", "name": "k", "pem": pem(), "alg": "RS256"});
        let (status, made) = world.api(Method::POST, &all, &token, body).await;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("cred_") && id.len() == 27, "{id}");
        assert_eq!(made["kid"], key().public().kid());
        assert_eq!(
            (&made["pem"], &made["alg"], &made["created_at"]),
            (
                &Value::Null,
                &json!("RS256"),
                &json!("2026-01-01T00:00:00.000Z")
            )
        );
        let mut number = 0;
        let mut assertion = || {
            number += 1;
            let claims = claims(json!({"jti": number.to_string()}));
            key().sign("JWT", &claims).unwrap()
        };
        let early = ask(&mut world, &assertion(), &[]).await;
        assert!(early.text.contains("not set up"), "{}", early.text);
        let names = |id: &str| json!({"client_authentication_methods": {"private_key_jwt": {"credentials": [{"id": id}]}}});
        let (status, wrong) = world
            .api(Method::PATCH, &path, &token, names("cred_unknown"))
            .await;
        assert_eq!(
            (status, &wrong["errorCode"]),
            (400, &json!("invalid_body")),
            "{wrong}"
        );
        let (status, client) = world.api(Method::PATCH, &path, &token, names(&id)).await;
        assert_eq!(status, 200, "{client}");
        assert_eq!(
            client["client_authentication_methods"],
            names(&id)["client_authentication_methods"]
        );
        assert!(!client.to_string().contains("PUBLIC KEY"), "{client}");
        assert_eq!(ask(&mut world, &assertion(), &[]).await.status, 200);

        let one = format!("{all}/{id}");
        for (at, status) in [
            (json!("2025-12-31T23:59:59Z"), 401),
            (Value::Null, 200),
            (json!("2026-01-02T00:00:00Z"), 200),
        ] {
            let ends = json!({"expires_at": at});
            let (_, changed) = world.api(Method::PATCH, &one, &token, ends).await;
            assert_eq!(changed["id"], json!(id), "{changed}");
            let answer = ask(&mut world, &assertion(), &[]).await;
            assert_eq!(answer.status, status, "{at}: {}", answer.text);
        }
        for (method, path, body, expected) in [
            (
                Method::POST,
                &all,
                json!({"credential_type": "x509_cert", "pem": pem()}),
                400,
            ),
            (
                Method::POST,
                &all,
                json!({"credential_type": "public_key"}),
                400,
            ),
            (
                Method::POST,
                &all,
                json!({"credential_type": "public_key", "pem": "x"}),
                400,
            ),
            (
                Method::POST,
                &all,
                json!({"credential_type": "public_key", "pem": pem(), "kid": "a b c d e f g"}),
                400,
            ),
            (
                Method::PATCH,
                &one,
                json!({"expires_at": "tomorrow at noon"}),
                400,
            ),
            (Method::PATCH, &one, json!({"name": "n"}), 400),
            (
                Method::GET,
                &"clients/none/credentials".to_owned(),
                Value::Null,
                404,
            ),
            (Method::GET, &format!("{all}/cred_none"), Value::Null, 404),
        ] {
            let (status, answer) = world.api(method, path, &token, body.clone()).await;
            assert_eq!(status, expected, "{body} {answer}");
        }
        let (_, listed) = world.api(Method::GET, &all, &token, Value::Null).await;
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(
            world.api(Method::DELETE, &one, &token, Value::Null).await.0,
            204
        );
        let (_, listed) = world.api(Method::GET, &all, &token, Value::Null).await;
        assert_eq!(listed, json!([]));
        assert_eq!(ask(&mut world, &assertion(), &[]).await.status, 401);
        let few = world.machine_token(Some("read:clients")).await;
        let (status, _) = world.api(Method::GET, &all, &few, Value::Null).await;
        assert_eq!(status, 403);
    });
}

/// Credentials that an export has with their keys.
#[test]
fn credentials_of_an_export_are_shown_by_their_ids() {
    run(async {
        let mut world = world(json!({"name": "k", "credential_type": "public_key", "pem": pem()}));
        let assertion = key().sign("JWT", &claims(json!({}))).unwrap();
        let audience = format!("{ISSUER}api/v2/");
        let answer = ask(&mut world, &assertion, &[("audience", &audience)]).await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let path = format!("clients/{MACHINE}");
        let (_, client) = world.api(Method::GET, &path, &token, Value::Null).await;
        let methods = client["client_authentication_methods"].clone();
        let id = methods
            .pointer("/private_key_jwt/credentials/0/id")
            .unwrap()
            .as_str()
            .unwrap();
        assert!(!client.to_string().contains("PUBLIC KEY"), "{client}");
        // What was read is written back, as tools do, and the key stays.
        let body = json!({"client_authentication_methods": methods});
        let (status, changed) = world.api(Method::PATCH, &path, &token, body).await;
        assert_eq!(status, 200, "{changed}");
        let second = key().sign("JWT", &claims(json!({"jti": "2"}))).unwrap();
        assert_eq!(ask(&mut world, &second, &[]).await.status, 200);
        let one = format!("{path}/credentials/{id}");
        assert_eq!(
            world.api(Method::DELETE, &one, &token, Value::Null).await.0,
            204
        );
        let third = key().sign("JWT", &claims(json!({"jti": "3"}))).unwrap();
        assert_eq!(ask(&mut world, &third, &[]).await.status, 401);
    });
}
