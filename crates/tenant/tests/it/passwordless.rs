//! Passwordless connections: codes and links, each good once, for a short time, for whom it was sent to.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, Answer, CALLBACK, CONTROL, SPA, WEB, WEB_SECRET, World, export, run};

const GRANT: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";

fn world() -> World {
    let mut data = export();
    for client in &mut data.clients {
        if let Some(grants) = client["grant_types"].as_array_mut() {
            grants.push(GRANT.into());
        }
    }
    data.connections
        .push(json!({"name": "email", "strategy": "email"}));
    data.connections.push(json!({"name": "sms", "strategy": "sms", "options": {"totp": {"length": 4, "time_step": 60}}}));
    World::with(data, vec![])
}

async fn start(world: &mut World, body: Value) -> Answer {
    // Messages of one millisecond have no order in the outbox.
    world.advance(1).await;
    let mut body = body;
    body["client_id"] = WEB.into();
    body["client_secret"] = WEB_SECRET.into();
    let json = [("content-type", "application/json")];
    world
        .send(Method::POST, "/passwordless/start", &json, body.to_string())
        .await
}

async fn log_in(world: &mut World, realm: &str, username: &str, otp: &str) -> Answer {
    world
        .token(&[
            ("grant_type", GRANT),
            ("client_id", WEB),
            ("client_secret", WEB_SECRET),
            ("realm", realm),
            ("username", username),
            ("otp", otp),
            ("scope", "openid profile email"),
        ])
        .await
}

async fn mailed(world: &mut World) -> Value {
    world.mails().await.pop().expect("a mail")
}

#[test]
fn a_code_by_mail_signs_in_once_and_makes_the_user() {
    run(async {
        let mut world = world();
        let asked = json!({"connection": "email", "email": "New@Example.com", "send": "code"});
        let started = start(&mut world, asked.clone()).await;
        assert_eq!(started.status, StatusCode::OK, "{}", started.text);
        assert_eq!(started.json()["email"], "new@example.com");
        assert_eq!(started.json()["email_verified"], false);
        let mail = mailed(&mut world).await;
        assert_eq!(
            (&mail["to"], &mail["template"]),
            (&json!("new@example.com"), &json!("passwordless_email"))
        );
        let code = mail["code"].as_str().unwrap().to_owned();
        assert_eq!(
            (code.len(), code.bytes().all(|digit| digit.is_ascii_digit())),
            (6, true)
        );
        let body = log_in(&mut world, "email", "new@example.com", &code)
            .await
            .json();
        let claims = world.claims(&body["id_token"]);
        assert!(
            claims["sub"].as_str().unwrap().starts_with("email|"),
            "{body}"
        );
        assert_eq!(
            (&claims["email"], &claims["email_verified"]),
            (&json!("new@example.com"), &json!(true))
        );
        let event = world.last_event();
        assert_eq!(event["authentication"]["methods"][0]["name"], "email");
        assert_eq!(event["connection"]["strategy"], "email");
        assert_eq!(event["user"]["identities"][0]["isSocial"], false);
        // Used up, and the next login is of the same user.
        let again = log_in(&mut world, "email", "new@example.com", &code).await;
        assert_eq!(
            again.json()["error_description"],
            "Wrong email or verification code."
        );
        let started = start(&mut world, asked).await.json();
        assert_eq!(
            claims["sub"],
            format!("email|{}", started["_id"].as_str().unwrap())
        );
        let code = mailed(&mut world).await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        let body = log_in(&mut world, "email", "NEW@example.com", &code)
            .await
            .json();
        assert_eq!(world.claims(&body["id_token"])["sub"], claims["sub"]);
    });
}

