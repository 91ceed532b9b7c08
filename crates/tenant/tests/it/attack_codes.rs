//! One-time codes, second factors and tickets in the wrong hands: guessed, of another user, used twice, or late.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, Answer, Does, SPA, WEB, WEB_SECRET, World, by_password_of, export, run};

const PASSWORDLESS: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
const CLIENT: [(&str, &str); 2] = [("client_id", WEB), ("client_secret", WEB_SECRET)];

fn world() -> World {
    let mut data = export();
    for client in &mut data.clients {
        if let Some(grants) = client["grant_types"].as_array_mut() {
            grants.extend([PASSWORDLESS.into(), OTP.into(), "password".into()]);
        }
    }
    for (name, strategy) in [("email", "email"), ("partners", "email"), ("sms", "sms")] {
        data.connections
            .push(json!({"name": name, "strategy": strategy}));
    }
    World::with(data, vec![])
}

/// Has a code sent, and returns it.
async fn sent(world: &mut World, connection: &str, to: &str) -> String {
    world.advance(1).await;
    let key = if to.contains('@') {
        "email"
    } else {
        "phone_number"
    };
    let mut body = json!({"connection": connection, "send": "code"});
    body[key] = to.into();
    for (name, value) in CLIENT {
        body[name] = value.into();
    }
    let json = [("content-type", "application/json")];
    let started = world
        .send(Method::POST, "/passwordless/start", &json, body.to_string())
        .await;
    assert_eq!(started.status, StatusCode::OK, "{}", started.text);
    let message = match key {
        "email" => world.mails().await.pop(),
        _ => {
            let texts = world.control(Method::GET, "texts", json!({})).await.json();
            texts.as_array().and_then(|texts| texts.last()).cloned()
        }
    };
    message.expect("a message")["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn log_in(
    world: &mut World,
    client: &[(&str, &str)],
    (realm, username): (&str, &str),
    otp: &str,
) -> Answer {
    let mut fields = vec![
        ("grant_type", PASSWORDLESS),
        ("realm", realm),
        ("username", username),
        ("otp", otp),
        ("scope", "openid email"),
    ];
    fields.extend(client);
    world.token(&fields).await
}

#[track_caller]
fn refused(answer: &Answer, error: &str) {
    assert!(answer.status.is_client_error(), "{}", answer.text);
    assert_eq!(answer.json()["error"], error, "{}", answer.text);
    assert!(!answer.text.contains("_token\":\"ey"), "{}", answer.text);
}

fn sub(world: &World, answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let claims = world.claims(&answer.json()["id_token"]);
    claims["sub"].as_str().unwrap().to_owned()
}

#[test]
fn guesses_of_all_applications_and_spellings_are_counted_together() {
    run(async {
        let mut world = world();
        let code = sent(&mut world, "email", "victim@example.com").await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let spa = [("client_id", SPA)];
        for (client, username, guess) in [
            (&CLIENT[..], "victim@example.com", wrong),
            (&spa[..], "VICTIM@example.com", wrong),
            (&spa[..], "Victim@Example.com", ""),
        ] {
            let answer = log_in(&mut world, client, ("email", username), guess).await;
            assert!(answer.status.is_client_error(), "{}", answer.text);
        }
        // An empty code is no guess; a third one is.
        let third = log_in(&mut world, &CLIENT, ("email", "victim@example.com"), wrong).await;
        refused(&third, "invalid_grant");
        let right = log_in(&mut world, &CLIENT, ("email", "victim@example.com"), &code).await;
        refused(&right, "invalid_grant");
        let users = world.users().await;
        assert!(
            users
                .iter()
                .all(|user| user["email"] != "victim@example.com")
        );
    });
}

#[test]
fn a_wrong_code_does_not_tell_who_is_known() {
    run(async {
        let mut world = world();
        let code = sent(&mut world, "email", "known@example.com").await;
        let known = ("email", "known@example.com");
        log_in(&mut world, &CLIENT, known, &code).await;
        let answers = [
            log_in(&mut world, &CLIENT, known, "000000").await,
            log_in(
                &mut world,
                &CLIENT,
                ("email", "nobody@example.com"),
                "000000",
            )
            .await,
        ];
        assert_eq!(answers[0].status, answers[1].status);
        assert_eq!(answers[0].text, answers[1].text);
        // A forgotten password, and a wrong one.
        for path in ["/dbconnections/change_password", "/oauth/token"] {
            let mut seen = Vec::new();
            for email in ["jane@example.com", "nobody@example.com"] {
                let fields = by_password_of(
                    email,
                    "wrong",
                    &[
                        ("connection", "Username-Password-Authentication"),
                        ("email", email),
                    ],
                );
                let answer = world.form(path, &fields).await;
                seen.push((answer.status, answer.text));
            }
            assert_eq!(seen[0], seen[1], "{path}");
        }
    });
}

#[test]
fn a_code_is_of_one_address_and_one_connection() {
    run(async {
        let mut world = world();
        let code = sent(&mut world, "email", "jane@example.com").await;
        for (realm, username) in [
            ("partners", "jane@example.com"),
            ("email", "joe@example.com"),
            ("email", "jane@example.com.evil.example"),
            ("sms", "+4930123456"),
        ] {
            let stolen = log_in(&mut world, &CLIENT, (realm, username), &code).await;
            refused(&stolen, "invalid_grant");
        }
        let database = ("Username-Password-Authentication", "jane@example.com");
        let stolen = log_in(&mut world, &CLIENT, database, &code).await;
        assert!(stolen.status.is_client_error(), "{}", stolen.text);
        // Whoever has the mail is not the user of the database with the same address.
        let own = log_in(&mut world, &CLIENT, ("email", "jane@example.com"), &code).await;
        assert!(sub(&world, &own).starts_with("email|"), "{}", own.text);
        let again = log_in(&mut world, &CLIENT, ("email", "jane@example.com"), &code).await;
        refused(&again, "invalid_grant");
    });
}

#[test]
fn a_number_that_was_given_up_opens_the_account_no_more() {
    run(async {
        let mut world = world();
        let (old, new) = (("sms", "+4930111111"), ("sms", "+4930222222"));
        let code = sent(&mut world, old.0, old.1).await;
        let first = log_in(&mut world, &CLIENT, old, &code).await;
        let user = sub(&world, &first);
        // A code that is on its way when the number changes.
        let late = sent(&mut world, old.0, old.1).await;
        let token = world.machine_token(None).await;
        let path = format!("users/{}", user.replace('|', "%7C"));
        let body = json!({"phone_number": new.1, "connection": "sms"});
        let (status, changed) = world.api(Method::PATCH, &path, &token, body).await;
        assert_eq!(status, 200, "{changed}");
        let stranger = log_in(&mut world, &CLIENT, old, &late).await;
        assert_ne!(sub(&world, &stranger), user);
        let code = sent(&mut world, new.0, new.1).await;
        let own = log_in(&mut world, &CLIENT, new, &code).await;
        assert_eq!(sub(&world, &own), user);
        // One that is blocked while the code is on its way stays out.
        let code = sent(&mut world, new.0, new.1).await;
        let body = json!({"blocked": true});
        world.api(Method::PATCH, &path, &token, body).await;
        let blocked = log_in(&mut world, &CLIENT, new, &code).await;
        refused(&blocked, "unauthorized");
    });
}

/// Begins a login by password that waits for a factor, and returns its token with the code that is good for it.
async fn waits(
    world: &mut World,
    client: &[(&str, &str)],
    email: &str,
    secret: &str,
) -> (String, String) {
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", email),
        ("password", secret),
        ("scope", "openid"),
    ];
    fields.extend(client);
    let required = world.token(&fields).await.json();
    assert_eq!(required["error"], "mfa_required", "{required}");
    let token = required["mfa_token"].as_str().unwrap().to_owned();
    (token, shown(world).await)
}

