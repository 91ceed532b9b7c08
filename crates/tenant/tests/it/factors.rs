//! Second factors that get messages, and recovery codes: enrolled, challenged, listed and deleted.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, CONTROL, Does, ISSUER, SPA, WEB, WEB_SECRET, World, claim, export, run,
};

const CLIENT: [(&str, &str); 2] = [("client_id", WEB), ("client_secret", WEB_SECRET)];
const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
const RECOVERY: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";

fn world() -> World {
    World::new(vec![])
}

/// Whether every login asks for a factor.
async fn force(world: &mut World, force: bool) {
    let body = json!({"force": force});
    let set = world.control(Method::PUT, "mfa", body).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
}

async fn password(world: &mut World, username: &str, more: &[(&str, &str)]) -> Answer {
    let secret = if username.starts_with("jane") {
        "jane-secret"
    } else {
        "joe-secret"
    };
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", username),
        ("password", secret),
    ];
    fields.extend(more);
    fields.extend(CLIENT);
    world.token(&fields).await
}

/// The token with which Joe's login goes on.
async fn mfa_token(world: &mut World) -> String {
    force(world, true).await;
    let required = password(world, "joe@example.com", &[("scope", "openid")])
        .await
        .json();
    force(world, false).await;
    assert_eq!(required["error"], "mfa_required", "{required}");
    required["mfa_token"].as_str().unwrap().to_owned()
}

async fn associate(world: &mut World, token: &str, body: Value) -> Answer {
    world
        .json_as(Method::POST, "/mfa/associate", token, body)
        .await
}

async fn challenge(world: &mut World, token: &str, more: Value) -> Answer {
    let mut body = json!({"client_id": WEB, "client_secret": WEB_SECRET, "mfa_token": token});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let json = [("content-type", "application/json")];
    world
        .send(Method::POST, "/mfa/challenge", &json, body.to_string())
        .await
}

async fn oob(world: &mut World, token: &str, oob_code: &Value, binding_code: &str) -> Answer {
    let mut fields = vec![
        ("grant_type", OOB),
        ("mfa_token", token),
        ("oob_code", oob_code.as_str().unwrap()),
        ("binding_code", binding_code),
    ];
    fields.extend(CLIENT);
    world.token(&fields).await
}

async fn recover(world: &mut World, token: &str, code: &str) -> Answer {
    let mut fields = vec![
        ("grant_type", RECOVERY),
        ("mfa_token", token),
        ("recovery_code", code),
    ];
    fields.extend(CLIENT);
    world.token(&fields).await
}

/// The code of the last text.
async fn texted(world: &mut World) -> Value {
    let texts = world.control(Method::GET, "texts", json!({})).await.json();
    texts.as_array().unwrap().last().expect("a text").clone()
}

/// Enrols Joe's phone, and returns its recovery code.
async fn with_phone(world: &mut World) -> String {
    let token = mfa_token(world).await;
    let body = json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+4930123456"});
    let enrolled = associate(world, &token, body).await.json();
    assert_eq!(enrolled["authenticator_type"], "oob", "{enrolled}");
    assert_eq!(enrolled["binding_method"], "prompt");
    let text = texted(world).await;
    assert_eq!(
        (&text["to"], &text["channel"]),
        (&json!("+4930123456"), &json!("sms"))
    );
    let code = text["code"].as_str().unwrap();
    let body = oob(world, &token, &enrolled["oob_code"], code).await;
    assert_eq!(body.status, StatusCode::OK, "{}", body.text);
    assert_eq!(
        world.claims(&body.json()["id_token"])["sub"],
        "auth0|2",
        "{}",
        body.text
    );
    world.advance(1).await;
    enrolled["recovery_codes"][0].as_str().unwrap().to_owned()
}

