//! Which factors let a login continue at the token endpoint, and how the error names them.

use axum::http::Method;
use postlogin_token::totp;
use serde_json::{Value, json};

use crate::support::{Answer, Does, NOW_MS, WEB, WEB_SECRET, World, by_password_of, run};

const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
const RECOVERY: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
const SECRET: &str = "PAPTKHN6OBQOGNSW";
/// The same in bytes.
const BYTES: [u8; 10] = [0x78, 0x1f, 0x35, 0x1d, 0xbe, 0x70, 0x60, 0xe3, 0x36, 0x56];

/// Joe with an app and a phone, and Actions that do something.
async fn world(does: &[(&'static str, Value)]) -> World {
    let actions = does.iter().map(|(method, args)| {
        let args = json!([args]);
        Does::Call(method, args)
    });
    let mut world = World::new(vec![actions.collect()]);
    let token = world.machine_token(None).await;
    for body in [
        json!({"type": "totp", "totp_secret": SECRET, "name": "app"}),
        json!({"type": "phone", "phone_number": "+15550100", "preferred_authentication_method": "sms", "name": "phone"}),
    ] {
        let path = "/api/v2/users/auth0%7C2/authentication-methods";
        let made = world.json_as(Method::POST, path, &token, body).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    world
}

async fn required(world: &mut World) -> Value {
    let fields = by_password_of("joe@example.com", "joe-secret", &[("scope", "openid")]);
    let answer = world.token(&fields).await.json();
    assert_eq!(answer["error"], "mfa_required", "{answer}");
    answer
}

async fn challenge(world: &mut World, required: &Value, kind: &str) -> Answer {
    let fields = [
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("mfa_token", required["mfa_token"].as_str().unwrap()),
        ("challenge_type", kind),
    ];
    world.form("/mfa/challenge", &fields).await
}

async fn show(world: &mut World, required: &Value, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("mfa_token", required["mfa_token"].as_str().unwrap()),
    ];
    fields.extend(more);
    world.token(&fields).await
}

async fn texted(world: &mut World) -> String {
    let texts = world.control(Method::GET, "texts", json!({})).await.json();
    let text = texts.as_array().unwrap().last().expect("a text").clone();
    text["code"].as_str().unwrap().to_owned()
}

#[test]
fn the_error_names_the_factors_that_continue_the_login() {
    run(async {
        // Of the policy: what the user has, else what may be enrolled.
        let mut world = World::new(vec![]);
        world
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let none = required(&mut world).await;
        let offered = none["mfa_requirements"]["enroll"].as_array().unwrap();
        assert!(offered.contains(&json!({"type": "otp"})), "{none}");
        assert!(offered.contains(&json!({"type": "phone"})), "{none}");
        assert!(none["mfa_requirements"]["challenge"].is_null());
        let mut world = self::world(&[]).await;
        world
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let both = required(&mut world).await;
        assert_eq!(
            both["mfa_requirements"],
            json!({"challenge": [{"type": "otp"}, {"type": "phone"}]})
        );
        // Of an Action: those that it asks for.
        let phone = json!({"type": "phone"});
        let mut world = self::world(&[("authentication.challengeWith", phone.clone())]).await;
        assert_eq!(
            required(&mut world).await["mfa_requirements"],
            json!({"challenge": [{"type": "phone"}]})
        );
    });
}

#[test]
fn an_action_gets_the_factor_that_it_asks_for() {
    run(async {
        let phone = json!({"type": "phone"});
        let mut world = world(&[("authentication.challengeWith", phone)]).await;
        let waits = required(&mut world).await;
        let code = totp(&BYTES, NOW_MS / 1000);
        let log = world.log().await;
        let shown = log.iter().rfind(|it| it["type"] == "mfa_code").unwrap();
        for otp in [code.as_str(), shown["otp"].as_str().unwrap()] {
            let refused = show(&mut world, &waits, &[("grant_type", OTP), ("otp", otp)]).await;
            assert_eq!(refused.status, 403, "{}", refused.text);
            assert_eq!(refused.json()["error"], "invalid_grant");
        }
        let otp = challenge(&mut world, &waits, "otp").await;
        assert_eq!(
            (otp.status.as_u16(), &otp.json()["error"]),
            (401, &json!("unsupported_challenge_type"))
        );
        // Whoever has one passes it before another one is added.
        let token = waits["mfa_token"].as_str().unwrap();
        let body = json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15559999"});
        let more = world
            .json_as(Method::POST, "/mfa/associate", token, body)
            .await;
        assert_eq!(more.status, 403, "{}", more.text);
        let oob = challenge(&mut world, &waits, "otp oob").await.json();
        let binding = texted(&mut world).await;
        let fields = [
            ("grant_type", OOB),
            ("oob_code", oob["oob_code"].as_str().unwrap()),
            ("binding_code", binding.as_str()),
        ];
        let body = show(&mut world, &waits, &fields).await;
        assert_eq!(body.status, 200, "{}", body.text);
    });
}

#[test]
fn an_enrolment_is_of_the_factor_that_the_action_names() {
    run(async {
        let mut world = World::new(vec![vec![Does::Call(
            "authentication.enrollWith",
            json!([{"type": "phone"}]),
        )]]);
        let waits = required(&mut world).await;
        assert_eq!(
            waits["mfa_requirements"],
            json!({"enroll": [{"type": "phone"}]})
        );
        let token = waits["mfa_token"].as_str().unwrap();
        for body in [
            json!({"authenticator_types": ["otp"]}),
            json!({"authenticator_types": ["oob"], "oob_channels": ["email"]}),
        ] {
            let refused = world
                .json_as(Method::POST, "/mfa/associate", token, body)
                .await;
            assert_eq!(refused.status, 400, "{}", refused.text);
            assert!(refused.text.contains("asks for: phone"), "{}", refused.text);
        }
        let recovered = [("grant_type", RECOVERY), ("recovery_code", "x")];
        assert_eq!(show(&mut world, &waits, &recovered).await.status, 403);
        let body = json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15550100"});
        let enrolled = world
            .json_as(Method::POST, "/mfa/associate", token, body)
            .await
            .json();
        let binding = texted(&mut world).await;
        let fields = [
            ("grant_type", OOB),
            ("oob_code", enrolled["oob_code"].as_str().unwrap()),
            ("binding_code", binding.as_str()),
        ];
        let body = show(&mut world, &waits, &fields).await;
        assert_eq!(body.status, 200, "{}", body.text);
        let joe = world.users().await.pop().unwrap();
        assert_eq!(joe["enrolledFactors"], json!([{"type": "phone"}]));
    });
}

#[test]
fn a_user_who_passed_one_factor_enrols_another_one() {
    run(async {
        let (otp, email) = (json!({"type": "otp"}), json!({"type": "push-notification"}));
        let mut world = world(&[
            ("authentication.challengeWith", otp),
            ("authentication.enrollWith", email),
        ])
        .await;
        let waits = required(&mut world).await;
        let code = totp(&BYTES, NOW_MS / 1000);
        let fields = [("grant_type", OTP), ("otp", code.as_str())];
        let next = show(&mut world, &waits, &fields).await.json();
        assert_eq!(
            next["mfa_requirements"],
            json!({"enroll": [{"type": "push-notification"}]}),
            "{next}"
        );
        // The app is not what is to be enrolled.
        world.advance(60).await;
        let code = totp(&BYTES, NOW_MS / 1000 + 60);
        let fields = [("grant_type", OTP), ("otp", code.as_str())];
        assert_eq!(show(&mut world, &next, &fields).await.status, 403);
    });
}

#[test]
fn factors_of_an_import_are_good() {
    run(async {
        let challenge = vec![vec![Does::Call(
            "authentication.challengeWithAny",
            json!([[{"type": "otp"}, {"type": "phone"}]]),
        )]];
        let mut world = World::new(challenge);
        let user = json!({
            "email": "ida@example.com", "password": "ida-secret",
            "mfa_factors": [{"totp": {"secret": SECRET}}, {"phone": {"value": "+15550107"}}],
        });
        let added = world.control(Method::POST, "users", user).await;
        assert!(added.status.is_success(), "{}", added.text);
        let stored = world.users().await.pop().unwrap();
        assert!(!stored.to_string().contains(SECRET), "{stored}");
        for by_phone in [false, true] {
            let fields = by_password_of("ida@example.com", "ida-secret", &[]);
            let waits = world.token(&fields).await.json();
            let answer = match by_phone {
                false => {
                    let code = totp(&BYTES, NOW_MS / 1000);
                    let fields = [("grant_type", OTP), ("otp", code.as_str())];
                    show(&mut world, &waits, &fields).await
                }
                true => {
                    let oob = challenge_oob(&mut world, &waits).await;
                    let binding = texted(&mut world).await;
                    let fields = [
                        ("grant_type", OOB),
                        ("oob_code", oob.as_str()),
                        ("binding_code", binding.as_str()),
                    ];
                    show(&mut world, &waits, &fields).await
                }
            };
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    });
}

async fn challenge_oob(world: &mut World, waits: &Value) -> String {
    let oob = challenge(world, waits, "oob").await.json();
    oob["oob_code"].as_str().expect("an oob_code").to_owned()
}

#[test]
fn an_application_with_a_secret_shows_it_for_a_challenge() {
    run(async {
        let mut world = world(&[("authentication.challengeWith", json!({"type": "otp"}))]).await;
        let waits = required(&mut world).await;
        let token = waits["mfa_token"].as_str().unwrap();
        for secret in [None, Some("wrong")] {
            let mut fields = vec![("client_id", WEB), ("mfa_token", token)];
            fields.extend(secret.map(|secret| ("client_secret", secret)));
            let refused = world.form("/mfa/challenge", &fields).await;
            assert_eq!(refused.status, 401, "{}", refused.text);
        }
    });
}

#[test]
fn a_user_without_a_factor_enrols_one_the_first_time() {
    run(async {
        let enable = || vec![vec![Does::Call("multifactor.enable", json!(["any"]))]];
        let mut world = World::new(enable());
        let waits = required(&mut world).await;
        let offered = waits["mfa_requirements"]["enroll"].as_array().unwrap();
        // What the MFA API enrols, an app first and an address last.
        assert_eq!(
            json!(offered),
            json!([{"type": "otp"}, {"type": "push-notification"}, {"type": "phone"}, {"type": "email"}])
        );
        let token = waits["mfa_token"].as_str().unwrap();
        let body = json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15550100"});
        let enrolled = world
            .json_as(Method::POST, "/mfa/associate", token, body)
            .await
            .json();
        let binding = texted(&mut world).await;
        let fields = [
            ("grant_type", OOB),
            ("oob_code", enrolled["oob_code"].as_str().unwrap()),
            ("binding_code", binding.as_str()),
        ];
        let body = show(&mut world, &waits, &fields).await;
        assert_eq!(body.status, 200, "{}", body.text);
        // The one that was enrolled, and no other of those that were offered.
        let joe = world.users().await.pop().unwrap();
        assert_eq!(joe["enrolledFactors"], json!([{"type": "phone"}]));
        world.script(enable());
        let again = required(&mut world).await;
        assert_eq!(
            again["mfa_requirements"],
            json!({"challenge": [{"type": "phone"}]})
        );
    });
}

#[test]
fn a_login_that_waits_is_in_the_log_with_what_it_did() {
    run(async {
        let claim = crate::support::claim("https://e.com/early", json!(1));
        let otp = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
        let mut world = world(&[]).await;
        world.script(vec![vec![claim, otp]]);
        let waits = required(&mut world).await;
        let logins = |log: Vec<Value>| -> Vec<Value> {
            let logins = log.into_iter().filter(|it| it["type"] == "login");
            logins.collect()
        };
        let before = logins(world.log().await);
        let waiting = before.last().unwrap();
        assert_eq!(waiting["outcome"]["status"], "challenged", "{waiting}");
        assert_eq!(waiting["waiting"], true);
        assert_eq!(waiting["user"], "joe@example.com");
        assert_eq!(
            waiting["outcome"]["ledger"][0]["name"],
            "https://e.com/early"
        );
        // The page has it, too.
        let path = format!("logins/{}", waiting["id"].as_str().unwrap());
        let shown = world.control(Method::GET, &path, json!({})).await.json();
        assert_eq!(shown["explanation"]["outcome"]["status"], "challenged");
        let code = totp(&BYTES, NOW_MS / 1000);
        let fields = [("grant_type", OTP), ("otp", code.as_str())];
        assert_eq!(show(&mut world, &waits, &fields).await.status, 200);
        let after = logins(world.log().await);
        assert_eq!(after.len(), before.len() + 1);
        let ended = after.last().unwrap();
        assert_eq!(ended["id"], waiting["id"]);
        assert_eq!(ended["outcome"]["status"], "allowed");
        assert!(ended["waiting"].is_null());
        let shown = world.control(Method::GET, &path, json!({})).await.json();
        assert_eq!(shown["explanation"]["outcome"]["status"], "allowed");
    });
}

#[test]
fn a_user_chooses_another_of_the_factors_on_the_page() {
    run(async {
        let any = json!([{"type": "otp"}, {"type": "phone"}]);
        let mut world = world(&[("authentication.challengeWithAny", any)]).await;
        let changed = json!({"phone_number": "+15550100"});
        world
            .control(Method::PATCH, "users/auth0%7C2", changed)
            .await;
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("username", "joe@example.com"),
            ("password", "joe-secret"),
        ];
        let mfa = world.form("/u/login", &fields).await;
        let state = mfa.parameter("state").unwrap();
        let shown = world.get(mfa.header("location")).await.text;
        assert!(shown.contains("<code>otp</code>"), "{shown}");
        assert!(shown.contains("name=\"factor\" value=\"phone\""), "{shown}");
        // One that was not asked for is not to be chosen.
        let wrong = [("state", state.as_str()), ("factor", "email")];
        let refused = world.form("/u/mfa", &wrong).await;
        assert!(
            refused.text.contains("cannot be used here"),
            "{}",
            refused.text
        );
        let other = [("state", state.as_str()), ("factor", "phone")];
        let chosen = world.form("/u/mfa", &other).await;
        let shown = world.get(chosen.header("location")).await.text;
        assert!(shown.contains("<code>phone</code>"), "{shown}");
        assert!(shown.contains("name=\"factor\" value=\"otp\""), "{shown}");
        let (_, code) = shown.split_once("id=\"otp\">").expect("a code");
        let code = code.split('<').next().unwrap();
        let fields = [("state", state.as_str()), ("code", code)];
        world.form("/u/mfa", &fields).await.code();
        // Later logins see by what it was passed.
        world.script(vec![]);
        world.authorize(&[("prompt", "none")]).await.code();
        let methods = &world.last_event()["authentication"]["methods"];
        assert_eq!(methods[1]["type"], "phone", "{methods}");
    });
}
