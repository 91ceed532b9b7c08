//! Texts and calls: the Actions of custom-phone-provider and send-phone-message, and the outbox.

use axum::http::{Method, StatusCode};
use postlogin_core::Trigger;
use serde_json::{Value, json};

use crate::support::{Answer, Does, Script, WEB, WEB_SECRET, World, by_password_of, export, run};
use crate::triggers::{calls, logged, world};

/// A tenant whose post-login Action challenges with the phone, and whose Jane has one.
async fn challenged(actions: &[(Trigger, Script)], phone: Option<&str>) -> World {
    let mut world = world(actions);
    world.script(vec![calls(&[(
        "authentication.challengeWith",
        json!([{"type": "phone"}]),
    )])]);
    let token = world.machine_token(None).await;
    if let Some(method) = phone {
        let user = json!({
            "email": "pia@example.com", "password": "pia-secret", "phone_number": "+15550100", "phone_verified": true,
            "enrolledFactors": [{"type": "phone", "options": {"preferredMethod": method}}],
        });
        let answer = world.control(Method::POST, "users", user).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    } else {
        let user = json!({
            "email": "pia@example.com", "password": "pia-secret", "enrolledFactors": [{"type": "phone"}],
        });
        world.control(Method::POST, "users", user).await;
    }
    drop(token);
    world
}

async fn log_in_by_password(world: &mut World) -> Value {
    let answer = world
        .token(&by_password_of(
            "pia@example.com",
            "pia-secret",
            &[("scope", "openid")],
        ))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    answer.json()
}

/// As an application does that asks for the code of a login that waits.
async fn challenge(world: &mut World, mfa_token: &Value) -> Answer {
    let fields = [
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("mfa_token", mfa_token.as_str().unwrap()),
    ];
    world.form("/mfa/challenge", &fields).await
}

async fn texts(world: &mut World) -> Vec<Value> {
    let texts = world.control(Method::GET, "texts", json!({})).await.json();
    texts.as_array().unwrap().clone()
}

fn seen(world: &World, trigger: Trigger) -> Vec<Value> {
    let seen = world.pipeline.seen.lock().unwrap();
    let seen = seen.iter().filter(|(it, _)| *it == trigger);
    seen.map(|(_, event)| event.clone()).collect()
}

