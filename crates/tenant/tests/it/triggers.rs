//! Triggers beside the login: sign-up, change and reset of a password, mails.

use axum::http::{Method, StatusCode};
use postlogin_core::Trigger;
use serde_json::{Value, json};

use crate::support::{Answer, Does, Script, WEB, WEB_SECRET, World, export, run};

pub const DATABASE: &str = "Username-Password-Authentication";

pub fn world(actions: &[(Trigger, Script)]) -> World {
    let world = World::with(export(), vec![]);
    let mut others = world.pipeline.others.lock().unwrap();
    others.extend(actions.iter().cloned());
    drop(others);
    world
}

pub fn calls(calls: &[(&'static str, Value)]) -> Vec<Does> {
    let calls = calls.iter();
    calls
        .map(|(method, args)| Does::Call(method, args.clone()))
        .collect()
}

pub async fn sign_up(world: &mut World, email: &str) -> Answer {
    let body = json!({
        "client_id": WEB, "connection": DATABASE, "email": email, "password": "a-Long-secret-1",
        "user_metadata": {"hobby": "chess"}, "ulp-newsletter": "yes",
    });
    world
        .json_as(Method::POST, "/dbconnections/signup", "", body)
        .await
}

/// The entries of the log of a type; those of triggers that run after an answer come a little later.
pub async fn logged(world: &mut World, kind: &str, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let log = world.log().await;
        let found: Vec<Value> = log.into_iter().filter(|it| it["type"] == kind).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the log has fewer than {count} entries of {kind}");
}

pub async fn user(world: &mut World, email: &str) -> Option<Value> {
    let token = world.machine_token(None).await;
    let target = format!("/api/v2/users-by-email?email={email}");
    let found = world.get_as(&target, &token).await.json();
    found.as_array().unwrap().first().cloned()
}

#[test]
fn what_actions_set_before_a_sign_up_is_stored_with_the_user() {
    run(async {
        let set = calls(&[
            ("user.setUserMetadata", json!(["lang", "de"])),
            ("user.setAppMetadata", json!(["plan", "free"])),
            ("user.setUserId", json!(["ann.1"])),
        ]);
        let mut world = world(&[
            (Trigger::PreUserRegistration, vec![set]),
            (Trigger::PostUserRegistration, vec![vec![], vec![]]),
        ]);
        let answer = sign_up(&mut world, "ann@example.com").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json()["_id"], "ann.1");
        let ann = user(&mut world, "ann@example.com").await.unwrap();
        assert_eq!(ann["user_id"], "auth0|ann.1");
        assert_eq!(ann["identities"][0]["user_id"], "ann.1");
        assert_eq!(
            ann["user_metadata"],
            json!({"hobby": "chess", "lang": "de"})
        );
        assert_eq!(ann["app_metadata"], json!({"plan": "free"}));
        let after = logged(&mut world, "post-user-registration", 1).await;
        assert_eq!(after[0]["user_id"], "auth0|ann.1");
        assert_eq!(after[0]["outcome"]["status"], "allowed");
        // Both Actions, in their order.
        let ran = after[0]["outcome"]["usage"]["actions"].as_array().unwrap();
        assert_eq!(ran.len(), 2);
    });
}

#[test]
fn a_denied_sign_up_has_the_documented_body_and_makes_no_user() {
    run(async {
        let deny = calls(&[("access.deny", json!(["evil domain", "You cannot sign up."]))]);
        let mut world = world(&[(Trigger::PreUserRegistration, vec![deny, vec![]])]);
        let answer = sign_up(&mut world, "eve@example.com").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            answer.json(),
            json!({
                "name": "InternalExtensibilityError", "statusCode": 400, "code": "extensibility_error",
                "message": "evil domain", "description": "evil domain",
                "friendly_message": "You cannot sign up.", "fromSandbox": true,
            })
        );
        assert_eq!(user(&mut world, "eve@example.com").await, None);
        // The Management API shows nothing of it.
        let token = world.machine_token(None).await;
        let body = json!({"connection": DATABASE, "email": "eve@example.com", "password": "a-Long-secret-1"});
        let answer = world
            .json_as(Method::POST, "/api/v2/users", &token, body)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!answer.text.contains("evil domain"), "{}", answer.text);
        assert_eq!(user(&mut world, "eve@example.com").await, None);
    });
}