/// The code of the last challenge.
async fn shown(world: &mut World) -> String {
    let log = world.log().await;
    let entry = log.iter().rev().find(|entry| entry["type"] == "mfa_code");
    entry.expect("a code")["otp"].as_str().unwrap().to_owned()
}

async fn pass(world: &mut World, client: &[(&str, &str)], token: &str, otp: &str) -> Answer {
    let mut fields = vec![("grant_type", OTP), ("mfa_token", token), ("otp", otp)];
    fields.extend(client);
    world.token(&fields).await
}

#[test]
fn a_login_that_waits_is_of_one_user_one_application_and_one_use() {
    run(async {
        let mut world = world();
        world
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let jane = ("jane@example.com", "jane-secret");
        let (hers, code) = waits(&mut world, &CLIENT, jane.0, jane.1).await;
        let (his, other) = waits(&mut world, &CLIENT, "joe@example.com", "joe-secret").await;
        assert_ne!(code, other, "the seed gives two codes");
        refused(
            &pass(&mut world, &CLIENT, &hers, &other).await,
            "invalid_grant",
        );
        refused(
            &pass(&mut world, &CLIENT, &his, &code).await,
            "invalid_grant",
        );
        let spa = [("client_id", SPA)];
        let stolen = pass(&mut world, &spa, &hers, &code).await;
        assert!(stolen.status.is_client_error(), "{}", stolen.text);
        // The token of a login that waits opens nothing else.
        for path in ["/userinfo", "/api/v2/users", "/api/v2/users/auth0%7C1"] {
            let answer = world.get_as(path, &hers).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        // Of her factors, not one is seen or ended by him.
        let listed = world.get_as("/mfa/authenticators", &hers).await.json();
        for factor in listed.as_array().unwrap() {
            let path = format!("/mfa/authenticators/{}", factor["id"].as_str().unwrap());
            let bearer = format!("Bearer {his}");
            let headers = [("authorization", bearer.as_str())];
            let ended = world.send(Method::DELETE, &path, &headers, "").await;
            assert!(ended.status.is_client_error(), "{path}: {}", ended.status);
        }
        let still = world.get_as("/mfa/authenticators", &hers).await.json();
        assert_eq!(still, listed);
        let own = pass(&mut world, &CLIENT, &hers, &code).await;
        assert_eq!(sub(&world, &own), "auth0|1");
        refused(
            &pass(&mut world, &CLIENT, &hers, &code).await,
            "invalid_grant",
        );
        // Guesses end, and the right code is no better then.
        let (token, code) = waits(&mut world, &CLIENT, jane.0, jane.1).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..20 {
            let guess = pass(&mut world, &CLIENT, &token, wrong).await;
            assert!(guess.status.is_client_error(), "{}", guess.text);
        }
        let late = pass(&mut world, &CLIENT, &token, &code).await;
        assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS, "{}", late.text);
    });
}