#[test]
fn a_text_has_the_length_and_the_time_of_its_connection() {
    run(async {
        let mut world = world();
        let asked = json!({"connection": "sms", "phone_number": "+4915112345678"});
        assert_eq!(
            start(&mut world, asked.clone()).await.json()["phone_verified"],
            false
        );
        let text = world.get_as("/_postlogin/texts", CONTROL).await.json()[0].clone();
        assert_eq!(
            (&text["to"], &text["channel"]),
            (&json!("+4915112345678"), &json!("sms"))
        );
        let code = text["code"].as_str().unwrap().to_owned();
        assert_eq!(code.len(), 4);
        world.advance(61).await;
        let late = log_in(&mut world, "sms", "+4915112345678", &code).await;
        assert_eq!(
            late.json()["error_description"],
            "Wrong phone number or verification code."
        );
        start(&mut world, asked).await;
        let texts = world.get_as("/_postlogin/texts", CONTROL).await.json();
        let code = texts[1]["code"].as_str().unwrap().to_owned();
        let body = log_in(&mut world, "sms", "+4915112345678", &code)
            .await
            .json();
        assert!(
            world.claims(&body["id_token"])["sub"]
                .as_str()
                .unwrap()
                .starts_with("sms|"),
            "{body}"
        );
    });
}

#[test]
fn parameters_of_a_link_are_strings_of_a_usual_length() {
    run(async {
        let mut world = world();
        for (params, expected) in [
            (json!(5), "authParams must be an object"),
            (json!("x"), "authParams must be an object"),
            (json!(["scope"]), "authParams must be an object"),
            (json!({"scope": 5}), "authParams.scope must be a string"),
            (
                json!({"state": "x".repeat(100_000)}),
                "authParams have more than 8192 bytes",
            ),
        ] {
            let asked =
                json!({"connection": "email", "email": "new@example.com", "authParams": params});
            let refused = start(&mut world, asked).await;
            assert_eq!(
                (refused.status.as_u16(), refused.json()),
                (
                    400,
                    json!({"error": "invalid_request", "error_description": expected})
                )
            );
        }
        assert_eq!(world.mails().await, Vec::<Value>::new());
        // The longest ones make a link that can be followed.
        let asked = json!({"connection": "email", "email": "new@example.com", "authParams": {"state": "ü".repeat(4_096), "redirect_uri": null}});
        assert_eq!(start(&mut world, asked).await.status, StatusCode::OK);
        let mail = mailed(&mut world).await;
        assert!(mail["url"].as_str().unwrap().len() < 60_000);
    });
}

#[test]
fn guesses_end_after_three_and_the_latest_code_alone_is_good() {
    run(async {
        let mut world = world();
        let asked = json!({"connection": "email", "email": "new@example.com", "send": "code"});
        start(&mut world, asked.clone()).await;
        let first = mailed(&mut world).await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        start(&mut world, asked.clone()).await;
        let second = mailed(&mut world).await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_ne!(first, second);
        assert_eq!(
            log_in(&mut world, "email", "new@example.com", &first)
                .await
                .status,
            StatusCode::FORBIDDEN
        );
        // Of somebody else, and of another connection.
        for (realm, username) in [("email", "other@example.com"), ("sms", "+4915112345678")] {
            let foreign = log_in(&mut world, realm, username, &second).await;
            assert_eq!(foreign.json()["error"], "invalid_grant", "{realm}");
        }
        for _ in 0..2 {
            log_in(&mut world, "email", "new@example.com", "000000x").await;
        }
        let over = log_in(&mut world, "email", "new@example.com", &second).await;
        assert_eq!(
            over.json()["error_description"],
            "You've reached the maximum number of attempts. Please try to login again."
        );
        assert!(
            world
                .users()
                .await
                .iter()
                .all(|user| user["email"] != "new@example.com")
        );
    });
}