#[test]
fn a_validation_error_and_an_exception_refuse_a_sign_up_too() {
    run(async {
        for (does, message) in [
            (
                Does::Call("validation.error", json!(["short", "Too short"])),
                "Too short",
            ),
            (Does::Throw("broken"), "broken"),
        ] {
            let mut world = world(&[(Trigger::PreUserRegistration, vec![vec![does]])]);
            let answer = sign_up(&mut world, "eve@example.com").await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(answer.json()["message"], message);
            assert_eq!(user(&mut world, "eve@example.com").await, None);
        }
    });
}

#[test]
fn an_asynchronous_trigger_that_throws_changes_nothing() {
    run(async {
        let mut world = world(&[(
            Trigger::PostUserRegistration,
            vec![vec![Does::Throw("too late")]],
        )]);
        let answer = sign_up(&mut world, "ann@example.com").await;
        assert_eq!(answer.status, StatusCode::OK);
        let after = logged(&mut world, "post-user-registration", 1).await;
        assert_eq!(after[0]["outcome"]["status"], "failed");
        assert!(user(&mut world, "ann@example.com").await.is_some());
    });
}

#[test]
fn a_changed_password_runs_its_actions_after_the_answer() {
    run(async {
        let mut world = world(&[(Trigger::PostChangePassword, vec![vec![]])]);
        let token = world.machine_token(None).await;
        let body = json!({"password": "another-Long-secret-1"});
        let answer = world
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, body)
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        let after = logged(&mut world, "post-change-password", 1).await;
        assert_eq!(after[0]["user_id"], "auth0|1");
        assert!(!json!(after).to_string().contains("another-Long-secret-1"));
        // Another change of the profile is none of a password.
        let body = json!({"name": "Jane D."});
        world
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, body)
            .await;
        assert_eq!(logged(&mut world, "post-change-password", 1).await.len(), 1);
    });
}

