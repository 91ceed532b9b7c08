//! Tokens, keys and assertions in the wrong hands: without the key, at another endpoint, of another application, at once.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postlogin_core::Trigger;
use postlogin_token::{KeyPair, Randomness};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::dpop::{Key, begin, exchange, hash, token, userinfo};
use crate::support::{
    API, Answer, Does, ISSUER, MACHINE, MACHINE_SECRET, NOW_MS, SPA, WEB, WEB_SECRET, World,
    encoded, export, run,
};

const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[track_caller]
fn refused(what: &str, answer: &Answer, error: &str) {
    assert!(answer.status.is_client_error(), "{what}: {}", answer.text);
    assert_eq!(answer.json()["error"], error, "{what}: {}", answer.text);
    assert!(
        !answer.text.contains("_token\":\"ey"),
        "{what}: {}",
        answer.text
    );
}

fn refresh(token: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "refresh_token"),
        ("client_id", SPA),
        ("refresh_token", token),
    ]
}

/// A second factor does not stand in for the key that a refresh token is bound to.
#[test]
fn a_code_does_not_replace_the_key() {
    run(async {
        let mut data = export();
        data.clients[0]["grant_types"]
            .as_array_mut()
            .unwrap()
            .push(OTP.into());
        let mut world = World::with(data, vec![]);
        let key = Key::new();
        let (code, nonce) = begin(&mut world, &key, &[("scope", "openid offline_access")]).await;
        let proof = |key: &Key| key.proof("POST", "oauth/token", json!({"nonce": nonce}));
        let body = token(&mut world, &exchange(&code), &[&proof(&key)])
            .await
            .json();
        let bound = body["refresh_token"].as_str().unwrap().to_owned();
        let challenge = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
        let waits = async |world: &mut World| {
            world.script(vec![vec![challenge.clone()]]);
            let required = token(world, &refresh(&bound), &[&proof(&key)]).await.json();
            assert_eq!(required["error"], "mfa_required", "{required}");
            let log = world.log().await;
            let shown = log.iter().rev().find(|entry| entry["type"] == "mfa_code");
            let otp = shown.unwrap()["otp"].as_str().unwrap().to_owned();
            (required["mfa_token"].as_str().unwrap().to_owned(), otp)
        };
        for thief in [None, Some(Key::new())] {
            let (waiting, otp) = waits(&mut world).await;
            let fields = [
                ("grant_type", OTP),
                ("client_id", SPA),
                ("mfa_token", waiting.as_str()),
                ("otp", otp.as_str()),
            ];
            let proofs: Vec<String> = thief.iter().map(proof).collect();
            let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
            let stolen = token(&mut world, &fields, &proofs).await;
            refused("without the key", &stolen, "invalid_dpop_proof");
        }
        // With the key it goes on, and the token that it had was not used up by the thieves.
        let (waiting, otp) = waits(&mut world).await;
        let fields = [
            ("grant_type", OTP),
            ("client_id", SPA),
            ("mfa_token", waiting.as_str()),
            ("otp", otp.as_str()),
        ];
        let own = token(&mut world, &fields, &[&proof(&key)]).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.text);
        assert_eq!(own.json()["token_type"], "DPoP");
    });
}