/// Two logins that wait for a factor, begun with one refresh token: it is good for one of them.
#[test]
fn a_refresh_token_is_used_once_although_two_logins_wait() {
    run(async {
        let mut world = world();
        let body = world
            .log_in(&[("scope", "openid offline_access"), ("audience", API)])
            .await;
        let refresh = body["refresh_token"].as_str().unwrap().to_owned();
        let challenge = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
        world.script(vec![vec![challenge]]);
        let spa = [("client_id", SPA)];
        let exchange = async |world: &mut World, token: &str| {
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", token),
            ];
            world.token(&fields).await
        };
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let required = exchange(&mut world, &refresh).await.json();
            assert_eq!(required["error"], "mfa_required", "{required}");
            let token = required["mfa_token"].as_str().unwrap().to_owned();
            waiting.push((token, shown(&mut world).await));
        }
        let first = pass(&mut world, &spa, &waiting[0].0, &waiting[0].1).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text);
        let second = pass(&mut world, &spa, &waiting[1].0, &waiting[1].1).await;
        refused(&second, "invalid_grant");
        // That was a reuse: the tokens of the first one are taken back.
        let next = first.json()["refresh_token"].as_str().unwrap().to_owned();
        refused(&exchange(&mut world, &next).await, "invalid_grant");
        let log = world.log().await;
        let reuses = log.iter().filter(|it| it["type"] == "refresh_token_reuse");
        assert_eq!(reuses.count(), 1);
    });
}

