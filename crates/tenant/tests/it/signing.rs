//! The algorithms that APIs and applications choose: HS256 with their secrets, PS256 and RS512 with the key.

use axum::http::{Method, StatusCode};
use postlogin_token::Algorithm;
use ring::hmac;
use serde_json::{Value, json};

use crate::attacks::base64url;
use crate::support::{
    API, ISSUER, MACHINE, MACHINE_SECRET, SPA, WEB, WEB_SECRET, World, by_password, encoded,
    export, run,
};

/// `signing_alg` of the API and `alg` of the web application.
fn world(algorithm: &str) -> World {
    let mut data = export();
    data.resource_servers[0]["signing_alg"] = json!(algorithm);
    data.resource_servers[0]["signing_secret"] = json!("the secret of the API");
    data.clients[1]["jwt_configuration"] = json!({"alg": algorithm});
    World::with(data, vec![])
}

async fn signed_in(world: &mut World) -> Value {
    let fields = by_password(&[("audience", API), ("scope", "openid read:x")]);
    let answer = world.token(&fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn decoded(token: &Value, part: usize) -> Value {
    use base64::Engine as _;
    let part = token.as_str().unwrap().split('.').nth(part).unwrap();
    let part = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    serde_json::from_slice(&part.unwrap()).unwrap()
}

/// Computes the signature with another library than the tenant's tokens are checked with.
fn is_signed_with(token: &Value, secret: &str) -> bool {
    let (input, signature) = token.as_str().unwrap().rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    base64url(hmac::sign(&key, input.as_bytes()).as_ref()) == signature
}

#[test]
fn hs256_signs_with_the_secrets_of_the_api_and_of_the_application() {
    run(async {
        let mut world = world("HS256");
        let tokens = signed_in(&mut world).await;
        for token in ["access_token", "id_token"] {
            // No published key verifies it, so none is named.
            assert_eq!(
                decoded(&tokens[token], 0),
                json!({"alg": "HS256", "typ": "JWT"})
            );
        }
        assert!(is_signed_with(
            &tokens["access_token"],
            "the secret of the API"
        ));
        assert!(is_signed_with(&tokens["id_token"], WEB_SECRET));
        let machine = world
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", MACHINE_SECRET),
                ("audience", API),
            ])
            .await
            .json();
        assert!(is_signed_with(
            &machine["access_token"],
            "the secret of the API"
        ));
        // An application without a setting has RS256, and so have the tenant's own APIs.
        let tokens = world.log_in(&[]).await;
        assert_eq!(decoded(&tokens["id_token"], 0)["alg"], "RS256");
        let management = json!(world.machine_token(None).await);
        assert_eq!(decoded(&management, 0)["alg"], "RS256");
    });
}

#[test]
fn ps256_and_rs512_sign_with_the_key() {
    run(async {
        for (name, algorithm) in [("PS256", Algorithm::Ps256), ("RS512", Algorithm::Rs512)] {
            let mut world = world(name);
            let tokens = signed_in(&mut world).await;
            for token in ["access_token", "id_token"] {
                let header = decoded(&tokens[token], 0);
                assert_eq!(header["alg"], name);
                assert_eq!(header["kid"], world.key.kid());
                let token = tokens[token].as_str().unwrap();
                assert!(world.key.verify_with(algorithm, token).is_ok());
            }
            let access = tokens["access_token"].as_str().unwrap();
            let expected = algorithm.left_half_hash(access);
            assert_eq!(decoded(&tokens["id_token"], 1)["at_hash"], expected);
        }
    });
}

#[test]
fn a_secret_that_an_export_hides_is_generated_and_shown_by_the_management_api() {
    run(async {
        let mut data = export();
        data.resource_servers[0]["signing_alg"] = json!("HS256");
        data.resource_servers[0]["signing_secret"] = json!("_VALUE_NOT_SHOWN_");
        let mut world = World::with(data, vec![]);
        let tokens = signed_in(&mut world).await;
        let management = world.machine_token(None).await;
        let path = "resource-servers/https%3A%2F%2Fapi.example.com";
        let (_, shown) = world.api(Method::GET, path, &management, Value::Null).await;
        let secret = shown["signing_secret"].as_str().unwrap();
        assert!(secret.len() >= 16 && is_signed_with(&tokens["access_token"], secret));
        // Back to RS256 by the Management API: the next token is, and the secret is not shown.
        let change = json!({"signing_alg": "RS256"});
        let (status, shown) = world.api(Method::PATCH, path, &management, change).await;
        assert_eq!((status, &shown["signing_secret"]), (200, &Value::Null));
        let tokens = signed_in(&mut world).await;
        assert_eq!(decoded(&tokens["access_token"], 0)["alg"], "RS256");
    });
}