/// A proof is for one request: what was seen on its way is of no use, not even to who has the token, too.
#[test]
fn a_proof_that_was_seen_is_of_no_use() {
    run(async {
        let mut world = World::new(vec![]);
        let key = Key::new();
        let (code, nonce) = begin(&mut world, &key, &[("scope", "openid offline_access")]).await;
        let seen = key.proof("POST", "oauth/token", json!({"nonce": nonce}));
        let body = token(&mut world, &exchange(&code), &[&seen]).await.json();
        let (access, bound) = (
            body["access_token"].as_str().unwrap().to_owned(),
            body["refresh_token"].as_str().unwrap().to_owned(),
        );
        let again = token(&mut world, &refresh(&bound), &[&seen]).await;
        refused("the proof of the code", &again, "invalid_dpop_proof");
        // One jti for two requests is one proof, whatever else it says.
        let jti = |method: &str, path: &str, more: Value| {
            let mut claims = json!({"jti": "one", "nonce": nonce});
            for (name, value) in more.as_object().unwrap() {
                claims[name] = value.clone();
            }
            key.proof(method, path, claims)
        };
        let proof = jti("GET", "userinfo", json!({"ath": hash(&access)}));
        let shown = userinfo(&mut world, "DPoP", &access, Some(&proof)).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        let second = jti("POST", "oauth/token", json!({"iat": NOW_MS / 1000 - 1}));
        let second = token(&mut world, &refresh(&bound), &[&second]).await;
        refused("the same jti", &second, "invalid_dpop_proof");
        // A proof of the one kind at the endpoint of the other, and a header that has two of them in one line.
        let ath =
            json!({"ath": hash(&access), "htu": format!("{ISSUER}oauth/token"), "htm": "POST"});
        let wrong = key.proof("GET", "userinfo", ath);
        let wrong = userinfo(&mut world, "DPoP", &access, Some(&wrong)).await;
        refused("of the token endpoint", &wrong, "invalid_dpop_proof");
        let fresh = || key.proof("GET", "userinfo", json!({"ath": hash(&access)}));
        let two = format!("{}, {}", fresh(), fresh());
        let two = userinfo(&mut world, "DPoP", &access, Some(&two)).await;
        refused("two in one header", &two, "invalid_dpop_proof");
        // Addresses that are not this one, however near.
        for htu in [
            "http://localhost:3333/userinfo/",
            "http://localhost:3333//userinfo",
            "http://localhost:3333/USERINFO",
            "http://localhost:3333/user%69nfo",
            "http://localhost:3334/userinfo",
            "http://localhost/userinfo",
            "http://localhost.:3333/userinfo",
            "http://localhost:3333@evil.example/userinfo",
            "http://evil.example/http://localhost:3333/userinfo",
            "http://x@localhost:3333/userinfo",
            "ftp://localhost:3333/userinfo",
        ] {
            let proof = key.proof("GET", "userinfo", json!({"ath": hash(&access), "htu": htu}));
            let answer = userinfo(&mut world, "DPoP", &access, Some(&proof)).await;
            refused(htu, &answer, "invalid_dpop_proof");
        }
        // A key that brings its private half along, and the algorithms by which anybody signs.
        let claims = json!({"jti": "p", "htm": "GET", "htu": format!("{ISSUER}userinfo"), "iat": NOW_MS / 1000, "ath": hash(&access)});
        let mut private = key.jwk();
        private["d"] = "AQ".into();
        let symmetric = json!({"kty": "oct", "k": "AQ"});
        for header in [
            json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": private}),
            json!({"typ": "dpop+jwt", "alg": "none", "jwk": key.jwk()}),
            json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": symmetric}),
            json!({"typ": "dpop+jwt", "alg": "ES256", "kid": "1"}),
        ] {
            let proof = key.sign(&header, &claims);
            for proof in [format!("{}.", proof.rsplit_once('.').unwrap().0), proof] {
                let answer = userinfo(&mut world, "DPoP", &access, Some(&proof)).await;
                refused(&header.to_string(), &answer, "invalid_dpop_proof");
            }
        }
        // After all this the token is as it was.
        let shown = userinfo(&mut world, "DPoP", &access, Some(&fresh())).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    });
}

/// Sends the same request many times at once, and returns the answers.
async fn at_once(world: &World, times: usize, fields: &[(&str, &str)]) -> Vec<(StatusCode, Value)> {
    let body = encoded(fields);
    let sent = (0..times).map(|_| {
        let request = Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.clone()))
            .unwrap();
        tokio::spawn(world.router.clone().oneshot(request))
    });
    let sent: Vec<_> = sent.collect();
    let mut answers = Vec::new();
    for answer in sent {
        let (parts, body) = answer.await.unwrap().unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        answers.push((parts.status, serde_json::from_slice(&bytes).unwrap()));
    }
    answers
}

#[test]
fn of_many_exchanges_at_once_one_succeeds_or_none() {
    run(async {
        for leeway in [0, 60] {
            let mut data = export();
            data.clients[0]["refresh_token"]["leeway"] = json!(leeway);
            let mut world = World::with(data, vec![]);
            let body = world.log_in(&[("scope", "openid offline_access")]).await;
            let first = body["refresh_token"].as_str().unwrap().to_owned();
            let answers = at_once(&world, 16, &refresh(&first)).await;
            let next: Vec<&str> = answers
                .iter()
                .filter(|(status, _)| *status == StatusCode::OK)
                .map(|(_, body)| body["refresh_token"].as_str().unwrap())
                .collect();
            if leeway > 0 {
                // Within the leeway all are good, and each has a token of its own.
                let distinct: std::collections::BTreeSet<&&str> = next.iter().collect();
                assert_eq!((next.len(), distinct.len()), (16, 16));
                continue;
            }
            assert!(next.len() <= 1, "{answers:?}");
            for (status, body) in &answers {
                let error = (*status, &body["error"]);
                let is_refused = error == (StatusCode::FORBIDDEN, &json!("invalid_grant"));
                assert!(is_refused || *status == StatusCode::OK, "{body}");
            }
            // Somebody used it twice: nothing of the family is good any more.
            for token in next.iter().copied().chain([first.as_str()]) {
                let answer = world.token(&refresh(token)).await;
                refused("after a reuse", &answer, "invalid_grant");
            }
        }
    });
}

