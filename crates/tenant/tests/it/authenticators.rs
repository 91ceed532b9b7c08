//! Authenticator apps: enrolled at the token endpoint, good there and on the page of a challenge.

use axum::http::{Method, StatusCode};
use postlogin_token::totp;
use serde_json::{Value, json};

use crate::support::{Answer, Does, NOW_MS, WEB, WEB_SECRET, World, run};

const CLIENT: [(&str, &str); 2] = [("client_id", WEB), ("client_secret", WEB_SECRET)];

fn world() -> World {
    let challenge = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
    World::new(vec![vec![challenge]])
}

/// The token with which a login by password goes on.
async fn mfa_token(world: &mut World) -> String {
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", "jane@example.com"),
        ("password", "jane-secret"),
        ("scope", "openid"),
    ];
    fields.extend(CLIENT);
    let required = world.token(&fields).await.json();
    assert_eq!(required["error"], "mfa_required");
    required["mfa_token"].as_str().unwrap().to_owned()
}

async fn go_on(world: &mut World, token: &str, otp: &str) -> Answer {
    let grant = "http://auth0.com/oauth/grant-type/mfa-otp";
    let mut fields = vec![("grant_type", grant), ("mfa_token", token), ("otp", otp)];
    fields.extend(CLIENT);
    world.token(&fields).await
}

async fn associate(world: &mut World, token: &str, kinds: Value) -> Answer {
    let body = json!({"authenticator_types": kinds});
    world
        .json_as(Method::POST, "/mfa/associate", token, body)
        .await
}

/// Returns the bytes that an app reads from a secret.
fn bytes(secret: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret
        .chars()
        .map(|letter| format!("{:05b}", letters.find(letter).unwrap()))
        .collect();
    let whole = bits.as_bytes().chunks_exact(8);
    whole
        .map(|bits| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap())
        .collect()
}

#[test]
fn an_app_is_enrolled_and_its_codes_are_good() {
    run(async {
        let mut world = world();
        let token = mfa_token(&mut world).await;
        let enrolled = associate(&mut world, &token, json!(["otp"])).await.json();
        let secret = enrolled["secret"].as_str().unwrap().to_owned();
        let uri = enrolled["barcode_uri"].as_str().unwrap();
        assert!(
            uri.starts_with("otpauth://totp/example:jane%40example.com?secret="),
            "{uri}"
        );
        let listed = world.get_as("/mfa/authenticators", &token).await.json();
        assert_eq!(
            (&listed[0]["authenticator_type"], &listed[1]["active"]),
            (&json!("recovery-code"), &json!(false))
        );
        let at = |seconds: i64| totp(&bytes(&secret), NOW_MS / 1000 + seconds);
        assert_eq!(
            go_on(&mut world, &token, &at(120)).await.json()["error"],
            "invalid_grant"
        );
        let body = go_on(&mut world, &token, &at(-30)).await.json();
        assert_eq!(world.claims(&body["id_token"])["sub"], "auth0|1", "{body}");

        let token = mfa_token(&mut world).await;
        let listed = world.get_as("/mfa/authenticators", &token).await.json();
        assert_eq!(
            (&listed[1]["active"], &listed[1]["authenticator_type"]),
            (&json!(true), &json!("otp"))
        );
        let again = associate(&mut world, &token, json!(["otp"])).await;
        assert!(
            again.text.contains("User is already enrolled."),
            "{}",
            again.text
        );

        let page = world.authorize(&[]).await;
        let challenge = world.sign_in(&page).await;
        let state = challenge.parameter("state").unwrap();
        let code = at(0);
        let fields = [("state", state.as_str()), ("code", code.as_str())];
        assert!(
            world
                .form("/u/mfa", &fields)
                .await
                .parameter("code")
                .is_some()
        );

        // An administrator takes the app away.
        let machine = world.machine_token(None).await;
        let path = "/api/v2/users/auth0%7C1/multifactor/google-authenticator";
        let gone = world
            .json_as(Method::DELETE, path, &machine, Value::Null)
            .await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(
            go_on(&mut world, &token, &at(0)).await.json()["error"],
            "invalid_grant"
        );
    });
}

#[test]
fn the_tenants_own_policy_takes_the_codes_too() {
    run(async {
        let mut world = World::new(vec![]);
        world
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let token = mfa_token(&mut world).await;
        let enrolled = associate(&mut world, &token, json!(["otp"])).await.json();
        let code = totp(&bytes(enrolled["secret"].as_str().unwrap()), NOW_MS / 1000);
        assert!(go_on(&mut world, &token, &code).await.json()["id_token"].is_string());
        let stored = world.users().await;
        assert_eq!(stored[0]["enrolledFactors"], json!([{"type": "otp"}]));
    });
}

#[test]
fn nobody_enrols_without_a_login_that_waits() {
    run(async {
        let mut world = world();
        for token in ["", "nonsense"] {
            assert_eq!(
                associate(&mut world, token, json!(["otp"])).await.status,
                401
            );
            assert_eq!(world.get_as("/mfa/authenticators", token).await.status, 401);
        }
        let token = mfa_token(&mut world).await;
        for kinds in [json!(["oob"]), json!([]), json!("otp"), json!(null)] {
            let answer = associate(&mut world, &token, kinds.clone()).await;
            assert_eq!(answer.status, 400, "{kinds}");
        }
        let got = world.get_as("/mfa/associate", &token).await;
        assert_eq!(got.status, 405);
    });
}

#[test]
fn a_code_is_good_once() {
    run(async {
        let mut world = world();
        let token = mfa_token(&mut world).await;
        let enrolled = associate(&mut world, &token, json!(["otp"])).await.json();
        let secret = bytes(enrolled["secret"].as_str().unwrap());
        let at = |seconds: i64| totp(&secret, NOW_MS / 1000 + seconds);
        let refused = |answer: Answer, what: &str| {
            assert_eq!(
                answer.json()["error"],
                "invalid_grant",
                "{what}: {}",
                answer.text
            );
        };
        let good = go_on(&mut world, &token, &at(0)).await;
        assert_eq!(good.status, 200, "{}", good.text);
        // Not again, and none of before it, wherever a code is asked for.
        let token = mfa_token(&mut world).await;
        for seconds in [0, -30] {
            refused(
                go_on(&mut world, &token, &at(seconds)).await,
                "used or older",
            );
        }
        let page = world.authorize(&[]).await;
        let challenge = world.sign_in(&page).await;
        let state = challenge.parameter("state").unwrap();
        let fields = [("state", state.as_str()), ("code", &at(0))];
        let page = world.form("/u/mfa", &fields).await;
        assert!(
            page.text.contains("The code you entered is invalid"),
            "{}",
            page.text
        );
        // What was used stays used in an export.
        let export = world
            .control(Method::GET, "export", Value::Null)
            .await
            .json();
        world.control(Method::POST, "import", export).await;
        let token = mfa_token(&mut world).await;
        refused(go_on(&mut world, &token, &at(0)).await, "after an import");
        // A later one is good.
        let good = go_on(&mut world, &token, &at(30)).await;
        assert_eq!(good.status, 200, "{}", good.text);
        let token = mfa_token(&mut world).await;
        world.advance(60).await;
        refused(go_on(&mut world, &token, &at(30)).await, "a minute later");
        let good = go_on(&mut world, &token, &at(60)).await;
        assert_eq!(good.status, 200, "{}", good.text);
    });
}