#[test]
fn a_secret_may_be_encoded() {
    run(async {
        let mut data = export();
        data.clients[1]["client_secret"] = json!("d2ViLXNlY3JldA==");
        data.clients[1]["jwt_configuration"] = json!({"alg": "HS256", "secret_encoded": true});
        let mut world = World::with(data, vec![]);
        let answer = world
            .token(&[
                ("grant_type", "password"),
                ("client_id", WEB),
                ("client_secret", "d2ViLXNlY3JldA=="),
                ("username", "jane@example.com"),
                ("password", "jane-secret"),
                ("scope", "openid"),
            ])
            .await;
        assert!(is_signed_with(&answer.json()["id_token"], "web-secret"));
    });
}

/// Whether `/oidc/logout` takes a token as hint.
async fn is_taken(world: &mut World, hint: &str) -> bool {
    let query = encoded(&[("id_token_hint", hint)]);
    let answer = world.get(&format!("/oidc/logout?{query}")).await;
    answer.status != StatusCode::BAD_REQUEST
}

#[test]
fn an_id_token_is_verified_by_the_setting_of_its_application_and_not_by_its_header() {
    run(async {
        let mut world = world("HS256");
        let tokens = signed_in(&mut world).await;
        let own = tokens["id_token"].as_str().unwrap().to_owned();
        assert!(is_taken(&mut world, &own).await);
        let claims = decoded(&tokens["id_token"], 1).as_object().unwrap().clone();
        let pem = world.key.public().to_pem().unwrap();
        let key = world.key.clone();
        let forge = |algorithm, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut claims = claims.clone();
            change(&mut claims);
            key.sign_with(algorithm, "JWT", &claims).unwrap()
        };
        let to_spa = |claims: &mut serde_json::Map<String, Value>| {
            claims.insert("aud".into(), json!(SPA));
        };
        let forged = [
            // The tenant's key, which is not how this application's tokens are signed.
            forge(Algorithm::Rs256, &|_| {}),
            forge(Algorithm::Hs256(b""), &|_| {}),
            forge(Algorithm::Hs256(b"wrong"), &|_| {}),
            forge(Algorithm::Hs256(pem.as_bytes()), &|_| {}),
            // The secret of one application signs nothing for another, whose tokens have RS256.
            forge(Algorithm::Hs256(WEB_SECRET.as_bytes()), &to_spa),
            forge(Algorithm::Hs256(pem.as_bytes()), &to_spa),
            forge(Algorithm::Ps256, &to_spa),
        ];
        for (number, token) in forged.iter().enumerate() {
            assert!(!is_taken(&mut world, token).await, "{number}");
        }
        let right = forge(Algorithm::Rs256, &to_spa);
        assert!(is_taken(&mut world, &right).await);
    });
}

#[test]
fn a_token_of_an_api_with_a_secret_opens_no_endpoint_of_the_tenant() {
    run(async {
        let mut world = world("HS256");
        let s = crate::support::NOW_MS / 1000;
        for audience in ["userinfo", "api/v2/"] {
            let claims = json!({
                "iss": ISSUER, "sub": "auth0|1", "aud": format!("{ISSUER}{audience}"), "iat": s, "exp": s + 60,
                "azp": WEB, "scope": "openid read:users",
            });
            let claims = claims.as_object().unwrap();
            for secret in ["the secret of the API", WEB_SECRET] {
                let algorithm = Algorithm::Hs256(secret.as_bytes());
                let token = world.key.sign_with(algorithm, "JWT", claims).unwrap();
                for path in ["/userinfo", "/api/v2/users"] {
                    let answer = world.get_as(path, &token).await;
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
                }
            }
        }
    });
}

#[test]
fn metadata_names_the_algorithms_and_a_flag_takes_alg_out_of_the_key() {
    run(async {
        let mut world = World::new(vec![]);
        let metadata = world.get("/.well-known/openid-configuration").await.json();
        assert_eq!(
            metadata["id_token_signing_alg_values_supported"],
            json!(["HS256", "RS256", "PS256"])
        );
        let keys = world.get("/.well-known/jwks.json").await.json();
        assert_eq!(keys["keys"][0]["alg"], "RS256");
        let mut data = export();
        data.settings
            .insert("flags".into(), json!({"remove_alg_from_jwks": true}));
        let mut world = World::with(data, vec![]);
        let keys = world.get("/.well-known/jwks.json").await.json();
        assert_eq!(keys["keys"][0].get("alg"), None);
        assert_eq!(keys["keys"][0]["kid"], world.key.kid());
    });
}