#[test]
fn a_provider_sends_drops_or_retries_a_code_and_the_login_waits_for_it() {
    run(async {
        for (script, delivery, attempts) in [
            (vec![], "sent", 1),
            (
                calls(&[("notification.drop", json!(["test number"]))]),
                "dropped",
                1,
            ),
            (
                calls(&[("notification.retry", json!(["busy"]))]),
                "retried",
                6,
            ),
            (vec![Does::Throw("no provider")], "failed", 1),
        ] {
            let provider = (Trigger::CustomPhoneProvider, vec![script]);
            let older = (Trigger::SendPhoneMessage, vec![vec![]]);
            let mut world = challenged(&[provider, older], Some("sms")).await;
            let refused = log_in_by_password(&mut world).await;
            assert_eq!(refused["error"], "mfa_required");
            // Nothing is sent before the application asks.
            assert!(texts(&mut world).await.is_empty());
            // Whatever becomes of the text, the login waits for its code.
            let challenged = challenge(&mut world, &refused["mfa_token"]).await.json();
            assert_eq!(challenged["challenge_type"], "oob", "{challenged}");
            let log = logged(&mut world, "custom-phone-provider", attempts).await;
            assert_eq!(log.len(), attempts, "{delivery}");
            let texts = texts(&mut world).await;
            assert_eq!(texts.len(), 1);
            assert_eq!(texts[0]["delivery"], delivery, "{texts:?}");
            assert_eq!(texts[0]["to"], "+15550100");
            assert_eq!(texts[0]["channel"], "sms");
            // A text is no mail, and the provider's Action replaces the older one.
            assert!(world.mails().await.is_empty());
            assert!(seen(&world, Trigger::SendPhoneMessage).is_empty());
            let event = seen(&world, Trigger::CustomPhoneProvider).remove(0);
            let notification = &event["notification"];
            assert_eq!(notification["message_type"], "otp_verify");
            assert_eq!(notification["delivery_method"], "text");
            let code = notification["code"].as_str().unwrap().to_owned();
            assert_eq!(texts[0]["code"], code.as_str());
            assert!(notification["as_text"].as_str().unwrap().starts_with(&code));
            assert_eq!(event["client"]["client_id"], WEB);
            assert_eq!(event["user"]["email"], "pia@example.com");
            assert_eq!(event["request"]["method"], "POST");
            // The code of the text lets the user in.
            let token = refused["mfa_token"].as_str().unwrap().to_owned();
            let answer = world
                .token(&[
                    ("grant_type", "http://auth0.com/oauth/grant-type/mfa-oob"),
                    ("client_id", WEB),
                    ("client_secret", WEB_SECRET),
                    ("mfa_token", &token),
                    ("oob_code", challenged["oob_code"].as_str().unwrap()),
                    ("binding_code", &code),
                ])
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
    });
}

#[test]
fn without_a_provider_the_older_trigger_sends_calls_and_texts() {
    run(async {
        for (method, kind) in [("sms", "sms"), ("voice", "voice")] {
            let older = (Trigger::SendPhoneMessage, vec![vec![]]);
            let mut world = challenged(&[older], Some(method)).await;
            let refused = log_in_by_password(&mut world).await;
            challenge(&mut world, &refused["mfa_token"]).await;
            let event = seen(&world, Trigger::SendPhoneMessage).remove(0);
            let options = &event["message_options"];
            assert_eq!(options["message_type"], kind);
            assert_eq!(options["action"], "second-factor-authentication");
            assert_eq!(options["recipient"], "+15550100");
            let texts = texts(&mut world).await;
            assert_eq!(texts[0]["code"], options["code"]);
            assert_eq!(texts[0]["channel"], kind);
            assert_eq!(texts[0]["delivery"], "sent");
        }
    });
}

#[test]
fn an_enrolment_is_one_in_both_triggers() {
    run(async {
        for trigger in [Trigger::SendPhoneMessage, Trigger::CustomPhoneProvider] {
            let mut world = challenged(&[(trigger, vec![vec![]])], None).await;
            world.script(vec![calls(&[(
                "authentication.enrollWith",
                json!([{"type": "phone"}]),
            )])]);
            let user = json!({"email": "max@example.com", "password": "max-secret", "phone_number": "+15550101"});
            world.control(Method::POST, "users", user).await;
            let answer = world
                .token(&by_password_of("max@example.com", "max-secret", &[]))
                .await;
            let token = answer.json()["mfa_token"].as_str().unwrap().to_owned();
            let body = json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15550101"});
            let enrolled = world
                .json_as(Method::POST, "/mfa/associate", &token, body)
                .await;
            assert_eq!(enrolled.status, StatusCode::OK, "{}", enrolled.text);
            let event = seen(&world, trigger).remove(0);
            let (kind, expected) = match trigger {
                Trigger::SendPhoneMessage => (&event["message_options"]["action"], "enrollment"),
                _ => (&event["notification"]["message_type"], "otp_enroll"),
            };
            assert_eq!(kind, expected);
        }
    });
}

#[test]
fn a_user_without_a_number_gets_no_text_and_the_log_has_the_reason() {
    run(async {
        let provider = (Trigger::CustomPhoneProvider, vec![vec![]]);
        let mut world = challenged(&[provider], None).await;
        let refused = log_in_by_password(&mut world).await;
        let challenged = challenge(&mut world, &refused["mfa_token"]).await;
        assert_eq!(challenged.status, 401);
        assert!(
            challenged.text.contains("no number or address of the user"),
            "{}",
            challenged.text
        );
        let page = world.authorize(&[]).await;
        let (path, state) = (page.location().path().to_owned(), page.parameter("state"));
        let fields = [
            ("state", state.as_deref().unwrap()),
            ("username", "pia@example.com"),
            ("password", "pia-secret"),
            ("action", "default"),
        ];
        let suspended = world.form(&path, &fields).await;
        assert!(suspended.header("location").contains("/u/mfa"));
        let log = logged(&mut world, "phone", 1).await;
        assert!(
            log[0]["error"]
                .as_str()
                .unwrap()
                .contains("no phone_number")
        );
        assert!(texts(&mut world).await.is_empty());
    });
}

#[test]
fn a_reset_that_is_challenged_by_phone_sends_its_code() {
    run(async {
        let challenge = calls(&[("authentication.challengeWith", json!([{"type": "phone"}]))]);
        let mut world = challenged(
            &[
                (Trigger::PasswordResetPostChallenge, vec![challenge]),
                (Trigger::CustomPhoneProvider, vec![vec![]]),
            ],
            Some("sms"),
        )
        .await;
        let body = json!({"client_id": WEB, "connection": crate::triggers::DATABASE, "email": "pia@example.com"});
        world
            .json_as(Method::POST, "/dbconnections/change_password", "", body)
            .await;
        let mails = world.mails().await;
        let url = mails.last().unwrap()["url"].as_str().unwrap();
        let link = url.replace("http://localhost:3333", "");
        let page = world.get(&link).await;
        let code = texts(&mut world).await[0]["code"].clone();
        assert!(page.text.contains(code.as_str().unwrap()), "{}", page.text);
        assert_eq!(seen(&world, Trigger::CustomPhoneProvider).len(), 1);
    });
}

#[test]
fn a_request_names_the_language_of_its_text() {
    run(async {
        for (asked, browser, locale, shown) in [
            (Some("de-CH"), "fr", "de", json!("de-CH")),
            (Some("xx"), "fr", "fr", json!("xx")),
            (None, "fr", "fr", json!("fr")),
            (None, "", "en", json!(null)),
        ] {
            let mut data = export();
            let languages = json!(["en", "de", "fr"]);
            data.settings.insert("enabled_locales".into(), languages);
            let sms = json!({"name": "sms", "strategy": "sms"});
            data.connections.push(sms);
            let mut world = World::with(data, vec![]);
            let provider = (Trigger::CustomPhoneProvider, vec![vec![]]);
            world.pipeline.others.lock().unwrap().extend([provider]);
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(asked.map(|language| ("x-request-language", language)));
            headers.extend((!browser.is_empty()).then_some(("accept-language", browser)));
            let body = json!({
                "client_id": WEB, "client_secret": WEB_SECRET, "connection": "sms", "phone_number": "+15550100",
            });
            let answer = world
                .send(
                    Method::POST,
                    "/passwordless/start",
                    &headers,
                    body.to_string(),
                )
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            assert_eq!(answer.json()["request_language"], shown);
            let event = seen(&world, Trigger::CustomPhoneProvider).remove(0);
            assert_eq!(
                event["notification"]["locale"], locale,
                "{asked:?} {browser}"
            );
        }
    });
}
