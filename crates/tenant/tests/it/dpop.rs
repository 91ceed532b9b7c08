//! Tokens that are bound to a key (RFC 9449), and what somebody without the key can do with them.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{
    API, Answer, CALLBACK, ISSUER, MACHINE, MACHINE_SECRET, NOW_MS, SPA, VERIFIER, WEB, WEB_SECRET,
    World, by_password, encoded, export, run,
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The key of an application.
pub struct Key(EcdsaKeyPair);

impl Key {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let document = document.expect("a key");
        let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self(EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).expect("a key"))
    }

    pub fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    }

    fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let members = json!({"crv": "P-256", "kty": "EC", "x": jwk["x"], "y": jwk["y"]});
        URL_SAFE_NO_PAD.encode(Sha256::digest(members.to_string()))
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes());
        format!(
            "{input}.{}",
            URL_SAFE_NO_PAD.encode(signature.expect("a signature"))
        )
    }

    /// A proof for a request; `more` adds claims or takes other ones.
    pub fn proof(&self, method: &str, path: &str, more: Value) -> String {
        let id: u128 =
            u128::from_le_bytes(ring::rand::generate(&SystemRandom::new()).unwrap().expose());
        let mut claims = json!({
            "jti": id.to_string(), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": NOW_MS / 1000,
        });
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            claims[name] = value;
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        self.sign(&header, &claims)
    }
}

pub async fn token(world: &mut World, fields: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let mut headers = vec![FORM];
    headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
    world
        .send(Method::POST, "/oauth/token", &headers, encoded(fields))
        .await
}

pub async fn userinfo(world: &mut World, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let authorization = format!("{scheme} {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    world.send(Method::GET, "/userinfo", &headers, "").await
}

pub fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// The parameters of an exchange by the single-page application.
pub fn exchange(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", SPA),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// A code, and the nonce of the tenant.
pub async fn begin(world: &mut World, key: &Key, more: &[(&str, &str)]) -> (String, String) {
    let page = world.authorize(more).await;
    let back = match page.parameter("code") {
        Some(_) => page,
        None => world.sign_in(&page).await,
    };
    let code = back.code();
    let refused = token(
        world,
        &exchange(&code),
        &[&key.proof("POST", "oauth/token", json!({}))],
    )
    .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["error"], "use_dpop_nonce");
    let nonce = refused.header("dpop-nonce").to_owned();
    (code, nonce)
}

fn with_policy(policy: Value) -> World {
    let mut data = export();
    data.resource_servers[0]["proof_of_possession"] = policy;
    World::with(data, vec![])
}

#[test]
fn a_single_page_application_binds_its_tokens_to_its_key() {
    run(async {
        let mut world = World::new(vec![]);
        let key = Key::new();
        let scope = [("scope", "openid profile offline_access")];
        let (code, nonce) = begin(&mut world, &key, &scope).await;
        // The nonce was asked for before the code was looked at.
        let proof = key.proof("POST", "oauth/token", json!({"nonce": nonce}));
        let answer = token(&mut world, &exchange(&code), &[&proof]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = answer.json();
        assert_eq!(body["token_type"], "DPoP");
        let access = body["access_token"].as_str().unwrap().to_owned();
        // An ID token is for the application itself and is not bound.
        assert_eq!(world.claims(&body["id_token"]).get("cnf"), None);

        let ath = json!({"ath": hash(&access)});
        let proof = key.proof("GET", "userinfo", ath.clone());
        let told = userinfo(&mut world, "DPoP", &access, Some(&proof)).await;
        assert_eq!(
            (told.status, &told.json()["sub"]),
            (StatusCode::OK, &json!("auth0|1"))
        );
        for (scheme, proof, expected) in [
            ("DPoP", Some(proof.clone()), "invalid_dpop_proof"),
            ("DPoP", None, "invalid_dpop_proof"),
            (
                "DPoP",
                Some(Key::new().proof("GET", "userinfo", ath.clone())),
                "invalid_dpop_proof",
            ),
            (
                "DPoP",
                Some(key.proof("POST", "userinfo", ath.clone())),
                "invalid_dpop_proof",
            ),
            (
                "DPoP",
                Some(key.proof("GET", "oauth/token", ath.clone())),
                "invalid_dpop_proof",
            ),
            (
                "DPoP",
                Some(key.proof("GET", "userinfo", json!({}))),
                "invalid_dpop_proof",
            ),
            (
                "DPoP",
                Some(key.proof("GET", "userinfo", json!({"ath": hash("other")}))),
                "invalid_dpop_proof",
            ),
            ("Bearer", None, "invalid_token"),
            (
                "Bearer",
                Some(key.proof("GET", "userinfo", ath.clone())),
                "invalid_token",
            ),
        ] {
            let refused = userinfo(&mut world, scheme, &access, proof.as_deref()).await;
            assert_eq!(
                refused.status,
                StatusCode::UNAUTHORIZED,
                "{scheme} {proof:?}"
            );
            assert_eq!(refused.json()["error"], expected, "{scheme} {proof:?}");
        }
        let by_query = world.get(&format!("/userinfo?access_token={access}")).await;
        assert_eq!(by_query.status, StatusCode::UNAUTHORIZED);

        // The refresh token is good with the key alone, and a thief without it cannot end its family.
        let refresh = body["refresh_token"].as_str().unwrap().to_owned();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", refresh.as_str()),
        ];
        let nonce = json!({"nonce": nonce});
        let stolen = token(&mut world, &fields, &[]).await;
        assert_eq!(stolen.json()["error"], "invalid_dpop_proof");
        let stolen = Key::new().proof("POST", "oauth/token", nonce.clone());
        let stolen = token(&mut world, &fields, &[&stolen]).await;
        assert_eq!(stolen.json()["error"], "invalid_dpop_proof");
        let own = key.proof("POST", "oauth/token", nonce.clone());
        let refreshed = token(&mut world, &fields, &[&own]).await;
        assert_eq!(
            (refreshed.status, &refreshed.json()["token_type"]),
            (StatusCode::OK, &json!("DPoP"))
        );
        let stolen = token(&mut world, &fields, &[]).await;
        assert_eq!(stolen.json()["error"], "invalid_dpop_proof");
        let next = refreshed.json()["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", next.as_str()),
        ];
        let own = key.proof("POST", "oauth/token", nonce);
        assert_eq!(
            token(&mut world, &fields, &[&own]).await.status,
            StatusCode::OK
        );
    });
}