#[test]
fn an_action_sends_drops_or_retries_mails() {
    run(async {
        for (script, delivery, attempts) in [
            (vec![], "sent", 1),
            (
                calls(&[("notification.drop", json!(["test account"]))]),
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
            let mut world = world(&[(Trigger::CustomEmailProvider, vec![script])]);
            // The request succeeds, whatever becomes of its mail.
            assert_eq!(
                sign_up(&mut world, "ann@example.com").await.status,
                StatusCode::OK
            );
            let log = logged(&mut world, "custom-email-provider", attempts).await;
            assert_eq!(log.len(), attempts, "{delivery}");
            let mails = world.mails().await;
            assert_eq!(mails[0]["delivery"], delivery, "{mails:?}");
            let seen = world.pipeline.seen.lock().unwrap();
            let (_, event) = seen
                .iter()
                .find(|(it, _)| *it == Trigger::CustomEmailProvider)
                .unwrap();
            let notification = &event["notification"];
            assert_eq!(notification["message_type"], "verify_email");
            assert_eq!(notification["to"], "ann@example.com");
            assert!(!notification["text"].as_str().unwrap().contains('<'));
            // The request that caused it.
            let request = event["request"].as_object().unwrap();
            let hostname = request["hostname"].as_str().unwrap();
            assert!(hostname.starts_with("localhost"), "{request:?}");
            assert!(request.contains_key("ip") && request.contains_key("user_agent"));
        }
    });
}

/// Asks for a reset, and returns the path of its link.
async fn reset_link(world: &mut World) -> String {
    let body = json!({"client_id": WEB, "connection": DATABASE, "email": "jane@example.com"});
    world
        .json_as(Method::POST, "/dbconnections/change_password", "", body)
        .await;
    let mails = world.mails().await;
    let url = mails.last().unwrap()["url"].as_str().unwrap().to_owned();
    url.replace("http://localhost:3333", "")
}

fn hidden_ticket(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"ticket\" value=\"")
        .expect("a ticket");
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn a_reset_is_challenged_and_ends_at_the_result_url() {
    run(async {
        let script = vec![
            calls(&[("authentication.challengeWith", json!([{"type": "otp"}]))]),
            calls(&[(
                "transaction.setResultUrl",
                json!(["https://app.example.com/done"]),
            )]),
        ];
        let mut world = world(&[
            (Trigger::PasswordResetPostChallenge, script),
            (Trigger::PostChangePassword, vec![vec![]]),
        ]);
        let link = reset_link(&mut world).await;
        let page = world.get(&link).await;
        assert!(page.text.contains("Verify Your Identity"), "{}", page.text);
        // No password is set before the challenge is passed.
        let ticket = hidden_ticket(&page.text);
        let early = world
            .form(
                "/u/ticket",
                &[("ticket", &ticket), ("password", "new-Long-secret-1")],
            )
            .await;
        assert!(
            early.text.contains("code you entered is invalid"),
            "{}",
            early.text
        );
        let (_, rest) = page.text.split_once("id=\"otp\">").unwrap();
        let code = rest.split('<').next().unwrap().to_owned();
        let page = world
            .form("/u/ticket", &[("ticket", &ticket), ("code", &code)])
            .await;
        assert!(page.text.contains("New password"), "{}", page.text);
        let end = world
            .form(
                "/u/ticket",
                &[("ticket", &ticket), ("password", "new-Long-secret-1")],
            )
            .await;
        assert!(
            end.text.contains("https://app.example.com/done")
                || end.header("location") == "https://app.example.com/done"
        );
        logged(&mut world, "post-change-password", 1).await;
        // The link is used up.
        assert_eq!(world.get(&link).await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn a_denied_reset_sets_no_password_and_ends_the_link() {
    run(async {
        let deny = calls(&[("access.deny", json!(["not now"]))]);
        let mut world = world(&[(Trigger::PasswordResetPostChallenge, vec![deny])]);
        let link = reset_link(&mut world).await;
        let page = world.get(&link).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text.contains("not now"));
        assert_eq!(world.get(&link).await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn a_redirected_reset_comes_back_to_the_same_browser_alone() {
    run(async {
        let script = vec![calls(&[(
            "redirect.sendUserTo",
            json!(["https://ask.example/"]),
        )])];
        let mut world = world(&[(Trigger::PasswordResetPostChallenge, script)]);
        let link = reset_link(&mut world).await;
        let away = world.get(&link).await;
        let state = away.parameter("state").unwrap();
        assert!(away.header("location").starts_with("https://ask.example/"));
        // The site that knows the state has no cookie.
        let cookies = std::mem::take(&mut world.cookies);
        let thief = world.get(&format!("/continue?state={state}")).await;
        assert_eq!(thief.status, StatusCode::BAD_REQUEST);
        assert!(!thief.text.contains("New password"));
        world.cookies = cookies;
        let back = world
            .get(&format!("/continue?state={state}&answer=42"))
            .await;
        assert!(back.text.contains("New password"), "{}", back.text);
        let ticket = hidden_ticket(&back.text);
        assert_ne!(ticket, state);
        let again = world.get(&format!("/continue?state={state}")).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
    });
}

/// Returns the events that the Action of custom-email-provider saw, in order.
fn delivered(world: &World) -> Vec<Value> {
    let seen = world.pipeline.seen.lock().unwrap();
    let of_mails = seen
        .iter()
        .filter(|(it, _)| *it == Trigger::CustomEmailProvider);
    of_mails.map(|(_, event)| event.clone()).collect()
}

#[test]
fn every_mail_goes_through_the_provider_under_its_documented_type() {
    run(async {
        let mut data = export();
        data.connections
            .push(json!({"name": "email", "strategy": "email"}));
        data.settings
            .insert("support_email".into(), json!("help@example.com"));
        data.clients[1]["initiate_login_uri"] = json!("https://app.example.com/login");
        let mut world = World::with(data, vec![]);
        world
            .pipeline
            .others
            .lock()
            .unwrap()
            .insert(Trigger::CustomEmailProvider, vec![vec![]]);
        for send in ["code", "link"] {
            let body = json!({"client_id": WEB, "client_secret": WEB_SECRET, "connection": "email", "email": "p@example.com", "send": send});
            let path = "/passwordless/start";
            let answer = world.json_as(Method::POST, path, "", body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        let token = world.machine_token(None).await;
        let (_, all) = world
            .api(Method::GET, "organizations", &token, Value::Null)
            .await;
        let id = all[0]["id"].as_str().unwrap().to_owned();
        let body = json!({"inviter": {"name": "x"}, "invitee": {"email": "z@example.com"}, "client_id": WEB});
        let path = format!("organizations/{id}/invitations");
        let (status, made) = world.api(Method::POST, &path, &token, body).await;
        assert_eq!(status, 200, "{made}");
        sign_up(&mut world, "ann@example.com").await;
        let events = delivered(&world);
        let types: Vec<&str> = events
            .iter()
            .map(|event| event["notification"]["message_type"].as_str().unwrap())
            .collect();
        assert_eq!(
            types,
            [
                "verification_code",
                "verification_code",
                "organization_invitation",
                "verify_email"
            ]
        );
        assert_eq!(events[0]["connection"]["name"], "email");
        assert_eq!(events[0]["user"]["email"], "p@example.com");
        assert_eq!(events[0]["notification"]["from"], "help@example.com");
        assert!(events[0]["request"]["ip"].is_string(), "{}", events[0]);
        assert_eq!(events[0]["request"].get("method"), None);
        // Who is invited came by no connection.
        assert_eq!(events[2].get("connection"), None);
        let mails = world.mails().await;
        let code = mails.iter().find_map(|mail| mail["code"].as_str());
        let code = code.expect("the mail with the code keeps it");
        let html = events[0]["notification"]["html"].as_str().unwrap();
        assert!(html.contains(code), "{html}");
        assert!(mails.iter().all(|mail| mail["delivery"] == "sent"));
    });
}

#[test]
fn the_welcome_follows_the_verification() {
    run(async {
        let template = |name: &str, enabled: bool| json!({"template": name, "enabled": enabled, "body": "b", "subject": "s", "from": "f@example.com"});
        let names = |mails: &[Value]| -> Vec<String> {
            let names = mails.iter().map(|mail| mail["template"].as_str().unwrap());
            names.map(str::to_owned).collect()
        };
        for (verifies, at_sign_up, at_last) in [
            (
                true,
                vec!["verify_email"],
                vec!["verify_email", "welcome_email"],
            ),
            (false, vec!["welcome_email"], vec!["welcome_email"]),
        ] {
            let mut data = export();
            data.email_templates = vec![
                template("welcome_email", true),
                template("verify_email", verifies),
            ];
            let mut world = World::with(data, vec![]);
            sign_up(&mut world, "ann@example.com").await;
            let mails = world.mails().await;
            assert_eq!(names(&mails), at_sign_up);
            world.advance(1).await;
            if let Some(link) = mails[0]["url"].as_str().filter(|_| verifies) {
                let link = link.to_owned();
                world.get(&link).await;
            }
            assert_eq!(names(&world.mails().await), at_last);
        }
    });
}

#[test]
fn a_reset_without_a_mail_is_in_the_log() {
    run(async {
        let mut data = export();
        data.email_templates = vec![json!({"template": "reset_email", "enabled": false})];
        let mut world = World::with(data, vec![]);
        for (email, reason) in [
            ("jane@example.com", "switched off"),
            ("nobody@example.com", "no user with the address"),
        ] {
            let body = json!({"client_id": WEB, "connection": DATABASE, "email": email});
            let path = "/dbconnections/change_password";
            let answer = world.json_as(Method::POST, path, "", body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            let last = logged(&mut world, "email", 1).await.pop().unwrap();
            let error = last["error"].as_str().unwrap().to_owned();
            assert!(error.contains(reason), "{error}");
        }
        for wrong in [
            json!({"client_id": WEB, "connection": "nowhere", "email": "jane@example.com"}),
            json!({"client_id": "nobody", "connection": DATABASE, "email": "jane@example.com"}),
        ] {
            let path = "/dbconnections/change_password";
            let answer = world.json_as(Method::POST, path, "", wrong.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert!(world.mails().await.is_empty());
    });
}

#[test]
fn users_of_other_sites_are_made_by_their_logins() {
    run(async {
        let mut data = export();
        for (name, strategy) in [("google-oauth2", "google-oauth2"), ("email", "email")] {
            data.connections
                .push(json!({"name": name, "strategy": strategy}));
        }
        let mut world = World::with(data, vec![]);
        let set = calls(&[("user.setAppMetadata", json!(["plan", "free"]))]);
        world
            .pipeline
            .others
            .lock()
            .unwrap()
            .insert(Trigger::PreUserRegistration, vec![set]);
        let token = world.machine_token(None).await;
        let new = |connection: &str| json!({"connection": connection, "email": "g@example.com", "email_verified": true});
        let (status, refused) = world
            .api(Method::POST, "users", &token, new("google-oauth2"))
            .await;
        assert_eq!(status, 400, "{refused}");
        assert_eq!(refused["errorCode"], "operation_not_supported");
        // A passwordless one has no metadata of the Action.
        let (status, made) = world.api(Method::POST, "users", &token, new("email")).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(made.get("app_metadata"), None, "{made}");
    });
}