#[test]
fn a_link_signs_the_browser_in_and_leads_to_listed_callbacks_alone() {
    run(async {
        let mut world = world();
        let params = |redirect: &str| json!({"redirect_uri": redirect, "state": "st", "scope": "openid email", "audience": API, "response_type": "code"});
        let asked = json!({"connection": "email", "email": "new@example.com", "authParams": params(CALLBACK)});
        start(&mut world, asked).await;
        let link = mailed(&mut world).await["url"].as_str().unwrap().to_owned();
        let back = world.get(&link).await;
        assert_eq!(
            back.parameter("state").as_deref(),
            Some("st"),
            "{} {}",
            back.status,
            back.text
        );
        let body = world
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("code", &back.code()),
                ("redirect_uri", CALLBACK),
            ])
            .await
            .json();
        assert_eq!(
            world.claims(&body["id_token"])["email"],
            "new@example.com",
            "{body}"
        );
        // The link is used up, and the session is there.
        let again = world.get(&link).await;
        assert_eq!(
            (again.status, again.header("location")),
            (StatusCode::FORBIDDEN, "")
        );
        let silent = world.authorize(&[("prompt", "none")]).await;
        assert!(
            silent.parameter("code").is_some(),
            "{}",
            silent.header("location")
        );
        // No way out to a site that is not listed.
        for redirect in [
            "https://evil.example/",
            "http://localhost:5000/callback.evil.example",
        ] {
            let asked = json!({"connection": "email", "email": "new@example.com", "authParams": params(redirect)});
            start(&mut world, asked).await;
            let link = mailed(&mut world).await["url"].as_str().unwrap().to_owned();
            let refused = world.get(&link).await;
            assert_eq!(
                (refused.status, refused.header("location")),
                (StatusCode::FORBIDDEN, ""),
                "{redirect}"
            );
        }
    });
}

#[test]
fn what_cannot_be_sent_is_refused() {
    run(async {
        let mut world = world();
        for (body, error) in [
            (
                json!({"connection": "nowhere", "email": "a@example.com"}),
                "bad.connection",
            ),
            (
                json!({"connection": "Username-Password-Authentication", "email": "a@example.com"}),
                "bad.connection",
            ),
            (
                json!({"connection": "email", "email": "not an address"}),
                "bad.email",
            ),
            (
                json!({"connection": "sms", "phone_number": "call me"}),
                "bad.phone_number",
            ),
            (
                json!({"connection": "sms", "phone_number": "5551234"}),
                "bad.phone_number",
            ),
            (
                json!({"connection": "sms", "phone_number": "+1234567890123456"}),
                "bad.phone_number",
            ),
            (json!({"connection": "email"}), "invalid_request"),
            (
                json!({"connection": "email", "email": "a@example.com", "send": "pigeon"}),
                "invalid_request",
            ),
            (json!({"email": "a@example.com"}), "invalid_request"),
        ] {
            let refused = start(&mut world, body.clone()).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(refused.json()["error"], error, "{body}");
        }
        // A web application proves itself; a public one cannot.
        let json = [("content-type", "application/json")];
        for (client, status) in [(WEB, 401), (SPA, 200), ("nobody", 401)] {
            let body = json!({"client_id": client, "connection": "email", "email": "a@example.com", "send": "code"});
            let answer = world
                .send(Method::POST, "/passwordless/start", &json, body.to_string())
                .await;
            assert_eq!(answer.status.as_u16(), status, "{client}: {}", answer.text);
        }
        assert_eq!(world.mails().await.len(), 1);
    });
}

#[test]
fn a_connection_has_a_template_of_its_own_for_its_mails() {
    run(async {
        let mut data = export();
        data.connections.push(json!({"name": "email", "strategy": "email", "options": {"email": {
            "syntax": "liquid", "from": "{{ app.name }} <login@example.com>", "subject": "{{ send }} for {{ application.name }}",
            "body": "<b>{{ code }}</b> <a href=\"{{ link }}\">{{ send }}</a>",
        }}}));
        let mut world = World::with(data, vec![]);
        for send in ["code", "link"] {
            let asked = json!({"connection": "email", "email": "new@example.com", "send": send});
            let started = start(&mut world, asked).await;
            assert_eq!(started.status, StatusCode::OK, "{}", started.text);
            let mail = mailed(&mut world).await;
            assert_eq!(mail["from"], "Web <login@example.com>");
            assert_eq!(mail["subject"], format!("{send} for Web"));
            let code = mail["code"].as_str().unwrap();
            let link = mail["url"].as_str().unwrap_or_default();
            assert_eq!(
                mail["body"],
                format!("<b>{code}</b> <a href=\"{link}\">{send}</a>")
            );
            assert_eq!(link.is_empty(), send == "code");
        }
    });
}