#[test]
fn a_proof_is_for_one_request_of_these_five_minutes() {
    run(async {
        let mut world = World::new(vec![]);
        let key = Key::new();
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ];
        let now = NOW_MS / 1000;
        let good = key.proof("POST", "oauth/token", json!({}));
        assert_eq!(
            token(&mut world, &fields, &[&good]).await.status,
            StatusCode::OK
        );
        let header = |change: Value| {
            let mut header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()});
            for (name, value) in change.as_object().cloned().unwrap_or_default() {
                header[name] = value;
            }
            let claims = json!({"jti": "1", "htm": "POST", "htu": format!("{ISSUER}oauth/token"), "iat": now});
            key.sign(&header, &claims)
        };
        let claims = |change: Value| key.proof("POST", "oauth/token", change);
        for proof in [
            good.clone(),
            String::new(),
            "x.y.z".to_owned(),
            "\u{e9}".to_owned(),
            header(json!({"typ": "JWT"})),
            header(json!({"alg": "none"})),
            header(json!({"alg": "HS256"})),
            header(json!({"jwk": Key::new().jwk()})),
            claims(json!({"htm": "post"})),
            claims(json!({"htm": "GET"})),
            claims(json!({"htu": format!("{ISSUER}userinfo")})),
            claims(json!({"htu": "https://evil.example/oauth/token"})),
            claims(json!({"htu": "/oauth/token"})),
            claims(json!({"htu": null})),
            claims(json!({"jti": ""})),
            claims(json!({"jti": 7})),
            claims(json!({"jti": "x".repeat(513)})),
            claims(json!({"iat": null})),
            claims(json!({"iat": now.to_string()})),
            claims(json!({"iat": now - 301})),
            claims(json!({"iat": now + 31})),
            claims(json!({"iat": 1e300})),
        ] {
            let refused = token(&mut world, &fields, &[&proof]).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{proof}");
            assert_eq!(refused.json()["error"], "invalid_dpop_proof", "{proof}");
        }
        let two = [claims(json!({})), claims(json!({}))];
        let refused = token(&mut world, &fields, &[&two[0], &two[1]]).await;
        assert_eq!(refused.json()["error"], "invalid_dpop_proof");
        // A nonce that is not ours is told, for applications with a secret, too.
        let refused = token(&mut world, &fields, &[&claims(json!({"nonce": "x"}))]).await;
        assert_eq!(refused.json()["error"], "use_dpop_nonce");
        // Query and fragment of the address do not count; the edges of the time do.
        for change in [
            json!({"htu": format!("{ISSUER}oauth/token?x=y#z")}),
            json!({"iat": now - 300}),
            json!({"iat": now + 30}),
        ] {
            let shown = change.to_string();
            let proof = claims(change);
            assert_eq!(
                token(&mut world, &fields, &[&proof]).await.status,
                StatusCode::OK,
                "{shown}"
            );
        }
        // A nonce runs out; the proof is recent by the system's clock, though the tenant's was moved.
        let told = token(&mut world, &fields, &[&claims(json!({"nonce": "x"}))]).await;
        let nonce = told.header("dpop-nonce").to_owned();
        world.advance(3_600).await;
        let late = token(
            &mut world,
            &fields,
            &[&claims(json!({"nonce": nonce, "iat": now + 3_600}))],
        )
        .await;
        assert_eq!(late.json()["error"], "use_dpop_nonce");
        let system = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let moved = token(&mut world, &fields, &[&claims(json!({"iat": system}))]).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    });
}