#[test]
fn a_phone_is_enrolled_challenged_and_deleted() {
    run(async {
        let mut world = world();
        let recovery = with_phone(&mut world).await;
        assert_eq!(recovery.len(), 24);
        // The profile has the factor, as after `enrollWith`.
        let joe = world.users().await.pop().unwrap();
        assert_eq!(joe["enrolledFactors"], json!([{"type": "phone"}]));
        assert_eq!(joe["phone_number"], "+4930123456");

        let token = mfa_token(&mut world).await;
        let listed = world.get_as("/mfa/authenticators", &token).await.json();
        let kinds: Vec<(&str, &str, &str)> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it["authenticator_type"].as_str().unwrap(),
                    it["oob_channel"].as_str().unwrap_or_default(),
                    it["name"].as_str().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(
            kinds,
            [
                ("recovery-code", "", ""),
                ("oob", "sms", "XXXXXXX3456"),
                ("oob", "voice", "XXXXXXX3456"),
            ]
        );
        assert!(
            listed
                .as_array()
                .unwrap()
                .iter()
                .all(|it| it["active"] == true)
        );
        // Another one needs this one first.
        let again = associate(&mut world, &token, json!({"authenticator_types": ["otp"]})).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["error_description"]),
            (403, &json!("User is already enrolled."))
        );

        // Voice, because the application chose it.
        let voice = listed[2]["id"].as_str().unwrap();
        let asked = json!({"challenge_type": "oob", "authenticator_id": voice});
        let challenged = challenge(&mut world, &token, asked).await.json();
        assert_eq!(challenged["challenge_type"], "oob", "{challenged}");
        assert_eq!(challenged["binding_method"], "prompt");
        let text = texted(&mut world).await;
        assert_eq!(text["channel"], "voice");
        let wrong = oob(&mut world, &token, &challenged["oob_code"], "nothing").await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.json()),
            (
                403,
                json!({"error": "invalid_grant", "error_description": "Invalid binding_code."})
            )
        );
        let code = text["code"].as_str().unwrap();
        let other = oob(&mut world, &token, &json!("another"), code).await;
        assert_eq!(other.json()["error_description"], "Malformed oob_code");
        let body = oob(&mut world, &token, &challenged["oob_code"], code).await;
        assert_eq!(body.status, StatusCode::OK, "{}", body.text);
        // Both codes are used up.
        let again = oob(&mut world, &token, &challenged["oob_code"], code).await;
        assert_eq!(again.json()["error_description"], "Malformed mfa_token");

        // A token of a login that waits deletes nothing.
        let token = mfa_token(&mut world).await;
        let sms = format!(
            "/mfa/authenticators/{}",
            listed[1]["id"].as_str().unwrap().replace('|', "%7C")
        );
        let refused = world
            .json_as(Method::DELETE, &sms, &token, Value::Null)
            .await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let access = access_token(&mut world, "remove:authenticators read:authenticators").await;
        let gone = world
            .json_as(Method::DELETE, &sms, &access, Value::Null)
            .await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
        let again = world
            .json_as(Method::DELETE, &sms, &access, Value::Null)
            .await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        let listed = world.get_as("/mfa/authenticators", &access).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    });
}

/// An access token of Joe for the MFA API, whose challenge is passed by the code in the log.
async fn access_token(world: &mut World, scope: &str) -> String {
    let audience = format!("{ISSUER}mfa/");
    let more = [("audience", audience.as_str()), ("scope", scope)];
    let required = password(world, "joe@example.com", &more).await.json();
    assert_eq!(required["error"], "mfa_required", "{required}");
    let log = world.log().await;
    let otp = log
        .iter()
        .rev()
        .find(|it| it["type"] == "mfa_code")
        .unwrap()["otp"]
        .clone();
    let mut fields = vec![
        ("grant_type", "http://auth0.com/oauth/grant-type/mfa-otp"),
        ("mfa_token", required["mfa_token"].as_str().unwrap()),
        ("otp", otp.as_str().unwrap()),
    ];
    fields.extend(CLIENT);
    let body = world.token(&fields).await.json();
    body["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_for_the_mfa_api_has_its_scopes_only() {
    run(async {
        let mut world = world();
        with_phone(&mut world).await;
        let access = access_token(&mut world, "read:authenticators read:x").await;
        let claims = world.claims(&json!(access));
        assert_eq!(claims["scope"], "read:authenticators");
        let listed = world.get_as("/mfa/authenticators", &access).await;
        assert_eq!(listed.status, StatusCode::OK);
        let id = listed.json()[1]["id"].as_str().unwrap().replace('|', "%7C");
        let path = format!("/mfa/authenticators/{id}");
        let refused = world
            .json_as(Method::DELETE, &path, &access, Value::Null)
            .await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]),
            (403, &json!("insufficient_scope"))
        );
        let body = json!({"authenticator_types": ["otp"]});
        assert_eq!(associate(&mut world, &access, body).await.status, 403);
        // Any other token is none for it.
        let web = password(&mut world, "jane@example.com", &[("scope", "openid")])
            .await
            .json();
        for token in [
            web["access_token"].as_str().unwrap(),
            web["id_token"].as_str().unwrap(),
            CONTROL,
        ] {
            let refused = world.get_as("/mfa/authenticators", token).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{token}");
        }
        // A user without a factor gets the token at once.
        let audience = format!("{ISSUER}mfa/");
        world
            .control(
                Method::POST,
                "users",
                json!({"email": "new@example.com", "password": "joe-secret"}),
            )
            .await;
        let body = password(&mut world, "new@example.com", &[("audience", &audience)])
            .await
            .json();
        assert_eq!(body["expires_in"], 600, "{body}");
    });
}