#[test]
fn users_of_the_management_api_are_those_of_later_logins() {
    run(async {
        let mut world = world();
        let token = world.machine_token(None).await;
        let post = async |world: &mut World, body: Value| {
            let (status, body) = world.api(Method::POST, "users", &token, body).await;
            (status, body)
        };
        for (body, message) in [
            (
                json!({"connection": "email"}),
                "Missing required property: email",
            ),
            (
                json!({"connection": "sms", "email": "a@x.com"}),
                "Missing required property: phone_number",
            ),
            (
                json!({"connection": "email", "email": "a@x.com", "password": "Secret-123"}),
                "Cannot set password",
            ),
            (
                json!({"connection": "email", "email": "a@x.com", "username": "a"}),
                "Cannot set username",
            ),
        ] {
            let (status, answer) = post(&mut world, body.clone()).await;
            assert_eq!(status, 400, "{body}");
            assert!(
                answer["message"].as_str().unwrap().contains(message),
                "{answer}"
            );
        }
        let (_, email) = post(
            &mut world,
            json!({"connection": "email", "email": "Ann@x.com"}),
        )
        .await;
        let (_, sms) = post(
            &mut world,
            json!({"connection": "sms", "phone_number": "+15551230001"}),
        )
        .await;
        assert_eq!(
            (&email["email_verified"], &sms["name"]),
            (&json!(false), &json!("+15551230001"))
        );
        for user in [&email, &sms] {
            assert_eq!(user["identities"][0]["isSocial"], false, "{user}");
        }
        for body in [
            json!({"connection": "email", "email": "ann@X.com"}),
            json!({"connection": "sms", "phone_number": "+15551230001"}),
        ] {
            let (status, answer) = post(&mut world, body.clone()).await;
            assert_eq!(
                (status, &answer["message"]),
                (409, &json!("The user already exists.")),
                "{body}"
            );
        }
        // The code verifies where it went to.
        start(
            &mut world,
            json!({"connection": "email", "email": "ann@x.com", "send": "code"}),
        )
        .await;
        let code = mailed(&mut world).await["code"]
            .as_str()
            .unwrap()
            .to_owned();
        let body = log_in(&mut world, "email", "ann@x.com", &code).await.json();
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["email_verified"]),
            (&email["user_id"], &json!(true))
        );
        start(
            &mut world,
            json!({"connection": "sms", "phone_number": "+15551230001"}),
        )
        .await;
        let texts = world.get_as("/_postlogin/texts", CONTROL).await.json();
        let code = texts[0]["code"].as_str().unwrap().to_owned();
        let login = log_in(&mut world, "sms", "+15551230001", &code).await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.text);
        let path = format!(
            "users/{}",
            sms["user_id"].as_str().unwrap().replace('|', "%7C")
        );
        let (_, user) = world.api(Method::GET, &path, &token, Value::Null).await;
        assert_eq!(user["phone_verified"], true, "{user}");
        // A seed has them, too.
        let seeded = json!([
            {"connection": "sms", "phone_number": "+15551230002"},
            {"connection": "email", "email": "bea@x.com"},
        ]);
        let answer = world.control(Method::POST, "users", seeded).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let users = world.users().await;
        let bea = users.iter().find(|it| it["email"] == "bea@x.com").unwrap();
        assert!(
            bea["user_id"].as_str().unwrap().starts_with("email|"),
            "{bea}"
        );
        let lacking = json!([{"connection": "sms", "email": "c@x.com"}]);
        let answer = world.control(Method::POST, "users", lacking).await;
        assert!(
            answer.text.contains("needs `phone_number`"),
            "{}",
            answer.text
        );
    });
}