/// The table of <https://auth0.com/docs/secure/sender-constraining/configure-sender-constraining>.
#[test]
fn the_api_decides_whether_its_tokens_are_bound() {
    run(async {
        let allowed = json!({"mechanism": "dpop", "required": false});
        let required = json!({"mechanism": "dpop", "required": true});
        // policy, whether the application requires, with a proof -> token_type, or none
        for (policy, client, proof, expected) in [
            (Value::Null, false, false, Some("Bearer")),
            (Value::Null, false, true, Some("Bearer")),
            (Value::Null, true, false, None),
            (Value::Null, true, true, None),
            (allowed.clone(), false, false, Some("Bearer")),
            (allowed.clone(), false, true, Some("DPoP")),
            (allowed.clone(), true, false, None),
            (allowed.clone(), true, true, Some("DPoP")),
            (required.clone(), false, false, None),
            (required.clone(), false, true, Some("DPoP")),
            (required.clone(), true, false, None),
            (required.clone(), true, true, Some("DPoP")),
            (
                json!({"mechanism": "mtls", "required": true}),
                false,
                true,
                None,
            ),
            (
                json!({"mechanism": "mtls", "required": false}),
                false,
                true,
                Some("Bearer"),
            ),
            (
                json!({"mechanism": "dpop", "required": true, "required_for": "public_clients"}),
                false,
                false,
                Some("Bearer"),
            ),
        ] {
            let mut data = export();
            data.resource_servers[0]["proof_of_possession"] = policy.clone();
            for application in &mut data.clients {
                application["require_proof_of_possession"] = client.into();
            }
            let mut world = World::with(data, vec![]);
            let key = Key::new();
            let shown = format!("{policy} {client} {proof}");
            let fields = |grant: &'static [(&str, &str)]| {
                let mut fields = vec![("audience", API)];
                fields.extend_from_slice(grant);
                fields
            };
            let machine = fields(&[
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", MACHINE_SECRET),
            ]);
            let person = by_password(&[("scope", "openid"), ("audience", API)]);
            for fields in [machine, person] {
                let proofs: Vec<String> = proof
                    .then(|| key.proof("POST", "oauth/token", json!({})))
                    .into_iter()
                    .collect();
                let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
                let answer = token(&mut world, &fields, &proofs).await;
                let body = answer.json();
                match expected {
                    None => {
                        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{shown}: {body}");
                        assert_eq!(body["error"], "invalid_request", "{shown}");
                    }
                    Some(kind) => {
                        assert_eq!(body["token_type"], kind, "{shown}: {body}");
                        let cnf = world.claims(&body["access_token"]).get("cnf").cloned();
                        let bound = (kind == "DPoP").then(|| json!({"jkt": key.thumbprint()}));
                        assert_eq!(cnf, bound, "{shown}");
                    }
                }
            }
        }
        // Tokens for /userinfo alone are bound whenever there is a proof; the browser's endpoint has none.
        let mut world = with_policy(required);
        let page = world
            .authorize(&[
                ("response_type", "token"),
                ("audience", API),
                ("scope", "openid read:x"),
            ])
            .await;
        let back = world.sign_in(&page).await;
        assert_eq!(
            back.parameter("error").as_deref(),
            Some("invalid_request"),
            "{}",
            back.header("location")
        );
    });
}