#[test]
fn a_recovery_code_is_good_once_and_the_answer_has_the_next() {
    run(async {
        let mut world = world();
        let first = with_phone(&mut world).await;
        let token = mfa_token(&mut world).await;
        let wrong = recover(&mut world, &token, "N3BGPZZWJ85JLCNPZBDW6QXC").await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.json()),
            (
                403,
                json!({"error": "invalid_grant", "error_description": "MFA Authorization rejected."})
            )
        );
        let body = recover(&mut world, &token, &first).await.json();
        let next = body["recovery_code"].as_str().unwrap().to_owned();
        assert_eq!((next.len(), next == first), (24, false), "{body}");
        assert_eq!(world.claims(&body["id_token"])["sub"], "auth0|2");
        let token = mfa_token(&mut world).await;
        assert_eq!(recover(&mut world, &token, &first).await.status, 403);
        assert_eq!(recover(&mut world, &token, &next).await.status, 200);
        // Guessing ends.
        let token = mfa_token(&mut world).await;
        let mut last = 0;
        for _ in 0..6 {
            last = recover(&mut world, &token, "nothing").await.status.as_u16();
        }
        assert_eq!(last, 429);
        // It is kept by its hash.
        let export = world.control(Method::GET, "export", json!({})).await.text;
        assert!(!export.contains(&next));
    });
}