async fn ticket(world: &mut World, kind: &str, user_id: &str) -> String {
    let token = world.machine_token(None).await;
    let path = format!("tickets/{kind}");
    let body = json!({"user_id": user_id});
    let (status, made) = world.api(Method::POST, &path, &token, body).await;
    assert_eq!(status, 201, "{made}");
    let link = made["ticket"].as_str().unwrap();
    link.split_once("ticket=").unwrap().1.to_owned()
}

async fn signs_in(world: &mut World, secret: &str) -> bool {
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", "jane@example.com"),
        ("password", secret),
        ("scope", "openid"),
    ];
    fields.extend(CLIENT);
    world.token(&fields).await.status == StatusCode::OK
}

/// A new link ends the earlier ones: <https://community.auth0.com/t/150437>.
#[test]
fn the_latest_link_alone_changes_a_password() {
    run(async {
        let mut world = world();
        let earlier = ticket(&mut world, "password-change", "auth0|1").await;
        let joes = ticket(&mut world, "password-change", "auth0|2").await;
        let verifies = ticket(&mut world, "email-verification", "auth0|1").await;
        // One that comes by mail ends that of the Management API, too.
        let fields = [
            ("client_id", WEB),
            ("connection", "Username-Password-Authentication"),
            ("email", "jane@example.com"),
        ];
        let asked = world.form("/dbconnections/change_password", &fields).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
        let mail = world.mails().await.pop().expect("a mail");
        let link = mail["url"].as_str().unwrap();
        let latest = link.split_once("ticket=").unwrap().1.to_owned();
        for (link, secret, status) in [
            (&earlier, "stolen-Secret-1", StatusCode::BAD_REQUEST),
            (&latest, "her-own-Secret-2", StatusCode::OK),
            (&latest, "stolen-Secret-3", StatusCode::BAD_REQUEST),
            (&earlier, "stolen-Secret-4", StatusCode::BAD_REQUEST),
        ] {
            let fields = [("ticket", link.as_str()), ("password", secret)];
            let answer = world.form("/u/ticket", &fields).await;
            assert_eq!(answer.status, status, "{secret}");
        }
        assert!(signs_in(&mut world, "her-own-Secret-2").await);
        for secret in [
            "stolen-Secret-1",
            "stolen-Secret-3",
            "stolen-Secret-4",
            "jane-secret",
        ] {
            assert!(!signs_in(&mut world, secret).await, "{secret}");
        }
        // Those of another user, and of another kind, are as they were.
        for link in [joes, verifies] {
            let answer = world.get(&format!("/u/ticket?ticket={link}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
    });
}

#[test]
fn a_link_verifies_the_address_that_it_was_sent_to() {
    run(async {
        let mut world = world();
        let link = ticket(&mut world, "email-verification", "auth0|2").await;
        let token = world.machine_token(None).await;
        let body = json!({"email": "victim@example.com", "connection": "Username-Password-Authentication"});
        let path = "users/auth0%7C2";
        let (status, changed) = world.api(Method::PATCH, path, &token, body).await;
        assert_eq!(status, 200, "{changed}");
        let target = format!("/u/ticket?ticket={link}");
        assert_eq!(world.get(&target).await.status, StatusCode::BAD_REQUEST);
        let (_, joe) = world.api(Method::GET, path, &token, Value::Null).await;
        assert_ne!(joe["email_verified"], true, "{joe}");
        // With a link of a user who is gone there is nothing to verify.
        let link = ticket(&mut world, "email-verification", "auth0|2").await;
        world.api(Method::DELETE, path, &token, Value::Null).await;
        let gone = world.get(&format!("/u/ticket?ticket={link}")).await;
        assert_eq!(gone.status, StatusCode::BAD_REQUEST);
    });
}