#[test]
fn an_assertion_is_good_at_one_endpoint_for_one_application() {
    run(async {
        let pair = KeyPair::generate(Randomness::Seed(b"an application")).unwrap();
        let pem = pair.public().to_pem().unwrap();
        let mut data = export();
        let credential =
            json!({"name": "k", "credential_type": "public_key", "alg": "RS256", "pem": pem});
        // Two applications of one company with one key.
        for client in &mut data.clients[1..3] {
            client["client_authentication_methods"] =
                json!({"private_key_jwt": {"credentials": [credential]}});
        }
        let mut world = World::with(data, vec![]);
        let now = NOW_MS / 1000;
        let claims = |id: &str, jti: &str| {
            let claims = json!({"iss": id, "sub": id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti});
            claims.as_object().unwrap().clone()
        };
        let signed = |id: &str, jti: &str| pair.sign("JWT", &claims(id, jti)).unwrap();
        let machine = signed(MACHINE, "1");
        let with = |more: &[(&'static str, &'static str)], assertion: &str| {
            let mut fields = more.to_vec();
            fields.push(("client_assertion_type", KIND));
            let mut fields: Vec<(String, String)> = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            fields.push(("client_assertion".to_owned(), assertion.to_owned()));
            fields
        };
        let send = async |world: &mut World, path: &str, fields: Vec<(String, String)>| {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            world.form(path, &fields).await
        };
        let ask = [("grant_type", "client_credentials"), ("audience", API)];
        // By another application first: it is not used up by that.
        let stolen = [ask[0], ask[1], ("client_id", WEB)];
        let answer = send(&mut world, "/oauth/token", with(&stolen, &machine)).await;
        refused("another application", &answer, "invalid_client");
        let answer = send(&mut world, "/oauth/token", with(&ask, &machine)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        for (path, more) in [
            ("/oauth/token", &ask[..]),
            ("/oauth/revoke", &[("token", "x")][..]),
            ("/oauth/par", &[("response_type", "code")][..]),
            (
                "/passwordless/start",
                &[("connection", "email"), ("email", "a@example.com")][..],
            ),
        ] {
            let answer = send(&mut world, path, with(more, &machine)).await;
            refused(path, &answer, "invalid_client");
        }
        // The public key is no secret, and no signature is none.
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let content = encode(&Value::Object(claims(MACHINE, "2")));
        for algorithm in ["none", "None", "HS256"] {
            let head = encode(&json!({"alg": algorithm, "typ": "JWT"}));
            let input = format!("{head}.{content}");
            let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pem.as_bytes());
            let mac = ring::hmac::sign(&hmac, input.as_bytes());
            let mac = URL_SAFE_NO_PAD.encode(mac);
            for forged in [format!("{input}."), format!("{input}.{mac}")] {
                let answer = send(&mut world, "/oauth/token", with(&ask, &forged)).await;
                refused(algorithm, &answer, "invalid_client");
            }
        }
        // A token that the tenant itself signed is no assertion of anybody.
        let own = world.key.sign("JWT", &claims(MACHINE, "3")).unwrap();
        let answer = send(&mut world, "/oauth/token", with(&ask, &own)).await;
        refused("the tenant's key", &answer, "invalid_client");
    });
}