#[test]
fn a_code_is_good_with_the_key_that_the_request_named() {
    run(async {
        let mut world = World::new(vec![]);
        let (key, thief) = (Key::new(), Key::new());
        let named = key.thumbprint();
        for (by, good) in [(&key, true), (&thief, false)] {
            let (code, nonce) = begin(&mut world, &thief, &[("dpop_jkt", named.as_str())]).await;
            let proof = by.proof("POST", "oauth/token", json!({"nonce": nonce}));
            let answer = token(&mut world, &exchange(&code), &[&proof]).await;
            match good {
                true => assert_eq!(answer.status, StatusCode::OK, "{}", answer.text),
                false => assert_eq!(answer.json()["error"], "invalid_grant"),
            }
        }
        let (code, _) = begin(&mut world, &thief, &[("dpop_jkt", named.as_str())]).await;
        let bare = token(&mut world, &exchange(&code), &[]).await;
        assert_eq!(bare.json()["error"], "invalid_grant");

        // A pushed request names the key by its proof.
        let pushed = |jkt: Option<String>| {
            let mut fields: Vec<(String, String)> = [
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("redirect_uri", CALLBACK),
                ("response_type", "code"),
                ("scope", "openid"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            fields.extend(jkt.map(|jkt| ("dpop_jkt".to_owned(), jkt)));
            fields
        };
        for (jkt, status) in [
            (None, 201),
            (Some(key.thumbprint()), 201),
            (Some(thief.thumbprint()), 400),
        ] {
            let proof = key.proof("POST", "oauth/par", json!({}));
            let fields = pushed(jkt);
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            let answer = world
                .send(
                    Method::POST,
                    "/oauth/par",
                    &[FORM, ("dpop", &proof)],
                    encoded(&fields),
                )
                .await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
            if status == 201 {
                let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
                let page = world
                    .get(&format!(
                        "/authorize?{}",
                        encoded(&[("client_id", WEB), ("request_uri", &reference)])
                    ))
                    .await;
                let code = page.code();
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("client_id", WEB),
                    ("client_secret", WEB_SECRET),
                    ("code", code.as_str()),
                    ("redirect_uri", CALLBACK),
                ];
                let stolen = thief.proof("POST", "oauth/token", json!({}));
                assert_eq!(
                    token(&mut world, &fields, &[&stolen]).await.json()["error"],
                    "invalid_grant"
                );
            }
        }
    });
}

#[test]
fn pages_may_send_proofs_and_read_nonces() {
    run(async {
        let mut world = World::new(vec![]);
        let headers = [
            ("origin", "http://localhost:5000"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "dpop"),
        ];
        let preflight = world
            .send(Method::OPTIONS, "/oauth/token", &headers, "")
            .await;
        assert!(
            preflight
                .header("access-control-allow-headers")
                .contains("dpop")
        );
        let answer = world
            .send(Method::GET, "/userinfo", &headers[..1], "")
            .await;
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("dpop-nonce")
        );
        let metadata: Map<String, Value> = world
            .get("/.well-known/openid-configuration")
            .await
            .json()
            .as_object()
            .cloned()
            .unwrap();
        assert_eq!(
            metadata["dpop_signing_alg_values_supported"],
            json!(["ES256"])
        );
    });
}

#[test]
fn the_token_may_be_a_parameter_of_the_address() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[]).await;
        let access = body["access_token"].as_str().unwrap();
        // RFC 6750, section 2.3: passport-auth0 knows no other way.
        let told = world.get(&format!("/userinfo?access_token={access}")).await;
        assert_eq!(told.json()["sub"], "auth0|1", "{}", told.text);
        for query in ["access_token=", "access_token=x", "token=x"] {
            let refused = world.get(&format!("/userinfo?{query}")).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{query}");
        }
    });
}
