//! `private_key_jwt`.

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
            (json!({"id": "cred_1"}), "no public key"),
            (json!({"pem": "nonsense"}), "is not a valid key"),
            (
                json!({"pem": pem(), "alg": "PS256"}),
                "must be signed with PS256",
            ),
            (
                json!({"pem": pem(), "expires_at": "2020-01-01T00:00:00Z"}),
                "no public key",
            ),
        ] {
            let mut world = self::world(credential);
            let answer = ask(&mut world, &good, &[]).await;
            assert!(answer.text.contains(told), "{}", answer.text);
        }
    });
}