#[test]
fn opaque_tokens_are_of_one_kind_and_one_user() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world
            .log_in(&[("scope", "openid profile offline_access")])
            .await;
        let part = |key: &str| body[key].as_str().unwrap().to_owned();
        let (access, refresh_token) = (part("access_token"), part("refresh_token"));
        assert!(!access.contains('.'), "an opaque token: {access}");
        // Other secrets of the tenant are no access tokens, and an access token is none of them.
        let code = world.authorize(&[("prompt", "none")]).await.code();
        for secret in [&refresh_token, &code, &part("id_token")] {
            let answer = world.get_as("/userinfo", secret).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{secret}");
        }
        for secret in [&access, &code] {
            refused(
                "refresh",
                &world.token(&refresh(secret)).await,
                "invalid_grant",
            );
        }
        for secret in [&access, &refresh_token] {
            refused("code", &world.exchange(secret).await, "invalid_grant");
        }
        for path in [
            "/api/v2/users",
            "/api/v2/users/auth0%7C1",
            "/mfa/authenticators",
        ] {
            let answer = world.get_as(path, &access).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
        // Another application revokes neither of them, whatever it calls them.
        for secret in [&access, &refresh_token] {
            for hint in ["access_token", "refresh_token", "nonsense"] {
                let fields = [
                    ("client_id", WEB),
                    ("client_secret", WEB_SECRET),
                    ("token", secret.as_str()),
                    ("token_type_hint", hint),
                ];
                world.form("/oauth/revoke", &fields).await;
            }
        }
        assert_eq!(
            world.get_as("/userinfo", &access).await.status,
            StatusCode::OK
        );
        let next = world.token(&refresh(&refresh_token)).await;
        assert_eq!(next.status, StatusCode::OK, "{}", next.text);
        // It ends with its user.
        let token = world.machine_token(None).await;
        let path = "users/auth0%7C1";
        let (status, _) = world.api(Method::DELETE, path, &token, Value::Null).await;
        assert_eq!(status, 204);
        let gone = world.get_as("/userinfo", &access).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "{}", gone.text);
        let next = next.json()["refresh_token"].as_str().unwrap().to_owned();
        refused(
            "the user is gone",
            &world.token(&refresh(&next)).await,
            "invalid_grant",
        );
    });
}

/// The settings of an application decide what it may exchange, and an Action decides whose the tokens are.
#[test]
fn a_token_exchange_is_of_the_application_that_may() {
    run(async {
        let mut data = export();
        let kind = "https://legacy.example.com/session";
        data.clients[1]["token_exchange"] =
            json!({"allow_any_profile_of_type": ["custom_authentication"]});
        data.token_exchange_profiles = vec![json!({
            "name": "legacy", "subject_token_type": kind, "action_id": "legacy", "type": "custom_authentication",
        })];
        let mut world = World::with(data, vec![]);
        let set = Does::Call("authentication.setUserById", json!(["auth0|1"]));
        (world.pipeline.others.lock().unwrap())
            .insert(Trigger::CustomTokenExchange, vec![vec![set]]);
        let ask = async |world: &mut World, more: &[(&str, &str)]| {
            let mut fields = vec![
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                ("audience", API),
                ("scope", "openid"),
                ("subject_token", "legacy-1"),
                ("subject_token_type", kind),
            ];
            fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
            fields.extend(more);
            world.token(&fields).await
        };
        let web = [("client_id", WEB), ("client_secret", WEB_SECRET)];
        let own = ask(&mut world, &web).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.text);
        for (what, client) in [
            ("no setting", vec![("client_id", SPA)]),
            ("no secret", vec![("client_id", WEB)]),
            (
                "a wrong secret",
                vec![("client_id", WEB), ("client_secret", "x")],
            ),
            (
                "another type",
                [
                    &web[..],
                    &[(
                        "subject_token_type",
                        "urn:ietf:params:oauth:token-type:access_token",
                    )],
                ]
                .concat(),
            ),
            (
                "another spelling",
                [
                    &web[..],
                    &[("subject_token_type", "https://LEGACY.example.com/session")],
                ]
                .concat(),
            ),
            (
                "an unknown API",
                [&web[..], &[("audience", "https://elsewhere.example")]].concat(),
            ),
        ] {
            let answer = ask(&mut world, &client).await;
            assert!(answer.status.is_client_error(), "{what}: {}", answer.text);
            assert!(
                !answer.text.contains("_token\":\"ey"),
                "{what}: {}",
                answer.text
            );
        }
    });
}

/// An application that proves itself by its certificate in production has no secret here either.
#[test]
fn a_secret_does_not_replace_a_certificate() {
    run(async {
        for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
            let mut data = export();
            data.clients[2]["client_authentication_methods"] =
                json!({method: {"credentials": [{"id": "cred_1"}]}});
            let mut world = World::with(data, vec![]);
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", MACHINE_SECRET),
                ("audience", API),
            ];
            let answer = world.token(&fields).await;
            refused(method, &answer, "invalid_client");
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
    });
}