#[test]
fn a_code_by_mail_is_in_the_outbox_and_runs_out() {
    run(async {
        let mut world = world();
        let token = mfa_token(&mut world).await;
        let body = json!({"authenticator_types": ["oob"], "oob_channels": ["email"]});
        let enrolled = associate(&mut world, &token, body).await.json();
        assert_eq!(enrolled["oob_channel"], "email", "{enrolled}");
        let mail = world.mails().await.pop().unwrap();
        assert_eq!(
            (&mail["to"], &mail["template"]),
            (&json!("joe@example.com"), &json!("mfa_oob_code"))
        );
        let code = mail["code"].as_str().unwrap().to_owned();
        assert!(mail["body"].as_str().unwrap().contains(&code), "{mail}");
        world.advance(301).await;
        let late = oob(&mut world, &token, &enrolled["oob_code"], &code).await;
        assert_eq!(late.json()["error_description"], "Malformed oob_code");
        // Who begins anew has one factor, and the newest code.
        let body = json!({"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "joe.private@example.com"});
        let enrolled = associate(&mut world, &token, body).await.json();
        let mail = world.mails().await.pop().unwrap();
        let code = mail["code"].as_str().unwrap();
        let done = oob(&mut world, &token, &enrolled["oob_code"], code).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        let token = mfa_token(&mut world).await;
        let listed = world.get_as("/mfa/authenticators", &token).await.json();
        let named: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert_eq!(named, ["joe.*******@exam*******"], "{listed}");
    });
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    run(async {
        let mut world = world();
        let token = mfa_token(&mut world).await;
        for (body, status, expected) in [
            (
                json!({}),
                400,
                "Missing required parameter: authenticator_types",
            ),
            (
                json!({"authenticator_types": ["oob"]}),
                400,
                "Missing required parameter: oob_channels",
            ),
            (
                json!({"authenticator_types": ["oob"], "oob_channels": ["sms"]}),
                400,
                "Missing required parameter: phone_number",
            ),
            (
                json!({"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "12"}),
                400,
                "The phone number is invalid.",
            ),
            (
                json!({"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "joe"}),
                400,
                "The email is invalid.",
            ),
            (
                json!({"authenticator_types": ["oob"], "oob_channels": ["auth0"]}),
                400,
                "sends no messages by auth0",
            ),
            (
                json!({"authenticator_types": ["push"]}),
                400,
                "authenticator_types must be",
            ),
        ] {
            let refused = associate(&mut world, &token, body.clone()).await;
            let text = refused.json()["error_description"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(
                refused.status == status && text.contains(expected),
                "{body}: {}",
                refused.text
            );
        }
        for (more, status, error) in [
            (
                json!({"challenge_type": "push"}),
                400,
                "unsupported_challenge_type",
            ),
            (
                json!({"challenge_type": "oob"}),
                403,
                "association_required",
            ),
            (
                json!({"authenticator_id": "sms|dev_none"}),
                400,
                "invalid_request",
            ),
            (json!({"mfa_token": "none"}), 403, "invalid_grant"),
        ] {
            let refused = challenge(&mut world, &token, more.clone()).await;
            assert_eq!(
                (refused.status.as_u16(), &refused.json()["error"]),
                (status, &json!(error)),
                "{more}"
            );
        }
        assert_eq!(
            challenge(&mut world, &token, json!({})).await.json()["error"],
            "association_required"
        );
        let empty = world.send(Method::POST, "/mfa/challenge", &[], "").await;
        assert_eq!(
            empty.json()["error_description"],
            "Missing required parameter: mfa_token"
        );
        let mut fields = vec![
            ("grant_type", OOB),
            ("mfa_token", token.as_str()),
            ("oob_code", "x"),
        ];
        fields.extend(CLIENT);
        let lacking = world.token(&fields).await;
        assert_eq!(
            lacking.json()["error_description"],
            "Missing required parameter: binding_code"
        );
    });
}

#[test]
fn the_application_needs_the_grant_and_its_own_token() {
    run(async {
        let mut data = export();
        data.clients.push(json!({
            "name": "Other", "client_id": "other", "app_type": "spa", "token_endpoint_auth_method": "none",
            "grant_types": ["http://auth0.com/oauth/grant-type/mfa-otp"],
        }));
        let mut world = World::with(data, vec![]);
        let token = mfa_token(&mut world).await;
        let grant = "http://auth0.com/oauth/grant-type/mfa-otp";
        for (client, status, error) in [
            (SPA, 403, "unauthorized_client"),
            ("other", 400, "invalid_request"),
        ] {
            let fields = [
                ("grant_type", grant),
                ("client_id", client),
                ("mfa_token", token.as_str()),
                ("otp", "000000"),
            ];
            let refused = world.token(&fields).await;
            assert_eq!(
                (refused.status.as_u16(), &refused.json()["error"]),
                (status, &json!(error)),
                "{client}"
            );
        }
    });
}

#[test]
fn the_actions_of_a_login_go_on_after_a_recovery_code() {
    run(async {
        let mut world = World::new(vec![
            vec![Does::Call(
                "authentication.challengeWith",
                json!([{"type": "otp"}]),
            )],
            vec![claim("https://e.com/after", json!(true))],
        ]);
        let required = password(&mut world, "jane@example.com", &[("scope", "openid")])
            .await
            .json();
        let token = required["mfa_token"].as_str().unwrap().to_owned();
        // The app that her import names is not here, so she enrols one, and loses it.
        let body = json!({"authenticator_types": ["otp"]});
        let enrolled = associate(&mut world, &token, body).await.json();
        let recovery = enrolled["recovery_codes"][0].as_str().unwrap().to_owned();
        let body = recover(&mut world, &token, &recovery).await.json();
        let id = world.claims(&body["id_token"]);
        assert_eq!(id["https://e.com/after"], true, "{body}");
        assert!(body["recovery_code"].is_string(), "{body}");
    });
}

#[test]
fn what_one_user_got_is_nothing_to_another() {
    run(async {
        let mut world = world();
        let recovery = with_phone(&mut world).await;
        let joe = mfa_token(&mut world).await;
        let asked = json!({"challenge_type": "oob"});
        let challenged = challenge(&mut world, &joe, asked).await.json();
        let code = texted(&mut world).await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        force(&mut world, true).await;
        let required = password(&mut world, "jane@example.com", &[]).await.json();
        force(&mut world, false).await;
        let jane = required["mfa_token"].as_str().unwrap();
        // Joe's message, and Joe's recovery code, in Jane's login.
        let stolen = oob(&mut world, jane, &challenged["oob_code"], &code).await;
        assert_eq!(stolen.json()["error_description"], "Malformed oob_code");
        let stolen = recover(&mut world, jane, &recovery).await;
        assert_eq!(
            stolen.json()["error_description"],
            "MFA Authorization rejected."
        );
        // Jane sees and challenges her own factors alone.
        let listed = world.get_as("/mfa/authenticators", jane).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        let joes = world.get_as("/mfa/authenticators", &joe).await.json();
        let asked = json!({"authenticator_id": joes[1]["id"]});
        let refused = challenge(&mut world, jane, asked).await;
        assert_eq!(
            refused.json()["error_description"],
            "Authenticator not found"
        );
        // And nothing of Joe's was used up.
        let body = oob(&mut world, &joe, &challenged["oob_code"], &code).await;
        assert_eq!(body.status, StatusCode::OK, "{}", body.text);
    });
}
